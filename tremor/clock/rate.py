"""The sampling period from stamps and sample positions: fit, standard deviation and wander.

Sample positions are counted in samples on the even grid. Which position a row has is found by
`tremor.clock.by_steps` or `tremor.clock.by_arrivals`; the slope itself is `tremor.clock.line_fit`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tremor.arrays import Bools, Floats, Indices
from tremor.clock.line_fit import centre, fit_slope, slope_sd
from tremor.errors import InvalidInputError
from tremor.notes import Note, note
from tremor.settings import RATE_FIT, SEGMENTS

__all__ = [
    "DECIMATION",
    "LONG_CAPTURE_ROWS",
    "Blocks",
    "StampLine",
    "block_means",
    "block_minima",
    "block_rate_sd_hz",
    "covered_s",
    "describe_fit",
    "fit_period_s",
    "fit_stamps",
    "nominal_rate_notes",
    "rate_sd_hz",
    "relative_wander",
    "require_period_s",
    "stamp_resolution_s",
]

#: Median of the absolute difference of two normal variables of unit variance.
_MEDIAN_OF_DIFFERENCES: Final = 0.954
#: No clock counts so fast, s; of shorter periods the number per block would overflow.
_LEAST_PERIOD_S: Final = 1e-12
#: A capture of more rows than this is decimated before the fit.
LONG_CAPTURE_ROWS: Final = 500_000
#: Rows whose mean replaces them there; the slope loses nothing by it.
DECIMATION: Final = 16


def fit_period_s(stamps: Floats, index: Indices, breaks: Indices | None = None) -> float:
    """Fit the sampling period, with a new intercept after each long gap and each break.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.
    index : ndarray of int64, shape (n,)
        Sample position of each row.
    breaks : ndarray of int64, shape (m,), optional
        Rows before which the clock was set.

    Returns
    -------
    float
        Sampling period, s.

    Notes
    -----
    Least squares, once more without the outliers where they are few.
    """
    position = index.astype(np.float64)
    after_gap = _after_long_gap(stamps, index)
    if breaks is not None and len(breaks):
        after_gap[breaks[breaks > 0] - 1] = True
    if after_gap.any():
        group = np.concatenate(([0], np.cumsum(after_gap))).astype(np.int64)
        x, y = centre(position, group), centre(stamps, group)
    else:
        if len(stamps) > LONG_CAPTURE_ROWS:
            cut = len(stamps) // DECIMATION * DECIMATION
            position = position[:cut].reshape(-1, DECIMATION).mean(axis=1)
            stamps = stamps[:cut].reshape(-1, DECIMATION).mean(axis=1)
        x, y = centre(position), centre(stamps)
    period_s = fit_slope(x, y, reject_outliers=True)
    if np.isnan(period_s):  # every group is a single row
        if len(position) < 2:
            return np.nan
        return float((stamps[-1] - stamps[0]) / (position[-1] - position[0]))
    return period_s


def _after_long_gap(stamps: Floats, index: Indices) -> Bools:
    """Mark the rows after the first that follow a gap of a second or more."""
    return np.asarray((np.diff(index) > 1) & (np.diff(stamps) >= RATE_FIT.new_phase_s))


@dataclass(frozen=True, eq=False, slots=True)
class Blocks:
    """Position and phase of blocks of rows, which show the scatter and the wander of the clock.

    Parameters
    ----------
    position : ndarray, shape (n_blocks,)
        Mean sample position of each block.
    phase : ndarray, shape (n_blocks,)
        Deviation of its stamps from the line, in samples.
    half_range : float
        Half the range of the phase within a block where stamps are coarse, in samples; else 0.
    continuous : ndarray of bool, shape (n_blocks,)
        True where no long gap lies within the block or between it and the one before.
    """

    position: Floats
    phase: Floats
    half_range: float
    continuous: Bools

    @property
    def group(self) -> Indices:
        """Return the number of the uninterrupted run that each block belongs to, from 0."""
        group = np.cumsum(~self.continuous).astype(np.int64)
        group -= group[0]
        return group

    @property
    def n_groups(self) -> int:
        """Return the number of uninterrupted runs."""
        return 1 + int(np.count_nonzero(~self.continuous[1:]))

    def steps(self, values: Floats) -> Floats:
        """Return the differences of neighbouring blocks of a run, shape (n_blocks - n_groups,)."""
        return np.asarray(np.diff(values)[self.continuous[1:]])


def _block_rows(n_rows: int, period_s: float) -> int:
    """Return the number of rows in a block."""
    n_block = min(round(RATE_FIT.block_s / period_s), n_rows // RATE_FIT.least_blocks)
    return max(RATE_FIT.least_block_rows, n_block)


def block_means(
    stamps: Floats, index: Indices, period_s: float, breaks: Indices | None = None
) -> Blocks:
    """Average position and phase over blocks of five seconds.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.
    index : ndarray of int64, shape (n,)
        Sample position of each row.
    period_s : float
        Sampling period that the phase refers to, s.
    breaks : ndarray of int64, shape (m,), optional
        Rows before which the clock was set.

    Returns
    -------
    Blocks
        At least one. An incomplete block at the end is left out.
    """
    n_rows = len(index)
    length = _block_rows(n_rows, period_s)
    n_blocks = n_rows // length
    if not n_blocks:
        length, n_blocks = n_rows, 1
    cut = n_blocks * length
    stamp = stamps[:cut].reshape(n_blocks, length)
    position = index[:cut].reshape(n_blocks, length)
    some = slice(None, None, max(1, n_blocks // 200))
    phase = stamp[some] / period_s - position[some]
    phase_step = np.abs(np.diff(phase, axis=1))
    coarse = length > 1 and bool(
        np.quantile(phase_step, RATE_FIT.coarse_quantile) > RATE_FIT.coarse_step
    )
    low, high = np.quantile(phase, RATE_FIT.range_quantiles, axis=1)
    long_gap = int(RATE_FIT.new_phase_s / period_s)
    # A block with a long gap within it mixes two phases.
    whole = (position[:, -1] - position[:, 0]) < length + long_gap
    continuous = np.concatenate(([False], (position[1:, 0] - position[:-1, -1]) < long_gap)) & whole
    continuous[1:] &= whole[:-1]
    if breaks is not None:  # within a block, or at its first row
        continuous[breaks[breaks < cut] // length] = False
        inside = breaks[(breaks < cut - length) & (breaks % length > 0)]
        continuous[inside // length + 1] = False
    mean_position = position.mean(axis=1)
    return Blocks(
        position=mean_position,
        phase=stamp.mean(axis=1) / period_s - mean_position,
        half_range=float(np.median(high - low)) / 2.0 if coarse else 0.0,
        continuous=continuous,
    )


def block_minima(stamps: Floats, index: Indices, means: Blocks, period_s: float) -> Blocks:
    """Replace the phase of each block by its earliest: stamps can be late, and never early.

    Parameters
    ----------
    stamps, index
        As in `block_means`.
    means : Blocks
        What `block_means` returned for them.
    period_s : float
        As in `block_means`, s.

    Returns
    -------
    Blocks
        Its half range covers the wander that the noise of the minima alone may show.
    """
    n_blocks = len(means.position)
    length = len(index) // n_blocks if n_blocks == 1 else _block_rows(len(index), period_s)
    cut = n_blocks * length
    phase = stamps[:cut] / period_s
    phase -= index[:cut]
    earliest: Floats = phase.reshape(n_blocks, length).min(axis=1)
    minima = replace(means, phase=earliest)
    noise = RATE_FIT.wander_over_noise * _phase_noise(minima)
    return replace(minima, half_range=max(means.half_range, noise))


def _phase_noise(blocks: Blocks) -> float:
    """Estimate the standard deviation of a block's phase from its differences, in samples."""
    steps = blocks.steps(blocks.phase)
    if not steps.size:
        return 0.0
    return float(np.median(np.abs(steps - np.median(steps)))) / _MEDIAN_OF_DIFFERENCES


@dataclass(frozen=True, eq=False, slots=True)
class StampLine:
    """The line over the stamps and the blocks that show how uncertain it is.

    Parameters
    ----------
    period_s : float
        Sampling period, s.
    blocks : Blocks
        Their phases are deviations from this line.
    through_earliest : bool
        Whether it is fitted to the earliest stamp of each block and not to all stamps.
    """

    period_s: float
    blocks: Blocks
    through_earliest: bool = False


def fit_stamps(
    stamps: Floats, index: Indices, *, may_be_late: bool, breaks: Indices | None = None
) -> StampLine:
    """Fit the sampling period to the stamps of rows of known sample position.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.
    index : ndarray of int64, shape (n,)
        Sample position of each row.
    may_be_late : bool
        Whether stamps may be delayed. The line is then fitted to the earliest stamp of each block
        where these scatter less than the means do.
    breaks : ndarray of int64, shape (m,), optional
        Rows before which the clock was set; the line has a new intercept there.

    Returns
    -------
    StampLine
        Least squares, with a new intercept after each gap of a second or more.

    Raises
    ------
    InvalidInputError
        If the stamps determine no period.
    """
    period_s = require_period_s(fit_period_s(stamps, index, breaks))
    means = block_means(stamps, index, period_s, breaks)
    if not may_be_late:
        return StampLine(period_s, means)
    minima = block_minima(stamps, index, means, period_s)
    if len(minima.position) < RATE_FIT.earliest_least_blocks or (
        _phase_noise(minima) >= RATE_FIT.earliest_most_noise * _phase_noise(means)
    ):
        return StampLine(period_s, means)
    group = minima.group
    correction = fit_slope(
        centre(minima.position, group), centre(minima.phase, group), reject_outliers=True
    )
    ratio = 1.0 + correction
    blocks = replace(minima, phase=(minima.phase - correction * minima.position) / ratio)
    return StampLine(period_s * ratio, blocks, through_earliest=True)


def rate_sd_hz(stamps: Floats, index: Indices, blocks: Blocks, period_s: float) -> float:
    """Estimate the standard deviation of the rate from scatter and rounding of the stamps.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.
    index : ndarray of int64, shape (n,)
        Sample position of each row.
    blocks : Blocks
        Of the same rows; their scatter is used where there are enough of them, since the errors of
        neighbouring rows are correlated.
    period_s : float
        Sampling period, s.

    Returns
    -------
    float
        Hz.
    """
    resolution_s, span_s = stamp_resolution_s(stamps), covered_s(stamps)
    if len(blocks.position) - blocks.n_groups - 1 >= 2:
        return block_rate_sd_hz(blocks, period_s, resolution_s=resolution_s, span_s=span_s)
    x = index - index.mean()
    phase = stamps / period_s - index
    relative = float(phase.std()) / np.sqrt(float(x @ x))
    return float(np.hypot(relative, resolution_s / np.sqrt(6.0) / span_s) / period_s)


def block_rate_sd_hz(
    blocks: Blocks, period_s: float, *, resolution_s: float, span_s: float
) -> float:
    """Estimate the standard deviation of the rate from the scatter of blocks and from rounding.

    Parameters
    ----------
    blocks : Blocks
        At least three more than they have groups.
    period_s : float
        Sampling period, s.
    resolution_s : float
        Resolution of the stamps, s.
    span_s : float
        Time from the first to the last stamp, s.

    Returns
    -------
    float
        Hz.
    """
    relative = slope_sd(
        centre(blocks.position, blocks.group),
        centre(blocks.phase, blocks.group),
        degrees_of_freedom=len(blocks.position) - blocks.n_groups - 1,
    )
    # Each end of the span is off by a uniform rounding error: together resolution / sqrt(6).
    return float(np.hypot(relative, resolution_s / np.sqrt(6.0) / span_s) / period_s)


def covered_s(stamps: Floats) -> float:
    """Return the time from the first to the last stamp without long gaps.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        s, in order.

    Returns
    -------
    float
        s; all of it where every step is as long. A clock may have been set in a long gap, or
        stopped: it tells nothing of the rate.
    """
    steps = np.diff(stamps)
    whole_s = float(stamps[-1] - stamps[0])
    is_gap = steps > SEGMENTS.longest_hole_s
    return whole_s if is_gap.all() else whole_s - float(steps[is_gap].sum())


def require_period_s(period_s: float) -> float:
    """Return a sampling period, if it is one.

    Parameters
    ----------
    period_s : float
        As it was fitted, s.

    Returns
    -------
    float
        The same.

    Raises
    ------
    InvalidInputError
        If it is not a positive number, or shorter than any clock can tell.
    """
    if not period_s > _LEAST_PERIOD_S:
        raise InvalidInputError(
            "the stamps determine no sampling rate: most rows carry the time of another; "
            "leave the time column out and declare the sampling rate"
        )
    return period_s


def stamp_resolution_s(stamps: Floats) -> float:
    """Find the power of ten that all stamps are multiples of.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        s. About 5000 of them are examined.

    Returns
    -------
    float
        1 s to 1 us, s; 0 where the stamps are finer.

    Examples
    --------
    >>> stamp_resolution_s(np.array([0.0, 0.01, 0.019, 0.03]))
    0.001
    """
    some = stamps[:: max(1, len(stamps) // 5000)]
    some = some - some[0]
    for step_s in (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        if float(np.abs(some / step_s - np.rint(some / step_s)).max()) < 1e-9 / step_s + 1e-6:
            return step_s
    return 0.0


def relative_wander(blocks: Blocks) -> float | None:
    """Compute the relative standard deviation of the local sampling rates.

    Parameters
    ----------
    blocks : Blocks
        The rate between each two of them is a local one.

    Returns
    -------
    float or None
        None where the rate is constant within what the scatter of the stamps allows.
    """
    steps = blocks.steps(blocks.phase)
    if len(steps) < 2:
        return None
    spread = float((steps / blocks.steps(blocks.position)).std())
    wander = float(np.abs(np.cumsum(steps - steps.mean())).max())
    most = RATE_FIT.wander_samples + RATE_FIT.wander_half_ranges * blocks.half_range
    constant = spread <= RATE_FIT.most_wander or wander <= most
    return None if constant else spread


def nominal_rate_notes(rate_hz: float, nominal_hz: float | None) -> list[Note]:
    """Warn where the true rate is far from the nominal one.

    Parameters
    ----------
    rate_hz : float
        True rate, Hz.
    nominal_hz : float or None
        Rate that the sensor claims, Hz, if it claims one.

    Returns
    -------
    list of Note
        Empty where they agree to half a percent.
    """
    if nominal_hz is None or abs(rate_hz / nominal_hz - 1.0) <= RATE_FIT.most_off_nominal:
        return []
    return [
        note(
            "RATE_OFF_NOMINAL",
            rate_hz=rate_hz,
            off_percent=100 * (rate_hz / nominal_hz - 1.0),
            nominal_hz=nominal_hz,
        )
    ]


def describe_fit(rate_hz: float, sd_hz: float, n_stamps: int, span_s: float) -> str:
    """Return the entry of the history for a rate that was fitted to stamps.

    Parameters
    ----------
    rate_hz, sd_hz : float
        The rate and its standard deviation, Hz.
    n_stamps : int
        Number of stamps.
    span_s : float
        Time from the first to the last one, s.

    Returns
    -------
    str
        One line.
    """
    return (
        f"clock: {rate_hz:.6g} Hz (sd {sd_hz:.2g} Hz) fitted to {n_stamps} stamps over "
        f"{span_s:.6g} s"
    )
