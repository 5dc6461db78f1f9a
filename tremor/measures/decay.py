"""What a decay says: half-life, share gone, and a three-way verdict with its odds.

The posterior that this is read from is `tremor.measures.decay_posterior`. Where a rest begins, and
which windows belong to it, is decided in `tremor.analysis`; what a decay speaks for is not decided
here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.estimate import Estimate
from tremor.measures.decay_posterior import DecayFit, Points, coarse_fit, fine_fit, thinned
from tremor.measures.recovery import Recovery, Verdict
from tremor.recording import Floats

__all__ = ["RecoveryRules", "judge_rest"]

_N_CURVE: Final = 61
_LEVEL: Final = 0.95


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
    left_out = f"; {n_left_out} values could not be used" if n_left_out else ""
    observed_s = rest_s - float(points.time_s[0]) if n else 0.0
    if n < rules.recovery_least_points or observed_s < rules.recovery_least_rest_s:
        return Recovery.insufficient(
            f"{n} still windows over {observed_s:.3g} s of rest; at least "
            f"{rules.recovery_least_points:g} over {rules.recovery_least_rest_s:g} s are needed"
            f"{left_out}",
            rest_s=rest_s,
            n_points=n,
            n_left_out=n_left_out,
            rest_start_s=rest_start_s,
            more_rest_needed_s=_asked(
                max(rules.rest_asked_s - rest_s, rules.more_rest_least_s), rules=rules
            ),
        )
    points = thinned(points)
    fit, remark = _with_best_floor(points, floor_ms2=floor_ms2, noise_ms2=noise_ms2, rules=rules)
    noise = noise_ms2**2

    def tremor(rms: Floats) -> Floats:
        return np.asarray(np.sqrt(np.maximum(rms**2 - noise, 0.0)))

    first_s = float(points.time_s[0])
    start_s = 0.0 if first_s <= rules.lead_most_s else first_s
    start, end = tremor(fit.rms([start_s, rest_s])).T
    gone = 1.0 - end / np.maximum(start, np.finfo(np.float64).tiny)
    method = _method(fit)
    verdict = _verdict(fit, gone, rest_s, rules)
    if verdict != "decays":
        gone = _with_constant(gone, fit)
    fraction_gone = _estimate(gone, method)
    half_life, time_constant, why_not = _time_constants(fit, verdict, rest_s, rules)
    more, ask = _more_rest(fit, verdict, rest_s, settled=_is_settled(half_life, rules), rules=rules)
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


def _method(fit: DecayFit) -> str:
    return "decay to a floor " + ("from before the run" if fit.known else "that was fitted")


def _estimate(draws: Floats, method: str) -> Estimate:
    low, value, high = (float(limit) for limit in np.quantile(draws, _QUANTILES))
    return Estimate(value, low, high, level=_LEVEL, method=method)


def _with_best_floor(
    points: Points, *, floor_ms2: float | None, noise_ms2: float, rules: RecoveryRules
) -> tuple[DecayFit, str]:
    """Fit with the floor from before the run, unless the rest contradicts it."""
    total = math.hypot(floor_ms2 or 0.0, noise_ms2)
    if floor_ms2 is None or total <= 0.0:
        return fine_fit(coarse_fit(points, floor_ms2=None)), ""
    known, fitted = (coarse_fit(points, floor_ms2=floor) for floor in (total, None))
    if fitted.log_evidence - known.log_evidence < rules.floor_overruled_log_bayes:
        return fine_fit(known), ""
    return fine_fit(fitted), (
        f"the level of {floor_ms2:.2g} m/s^2 before the run is not the one that this rest "
        "leads to, and was not used"
    )


def _with_constant(gone: Floats, fit: DecayFit) -> Floats:
    """Give draws of the share gone with those of a constant tremor, by their odds, among them."""
    weight = math.exp(min(-fit.log_bayes_factor, 20.0))
    stays = min(round(weight * len(gone)), 40 * len(gone))
    return np.concatenate([gone, np.zeros(stays)])


def _verdict(fit: DecayFit, gone: Floats, rest_s: float, rules: RecoveryRules) -> Verdict:
    likelier = fit.log_bayes_factor > rules.decays_least_log_bayes
    if likelier and np.median(gone) > rules.decays_least_drop:
        return "decays"
    most = float(np.quantile(_with_constant(gone, fit), _QUANTILES[-1]))
    if most < rules.persists_most_drop and rest_s >= rules.persists_least_rest_s:
        return "persists"
    return "not_determined"


def _time_constants(
    fit: DecayFit, verdict: Verdict, rest_s: float, rules: RecoveryRules
) -> tuple[Estimate, Estimate, str]:
    """Give half-life and time constant, or why they cannot be told."""
    tau = np.exp(fit.log_tau)
    low, middle, high = (float(limit) for limit in np.quantile(tau, _QUANTILES))
    needed = rules.half_life_least_taus_fitted
    if fit.known:
        needed = rules.half_life_least_taus_known
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
    top = high if high <= rules.bounded_tau_over_rest * rest_s else None
    half_life, time_constant = (
        Estimate(
            factor * middle,
            factor * low,
            None if top is None else factor * top,
            level=_LEVEL,
            method=_method(fit),
        )
        for factor in (math.log(2.0), 1.0)
    )
    return half_life, time_constant, ""


def _is_settled(half_life: Estimate, rules: RecoveryRules) -> bool:
    low, high = half_life.low, half_life.high
    return low is not None and high is not None and high <= rules.settled_most_ratio * low


def _asked(value_s: float, high_s: float | None = None, *, rules: RecoveryRules) -> Estimate:
    low_s = min(value_s, rules.more_rest_least_s)
    method = f"rule: {rules.reliable_taus_fitted:g} time constants of rest"
    return Estimate(value_s, low_s, high_s, level=_LEVEL, method=method)


def _more_rest(
    fit: DecayFit, verdict: Verdict, rest_s: float, *, settled: bool, rules: RecoveryRules
) -> tuple[Estimate, str]:
    """Say how much more rest would do: as many time constants as a reliable half-life takes."""
    if settled and verdict == "decays":
        return Estimate.missing("no more rest is needed"), ""
    if verdict == "persists":
        return Estimate.missing("the answer is clear; no more rest is needed"), ""
    if rest_s >= rules.rest_most_s - rules.more_rest_least_s:
        reason = f"more rest than {rest_s / 60.0:.2g} min will not decide"
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
        f"record about {minutes} more minute{'s' if minutes > 1 else ''} of rest",
    )


def _in_words(fit: DecayFit, verdict: Verdict, gone: Estimate, rest_s: float) -> str:
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
