"""Packets of one sample without stamp or counter: three numbers of acceleration, or six."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devices.decoding.blocks import make_block
from devices.decoding.sample_count import PlainCount
from devices.profile import StreamSettings
from tremor.errors import PacketError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["PlainDecoder", "PlainPacket"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPacket:
    """How a sensor sends one sample, as whole numbers of 16 bits.

    Parameters
    ----------
    sensor : str
        Whose packet it is, for messages.
    characteristic : str
        Where it comes from.
    n_bytes : int
        Its length; what follows the numbers is left out.
    unit_ms2 : float
        What one count of acceleration is, m/s^2.
    unit_deg_s : float or None
        Likewise of angular velocity, deg/s; None where there is none.
    """

    sensor: str
    characteristic: str
    n_bytes: int
    unit_ms2: float
    unit_deg_s: float | None = None


class PlainDecoder:
    """Notifications to blocks of one sample.

    Parameters
    ----------
    packet : PlainPacket
        What comes.
    settings : StreamSettings
        As granted; the rate is used over lost links only.
    """

    def __init__(self, packet: PlainPacket, settings: StreamSettings) -> None:
        self._packet = packet
        self._count = PlainCount(settings.sampling_rate_hz)

    @property
    def n_rejected(self) -> int:
        """Nothing is left out silently: a cut packet is an error."""
        return 0

    def restart(self) -> None:
        """Count on by the host's clock."""
        self._count.restart()

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Where it came from.
        data : bytes
            As received.
        arrival_s : float
            s on a monotonic clock.

        Returns
        -------
        list of SampleBlock
            One, of one sample.

        Raises
        ------
        PacketError
            Where the length is another.
        """
        packet = self._packet
        if characteristic_uuid.lower() != packet.characteristic:
            return []
        if len(data) != packet.n_bytes:
            raise PacketError(
                f"a sample of {len(data)} bytes; {packet.sensor} sends {packet.n_bytes}"
            )
        turns = packet.unit_deg_s is not None
        return [
            make_block(
                self._count.place(1, arrival_s).first_index,
                [struct.unpack_from("<3h", data)],
                arrival_s,
                unit_ms2=packet.unit_ms2,
                angular_velocity=[struct.unpack_from("<3h", data, 6)] if turns else None,
                unit_deg_s=packet.unit_deg_s or 1.0,
            )
        ]
