"""A series of RMS over a rest, with the variance of each point, from the power of its windows."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.analysis.rest_signal import RestSignal
from tremor.measures.decay_posterior import RmsSeries
from tremor.recording import Floats
from tremor.settings import RMS_SERIES, AnalysisSettings

__all__ = ["NoisySeries", "rms_series"]

#: Median of a chi-square variable of one degree of freedom, and the variance of the second
#: difference of white noise of unit variance.
_CHI_SQUARE_MEDIAN: Final = 0.455
_SECOND_DIFFERENCE_VARIANCE: Final = 6.0
#: No variance is lowered by more than this factor.
_LEAST_VARIANCE_FACTOR: Final = 1e-3


class NoisySeries(NamedTuple):
    """A series of RMS, and the RMS of the noise in it, m/s^2."""

    points: RmsSeries
    noise_ms2: float


def rms_series(
    signal: RestSignal, *, rest_start_s: float, settings: AnalysisSettings
) -> NoisySeries:
    """Average the power of windows over bins of one window length each.

    Parameters
    ----------
    signal : RestSignal
        Windows in order of time.
    rest_start_s : float
        Start of the rest, s from the start of the capture.
    settings : AnalysisSettings
        Length and step of the windows.

    Returns
    -------
    NoisySeries
        Times from the start of the rest; no point holds two postures.
    """
    if not len(signal.start_s):
        return NoisySeries(RmsSeries(np.zeros(0), np.zeros(0), np.zeros(0)), 0.0)
    # Windows start at multiples of the step, give or take a rounding to samples.
    index = np.floor((signal.start_s - rest_start_s) / settings.window_s + 1e-3).astype(np.int64)
    index += np.concatenate([[0], np.cumsum(np.diff(signal.posture) != 0)])
    _, first, index, count = np.unique(
        index, return_index=True, return_inverse=True, return_counts=True
    )

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(index, values) / count)

    power = mean(signal.power)
    tremor_share = np.clip(1.0 - signal.noise / _running_median(power), 0.0, 1.0)
    relative = tremor_share**2 * _line_relative_variance(count, signal.bandwidth_hz, settings)
    relative += (1.0 - tremor_share**2) * mean(signal.noise_relative_variance) / count
    # psi1(k) / 4 is the variance of the log RMS of an average of k exponentials; 1/k its relative
    # variance: psi1(k) = 1/k + 1/(2 k^2) + ...
    variance = 0.25 * relative * (1.0 + 0.5 * relative)
    # Where next to nothing is left above a floor, both the power and its scatter are unsure.
    variance = np.clip(variance, RMS_SERIES.least_relative_sd**2, RMS_SERIES.most_relative_sd**2)
    rms, posture = np.sqrt(power), signal.posture[first]
    return NoisySeries(
        RmsSeries(
            mean(0.5 * (signal.start_s + signal.end_s)) - rest_start_s,
            rms,
            _no_more_than_scatter(variance, rms),
            posture if posture.any() else None,
        ),
        math.sqrt(signal.noise),
    )


def _running_median(values: Floats, half: int = 3) -> Floats:
    padded = np.pad(values, half, mode="edge")
    return np.asarray(
        np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=-1)
    )


def _line_relative_variance(
    count: npt.NDArray[np.int64], bandwidth_hz: float, settings: AnalysisSettings
) -> Floats:
    """Return the relative variance of the mean power of neighbouring Hann windows over a line.

    The power of a line of half-power width B has the autocorrelation exp(-2 pi B lag); the power of
    a window is its average under the squared taper.
    """
    n_grid = 64
    step_s = settings.window_s / n_grid
    taper = np.sin(np.pi * (np.arange(n_grid) + 0.5) / n_grid) ** 4
    overlap = np.correlate(taper, taper, mode="full") / taper.sum() ** 2
    lag_s = (np.arange(2 * n_grid - 1) - (n_grid - 1)) * step_s
    most = int(count.max())
    shared = np.array(
        [
            overlap @ np.exp(-2.0 * np.pi * bandwidth_hz * np.abs(lag_s + k * settings.step_s))
            for k in range(most)
        ]
    )
    means = [
        (shared[0] + 2.0 * sum((1.0 - k / m) * shared[k] for k in range(1, m))) / m
        for m in range(1, most + 1)
    ]
    return np.asarray(np.array(means)[count - 1])


def _no_more_than_scatter(variance: Floats, rms: Floats) -> Floats:
    """Lower variances that the points themselves contradict: a tone has no scatter."""
    if len(rms) < RMS_SERIES.least_for_scatter:
        return variance
    second = np.diff(np.log(rms), n=2)
    typical = float(np.median(second**2)) / _CHI_SQUARE_MEDIAN
    scatter = typical / _SECOND_DIFFERENCE_VARIANCE
    factor = min(1.0, max(scatter / float(np.median(variance)), _LEAST_VARIANCE_FACTOR))
    return np.asarray(np.maximum(variance * factor, RMS_SERIES.least_relative_sd**2))
