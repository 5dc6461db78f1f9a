"""Clocks that run over: counters of so many bits, midnight, and the hour of summer time.

A fall of the stamps by close to a power of two of their tick is no step back, and the stamps are
continued. A clock that was set is `tremor.clock.row_order`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log2
from typing import Final

import numpy as np

from tremor.arrays import Floats, Indices
from tremor.notes import Note, note
from tremor.settings import CLOCK_WRAPS
from tremor.units import TIME_UNIT_S

__all__ = ["SPANS_OF_DAY", "SPANS_OF_HOUR", "RunningUnwrap", "Span", "span_of", "spans_of_counter"]

#: Ticks that the numbers of a unit may count: they are converted, or written with a fraction.
_TICKS: Final = {
    "s": ("s", "ms", "us", "1/32768 s"),
    "ms": ("ms", "us", "1/32768 s"),
    "us": ("us", "ns", "1/32768 s"),
    "ns": ("ns", "us", "1/32768 s"),
}
_BITS: Final = (32, 31, 30, 24, 16)
_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Span:
    """After which time a clock starts again.

    Parameters
    ----------
    span_s : float
        s.
    bits : int
        Bits of the counter; 0 for a time of day.
    tick : str
        What it counts.
    """

    span_s: float
    bits: int = 0
    tick: str = ""


DAY_S: Final = 86400.0
#: A clock of 24 hours, of 12, and one whose hours are not written.
SPANS_OF_DAY: Final = (Span(DAY_S), Span(DAY_S / 2.0))
SPANS_OF_HOUR: Final = (Span(_HOUR_S),)


def spans_of_counter(unit: str) -> tuple[Span, ...]:
    """Return the spans after which a counter that is written in a unit may start again.

    Parameters
    ----------
    unit : str
        ``s``, ``ms``, ``us`` or ``ns``.

    Returns
    -------
    tuple of Span
        The longest first.
    """
    length_s = {**TIME_UNIT_S, "1/32768 s": 1.0 / 32768.0}
    spans = [
        Span(2.0**bits * length_s[tick], bits, tick) for tick in _TICKS[unit] for bits in _BITS
    ]
    return tuple(sorted(spans, key=lambda span: -span.span_s))


def span_of(wraps_at: float, unit: str) -> Span:
    """Return the span of a counter of which a format says where it starts again, in its unit."""
    return Span(wraps_at * TIME_UNIT_S[unit], round(log2(wraps_at)), unit)


@dataclass(slots=True)
class RunningUnwrap:
    """Continuation of stamps over the ends of their clock, from chunk to chunk.

    Parameters
    ----------
    spans : tuple of Span
        After which the clock may start again.
    usual_s : float
        Nine of ten steps are shorter, s.
    start_s : float
        What the clock showed at the first stamp, s.
    is_local : bool
        Whether the stamps are local time, in which summer time begins and ends.
    last_s, offset_s : float
        The last stamp as it was read, and what is added to those that follow, s.
    found : dict
        Number of times for each span.
    hours : list of (float, float)
        Time and size of each step of summer time, s.

    Examples
    --------
    >>> unwrap = RunningUnwrap(spans_of_counter("ms"), usual_s=0.01, start_s=65.52)
    >>> unwrap.add(np.array([0.0, 0.01, -65.516, -65.506])).round(3).tolist()
    [0.0, 0.01, 0.02, 0.03]
    """

    spans: tuple[Span, ...]
    usual_s: float
    start_s: float = 0.0
    is_local: bool = False
    last_s: float | None = None
    offset_s: float = 0.0
    found: dict[Span, int] = field(default_factory=dict)
    hours: list[tuple[float, float]] = field(default_factory=list)

    def add(self, seconds: Floats) -> Floats:
        """Continue the stamps of the next rows.

        Parameters
        ----------
        seconds : ndarray, shape (n,)
            As read, s from the first stamp of the capture.

        Returns
        -------
        ndarray, shape (n,)
            s from the first stamp.
        """
        if not len(seconds):
            return seconds
        steps = np.diff(seconds, prepend=seconds[0] if self.last_s is None else self.last_s)
        added = np.zeros(len(seconds))
        falls = np.flatnonzero(steps < 0.0)
        if falls.size:
            self._close_falls(seconds, steps, falls, added)
        if self.is_local:
            self._close_hours(seconds, steps, added)
        self.last_s = float(seconds[-1])
        if not self.offset_s and not added.any():
            return seconds
        offset = self.offset_s + np.cumsum(added)
        self.offset_s = float(offset[-1])
        return np.asarray(seconds + offset, np.float64)

    def _close_falls(self, seconds: Floats, steps: Floats, falls: Indices, added: Floats) -> None:
        """Add the span of a counter where the stamps fall by nearly that."""
        open_falls = falls
        for span in self.spans:
            if not open_falls.size:
                return
            rest_s = span.span_s + steps[open_falls]
            near_s = CLOCK_WRAPS.usual_steps * self.usual_s
            wraps = (rest_s > 0.0) & (rest_s <= near_s)
            if span.span_s < CLOCK_WRAPS.least_steps * self.usual_s:
                # Many a step back is that short: it must be the span each time.
                wraps &= len(falls) >= CLOCK_WRAPS.least_falls and bool(
                    np.mean(wraps) > CLOCK_WRAPS.least_alike
                )
            shown_s = self.start_s + seconds[open_falls]
            lost_s = max(near_s, min(CLOCK_WRAPS.most_lost_s, CLOCK_WRAPS.lost_share * span.span_s))
            half_s = span.span_s / 2.0 if span.bits else 0.0
            from_end = (shown_s - steps[open_falls] - span.span_s >= -lost_s) & (shown_s >= 0.0)
            from_half = (shown_s - steps[open_falls] - half_s >= -lost_s) & (
                np.abs(shown_s + half_s) <= lost_s
            )
            wraps |= (rest_s > 0.0) & (rest_s <= lost_s) & (from_end | from_half)
            if span.span_s == DAY_S:  # midnight, however long the gap before it
                wraps |= (rest_s > 0.0) & (rest_s < span.span_s / 2.0)
            if span.bits:  # a number beyond the span is not of its counter
                wraps &= np.abs(shown_s - steps[open_falls]) <= 1.001 * span.span_s
            if wraps.any():
                self.found[span] = self.found.get(span, 0) + int(np.count_nonzero(wraps))
                added[open_falls[wraps]] = span.span_s
                open_falls = open_falls[~wraps]

    def _close_hours(self, seconds: Floats, steps: Floats, added: Floats) -> None:
        """Close the steps of exactly an hour that summer time makes."""
        most_s = CLOCK_WRAPS.usual_steps * self.usual_s
        for hour_s in (_HOUR_S, -_HOUR_S):
            rest_s = steps + added - hour_s
            for row in np.flatnonzero((rest_s >= 0.0) & (rest_s <= most_s) & (steps != 0.0)):
                added[row] -= hour_s
                at_s = float(seconds[row]) + self.offset_s + float(added[: row + 1].sum())
                self.hours.append((at_s, hour_s))

    def notes(self) -> list[Note]:
        """Return what was continued; a midnight is no news."""
        said = [
            note(
                "CLOCK_WRAPPED", n_wraps=n_wraps, bits=span.bits, tick=span.tick, span_s=span.span_s
            )
            for span, n_wraps in self.found.items()
            if span.bits
        ]
        if self.hours:
            at_s, hour_s = self.hours[0]
            said.append(note("SUMMER_TIME", hours=round(hour_s / _HOUR_S), at_s=at_s))
        return said
