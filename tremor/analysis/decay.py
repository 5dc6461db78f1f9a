"""Recovery: from the windows of a rest, or a series of RMS, to verdict and half-life.

Rests are found in `tremor.analysis.rest`; the model of the decay is in
`tremor.measures.decay_posterior`, its verdict in `tremor.measures.decay_verdict`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tremor.analysis.rest import (
    TIME_TOLERANCE_S,
    Rest,
    find_movements,
    is_still,
    rests_together,
)
from tremor.analysis.rest_signal import Capture, RestSignal, band_signal, has_power, line_signal
from tremor.analysis.rms_series import NoisySeries, rms_series
from tremor.analysis.turns import find_change
from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.measures.decay_levels import end_levels, noise_remover
from tremor.measures.decay_posterior import RmsSeries
from tremor.measures.decay_verdict import judge_decay
from tremor.notes import Note, note
from tremor.results.analysis import Summary
from tremor.results.recovery import Recovery
from tremor.results.windows import WindowTable
from tremor.settings import RMS_SERIES, AnalysisSettings

__all__ = ["baseline_floor", "fit_recovery", "recovery_of", "still_level", "with_ends"]

Bools = npt.NDArray[np.bool_]


def fit_recovery(
    time_s: npt.ArrayLike,
    rms_ms2: npt.ArrayLike,
    rms_relative_sd: npt.ArrayLike,
    *,
    floor_ms2: float | None = None,
    settings: AnalysisSettings | None = None,
) -> Recovery:
    """Fit a decay to a floor to the RMS of a tremor over a rest.

    Parameters
    ----------
    time_s : array_like, shape (n,)
        Centres of the windows, s from the start of the rest, strictly rising.
    rms_ms2 : array_like, shape (n,)
        RMS acceleration of each window, m/s^2. All windows of the rest belong here, also those too
        weak for tremor: without them the end looks too strong.
    rms_relative_sd : array_like, shape (n,) or ()
        Relative standard deviation of each RMS: the scatter of the estimate in its window, without
        the waxing and waning of the tremor itself.
    floor_ms2 : float, optional
        RMS of the leg at rest before the run, m/s^2; fitted if not given.
    settings : AnalysisSettings, optional
        Thresholds of the verdict and of the numbers.

    Returns
    -------
    Recovery
        Verdict, half-life and the other numbers with 95 % intervals.

    Raises
    ------
    InvalidInputError
        If shapes differ, times do not rise, an RMS, a time or a standard deviation is negative, or
        the floor is not positive.

    Notes
    -----
    ``RMS^2(t) = A^2 exp(-2 t / tau) + F^2``, in log RMS, because powers add and tremor varies by
    factors. The covariance of the log RMS is ``diag(v) + s^2 w_i w_j exp(-|t_i - t_j| / c)``:
    scatter of the windows, and waxing and waning of log standard deviation s with correlation time
    c. The share w is 1 if the whole tremor waxes and wanes, and that of the fading part if the
    floor is steady; both are considered, weighted by their likelihood. s (up to 0.7, half-normal
    of scale 0.3) and c (2 to 64 s, log-normal about 15 s) are integrated out over a grid, the level
    by its flat prior (REML), ln tau and the floor over a grid with flat priors: in ln tau from 10 s
    to 20 times the rest, and in the share that stays. Intervals are quantiles of the posterior: a
    rest too short for tau gives a wide or open interval instead of a wrong one.

    "decays" requires that the evidence for a decay over that for a constant tremor, under the same
    waxing and waning, is above 3.7 to 1 and the drop above 30 %; "persists", that the drop is
    below 30 % at 95 % over five minutes, settling excluded, or that the tremor grew. Otherwise the
    verdict is "not_determined". The half-life is given if the rest lasted two time constants (one
    with the floor known). ``settings`` holds these limits.

    Values that are not finite, and RMS of zero, are left out and their number is reported. More
    than 300 points are averaged in power.

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
    points, n_left_out = _as_series(time_s, rms_ms2, rms_relative_sd)
    if floor_ms2 is not None and not (math.isfinite(floor_ms2) and floor_ms2 > 0.0):
        raise InvalidInputError(
            f"floor_ms2 is {floor_ms2} m/s^2; give the RMS at rest before the run, above zero, or "
            "leave it out"
        )
    return judge_decay(
        points,
        floor_ms2=floor_ms2,
        n_left_out=n_left_out,
        rules=settings or AnalysisSettings(),
    )


def _as_series(
    time_s: npt.ArrayLike, rms_ms2: npt.ArrayLike, rms_relative_sd: npt.ArrayLike
) -> tuple[RmsSeries, int]:
    """Check the arguments and return those that are usable, and the number of others."""
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
    variance = np.clip(spread, RMS_SERIES.least_relative_sd, RMS_SERIES.most_relative_sd) ** 2
    return RmsSeries(time, rms, variance), int(usable.size - np.count_nonzero(usable))


def recovery_of(
    table: WindowTable,
    *,
    rest_start_s: float,
    settings: AnalysisSettings,
    floor_ms2: float | None = None,
    capture: Capture | None = None,
    in_bursts: bool = False,
) -> Recovery:
    """Estimate the recovery from the still windows of a rest.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    rest_start_s : float
        As `find_rest_start` returns it, s from the start of the capture. The rest ends with the
        next movement of 20 s or more; with the samples at hand it goes on after one of up to three
        minutes in which the runner does not run.
    settings : AnalysisSettings
        Length and step of the windows.
    floor_ms2 : float, optional
        As `baseline_floor` returns it, m/s^2.
    capture : Capture, optional
        The samples, which are read again for the power at the line and for the direction of
        gravity; without them the power is that of the whole band, and one posture is assumed.
    in_bursts : bool
        Whether the tremor comes and goes, so that the power of a window is that of the share that
        a burst fills.

    Returns
    -------
    Recovery
        Times are from ``rest_start_s``. Nothing is fitted to bursts, or where one tremor follows
        another: their powers do not make one series.

    Raises
    ------
    InvalidInputError
        If ``rest_start_s`` is negative or not finite.

    Notes
    -----
    Every still window enters, tremor or not: windows selected by their strength would fade too
    slowly. Sensor noise stays in the series, where it is part of the floor and keeps the logarithm
    finite, and is removed from the numbers. Overlapping windows are averaged in power to one point
    per window length.
    """
    if not (math.isfinite(rest_start_s) and rest_start_s >= 0.0):
        raise InvalidInputError(f"rest starts at {rest_start_s:g} s; give a time of 0 s or later")
    end_s = float(table.end_s[-1]) if len(table) else 0.0
    if len(table) and rest_start_s >= end_s:
        return Recovery.insufficient(
            note("REST_AFTER_END", rest_start_s=rest_start_s, end_s=end_s),
            rest_start_s=rest_start_s,
        )
    rests = rests_together(table, rest_start_s, settings=settings)
    # Without the samples nothing tells whether the leg lies in the second rest as in the first.
    still, n_rests = _in_rests(table, rests if capture is not None else rests[:1], settings)
    measurable = still & has_power(table)
    n_left_out = int(np.count_nonzero(still & ~measurable))
    if np.count_nonzero(still & table.where("tremor")) < settings.recovery_least_tremor_windows:
        return _too_few_windows(
            table, still, measurable, rest_start_s=rest_start_s, settings=settings
        )
    why_not = _why_not_one_series(table, still, in_bursts=in_bursts, rest_start_s=rest_start_s)
    if capture is None or why_not is not None:
        signal = band_signal(table, measurable)
    else:
        signal = line_signal(capture, table, measurable)
    series = rms_series(signal, rest_start_s=rest_start_s, settings=settings)
    if why_not is not None:
        return _not_fitted(why_not, series, n_left_out, rest_start_s, rules=settings)
    found = judge_decay(
        series.points,
        floor_ms2=floor_ms2,
        n_left_out=n_left_out,
        rules=settings,
        noise_ms2=series.noise_ms2,
        rest_start_s=rest_start_s,
    )
    if found.verdict == "insufficient" or capture is None:
        return found
    remarks = (note("RESTS_JOINED", n_rests=n_rests),) if n_rests > 1 else ()
    return replace(
        found,
        remark=found.remark + remarks + _of_posture(found, signal, capture),
        gravity_direction=signal.gravity_direction,
    )


def _why_not_one_series(
    table: WindowTable, still: Bools, *, in_bursts: bool, rest_start_s: float
) -> Note | None:
    """Return why the powers of a rest are not those of one tremor, if they are not."""
    if in_bursts:
        return note("RECOVERY_IN_BURSTS")
    shown = still & table.where("tremor")
    shown &= np.isfinite(table.estimates["frequency_hz"][:, 0])
    change = find_change(table.start_s[shown], table.estimates["frequency_hz"][shown, 0])
    if change is None:
        return None
    return note(
        "FREQUENCY_CHANGED",
        at_s=change.at_s - rest_start_s,
        from_hz=change.before_hz,
        to_hz=change.after_hz,
    )


def _not_fitted(
    why: Note,
    series: NoisySeries,
    n_left_out: int,
    rest_start_s: float,
    *,
    rules: AnalysisSettings,
) -> Recovery:
    """Return the recovery without a fit: levels at both ends, unless bursts fill them in part."""
    points, remove_noise = series.points, noise_remover(series.noise_ms2)
    found = Recovery.insufficient(
        why,
        rest_s=float(points.time_s[-1]) if len(points.time_s) else 0.0,
        n_points=len(points.time_s),
        n_left_out=n_left_out,
        rest_start_s=rest_start_s,
    )
    if why.code != "RECOVERY_IN_BURSTS":
        initial, final = end_levels(points, remove_noise, rules=rules)
        found = replace(found, initial_rms_ms2=initial, final_rms_ms2=final)
    return replace(
        found,
        verdict="not_determined",
        point_time_s=points.time_s,
        point_rms_ms2=remove_noise(points.rms_ms2),
    )


def _too_few_windows(
    table: WindowTable,
    still: Bools,
    measurable: Bools,
    *,
    rest_start_s: float,
    settings: AnalysisSettings,
) -> Recovery:
    """Return the recovery of a rest with next to no tremor."""
    signal = band_signal(table, measurable)
    time_s = rms_series(signal, rest_start_s=rest_start_s, settings=settings).points.time_s
    return Recovery.insufficient(
        note(
            "TOO_FEW_TREMOR_WINDOWS",
            n_tremor=int(np.count_nonzero(still & table.where("tremor"))),
            n_still=int(np.count_nonzero(still)),
            least=settings.recovery_least_tremor_windows,
        ),
        rest_s=float(time_s[-1]) if time_s.size else 0.0,
        n_points=len(time_s),
        n_left_out=int(np.count_nonzero(still & ~measurable)),
        rest_start_s=rest_start_s,
    )


def _in_rests(
    table: WindowTable, rests: Sequence[Rest], settings: AnalysisSettings
) -> tuple[Bools, int]:
    """Find the still windows of rests, and count the rests that have any."""
    still = is_still(table)
    found = [
        still
        & (table.start_s >= rest.start_s - TIME_TOLERANCE_S)
        & (table.end_s <= rest.end_s + settings.window_s)
        for rest in rests
    ]
    return np.asarray(np.any(found, axis=0)), sum(bool(one.any()) for one in found)


def _of_posture(found: Recovery, signal: RestSignal, capture: Capture) -> tuple[Note, ...]:
    """Return the changes of posture, or that they would not be seen."""
    if capture.recording.gravity == "removed":
        return (note("POSTURE_NOT_SEEN"),) if found.verdict == "decays" else ()
    return tuple(
        note("POSTURE_TURNED", at_s=turn.at_s - found.rest_start_s, angle_deg=turn.angle_deg)
        for turn in signal.turns
    )


def baseline_floor(
    table: WindowTable, before_s: float, *, settings: AnalysisSettings | None = None
) -> float | None:
    """Return the RMS of the leg at rest before the run.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    before_s : float
        Start of the rest after the run, s from the start of the capture.
    settings : AnalysisSettings, optional
        Length and step of the windows.

    Returns
    -------
    float or None
        Typical RMS in the band, noise floor removed, m/s^2, of the still windows before the first
        movement as long as a run (60 s); None if they last less than 20 s or there is no run.
    """
    settings = settings or AnalysisSettings()
    runs = [
        (start_s, end_s)
        for start_s, end_s in find_movements(table, settings=settings)
        if end_s <= before_s + 1e-6 and end_s - start_s >= settings.run_least_s
    ]
    if not runs:
        return None
    still = is_still(table) & (table.end_s <= runs[0][0] + settings.window_s)
    return _level(table, still, settings=settings)


def still_level(table: WindowTable, *, settings: AnalysisSettings) -> float | None:
    """Return the RMS of a leg at rest from a recording of nothing else.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    settings : AnalysisSettings
        Length and step of the windows.

    Returns
    -------
    float or None
        Typical RMS in the band, noise floor removed, m/s^2; None if less than 20 s are still.
    """
    return _level(table, is_still(table), settings=settings)


def _level(table: WindowTable, still: Bools, *, settings: AnalysisSettings) -> float | None:
    signal = band_signal(table, still & has_power(table))
    series = rms_series(signal, rest_start_s=0.0, settings=settings)
    points = series.points
    if len(points.time_s) * settings.window_s < settings.baseline_least_s:
        return None
    # The mean log of the RMS of noise lies below the log of its mean by about its variance; a tone
    # has neither, and few points do not show it in the variance that their spectrum leads to.
    log_rms = np.log(points.rms_ms2)
    lowered = min(float(points.log_variance.mean()), float(log_rms.var(ddof=1)))
    total = float(np.exp(log_rms.mean() + lowered))
    return math.sqrt(max(total**2 - series.noise_ms2**2, 0.0))


def with_ends(summary: Summary, recovery: Recovery) -> Summary:
    """Return a summary with the strength at the beginning and at the end of the rest.

    Parameters
    ----------
    summary : Summary
        Without them.
    recovery : Recovery
        That of the same capture.

    Returns
    -------
    Summary
        The same, if there is tremor; without tremor its reason stands for both.
    """
    if not summary.tremor_detected:
        missing = Estimate.missing(summary.rms_ms2.reason or note("NO_EPISODE"))
        return replace(summary, initial_rms_ms2=missing, final_rms_ms2=missing)
    return replace(
        summary,
        initial_rms_ms2=recovery.initial_rms_ms2,
        final_rms_ms2=recovery.final_rms_ms2,
    )
