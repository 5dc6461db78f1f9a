"""A table in memory in, a recording out: a pandas DataFrame with stamps and three axes.

Columns are recognised by the names that headers of files use (`tremor.formats.csv.dialects`); the
table then goes the way of a file (`tremor.formats.assembly`). Files are `tremor.formats.readers`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tremor.counted import counted
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.formats.assembly import assemble
from tremor.formats.csv.format_records import Matched
from tremor.formats.csv.headers import match_any_header
from tremor.formats.csv.time_column import choose_time_column
from tremor.formats.readers import ReadOptions
from tremor.formats.table import DeclaredFacts, Table, mark_lost
from tremor.gravity import find_gravity_evidence, unit_by_gravity
from tremor.notes import Note, note
from tremor.recording import Floats, Recording
from tremor.units import TIME_UNIT_S

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["recording_from_frame"]

_WHAT_IS_NEEDED: Final = (
    "a DataFrame needs a time column (time_s, time_ms, time_us, time_ns or datetimes) or a "
    "DatetimeIndex, and three axes (x, y, z or acc_x, acc_y, acc_z; with _ms2, _g or _mg where "
    "they are not in m/s^2)"
)
#: Seconds since 1970 of the years 2001 to 2103.
_EPOCH_S: Final = (1.0e9, 4.2e9)
#: Rows that show which of several columns is the time.
_FIRST_ROWS: Final = 200
#: Sampling rates that stamps in seconds can have.
_PLAUSIBLE_RATE_HZ: Final = (1.0, 10_000.0)


class _Stamps(NamedTuple):
    """Stamps of all rows, s from the first valid one (NaN where missing), and its wall time."""

    seconds: Floats
    epoch_s: float | None = None
    zone_known: bool = True


def recording_from_frame(frame: pd.DataFrame, options: ReadOptions | None = None) -> Recording:
    """Make a recording of a table.

    Parameters
    ----------
    frame : DataFrame
        A time column or a `DatetimeIndex`, and three axes of acceleration. A time column without
        a unit in its name is in seconds, axes without one are in m/s^2. Rows with a missing value
        on an axis are lost samples.
    options : ReadOptions, optional
        What the user declares of it, all but ``columns``; the sampling rate is required without
        stamps.

    Returns
    -------
    Recording
        m/s^2 on an even grid; lost samples are rows of NaN.

    Raises
    ------
    InvalidInputError
        If columns are missing or ambiguous, hold no numbers, or their unit is in doubt.
    InsufficientDataError
        If there are fewer than two samples.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"time_ms": np.arange(300) * 10, "x": 0.0, "y": 0.0, "z": 9.81})
    >>> recording = recording_from_frame(frame)
    >>> round(recording.sampling_rate_hz, 3), recording.gravity
    (100.0, 'included')
    """
    options = options or ReadOptions()
    frame = _with_index_as_column(frame)
    matched = match_any_header([str(name) for name in frame.columns])
    if isinstance(matched, str):
        raise InvalidInputError(f"{matched}; {_WHAT_IS_NEEDED}")
    matched, passed_over = _with_best_time(frame, matched)
    if matched.time is None and options.sampling_rate_hz is None:
        raise InvalidInputError(
            f"there is no time column; {_WHAT_IS_NEEDED}; or give sampling_rate_hz="
        )
    table = _read_table(frame, matched)
    if matched.time is not None:
        name = str(frame.columns[matched.time])
        table.decide("time_column", name, "told" if passed_over else "named", passed_over)
    facts = options.over(
        DeclaredFacts(name="the DataFrame", unit=matched.unit, gravity=matched.gravity)
    )
    if not facts.unit:
        _refuse_other_unit(table)
        facts = replace(facts, unit_without_gravity="m/s^2")
    return assemble(table, facts).in_memory()


def _with_best_time(frame: pd.DataFrame, matched: Matched) -> tuple[Matched, Note | None]:
    """Choose among several columns of time by their first rows; numbers without a unit are s."""
    if len(matched.times) < 2:
        return matched, None
    named_first = sorted(matched.times, key=lambda time: not time[1])
    times = tuple((column, unit or "s") for column, unit in named_first)
    rows = frame.head(_FIRST_ROWS).astype("string").fillna("").to_numpy(dtype=object).tolist()
    names = [str(name) for name in frame.columns]
    return choose_time_column(replace(matched, times=times), names, rows)


def _with_index_as_column(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    index = frame.index
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        return frame.reset_index(names="time")
    is_named = isinstance(index.name, str) and index.name not in frame.columns
    return frame.reset_index() if is_named else frame


def _read_table(frame: pd.DataFrame, matched: Matched) -> Table:
    values = _values(frame, matched)
    if matched.time is None:
        table = Table.of_arrays(values, None)
    else:
        stamps = _stamps(frame.iloc[:, matched.time], matched)
        stamped = np.isfinite(stamps.seconds)
        table = Table.of_arrays(values[stamped], stamps.seconds[stamped])
        table.epoch_s, table.zone_known = stamps.epoch_s, stamps.zone_known
    n_usable = table.statistics.n_rows - table.statistics.n_lost
    if n_usable < 2:
        raise InsufficientDataError(
            f"the DataFrame has {counted(n_usable, 'row')} with three axes and a stamp; at least 2 "
            "are needed"
        )
    n_left_out = len(frame) - len(table.values)
    if n_left_out:
        table.warnings.append(note("NO_STAMP", n_rows=n_left_out))
    table.history.append("from a DataFrame")
    return table


def _values(frame: pd.DataFrame, matched: Matched) -> Floats:
    for axis in matched.axes:
        if frame.dtypes.iloc[axis].kind in "bcmM":
            raise InvalidInputError(
                f"axis {frame.columns[axis]!r} holds {frame.dtypes.iloc[axis]}; give acceleration "
                "as numbers"
            )
    try:
        columns = [
            frame.iloc[:, axis].to_numpy(np.float64, na_value=np.nan) for axis in matched.axes
        ]
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"an axis does not hold numbers: {error}") from error
    values = np.column_stack(columns)
    infinite = np.isinf(values).any(axis=1)
    if infinite.any():
        row = int(np.argmax(infinite))
        raise InvalidInputError(f"acceleration of row {row} is infinite; mark lost samples as NaN")
    mark_lost(values)
    return values


def _refuse_other_unit(table: Table) -> None:
    """Raise if samples without a named unit look like gravity in another one than m/s^2."""
    length = find_gravity_evidence(table.samples()).constant
    unit = unit_by_gravity(length, ("g", "mg"))
    if unit is not None:
        raise InvalidInputError(
            f"no axis names its unit, and the mean vector, {length:.4g} long, would be gravity "
            f"in {unit}; give the unit, or name the axes such as acc_x_{unit} or acc_x_ms2"
        )


def _stamps(cells: pd.Series, matched: Matched) -> _Stamps:
    import pandas as pd

    cells = _numbers_of_text(cells)
    if not (
        pd.api.types.is_numeric_dtype(cells)
        or pd.api.types.is_datetime64_any_dtype(cells)
        or pd.api.types.is_timedelta64_dtype(cells)
    ):
        try:
            # Named, because pandas 2.2 takes the form of all from the first, whatever its decimals.
            cells = pd.to_datetime(cells, format="ISO8601")
        except (TypeError, ValueError) as error:
            raise InvalidInputError(
                f"the time column {cells.name!r} holds neither numbers nor datetimes of one time "
                f"zone; {_WHAT_IS_NEEDED}"
            ) from error
    if pd.api.types.is_numeric_dtype(cells):
        return _numeric_stamps(cells, matched.time_unit or "s")
    there = cells.dropna()
    if not len(there):
        return _Stamps(np.full(len(cells), np.nan))
    elapsed_ns = (cells - there.iloc[0]).to_numpy().astype("timedelta64[ns]")
    seconds = elapsed_ns.astype(np.int64) / 1e9
    seconds[np.isnat(elapsed_ns)] = np.nan
    if pd.api.types.is_timedelta64_dtype(cells):
        return _Stamps(seconds)
    first: pd.Timestamp = there.iloc[0]
    return _Stamps(seconds, first.timestamp(), zone_known=first.tzinfo is not None)


def _numbers_of_text(cells: pd.Series) -> pd.Series:
    """Return numbers that were stored as text or as categories as numbers; all else as it is."""
    import pandas as pd

    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.cat.categories.dtype)
    if not (pd.api.types.is_object_dtype(cells) or pd.api.types.is_string_dtype(cells)):
        return cells
    try:
        return pd.to_numeric(cells)
    except (TypeError, ValueError):
        return cells


def _numeric_stamps(cells: pd.Series, unit: str) -> _Stamps:
    numbers = cells.dropna().to_numpy()
    if len(numbers) < 2:
        return _Stamps(np.full(len(cells), np.nan))
    # Subtraction before division keeps stamps of 19 digits exact.
    per_s = round(1.0 / TIME_UNIT_S[unit])
    there = (numbers - numbers[0]).astype(np.float64) / per_s
    span_s = float(there[-1])
    if span_s < 0.0:
        raise InvalidInputError(
            f"the time column {cells.name!r} falls by {-span_s:g} s from the first row to the last "
            f"if it is in {unit}; sort the rows by time, or name it time_s, time_ms, time_us or "
            "time_ns"
        )
    if not any(
        _PLAUSIBLE_RATE_HZ[0] <= rate_hz <= _PLAUSIBLE_RATE_HZ[1] for rate_hz in _rates_hz(there)
    ):
        raise InvalidInputError(
            f"{len(there)} rows span {span_s:g} s if the time column {cells.name!r} is in {unit}; "
            "name it time_s, time_ms, time_us or time_ns"
        )
    seconds = np.full(len(cells), np.nan)
    seconds[cells.notna().to_numpy()] = there
    epoch_s = float(numbers[0]) / per_s
    return _Stamps(seconds, epoch_s if _EPOCH_S[0] <= epoch_s <= _EPOCH_S[1] else None)


def _rates_hz(seconds: Floats) -> tuple[float, ...]:
    """Return the mean sampling rate, and that of the usual step, which no gap lowers."""
    steps = np.diff(seconds)
    rising = steps[steps > 0.0]
    if not rising.size:
        return ()
    return len(steps) / float(seconds[-1] - seconds[0] or np.inf), 1.0 / float(np.median(rising))
