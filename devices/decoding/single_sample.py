"""Decoder for packets of one sample without time stamp or counter."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devices.decoding.blocks import make_block
from devices.decoding.sample_count import UnstampedCount
from devices.profile import StreamSettings
from tremor.errors import PacketError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["SingleSampleDecoder", "SingleSamplePacket"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSamplePacket:
    """Format of a packet: three or six little-endian integers of 16 bits.

    Parameters
    ----------
    sensor : str
        Name of the sensor, for messages.
    characteristic : str
        UUID of the characteristic that sends it.
    n_bytes : int
        Length; bytes after the integers are ignored.
    unit_ms2 : float
        One count of acceleration, m/s^2.
    unit_deg_s : float or None
        One count of angular velocity, deg/s; None if there is none.
    """

    sensor: str
    characteristic: str
    n_bytes: int
    unit_ms2: float
    unit_deg_s: float | None = None


class SingleSampleDecoder:
    """Decoder of single-sample packets.

    Parameters
    ----------
    packet : SingleSamplePacket
        Format of the packets.
    settings : StreamSettings
        Granted settings; the sampling rate only matters for the gap of a lost link.
    """

    def __init__(self, packet: SingleSamplePacket, settings: StreamSettings) -> None:
        self._packet = packet
        self._count = UnstampedCount(settings.sampling_rate_hz)

    @property
    def n_rejected(self) -> int:
        """Always 0: a truncated packet raises an error."""
        return 0

    def restart(self, began_s: float | None = None) -> None:
        """Continue by the clock of the host after a lost link."""
        self._count.restart(began_s)

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Characteristic that sent it.
        data : bytes
            Notification as received.
        arrival_s : float
            Arrival time on a monotonic clock, s.

        Returns
        -------
        list of SampleBlock
            One block of one sample.

        Raises
        ------
        PacketError
            If the length is wrong.
        """
        packet = self._packet
        if characteristic_uuid.lower() != packet.characteristic:
            return []
        if len(data) != packet.n_bytes:
            raise PacketError(
                f"a sample of {len(data)} bytes; {packet.sensor} sends {packet.n_bytes}"
            )
        has_gyro = packet.unit_deg_s is not None
        return [
            make_block(
                self._count.locate(1, arrival_s).first_index,
                [struct.unpack_from("<3h", data)],
                arrival_s,
                unit_ms2=packet.unit_ms2,
                angular_velocity=[struct.unpack_from("<3h", data, 6)] if has_gyro else None,
                unit_deg_s=packet.unit_deg_s or 1.0,
            )
        ]
