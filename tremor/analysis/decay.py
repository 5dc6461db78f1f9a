"""Recovery: from the windows of a rest, or a series of RMS, to verdict and half-life.

Rests are found in `tremor.analysis.rest`; the model of the decay is in
`tremor.measures.decay_posterior`, its verdict in `tremor.measures.decay_verdict`.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.analysis.rest import TIME_TOLERANCE_S, find_movements, is_still
from tremor.errors import InvalidInputError
from tremor.measures.decay_posterior import RmsSeries
from tremor.measures.decay_verdict import judge_decay
from tremor.notes import note
from tremor.recording import Floats
from tremor.results.recovery import Recovery
from tremor.results.windows import WindowTable
from tremor.settings import RMS_SERIES, AnalysisSettings

__all__ = ["baseline_floor", "fit_recovery", "recovery_of", "still_level"]

Bools = npt.NDArray[np.bool_]

#: Median of a chi-square variable of one degree of freedom, and the variance of the second
#: difference of white noise of unit variance.
_CHI_SQUARE_MEDIAN: Final = 0.455
_SECOND_DIFFERENCE_VARIANCE: Final = 6.0
#: No variance is lowered by more than this factor.
_LEAST_VARIANCE_FACTOR: Final = 1e-3


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
) -> Recovery:
    """Estimate the recovery from the still windows of a rest.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    rest_start_s : float
        As `find_rest_start` returns it, s from the start of the capture. The rest ends with the
        next movement of 20 s or more.
    settings : AnalysisSettings
        Length and step of the windows.
    floor_ms2 : float, optional
        As `baseline_floor` returns it, m/s^2.

    Returns
    -------
    Recovery
        Times are from ``rest_start_s``.

    Raises
    ------
    InvalidInputError
        If ``rest_start_s`` is negative or not finite.

    Notes
    -----
    Every still window enters, tremor or not, with the power of its whole band: windows selected by
    their strength would fade too slowly. Sensor noise stays in the series, where it is part of the
    floor and keeps the logarithm finite, and is removed from the numbers. Overlapping windows are
    averaged in power to one point per window length.
    """
    if not (math.isfinite(rest_start_s) and rest_start_s >= 0.0):
        raise InvalidInputError(f"rest starts at {rest_start_s:g} s; give a time of 0 s or later")
    end_s = float(table.end_s[-1]) if len(table) else 0.0
    if len(table) and rest_start_s >= end_s:
        return Recovery.insufficient(
            note("REST_AFTER_END", rest_start_s=rest_start_s, end_s=end_s),
            rest_start_s=rest_start_s,
        )
    still = is_still(table) & (table.start_s >= rest_start_s - TIME_TOLERANCE_S)
    for start_s, _ in find_movements(table, settings=settings):
        if start_s > rest_start_s:
            still &= table.end_s <= start_s + settings.window_s
    series = _series(table, still, rest_start_s=rest_start_s, settings=settings)
    n_left_out = int(np.count_nonzero(still & ~_has_power(table)))
    n_tremor = int(np.count_nonzero(still & table.where("tremor")))
    if n_tremor < settings.recovery_least_tremor_windows:
        time_s = series.points.time_s
        return Recovery.insufficient(
            note(
                "TOO_FEW_TREMOR_WINDOWS",
                n_tremor=n_tremor,
                n_still=int(np.count_nonzero(still)),
                least=settings.recovery_least_tremor_windows,
            ),
            rest_s=float(time_s[-1]) if time_s.size else 0.0,
            n_points=len(time_s),
            n_left_out=n_left_out,
            rest_start_s=rest_start_s,
        )
    return judge_decay(
        series.points,
        floor_ms2=floor_ms2,
        n_left_out=n_left_out,
        rules=settings,
        noise_ms2=series.noise_ms2,
        rest_start_s=rest_start_s,
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
    series = _series(table, still, rest_start_s=0.0, settings=settings)
    points = series.points
    if len(points.time_s) * settings.window_s < settings.baseline_least_s:
        return None
    total = float(np.exp(np.mean(np.log(points.rms_ms2) + points.log_variance)))
    return math.sqrt(max(total**2 - series.noise_ms2**2, 0.0))


def _has_power(table: WindowTable) -> Bools:
    power = _power(table)
    return np.isfinite(power) & (np.nan_to_num(power) > 0.0)


def _power(table: WindowTable) -> Floats:
    scores = table.scores
    if "band_rms_ms2" not in scores:
        return np.full(len(table), np.nan)
    return np.asarray(scores["band_rms_ms2"] ** 2 + scores["floor_rms_ms2"] ** 2)


class _Series(NamedTuple):
    points: RmsSeries
    noise_ms2: float


def _series(
    table: WindowTable, chosen: Bools, *, rest_start_s: float, settings: AnalysisSettings
) -> _Series:
    """Average the power of chosen windows over bins of one window length each."""
    chosen = chosen & _has_power(table)
    if not chosen.any():
        return _Series(RmsSeries(np.zeros(0), np.zeros(0), np.zeros(0)), 0.0)
    start, centre = table.start_s[chosen], 0.5 * (table.start_s + table.end_s)[chosen]
    power, noise = _power(table)[chosen], table.scores["floor_rms_ms2"][chosen] ** 2
    # Windows start at multiples of the step, give or take a rounding to samples.
    index = np.floor((start - rest_start_s) / settings.window_s + 1e-3).astype(np.int64)
    _, index, count = np.unique(index, return_inverse=True, return_counts=True)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(index, values) / count)

    rms = np.sqrt(mean(power))
    typical_noise = float(np.median(noise))
    tremor_share = np.clip(1.0 - typical_noise / _running_median(rms**2), 0.0, 1.0)
    relative = _line_relative_variance(count, _typical_bandwidth_hz(table, chosen), settings)
    relative = (
        tremor_share**2 * relative
        + (1.0 - tremor_share**2) * RMS_SERIES.floor_relative_variance / count
    )
    # psi1(k) / 4 is the variance of the log RMS of an average of k exponentials; 1/k its relative
    # variance: psi1(k) = 1/k + 1/(2 k^2) + ...
    variance = 0.25 * relative * (1.0 + 0.5 * relative)
    return _Series(
        RmsSeries(mean(centre) - rest_start_s, rms, _no_more_than_scatter(variance, rms)),
        math.sqrt(typical_noise),
    )


def _running_median(values: Floats, half: int = 3) -> Floats:
    padded = np.pad(values, half, mode="edge")
    return np.asarray(
        np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=-1)
    )


def _typical_bandwidth_hz(table: WindowTable, chosen: Bools) -> float:
    widths = table.estimates["bandwidth_hz"][chosen, 0]
    widths = widths[np.isfinite(widths)]
    typical = float(np.median(widths)) if widths.size else RMS_SERIES.default_bandwidth_hz
    low_hz, high_hz = RMS_SERIES.bandwidth_limits_hz
    return min(max(typical, low_hz), high_hz)


def _line_relative_variance(
    count: npt.NDArray[np.int64], bandwidth_hz: float, settings: AnalysisSettings
) -> Floats:
    """Return the relative variance of the mean power of neighbouring Hann windows over a line.

    The power of a line of half-power width B has the autocorrelation exp(-2 pi B lag); the power of
    a window is its average under the squared taper.
    """
    n_grid = 64
    step_s = settings.window_s / n_grid
    taper = np.sin(np.pi * (np.arange(n_grid) + 0.5) / n_grid) ** 4
    overlap = np.correlate(taper, taper, mode="full") / taper.sum() ** 2
    lag_s = (np.arange(2 * n_grid - 1) - (n_grid - 1)) * step_s
    most = int(count.max())
    shared = np.array(
        [
            overlap @ np.exp(-2.0 * np.pi * bandwidth_hz * np.abs(lag_s + k * settings.step_s))
            for k in range(most)
        ]
    )
    means = [
        (shared[0] + 2.0 * sum((1.0 - k / m) * shared[k] for k in range(1, m))) / m
        for m in range(1, most + 1)
    ]
    return np.asarray(np.array(means)[count - 1])


def _no_more_than_scatter(variance: Floats, rms: Floats) -> Floats:
    """Lower variances that the points themselves contradict: a tone has no scatter."""
    if len(rms) < RMS_SERIES.least_for_scatter:
        return variance
    second = np.diff(np.log(rms), n=2)
    typical = float(np.median(second**2)) / _CHI_SQUARE_MEDIAN
    scatter = typical / _SECOND_DIFFERENCE_VARIANCE
    factor = min(1.0, max(scatter / float(np.median(variance)), _LEAST_VARIANCE_FACTOR))
    return np.asarray(np.maximum(variance * factor, RMS_SERIES.least_relative_sd**2))
