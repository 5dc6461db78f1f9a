"""One spectral line for each of many windows, as columns, with intervals.

One model serves a pure tone and a broad tremor alike: a Lorentzian (complex Ornstein-Uhlenbeck
process) blurred by the Fejer kernel of the window, above a flat floor. It is fitted by debiased
Whittle likelihood with Fisher scoring. If the residual of an exact least-squares sine is no more
than noise, the line is unresolved and the sine takes over.

Whether there is a line at all is not asked here; see `tremor.analysis.window`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import band_bins, hann_psd, principal_component, psd, transform
from tremor.estimate import Estimate
from tremor.measures.amplitude import LinePower, power_around, typical_peak_to_peak_mm
from tremor.measures.band import slow_cutoff_hz
from tremor.measures.gaussian_line import ShapeChoice, choose_shapes
from tremor.measures.intervals import (
    MOST_LOG,
    ONE_SIDED_QUANTILE,
    chi_square_factors,
    columns_of,
    estimate_of,
    student_quantile,
)
from tremor.measures.sine import SineFit, fit_sines, residual_per_bandwidth_s
from tremor.measures.spectral_shape import peak_shape
from tremor.measures.whittle import FitBins, WhittleFit, fit_whittle, power_and_floor
from tremor.recording import Floats
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.verdicts import METHODS
from tremor.settings import LINE

__all__ = ["LineTable", "Method", "fit_high_passed", "fit_lines"]

Bools = npt.NDArray[np.bool_]
Method = Literal["auto", "whittle", "least_squares"]

#: Numbers of padded windows that are transformed at once: as many as stay in the cache.
_NUMBERS_AT_ONCE: Final = 16 * 4800


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LineTable:
    """Lines of many windows as columns.

    Parameters
    ----------
    frequency_hz, bandwidth_hz, rms_ms2, displacement_pp_mm : ndarray, shape (n_windows, 3)
        Value, low and high of each estimate; Hz, m/s^2 and mm.
    noise_density : ndarray, shape (n_windows,)
        Floor of one axis, (m/s^2)^2/Hz.
    polarisation : ndarray, shape (n_windows,)
        Share of the power around the line along one direction, 1/3 to 1.
    method : ndarray of uint8, shape (n_windows,)
        Index into the names of methods; 0 for a line that was not fitted.
    """

    frequency_hz: Floats
    bandwidth_hz: Floats
    rms_ms2: Floats
    displacement_pp_mm: Floats
    noise_density: Floats
    polarisation: Floats
    method: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.method)

    def estimates(self, row: int) -> dict[str, Estimate]:
        """Return the estimates of one fitted line by name, as keywords for a record."""
        method = METHODS[self.method[row]]
        return {name: estimate_of(getattr(self, name)[row], method) for name in ESTIMATE_NAMES}


def fit_lines(
    windows: Floats, *, fs: float, band_hz: tuple[float, float], method: Method = "auto"
) -> LineTable:
    """Fit one line to each of many windows of one length, all at once.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, 3, n_samples)
        Acceleration, m/s^2, time along the last axis, no NaN.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.
    method : {"auto", "whittle", "least_squares"}
        As for `estimate_line`.

    Returns
    -------
    LineTable
        One row per window; the result of a window does not depend on the others.
    """
    high_passed = remove_slow(windows, fs=fs, cutoff_hz=slow_cutoff_hz(band_hz))
    shape = peak_shape(
        hann_psd(high_passed, fs=fs), n_samples=high_passed.shape[-1], fs=fs, band_hz=band_hz
    )
    return fit_high_passed(
        high_passed,
        fs=fs,
        band_hz=band_hz,
        fundamental_hz=np.where(shape["has_second"] > 0.0, shape["peak_hz"], np.nan),
        method=method,
    )


def fit_high_passed(
    high_passed: Floats,
    *,
    fs: float,
    band_hz: tuple[float, float],
    fundamental_hz: Floats,
    method: Method = "auto",
) -> LineTable:
    """Fit one line to each of many windows whose slow part is removed already.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows high-passed at `tremor.measures.band.slow_cutoff_hz`, m/s^2.
    fs, band_hz
        As for `fit_lines`.
    fundamental_hz : ndarray, shape (n_windows,)
        Fundamental of the lines that have a second harmonic, within 1 Hz; NaN for the others.
    method : {"auto", "whittle", "least_squares"}
        As for `fit_lines`.

    Returns
    -------
    LineTable
        As for `fit_lines`.
    """
    n_samples = high_passed.shape[-1]
    coarse_hz, top = _coarse_peak(high_passed, fundamental_hz, fs=fs, band_hz=band_hz)
    alive = top > LINE.least_density_ms2sq_per_hz
    if not alive.all():
        return _with_dead(high_passed, alive, fundamental_hz, fs=fs, band_hz=band_hz, method=method)
    spectrum = transform(high_passed, fs=fs)
    bins = FitBins.around(coarse_hz, n_samples=n_samples, fs=fs, band_hz=band_hz)
    has_second = np.isfinite(fundamental_hz)
    most_hz = np.where(has_second, LINE.most_of_fundamental * coarse_hz, np.inf)
    beyond = bins.index > most_hz[:, None] * (n_samples / fs)
    principal = principal_component(np.where(beyond[:, None, :], 0.0, bins.take(spectrum)))
    density = _filled(principal.density, beyond)
    fit = fit_whittle(density, bins, coarse_hz, fs=fs, n_samples=n_samples, band_hz=band_hz)
    power = power_around(
        psd(spectrum),
        frequency_hz=fit.frequency_hz,
        bandwidth_hz=fit.bandwidth_hz,
        fitted_ms2sq=fit.power,
        fs=fs,
        n_samples=n_samples,
        band_hz=band_hz,
        most_hz=most_hz,
    )
    duration_s = n_samples / fs
    forced = method == "least_squares"
    # A sine does not know of the harmonic.
    narrow = _may_be_tone(fit, duration_s=duration_s) & ~has_second
    rows = np.flatnonzero((narrow & (method != "whittle")) | forced)
    sines = fit_sines(
        high_passed[rows],
        coarse_hz[rows],
        fs=fs,
        cutoff_hz=slow_cutoff_hz(band_hz),
        band_hz=band_hz,
    )
    accepted = sines.is_sufficient | forced
    is_sine = np.zeros(len(high_passed), dtype=np.bool_)
    is_sine[rows[accepted]] = True
    shapes = choose_shapes(
        fit, density, bins, ~is_sine, fs=fs, n_samples=n_samples, band_hz=band_hz
    )
    table = _table_of_whittle(
        shapes, fit, power, polarisation=principal.polarisation, duration_s=duration_s
    )
    if not rows.size:
        return table
    return _with_sines(table, sines, rows=rows, accepted=accepted, pure=sines.is_tone | forced)


def _may_be_tone(fit: WhittleFit, *, duration_s: float) -> Bools:
    """Check which lines may be a sine: narrow, and not clearly wider than one."""
    bt = fit.bandwidth_hz * duration_s
    left = fit.bandwidth_hz * residual_per_bandwidth_s(fit.power, fit.noise, duration_s=duration_s)
    return np.asarray((bt < LINE.tone_bt) & ((bt < LINE.wide_bt) | (left < LINE.most_left_bins)))


def _filled(density: Floats, beyond: Bools) -> Floats:
    """Return periodograms with the floor in the bins of the second harmonic."""
    rows = np.flatnonzero(beyond.any(axis=-1))
    if not rows.size:
        return density
    filled = density.copy()
    for row in rows:
        # One by one: the bins that are left differ in number.
        inside = ~beyond[row]
        _, floor = power_and_floor(density[row][None, inside], duration_s=1.0)
        filled[row, beyond[row]] = floor[0]
    return filled


def _with_dead(
    high_passed: Floats,
    alive: Bools,
    fundamental_hz: Floats,
    *,
    fs: float,
    band_hz: tuple[float, float],
    method: Method,
) -> LineTable:
    """Fit the windows that hold any power, and leave the rows of the others empty."""
    n = len(high_passed)
    columns: dict[str, npt.NDArray[Any]] = {
        item.name: np.full((n, 3) if item.name in ESTIMATE_NAMES else n, np.nan)
        for item in fields(LineTable)
    }
    columns["method"] = np.zeros(n, dtype=np.uint8)
    if alive.any():
        part = fit_high_passed(
            high_passed[alive],
            fs=fs,
            band_hz=band_hz,
            fundamental_hz=fundamental_hz[alive],
            method=method,
        )
        for name, column in columns.items():
            column[alive] = getattr(part, name)
    return LineTable(**columns)


def _coarse_peak(
    high_passed: Floats,
    fundamental_hz: Floats,
    *,
    fs: float,
    band_hz: tuple[float, float],
    pad: int = 4,
) -> tuple[Floats, Floats]:
    """Find the maximum of the padded, axis-summed periodogram: (frequency, PSD), each (K,).

    It is searched within 1 Hz of the fundamental where that is given.
    """
    n_padded = pad * high_passed.shape[-1]
    band = band_bins(n_padded, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    top, height = np.empty(len(high_passed), dtype=np.int64), np.empty(len(high_passed))
    frequency_hz = np.arange(band.start, band.stop) * (fs / n_padded)
    size = max(1, _NUMBERS_AT_ONCE // (3 * n_padded))
    for first in range(0, len(high_passed), size):
        some = slice(first, first + size)
        density = psd(transform(high_passed[some], fs=fs, pad=pad)[..., band])
        away_hz = np.abs(frequency_hz - fundamental_hz[some, None])
        density[away_hz > 1.0] = 0.0
        top[some] = np.argmax(density, axis=-1)
        height[some] = density.max(axis=-1)
    return np.asarray((band.start + top) * fs / n_padded), height


def _centre_half_hz(fit: WhittleFit, *, duration_s: float) -> tuple[Floats, Floats]:
    """Return Student's t of each line, and half of the interval of its centre, Hz.

    The degrees of freedom grow with pi B T, the number of independent looks at the process
    (``tests/bench/accuracy.py`` measures the coverage).
    """
    looks = np.pi * fit.bandwidth_hz * duration_s
    t = student_quantile(LINE.freedom_least + LINE.freedom_per_look * looks)
    return t, t * np.sqrt(fit.covariance[:, 0, 0])


def _table_of_whittle(
    shapes: ShapeChoice,
    lorentzian: WhittleFit,
    power: LinePower,
    *,
    polarisation: Floats,
    duration_s: float,
) -> LineTable:
    """Return the estimates of fitted lines.

    The interval of the centre holds that of the Lorentzian as well: a frequency that wanders has
    the shape of a Gaussian, whose centre is that of the process, and the Lorentzian has the mean
    frequency of the window. A power is an average of exponentials, whose number follows from its
    Fisher variance: hence chi-square limits.
    """
    fit = shapes.fit
    t, half_hz = _centre_half_hz(fit, duration_s=duration_s)
    _, other_half_hz = _centre_half_hz(lorentzian, duration_s=duration_s)
    sd_log_rate = np.sqrt(fit.covariance[:, 1, 1])
    factor = np.exp(np.minimum(t * sd_log_rate, MOST_LOG))
    # At its lower limit the width is held: from there the likelihood falls as that of the rate and
    # not of its logarithm.
    held = fit.bandwidth_hz * duration_s <= LINE.least_bt * (1.0 + 1e-9)
    lowest_hz = np.where(held, 0.0, fit.bandwidth_hz / factor)
    highest_hz = fit.bandwidth_hz * np.where(held, 1.0 + ONE_SIDED_QUANTILE * sd_log_rate, factor)
    low, high = chi_square_factors(2.0 / fit.covariance[:, 2, 2]).T
    rms = np.sqrt(power.mean_square_ms2sq)
    # Displacement falls with f^2: twice the relative error of the frequency comes on top.
    by_frequency = 2.0 * half_hz / fit.frequency_hz
    size = typical_peak_to_peak_mm(power.mean_square_m2)
    return LineTable(
        frequency_hz=columns_of(
            fit.frequency_hz,
            np.maximum(
                np.minimum(fit.frequency_hz - half_hz, lorentzian.frequency_hz - other_half_hz), 0.0
            ),
            np.maximum(fit.frequency_hz + half_hz, lorentzian.frequency_hz + other_half_hz),
        ),
        bandwidth_hz=columns_of(
            fit.bandwidth_hz,
            np.minimum(lowest_hz, shapes.other_width_hz),
            np.maximum(highest_hz, shapes.other_width_hz),
        ),
        rms_ms2=columns_of(rms, rms * np.sqrt(low), rms * np.sqrt(high)),
        displacement_pp_mm=columns_of(
            size,
            size * np.exp(-np.minimum(np.hypot(0.5 * np.log(low), by_frequency), MOST_LOG)),
            size * np.exp(np.minimum(np.hypot(0.5 * np.log(high), by_frequency), MOST_LOG)),
        ),
        noise_density=fit.noise,
        polarisation=polarisation,
        method=np.full(len(rms), METHODS.index("whittle"), dtype=np.uint8),
    )


def _with_sines(
    table: LineTable, sines: SineFit, *, rows: npt.NDArray[np.int64], accepted: Bools, pure: Bools
) -> LineTable:
    """Replace lines by the accepted sines.

    Only a pure sine also gives the amplitude: that of a line that waxes and wanes is in its
    sidebands too, and is left to the spectrum.
    """
    columns = {item.name: getattr(table, item.name).copy() for item in fields(LineTable)}
    at = np.flatnonzero(accepted)
    frequency, half_hz = sines.frequency_hz[at], sines.half_hz[at]
    columns["frequency_hz"][rows[at]] = columns_of(
        frequency, np.maximum(frequency - half_hz, 0.0), frequency + half_hz
    )
    columns["bandwidth_hz"][rows[at]] = columns_of(
        sines.bandwidth_hz[at], np.zeros(len(at)), sines.most_bandwidth_hz[at]
    )
    columns["noise_density"][rows[at]] = sines.noise[at]
    columns["method"][rows[at]] = METHODS.index("least_squares")

    at = np.flatnonzero(accepted & pure)
    frequency, rms = sines.frequency_hz[at], np.sqrt(sines.power[at])
    size = typical_peak_to_peak_mm(sines.power[at] / (2.0 * np.pi * frequency) ** 4)
    half_rms = sines.half_rms[at]
    relative = np.hypot(half_rms / rms, 2.0 * sines.half_hz[at] / frequency)
    columns["rms_ms2"][rows[at]] = columns_of(rms, np.maximum(rms - half_rms, 0.0), rms + half_rms)
    columns["displacement_pp_mm"][rows[at]] = columns_of(
        size, size * np.maximum(1.0 - relative, 0.0), size * (1.0 + relative)
    )
    return LineTable(**columns)
