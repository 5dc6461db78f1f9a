"""Recordings of the leg at rest before a run: which there are, and which one a session uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from tremor import pipeline
from tremor.errors import TremorError
from tremor.formats.folder.manifest import (
    LEVEL_BEFORE_KEY,
    MANIFEST_FILE,
    is_baseline,
    part_of,
    read_manifest,
)
from tremor.settings import AnalysisSettings

__all__ = ["Baseline", "LevelBefore", "baselines_in", "level_before", "newest_baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBefore:
    """Level of a leg at rest before the run, which a recording is held against.

    Parameters
    ----------
    name : str
        Name of the recording in which it was measured.
    rms_ms2 : float
        RMS acceleration in the band, m/s^2.
    """

    name: str
    rms_ms2: float

    @property
    def rest(self) -> pipeline.RestInfo:
        """The same as `tremor.pipeline.analyze` takes it."""
        return pipeline.RestInfo(baseline=self.rms_ms2, baseline_name=self.name)

    def to_dict(self) -> dict[str, object]:
        """Return it as the manifest of a recording holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: object) -> Self | None:
        """Return the level that a manifest holds; None if it holds none."""
        if not isinstance(document, Mapping):
            return None
        name, rms_ms2 = document.get("name"), document.get("rms_ms2")
        if not isinstance(rms_ms2, int | float) or not 0.0 <= rms_ms2 < float("inf"):
            return None
        return cls(name=str(name or ""), rms_ms2=float(rms_ms2))


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

    def level(self, settings: pipeline.SettingsLike = None) -> LevelBefore:
        """Measure the level of the leg.

        Parameters
        ----------
        settings : AnalysisSettings or mapping, optional
            As in `tremor.pipeline.analyze`.

        Raises
        ------
        TremorError
            If the recording cannot be used.
        """
        rms_ms2 = pipeline.baseline_rms_ms2(self.folder, settings=settings)
        return LevelBefore(name=self.name, rms_ms2=rms_ms2)


def level_before(
    folder: Path, root: Path, *, settings: pipeline.SettingsLike = None
) -> LevelBefore | None:
    """Return the level before the run that the report of a recording is held against.

    Parameters
    ----------
    folder : Path
        Folder of the recording of one sensor.
    root : Path
        Folder in which recordings are made.
    settings : AnalysisSettings or mapping, optional
        As in `tremor.pipeline.analyze`; with other than the usual ones it is measured anew.

    Returns
    -------
    LevelBefore or None
        As the manifest says; where it says nothing of it, that of the newest baseline of the same
        leg that is older. None if there is none, or none was to be used.

    Raises
    ------
    TremorError
        If that baseline cannot be used.
    """
    document = read_manifest(folder) or {}
    extra = part_of(document, "extra")
    if is_baseline(folder):
        return None
    if LEVEL_BEFORE_KEY not in extra:
        begun = _started_at(document)
        if begun is None:
            return None
        found = newest_baseline(root, str(document.get("placement") or ""), before=begun)
        return None if found is None else found.level(settings)
    level = LevelBefore.from_dict(extra[LEVEL_BEFORE_KEY])
    if level is None or settings is None or settings == AnalysisSettings():
        return level
    found = next((one for one in baselines_in(root) if one.name == level.name), None)
    return None if found is None else found.level(settings)


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
    except TremorError:
        return None
    placement, started_at = document.get("placement"), _started_at(document)
    if not placement or started_at is None:
        return None
    return Baseline(folder=folder, name=name, placement=str(placement), started_at=started_at)


def _started_at(document: Mapping[str, object]) -> datetime | None:
    """Return when a recording began; None if it does not say, or without a time zone."""
    try:
        begun = datetime.fromisoformat(str(document.get("started_at")))
    except ValueError:
        return None
    return begun if begun.tzinfo is not None else None
