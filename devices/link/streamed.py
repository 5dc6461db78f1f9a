"""What a recording reads of any source whose packets arrive in this process.

How the packets get here is for the kinds of sources: over Bluetooth (`devices.link.source`) or from
a phone (`devices.network.source`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING

from devices.link.cancellation import finish_despite_cancellation
from devices.link.options import HostClocks
from devices.link.stream import PacketStream, StreamCounts
from devices.profile import Started
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["StreamedSource"]


class StreamedSource(ABC):
    """A source of samples over a stream of packets.

    Parameters
    ----------
    stream : PacketStream
        The packets.
    clocks : HostClocks
        Clocks for stamping packets.
    """

    def __init__(self, stream: PacketStream, clocks: HostClocks) -> None:
        self._stream = stream
        self._clocks = clocks
        self._started: Started | None = None
        self._is_open = False

    @property
    def started(self) -> Started:
        """Granted settings.

        Raises
        ------
        InvalidInputError
            If the source is closed.
        """
        if self._started is None:
            raise _closed()
        return self._started

    @property
    def nominal_sampling_rate_hz(self) -> float:
        """Granted sampling rate, or that measured at the start, Hz; the true rate may differ."""
        return self.started.settings.sampling_rate_hz

    @property
    def counts(self) -> StreamCounts:
        """Counters of the stream."""
        return self._stream.counts

    @property
    def n_rejected(self) -> int:
        """Number of lines, frames, bytes or samples that the decoder discarded as damaged."""
        return self._stream.n_rejected

    @property
    def n_waiting(self) -> int:
        """Number of packets that wait for the reader."""
        return self._stream.n_waiting

    def now_s(self) -> float:
        """Return the time on the clock that stamps the packets, s."""
        return self._clocks.monotonic()

    def is_open(self) -> bool:
        """Check whether the source can be read."""
        return self._is_open

    def decode_waiting(self) -> list[SampleBlock]:
        """Decode the packets that were received but not read, after reading was interrupted.

        Returns
        -------
        list of SampleBlock
            In order.
        """
        return [*self._stream.decode_waiting(), *self._stream.finished()]

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await finish_despite_cancellation(self.stop())

    async def __aiter__(self) -> AsyncIterator[SampleBlock]:
        """Yield blocks as they arrive, until `stop`.

        Yields
        ------
        SampleBlock
            In order.

        Raises
        ------
        SensorLostError
            If the link is lost and does not come back.
        """
        if not self._is_open:
            raise _closed()
        async for block in self._stream.blocks():
            yield block

    @abstractmethod
    async def stop(self) -> None:
        """Stop; packets that are waiting can still be read."""


def _closed() -> InvalidInputError:
    return InvalidInputError("the source is closed; use it inside of 'async with'")
