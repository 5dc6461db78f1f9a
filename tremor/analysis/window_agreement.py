"""The line of a session against those of its windows, which it must not contradict.

A pooled line is more precise than any window if its model holds. Where it is far from most of its
windows the model does not, and the windows are told instead. How the line is fitted is in
`tremor.measures.pooled`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.estimate import LEVEL, Estimate
from tremor.measures.intervals import student_quantile
from tremor.measures.pooled import PooledLine
from tremor.notes import note
from tremor.recording import Floats
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import FIT_CHECK

__all__ = ["checked_by_windows", "with_strength_of_windows"]

Bools = npt.NDArray[np.bool_]

#: Standard deviation of a normal variable over its median absolute deviation, and that of a median
#: over that of a mean.
_NORMAL_OVER_MAD: Final = 1.4826
_MEDIAN_OVER_MEAN: Final = 1.2533


def checked_by_windows(
    line: PooledLine | None, table: WindowTable, members: Bools
) -> PooledLine | None:
    """Check a pooled line against the windows that it was fitted to.

    Parameters
    ----------
    line : PooledLine or None
        The line.
    table : WindowTable
        All windows, judged.
    members : ndarray of bool, shape (n_windows,)
        Windows whose samples were fitted.

    Returns
    -------
    PooledLine or None
        The line with what the check found. Its interval of the RMS is no wider than those of the
        windows together; its estimates are those of the windows where it contradicts most of them.
    """
    rows = np.flatnonzero(members & table.where("tremor"))
    rows = rows[np.isfinite(table.estimates["frequency_hz"][rows, 0])]
    if line is None or line.frequency_hz.value is None or len(rows) < FIT_CHECK.least_windows:
        return line
    windows = {name: table.estimates[name][rows] for name in ESTIMATE_NAMES}
    share = float(np.mean(_are_near(line, windows["frequency_hz"])))
    if share < FIT_CHECK.least_agreement:
        return _of_windows(line, windows, share=share)
    line = replace(
        line,
        frequency_hz=_inside(_open(line, windows["frequency_hz"]), windows["frequency_hz"]),
        fit=replace(line.fit, agrees_with_windows=True),
    )
    if line.further or line.fit.n_harmonics > 1:
        return replace(
            _as_strong_as_its_windows(line, windows),
            further=tuple(_as_strong_as_its_windows(one, windows) for one in line.further),
        )
    return _with_strength(line, windows)


def with_strength_of_windows(line: PooledLine, table: WindowTable, members: Bools) -> PooledLine:
    """Return one of several lines that take turns, of the strength of its own windows.

    Parameters
    ----------
    line : PooledLine
        The line. A segment of its fit may hold it for a part of the time only.
    table : WindowTable
        All windows, judged.
    members : ndarray of bool, shape (n_windows,)
        Windows whose samples were fitted.

    Returns
    -------
    PooledLine
        The same if too few windows are near it.
    """
    near = np.abs(table.estimates["frequency_hz"][:, 0] - (line.frequency_hz.value or 0.0))
    own = members & table.where("tremor") & (near <= FIT_CHECK.near_hz)
    if np.count_nonzero(own) < FIT_CHECK.least_windows:
        return line
    return replace(
        line,
        rms_ms2=_root_mean_square(table.estimates["rms_ms2"][own]),
        displacement_pp_mm=_root_mean_square(table.estimates["displacement_pp_mm"][own]),
    )


def _with_strength(line: PooledLine, windows: dict[str, Floats]) -> PooledLine:
    """Return the line with what the windows say of its strength."""
    return replace(
        line,
        rms_ms2=_within(line.rms_ms2, windows["rms_ms2"]),
        displacement_pp_mm=_within(line.displacement_pp_mm, windows["displacement_pp_mm"]),
    )


def _as_strong_as_its_windows(line: PooledLine, windows: dict[str, Floats]) -> PooledLine:
    """Return one of several lines, of the strength of its windows if the fit does not know it.

    Windows of several lines at once measure them together, so that a fit that parts them is better
    unless its interval is far wider, as where a machine has one speed after the other.
    """
    near = np.abs(windows["frequency_hz"][:, 0] - (line.frequency_hz.value or 0.0))
    near = near <= FIT_CHECK.near_hz
    if np.count_nonzero(near) < FIT_CHECK.least_windows:
        near[:] = True
    own = {name: triples[near] for name, triples in windows.items()}
    widest = FIT_CHECK.most_spread * _spread(_root_mean_square(own["rms_ms2"]))
    most_ms2 = FIT_CHECK.most_over_windows * float(own["rms_ms2"][:, 0].max())
    is_possible = (line.rms_ms2.value or 0.0) <= most_ms2
    if is_possible and (near.all() or _spread(line.rms_ms2) <= widest):
        return line
    return _with_strength(line, own)


def _spread(estimate: Estimate) -> float:
    """Return the ratio of the limits."""
    if estimate.low is None or estimate.high is None:
        return 0.0
    return estimate.high / max(estimate.low, 1e-9)


def _are_near(line: PooledLine, windows_hz: Floats) -> Bools:
    """Check which windows have their line at one of those of the fit."""
    value, low, high = windows_hz.T
    own_hz = np.fmax(np.maximum(high - value, value - low), FIT_CHECK.near_hz)
    near = np.zeros(len(value), dtype=np.bool_)
    told_hz = []
    for one in (line, *line.further):
        width_hz = min((one.bandwidth_hz.value or 0.0) / 2.0, FIT_CHECK.most_near_hz)
        for order in range(1, one.fit.n_harmonics + 1):
            centre_hz = order * (one.frequency_hz.value or 0.0)
            near |= np.abs(value - centre_hz) <= np.maximum(own_hz, width_hz)
            told_hz.append(centre_hz)
    # A window that holds several lines at once has its one line somewhere between them.
    return np.asarray(near | ((value > min(told_hz)) & (value < max(told_hz))), dtype=np.bool_)


def _of_windows(line: PooledLine, windows: dict[str, Floats], *, share: float) -> PooledLine:
    """Return the estimates of the windows in place of those of the fit."""
    frequency = windows["frequency_hz"]
    reason = note(
        "FIT_CONTRADICTS_WINDOWS",
        fit_hz=line.frequency_hz.value,
        windows_hz=float(np.median(frequency[:, 0])),
        share=1.0 - share,
    )
    return replace(
        line,
        frequency_hz=_median(frequency),
        bandwidth_hz=_median(windows["bandwidth_hz"]),
        rms_ms2=_root_mean_square(windows["rms_ms2"]),
        displacement_pp_mm=_root_mean_square(windows["displacement_pp_mm"]),
        fit=replace(
            line.fit, shape="window", holds=False, agrees_with_windows=False, reason=reason
        ),
        further=(),
        share=1.0,
    )


def _estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(
        float(value), float(min(low, value)), float(max(high, value)), level=LEVEL, method="windows"
    )


def _median(triples: Floats) -> Estimate:
    """Return the median of the windows, with the limits of their scatter and their own."""
    value, low, high = triples.T
    # Windows overlap by half.
    count = max(2.0, len(value) / 2.0)
    middle = float(np.median(value))
    spread = _NORMAL_OVER_MAD * float(np.median(np.abs(value - middle)))
    sd = _MEDIAN_OVER_MEAN * spread / np.sqrt(count)
    half = float(student_quantile(count - 1.0)) * sd
    own = np.array([np.median(value - low), np.median(high - value)]) / np.sqrt(count)
    return _estimate(
        middle, max(middle - np.hypot(half, own[0]), 0.0), middle + np.hypot(half, own[1])
    )


def _root_mean_square(triples: Floats) -> Estimate:
    """Return the root of the mean square of the windows, with their usual limits and its scatter.

    The limits are those of a usual window, since a few are all but open where the frequency jumps.
    Over a long time none of them is less sure than all of them scatter: muscle waxes and wanes.
    """
    value, low, high = triples.T
    square = np.square(value)
    rms = max(float(np.sqrt(square.mean())), 1e-300)
    # Windows overlap by half.
    count = max(2.0, len(value) / 2.0)
    of_one = float(student_quantile(count - 1.0)) * float(square.std()) / (2.0 * rms**2)
    widest = of_one if len(value) >= FIT_CHECK.least_for_scatter else np.inf
    below, above = (
        np.hypot(
            min(float(np.median(np.abs(limit - value))) / rms, widest), of_one / np.sqrt(count)
        )
        for limit in (low, high)
    )
    return _estimate(rms, rms * max(0.0, 1.0 - below), rms * (1.0 + above))


def _open(line: PooledLine, triples: Floats) -> Estimate:
    """Return the frequency, whose interval reaches to the windows where the model does not hold."""
    estimate = line.frequency_hz
    alone = not line.further and line.fit.n_harmonics == 1
    if line.fit.holds or not alone or estimate.low is None or estimate.high is None:
        return estimate
    middle = _median(triples)
    if middle.low is None or middle.high is None:
        return estimate
    return replace(
        estimate, low=min(estimate.low, middle.low), high=max(estimate.high, middle.high)
    )


def _inside(estimate: Estimate, triples: Floats) -> Estimate:
    """Return an estimate whose interval reaches no further than those of all windows."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate
    low, high = float(triples[:, 1].min()), float(triples[:, 2].max())
    return replace(
        estimate,
        low=min(max(estimate.low, low), estimate.value),
        high=max(min(estimate.high, high), estimate.value),
    )


def _within(estimate: Estimate, triples: Floats) -> Estimate:
    """Return an estimate whose interval is no wider than those of the windows together."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None or not np.isfinite(triples).all():
        return estimate
    limits = _root_mean_square(triples)
    # No mean is more than every window has.
    if value > FIT_CHECK.most_over_windows * triples[:, 0].max():
        return limits
    if limits.low is None or limits.high is None:
        return estimate
    if not limits.low <= value <= limits.high:
        # Where the interval of the windows is within that of the fit, theirs is the better value.
        return limits if low <= limits.low and limits.high <= high else estimate
    return replace(estimate, low=max(low, limits.low), high=min(high, limits.high))
