"""Which of the columns that could be the time of the samples is it, by what they hold.

Names propose the columns (`tremor.formats.csv.dialects`); the first rows rank them: a clock rises,
takes a value of its own in each row, is that of the accelerometer, is fine, and names its unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import gcd, log10
from typing import Final

import numpy as np

from tremor.clock.by_counter import looks_like_a_counter
from tremor.formats.csv.cells import is_number
from tremor.formats.csv.dates import date_forms, has_zone, read_moment, zone_in_name
from tremor.formats.csv.format_records import Matched, TimeUnit
from tremor.formats.csv.time_units import (
    Numbers,
    guess_unit,
    is_date,
    is_possible_rate,
    restart_span,
    typical_step,
)
from tremor.notes import Note, note
from tremor.settings import COUNTERS, TIME_COLUMNS
from tremor.units import TIME_UNIT_S

__all__ = ["choose_time_column", "find_counter"]

_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d{1,9}))?)?")
#: Columns whose stamps are those of the acceleration, and those of something else.
_OWN: Final = re.compile(r"acc")
_COUNTER: Final = re.compile(
    r"(packet|sample|frame|row|record|message|msg|data|line|logging|acc)?"
    r"(counter|count|cnt|number|num|no|nr|index|idx|id|seq|sequence|sequenceno|sequencenumber|"
    r"seqno|seqnum|seqnr|n|packet|sample|frame|#)"
)
_FOREIGN: Final = re.compile(
    r"\bloc|gps|gyr|mag|baro|batt|press|heart|ppg|ecg|file|receiv|arriv|activity|motion"
)
#: Longer numbers, before or after the point, are no stamps.
_MOST_DIGITS: Final = 25
#: Fewer rows rank nothing.
_LEAST_ROWS: Final = 3


@dataclass(frozen=True, slots=True)
class _Clock:
    """What the first rows show of a column.

    ``key`` ranks it, the highest first: is a clock, share of rows with a value of their own in
    tenths, whose clock it is, decimal digits of a second, names its unit.
    """

    column: int
    unit: TimeUnit
    key: tuple[bool, int, int, int, bool]
    fault: str = ""


def choose_time_column(
    matched: Matched, names: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[Matched, Note | None]:
    """Choose the time column by the first rows.

    Parameters
    ----------
    matched : Matched
        Columns by their names, with the candidates for time.
    names : sequence of str
        Names of all columns.
    rows : sequence of sequence of str
        Cells of the first rows.

    Returns
    -------
    Matched
        With the best time column; as it was where the rows show none.
    Note or None
        The columns that were passed over, and why; None if there are none.
    """
    if len(matched.times) < 2:
        return matched, None
    clocks = [_clock(column, unit, names, rows) for column, unit in matched.times]
    if not any(clock.key[0] for clock in clocks):
        return matched, None
    best = max(clocks, key=lambda clock: clock.key)
    passed = tuple(
        note("COLUMN_PASSED_OVER", column=names[one.column].strip(), why=_why(one, best))
        for one in clocks
        if one is not best
    )
    started = _started([one for one in clocks if one is not best], best, names, rows)
    chosen = replace(matched, time=best.column, time_unit=best.unit, started=started)
    return chosen, note("PASSED_OVER", columns=passed)


def find_counter(
    matched: Matched, names: Sequence[str], rows: Sequence[Sequence[str]]
) -> int | None:
    """Find a column that counts the samples, where stamps do not show each of them.

    Parameters
    ----------
    matched : Matched
        Columns of time and acceleration.
    names : sequence of str
        Names of all columns.
    rows : sequence of sequence of str
        Cells of the first rows.

    Returns
    -------
    int or None
        Its position; None if there is none, or if each row has a stamp of its own.
    """
    if matched.time is not None:
        stamps = [row[matched.time].strip() for row in rows if matched.time < len(row)]
        if len(set(stamps)) > COUNTERS.most_stamped_share * len(rows):
            return None
    used = {matched.time, *matched.axes, *matched.added}
    named = [column for column, name in enumerate(names) if _is_named_counter(name)]
    if matched.counter is not None:
        named.insert(0, matched.counter)
    for column in named:
        if column in used:
            continue
        cells = [row[column].strip() for row in rows if column < len(row)]
        if all(cell.isdigit() for cell in cells) and looks_like_a_counter(
            np.array([float(cell) for cell in cells])
        ):
            return column
    return None


def _is_named_counter(name: str) -> bool:
    return bool(_COUNTER.fullmatch(re.sub(r"[(\[].*|[^a-z#]", "", name.lower())))


def _clock(
    column: int, unit: TimeUnit, names: Sequence[str], rows: Sequence[Sequence[str]]
) -> _Clock:
    cells = [row[column].strip() for row in rows if column < len(row) and row[column].strip()]
    found = _seconds_per_number(cells, unit) if len(cells) >= _LEAST_ROWS else "no_stamps"
    if isinstance(found, str):
        return _Clock(column, unit, (False, 0, 0, 0, False), found)
    numbers, unit_s = found
    elapsed = numbers - numbers[0]
    back = float(np.mean(np.diff(elapsed) < 0))
    fault = ""
    if not elapsed.any():
        fault = "constant"
    elif back > TIME_COLUMNS.most_backward or restart_span(numbers) is not None:
        fault = "back"
    elif not is_possible_rate(typical_step(numbers) * unit_s):
        fault = "rate"
    # Of all rows: a column that is filled now and then is the clock of something else.
    distinct = len(np.unique(elapsed)) / len(rows)
    name = names[column].lower()
    whose = 1 if _OWN.search(name) else -1 if _FOREIGN.search(name) else 0
    digits = -round(log10(max(_resolution(elapsed) * unit_s, TIME_COLUMNS.finest_s)))
    key = (not fault, round(10 * distinct), whose, digits, unit not in ("", "text"))
    return _Clock(column, unit, key, fault)


def _started(
    others: list[_Clock], best: _Clock, names: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[float, bool] | None:
    """Return the date of the first row by the best of the other columns, and whether it is UTC."""
    if _date_of(rows[0][best.column]) is not None:
        return None
    for one in sorted(others, key=lambda clock: clock.key, reverse=True):
        is_foreign = _FOREIGN.search(names[one.column].lower())
        date = None if is_foreign else _date_of(rows[0][one.column], names[one.column])
        if date is not None:
            return date
    return None


def _date_of(cell: str, name: str = "") -> tuple[float, bool] | None:
    """Return the date that one cell names, s since 1970, and whether it is UTC."""
    if is_number(cell):
        seconds = (float(cell.replace(",", ".")) * unit_s for unit_s in TIME_UNIT_S.values())
        return next(((moment_s, True) for moment_s in seconds if is_date(moment_s)), None)
    for form in date_forms(cell):
        moment = read_moment(cell, form)
        if moment is not None:
            zone = None if has_zone(cell) else zone_in_name(name)
            moment_s = moment.timestamp()
            return (moment_s, has_zone(cell)) if zone is None else (zone.to_utc(moment_s), True)
    return None


def _why(one: _Clock, best: _Clock) -> str:
    """Return the key of the reason why a column was passed over."""
    if one.fault:
        return one.fault
    reasons = (
        "",
        "rows",
        "foreign",
        "coarser",
        "no_unit",
    )
    differ = (at for at, (a, b) in enumerate(zip(one.key, best.key, strict=True)) if a != b)
    return reasons[next(differ, 0)] or "other"


def _seconds_per_number(cells: list[str], unit: TimeUnit) -> tuple[Numbers, float] | str:
    """Return whole numbers of a common unit and its length, s; a reason if there are none."""
    if all(is_number(cell) for cell in cells):
        exact = [Decimal(cell.replace(",", ".")) for cell in cells]
        places = max(0, *(-int(value.as_tuple().exponent) for value in exact))
        if places > _MOST_DIGITS or any(value.adjusted() > _MOST_DIGITS for value in exact):
            return "no_stamps"
        in_unit: str = unit
        if unit in ("", "text"):
            numbers = np.array([float(value) for value in exact])
            is_whole = all(value == value.to_integral_value() for value in exact)
            if is_whole and max(abs(numbers)) < 2.0**63:
                numbers = np.array([int(value) for value in exact], dtype=np.int64)
            found = guess_unit(numbers)
            if not found.unit:
                return "no_unit_fits"
            in_unit = found.unit
        scale, unit_s = 10**places, TIME_UNIT_S[in_unit]
        first = exact[0]
        whole = np.array([int((value - first) * scale) for value in exact], dtype=np.float64)
        return whole, unit_s / scale
    found_times = [_CLOCK.search(cell) for cell in cells]
    seconds = []
    for time in found_times:
        if time is None:
            return "no_stamps"
        hour, minute, second, fraction = time.groups()
        whole_s = 3600 * int(hour) + 60 * int(minute) + int(second or 0)
        seconds.append(whole_s * 10**9 + int((fraction or "0").ljust(9, "0")))
    return np.array(seconds, dtype=np.float64), 1e-9


def _resolution(elapsed: Numbers) -> float:
    """Return the greatest common divisor of whole numbers; 1 if all are zero."""
    return float(gcd(*(int(value) for value in elapsed))) or 1.0
