"""Files that hold no table of text, told by their first bytes, and the export that can be read.

To refuse another kind of file by its name, add an entry to `FOREIGN`. Tables of text that hold no
acceleration are refused in `tremor.formats.csv.dialects`.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "FOREIGN",
    "ForeignFormat",
    "foreign_of",
    "refuse_archive",
    "refuse_bytes",
    "refuse_name",
]

#: What is unpacked of a compressed file to see what it is.
_UNPACKED_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class ForeignFormat:
    """A kind of file that is no table of text.

    Parameters
    ----------
    name : str
        Name for people, after "is".
    remedy : str
        How to get a file that can be read, after a semicolon.
    pattern : bytes
        Regular expression that its first bytes match; empty if its members tell.
    members : tuple of str
        Patterns of the names of members of a zip archive, each of which some member matches; empty
        if it is no zip archive.
    slug : str
        Short name of a kind that an extra reads; empty if none does.
    """

    name: str
    remedy: str
    pattern: bytes = b""
    members: tuple[str, ...] = ()
    slug: str = ""


_AS_CSV: Final = "open it with the program that wrote it and save the samples as CSV"
_SHEET: Final = "save the sheet of the samples as CSV"
_UNPACK: Final = "unpack it and name the capture in it"
_COUNTS: Final = "an ActiGraph .agd holds counts: export raw data as CSV from the .gt3x in ActiLife"

#: The first entry that fits names the file.
FOREIGN: Final[tuple[ForeignFormat, ...]] = (
    ForeignFormat(
        "an ActiGraph GT3X file",
        "export raw data as CSV with time stamps in ActiLife or CentrePoint",
        members=(r"info\.txt", r"(log|activity)\.bin"),
        slug="actigraph-gt3x",
    ),
    ForeignFormat(
        "an Excel workbook (xlsx)",
        f"{_SHEET}, or choose CSV in the export of phyphox",
        members=(r"xl/workbook\.\w+",),
    ),
    ForeignFormat("a workbook of OpenDocument or Numbers", _SHEET, members=(r"content\.xml",)),
    ForeignFormat(
        "a workbook of OpenDocument or Numbers", _SHEET, members=(r"Index/Document\.iwa",)
    ),
    ForeignFormat("a Word document (docx)", _AS_CSV, members=(r"word/document\.xml",)),
    ForeignFormat("an array of numpy (npz)", _AS_CSV, members=(r".*\.npy",)),
    ForeignFormat(
        "an Excel workbook (xls)",
        f"{_SHEET}, or choose CSV in the export of phyphox",
        rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\x09\x08\x10\x00\x00\x06",
    ),
    ForeignFormat(
        "an Axivity CWA file",
        "export resampled or raw CSV in OmGui (Export), or convert it with actipy or cwa-convert",
        rb"MD\xfc\x03",
        slug="axivity-cwa",
    ),
    ForeignFormat(
        "a GENEActiv .bin file",
        "export raw CSV (not an epoch file) in the GENEActiv PC software",
        rb"Device Identity[ \t]{0,80}[\r\n]{1,4}Device Unique Serial Code:",
        slug="geneactiv-bin",
    ),
    # Seen only within another file, whose members cannot be listed.
    ForeignFormat(
        "an ActiGraph GT3X file",
        "export raw data as CSV with time stamps in ActiLife or CentrePoint",
        rb"PK\x03\x04.{26}(info\.txt|log\.bin|activity\.bin)",
    ),
    ForeignFormat(
        "an Excel workbook (xlsx) or another file of Office",
        _SHEET,
        rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|_rels/|docProps/|xl/)",
    ),
    ForeignFormat("a zip archive", _UNPACK, rb"PK\x03\x04"),
    ForeignFormat("a PDF document", "export the samples themselves as CSV", rb"%PDF-"),
    ForeignFormat(
        "an SQLite database",
        f"export its table of raw acceleration as CSV ({_COUNTS})",
        rb"SQLite format 3\x00",
    ),
    ForeignFormat(
        "an Avro file",
        "write its raw accelerometer to CSV (for an Empatica EmbracePlus: time in us, x, y, z in "
        "counts turned to g with the limits in the file)",
        rb"Obj\x01",
    ),
    ForeignFormat("an HDF5 or MATLAB 7.3 file", _AS_CSV, rb"\x89HDF\r\n\x1a\n|MATLAB 7\.3 MAT"),
    ForeignFormat("a MATLAB file", "write the samples with writetable to CSV", rb"MATLAB 5\.0 MAT"),
    ForeignFormat("an array of numpy (npy)", "write it with numpy.savetxt to CSV", rb"\x93NUMPY"),
    ForeignFormat("an Arrow or Feather file", "write it to CSV", rb"ARROW1|FEA1"),
    ForeignFormat("a bag of ROS", "export its IMU topic as CSV", rb"#ROSBAG|\x89MCAP"),
    ForeignFormat("a Garmin FIT file", "convert its accelerometer data to CSV", rb".{8}\.FIT"),
    ForeignFormat(
        "an EDF or BDF file",
        "export its accelerometer channels as CSV",
        rb"0 {7}[\x20-\x7e]{176}|\xffBIOSEMI",
    ),
    ForeignFormat("a sound file", _AS_CSV, rb"RIFF.{4}WAVE"),
    ForeignFormat(
        "a picture",
        "export the samples themselves as CSV",
        rb"\x89PNG\r\n|\xff\xd8\xff|GIF8|RIFF.{4}WEBP",
    ),
    ForeignFormat("a web page", "download the file itself", rb"(?i)\s*<(!doctype )?html"),
    ForeignFormat("an XML file", _AS_CSV, rb"(\xef\xbb\xbf)?\s*<\?xml"),
    ForeignFormat("a text with formatting (RTF)", "save it as plain text", rb"\{\\rtf"),
    ForeignFormat("an archive of bzip2", _UNPACK, rb"BZh[1-9]1AY"),
    ForeignFormat("an archive of xz", _UNPACK, rb"\xfd7zXZ\x00"),
    ForeignFormat("an archive of zstd", _UNPACK, rb"\x28\xb5\x2f\xfd"),
    ForeignFormat("a 7z archive", _UNPACK, rb"7z\xbc\xaf\x27\x1c"),
    ForeignFormat("a rar archive", _UNPACK, rb"Rar!\x1a\x07"),
    ForeignFormat("a tar archive", _UNPACK, rb".{257}ustar"),
)

#: Kinds of JSON that hold no samples of acceleration, told by names in the first bytes.
_JSON_KINDS: Final[tuple[tuple[str, bytes, str], ...]] = (
    ("a result of tremor", rb'"schema"\s*:\s*"tremor\.', "name the capture, not the result"),
    (
        "JSON of Movesense without acceleration",
        rb'"Array(Gyro|Magn)|"Movesense|/Meas/',
        "export it again with Acc, IMU6 or IMU9, or as CSV",
    ),
)
#: A bracket before a time, as loggers of a serial line write, opens no JSON.
_JSON: Final = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*"|\[\s*[\[{"]|\[\s*-?\d[\d.eE+-]*\s*,|\[\s*\]|\{\s*\})'
)
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"

#: Files of other sensors in the exports of Sensor Logger and phyphox, whose headers are alike.
_OTHER_SENSOR: Final = re.compile(
    r"(?i)(gyroscope|magnetometer|orientation|gravity|compass|barometer)(uncalibrated)?\.csv"
)


def refuse_bytes(head: bytes) -> str | None:
    """Name the kind of a file that is no table of text.

    Parameters
    ----------
    head : bytes
        Its first bytes, best some thousands.

    Returns
    -------
    str or None
        End of a message that begins with the name of the file; None if it may be a table.

    Examples
    --------
    >>> refuse_bytes(b"%PDF-1.7")
    'is a PDF document; export the samples themselves as CSV'
    """
    if head.startswith(_GZIP):
        return _refuse_gzip(head)
    entry = _by_bytes(head)
    if entry is not None:
        return f"is {entry.name}; {entry.remedy}"
    if not _JSON.match(head):
        return None
    for kind, pattern, remedy in _JSON_KINDS:
        if re.search(pattern, head[:_UNPACKED_BYTES]):
            return f"is {kind}; {remedy}"
    return (
        "is JSON of a shape that is not known; choose CSV in the export, or write time, x, y, z to "
        "a CSV with a header"
    )


def _refuse_gzip(head: bytes) -> str:
    try:
        inner = zlib.decompressobj(wbits=31).decompress(head, _UNPACKED_BYTES)
    except zlib.error:
        return "is a damaged gzip file; export it again"
    reason = None if inner.startswith(_GZIP) else refuse_bytes(inner)
    if reason is not None:
        return f"is compressed by gzip, and within {reason}"
    return "is compressed by gzip; unpack it with gunzip and name the file that it holds"


def refuse_archive(names: Collection[str]) -> str | None:
    """Name the kind of a zip archive by its members, as `refuse_bytes` does.

    Parameters
    ----------
    names : collection of str
        Names of the members, with their folders.

    Returns
    -------
    str or None
        End of a message; None if it may be an archive of captures.
    """
    entry = _by_members(names)
    return None if entry is None else f"is {entry.name}; {entry.remedy}"


def foreign_of(path: Path) -> ForeignFormat | None:
    """Return the kind of a file, by its first bytes or by its members.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    ForeignFormat or None
        None for a folder, for what cannot be opened, and for what may be a table.
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            head = stream.read(_UNPACKED_BYTES)
        if not head.startswith(_ZIP):
            return _by_bytes(head)
        with zipfile.ZipFile(path) as archive:
            return _by_members(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return None  # said by the reader of archives


def _by_bytes(head: bytes) -> ForeignFormat | None:
    for entry in FOREIGN:
        if entry.pattern and re.match(entry.pattern, head, re.DOTALL):
            return entry
    return None


def _by_members(names: Collection[str]) -> ForeignFormat | None:
    for entry in FOREIGN:
        if entry.members and all(
            any(re.fullmatch(pattern, name) for name in names) for pattern in entry.members
        ):
            return entry
    return None


def refuse_name(name: str) -> str | None:
    """Name the other sensor that a file is of, if an app names its files so."""
    found = _OTHER_SENSOR.fullmatch(name)
    if found is None:
        return None
    return (
        f"is by its name of the {found[1].lower()}, not of the accelerometer; name the file of the "
        "acceleration, or rename this one"
    )
