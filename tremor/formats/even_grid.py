"""The sampling rate of a table, and its rows as evenly spaced samples, segment by segment.

Fitting rates, finding gaps and cutting at long ones is `tremor.clock`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tremor.arrays import Bools, Floats
from tremor.clock.row_order import repeated_rows
from tremor.clock.timebase import TimeBase, declared_timebase, fit_timebase
from tremor.errors import CaptureReadError
from tremor.formats.csv.cells import quoted
from tremor.formats.table import DeclaredFacts, Table
from tremor.notes import note
from tremor.segments import Segment
from tremor.settings import STAMP_UNITS

__all__ = ["SamplingRate", "put_on_even_grid"]


@dataclass(frozen=True, slots=True)
class SamplingRate:
    """Sampling rate of a capture, its segments, and when its samples begin.

    Parameters
    ----------
    sampling_rate_hz, nominal_hz, sd_hz
        As ``sampling_rate_hz``, ``nominal_sampling_rate_hz`` and ``sampling_rate_sd_hz`` of
        `tremor.recording.CaptureInfo`, Hz.
    first_stamp_s : float
        Stamp of the first sample, s; 0 without a time column. Where the clock was set, the stamp
        that it would have had after the last time.
    segments : tuple of Segment
        Of the samples; none where they are one.
    """

    sampling_rate_hz: float
    nominal_hz: float | None
    sd_hz: float | None
    first_stamp_s: float
    segments: tuple[Segment, ...] = ()


def put_on_even_grid(table: Table, facts: DeclaredFacts) -> SamplingRate:
    """Fit the clock of a table, and put its rows on the even grid.

    Parameters
    ----------
    table : Table
        Samples and stamps. Its samples are replaced by those on the grid, NaN where lost, those of
        all segments one after the other; steps and warnings are appended to it.
    facts : DeclaredFacts
        Declared rates. That of the user is the rate without a time column, else only a nominal
        rate.

    Returns
    -------
    SamplingRate
        As estimated from the stamps, or as declared.

    Raises
    ------
    CaptureReadError
        If there are no stamps and no rate is declared, or arrivals determine none, or the rate is
        higher than that of any accelerometer.
    InvalidInputError
        If the stamps determine no rate.
    """
    nominal_hz = facts.nominal_sampling_rate_hz
    if table.stamps is None:
        rate_hz = facts.sampling_rate_hz or nominal_hz
        if rate_hz is None:
            names = f"columns {quoted(', '.join(facts.columns))}" if facts.columns else "no header"
            raise CaptureReadError(
                f"{facts.name} has no time column ({names}); "
                "name it with --columns, such as time_s,x,y,z, or give --sampling-rate"
            )
        table.warnings.append(note("RATE_DECLARED", rate_hz=rate_hz))
        is_said = facts.sampling_rate_hz is not None
        why = note("BY_FILE_NAME") if facts.rate_in_file_name and not is_said else None
        table.decide("sampling_rate", f"{rate_hz:g} Hz", "said" if is_said else "named", why)
        table.history.append(f"clock: no stamps, {rate_hz:g} Hz as declared")
        return SamplingRate(
            rate_hz, nominal_hz, None, 0.0, _place_by_counter(table, facts, rate_hz)
        )
    nominal_hz = nominal_hz or facts.sampling_rate_hz
    clock = None
    if table.clock is not None:
        clock = table.clock.fit(nominal_sampling_rate_hz=nominal_hz)
    if clock is None:
        clock = _fit_all_stamps(table, facts.first_row_number, nominal_hz)
    _refuse_rate(clock.sampling_rate_hz, facts.name)
    first_row = 0
    segments: tuple[Segment, ...] = ()
    if isinstance(clock, TimeBase):
        first_row, segments = int(clock.rows[0]), clock.segments
        _place(table, clock)
    table.warnings.extend(clock.warnings)
    table.decide("sampling_rate", f"{clock.sampling_rate_hz:.6g} Hz", "told")
    table.history.extend(clock.history)
    _note_cuts(table, segments)
    return SamplingRate(
        clock.sampling_rate_hz,
        nominal_hz,
        clock.sampling_rate_sd_hz,
        # What a clock shows after it was set is right.
        table.first_stamp_s(first_row) + sum(one.clock_set_by_s for one in segments),
        segments,
    )


def _place_by_counter(table: Table, facts: DeclaredFacts, rate_hz: float) -> tuple[Segment, ...]:
    """Leave holes where a counter shows that samples are lost, and return the segments."""
    if table.counter is None:
        return ()
    table.history.append(f"losses by the counter in column {table.counter_name}")
    clock = declared_timebase(
        len(table.values),
        sampling_rate_hz=rate_hz,
        counter=table.counts(),
        first_row_number=facts.first_row_number,
    )
    table.warnings.extend(clock.warnings)
    _place(table, clock)
    return clock.segments


def _fit_all_stamps(table: Table, first_row_number: int, nominal_hz: float | None) -> TimeBase:
    time, values = table.time_s(), table.samples()
    repeats = repeated_rows(time, values) | _lost_out_of_order(time, values)
    del values
    return fit_timebase(
        time,
        repeats=repeats if repeats.any() else None,
        nominal_sampling_rate_hz=nominal_hz,
        first_row_number=first_row_number,
        clock_start_s=table.clock_start_s,
        counter=table.counts(),
    )


def _lost_out_of_order(time: Floats, values: Floats) -> Bools:
    """Find rows without a sample whose stamp is not between its neighbours: lines that were cut."""
    lost = np.isnan(values[:, 0])
    if lost.any():
        after = np.append(np.diff(time), np.inf) <= 0.0
        lost &= after | np.append(False, np.diff(time) <= 0.0)
    return lost


def _place(table: Table, clock: TimeBase) -> None:
    n_rows = len(table.values)
    if clock.uneven_time_s is None and len(clock.rows) == n_rows == int(clock.index[-1]) + 1:
        return
    table.replace_values(clock.to_grid(table.samples()))


def _refuse_rate(rate_hz: float, name: str) -> None:
    highest_hz = STAMP_UNITS.possible_rate_hz[1]
    if rate_hz > highest_hz:
        raise CaptureReadError(
            f"the times of {name} make a sampling rate of {rate_hz:.3g} Hz, and no accelerometer "
            f"has more than {highest_hz:g} Hz; repair its damaged rows, or name the columns and "
            "their units with --columns"
        )


def _note_cuts(table: Table, segments: Sequence[Segment]) -> None:
    """Warn of each time that the clock was set, and tell the segments."""
    table.warnings.extend(
        note("CLOCK_SET", jump_s=one.clock_set_by_s, at_s=one.start_s)
        for one in segments
        if one.clock_set_by_s
    )
    if len(segments) > 1:
        table.history.append(f"cut at long gaps into segments: {len(segments)}")
