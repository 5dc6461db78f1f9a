"""Lines outside the band: their scores in a window, and their fit over many windows.

The band of the search holds most tremor, not all of it: standing tremor of the legs reaches 18 Hz,
a motor 40 Hz. What is strong there is measured here, so that it is not passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins, hann_psd_of_line, power_in, smooth
from tremor.estimate import LEVEL, Estimate
from tremor.measures.intervals import NORMAL_QUANTILE
from tremor.recording import Floats
from tremor.settings import OUTSIDE, PEAK, AnalysisSettings

__all__ = ["OutsideLine", "fit_outside", "outside_line"]

Rows = npt.NDArray[np.int64]

#: Overlapping bins of a Hann taper: 1 + 2 (4/9 + 1/36), the sum of their squared correlations.
_BINS_OVERLAP: Final = 1.0 + 2.0 * (4.0 / 9.0 + 1.0 / 36.0)
#: The same for two windows that overlap by half: 1 + 2 (1/6)^2.
_WINDOWS_OVERLAP: Final = 1.0 + 2.0 / 36.0
#: Steps of the Fisher scoring, and the longest of one, in standard units of the parameters.
_STEPS: Final = 60
_LONGEST_STEP: Final = 0.7
_HALVINGS: Final = 12
_DIFFERENCE: Final = 1e-4
#: A step shorter than this ends the scoring.
_SETTLED: Final = 1e-5
#: Narrowest line of the fit, over the width of a bin: a narrower one is a tone to its bins.
_NARROWEST_BINS: Final = 0.02


def outside_line(
    density: Floats,
    slow_rms_ms2: Floats,
    *,
    n_samples: int,
    fs: float,
    band_hz: tuple[float, float],
    settings: AnalysisSettings,
) -> dict[str, Floats]:
    """Find the strongest line outside the band.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_samples // 2 + 1)
        PSD as `tremor.dsp.spectrum.hann_psd` returns it, (m/s^2)^2/Hz.
    slow_rms_ms2 : ndarray, shape (n_windows,)
        RMS of slow movement, m/s^2; NaN to leave slow lines out, as they are where the leg walks.
    n_samples : int
        Length of the windows.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.
    settings : AnalysisSettings
        What a line must reach in the band.

    Returns
    -------
    dict of str to ndarray, shape (n_windows,)
        ``beyond_hz``, Hz, of a line that is as strong, as narrow and as high above its floor as
        one in the band, searched up to the last bin below the Nyquist frequency; NaN where there
        is none. ``beyond_rms_ms2``, m/s^2, of that line, or else of the highest peak above the
        band; NaN where all that lies above the band is weak.
    """
    width_hz = fs / n_samples
    margin_hz = settings.interior_margin_hz
    above = band_bins(n_samples, fs=fs, low_hz=band_hz[1] - margin_hz, high_hz=fs / 2.0)
    below = band_bins(
        n_samples, fs=fs, low_hz=OUTSIDE.lowest_hz, high_hz=band_hz[0] + margin_hz - width_hz
    )
    found = np.full((2, len(density)), np.nan)
    with np.errstate(invalid="ignore"):
        strong = power_in(density, above, bin_width_hz=width_hz) >= settings.least_rms_ms2**2
        slow = (slow_rms_ms2 >= settings.least_rms_ms2) & (
            slow_rms_ms2 <= settings.most_low_rms_at_all_ms2
        )
    for rows, region, half_hz in (
        (np.flatnonzero(strong), above, PEAK.half_width_hz),
        (np.flatnonzero(slow), below, OUTSIDE.slow_half_width_hz),
    ):
        if not rows.size or region.stop - region.start < 1:
            continue
        peak = _Peak.of(density[rows], region, width_hz=width_hz, half_hz=half_hz)
        # At the edge it may be a tremor; below it is rocking.
        least_ms2 = np.where(
            peak.frequency_hz < band_hz[0] - margin_hz,
            OUTSIDE.least_slow_ms2,
            settings.least_rms_ms2,
        )
        with np.errstate(invalid="ignore"):
            is_line = (
                (peak.rms_ms2 >= least_ms2)
                & (peak.over_floor >= settings.least_peak_over_floor)
                & (peak.fraction >= settings.least_peak_fraction)
                & ~(np.isfinite(found[0, rows]) & (found[1, rows] > peak.rms_ms2))
            )
        if region is above:
            found[1, rows] = peak.rms_ms2
        found[:, rows[is_line]] = peak.frequency_hz[is_line], peak.rms_ms2[is_line]
    return {"beyond_hz": found[0], "beyond_rms_ms2": found[1]}


@dataclass(frozen=True, eq=False, slots=True)
class _Peak:
    """The highest maximum of a region, shape (n_windows,) each."""

    frequency_hz: Floats
    rms_ms2: Floats
    over_floor: Floats
    fraction: Floats

    @classmethod
    def of(cls, density: Floats, region: slice, *, width_hz: float, half_hz: float) -> _Peak:
        smoothed = smooth(density, max(1, round(half_hz / width_hz)))
        if region.stop >= density.shape[-1] - 1:  # a line at the Nyquist frequency is folded on it
            smoothed = smoothed[:, : region.stop]
        padded = np.pad(smoothed, ((0, 0), (1, 1)), constant_values=0.0)
        inner = smoothed[:, region]
        # The flank of something in the band is no maximum of its own.
        before = padded[:, region.start : region.stop]
        is_top = (inner >= before) & (inner >= padded[:, region.start + 2 : region.stop + 2])
        at = region.start + np.argmax(np.where(is_top, inner, 0.0), axis=-1)
        height = np.where(is_top.any(axis=-1), smoothed[np.arange(len(at)), at], np.nan)
        reach, half = round(OUTSIDE.around_hz / width_hz), round(half_hz / width_hz)
        offset = np.arange(-reach, reach + 1)
        bins = at[:, None] + offset
        inside = (bins >= 1) & (bins < density.shape[-1])
        values = np.take_along_axis(density, np.clip(bins, 0, density.shape[-1] - 1), axis=-1)
        near = np.abs(offset) <= half
        beside = inside & (np.abs(offset) > half + 1)
        # The lower median; what is not beside it is sorted to the end.
        ordered = np.sort(np.where(beside, values, np.inf), axis=-1)
        middle = np.maximum(beside.sum(axis=-1) - 1, 0) // 2
        floor = np.take_along_axis(ordered, middle[:, None], axis=-1)[:, 0]
        power = np.where(inside & near, values, 0.0).sum(axis=-1)
        total = np.where(inside, values, 0.0).sum(axis=-1)
        above = np.maximum(power - floor * (inside & near).sum(axis=-1), 0.0) * width_hz
        return cls(
            frequency_hz=at * width_hz,
            rms_ms2=np.sqrt(above),
            over_floor=height / np.maximum(floor, 1e-300),
            fraction=power / np.maximum(total, 1e-300),
        )


@dataclass(frozen=True, slots=True)
class OutsideLine:
    """The line of a mean spectrum outside the band.

    Parameters
    ----------
    frequency_hz, bandwidth_hz, rms_ms2 : Estimate
        Centre and half-power width, Hz, and RMS of the vector, m/s^2.
    """

    frequency_hz: Estimate
    bandwidth_hz: Estimate
    rms_ms2: Estimate


def fit_outside(
    density: Floats, peak_hz: float, *, n_windows: int, n_samples: int, fs: float
) -> OutsideLine:
    """Fit a Lorentzian line, folded at the Nyquist frequency, to a mean spectrum.

    Parameters
    ----------
    density : ndarray, shape (n_samples // 2 + 1,)
        Mean PSD of windows that overlap by half, as `tremor.dsp.spectrum.hann_psd` returns it,
        (m/s^2)^2/Hz.
    peak_hz : float
        Where the line is searched, Hz.
    n_windows : int
        Number of windows in the mean.
    n_samples : int
        Length of the windows.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    OutsideLine
        With 95 % intervals.

    Notes
    -----
    Whittle likelihood of the bins within 4 Hz, from which the model has the autocovariance of the
    sampled line: what lies beyond the Nyquist frequency is folded as the sampling folds it.
    Bins and windows overlap, so that their number is divided by the sum of squared correlations.

    Examples
    --------
    >>> from tremor.dsp.spectrum import hann_psd_of_line
    >>> made = hann_psd_of_line(
    ...     100, fs=25.0, frequency_hz=12.2, bandwidth_hz=0.6, mean_square=0.04, floor=1e-5
    ... )
    >>> found = fit_outside(made, 12.0, n_windows=30, n_samples=100, fs=25.0)
    >>> round(found.frequency_hz.value, 2), round(found.rms_ms2.value, 3)
    (12.2, 0.2)
    """
    width_hz = fs / n_samples
    bins = band_bins(
        n_samples,
        fs=fs,
        low_hz=max(2.0 * width_hz, peak_hz - OUTSIDE.around_hz),
        high_hz=peak_hz + OUTSIDE.around_hz,
    )
    seen = np.maximum(density[bins], 1e-300)
    looks = n_windows / (_BINS_OVERLAP * _WINDOWS_OVERLAP)
    floor = float(np.quantile(seen, 0.2))
    power = max(float(((seen - floor) * width_hz).sum()), floor * width_hz)
    # Centre in bins; logarithms of width, power and floor.
    start = np.array([peak_hz / width_hz, np.log(0.5), np.log(power), np.log(floor)])

    def model(theta: Floats) -> Floats:
        return hann_psd_of_line(
            n_samples,
            fs=fs,
            frequency_hz=float(theta[0]) * width_hz,
            bandwidth_hz=float(np.exp(theta[1])),
            mean_square=float(np.exp(theta[2])),
            floor=float(np.exp(theta[3])),
        )[bins]

    least = np.log(_NARROWEST_BINS * width_hz)
    theta, information = _scored(model, seen, start, looks=looks, least=least)
    # A width that the bins do not show has next to no information.
    variance = np.diag(np.linalg.inv(information + np.diag([0.0, 0.25, 0.0, 0.0])))
    expected = model(theta)
    # A line that is no Lorentzian leaves more than noise, which the intervals have to bear.
    misfit = looks * float(np.mean(np.square(seen / expected - 1.0)))
    half = NORMAL_QUANTILE * np.sqrt(variance * [max(misfit, 1.0), max(misfit, 1.0), 1.0, 1.0])
    half_hz = float(half[0]) * width_hz
    # Mirrored at zero or at the Nyquist frequency, the model is the same.
    frequency_hz = abs(float(theta[0]) * width_hz)
    frequency_hz = min(frequency_hz, fs - frequency_hz)
    bandwidth_hz = float(np.exp(theta[1]))
    rms = _root_of_power(float(np.exp(theta[2])), seen, expected, float(np.exp(theta[3])))
    wide, strong = float(np.exp(half[1])), float(np.exp(half[2] / 2.0))

    def estimate(value: float, low: float, high: float) -> Estimate:
        return Estimate(value, max(low, 0.0), high, level=LEVEL, method="whittle")

    return OutsideLine(
        frequency_hz=estimate(frequency_hz, frequency_hz - half_hz, frequency_hz + half_hz),
        bandwidth_hz=estimate(bandwidth_hz, bandwidth_hz / wide, bandwidth_hz * wide),
        rms_ms2=estimate(rms, rms / strong, rms * strong),
    )


def _root_of_power(power: float, seen: Floats, expected: Floats, floor: float) -> float:
    """Return the RMS of a line: the power that is seen above the floor, by the share of it fitted.

    The power of the fit is right for a Lorentzian alone, whose flanks it extends.
    """
    share = max(float((seen - floor).sum()), 0.0) / max(float((expected - floor).sum()), 1e-300)
    return float(np.sqrt(power * min(share, 1.0)))


def _scored(
    model: Callable[[Floats], Floats], seen: Floats, start: Floats, *, looks: float, least: float
) -> tuple[Floats, Floats]:
    """Maximise the likelihood by Fisher scoring; return the parameters and their information."""

    def loss(expected: Floats) -> float:
        return looks * float((np.log(expected) + seen / expected).sum())

    theta, expected = start, model(start)
    shifts = _DIFFERENCE * np.eye(len(start))
    for _ in range(_STEPS):
        slopes = np.stack([np.log(model(theta + one) / model(theta - one)) for one in shifts])
        slopes /= 2.0 * _DIFFERENCE
        information = looks * slopes @ slopes.T
        damped = information + 1e-6 * looks * np.eye(len(start))
        step = np.linalg.solve(damped, looks * slopes @ (seen / expected - 1.0))
        step *= min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-12))
        for _ in range(_HALVINGS):
            trial = theta + step
            trial[1] = max(trial[1], least)
            found = model(trial)
            if loss(found) <= loss(expected):
                break
            step = step / 2.0
        else:
            break
        settled = float(np.abs(trial - theta).max()) < _SETTLED
        theta, expected = trial, found
        if settled:
            break
    return theta, information
