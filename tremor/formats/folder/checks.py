"""What is on the disk of a recording folder, against what its manifest says was written.

Rows are read by `tremor.formats.folder.salvage`. Decoding the packets again, where they hold more
than the rows, is `tremor.opening`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tremor.formats.folder.manifest import (
    MANIFEST_FILE,
    PACKETS_FILE,
    SAMPLES_FILE,
    checksum_of,
    part_of,
    read_checked_manifest,
)
from tremor.notes import Note, note

__all__ = ["check_folder", "names_file", "packets_may_hold_more"]

_BLOCK_BYTES: Final = 1 << 20
#: Notes that say that the rows are not, or may not be, all that was received.
_ROWS_IN_DOUBT: Final = frozenset({"DAMAGED_ROWS", "DISK_DROPPED", "RECORDING_CUT"})


def check_folder(folder: Path, *, last_s: float) -> list[Note]:
    """Compare the files of a recording with what its manifest says of them.

    Parameters
    ----------
    folder : Path
        The folder.
    last_s : float
        When the last row arrived, s from the start of the recording.

    Returns
    -------
    list of Note
        What differs; that it broke off, if it was not closed; what the disk refused.
    """
    manifest, damaged = read_checked_manifest(folder)
    found = [
        note("FILE_MISSING", file=name)
        for name in (SAMPLES_FILE, PACKETS_FILE)
        if not (folder / name).exists()
    ]
    if damaged:
        found.append(note("MANIFEST_DAMAGED", file=MANIFEST_FILE, keys=damaged))
    elif manifest is not None and manifest.get("crc32") not in (None, checksum_of(manifest)):
        found.append(note("FILE_CHANGED", file=MANIFEST_FILE))
    if manifest is None or not manifest.get("closed"):
        why = note("MANIFEST_CUT", file=MANIFEST_FILE) if manifest is None else note("NOT_CLOSED")
        return [*found, note("RECORDING_CUT", why=why, last_s=round(last_s, 1))]
    if not names_file(found, MANIFEST_FILE):  # else it is wrong itself where another file differs
        for name in (SAMPLES_FILE, PACKETS_FILE):
            found += _check_file(folder / name, part_of(part_of(manifest, "files"), name))
    dropped = part_of(manifest, "counts").get("n_dropped_samples")
    if isinstance(dropped, int) and dropped > 0:
        found.append(note("DISK_DROPPED", n_samples=dropped))
    return found


def _check_file(path: Path, facts: Mapping[str, object]) -> list[Note]:
    """Compare a file with its size and checksum; one that is missing is named already."""
    expected, crc = facts.get("n_bytes"), facts.get("crc32")
    try:
        n_bytes = path.stat().st_size
        if isinstance(expected, int) and n_bytes != expected:
            values = {"n_bytes": n_bytes, "n_bytes_expected": expected}
            return [note("FILE_LENGTH", file=path.name, **values)]
        if isinstance(crc, int) and _crc_of(path) != crc:
            return [note("FILE_CHANGED", file=path.name)]
    except FileNotFoundError:
        return []
    except OSError:
        return [note("FILE_CHANGED", file=path.name)]
    return []


def _crc_of(path: Path) -> int:
    crc = 0
    with path.open("rb") as stream:
        while some := stream.read(_BLOCK_BYTES):
            crc = zlib.crc32(some, crc)
    return crc


def packets_may_hold_more(notes: Iterable[Note]) -> bool:
    """Check whether decoding the packets again could bring more than the rows hold.

    Parameters
    ----------
    notes : iterable of Note
        The warnings of the recording as its rows were read.

    Examples
    --------
    >>> packets_may_hold_more([note("DAMAGED_ROWS", n_rows=1)])
    True
    """
    notes = tuple(notes)
    in_doubt = (SAMPLES_FILE, MANIFEST_FILE)  # a damaged manifest cannot vouch for the rows
    return any(one.code in _ROWS_IN_DOUBT for one in notes) or any(
        names_file(notes, name) for name in in_doubt
    )


def names_file(notes: Iterable[Note], name: str) -> bool:
    """Check whether something is wrong with a file.

    Parameters
    ----------
    notes : iterable of Note
        As of `check_folder`.
    name : str
        Name of the file in the folder.

    Examples
    --------
    >>> names_file([note("FILE_CHANGED", file="recording.json")], "recording.json")
    True
    """
    return any(
        name in (one.values.get("file"), getattr(one.values.get("why"), "values", {}).get("file"))
        for one in notes
    )
