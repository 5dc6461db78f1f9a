"""One line from many stretches: shared centre and width, each stretch its own power and floor.

An episode of tremor waxes, wanes and fades, so a single power cannot hold for all of it; but the
process is one. All stretches enter one Whittle likelihood, so that the precision is that of all
samples: sd(f0) >= sqrt(B / (4 pi T)) with T the whole time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import band_bins, principal_component, psd, transform
from tremor.estimate import Estimate
from tremor.measures.amplitude import power_around, typical_peak_to_peak_mm
from tremor.measures.line import LEVEL, METHODS, SLOW_SHARE, chi_square_factors, fit_lines
from tremor.measures.whittle import FitBins, expected_periodogram, fit_whittle
from tremor.recording import Floats

__all__ = ["PooledLine", "fit_pooled"]

#: A run is cut into stretches of at least this length: the power holds for so long, and shorter
#: ones, each with a power of its own, would make the shared width narrow (by 4 % at 10 s).
_STRETCH_S: Final = 20.0
#: A single run no longer than this is one window: nothing is lost by its one power.
_ONE_WINDOW_S: Final = 40.0
#: The scatter between stretches counts only where there are enough to tell it.
_LEAST_FOR_SCATTER: Final = 6
_MOST_STEPS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledLine:
    """The line of all stretches.

    Parameters
    ----------
    frequency_hz, bandwidth_hz, rms_ms2, displacement_pp_mm : Estimate
        With intervals for the process; the RMS is that over all stretches.
    noise_density : float
        Mean floor of one axis, (m/s^2)^2/Hz.
    n_stretches : int
        How many entered.
    """

    frequency_hz: Estimate
    bandwidth_hz: Estimate
    rms_ms2: Estimate
    displacement_pp_mm: Estimate
    noise_density: float
    n_stretches: int


@dataclass(frozen=True, eq=False, slots=True)
class _Group:
    """The stretches of one run: projected and axis-summed PSD, bins, length."""

    density: Floats
    summed: Floats
    bins: FitBins
    n_samples: int


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
        Band that was checked by `tremor.measures.line.usable_band`, Hz.

    Returns
    -------
    PooledLine or None
        None where nothing moves.
    """
    if len(runs) == 1 and len(runs[0]) <= _ONE_WINDOW_S * fs:
        return _of_one(runs[0], fs=fs, band_hz=band_hz)
    stretches = [_cut(run, fs=fs) for run in runs]
    cutoff_hz = SLOW_SHARE * band_hz[0]
    moving = [remove_slow(part, fs=fs, cutoff_hz=cutoff_hz) for part in stretches]
    centre_hz = _common_peak(moving, fs=fs, band_hz=band_hz)
    if centre_hz is None:
        return None
    groups = [_group(part, centre_hz, fs=fs, band_hz=band_hz) for part in moving]
    return _fit(groups, centre_hz, fs=fs, band_hz=band_hz)


def _of_one(run: Floats, *, fs: float, band_hz: tuple[float, float]) -> PooledLine | None:
    table = fit_lines(np.ascontiguousarray(run.T)[None], fs=fs, band_hz=band_hz)
    method = METHODS[table.method[0]]
    if not method:
        return None

    def estimate(triple: Floats) -> Estimate:
        value, low, high = (float(number) for number in triple[0])
        return Estimate(value, low, high, level=LEVEL, method=method)

    return PooledLine(
        frequency_hz=estimate(table.frequency_hz),
        bandwidth_hz=estimate(table.bandwidth_hz),
        rms_ms2=estimate(table.rms_ms2),
        displacement_pp_mm=estimate(table.displacement_pp_mm),
        noise_density=float(table.noise_density[0]),
        n_stretches=1,
    )


def _cut(run: Floats, *, fs: float) -> Floats:
    """Cut a run into equal stretches, shape (count, 3, n): no sample is left over but a few."""
    count = max(1, int(len(run) / (_STRETCH_S * fs)))
    n = len(run) // count
    return np.ascontiguousarray(run[: count * n].reshape(count, n, 3).transpose(0, 2, 1))


def _common_peak(
    moving: Sequence[Floats], *, fs: float, band_hz: tuple[float, float]
) -> float | None:
    """Find the peak of the mean spectrum over all stretches, on a grid that they can share."""
    n_padded = 4 * max(part.shape[-1] for part in moving)
    band = band_bins(n_padded, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    total = np.zeros(band.stop - band.start)
    for part in moving:
        n = part.shape[-1]
        spectrum = np.fft.rfft(part, n=n_padded, axis=-1)[..., band]
        total += psd(spectrum).sum(axis=0) / n
    # A quarter of a hertz of smoothing: single realisations have spiky spectra.
    width = max(1, round(0.25 * n_padded / fs)) | 1
    total = np.convolve(np.pad(total, width // 2, mode="edge"), np.ones(width) / width, "valid")
    if not total.max() > 0.0:
        return None
    return float((band.start + np.argmax(total)) * fs / n_padded)


def _group(moving: Floats, centre_hz: float, *, fs: float, band_hz: tuple[float, float]) -> _Group:
    n = moving.shape[-1]
    spectrum = transform(moving, fs=fs)
    bins = FitBins.around(np.full(len(moving), centre_hz), n_samples=n, fs=fs, band_hz=band_hz)
    principal = principal_component(bins.take(spectrum))
    return _Group(density=principal.density, summed=psd(spectrum), bins=bins, n_samples=n)


def _fit(
    groups: Sequence[_Group], centre_hz: float, *, fs: float, band_hz: tuple[float, float]
) -> PooledLine:
    """Fisher scoring over (f0, ln a) and every (ln P, ln c), the latter solved out."""
    alone = [
        fit_whittle(
            group.density,
            group.bins,
            np.full(len(group.density), centre_hz),
            fs=fs,
            n_samples=group.n_samples,
            band_hz=band_hz,
        )
        for group in groups
    ]
    local = [np.log(np.stack([fit.power, fit.noise], axis=1)) for fit in alone]
    rate = np.pi * float(np.median(np.concatenate([fit.bandwidth_hz for fit in alone])))
    shared = np.array([centre_hz, np.log(rate)])
    least_rate = np.log(np.pi * 0.02 * fs / max(group.n_samples for group in groups))
    low = np.array([band_hz[0], least_rate])
    high = np.array([band_hz[1], np.log(np.pi * (band_hz[1] - band_hz[0]) / 2.0)])
    shared = np.clip(shared, low, high)

    def evaluate(
        shared: Floats, local: Sequence[Floats]
    ) -> tuple[float, list[Floats], list[Floats]]:
        deviance, scores, information = 0.0, [], []
        for group, own in zip(groups, local, strict=True):
            theta = np.concatenate([np.broadcast_to(shared, (len(own), 2)), own], axis=1)
            s, slopes = expected_periodogram(
                theta, group.bins.frequency_hz, duration_s=group.n_samples / fs
            )
            deviance += float((np.log(s) + group.density / s).sum())
            scores.append((slopes @ (group.density / s - 1.0)[..., None])[..., 0])
            information.append(slopes @ np.swapaxes(slopes, -1, -2))
        return deviance, scores, information

    deviance, scores, information = evaluate(shared, local)
    damping = 1e-3
    for _ in range(_MOST_STEPS):
        step, local_steps = _arrow_step(scores, information, damping)
        trial = np.clip(shared + np.clip(step, [-0.5, -1.0], [0.5, 1.0]), low, high)
        trial_local = [
            own + np.clip(s, -1.5, 1.5) for own, s in zip(local, local_steps, strict=True)
        ]
        found = evaluate(trial, trial_local)
        if found[0] <= deviance:
            settled = deviance - found[0] < 1e-6 and abs(trial[0] - shared[0]) < 1e-6
            shared, local = trial, trial_local
            deviance, scores, information = found
            damping *= 0.2
            if settled:
                break
        else:
            damping = max(damping, 1e-4) * 8.0
            if damping > 1e6:
                break
    return _estimates(groups, shared, local, scores, information, fs=fs, band_hz=band_hz)


def _solved_out(
    scores: Sequence[Floats], information: Sequence[Floats], damping: float
) -> tuple[Floats, Floats, list[Floats], list[Floats]]:
    """Give score and information of the shared parameters with the local ones solved out."""
    profile_scores, profile_information, inverses, crosses = [], [], [], []
    for score, info in zip(scores, information, strict=True):
        ridge = damping * np.einsum("kii->ki", info[:, 2:, 2:]) + 1e-9
        inverse = np.linalg.inv(info[:, 2:, 2:] + ridge[:, :, None] * np.eye(2))
        cross = info[:, :2, 2:] @ inverse
        profile_scores.append(score[:, :2] - (cross @ score[:, 2:, None])[..., 0])
        profile_information.append(info[:, :2, :2] - cross @ info[:, 2:, :2])
        inverses.append(inverse)
        crosses.append(cross)
    return (
        np.concatenate(profile_scores),
        np.concatenate(profile_information),
        inverses,
        crosses,
    )


def _arrow_step(
    scores: Sequence[Floats], information: Sequence[Floats], damping: float
) -> tuple[Floats, list[Floats]]:
    each_score, each_information, inverses, crosses = _solved_out(scores, information, damping)
    total = each_information.sum(axis=0)
    total += np.diag(damping * np.diag(total) + 1e-12)
    step = np.linalg.solve(total, each_score.sum(axis=0))
    local_steps = [
        (inverse @ score[:, 2:, None])[..., 0] - np.swapaxes(cross, -1, -2) @ step
        for inverse, cross, score in zip(inverses, crosses, scores, strict=True)
    ]
    return step, local_steps


def _relative_variance(group: _Group, shared: Floats, own: Floats, *, duration_s: float) -> Floats:
    """Give the relative variance of each integrated power: independent exponential bins."""
    theta = np.concatenate([np.broadcast_to(shared, (len(own), 2)), own], axis=1)
    s, _ = expected_periodogram(theta, group.bins.frequency_hz, duration_s=duration_s)
    return np.asarray(np.square(s / duration_s).sum(axis=-1) / np.exp(2.0 * own[:, 0]))


def _estimates(
    groups: Sequence[_Group],
    shared: Floats,
    local: Sequence[Floats],
    scores: Sequence[Floats],
    information: Sequence[Floats],
    *,
    fs: float,
    band_hz: tuple[float, float],
) -> PooledLine:
    from scipy.special import stdtrit

    each_score, each_information, _, _ = _solved_out(scores, information, 0.0)
    covariance = np.linalg.inv(each_information.sum(axis=0) + 1e-12 * np.eye(2))
    count = len(each_score)
    duration_s = sum(len(g.density) * g.n_samples for g in groups) / fs
    frequency_hz, bandwidth_hz = float(shared[0]), float(np.exp(shared[1]) / np.pi)
    variance = np.diag(covariance).copy()
    freedom = np.full(2, 4.0 + 0.5 * np.pi * bandwidth_hz * duration_s)
    if count >= _LEAST_FOR_SCATTER:
        # Where the line wanders from stretch to stretch, their scatter is the honest error.
        meat = each_score.T @ each_score * count / (count - 2.0)
        scatter = np.diag(covariance @ meat @ covariance)
        wider = scatter > variance
        freedom = np.where(wider, np.minimum(freedom, count - 2.0), freedom)
        variance = np.maximum(variance, scatter)
    t = stdtrit(freedom, 0.5 + LEVEL / 2.0)
    half_hz, log_factor = t * np.sqrt(variance)
    power = [
        power_around(
            group.summed,
            frequency_hz=np.full(len(group.summed), frequency_hz),
            bandwidth_hz=np.full(len(group.summed), bandwidth_hz),
            fitted_ms2sq=np.exp(own[:, 0]),
            fs=fs,
            n_samples=group.n_samples,
            band_hz=band_hz,
        )
        for group, own in zip(groups, local, strict=True)
    ]
    weight = np.concatenate([np.full(len(g.density), g.n_samples / fs) for g in groups])
    weight /= weight.sum()
    squares = np.concatenate([part.mean_square_ms2sq for part in power])
    relative_variance = np.concatenate(
        [
            _relative_variance(group, shared, own, duration_s=group.n_samples / fs)
            for group, own in zip(groups, local, strict=True)
        ]
    )
    mean_square = float(weight @ squares)
    looks = 2.0 * mean_square**2 / float((weight * squares) ** 2 @ relative_variance)
    low, high = (float(factor) for factor in chi_square_factors(np.array([looks]))[0])
    rms = float(np.sqrt(mean_square))
    moved = float(weight @ np.concatenate([part.mean_square_m2 for part in power]))
    size = float(typical_peak_to_peak_mm(moved))
    by_frequency = 2.0 * half_hz / frequency_hz

    def estimate(value: float, low: float, high: float) -> Estimate:
        return Estimate(float(value), float(low), float(high), level=LEVEL, method="whittle")

    factor = np.exp(min(float(log_factor), 12.0))
    return PooledLine(
        frequency_hz=estimate(
            frequency_hz, max(frequency_hz - half_hz, 0.0), frequency_hz + half_hz
        ),
        bandwidth_hz=estimate(bandwidth_hz, bandwidth_hz / factor, bandwidth_hz * factor),
        rms_ms2=estimate(rms, rms * np.sqrt(low), rms * np.sqrt(high)),
        displacement_pp_mm=estimate(
            size,
            size * np.exp(-np.hypot(0.5 * np.log(low), by_frequency)),
            size * np.exp(np.hypot(0.5 * np.log(high), by_frequency)),
        ),
        noise_density=float(weight @ np.concatenate([np.exp(own[:, 1]) for own in local])),
        n_stretches=count,
    )
