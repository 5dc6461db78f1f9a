"""Manifests: tables of captures with what is known of each, as spreadsheets save them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tremor.batch.urls import is_url
from tremor.errors import CaptureReadError

__all__ = ["MANIFEST_COLUMNS", "manifest_columns", "manifest_rows"]

#: Columns of a manifest and what they hold; others are carried to the tables as they are.
MANIFEST_COLUMNS: Final = {
    "path": "capture: a file, a recording folder or a URL; relative to the manifest",
    "subject": "who; groups the rows of the tables",
    "group": "group of the subject, such as control",
    "placement": "site, such as calf, or side and site, such as left-calf",
    "side": "left or right, where the placement names only the site",
    "session": "name of the session, such as before",
    "context": "file of answers, relative to the manifest",
    "baseline": "capture of the leg at rest before the run, or its RMS in m/s^2",
}
_PATHS: Final = ("path", "context", "baseline")
_HEAD_BYTES: Final = 4096
_NUMBER: Final = re.compile(r"\d*[.,]?\d+([eE][-+]?\d+)?")


def manifest_columns(path: Path) -> list[str]:
    """Return the header of a manifest in small letters; empty for any other file."""
    if path.suffix.lower() not in {".csv", ".tsv", ".txt"} or not path.is_file():
        return []
    try:
        with path.open("rb") as stream:
            head = _decoded(stream.read(_HEAD_BYTES))
    except OSError:  # it fails as a capture, and the others go on
        return []
    names = [_tidy(name) for name in re.split(r"[,;\t]", head.partition("\n")[0].replace('"', ""))]
    return names if "path" in names else []


def manifest_rows(path: Path) -> Iterator[dict[str, str]]:
    """Read a manifest.

    Parameters
    ----------
    path : Path
        CSV in UTF-8, UTF-16 or the code page of Western Windows, with commas, semicolons or tabs.

    Yields
    ------
    dict of str to str
        Cells of a capture by the names of the columns, in small letters; paths are found from the
        folder of the manifest.

    Raises
    ------
    CaptureReadError
        If it cannot be read, or a line of it cannot be used.
    """
    try:
        text = _decoded(path.read_bytes())
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        names = [_tidy(name) for name in next(reader, [])]
        rows = [(reader.line_num, cells) for cells in reader]
    except (OSError, csv.Error) as error:
        raise CaptureReadError(f"{path} is no readable manifest ({error})") from error
    twice = next((name for at, name in enumerate(names) if name and name in names[:at]), None)
    if twice:
        raise CaptureReadError(f"{path} has two columns {twice!r}; rename one")
    for number, cells in rows:
        if any(cell.strip() for cell in cells):
            yield _row(path, number, names, [cell.strip() for cell in cells])


def _row(path: Path, number: int, names: list[str], cells: list[str]) -> dict[str, str]:
    line = f"line {number} of {path}"
    if any(cells[len(names) :]):
        raise CaptureReadError(f"{line} has more cells than the header; put quotes around commas")
    row = dict.fromkeys(filter(None, names), "")
    row |= {name: cell for name, cell in zip(names, cells, strict=False) if name}
    if not row["path"]:
        raise CaptureReadError(f"{line} has no path; take the line out")
    if any(is_url(row.get(name, "")) for name in ("context", "baseline")):
        raise CaptureReadError(f"{line}: context and baseline are files; fetch what is at the URL")
    for name in _PATHS:
        row[name] = _beside(path, row.get(name, ""))
    return row


def _tidy(name: str) -> str:
    return name.strip().lower()


def _decoded(data: bytes) -> str:
    """Return text of whatever encoding spreadsheets save, with one kind of line end."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            # A character that the end of what was read cuts in two is no other encoding.
            is_cut = error.start > len(data) - 4 and len(data) == _HEAD_BYTES
            text = data.decode("utf-8-sig" if is_cut else "cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _beside(manifest: Path, text: str) -> str:
    """Return a path from the folder of the manifest; URLs stay, and numbers get a point."""
    if not text or is_url(text):
        return text
    if _NUMBER.fullmatch(text):
        return text.replace(",", ".")
    path = manifest.parent / text
    if "\\" in text and not path.exists():  # written on Windows
        path = manifest.parent / text.replace("\\", "/")
    return str(path)
