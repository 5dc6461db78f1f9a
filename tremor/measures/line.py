"""Frequency, bandwidth, RMS and displacement of one spectral line, with their intervals.

One model serves a pure tone and a broad tremor alike: a Lorentzian (complex Ornstein-Uhlenbeck
process) blurred by the Fejer kernel of the window, above a flat floor. It is fitted by debiased
Whittle likelihood with Fisher scoring. Where the residual of an exact least-squares sine is no
more than noise, the line is unresolved and the sine takes over.

Whether there is a line at all is not asked here; see `tremor.analysis.window`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt

from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import NYQUIST_SHARE, band_bins, principal_component, psd, transform
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.estimate import Estimate
from tremor.measures.amplitude import power_around, typical_peak_to_peak_mm
from tremor.measures.sine import SineFit, fit_sines, left_per_bandwidth_s
from tremor.measures.whittle import FitBins, WhittleFit, fit_whittle
from tremor.recording import Floats

__all__ = [
    "LEVEL",
    "METHODS",
    "LineEstimate",
    "LineTable",
    "estimate_line",
    "fit_lines",
    "fit_moving",
]

LEVEL: Final = 0.95
Method = Literal["auto", "whittle", "least_squares"]
#: Names of `LineTable.method`; 0 stands for a line that was not fitted.
METHODS: Final = ("", "whittle", "least_squares")

Bools = npt.NDArray[np.bool_]

#: What is slower than this share of the lower band edge is taken out first.
SLOW_SHARE: Final = 0.5
#: Fewer periods than this of the lowest frequency do not make a line.
_LEAST_PERIODS: Final = 6.0
#: The upper band edge may come down to the Nyquist frequency by so much of the band, not more.
_LEAST_BAND_SHARE: Final = 0.5
#: A line is looked at as a possible tone only where its bandwidth times the length is below this.
_TONE_BT: Final = 2.0
#: ... and not where it is above this and would leave so much beside a sine, in bins of noise: forty
#: times what noise itself leaves near the line.
_WIDE_BT: Final = 1.0
_PLAINLY_LEFT_BINS: Final = 1000.0
#: Intervals wider than this factor, e^12, say nothing; the limit keeps them finite.
_MOST_LOG: Final = 12.0
#: Mean squares below this, (m/s^2)^2/Hz at the peak, are rounding and not movement.
_LEAST_DENSITY: Final = 1e-16
#: Padded windows are transformed so many numbers at a time, which stay in the cache.
_NUMBERS_AT_ONCE: Final = 16 * 4800


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LineTable:
    """Lines of many windows as columns; estimates are value, low, high.

    Parameters
    ----------
    frequency_hz, bandwidth_hz, rms_ms2, displacement_pp_mm : ndarray, shape (n_windows, 3)
        Value, low and high.
    noise_density : ndarray, shape (n_windows,)
        Floor of one axis, (m/s^2)^2/Hz.
    polarisation : ndarray, shape (n_windows,)
        Share of the power around the line that moves along one direction.
    line_power_ms2sq : ndarray, shape (n_windows,)
        Power of the fitted line along that direction, (m/s^2)^2.
    method : ndarray of uint8, shape (n_windows,)
        Index into `METHODS`.
    """

    frequency_hz: Floats
    bandwidth_hz: Floats
    rms_ms2: Floats
    displacement_pp_mm: Floats
    noise_density: Floats
    polarisation: Floats
    line_power_ms2sq: Floats
    method: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.method)

    @classmethod
    def concatenate(cls, parts: list[Self]) -> Self:
        """Put tables one after the other."""
        return cls(
            **{
                item.name: np.concatenate([getattr(part, item.name) for part in parts])
                for item in fields(cls)
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEstimate:
    """One spectral line.

    Parameters
    ----------
    frequency_hz : Estimate
        Centre of the line. For a resolved line (``whittle``) the interval is for the centre of
        the process, which another window shares; for a tone (``least_squares``) it is for the
        frequency that this window held.
    bandwidth_hz : Estimate
        Half-power full width.
    rms_ms2 : Estimate
        RMS of the acceleration vector of the line over the three axes, floor removed.
    displacement_pp_mm : Estimate
        Typical peak-to-peak displacement.
    noise_density_ms2sq_per_hz : float
        Floor of one axis around the line.
    polarisation : float
        Share of the power around the line that moves along one direction (1/3 to 1).
    method : str
        ``whittle`` or ``least_squares``.
    band_hz : tuple of float
        Band that was searched; its upper edge is lower than asked where the sampling rate is low.
    """

    frequency_hz: Estimate
    bandwidth_hz: Estimate
    rms_ms2: Estimate
    displacement_pp_mm: Estimate
    noise_density_ms2sq_per_hz: float
    polarisation: float
    method: str
    band_hz: tuple[float, float]


def estimate_line(
    acceleration_ms2: npt.ArrayLike,
    *,
    sampling_rate_hz: float,
    band_hz: tuple[float, float] = (3.0, 15.0),
    method: Method = "auto",
) -> LineEstimate:
    """Estimate the strongest spectral line of a stretch of acceleration.

    No detection and no gating: noise gets a line as well. `tremor.analyze` decides whether there
    is tremor.

    Parameters
    ----------
    acceleration_ms2 : array_like, shape (n, 3), (n, 1) or (n,)
        Acceleration, m/s^2, gravity included or not.
    sampling_rate_hz : float
        Hz; no default, because 1 % of rate is 1 % of frequency.
    band_hz : tuple of float
        Lower and upper edge of the search, Hz.
    method : {"auto", "whittle", "least_squares"}
        ``auto`` takes the exact sine where its residual cannot be told from noise.

    Returns
    -------
    LineEstimate
        With 95 % intervals.

    Raises
    ------
    InvalidInputError
        Where samples are missing, or the band does not fit the sampling rate.
    InsufficientDataError
        Where the stretch is shorter than six periods of the lower edge, or does not move.

    Notes
    -----
    Along the top eigenvector of the cross-spectral matrix around the peak the periodogram has the
    expectation ``P g(f) + c`` with ``g(f) = 2 Re{1/z - (1 - exp(-z T))/(T z^2)}``,
    ``z = pi B + 2 pi i (f - f0)``. Its bins are taken as independent and exponential. The limit
    is ``sd(f0) >= sqrt(B / (4 pi T))``: only time buys precision.

    References
    ----------
    Sykulski, Olhede, Guillaumin, Lilly and Early (2019), The debiased Whittle likelihood,
    Biometrika 106, 251-266, doi:10.1093/biomet/asy071.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> t = np.arange(1000) / 100.0
    >>> shake = 0.3 * np.sin(2 * np.pi * 8.25 * t)[:, None] * [0.6, 0.0, 0.8]
    >>> line = estimate_line(shake + rng.normal(0, 0.03, (1000, 3)), sampling_rate_hz=100.0)
    >>> bool(line.frequency_hz.low < 8.25 < line.frequency_hz.high)
    True
    >>> bool(abs(line.rms_ms2.value - 0.3 / np.sqrt(2)) < 0.005)
    True
    """
    samples = _as_window(acceleration_ms2)
    if method not in ("auto", "whittle", "least_squares"):
        raise InvalidInputError(f"method is {method!r}; give auto, whittle or least_squares")
    band = usable_band(band_hz, fs=sampling_rate_hz)
    duration_s = samples.shape[-1] / sampling_rate_hz
    if duration_s < _LEAST_PERIODS / band[0]:
        raise InsufficientDataError(
            f"{duration_s:.3g} s of samples; a line above {band[0]:g} Hz needs at least "
            f"{_LEAST_PERIODS / band[0]:.3g} s"
        )
    table = fit_lines(samples, fs=sampling_rate_hz, band_hz=band, method=method)
    name = METHODS[table.method[0]]
    if not name:
        raise InsufficientDataError(
            f"the samples do not move between {band[0]:g} and {band[1]:g} Hz; "
            "check that the sensor was running"
        )
    return LineEstimate(
        frequency_hz=_triple(table.frequency_hz[0], name),
        bandwidth_hz=_triple(table.bandwidth_hz[0], name),
        rms_ms2=_triple(table.rms_ms2[0], name),
        displacement_pp_mm=_triple(table.displacement_pp_mm[0], name),
        noise_density_ms2sq_per_hz=float(table.noise_density[0]),
        polarisation=float(table.polarisation[0]),
        method=name,
        band_hz=band,
    )


def usable_band(band_hz: tuple[float, float], *, fs: float) -> tuple[float, float]:
    """Check a band against the Nyquist frequency.

    Parameters
    ----------
    band_hz : tuple of float
        Lower and upper edge, Hz.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    tuple of float
        The band, its upper edge lowered to 90 % of the Nyquist frequency where that leaves at
        least half of it.

    Raises
    ------
    InvalidInputError
        Where the band is empty or more than half of it cannot be seen.

    Examples
    --------
    >>> usable_band((3.0, 15.0), fs=25.0)
    (3.0, 11.25)
    """
    low, high = float(band_hz[0]), float(band_hz[1])
    if not (np.isfinite(fs) and fs > 0):
        raise InvalidInputError(f"sampling rate is {fs} Hz; give a positive number of hertz")
    if not 0.0 < low < high:
        raise InvalidInputError(
            f"band {low:g}-{high:g} Hz is empty; give a lower edge above 0 and below the upper one"
        )
    reachable = min(high, NYQUIST_SHARE * fs / 2.0)
    if reachable < low + _LEAST_BAND_SHARE * (high - low):
        raise InvalidInputError(
            f"band {low:g}-{high:g} Hz reaches above the Nyquist frequency, {fs / 2:g} Hz at "
            f"{fs:g} Hz sampling; lower the upper edge or record faster"
        )
    return low, reachable


def _as_window(acceleration_ms2: npt.ArrayLike) -> Floats:
    samples = np.asarray(acceleration_ms2, dtype=np.float64)
    if samples.ndim == 1:
        samples = samples[:, None]
    if samples.ndim != 2 or samples.shape[1] not in (1, 3):
        raise InvalidInputError(
            f"acceleration has shape {samples.shape}; give (n, 3), or (n,) for a single axis"
        )
    if not np.isfinite(samples).all():
        row = int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])
        raise InvalidInputError(
            f"sample {row} is missing or infinite; estimate on one side of the gap"
        )
    window = np.zeros((1, 3, len(samples)))
    window[0, : samples.shape[1]] = samples.T
    return window


def _triple(numbers: Floats, method: str) -> Estimate:
    value, low, high = (float(number) for number in numbers)
    return Estimate(value, low, high, level=LEVEL, method=method)


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
        Band that was checked by `usable_band`, Hz.
    method : {"auto", "whittle", "least_squares"}
        As for `estimate_line`.

    Returns
    -------
    LineTable
        One row a window; the result of a window does not depend on the others.
    """
    moving = remove_slow(windows, fs=fs, cutoff_hz=SLOW_SHARE * band_hz[0])
    return fit_moving(moving, fs=fs, band_hz=band_hz, method=method)


def fit_moving(
    moving: Floats, *, fs: float, band_hz: tuple[float, float], method: Method = "auto"
) -> LineTable:
    """Fit one line to each of many windows whose slow part was taken out already.

    Parameters
    ----------
    moving : ndarray, shape (n_windows, 3, n_samples)
        Without what is slower than `SLOW_SHARE` of the lower band edge, m/s^2.
    fs, band_hz, method
        As for `fit_lines`.

    Returns
    -------
    LineTable
        As `fit_lines` gives it.
    """
    n_samples = moving.shape[-1]
    cutoff_hz = SLOW_SHARE * band_hz[0]
    coarse_hz, top = _coarse_peak(moving, fs=fs, band_hz=band_hz)
    alive = top > _LEAST_DENSITY
    if not alive.all():
        return _with_dead(moving, alive, fs=fs, band_hz=band_hz, method=method)
    spectrum = transform(moving, fs=fs)
    bins = FitBins.around(coarse_hz, n_samples=n_samples, fs=fs, band_hz=band_hz)
    principal = principal_component(bins.take(spectrum))
    whittle = fit_whittle(
        principal.density, bins, coarse_hz, fs=fs, n_samples=n_samples, band_hz=band_hz
    )
    table = _table(
        whittle,
        psd(spectrum),
        polarisation=principal.polarisation,
        fs=fs,
        n_samples=n_samples,
        band_hz=band_hz,
    )
    narrow = _may_be_tone(whittle, duration_s=n_samples / fs)
    rows = np.arange(len(moving)) if method == "least_squares" else np.flatnonzero(narrow)
    if method == "whittle" or rows.size == 0:
        return table
    sines = fit_sines(moving[rows], coarse_hz[rows], fs=fs, cutoff_hz=cutoff_hz, band_hz=band_hz)
    everything = np.ones(len(rows), dtype=np.bool_)
    forced = method == "least_squares"
    return _with_sines(
        table,
        sines,
        rows=rows,
        accepted=everything if forced else sines.is_enough,
        pure=everything if forced else sines.is_tone,
    )


def _may_be_tone(fit: WhittleFit, *, duration_s: float) -> Bools:
    """Tell where a sine is worth the try: narrow, and not plainly wider than one."""
    bt = fit.bandwidth_hz * duration_s
    left = fit.bandwidth_hz * left_per_bandwidth_s(fit.power, fit.noise, duration_s=duration_s)
    return np.asarray((bt < _TONE_BT) & ((bt < _WIDE_BT) | (left < _PLAINLY_LEFT_BINS)))


def _with_dead(
    moving: Floats, alive: Bools, *, fs: float, band_hz: tuple[float, float], method: Method
) -> LineTable:
    """Fit the windows that move and leave the others empty."""
    n = len(moving)
    columns = {
        item.name: np.full((n, 3) if item.name in _TRIPLES else n, np.nan)
        for item in fields(LineTable)
    }
    columns["method"] = np.zeros(n, dtype=np.uint8)
    if alive.any():
        part = fit_moving(moving[alive], fs=fs, band_hz=band_hz, method=method)
        for name, column in columns.items():
            column[alive] = getattr(part, name)
    return LineTable(**columns)


_TRIPLES: Final = ("frequency_hz", "bandwidth_hz", "rms_ms2", "displacement_pp_mm")


def _coarse_peak(
    moving: Floats, *, fs: float, band_hz: tuple[float, float], pad: int = 4
) -> tuple[Floats, Floats]:
    """Find the maximum of the padded, axis-summed periodogram: (frequency, PSD), each (K,)."""
    n_padded = pad * moving.shape[-1]
    band = band_bins(n_padded, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    place, height = np.empty(len(moving), dtype=np.int64), np.empty(len(moving))
    size = max(1, _NUMBERS_AT_ONCE // (3 * n_padded))
    for first in range(0, len(moving), size):
        some = slice(first, first + size)
        density = psd(transform(moving[some], fs=fs, pad=pad)[..., band])
        place[some] = np.argmax(density, axis=-1)
        height[some] = density.max(axis=-1)
    return np.asarray((band.start + place) * fs / n_padded), height


def _table(
    fit: WhittleFit,
    density: Floats,
    *,
    polarisation: Floats,
    fs: float,
    n_samples: int,
    band_hz: tuple[float, float],
) -> LineTable:
    """Turn fits into estimates.

    The quantile of Student's t has 4.5 + pi B T / 5 degrees of freedom: pi B T is the number of
    independent looks at the process, and the constants were set so that the coverage stays within
    90-99 % from 4 to 60 s and from 0.25 to 1.5 Hz (``tests/bench/accuracy.py``). Powers are
    averages of so many exponentials as their Fisher variance says, hence chi-square limits.
    """
    from scipy.special import stdtrit  # needed only where there is a line

    duration_s = n_samples / fs
    looks = np.pi * fit.bandwidth_hz * duration_s
    t = stdtrit(4.5 + 0.2 * looks, 0.5 + LEVEL / 2.0)
    sd_hz = np.sqrt(fit.covariance[:, 0, 0])
    sd_log_rate = np.sqrt(fit.covariance[:, 1, 1])
    frequency = _triples(
        fit.frequency_hz,
        np.maximum(fit.frequency_hz - t * sd_hz, 0.0),
        fit.frequency_hz + t * sd_hz,
    )
    factor = np.exp(np.minimum(t * sd_log_rate, _MOST_LOG))
    bandwidth = _triples(fit.bandwidth_hz, fit.bandwidth_hz / factor, fit.bandwidth_hz * factor)

    power = power_around(
        density,
        frequency_hz=fit.frequency_hz,
        bandwidth_hz=fit.bandwidth_hz,
        fitted_ms2sq=fit.power,
        fs=fs,
        n_samples=n_samples,
        band_hz=band_hz,
    )
    low, high = chi_square_factors(2.0 / fit.covariance[:, 2, 2]).T
    rms = np.sqrt(power.mean_square_ms2sq)
    rms_triples = _triples(rms, rms * np.sqrt(low), rms * np.sqrt(high))
    # Displacement falls with f^2: twice the relative error of the frequency comes on top.
    by_frequency = 2.0 * t * sd_hz / fit.frequency_hz
    size = typical_peak_to_peak_mm(power.mean_square_m2)
    displacement = _triples(
        size,
        size * np.exp(-np.minimum(np.hypot(0.5 * np.log(low), by_frequency), _MOST_LOG)),
        size * np.exp(np.minimum(np.hypot(0.5 * np.log(high), by_frequency), _MOST_LOG)),
    )
    return LineTable(
        frequency_hz=frequency,
        bandwidth_hz=bandwidth,
        rms_ms2=rms_triples,
        displacement_pp_mm=displacement,
        noise_density=fit.noise,
        polarisation=polarisation,
        line_power_ms2sq=fit.power,
        method=np.full(len(rms), METHODS.index("whittle"), dtype=np.uint8),
    )


def chi_square_factors(freedom: Floats) -> Floats:
    """Give the limits of a power relative to its estimate.

    Parameters
    ----------
    freedom : ndarray, shape (n,)
        Degrees of freedom of the estimate: 2 over its relative variance.

    Returns
    -------
    ndarray, shape (n, 2)
        Lower and upper factor at `LEVEL`.
    """
    from scipy.special import chdtri

    # Beyond a million degrees of freedom the limits are within 0.2 % of one.
    freedom = np.clip(freedom, 1.0, 1e6)
    tail = (1.0 - LEVEL) / 2.0
    limits = np.stack([chdtri(freedom, tail), chdtri(freedom, 1.0 - tail)], axis=-1)
    return np.asarray(freedom[:, None] / limits)


def _triples(value: Floats, low: Floats, high: Floats) -> Floats:
    return np.stack([value, low, high], axis=-1)


def _with_sines(
    table: LineTable, sines: SineFit, *, rows: npt.NDArray[np.int64], accepted: Bools, pure: Bools
) -> LineTable:
    """Put the accepted sines in the place of their lines.

    Only a pure one gives the amplitude as well: that of a line that swings is in its sidebands
    too, and stays with the spectrum.
    """
    columns = {item.name: getattr(table, item.name).copy() for item in fields(LineTable)}
    at = np.flatnonzero(accepted)
    frequency, half_hz = sines.frequency_hz[at], sines.half_hz[at]
    columns["frequency_hz"][rows[at]] = _triples(
        frequency, np.maximum(frequency - half_hz, 0.0), frequency + half_hz
    )
    columns["bandwidth_hz"][rows[at]] = _triples(
        sines.bandwidth_hz[at], np.zeros(len(at)), sines.most_bandwidth_hz[at]
    )
    columns["noise_density"][rows[at]] = sines.noise[at]
    columns["method"][rows[at]] = METHODS.index("least_squares")

    at = np.flatnonzero(accepted & pure)
    frequency, rms = sines.frequency_hz[at], np.sqrt(sines.power[at])
    size = typical_peak_to_peak_mm(sines.power[at] / (2.0 * np.pi * frequency) ** 4)
    half_rms = sines.half_rms[at]
    relative = np.hypot(half_rms / rms, 2.0 * sines.half_hz[at] / frequency)
    columns["rms_ms2"][rows[at]] = _triples(rms, np.maximum(rms - half_rms, 0.0), rms + half_rms)
    columns["displacement_pp_mm"][rows[at]] = _triples(
        size, size * np.maximum(1.0 - relative, 0.0), size * (1.0 + relative)
    )
    columns["line_power_ms2sq"][rows[at]] = sines.power[at]
    return LineTable(**columns)
