"""A table in memory in, a recording out: a pandas DataFrame with stamps and three axes.

Columns are recognised by the names that headers of files use (`tremor.formats.csv.dialects`), and
the clock is fitted as for a file (`tremor.clock.timebase`). Files are `tremor.formats.readers`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tremor.clock.timebase import TimeBase, fit_timebase
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.formats.csv.dialects import Matched, match_any_header
from tremor.formats.csv.units_and_gravity import known_unit
from tremor.integrity import find_scale_correction, median_norm_ms2
from tremor.notes import Note, note
from tremor.recording import Floats, Gravity, Placement, Recording
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2, TIME_UNIT_S

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
#: Sampling rates that stamps in seconds can have.
_PLAUSIBLE_RATE_HZ: Final = (1.0, 10_000.0)
#: How near to gravity the median |a| must be for a unit to be suspected.
_UNIT_TOLERANCE: Final = 0.2


class _Stamps(NamedTuple):
    """Stamps of all rows, s from the first valid one (NaN where missing), and its wall time."""

    seconds: Floats
    epoch_s: float | None = None
    zone_known: bool = True


def recording_from_frame(
    frame: pd.DataFrame,
    *,
    unit: str | None = None,
    sampling_rate_hz: float | None = None,
    gravity: Gravity | None = None,
    placement: Placement | str | None = None,
) -> Recording:
    """Make a recording of a table.

    Parameters
    ----------
    frame : DataFrame
        A time column or a `DatetimeIndex`, and three axes of acceleration. A time column without
        a unit in its name is in seconds, axes without one are in m/s^2. Rows with a missing value
        on an axis are lost samples.
    unit : str, optional
        Unit of acceleration; takes precedence over the names of the columns.
    sampling_rate_hz : float, optional
        Rate of a table without stamps, Hz; the nominal rate of one with stamps.
    gravity : {"included", "removed"}, optional
        Found from the samples without it.
    placement : Placement or str, optional
        Such as ``left-calf``.

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
    table = _with_index_as_column(frame)
    matched = match_any_header([str(name) for name in table.columns])
    if isinstance(matched, str):
        raise InvalidInputError(f"{matched}; {_WHAT_IS_NEEDED}")
    values = _values(table, matched)
    unit_in = known_unit(unit) or matched.unit or _unit_without_a_name(values)
    values *= 1.0 if unit_in == "m/s^2" else ACCELERATION_UNIT_MS2[unit_in]
    gravity = gravity or matched.gravity
    if matched.time is None:
        if sampling_rate_hz is None:
            raise InvalidInputError(
                f"there is no time column; {_WHAT_IS_NEEDED}; or give sampling_rate_hz="
            )
        recording = Recording.from_arrays(
            values, sampling_rate_hz=sampling_rate_hz, gravity=gravity, placement=placement
        )
        warnings: tuple[Note, ...] = (note("RATE_DECLARED", rate_hz=sampling_rate_hz),)
        return _completed(recording, unit_in, warnings, ())
    stamps = _stamps(table.iloc[:, matched.time], matched)
    stamped = np.isfinite(stamps.seconds)
    values, seconds = values[stamped], stamps.seconds[stamped]
    if len(values) < 2:
        raise InsufficientDataError(f"{len(values)} rows have a time stamp; at least 2 are needed")
    clock = _clock(seconds, values, sampling_rate_hz)
    started_at, warnings = _start(stamps, float(seconds[clock.rows[0]]))
    recording = Recording.from_arrays(
        clock.to_grid(values),
        sampling_rate_hz=clock.sampling_rate_hz,
        started_at=started_at,
        gravity=gravity,
        placement=placement,
    )
    recording = replace(
        recording,
        sampling_rate_sd_hz=clock.sampling_rate_sd_hz,
        nominal_sampling_rate_hz=sampling_rate_hz,
    )
    n_left_out = int(np.count_nonzero(~stamped))
    if n_left_out:
        warnings += (note("NO_STAMP", n_rows=n_left_out),)
    return _completed(recording, unit_in, (*warnings, *clock.warnings), clock.history)


def _with_index_as_column(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    index = frame.index
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        return frame.reset_index(names="time")
    is_named = isinstance(index.name, str) and index.name not in frame.columns
    return frame.reset_index() if is_named else frame


def _values(table: pd.DataFrame, matched: Matched) -> Floats:
    try:
        columns = [
            table.iloc[:, axis].to_numpy(np.float64, na_value=np.nan) for axis in matched.axes
        ]
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"an axis does not hold numbers: {error}") from error
    return np.column_stack(columns)


def _unit_without_a_name(values: Floats) -> str:
    """Return m/s^2, unless the samples look like gravity in another unit."""
    norm = median_norm_ms2(values)
    for unit in ("g", "mg"):
        share = norm * ACCELERATION_UNIT_MS2[unit] / STANDARD_GRAVITY_MS2
        if abs(share - 1.0) <= _UNIT_TOLERANCE:
            raise InvalidInputError(
                f"no axis names its unit, and the median |a| of {norm:.4g} would be gravity in "
                f"{unit}; give the unit, or name the axes such as acc_x_{unit} or acc_x_ms2"
            )
    return "m/s^2"


def _stamps(cells: pd.Series, matched: Matched) -> _Stamps:
    import pandas as pd

    if not (
        pd.api.types.is_numeric_dtype(cells)
        or pd.api.types.is_datetime64_any_dtype(cells)
        or pd.api.types.is_timedelta64_dtype(cells)
    ):
        try:
            cells = pd.to_datetime(cells)
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


def _numeric_stamps(cells: pd.Series, unit: str) -> _Stamps:
    numbers = cells.dropna().to_numpy()
    if len(numbers) < 2:
        return _Stamps(np.full(len(cells), np.nan))
    # Subtraction before division keeps stamps of 19 digits exact.
    per_s = round(1.0 / TIME_UNIT_S[unit])
    there = (numbers - numbers[0]).astype(np.float64) / per_s
    span_s = float(there[-1])
    rate_hz = (len(there) - 1) / span_s if span_s > 0.0 else 0.0
    if not _PLAUSIBLE_RATE_HZ[0] <= rate_hz <= _PLAUSIBLE_RATE_HZ[1]:
        raise InvalidInputError(
            f"{len(there)} rows span {span_s:g} s if the time column {cells.name!r} is in {unit}; "
            "name it time_s, time_ms, time_us or time_ns"
        )
    seconds = np.full(len(cells), np.nan)
    seconds[cells.notna().to_numpy()] = there
    epoch_s = float(numbers[0]) / per_s
    return _Stamps(seconds, epoch_s if _EPOCH_S[0] <= epoch_s <= _EPOCH_S[1] else None)


def _clock(seconds: Floats, values: Floats, nominal_hz: float | None) -> TimeBase:
    equal = (np.diff(seconds) == 0.0) & (np.diff(values, axis=0) == 0.0).all(axis=1)
    return fit_timebase(
        seconds,
        repeats=np.concatenate(([False], equal)) if equal.any() else None,
        nominal_sampling_rate_hz=nominal_hz,
    )


def _start(stamps: _Stamps, first_s: float) -> tuple[datetime | None, tuple[Note, ...]]:
    if stamps.epoch_s is None:
        return None, ()
    if not stamps.zone_known:
        return None, (note("TIME_ZONE_UNKNOWN"),)
    return datetime.fromtimestamp(stamps.epoch_s + first_s, tz=UTC), ()


def _completed(
    recording: Recording, unit_in: str, warnings: tuple[Note, ...], steps: tuple[str, ...]
) -> Recording:
    """Add what the table said and what needs the samples as a whole."""
    scale = None
    if recording.gravity == "included":
        scale = find_scale_correction(
            recording.acceleration_ms2, sampling_rate_hz=recording.sampling_rate_hz
        )
    return replace(
        recording,
        unit_in=unit_in,
        scale_correction=1.0 if scale is None else scale,
        warnings=(*recording.warnings, *warnings),
        history=(f"from a DataFrame: acceleration from {unit_in}", *steps, *recording.history),
    )
