"""What pictures show of a capture beside the mean spectrum: its spectrogram, and one window."""

from __future__ import annotations

from typing import Final

import numpy as np

from tremor.analysis.window_samples import read_windows
from tremor.dsp.spectrum import bin_frequency_hz, hann_psd
from tremor.dsp.windows import WindowGrid
from tremor.recording import Recording
from tremor.results.views import Spectrogram, Strip
from tremor.results.windows import WindowTable

__all__ = ["spectrogram", "strip"]

#: Windows and frequencies of a spectrogram: no picture of a page shows more.
_MOST_WINDOWS: Final = 150
_MOST_FREQUENCIES: Final = 48
_HIGHEST_HZ: Final = 20.0
#: Lowest level that is drawn, dB; silence has none.
_LOWEST_DB: Final = -90.0
#: Points of a strip; more lie within the width of a pixel.
_MOST_POINTS: Final = 480
_NOT_SHOWN: Final = ("gap", "dead")


def spectrogram(
    recording: Recording, grid: WindowGrid, table: WindowTable, *, band_hz: tuple[float, float]
) -> Spectrogram | None:
    """Compute the spectrum of windows over the whole capture.

    Parameters
    ----------
    recording : Recording
        The capture.
    grid : WindowGrid
        Its windows.
    table : WindowTable
        The same, judged.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.

    Returns
    -------
    Spectrogram or None
        None if no window has enough samples.
    """
    rows = np.flatnonzero(~np.any([table.where(verdict) for verdict in _NOT_SHOWN], axis=0))
    rows = rows[:: max(1, -(-len(rows) // _MOST_WINDOWS))]
    if not len(rows):
        return None
    frequency_hz = bin_frequency_hz(grid.n_window, fs=grid.fs)
    n = int(np.count_nonzero(frequency_hz <= _HIGHEST_HZ))
    n_joined = max(1, -(-n // _MOST_FREQUENCIES))
    n -= n % n_joined
    density = np.array(
        [
            hann_psd(read_windows(recording, grid, rows[[index]], band_hz=band_hz), fs=grid.fs)[0]
            for index in range(len(rows))
        ]
    )
    joined = density[:, :n].reshape(len(rows), -1, n_joined).mean(axis=2)
    level_db = 10.0 * np.log10(np.maximum(joined, 10.0 ** (_LOWEST_DB / 10.0)))
    return Spectrogram(
        time_s=np.round((table.start_s[rows] + table.end_s[rows]) / 2.0, 2),
        frequency_hz=np.round(frequency_hz[:n].reshape(-1, n_joined).mean(axis=1), 3),
        level_db=np.round(level_db).ravel(),
    )


def strip(
    recording: Recording, grid: WindowGrid, table: WindowTable, *, band_hz: tuple[float, float]
) -> Strip | None:
    """Return the window that is most like the others of its kind.

    Parameters
    ----------
    recording, grid, table, band_hz
        As for `spectrogram`.

    Returns
    -------
    Strip or None
        A window with tremor of middling strength; without tremor, the middle one of those that
        are still, or else of all. None if there is none.
    """
    row = _representative(table)
    if row is None:
        return None
    window = read_windows(recording, grid, np.array([row]), band_hz=band_hz)[0]
    n_joined = max(1, -(-grid.n_window // _MOST_POINTS))
    n = grid.n_window - grid.n_window % n_joined
    moved = window[:, :n] - window.mean(axis=1, keepdims=True)
    x, y, z = np.round(moved.reshape(3, -1, n_joined).mean(axis=2), 4)
    time_s = (np.arange(n).reshape(-1, n_joined).mean(axis=1)) / grid.fs
    return Strip(
        start_s=float(table.start_s[row]), time_s=np.round(time_s, 4), x_ms2=x, y_ms2=y, z_ms2=z
    )


def _representative(table: WindowTable) -> int | None:
    strength = table.estimates["rms_ms2"][:, 0]
    known = np.flatnonzero(np.isfinite(strength))
    if len(known):
        away = np.abs(strength[known] - np.median(strength[known]))
        return int(known[np.argmin(away)])
    for chosen in (table.where("no_tremor"), ~table.where("gap")):
        rows = np.flatnonzero(chosen)
        if len(rows):
            return int(rows[len(rows) // 2])
    return None
