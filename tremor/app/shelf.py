"""The sessions in a folder, the latest first, and how they changed over weeks.

A session is found by its name among those that are there; a name from outside is never a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tremor.errors import TremorError
from tremor.formats.folder.manifest import MANIFEST_FILE
from tremor.report.comparison_page import render_comparison_page
from tremor.session.folders import REPORT_FILE
from tremor.sessions import Session, trend

__all__ = ["Shelf", "ShelvedSession"]


@dataclass(frozen=True, slots=True)
class ShelvedSession:
    """A session on the disk.

    Parameters
    ----------
    name : str
        Name of its folder.
    folder : Path
        The folder.
    """

    name: str
    folder: Path

    @property
    def report(self) -> Path | None:
        """Its report; None if there is none."""
        path = self.folder / REPORT_FILE
        return path if path.is_file() and not path.is_symlink() else None


class Shelf:
    """The sessions in a folder.

    Parameters
    ----------
    root : Path
        Folder in which recordings are made.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[tuple[Path, float], Session] = {}

    def sessions(self) -> tuple[ShelvedSession, ...]:
        """List the recordings, the latest first."""
        found = [
            ShelvedSession(one.name, one)
            for one in self._root.iterdir()
            if _is_session(one) and not one.is_symlink()
        ]
        return tuple(sorted(found, key=_begun_s, reverse=True))

    def find(self, name: str) -> ShelvedSession | None:
        """Return the session of a name; None if there is none."""
        return next((one for one in self.sessions() if one.name == name), None)

    def trend_page(self, placement: str | None) -> str:
        """Render how one leg changed, as a page; sessions are measured where they have not been.

        Parameters
        ----------
        placement : str or None
            Which leg; not needed if there is only one.

        Returns
        -------
        str
            HTML.

        Raises
        ------
        InvalidInputError
            If there is no session that can be used, or none of this leg.
        """
        return render_comparison_page(trend(self._measured(), placement=placement))

    def placements(self) -> tuple[str, ...]:
        """Return where the sensors of the sessions were worn, as far as they say so."""
        worn = {
            str(leg.recording.placement)
            for session in self._measured()
            for leg in session.legs
            if leg.recording.placement is not None
        }
        return tuple(sorted(worn))

    def _measured(self) -> list[Session]:
        read = []
        for one in self.sessions():
            key = (one.folder, _begun_s(one))
            if key not in self._read:
                try:
                    self._read[key] = Session.read(one.folder)
                except TremorError:  # an empty recording has no place in a trend
                    continue
            read.append(self._read[key])
        return read


def _is_session(folder: Path) -> bool:
    """Check whether a folder is a recording, or holds those of several sensors."""
    if not folder.is_dir() or folder.name.startswith("."):
        return False
    return any((one / MANIFEST_FILE).is_file() for one in (folder, *folder.iterdir()))


def _begun_s(one: ShelvedSession) -> float:
    """Return when a session was last written, s since 1970."""
    manifest = one.folder / MANIFEST_FILE
    return (manifest if manifest.exists() else one.folder).stat().st_mtime
