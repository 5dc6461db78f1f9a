"""The grid of windows: where they lie in a capture, be it a recording or a stream.

No window lies across a long gap: in each segment the windows begin anew at its first sample.

What is computed in a window is `tremor.analysis.window`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tremor.arrays import Floats, Indices
from tremor.errors import InvalidInputError
from tremor.segments import Segment, sample_places

__all__ = ["WindowGrid"]


@dataclass(frozen=True, slots=True)
class WindowGrid:
    """Windows of one length at a constant step from the first sample of each segment on.

    Parameters
    ----------
    n_window, n_step : int
        Length and step, samples.
    fs : float
        Sampling rate, Hz.
    segments : tuple of Segment
        Of the capture; none where it is one.

    Examples
    --------
    >>> grid = WindowGrid.of(window_s=4.0, step_s=2.0, fs=104.0)
    >>> grid.n_window, grid.n_step, grid.count(1040)
    (416, 208, 4)
    """

    n_window: int
    n_step: int
    fs: float
    segments: tuple[Segment, ...] = ()

    @classmethod
    def of(
        cls, *, window_s: float, step_s: float, fs: float, segments: tuple[Segment, ...] = ()
    ) -> WindowGrid:
        """Return the grid with length and step rounded to whole samples.

        Parameters
        ----------
        window_s, step_s : float
            Length and step, s.
        fs : float
            Sampling rate, Hz.
        segments : tuple of Segment
            Of the capture; none where it is one.

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
        return cls(n_window=n_window, n_step=n_step, fs=fs, segments=segments)

    def count(self, n_samples: int) -> int:
        """Return the number of complete windows in ``n_samples`` samples of one segment."""
        return max(0, (n_samples - self.n_window) // self.n_step + 1)

    def count_all(self, n_samples: int) -> int:
        """Return the number of complete windows in a capture of ``n_samples`` samples."""
        if not self.segments:
            return self.count(n_samples)
        return sum(self.count(one.n_samples) for one in self.segments)

    def begin(self, windows: Indices) -> Indices:
        """Return the number of the first sample of windows.

        Parameters
        ----------
        windows : ndarray of int, shape (n,)
            Numbers of windows, counted through all segments.

        Returns
        -------
        ndarray of int, shape (n,)
            Numbers of samples, counted through all segments.
        """
        if not self.segments:
            return windows * self.n_step
        first = np.array([one.first_sample for one in self.segments])
        number, within = self._located(windows)
        return np.asarray(first[number] + within * self.n_step)

    def segment(self, windows: Indices) -> Indices:
        """Return the number of the segment of windows, as `begin` takes them, shape (n,)."""
        if not self.segments:
            return np.zeros(len(windows), dtype=np.int64)
        return self._located(windows)[0]

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
        begin = self.begin(first + np.arange(count))
        return np.asarray(sample_places(self.segments, begin, sampling_rate_hz=self.fs) / self.fs)

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
            As `cut_at` returns them.
        """
        return self.cut_at(samples, self.begin(first + np.arange(count)))

    def cut_at(self, samples: Floats, begin: Indices) -> Floats:
        """Return windows of some samples.

        Parameters
        ----------
        samples : ndarray, shape (n_samples, 3)
            In any unit.
        begin : ndarray of int, shape (count,)
            First sample of each window, at least one.

        Returns
        -------
        ndarray, shape (count, 3, n_window)
            Time along the last axis; a read-only view where every window is one step after the one
            before.
        """
        covered = samples[begin[0] : begin[-1] + self.n_window]
        view = np.lib.stride_tricks.sliding_window_view(covered, self.n_window, axis=0)
        if (np.diff(begin) == self.n_step).all():
            return view[:: self.n_step]
        return np.asarray(view[begin - begin[0]])

    def _located(self, windows: Indices) -> tuple[Indices, Indices]:
        """Return the segment of each window, and its number within that."""
        if len(self.segments) == 1:
            return np.zeros(len(windows), dtype=np.int64), windows
        count = np.array([self.count(one.n_samples) for one in self.segments])
        before = np.cumsum(count) - count
        number = np.searchsorted(before + count, windows, side="right")
        return number, windows - before[number]
