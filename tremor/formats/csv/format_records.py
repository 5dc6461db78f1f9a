"""Records of the table of text formats: what an entry may say of its files.

The entries are in `tremor.formats.csv.dialects`. Nothing is matched or read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tremor.recording import Gravity

__all__ = [
    "EPOCH_2000_S",
    "CaptureFormat",
    "Columns",
    "Companion",
    "FileName",
    "Matched",
    "Refusal",
    "Rows",
    "Seen",
    "TimeColumn",
    "TimeUnit",
]

TimeUnit = Literal["s", "ms", "us", "ns", "text", ""]
#: Whether an entry was made from a real file, or only from what is written about the format.
Seen = Literal["real file", "description"]

#: 2000-01-01, s since 1970: where the clocks of some sensors begin.
EPOCH_2000_S: Final = 946_684_800.0


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column that may hold the time of the samples.

    Parameters
    ----------
    name : str
        Pattern of its name, matched whole and without regard to case.
    unit : str
        ``s``, ``ms``, ``us``, ``ns``, ``text``, or empty to tell it from the numbers.
    epoch_s : float
        What its numbers count from where they are no date since 1970, s since 1970.
    wraps_at : float or None
        Where its numbers start again from zero, in its unit; None if they never do.
    """

    name: str
    unit: TimeUnit = ""
    epoch_s: float = 0.0
    wraps_at: float | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """One set of column names of a format whose tables have a header.

    Parameters
    ----------
    axes : str
        Pattern of the names of the axes, with ``{axis}`` in the place of x, y or z.
    times : tuple of TimeColumn
        Columns that may be there, best first; of those that are, the rows decide, and the order
        only where they are equal. Without any, the rows have no stamps.
    unit : str
        Unit of acceleration, or empty to take it from the header, then from gravity.
    gravity : {"included", "removed"} or None
        None if only the samples show it.
    added_axes : str
        Pattern of separate columns of gravity, which are added; empty if there are none.
    counter : str
        Pattern of the name of a column that counts the samples, whose jumps are losses.
    """

    axes: str
    times: tuple[TimeColumn, ...] = ()
    unit: str = ""
    gravity: Gravity | None = None
    added_axes: str = ""
    counter: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """One layout of a format whose tables have no header.

    It is claimed only where the first rows look like it: their width, the cells that are ignored,
    steps of time that a sensor can have, and samples about 1 g long.

    Parameters
    ----------
    columns : str
        What the columns are, as ``--columns`` says it; ``...`` at the end for any more.
    time : TimeColumn
        What its notation does not say of the time; its name is not used.
    cells : tuple of (int, str)
        Patterns that the cells of an ignored column match, and its number from 0.
    gravity : {"included", "removed"} or None
        None if only the samples show it.
    n_head_rows : int
        Rows of numbers above the samples, which `CaptureFormat.preamble` reads.
    sources : tuple of int
        Numbers of the columns that name persons or devices, from 0.
    """

    columns: str
    time: TimeColumn = TimeColumn("")
    cells: tuple[tuple[int, str], ...] = ()
    gravity: Gravity | None = "included"
    n_head_rows: int = 0
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileName:
    """What the name of a file says of it.

    Parameters
    ----------
    pattern : str
        Searched in the name of a file that the format claims, without regard to case; its group
        ``rate_hz``, if it has one, is the nominal rate.
    gravity : {"included", "removed"} or None
        Whether the samples of such a file include gravity; None if the name does not say.
    quantity : str
        What such a file holds instead of acceleration, for a refusal; empty if it is none.
    """

    pattern: str
    gravity: Gravity | None = None
    quantity: str = ""


@dataclass(frozen=True, slots=True)
class Companion:
    r"""A file beside a capture that says more of it.

    Parameters
    ----------
    kind : str
        How it is read, a name of `tremor.formats.companions.COMPANION_READERS`.
    file : str
        Its path from the folder of the capture; ``\1`` is the first group of ``of``.
    of : str
        Pattern that the name of the capture matches.
    """

    kind: str
    file: str
    of: str = r".*"


@dataclass(frozen=True, slots=True)
class CaptureFormat:
    """A format of captures.

    Parameters
    ----------
    slug : str
        Short name, used in results.
    name : str
        Name for people.
    columns : tuple of Columns
        Its headers; the first that matches is used.
    rows : tuple of Rows
        Its layouts without a header.
    signature : str
        Pattern that is searched in the lines above the samples; empty if any will do.
    preamble : tuple of str
        Patterns that are searched in the lines above the samples. What their groups hold is
        declared: ``rate_hz``, ``rate_khz``, ``period_ms``, ``start`` (ISO 8601), ``start_s`` (s
        since 1970), ``unit``, ``range_g`` and ``date_form`` (such as ``d/MM/yyyy``).
    file_names : tuple of FileName
        Meanings of the names of its files; the first that fits counts.
    file_name : str
        Pattern that the name of each of its files matches; empty if any will do.
    comment : str
        What begins a line that is no row.
    delimiters : str
        Separators of cells that it may have.
    members : tuple of (str, {"included", "removed"} or None)
        File names in its zip archives or folders, best first, and whether they include gravity.
    added_member : str
        Name of the member that holds gravity, which is added to a member without it.
    companions : tuple of str
        Names of further files of the same recording, which are no captures of their own.
    described_by : tuple of Companion
        Files beside a capture that say more of it.
    required_column : str
        Pattern of the name of a column that every file has; empty if there is none.
    unit_without_gravity : str
        Unit of a file without gravity that names none; empty if it must be given.
    declares_facts : bool
        Whether ``# key: value`` lines before the table declare gravity, sensor, placement, start.
    generic : bool
        Claims only what no other format claims.
    seen : {"real file", "description"}
        What the entry was made from.
    example : tuple of str
        First lines of a file: those that tell it apart, and a row.
    remark : str
        What to know or to give, a sentence.
    """

    slug: str
    name: str
    columns: tuple[Columns, ...] = ()
    rows: tuple[Rows, ...] = ()
    signature: str = ""
    preamble: tuple[str, ...] = ()
    file_names: tuple[FileName, ...] = ()
    file_name: str = ""
    comment: str = "#"
    delimiters: str = ",;\t|"
    members: tuple[tuple[str, Gravity | None], ...] = ()
    added_member: str = ""
    companions: tuple[str, ...] = ()
    described_by: tuple[Companion, ...] = ()
    required_column: str = ""
    unit_without_gravity: str = ""
    declares_facts: bool = False
    generic: bool = False
    seen: Seen = "description"
    example: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of text table that looks like samples but holds none.

    Parameters
    ----------
    pattern : str
        Searched in the first lines.
    name : str
        Name for people.
    reason : str
        End of the message.
    """

    pattern: str
    name: str
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
        As in `Columns`.
    added : tuple of int
        Positions of the gravity columns to add; empty if there are none.
    times : tuple of (int, str)
        Positions of all columns whose names could be that of time, and the units that they name.
    counter : int or None
        Position of the column that counts the samples.
    started : (float, bool) or None
        Wall time of the first row by a column that is not the time column, s since 1970, and
        whether it is UTC; None if no other column holds it.
    clocks : tuple of (int, TimeColumn)
        What the table of formats says of the columns of `times`.
    sources : tuple of int
        Positions of columns that are known to name persons or devices.
    """

    time: int | None
    axes: tuple[int, ...]
    time_unit: TimeUnit = ""
    unit: str = ""
    gravity: Gravity | None = None
    added: tuple[int, ...] = ()
    times: tuple[tuple[int, TimeUnit], ...] = ()
    counter: int | None = None
    started: tuple[float, bool] | None = None
    clocks: tuple[tuple[int, TimeColumn], ...] = ()
    sources: tuple[int, ...] = ()

    @property
    def clock(self) -> TimeColumn:
        """Return what the table of formats says of the time column, its epoch and wrap."""
        found = (clock for column, clock in self.clocks if column == self.time)
        return next(found, TimeColumn(""))
