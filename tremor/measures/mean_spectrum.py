"""Mean spectrum of many runs on one grid, and its peaks, at which the fits of lines start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from tremor.measures.band import reach_hz
from tremor.measures.run_spectra import RunSpectra
from tremor.recording import Floats
from tremor.settings import LINE, POOLED_LINE

__all__ = ["MeanSpectrum"]


@dataclass(frozen=True, eq=False, slots=True)
class MeanSpectrum:
    """Mean of the axis-summed PSD over all segments, each with the weight of its length.

    Parameters
    ----------
    frequency_hz : ndarray, shape (m,)
        Grid, which reaches beyond the band, Hz.
    density : ndarray, shape (m,)
        Smoothed, (m/s^2)^2/Hz.
    peak_hz : float or None
        Its highest peak in the band, Hz; None where nothing moves.
    band_hz : tuple of float
        The band, Hz.
    """

    frequency_hz: Floats
    density: Floats
    peak_hz: float | None
    band_hz: tuple[float, float]

    @classmethod
    def of(cls, runs: Sequence[RunSpectra], *, fs: float, band_hz: tuple[float, float]) -> Self:
        """Average the spectra of runs.

        Parameters
        ----------
        runs : sequence of RunSpectra
            At least one.
        fs : float
            Sampling rate, Hz.
        band_hz : tuple of float
            Band of the search, Hz.

        Returns
        -------
        MeanSpectrum
            Smoothed over a quarter of a hertz.
        """
        low_hz, high_hz = reach_hz(band_hz)
        longest = max(run.n_samples for run in runs)
        width_hz = fs / (2.0 * longest)
        grid_hz = np.arange(np.ceil(low_hz / width_hz), np.floor(high_hz / width_hz) + 1) * width_hz
        total = np.zeros(len(grid_hz))
        by_length: dict[int, Floats] = {}
        for run in runs:
            density = run.summed.sum(axis=0) * run.n_samples
            by_length[run.n_samples] = by_length.get(run.n_samples, 0.0) + density
        for n_samples, density in by_length.items():
            total += np.interp(grid_hz, np.arange(len(density)) * (fs / n_samples), density)
        total /= sum(run.n_samples * len(run.summed) for run in runs)
        width = max(1, round(POOLED_LINE.peak_smoothing_hz / width_hz)) | 1
        padded = np.pad(total, width // 2, mode="edge")
        smooth = np.convolve(padded, np.ones(width) / width, "valid")
        inside = (grid_hz >= band_hz[0]) & (grid_hz <= band_hz[1])
        top = int(np.argmax(np.where(inside, smooth, -1.0)))
        peak_hz = float(grid_hz[top]) if smooth[top] > LINE.least_density_ms2sq_per_hz else None
        return cls(grid_hz, smooth, peak_hz, band_hz)

    def at(self, frequency_hz: float) -> float:
        """Return the density at a frequency."""
        return float(np.interp(frequency_hz, self.frequency_hz, self.density))

    def second_peak(self, least_prominence: float) -> tuple[float, float] | None:
        """Return the peak in the band that stands out most from the valley to the highest one.

        Parameters
        ----------
        least_prominence : float
            Height over the lowest density between the two.

        Returns
        -------
        tuple of float, or None
            Its frequency, Hz, and its height over the valley; None if no peak stands out so much.
        """
        density = self.density
        main = int(np.searchsorted(self.frequency_hz, self.peak_hz or 0.0))
        # The lowest density on the way from the highest peak.
        valley = np.concatenate(
            [
                np.minimum.accumulate(density[main::-1])[:0:-1],
                np.minimum.accumulate(density[main:]),
            ]
        )
        prominence = density / np.maximum(valley, 1e-300)
        is_top = np.zeros(len(density), dtype=np.bool_)
        inner = density[1:-1]
        is_top[1:-1] = (inner > density[:-2]) & (inner >= density[2:])
        inside = (self.frequency_hz >= self.band_hz[0]) & (self.frequency_hz <= self.band_hz[1])
        prominence = np.where(is_top & inside, prominence, 0.0)
        top = int(np.argmax(prominence))
        if prominence[top] < least_prominence:
            return None
        return float(self.frequency_hz[top]), float(prominence[top])
