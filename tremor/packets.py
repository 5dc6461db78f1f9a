"""Packets and events of a link, unchanged, each with the time of two clocks.

`devices` makes them and `tremor.recorder` writes them. Nothing is decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LinkEvent", "Packet"]


@dataclass(frozen=True, slots=True)
class Packet:
    """One notification of a sensor, or the body of a message of a phone.

    Parameters
    ----------
    arrival_s : float
        Time of arrival, s on the host's monotonic clock.
    wall_s : float
        The same moment on the host's wall clock, s since 1970-01-01 UTC.
    characteristic : str
        UUID of the characteristic, in lower case; of a phone, the path.
    data : bytes
        As received.
    """

    arrival_s: float
    wall_s: float
    characteristic: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """An event of the link or of the recording.

    Parameters
    ----------
    arrival_s, wall_s : float
        Times, as in `Packet`.
    kind : str
        ``connected``, ``started``, ``lost``, ``silent``, ``paused``, ``restarted``, ``dropped``,
        ``refused``, ``shared``, ``stopped``, ``wrote``, ``read``, ``stage``, ``marker`` or
        ``pain``.
    detail : str
        A reason, a number of packets, the text of a marker; or a characteristic and the bytes
        that were written or read, in hexadecimal digits.
    """

    arrival_s: float
    wall_s: float
    kind: str
    detail: str = ""
