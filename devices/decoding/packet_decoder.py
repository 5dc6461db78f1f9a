"""Decodes binary packets of a declared layout: whole in a notification, or in a stream of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from devices.decoding.blocks import make_block
from devices.decoding.framing import Framer
from devices.decoding.packet_layout import Layout, Readings
from devices.decoding.sample_count import Place, PlainCount, SequenceCount, unwrap
from devices.decoding.unknown_rate import PacedStamps
from tremor.errors import PacketError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["DeclaredDecoder"]

#: Times that are no whole numbers are counted in this, s.
_FINE_TICK_S: Final = 1e-6


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
        self._paced: PacedStamps[Readings] | None = None
        self._plain: PlainCount | None = None
        if layout.count is not None:
            self._sequence = SequenceCount(sampling_rate_hz, n_bits=8 * layout.count.size)
        elif layout.stamp is not None:
            is_whole = layout.stamp.kind != "f"
            self._paced = PacedStamps(
                sampling_rate_hz,
                (layout.stamp.scale,),
                n_bits=8 * layout.stamp.size if is_whole else None,
            )
        else:
            self._plain = PlainCount(sampling_rate_hz)
        self._last_stamp: int | None = None
        self._last_arrival_s = 0.0

    @property
    def n_rejected(self) -> int:
        """Count packets that came twice or cannot be, and bytes of a stream in no packet."""
        skipped = 0 if self._framer is None else self._framer.n_skipped_bytes
        repeated = 0 if self._paced is None else self._paced.n_rejected
        return self._n_rejected + skipped + repeated

    def restart(self) -> None:
        """Forget half a packet; the count goes on."""
        if self._framer is not None:
            self._framer.restart()
        for count in (self._sequence, self._paced, self._plain):
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
        readings = [(self._layout.read(packet), 0) for packet in self._packets(data)]
        blocks, error = self._place_all(readings, arrival_s)
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
                placed = self._place(one, -(-n_skipped // self._layout.size), arrival_s)
            except PacketError as refused:
                self._n_rejected += 1
                error = refused
                continue
            blocks += [_block(*single) for single in placed]
        return blocks, error

    def _place(
        self, one: Readings, n_torn: int, arrival_s: float
    ) -> list[tuple[Readings, Place, float]]:
        n = len(one.acceleration_ms2)
        if self._sequence is not None:
            assert one.count is not None
            place = self._sequence.place(one.count, n, arrival_s)
            stamped = Place(place.first_index, place.n_lost, self._times_s(one, n, arrival_s))
            return [(one, stamped, arrival_s)]
        if self._paced is not None:
            assert one.stamp is not None
            return self._paced.add(one, self._stamp(one.stamp), n, arrival_s)
        assert self._plain is not None
        place = self._plain.place(n_torn + n, arrival_s)
        return [(one, Place(place.first_index + n_torn, place.n_lost + n_torn), arrival_s)]

    def _stamp(self, stamp: int | float) -> int | float:
        """Give a stamp as an unsigned count, where it is a count."""
        field = self._layout.stamp
        assert field is not None
        return stamp if field.kind == "f" else int(stamp) % (1 << 8 * field.size)

    def _times_s(self, one: Readings, n: int, arrival_s: float) -> tuple[float, ...]:
        """Give the stamps of samples whose place a counter tells."""
        field = self._layout.stamp
        if field is None or one.stamp is None:
            return ()
        if field.kind == "f":
            tick_s, n_bits, ticks = _FINE_TICK_S, 64, round(one.stamp * field.scale / _FINE_TICK_S)
        else:
            tick_s, n_bits, ticks = field.scale, 8 * field.size, int(self._stamp(one.stamp))
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


def _block(one: Readings, place: Place, arrival_s: float) -> SampleBlock:
    return make_block(
        place.first_index,
        one.acceleration_ms2,
        arrival_s,
        unit_ms2=1.0,
        angular_velocity=one.angular_velocity_deg_s,
        device_time_s=place.device_time_s or None,
    )
