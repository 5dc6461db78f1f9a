"""Captures with one file for each axis: the three are read together.

To add a format, add an entry to `AXIS_FORMATS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tremor.decisions import ReadingDecision
from tremor.errors import CaptureNotRecognisedError, CaptureReadError
from tremor.formats.csv.cells import quoted
from tremor.formats.decoders.decoding import DecodedCapture, Description
from tremor.formats.decoders.packet_stamps import spread_packets
from tremor.recording import AXES
from tremor.units import TIME_UNIT_S

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AXIS_FORMATS", "AxisFormat", "axis_format_of", "decode_axis_files"]

_HEAD_BYTES: Final = 4096
#: More names are only counted in a message.
_MOST_NAMES: Final = 6
#: A number as it is written, however large.
_WRITTEN_NUMBER: Final = r"[+-]?(\d+\.?\d*|\.\d+)([eE]\+?\d+)?"


@dataclass(frozen=True, slots=True)
class AxisFormat:
    """A format with one file for each axis.

    Parameters
    ----------
    slug, name : str
        Short name, used in results, and name for people.
    file_name : str
        Pattern of the file names, with the groups ``stem`` and ``axis``.
    value : str
        Name of the column of samples, with ``{axis}`` in the place of X, Y or Z.
    stamp : str
        Name of the column of stamps, which the rows of a packet share.
    stamp_unit : str
        Their unit, such as ``ms``.
    date : str
        Name of the column of wall time, s since 1970.
    unit : str
        Unit of acceleration.
    description : Description
        What is known of it for people.
    """

    slug: str
    name: str
    file_name: str
    value: str
    stamp: str
    stamp_unit: str
    date: str
    unit: str
    description: Description


AXIS_FORMATS: Final[tuple[AxisFormat, ...]] = (
    AxisFormat(
        slug="emotibit",
        name="EmotiBit, one file for each axis",
        file_name=r"(?P<stem>.*?)_?A(?P<axis>[XYZ])\.csv",
        value="A{axis}",
        stamp="EmotiBitTimestamp",
        stamp_unit="ms",
        date="LocalTimestamp",
        unit="g",
        description=Description(
            told_by="file name, header",
            time="the stamp of each packet, over which its samples are spread",
            units=("g",),
            gravity="told by the samples",
            seen="description",
            example="2026-05-01_walk_AX.csv, _AY.csv, _AZ.csv",
            remark="Name one of the three files, or their folder.",
        ),
    ),
)


def axis_format_of(path: Path) -> AxisFormat | None:
    """Return the format of a file of one axis, or of a folder that holds some.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    AxisFormat or None
        None if the path is not of such a format.
    """
    for entry in AXIS_FORMATS:
        if any(True for files in _captures(path, entry).values() for _ in files):
            return entry
    return None


def decode_axis_files(
    path: Path, entry: AxisFormat, *, source: str | None = None
) -> tuple[DecodedCapture, list[Path]]:
    """Decode the three files of a capture.

    Parameters
    ----------
    path : Path
        One of them, or their folder.
    entry : AxisFormat
        Their format.
    source : str, optional
        Part of the names of the capture to choose among several; ignored where none has it.

    Returns
    -------
    DecodedCapture
        A sample that one of the files does not have is lost.
    list of Path
        The files, x first.

    Raises
    ------
    CaptureNotRecognisedError
        If the folder holds several captures.
    CaptureReadError
        If one of the files is missing or cannot be read.
    """
    captures = _captures(path, entry)
    wanted = (source or "").strip()
    captures = {stem: files for stem, files in captures.items() if wanted in stem} or captures
    if len(captures) > 1:
        stems = list(captures)
        more = len(stems) - _MOST_NAMES
        raise CaptureNotRecognisedError(
            f"{path} holds {len(stems)} captures of one file for each axis: "
            + ", ".join(stems[:_MOST_NAMES])
            + (f" and {more} more" if more > 0 else "")
            + "; choose one with --source, or name one of its files"
        )
    files = next(iter(captures.values()))
    missing = [axis for axis in AXES if axis not in files]
    if missing:
        some = next(iter(files.values()))
        raise CaptureReadError(
            f"{some.name} is one axis of three ({entry.name}), and the file of "
            f"{', '.join(missing)} is not beside it; copy the three to one folder"
        )
    ordered = [files[axis] for axis in AXES]
    columns = [_column(files[axis], axis, entry) for axis in AXES]
    return _joined(columns, entry), ordered


def _captures(path: Path, entry: AxisFormat) -> Mapping[str, dict[str, Path]]:
    """Return the files of each capture by axis: those beside a file, or those in a folder."""
    found: dict[str, dict[str, Path]] = {}
    named = re.fullmatch(entry.file_name, path.name)
    if path.is_dir():
        candidates = sorted(path.iterdir())
    elif named and _has_header(path, named["axis"], entry):
        at = named.span("axis")
        begin, end = path.name[: at[0]], path.name[at[1] :]
        candidates = [path.with_name(begin + axis + end) for axis in "XYZ"]
    else:
        return found
    for file in candidates:
        named = re.fullmatch(entry.file_name, file.name)
        if named and file.is_file() and _has_header(file, named["axis"], entry):
            found.setdefault(named["stem"], {})[named["axis"].lower()] = file
    return found


def _has_header(file: Path, axis: str, entry: AxisFormat) -> bool:
    try:
        with file.open("rb") as stream:
            first = stream.read(_HEAD_BYTES).split(b"\n")[0]
    except OSError:
        return False
    names = {name.strip() for name in first.decode("utf-8-sig", errors="replace").split(",")}
    return {entry.stamp, entry.value.format(axis=axis)} <= names


def _column(file: Path, axis: str, entry: AxisFormat) -> pd.DataFrame:
    """Return stamp, position within its packet, wall time and value of each row of a file."""
    import pandas as pd

    value = entry.value.format(axis=axis.upper())
    wanted = {entry.stamp: "stamp", entry.date: "date", value: axis}
    try:
        cells = pd.read_csv(
            file, usecols=lambda name: name.strip() in wanted, encoding="utf-8-sig", dtype="string"
        )
    except (ValueError, OSError) as error:  # pandas raises many kinds of ValueError
        raise CaptureReadError(
            f"{file.name} is damaged: {quoted(str(error))}; export it again"
        ) from error
    cells = cells.rename(columns=lambda name: wanted[name.strip()])
    numbers = pd.DataFrame({name: _numbers(cells[name], file) for name in cells})
    if _is_cut(file):
        numbers = numbers.iloc[:-1]
    if len(numbers) < 2 or not np.isfinite(numbers["stamp"]).all():
        raise CaptureReadError(
            f"{file.name} has {len(numbers)} rows, or rows without {entry.stamp}; export it again"
        )
    if (np.diff(numbers["stamp"]) < 0.0).any():
        line = int(np.argmax(np.diff(numbers["stamp"]) < 0.0)) + 3
        raise CaptureReadError(
            f"{entry.stamp} goes back at line {line} of {file.name}, as if it held several "
            "recordings; export each by itself"
        )
    numbers["within"] = numbers.groupby("stamp").cumcount()
    return numbers


def _numbers(cells: pd.Series, file: Path) -> pd.Series:
    import pandas as pd

    cells = cells.str.strip()
    numbers = pd.to_numeric(cells, errors="coerce")
    # One beyond the numbers of a computer is missing; pandas makes it infinite, or, of old, NaN.
    too_large = cells.str.fullmatch(_WRITTEN_NUMBER).eq(True)
    wrong = numbers.isna() & cells.notna() & ~too_large
    if wrong.any():
        at = int(np.argmax(wrong.to_numpy(dtype=bool)))
        raise CaptureReadError(
            f"line {at + 2} of {file.name} has {quoted(str(cells.iloc[at]), 30)} where a number is "
            "needed; repair the line or take it out"
        )
    return numbers.astype("float64")


def _is_cut(file: Path) -> bool:
    """Check whether the last line has no end, so that its number may have lost digits."""
    with file.open("rb") as stream:
        stream.seek(-1, 2)
        return stream.read(1) not in b"\r\n"


def _joined(columns: list[pd.DataFrame], entry: AxisFormat) -> DecodedCapture:
    keys = ["stamp", "within"]
    rows = columns[0]
    for other in columns[1:]:
        rows = rows.merge(other.drop(columns="date", errors="ignore"), on=keys, how="outer")
    rows = rows.sort_values(keys, kind="stable")
    stamps, counts = np.unique(rows["stamp"].to_numpy(), return_counts=True)
    epoch_s = None
    if "date" in rows and np.isfinite(rows["date"].iloc[0]):
        epoch_s = float(rows["date"].iloc[0])
    n_alone = int(rows[list(AXES)].isna().any(axis=1).sum())
    return DecodedCapture(
        values=rows[list(AXES)].to_numpy(dtype=np.float64),
        stamps_s=spread_packets(stamps * TIME_UNIT_S[entry.stamp_unit], counts.astype(np.int64)),
        epoch_s=epoch_s,
        time_unit=ReadingDecision("time_unit", entry.stamp_unit, "named"),
        unit=entry.unit,
        history=(
            f"{len(stamps)} packets of one file for each axis, their samples spread over them",
            *([f"samples that not all axes have: {n_alone}"] if n_alone else []),
        ),
    )
