"""Recovery: where a rest begins, and which windows tell how the tremor fades in it.

The model of the decay and its verdict are `tremor.measures.decay`.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.analysis.results import WindowTable
from tremor.analysis.settings import AnalysisSettings
from tremor.measures.decay import (
    LEAST_RELATIVE_SD,
    RECOVERY_LEAST_REST_S,
    Points,
    Recovery,
    judge_rest,
)
from tremor.recording import Floats

__all__ = ["baseline_floor", "find_rest_start", "recovery_of", "still_level"]

Bools = npt.NDArray[np.bool_]

#: Windows with tremor below which there is nothing to recover from.
RECOVERY_LEAST_TREMOR_WINDOWS: Final = 3
#: s; a movement this long ends or begins a rest; a shorter one interrupts it.
REST_BREAK_S: Final = 20.0
#: s; movements that lie nearer to each other are one.
MOVEMENT_JOIN_S: Final = 10.0
#: s; movement this long is the run, and the rest is sought after it.
RUN_LEAST_S: Final = 60.0
#: s; still time before the run that gives a floor.
BASELINE_LEAST_S: Final = 20.0

#: Verdicts of windows in which the leg is still, whatever moves it slightly.
STILL_VERDICTS: Final = ("tremor", "no_tremor", "heartbeat")
_STIRRING: Final = ("moving", "gait", "impact")
#: Half-power width taken for tremor whose width no window could tell, Hz, and limits.
_DEFAULT_BANDWIDTH_HZ: Final = 0.8
_BANDWIDTH_LIMITS_HZ: Final = (0.3, 3.0)
#: Relative variance of the power of a flat floor over the band in one window (3 axes, about 30
#: independent bins each).
_FLOOR_RELATIVE_VARIANCE: Final = 0.01
_FOR_SCATTER: Final = 20


def recovery_of(
    table: WindowTable,
    *,
    rest_start_s: float,
    settings: AnalysisSettings,
    floor_ms2: float | None = None,
) -> Recovery:
    """Fit the recovery to the still windows of a rest.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    rest_start_s : float
        As `find_rest_start` gives it, s from the start of the capture. The rest ends with the next
        movement of 20 s or more.
    settings : AnalysisSettings
        Length and step of the windows.
    floor_ms2 : float, optional
        As `baseline_floor` gives it, m/s^2.

    Returns
    -------
    Recovery
        Times count from ``rest_start_s``.

    Notes
    -----
    Every still window enters, tremor or not, with the power of its whole band: what is chosen by
    its strength would fade too slowly. The noise of the sensor is left in for the fit, where it is
    part of the floor and keeps the log finite, and taken out of the numbers. Overlapping windows
    are averaged in power to one point for each length of a window.
    """
    still = _is_still(table) & (table.start_s >= rest_start_s - 1e-9)
    for start_s, _ in _movements(table, settings=settings):
        if start_s > rest_start_s:
            still &= table.end_s <= start_s + settings.window_s
    series = _series(table, still, rest_start_s=rest_start_s, settings=settings)
    n_left_out = int(np.count_nonzero(still & ~_has_power(table)))
    n_tremor = int(np.count_nonzero(still & table.where("tremor")))
    if n_tremor < RECOVERY_LEAST_TREMOR_WINDOWS:
        time_s = series.points.time_s
        return Recovery.insufficient(
            f"{n_tremor} of {np.count_nonzero(still)} still windows of the rest hold tremor; at "
            f"least {RECOVERY_LEAST_TREMOR_WINDOWS} are needed for a recovery",
            rest_s=float(time_s[-1]) if time_s.size else 0.0,
            n_points=len(time_s),
            n_left_out=n_left_out,
            rest_start_s=rest_start_s,
        )
    return judge_rest(
        series.points,
        floor_ms2=floor_ms2,
        n_left_out=n_left_out,
        noise_ms2=series.noise_ms2,
        rest_start_s=rest_start_s,
    )


def find_rest_start(table: WindowTable, *, settings: AnalysisSettings) -> float | None:
    """Find where the runner comes to rest.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    settings : AnalysisSettings
        Length of the windows and what counts as moving.

    Returns
    -------
    float or None
        s from the start of the capture: the end of the movement before the longest still stretch,
        sought after the run where the capture holds one (60 s of movement or more). Movements
        shorter than 20 s interrupt a rest and do not restart it. 0 where the capture starts at
        rest; None where no window is still.
    """
    still = _is_still(table)
    if not still.any():
        return None
    movements = _movements(table, settings=settings)
    edges = [(0.0, 0.0), *movements, (math.inf, math.inf)]
    rests = []
    for (begin_s, after_s), (until_s, _) in pairwise(edges):
        inside = still & (table.start_s >= after_s - 1e-9) & (table.start_s < until_s)
        rests.append((int(np.count_nonzero(inside)), after_s, after_s - begin_s))
    after_run = [index for index, rest in enumerate(rests) if rest[2] >= RUN_LEAST_S]
    least = RECOVERY_LEAST_REST_S / settings.step_s
    candidates = [rest for rest in rests[after_run[0] :] if rest[0] >= least] if after_run else []
    return max(candidates or rests, key=lambda rest: rest[0])[1]


def baseline_floor(
    table: WindowTable, before_s: float, *, settings: AnalysisSettings | None = None
) -> float | None:
    """Give the RMS of the leg at rest before the run.

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
        long movement; None where there are less than 20 s of them or no such movement.
    """
    settings = settings or AnalysisSettings()
    movements = [one for one in _movements(table, settings=settings) if one[1] <= before_s + 1e-6]
    if not movements:
        return None
    still = _is_still(table) & (table.end_s <= movements[0][0] + settings.window_s)
    return _level(table, still, settings=settings)


def still_level(table: WindowTable, *, settings: AnalysisSettings) -> float | None:
    """Give the RMS of a leg at rest, from a recording of nothing else.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    settings : AnalysisSettings
        Length and step of the windows.

    Returns
    -------
    float or None
        Typical RMS in the band, noise floor removed, m/s^2; None where less than 20 s are still.
    """
    return _level(table, _is_still(table), settings=settings)


def _level(table: WindowTable, still: Bools, *, settings: AnalysisSettings) -> float | None:
    series = _series(table, still, rest_start_s=0.0, settings=settings)
    points = series.points
    if len(points.time_s) * settings.window_s < BASELINE_LEAST_S:
        return None
    total = float(np.exp(np.mean(np.log(points.rms_ms2) + points.log_variance)))
    return math.sqrt(max(total**2 - series.noise_ms2**2, 0.0))


def _is_still(table: WindowTable) -> Bools:
    return np.isin(table.verdict, STILL_VERDICTS)


def _has_power(table: WindowTable) -> Bools:
    power = _power(table)
    return np.isfinite(power) & (np.nan_to_num(power) > 0.0)


def _power(table: WindowTable) -> Floats:
    scores = table.scores
    if "band_rms_ms2" not in scores:
        return np.full(len(table), np.nan)
    return np.asarray(scores["band_rms_ms2"] ** 2 + scores["floor_rms_ms2"] ** 2)


def _movements(table: WindowTable, *, settings: AnalysisSettings) -> list[tuple[float, float]]:
    """Give (start, end) of the movements that separate rests, s.

    The end is the start of the first window without movement. A movement before which the leg was
    never still separates, too, however short.
    """
    stirring = np.isin(table.verdict, _STIRRING)
    if "low_rms_ms2" in table.scores:  # a foot strike that clips is no less of a movement
        with np.errstate(invalid="ignore"):
            strong = table.scores["low_rms_ms2"] > settings.most_low_rms_ms2
        stirring |= (table.verdict == "clipped") & strong
    still = _is_still(table)
    found: list[tuple[float, float]] = []
    for index in np.flatnonzero(stirring).tolist():
        start_s = float(table.start_s[index])
        end_s = float(table.end_s[index])
        if index + 1 < len(table):
            end_s = min(end_s, float(table.start_s[index + 1]))
        if found and start_s - found[-1][1] < MOVEMENT_JOIN_S:
            found[-1] = (found[-1][0], end_s)
        else:
            found.append((start_s, end_s))
    first_still_s = float(table.start_s[still][0]) if still.any() else math.inf

    def separates(start_s: float, end_s: float) -> bool:
        if start_s <= first_still_s:
            return True
        inside = (table.start_s >= start_s - 1e-9) & (table.start_s < end_s - 1e-9)
        mostly = 2 * np.count_nonzero(stirring & inside) >= np.count_nonzero(inside)
        return end_s - start_s >= REST_BREAK_S and bool(mostly)

    return [one for one in found if separates(*one)]


class _Series(NamedTuple):
    points: Points
    noise_ms2: float


def _series(
    table: WindowTable, chosen: Bools, *, rest_start_s: float, settings: AnalysisSettings
) -> _Series:
    """Average the power of chosen windows over bins of one window each."""
    chosen = chosen & _has_power(table)
    if not chosen.any():
        return _Series(Points(np.zeros(0), np.zeros(0), np.zeros(0)), 0.0)
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
        tremor_share**2 * relative + (1.0 - tremor_share**2) * _FLOOR_RELATIVE_VARIANCE / count
    )
    # psi1(k) / 4 is the variance of the log RMS of an average of k exponentials; 1/k its relative
    # variance: psi1(k) = 1/k + 1/(2 k^2) + ...
    variance = 0.25 * relative * (1.0 + 0.5 * relative)
    return _Series(
        Points(mean(centre) - rest_start_s, rms, _no_more_than_scatter(variance, rms)),
        math.sqrt(typical_noise),
    )


def _running_median(values: Floats, half: int = 3) -> Floats:
    padded = np.pad(values, half, mode="edge")
    return np.asarray(
        np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=-1)
    )


def _typical_bandwidth_hz(table: WindowTable, chosen: Bools) -> float:
    widths = table.bandwidth_hz[chosen, 0]
    widths = widths[np.isfinite(widths)]
    typical = float(np.median(widths)) if widths.size else _DEFAULT_BANDWIDTH_HZ
    return min(max(typical, _BANDWIDTH_LIMITS_HZ[0]), _BANDWIDTH_LIMITS_HZ[1])


def _line_relative_variance(
    count: npt.NDArray[np.int64], bandwidth_hz: float, settings: AnalysisSettings
) -> Floats:
    """Give the relative variance of the mean power of neighbouring Hann windows over a line.

    The power of a line of half-power width B is correlated as exp(-2 pi B lag); the power of a
    window is its average under the squared taper.
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
    """Lower variances that the points themselves contradict: a tone has no scatter of its own."""
    if len(rms) < _FOR_SCATTER:
        return variance
    second = np.diff(np.log(rms), n=2)
    scatter = float(np.median(second**2)) / 0.455 / 6.0
    factor = min(1.0, max(scatter / float(np.median(variance)), 1e-3))
    return np.asarray(np.maximum(variance * factor, LEAST_RELATIVE_SD**2))
