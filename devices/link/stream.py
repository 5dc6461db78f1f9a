"""Queue of packets between a link and its reader, decoded to blocks where they are taken out.

No Bluetooth here: the caller puts packets in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devices.profile import Decoder, finished
from tremor.errors import PacketError
from tremor.packets import Packet

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["PacketStream", "StreamCounts"]


@dataclass(slots=True)
class StreamCounts:
    """Counters of a stream.

    Parameters
    ----------
    n_packets : int
        Notifications received.
    n_refused : int
        Notifications that the decoder refused: truncated, or not from this sensor.
    n_dropped : int
        Notifications that were not decoded because the reader was too far behind.
    n_restarts : int
        Times the link came back.
    """

    n_packets: int = 0
    n_refused: int = 0
    n_dropped: int = 0
    n_restarts: int = 0


@dataclass(frozen=True, slots=True)
class _Restart:
    """Missing packets, after which the decoder restarts; when the link was back, s."""

    began_s: float | None = None


class PacketStream:
    """Queue of packets, bounded by the time that it spans.

    Parameters
    ----------
    longest_s : float
        Packets are dropped while the oldest one in the queue is older than this, s.
    on_event : callable
        Called with ``refused`` or ``dropped`` and a detail.

    Attributes
    ----------
    counts : StreamCounts
        Counters so far.
    """

    def __init__(self, *, longest_s: float, on_event: Callable[[str, str], None]) -> None:
        self._longest_s = longest_s
        self._on_event = on_event
        self._queue: deque[Packet | _Restart] = deque()
        self._changed = asyncio.Event()
        self._decoder: Decoder | None = None
        self._n_unreported_drops = 0
        self._has_ended = False
        self._error: BaseException | None = None
        self.counts = StreamCounts()

    @property
    def n_rejected(self) -> int:
        """Number of lines, frames or bytes that the decoder discarded as damaged."""
        return 0 if self._decoder is None else self._decoder.n_rejected

    @property
    def n_waiting(self) -> int:
        """Number of packets in the queue."""
        return len(self._queue)

    def begin(self, decoder: Decoder) -> None:
        """Set the decoder of the packets."""
        self._decoder = decoder

    def put(self, packet: Packet) -> None:
        """Append a packet; called in the event loop."""
        self.counts.n_packets += 1
        oldest = next((one for one in self._queue if isinstance(one, Packet)), None)
        if oldest is not None and packet.arrival_s - oldest.arrival_s > self._longest_s:
            self.counts.n_dropped += 1
            self._n_unreported_drops += 1
            return
        if self._n_unreported_drops:
            self._report_drops()
            self._queue.append(_Restart())
        self._queue.append(packet)
        self._changed.set()

    def restart(self, began_s: float) -> None:
        """Note that the link was lost here, and when it came back, s."""
        self.counts.n_restarts += 1
        self._queue.append(_Restart(began_s))

    def end(self, error: BaseException | None = None) -> None:
        """Close the queue; the reader receives what is in it, then the error if there is one."""
        if self._has_ended:
            return
        if self._n_unreported_drops:
            self._report_drops()
        self._has_ended = True
        self._error = error
        self._changed.set()

    def _report_drops(self) -> None:
        self._on_event(
            "dropped",
            f"{self._n_unreported_drops} packets were not decoded: the program was more than "
            f"{self._longest_s:g} s behind",
        )
        self._n_unreported_drops = 0

    def decode_waiting(self) -> Iterator[SampleBlock]:
        """Decode the packets in the queue.

        Yields
        ------
        SampleBlock
            In order.
        """
        while self._queue:
            packet = self._queue.popleft()
            if self._decoder is None:
                continue
            if isinstance(packet, _Restart):
                self._decoder.restart(packet.began_s)
                continue
            try:
                yield from self._decoder.feed(packet.characteristic, packet.data, packet.arrival_s)
            except PacketError as error:
                self.counts.n_refused += 1
                self._on_event("refused", str(error))

    def finished(self) -> list[SampleBlock]:
        """Return what the decoder holds, once the stream has ended and the queue is empty."""
        if self._decoder is None or not self._has_ended:
            return []
        return finished(self._decoder)

    async def blocks(self) -> AsyncGenerator[SampleBlock, None]:
        """Decode packets as they arrive, until the queue is closed.

        Yields
        ------
        SampleBlock
            In order.

        Raises
        ------
        Exception
            The error that closed the queue.
        """
        while True:
            for block in self.decode_waiting():
                yield block
                # Let other tasks run, however long the queue is.
                await asyncio.sleep(0)
            if self._has_ended:
                for block in self.finished():
                    yield block
                if self._error is not None:
                    raise self._error
                return
            self._changed.clear()
            await self._changed.wait()
