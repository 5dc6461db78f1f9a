"""The mean spectrum of a session with the lines that were fitted, for display."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tremor.analysis.episodes import EpisodeWindows
from tremor.analysis.session_lines import SessionLine
from tremor.analysis.window_samples import mean_density, thinned
from tremor.dsp.spectrum import bin_frequency_hz, hann_psd_of_line
from tremor.dsp.windows import WindowGrid
from tremor.recording import AXES, Floats, Recording
from tremor.results.analysis import SpectrumView
from tremor.results.windows import WindowTable

__all__ = ["spectrum_view"]


def spectrum_view(
    recording: Recording,
    grid: WindowGrid,
    table: WindowTable,
    episodes: Sequence[EpisodeWindows],
    tremors: Sequence[SessionLine],
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
    tremors : sequence of SessionLine
        The lines of the session, each of which counts for its share of the time.
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
    known = [one for one in tremors if one.line.frequency_hz.value and one.line.rms_ms2.value]
    floor = len(AXES) * known[0].line.noise_density if known else None
    return SpectrumView(
        of="tremor" if episodes else "still",
        n_windows=len(indices),
        frequency_hz=bin_frequency_hz(grid.n_window, fs=grid.fs),
        psd_ms2sq_per_hz=mean_density(recording, grid, indices, band_hz=band_hz),
        line_ms2sq_per_hz=None if floor is None else floor + _spectrum_of_lines(known, grid),
        floor_ms2sq_per_hz=floor,
    )


def _spectrum_of_lines(known: Sequence[SessionLine], grid: WindowGrid) -> Floats:
    """Return the expected spectrum of lines, each for its share of the time, without a floor."""
    total = np.zeros(grid.n_window // 2 + 1)
    for one in known:
        total += hann_psd_of_line(
            grid.n_window,
            fs=grid.fs,
            frequency_hz=one.line.frequency_hz.value or 0.0,
            bandwidth_hz=one.line.bandwidth_hz.value or 0.0,
            mean_square=one.share * (one.line.rms_ms2.value or 0.0) ** 2,
            floor=0.0,
        )
    return total
