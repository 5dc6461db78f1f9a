"""Time stamps of a text table, cells to seconds, from exact integers and chunk by chunk.

Sampling rate and gaps are `tremor.clock.timebase`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tremor.errors import CaptureReadError
from tremor.formats.csv.cells import is_number, quoted
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
from tremor.notes import Note, note
from tremor.settings import STAMP_UNITS
from tremor.units import TIME_UNIT_S

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Stamps"]

#: Rows that show format and unit.
_FIRST_ROWS: Final = 10_000
_TEXT_TIMES: Final = ("%Y-%m-%d %H:%M:%S:%f", "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S")
_MONTH_FIRST: Final = ("%m/%d/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S")
_DAY_FIRST: Final = ("%d/%m/%Y %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S")
_TIME_OF_DAY: Final = re.compile(r"\s*\d{1,2}:\d{2}:\d{2}([.,]\d+)?\s*")
_DAY_S: Final = 86400.0


@dataclass(slots=True)
class Stamps:
    """Conversion of the cells of the time column to seconds from the first.

    Parameters
    ----------
    unit : str
        ``s``, ``ms``, ``us``, ``ns``, ``text`` or ``time of day``.
    zero : int or float
        First stamp in its unit; of text in ns since 1970.
    epoch_s : float or None
        Wall time of the first stamp, s since 1970; None if it is no date.
    zone_known : bool
        Whether that is UTC, not the local time of an unknown zone.
    text_format : str
        `strptime` format of dates; empty for ISO 8601.
    capture_name : str
        Name of the capture in messages.
    day_zero_s, last_s, days
        Of times of day: the first, the last so far, and the midnights in between.
    warning : Note or None
        That the unit was guessed.
    """

    unit: str
    zero: int | float
    epoch_s: float | None
    zone_known: bool
    text_format: str = ""
    capture_name: str = ""
    day_zero_s: float | None = None
    last_s: float = 0.0
    days: int = 0
    warning: Note | None = None

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
            return cls._of_text(cells, layout, capture_name)
        if some.dtype.kind not in "iuf":
            some = some[[is_number(str(cell)) for cell in some]]
        first = _as_numbers(some)
        assert first is not None
        warning: Note | None = None
        if not unit or unit == "text":
            text_format = compact_date_format(first) if first.dtype.kind in "iu" else ""
            if text_format:
                return cls._of_dates(cells, layout, capture_name, text_format)
            unit, warning = _guessed(first, layout, capture_name)
        _refuse_impossible(first, unit, layout, capture_name)
        zero = first[0].item()
        epoch_s = zero * TIME_UNIT_S[unit]
        is_epoch = is_date(epoch_s) and not layout.keys.get("started_at")
        return cls(
            unit, zero, epoch_s if is_epoch else None, is_epoch, "", capture_name, warning=warning
        )

    @classmethod
    def _of_text(cls, cells: pd.Series, layout: TableLayout, capture_name: str) -> Stamps:
        first = str(cells.iloc[0]).strip()
        if _TIME_OF_DAY.fullmatch(first):
            return cls("time of day", 0, None, False, "", capture_name)
        return cls._of_dates(cells, layout, capture_name, _text_format(first, layout))

    @classmethod
    def _of_dates(
        cls, cells: pd.Series, layout: TableLayout, capture_name: str, text_format: str
    ) -> Stamps:
        first = str(cells.iloc[0]).strip()
        stamps = cls("text", 0, None, False, text_format, capture_name)
        moments_ns = stamps._text_ns(cells.iloc[:_FIRST_ROWS], layout.n_lines_before + 1)
        _refuse_impossible_rate(moments_ns, TIME_UNIT_S["ns"], layout, capture_name)
        zero = moments_ns[0]
        stamps.zero = int(zero)
        stamps.zone_known = bool(re.search(r"(Z|[+-]\d\d:?\d\d)$", first))
        stamps.epoch_s = int(zero) / 1e9
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
            s from the first stamp of the capture; of times of day, s from midnight.

        Raises
        ------
        CaptureReadError
            If a cell is not a time.
        """
        if self.unit == "text":
            elapsed_ns = self._text_ns(cells, first_line) - int(self.zero)
            return np.asarray(elapsed_ns / 1e9, dtype=np.float64)
        if self.unit == "time of day":
            return self._day_seconds(cells, first_line)
        numbers = _as_numbers(cells)
        if numbers is None:
            raise self._cell_error(cells, first_line)
        relative = np.asarray(numbers - np.asarray(self.zero, dtype=numbers.dtype), np.float64)
        # Dividing keeps decimal stamps exact where multiplying by 1e-9 would not.
        divisor = round(1.0 / TIME_UNIT_S[self.unit])
        return np.asarray(relative / divisor, np.float64) if divisor > 1 else relative

    def unwrapped(self, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Unwrap times of day over midnight, from chunk to chunk.

        Parameters
        ----------
        seconds : ndarray, shape (n,)
            Result of `seconds`.

        Returns
        -------
        ndarray, shape (n,)
            s from the first stamp of the capture.
        """
        if self.unit != "time of day":
            return seconds
        if self.day_zero_s is None:
            self.day_zero_s = self.last_s = float(seconds[0])
        days = self.days + np.cumsum(np.diff(seconds, prepend=self.last_s) < -0.5 * _DAY_S)
        self.last_s, self.days = float(seconds[-1]), int(days[-1])
        return np.asarray(seconds - self.day_zero_s + days * _DAY_S, np.float64)

    def _day_seconds(self, cells: pd.Series, first_line: int) -> npt.NDArray[np.float64]:
        import pandas as pd

        text = cells.astype("string").str.strip().str.replace(",", ".", regex=False)
        delta = pd.to_timedelta(text, errors="coerce")
        nanoseconds = delta.to_numpy().astype("timedelta64[ns]")
        bad = np.isnat(nanoseconds)
        if bad.any():
            raise self._cell_error(cells[bad], first_line + int(np.argmax(bad)))
        seconds: npt.NDArray[np.float64] = nanoseconds.astype(np.int64) / 1e9
        return seconds

    def _text_ns(self, cells: pd.Series, first_line: int) -> npt.NDArray[np.int64]:
        import pandas as pd

        text = cells.astype("string").str.strip()
        moments = pd.to_datetime(
            text, format=self.text_format or "ISO8601", utc=True, errors="coerce"
        )
        bad = moments.isna().to_numpy(dtype=np.bool_)
        if bad.any():
            raise self._cell_error(cells[bad], first_line + int(np.argmax(bad)))
        return moments.dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype(np.int64)

    def _cell_error(self, cells: pd.Series, line: int) -> CaptureReadError:
        import pandas as pd

        numbers = pd.to_numeric(cells.astype("string"), errors="coerce")
        bad = cells[numbers.isna()]
        shown = bad.iloc[0] if len(bad) else cells.iloc[0]
        if len(bad) and self.unit in TIME_UNIT_S:
            line += int(bad.index[0] - cells.index[0])
        return CaptureReadError(
            f"line {line} of {self.capture_name} has {quoted(str(shown), 40)} where a time "
            f"({self.unit}) is needed; repair the line, or name the time column with --columns"
        )


def _as_numbers(cells: pd.Series) -> npt.NDArray[np.int64] | npt.NDArray[np.float64] | None:
    import pandas as pd

    if cells.dtype.kind in "iuf":
        return cells.to_numpy()
    text = cells.astype("string").str.strip()
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.isna().any():
        numbers = pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")
    if numbers.isna().any():
        return None
    kind = np.int64 if numbers.dtype.kind in "iu" else np.float64
    return numbers.to_numpy(dtype=kind)


def _text_format(first: str, layout: TableLayout) -> str:
    """Return the `strptime` format of dates; the file decides between American and European."""
    if re.match(r"\d{4}-\d{2}-\d{2}[T ]", first) and not re.search(r":\d{2}:\d{3}$", first):
        return ""
    european = any("dd/mm" in key.lower() for key in (*layout.keys, *layout.keys.values()))
    dated = (*_DAY_FIRST, *_MONTH_FIRST) if european else (*_MONTH_FIRST, *_DAY_FIRST)
    for text_format in (*_TEXT_TIMES, *dated):
        try:
            datetime.strptime(first, text_format)
        except ValueError:
            continue
        return text_format
    return ""


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
