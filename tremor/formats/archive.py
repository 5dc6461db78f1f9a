"""Members of a zip archive, and what they may ask of the computer."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from tremor.errors import CaptureNotRecognisedError, CaptureReadError
from tremor.printable import printable
from tremor.settings import ARCHIVE_BOUNDS

__all__ = ["Archive", "DamagedMemberError"]

#: What zipfile raises for a member that is encrypted, damaged, or packed in an unknown way.
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
_ENCRYPTED: Final = 0x1


class DamagedMemberError(CaptureReadError):
    """A member of an archive is encrypted, damaged, or larger than it may be."""


class Archive:
    """The members of a zip archive.

    Parameters
    ----------
    path : Path
        The archive.

    Raises
    ------
    CaptureReadError
        If it is damaged.
    CaptureNotRecognisedError
        If it has more members than a recording has.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: zipfile.ZipFile | None = None
        most = ARCHIVE_BOUNDS.most_members
        n_members = _members_counted(path)
        if n_members <= most:
            with self._opened() as archive:
                self._members = {
                    info.filename: info for info in archive.infolist() if not info.is_dir()
                }
            n_members = len(self._members)
        if n_members > most:
            raise CaptureNotRecognisedError(
                f"{path.name} holds more than {most} files, as no recording does; unpack it and "
                "name the capture"
            )

    @property
    def names(self) -> list[str]:
        """Return the names of all members, with their folders."""
        return list(self._members)

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep the list of members while several of them are looked at."""
        with self._opened() as archive:
            self._kept = archive
            try:
                yield
            finally:
                self._kept = None

    def open(self, name: str) -> BinaryIO:
        """Open a member.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        binary file
            Whatever is wrong with its bytes raises `DamagedMemberError` while it is read.

        Raises
        ------
        DamagedMemberError
            If it cannot be opened, or is packed nothing.
        """
        info, shown = self._members[name], printable(f"{self.path.name}:{name}")
        if info.flag_bits & _ENCRYPTED:
            raise DamagedMemberError(
                f"{shown} is encrypted; unpack it with its password and name the file"
            )
        _refuse_packed_nothing(info, shown, n_bytes=self.path.stat().st_size)
        try:
            if self._kept is not None:
                return _guarded(self._kept, info, shown)
            with self._opened() as archive:
                # An open member stays readable after its archive is closed.
                return _guarded(archive, info, shown)
        except _DAMAGE as error:
            raise _damaged(shown, error) from error

    def _opened(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except _DAMAGE as error:
            raise CaptureReadError(
                f"{self.path} is a damaged zip archive; export it again"
            ) from error


class _Guarded(io.RawIOBase):
    """A member whose damage becomes one error of ours, also that it is shorter than it says."""

    def __init__(self, member: BinaryIO, shown: str, n_bytes: int) -> None:
        self._member, self._shown, self._left = member, shown, n_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, into: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            some = self._member.read(len(into))
        except _DAMAGE as error:
            raise _damaged(self._shown, error) from error
        self._left -= len(some)
        if not some and into and self._left:
            raise _damaged(self._shown, EOFError("it ends before its size"))
        into[: len(some)] = some
        return len(some)

    def close(self) -> None:
        self._member.close()
        super().close()


def _guarded(archive: zipfile.ZipFile, info: zipfile.ZipInfo, shown: str) -> BinaryIO:
    member = cast("BinaryIO", archive.open(info))
    return cast("BinaryIO", io.BufferedReader(_Guarded(member, shown, info.file_size)))


def _damaged(shown: str, error: Exception) -> DamagedMemberError:
    why = " ".join(str(error).split())[:100] or type(error).__name__
    return DamagedMemberError(
        f"{shown} is damaged, or packed in a way that cannot be read ({why}); export it again, or "
        "unpack it and name the file"
    )


def _refuse_packed_nothing(info: zipfile.ZipInfo, shown: str, *, n_bytes: int) -> None:
    """Raise for a member that is unpacked to far more than rows of samples are."""
    # What it says of its packed size may be wrong, too; what is unpacked never exceeds its word.
    packed = max(1, min(info.compress_size, n_bytes))
    most = max(ARCHIVE_BOUNDS.unsuspected_bytes, ARCHIVE_BOUNDS.most_expansion * packed)
    if info.file_size > most:
        raise DamagedMemberError(
            f"{shown} would be unpacked to {info.file_size / 1e6:.0f} MB, "
            f"{info.file_size / packed:.0f} times its packed size, as no samples are; if they are, "
            "unpack it and name the file"
        )


#: Signature of the end of an archive, and where in it the number of members is.
_END_OF_ARCHIVE: Final = b"PK\x05\x06"
_LONGEST_END: Final = 22 + 65535


def _members_counted(path: Path) -> int:
    """Return how many members the end of an archive counts; 0 if it says nothing."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _LONGEST_END))
        end = stream.read()
    at = end.rfind(_END_OF_ARCHIVE)
    return int.from_bytes(end[at + 10 : at + 12], "little") if at >= 0 else 0
