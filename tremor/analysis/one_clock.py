"""The part of a capture on one clock: where the clock was set, the time in between is not known.

A recovery is a matter of time, and is measured within one such part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tremor.analysis.rest import is_still
from tremor.analysis.rest_signal import Capture
from tremor.notes import Note, note
from tremor.results.windows import WindowTable

__all__ = ["Stretch", "stretch_on_one_clock"]


@dataclass(frozen=True, eq=False, slots=True)
class Stretch:
    """A part of a capture in which the clock was not set.

    Parameters
    ----------
    capture : Capture
        With the windows of that part alone.
    table : WindowTable
        The same windows, judged.
    start_s, end_s : float
        Limits, s from the start of the capture; infinite at the end of the capture.
    remarks : tuple of Note
        That it is a part, if it is.
    """

    capture: Capture
    table: WindowTable
    start_s: float = 0.0
    end_s: float = math.inf
    remarks: tuple[Note, ...] = ()


def stretch_on_one_clock(
    capture: Capture, table: WindowTable, *, at_s: float | None = None
) -> Stretch:
    """Find the part that holds a time, or else the one with the most still windows.

    Parameters
    ----------
    capture : Capture
        The samples.
    table : WindowTable
        All its windows, judged.
    at_s : float, optional
        Time that it must hold, s from the start of the capture.

    Returns
    -------
    Stretch
        The whole capture if its clock was never set.
    """
    segments = capture.recording.segments
    number = np.cumsum([one.clock_set_by_s != 0.0 for one in segments])
    if number[-1] == 0:
        return Stretch(capture, table)
    starts_s = [segments[int(np.argmax(number == part))].start_s for part in range(number[-1] + 1)]
    of_window = number[table.segment]
    if at_s is None:
        n_still = np.bincount(of_window[is_still(table)], minlength=len(starts_s))
        chosen = int(np.argmax(n_still))
    else:
        chosen = int(np.searchsorted(starts_s, at_s, side="right")) - 1
    parts = tuple(one for one, part in zip(segments, number, strict=True) if part == chosen)
    end_s = [*starts_s, math.inf][chosen + 1]
    last = parts[-1]
    shown_s = last.start_s + last.n_samples / capture.recording.sampling_rate_hz
    return Stretch(
        replace(capture, grid=replace(capture.grid, segments=parts)),
        table.select(np.flatnonzero(of_window == chosen)),
        starts_s[chosen],
        end_s,
        (note("CLOCK_SET_IN_REST", start_s=starts_s[chosen], end_s=shown_s),),
    )
