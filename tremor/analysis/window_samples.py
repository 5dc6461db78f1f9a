"""The samples of chosen windows, read again for what the session is asked as a whole."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.episode_lines import whole_samples
from tremor.dsp.spectrum import hann_psd
from tremor.dsp.windows import WindowGrid
from tremor.recording import Floats, Recording

__all__ = ["mean_density", "read_windows", "thinned"]

Rows = npt.NDArray[np.int64]

#: Windows that begin within this many lengths of each other are read together.
_READ_TOGETHER: Final = 4
#: Windows that are transformed at once for the mean spectrum.
_SPECTRA_AT_ONCE: Final = 256
#: More windows than this do not change how the mean spectrum looks.
_MOST_IN_SPECTRUM: Final = 2000


def read_windows(
    recording: Recording, grid: WindowGrid, rows: Rows, *, band_hz: tuple[float, float]
) -> Floats:
    """Return the samples of some windows.

    Parameters
    ----------
    recording : Recording
        The capture.
    grid : WindowGrid
        Its windows.
    rows : ndarray of int, shape (n,)
        Which.
    band_hz : tuple of float
        Usable part of the band, Hz.

    Returns
    -------
    ndarray, shape (n, 3, n_window)
        Scale corrected, missing samples interpolated, m/s^2.
    """
    begins = grid.begin(rows)
    windows = np.empty((len(begins), 3, grid.n_window))
    # A window is interpolated by itself.
    most_apart = 0 if recording.holes else _READ_TOGETHER * grid.n_window
    cuts = np.flatnonzero(np.diff(begins) >= most_apart) + 1
    for near in np.split(np.arange(len(begins)), cuts):
        if not near.size:
            continue
        first, last = int(begins[near[0]]), int(begins[near[-1]])
        samples = whole_samples(recording, first, last + grid.n_window, fs=grid.fs, band_hz=band_hz)
        every = np.lib.stride_tricks.sliding_window_view(samples, grid.n_window, axis=0)
        windows[near] = every[begins[near] - first]
    return windows


def thinned(rows: Rows) -> Rows:
    """Return every n-th of many windows, as many as a mean spectrum needs.

    Parameters
    ----------
    rows : ndarray of int, shape (n,)
        In order of time.

    Returns
    -------
    ndarray of int, shape (m,)
        Fewer than 4000 of them.
    """
    return rows[:: max(1, len(rows) // _MOST_IN_SPECTRUM)]


def mean_density(
    recording: Recording, grid: WindowGrid, rows: Rows, *, band_hz: tuple[float, float]
) -> Floats:
    """Average the spectra of some windows.

    Parameters
    ----------
    recording, grid, rows, band_hz
        As for `read_windows`; at least one window.

    Returns
    -------
    ndarray, shape (n_window // 2 + 1,)
        PSD as `tremor.dsp.spectrum.hann_psd` returns it, (m/s^2)^2/Hz.
    """
    total = np.zeros(grid.n_window // 2 + 1)
    for first in range(0, len(rows), _SPECTRA_AT_ONCE):
        windows = read_windows(
            recording, grid, rows[first : first + _SPECTRA_AT_ONCE], band_hz=band_hz
        )
        # One after the other, so that the sum does not depend on how many are taken at once.
        for density in hann_psd(windows, fs=grid.fs):
            total += density
    return np.asarray(total / len(rows))
