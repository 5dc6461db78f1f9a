"""The clock of a capture: its true sampling rate, its gaps, and even spacing.

Stamps in, a rate with its standard deviation and the place of every row on an even grid out. The
nominal rate is never believed. Reading stamps out of files is `tremor.formats`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.recording import CaptureWarning, Floats, read_only

__all__ = [
    "LONGEST_BRIDGE_S",
    "EvenClock",
    "RunningClock",
    "TimeBase",
    "declared_timebase",
    "fit_timebase",
    "resample_evenly",
]

Indices = npt.NDArray[np.int64]

#: Resampling bridges holes up to this; half of the shortest tremor period (20 Hz) that matters.
LONGEST_BRIDGE_S: Final = 0.05
#: Off-nominal rates beyond this share are worth a warning: at 8 Hz they are 0.04 Hz.
_OFF_NOMINAL: Final = 0.005
#: A step of the stamps is a whole number of periods when it is this near to one (in periods).
_WHOLE_TOLERANCE: Final = 0.25
_WHOLE_SHARE: Final = 0.97
#: Rows that cannot be told in time, beyond which the stamps do not tick with the samples.
_COLLISION_SHARE: Final = 1e-3
#: Stamps may fall back by this much and are put in order; further is another recording.
_LARGEST_FALL_S: Final = 1.0
_FIRST_ROW_S: Final = 1.0
#: A hole of this length gets its own phase in the fit: sensors restart at any phase.
_NEW_PHASE_S: Final = 1.0
#: The rate counts as wandering when its local values differ by more than this share.
_WANDER_SHARE: Final = 0.002
_LEVEL_ROWS: Final = 9
_SPREAD_LIMIT: Final = 0.05
#: Blocks whose means tell the scatter and the wandering of the clock.
_BLOCK_S: Final = 5.0
#: Stamps are coarse (bursts, rounding) when so many periods lie between a step and its place.
_ROUGH: Final = 0.5
_MANY_ROWS: Final = 500_000
#: Of a long capture the means of so many rows hold all that the slope needs.
_GROUP_ROWS: Final = 16
#: ... and every so many-th stamp tells how finely they are written.
_FEW_ROWS: Final = 1024


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TimeBase:
    """The clock of a capture.

    Parameters
    ----------
    sampling_rate_hz : float
        True sampling rate, Hz.
    sampling_rate_sd_hz : float or None
        Standard deviation of it, Hz; None where there were no stamps to fit.
    rows : ndarray of int64, shape (k,)
        Rows of the capture that are kept, in order of time.
    index : ndarray of int64, shape (k,)
        Place of each kept row on the even grid; strictly increasing from 0. Jumps are gaps.
    uneven_time_s : ndarray, shape (k,), or None
        Times of the kept rows, s, where the rate truly wanders and the samples want resampling;
        None where they are evenly spaced.
    n_duplicates : int
        Rows dropped because they repeat another in time.
    n_backward : int
        Backward steps of the stamps that were put in order.
    warnings : tuple of CaptureWarning
        What makes the clock weaker.
    history : tuple of str
        What was done, in order.
    """

    sampling_rate_hz: float
    sampling_rate_sd_hz: float | None
    rows: Indices
    index: Indices
    uneven_time_s: Floats | None = None
    n_duplicates: int = 0
    n_backward: int = 0
    warnings: tuple[CaptureWarning, ...] = ()
    history: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", read_only(self.rows, np.int64))
        object.__setattr__(self, "index", read_only(self.index, np.int64))
        if self.uneven_time_s is not None:
            object.__setattr__(self, "uneven_time_s", read_only(self.uneven_time_s))

    def place(self, values: Floats) -> Floats:
        """Put the samples of the capture on the even grid.

        Parameters
        ----------
        values : ndarray, shape (n, k)
            One row for each row of the capture.

        Returns
        -------
        ndarray, shape (m, k)
            One row for each place of the grid; NaN where no sample is.
        """
        kept = values if len(self.rows) == len(values) and _is_count(self.rows) else None
        kept = values[self.rows] if kept is None else kept
        if self.uneven_time_s is not None:
            return resample_evenly(self.uneven_time_s, kept, sampling_rate_hz=self.sampling_rate_hz)
        if int(self.index[-1]) == len(kept) - 1:
            return kept
        grid = np.full((int(self.index[-1]) + 1, values.shape[1]), np.nan)
        grid[self.index] = kept
        return grid


def declared_timebase(n_rows: int, *, sampling_rate_hz: float) -> TimeBase:
    """Make the clock of a capture without stamps from a declared rate.

    Parameters
    ----------
    n_rows : int
        How many rows there are.
    sampling_rate_hz : float
        Declared sampling rate, Hz. Nothing in the capture can confirm it.

    Returns
    -------
    TimeBase
        Every row one period after the one before.

    Raises
    ------
    InvalidInputError
        Where the rate is not a positive number.
    InsufficientDataError
        Where there are fewer than two rows.
    """
    if not (np.isfinite(sampling_rate_hz) and sampling_rate_hz > 0):
        raise InvalidInputError(
            f"sampling rate is {sampling_rate_hz} Hz; give a positive number of hertz"
        )
    _require_rows(n_rows)
    rows = np.arange(n_rows, dtype=np.int64)
    rows.flags.writeable = False
    return TimeBase(
        sampling_rate_hz=float(sampling_rate_hz),
        sampling_rate_sd_hz=None,
        rows=rows,
        index=rows,
        history=(f"clock: no stamps, {sampling_rate_hz:g} Hz as declared",),
    )


def fit_timebase(
    stamps_s: Floats,
    *,
    repeats: npt.NDArray[np.bool_] | None = None,
    nominal_sampling_rate_hz: float | None = None,
    first_row_number: int = 0,
) -> TimeBase:
    """Fit the true sampling rate to all stamps and find the gaps.

    Parameters
    ----------
    stamps_s : ndarray, shape (n,)
        Stamp of each row relative to the first, s. Make it from exact integers where the file
        holds them: a float of 19 digits loses 200 ns.
    repeats : ndarray of bool, shape (n,), optional
        True where a row repeats the one before it in stamp and in values.
    nominal_sampling_rate_hz : float, optional
        Rate that the sensor claims, Hz; only compared with the fit.
    first_row_number : int
        What messages call the first row, such as its line in the file.

    Returns
    -------
    TimeBase
        Rate, its standard deviation, and the place of each row on the even grid.

    Raises
    ------
    InsufficientDataError
        Where fewer than two rows are there.
    InvalidInputError
        Where the stamps do not advance, or fall back by more than a second.

    Notes
    -----
    Two kinds of stamps are told apart. Where the steps are whole numbers of periods (within a
    quarter of one) each step tells how many samples are lost. Where they are not (rounding as
    coarse as the period, bursts) the rows are counted instead, and only a shift of the stamps
    that lasts is a hole. Either way the rate is the least-squares slope of the stamps over the
    place of the rows, with a phase of its own after each hole of a second or more, and its
    standard deviation comes from the means of blocks, since neighbouring errors are alike.

    Stamps that stray from the line by less than about half a sample are rounding and jitter: the
    samples are taken as evenly spaced. Where the local rate wanders the times are kept and
    `TimeBase.place` resamples. Half of the rows or more must be single steps for the period to be
    recognised.

    Examples
    --------
    A sensor that claims 100 Hz, runs at 101 Hz and stamps in whole milliseconds:

    >>> import numpy as np
    >>> stamps = np.round(np.arange(6000) / 101.0, 3)
    >>> clock = fit_timebase(stamps, nominal_sampling_rate_hz=100.0)
    >>> round(clock.sampling_rate_hz, 3)
    101.0
    >>> clock.warnings[0].code
    'RATE_OFF_NOMINAL'
    """
    stamps = np.asarray(stamps_s, dtype=np.float64)
    _require_rows(len(stamps))
    if not np.isfinite(stamps).all():
        row = int(np.flatnonzero(~np.isfinite(stamps))[0])
        raise InvalidInputError(f"the stamp of row {first_row_number + row} is not a number")
    history: list[str] = []
    warnings: list[CaptureWarning] = []
    rows = np.arange(len(stamps), dtype=np.int64)

    n_first = _count_stray_first(stamps)
    if n_first:
        warnings.append(
            CaptureWarning(
                "FIRST_ROW",
                f"the first row is {abs(stamps[1] - stamps[0]):.3g} s away from the rest; "
                "it was left out",
            )
        )
        rows, stamps = rows[n_first:], stamps[n_first:]
    n_backward, order = _order_of(stamps, rows, first_row_number)
    if n_backward:
        rows, stamps = rows[order], stamps[order]
        warnings.append(
            CaptureWarning(
                "BACKWARD",
                f"{n_backward} backward steps of the stamps, none longer than "
                f"{_LARGEST_FALL_S:g} s; the rows were put in order of time",
            )
        )
    if stamps[-1] <= stamps[0]:
        raise InvalidInputError(
            "the stamps do not advance: all rows carry the same time; "
            "leave the time column out and declare the sampling rate"
        )
    n_before = len(rows)
    if repeats is not None:
        keep = _without_repeats(stamps, np.asarray(repeats, dtype=np.bool_)[rows])
        if keep is not None:
            rows, stamps = rows[keep], stamps[keep]
    _require_rows(len(rows))

    index, kept = _place_by_steps(stamps)
    if index is None:
        index = _place_by_count(stamps)
    elif kept is not None:
        rows, stamps, index = rows[kept], stamps[kept], index[kept]
    n_duplicates = n_before - len(rows)
    if n_duplicates:
        warnings.append(
            CaptureWarning(
                "DUPLICATES", f"{n_duplicates} rows repeat another in time and were left out"
            )
        )
    index = index - index[0]
    period_s = _fit_period_s(stamps, index)
    rate_hz = 1.0 / period_s
    blocks = _block_means(stamps, index, period_s)
    sd_hz = _rate_sd_hz(stamps, index, blocks, period_s)
    uneven = _uneven_time(stamps, index, blocks, period_s)
    if uneven is not None:
        if len(uneven.rows) < len(rows):
            rows, index = rows[uneven.rows], index[uneven.rows]
        rate_hz = _mean_rate_hz(uneven.time_s)
        warnings.append(
            CaptureWarning(
                "RESAMPLED",
                f"the sampling rate wanders by {100 * uneven.spread:.2g} % (standard deviation) "
                f"about {rate_hz:.4g} Hz; the samples were resampled evenly by cubic interpolation",
            )
        )
    warnings += _off_nominal(rate_hz, nominal_sampling_rate_hz)
    history.append(_account(rate_hz, sd_hz, len(rows), float(stamps[-1] - stamps[0])))
    return TimeBase(
        sampling_rate_hz=rate_hz,
        sampling_rate_sd_hz=sd_hz,
        rows=rows,
        index=index,
        uneven_time_s=None if uneven is None else uneven.time_s,
        n_duplicates=n_duplicates,
        n_backward=n_backward,
        warnings=tuple(warnings),
        history=tuple(history),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenClock:
    """The clock of a capture in which every row is one period after the one before.

    Parameters
    ----------
    sampling_rate_hz, sampling_rate_sd_hz : float
        True sampling rate and its standard deviation, Hz.
    warnings : tuple of CaptureWarning
        What makes the clock weaker.
    history : tuple of str
        What was done, in order.
    """

    sampling_rate_hz: float
    sampling_rate_sd_hz: float
    warnings: tuple[CaptureWarning, ...] = ()
    history: tuple[str, ...] = ()


class RunningClock:
    """Fits the clock while the stamps come in, as long as every step is a single period.

    Holds one number for each sixteen rows. What it cannot answer is for `fit_timebase`, whose
    rate it gives to the bit where it answers.

    Examples
    --------
    >>> import numpy as np
    >>> clock = RunningClock()
    >>> for piece in np.split(np.arange(800_000) / 101.0, 8):
    ...     clock.add(piece)
    >>> round(clock.fit(nominal_sampling_rate_hz=101.0).sampling_rate_hz, 6)
    101.0
    """

    def __init__(self) -> None:
        self._n = 0
        self._first_s = self._last_s = 0.0
        self._single: tuple[float, float] | None = None
        self._is_even = True
        self._rest: Floats = np.zeros(0)
        self._means: list[Floats] = []
        self._few: list[Floats] = []

    def add(self, stamps_s: Floats) -> None:
        """Take the stamps of the next rows, s from the first of the capture."""
        if not self._is_even or not len(stamps_s):
            return
        if self._single is None:
            if len(stamps_s) < 2:
                self._is_even = False
                return
            period_s = _core_period_s(np.diff(stamps_s))
            self._single = _single_step(period_s)
            self._first_s = self._last_s = float(stamps_s[0])
            steps = np.diff(stamps_s)
        else:
            steps = np.diff(stamps_s, prepend=self._last_s)
        low_s, high_s = self._single
        # A stamp that is not a number fails here, too.
        self._is_even = bool(steps.min() > low_s and steps.max() < high_s)
        self._few.append(stamps_s[-self._n % _FEW_ROWS :: _FEW_ROWS])
        whole = np.concatenate([self._rest, stamps_s]) if len(self._rest) else stamps_s
        cut = len(whole) // _GROUP_ROWS * _GROUP_ROWS
        self._means.append(whole[:cut].reshape(-1, _GROUP_ROWS).mean(axis=1))
        self._rest = whole[cut:].copy()
        self._n += len(stamps_s)
        self._last_s = float(stamps_s[-1])

    def fit(self, *, nominal_sampling_rate_hz: float | None = None) -> EvenClock | None:
        """Give the clock, or None where it takes all the stamps to tell.

        Parameters
        ----------
        nominal_sampling_rate_hz : float, optional
            As for `fit_timebase`.

        Returns
        -------
        EvenClock or None
            None for fewer than half a million rows, for any step that is not a single period,
            and where the rate wanders.
        """
        if self._n <= _MANY_ROWS or not self._is_even:
            return None
        means = np.concatenate(self._means)
        place = _GROUP_ROWS * np.arange(len(means)) + (_GROUP_ROWS - 1) / 2.0
        period_s = _slope_s(place - place.mean(), means - means.mean())
        length = max(1, round(_BLOCK_S / period_s / _GROUP_ROWS))
        length = min(length, len(means) // 8)
        cut = len(means) // length * length
        block_place = place[:cut].reshape(-1, length).mean(axis=1)
        phase = means[:cut].reshape(-1, length).mean(axis=1) / period_s - block_place
        joined = np.ones(len(phase), dtype=np.bool_)
        joined[0] = False
        blocks = _Blocks(place=block_place, phase=phase, scatter=0.0, joined=joined)
        if _wander_share(blocks) is not None:
            return None
        few = np.concatenate(self._few)
        span_s = self._last_s - self._first_s
        rate_hz = 1.0 / period_s
        sd_hz = _block_sd_hz(blocks, period_s, resolution_s=_resolution_s(few), span_s=span_s)
        return EvenClock(
            sampling_rate_hz=rate_hz,
            sampling_rate_sd_hz=sd_hz,
            warnings=tuple(_off_nominal(rate_hz, nominal_sampling_rate_hz)),
            history=(_account(rate_hz, sd_hz, self._n, span_s),),
        )


def _off_nominal(rate_hz: float, nominal_hz: float | None) -> list[CaptureWarning]:
    if nominal_hz is None or abs(rate_hz / nominal_hz - 1.0) <= _OFF_NOMINAL:
        return []
    return [
        CaptureWarning(
            "RATE_OFF_NOMINAL",
            f"the true sampling rate is {rate_hz:.5g} Hz, "
            f"{100 * (rate_hz / nominal_hz - 1.0):+.2g} % off the nominal "
            f"{nominal_hz:g} Hz; the true one is used",
        )
    ]


def _account(rate_hz: float, sd_hz: float, n_stamps: int, span_s: float) -> str:
    return f"clock: {rate_hz:.6g} Hz (sd {sd_hz:.2g} Hz) fitted to {n_stamps} stamps over " + (
        f"{span_s:.6g} s"
    )


def resample_evenly(
    time_s: Floats,
    values: Floats,
    *,
    sampling_rate_hz: float,
    longest_bridge_s: float = LONGEST_BRIDGE_S,
) -> Floats:
    """Resample unevenly spaced samples onto an even grid by cubic interpolation.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Strictly increasing times, s.
    values : ndarray, shape (n, k)
        Samples; rows of NaN are lost.
    sampling_rate_hz : float
        Rate of the grid, which starts at the first time, Hz.
    longest_bridge_s : float
        Longer steps (and longer than 1.5 periods) are gaps: rows of NaN.

    Returns
    -------
    ndarray, shape (m, k)
        Samples on the grid.

    Notes
    -----
    Cubic Hermite pieces whose tangents are the weighted mean of the two neighbouring slopes; the
    error for a sine of angular frequency w at step h is of the order (w h)^3 / 24 of its
    amplitude.
    """
    time = np.asarray(time_s, dtype=np.float64)
    good = np.isfinite(values).all(axis=1)
    start_s = float(time[0])
    grid_s = start_s + np.arange(int((time[-1] - start_s) * sampling_rate_hz + 1e-6) + 1) / (
        sampling_rate_hz
    )
    if not good.all():
        time, values = time[good], values[good]
    if len(time) < 2:
        raise InsufficientDataError(f"{len(time)} usable samples; at least 2 are needed")
    step_s = np.diff(time)
    if not (step_s > 0).all():
        raise InvalidInputError("the times to resample do not increase strictly")
    slope = np.diff(values, axis=0) / step_s[:, None]
    tangent = np.empty_like(values)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    width = (step_s[:-1] + step_s[1:])[:, None]
    tangent[1:-1] = (slope[:-1] * step_s[1:, None] + slope[1:] * step_s[:-1, None]) / width
    left = np.clip(np.searchsorted(time, grid_s, side="right") - 1, 0, len(time) - 2)
    step = step_s[left][:, None]
    u = (grid_s - time[left])[:, None] / step
    result: Floats = (
        (1 + 2 * u) * (1 - u) ** 2 * values[left]
        + u * (1 - u) ** 2 * step * tangent[left]
        + u * u * (3 - 2 * u) * values[left + 1]
        + u * u * (u - 1) * step * tangent[left + 1]
    )
    too_long = step_s > max(longest_bridge_s, 1.5 / sampling_rate_hz) * (1 + 1e-6)
    inside = (u[:, 0] * step_s[left] > 0.5 / sampling_rate_hz) & (
        (1 - u[:, 0]) * step_s[left] > 0.5 / sampling_rate_hz
    )
    result[too_long[left] & inside] = np.nan
    outside = (grid_s < time[0] - 0.5 / sampling_rate_hz) | (
        grid_s > time[-1] + 0.5 / sampling_rate_hz
    )
    result[outside] = np.nan
    return result


# --- rows that are out of place ----------------------------------------------------------------


def _require_rows(n_rows: int) -> None:
    if n_rows < 2:
        raise InsufficientDataError(f"{n_rows} row of samples; at least 2 are needed")


def _is_count(rows: Indices) -> bool:
    return bool(rows[0] == 0 and rows[-1] == len(rows) - 1)


def _count_stray_first(stamps: Floats) -> int:
    """Say whether the first row is a stray: far before, or after, the even rest."""
    if len(stamps) < 10:
        return 0
    steps = np.diff(stamps[:1000])
    usual = float(np.quantile(np.abs(steps[1:]), 0.9))
    return int(abs(steps[0]) > max(_FIRST_ROW_S, 20.0 * usual))


def _order_of(stamps: Floats, rows: Indices, first_row_number: int) -> tuple[int, Indices | slice]:
    backward = np.diff(stamps) < 0
    n_backward = int(np.count_nonzero(backward))
    if not n_backward:
        return 0, slice(None)
    fall_s = np.maximum.accumulate(stamps) - stamps
    if float(fall_s.max()) > _LARGEST_FALL_S:
        at = int(np.argmax(fall_s > _LARGEST_FALL_S))
        raise InvalidInputError(
            f"the stamps jump back by {fall_s[at]:.3g} s at row {first_row_number + rows[at]}; "
            "these are two recordings, or the wrong time column: split the file there, "
            "or name the columns with --columns"
        )
    if float(fall_s.max()) < _core_period_s(np.diff(stamps)):
        return n_backward, slice(None)  # jitter of the stamps: the rows are in order
    return n_backward, np.argsort(stamps, kind="stable").astype(np.int64)


def _without_repeats(
    stamps: Floats, repeats: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_] | None:
    """Select the rows that repeat none, unless equal stamps are how this file rounds."""
    n_repeats = int(np.count_nonzero(repeats))
    if not n_repeats:
        return None
    n_equal = int(np.count_nonzero(np.diff(stamps) == 0))
    return ~repeats if n_repeats >= 0.9 * n_equal else None


# --- the place of each row ---------------------------------------------------------------------


def _core_period_s(steps: Floats) -> float:
    """Give the mean of the steps that are near the median one, s."""
    if len(steps) > 400_000:
        starts = np.linspace(0, len(steps) - 8192, 48).astype(np.int64)
        steps = np.concatenate([steps[start : start + 8192] for start in starts])
    middle = float(np.median(steps))
    core = steps[(steps > 0.6 * middle) & (steps < 1.5 * middle)]
    return float(core.mean()) if core.size else middle


def _single_step(period_s: float) -> tuple[float, float]:
    """Give the limits within which a step is one period, s."""
    return (1.0 - _WHOLE_TOLERANCE) * period_s, (1.0 + _WHOLE_TOLERANCE) * period_s


def _place_by_steps(
    stamps: Floats,
) -> tuple[Indices | None, npt.NDArray[np.bool_] | None]:
    """Place the rows where each step tells its number of periods; None where it does not."""
    steps = np.diff(stamps)
    period_s = _core_period_s(steps)
    if period_s <= 0:
        return None, None
    single = _single_step(period_s)
    if single[0] < float(steps.min()) and float(steps.max()) < single[1]:
        return np.arange(len(stamps), dtype=np.int64), None
    whole, n_off = _whole_steps(steps, period_s)
    if n_off > (1.0 - _WHOLE_SHARE) * len(steps) or _is_bursts(whole, period_s):
        return None, None
    index = np.arange(len(stamps), dtype=np.int64)
    level = np.zeros(len(stamps), dtype=np.int64)
    np.cumsum(whole - 1, out=level[1:])
    if (whole <= 0).any():
        # A late row makes a long step and a short one: the level of the count comes back, and a
        # running median leaves only what stays.
        level = _running_median(level, np.flatnonzero(whole <= 0) + 1)
        n_falls = int(np.count_nonzero(np.diff(level) < 0))
        if n_falls > max(1.0, _COLLISION_SHARE * len(stamps)):
            return None, None
    index += level
    for _ in range(2):
        holes = np.flatnonzero(np.diff(index) != 1) + 1
        if not holes.size:
            break
        period_s = _fit_period_s(stamps, index)
        found = np.rint(_level_shift(stamps, index, holes, period_s) / period_s).astype(np.int64)
        if not found.any():
            break
        change = np.zeros(len(index), dtype=np.int64)
        change[holes] = found
        index = index + np.cumsum(change)
    kept = np.concatenate(([True], index[1:] > np.maximum.accumulate(index)[:-1]))
    return index, None if kept.all() else kept


def _whole_steps(steps: Floats, period_s: float) -> tuple[Indices, int]:
    """Round the steps to periods, and count those that are not near a whole number above 0."""
    ratio = steps * (1.0 / period_s)
    nearest = np.rint(ratio)
    ratio -= nearest
    np.abs(ratio, out=ratio)
    # A long hole has no whole number of periods; it says nothing against the kind of stamp.
    off = ((ratio > _WHOLE_TOLERANCE) & (nearest < 20)) | (nearest < 1)
    return nearest.astype(np.int64), int(np.count_nonzero(off))


def _is_bursts(whole: Indices, period_s: float) -> bool:
    """Say whether pauses come so regularly, and so long, that they are the rhythm of packets."""
    pauses = whole[whole > 1]
    if len(pauses) < 8:
        return False
    run, pause = len(whole) / len(pauses), float(np.median(pauses))
    return pause > run and pause * period_s < 5.0


def _running_median(level: Indices, around: Indices) -> Indices:
    """Median over nine rows near the given rows; elsewhere the level as it is."""
    reach = _LEVEL_ROWS
    near = np.unique((around[:, None] + np.arange(-reach, reach + 1)).ravel())
    near = near[(near >= 0) & (near < len(level))]
    half = _LEVEL_ROWS // 2
    window = np.clip(near[:, None] + np.arange(-half, half + 1), 0, len(level) - 1)
    result = level.copy()
    result[near] = np.median(level[window], axis=1).astype(np.int64)
    return result


def _level_shift(stamps: Floats, index: Indices, holes: Indices, period_s: float) -> Floats:
    """Give by how much the phase is higher after each hole than before it, s."""
    reach = np.arange(_LEVEL_ROWS)
    after = np.minimum(holes[:, None] + reach, len(stamps) - 1)
    before = np.maximum(holes[:, None] - 1 - reach, 0)
    shift: Floats = np.median(stamps[after] - period_s * index[after], axis=1) - np.median(
        stamps[before] - period_s * index[before], axis=1
    )
    return shift


def _place_by_count(stamps: Floats) -> Indices:
    """Place the rows by counting them; only shifts of the stamps that last are holes."""
    n = len(stamps)
    period_s = _block_period_s(stamps)
    steps = np.diff(stamps)
    index = np.arange(n, dtype=np.int64)
    for _ in range(2):
        candidates = np.flatnonzero(steps > 2.5 * period_s) + 1
        if not candidates.size:
            break
        burst = n / len(candidates)
        run = max(8, min(1 << 14, 2 * round(burst)))
        least_s = 2.5 * period_s
        pause_s = float(np.median(steps[candidates - 1]))
        # In bursts nearly all of the time passes in the pauses between them.
        if float((stamps[-1] - stamps[0]) - steps[candidates - 1].sum()) < 0.5 * n * period_s:
            least_s = max(least_s, 0.75 * pause_s)
        phase_s = stamps - period_s * np.arange(n)
        index = np.arange(n) + _lasting_shifts(phase_s, candidates, run, least_s, period_s)
        period_s = _fit_period_s(stamps, index)
    return index


def _lasting_shifts(
    phase_s: Floats, candidates: Indices, run: int, least_s: float, period_s: float
) -> Indices:
    """Sum the lost samples up to each row.

    Late stamps only ever add to the phase, so its least value over a run of rows is its level.
    """
    n = len(phase_s)
    jumps = np.zeros(n, dtype=np.int64)
    last = 0
    big = candidates[(phase_s[candidates] - phase_s[candidates - 1]) > least_s]
    # A hole raises the level of all that follows: what is not above all of the run before it
    # cannot be one, which leaves few rows for the loop.
    for at in big[_least_after(phase_s, big, run) > _least_before(phase_s, big, run) + least_s]:
        before = float(phase_s[max(last, at - run) : at].min())
        after = float(phase_s[at : min(n, at + run)].min())
        lost = round((after - before) / period_s)
        # A packet cut short at the end never comes down to its level.
        cut_s = max(0, run // 2 - (n - at)) * period_s
        if after - before > least_s + cut_s and lost > 0:
            jumps[at], last = lost, int(at)
    return np.cumsum(jumps)


def _least_after(phase_s: Floats, at: Indices, run: int) -> Floats:
    ends = np.minimum(at + run, len(phase_s) - 1)
    return _reduce_runs(phase_s, at, np.maximum(ends, at + 1))


def _least_before(phase_s: Floats, at: Indices, run: int) -> Floats:
    return _reduce_runs(phase_s, np.maximum(at - run, 0), at)


def _reduce_runs(values: Floats, starts: Indices, ends: Indices) -> Floats:
    if not starts.size:
        return np.zeros(0)
    pairs = np.column_stack((starts, ends)).ravel()
    padded = np.append(values, np.inf)
    least: Floats = np.minimum.reduceat(padded, pairs)[0::2]
    return least


def _block_period_s(stamps: Floats) -> float:
    """Estimate the period from the time that long runs of rows take, s."""
    n = len(stamps)
    best, best_spread = (stamps[-1] - stamps[0]) / (n - 1), np.inf
    length = 16
    while 4 * length <= n:
        spans = stamps[length :: max(1, length // 4)]
        spans = spans - stamps[: n - length : max(1, length // 4)][: len(spans)]
        low, middle, high = np.quantile(spans, (0.1, 0.5, 0.9))
        spread = (high - low) / middle if middle > 0 else np.inf
        if spread < best_spread:
            core = spans[(spans >= low) & (spans <= high)]
            best, best_spread = float(core.mean()) / length, float(spread)
        if spread <= _SPREAD_LIMIT and length >= 64:
            break
        length *= 2
    return float(best)


# --- the line ----------------------------------------------------------------------------------


def _segment_starts(stamps: Floats, index: Indices) -> Indices:
    """Rows at which a new phase begins: the first, and those after holes of a second or more."""
    long_hole = (np.diff(index) > 1) & (np.diff(stamps) >= _NEW_PHASE_S)
    return np.concatenate(([0], np.flatnonzero(long_hole) + 1)).astype(np.int64)


def _fit_period_s(stamps: Floats, index: Indices) -> float:
    """Fit one slope, shared by all segments, each with its own phase; stray rows left out once."""
    starts = _segment_starts(stamps, index)
    place = index.astype(np.float64)
    if len(starts) > 1:
        lengths = np.diff(np.append(starts, len(stamps)))
        x = place - np.repeat(np.add.reduceat(place, starts) / lengths, lengths)
        y = stamps - np.repeat(np.add.reduceat(stamps, starts) / lengths, lengths)
    else:
        if len(stamps) > _MANY_ROWS:
            cut = len(stamps) // _GROUP_ROWS * _GROUP_ROWS
            place = place[:cut].reshape(-1, _GROUP_ROWS).mean(axis=1)
            stamps = stamps[:cut].reshape(-1, _GROUP_ROWS).mean(axis=1)
        x, y = place - place.mean(), stamps - stamps.mean()
    norm = float(x @ x)
    if norm == 0.0:  # every segment is a single row
        return float((stamps[-1] - stamps[0]) / (place[-1] - place[0]))
    return _slope_s(x, y)


def _slope_s(x: Floats, y: Floats) -> float:
    """Fit a slope through zero, rows that stray from it left out once, s."""
    period_s = float(x @ y) / float(x @ x)
    residual = np.abs(y - period_s * x)
    usual = float(np.median(residual[:: max(1, len(residual) // 50_000)]))
    stray = residual > max(7.0 * usual, 0.5 * period_s)
    if 0 < np.count_nonzero(stray) <= 0.05 * len(x):
        x, y = x[~stray], y[~stray]
        x, y = x - x.mean(), y - y.mean()
        if float(x @ x) > 0.0:
            period_s = float(x @ y) / float(x @ x)
    return period_s


@dataclass(frozen=True, slots=True)
class _Blocks:
    place: Floats  # mean index of each block
    phase: Floats  # mean phase of each block, in samples
    scatter: float  # half range of the phase within a block where stamps are coarse, in samples
    joined: npt.NDArray[np.bool_]  # True where no long hole parts a block from the one before


def _block_means(stamps: Floats, index: Indices, period_s: float) -> _Blocks:
    n = len(index)
    length = max(8, min(round(_BLOCK_S / period_s), n // 8))
    n_blocks = n // length
    if not n_blocks:
        length, n_blocks = n, 1
    cut = n_blocks * length
    stamp = stamps[:cut].reshape(n_blocks, length)
    place = index[:cut].reshape(n_blocks, length)
    few = slice(None, None, max(1, n_blocks // 200))
    phase = stamp[few] / period_s - place[few]
    rough = length > 1 and float(np.quantile(np.abs(np.diff(phase, axis=1)), 0.75)) > _ROUGH
    spread = np.quantile(phase, 0.95, axis=1) - np.quantile(phase, 0.05, axis=1)
    hole = int(_NEW_PHASE_S / period_s)
    # A block with a long hole within it mixes two phases.
    whole = (place[:, -1] - place[:, 0]) < length + hole
    joined = np.concatenate(([False], (place[1:, 0] - place[:-1, -1]) < hole)) & whole
    joined[1:] &= whole[:-1]
    mean_place = place.mean(axis=1)
    return _Blocks(
        place=mean_place,
        phase=stamp.mean(axis=1) / period_s - mean_place,
        scatter=float(np.median(spread)) / 2.0 if rough else 0.0,
        joined=joined,
    )


def _rate_sd_hz(stamps: Floats, index: Indices, blocks: _Blocks, period_s: float) -> float:
    """Give the sd of the rate from the scatter of block means, and from rounding, Hz."""
    resolution_s, span_s = _resolution_s(stamps), float(stamps[-1] - stamps[0])
    if len(blocks.place) - np.count_nonzero(~blocks.joined[1:]) - 2 >= 2:
        return _block_sd_hz(blocks, period_s, resolution_s=resolution_s, span_s=span_s)
    x = index - index.mean()
    phase = stamps / period_s - index
    relative = float(phase.std()) / np.sqrt(float(x @ x))
    return float(np.hypot(relative, resolution_s / np.sqrt(6.0) / span_s) / period_s)


def _block_sd_hz(blocks: _Blocks, period_s: float, *, resolution_s: float, span_s: float) -> float:
    group = np.cumsum(~blocks.joined).astype(np.int64)
    group -= group[0]
    size = np.bincount(group)
    free = len(group) - len(size) - 1
    x = blocks.place - (np.bincount(group, blocks.place) / size)[group]
    phase = blocks.phase - (np.bincount(group, blocks.phase) / size)[group]
    power = float(phase @ phase)
    alike = float(phase[1:] @ phase[:-1]) / power if power > 0 else 0.0
    alike = min(max(alike, 0.0), 0.9)
    relative = np.sqrt(power / free * (1 + alike) / (1 - alike) / float(x @ x))
    return float(np.hypot(relative, resolution_s / np.sqrt(6.0) / span_s) / period_s)


def _resolution_s(stamps: Floats) -> float:
    """Find the decimal step that all stamps are multiples of, s; 0 where finer than 1 us."""
    few = stamps[:: max(1, len(stamps) // 5000)]
    few = few - few[0]
    for step_s in (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        if float(np.abs(few / step_s - np.rint(few / step_s)).max()) < 1e-9 / step_s + 1e-6:
            return step_s
    return 0.0


@dataclass(frozen=True, slots=True)
class _Uneven:
    time_s: Floats
    rows: Indices
    spread: float


def _uneven_time(
    stamps: Floats, index: Indices, blocks: _Blocks, period_s: float
) -> _Uneven | None:
    """Give the times of the rows where the rate truly wanders."""
    spread = _wander_share(blocks)
    if spread is None:
        return None
    time = stamps
    if blocks.scatter > 0.0:  # rounding or bursts on top: only the smooth part is the rate
        time = period_s * (index + np.interp(index, blocks.place, blocks.phase))
    good = np.concatenate(([True], time[1:] > np.maximum.accumulate(time)[:-1]))
    return _Uneven(time[good] - time[good][0], np.flatnonzero(good), spread)


def _wander_share(blocks: _Blocks) -> float | None:
    """Give the sd of the local rates as a share, or None where the rate is as good as constant."""
    ahead = np.diff(blocks.phase)[blocks.joined[1:]]
    if len(ahead) < 2:
        return None
    spread = float((ahead / np.diff(blocks.place)[blocks.joined[1:]]).std())
    wander = float(np.abs(np.cumsum(ahead - ahead.mean())).max())
    constant = spread <= _WANDER_SHARE or wander <= 0.5 + 0.5 * blocks.scatter
    return None if constant else spread


def _mean_rate_hz(time_s: Floats) -> float:
    steps = np.diff(time_s)
    usual = steps <= max(LONGEST_BRIDGE_S, 1.5 * float(np.median(steps)))
    return float(np.count_nonzero(usual) / steps[usual].sum())
