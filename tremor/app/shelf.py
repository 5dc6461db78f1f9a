"""The sessions in a folder, the latest first, and how they changed over weeks.

A session is found by its name among those that are there; a name from outside is never a path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tremor.errors import TremorError
from tremor.formats.folder.manifest import (
    MANIFEST_FILE,
    PACKETS_FILE,
    SAMPLES_FILE,
    is_baseline,
    read_manifest,
)
from tremor.pipeline import baseline_rms_ms2
from tremor.printable import printable
from tremor.report.comparison_page import render_comparison_page
from tremor.report.messages import text
from tremor.report.numbers import number
from tremor.session.folders import COMPARISON_FILE, REPORT_FILE
from tremor.sessions import Session, trend

__all__ = ["Page", "Shelf", "ShelvedLeg", "ShelvedSession", "level_texts"]

#: Key of the page with both legs; those of the legs are the names of their folders.
_BOTH: Final = "comparison"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelvedLeg:
    """The recording of one sensor on the disk.

    Parameters
    ----------
    folder : Path
        Its folder.
    placement : str
        Where the sensor was worn; empty if it is not known.
    """

    folder: Path
    placement: str

    @property
    def name(self) -> str:
        """Where it was worn, in words."""
        return printable(self.placement.replace("-", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a session.

    Parameters
    ----------
    key : str
        What an address calls it.
    label : str
        What it shows.
    path : Path
        Where it is.
    """

    key: str
    label: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelvedSession:
    """A session on the disk.

    Parameters
    ----------
    name : str
        Name of its folder.
    folder : Path
        The folder.
    legs : tuple of ShelvedLeg
        One for each sensor.
    started_at : datetime
        When it began, local time.
    is_baseline : bool
        Whether it is one of the leg at rest before the run.
    """

    name: str
    folder: Path
    legs: tuple[ShelvedLeg, ...]
    started_at: datetime
    is_baseline: bool

    @property
    def label(self) -> str:
        """Its name, with control characters shown as text."""
        return printable(self.name)

    @property
    def when(self) -> str:
        """When it began, as text."""
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    @property
    def where(self) -> str:
        """Where its sensors were worn, in words; empty if that is not known."""
        return text("app", "and").join(filter(None, (leg.name for leg in self.legs)))

    @property
    def pages(self) -> tuple[Page, ...]:
        """Its pages: of both legs, if there are two, and the report of each."""
        found = [Page(key=_BOTH, label=text("app", "both"), path=self.folder / COMPARISON_FILE)]
        found += [
            Page(
                key=leg.folder.name,
                label=leg.name or printable(leg.folder.name),
                path=leg.folder / REPORT_FILE,
            )
            for leg in self.legs
        ]
        return tuple(one for one in found if one.path.is_file() and not one.path.is_symlink())

    def page(self, key: str) -> Page | None:
        """Return the page of a key, or the first one without; None if there is none."""
        return next((one for one in self.pages if key in ("", one.key)), None)


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
            _shelved(folder, recordings)
            for folder in self._root.iterdir()
            if not folder.is_symlink() and (recordings := _recordings(folder))
        ]
        return tuple(sorted(found, key=lambda one: one.started_at, reverse=True))

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
            leg.placement
            for session in self.sessions()
            for leg in session.legs
            if leg.placement and not session.is_baseline
        }
        return tuple(sorted(worn))

    def _measured(self) -> list[Session]:
        read = []
        for one in self.sessions():
            key = (one.folder, max(_written_s(leg.folder) for leg in one.legs))
            if one.is_baseline:
                continue
            if key not in self._read:
                try:
                    self._read[key] = Session.read(one.folder)
                except TremorError:  # an empty recording has no place in a trend
                    continue
            read.append(self._read[key])
        return read


def level_texts(session: ShelvedSession) -> tuple[str, ...]:
    """Return the level of each leg at rest before the run, a sentence each; measured anew.

    Parameters
    ----------
    session : ShelvedSession
        A recording from before the run.
    """
    told = []
    for leg in session.legs:
        try:
            level = number(baseline_rms_ms2(leg.folder))
        except TremorError as error:
            told.append(text("app", "no_level", leg=leg.name, why=str(error)))
        else:
            told.append(text("app", "level", leg=leg.name, level=level))
    return tuple(told)


def _recordings(folder: Path) -> list[Path]:
    """Return the folders of the recordings of a session; empty for anything else."""
    if not folder.is_dir() or folder.name.startswith("."):
        return []
    if _files(folder):
        return [folder]
    return sorted(one for one in folder.iterdir() if _files(one))


def _files(folder: Path) -> list[Path]:
    """Return what there is of a recording; one whose program was killed may lack some."""
    paths = (folder / name for name in (MANIFEST_FILE, SAMPLES_FILE, PACKETS_FILE))
    return [path for path in paths if path.is_file()]


def _shelved(folder: Path, recordings: list[Path]) -> ShelvedSession:
    manifests = [_manifest(one) for one in recordings]
    begun = list(_begun(manifests)) or [datetime.fromtimestamp(_written_s(recordings[0]), UTC)]
    return ShelvedSession(
        name=folder.name,
        folder=folder,
        legs=tuple(
            ShelvedLeg(folder=one, placement=str(manifest.get("placement") or ""))
            for one, manifest in zip(recordings, manifests, strict=True)
        ),
        started_at=min(begun).astimezone(),
        is_baseline=any(map(_is_baseline, recordings)),
    )


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        return read_manifest(folder) or {}
    except TremorError:  # of a later version: it is there, and nothing is known of it
        return {}


def _is_baseline(folder: Path) -> bool:
    try:
        return is_baseline(folder)
    except TremorError:
        return False


def _begun(manifests: list[dict[str, Any]]) -> Iterator[datetime]:
    for one in manifests:
        try:
            begun = datetime.fromisoformat(str(one.get("started_at")))
        except ValueError:
            continue
        if begun.tzinfo is not None:
            yield begun


def _written_s(folder: Path) -> float:
    """Return when a recording was last written, s since 1970."""
    return max(path.stat().st_mtime for path in _files(folder))
