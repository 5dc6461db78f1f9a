"""One line fitted to the segments of many runs: shared centre and width, own power and floor.

Many independent problems are solved at once. What enters one, and its estimates, is in
`tremor.measures.pooled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import principal_component
from tremor.measures.amplitude import power_around
from tremor.measures.band import half_span_hz
from tremor.measures.run_spectra import RunSpectra
from tremor.measures.whittle import (
    LOG_FLOOR_DROP,
    MOST_DAMPING,
    START_BANDWIDTH_SHARE,
    START_DAMPING,
    FitBins,
    expected_periodogram,
    next_damping,
    power_and_floor,
)
from tremor.recording import Floats
from tremor.settings import LINE

__all__ = ["PooledProblem", "PooledWhittleFit", "SegmentPowers", "fit_pooled_whittle"]

Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MOST_STEPS: Final = 40
#: A fit has converged when a step is this small a share of the standard deviations ...
_STEP_TOLERANCE: Final = 1e-4
#: ... and the deviance falls by less than this; it may rise by rounding.
_DEVIANCE_TOLERANCE: Final = 1e-6
_DEVIANCE_ROUNDING: Final = 1e-13
#: Largest steps: of the centre, Hz, and ln a, and of the logarithms of power and floor.
_LARGEST_SHARED_STEP: Final = (0.5, 1.0)
_LARGEST_LOCAL_STEP: Final = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class PooledProblem:
    """The runs that share one line, and the peak at which the fit starts.

    Parameters
    ----------
    runs : sequence of RunSpectra
        In order of time.
    centre_hz : float
        Peak of their mean spectrum, Hz.
    """

    runs: Sequence[RunSpectra]
    centre_hz: float


@dataclass(frozen=True, eq=False, slots=True)
class SegmentPowers:
    """Power of the line in each segment.

    Parameters
    ----------
    mean_square_ms2sq, mean_square_m2 : ndarray, shape (n_segments,)
        Of acceleration, (m/s^2)^2, and of displacement, m^2.
    relative_variance : ndarray, shape (n_segments,)
        Relative variance of both.
    """

    mean_square_ms2sq: Floats
    mean_square_m2: Floats
    relative_variance: Floats

    def of(self, rows: slice) -> SegmentPowers:
        """Return those of some segments."""
        return SegmentPowers(
            self.mean_square_ms2sq[rows], self.mean_square_m2[rows], self.relative_variance[rows]
        )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PooledWhittleFit:
    """The fit of one problem; arrays have one row per segment.

    Parameters
    ----------
    frequency_hz, bandwidth_hz : float
        Centre and half-power full width, Hz.
    score, information : ndarray, shapes (n_segments, 2) and (n_segments, 2, 2)
        Of (f0, ln a), a = pi B, power and floor of the segment solved out.
    duration_s : ndarray, shape (n_segments,)
        Lengths, s.
    power : SegmentPowers
        Power of the line.
    noise : ndarray, shape (n_segments,)
        Floors, (m/s^2)^2/Hz.
    """

    frequency_hz: float
    bandwidth_hz: float
    score: Floats
    information: Floats
    duration_s: Floats
    power: SegmentPowers
    noise: Floats


def fit_pooled_whittle(
    problems: Sequence[PooledProblem], *, fs: float, band_hz: tuple[float, float]
) -> list[PooledWhittleFit]:
    """Fit one line to each problem by Whittle likelihood.

    Parameters
    ----------
    problems : sequence of PooledProblem
        At least one.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Limits of the centre, Hz.

    Returns
    -------
    list of PooledWhittleFit
        One per problem, which does not depend on the others.
    """
    segments = _Segments.of(problems, fs=fs, band_hz=band_hz)
    return _fits(segments, _descend(segments), fs=fs, band_hz=band_hz)


@dataclass(frozen=True, eq=False, slots=True)
class _Group:
    """The segments of one length: their rows among all, bins, projected and summed PSD."""

    rows: Indices
    n_samples: int
    duration_s: float
    index: Indices
    density: Floats
    summed: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _Parameters:
    """(f0, ln a) of each problem, (n_problems, 2), and (ln P, ln c) of each segment, (n, 2)."""

    shared: Floats
    local: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _Segments:
    """All segments of all problems, and the start and the limits of the parameters.

    ``problem`` holds the problem of each segment.
    """

    problem: Indices
    n_problems: int
    groups: list[_Group]
    duration_s: Floats
    start: _Parameters
    low: Floats
    high: Floats
    least_floor: Floats

    @classmethod
    def of(
        cls, problems: Sequence[PooledProblem], *, fs: float, band_hz: tuple[float, float]
    ) -> _Segments:
        counts = [sum(len(run.summed) for run in problem.runs) for problem in problems]
        of_row = np.repeat(np.arange(len(problems)), counts)
        groups = _groups(problems, fs=fs, band_hz=band_hz)
        local, duration_s = np.zeros((len(of_row), 2)), np.zeros(len(of_row))
        for group in groups:
            power, floor = power_and_floor(group.density, duration_s=group.duration_s)
            local[group.rows] = np.log(np.stack([power, floor], axis=1))
            duration_s[group.rows] = group.duration_s
        longest_s = np.zeros(len(problems))
        np.maximum.at(longest_s, of_row, duration_s)
        centre_hz = np.array([problem.centre_hz for problem in problems])
        start = np.log(np.pi * START_BANDWIDTH_SHARE * half_span_hz(band_hz))
        ones = np.ones(len(problems))
        narrowest = np.log(np.pi * LINE.least_bt / longest_s)
        low = np.stack([band_hz[0] * ones, narrowest], axis=1)
        widest = np.log(np.pi * (band_hz[1] - band_hz[0]) / 2.0)
        high = np.stack([band_hz[1] * ones, widest * ones], axis=1)
        return cls(
            problem=of_row,
            n_problems=len(problems),
            groups=groups,
            duration_s=duration_s,
            start=_Parameters(
                np.clip(np.stack([centre_hz, start * ones], axis=1), low, high), local
            ),
            low=low,
            high=high,
            least_floor=local[:, 1] - LOG_FLOOR_DROP,
        )

    def sum_by_problem(self, values: Floats) -> Floats:
        """Sum over the segments of each problem, in order."""
        flat = values.reshape(len(self.problem), -1)
        columns = [
            np.bincount(self.problem, column, minlength=self.n_problems) for column in flat.T
        ]
        shape = (self.n_problems, *values.shape[1:])
        return np.asarray(np.stack(columns, axis=1).reshape(shape), dtype=np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class _Evaluation:
    """Deviance of each problem, and score and information of each segment."""

    deviance: Floats
    score: Floats
    information: Floats

    def updated(self, later: _Evaluation, better: Bools, rows: Bools) -> _Evaluation:
        return _Evaluation(
            np.where(better, later.deviance, self.deviance),
            np.where(rows[:, None], later.score, self.score),
            np.where(rows[:, None, None], later.information, self.information),
        )


def _evaluate(segments: _Segments, at: _Parameters, chosen: Bools) -> _Evaluation:
    """Evaluate the likelihood of chosen problems; the segments of the others are zero."""
    n = len(segments.problem)
    deviance, score = np.zeros(n), np.zeros((n, 4))
    information = np.zeros((n, 4, 4))
    wanted = chosen[segments.problem]
    for group in segments.groups:
        here = wanted[group.rows]
        if not here.any():
            continue
        rows, index, density = group.rows, group.index, group.density
        if not here.all():
            rows, index, density = rows[here], index[here], density[here]
        theta = np.concatenate([at.shared[segments.problem[rows]], at.local[rows]], axis=1)
        s, slopes = expected_periodogram(index, theta, duration_s=group.duration_s)
        ratio = density / s
        deviance[rows] = (np.log(s) + ratio).sum(axis=-1)
        score[rows] = (slopes @ (ratio - 1.0)[..., None])[..., 0]
        information[rows] = slopes @ np.swapaxes(slopes, -1, -2)
    # A floor at its limit that would go below takes no part in the step of the others.
    stuck = (at.local[:, 1] <= segments.least_floor) & (score[:, 3] < 0.0)
    score[stuck, 3] = 0.0
    information[stuck, 3, :] = information[stuck, :, 3] = 0.0
    information[stuck, 3, 3] = 1.0
    return _Evaluation(segments.sum_by_problem(deviance), score, information)


def _descend(segments: _Segments) -> tuple[_Parameters, _Evaluation]:
    """Take damped Fisher scoring steps until every problem converges, each with its own damping.

    Power and floor of the segments are solved out. The sums of a problem run over its own segments
    only, in order, so that its result does not depend on the others.
    """
    going = np.ones(segments.n_problems, dtype=np.bool_)
    damping = np.full(segments.n_problems, START_DAMPING)
    at = segments.start
    now = _evaluate(segments, at, going)
    for _ in range(_MOST_STEPS):
        trial, spread = _step(segments, at, now, damping)
        then = _evaluate(segments, trial, going)
        allowed = now.deviance + _DEVIANCE_ROUNDING * np.abs(now.deviance)
        better = going & (then.deviance <= allowed)
        small = np.abs(trial.shared - at.shared) <= _STEP_TOLERANCE * spread
        falls = now.deviance - then.deviance
        converged = better & small.all(axis=1) & (falls < _DEVIANCE_TOLERANCE)
        rows = better[segments.problem]
        at = _Parameters(
            np.where(better[:, None], trial.shared, at.shared),
            np.where(rows[:, None], trial.local, at.local),
        )
        now = now.updated(then, better, rows)
        damping = next_damping(damping, better)
        going = going & ~converged & (damping < MOST_DAMPING)
        if not going.any():
            break
    return at, now


def _step(
    segments: _Segments, at: _Parameters, now: _Evaluation, damping: Floats
) -> tuple[_Parameters, Floats]:
    """Return the parameters after a step, and the standard deviations of the shared ones."""
    solved = _solve_out(now.score, now.information, damping[segments.problem])
    total = segments.sum_by_problem(solved.information)
    diagonal = np.einsum("kii->ki", total)
    spread = 1.0 / np.sqrt(np.maximum(diagonal, 1e-300))
    total = total + (damping[:, None] * diagonal + 1e-12)[:, :, None] * np.eye(2)
    step = np.linalg.solve(total, segments.sum_by_problem(solved.score)[..., None])[..., 0]
    own = solved.local_step(now.score, step[segments.problem])
    most = np.array(_LARGEST_SHARED_STEP)
    shared = np.clip(at.shared + np.clip(step, -most, most), segments.low, segments.high)
    local = at.local + np.clip(own, -_LARGEST_LOCAL_STEP, _LARGEST_LOCAL_STEP)
    np.maximum(local[:, 1], segments.least_floor, out=local[:, 1])
    return _Parameters(shared, local), spread


def _fits(
    segments: _Segments,
    found: tuple[_Parameters, _Evaluation],
    *,
    fs: float,
    band_hz: tuple[float, float],
) -> list[PooledWhittleFit]:
    """Return the fit of each problem."""
    at, now = found
    solved = _solve_out(now.score, now.information, np.zeros(len(segments.problem)))
    power = _powers(segments, at, fs=fs, band_hz=band_hz)
    edges = np.searchsorted(segments.problem, np.arange(segments.n_problems + 1))
    return [
        PooledWhittleFit(
            frequency_hz=float(at.shared[number, 0]),
            bandwidth_hz=float(np.exp(at.shared[number, 1]) / np.pi),
            score=solved.score[begin:end],
            information=solved.information[begin:end],
            duration_s=segments.duration_s[begin:end],
            power=power.of(slice(begin, end)),
            noise=np.exp(at.local[begin:end, 1]),
        )
        for number, (begin, end) in enumerate(pairwise(edges.tolist()))
    ]


def _powers(
    segments: _Segments, at: _Parameters, *, fs: float, band_hz: tuple[float, float]
) -> SegmentPowers:
    """Integrate the power of the line in each segment."""
    n = len(segments.problem)
    square, square_m2, relative_variance = np.zeros(n), np.zeros(n), np.zeros(n)
    for group in segments.groups:
        rows = group.rows
        shared, local = at.shared[segments.problem[rows]], at.local[rows]
        power = power_around(
            group.summed,
            frequency_hz=shared[:, 0],
            bandwidth_hz=np.exp(shared[:, 1]) / np.pi,
            fitted_ms2sq=np.exp(local[:, 0]),
            fs=fs,
            n_samples=group.n_samples,
            band_hz=band_hz,
        )
        square[rows], square_m2[rows] = power.mean_square_ms2sq, power.mean_square_m2
        # The bins of an integrated power are independent and exponential.
        theta = np.concatenate([shared, local], axis=1)
        s, _ = expected_periodogram(group.index, theta, duration_s=group.duration_s)
        bins = np.square(s / group.duration_s).sum(axis=-1)
        relative_variance[rows] = bins / np.exp(2.0 * local[:, 0])
    return SegmentPowers(square, square_m2, relative_variance)


def _groups(
    problems: Sequence[PooledProblem], *, fs: float, band_hz: tuple[float, float]
) -> list[_Group]:
    """Collect the segments of all problems by their length."""
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
        from_reach = FitBins(bins.index - members[0][2].first_bin)
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
        """Return the steps of the local parameters that go with those of the shared ones."""
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
