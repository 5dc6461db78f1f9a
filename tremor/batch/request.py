"""What a batch asks of every capture alike, and the key by which a result is found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tremor._version import __version__
from tremor.batch.items import Item
from tremor.formats.readers import ReadOptions
from tremor.settings import AnalysisSettings

__all__ = ["BatchRequest", "digest_of", "key_of"]

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """What is asked of every capture alike.

    Parameters
    ----------
    out : Path
        Folder of the outputs.
    settings : AnalysisSettings
        All settings.
    reading : ReadOptions
        Facts that all captures lack; a placement of the manifest takes precedence.
    context : str
        File of answers that hold for captures without one of their own; empty if there is none.
    rest_start_s : float or None
        When the rest began, s from the start of each capture.
    with_pages : bool
        Whether to write the report of each capture, too.
    """

    out: Path
    settings: AnalysisSettings = field(default_factory=AnalysisSettings)
    reading: ReadOptions = field(default_factory=ReadOptions)
    context: str = ""
    rest_start_s: float | None = None
    with_pages: bool = False


def digest_of(path: Path) -> str:
    """Compute the SHA-256 of a file, or of all files of a folder with their names.

    Parameters
    ----------
    path : Path
        File or folder.

    Returns
    -------
    str
        Hexadecimal; empty if there is nothing, or something that may never end, as a pipe.
    """
    if not path.is_file() and not path.is_dir():
        return ""
    found = hashlib.sha256()
    for one in _files_of(path):
        if path.is_dir():
            found.update(f"{one.relative_to(path)}\0".encode(errors="surrogateescape"))
        with one.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                found.update(chunk)
    return found.hexdigest()


def key_of(item: Item, request: BatchRequest, digest: str) -> str:
    """Compute the key of a result: equal as long as nothing that it depends on has changed.

    Parameters
    ----------
    item : Item
        The capture.
    request : BatchRequest
        Settings and options.
    digest : str
        Digest of its content.

    Returns
    -------
    str
        Hexadecimal digest of the capture, its answers, its baseline, settings, options and the
        version of this software.
    """
    reading = {one.name: str(getattr(request.reading, one.name)) for one in fields(ReadOptions)}
    parts: dict[str, Any] = {
        "version": __version__,
        "capture": digest,
        "context": _digest_of_text(item.context or request.context),
        "baseline": [item.baseline, _digest_of_text(item.baseline)],
        "placement": item.placement,
        "settings": asdict(request.settings),
        "reading": reading,
        "rest_start_s": request.rest_start_s,
        "with_pages": request.with_pages,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _files_of(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(one for one in path.rglob("*") if one.is_file())
    else:
        yield path


def _digest_of_text(path: str) -> str:
    return digest_of(Path(path)) if path else ""
