"""The window grid: one rule for a recording and for a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.recording import Floats

__all__ = ["WindowGrid"]


@dataclass(frozen=True, slots=True)
class WindowGrid:
    """Windows of one length at a constant step, counted from the first sample of a capture.

    Parameters
    ----------
    n_window, n_step : int
        Length and step, samples.
    fs : float
        Sampling rate, Hz.

    Examples
    --------
    >>> grid = WindowGrid.of(window_s=4.0, step_s=2.0, fs=104.0)
    >>> grid.n_window, grid.n_step, grid.count(1040)
    (416, 208, 4)
    """

    n_window: int
    n_step: int
    fs: float

    @classmethod
    def of(cls, *, window_s: float, step_s: float, fs: float) -> WindowGrid:
        """Round a length and a step to whole samples.

        Parameters
        ----------
        window_s, step_s : float
            s.
        fs : float
            Sampling rate, Hz.

        Returns
        -------
        WindowGrid
            The grid.
        """
        n_window, n_step = round(window_s * fs), round(step_s * fs)
        if n_window < 2 or n_step < 1:
            raise InvalidInputError(
                f"a window of {window_s:g} s and a step of {step_s:g} s hold {n_window} and "
                f"{n_step} samples at {fs:g} Hz; lengthen them"
            )
        return cls(n_window=n_window, n_step=n_step, fs=fs)

    def count(self, n_samples: int) -> int:
        """Count the full windows in so many samples."""
        return max(0, (n_samples - self.n_window) // self.n_step + 1)

    def start_s(self, first: int, count: int) -> Floats:
        """Give the start of windows ``first`` to ``first + count``, s, shape (count,)."""
        return np.asarray((first + np.arange(count)) * self.n_step / self.fs)

    def cut(self, samples: npt.NDArray[np.float64], first: int, count: int) -> Floats:
        """Cut windows ``first`` to ``first + count`` out of the samples of a capture.

        Parameters
        ----------
        samples : ndarray, shape (n_samples, 3)
            All samples from the first sample of the capture on.
        first, count : int
            Which windows.

        Returns
        -------
        ndarray, shape (count, 3, n_window)
            Time along the last axis; a view that cannot be written to.
        """
        begin = first * self.n_step
        stretch = samples[begin : begin + (count - 1) * self.n_step + self.n_window]
        view = np.lib.stride_tricks.sliding_window_view(stretch, self.n_window, axis=0)
        return view[:: self.n_step]
