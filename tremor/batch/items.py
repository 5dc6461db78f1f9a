"""What a batch is asked to do: captures found in folders, by patterns, or listed in a manifest.

Nothing is opened here but folders and the manifest, so that a million captures are listed quickly.
"""

from __future__ import annotations

import csv
import glob
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tremor.batch.urls import is_url, urls_of
from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError
from tremor.formats.csv.dialects import FORMATS
from tremor.formats.folder.manifest import MANIFEST_FILE
from tremor.recording import Placement

__all__ = ["MANIFEST_COLUMNS", "Item", "Shard", "gather_items", "parse_shard"]

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
#: Endings of files that can be captures.
_CAPTURES: Final = frozenset({".csv", ".tsv", ".txt", ".zip", ".parquet", ".json"})
#: Names of files of which one recording has several, in one folder.
_MEMBERS: Final = frozenset(name for entry in FORMATS for name, _ in entry.members)
#: What `tremor simulate`, `tremor analyze` and labs put beside captures.
_BESIDE: Final = re.compile(
    r"(?i)\.truth\.json$|^(recording|dataset_description|participants)\.json$"
)
_MANIFEST_BYTES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One capture of a batch.

    Parameters
    ----------
    number : int
        Place in the whole list, from 0, whatever the shard.
    id : str
        Name of its files, unique in the batch.
    path : str
        Path or URL.
    subject, group, session : str
        As in the manifest; empty without.
    placement : str
        Such as ``left-calf``; empty if it is not given.
    context : str
        File of answers; empty if there is none.
    baseline : str
        Path or number; empty if there is none.
    other : dict of str to str
        Further columns of the manifest.
    """

    number: int
    id: str
    path: str
    subject: str = ""
    group: str = ""
    session: str = ""
    placement: str = ""
    context: str = ""
    baseline: str = ""
    other: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shard:
    """Share of a batch: every ``n``-th capture, beginning with number ``i`` of 1 to ``n``."""

    i: int = 1
    n: int = 1

    def holds(self, item: Item) -> bool:
        """Check whether a capture is in this share."""
        return item.number % self.n == self.i - 1


def parse_shard(text: str) -> Shard:
    """Parse a share such as ``3/40``.

    Parameters
    ----------
    text : str
        Number of the share, from 1, and number of shares.

    Returns
    -------
    Shard
        The share.

    Raises
    ------
    InvalidInputError
        If it is no share.

    Examples
    --------
    >>> parse_shard("3/40")
    Shard(i=3, n=40)
    """
    found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
    i, n = (int(part) for part in found.groups()) if found else (0, 0)
    if not 1 <= i <= n:
        raise InvalidInputError(f"shard {text!r} is no share; give I/N with I from 1 to N, as 3/40")
    return Shard(i, n)


def gather_items(sources: Iterable[str]) -> tuple[Item, ...]:
    """List the captures of a batch.

    Parameters
    ----------
    sources : iterable of str
        Captures, folders (searched to any depth), patterns such as ``data/*/walk*.csv``, URLs, and
        manifests: CSV files with a column ``path``.

    Returns
    -------
    tuple of Item
        In the order of the sources, within folders and patterns by name; each capture once.

    Raises
    ------
    CaptureNotFoundError
        If a source does not exist, or there is no capture in any.
    CaptureReadError
        If a manifest cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.csv", "a.csv", "notes.md"):
    ...         _ = Path(folder, name).write_text("")
    ...     [Path(item.path).name for item in gather_items([folder])]
    ['a.csv', 'b.csv']
    """
    asked: dict[str, dict[str, str]] = {}
    for source in sources:
        for row in _rows_of(source):
            asked.setdefault(row["path"], row)
    if not asked:
        raise CaptureNotFoundError(
            f"no capture in {', '.join(sources) or 'nothing'}; give files ending in "
            f"{', '.join(sorted(_CAPTURES))}, folders with them, or a manifest with a column path"
        )
    return tuple(_item(number, row) for number, row in enumerate(asked.values()))


def _item(number: int, row: dict[str, str]) -> Item:
    known = {name: row.get(name, "") for name in MANIFEST_COLUMNS}
    placement = "-".join(part for part in (known.pop("side"), known["placement"]) if part)
    if placement:
        placement = str(Placement.from_text(placement))
    return Item(
        number=number,
        id=_id_of(row["path"]),
        **known | {"placement": placement},
        other={name: text for name, text in row.items() if name not in MANIFEST_COLUMNS},
    )


def _id_of(path: str) -> str:
    """Return a name for files: the end of the path for people, and a digest that is unique."""
    tail = "_".join(re.split(r"[/\\]", path.rstrip("/\\"))[-2:])
    shown = re.sub(r"[^A-Za-z0-9.-]+", "_", tail).strip("._")[-60:]
    return f"{shown}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:10]}"


def _rows_of(source: str) -> Iterator[dict[str, str]]:
    if is_url(source):
        yield from ({"path": one} for one in urls_of(source))
        return
    path = Path(source)
    if not path.exists():
        # A pattern may begin anywhere, and the working folder is no part of the names it finds.
        names = glob.glob(source, recursive=True) if glob.has_magic(source) else []  # noqa: PTH207
        found = sorted(names)
        if not found:
            raise CaptureNotFoundError(f"{source} does not exist; check the name")
        for one in found:
            if Path(one).is_dir() or _may_be_capture(Path(one)):
                yield from _rows_of(one)
        return
    if path.is_dir():
        yield from ({"path": str(one)} for one in _captures_in(path))
        return
    columns = _manifest_columns(path)
    if columns:
        yield from _manifest_rows(path)
    else:
        yield {"path": source}


def _captures_in(folder: Path) -> Iterator[Path]:
    """Yield the captures in a folder, to any depth; one of several files is a capture itself."""
    names = sorted(child.name for child in folder.iterdir())
    if MANIFEST_FILE in names or not _MEMBERS.isdisjoint(names):
        yield folder
        return
    for name in names:
        one = folder / name
        if name.startswith("."):
            continue
        if one.is_dir():
            yield from _captures_in(one)
        elif _may_be_capture(one) and not _manifest_columns(one):
            yield one


def _may_be_capture(path: Path) -> bool:
    return path.suffix.lower() in _CAPTURES and not _BESIDE.search(path.name)


def _manifest_columns(path: Path) -> list[str]:
    """Return the header of a manifest; empty for any other file."""
    if path.suffix.lower() not in {".csv", ".tsv"} or not path.is_file():
        return []
    with path.open("rb") as stream:
        line = stream.readline(_MANIFEST_BYTES).decode("utf-8-sig", errors="replace")
    names = [name.strip().lower() for name in re.split(r"[,;\t]", line.replace('"', ""))]
    return names if "path" in names else []


def _manifest_rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter, restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CaptureReadError(f"{path} is no readable manifest ({error})") from error
    for number, row in enumerate(rows, start=2):
        if None in row:
            raise CaptureReadError(f"line {number} of {path} has more cells than the header")
        tidy = {str(name).strip().lower(): str(cell).strip() for name, cell in row.items()}
        if not tidy["path"]:
            raise CaptureReadError(f"line {number} of {path} has no path; take the line out")
        for name in ("path", "context", "baseline"):
            tidy[name] = _beside(path, tidy.get(name, ""))
        try:
            placement = "-".join(
                part for part in (tidy.get("side", ""), tidy.get("placement", "")) if part
            )
            if placement:
                Placement.from_text(placement)
        except InvalidInputError as error:
            raise CaptureReadError(f"line {number} of {path}: {error}") from error
        yield tidy


def _beside(manifest: Path, text: str) -> str:
    """Return a path that is relative to the manifest; numbers and URLs stay as they are."""
    if not text or is_url(text) or re.fullmatch(r"[\d.]+([eE][-+]?\d+)?", text):
        return text
    return str(manifest.parent / text)
