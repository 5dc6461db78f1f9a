"""Verdict on a decay, its half-life and the share of the tremor that is gone.

They are read from the posterior of `tremor.measures.decay_posterior`. Where a rest begins, and
which windows belong to it, is decided in `tremor.analysis`; what a decay is evidence for is decided
in `tremor.explanation`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from tremor.estimate import LEVEL, Estimate
from tremor.measures.decay_growth import LARGEST_GROWTH, RemoveNoise, find_turn, grew_again, growth
from tremor.measures.decay_levels import end_levels, noise_remover
from tremor.measures.decay_posterior import (
    DecayPosterior,
    RmsSeries,
    coarse_posterior,
    refine_posterior,
    thin_series,
)
from tremor.notes import Note, note
from tremor.recording import Floats
from tremor.results.recovery import Recovery, RecoveryVerdict
from tremor.settings import DECAY_PRIOR, DECAY_READING
from tremor.settings.recoveries import RecoverySettings

__all__ = ["judge_decay"]

_QUANTILES: Final = (0.5 - LEVEL / 2.0, 0.5, 0.5 + LEVEL / 2.0)
#: Number of points of the reported curve, which every n-th draw enters.
_N_CURVE: Final = 61
_CURVE_EVERY: Final = 4
#: Larger odds are as good as certain, and are reported as this.
_LARGEST_ODDS: Final = 1e4
#: Log odds are computed up to this, which keeps their exponential finite.
_LARGEST_LOG_ODDS: Final = 20.0
#: Most draws of a constant tremor that are mixed in, per draw of a decay.
_MOST_CONSTANT: Final = 40
_LEAST_RMS_MS2: Final = np.finfo(np.float64).tiny


def judge_decay(
    points: RmsSeries,
    *,
    floor_ms2: float | None,
    n_left_out: int,
    rules: RecoverySettings,
    noise_ms2: float = 0.0,
    rest_start_s: float = 0.0,
) -> Recovery:
    """Judge a decay from the RMS over a rest, the noise of the sensor included.

    Parameters
    ----------
    points : RmsSeries
        In order of time.
    floor_ms2 : float or None
        RMS before the run without noise, m/s^2.
    n_left_out : int
        Number of values that could not be used.
    rules : RecoverySettings
        Thresholds of the verdict and of the numbers.
    noise_ms2 : float
        RMS of the sensor noise in the band, m/s^2. Steady noise is part of the fitted floor; it is
        removed from what is reported.
    rest_start_s : float
        Start of the rest, s from the start of the capture.

    Returns
    -------
    Recovery
        Verdict and numbers; times are from ``rest_start_s``.
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
            more_rest_needed_s=_more_rest_estimate(
                max(rules.rest_asked_s - rest_s, rules.more_rest_least_s), rules=rules
            ),
        )
    points = thin_series(points)
    remove_noise = noise_remover(noise_ms2)
    turn = find_turn(points, rules=rules)
    fitted = points if turn is None else points.chosen(slice(turn))
    posterior, remarks = _with_best_floor(
        fitted, floor_ms2=floor_ms2, noise_ms2=noise_ms2, rules=rules
    )
    found = _recovery_of_decay(posterior, fitted, remove_noise, floor_ms2=floor_ms2, rules=rules)
    if found.verdict != "decays":
        found = (
            _recovery_of_growth(found, points, remove_noise, posterior=posterior, rules=rules)
            or found
        )
    elif turn is not None:
        remarks += (grew_again(points, turn, remove_noise),)
    if found.verdict != "decays" or turn is not None:
        initial, final = end_levels(points, remove_noise, rules=rules)
        found = replace(found, final_rms_ms2=final)
        if found.verdict != "decays":
            found = replace(found, initial_rms_ms2=initial)
    return replace(
        found,
        reason=found.reason + left_out,
        remark=found.remark + remarks,
        n_left_out=n_left_out,
        rest_start_s=rest_start_s,
        point_time_s=points.time_s,
        point_rms_ms2=remove_noise(points.rms_ms2),
    )


def _recovery_of_decay(
    posterior: DecayPosterior,
    points: RmsSeries,
    remove_noise: RemoveNoise,
    *,
    floor_ms2: float | None,
    rules: RecoverySettings,
) -> Recovery:
    """Read verdict and numbers from the posterior of a decay."""
    first_s, rest_s = (float(end_s) for end_s in points.time_s[[0, -1]])
    start_s = 0.0 if first_s <= rules.lead_most_s else first_s
    posture = points.postures()
    # The last column is in the posture of the end, whose coupling may be another one.
    start, end, final = remove_noise(
        posterior.rms([start_s, rest_s, rest_s], posture=posture[[0, 0, -1]])
    ).T
    gone = 1.0 - end / np.maximum(start, _LEAST_RMS_MS2)
    verdict = _verdict(posterior, gone, rest_s, rules)
    draws = gone if verdict == "decays" else _with_constant(gone, posterior)
    fraction_gone = _estimate(draws, _method(posterior))
    half_life, time_constant, why_not = _time_constants(posterior, verdict, rest_s, rules)
    settled = verdict == "decays" and (_is_fast(posterior) or _is_settled(half_life, rules))
    more, ask = _more_rest(posterior, verdict, rest_s, settled=settled, rules=rules)
    time_s = np.linspace(start_s, rest_s, _N_CURVE)
    then = np.searchsorted(points.time_s, time_s, side="right") - 1
    low, middle, high = np.quantile(
        remove_noise(
            posterior.rms(time_s, posture=posture[np.maximum(then, 0)], every=_CURVE_EVERY)
        ),
        _QUANTILES,
        axis=0,
    )
    floor = _floor(posterior, floor_ms2, why_not, remove_noise, posture[0])
    onset = _onset(posterior, verdict, rules)
    remark: tuple[Note, ...] = ()
    if onset.value is not None:
        remark = (note("FADES_LATER", onset_s=_interval(onset)),)
    decided = _deciding(posterior, verdict, fraction_gone, rest_s, rules)
    reasons = (decided, why_not if verdict == "decays" else None, ask)
    # One keyword per field of the result.
    return Recovery(
        verdict=verdict,
        half_life_s=half_life,
        time_constant_s=time_constant,
        initial_rms_ms2=_estimate(start, _method(posterior)),
        final_rms_ms2=_estimate(final, _method(posterior)),
        onset_s=onset,
        remark=remark,
        floor_rms_ms2=floor,
        fraction_gone=fraction_gone,
        more_rest_needed_s=more,
        reason=tuple(reason for reason in reasons if reason is not None),
        rest_s=rest_s,
        n_points=len(points.time_s),
        floor="baseline" if posterior.is_floor_known else "fitted",
        log_bayes_factor=posterior.log_bayes_factor,
        curve_time_s=time_s,
        curve_rms_ms2=middle,
        curve_low_ms2=low,
        curve_high_ms2=high,
    )


def _recovery_of_growth(
    found: Recovery,
    points: RmsSeries,
    remove_noise: RemoveNoise,
    *,
    posterior: DecayPosterior,
    rules: RecoverySettings,
) -> Recovery | None:
    """Return the result for a tremor that grew, found by the same test backwards in time."""
    times = growth(points, remove_noise, rules)
    if times is None:
        return None
    rest_s = found.rest_s
    verdict: RecoveryVerdict = (
        "persists" if rest_s >= rules.persists_least_rest_s else "not_determined"
    )
    more, ask = _more_rest(posterior, verdict, rest_s, settled=False, rules=rules)
    reason = note("GREW", times=times, rest_s=rest_s)
    if times >= LARGEST_GROWTH:
        reason = note("GREW_FAR", times=LARGEST_GROWTH, rest_s=rest_s)
    without = Recovery.insufficient(
        note("TREMOR_GREW"), rest_s=rest_s, n_points=found.n_points, more_rest_needed_s=more
    )
    return replace(
        without,
        verdict=verdict,
        reason=(reason,) if ask is None else (reason, ask),
        log_bayes_factor=found.log_bayes_factor,
    )


def _interval(estimate: Estimate) -> dict[str, float | None]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _method(posterior: DecayPosterior) -> str:
    return "decay to a floor " + (
        "from before the run" if posterior.is_floor_known else "that was fitted"
    )


def _estimate(draws: Floats, method: str) -> Estimate:
    low, value, high = (float(limit) for limit in np.quantile(draws, _QUANTILES))
    return Estimate(value, low, high, level=LEVEL, method=method)


def _with_best_floor(
    points: RmsSeries, *, floor_ms2: float | None, noise_ms2: float, rules: RecoverySettings
) -> tuple[DecayPosterior, tuple[Note, ...]]:
    """Return the posterior with the floor from before the run, unless the rest contradicts it."""
    total = math.hypot(floor_ms2 or 0.0, noise_ms2)
    # A level from before the run is that of one posture.
    if floor_ms2 is None or total <= 0.0 or points.postures().any():
        return refine_posterior(coarse_posterior(points, floor_ms2=None)), ()
    known, fitted = (coarse_posterior(points, floor_ms2=floor) for floor in (total, None))
    if fitted.log_evidence - known.log_evidence < rules.floor_overruled_log_bayes:
        return refine_posterior(known), ()
    return refine_posterior(fitted), (note("BASELINE_NOT_USED", level_ms2=floor_ms2),)


def _floor(
    posterior: DecayPosterior,
    floor_ms2: float | None,
    why_not: Note | None,
    remove_noise: RemoveNoise,
    posture: int,
) -> Estimate:
    """Return the level that the tremor fades to, in the posture of the beginning."""
    if posterior.is_floor_known:
        return Estimate(floor_ms2, None, None, level=LEVEL, method="level before the run")
    if why_not is not None:
        return Estimate.missing(why_not)
    return _estimate(remove_noise(posterior.floor_rms(posture)), _method(posterior))


def _onset(
    posterior: DecayPosterior, verdict: RecoveryVerdict, rules: RecoverySettings
) -> Estimate:
    """Return when the fading began, if it did not begin with the rest."""
    if verdict != "decays" or posterior.plateau_share < rules.plateau_least_probability:
        return Estimate.missing(note("NO_PLATEAU"))
    return _estimate(posterior.cells.onset_s, _method(posterior))


def _with_constant(gone: Floats, posterior: DecayPosterior) -> Floats:
    """Return draws of the share gone, mixed with those of a constant tremor by their odds."""
    weight = math.exp(min(-posterior.log_bayes_factor, _LARGEST_LOG_ODDS))
    n_constant = min(round(weight * len(gone)), _MOST_CONSTANT * len(gone))
    return np.concatenate([gone, np.zeros(n_constant)])


def _verdict(
    posterior: DecayPosterior, gone: Floats, rest_s: float, rules: RecoverySettings
) -> RecoveryVerdict:
    likelier = posterior.log_bayes_factor > rules.decays_least_log_bayes
    if likelier and np.median(gone) > rules.decays_least_drop:
        return "decays"
    most = float(np.quantile(_with_constant(gone, posterior), _QUANTILES[-1]))
    if most < rules.persists_most_drop and rest_s >= rules.persists_least_rest_s:
        return "persists"
    return "not_determined"


def _time_constants(
    posterior: DecayPosterior, verdict: RecoveryVerdict, rest_s: float, rules: RecoverySettings
) -> tuple[Estimate, Estimate, Note | None]:
    """Return half-life and time constant, or the reason why there are none."""
    tau, onset_s = posterior.tau_s, float(np.median(posterior.cells.onset_s))
    low, middle, high = (float(limit) for limit in np.quantile(tau, _QUANTILES))
    needed = rules.half_life_least_taus_fitted
    if posterior.is_floor_known:
        needed = rules.half_life_least_taus_known
    reason = None
    if verdict != "decays":
        reason = note("NO_DECAY_SHOWN")
    elif _is_fast(posterior):
        reason = note("DECAY_TOO_FAST", half_life_high_s=math.log(2.0) * high)
    elif rest_s - onset_s < needed * middle:
        least = math.log(2.0) * float(np.quantile(tau, 1.0 - LEVEL))
        reason = note("REST_SHORT_FOR_HALF_LIFE", rest_s=rest_s, half_life_low_s=least)
    if reason is not None:
        missing = Estimate.missing(reason)
        return missing, missing, reason
    top = high if high <= rules.bounded_tau_over_rest * rest_s else None
    bottom = low if low > DECAY_READING.edge_factor * DECAY_PRIOR.shortest_tau_s else None
    half_life, time_constant = (
        Estimate(
            factor * middle,
            None if bottom is None else factor * bottom,
            None if top is None else factor * top,
            level=LEVEL,
            method=_method(posterior),
        )
        for factor in (math.log(2.0), 1.0)
    )
    return half_life, time_constant, None


def _is_fast(posterior: DecayPosterior) -> bool:
    """Check whether a decay lies at the lower edge of the prior."""
    return (
        float(np.median(posterior.tau_s)) < DECAY_READING.fast_factor * DECAY_PRIOR.shortest_tau_s
    )


def _is_settled(half_life: Estimate, rules: RecoverySettings) -> bool:
    if half_life.high is None:
        return False
    return half_life.high <= rules.settled_most_ratio * (half_life.low or half_life.high)


def _more_rest_estimate(
    value_s: float, high_s: float | None = None, *, rules: RecoverySettings
) -> Estimate:
    low_s = min(value_s, rules.more_rest_least_s)
    method = f"rule: {rules.reliable_taus_fitted:g} time constants of rest"
    return Estimate(value_s, low_s, high_s, level=LEVEL, method=method)


def _more_rest(
    posterior: DecayPosterior,
    verdict: RecoveryVerdict,
    rest_s: float,
    *,
    settled: bool,
    rules: RecoverySettings,
) -> tuple[Estimate, Note | None]:
    """Return how much more rest a reliable half-life takes, in time constants of this one."""
    if settled:
        return Estimate.missing(note("NO_MORE_REST")), None
    if verdict == "persists":
        return Estimate.missing(note("ANSWER_CLEAR")), None
    if rest_s >= rules.rest_most_s - rules.more_rest_least_s:
        reason = note("MORE_REST_FUTILE", rest_min=rest_s / 60.0)
        return Estimate.missing(reason), reason
    factor = rules.reliable_taus_known if posterior.is_floor_known else rules.reliable_taus_fitted
    tau = posterior.tau_s
    middle, high = (float(limit) for limit in np.quantile(tau, _QUANTILES[1:]))
    most_s = rules.rest_most_s - rest_s
    # A constant tremor puts no limit on tau: then as long again as the rest that is asked for.
    whole_s = rest_s + rules.rest_asked_s
    if middle <= rest_s:
        whole_s = factor * middle + float(np.median(posterior.cells.onset_s))
    value_s = min(max(whole_s, rules.rest_asked_s) - rest_s, most_s)
    value_s = max(value_s, rules.more_rest_least_s)
    high_s = min(factor * high - rest_s, most_s)
    minutes = math.ceil(value_s / 60.0)
    return (
        _more_rest_estimate(value_s, max(value_s, high_s), rules=rules),
        note("MORE_REST", minutes=minutes),
    )


def _deciding(
    posterior: DecayPosterior,
    verdict: RecoveryVerdict,
    gone: Estimate,
    rest_s: float,
    rules: RecoverySettings,
) -> Note:
    low, high = (100.0 * (limit or 0.0) for limit in (gone.low, gone.high))
    if verdict == "decays":
        odds = math.exp(min(posterior.log_bayes_factor, _LARGEST_LOG_ODDS))
        if odds < _LARGEST_ODDS:
            return note("DECAY_LIKELIER", rest_s=rest_s, odds=odds)
        return note("DECAY_FAR_LIKELIER", rest_s=rest_s, odds=_LARGEST_ODDS)
    if verdict == "persists":
        return note("PERSISTS", gone_percent=math.ceil(max(high, 1.0)), rest_s=rest_s)
    if high < 100.0 * rules.persists_most_drop:
        return note(
            "STEADY_SO_FAR",
            gone_percent=math.ceil(max(high, 1.0)),
            rest_s=rest_s,
            least_s=rules.persists_least_rest_s,
        )
    return note("UNDECIDED", rest_s=rest_s, gone_low_percent=max(low, 0.0), gone_high_percent=high)
