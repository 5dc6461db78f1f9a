"""The time axis of a figure: long gaps are drawn short, to leave room for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from tremor.recording import CaptureInfo, Floats

__all__ = ["TIME_STEPS_S", "TimeAxis", "TimeTick"]

#: Widths of a long gap and of all of them, as shares of what was recorded, and that of the label of
#: a tick, as a share of the axis.
_GAP: Final = 0.08
_GAPS: Final = 0.4
_LABEL: Final = 0.25
#: Ticks of an axis.
_MOST_TICKS: Final = 5
#: Round times between ticks.
TIME_STEPS_S: Final = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200),
    *(86_400, 172_800, 604_800),
)


class TimeTick(NamedTuple):
    """A tick: where it is drawn, and the time that it stands for, s."""

    at_s: float
    time_s: float


@dataclass(frozen=True, eq=False, slots=True)
class TimeAxis:
    """Times of a capture, and where they are drawn.

    Parameters
    ----------
    time_s, drawn_s : ndarray, shape (2 * n_segments,)
        Start and end of each segment, as they were and as they are drawn, s.

    Examples
    --------
    >>> axis = TimeAxis(np.array([0.0, 60.0, 3600.0, 3640.0]), np.array([0.0, 60.0, 68.0, 108.0]))
    >>> axis.drawn(np.array([30.0, 60.0, 3600.0, 3610.0])).tolist()
    [30.0, 60.0, 68.0, 78.0]
    >>> [tick.time_s for tick in axis.ticks()]
    [0.0, 30.0, 60.0, 3630.0]
    """

    time_s: Floats
    drawn_s: Floats

    @classmethod
    def of(cls, info: CaptureInfo) -> Self:
        """Return the axis of a capture, with its long gaps shortened.

        Parameters
        ----------
        info : CaptureInfo
            With its segments.

        Returns
        -------
        TimeAxis
            That of the times themselves if there is no long gap.
        """
        longest_s = min(_GAP, _GAPS / len(info.segments)) * info.recorded_s
        time_s, drawn_s = [], []
        end_s = at_s = 0.0
        for one in info.segments:
            length_s = one.n_samples / info.sampling_rate_hz
            at_s += min(one.start_s - end_s, longest_s)
            end_s = one.start_s + length_s
            time_s += [one.start_s, end_s]
            drawn_s += [at_s, at_s + length_s]
            at_s += length_s
        return cls(np.array(time_s), np.array(drawn_s))

    @property
    def length_s(self) -> float:
        """Length of the axis, s."""
        return float(self.drawn_s[-1])

    @property
    def is_cut(self) -> bool:
        """Whether there are several segments."""
        return len(self.time_s) > 2

    def drawn(self, times_s: Floats) -> Floats:
        """Return where times are drawn.

        Parameters
        ----------
        times_s : ndarray, shape (n,)
            s from the start of the capture; NaN stays NaN.

        Returns
        -------
        ndarray, shape (n,)
            The times themselves if there is no long gap.
        """
        if not self.is_cut:
            return times_s
        return np.asarray(np.interp(times_s, self.time_s, self.drawn_s))

    def ticks(self) -> list[TimeTick]:
        """Return the ticks at round times within the segments, apart enough to be read."""
        length_s = self.length_s
        fitting = (step for step in TIME_STEPS_S if length_s / step <= _MOST_TICKS)
        step_s = next(fitting, TIME_STEPS_S[-1])
        found: list[TimeTick] = []
        limits = zip(self.time_s[::2].tolist(), self.time_s[1::2].tolist(), strict=True)
        for start_s, end_s in limits:
            first, last = int(np.ceil(start_s / step_s)), int(np.floor(end_s / step_s))
            # A segment without a round time has a tick at its start.
            for time_s in [step_s * n for n in range(first, last + 1)] or [start_s]:
                at_s = float(self.drawn(np.array([time_s]))[0])
                if not found or at_s - found[-1].at_s >= _LABEL * length_s:
                    found.append(TimeTick(at_s, float(time_s)))
        return found

    def breaks(self) -> Floats:
        """Return where segments begin without a gap, as drawn, s, shape (n_breaks,)."""
        end, start = self.drawn_s[1:-1:2], self.drawn_s[2::2]
        return np.asarray(start[start <= end])

    def gaps_s(self) -> Floats:
        """Return the middle of each long gap as drawn, s, shape (n_gaps,)."""
        end, start = self.drawn_s[1:-1:2], self.drawn_s[2::2]
        return np.asarray((start + end)[start > end] / 2.0)
