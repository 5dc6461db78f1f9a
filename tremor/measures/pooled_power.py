"""Power of pooled lines: the spectrum of each segment, less its own local floor, around the line.

The shapes of the lines are those that `tremor.measures.pooled_whittle` fitted; power and floor are
those of the vector over the three axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins
from tremor.measures.band import half_span_hz, reach_hz
from tremor.measures.intervals import NORMAL_QUANTILE, chi_square_factors
from tremor.measures.line_shape import half_power_width_hz, lorentzian, voigt
from tremor.measures.pooled_templates import N_EXPONENTS, PER_LINE
from tremor.measures.pooled_whittle import PooledWhittleFit, upper_triangle
from tremor.recording import Floats
from tremor.settings import FIT_CHECK, LINE_POWER, SPECTRUM

__all__ = ["PooledPower", "pooled_power"]

#: Reweighted least-squares steps for powers and floor, which are linear.
_STEPS: Final = 6
#: Axes of the floor.
_N_AXES: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledPower:
    """Power of the first line of a fit over all segments, with its interval.

    Parameters
    ----------
    mean_square_ms2sq, mean_square_m2 : float
        Of acceleration, (m/s^2)^2, and displacement, m^2.
    low, high : float
        Limits of the former over its value.
    noise_density : float
        Floor of one axis at the line, (m/s^2)^2/Hz.
    share : float
        Share of the time in which the line stands out from floor and other lines, 0 to 1.
    """

    mean_square_ms2sq: float
    mean_square_m2: float
    low: float
    high: float
    noise_density: float
    share: float


def pooled_power(
    fit: PooledWhittleFit,
    *,
    fs: float,
    band_hz: tuple[float, float],
    is_voigt: bool,
    noise_share: float = 1.0,
) -> PooledPower:
    """Integrate the power of the first line of a fit.

    Parameters
    ----------
    fit : PooledWhittleFit
        The fit.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.
    is_voigt : bool
        Whether the lines are Voigt lines.
    noise_share : float
        Variance of the squared envelope over that of noise.

    Returns
    -------
    PooledPower
        Over all segments, each with the weight of its length.

    Notes
    -----
    The axis-summed periodogram less the floor, of which other lines take their share, is integrated
    over three bandwidths on each side, at least 2 Hz for a band of 3-15 Hz, and corrected for the
    flanks outside of them. The floor is that of the segment itself around the line, with the slope
    of the fit. A segment without the line counts with what noise leaves of it, of either sign. The
    interval adds the scatter of the line itself, a power of few exponentials, and that of the
    floor.
    """
    by_length: dict[int, list[Floats]] = {}
    for run in fit.problem.runs:
        by_length.setdefault(run.n_samples, []).append(run.summed)
    integrals = [
        _integrate(
            np.concatenate(parts),
            fit,
            n_samples=n_samples,
            fs=fs,
            band_hz=band_hz,
            is_voigt=is_voigt,
        )
        for n_samples, parts in by_length.items()
    ]
    lengths_s = [
        np.full(len(one.square), n_samples / fs)
        for n_samples, one in zip(by_length, integrals, strict=True)
    ]
    duration_s = np.concatenate(lengths_s)
    total_s = float(duration_s.sum())
    stands_out = np.concatenate([one.stands_out for one in integrals])
    share = float(duration_s @ stands_out) / total_s
    weight = duration_s / total_s
    if fit.powers.shape[1] > 1 and share > 0.0:
        # Of several lines, each has the RMS of the time in which it is there.
        weight = weight * stands_out / share
    square, square_m2, line_variance, floor_variance, floor = (
        np.concatenate([getattr(one, name) for one in integrals])
        for name in ("square", "square_m2", "line_variance", "floor_variance", "floor")
    )
    return _with_interval(
        fit,
        square=float(weight @ square),
        square_m2=float(weight @ square_m2),
        line_variance=noise_share * float(np.square(weight) @ line_variance),
        floor_variance=float(np.square(weight) @ floor_variance),
        noise_density=float(weight @ floor) / _N_AXES,
        share=share,
    )


def _with_interval(
    fit: PooledWhittleFit,
    *,
    square: float,
    square_m2: float,
    line_variance: float,
    floor_variance: float,
    noise_density: float,
    share: float,
) -> PooledPower:
    """Return the mean power with its interval; where nothing is left, that of the fit."""
    fitted = float(fit.duration_s @ fit.powers[:, 0]) / float(fit.duration_s.sum())
    if not square > LINE_POWER.least_share * fitted:
        square = fitted
    at_centre = square * (2.0 * np.pi * fit.frequency_hz) ** -4.0
    if not square_m2 > LINE_POWER.least_share * at_centre:
        square_m2 = at_centre
    freedom = 2.0 * square**2 / max(line_variance, 1e-300)
    low, high = (float(factor) for factor in chi_square_factors(np.array([freedom]))[0])
    by_floor = NORMAL_QUANTILE * np.sqrt(floor_variance) / square
    return PooledPower(
        mean_square_ms2sq=square,
        mean_square_m2=square_m2,
        low=max(0.0, 1.0 - float(np.hypot(1.0 - low, by_floor))),
        high=1.0 + float(np.hypot(high - 1.0, by_floor)),
        noise_density=noise_density,
        share=min(1.0, share),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Integral:
    """Power, its variances and the floor of each segment, and whether its line stands out."""

    square: Floats
    square_m2: Floats
    line_variance: Floats
    floor_variance: Floats
    floor: Floats
    stands_out: npt.NDArray[np.bool_]


def _integrate(
    density: Floats,
    fit: PooledWhittleFit,
    *,
    n_samples: int,
    fs: float,
    band_hz: tuple[float, float],
    is_voigt: bool,
) -> _Integral:
    """Integrate the segments of one length, axis-summed PSD of shape (n, n_samples // 2 + 1)."""
    frequency_hz = fit.frequency_hz
    width_hz = float(half_power_width_hz(*_rate_and_spread(fit, 0, is_voigt))[0])
    span_hz = max(
        LINE_POWER.least_span_share * half_span_hz(band_hz), LINE_POWER.span_bandwidths * width_hz
    )
    span = band_bins(
        n_samples,
        fs=fs,
        low_hz=max(frequency_hz - span_hz, reach_hz(band_hz)[0]),
        high_hz=min(frequency_hz + span_hz, SPECTRUM.nyquist_share * fs / 2.0),
    )
    low_hz, high_hz = fit.range_hz
    near = band_bins(n_samples, fs=fs, low_hz=low_hz, high_hz=high_hz)
    first, last = min(span.start, near.start), max(span.stop, near.stop)
    bin_width_hz = fs / n_samples
    index = np.arange(first, last)
    basis = _basis(index, fit, duration_s=n_samples / fs, is_voigt=is_voigt)
    inside = (index >= span.start) & (index < span.stop)
    fitted = (index >= near.start) & (index < near.stop)
    level, variance = _levels(density[:, near], basis[:, fitted])
    excess = density[:, span] - level[:, -1:] * basis[-1, inside]
    if len(basis) > 2:
        # What is above the floor belongs to each line by its share in the fit.
        own = np.maximum(level[:, :-1], 0.0)
        all_lines = np.maximum(own @ basis[:-1, inside], 1e-300)
        excess = excess * (own[:, :1] * basis[0, inside] / all_lines)
    share = float(basis[0, inside].sum()) * bin_width_hz
    frequency = index[inside] * bin_width_hz
    weight = np.where(
        frequency >= LINE_POWER.displacement_low_share * frequency_hz,
        (2.0 * np.pi * frequency) ** -4.0,
        0.0,
    )
    peak = basis[:, round(frequency_hz / bin_width_hz) - first]
    line = np.maximum(level[:, :1], 0.0) * basis[0, inside]
    floor = level[:, -1:] * basis[-1, inside]
    own_variance = np.square(line).sum(axis=1)
    # What the floor adds: along the line, where both add up, and across it.
    along = np.square(line + floor / _N_AXES).sum(axis=1) - own_variance
    across = (_N_AXES - 1.0) * np.square(floor / _N_AXES).sum(axis=1)
    of_floor = np.square(basis[-1, inside].sum()) * variance
    scale = np.square(bin_width_hz / share)
    square = excess.sum(axis=1) * bin_width_hz / share
    stands_out = square * peak[0] > FIT_CHECK.stands_out * (level[:, 1:] @ peak[1:])
    if len(basis) == 2:
        # A line that is alone is there all the time, as strong or weak as it may be.
        stands_out = np.ones(len(square), dtype=np.bool_)
    return _Integral(
        square=square,
        square_m2=(excess @ weight) * bin_width_hz,
        line_variance=scale * own_variance,
        floor_variance=scale * (np.maximum(along, 0.0) + across + of_floor),
        floor=level[:, -1],
        stands_out=stands_out,
    )


def _rate_and_spread(fit: PooledWhittleFit, line: int, is_voigt: bool) -> tuple[Floats, Floats]:
    rate, spread = np.exp(fit.shared[PER_LINE * line + 1 : PER_LINE * line + PER_LINE])
    return np.asarray(rate), np.asarray(spread if is_voigt else 0.0)


def _basis(
    index: npt.NDArray[np.int64], fit: PooledWhittleFit, *, duration_s: float, is_voigt: bool
) -> Floats:
    """Return the expected periodograms of the lines and the floor at bins, (n_lines + 1, m)."""
    rows = []
    for line in range(fit.powers.shape[1]):
        shared = [
            fit.shared[PER_LINE * line + k : PER_LINE * line + k + 1] for k in range(PER_LINE)
        ]
        if is_voigt:
            g, _ = voigt(index[None], shared[0], shared[1], shared[2], duration_s=duration_s)
        else:
            g, _ = lorentzian(index[None], shared[0], shared[1], duration_s=duration_s)
        rows.append(g[0])
    start_hz = fit.problem.centres_hz[0]
    # Beyond the bins of the fit lines and floor have no further tilt.
    limits = np.log(np.array(fit.range_hz) / start_hz)
    log_frequency = np.clip(np.log(index / duration_s / start_hz), *limits)
    tilt, exponent = fit.shared[-N_EXPONENTS:]
    return np.array(
        [*(row * np.exp(tilt * log_frequency) for row in rows), np.exp(exponent * log_frequency)]
    )


def _levels(density: Floats, basis: Floats) -> tuple[Floats, Floats]:
    """Return powers and floor of each segment, (n, n_lines + 1), and the variance of the floor.

    The expected periodogram is linear in them, so that scoring is reweighted least squares.
    """
    mean = np.maximum(density.mean(axis=1, keepdims=True), 1e-300)
    expected = np.broadcast_to(mean, density.shape)
    upper = upper_triangle(len(basis))
    pairs = basis[upper[0]] * basis[upper[1]]
    matrix = np.empty((len(density), len(basis), len(basis)))
    diagonal, ridge = np.arange(len(basis)), 1e-9 * np.eye(len(basis))
    for _ in range(_STEPS):
        inverse = 1.0 / np.square(expected)
        products = inverse @ pairs.T
        matrix[:, upper[0], upper[1]] = products
        matrix[:, upper[1], upper[0]] = products
        scale = 1.0 / np.sqrt(matrix[:, diagonal, diagonal])
        scaled = matrix * scale[:, :, None] * scale[:, None, :] + ridge
        solved = np.linalg.solve(scaled, (scale * ((density * inverse) @ basis.T))[..., None])
        level = scale * solved[..., 0]
        level[:, -1] = np.maximum(level[:, -1], 1e-6 * mean[:, 0])
        expected = np.maximum(np.maximum(level, 0.0) @ basis, 1e-6 * mean)
    variance = np.linalg.inv(scaled)[:, -1, -1] * np.square(scale[:, -1]) / _N_AXES
    return level, np.asarray(variance, dtype=np.float64)
