"""How a tremor fades: RMS over a rest in, half-life and a three-way verdict with their odds out.

The model is RMS^2 = A0^2 exp(-2 t / tau) + F^2, fitted in log with the waxing and waning of the
tremor modelled. Where a rest begins, and which windows belong to it, is `tremor.analysis.recovery`;
what a decay speaks for is not decided here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.recording import Floats, read_only

__all__ = ["Points", "Recovery", "fit_recovery", "judge_rest"]

Bools = npt.NDArray[np.bool_]
Verdict = Literal["decays", "persists", "not_determined", "insufficient"]

# --- thresholds --------------------------------------------------------------------------------

#: Fewer points cannot carry a level, a time constant and a floor beside their own scatter.
RECOVERY_LEAST_POINTS: Final = 8
#: s; a shorter rest holds one or two swings of the waxing and waning.
RECOVERY_LEAST_REST_S: Final = 30.0
#: Decay with a floor over constant, natural log of the ratio of evidences (3.5 to 1). Constant
#: tremor that waxes and wanes (log sd 0.25-0.4 over 10-30 s) reaches it in at most 7 % of records.
DECAYS_LEAST_LOG_BAYES: Final = 1.25
#: Share of the tremor that must be gone, by the median, for "decays".
DECAYS_LEAST_DROP: Final = 0.3
#: Upper 95 % limit of the share gone, below which the tremor "persists".
PERSISTS_MOST_DROP: Final = 0.3
#: s; "a short rest" has no number of its own: less than the five minutes that are asked for (from
#: the first to the last window, after settling) does
#: not count as persistence.
PERSISTS_LEAST_REST_S: Final = 270.0
#: Rest over time constant below which the time constant is not identifiable: with a fitted floor,
#: and with the floor known from before the run.
IDENTIFIABLE_REST_FITTED: Final = 2.0
IDENTIFIABLE_REST_KNOWN: Final = 1.0
#: Rest over time constant for a reliable half-life, in the same order.
RELIABLE_REST_FITTED: Final = 5.0
RELIABLE_REST_KNOWN: Final = 3.0
#: Time constants beyond this multiple of the rest are no upper limit but the edge of what was
#: searched.
BOUNDED_TAU_OVER_REST: Final = 3.0
#: Widest interval, high over low, of a half-life that asks for no more rest. A wider one is given
#: all the same: keeping only the narrow ones would keep those that are short by chance.
WIDEST_SETTLED_RATIO: Final = 10.0
#: s; the rest that is asked for at first, at least when asked for more, and at most.
REST_ASKED_S: Final = 300.0
MORE_REST_LEAST_S: Final = 60.0
REST_MOST_S: Final = 1800.0
#: Natural log of the ratio of evidences, fitted floor over the level before the run, above which
#: the latter is not used: it has to be e times as likely, because a tremor may stay raised for
#: hours, and a floor that is too low makes the half-life up to four times too long.
FLOOR_OVERRULED_LOG_BAYES: Final = -1.0
#: s; the fit is carried back to the start of the rest over no more than this.
LEAD_MOST_S: Final = 20.0


# --- the grids of the fit ----------------------------------------------------------------------

#: Waxing and waning: log standard deviation and correlation time, s. The shortest time also takes
#: up what overlapping windows share.
_WAXING_LOG_SD: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.375, 0.45)
_WAXING_TIME_S: Final = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
#: Scale of the half-normal prior of that standard deviation: tremor waxes by 0.2 to 0.4.
_WAXING_PRIOR_LOG_SD: Final = 0.3
#: Stands for none: the recursion divides by it.
_NO_WAXING: Final = 1e-3
#: Time constants searched: from what two windows can show to a drop of 5 % over the rest.
_SHORTEST_TAU_S: Final = 10.0
_LONGEST_TAU_OVER_REST: Final = 20.0
_N_TAU: Final = 36
_N_LEVEL: Final = 24
#: Dimension of the space that all curves of a grid lie in (to 1e-3 of a log unit).
_N_BASIS: Final = 16
_BASIS_TAIL: Final = 1e-6
_N_ZOOMS: Final = 2
_ZOOM_TAIL: Final = 1e-4
_NEGLIGIBLE: Final = 1e-4
_N_DRAWS: Final = 4000
_MOST_POINTS: Final = 300
_N_CURVE: Final = 61
_LEVEL: Final = 0.95
#: Relative standard deviations outside of these say nothing, or more than an accelerometer can.
LEAST_RELATIVE_SD: Final = 0.01
_MOST_RELATIVE_SD: Final = 1.0


_ESTIMATED: Final = (
    "half_life_s",
    "time_constant_s",
    "initial_rms_ms2",
    "floor_rms_ms2",
    "fraction_gone",
    "more_rest_needed_s",
)
_CURVES: Final = (
    "curve_time_s",
    "curve_rms_ms2",
    "curve_low_ms2",
    "curve_high_ms2",
    "point_time_s",
    "point_rms_ms2",
)


def _empty() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Recovery:
    """How the tremor changed over a rest.

    Parameters
    ----------
    verdict : {"decays", "persists", "not_determined", "insufficient"}
        Three answers, and one for too little data.
    half_life_s, time_constant_s : Estimate
        Of the RMS of the part that fades; missing where the rest is too short to tell. The upper
        limit is None where the data set none.
    initial_rms_ms2, floor_rms_ms2 : Estimate
        Typical RMS at the start of the rest (fading part and floor together), and the one that
        the tremor fades to.
    fraction_gone : Estimate
        1 - RMS(end of the rest) / RMS(start); unless the verdict is "decays", a tremor that stays
        constant is averaged in with its odds.
    more_rest_needed_s : Estimate
        Rest beyond what was recorded that would settle the open question; missing where none is
        open.
    reason : str
        What decided the verdict, and what weakens the numbers.
    rest_s : float
        Time from the start of the rest to the last point, s.
    n_points, n_left_out : int
        Points that entered the fit, and values given that could not be used.
    floor : {"fitted", "baseline"}
        Whether the floor was fitted or taken from before the run.
    log_bayes_factor : float or None
        Natural log of the evidence for decay over that for a constant tremor.
    rest_start_s : float
        Start of the rest on the clock of the recording; times below count from it, s.
    curve_time_s, curve_rms_ms2, curve_low_ms2, curve_high_ms2 : ndarray, shape (m,)
        Fitted RMS with its pointwise 95 % limits; empty where nothing was fitted.
    point_time_s, point_rms_ms2 : ndarray, shape (n_points,)
        What was fitted.
    """

    verdict: Verdict
    half_life_s: Estimate
    time_constant_s: Estimate
    initial_rms_ms2: Estimate
    floor_rms_ms2: Estimate
    fraction_gone: Estimate
    more_rest_needed_s: Estimate
    reason: str
    rest_s: float
    n_points: int
    n_left_out: int = 0
    floor: str = "fitted"
    log_bayes_factor: float | None = None
    rest_start_s: float = 0.0
    curve_time_s: Floats = field(default_factory=_empty)
    curve_rms_ms2: Floats = field(default_factory=_empty)
    curve_low_ms2: Floats = field(default_factory=_empty)
    curve_high_ms2: Floats = field(default_factory=_empty)
    point_time_s: Floats = field(default_factory=_empty)
    point_rms_ms2: Floats = field(default_factory=_empty)

    def __post_init__(self) -> None:
        for name in _CURVES:
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @classmethod
    def insufficient(
        cls,
        reason: str,
        *,
        rest_s: float = 0.0,
        n_points: int = 0,
        n_left_out: int = 0,
        rest_start_s: float = 0.0,
        more_rest_needed_s: Estimate | None = None,
    ) -> Self:
        """Make the answer for too little data.

        Parameters
        ----------
        reason : str
            What is missing, with its number.
        rest_s, n_points, n_left_out, rest_start_s
            As in the class.
        more_rest_needed_s : Estimate, optional
            How much more would do.

        Returns
        -------
        Recovery
            Without any other number.
        """
        missing = Estimate.missing(reason)
        return cls(
            verdict="insufficient",
            half_life_s=missing,
            time_constant_s=missing,
            initial_rms_ms2=missing,
            floor_rms_ms2=missing,
            fraction_gone=missing,
            more_rest_needed_s=more_rest_needed_s or missing,
            reason=reason,
            rest_s=rest_s,
            n_points=n_points,
            n_left_out=n_left_out,
            rest_start_s=rest_start_s,
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds; ``reasons`` says why an estimate is null."""
        record: dict[str, Any] = {"verdict": self.verdict}
        estimates = {name: getattr(self, name) for name in _ESTIMATED}
        record |= {name: one.to_dict() for name, one in estimates.items()}
        record["reason"] = self.reason
        record["reasons"] = {
            name: one.reason for name, one in estimates.items() if one.value is None
        }
        for name in ("rest_start_s", "rest_s", "n_points", "n_left_out", "floor"):
            record[name] = getattr(self, name)
        record["log_bayes_factor"] = self.log_bayes_factor
        record |= {name: getattr(self, name).tolist() for name in _CURVES}
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds.

        Parameters
        ----------
        record : mapping
            What `to_dict` gave; keys that are not known are left out.

        Returns
        -------
        Recovery
            The recovery as it was.
        """
        reasons = record.get("reasons", {})
        values: dict[str, Any] = {
            name: Estimate.from_dict(record[name], reasons.get(name, record["reason"]))
            for name in _ESTIMATED
        }
        known = {item.name for item in fields(cls)} - set(_ESTIMATED)
        return cls(**values, **{name: record[name] for name in known if name in record})


# --- the public fit ----------------------------------------------------------------------------


def fit_recovery(
    time_s: npt.ArrayLike,
    rms_ms2: npt.ArrayLike,
    rms_relative_sd: npt.ArrayLike,
    *,
    floor_ms2: float | None = None,
) -> Recovery:
    """Fit a decay to a floor to the RMS of a tremor over a rest.

    Parameters
    ----------
    time_s : array_like, shape (n,)
        Centres of the windows, s from the start of the rest, each later than the one before.
    rms_ms2 : array_like, shape (n,)
        RMS acceleration of each window, m/s^2. All windows of the rest belong in here, also those
        too weak to be called tremor: leaving them out makes the end look strong.
    rms_relative_sd : array_like, shape (n,) or ()
        Standard deviation of each RMS over the RMS: the scatter of the estimate in its window,
        without the waxing and waning of the tremor itself.
    floor_ms2 : float, optional
        RMS that the leg had at rest before the run, m/s^2; fitted where not given.

    Returns
    -------
    Recovery
        Verdict, half-life and the other numbers with 95 % intervals.

    Raises
    ------
    InvalidInputError
        Where shapes differ, times do not rise, or an RMS, a spread or the floor is negative.

    Notes
    -----
    ``RMS^2(t) = A^2 exp(-2 t / tau) + F^2``, in log RMS, because powers add and tremor varies by
    factors. The covariance of the log RMS is ``diag(v) + s^2 w_i w_j exp(-|t_i - t_j| / c)``:
    scatter of the windows, and waxing and waning of log standard deviation s over a time c. The
    share w is 1 where the whole tremor waxes and wanes, and that of the fading part where the
    floor is steady; both are taken, each with what the data say for it. s (0 to 0.45) and c
    (2 to 64 s) are integrated out over a grid, the level by its flat prior (REML), ln tau and the
    floor over a grid with flat priors: in ln tau from 10 s to 20 times the rest, and in the share
    that stays. Limits are quantiles of what remains, so that a rest too short for tau gives a
    wide or open interval instead of a wrong one.

    "decays" asks that the evidence for decay over that for a constant tremor, under the same
    waxing and waning, be above 3.5 to 1 and the drop above 30 %; "persists" that the drop be
    below 30 % at 95 % over at least 5 min. Otherwise the answer is "not_determined". The half-life
    is given where the rest lasted two time constants (one with the floor known).

    Values that are not finite, and RMS of zero, are left out and counted. More than 300 points
    are averaged in power.

    References
    ----------
    Kass and Raftery (1995), Bayes factors, J. Am. Stat. Assoc. 90, 773-795,
    doi:10.1080/01621459.1995.10476572.
    Harville (1974), Bayesian inference for variance components using only error contrasts,
    Biometrika 61, 383-385, doi:10.1093/biomet/61.2.383.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> t = np.arange(2.0, 300.0, 4.0)
    >>> rms = np.sqrt((0.4 * 0.5 ** (t / 45.0)) ** 2 + 0.05**2)
    >>> found = fit_recovery(t, rms * np.exp(0.15 * rng.standard_normal(t.size)), 0.15)
    >>> found.verdict, bool(found.half_life_s.low < 45.0 < found.half_life_s.high)
    ('decays', True)
    """
    points, n_left_out = _checked(time_s, rms_ms2, rms_relative_sd)
    if floor_ms2 is not None and not (math.isfinite(floor_ms2) and floor_ms2 > 0.0):
        raise InvalidInputError(
            f"floor_ms2 is {floor_ms2} m/s^2; give the RMS at rest before the run, above zero, or "
            "leave it out"
        )
    return judge_rest(points, floor_ms2=floor_ms2, n_left_out=n_left_out)


class Points(NamedTuple):
    """What is fitted: times from the start of the rest, RMS, and the variance of its log."""

    time_s: Floats
    rms_ms2: Floats
    log_variance: Floats


def _checked(
    time_s: npt.ArrayLike, rms_ms2: npt.ArrayLike, rms_relative_sd: npt.ArrayLike
) -> tuple[Points, int]:
    try:
        time, rms, spread = (
            np.asarray(given, dtype=np.float64) for given in (time_s, rms_ms2, rms_relative_sd)
        )
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"time, RMS and spread must be numbers ({error}); give arrays of one length"
        ) from error
    if time.ndim != 1 or rms.shape != time.shape or spread.shape not in ((), time.shape):
        raise InvalidInputError(
            f"time_s, rms_ms2 and rms_relative_sd have shapes {time.shape}, {rms.shape} and "
            f"{spread.shape}; give (n,), (n,) and (n,)"
        )
    spread = np.broadcast_to(spread, time.shape)
    with np.errstate(invalid="ignore"):
        for name, values, unit in (
            ("time_s", time, " s"),
            ("rms_ms2", rms, " m/s^2"),
            ("rms_relative_sd", spread, ""),
        ):
            if (values < 0.0).any():
                index = int(np.flatnonzero(values < 0.0)[0])
                raise InvalidInputError(
                    f"{name}[{index}] is {values[index]:g}{unit}; allowed is zero or more, "
                    "or NaN where it is not known"
                )
        usable = np.isfinite(time) & np.isfinite(rms) & (rms > 0.0) & np.isfinite(spread)
    time, rms, spread = time[usable], rms[usable], spread[usable]
    if (np.diff(time) <= 0.0).any():
        index = int(np.flatnonzero(np.diff(time) <= 0.0)[0])
        raise InvalidInputError(
            f"time_s falls or stands still from {time[index]:g} to {time[index + 1]:g} s; sort "
            "the windows by time and give each once"
        )
    variance = np.clip(spread, LEAST_RELATIVE_SD, _MOST_RELATIVE_SD) ** 2
    return Points(time, rms, variance), int(usable.size - np.count_nonzero(usable))


def _thinned(points: Points) -> Points:
    """Average the power over bins that widen with time, until few enough points are left."""
    n = len(points.time_s)
    if n <= _MOST_POINTS:
        return points
    since = points.time_s - points.time_s[0]
    # Half of the bins would hold the early half at full resolution: a decay is fastest there.
    stretched = np.log1p(since / since[-1] * n / (0.5 * _MOST_POINTS))
    index = np.minimum(_MOST_POINTS * stretched / stretched[-1], _MOST_POINTS - 1).astype(np.int64)
    _, index, count = np.unique(index, return_inverse=True, return_counts=True)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(index, values) / count)

    # Neighbours may overlap by half, and then share half of their scatter.
    looks = np.maximum(count / 2.0, 1.0)
    return Points(
        mean(points.time_s),
        np.sqrt(mean(points.rms_ms2**2)),
        mean(points.log_variance) / looks,
    )


# --- the posterior over grids ------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class _Grid:
    """Time constants and levels: ``level`` is F over RMS(0) with a fitted floor, else ln(A/F)."""

    tau_limits: tuple[float, float]
    level_limits: tuple[float, float]

    def cells(self) -> tuple[Floats, Floats]:
        """Give ln tau and the level of every cell, each (n_tau * n_level,)."""
        tau, level = (
            low + (high - low) * (np.arange(count) + 0.5) / count
            for (low, high), count in (
                (self.tau_limits, _N_TAU),
                (self.level_limits, _N_LEVEL),
            )
        )
        return np.repeat(tau, _N_LEVEL), np.tile(level, _N_TAU)

    def zoomed(self, weight: Floats) -> _Grid:
        """Give the box that holds all but a little of the weight."""
        square = weight.reshape(_N_TAU, _N_LEVEL)
        return _Grid(
            _narrowed(square.sum(axis=1), self.tau_limits),
            _narrowed(square.sum(axis=0), self.level_limits),
        )


def _narrowed(weight: Floats, limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    step = (high - low) / len(weight)
    total = np.cumsum(weight)
    first = int(np.searchsorted(total, _ZOOM_TAIL))
    last = int(np.searchsorted(total, 1.0 - _ZOOM_TAIL))
    return max(low, low + step * (first - 1)), min(high, low + step * (last + 2))


def _log_curves(time_s: Floats, tau: Floats, level: Floats, *, known: bool) -> Floats:
    """Give ln RMS over its scale for every (ln tau, level): RMS(0), or the floor where known."""
    fading = np.exp(-2.0 * time_s / np.exp(tau)[:, None])
    if known:
        return np.asarray(0.5 * np.log1p(np.exp(2.0 * level)[:, None] * fading))
    floor = (level**2)[:, None]
    return np.asarray(0.5 * np.log(np.maximum((1.0 - floor) * fading + floor, 1e-300)))


def _fading_share(curve: Floats, level: float, *, known: bool) -> Floats:
    floor = 1.0 if known else level**2
    return np.asarray(1.0 - floor * np.exp(-2.0 * curve))


class _Waxing(NamedTuple):
    """Hypotheses on waxing and waning, one row each, with their log prior."""

    share: Floats
    log_sd: Floats
    time_s: Floats
    log_prior: Floats

    @classmethod
    def of(cls, share: Floats) -> _Waxing:
        sd, time = (grid.ravel() for grid in np.meshgrid(_WAXING_LOG_SD, _WAXING_TIME_S))
        log_prior = -0.5 * (sd / _WAXING_PRIOR_LOG_SD) ** 2 - math.log(len(_WAXING_TIME_S))
        return cls(
            np.tile(share, (len(sd) + 1, 1)),
            np.append(sd, _NO_WAXING),
            np.append(time, 8.0),
            np.append(log_prior, 0.0),
        )

    def chosen(self, rows: Bools) -> _Waxing:
        return _Waxing(*(column[rows] for column in self))

    def joined(self, other: _Waxing) -> _Waxing:
        return _Waxing(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


def _products(
    time_s: Floats, variance: Floats, waxing: _Waxing, columns: Floats
) -> tuple[Floats, Floats]:
    """Give columns' V^-1 columns, (K, p, p), and ln det V, (K,), for every hypothesis.

    With K the exponential correlation, whose inverse is tridiagonal,
    ``V^-1 = D^-1 - D^-1 W (K^-1 / s^2 + W D^-1 W)^-1 W D^-1``: one pass along the time.
    """
    n = len(time_s)
    near = np.exp(-np.diff(time_s)[:, None] / waxing.time_s)
    fresh = np.maximum(1.0 - near**2, 1e-9)
    power = waxing.log_sd**2
    beside = -near / fresh / power
    share = waxing.share.T
    diagonal = np.ones((n, len(power)))
    diagonal[1:] += near**2 / fresh
    diagonal[:-1] += near**2 / fresh
    diagonal = diagonal / power + share**2 / variance[:, None]
    solved = (share / variance[:, None])[:, :, None] * columns[:, None, :]
    for i in range(1, n):
        factor = beside[i - 1] / diagonal[i - 1]
        diagonal[i] -= factor * beside[i - 1]
        solved[i] -= factor[:, None] * solved[i - 1]
    solved /= np.sqrt(diagonal)[:, :, None]
    solved = solved.transpose(1, 0, 2)
    independent = (columns / variance[:, None]).T @ columns
    log_det = (
        np.log(variance).sum()
        + np.log(diagonal).sum(axis=0)
        + np.log(fresh).sum(axis=0)
        + n * np.log(power)
    )
    return independent - solved.transpose(0, 2, 1) @ solved, log_det


class _Weights(NamedTuple):
    """Log weight of hypothesis and cell, (K, J), and the scale's mean (K, J) and sd (K, 1)."""

    log_weight: Floats
    scale: Floats
    scale_sd: Floats


def _weigh(points: Points, waxing: _Waxing, curves: Floats, *, log_floor: float | None) -> _Weights:
    """Weigh every curve under every hypothesis; a floor that is not known leaves the scale free.

    The curves of a grid are smooth and lie in few dimensions: the quadratic forms are computed
    there once for each hypothesis.
    """
    # The mean log of a chi-square average lies below the log of its mean by about its variance.
    value = np.log(points.rms_ms2) + points.log_variance
    value = value - (log_floor if log_floor is not None else 0.0)
    sample = curves[:: max(1, len(curves) // 60)]
    basis, size, _ = np.linalg.svd(sample.T, full_matrices=False)
    basis = basis[:, : min(_N_BASIS, int(np.count_nonzero(size > _BASIS_TAIL * size[0])) or 1)]
    inside = curves @ basis
    squares = (inside[:, :, None] * inside[:, None, :]).reshape(len(inside), -1)
    columns = np.column_stack([value, np.ones_like(value), basis])
    products, log_det = _products(points.time_s, points.log_variance, waxing, columns)
    misfit = (
        products[:, :1, 0]
        - 2.0 * products[:, 0, 2:] @ inside.T
        + products[:, 2:, 2:].reshape(len(products), -1) @ squares.T
    )
    log_weight = waxing.log_prior[:, None] - 0.5 * log_det[:, None]
    if log_floor is not None:
        zero = np.zeros((len(misfit), 1))
        return _Weights(log_weight - 0.5 * misfit, np.zeros_like(misfit), zero)
    ones = products[:, 1, 1][:, None]
    mean = (products[:, :1, 1] - products[:, 1, 2:] @ inside.T) / ones
    log_weight = log_weight - 0.5 * (np.log(ones) + misfit - mean**2 * ones)
    return _Weights(log_weight, mean, 1.0 / np.sqrt(ones))


def _log_mean(log_weight: Floats) -> float:
    """Give the log of the sum over hypotheses and the mean over cells."""
    top = float(log_weight.max())
    return top + math.log(float(np.exp(log_weight - top).sum())) - math.log(log_weight.shape[1])


@dataclass(frozen=True, eq=False, slots=True)
class _Fit:
    """Equally weighted draws of the curve's parameters, and decay over constant."""

    log_tau: Floats
    level: Floats
    log_scale: Floats
    known: bool
    log_bayes_factor: float

    def rms(self, time_s: npt.ArrayLike, *, every: int = 1) -> Floats:
        """Give the RMS of draws at times from the start of the rest, (n_draws / every, m)."""
        curves = _log_curves(
            np.atleast_1d(np.asarray(time_s, dtype=np.float64)),
            self.log_tau[::every],
            self.level[::every],
            known=self.known,
        )
        return np.asarray(np.exp(curves + self.log_scale[::every, None]))

    def floor_rms(self) -> Floats:
        """Give the floor of every draw."""
        scale = np.exp(self.log_scale)
        return scale if self.known else np.asarray(self.level * scale)


class _Start(NamedTuple):
    """The widest grid with its weights, and the evidence."""

    points: Points
    log_floor: float | None
    grid: _Grid
    weight: Floats
    waxing: _Waxing
    log_bayes_factor: float
    log_evidence: float


def _start(points: Points, *, floor_ms2: float | None) -> _Start:
    """Weigh decay against constant, all of the tremor waxing and waning under both."""
    known = floor_ms2 is not None
    log_floor = math.log(floor_ms2) if floor_ms2 is not None else None
    # How far the start may lie above the floor; the same width makes both evidences comparable.
    lowest = floor_ms2 or float(points.rms_ms2.min())
    levels = (-4.0, max(math.log(float(points.rms_ms2.max()) / lowest), 0.0) + 2.0)
    longest_s = max(_LONGEST_TAU_OVER_REST * float(points.time_s[-1]), 10.0 * _SHORTEST_TAU_S)
    grid = _Grid((math.log(_SHORTEST_TAU_S), math.log(longest_s)), levels if known else (0.0, 1.0))
    tau, level = grid.cells()
    waxing = _Waxing.of(np.ones(len(points.time_s)))
    # The last rows never fade.
    both = np.append(tau, np.full(_N_LEVEL, 100.0)), np.append(level, level[:_N_LEVEL])
    curves = _log_curves(points.time_s, *both, known=known)
    log_weight = _weigh(points, waxing, curves, log_floor=log_floor).log_weight
    log_weight, constant = log_weight[:, : len(tau)], log_weight[:, len(tau) :]
    log_evidence = _log_mean(log_weight)
    log_bayes_factor = log_evidence - _log_mean(constant)
    if not known:  # the flat prior of the scale, over the width that a known floor leaves
        log_evidence += 0.5 * math.log(2.0 * math.pi) - math.log(levels[1] - levels[0])
    weight = np.exp(log_weight - log_weight.max())
    return _Start(points, log_floor, grid, weight, waxing, log_bayes_factor, log_evidence)


def _finish(start: _Start) -> _Fit:
    """Zoom in on the cells that matter, the floor waxing and waning or steady."""
    points, log_floor, grid = start.points, start.log_floor, start.grid
    known = log_floor is not None
    of_cell = start.weight.sum(axis=0)
    tau, level = grid.cells()
    best = int(np.argmax(of_cell))
    curve = _log_curves(points.time_s, tau[best : best + 1], level[best : best + 1], known=known)[0]
    share = _fading_share(curve, float(level[best]), known=known)
    waxing = start.waxing.chosen(_not_negligible(start.weight)).joined(_Waxing.of(share))
    for zoom in range(_N_ZOOMS):
        grid = grid.zoomed(of_cell / of_cell.sum())
        tau, level = grid.cells()
        curves = _log_curves(points.time_s, tau, level, known=known)
        weights = _weigh(points, waxing, curves, log_floor=log_floor)
        weight = np.exp(weights.log_weight - weights.log_weight.max())
        of_cell = weight.sum(axis=0)
        if zoom + 1 < _N_ZOOMS:
            waxing = waxing.chosen(_not_negligible(weight))
    return _drawn(grid, weight, weights, start)


def _not_negligible(weight: Floats) -> Bools:
    of_waxing = weight.sum(axis=1)
    return np.asarray(of_waxing > _NEGLIGIBLE * of_waxing.max())


def _drawn(grid: _Grid, weight: Floats, weights: _Weights, start: _Start) -> _Fit:
    """Draw evenly from the weights, spread within the cells by sequences without chance."""
    even = (np.arange(_N_DRAWS) + 0.5) / _N_DRAWS
    total = np.cumsum(weight.ravel())
    chosen = np.minimum(np.searchsorted(total, even * total[-1]), weight.size - 1)
    hypothesis, cell = np.divmod(chosen, weight.shape[1])
    # Additive recurrences of the powers of a root of x^5 = x + 1 fill four dimensions evenly.
    step = 1.1673039782614187 ** -np.arange(1.0, 5.0)
    spread = (0.5 + np.arange(1, _N_DRAWS + 1)[:, None] * step) % 1.0
    normal = np.sqrt(-2.0 * np.log(1.0 - spread[:, 2])) * np.cos(2.0 * np.pi * spread[:, 3])
    tau, level = grid.cells()
    tau_step = (grid.tau_limits[1] - grid.tau_limits[0]) / _N_TAU
    level_step = (grid.level_limits[1] - grid.level_limits[0]) / _N_LEVEL
    scale = weights.scale[hypothesis, cell] + weights.scale_sd[hypothesis, 0] * normal
    return _Fit(
        log_tau=tau[cell] + (spread[:, 0] - 0.5) * tau_step,
        level=level[cell] + (spread[:, 1] - 0.5) * level_step,
        log_scale=scale + (start.log_floor or 0.0),
        known=start.log_floor is not None,
        log_bayes_factor=start.log_bayes_factor,
    )


# --- from the posterior to the answer ----------------------------------------------------------


def judge_rest(
    points: Points,
    *,
    floor_ms2: float | None,
    n_left_out: int,
    noise_ms2: float = 0.0,
    rest_start_s: float = 0.0,
) -> Recovery:
    """Judge points that hold the noise of the sensor as well as the tremor.

    Parameters
    ----------
    points : Points
        In order of time.
    floor_ms2 : float or None
        RMS before the run, noise left out.
    n_left_out : int
        Values that could not be used.
    noise_ms2 : float
        RMS that the noise of the sensor gives; a steady one is part of the floor of the fit and
        taken out of what is reported.
    rest_start_s : float
        On the clock of the recording.
    """
    n = len(points.time_s)
    rest_s = float(points.time_s[-1]) if n else 0.0
    left_out = f"; {n_left_out} values could not be used" if n_left_out else ""
    observed_s = rest_s - float(points.time_s[0]) if n else 0.0
    if n < RECOVERY_LEAST_POINTS or observed_s < RECOVERY_LEAST_REST_S:
        return Recovery.insufficient(
            f"{n} still windows over {observed_s:.3g} s of rest; at least "
            f"{RECOVERY_LEAST_POINTS} over {RECOVERY_LEAST_REST_S:g} s are needed{left_out}",
            rest_s=rest_s,
            n_points=n,
            n_left_out=n_left_out,
            rest_start_s=rest_start_s,
            more_rest_needed_s=_asked(max(REST_ASKED_S - rest_s, MORE_REST_LEAST_S)),
        )
    points = _thinned(points)
    fit, remark = _with_best_floor(points, floor_ms2=floor_ms2, noise_ms2=noise_ms2)
    noise = noise_ms2**2

    def tremor(rms: Floats) -> Floats:
        return np.asarray(np.sqrt(np.maximum(rms**2 - noise, 0.0)))

    first_s = float(points.time_s[0])
    start_s = 0.0 if first_s <= LEAD_MOST_S else first_s
    start, end = tremor(fit.rms([start_s, rest_s])).T
    gone = 1.0 - end / np.maximum(start, np.finfo(np.float64).tiny)
    method = "decay to a floor " + ("from before the run" if fit.known else "that was fitted")
    verdict = _verdict(fit, gone, rest_s)
    if verdict != "decays":
        gone = _with_constant(gone, fit)
    fraction_gone = _estimate(gone, method)
    half_life, time_constant, why_not = _time_constants(fit, verdict, rest_s, method)
    more, ask = _more_rest(fit, verdict, rest_s, settled=_is_settled(half_life))
    time_s = np.linspace(start_s, rest_s, _N_CURVE)
    low, middle, high = np.quantile(tremor(fit.rms(time_s, every=4)), _QUANTILES, axis=0)
    if fit.known:
        floor = Estimate(floor_ms2, None, None, level=_LEVEL, method="level before the run")
    elif half_life.value is None:
        floor = Estimate.missing(why_not)
    else:
        floor = _estimate(tremor(fit.floor_rms()), method)
    return Recovery(
        verdict=verdict,
        half_life_s=half_life,
        time_constant_s=time_constant,
        initial_rms_ms2=_estimate(start, method),
        floor_rms_ms2=floor,
        fraction_gone=fraction_gone,
        more_rest_needed_s=more,
        reason="; ".join(
            part
            for part in (
                _in_words(fit, verdict, fraction_gone, rest_s),
                why_not if verdict == "decays" else "",
                ask,
                remark,
            )
            if part
        )
        + left_out,
        rest_s=rest_s,
        n_points=len(points.time_s),
        n_left_out=n_left_out,
        floor="baseline" if fit.known else "fitted",
        log_bayes_factor=fit.log_bayes_factor,
        rest_start_s=rest_start_s,
        curve_time_s=time_s,
        curve_rms_ms2=middle,
        curve_low_ms2=low,
        curve_high_ms2=high,
        point_time_s=points.time_s,
        point_rms_ms2=tremor(points.rms_ms2),
    )


_QUANTILES: Final = (0.5 - _LEVEL / 2.0, 0.5, 0.5 + _LEVEL / 2.0)


def _estimate(draws: Floats, method: str) -> Estimate:
    low, value, high = (float(limit) for limit in np.quantile(draws, _QUANTILES))
    return Estimate(value, low, high, level=_LEVEL, method=method)


def _with_best_floor(
    points: Points, *, floor_ms2: float | None, noise_ms2: float
) -> tuple[_Fit, str]:
    """Fit with the floor from before the run, unless the rest contradicts it."""
    total = math.hypot(floor_ms2 or 0.0, noise_ms2)
    if floor_ms2 is None or total <= 0.0:
        return _finish(_start(points, floor_ms2=None)), ""
    known, fitted = _start(points, floor_ms2=total), _start(points, floor_ms2=None)
    if fitted.log_evidence - known.log_evidence < FLOOR_OVERRULED_LOG_BAYES:
        return _finish(known), ""
    return _finish(fitted), (
        f"the level of {floor_ms2:.2g} m/s^2 before the run is not the one that this rest "
        "leads to, and was not used"
    )


def _with_constant(gone: Floats, fit: _Fit) -> Floats:
    """Give draws of the share gone with those of a constant tremor, by their odds, among them."""
    weight = math.exp(min(-fit.log_bayes_factor, 20.0))
    stays = min(round(weight * len(gone)), 40 * len(gone))
    return np.concatenate([gone, np.zeros(stays)])


def _verdict(fit: _Fit, gone: Floats, rest_s: float) -> Verdict:
    if fit.log_bayes_factor > DECAYS_LEAST_LOG_BAYES and np.median(gone) > DECAYS_LEAST_DROP:
        return "decays"
    most = float(np.quantile(_with_constant(gone, fit), _QUANTILES[-1]))
    if most < PERSISTS_MOST_DROP and rest_s >= PERSISTS_LEAST_REST_S:
        return "persists"
    return "not_determined"


def _time_constants(
    fit: _Fit, verdict: Verdict, rest_s: float, method: str
) -> tuple[Estimate, Estimate, str]:
    """Give half-life and time constant, or why they cannot be told."""
    tau = np.exp(fit.log_tau)
    low, middle, high = (float(limit) for limit in np.quantile(tau, _QUANTILES))
    needed = IDENTIFIABLE_REST_KNOWN if fit.known else IDENTIFIABLE_REST_FITTED
    reason = ""
    if verdict != "decays":
        reason = "no half-life, because no decay was shown"
    elif rest_s < needed * middle:
        least = math.log(2.0) * float(np.quantile(tau, 1.0 - _LEVEL))
        reason = (
            f"the half-life cannot be told from {rest_s:.3g} s of rest; it is at least "
            f"{least:.2g} s"
        )
    if reason:
        missing = Estimate.missing(reason)
        return missing, missing, reason
    top = high if high <= BOUNDED_TAU_OVER_REST * rest_s else None
    half_life, time_constant = (
        Estimate(
            factor * middle,
            factor * low,
            None if top is None else factor * top,
            level=_LEVEL,
            method=method,
        )
        for factor in (math.log(2.0), 1.0)
    )
    return half_life, time_constant, ""


def _is_settled(half_life: Estimate) -> bool:
    low, high = half_life.low, half_life.high
    return low is not None and high is not None and high <= WIDEST_SETTLED_RATIO * low


def _asked(value_s: float, high_s: float | None = None) -> Estimate:
    low_s = min(value_s, MORE_REST_LEAST_S)
    return Estimate(value_s, low_s, high_s, level=_LEVEL, method="rule: 5 time constants of rest")


def _more_rest(
    fit: _Fit, verdict: Verdict, rest_s: float, *, settled: bool
) -> tuple[Estimate, str]:
    """Say how much more rest would do: as many time constants as a reliable half-life takes."""
    if settled and verdict == "decays":
        return Estimate.missing("no more rest is needed"), ""
    if verdict == "persists":
        return Estimate.missing("the answer is clear; no more rest is needed"), ""
    if rest_s >= REST_MOST_S - MORE_REST_LEAST_S:
        reason = f"more rest than {rest_s / 60.0:.2g} min will not decide"
        return Estimate.missing(reason), reason
    factor = RELIABLE_REST_KNOWN if fit.known else RELIABLE_REST_FITTED
    tau = np.exp(fit.log_tau)
    middle, high = (float(limit) for limit in np.quantile(tau, _QUANTILES[1:]))
    most_s = REST_MOST_S - rest_s
    # A constant tremor puts no limit on tau: then as long again as the rest that is asked for.
    whole_s = factor * middle if middle <= rest_s else rest_s + REST_ASKED_S
    value_s = min(max(whole_s, REST_ASKED_S) - rest_s, most_s)
    value_s = max(value_s, MORE_REST_LEAST_S)
    high_s = min(factor * high - rest_s, most_s)
    minutes = math.ceil(value_s / 60.0)
    return (
        _asked(value_s, max(value_s, high_s)),
        f"record about {minutes} more minute{'s' if minutes > 1 else ''} of rest",
    )


def _in_words(fit: _Fit, verdict: Verdict, gone: Estimate, rest_s: float) -> str:
    low, high = (100.0 * (limit or 0.0) for limit in (gone.low, gone.high))
    if verdict == "decays":
        odds = math.exp(min(fit.log_bayes_factor, 20.0))
        size = f"{odds:.2g}" if odds < 1e4 else "over 10000"
        return f"over {rest_s:.3g} s of rest a decay is {size} times as likely as a constant tremor"
    if verdict == "persists":
        return f"at most {high:.2g} % of the tremor went over {rest_s:.3g} s of rest"
    return (
        f"over {rest_s:.3g} s of rest between {max(low, 0.0):.2g} and {high:.2g} % of the tremor "
        "went: neither decay nor persistence is shown"
    )
