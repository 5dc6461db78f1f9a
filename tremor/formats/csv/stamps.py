"""Time stamps of a text table, cells to seconds, from exact integers and chunk by chunk.

Sampling rate and gaps are `tremor.clock.timebase`.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tremor.errors import CaptureReadError
from tremor.formats.csv.cells import is_number, quoted
from tremor.formats.csv.dates import (
    DateForm,
    RunningDates,
    Zone,
    date_forms,
    has_zone,
    named_order,
    named_zone,
    zone_in_name,
)
from tremor.formats.csv.sniffing import HOW_TO_DECLARE, TableLayout
from tremor.formats.csv.time_units import (
    Numbers,
    compact_date_format,
    guess_unit,
    is_date,
    is_possible_rate,
    restart_span,
    typical_step,
    units_of_possible_rate,
)
from tremor.formats.csv.wraps import (
    SPANS_OF_DAY,
    SPANS_OF_HOUR,
    RunningUnwrap,
    span_of,
    spans_of_counter,
)
from tremor.notes import Note, note
from tremor.settings import STAMP_UNITS
from tremor.units import TIME_UNIT_S

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Stamps"]

#: Rows that show format and unit.
_FIRST_ROWS: Final = 10_000
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d{2}:\d{2}([.,:]\d+)?(\s*[AaPp]\.?[Mm]\.?)?")
#: Minutes and seconds, as spreadsheets write what they do not know to be a time of day.
_TIME_OF_HOUR: Final = re.compile(r"\d{1,2}:\d{2}[.,]\d+")
_DAY_PARTS: Final = (
    r"^(?:(?P<hour>\d{1,2}):)?(?P<minute>\d{1,2}):(?P<second>\d{2})(?:[.,:](?P<fraction>\d+))?"
    r"\s*(?:(?P<noon>[AaPp])\.?[Mm]\.?)?$"
)
_ZONE_KEY: Final = re.compile(r"time ?zone|utc ?offset|^tz$|^zone$", re.IGNORECASE)


@dataclass(slots=True)
class Stamps:
    """Conversion of the cells of the time column to seconds from the first.

    Parameters
    ----------
    unit : str
        ``s``, ``ms``, ``us``, ``ns``, ``text`` or ``time of day``.
    zero : int or float
        First stamp in its unit.
    epoch_s : float or None
        Wall time of the first stamp, s since 1970; None if it is no date.
    zone_known : bool
        Whether that is UTC, not the local time of an unknown zone.
    capture_name : str
        Name of the capture in messages.
    dates : RunningDates or None
        Conversion of dates, if the stamps are text.
    unwrap : RunningUnwrap or None
        Continuation over the ends of the clock.
    warnings : list of Note
        Such as that the unit was guessed.
    """

    unit: str
    zero: int | float
    epoch_s: float | None
    zone_known: bool
    capture_name: str = ""
    dates: RunningDates | None = None
    unwrap: RunningUnwrap | None = None
    warnings: list[Note] = field(default_factory=list)

    @classmethod
    def of(cls, cells: pd.Series, layout: TableLayout, capture_name: str) -> Stamps:
        """Determine format and unit from the first stamps.

        Parameters
        ----------
        cells : Series
            Cells of the time column, one or more.
        layout : TableLayout
            Declared unit of time.
        capture_name : str
            Name of the capture in messages.

        Returns
        -------
        Stamps
            For these cells and those that follow.

        Raises
        ------
        CaptureReadError
            If the unit cannot be determined, or the rate is one that no accelerometer has.
        """
        unit: str = layout.columns.time_unit
        some = cells.iloc[:_FIRST_ROWS]
        if not is_number(str(some.iloc[0])):
            return cls._of_text(some, layout, capture_name)
        if some.dtype.kind not in "iuf":
            some = some[[is_number(str(cell)) for cell in some]]
        first = _as_numbers(some)
        if first is None:
            raise cls(unit or "s", 0, None, False, capture_name)._cell_error(
                some, layout.n_lines_before + 1
            )
        warnings: list[Note] = []
        if not unit or unit == "text":
            text_format = compact_date_format(first) if first.dtype.kind in "iu" else ""
            if text_format:
                form = DateForm("Ymd", text_format.removesuffix("%f"), "", whole=text_format)
                return cls._of_dates(some, layout, capture_name, (form,))
            unit, warning = _guessed(first, layout, capture_name)
            warnings = [] if warning is None else [warning]
        zero = first[0].item()
        start_s = zero * TIME_UNIT_S[unit]
        clock = layout.columns.clock
        spans = spans_of_counter(unit)
        if clock.wraps_at is not None:
            spans = (span_of(clock.wraps_at, unit), *spans)
        unwrap = RunningUnwrap(spans, _usual_step(first) * TIME_UNIT_S[unit], start_s)
        elapsed_s = copy.deepcopy(unwrap).add(_elapsed_s(first, zero, unit))
        _refuse_impossible(elapsed_s / TIME_UNIT_S[unit], unit, layout, capture_name)
        moment_s = start_s if is_date(start_s) else clock.epoch_s + start_s
        is_epoch = is_date(moment_s) and not layout.keys.get("started_at")
        return cls(
            unit,
            zero,
            moment_s if is_epoch else None,
            is_epoch,
            capture_name,
            unwrap=unwrap,
            warnings=warnings,
        )

    @classmethod
    def _of_text(cls, cells: pd.Series, layout: TableLayout, capture_name: str) -> Stamps:
        first = str(cells.iloc[0]).strip()
        for look, spans in ((_TIME_OF_DAY, SPANS_OF_DAY), (_TIME_OF_HOUR, SPANS_OF_HOUR)):
            if look.fullmatch(first):
                stamps = cls("time of day", 0, None, False, capture_name)
                seconds = stamps._day_seconds(cells, layout.n_lines_before + 1)
                stamps.zero = float(seconds[0])
                stamps.unwrap = RunningUnwrap(
                    spans, _usual_step(seconds), float(seconds[0]), is_local=True
                )
                return stamps
        declared = named_order([*layout.keys.values(), *layout.keys, *layout.names])
        forms = date_forms(first, declared)
        if not forms:
            raise CaptureReadError(
                f"the stamps of {capture_name}{_column(layout)} begin with {quoted(first, 40)}, "
                "which is no date in a known form; write them such as 2024-06-05 11:59:30.000, "
                "or name another time column with --columns"
            )
        return cls._of_dates(cells, layout, capture_name, forms)

    @classmethod
    def _of_dates(
        cls,
        cells: pd.Series,
        layout: TableLayout,
        capture_name: str,
        forms: tuple[DateForm, ...],
    ) -> Stamps:
        first = str(cells.iloc[0]).strip()
        dates = RunningDates.of(forms, first)
        stamps = cls("text", 0, None, False, capture_name, dates=dates)
        seconds = replace(dates).seconds(cells)
        if np.isnan(seconds).any():
            at = int(np.argmax(np.isnan(seconds)))
            raise stamps._cell_error(cells.iloc[at:], layout.n_lines_before + 1 + at)
        _refuse_impossible_rate(seconds, 1.0, layout, capture_name)
        stamps.zone_known = has_zone(first)
        dates.zone = None if stamps.zone_known else _zone(layout)
        stamps.zone_known |= dates.zone is not None
        stamps.unwrap = RunningUnwrap((), _usual_step(seconds), is_local=not has_zone(first))
        stamps.epoch_s = dates.epoch_s()
        return stamps

    def seconds(self, cells: pd.Series, first_line: int) -> npt.NDArray[np.float64]:
        """Convert the stamps of a chunk.

        Parameters
        ----------
        cells : Series
            Cells of the time column.
        first_line : int
            Line of the first of them in the file.

        Returns
        -------
        ndarray, shape (n,)
            s from the first stamp of the capture.

        Raises
        ------
        CaptureReadError
            If a cell is not a time.
        """
        if self.dates is not None:
            seconds = self.dates.seconds(cells)
            bad = np.isnan(seconds)
            if bad.any():
                raise self._cell_error(cells[bad], first_line + int(np.argmax(bad)))
            self.epoch_s = self.dates.epoch_s()
            return seconds
        if self.unit == "time of day":
            return self._day_seconds(cells, first_line) - self.zero
        numbers = _as_numbers(cells)
        if numbers is None:
            raise self._cell_error(cells, first_line)
        return _elapsed_s(numbers, self.zero, self.unit)

    def unwrapped(self, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Continue stamps over the ends of their clock, from chunk to chunk.

        Parameters
        ----------
        seconds : ndarray, shape (n,)
            Result of `seconds`.

        Returns
        -------
        ndarray, shape (n,)
            s from the first stamp of the capture.
        """
        return seconds if self.unwrap is None else self.unwrap.add(seconds)

    def notes(self) -> list[Note]:
        """Return what weakens the stamps, once all are converted."""
        said = list(self.warnings)
        if self.dates is not None:
            said += self.dates.notes()
        return said if self.unwrap is None else [*said, *self.unwrap.notes()]

    @property
    def clock_start_s(self) -> float | None:
        """Return what a clock that is no date showed at the first stamp, s."""
        is_clock = self.epoch_s is None and self.unit in TIME_UNIT_S
        return float(self.zero * TIME_UNIT_S[self.unit]) if is_clock else None

    def _day_seconds(self, cells: pd.Series, first_line: int) -> npt.NDArray[np.float64]:
        import pandas as pd

        text = cells.astype("string").str.strip()
        delta = pd.to_timedelta(text.str.replace(",", ".", regex=False), errors="coerce")
        if not delta.isna().any():
            return np.asarray(delta.to_numpy().astype("timedelta64[ns]").astype(np.int64) / 1e9)
        parts = text.str.extract(_DAY_PARTS)
        noon = parts.pop("noon").str.lower()
        parts["fraction"] = "0." + parts["fraction"].fillna("0")
        hour, minute, second, fraction = (
            pd.to_numeric(parts[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
            for name in ("hour", "minute", "second", "fraction")
        )
        hour = np.nan_to_num(hour)
        is_half = noon.notna().to_numpy(dtype=np.bool_)
        is_after = (noon == "p").fillna(value=False).to_numpy(dtype=np.bool_)
        hour = np.where(is_half, hour % 12, hour) + 12.0 * is_after
        seconds = np.asarray(3600.0 * hour + 60.0 * minute + second + fraction, np.float64)
        bad = np.isnan(seconds)
        if bad.any():
            raise self._cell_error(cells[bad], first_line + int(np.argmax(bad)))
        return seconds

    def _cell_error(self, cells: pd.Series, line: int) -> CaptureReadError:
        import pandas as pd

        numbers = pd.to_numeric(cells.astype("string"), errors="coerce")
        bad = cells[~np.isfinite(numbers.to_numpy(dtype=np.float64, na_value=np.nan))]
        shown = bad.iloc[0] if len(bad) else cells.iloc[0]
        if len(bad) and self.unit in TIME_UNIT_S:
            line += int(bad.index[0] - cells.index[0])
        return CaptureReadError(
            f"line {line} of {self.capture_name} has {quoted(str(shown), 40)} where a time "
            f"({self.unit}) is needed; repair the line, or name the time column with --columns"
        )


def _as_numbers(cells: pd.Series) -> npt.NDArray[np.int64] | npt.NDArray[np.float64] | None:
    import pandas as pd

    if cells.dtype.kind == "i":
        return cells.to_numpy()
    if cells.dtype.kind in "uf":  # unsigned only where a number has 20 digits
        finite = cells.to_numpy(dtype=np.float64)
        return finite if np.isfinite(finite).all() else None
    text = cells.astype("string").str.strip()
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.isna().any():
        numbers = pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")
    if not np.isfinite(numbers.to_numpy(dtype=np.float64, na_value=np.nan)).all():
        return None
    kind = np.int64 if numbers.dtype.kind in "iu" else np.float64
    return numbers.to_numpy(dtype=kind)


def _usual_step(numbers: Numbers) -> float:
    """Return what nine of ten forward steps do not exceed, in the unit of the stamps."""
    steps = np.diff((numbers - numbers[0]).astype(np.float64))
    ahead = steps[steps > 0.0]
    return float(np.quantile(ahead, 0.9)) if ahead.size else 0.0


def _elapsed_s(numbers: Numbers, zero: int | float, unit: str) -> npt.NDArray[np.float64]:
    """Convert stamps to s from the first."""
    relative = np.asarray(numbers - np.asarray(zero, dtype=numbers.dtype), np.float64)
    # Dividing keeps decimal stamps exact where multiplying by 1e-9 would not.
    divisor = round(1.0 / TIME_UNIT_S[unit])
    return np.asarray(relative / divisor, np.float64) if divisor > 1 else relative


def _zone(layout: TableLayout) -> Zone | None:
    """Return the time zone that the name of the time column, or the preamble, names."""
    time = layout.columns.time
    name = layout.names[time].strip() if time is not None and time < len(layout.names) else ""
    keyed = (named_zone(text) for key, text in layout.keys.items() if _ZONE_KEY.search(key))
    return next((zone for zone in (zone_in_name(name), *keyed) if zone is not None), None)


def _guessed(numbers: Numbers, layout: TableLayout, name: str) -> tuple[str, Note | None]:
    """Return the unit of stamps that name none, and a warning if only the rate shows it."""
    found = guess_unit(numbers)
    if found.unit:
        step_s = typical_step(numbers) * TIME_UNIT_S[found.unit]
        if found.is_date:
            return found.unit, None
        return found.unit, note("TIME_UNIT_GUESSED", unit=found.unit, rate_hz=1.0 / step_s)
    span = float(numbers[-1] - numbers[0])
    why = found.why_not or f"{len(numbers)} stamps span {span:g}"
    if compact_date_format(numbers):
        why = "they look like dates without separators, and with a fraction that is not exact"
    raise CaptureReadError(
        f"the unit of time of {name}{_column(layout)} cannot be told: {why}; {HOW_TO_DECLARE}; or "
        "leave the time column out and give --sampling-rate"
    )


def _refuse_impossible(numbers: Numbers, unit: str, layout: TableLayout, name: str) -> None:
    """Refuse stamps that start again and again, or of a rate that no accelerometer has."""
    span = restart_span(numbers)
    if span is not None:
        raise CaptureReadError(
            f"the stamps of {name}{_column(layout)} start again whenever they have risen by "
            f"{span:g} {unit}, so they do not tell when a sample was taken; name another time "
            "column with --columns, or leave it out there and give --sampling-rate"
        )
    _refuse_impossible_rate(numbers, TIME_UNIT_S[unit], layout, name, unit)


def _refuse_impossible_rate(
    numbers: Numbers, unit_s: float, layout: TableLayout, name: str, unit: str = ""
) -> None:
    """Refuse stamps of a rate that no accelerometer has; ``unit`` is that of numbers."""
    step = typical_step(numbers)
    step_s = step * unit_s
    if len(numbers) < STAMP_UNITS.least_rows or step_s <= 0.0 or is_possible_rate(step_s):
        return
    named = f"are named as {unit} and " if unit else ""
    others = [
        f"time_{other} would make {1.0 / (step * TIME_UNIT_S[other]):.4g} Hz"
        for other in units_of_possible_rate(step)
        if unit
    ]
    raise CaptureReadError(
        f"the stamps of {name}{_column(layout)} {named}would make a sampling rate of "
        f"{1.0 / step_s:.6g} Hz, which no accelerometer has"
        + (f" ({', '.join(others)})" if others else "")
        + f"; {HOW_TO_DECLARE}; or leave the time column out and give --sampling-rate"
    )


def _column(layout: TableLayout) -> str:
    """Return the name of the time column for a message, in brackets; empty without a header."""
    time = layout.columns.time
    named = time is not None and time < len(layout.names) and layout.names[time].strip()
    return f" (column {quoted(named, 30)})" if named else ""
