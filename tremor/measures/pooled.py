"""One line from many runs of an episode: shared centre and width, each segment its own power.

An episode of tremor waxes, wanes and fades, so that a single power cannot hold for all of it; but
the process is one. All segments enter one Whittle likelihood, so that the precision is that of all
samples: sd(f0) >= sqrt(B / (4 pi T)) with T the total time. A single run that is a tone throughout
is fitted as one sine instead, and a short one as one window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tremor.dsp.spectrum import band_bins
from tremor.estimate import LEVEL, Estimate
from tremor.measures.amplitude import typical_peak_to_peak_mm
from tremor.measures.intervals import MOST_LOG, chi_square_factors, student_quantile
from tremor.measures.line_table import fit_lines
from tremor.measures.long_tone import LongTone
from tremor.measures.pooled_whittle import PooledProblem, PooledWhittleFit, fit_pooled_whittle
from tremor.measures.run_spectra import RunSpectra
from tremor.recording import Floats
from tremor.results.estimates import TremorEstimates
from tremor.settings import LINE, POOLED_LINE

__all__ = ["PooledLine", "fit_pooled", "fit_pooled_sets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledLine(TremorEstimates):
    """The line that all runs of an episode share.

    Its intervals are for the process; the RMS is that over all samples.

    Parameters
    ----------
    noise_density : float
        Mean floor of one axis, (m/s^2)^2/Hz.
    n_segments : int
        Number of segments that were fitted.
    """

    noise_density: float
    n_segments: int


def fit_pooled(
    runs: Sequence[Floats], *, fs: float, band_hz: tuple[float, float]
) -> PooledLine | None:
    """Fit one line to all runs of samples.

    Parameters
    ----------
    runs : sequence of ndarray, shape (n_samples, 3)
        Runs without gaps, m/s^2, each at least six periods of the lower band edge long.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.

    Returns
    -------
    PooledLine or None
        None if the samples do not vary.
    """

    def spectra_of(run: Floats) -> RunSpectra:
        return RunSpectra.of(lambda begin, end: run[begin:end], len(run), fs=fs, band_hz=band_hz)

    (line,) = fit_pooled_sets([list(map(spectra_of, runs))], fs=fs, band_hz=band_hz)
    return line


def fit_pooled_sets(
    sets: Sequence[Sequence[RunSpectra]], *, fs: float, band_hz: tuple[float, float]
) -> list[PooledLine | None]:
    """Fit one line to each of many sets of runs, all at once.

    Parameters
    ----------
    sets : sequence of sequences of RunSpectra
        The runs of each episode.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        As for `fit_pooled`.

    Returns
    -------
    list of PooledLine or None
        One per set, as `fit_pooled` returns it; a set does not depend on the others.
    """
    results: list[PooledLine | None] = [None] * len(sets)
    windows: dict[int, dict[int, Floats]] = {}
    problems: dict[int, PooledProblem] = {}
    for number, runs in enumerate(sets):
        window, tone = (runs[0].window, runs[0].tone) if len(runs) == 1 else (None, None)
        if window is not None:
            windows.setdefault(window.shape[-1], {})[number] = window
        elif tone is not None:
            results[number] = _line_of_tone(tone, n_segments=len(runs[0].summed))
        else:
            centre_hz = _common_peak(runs, fs=fs, band_hz=band_hz)
            if centre_hz is not None:
                problems[number] = PooledProblem(runs, centre_hz)
    for group in windows.values():
        lines = _lines_of_windows(np.stack(list(group.values())), fs=fs, band_hz=band_hz)
        for number, line in zip(group, lines, strict=True):
            results[number] = line
    if problems:
        fits = fit_pooled_whittle(list(problems.values()), fs=fs, band_hz=band_hz)
        for number, fit in zip(problems, fits, strict=True):
            results[number] = _line_of_fit(fit, band_hz=band_hz)
    return results


def _lines_of_windows(
    windows: Floats, *, fs: float, band_hz: tuple[float, float]
) -> list[PooledLine | None]:
    """Fit runs that are one window each, for which a single power is enough."""
    table = fit_lines(windows, fs=fs, band_hz=band_hz)
    lines: list[PooledLine | None] = []
    for row, fitted in enumerate(table.method.tolist()):
        if not fitted:
            lines.append(None)
            continue
        lines.append(
            PooledLine(
                noise_density=float(table.noise_density[row]),
                n_segments=1,
                **table.estimates(row),
            )
        )
    return lines


def _line_of_tone(tone: LongTone, *, n_segments: int) -> PooledLine:
    """Return the estimates of the sine of a run."""
    rms = float(np.sqrt(tone.power_ms2sq))
    size = float(typical_peak_to_peak_mm(tone.power_ms2sq / (2.0 * np.pi * tone.frequency_hz) ** 4))
    relative = np.hypot(tone.half_rms_ms2 / rms, 2.0 * tone.half_hz / tone.frequency_hz)

    def estimate(value: float, low: float, high: float) -> Estimate:
        return Estimate(
            value, max(float(low), 0.0), float(high), level=LEVEL, method="least_squares"
        )

    return PooledLine(
        frequency_hz=estimate(
            tone.frequency_hz, tone.frequency_hz - tone.half_hz, tone.frequency_hz + tone.half_hz
        ),
        bandwidth_hz=estimate(tone.bandwidth_hz, 0.0, tone.most_bandwidth_hz),
        rms_ms2=estimate(rms, rms - tone.half_rms_ms2, rms + tone.half_rms_ms2),
        displacement_pp_mm=estimate(size, size * (1.0 - relative), size * (1.0 + relative)),
        noise_density=tone.noise_density,
        n_segments=n_segments,
    )


def _common_peak(
    runs: Sequence[RunSpectra], *, fs: float, band_hz: tuple[float, float]
) -> float | None:
    """Find the peak of the mean spectrum over all segments, on a common grid, Hz."""
    n_padded = 4 * max(run.n_samples for run in runs)
    band = band_bins(n_padded, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    lags = np.zeros(n_padded)
    for run in runs:
        lags[: run.n_samples] += run.autocovariance / run.n_samples
    lags[0] /= 2.0
    total = 2.0 * np.fft.rfft(lags).real[band]
    width = max(1, round(POOLED_LINE.peak_smoothing_hz * n_padded / fs)) | 1
    total = np.convolve(np.pad(total, width // 2, mode="edge"), np.ones(width) / width, "valid")
    if not total.max() > 0.0:
        return None
    return float((band.start + np.argmax(total)) * fs / n_padded)


def _line_of_fit(fit: PooledWhittleFit, *, band_hz: tuple[float, float]) -> PooledLine:
    """Return the estimates of one fit."""
    count = len(fit.score)
    frequency_hz, bandwidth_hz = fit.frequency_hz, fit.bandwidth_hz
    half_hz, log_factor = _half_widths(fit)
    weight = fit.duration_s / fit.duration_s.sum()
    square = fit.power.mean_square_ms2sq
    mean_square = float(weight @ square)
    freedom = 2.0 * mean_square**2 / float((weight * square) ** 2 @ fit.power.relative_variance)
    low, high = (float(factor) for factor in chi_square_factors(np.array([freedom]))[0])
    rms = float(np.sqrt(mean_square))
    size = float(typical_peak_to_peak_mm(float(weight @ fit.power.mean_square_m2)))
    by_frequency = 2.0 * half_hz / frequency_hz

    def estimate(value: float, low: float, high: float) -> Estimate:
        return Estimate(float(value), float(low), float(high), level=LEVEL, method="whittle")

    factor = np.exp(min(log_factor, MOST_LOG))
    return PooledLine(
        frequency_hz=estimate(
            frequency_hz, max(frequency_hz - half_hz, 0.0), frequency_hz + half_hz
        ),
        bandwidth_hz=estimate(
            bandwidth_hz,
            bandwidth_hz / factor,
            min(bandwidth_hz * factor, band_hz[1] - band_hz[0]),
        ),
        rms_ms2=estimate(rms, rms * np.sqrt(low), rms * np.sqrt(high)),
        displacement_pp_mm=estimate(
            size,
            size * np.exp(-np.hypot(0.5 * np.log(low), by_frequency)),
            size * np.exp(np.hypot(0.5 * np.log(high), by_frequency)),
        ),
        noise_density=float(weight @ fit.noise),
        n_segments=count,
    )


def _half_widths(fit: PooledWhittleFit) -> tuple[float, float]:
    """Return half the intervals of the centre, Hz, and of the logarithm of the width."""
    covariance = np.linalg.inv(fit.information.sum(axis=0) + 1e-12 * np.eye(2))
    count = len(fit.score)
    variance = np.diag(covariance).copy()
    total_s = float(fit.duration_s.sum())
    looks_freedom = LINE.freedom_per_look * np.pi * fit.bandwidth_hz * total_s
    freedom = np.full(2, LINE.freedom_least + looks_freedom)
    if count >= POOLED_LINE.least_for_scatter:
        # Where the line wanders from segment to segment, their scatter is the honest error.
        meat = fit.score.T @ fit.score * count / (count - 2.0)
        scatter = np.diag(covariance @ meat @ covariance)
        wider = scatter > variance
        freedom = np.where(wider, np.minimum(freedom, count - 2.0), freedom)
        variance = np.maximum(variance, scatter)
    half_hz, log_factor = student_quantile(freedom) * np.sqrt(variance)
    return half_hz, float(log_factor)
