"""Recordings of the leg at rest before a run: which there are, and which one a session uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tremor import pipeline
from tremor.errors import TremorError
from tremor.formats.folder.manifest import MANIFEST_FILE, is_baseline, read_manifest

__all__ = ["Baseline", "baselines_in", "newest_baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A recording of the leg at rest before a run.

    Parameters
    ----------
    folder : Path
        Folder of the recording.
    name : str
        Name of it; with that of the session for one of several sensors.
    placement : str
        Where the sensor was worn.
    started_at : datetime
        When it began.
    """

    folder: Path
    name: str
    placement: str
    started_at: datetime

    def rest(self) -> pipeline.RestInfo:
        """Measure the level of the leg, as `tremor.pipeline.analyze` takes it.

        Raises
        ------
        TremorError
            If the recording cannot be used.
        """
        level_ms2 = pipeline.baseline_rms_ms2(self.folder)
        return pipeline.RestInfo(baseline=level_ms2, baseline_name=self.name)


def baselines_in(root: Path) -> tuple[Baseline, ...]:
    """Find the baselines in a folder of recordings, the newest first.

    Parameters
    ----------
    root : Path
        Folder in which recordings are made.

    Returns
    -------
    tuple of Baseline
        Those with a time and a placement; the others are of no leg in particular.
    """
    found = [
        baseline
        for name, folder in _recordings(root)
        if (baseline := _baseline(name, folder)) is not None
    ]
    return tuple(sorted(found, key=lambda one: one.started_at, reverse=True))


def newest_baseline(root: Path, placement: str, *, before: datetime) -> Baseline | None:
    """Return the newest baseline of a leg that is older than a session; None if there is none.

    Parameters
    ----------
    root : Path
        Folder in which recordings are made.
    placement : str
        Where the sensor is worn.
    before : datetime
        When the session began, with its time zone.
    """
    return next(
        (
            one
            for one in baselines_in(root)
            if one.placement == placement and one.started_at < before
        ),
        None,
    )


def _recordings(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and folder of each recording, also of those within a session."""
    for session in root.iterdir():
        if session.name.startswith(".") or session.is_symlink() or not session.is_dir():
            continue
        if (session / MANIFEST_FILE).is_file():
            yield session.name, session
            continue
        for one in session.iterdir():
            if (one / MANIFEST_FILE).is_file():
                yield f"{session.name}/{one.name}", one


def _baseline(name: str, folder: Path) -> Baseline | None:
    try:
        if not is_baseline(folder):
            return None
        document = read_manifest(folder) or {}
        started_at = datetime.fromisoformat(str(document.get("started_at")))
    except (TremorError, ValueError):
        return None
    placement = document.get("placement")
    if not placement or started_at.tzinfo is None:
        return None
    return Baseline(folder=folder, name=name, placement=str(placement), started_at=started_at)
