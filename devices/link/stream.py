"""From packets of a link to blocks of samples: the line in which they wait, and what is counted.

No Bluetooth here: a packet is put in by whoever receives it, and decoded where it is taken out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devices.profile import Decoder
from tremor.errors import PacketError
from tremor.packets import Packet

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["PacketStream", "StreamCounts"]


@dataclass(slots=True)
class StreamCounts:
    """What a stream has brought so far.

    Parameters
    ----------
    n_packets : int
        Notifications of the stream.
    n_refused : int
        Those of them that the decoder refused: cut, or not of this sensor.
    n_dropped : int
        Those that were not decoded because the reader was too far behind. They were tapped.
    n_restarts : int
        How often the link came back.
    """

    n_packets: int = 0
    n_refused: int = 0
    n_dropped: int = 0
    n_restarts: int = 0


class PacketStream:
    """A line of packets, bounded in time, that is decoded at its end.

    Parameters
    ----------
    longest_s : float
        Packets are dropped while the oldest one waits for longer than this, s.
    event : callable
        Told of ``refused`` and ``dropped``, with a detail.
    """

    def __init__(self, *, longest_s: float, event: Callable[[str, str], None]) -> None:
        self._longest_s = longest_s
        self._event = event
        #: None stands where packets are missing: the decoder must start anew there.
        self._waiting: deque[Packet | None] = deque()
        self._news = asyncio.Event()
        self._decoder: Decoder | None = None
        self._n_dropped_now = 0
        self._ended = False
        self._error: BaseException | None = None
        self.counts = StreamCounts()

    @property
    def n_rejected(self) -> int:
        """Count what the decoder left out of a byte stream as damaged."""
        return 0 if self._decoder is None else self._decoder.n_rejected

    @property
    def behind_s(self) -> float:
        """Tell how long the packets in the line span, s."""
        there = [one for one in (*self._ends(),) if one is not None]
        return there[-1].arrival_s - there[0].arrival_s if there else 0.0

    def _ends(self) -> Iterator[Packet | None]:
        if self._waiting:
            yield self._waiting[0]
            yield self._waiting[-1]

    def begin(self, decoder: Decoder) -> None:
        """Take the decoder of what comes."""
        self._decoder = decoder

    def put(self, packet: Packet) -> None:
        """Take a packet; at once, in the event loop."""
        self.counts.n_packets += 1
        oldest = next((one for one in self._waiting if one is not None), None)
        if oldest is not None and packet.arrival_s - oldest.arrival_s > self._longest_s:
            self.counts.n_dropped += 1
            self._n_dropped_now += 1
            return
        if self._n_dropped_now:
            self._tell_dropped()
            self._waiting.append(None)
        self._waiting.append(packet)
        self._news.set()

    def restart(self) -> None:
        """Note that the link was lost here and is there again."""
        self.counts.n_restarts += 1
        self._waiting.append(None)

    def end(self, error: BaseException | None = None) -> None:
        """Close the line; whoever reads gets what waits, then the error if there is one."""
        if self._ended:
            return
        if self._n_dropped_now:
            self._tell_dropped()
        self._ended = True
        self._error = error
        self._news.set()

    def _tell_dropped(self) -> None:
        self._event(
            "dropped",
            f"{self._n_dropped_now} packets were not decoded: the program was more than "
            f"{self._longest_s:g} s behind",
        )
        self._n_dropped_now = 0

    def decode_waiting(self) -> Iterator[SampleBlock]:
        """Decode what waits now.

        Yields
        ------
        SampleBlock
            In order.
        """
        while self._waiting:
            packet = self._waiting.popleft()
            if self._decoder is None:
                continue
            if packet is None:
                self._decoder.restart()
                continue
            try:
                yield from self._decoder.feed(packet.characteristic, packet.data, packet.arrival_s)
            except PacketError as error:
                self.counts.n_refused += 1
                self._event("refused", str(error))

    async def blocks(self) -> AsyncGenerator[SampleBlock, None]:
        """Decode what comes, until the line is closed.

        Yields
        ------
        SampleBlock
            In order.

        Raises
        ------
        LinkError
            What ended the line.
        """
        while True:
            for block in self.decode_waiting():
                yield block
                # Others must get their turn however long the line is.
                await asyncio.sleep(0)
            if self._ended:
                if self._error is not None:
                    raise self._error
                return
            self._news.clear()
            await self._news.wait()
