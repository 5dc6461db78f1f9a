"""Time zero of a recording, and the counts of what it holds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Self

from tremor.recorder.disk import DiskState

__all__ = ["RecorderCounts", "Zero"]


@dataclass(frozen=True, slots=True)
class Zero:
    """The moment from which the times of a recording count.

    Parameters
    ----------
    arrival_s : float
        s on the host's monotonic clock.
    wall_s : float
        The same moment, s since 1970-01-01 UTC.
    """

    arrival_s: float
    wall_s: float

    @classmethod
    def now(cls) -> Self:
        """Return the present moment."""
        return cls(time.monotonic(), time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderCounts:
    """Counts of what a recording holds.

    Parameters
    ----------
    n_samples, n_lost, n_repeated, n_gaps : int
        Samples recorded; lost by the index of the decoder; left out because their index repeats
        or they are not finite; and jumps of the index.
    n_packets, n_packet_bytes, n_events : int
        Notifications, their bytes, and events of the link.
    n_refused : int
        Notifications that the decoder refused; there are no samples of them.
    n_waiting : int
        Items that wait for the disk.
    n_dropped_packets, n_dropped_samples : int
        Packets and samples that the full queue refused: lost, and reported in the packet log.
    last_arrival_s : float or None
        When the last block arrived, s from the start of the recording.
    disk : DiskState
        State of the disk.
    """

    n_samples: int = 0
    n_lost: int = 0
    n_repeated: int = 0
    n_gaps: int = 0
    n_packets: int = 0
    n_packet_bytes: int = 0
    n_events: int = 0
    n_refused: int = 0
    n_waiting: int = 0
    n_dropped_packets: int = 0
    n_dropped_samples: int = 0
    last_arrival_s: float | None = None
    disk: DiskState = field(default_factory=DiskState)
