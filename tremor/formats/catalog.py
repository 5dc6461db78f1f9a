"""What can be read and what is refused by name, for people; all of it from the tables of formats.

Nothing is read here. ``tremor formats``, the documentation and the README print it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tremor.formats.bids_reading import BIDS, BIDS_SLUG
from tremor.formats.csv.dialects import FORMATS, REFUSALS
from tremor.formats.csv.format_records import CaptureFormat, Seen
from tremor.formats.csv.quantities import unit_named
from tremor.formats.decoders.activity_monitors import MONITORS
from tremor.formats.decoders.axis_files import AXIS_FORMATS
from tremor.formats.decoders.catalog import DECODERS
from tremor.formats.decoders.decoding import Description
from tremor.formats.foreign import FOREIGN
from tremor.formats.parquet import PARQUET, PARQUET_SLUG
from tremor.recording import Gravity

__all__ = ["FormatFacts", "RefusedKind", "readable_formats", "refused_kinds"]

_RATE: Final = "--sampling-rate"
_COLUMNS: Final = "--columns"
_ADDED: Final = "added from columns or a file of its own"


@dataclass(frozen=True, slots=True)
class FormatFacts:
    """What is known of a format before a file of it is seen.

    Parameters
    ----------
    slug, name, seen, example, remark
        As in `tremor.formats.csv.format_records.CaptureFormat`.
    told_by : tuple of str
        What tells its files apart: lines above the samples, header, rows, file name.
    time : str
        Where the time of its samples comes from.
    units : tuple of str
        Units of acceleration that it has by itself; empty if header or samples tell.
    gravity : str
        Whether gravity is in its samples.
    to_give : tuple of str
        Options without which it cannot be read.
    members : tuple of str
        Files that are looked for in its archives and folders.
    """

    slug: str
    name: str
    told_by: tuple[str, ...]
    time: str
    units: tuple[str, ...]
    gravity: str
    to_give: tuple[str, ...]
    members: tuple[str, ...]
    seen: Seen
    example: tuple[str, ...]
    remark: str


@dataclass(frozen=True, slots=True)
class RefusedKind:
    """A kind of file that is refused by name.

    Parameters
    ----------
    name : str
        Name for people.
    remedy : str
        What to do instead.
    """

    name: str
    remedy: str


def readable_formats() -> tuple[FormatFacts, ...]:
    """Return what is known of each format: tables of text as they are tried, then the others."""
    return (*map(_facts, FORMATS), *_others())


def _others() -> Iterator[FormatFacts]:
    """Yield what is known of the formats that are no tables of text.

    Yields
    ------
    FormatFacts
        In the order in which they are listed.
    """
    for decoder in DECODERS:
        yield _described(decoder.slug, decoder.name, decoder.description)
    for entry in AXIS_FORMATS:
        yield _described(entry.slug, entry.name, entry.description)
    for slug, monitor in MONITORS.items():
        yield _described(slug, monitor.name, monitor.description)
    yield _described(BIDS_SLUG, "BIDS dataset of the modality motion", BIDS)
    yield _described(PARQUET_SLUG, "Parquet, written by tremor convert", PARQUET)


def _described(slug: str, name: str, description: Description) -> FormatFacts:
    return FormatFacts(
        slug=slug,
        name=name,
        told_by=(description.told_by,),
        time=description.time,
        units=description.units,
        gravity=description.gravity,
        to_give=(),
        members=(),
        seen=description.seen,
        example=(description.example,),
        remark=description.remark,
    )


def refused_kinds() -> tuple[RefusedKind, ...]:
    """Return the kinds that are refused by name, without repetition."""
    text = (RefusedKind(one.name, one.reason.rpartition("; ")[2]) for one in REFUSALS)
    readable = {one.name for one in FOREIGN if one.slug in MONITORS}
    binary = (RefusedKind(one.name, one.remedy) for one in FOREIGN if one.name not in readable)
    by_name: dict[str, RefusedKind] = {}
    for kind in (*text, *binary):
        name = kind.name.removeprefix("an ").removeprefix("a ")
        by_name.setdefault(name, RefusedKind(name, kind.remedy))
    return tuple(by_name.values())


def _facts(entry: CaptureFormat) -> FormatFacts:
    units = [columns.unit for columns in entry.columns if columns.unit]
    units += [unit_named(rows.columns.partition("x_")[2].partition(",")[0]) for rows in entry.rows]
    return FormatFacts(
        slug=entry.slug,
        name=entry.name,
        told_by=_told_by(entry),
        time=_time(entry),
        units=tuple(dict.fromkeys(units)),
        gravity=_gravity(entry),
        to_give=_to_give(entry),
        members=tuple(name for name, _ in entry.members),
        seen=entry.seen,
        example=entry.example,
        remark=entry.remark,
    )


def _told_by(entry: CaptureFormat) -> tuple[str, ...]:
    by = {
        "lines above": bool(entry.signature),
        "header": bool(entry.columns) or (entry.generic and not _is_declared(entry)),
        "rows": bool(entry.rows),
        "file name": bool(entry.file_name),
    }
    return tuple(name for name, holds in by.items() if holds)


def _is_declared(entry: CaptureFormat) -> bool:
    """Check whether nothing tells a format apart, so that its columns must be given."""
    return not (entry.columns or entry.rows or entry.file_names)


def _has_stamps(entry: CaptureFormat) -> list[bool]:
    """Return of each layout whether its rows have time stamps."""
    headed = [bool(columns.times) for columns in entry.columns]
    return headed + [
        rows.columns.startswith("time") or ",time" in rows.columns for rows in entry.rows
    ]


def _states_rate(entry: CaptureFormat) -> bool:
    named = (*entry.preamble, *(one.pattern for one in entry.file_names))
    return any("rate_hz" in pattern or "period_ms" in pattern for pattern in named)


def _time(entry: CaptureFormat) -> str:
    stamps = _has_stamps(entry)
    if not stamps:
        return "a column of stamps, or the rate that is stated or given"
    if all(stamps):
        return "stamps"
    counted = "the stated rate" if _states_rate(entry) else "the rate that is given"
    return f"stamps, or {counted}" if any(stamps) else counted


def _gravity(entry: CaptureFormat) -> str:
    if entry.added_member or any(columns.added_axes for columns in entry.columns):
        return _ADDED
    found: set[Gravity | None] = {one.gravity for one in entry.columns}
    found |= {one.gravity for one in entry.rows}
    found |= {gravity for _, gravity in entry.members}
    found |= {one.gravity for one in entry.file_names if not one.quantity}
    if len(found) == 1 and None not in found:
        return str(found.pop())
    return "told by its names and by the samples"


def _to_give(entry: CaptureFormat) -> tuple[str, ...]:
    if _is_declared(entry):
        return (_COLUMNS,)
    stamps = _has_stamps(entry)
    return (_RATE,) if stamps and not any(stamps) and not _states_rate(entry) else ()
