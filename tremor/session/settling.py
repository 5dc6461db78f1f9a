"""When the leg has come to rest: gross movement, and the end of the countdown. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.recording import Floats
from tremor.report.messages import text

__all__ = ["Settling", "SettlingState", "gross_movement_ms2"]

#: Length of the running mean, s; applied twice, it passes under a tenth of what is above 3 Hz.
_MEAN_S: Final = 0.25


def gross_movement_ms2(acceleration_ms2: Floats, *, fs: float) -> float | None:
    """Return how strongly a leg moves as a whole, more slowly than tremor.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        The last seconds, m/s^2; NaN where samples are missing.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    float or None
        RMS about the mean of the acceleration averaged twice over 1/4 s, vector sum, m/s^2; under
        a tenth of a tremor from 3 Hz on passes. None for less than a second.

    Examples
    --------
    Tremor of 8 Hz is no gross movement, a swing of 1 Hz is:

    >>> t = np.arange(200) / 100.0
    >>> leg = np.zeros((200, 3))
    >>> leg[:, 0] = np.sin(2 * np.pi * 8.0 * t)
    >>> round(gross_movement_ms2(leg, fs=100.0), 2)
    0.0
    >>> leg[:, 0] = np.sin(2 * np.pi * 1.0 * t)
    >>> round(gross_movement_ms2(leg, fs=100.0), 1)
    0.6
    """
    valid = acceleration_ms2[np.isfinite(acceleration_ms2).all(axis=1)]
    n_mean = max(1, round(_MEAN_S * fs))
    if len(valid) < max(fs, 3 * n_mean):
        return None
    slow = _running_mean(_running_mean(valid - valid.mean(axis=0), n_mean), n_mean)
    return float(np.sqrt(np.sum(np.var(slow, axis=0))))


def _running_mean(values: Floats, n: int) -> Floats:
    total = np.cumsum(np.vstack((np.zeros(values.shape[1]), values)), axis=0)
    mean: Floats = (total[n:] - total[:-n]) / n
    return mean


@dataclass(frozen=True, slots=True)
class SettlingState:
    """State of the countdown.

    Parameters
    ----------
    is_over : bool
        Whether the measurement begins.
    left_s : float
        Rest of the countdown, s.
    note : str
        Why it ended although the leg is not at rest; empty otherwise.
    """

    is_over: bool
    left_s: float
    note: str = ""


@dataclass(slots=True)
class Settling:
    """Countdown that ends when the leg rests, or after a while with a note.

    Parameters
    ----------
    countdown_s : float
        Shortest duration, s.
    still_s : float
        How long the leg must have been at rest, s.
    longest_s : float
        Longest duration, s.

    Examples
    --------
    >>> settling = Settling()
    >>> [settling.at(time_s, is_still=time_s > 4.0).is_over for time_s in (0.0, 5.0, 6.0, 7.0)]
    [False, False, False, True]
    """

    countdown_s: float = 5.0
    still_s: float = 2.0
    longest_s: float = 20.0
    _still_since_s: float | None = None

    def at(self, elapsed_s: float, *, is_still: bool | None) -> SettlingState:
        """Return the state after a time.

        Parameters
        ----------
        elapsed_s : float
            Time since the beginning, s; never less than in the last call.
        is_still : bool or None
            Whether the leg rests now; None if too little is received.
        """
        if not is_still:
            self._still_since_s = None
        elif self._still_since_s is None:
            self._still_since_s = elapsed_s
        left_s = max(0.0, self.countdown_s - elapsed_s)
        since_s = self._still_since_s
        if since_s is not None and left_s == 0.0 and elapsed_s - since_s >= self.still_s:
            return SettlingState(True, 0.0)
        if elapsed_s >= self.longest_s:
            why = "nothing_received" if is_still is None else "still_moving"
            return SettlingState(True, 0.0, text("session", why, after_s=self.longest_s))
        return SettlingState(False, left_s)
