"""What weakens a result without spoiling it: said in the result, beside the numbers."""

from __future__ import annotations

from typing import Final

import numpy as np

from tremor.measures.pooled import PooledLine
from tremor.notes import Note, note
from tremor.results.windows import WindowTable

__all__ = ["cautions"]

#: A mass that rides on the skin rings at 10-40 Hz. What lies above the band, as a floor across
#: it, then reaches half of what lies in it; sensor noise alone stays under 0.03 m/s^2.
_LOOSE_SHARE: Final = 0.5
_LOOSE_MS2: Final = 0.05
#: The narrowest leg tremor on record is 0.25 Hz wide; a motor or the mains is far narrower.
_MACHINE_HZ: Final = 0.05
_MACHINE_S: Final = 20.0


def cautions(table: WindowTable, pooled: PooledLine | None, *, tremor_s: float) -> tuple[Note, ...]:
    """List what a reader should know before trusting the numbers.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    pooled : PooledLine or None
        The line of the session, where there is tremor.
    tremor_s : float
        Time in episodes, s.

    Returns
    -------
    tuple of Note
        ``STRAP_LOOSE`` and ``MACHINE_LIKE``, where they apply.
    """
    found = []
    judged = table.where("tremor") | table.where("no_tremor")
    if judged.any():
        above = float(np.median(table.scores["floor_rms_ms2"][judged]))
        inside = float(np.median(table.scores["band_rms_ms2"][judged]))
        if above > _LOOSE_MS2 and above > _LOOSE_SHARE * inside:
            found.append(note("STRAP_LOOSE", above_ms2=above, inside_ms2=inside))
    if pooled is not None and tremor_s >= _MACHINE_S:
        widest = pooled.bandwidth_hz.high
        if widest is not None and widest < _MACHINE_HZ:
            found.append(note("MACHINE_LIKE", widest_hz=widest, tremor_s=tremor_s))
    return tuple(found)
