"""What a decay says: half-life, share gone, and a three-way verdict with its odds.

The posterior that this is read from is `tremor.measures.decay_posterior`. Where a rest begins, and
which windows belong to it, is decided in `tremor.analysis`; what a decay speaks for is not decided
here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tremor.estimate import Estimate
from tremor.measures.decay_posterior import (
    SHORTEST_TAU_S,
    DecayFit,
    Points,
    coarse_fit,
    fine_fit,
    thinned,
)
from tremor.notes import Note, note
from tremor.recording import Floats
from tremor.results.recovery import Recovery, RecoveryVerdict

__all__ = ["RecoveryRules", "judge_rest"]

#: From RMS with the noise of the sensor to RMS of the tremor.
_Levels = Callable[[Floats], Floats]

_N_CURVE: Final = 61
_LEVEL: Final = 0.95
#: Multiples of the shortest time constant searched: a limit below the first is that edge and no
#: limit; a median below the second says only that the tremor went faster than windows can follow.
_EDGE: Final = 1.05
_FAST: Final = 1.2
#: Growth beyond this is a tremor that was not there before; its size says nothing.
_MANY: Final = 100.0
#: Odds beyond this are as good as certain.
_MOST_ODDS: Final = 1e4
_LEAST_POWER: Final = np.finfo(np.float64).tiny


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRules:
    """Thresholds of a recovery; the settings of the same names hold numbers, units and reasons."""

    recovery_least_points: float
    recovery_least_rest_s: float
    decays_least_log_bayes: float
    decays_least_drop: float
    persists_most_drop: float
    persists_least_rest_s: float
    half_life_least_taus_fitted: float
    half_life_least_taus_known: float
    reliable_taus_fitted: float
    reliable_taus_known: float
    settled_most_ratio: float
    bounded_tau_over_rest: float
    floor_overruled_log_bayes: float
    lead_most_s: float
    rest_asked_s: float
    more_rest_least_s: float
    rest_most_s: float


def judge_rest(
    points: Points,
    *,
    floor_ms2: float | None,
    n_left_out: int,
    rules: RecoveryRules,
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
    rules : RecoveryRules
        Thresholds of the verdict and of what is given.
    noise_ms2 : float
        RMS that the noise of the sensor gives; a steady one is part of the floor of the fit and
        taken out of what is reported.
    rest_start_s : float
        On the clock of the recording.

    Returns
    -------
    Recovery
        Verdict and numbers; times count from ``rest_start_s``.
    """
    n = len(points.time_s)
    rest_s = float(points.time_s[-1]) if n else 0.0
    left_out = (note("VALUES_LEFT_OUT", n_values=n_left_out),) if n_left_out else ()
    observed_s = rest_s - float(points.time_s[0]) if n else 0.0
    if n < rules.recovery_least_points or observed_s < rules.recovery_least_rest_s:
        return Recovery.insufficient(
            note(
                "REST_TOO_SHORT",
                n_points=n,
                observed_s=observed_s,
                least_points=rules.recovery_least_points,
                least_s=rules.recovery_least_rest_s,
            ),
            *left_out,
            rest_s=rest_s,
            n_points=n,
            n_left_out=n_left_out,
            rest_start_s=rest_start_s,
            more_rest_needed_s=_asked(
                max(rules.rest_asked_s - rest_s, rules.more_rest_least_s), rules=rules
            ),
        )
    points = thinned(points)
    noise_power = noise_ms2**2

    def tremor(rms: Floats) -> Floats:
        return np.asarray(np.sqrt(np.maximum(rms**2 - noise_power, _LEAST_POWER)))

    fit, remark = _with_best_floor(points, floor_ms2=floor_ms2, noise_ms2=noise_ms2, rules=rules)
    found = _read(fit, points, tremor, floor_ms2=floor_ms2, rules=rules)
    if found.verdict != "decays":
        found = _grown(found, points, tremor, fit=fit, rules=rules) or found
    return replace(
        found,
        reason=found.reason + left_out,
        remark=remark,
        n_left_out=n_left_out,
        rest_start_s=rest_start_s,
        point_time_s=points.time_s,
        point_rms_ms2=tremor(points.rms_ms2),
    )


def _read(
    fit: DecayFit,
    points: Points,
    tremor: _Levels,
    *,
    floor_ms2: float | None,
    rules: RecoveryRules,
) -> Recovery:
    """Read verdict and numbers off the draws of a decay."""
    first_s, rest_s = (float(end_s) for end_s in points.time_s[[0, -1]])
    start_s = 0.0 if first_s <= rules.lead_most_s else first_s
    start, end = tremor(fit.rms([start_s, rest_s])).T
    gone = 1.0 - end / start
    verdict = _verdict(fit, gone, rest_s, rules)
    draws = gone if verdict == "decays" else _with_constant(gone, fit)
    fraction_gone = _estimate(draws, _method(fit))
    half_life, time_constant, why_not = _time_constants(fit, verdict, rest_s, rules)
    settled = verdict == "decays" and (_is_fast(fit) or _is_settled(half_life, rules))
    more, ask = _more_rest(fit, verdict, rest_s, settled=settled, rules=rules)
    time_s = np.linspace(start_s, rest_s, _N_CURVE)
    low, middle, high = np.quantile(tremor(fit.rms(time_s, every=4)), _QUANTILES, axis=0)
    if fit.known:
        floor = Estimate(floor_ms2, None, None, level=_LEVEL, method="level before the run")
    elif why_not is not None:
        floor = Estimate.missing(why_not)
    else:
        floor = _estimate(tremor(fit.floor_rms()), _method(fit))
    decided = _deciding(fit, verdict, fraction_gone, rest_s)
    reasons = (decided, why_not if verdict == "decays" else None, ask)
    return Recovery(
        verdict=verdict,
        half_life_s=half_life,
        time_constant_s=time_constant,
        initial_rms_ms2=_estimate(start, _method(fit)),
        floor_rms_ms2=floor,
        fraction_gone=fraction_gone,
        more_rest_needed_s=more,
        reason=tuple(reason for reason in reasons if reason is not None),
        rest_s=rest_s,
        n_points=len(points.time_s),
        floor="baseline" if fit.known else "fitted",
        log_bayes_factor=fit.log_bayes_factor,
        curve_time_s=time_s,
        curve_rms_ms2=middle,
        curve_low_ms2=low,
        curve_high_ms2=high,
    )


def _grown(
    found: Recovery, points: Points, tremor: _Levels, *, fit: DecayFit, rules: RecoveryRules
) -> Recovery | None:
    """Give the answer for a tremor that grew, told by the same test backwards in time."""
    times = _growth(points, tremor, rules)
    if times is None:
        return None
    rest_s = found.rest_s
    verdict: RecoveryVerdict = (
        "persists" if rest_s >= rules.persists_least_rest_s else "not_determined"
    )
    more, ask = _more_rest(fit, verdict, rest_s, settled=False, rules=rules)
    reason = note("GREW", times=times, rest_s=rest_s)
    if times >= _MANY:
        reason = note("GREW_FAR", times=_MANY, rest_s=rest_s)
    without = Recovery.insufficient(
        note("TREMOR_GREW"), rest_s=rest_s, n_points=found.n_points, more_rest_needed_s=more
    )
    return replace(
        without,
        verdict=verdict,
        reason=(reason,) if ask is None else (reason, ask),
        log_bayes_factor=found.log_bayes_factor,
    )


_QUANTILES: Final = (0.5 - _LEVEL / 2.0, 0.5, 0.5 + _LEVEL / 2.0)


def _method(fit: DecayFit) -> str:
    return "decay to a floor " + ("from before the run" if fit.known else "that was fitted")


def _estimate(draws: Floats, method: str) -> Estimate:
    low, value, high = (float(limit) for limit in np.quantile(draws, _QUANTILES))
    return Estimate(value, low, high, level=_LEVEL, method=method)


def _with_best_floor(
    points: Points, *, floor_ms2: float | None, noise_ms2: float, rules: RecoveryRules
) -> tuple[DecayFit, Note | None]:
    """Fit with the floor from before the run, unless the rest contradicts it."""
    total = math.hypot(floor_ms2 or 0.0, noise_ms2)
    if floor_ms2 is None or total <= 0.0:
        return fine_fit(coarse_fit(points, floor_ms2=None)), None
    known, fitted = (coarse_fit(points, floor_ms2=floor) for floor in (total, None))
    if fitted.log_evidence - known.log_evidence < rules.floor_overruled_log_bayes:
        return fine_fit(known), None
    return fine_fit(fitted), note("BASELINE_NOT_USED", level_ms2=floor_ms2)


def _with_constant(gone: Floats, fit: DecayFit) -> Floats:
    """Give draws of the share gone with those of a constant tremor, by their odds, among them."""
    weight = math.exp(min(-fit.log_bayes_factor, 20.0))
    stays = min(round(weight * len(gone)), 40 * len(gone))
    return np.concatenate([gone, np.zeros(stays)])


def _growth(points: Points, tremor: _Levels, rules: RecoveryRules) -> float | None:
    """Give how many times stronger the tremor got; None where it is not shown to have grown."""
    ends_s = points.time_s[[0, -1]]
    backwards = Points(
        ends_s.sum() - points.time_s[::-1], points.rms_ms2[::-1], points.log_variance[::-1]
    )
    coarse = coarse_fit(backwards, floor_ms2=None)
    if coarse.log_bayes_factor <= rules.decays_least_log_bayes:
        return None
    last, first = tremor(fine_fit(coarse).rms(ends_s)).T
    times = float(np.median(last / first))
    return times if 1.0 - 1.0 / times > rules.decays_least_drop else None


def _verdict(fit: DecayFit, gone: Floats, rest_s: float, rules: RecoveryRules) -> RecoveryVerdict:
    likelier = fit.log_bayes_factor > rules.decays_least_log_bayes
    if likelier and np.median(gone) > rules.decays_least_drop:
        return "decays"
    most = float(np.quantile(_with_constant(gone, fit), _QUANTILES[-1]))
    if most < rules.persists_most_drop and rest_s >= rules.persists_least_rest_s:
        return "persists"
    return "not_determined"


def _time_constants(
    fit: DecayFit, verdict: RecoveryVerdict, rest_s: float, rules: RecoveryRules
) -> tuple[Estimate, Estimate, Note | None]:
    """Give half-life and time constant, or why they cannot be told."""
    tau = np.exp(fit.log_tau)
    low, middle, high = (float(limit) for limit in np.quantile(tau, _QUANTILES))
    needed = rules.half_life_least_taus_fitted
    if fit.known:
        needed = rules.half_life_least_taus_known
    reason = None
    if verdict != "decays":
        reason = note("NO_DECAY_SHOWN")
    elif _is_fast(fit):
        reason = note("DECAY_TOO_FAST", half_life_high_s=math.log(2.0) * high)
    elif rest_s < needed * middle:
        least = math.log(2.0) * float(np.quantile(tau, 1.0 - _LEVEL))
        reason = note("REST_SHORT_FOR_HALF_LIFE", rest_s=rest_s, half_life_low_s=least)
    if reason is not None:
        missing = Estimate.missing(reason)
        return missing, missing, reason
    top = high if high <= rules.bounded_tau_over_rest * rest_s else None
    bottom = low if low > _EDGE * SHORTEST_TAU_S else None
    half_life, time_constant = (
        Estimate(
            factor * middle,
            None if bottom is None else factor * bottom,
            None if top is None else factor * top,
            level=_LEVEL,
            method=_method(fit),
        )
        for factor in (math.log(2.0), 1.0)
    )
    return half_life, time_constant, None


def _is_fast(fit: DecayFit) -> bool:
    """Tell a decay that lies at the lower edge of what was searched."""
    return float(np.exp(np.median(fit.log_tau))) < _FAST * SHORTEST_TAU_S


def _is_settled(half_life: Estimate, rules: RecoveryRules) -> bool:
    if half_life.high is None:
        return False
    return half_life.high <= rules.settled_most_ratio * (half_life.low or half_life.high)


def _asked(value_s: float, high_s: float | None = None, *, rules: RecoveryRules) -> Estimate:
    low_s = min(value_s, rules.more_rest_least_s)
    method = f"rule: {rules.reliable_taus_fitted:g} time constants of rest"
    return Estimate(value_s, low_s, high_s, level=_LEVEL, method=method)


def _more_rest(
    fit: DecayFit, verdict: RecoveryVerdict, rest_s: float, *, settled: bool, rules: RecoveryRules
) -> tuple[Estimate, Note | None]:
    """Say how much more rest would do: as many time constants as a reliable half-life takes."""
    if settled:
        return Estimate.missing(note("NO_MORE_REST")), None
    if verdict == "persists":
        return Estimate.missing(note("ANSWER_CLEAR")), None
    if rest_s >= rules.rest_most_s - rules.more_rest_least_s:
        reason = note("MORE_REST_FUTILE", rest_min=rest_s / 60.0)
        return Estimate.missing(reason), reason
    factor = rules.reliable_taus_known if fit.known else rules.reliable_taus_fitted
    tau = np.exp(fit.log_tau)
    middle, high = (float(limit) for limit in np.quantile(tau, _QUANTILES[1:]))
    most_s = rules.rest_most_s - rest_s
    # A constant tremor puts no limit on tau: then as long again as the rest that is asked for.
    whole_s = factor * middle if middle <= rest_s else rest_s + rules.rest_asked_s
    value_s = min(max(whole_s, rules.rest_asked_s) - rest_s, most_s)
    value_s = max(value_s, rules.more_rest_least_s)
    high_s = min(factor * high - rest_s, most_s)
    minutes = math.ceil(value_s / 60.0)
    return (
        _asked(value_s, max(value_s, high_s), rules=rules),
        note("MORE_REST", minutes=minutes),
    )


def _deciding(fit: DecayFit, verdict: RecoveryVerdict, gone: Estimate, rest_s: float) -> Note:
    low, high = (100.0 * (limit or 0.0) for limit in (gone.low, gone.high))
    if verdict == "decays":
        odds = math.exp(min(fit.log_bayes_factor, 20.0))
        if odds < _MOST_ODDS:
            return note("DECAY_LIKELIER", rest_s=rest_s, odds=odds)
        return note("DECAY_FAR_LIKELIER", rest_s=rest_s, odds=_MOST_ODDS)
    if verdict == "persists":
        return note("PERSISTS", gone_percent=high, rest_s=rest_s)
    return note("UNDECIDED", rest_s=rest_s, gone_low_percent=max(low, 0.0), gone_high_percent=high)
