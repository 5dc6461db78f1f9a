"""The mean spectrum of a session with the line that was fitted, for display."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tremor.analysis.episodes import EpisodeWindows
from tremor.analysis.window_samples import mean_density, thinned
from tremor.dsp.spectrum import bin_frequency_hz, hann_psd_of_line
from tremor.dsp.windows import WindowGrid
from tremor.measures.pooled import PooledLine
from tremor.recording import Floats, Recording
from tremor.results.analysis import SpectrumView
from tremor.results.windows import WindowTable

__all__ = ["spectrum_view"]


def spectrum_view(
    recording: Recording,
    grid: WindowGrid,
    table: WindowTable,
    episodes: Sequence[EpisodeWindows],
    line: PooledLine | None,
    *,
    band_hz: tuple[float, float],
) -> SpectrumView | None:
    """Average the spectra of the tremor, or of the still windows if there is none.

    Parameters
    ----------
    recording : Recording
        The capture.
    grid : WindowGrid
        Its windows.
    table : WindowTable
        The same, judged.
    episodes : sequence of EpisodeWindows
        Its episodes.
    line : PooledLine or None
        The line of the session.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.

    Returns
    -------
    SpectrumView or None
        None if no window could be judged.
    """
    chosen = table.where("no_tremor")
    if episodes:
        chosen = np.any([one.members for one in episodes], axis=0)
    indices = thinned(np.flatnonzero(chosen))
    if indices.size == 0:
        return None
    return SpectrumView(
        of="tremor" if episodes else "still",
        n_windows=len(indices),
        frequency_hz=bin_frequency_hz(grid.n_window, fs=grid.fs),
        psd_ms2sq_per_hz=mean_density(recording, grid, indices, band_hz=band_hz),
        line_ms2sq_per_hz=_spectrum_of_line(line, grid),
    )


def _spectrum_of_line(line: PooledLine | None, grid: WindowGrid) -> Floats | None:
    """Return the expected spectrum of a line and its floor; None without a line."""
    if line is None or not line.frequency_hz.value or not line.rms_ms2.value:
        return None
    return hann_psd_of_line(
        grid.n_window,
        fs=grid.fs,
        frequency_hz=line.frequency_hz.value,
        bandwidth_hz=line.bandwidth_hz.value or 0.0,
        mean_square=line.rms_ms2.value**2,
        floor=3.0 * line.noise_density,
    )
