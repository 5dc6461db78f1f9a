"""What the runner marked while a folder was recorded."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from tremor.formats.folder.manifest import read_manifest
from tremor.recording import Marker

__all__ = ["read_markers"]

_KINDS: Final = ("marker", "pain")


def read_markers(folder: Path, *, started_at: datetime | None) -> tuple[Marker, ...]:
    """Read the markers of a recording folder.

    Parameters
    ----------
    folder : Path
        The folder.
    started_at : datetime or None
        Wall time of the first sample, from which their times count.

    Returns
    -------
    tuple of Marker
        In order of time; empty if there is no manifest, or it holds none that can be read.
    """
    manifest = read_manifest(folder) or {}
    ahead_s = _ahead_s(manifest.get("started_at"), started_at)
    found = []
    for one in manifest.get("markers") or ():
        if not isinstance(one, dict) or one.get("kind") not in _KINDS:
            continue
        time_s = one.get("time_s")
        if isinstance(time_s, int | float):
            kind, text = one["kind"], str(one.get("detail") or "")
            found.append(Marker(time_s=time_s - ahead_s, kind=kind, text=text))
    return tuple(sorted(found, key=lambda one: one.time_s))


def _ahead_s(second_0: object, started_at: datetime | None) -> float:
    """Return how long after second 0 of the manifest the first sample came, s."""
    if not isinstance(second_0, str) or started_at is None:
        return 0.0
    try:
        return (started_at - datetime.fromisoformat(second_0)).total_seconds()
    except (ValueError, TypeError):  # no time, or one without a zone
        return 0.0
