"""Lines fitted to the segments of many runs: shared shape, own powers and floor of each segment.

Segments of one length share the expected periodogram of each line, so that a step of the fit costs
one template per line and a few products per segment. Many independent problems are solved at once.
Which model a problem is given is decided in `tremor.measures.pooled_models`; its estimates are made
in `tremor.measures.pooled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.measures.band import half_span_hz
from tremor.measures.pooled_problem import PooledProblem, Segments
from tremor.measures.pooled_templates import (
    N_EXPONENTS,
    PooledModel,
    leakage,
    templates,
)
from tremor.measures.residual_test import Ratios
from tremor.measures.whittle import (
    LOG_FLOOR_DROP,
    MOST_DAMPING,
    START_BANDWIDTH_SHARE,
    START_DAMPING,
    power_and_floor,
)
from tremor.recording import Floats, read_only
from tremor.settings import LINE, POOLED_LINE

__all__ = ["PooledWhittleFit", "fit_pooled_whittle", "upper_triangle"]

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

_MOST_STEPS: Final = 40
#: A fit has converged when a step is this small a share of the standard deviations ...
_STEP_TOLERANCE: Final = 1e-4
#: ... and the deviance falls by less than this; it may rise by rounding.
_DEVIANCE_TOLERANCE: Final = 1e-6
_DEVIANCE_ROUNDING: Final = 1e-13
#: Both are so many times as large for a line that is not resolved.
_COARSE: Final = 300.0
#: Largest steps: of a centre, Hz, of the logarithms of its rate and spread, of the slope of the
#: floor, and of the logarithms of powers and floor.
_LARGEST_LINE_STEP: Final = (0.5, 1.0, 1.0)
_LARGEST_SLOPE_STEP: Final = 1.0
_LARGEST_LOCAL_STEP: Final = 1.5
#: Power of a line in a segment may fall to this logarithm below its start.
_LOG_POWER_DROP: Final = 16.0
#: Weight of a bin of a tapered segment: neighbouring ones are not independent.
_TAPERED_WEIGHT: Final = 18.0 / 35.0


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PooledWhittleFit:
    """The fit of one problem; arrays have one row per segment.

    Parameters
    ----------
    problem : PooledProblem
        What was fitted.
    shared : ndarray, shape (3 n_lines + 2,)
        Centre, Hz, ln a and ln of the spread of each line, and the exponents of lines and floor.
    free : ndarray of bool, shape (3 n_lines + 2,)
        Which of them were fitted and are not at a limit.
    powers, floor : ndarray, shapes (n_segments, n_lines) and (n_segments,)
        (m/s^2)^2, and (m/s^2)^2/Hz at the start of the first line.
    score, information : ndarray, shapes (n_segments, n_free) and (n_segments, n_free, n_free)
        Of the free shared parameters, powers and floor of the segment solved out.
    duration_s : ndarray, shape (n_segments,)
        Lengths, s.
    deviance : float
        Sum of ln S + I / S.
    ratios : list of Ratios
        Ratios of periodogram and model, for each length of segments.
    """

    problem: PooledProblem
    shared: Floats
    free: Bools
    powers: Floats
    floor: Floats
    score: Floats
    information: Floats
    duration_s: Floats
    deviance: float
    ratios: list[Ratios]

    @property
    def frequency_hz(self) -> float:
        """Centre of the first line, Hz."""
        return float(self.shared[0])

    @property
    def range_hz(self) -> tuple[float, float]:
        """Lowest and highest bin of the fit, Hz."""
        return (
            min(float(one.frequency_hz[0]) for one in self.ratios),
            max(float(one.frequency_hz[-1]) for one in self.ratios),
        )


@dataclass(frozen=True, eq=False, slots=True)
class _State:
    """Shared parameters of each problem (n_problems, q), logarithms of each segment (n, L)."""

    shared: Floats
    local: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _Limits:
    low: Floats
    high: Floats
    least_local: Floats


@dataclass(frozen=True, eq=False, slots=True)
class _Evaluation:
    """Deviance of each problem, and score and information of each segment."""

    deviance: Floats
    score: Floats
    information: Floats


def fit_pooled_whittle(
    problems: Sequence[PooledProblem],
    *,
    fs: float,
    band_hz: tuple[float, float],
    is_voigt: bool = False,
) -> list[PooledWhittleFit]:
    """Fit the lines of each problem by Whittle likelihood.

    The floor is flat unless the periodograms tell against it.

    Parameters
    ----------
    problems : sequence of PooledProblem
        At least one, all with the same number of lines.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Limits of the centres, Hz.
    is_voigt : bool
        Whether the lines have a Gaussian part as well.

    Returns
    -------
    list of PooledWhittleFit
        One per problem, which does not depend on the others.
    """
    sloped = PooledModel.of(problems[0], is_voigt=is_voigt)
    flat = replace(sloped, free=sloped.free.copy())
    flat.free[-N_EXPONENTS:] = False
    segments = Segments.of(problems, fs=fs, band_hz=band_hz)
    start, limits = _start(problems, segments, sloped, band_hz=band_hz)
    at, now = _descend(segments, flat, start, limits)
    fits = _fits(segments, flat, at, now, limits)
    tilted = _is_tilted(segments, sloped, at, limits)
    # The flanks of a hump as wide as this have no tilt apart from that of the floor.
    width_hz = np.exp(at.shared[:, 1]) / np.pi
    is_narrow = width_hz < POOLED_LINE.tilted_share * at.shared[:, 0]
    only_floor = replace(sloped, free=sloped.free.copy())
    only_floor.free[-N_EXPONENTS] = False
    for model, chosen in ((sloped, tilted & is_narrow), (only_floor, tilted & ~is_narrow)):
        rows = np.flatnonzero(chosen).tolist()
        if not rows:
            continue
        some = [problems[row] for row in rows]
        segments = Segments.of(some, fs=fs, band_hz=band_hz)
        start, limits = _start(some, segments, model, band_hz=band_hz)
        at, now = _descend(segments, model, start, limits)
        for row, fit in zip(rows, _fits(segments, model, at, now, limits), strict=True):
            fits[row] = fit
    return fits


def _is_tilted(segments: Segments, model: PooledModel, at: _State, limits: _Limits) -> Bools:
    """Check by score tests at the fit of a flat floor which lines or floors have a slope."""
    n_shared = int(model.free.sum())
    every = np.ones(segments.n_problems, dtype=np.bool_)
    now = _evaluate(segments, model, at, every)
    solved = _SolvedOut.of(at, now, n_shared, np.zeros(len(segments.problem)), limits)
    total = segments.sum_by_problem(solved.information)
    gradient = segments.sum_by_problem(solved.score)
    stuck = _stuck(at.shared[:, model.free], gradient, model, limits)
    stuck[:, -N_EXPONENTS:] = False
    total, gradient = _hold(total, gradient, stuck)
    gains = []
    for left_out in range(n_shared - N_EXPONENTS, n_shared):
        kept = np.delete(np.arange(n_shared), left_out)
        some = total[:, kept][:, :, kept] + 1e-12 * np.eye(n_shared - 1)
        step = np.linalg.solve(some, gradient[:, kept, None])[..., 0]
        gains.append((gradient[:, kept] * step).sum(axis=-1) / 2.0)
    return np.asarray(np.max(gains, axis=0) > POOLED_LINE.least_evidence_of_slope)


def _start(
    problems: Sequence[PooledProblem],
    segments: Segments,
    model: PooledModel,
    *,
    band_hz: tuple[float, float],
) -> tuple[_State, _Limits]:
    """Return the parameters at which the fits start, and their limits."""
    n_problems, n_lines = len(problems), model.n_lines
    local = np.zeros((len(segments.problem), n_lines + 1))
    for group in segments.groups:
        shape = group.density.shape
        power, floor = power_and_floor(
            group.density.reshape(-1, shape[-1]), duration_s=group.duration_s
        )
        rows = group.rows.reshape(-1)
        shares = np.log(segments.shares[segments.problem[rows]])
        local[rows, :-1] = np.log(power)[:, None] + shares
        local[rows, -1] = np.log(floor)
    longest_s = np.zeros(n_problems)
    np.maximum.at(longest_s, segments.problem, segments.duration_s)
    ones = np.ones(n_problems)
    narrowest = np.log(np.pi * LINE.least_bt / longest_s)
    widest = np.log(np.pi * (band_hz[1] - band_hz[0]) / 2.0) * ones
    width_hz = START_BANDWIDTH_SHARE * half_span_hz(band_hz)
    start = np.log(np.pi * width_hz * (0.5 if model.is_voigt else 1.0))
    spread = np.log(0.5 * np.pi * width_hz)
    # The spread of the frequency, rad/s, has the limits of the rate: both are half widths.
    columns, low, high = [], [], []
    for line in range(n_lines):
        centre_hz = np.array([problem.centres_hz[line] for problem in problems])
        columns += [centre_hz, start * ones, spread * ones]
        low += [np.maximum(band_hz[0], segments.low_hz), narrowest, narrowest]
        high += [np.minimum(band_hz[1], segments.high_hz), widest, widest]
    most = (POOLED_LINE.most_tilt, POOLED_LINE.most_exponent)
    columns += [0.0 * ones] * N_EXPONENTS
    low += [-one * ones for one in most]
    high += [one * ones for one in most]
    fixed = [problem.bandwidth_hz for problem in problems]
    columns[1] = np.array(
        [
            first if width is None else np.log(np.pi * width)
            for first, width in zip(columns[1], fixed, strict=True)
        ]
    )
    limits = _Limits(
        np.stack(low, axis=1),
        np.stack(high, axis=1),
        local - np.array([_LOG_POWER_DROP] * n_lines + [LOG_FLOOR_DROP]),
    )
    shared = np.clip(np.stack(columns, axis=1), limits.low, limits.high)
    return _State(shared, local), limits


@lru_cache(maxsize=16)
def upper_triangle(size: int) -> tuple[Indices, Indices]:
    """Return the indices of the upper triangle of a matrix.

    Parameters
    ----------
    size : int
        Number of its rows and columns.

    Returns
    -------
    tuple of ndarray of int
        Rows and columns.
    """
    rows, columns = np.triu_indices(size)
    return read_only(rows, np.int64), read_only(columns, np.int64)


def _evaluate(segments: Segments, model: PooledModel, at: _State, chosen: Bools) -> _Evaluation:
    """Evaluate the likelihood of chosen problems; the segments of the others are zero."""
    n, n_local = at.local.shape
    size = int(model.free.sum()) + n_local
    upper = upper_triangle(size)
    deviance, score = np.zeros(n), np.zeros((n, size))
    information = np.zeros((n, size, size))
    for group in segments.groups:
        here = chosen[group.problem]
        if not here.any():
            continue
        part = group if here.all() else group.of(here)
        basis, owners = templates(part, at.shared[part.problem], model)
        level = np.exp(at.local[part.rows])
        weight = _TAPERED_WEIGHT if part.is_tapered else 1.0
        s = level @ basis[:, -n_local:]
        inverse = 1.0 / s
        ratio = part.density * inverse
        scale = level[..., owners]
        deviance[part.rows] = weight * (np.log(s) + ratio).sum(axis=-1)
        ratio -= 1.0
        ratio *= inverse
        score[part.rows] = weight * scale * (ratio @ np.swapaxes(basis, -1, -2))
        inverse *= inverse
        pairs = basis[:, upper[0]] * basis[:, upper[1]]
        products = weight * scale[..., upper[0]] * scale[..., upper[1]]
        products *= inverse @ np.swapaxes(pairs, -1, -2)
        block = np.empty((*part.rows.shape, size, size))
        block[..., upper[0], upper[1]] = products
        block[..., upper[1], upper[0]] = products
        information[part.rows] = block
    exponents = at.shared[:, -N_EXPONENTS:] / POOLED_LINE.exponent_sd
    total = segments.sum_by_problem(deviance) + np.square(exponents).sum(axis=1) / 2.0
    return _Evaluation(total, score, information)


def _descend(
    segments: Segments, model: PooledModel, start: _State, limits: _Limits
) -> tuple[_State, _Evaluation]:
    """Take damped Fisher scoring steps until every problem converges, each with its own damping.

    Powers and floor of the segments are solved out. The sums of a problem run over its own segments
    only, in order, so that its result does not depend on the others.
    """
    going = np.ones(segments.n_problems, dtype=np.bool_)
    damping = np.full(segments.n_problems, START_DAMPING)
    at = start
    now = _evaluate(segments, model, at, going)
    for _ in range(_MOST_STEPS):
        trial, spread = _step(segments, model, at, now, damping, limits)
        then = _evaluate(segments, model, trial, going)
        allowed = now.deviance + _DEVIANCE_ROUNDING * np.abs(now.deviance)
        better = going & (then.deviance <= allowed)
        moved = np.abs(trial.shared - at.shared)[:, model.free]
        falls = now.deviance - then.deviance
        # Leakage of an unresolved line is the same in many bins, and scoring converges slowly.
        coarse = np.where(trial.shared[:, 1] <= limits.low[:, 1], _COARSE, 1.0)
        small = (moved <= _STEP_TOLERANCE * coarse[:, None] * spread).all(axis=1)
        converged = better & small & (falls < _DEVIANCE_TOLERANCE * coarse)
        rows = better[segments.problem]
        at = _State(
            np.where(better[:, None], trial.shared, at.shared),
            np.where(rows[:, None], trial.local, at.local),
        )
        now = _Evaluation(
            np.where(better, then.deviance, now.deviance),
            np.where(rows[:, None], then.score, now.score),
            np.where(rows[:, None, None], then.information, now.information),
        )
        damping = np.where(better, 0.4, 8.0) * np.maximum(damping, 1e-6)
        going = going & ~converged & (damping < MOST_DAMPING)
        if not going.any():
            break
    return at, now


def _step(
    segments: Segments,
    model: PooledModel,
    at: _State,
    now: _Evaluation,
    damping: Floats,
    limits: _Limits,
) -> tuple[_State, Floats]:
    """Return the parameters after a step, and the standard deviations of the shared ones."""
    n_shared = int(model.free.sum())
    solved = _SolvedOut.of(at, now, n_shared, damping[segments.problem], limits)
    total = segments.sum_by_problem(solved.information)
    gradient = segments.sum_by_problem(solved.score)
    _add_prior(model, at, gradient, total)
    stuck = _stuck(at.shared[:, model.free], gradient, model, limits)
    total, gradient = _hold(total, gradient, stuck)
    diagonal = np.einsum("kii->ki", total)
    spread = 1.0 / np.sqrt(np.maximum(diagonal, 1e-300))
    total = total + (damping[:, None] * diagonal + 1e-12)[:, :, None] * np.eye(n_shared)
    step = np.linalg.solve(total, gradient[..., None])[..., 0]
    own = solved.local_step(step[segments.problem])
    most = np.array([*_LARGEST_LINE_STEP * model.n_lines, *[_LARGEST_SLOPE_STEP] * N_EXPONENTS])
    most = most[model.free]
    shared = at.shared.copy()
    shared[:, model.free] += np.clip(step, -most, most)
    np.clip(shared, limits.low, limits.high, out=shared)
    local = at.local + np.clip(own, -_LARGEST_LOCAL_STEP, _LARGEST_LOCAL_STEP)
    return _State(shared, np.maximum(local, limits.least_local)), spread


def _add_prior(model: PooledModel, at: _State, gradient: Floats, information: Floats) -> None:
    """Add what is assumed of the exponents: they are about zero."""
    free = np.flatnonzero(model.free)
    for column in np.flatnonzero(free >= len(model.free) - N_EXPONENTS).tolist():
        gradient[:, column] -= at.shared[:, free[column]] / POOLED_LINE.exponent_sd**2
        information[:, column, column] += POOLED_LINE.exponent_sd**-2


def _stuck(shared: Floats, gradient: Floats, model: PooledModel, limits: _Limits) -> Bools:
    """Return which shared parameters are at a limit and would go beyond."""
    low, high = limits.low[:, model.free], limits.high[:, model.free]
    return ((shared <= low) & (gradient <= 0.0)) | ((shared >= high) & (gradient >= 0.0))


def _hold(total: Floats, gradient: Floats, stuck: Bools) -> tuple[Floats, Floats]:
    """Take the stuck parameters out of the step of the others."""
    if not stuck.any():
        return total, gradient
    total = np.where(stuck[:, :, None] | stuck[:, None, :], 0.0, total)
    total += stuck[:, :, None] * np.eye(stuck.shape[1])
    return total, np.where(stuck, 0.0, gradient)


def _fits(
    segments: Segments,
    model: PooledModel,
    at: _State,
    now: _Evaluation,
    limits: _Limits,
) -> list[PooledWhittleFit]:
    """Return the fit of each problem."""
    n_shared = int(model.free.sum())
    undamped = np.zeros(len(segments.problem))
    solved = _SolvedOut.of(at, now, n_shared, undamped, limits)
    gradient = segments.sum_by_problem(solved.score)
    stuck = _stuck(at.shared[:, model.free], gradient, model, limits)
    level = np.exp(at.local)
    ratios = _ratios(segments, model, at)
    edges = np.searchsorted(segments.problem, np.arange(segments.n_problems + 1))
    fits = []
    for number, (begin, end) in enumerate(pairwise(edges.tolist())):
        held = stuck[number]
        free = model.free.copy()
        free[np.flatnonzero(free)[held]] = False
        rows = slice(begin, end)
        fits.append(
            PooledWhittleFit(
                problem=segments.problems[number],
                shared=at.shared[number],
                free=free,
                powers=level[rows, :-1],
                floor=level[rows, -1],
                score=solved.score[rows][:, ~held],
                information=solved.information[rows][:, ~held][:, :, ~held],
                duration_s=segments.duration_s[rows],
                deviance=float(now.deviance[number]),
                ratios=ratios[number],
            )
        )
    return fits


def _ratios(segments: Segments, model: PooledModel, at: _State) -> list[list[Ratios]]:
    """Return the ratios of periodogram and model of each problem, by length."""
    found: list[list[Ratios]] = [[] for _ in range(segments.n_problems)]
    n_local = at.local.shape[1]
    for group in segments.groups:
        basis, _ = templates(group, at.shared[group.problem], model)
        level = np.exp(at.local[group.rows])
        ratio = group.density / (level @ basis[:, -n_local:])
        frequency_hz = group.index / group.duration_s
        mean = level.mean(axis=1)
        leaks = leakage(frequency_hz, basis[:, -n_local:], mean, at.shared[group.problem], model)
        for row, number in enumerate(group.problem.tolist()):
            independent = np.ones(leaks.shape[1], dtype=np.bool_)
            if group.is_tapered:
                independent[1::2] = False
            else:
                independent &= ~leaks[row]
            found[number].append(Ratios(frequency_hz[row], ratio[row], independent))
    return found


@dataclass(frozen=True, eq=False, slots=True)
class _SolvedOut:
    """Score and information of the shared parameters, the local ones solved out."""

    score: Floats
    information: Floats
    own: Floats
    cross: Floats

    @classmethod
    def of(
        cls, at: _State, now: _Evaluation, n_shared: int, damping: Floats, limits: _Limits
    ) -> _SolvedOut:
        score, information = now.score, now.information
        # A level at its limit that would go below takes no part in the step of the others.
        stuck = (at.local <= limits.least_local) & (score[:, n_shared:] < 0.0)
        if stuck.any():
            held = np.concatenate([np.zeros((len(score), n_shared), dtype=np.bool_), stuck], axis=1)
            information, score = _hold(information, score, held)
        local = information[:, n_shared:, n_shared:]
        ridge = damping[:, None] * np.einsum("kii->ki", local) + 1e-9
        inverse = np.linalg.inv(local + ridge[:, :, None] * np.eye(local.shape[-1]))
        cross = information[:, :n_shared, n_shared:] @ inverse
        return cls(
            score=score[:, :n_shared] - (cross @ score[:, n_shared:, None])[..., 0],
            information=information[:, :n_shared, :n_shared]
            - cross @ information[:, n_shared:, :n_shared],
            own=(inverse @ score[:, n_shared:, None])[..., 0],
            cross=cross,
        )

    def local_step(self, step: Floats) -> Floats:
        """Return the steps of the local parameters that go with those of the shared ones."""
        return np.asarray(self.own - (np.swapaxes(self.cross, -1, -2) @ step[..., None])[..., 0])
