"""Warnings about a result that stays valid but is weaker for what was found."""

from __future__ import annotations

import numpy as np

from tremor.measures.pooled import PooledLine
from tremor.notes import Note, note
from tremor.results.windows import WindowTable
from tremor.settings import CAUTIONS

__all__ = ["cautions"]


def cautions(table: WindowTable, pooled: PooledLine | None, *, tremor_s: float) -> tuple[Note, ...]:
    """List what weakens the numbers of a result.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    pooled : PooledLine or None
        The line of the session, if there is tremor.
    tremor_s : float
        Time in episodes, s.

    Returns
    -------
    tuple of Note
        ``STRAP_LOOSE`` and ``MACHINE_LIKE``, if they apply.
    """
    found = []
    judged = table.where("tremor") | table.where("no_tremor")
    if judged.any():
        above = float(np.median(table.scores["floor_rms_ms2"][judged]))
        inside = float(np.median(table.scores["band_rms_ms2"][judged]))
        if above > CAUTIONS.loose_ms2 and above > CAUTIONS.loose_share * inside:
            found.append(note("STRAP_LOOSE", above_ms2=above, inside_ms2=inside))
    if pooled is not None and tremor_s >= CAUTIONS.machine_s:
        widest = pooled.bandwidth_hz.high
        if widest is not None and widest < CAUTIONS.machine_hz:
            found.append(note("MACHINE_LIKE", widest_hz=widest, tremor_s=tremor_s))
    return tuple(found)
