"""What comes over a link, as it came: packets and events, each with two clocks.

The link makes them, the recorder keeps them. Nothing here decodes.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LinkEvent", "Packet"]


@dataclass(frozen=True, slots=True)
class Packet:
    """One notification of a sensor.

    Parameters
    ----------
    arrival_s : float
        When it arrived, s on the host's monotonic clock.
    wall_s : float
        The same moment on the host's wall clock, s since 1970-01-01 UTC.
    characteristic : str
        UUID of the characteristic, in lower case.
    data : bytes
        As received.
    """

    arrival_s: float
    wall_s: float
    characteristic: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """Something that happened to the link or to the recording.

    Parameters
    ----------
    arrival_s, wall_s : float
        When, as for `Packet`.
    kind : str
        ``connected``, ``started``, ``lost``, ``silent``, ``restarted``, ``dropped``, ``refused``,
        ``stopped``, ``wrote``, ``read``, ``stage``, ``marker`` or ``pain``.
    detail : str
        What is to be known of it: a reason, a number of packets, the words of the runner; what
        was written or read, after its characteristic, in hexadecimal digits.
    """

    arrival_s: float
    wall_s: float
    kind: str
    detail: str = ""
