"""One line from many stretches: shared centre and width, each stretch its own power and floor.

An episode of tremor waxes, wanes and fades, so a single power cannot hold for all of it; but the
process is one. All stretches enter one Whittle likelihood, so that the precision is that of all
samples: sd(f0) >= sqrt(B / (4 pi T)) with T the whole time. A single run that is a tone throughout
is one sine instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import band_bins, principal_component, psd
from tremor.estimate import Estimate
from tremor.measures.amplitude import LinePower, power_around, typical_peak_to_peak_mm
from tremor.measures.line import LEVEL, METHODS, SLOW_SHARE, chi_square_factors, fit_lines
from tremor.measures.long_tone import LongTone, fit_long_tone, look_like_tone
from tremor.measures.whittle import (
    START_BANDWIDTH_SHARE,
    FitBins,
    half_span_hz,
    periodogram_at,
    power_and_floor,
    reach_hz,
)
from tremor.recording import Floats

__all__ = ["PooledLine", "RunSpectra", "fit_pooled", "fit_pooled_sets"]

Indices = npt.NDArray[np.int64]

#: A run is cut into stretches of at least this length: the power holds for so long, and shorter
#: ones, each with a power of its own, would make the shared width narrow (by 4 % at 10 s).
_STRETCH_S: Final = 20.0
#: A single run no longer than this is one window: nothing is lost by its one power.
_ONE_WINDOW_S: Final = 40.0
#: A single run no longer than this is looked at as one sine; all of its samples are in memory.
_LONGEST_TONE_S: Final = 3600.0
#: The scatter between stretches counts only where there are enough to tell it.
_LEAST_FOR_SCATTER: Final = 6
_MOST_STEPS: Final = 40
#: Stretches that are transformed at once.
_TOGETHER: Final = 16
#: Smoothing of the mean spectrum before its peak is sought: single realisations are spiky.
_PEAK_SMOOTHING_HZ: Final = 0.25
#: A fit has settled when a step is this small a share of the standard deviations.
_STEP_TOLERANCE: Final = 1e-4
#: A floor this far (in ln) below its first guess adds nothing any more; without a limit it drifts
#: to nothing, step by step.
_MOST_LOG_FLOOR_DROP: Final = 8.0
_DEVIANCE_ROUNDING: Final = 1e-13


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


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RunSpectra:
    """What the pooled fit needs of one run of samples, without the samples.

    Parameters
    ----------
    n_samples : int
        Length of its stretches.
    first_bin : int
        Bin of the first column of ``spectrum``.
    spectrum : ndarray of complex, shape (n_stretches, 3, m)
        As `tremor.dsp.spectrum.transform` gives it, around the band.
    summed : ndarray, shape (n_stretches, n_samples // 2 + 1)
        PSD summed over the axes.
    autocovariance : ndarray, shape (n_samples,)
        Summed over stretches and axes: the spectrum on any finer grid follows from it.
    window : ndarray, shape (3, n_samples), or None
        The samples of a run that is short enough for one window.
    tone : LongTone or None
        The sine of a run of several stretches that is a tone throughout.
    """

    n_samples: int
    first_bin: int
    spectrum: npt.NDArray[np.complex128]
    summed: Floats
    autocovariance: Floats
    window: Floats | None
    tone: LongTone | None = None

    @classmethod
    def of(
        cls,
        samples: Callable[[int, int], Floats],
        n_run: int,
        *,
        fs: float,
        band_hz: tuple[float, float],
    ) -> Self:
        """Transform a run, stretch by stretch.

        Parameters
        ----------
        samples : callable
            Gives samples ``begin`` to ``end`` of the run, shape (end - begin, 3), m/s^2.
        n_run : int
            Length of the run.
        fs : float
            Sampling rate, Hz.
        band_hz : tuple of float
            Band of the search, Hz.

        Returns
        -------
        RunSpectra
            Of equal stretches: no sample is left over but a few.
        """
        count = max(1, int(n_run / (_STRETCH_S * fs)))
        n = n_run // count
        low_hz, high_hz = reach_hz(band_hz)
        reach = band_bins(n, fs=fs, low_hz=low_hz, high_hz=high_hz)
        scale = 2.0 / (fs * n)
        total = np.zeros(n + 1)
        spectra, summed = [], []
        for first in range(0, count, _TOGETHER):
            size = min(_TOGETHER, count - first)
            part = samples(first * n, (first + size) * n).reshape(size, n, 3).transpose(0, 2, 1)
            moving = remove_slow(
                np.ascontiguousarray(part), fs=fs, cutoff_hz=SLOW_SHARE * band_hz[0]
            )
            # Every other bin of the padded transform is a bin of the stretch itself.
            padded = np.fft.rfft(moving, n=2 * n, axis=-1)
            density = psd(padded)
            total += density.sum(axis=0)
            own = padded[..., ::2]
            spectra.append(own[..., reach] * np.sqrt(scale))
            summed.append(density[:, ::2] * scale)
        window = tone = None
        if n_run <= _ONE_WINDOW_S * fs:
            window = np.ascontiguousarray(samples(0, n_run).T)
        elif n_run <= _LONGEST_TONE_S * fs:
            band = band_bins(n, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
            if look_like_tone(np.concatenate(summed), band):
                tone = fit_long_tone(
                    samples(0, n_run), fs=fs, cutoff_hz=SLOW_SHARE * band_hz[0], band_hz=band_hz
                )
        return cls(
            n_samples=n,
            first_bin=reach.start,
            spectrum=np.concatenate(spectra),
            summed=np.concatenate(summed),
            autocovariance=np.fft.irfft(total, n=2 * n)[:n],
            window=window,
            tone=tone,
        )

    def without_window(self) -> Self:
        """Let go of the samples."""
        return replace(self, window=None)


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
    spectra = [
        RunSpectra.of(lambda begin, end, run=run: run[begin:end], len(run), fs=fs, band_hz=band_hz)  # type: ignore[misc]
        for run in runs
    ]
    return fit_pooled_sets([spectra], fs=fs, band_hz=band_hz)[0]


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
        One a set, as `fit_pooled` gives it: the others do not matter.
    """
    results: list[PooledLine | None] = [None] * len(sets)
    single: dict[int, list[int]] = {}
    problems: list[_Problem] = []
    for number, runs in enumerate(sets):
        if len(runs) == 1 and runs[0].window is not None:
            single.setdefault(runs[0].window.shape[-1], []).append(number)
            continue
        if len(runs) == 1 and runs[0].tone is not None:
            results[number] = _of_tone(runs[0].tone, n_stretches=len(runs[0].summed))
            continue
        centre_hz = _common_peak(runs, fs=fs, band_hz=band_hz)
        if centre_hz is not None:
            problems.append(_Problem(number, runs, centre_hz))
    for numbers in single.values():
        found = (sets[number][0].window for number in numbers)
        windows = np.stack([window for window in found if window is not None])
        for number, line in zip(numbers, _of_windows(windows, fs=fs, band_hz=band_hz), strict=True):
            results[number] = line
    if problems:
        lines = _Fit(problems, fs=fs, band_hz=band_hz).lines()
        for problem, line in zip(problems, lines, strict=True):
            results[problem.number] = line
    return results


def _of_windows(
    windows: Floats, *, fs: float, band_hz: tuple[float, float]
) -> list[PooledLine | None]:
    """Fit runs that are one window each: nothing is lost by a single power."""
    table = fit_lines(windows, fs=fs, band_hz=band_hz)
    lines: list[PooledLine | None] = []
    for row in range(len(windows)):
        method = METHODS[table.method[row]]

        def estimate(triples: Floats, row: int = row, method: str = method) -> Estimate:
            value, low, high = (float(number) for number in triples[row])
            return Estimate(value, low, high, level=LEVEL, method=method)

        lines.append(
            PooledLine(
                frequency_hz=estimate(table.frequency_hz),
                bandwidth_hz=estimate(table.bandwidth_hz),
                rms_ms2=estimate(table.rms_ms2),
                displacement_pp_mm=estimate(table.displacement_pp_mm),
                noise_density=float(table.noise_density[row]),
                n_stretches=1,
            )
            if method
            else None
        )
    return lines


def _of_tone(tone: LongTone, *, n_stretches: int) -> PooledLine:
    """Turn the sine of a run into estimates."""
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
        n_stretches=n_stretches,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Problem:
    number: int
    runs: Sequence[RunSpectra]
    centre_hz: float


def _common_peak(
    runs: Sequence[RunSpectra], *, fs: float, band_hz: tuple[float, float]
) -> float | None:
    """Find the peak of the mean spectrum over all stretches, on a grid that they can share."""
    n_padded = 4 * max(run.n_samples for run in runs)
    band = band_bins(n_padded, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    lags = np.zeros(n_padded)
    for run in runs:
        lags[: run.n_samples] += run.autocovariance / run.n_samples
    lags[0] /= 2.0
    total = 2.0 * np.fft.rfft(lags).real[band]
    width = max(1, round(_PEAK_SMOOTHING_HZ * n_padded / fs)) | 1
    total = np.convolve(np.pad(total, width // 2, mode="edge"), np.ones(width) / width, "valid")
    if not total.max() > 0.0:
        return None
    return float((band.start + np.argmax(total)) * fs / n_padded)


@dataclass(frozen=True, eq=False, slots=True)
class _Group:
    """The stretches of one length: their place among all, bins, projected and summed PSD."""

    rows: Indices
    n_samples: int
    duration_s: float
    index: Indices
    density: Floats
    summed: Floats


class _Fit:
    """Fisher scoring over (f0, ln a) of each problem and (ln P, ln c) of each of its stretches.

    The latter are solved out. Each problem goes at its own pace, and its sums run over its own
    stretches only, in order.
    """

    def __init__(
        self, problems: Sequence[_Problem], *, fs: float, band_hz: tuple[float, float]
    ) -> None:
        self.fs, self.band_hz = fs, band_hz
        self.n_problems = len(problems)
        counts = [sum(len(run.summed) for run in problem.runs) for problem in problems]
        self.of_row = np.repeat(np.arange(len(problems)), counts)
        self.groups = _groups(problems, fs=fs, band_hz=band_hz)
        self.local = np.zeros((len(self.of_row), 2))
        self.duration_s = np.zeros(len(self.of_row))
        for group in self.groups:
            power, floor = power_and_floor(group.density, duration_s=group.duration_s)
            self.local[group.rows] = np.log(np.stack([power, floor], axis=1))
            self.duration_s[group.rows] = group.duration_s
        longest_s = np.zeros(len(problems))
        np.maximum.at(longest_s, self.of_row, self.duration_s)
        centre_hz = np.array([problem.centre_hz for problem in problems])
        start = np.log(np.pi * START_BANDWIDTH_SHARE * half_span_hz(band_hz))
        ones = np.ones(len(problems))
        self.low = np.stack([band_hz[0] * ones, np.log(np.pi * 0.02 / longest_s)], axis=1)
        widest = np.log(np.pi * (band_hz[1] - band_hz[0]) / 2.0)
        self.high = np.stack([band_hz[1] * ones, widest * ones], axis=1)
        self.shared = np.clip(np.stack([centre_hz, start * ones], axis=1), self.low, self.high)
        self.least_floor = self.local[:, 1] - _MOST_LOG_FLOOR_DROP
        self.score, self.information = self._descend()

    def _evaluate(
        self, shared: Floats, local: Floats, chosen: npt.NDArray[np.bool_]
    ) -> tuple[Floats, Floats, Floats]:
        """Give deviance by problem, and score and information by stretch, of chosen problems."""
        n = len(self.of_row)
        deviance, score = np.zeros(n), np.zeros((n, 4))
        information = np.zeros((n, 4, 4))
        wanted = chosen[self.of_row]
        for group in self.groups:
            here = wanted[group.rows]
            if not here.any():
                continue
            rows, index, density = group.rows, group.index, group.density
            if not here.all():
                rows, index, density = rows[here], index[here], density[here]
            theta = np.concatenate([shared[self.of_row[rows]], local[rows]], axis=1)
            s, slopes = periodogram_at(index, theta, duration_s=group.duration_s)
            ratio = density / s
            deviance[rows] = (np.log(s) + ratio).sum(axis=-1)
            score[rows] = (slopes @ (ratio - 1.0)[..., None])[..., 0]
            information[rows] = slopes @ np.swapaxes(slopes, -1, -2)
        # A floor at its limit that would go below takes no part in the step of the others.
        stuck = (local[:, 1] <= self.least_floor) & (score[:, 3] < 0.0)
        score[stuck, 3] = 0.0
        information[stuck, 3, :] = information[stuck, :, 3] = 0.0
        information[stuck, 3, 3] = 1.0
        return self._sum(deviance), score, information

    def _sum(self, of_stretches: Floats) -> Floats:
        """Sum over the stretches of each problem, one after the other."""
        flat = of_stretches.reshape(len(self.of_row), -1)
        columns = [np.bincount(self.of_row, column, minlength=self.n_problems) for column in flat.T]
        shape = (self.n_problems, *of_stretches.shape[1:])
        return np.asarray(np.stack(columns, axis=1).reshape(shape), dtype=np.float64)

    def _descend(self) -> tuple[Floats, Floats]:
        """Take steps until every problem has settled; give score and information there."""
        going = np.ones(self.n_problems, dtype=np.bool_)
        damping = np.full(self.n_problems, 1e-3)
        deviance, score, information = self._evaluate(self.shared, self.local, going)
        most = np.array([0.5, 1.0])
        for _ in range(_MOST_STEPS):
            solved = _solve_out(score, information, damping[self.of_row])
            total = self._sum(solved.information)
            diagonal = np.einsum("kii->ki", total)
            spread = 1.0 / np.sqrt(np.maximum(diagonal, 1e-300))
            total = total + (damping[:, None] * diagonal + 1e-12)[:, :, None] * np.eye(2)
            step = np.linalg.solve(total, self._sum(solved.score)[..., None])[..., 0]
            own = solved.local_step(score, step[self.of_row])
            trial = np.clip(self.shared + np.clip(step, -most, most), self.low, self.high)
            trial_local = self.local + np.clip(own, -1.5, 1.5)
            np.maximum(trial_local[:, 1], self.least_floor, out=trial_local[:, 1])
            found, new_score, new_information = self._evaluate(trial, trial_local, going)
            better = going & (found <= deviance + _DEVIANCE_ROUNDING * np.abs(deviance))
            small = np.abs(trial - self.shared) <= _STEP_TOLERANCE * spread
            settled = better & small.all(axis=1) & (deviance - found < 1e-6)
            rows = better[self.of_row]
            self.shared = np.where(better[:, None], trial, self.shared)
            self.local = np.where(rows[:, None], trial_local, self.local)
            score = np.where(rows[:, None], new_score, score)
            information = np.where(rows[:, None, None], new_information, information)
            deviance = np.where(better, found, deviance)
            damping = np.where(better, 0.2 * damping, np.maximum(damping, 1e-4) * 8.0)
            going = going & ~settled & (damping < 1e6)
            if not going.any():
                break
        return score, information

    def lines(self) -> list[PooledLine]:
        """Give the estimates of each problem."""
        solved = _solve_out(self.score, self.information, np.zeros(len(self.of_row)))
        n = len(self.of_row)
        square, square_m2, relative_variance = np.zeros(n), np.zeros(n), np.zeros(n)
        for group in self.groups:
            rows = group.rows
            shared, local = self.shared[self.of_row[rows]], self.local[rows]
            power = self._power(group, shared, local)
            square[rows], square_m2[rows] = power.mean_square_ms2sq, power.mean_square_m2
            # Of each integrated power: independent exponential bins.
            theta = np.concatenate([shared, local], axis=1)
            s, _ = periodogram_at(group.index, theta, duration_s=group.duration_s)
            bins = np.square(s / group.duration_s).sum(axis=-1)
            relative_variance[rows] = bins / np.exp(2.0 * local[:, 0])
        edges = np.searchsorted(self.of_row, np.arange(self.n_problems + 1))
        return [
            _line(
                self.shared[number],
                score=solved.score[rows],
                information=solved.information[rows],
                duration_s=self.duration_s[rows],
                square=square[rows],
                square_m2=square_m2[rows],
                relative_variance=relative_variance[rows],
                noise=np.exp(self.local[rows, 1]),
                band_hz=self.band_hz,
            )
            for number, rows in enumerate(
                slice(begin, end) for begin, end in pairwise(edges.tolist())
            )
        ]

    def _power(self, group: _Group, shared: Floats, local: Floats) -> LinePower:
        return power_around(
            group.summed,
            frequency_hz=shared[:, 0],
            bandwidth_hz=np.exp(shared[:, 1]) / np.pi,
            fitted_ms2sq=np.exp(local[:, 0]),
            fs=self.fs,
            n_samples=group.n_samples,
            band_hz=self.band_hz,
        )


def _groups(
    problems: Sequence[_Problem], *, fs: float, band_hz: tuple[float, float]
) -> list[_Group]:
    """Put the stretches of all problems together by their length."""
    by_length: dict[int, list[tuple[int, float, RunSpectra]]] = {}
    first = 0
    for problem in problems:
        for run in problem.runs:
            by_length.setdefault(run.n_samples, []).append((first, problem.centre_hz, run))
            first += len(run.summed)
    groups = []
    for n, members in by_length.items():
        counts = [len(run.summed) for _, _, run in members]
        centre_hz = np.repeat([centre for _, centre, _ in members], counts)
        bins = FitBins.around(centre_hz, n_samples=n, fs=fs, band_hz=band_hz)
        spectrum = np.concatenate([run.spectrum for _, _, run in members])
        from_reach = replace(bins, index=bins.index - members[0][2].first_bin)
        groups.append(
            _Group(
                rows=np.concatenate(
                    [start + np.arange(len(run.summed)) for start, _, run in members]
                ),
                n_samples=n,
                duration_s=n / fs,
                index=bins.index,
                density=principal_component(from_reach.take(spectrum)).density,
                summed=np.concatenate([run.summed for _, _, run in members]),
            )
        )
    return groups


@dataclass(frozen=True, eq=False, slots=True)
class _SolvedOut:
    """Score and information of the shared parameters, the local ones solved out."""

    score: Floats
    information: Floats
    inverse: Floats
    cross: Floats

    def local_step(self, score: Floats, step: Floats) -> Floats:
        """Give the steps of the local parameters that go with steps of the shared ones."""
        own = (self.inverse @ score[:, 2:, None])[..., 0]
        return np.asarray(own - (np.swapaxes(self.cross, -1, -2) @ step[..., None])[..., 0])


def _solve_out(score: Floats, information: Floats, damping: Floats) -> _SolvedOut:
    local = information[:, 2:, 2:]
    ridge = damping[:, None] * np.einsum("kii->ki", local) + 1e-9
    inverse = np.linalg.inv(local + ridge[:, :, None] * np.eye(2))
    cross = information[:, :2, 2:] @ inverse
    return _SolvedOut(
        score=score[:, :2] - (cross @ score[:, 2:, None])[..., 0],
        information=information[:, :2, :2] - cross @ information[:, 2:, :2],
        inverse=inverse,
        cross=cross,
    )


def _line(
    shared: Floats,
    *,
    score: Floats,
    information: Floats,
    duration_s: Floats,
    square: Floats,
    square_m2: Floats,
    relative_variance: Floats,
    noise: Floats,
    band_hz: tuple[float, float],
) -> PooledLine:
    """Turn the fit of one problem into estimates; arguments by stretch."""
    from scipy.special import stdtrit

    covariance = np.linalg.inv(information.sum(axis=0) + 1e-12 * np.eye(2))
    count = len(score)
    frequency_hz, bandwidth_hz = float(shared[0]), float(np.exp(shared[1]) / np.pi)
    variance = np.diag(covariance).copy()
    freedom = np.full(2, 4.5 + 0.2 * np.pi * bandwidth_hz * float(duration_s.sum()))
    if count >= _LEAST_FOR_SCATTER:
        # Where the line wanders from stretch to stretch, their scatter is the honest error.
        meat = score.T @ score * count / (count - 2.0)
        scatter = np.diag(covariance @ meat @ covariance)
        wider = scatter > variance
        freedom = np.where(wider, np.minimum(freedom, count - 2.0), freedom)
        variance = np.maximum(variance, scatter)
    t = stdtrit(freedom, 0.5 + LEVEL / 2.0)
    half_hz, log_factor = t * np.sqrt(variance)
    weight = duration_s / duration_s.sum()
    mean_square = float(weight @ square)
    looks = 2.0 * mean_square**2 / float((weight * square) ** 2 @ relative_variance)
    low, high = (float(factor) for factor in chi_square_factors(np.array([looks]))[0])
    rms = float(np.sqrt(mean_square))
    size = float(typical_peak_to_peak_mm(float(weight @ square_m2)))
    by_frequency = 2.0 * half_hz / frequency_hz

    def estimate(value: float, low: float, high: float) -> Estimate:
        return Estimate(float(value), float(low), float(high), level=LEVEL, method="whittle")

    factor = np.exp(min(float(log_factor), 12.0))
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
        noise_density=float(weight @ noise),
        n_stretches=count,
    )
