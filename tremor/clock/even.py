"""The clock of a long capture whose rows are one period apart, fitted while it is read.

What takes all stamps to tell is `tremor.clock.timebase.fit_timebase`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.clock.by_steps import core_period_s, single_step
from tremor.clock.rate import (
    BLOCK_S,
    GROUP_ROWS,
    MANY_ROWS,
    Blocks,
    account,
    block_sd_hz,
    off_nominal,
    resolution_of,
    slope_s,
    wander_share,
)
from tremor.notes import Note
from tremor.recording import Floats

__all__ = ["EvenClock", "RunningEvenClock"]

#: ... and every so many-th stamp tells how finely they are written.
_FEW_ROWS: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenClock:
    """The clock of a capture in which every row is one period after the one before.

    Parameters
    ----------
    sampling_rate_hz, sampling_rate_sd_hz : float
        True sampling rate and its standard deviation, Hz.
    warnings : tuple of Note
        What makes the clock weaker.
    history : tuple of str
        What was done, in order.
    """

    sampling_rate_hz: float
    sampling_rate_sd_hz: float
    warnings: tuple[Note, ...] = ()
    history: tuple[str, ...] = ()


class RunningEvenClock:
    """Fits the clock while the stamps come in, as long as every step is a single period.

    Holds one number for each sixteen rows. What it cannot answer is for `fit_timebase`, whose
    rate it gives to the bit where it answers.

    Examples
    --------
    >>> import numpy as np
    >>> clock = RunningEvenClock()
    >>> for piece in np.split(np.arange(800_000) / 101.0, 8):
    ...     clock.add(piece)
    >>> round(clock.fit(nominal_sampling_rate_hz=101.0).sampling_rate_hz, 6)
    101.0
    """

    def __init__(self) -> None:
        self._n = 0
        self._first_s = self._last_s = 0.0
        self._single: tuple[float, float] | None = None
        self._is_even = True
        self._rest: Floats = np.zeros(0)
        self._means: list[Floats] = []
        self._few: list[Floats] = []

    def add(self, stamps_s: Floats) -> None:
        """Take the stamps of the next rows, s from the first of the capture."""
        if not self._is_even or not len(stamps_s):
            return
        if self._single is None:
            if len(stamps_s) < 2:
                self._is_even = False
                return
            period_s = core_period_s(np.diff(stamps_s))
            self._single = single_step(period_s)
            self._first_s = self._last_s = float(stamps_s[0])
            steps = np.diff(stamps_s)
        else:
            steps = np.diff(stamps_s, prepend=self._last_s)
        low_s, high_s = self._single
        # A stamp that is not a number fails here, too.
        self._is_even = bool(steps.min() > low_s and steps.max() < high_s)
        # Copied: a view would keep all of the stamps.
        self._few.append(stamps_s[-self._n % _FEW_ROWS :: _FEW_ROWS].copy())
        whole = np.concatenate([self._rest, stamps_s]) if len(self._rest) else stamps_s
        cut = len(whole) // GROUP_ROWS * GROUP_ROWS
        self._means.append(whole[:cut].reshape(-1, GROUP_ROWS).mean(axis=1))
        self._rest = whole[cut:].copy()
        self._n += len(stamps_s)
        self._last_s = float(stamps_s[-1])

    def fit(self, *, nominal_sampling_rate_hz: float | None = None) -> EvenClock | None:
        """Give the clock, or None where it takes all the stamps to tell.

        Parameters
        ----------
        nominal_sampling_rate_hz : float, optional
            As for `fit_timebase`.

        Returns
        -------
        EvenClock or None
            None for fewer than half a million rows, for any step that is not a single period,
            and where the rate wanders.
        """
        if self._n <= MANY_ROWS or not self._is_even:
            return None
        means = np.concatenate(self._means)
        place = GROUP_ROWS * np.arange(len(means)) + (GROUP_ROWS - 1) / 2.0
        period_s = slope_s(place - place.mean(), means - means.mean())
        length = max(1, round(BLOCK_S / period_s / GROUP_ROWS))
        length = min(length, len(means) // 8)
        cut = len(means) // length * length
        block_place = place[:cut].reshape(-1, length).mean(axis=1)
        phase = means[:cut].reshape(-1, length).mean(axis=1) / period_s - block_place
        joined = np.ones(len(phase), dtype=np.bool_)
        joined[0] = False
        blocks = Blocks(place=block_place, phase=phase, scatter=0.0, joined=joined)
        if wander_share(blocks) is not None:
            return None
        few = np.concatenate(self._few)
        span_s = self._last_s - self._first_s
        rate_hz = 1.0 / period_s
        sd_hz = block_sd_hz(blocks, period_s, resolution_s=resolution_of(few), span_s=span_s)
        return EvenClock(
            sampling_rate_hz=rate_hz,
            sampling_rate_sd_hz=sd_hz,
            warnings=tuple(off_nominal(rate_hz, nominal_sampling_rate_hz)),
            history=(account(rate_hz, sd_hz, self._n, span_s),),
        )
