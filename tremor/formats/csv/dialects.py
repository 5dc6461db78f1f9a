"""The table of text formats: name of each, and names, units and time stamps of its columns.

To add a format, add an entry to `FORMATS`. Recognising them is `tremor.formats.csv.sniffing`,
reading their rows `tremor.formats.csv.rows`; the native format is written by
`tremor.formats.csv.native`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from tremor.formats.csv.native import ACCELERATION_COLUMNS, FIRST_LINE, TIME_COLUMN
from tremor.formats.csv.quantities import UNIT_NAMES, foreign_quantity, unit_named
from tremor.recording import AXES, Gravity

__all__ = [
    "ANY_HEADER",
    "DECLARED",
    "FORMATS",
    "REFUSALS",
    "CaptureFormat",
    "Matched",
    "Refusal",
    "TimeUnit",
    "Variant",
    "foreign_axes",
    "match_any_header",
    "match_header",
    "parse_columns",
]

TimeUnit = Literal["s", "ms", "us", "ns", "text", ""]

_TIME_UNIT_NAMES: Final[dict[str, TimeUnit]] = {
    "s": "s", "sec": "s", "secs": "s", "seconds": "s", "ms": "ms", "msec": "ms", "millis": "ms",
    "milliseconds": "ms", "us": "us", "µs": "us", "usec": "us", "micros": "us",
    "microseconds": "us", "ns": "ns", "nanos": "ns", "nanoseconds": "ns", "txt": "text",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variant:
    """One set of column names of a format.

    Parameters
    ----------
    time : str
        Pattern of the name of the time column, matched whole and without regard to case.
    axes : str
        Pattern of the names of the axes, with ``{axis}`` in the place of x, y or z.
    time_unit : str
        ``s``, ``ms``, ``us``, ``ns``, ``text``, or empty to guess it from the numbers.
    unit : str
        Unit of acceleration, or empty to take it from the header, then from gravity.
    gravity : {"included", "removed"} or None
        None if only the samples show it.
    added_axes : str
        Pattern of separate columns of gravity, which are added; empty if there are none.
    """

    time: str
    axes: str
    time_unit: TimeUnit = ""
    unit: str = ""
    gravity: Gravity | None = None
    added_axes: str = ""


@dataclass(frozen=True, slots=True)
class CaptureFormat:
    """A format of captures.

    Parameters
    ----------
    slug : str
        Short name, used in results.
    name : str
        Name for people.
    variants : tuple of Variant
        Its headers; the first that matches is used.
    first_line : str
        Pattern that the first line must match; empty if any will do.
    members : tuple of (str, {"included", "removed"} or None)
        File names in its zip archives or folders, best first, and whether they include gravity.
    added_member : str
        Name of the member that holds gravity, which is added to a member without it.
    companions : tuple of str
        Names of further files of the same recording, which are no captures of their own.
    required_column : str
        Name, in lower case, of a column that every file has; empty if there is none.
    unit_without_gravity : str
        Unit of a file without gravity that names none; empty if it must be given.
    declares_facts : bool
        Whether ``# key: value`` lines before the table declare gravity, sensor, placement, start.
    generic : bool
        Claims only what no other format claims.
    """

    slug: str
    name: str
    variants: tuple[Variant, ...] = ()
    first_line: str = ""
    members: tuple[tuple[str, Gravity | None], ...] = ()
    added_member: str = ""
    companions: tuple[str, ...] = ()
    required_column: str = ""
    unit_without_gravity: str = ""
    declares_facts: bool = False
    generic: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of file that looks like samples but holds none.

    Parameters
    ----------
    pattern : str
        Searched in the first lines.
    reason : str
        End of the message.
    """

    pattern: str
    reason: str


@dataclass(frozen=True, slots=True)
class Matched:
    """Positions of the columns of time and acceleration.

    Parameters
    ----------
    time : int or None
        Position of the time column.
    axes : tuple of int
        Positions of x, y, z; only x for a single axis.
    time_unit, unit, gravity
        As in `Variant`.
    added : tuple of int
        Positions of the gravity columns to add; empty if there are none.
    times : tuple of (int, str)
        Positions of all columns whose names could be that of time, and the units that they name.
    """

    time: int | None
    axes: tuple[int, ...]
    time_unit: TimeUnit = ""
    unit: str = ""
    gravity: Gravity | None = None
    added: tuple[int, ...] = ()
    times: tuple[tuple[int, TimeUnit], ...] = ()


_SQUARED = r"\(m/s(\^2|²|2)\)"

ANY_HEADER: Final = CaptureFormat(slug="headed-csv", name="any CSV with a header", generic=True)
DECLARED: Final = CaptureFormat(
    slug="declared-columns", name="columns declared by --columns", generic=True
)

FORMATS: Final[tuple[CaptureFormat, ...]] = (
    CaptureFormat(
        slug="tremor-csv",
        name="native CSV",
        first_line=re.escape(FIRST_LINE) + r"\s*,*",
        variants=(
            Variant(
                time=TIME_COLUMN,
                axes=ACCELERATION_COLUMNS[0].replace("_x_", "_{axis}_"),
                time_unit="s",
                unit="m/s^2",
            ),
        ),
        members=(("samples.csv", None),),
        declares_facts=True,
    ),
    CaptureFormat(
        slug="sensor-logger",
        name="Sensor Logger",
        variants=(
            # Accelerometer.csv is without gravity and TotalAcceleration.csv with it. Only the
            # file name tells them apart; in a renamed file the samples decide.
            Variant(time="time", axes="{axis}", time_unit="ns"),
            Variant(
                time="time",
                axes=r"accelerometer {axis} \(m/s(²|\^2|2)\)",
                time_unit="ns",
                unit="m/s^2",
            ),
        ),
        members=(
            ("TotalAcceleration.csv", "included"),
            ("Accelerometer.csv", "removed"),
            ("AccelerometerUncalibrated.csv", "included"),
        ),
        added_member="Gravity.csv",
        companions=("WristMotion.csv", "WatchAccelerometerUncalibrated.csv", "Headphone.csv"),
        required_column="seconds_elapsed",
        unit_without_gravity="m/s^2",
    ),
    CaptureFormat(
        slug="phyphox",
        name="phyphox",
        variants=(
            # Column names follow the language of the app; the unit does not.
            Variant(
                time=r"[^\W\d_]+ \(s\)",
                axes=rf"(linear|linear acceleration|.*\blin[eé]a\w*\b.*) {{axis}} {_SQUARED}",
                time_unit="s",
                unit="m/s^2",
                gravity="removed",
            ),
            Variant(
                time=r"[^\W\d_]+ \(s\)",
                axes=rf"([^\W\d_]+ )?{{axis}} {_SQUARED}",
                time_unit="s",
                unit="m/s^2",
            ),
        ),
        members=(
            ("Accelerometer.csv", None),
            ("Raw Data.csv", None),
            ("Linear Acceleration.csv", "removed"),
            ("Linear Accelerometer.csv", "removed"),
        ),
    ),
    CaptureFormat(
        slug="shimmer",
        name="Shimmer Consensys",
        variants=(
            # The low-noise sensor is the finer one; the wide-range one is for impacts.
            Variant(
                time=r"(.+_)?timestamp_unix_cal",
                axes=r"(.+_)?accel_ln_{axis}_cal",
                time_unit="ms",
                gravity="included",
            ),
            Variant(
                time=r"(.+_)?timestamp_unix_cal",
                axes=r"(.+_)?accel_wr_{axis}_cal",
                time_unit="ms",
                gravity="included",
            ),
        ),
    ),
    CaptureFormat(
        slug="klipper",
        name="Klipper",
        first_line=r"#time,accel_x,accel_y,accel_z\s*",
        variants=(Variant(time="time", axes="accel_{axis}", time_unit="s", unit="mm/s^2"),),
    ),
    CaptureFormat(
        slug="user-acceleration",
        name="user acceleration and gravity in columns apart",
        variants=(
            Variant(time="t|time", axes="ua{axis}", added_axes="g{axis}", gravity="included"),
        ),
    ),
    ANY_HEADER,
    DECLARED,
)

REFUSALS: Final[tuple[Refusal, ...]] = (
    Refusal(
        r"Epoch Period \(hh:mm:ss\) (?!00:00:00)\d\d:\d\d:\d\d",
        "holds activity counts per epoch, which cannot carry tremor; export the raw acceleration",
    ),
    Refusal(
        r"(?i)\bactivity \([xyz]\)",
        "holds activity counts, which cannot carry tremor; export the raw acceleration",
    ),
    Refusal(
        r"(?i)\braw_tp9\b",
        "is a Muse Monitor table, whose rows follow the clock of the EEG and repeat the "
        "acceleration; export the accelerometer by itself",
    ),
    Refusal(
        r"(?i)\baxis1\b.*\baxis2\b.*\baxis3\b",
        "holds activity counts, which cannot carry tremor; export the raw acceleration",
    ),
)


def match_header(entry: CaptureFormat, names: list[str]) -> Matched | None:
    """Find the columns of a format by their names.

    Parameters
    ----------
    entry : CaptureFormat
        Entry of the table that is not generic.
    names : list of str
        Names of the columns, as in the file.

    Returns
    -------
    Matched or None
        None if no variant finds each of its columns exactly once.
    """
    tidy = [_tidy(name) for name in names]
    if entry.required_column and entry.required_column not in tidy:
        return None
    for variant in entry.variants:
        time = _find(variant.time, tidy)
        axes = _find_axes(variant.axes, tidy)
        added = _find_axes(variant.added_axes, tidy) if variant.added_axes else ()
        if time is None or axes is None or added is None:
            continue
        unit = variant.unit or _common_unit([tidy[column] for column in axes])
        return Matched(time, axes, variant.time_unit, unit, variant.gravity, added)
    return None


def match_any_header(names: list[str]) -> Matched | str:
    """Find time and three axes in any header.

    Parameters
    ----------
    names : list of str
        Names of the columns, as in the file.

    Returns
    -------
    Matched or str
        The columns, or a phrase about what is missing.
    """
    tidy = [_tidy(name) for name in names]
    groups: dict[tuple[int, str], dict[str, list[int]]] = {}
    for column, name in enumerate(tidy):
        base, unit = _split_unit(name)
        if _OTHER_QUANTITY.search(name) or _quantity_of(name, unit):
            continue
        for rank, pattern in enumerate(_AXIS_PATTERNS):
            found = re.fullmatch(pattern, base)
            if found:
                stem = base[: found.start("axis")] + "*" + base[found.end("axis") :]
                group = groups.setdefault((rank, stem), {})
                group.setdefault(found["axis"], []).append(column)
                break
    whole = {key: group for key, group in groups.items() if set(group) == set(AXES)}
    if not whole:
        return "no three columns are named as axes x, y, z of an acceleration"
    best = min(rank for rank, _ in whole)
    chosen = {stem: group for (rank, stem), group in whole.items() if rank == best}
    if len(chosen) > 1:
        total = {stem: group for stem, group in chosen.items() if not _REMOVED.search(stem)}
        chosen = total or chosen
    stem, group = next(iter(chosen.items()))
    if len(chosen) > 1 or any(len(columns) > 1 for columns in group.values()):
        which = ", ".join(sorted(chosen))
        return f"more than one column could be each axis ({which})"
    axes = tuple(group[axis][0] for axis in AXES)
    times = _find_times(tidy)
    time, time_unit = _first_time(times)
    return Matched(
        time=time,
        time_unit=time_unit,
        axes=axes,
        unit=_common_unit([tidy[column] for column in axes]),
        gravity="removed" if _REMOVED.search(stem) else None,
        times=times,
    )


def foreign_axes(names: list[str]) -> str | None:
    """Find an axis that names a unit of another quantity.

    Parameters
    ----------
    names : list of str
        Names of the columns, as in the file, in which no acceleration is found.

    Returns
    -------
    str or None
        A phrase such as "x (rad/s) is in rad/s, angular velocity"; None if no unit is foreign.
    """
    for name in names:
        tidy = _tidy(name)
        base, unit = _split_unit(tidy)
        quantity = _quantity_of(tidy, unit)
        if quantity and any(re.fullmatch(pattern, base) for pattern in _AXIS_PATTERNS):
            return f"column {name.strip()!r} is in {unit}, {quantity}"
    return None


def parse_columns(columns: str) -> Matched | str:
    """Parse a declaration of columns such as ``time_ns,x,y,z,_``.

    Parameters
    ----------
    columns : str
        Names separated by commas: ``time_s``, ``time_ms``, ``time_us``, ``time_ns``, or ``time``
        (ISO text); ``x``, ``y``, ``z``, each with ``_ms2``, ``_g`` or ``_mg`` if the unit is
        known; ``_`` for a column to ignore.

    Returns
    -------
    Matched or str
        The columns, or a phrase about what is wrong.
    """
    names = [name.strip().lower() for name in columns.split(",")]
    time: int | None = None
    time_unit: TimeUnit = ""
    axes: dict[str, int] = {}
    units: set[str] = set()
    for column, name in enumerate(names):
        timed = re.fullmatch(r"time(?:_(s|ms|us|ns))?", name)
        axis = re.fullmatch(r"([xyz])(?:_(ms2|g|mg))?", name)
        if name == "_":
            continue
        if timed and time is None:
            time, time_unit = column, _TIME_UNIT_NAMES[timed[1]] if timed[1] else ""
        elif axis and axis[1] not in axes:
            axes[axis[1]] = column
            units.add(UNIT_NAMES[axis[2]] if axis[2] else "")
        else:
            again = " twice" if timed or axis else ""
            return f"{name!r} is named{again}" if again else f"{name!r} is not a name"
    if set(axes) not in ({"x"}, set(AXES)):
        return f"the axes are {', '.join(sorted(axes)) or 'missing'}"
    if len(units) > 1:
        return "the axes have different units"
    return Matched(time, tuple(axes[axis] for axis in sorted(axes)), time_unit, units.pop())


_AXIS_PATTERNS: Final = (
    r".*acc[a-z]*\d*[ _.\-]*(?P<axis>[xyz])(?:[ _.\-:].*)?",
    r"(?P<axis>[xyz])[ _.\-]*acc.*",
    r"(?:attr_)?(?P<axis>[xyz])(?:[ _\-]?(?:value|axis))?:?",
    r"(?:gf|a)_?(?P<axis>[xyz])",
)
_OTHER_QUANTITY: Final = re.compile(r"gyr|mag|count|angular|angle|veloc|euler|quat|raw_|deg/s")
_TIME_NAME: Final = re.compile(r"time|^t$|^elapsed$|^epoch?$|elapsed")
#: A unit as the whole name, and at the end of names such as uptimeNanos.
_BARE_TIME_UNIT: Final = re.compile(
    r"(milli|micro|nano)(s|seconds)|[mun]s|msec|usec|sec|secs|seconds"
)
_TIME_SUFFIX: Final = re.compile(r"(milli|micro|nano)(s|seconds)$|(?<=time|tamp)[mun]s$")
_REMOVED: Final = re.compile(r"lin|user|free")


def _tidy(name: str) -> str:
    return re.sub(r"\s+", " ", name.strip().strip('"').strip()).lower()


def _split_unit(name: str) -> tuple[str, str]:
    """Split a name into base and unit, which is in () or [], or a suffix."""
    bracketed = re.fullmatch(r"(.*?)\s*[(\[](.+)[)\]]\s*", name)
    if bracketed:
        return bracketed[1].strip(), bracketed[2].replace(" ", "")
    suffixed = re.fullmatch(r"(.+?)[_ ]([a-zµ/^²0-9]+)", name)
    if suffixed and (
        suffixed[2] in UNIT_NAMES
        or suffixed[2] in _TIME_UNIT_NAMES
        or foreign_quantity(suffixed[2], is_suffix=True)
    ):
        return suffixed[1], suffixed[2]
    return name, ""


def _quantity_of(name: str, unit: str) -> str | None:
    """Return the foreign quantity of a split name; None for acceleration and without a unit."""
    return foreign_quantity(unit, is_suffix=not name.endswith((")", "]"))) if unit else None


def _common_unit(names: list[str]) -> str:
    units = {unit_named(_split_unit(name)[1]) for name in names}
    return units.pop() if len(units) == 1 else ""


def _find(pattern: str, names: list[str]) -> int | None:
    found = [column for column, name in enumerate(names) if re.fullmatch(pattern, name)]
    return found[0] if len(found) == 1 else None


def _find_axes(pattern: str, names: list[str]) -> tuple[int, ...] | None:
    found = [_find(pattern.replace("{axis}", axis), names) for axis in AXES]
    columns = tuple(column for column in found if column is not None)
    return columns if len(columns) == len(AXES) else None


def _find_times(names: list[str]) -> tuple[tuple[int, TimeUnit], ...]:
    """Find the columns whose names could be that of time, with the units that they name."""
    found: list[tuple[int, TimeUnit]] = []
    for column, name in enumerate(names):
        base, unit = _split_unit(name)
        if _BARE_TIME_UNIT.fullmatch(base) and not unit:
            found.append((column, _TIME_UNIT_NAMES[base]))
        elif _TIME_NAME.search(base):
            if base.startswith("seconds"):
                unit = "s"
            elif not unit:
                suffix = _TIME_SUFFIX.search(base)
                unit = suffix[0] if suffix else ""
            known = _TIME_UNIT_NAMES.get(unit, "")
            found.append((column, "" if known == "text" else known))
    return tuple(found)


def _first_time(times: tuple[tuple[int, TimeUnit], ...]) -> tuple[int | None, TimeUnit]:
    """Choose a column before the rows are seen: the first that names its unit, else the first."""
    for time, unit in times:
        if unit:
            return time, unit
    return (times[0][0] if times else None), ""
