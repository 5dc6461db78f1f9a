"""The clock of a long, gap-free capture, fitted while it is read.

Anything less regular needs all stamps at once: `tremor.clock.timebase.fit_timebase`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.arrays import Floats
from tremor.clock.by_steps import core_step_s, single_step_limits_s
from tremor.clock.line_fit import centre, fit_slope
from tremor.clock.rate import (
    DECIMATION,
    LONG_CAPTURE_ROWS,
    Blocks,
    block_rate_sd_hz,
    describe_fit,
    nominal_rate_notes,
    relative_wander,
    stamp_resolution_s,
)
from tremor.notes import Note
from tremor.settings import RATE_FIT

__all__ = ["EvenClock", "RunningEvenClock"]

#: Every n-th stamp is kept, to find the resolution of the stamps.
_KEPT_EVERY: Final = 1024


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
        Processing steps, in order.
    """

    sampling_rate_hz: float
    sampling_rate_sd_hz: float
    warnings: tuple[Note, ...] = ()
    history: tuple[str, ...] = ()


class RunningEvenClock:
    """Fit of the sampling rate to stamps as they come in, while every step is a single period.

    Holds one number for each sixteen rows.

    Examples
    --------
    >>> import numpy as np
    >>> clock = RunningEvenClock()
    >>> for stamps_s in np.split(np.arange(800_000) / 101.0, 8):
    ...     clock.add(stamps_s)
    >>> round(clock.fit(nominal_sampling_rate_hz=101.0).sampling_rate_hz, 6)
    101.0
    """

    def __init__(self) -> None:
        self._n_rows = 0
        self._first_s = self._last_s = 0.0
        self._limits_s: tuple[float, float] | None = None
        self._is_even = True
        self._remainder: Floats = np.zeros(0)
        self._means: list[Floats] = []
        self._kept: list[Floats] = []

    def add(self, stamps_s: Floats) -> None:
        """Add the stamps of the next rows.

        Parameters
        ----------
        stamps_s : ndarray, shape (n,)
            Stamps relative to the first of the capture, s.
        """
        if not self._is_even or not len(stamps_s):
            return
        if self._limits_s is None:
            if len(stamps_s) < 2:
                self._is_even = False
                return
            steps = np.diff(stamps_s)
            self._limits_s = single_step_limits_s(core_step_s(steps))
            self._first_s = self._last_s = float(stamps_s[0])
        else:
            steps = np.diff(stamps_s, prepend=self._last_s)
        shortest_s, longest_s = self._limits_s
        # A stamp that is not a number fails here, too.
        self._is_even = bool(steps.min() > shortest_s and steps.max() < longest_s)
        # Copied: a view would keep all of the stamps.
        self._kept.append(stamps_s[-self._n_rows % _KEPT_EVERY :: _KEPT_EVERY].copy())
        rows = np.concatenate([self._remainder, stamps_s]) if len(self._remainder) else stamps_s
        cut = len(rows) // DECIMATION * DECIMATION
        self._means.append(rows[:cut].reshape(-1, DECIMATION).mean(axis=1))
        self._remainder = rows[cut:].copy()
        self._n_rows += len(stamps_s)
        self._last_s = float(stamps_s[-1])

    def fit(self, *, nominal_sampling_rate_hz: float | None = None) -> EvenClock | None:
        """Fit the sampling rate to the stamps added so far.

        Parameters
        ----------
        nominal_sampling_rate_hz : float, optional
            Rate that the sensor claims, Hz; only compared with the fit.

        Returns
        -------
        EvenClock or None
            With the rate of `tremor.clock.timebase.fit_timebase`, bit for bit. None for up to half
            a million rows, for any step that is not a single period, and for a rate that wanders.
        """
        if self._n_rows <= LONG_CAPTURE_ROWS or not self._is_even:
            return None
        means = np.concatenate(self._means)
        position = DECIMATION * np.arange(len(means), dtype=np.float64)
        position += (DECIMATION - 1) / 2.0
        period_s = fit_slope(centre(position), centre(means), reject_outliers=True)
        length = max(1, round(RATE_FIT.block_s / period_s / DECIMATION))
        length = min(length, len(means) // RATE_FIT.least_blocks)
        cut = len(means) // length * length
        block_position = position[:cut].reshape(-1, length).mean(axis=1)
        phase = means[:cut].reshape(-1, length).mean(axis=1) / period_s - block_position
        continuous = np.ones(len(phase), dtype=np.bool_)
        continuous[0] = False
        blocks = Blocks(position=block_position, phase=phase, half_range=0.0, continuous=continuous)
        if relative_wander(blocks) is not None:
            return None
        resolution_s = stamp_resolution_s(np.concatenate(self._kept))
        span_s = self._last_s - self._first_s
        rate_hz = 1.0 / period_s
        sd_hz = block_rate_sd_hz(blocks, period_s, resolution_s=resolution_s, span_s=span_s)
        return EvenClock(
            sampling_rate_hz=rate_hz,
            sampling_rate_sd_hz=sd_hz,
            warnings=tuple(nominal_rate_notes(rate_hz, nominal_sampling_rate_hz)),
            history=(describe_fit(rate_hz, sd_hz, self._n_rows, span_s),),
        )
