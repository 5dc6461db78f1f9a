"""Decodes binary packets of a declared layout: whole in a notification, or in a stream of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tremor.errors import PacketError

from .blocks import make_block
from .counting import Place, PlainCount, SequenceCount, StampCount, unwrap
from .framing import Framer
from .layout import Field, Layout, Readings

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["DeclaredDecoder", "tick_of"]

#: Times that are no whole numbers are counted in this, s.
_FINE_TICK_S: Final = 1e-6
#: Loops of a sketch stamp this share of a sample early or late.
_JITTER: Final = 0.25


def tick_of(field: Field) -> tuple[float, int]:
    """Give the unit of a time field, s, and the width of its count, bits."""
    return (_FINE_TICK_S, 64) if field.kind == "f" else (field.scale, 8 * field.size)


class DeclaredDecoder:
    """Packets of a declared layout to blocks.

    Parameters
    ----------
    layout : Layout
        Where the numbers are.
    characteristic : str
        UUID that they come from.
    sampling_rate_hz : float
        Nominal rate, Hz.

    Notes
    -----
    Losses are told by ``n`` where the layout has it, else by a time; where it has neither they
    cannot be told from delays.
    """

    def __init__(self, layout: Layout, characteristic: str, sampling_rate_hz: float) -> None:
        self._layout = layout
        self._characteristic = characteristic.lower()
        self._rate_hz = sampling_rate_hz
        self._framer = (
            Framer(layout.header, (layout.size,), self._plausible)
            if layout.header and not layout.repeated
            else None
        )
        self._n_rejected = 0
        self._sequence: SequenceCount | None = None
        self._stamps: StampCount | None = None
        self._plain: PlainCount | None = None
        if layout.count is not None:
            self._sequence = SequenceCount(sampling_rate_hz, n_bits=8 * layout.count.size)
        elif layout.stamp is not None:
            tick_s, n_bits = tick_of(layout.stamp)
            self._stamps = StampCount(
                sampling_rate_hz,
                tick_s=tick_s,
                stamped="first",
                n_bits=n_bits,
                noise_s=max(0.5 * tick_s, _JITTER / sampling_rate_hz),
            )
        else:
            self._plain = PlainCount(sampling_rate_hz)
        self._last_stamp: int | None = None
        self._last_arrival_s = 0.0

    @property
    def n_rejected(self) -> int:
        """Count packets that came twice or cannot be, and bytes of a stream in no packet."""
        return self._n_rejected + (0 if self._framer is None else self._framer.n_skipped_bytes)

    def restart(self) -> None:
        """Forget half a packet; the count goes on."""
        if self._framer is not None:
            self._framer.restart()
        for count in (self._sequence, self._stamps, self._plain):
            if count is not None:
                count.restart()
        self._last_stamp = None

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Where it came from.
        data : bytes
            Whole packets, or with a header any part of the stream.
        arrival_s : float
            s on a monotonic clock.

        Returns
        -------
        list of SampleBlock
            One for each packet.

        Raises
        ------
        PacketError
            Where the length is another, a number cannot be, or nothing of it is new.
        """
        if characteristic_uuid.lower() != self._characteristic:
            return []
        if self._framer is not None:
            return self._feed_stream(self._framer, data, arrival_s)
        readings = [self._layout.read(packet) for packet in self._packets(data)]
        blocks, error = self._place_all([(one, 0) for one in readings], arrival_s)
        if not blocks and error is not None:
            raise error
        return blocks

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
        readings = []
        n_skipped = 0
        for frame in framer.feed(data):
            n_skipped += frame.n_skipped
            try:
                readings.append((self._layout.read(frame.data), n_skipped))
                n_skipped = 0
            except PacketError:
                self._n_rejected += 1
                n_skipped += len(frame.data)
        return self._place_all(readings, arrival_s)[0]

    def _place_all(
        self, readings: Sequence[tuple[Readings, int]], arrival_s: float
    ) -> tuple[list[SampleBlock], PacketError | None]:
        blocks = []
        error = None
        for one, n_skipped in readings:
            try:
                place = self._place(one, -(-n_skipped // self._layout.size), arrival_s)
            except PacketError as refused:
                self._n_rejected += 1
                error = refused
                continue
            blocks.append(
                make_block(
                    place.first_index,
                    one.acceleration_ms2,
                    arrival_s,
                    unit_ms2=1.0,
                    angular_velocity=one.angular_velocity_deg_s,
                    device_time_s=place.device_time_s or None,
                )
            )
        return blocks, error

    def _place(self, one: Readings, n_torn: int, arrival_s: float) -> Place:
        n = len(one.acceleration_ms2)
        if self._sequence is not None:
            assert one.count is not None
            place = self._sequence.place(one.count, n, arrival_s)
            return Place(place.first_index, place.n_lost, self._times_s(one, n, arrival_s))
        if self._stamps is not None:
            return self._stamps.place(self._ticks(one), n, arrival_s)
        assert self._plain is not None
        place = self._plain.place(n_torn + n, arrival_s)
        return Place(place.first_index + n_torn, place.n_lost + n_torn)

    def _ticks(self, one: Readings) -> int:
        field = self._layout.stamp
        assert field is not None
        assert one.stamp is not None
        if field.kind == "f":
            return round(one.stamp * field.scale / _FINE_TICK_S)
        return int(one.stamp) % (1 << 8 * field.size)

    def _times_s(self, one: Readings, n: int, arrival_s: float) -> tuple[float, ...]:
        """Give the stamps of samples whose place a counter tells."""
        field = self._layout.stamp
        if field is None:
            return ()
        tick_s, n_bits = tick_of(field)
        ticks = self._ticks(one)
        if self._last_stamp is not None:
            elapsed_s = max(0.0, arrival_s - self._last_arrival_s)
            ticks = unwrap(ticks, n_bits, self._last_stamp + elapsed_s / tick_s)
        self._last_stamp, self._last_arrival_s = ticks, arrival_s
        return tuple(ticks * tick_s + row / self._rate_hz for row in range(n))

    def _plausible(self, frames: Sequence[bytes], aligned: bool) -> bool:  # noqa: ARG002
        try:
            for frame in frames:
                self._layout.read(frame)
        except PacketError:
            return False
        return True
