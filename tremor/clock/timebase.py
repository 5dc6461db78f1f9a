"""The clock of a capture: its true sampling rate, its gaps, and its evenly spaced samples.

Stamps in; a rate with its standard deviation and the sample position of every row out. A nominal
rate is only compared with the fit. Reading stamps from files is `tremor.formats`; streams are
`tremor.clock.running`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tremor.arrays import Bools, Floats, Indices, read_only
from tremor.clock.by_arrivals import late_stamp_notes, positions_by_count
from tremor.clock.by_counter import positions_by_counter
from tremor.clock.by_steps import positions_by_steps
from tremor.clock.cutting import Stretches, stretches_of_places, stretches_of_times
from tremor.clock.rate import (
    StampLine,
    covered_s,
    describe_fit,
    fit_stamps,
    nominal_rate_notes,
    rate_sd_hz,
    relative_wander,
)
from tremor.clock.resampling import longest_bridged_step_s, resample_evenly
from tremor.clock.row_order import OrderedRows, order_rows
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.notes import Note, note
from tremor.segments import Segment
from tremor.settings import SEGMENTS

__all__ = ["TimeBase", "declared_timebase", "fit_timebase"]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TimeBase:
    """The clock of a capture.

    Parameters
    ----------
    sampling_rate_hz : float
        True sampling rate, Hz.
    sampling_rate_sd_hz : float or None
        Its standard deviation, Hz; None where there were no stamps to fit.
    rows : ndarray of int64, shape (k,)
        Rows of the capture that are kept, in order of time.
    index : ndarray of int64, shape (k,)
        Sample position of each kept row on the even grid; strictly increasing from 0. Jumps are
        gaps.
    uneven_time_s : ndarray, shape (k,), or None
        Times of the kept rows, s, where the rate truly wanders and the samples must be resampled;
        None where they are evenly spaced.
    warnings : tuple of Note
        What makes the clock weaker.
    history : tuple of str
        Processing steps, in order.
    """

    sampling_rate_hz: float
    sampling_rate_sd_hz: float | None
    rows: Indices
    index: Indices
    uneven_time_s: Floats | None = None
    warnings: tuple[Note, ...] = ()
    history: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", read_only(self.rows, np.int64))
        object.__setattr__(self, "index", read_only(self.index, np.int64))
        if self.uneven_time_s is not None:
            object.__setattr__(self, "uneven_time_s", read_only(self.uneven_time_s))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Return the segments of the capture: what long gaps part, or a clock that was set."""
        return self._stretches().segments(sampling_rate_hz=self.sampling_rate_hz)

    def to_grid(self, values: Floats) -> Floats:
        """Put the samples of the capture on an even grid, segment by segment.

        Parameters
        ----------
        values : ndarray, shape (n, k)
            One row for each row of the capture, in any unit.

        Returns
        -------
        ndarray, shape (m, k)
            One row for each sample of the segments, one segment after the other; NaN where there is
            no sample.

        Raises
        ------
        InsufficientDataError
            If the samples must be resampled and fewer than two of them are finite, or if next to
            all of them are lost.
        """
        keeps_all = len(self.rows) == len(values) and _is_range(self.rows)
        kept = values if keeps_all else values[self.rows]
        stretches = self._stretches()
        n_samples = int(stretches.n_samples.sum())
        if n_samples > SEGMENTS.least_in_holes + SEGMENTS.most_holes * len(kept):
            raise InsufficientDataError(
                f"{len(kept)} of {n_samples} samples are there at {self.sampling_rate_hz:.4g} Hz; "
                "record again, or name the time column and its unit with --columns"
            )
        if self.uneven_time_s is not None:
            return self._resampled(kept, stretches)
        if n_samples == len(kept):
            return kept
        first = np.cumsum(stretches.n_samples) - stretches.n_samples
        position = self.index + np.repeat(first - stretches.begin, np.diff(stretches.rows))
        grid = np.full((n_samples, values.shape[1]), np.nan)
        grid[position] = kept
        return grid

    def _stretches(self) -> Stretches:
        rate_hz = self.sampling_rate_hz
        if self.uneven_time_s is not None:
            return stretches_of_times(self.uneven_time_s, sampling_rate_hz=rate_hz)
        return stretches_of_places(self.index, sampling_rate_hz=rate_hz)

    def _resampled(self, kept: Floats, stretches: Stretches) -> Floats:
        assert self.uneven_time_s is not None
        rate_hz, edges = self.sampling_rate_hz, stretches.rows.tolist()
        if len(edges) == 2:
            return resample_evenly(self.uneven_time_s, kept, sampling_rate_hz=rate_hz)
        parts = []
        for begin, end, n in zip(edges[:-1], edges[1:], stretches.n_samples.tolist(), strict=True):
            time_s, values = self.uneven_time_s[begin:end], kept[begin:end]
            if np.count_nonzero(np.isfinite(values).all(axis=1)) > 1:
                parts.append(resample_evenly(time_s, values, sampling_rate_hz=rate_hz))
                continue
            part = np.full((n, kept.shape[1]), np.nan)  # a single sample is where it is
            part[np.rint((time_s - time_s[0]) * rate_hz).astype(np.int64)] = values
            parts.append(part)
        return np.concatenate(parts)


def declared_timebase(
    n_rows: int,
    *,
    sampling_rate_hz: float,
    counter: Floats | None = None,
    first_row_number: int = 0,
) -> TimeBase:
    """Return the clock of a capture without stamps, from a declared rate.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    sampling_rate_hz : float
        Declared sampling rate, Hz. Nothing in the capture can confirm it.
    counter : ndarray, shape (n_rows,), optional
        Number of each sample, or of its packet, which shows losses.
    first_row_number : int
        Number of the first row in messages, such as its line in the file.

    Returns
    -------
    TimeBase
        Every row one period after the one before, but for those lost by the counter.

    Raises
    ------
    InvalidInputError
        If the rate is not a positive number, or if the counter starts again.
    InsufficientDataError
        If there are fewer than two rows.
    """
    if not (np.isfinite(sampling_rate_hz) and sampling_rate_hz > 0):
        raise InvalidInputError(
            f"sampling rate is {sampling_rate_hz} Hz; give a positive number of hertz"
        )
    _require_rows(n_rows)
    rows = index = np.arange(n_rows, dtype=np.int64)
    rows.flags.writeable = False
    notes: tuple[Note, ...] = ()
    if counter is not None:
        counted = positions_by_counter(counter, first_row_number=first_row_number)
        rows, index = rows[counted.kept], counted.index
        n_repeats = n_rows - len(rows)
        notes = (note("DUPLICATES", n_rows=n_repeats),) if n_repeats else ()
    return TimeBase(
        sampling_rate_hz=float(sampling_rate_hz),
        sampling_rate_sd_hz=None,
        rows=rows,
        index=index,
        warnings=notes,
        history=(f"clock: no stamps, {sampling_rate_hz:g} Hz as declared",),
    )


def fit_timebase(
    stamps_s: Floats,
    *,
    repeats: Bools | None = None,
    nominal_sampling_rate_hz: float | None = None,
    first_row_number: int = 0,
    clock_start_s: float | None = None,
    counter: Floats | None = None,
) -> TimeBase:
    """Fit the true sampling rate to all stamps and find the gaps.

    Parameters
    ----------
    stamps_s : ndarray, shape (n,)
        Stamp of each row relative to the first, s. Compute it from exact integers where the file
        holds them: a float of 19 digits loses 200 ns.
    repeats : ndarray of bool, shape (n,), optional
        Result of `tremor.clock.row_order.repeated_rows`.
    nominal_sampling_rate_hz : float, optional
        Rate that the sensor claims, Hz; only compared with the fit.
    first_row_number : int
        Number of the first row in messages, such as its line in the file.
    clock_start_s : float, optional
        What the clock showed at the first row, s; None if that is a date.
    counter : ndarray, shape (n,), optional
        Number of each sample, or of its packet, which shows losses that coarse or late stamps do
        not.

    Returns
    -------
    TimeBase
        Rate, its standard deviation, and the sample position of each row on the even grid.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two rows.
    InvalidInputError
        If a stamp is not a number, or if the stamps do not advance, start again, or jump by more
        than any clock can.

    Notes
    -----
    There are two kinds of stamps. Where the steps are whole numbers of periods (within a quarter of
    one), each step shows how many samples are lost. Where they are not (rounding as coarse as the
    period, packets stamped on arrival), the rows are counted instead, and only a lasting shift of
    the earliest stamps is a gap: a stamp can be late and never early, and a short loss cannot be
    distinguished from delay. Either way the period is the least-squares slope of the stamps over
    the sample positions, with a new intercept after each gap of a second or more; counted rows are
    fitted through their earliest stamps where these scatter less. The standard deviation comes from
    blocks of five seconds, since neighbouring errors are correlated.

    Deviations of the stamps from the line by less than about half a sample are rounding and jitter:
    the samples are taken as evenly spaced. Where the local rate wanders, the times are kept and
    `TimeBase.to_grid` resamples. At least half of the steps must be single periods for the period
    to be recognised.

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
    ordered = order_rows(
        stamps_s,
        repeats=repeats,
        first_row_number=first_row_number,
        clock_start_s=clock_start_s,
    )
    _refuse_jumps(ordered, first_row_number)
    found = _find_positions(ordered, counter, first_row_number)
    rows, stamps, index = ordered.rows[found.kept], found.stamps_s, found.index
    warnings = list(ordered.notes)
    n_duplicates = ordered.n_repeats + len(ordered.rows) - len(rows)
    if n_duplicates:
        warnings.append(note("DUPLICATES", n_rows=n_duplicates))
    warnings += found.notes
    rate_hz = 1.0 / found.line.period_s
    sd_hz = rate_sd_hz(stamps, index, found.line.blocks, found.line.period_s)
    uneven = _uneven_times(stamps, index, found.line)
    if uneven is not None:
        rows, index = rows[uneven.kept], index[uneven.kept]
        rate_hz = _mean_rate_hz(uneven.time_s)
        warnings.append(note("RESAMPLED", spread_percent=100 * uneven.relative_sd, rate_hz=rate_hz))
    warnings += nominal_rate_notes(rate_hz, nominal_sampling_rate_hz)
    span_s = covered_s(stamps)
    return TimeBase(
        sampling_rate_hz=rate_hz,
        sampling_rate_sd_hz=sd_hz,
        rows=rows,
        index=index,
        uneven_time_s=None if uneven is None else uneven.time_s,
        warnings=tuple(warnings),
        history=(describe_fit(rate_hz, sd_hz, len(rows), span_s),),
    )


def _refuse_jumps(ordered: OrderedRows, first_row_number: int) -> None:
    steps = np.diff(ordered.stamps_s)
    if float(steps.max(initial=0.0)) <= SEGMENTS.longest_jump_s:
        return
    at = int(np.argmax(steps))
    raise InvalidInputError(
        f"the stamps jump by {steps[at]:.3g} s at row {first_row_number + ordered.rows[at + 1]}, "
        "further than a clock can be set; repair the line, or name the time column and its unit "
        "with --columns"
    )


def _require_rows(n_rows: int) -> None:
    if n_rows < 2:
        raise InsufficientDataError(f"{n_rows} row of samples; at least 2 are needed")


def _is_range(rows: Indices) -> bool:
    """Check whether strictly increasing row numbers are 0, 1, 2 ... without a jump."""
    return bool(rows[0] == 0 and rows[-1] == len(rows) - 1)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Positions:
    """Sample positions of rows and the line fitted to their stamps.

    Parameters
    ----------
    kept : ndarray of bool, shape (k,), or slice
        Selects the rows that have a position of their own.
    stamps_s : ndarray, shape (n,)
        Stamps of those, s.
    index : ndarray of int64, shape (n,)
        Their positions, from 0.
    line : StampLine
        The fitted line.
    notes : tuple of Note
        Warnings.
    """

    kept: Bools | slice
    stamps_s: Floats
    index: Indices
    line: StampLine
    notes: tuple[Note, ...] = ()


def _find_positions(
    ordered: OrderedRows, counter: Floats | None, first_row_number: int
) -> _Positions:
    """Find the sample positions from the steps of the stamps, a counter, or by counting rows."""
    stamps, breaks = ordered.stamps_s, ordered.breaks
    by_steps = positions_by_steps(stamps)
    if by_steps is not None:
        return _fitted(stamps, by_steps.index, by_steps.kept, breaks, may_be_late=False)
    if counter is not None:
        by_counter = positions_by_counter(counter[ordered.rows], first_row_number=first_row_number)
        kept = None if by_counter.kept.all() else by_counter.kept
        index = np.cumsum(by_counter.kept) - 1
        return _fitted(stamps, by_counter.index[index], kept, breaks, may_be_late=True)
    counted = positions_by_count(stamps)
    found = _fitted(stamps, counted.index, None, breaks, may_be_late=True)
    notes = tuple(late_stamp_notes(stamps, counted, found.line))
    return replace(found, notes=notes)


def _fitted(
    stamps: Floats, index: Indices, kept: Bools | None, breaks: Indices, *, may_be_late: bool
) -> _Positions:
    """Fit the line to the stamps of the rows that are kept."""
    selected: Bools | slice = slice(None)
    if kept is not None:
        selected = kept
        stamps, index = stamps[kept], index[kept]
        breaks = np.searchsorted(np.flatnonzero(kept), breaks)
    index = index - index[0]
    line = fit_stamps(stamps, index, may_be_late=may_be_late, breaks=breaks)
    return _Positions(kept=selected, stamps_s=stamps, index=index, line=line)


@dataclass(frozen=True, eq=False, slots=True)
class _UnevenTimes:
    """Times of rows where the rate wanders.

    Parameters
    ----------
    time_s : ndarray, shape (k,)
        Strictly increasing from 0, s.
    kept : ndarray of bool, shape (n,)
        True for the rows that these are.
    relative_sd : float
        Relative standard deviation of the local rates.
    """

    time_s: Floats
    kept: Bools
    relative_sd: float


def _uneven_times(stamps: Floats, index: Indices, line: StampLine) -> _UnevenTimes | None:
    """Compute the times of the rows where the rate truly wanders; None where it does not."""
    blocks = line.blocks
    relative_sd = relative_wander(blocks)
    if relative_sd is None:
        return None
    time = stamps
    if blocks.half_range > 0.0:  # rounding or bursts: only the smooth part is the clock's
        time = line.period_s * (index + np.interp(index, blocks.position, blocks.phase))
    kept = np.concatenate(([True], time[1:] > np.maximum.accumulate(time)[:-1]))
    return _UnevenTimes(time[kept] - time[kept][0], kept, relative_sd)


def _mean_rate_hz(time_s: Floats) -> float:
    """Compute the mean rate over all steps that resampling bridges."""
    steps = np.diff(time_s)
    bridged = steps <= longest_bridged_step_s(float(np.median(steps)))
    return float(np.count_nonzero(bridged) / steps[bridged].sum())
