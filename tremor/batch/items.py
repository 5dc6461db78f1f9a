"""What a batch is asked to do: captures found in folders, by patterns, or listed in a manifest.

Nothing is opened here but folders and the manifest, so that a million captures are listed quickly.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tremor.batch.manifests import MANIFEST_COLUMNS, manifest_columns, manifest_rows
from tremor.batch.urls import is_url, require_store, urls_of, without_credentials
from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError
from tremor.formats.csv.dialects import FORMATS
from tremor.formats.folder.manifest import MANIFEST_FILE
from tremor.recording import Placement

__all__ = ["OUTPUTS", "Item", "Shard", "gather_items", "parse_shard"]

#: Endings of files that can be captures.
_CAPTURES: Final = frozenset(
    {".csv", ".tsv", ".txt", ".zip", ".parquet", ".json", ".cwa", ".bin", ".gt3x"}
)
#: Names of files of which one recording has several, in one folder.
_MEMBERS: Final = frozenset(name for entry in FORMATS for name, _ in entry.members)
#: What `tremor simulate`, `tremor analyze`, labs and the BIDS put beside captures.
_BESIDE: Final = re.compile(
    r"(?i).*\.truth\.json|(recording|dataset_description|participants)\.(json|tsv)|readme\.\w+|"
    r".*_(motion\.json|(channels|events|scans|sessions|coordsystem)\.(tsv|json))"
)
#: What a batch writes into its folder, and the files by which that is known.
OUTPUTS: Final = frozenset(
    {
        "summary.csv", "quality.csv", "long.csv", "dictionary.csv", "subjects.csv", "groups.csv",
        "subjects_long.csv", "groups_long.csv", "summary.parquet", "index.html", "batch.json",
        "results", "errors", "bids",
    }
)  # fmt: skip
_RESULTS: Final = (frozenset({"summary.csv", "dictionary.csv"}), frozenset({"batch.json"}))


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
    source : str
        Where it is fetched from, if its path leaves credentials out; never written.
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
    source: str = field(default="", compare=False, repr=False)


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
    sources = tuple(sources)
    asked: dict[str, dict[str, str]] = {}
    for source in sources:
        for row in _rows_of(source):
            there = asked.setdefault(_same(row["path"]), row)
            _join(there, row)
    if not asked:
        places = ", ".join(map(without_credentials, sources)) or "nothing"
        raise CaptureNotFoundError(
            f"no capture in {places}; give files ending in "
            f"{', '.join(sorted(_CAPTURES))}, folders with them, or a manifest with a column path"
        )
    return tuple(_item(number, row) for number, row in enumerate(asked.values()))


def _same(path: str) -> str:
    """Return what is equal for two spellings of one path."""
    return without_credentials(path) if is_url(path) else os.path.abspath(path)  # noqa: PTH100 - links stay


def _join(there: dict[str, str], row: dict[str, str]) -> None:
    """Add what is said of a capture in a second place; it must not contradict the first."""
    for name, text in row.items():
        said = there.get(name, "")
        if name == "path" or not text or said == text:
            continue
        if said:
            raise CaptureReadError(
                f"{without_credentials(row['path'])} is listed twice, with {name} {said!r} and "
                f"{text!r}; take one out"
            )
        there[name] = text


def _item(number: int, row: dict[str, str]) -> Item:
    known = {name: row.get(name, "") for name in MANIFEST_COLUMNS}
    placement = "-".join(part for part in (known.pop("side"), known.pop("placement")) if part)
    source = known.pop("path")
    path = without_credentials(source)
    return Item(
        number=number,
        id=_id_of(path),
        path=path,
        placement=str(Placement.from_text(placement)) if placement else "",
        **known,
        other={
            name: without_credentials(text)
            for name, text in row.items()
            if name not in MANIFEST_COLUMNS
        },
        source="" if source == path else source,
    )


def _id_of(path: str) -> str:
    """Return a name for files: the end of the path for people, and a digest that is unique."""
    tail = "_".join(re.split(r"[/\\]", path.rstrip("/\\"))[-2:])
    shown = re.sub(r"[^A-Za-z0-9.-]+", "_", tail).strip("._")[-60:]
    return f"{shown}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:10]}"


def _rows_of(source: str) -> Iterator[dict[str, str]]:
    if is_url(source):
        require_store(source)
        yield from ({"path": one} for one in urls_of(source))
        return
    path = Path(source)
    if not path.exists():
        # A pattern may begin anywhere, and the working folder is no part of the names it finds.
        names = glob.glob(source, recursive=True) if glob.has_magic(source) else []  # noqa: PTH207
        if not names:
            raise CaptureNotFoundError(f"{source} does not exist; check the name")
        for one in sorted(names):
            if Path(one).is_dir() or _may_be_capture(Path(one)):
                yield from _rows_of(one)
        return
    if path.is_dir():
        yield from ({"path": str(one)} for one in _captures_in(path, frozenset()))
        return
    columns = manifest_columns(path)
    if columns:
        yield from manifest_rows(path)
    else:
        yield {"path": source}


def _captures_in(folder: Path, above: frozenset[str]) -> Iterator[Path]:
    """Yield the captures in a folder, to any depth; one of several files is a capture itself.

    Folders that links lead back to are left out, and so is what an earlier batch has written.
    """
    place = os.path.realpath(folder)
    if place in above:
        return
    try:
        names = sorted(child.name for child in folder.iterdir())
    except OSError:  # it fails as a capture, and the others go on
        yield folder
        return
    if MANIFEST_FILE in names or not _MEMBERS.isdisjoint(names):
        yield folder
        return
    if any(marks.issubset(names) for marks in _RESULTS):
        names = [name for name in names if name not in OUTPUTS]
    for name in names:
        one = folder / name
        if name.startswith("."):
            continue
        if one.is_dir():
            yield from _captures_in(one, above | {place})
        elif _may_be_capture(one) and one.is_file() and not manifest_columns(one):
            yield one


def _may_be_capture(path: Path) -> bool:
    return path.suffix.lower() in _CAPTURES and not _BESIDE.fullmatch(path.name)
