"""Decoder for binary packets of a declared layout, in whole notifications or in a byte stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from devices.decoding.blocks import make_block
from devices.decoding.framing import Framer
from devices.decoding.packet_layout import PacketLayout, Readings
from devices.decoding.pieced import PieceCheck
from devices.decoding.sample_count import (
    SamplePosition,
    SequenceNumberCount,
    UnstampedCount,
    unwrap,
)
from devices.decoding.unknown_rate import FINE_TICK_S, UnknownRateCount
from tremor.errors import PacketError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["PacketDecoder"]


@dataclass(frozen=True, slots=True)
class _Packet:
    """A packet, the bytes that were skipped before it, and whether it came in pieces."""

    readings: Readings
    n_skipped_bytes: int = 0
    is_pieced: bool = False

    @property
    def n_samples(self) -> int:
        return len(self.readings.acceleration_ms2)


#: A packet with its position and arrival time, s.
_Located: TypeAlias = tuple[_Packet, SamplePosition, float]


class PacketDecoder:
    """Decoder for packets of a declared layout.

    Parameters
    ----------
    layout : PacketLayout
        Layout of a packet.
    characteristic : str
        UUID of the characteristic that sends them.
    sampling_rate_hz : float
        Nominal sampling rate, Hz.

    Notes
    -----
    Losses are detected by the counter ``n`` of the layout, or else by its time; without either
    they cannot be distinguished from delays. A packet in several notifications beside a gap is
    discarded, see `devices.decoding.pieced`.
    """

    def __init__(self, layout: PacketLayout, characteristic: str, sampling_rate_hz: float) -> None:
        self._layout = layout
        self._characteristic = characteristic.lower()
        self._rate_hz = sampling_rate_hz
        self._framer = (
            Framer(layout.header, (layout.size,), self._plausible)
            if layout.header and not layout.repeated
            else None
        )
        self._n_rejected = 0
        #: One of the three, by what the layout has.
        self._numbered: SequenceNumberCount | None = None
        self._stamped: UnknownRateCount[_Packet] | None = None
        self._unstamped: UnstampedCount | None = None
        if layout.count is not None:
            self._numbered = SequenceNumberCount(sampling_rate_hz, n_bits=8 * layout.count.size)
        elif layout.stamp is not None:
            is_integer = layout.stamp.kind != "f"
            self._stamped = UnknownRateCount(
                sampling_rate_hz,
                (layout.stamp.scale,),
                n_bits=8 * layout.stamp.size if is_integer else None,
            )
        else:
            self._unstamped = UnstampedCount(sampling_rate_hz)
        self._pieces: PieceCheck[_Packet] = PieceCheck(
            lambda packet: packet.is_pieced and self._unstamped is None,
            lambda packet: packet.n_samples,
            position_leads=layout.position_leads,
        )
        self._last_ticks: int | None = None
        self._last_arrival_s = 0.0

    @property
    def n_rejected(self) -> int:
        """Number of repeated or invalid packets, and of bytes that belong to no packet."""
        skipped = 0 if self._framer is None else self._framer.n_skipped_bytes
        repeated = 0 if self._stamped is None else self._stamped.n_rejected
        return self._n_rejected + skipped + repeated + self._pieces.n_rejected

    def restart(self, began_s: float | None = None) -> None:
        """Discard a partial packet; the sample index continues."""
        if self._framer is not None:
            self._framer.restart()
        self._pieces.restart()
        for count in (self._numbered, self._stamped, self._unstamped):
            if count is not None:
                count.restart(began_s)
        self._last_ticks = None

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Characteristic that sent it.
        data : bytes
            Complete packets; any part of the stream if the layout has a header.
        arrival_s : float
            Arrival time on a monotonic clock, s.

        Returns
        -------
        list of SampleBlock
            One block for each packet.

        Raises
        ------
        PacketError
            If the length is wrong, a value is impossible, or all packets are repetitions.
        """
        if characteristic_uuid.lower() != self._characteristic:
            return []
        if self._framer is not None:
            return self._feed_stream(self._framer, data, arrival_s)
        packets = [_Packet(self._layout.read(packet)) for packet in self._packets(data)]
        blocks, error = self._locate_all(packets, arrival_s)
        if not blocks and error is not None:
            raise error
        return blocks

    def finish(self) -> list[SampleBlock]:
        """Decode what is held, see `devices.profile.HoldingDecoder`."""
        return [_block(*one) for one in self._pieces.finish()]

    def _packets(self, data: bytes) -> list[bytes]:
        if self._layout.repeated:
            return [data]
        size = self._layout.size
        if not data or len(data) % size:
            raise PacketError(
                f"a notification of {len(data)} bytes; the layout has packets of {size}"
            )
        return [data[start : start + size] for start in range(0, len(data), size)]

    def _feed_stream(self, framer: Framer, data: bytes, arrival_s: float) -> list[SampleBlock]:
        packets = []
        n_skipped = 0
        for frame in framer.feed(data):
            n_skipped += frame.n_skipped
            try:
                readings = self._layout.read(frame.data)
            except PacketError:
                self._n_rejected += 1
                n_skipped += len(frame.data)
                continue
            packets.append(_Packet(readings, n_skipped, frame.is_pieced))
            n_skipped = 0
        return self._locate_all(packets, arrival_s)[0]

    def _locate_all(
        self, packets: Sequence[_Packet], arrival_s: float
    ) -> tuple[list[SampleBlock], PacketError | None]:
        blocks = []
        last_error = None
        for packet in packets:
            try:
                located = self._locate(packet, arrival_s)
            except PacketError as error:
                self._n_rejected += 1
                last_error = error
                continue
            blocks += [_block(*one) for one in self._pieces.add(located)]
        return blocks, last_error

    def _locate(self, packet: _Packet, arrival_s: float) -> list[_Located]:
        one, n = packet.readings, packet.n_samples
        if self._numbered is not None:
            assert one.count is not None
            position = self._numbered.locate(one.count, n, arrival_s)
            times_s = self._times_s(one, n, arrival_s)
            stamped = SamplePosition(position.first_index, position.n_lost, times_s)
            return [(packet, stamped, arrival_s)]
        if self._stamped is not None:
            assert one.stamp is not None
            return self._stamped.add(packet, self._unsigned_stamp(one.stamp), n, arrival_s)
        assert self._unstamped is not None
        # A skipped packet is proof of a loss, although nothing else shows one.
        n_skipped = -(-packet.n_skipped_bytes // self._layout.size)
        position = self._unstamped.locate(n_skipped + n, arrival_s)
        shifted = SamplePosition(position.first_index + n_skipped, position.n_lost + n_skipped)
        return [(packet, shifted, arrival_s)]

    def _unsigned_stamp(self, stamp: int | float) -> int | float:
        """Return an integer time stamp as unsigned, and a floating-point one unchanged."""
        field = self._layout.stamp
        assert field is not None
        return stamp if field.kind == "f" else int(stamp) % (1 << 8 * field.size)

    def _times_s(self, one: Readings, n: int, arrival_s: float) -> tuple[float, ...]:
        """Return the times of samples whose index comes from a counter, s."""
        field = self._layout.stamp
        if field is None or one.stamp is None:
            return ()
        if field.kind == "f":
            tick_s, n_bits, ticks = FINE_TICK_S, 64, round(one.stamp * field.scale / FINE_TICK_S)
        else:
            tick_s, n_bits = field.scale, 8 * field.size
            ticks = int(self._unsigned_stamp(one.stamp))
        if self._last_ticks is not None:
            elapsed_s = max(0.0, arrival_s - self._last_arrival_s)
            ticks = unwrap(ticks, n_bits, self._last_ticks + elapsed_s / tick_s)
        self._last_ticks, self._last_arrival_s = ticks, arrival_s
        return tuple(ticks * tick_s + row / self._rate_hz for row in range(n))

    def _plausible(self, frames: Sequence[bytes], aligned: bool) -> bool:  # noqa: ARG002
        try:
            for frame in frames:
                self._layout.read(frame)
        except PacketError:
            return False
        return True


def _block(packet: _Packet, position: SamplePosition, arrival_s: float) -> SampleBlock:
    one = packet.readings
    return make_block(
        position.first_index,
        one.acceleration_ms2,
        arrival_s,
        unit_ms2=1.0,
        angular_velocity=one.angular_velocity_deg_s,
        device_time_s=position.device_time_s or None,
    )
