"""What the runner marked while a folder was recorded."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Final, Literal

from tremor.errors import CaptureNotFoundError, CaptureReadError
from tremor.formats.folder.manifest import PACKETS_FILE, read_manifest
from tremor.formats.folder.packet_log import read_packet_log
from tremor.packets import LinkEvent, Packet
from tremor.printable import printable
from tremor.recording import Marker

__all__ = ["read_markers"]

_KINDS: Final[tuple[Literal["marker", "pain"], ...]] = ("marker", "pain")


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
        In order of time, from the manifest; of a recording that broke off, from its packet log.
    """
    manifest = read_manifest(folder)
    if manifest is None or not manifest.get("closed"):
        found = _logged_markers(folder, started_at)
        if found:
            return found
    manifest = manifest or {}
    ahead_s = _ahead_s(manifest.get("started_at"), started_at)
    listed = manifest.get("markers")
    found = tuple(
        Marker(time_s=time_s - ahead_s, kind=one["kind"], text=printable(one.get("detail") or ""))
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
        and one.get("kind") in _KINDS
        and isinstance(time_s := one.get("time_s"), int | float)
        and isfinite(time_s)
    )
    return tuple(sorted(found, key=lambda one: one.time_s))


def _logged_markers(folder: Path, started_at: datetime | None) -> tuple[Marker, ...]:
    """Return the markers in the packet log, which the manifest of a crash may lack."""
    try:
        records = read_packet_log(folder / PACKETS_FILE).records
    except (CaptureReadError, CaptureNotFoundError):
        return ()
    first = next((one for one in records if isinstance(one, Packet | LinkEvent)), None)
    if first is None or started_at is None:
        return ()
    ahead_s = started_at.timestamp() - first.wall_s + first.arrival_s
    return tuple(
        Marker(time_s=one.arrival_s - ahead_s, kind=kind, text=printable(one.detail))
        for one in records
        if isinstance(one, LinkEvent)
        for kind in _KINDS
        if one.kind == kind
    )


def _ahead_s(second_0: object, started_at: datetime | None) -> float:
    """Return how long after second 0 of the manifest the first sample came, s."""
    if not isinstance(second_0, str) or started_at is None:
        return 0.0
    try:
        return (started_at - datetime.fromisoformat(second_0)).total_seconds()
    except (ValueError, TypeError):  # no time, or one without a zone
        return 0.0
