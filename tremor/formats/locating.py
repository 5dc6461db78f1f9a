"""From a path to the capture in it: a file, a member of a zip archive, or a file in a folder.

Gravity that is stored in a separate file is found here, too. Nothing is read beyond the header.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from tremor.counted import counted
from tremor.errors import (
    CaptureNotFoundError,
    CaptureNotRecognisedError,
    CaptureReadError,
    InsufficientDataError,
    InvalidInputError,
)
from tremor.formats.archive import Archive, DamagedMemberError
from tremor.formats.capture_file import CaptureFile, opener_beside, opener_of
from tremor.formats.csv.dialects import FORMATS
from tremor.formats.csv.format_records import CaptureFormat
from tremor.formats.csv.sniffing import sniff_file
from tremor.formats.decoders.catalog import decoder_of
from tremor.formats.folder.manifest import MANIFEST_FILE, PACKETS_FILE
from tremor.formats.foreign import refuse_archive, refuse_name
from tremor.printable import printable
from tremor.recording import Gravity
from tremor.settings import ARCHIVE_BOUNDS

__all__ = ["locate"]

#: How the names of text tables end, and those of all captures.
_TABLES: Final = (".csv", ".txt", ".tsv")
_CAPTURES: Final = (*_TABLES, ".json")
#: More names are only counted in a message.
_MOST_NAMES: Final = 6


def locate(path: Path, *, source: str | None = None) -> CaptureFile:
    """Find the capture of a path.

    Parameters
    ----------
    path : Path
        A file, a zip archive, or a folder.
    source : str, optional
        Part of the name of the member to choose among several; ignored where no member has it.

    Returns
    -------
    CaptureFile
        The file, or the best member that is of the format of its name.

    Raises
    ------
    CaptureNotFoundError
        If there is no such path.
    CaptureNotRecognisedError
        If an archive or a folder holds no capture of a known name.
    CaptureReadError
        If it cannot be opened, is empty or damaged.
    InsufficientDataError
        If it is a recording without samples.
    """
    if not path.exists():
        raise CaptureNotFoundError(f"{path} does not exist; check the name")
    if path.is_dir():
        files = {child.name: child for child in sorted(path.iterdir()) if child.is_file()}
        openers = _of_source({name: opener_of(child) for name, child in files.items()}, source)
        if len(files) > ARCHIVE_BOUNDS.most_members and MANIFEST_FILE not in files:
            raise CaptureNotRecognisedError(
                f"{path} is a folder of {len(files)} files; name the capture in it"
            )
        chosen = _choose_member(path, openers)
        _refuse_several(path, chosen, openers)
        if chosen is None:
            _refuse_recordings(path)
            _refuse_unreadable(path, openers)
            raise CaptureNotRecognisedError(
                f"{path} is a folder without {', '.join(_member_names())}; name the capture in it"
            )
        return replace(chosen, beside=partial(opener_beside, path))
    if not path.is_file():
        raise CaptureReadError(f"{path} is not a regular file; copy the capture to one")
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise CaptureReadError(
            f"{path} cannot be opened ({error.strerror}); check its permissions"
        ) from error
    if not magic:
        raise CaptureReadError(f"{path} is empty; record or export it again")
    if magic == b"PK\x03\x04":
        return _locate_in_zip(path, source)
    other = refuse_name(path.name)
    if other is not None:
        raise CaptureNotRecognisedError(f"{path.name} {other}")
    beside = partial(opener_beside, path.parent)
    name = printable(path.name)
    return _with_siblings(CaptureFile(path, name, opener_of(path), beside=beside))


def _refuse_recordings(path: Path) -> None:
    """Raise for a recording without samples, or a folder of several recordings."""
    if (path / MANIFEST_FILE).exists() or (path / PACKETS_FILE).exists():
        raise InsufficientDataError(
            f"{path} is a recording that holds no samples: it ended before the first came; "
            "record again"
        )
    within = sorted(child.parent.name for child in path.glob(f"*/{MANIFEST_FILE}"))
    if within:
        raise CaptureNotRecognisedError(
            f"{path} holds {counted(len(within), 'recording')}: {', '.join(within[:6])}; name "
            f"{'it' if len(within) == 1 else 'one of them'}, as in {path / within[0]}"
        )


def _of_source(
    openers: dict[str, Callable[[], BinaryIO]], source: str | None
) -> dict[str, Callable[[], BinaryIO]]:
    """Return the members whose names hold a text, and what lies beside captures.

    All if the text is None, or none holds it.
    """
    wanted = (source or "").strip().lower()
    named = {name for name in openers if wanted in name.lower()}
    if not named:
        return openers
    beside = {
        Path(name).name
        for entry in FORMATS
        for name in (entry.added_member, *(one.file for one in entry.described_by))
    }
    return {
        name: opener
        for name, opener in openers.items()
        if name in named or Path(name).name in beside
    }


def _locate_in_zip(path: Path, source: str | None) -> CaptureFile:
    archive = Archive(path)
    foreign = refuse_archive(archive.names)
    if foreign is not None:
        raise CaptureNotRecognisedError(f"{path.name} {foreign}")
    # What macOS adds beside each file is no capture.
    names = [name for name in archive.names if not Path(name).name.startswith("._")]
    openers = _of_source({name: partial(archive.open, name) for name in names}, source)
    with archive.kept_open():
        return _choose_in_archive(path, openers)


def _choose_in_archive(path: Path, openers: dict[str, Callable[[], BinaryIO]]) -> CaptureFile:
    names = list(openers)
    # The sensors of one recording lie in one folder of the archive.
    folders = sorted({str(Path(name).parent) for name in names})
    found = [_choose_in_folder(path, openers, one) for one in folders]
    held = [one for one, capture in zip(folders, found, strict=True) if capture is not None]
    if len(held) > 1:
        raise CaptureNotRecognisedError(
            f"{path.name} holds {len(held)} recordings, in the folders {_listed(held)}; choose one "
            "with --source"
        )
    chosen = next((capture for capture in found if capture is not None), None)
    others = _refuse_several(path, chosen, openers)
    if chosen is not None:
        return chosen
    # One that is no capture says why better than a list of names does.
    single = others or [name for name in names if name.lower().endswith(_TABLES)]
    if len(single) == 1:
        return CaptureFile(path, _shown(path, single[0]), openers[single[0]])
    seen = _listed(names) or "nothing"
    raise CaptureNotRecognisedError(
        f"{path} is an archive that holds {seen}, and none of {', '.join(_member_names())}; "
        "unpack it and name the capture"
    )


def _choose_in_folder(
    path: Path, openers: dict[str, Callable[[], BinaryIO]], folder: str
) -> CaptureFile | None:
    """Return the best member of a folder of an archive."""
    within = {Path(n).name: openers[n] for n in openers if str(Path(n).parent) == folder}
    chosen = _choose_member(path, within)
    if chosen is None:
        return None
    within_archive = PurePosixPath(folder)
    return replace(
        chosen,
        name=_shown(path, str(within_archive / chosen.member_name)),
        beside=lambda file: openers.get(str(within_archive / file)),
    )


def _refuse_several(
    path: Path, chosen: CaptureFile | None, openers: dict[str, Callable[[], BinaryIO]]
) -> list[str]:
    """Return the captures beside the chosen one; raise if there are several in all."""
    if MANIFEST_FILE in {Path(name).name for name in openers}:
        return []  # it is one recording, whatever was written into its folder later
    own = set() if chosen is None or chosen.format is None else _names_of(chosen.format)
    others = [
        name
        for name, opener in openers.items()
        if name.lower().endswith(_CAPTURES)
        and Path(name).name not in own
        and refuse_name(Path(name).name) is None
        and _is_capture(CaptureFile(path, _shown(path, name), opener))
    ]
    if len(others) + (chosen is not None) > 1:
        first = [] if chosen is None else [chosen.name.removeprefix(_shown(path, ""))]
        raise CaptureNotRecognisedError(
            f"{path.name} holds {len(first + others)} captures: {_listed(first + others)}; "
            "choose one with --source"
            + ("" if path.is_file() else f", or name it, such as {path / (first + others)[0]}")
        )
    return others


def _names_of(entry: CaptureFormat) -> set[str]:
    """Return the names of the files that one recording of a format may have."""
    return {name for name, _ in entry.members} | {entry.added_member} | set(entry.companions)


def _is_capture(capture: CaptureFile) -> bool:
    try:
        if decoder_of(capture) is None:
            sniff_file(capture, None)
    except (CaptureReadError, InvalidInputError, OSError):
        return False
    return True


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    shown = [printable(name) for name in names[:_MOST_NAMES]]
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _shown(path: Path, name: str) -> str:
    """Return the name of a member for messages."""
    return printable(f"{path.name}:{name}")


def _member_names() -> list[str]:
    return list(dict.fromkeys(name for entry in FORMATS for name, _ in entry.members))


def _choose_member(path: Path, openers: dict[str, Callable[[], BinaryIO]]) -> CaptureFile | None:
    """Return the best member that is of the format of its name."""
    for entry in FORMATS:
        for name, gravity in entry.members:
            if name not in openers:
                continue
            capture = CaptureFile(path, _shown(path, name), openers[name], entry, gravity)
            try:
                layout = sniff_file(capture, None)
            except DamagedMemberError:
                raise
            except CaptureReadError:
                continue
            if layout.format is entry:
                return replace(capture, added=_find_added(path, entry, gravity, openers))
    return None


def _refuse_unreadable(path: Path, openers: dict[str, Callable[[], BinaryIO]]) -> None:
    """Raise what is wrong with the first file that has the name of a capture."""
    for name in _member_names():
        if name in openers:
            sniff_file(CaptureFile(path, _shown(path, name), openers[name]), None)


def _find_added(
    path: Path,
    entry: CaptureFormat,
    gravity: Gravity | None,
    openers: dict[str, Callable[[], BinaryIO]],
) -> CaptureFile | None:
    name = entry.added_member
    if gravity != "removed" or name not in openers:
        return None
    return CaptureFile(path, _shown(path, name), openers[name], entry)


def _with_siblings(capture: CaptureFile) -> CaptureFile:
    """Add what the name of a file determines, and the file of gravity beside it."""
    for entry in FORMATS:
        for name, gravity in entry.members:
            if name != capture.name or gravity is None:
                continue
            try:
                layout = sniff_file(capture, None)
            except CaptureReadError:
                return capture
            if layout.format is entry:
                beside = capture.path.with_name(entry.added_member or name)
                openers = {beside.name: opener_of(beside)} if beside.is_file() else {}
                added = _find_added(beside, entry, gravity, openers)
                return replace(capture, gravity=gravity, added=added)
    return capture
