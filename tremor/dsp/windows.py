"""The grid of windows: where they lie in a capture, be it a recording or a stream.

What is computed in a window is `tremor.analysis.window`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tremor.arrays import Floats
from tremor.errors import InvalidInputError

__all__ = ["WindowGrid"]


@dataclass(frozen=True, slots=True)
class WindowGrid:
    """Windows of one length at a constant step from the first sample of a capture on.

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
        """Return the grid with length and step rounded to whole samples.

        Parameters
        ----------
        window_s, step_s : float
            Length and step, s.
        fs : float
            Sampling rate, Hz.

        Returns
        -------
        WindowGrid
            The grid.

        Raises
        ------
        InvalidInputError
            If the window is shorter than two samples, or the step than one.
        """
        n_window, n_step = round(window_s * fs), round(step_s * fs)
        if n_window < 2 or n_step < 1:
            raise InvalidInputError(
                f"a window of {window_s:g} s and a step of {step_s:g} s hold {n_window} and "
                f"{n_step} samples at {fs:g} Hz; lengthen them"
            )
        return cls(n_window=n_window, n_step=n_step, fs=fs)

    def count(self, n_samples: int) -> int:
        """Return the number of complete windows in ``n_samples`` samples."""
        return max(0, (n_samples - self.n_window) // self.n_step + 1)

    def start_s(self, first: int, count: int) -> Floats:
        """Return the start times of windows.

        Parameters
        ----------
        first, count : int
            Number of the first window, and number of windows.

        Returns
        -------
        ndarray, shape (count,)
            s from the first sample of the capture.
        """
        return np.asarray((first + np.arange(count)) * self.n_step / self.fs)

    def cut(self, samples: Floats, first: int, count: int) -> Floats:
        """Return windows of the samples of a capture.

        Parameters
        ----------
        samples : ndarray, shape (n_samples, 3)
            Samples from the first one of the capture on, in any unit.
        first, count : int
            Number of the first window, and number of windows.

        Returns
        -------
        ndarray, shape (count, 3, n_window)
            Time along the last axis; a read-only view.
        """
        begin = first * self.n_step
        covered = samples[begin : begin + (count - 1) * self.n_step + self.n_window]
        view = np.lib.stride_tricks.sliding_window_view(covered, self.n_window, axis=0)
        return view[:: self.n_step]
