"""How much a file may ask of the computer: lengths, counts and sizes beyond which it is refused.

A capture within these bounds is read in time and memory proportional to its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "ARCHIVE_BOUNDS",
    "OPTION_BOUNDS",
    "TABLE_BOUNDS",
    "TEXT_BOUNDS",
    "ArchiveBounds",
    "OptionBounds",
    "TableBounds",
    "TextBounds",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBounds:
    """What a table of text may hold."""

    head_bytes: int = calibrated(
        64 * 1024,
        "bytes",
        "first part of a file by which it is recognised: the longest preambles have some kilobytes",
        source=JUDGEMENT,
    )
    longest_line_bytes: int = calibrated(
        64 * 1024,
        "bytes",
        "longest line: a header must fit into the first part, and rows are shorter than headers",
        source="derived: as long as the first part of the file",
    )
    longest_quoted_bytes: int = calibrated(
        4 * 1024 * 1024,
        "bytes",
        "text that is searched for the end of a quotation: a cell of several lines is far shorter, "
        "and behind a quotation mark by mistake the rest of the file would be held",
        source=JUDGEMENT,
    )
    longest_name: int = calibrated(
        80,
        "characters",
        "part of the name of a column that is matched: real ones have up to 60, and patterns take "
        "the square of it",
        source=JUDGEMENT,
    )
    most_acceleration: float = calibrated(
        1e12,
        "1",
        "size of a number, in any unit, from which on it is no acceleration: counts of 32 bits "
        "have up to 2e9, and squares of sums must stay numbers",
        source=JUDGEMENT,
    )
    most_columns: int = calibrated(
        1000,
        "1",
        "columns: the widest tables of wearables have some hundred, of all their sensors",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveBounds:
    """What a zip archive or a folder may hold."""

    most_members: int = calibrated(
        1000,
        "1",
        "files in an archive or a folder that are looked at: exports of one recording have up to "
        "50",
        source=JUDGEMENT,
    )
    most_expansion: float = calibrated(
        100.0,
        "1",
        "unpacked over packed size: rows with a clock shrink to a tenth, to a thirtieth where all "
        "else is constant, and packed nothing to a thousandth",
        source=JUDGEMENT,
    )
    unsuspected_bytes: int = calibrated(
        32 * 1024 * 1024,
        "bytes",
        "unpacked size that is read whatever the ratio: a second of work",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBounds:
    """What a file of settings or answers, the manifest of a recording, or a result may hold."""

    most_settings_bytes: int = calibrated(
        64 * 1024,
        "bytes",
        "size of a file of settings or answers: all keys with comments have 5 kB",
        source=JUDGEMENT,
    )
    longest_settings_line: int = calibrated(
        2000,
        "characters",
        "longest line of such a file: a key of thousands of parts takes the square of their number",
        source=JUDGEMENT,
    )
    most_manifest_bytes: int = calibrated(
        64 * 1024 * 1024,
        "bytes",
        "size of a manifest: a day of lost links every second has 10 MB of events",
        source=JUDGEMENT,
    )
    most_result_bytes: int = calibrated(
        1024 * 1024 * 1024,
        "bytes",
        "size of a saved result: one of a day has 50 MB",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionBounds:
    """What an option may be; a number beyond is a slip of the hand."""

    longest_capture_s: float = calibrated(
        366.0 * 86400.0,
        "s",
        "longest time within a capture: monitors of activity are worn for weeks",
        source=JUDGEMENT,
    )
    playing_speed: tuple[float, float] = calibrated(
        (0.01, 1e6),
        "1",
        "speed of a replay, times real time: slower, a window takes minutes to come, and faster is "
        "as fast as it goes",
        source=JUDGEMENT,
    )
    listening_s: tuple[float, float] = calibrated(
        (0.1, 3600.0),
        "s",
        "time to listen for sensors: they make themselves known at least every 10 s",
        source=JUDGEMENT,
    )
    most_simulated_samples: float = calibrated(
        2e7,
        "1",
        "samples of a capture that is synthesised: two days at 104 Hz, in 4 GB of memory",
        source=JUDGEMENT,
    )
    most_simulated: float = calibrated(
        1e4,
        "s, Hz or m/s^2",
        "half-life, width and strength of what is synthesised: no accelerometer on a body measures "
        "1000 g",
        source=JUDGEMENT,
    )


TABLE_BOUNDS: Final = TableBounds()
ARCHIVE_BOUNDS: Final = ArchiveBounds()
OPTION_BOUNDS: Final = OptionBounds()
TEXT_BOUNDS: Final = TextBounds()
