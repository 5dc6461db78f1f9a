"""Which columns hold time and acceleration, by their names in a header or in ``--columns``.

What the names of a format are is the table in `tremor.formats.csv.dialects`. Rows are not looked at
here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

from tremor.formats.csv.format_records import (
    CaptureFormat,
    Columns,
    Matched,
    TimeColumn,
    TimeUnit,
)
from tremor.formats.csv.quantities import UNIT_NAMES, foreign_quantity, unit_named
from tremor.recording import AXES
from tremor.settings import TABLE_BOUNDS

__all__ = [
    "TIME_UNIT_NAMES",
    "foreign_axes",
    "match_any_header",
    "match_header",
    "parse_columns",
    "tidy_name",
]

TIME_UNIT_NAMES: Final[dict[str, TimeUnit]] = {
    "s": "s", "sec": "s", "secs": "s", "seconds": "s", "\u0441": "s", "\u0441\u0435\u043a": "s",
    "ms": "ms", "msec": "ms", "millis": "ms", "milliseconds": "ms", "\u043c\u0441": "ms",
    "us": "us", "µs": "us", "μs": "us", "usec": "us", "micros": "us", "microseconds": "us",
    "ns": "ns", "nanos": "ns", "nanoseconds": "ns", "txt": "text",
}  # fmt: skip

_AXIS_PATTERNS: Final = (
    r".*acc[a-z]*\d*[ _.\-]*(?P<axis>[xyz])(?:[ _.\-:].*)?",
    r"(?P<axis>[xyz])[ _.\-]*acc.*",
    r"(?:attr_)?(?P<axis>[xyz])(?:[ _\-]?(?:value|axis))?:?",
    r"(?:gf|a)_?(?P<axis>[xyz])",
)
#: Where a source is chosen, its name may stand before the axis alone.
_SOURCE_AXIS: Final = r".*[ _.\-](?P<axis>[xyz])"
#: Also those of other quantities, to name them.
_ANY_AXIS: Final = (*_AXIS_PATTERNS, _SOURCE_AXIS)
_OTHER_QUANTITY: Final = re.compile(r"gyr|mag|count|angular|angle|veloc|euler|quat|raw_|deg/s")
#: Also in other languages in which phones export.
_TIME_NAME: Final = re.compile(
    r"time|^t$|^epoch?$|elapsed|zeit(?!zone)|^(temps|tempo|tiempo|tijd|tid|czas|время)\b"
)
#: A unit as the whole name, and at the end of names such as uptimeNanos.
_BARE_TIME_UNIT: Final = re.compile(
    r"(milli|micro|nano)(s|seconds)|[mun]s|msec|usec|sec|secs|seconds"
)
_TIME_SUFFIX: Final = re.compile(r"(milli|micro|nano)(s|seconds)$|(?<=time|tamp)[mun]s$")
#: Words for acceleration without gravity: alone, or before "acceleration". Not within others, such
#: as baseline and inclinometer.
_REMOVED: Final = re.compile(
    r"(?<![a-z])(lin|linear|user|free|body|without gravity|no gravity)(?![a-z])"
    r"|(?<![a-z])lin_?acc|(linear|user|free)_?acc"
)
#: In messages of ROS, the field of this name holds gravity like any accelerometer.
_OF_ROS: Final = re.compile(r"linear_acceleration[._/]")
_COUNTER_NAME: Final = re.compile(
    r"(packet|sample|frame|row)[ _]?(counter|count|index|number|no|nr|id)|counter|count|sample"
)


def match_header(entry: CaptureFormat, names: Sequence[str]) -> Matched | None:
    """Find the columns of a format by their names.

    Parameters
    ----------
    entry : CaptureFormat
        Entry of the table that is not generic.
    names : sequence of str
        Names of the columns, as in the file.

    Returns
    -------
    Matched or None
        None if no set of names finds each of its columns exactly once.
    """
    tidy = [tidy_name(name) for name in names]
    required = entry.required_column
    if required and not any(_pattern(required).fullmatch(name) for name in tidy):
        return None
    found = (_match(columns, tidy) for columns in entry.columns)
    return next((matched for matched in found if matched is not None), None)


def _match(columns: Columns, tidy: list[str]) -> Matched | None:
    axes = _find_axes(columns.axes, tidy)
    added = _find_axes(columns.added_axes, tidy) if columns.added_axes else ()
    if axes is None or added is None:
        return None
    clocks: list[tuple[int, TimeColumn]] = []
    for clock in columns.times:
        at = _find(clock.name, tidy)
        if at is not None and all(at != other for other, _ in clocks):
            clocks.append((at, clock))
    if not clocks and (columns.times or _find_times(tidy)):
        return None  # a table with a time column is none of a format without
    times = tuple((at, clock.unit or _time_unit(tidy[at])) for at, clock in clocks)
    return Matched(
        time=times[0][0] if times else None,
        axes=axes,
        time_unit=times[0][1] if times else "",
        unit=columns.unit or _common_unit([tidy[at] for at in axes]),
        gravity=columns.gravity,
        added=added,
        times=times,
        counter=_find(columns.counter, tidy) if columns.counter else None,
        clocks=tuple(clocks),
    )


def match_any_header(names: Sequence[str], *, source: str | None = None) -> Matched | str:
    """Find time and three axes in any header.

    Parameters
    ----------
    names : sequence of str
        Names of the columns, as in the file.
    source : str, optional
        Part of the names of the axes to choose where several could be meant.

    Returns
    -------
    Matched or str
        The columns, or a phrase about what is missing.
    """
    tidy = [tidy_name(name) for name in names]
    chosen = _choose_group(_axis_groups(tidy, source), source)
    if isinstance(chosen, str):
        return chosen
    stem, group = chosen
    axes = tuple(group[axis][0] for axis in AXES)
    times = _find_times(tidy)
    time, time_unit = _first_time(times)
    is_removed = _REMOVED.search(stem) and not _OF_ROS.search(stem)
    return Matched(
        time=time,
        time_unit=time_unit,
        axes=axes,
        unit=_common_unit([tidy[column] for column in axes]),
        gravity="removed" if is_removed else None,
        times=times,
        counter=_find(_COUNTER_NAME.pattern, tidy),
    )


def _axis_groups(
    tidy: list[str], source: str | None
) -> dict[tuple[int, str], dict[str, list[int]]]:
    """Group columns whose names differ only in the axis; the key begins with how sure that is."""
    patterns = _AXIS_PATTERNS if source is None else (*_AXIS_PATTERNS, _SOURCE_AXIS)
    groups: dict[tuple[int, str], dict[str, list[int]]] = {}
    for column, name in enumerate(tidy):
        base, unit = _split_unit(name)
        if _OTHER_QUANTITY.search(name) or _quantity_of(name, unit):
            continue
        for rank, pattern in enumerate(patterns):
            found = _pattern(pattern).fullmatch(base)
            if found:
                stem = base[: found.start("axis")] + "*" + base[found.end("axis") :]
                group = groups.setdefault((rank, stem), {})
                group.setdefault(found["axis"], []).append(column)
                break
    return {key: group for key, group in groups.items() if set(group) == set(AXES)}


def _choose_group(
    groups: dict[tuple[int, str], dict[str, list[int]]], source: str | None
) -> tuple[str, dict[str, list[int]]] | str:
    """Return the surest group of axes with its name; a phrase if there is none, or several."""
    if not groups:
        return "no three columns are named as axes x, y, z of an acceleration"
    named = {key: group for key, group in groups.items() if source and source.lower() in key[1]}
    groups = named or groups
    best = min(rank for rank, _ in groups)
    chosen = {stem: group for (rank, stem), group in groups.items() if rank == best}
    if len(chosen) > 1:
        total = {stem: group for stem, group in chosen.items() if not _REMOVED.search(stem)}
        chosen = total or chosen
    stem, group = next(iter(chosen.items()))
    if len(chosen) > 1:
        which = ", ".join(sorted(chosen))
        return f"more than one column could be each axis ({which}; choose with --source)"
    if any(len(columns) > 1 for columns in group.values()):
        return f"more than one column could be each axis ({stem})"
    return stem, group


def foreign_axes(names: Sequence[str]) -> str | None:
    """Find an axis that names a unit of another quantity.

    Parameters
    ----------
    names : sequence of str
        Names of the columns, as in the file, in which no acceleration is found.

    Returns
    -------
    str or None
        A phrase such as "x (rad/s) is in rad/s, angular velocity"; None if no unit is foreign.
    """
    for name in names:
        tidy = tidy_name(name)
        base, unit = _split_unit(tidy)
        quantity = _quantity_of(tidy, unit)
        if quantity and any(_pattern(one).fullmatch(base) for one in _ANY_AXIS):
            return f"column {name.strip()!r} is in {unit}, {quantity}"
    return None


def parse_columns(columns: str) -> Matched | str:
    """Parse a declaration of columns such as ``time_ns,x,y,z,_``.

    Parameters
    ----------
    columns : str
        Names separated by commas: ``time_s``, ``time_ms``, ``time_us``, ``time_ns``, or ``time``
        (text, or a unit to be told); ``x``, ``y``, ``z``, each with the unit if it is known, such
        as ``x_g``, ``x_mg``, ``x_ms2``; ``counter`` for a number that counts the samples; ``_`` for
        a column to ignore.

    Returns
    -------
    Matched or str
        The columns, or a phrase about what is wrong.
    """
    names = [name.strip().lower() for name in columns.split(",")]
    time: int | None = None
    counter: int | None = None
    time_unit: TimeUnit = ""
    axes: dict[str, int] = {}
    units: set[str] = set()
    for column, name in enumerate(names):
        timed = re.fullmatch(r"time(?:_(s|ms|us|ns))?", name)
        axis = re.fullmatch(r"([xyz])(?:_(.+))?", name)
        if name == "_":
            continue
        if name == "counter" and counter is None:
            counter = column
        elif timed and time is None:
            time, time_unit = column, TIME_UNIT_NAMES[timed[1]] if timed[1] else ""
        elif axis and axis[1] not in axes and (not axis[2] or unit_named(axis[2])):
            axes[axis[1]] = column
            units.add(unit_named(axis[2]) if axis[2] else "")
        else:
            again = timed or name == "counter" or (axis and axis[1] in axes)
            return f"{name!r} is named twice" if again else f"{name!r} is not a name"
    if set(axes) not in ({"x"}, set(AXES)):
        return f"the axes are {', '.join(sorted(axes)) or 'missing'}"
    if len(units) > 1:
        return "the axes have different units"
    positions = tuple(axes[axis] for axis in sorted(axes))
    return Matched(time, positions, time_unit, units.pop(), counter=counter)


def tidy_name(name: str) -> str:
    """Return a name as patterns match it: lower case, single spaces, no quotes, and not too long.

    Examples
    --------
    >>> tidy_name(' "Acceleration  X (m/s^2)" ')
    'acceleration x (m/s^2)'
    """
    most = TABLE_BOUNDS.longest_name
    name = " ".join(name[: 4 * most].strip().strip('"').split())[:most]
    # The dotted capital I of Turkish would become two characters.
    return unicodedata.normalize("NFC", name).replace("İ", "I").lower()


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _split_unit(name: str) -> tuple[str, str]:
    """Split a tidy name into base and unit, which is in () or [], or a suffix."""
    if name.endswith((")", "]")):
        opened = _opening(name)
        if 0 <= opened < len(name) - 2:
            return name[:opened].strip(), name[opened + 1 : -1].replace(" ", "")
    for sign in ("_", " "):
        base, _, suffix = name.partition(sign)
        while suffix:
            if base and (
                suffix in UNIT_NAMES
                or suffix in TIME_UNIT_NAMES
                or foreign_quantity(suffix, is_suffix=True)
            ):
                return base, suffix
            more, _, suffix = suffix.partition(sign)
            base = f"{base}{sign}{more}"
    return name, ""


def _opening(name: str) -> int:
    """Return the position of the bracket that the last one closes; -1 if there is none."""
    depth = 0
    for at in range(len(name) - 1, -1, -1):
        depth += (name[at] in ")]") - (name[at] in "([")
        if depth == 0:
            return at
    return -1


def _quantity_of(name: str, unit: str) -> str | None:
    """Return the foreign quantity of a split name; None for acceleration and without a unit."""
    return foreign_quantity(unit, is_suffix=not name.endswith((")", "]"))) if unit else None


def _common_unit(names: list[str]) -> str:
    units = {unit_named(_split_unit(name)[1]) for name in names}
    return units.pop() if len(units) == 1 else ""


def _find(pattern: str, names: list[str]) -> int | None:
    compiled = _pattern(pattern)
    found = [column for column, name in enumerate(names) if compiled.fullmatch(name)]
    return found[0] if len(found) == 1 else None


def _find_axes(pattern: str, names: list[str]) -> tuple[int, ...] | None:
    found = [_find(pattern.replace("{axis}", axis), names) for axis in AXES]
    columns = tuple(column for column in found if column is not None)
    return columns if len(columns) == len(AXES) else None


def _time_unit(name: str) -> TimeUnit:
    """Return the unit that a tidy name of a time column states; empty if none is known."""
    base, unit = _split_unit(name)
    if _BARE_TIME_UNIT.fullmatch(base) and not unit:
        return TIME_UNIT_NAMES[base]
    if base.startswith("seconds"):
        return "s"
    if not unit:
        suffix = _TIME_SUFFIX.search(base)
        unit = suffix[0] if suffix else ""
    known = TIME_UNIT_NAMES.get(unit, "")
    return "" if known == "text" else known


def _find_times(names: list[str]) -> tuple[tuple[int, TimeUnit], ...]:
    """Find the columns whose names could be that of time, with the units that they name."""
    found: list[tuple[int, TimeUnit]] = []
    for column, name in enumerate(names):
        base, unit = _split_unit(name)
        if (_BARE_TIME_UNIT.fullmatch(base) and not unit) or _TIME_NAME.search(base):
            found.append((column, _time_unit(name)))
    return tuple(found)


def _first_time(times: tuple[tuple[int, TimeUnit], ...]) -> tuple[int | None, TimeUnit]:
    """Choose a column before the rows are seen: the first that names its unit, else the first."""
    for time, unit in times:
        if unit:
            return time, unit
    return (times[0][0] if times else None), ""
