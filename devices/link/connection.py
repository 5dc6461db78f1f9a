"""One connection to a sensor: connect, start, watch, stop, disconnect.

Whether there is to be another connection is decided in `devices.link.source`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from devices.link.conversation import Inbox, LoggedLink, converse
from devices.link.discovery import DiscoveredDevice
from devices.link.options import HostClocks, LinkOptions
from devices.link.radio import ATT_HEADER_SIZE, GattConnection
from devices.profile import SensorProfile, Started, Step, StreamSettings
from tremor.errors import LinkError, SensorRefusedError, TremorError
from tremor.packets import LinkEvent, Packet

__all__ = ["LinkFailure", "SensorConnection"]

_Outcome = TypeVar("_Outcome")

#: A timeout that fires this late was delayed by this program, not by the sensor, s.
_LATE_S: Final = 1.0
#: Most samples that any supported sensor puts into one packet.
_MAX_SAMPLES_PER_PACKET: Final = 160
#: A stream counts as silent after this multiple of the longest interval between its packets.
_SILENT_INTERVALS: Final = 3.0


@dataclass(frozen=True, slots=True)
class LinkFailure:
    """Why a connection can no longer be used.

    Parameters
    ----------
    reason : str
        A clause.
    silent_s : float or None
        Time since the last packet, s; None if the link itself ended.
    """

    reason: str
    silent_s: float | None = None


class SensorConnection:
    """One connection to a sensor, and the packets and exchanges on it.

    Parameters
    ----------
    device : DiscoveredDevice
        The sensor, with its profile.
    receive : callable
        Called with each packet of the stream, in the event loop.
    options : LinkOptions
        Pairing, timeouts, backend.
    clocks : HostClocks
        Clocks for stamping packets and for timeouts.
    shared : bool, optional
        Whether another program listens too, if an earlier connection of this run has shown it.

    Attributes
    ----------
    lost : asyncio.Event
        Set when the link ends.
    has_streamed : bool
        Whether a packet arrived after the start.
    longest_packet : int
        Length of the longest packet so far, bytes.
    """

    def __init__(
        self,
        device: DiscoveredDevice,
        *,
        receive: Callable[[Packet], None],
        options: LinkOptions,
        clocks: HostClocks,
        shared: bool | None = None,
    ) -> None:
        assert device.profile is not None
        self._profile: SensorProfile = device.profile
        self._name = device.peripheral.advertisement.name or device.profile.name
        self._receive = receive
        self._timeouts = options.timeouts
        self._clocks = clocks
        self._inbox = Inbox()
        #: Reads and writes that were not handed out yet.
        self._exchanges: list[LinkEvent] = []
        self._is_streaming = False
        self._last_packet_s = clocks.timer()
        self._longest_interval_s = 0.0
        self.lost = asyncio.Event()
        self.has_streamed = False
        #: Arrival of the first and the last packet of the stream, s, and bytes of the longest.
        self._streamed_s: tuple[float, float] | None = None
        self.longest_packet = 0
        self._gatt = GattConnection(
            device.peripheral,
            on_packet=self._on_packet,
            on_lost=self._on_lost,
            pair=options.pair,
            connect_s=options.timeouts.connect_s,
            step_s=options.timeouts.step_s,
            shared=shared,
            backend=options.backend,
        )

    def _on_packet(self, uuid: str, data: bytes) -> None:
        packet = Packet(self._clocks.monotonic(), self._clocks.wall(), uuid, data)
        self.longest_packet = max(self.longest_packet, len(data))
        if self._is_streaming:
            self.has_streamed = True
            begin_s = packet.arrival_s if self._streamed_s is None else self._streamed_s[0]
            self._streamed_s = begin_s, packet.arrival_s
            now_s = self._clocks.timer()
            self._longest_interval_s = max(self._longest_interval_s, now_s - self._last_packet_s)
            self._last_packet_s = now_s
            self._receive(packet)
        else:
            self._inbox.put(packet)

    def _on_lost(self) -> None:
        self.lost.set()
        self._inbox.wake()

    @property
    def is_streaming(self) -> bool:
        """Whether packets are passed on and the link is not known to have ended."""
        return self._is_streaming and not self.lost.is_set()

    @property
    def streamed_s(self) -> float:
        """Time from the first to the last packet of the stream, s."""
        return 0.0 if self._streamed_s is None else self._streamed_s[1] - self._streamed_s[0]

    @property
    def is_open(self) -> bool:
        """Whether the connection is open."""
        return self._gatt.is_open

    @property
    def is_shared(self) -> bool | None:
        """Whether another program listens too; None before the first subscription."""
        return self._gatt.is_shared

    @property
    def mtu(self) -> int | None:
        """Negotiated MTU, bytes; None if the sensor has none of its data characteristics."""
        sizes = map(self._gatt.mtu, self._profile.data_characteristics)
        return next((size for size in sizes if size), None)

    @property
    def is_cut(self) -> bool:
        """Whether packets fill the link to its last byte, and none was ever longer."""
        mtu = self.mtu
        return mtu is not None and self.longest_packet == mtu - ATT_HEADER_SIZE

    # Opening and starting

    async def open(self) -> None:
        """Connect and discover the services.

        Raises
        ------
        LinkError
            If that fails.
        """
        await self._gatt.open()
        if self._gatt.is_open:
            # bleak retries by itself, and reports each of its attempts that failed as a lost link.
            self.lost.clear()

    async def start(self, settings: StreamSettings) -> Started:
        """Start the stream, also on a sensor that is still streaming to another program.

        Parameters
        ----------
        settings : StreamSettings
            Requested settings.

        Returns
        -------
        Started
            Granted settings.

        Raises
        ------
        SensorRefusedError
            If the sensor refuses.
        LinkError
            If it does not reply.
        """
        try:
            return await self._converse(self._profile.start(settings))
        except SensorRefusedError as error:
            if error.trouble:  # it would say the same again
                raise
            # It may still be streaming for a program that was killed, or for a lost link.
            with suppress(LinkError):
                await self._converse(self._profile.stop(settings))
            return await self._converse(self._profile.start(settings))

    async def _converse(self, conversation: Generator[Step, bytes | None, _Outcome]) -> _Outcome:
        link = LoggedLink(self._gatt, self._log_exchange)
        return await converse(conversation, link, self._inbox, name=self._name)

    def _log_exchange(self, kind: str, detail: str) -> None:
        self._exchanges.append(
            LinkEvent(self._clocks.monotonic(), self._clocks.wall(), kind, detail)
        )

    # Streaming

    def begin_stream(self) -> tuple[list[Packet | LinkEvent], list[Packet]]:
        """Pass packets on from now on; no packet is lost or reordered in between.

        Returns
        -------
        setup : list of Packet and LinkEvent
            Packets that came before the last request of the start, and all exchanges.
        stream : list of Packet
            Packets of the stream that came since.
        """
        packets, n_setup = self._inbox.packets, self._inbox.n_before_request
        self._inbox = Inbox()
        self._is_streaming = True
        self._last_packet_s = self._clocks.timer()
        return self._with_exchanges(packets[:n_setup]), packets[n_setup:]

    def _with_exchanges(self, packets: list[Packet]) -> list[Packet | LinkEvent]:
        exchanges, self._exchanges = self._exchanges, []
        return sorted([*exchanges, *packets], key=lambda one: one.arrival_s)

    async def wait_for_failure(self, sampling_rate_hz: float) -> LinkFailure:
        """Wait until the link is lost or silent; no packet is passed on afterwards.

        Parameters
        ----------
        sampling_rate_hz : float
            Nominal sampling rate, Hz; it limits the interval between packets.

        Returns
        -------
        LinkFailure
            What happened.
        """
        while True:
            limit_s = self._silence_limit_s(sampling_rate_hz)
            due_s = self._last_packet_s + limit_s
            try:
                async with asyncio.timeout(max(0.0, due_s - self._clocks.timer())):
                    await self.lost.wait()
            except TimeoutError:
                now_s = self._clocks.timer()
                if now_s - due_s > _LATE_S:
                    # This program was held up: packets may be waiting in the system.
                    self._last_packet_s = now_s
                elif now_s - self._last_packet_s >= limit_s:
                    self.end_stream()
                    return LinkFailure("the sensor fell silent", now_s - self._last_packet_s)
            else:
                self.end_stream()
                return LinkFailure("the sensor is out of reach, or ended the link")

    def _silence_limit_s(self, sampling_rate_hz: float) -> float:
        # A slow sensor may take many seconds to fill a packet. The intervals so far show how long,
        # but one of them may have been a delay: hence the bound by the sampling rate.
        limit_s = 1.0 + _MAX_SAMPLES_PER_PACKET / sampling_rate_hz
        if self._longest_interval_s > 0.0:
            limit_s = min(limit_s, _SILENT_INTERVALS * self._longest_interval_s)
        return max(self._timeouts.silence_s, limit_s)

    async def read(self, characteristic: str) -> bytes | None:
        """Read a characteristic while streaming.

        Parameters
        ----------
        characteristic : str
            UUID.

        Returns
        -------
        bytes or None
            Value; None if the characteristic does not exist or cannot be read.
        """
        try:
            if not self._gatt.has(characteristic):
                return None
            return await self._gatt.read(characteristic)
        except LinkError:
            return None

    # Ending

    def end_stream(self) -> None:
        """Pass no more packets on."""
        self._is_streaming = False

    def take_remaining(self) -> list[Packet | LinkEvent]:
        """Return packets and exchanges outside of the stream that were not handed out yet."""
        packets, self._inbox = self._inbox.packets, Inbox()
        return self._with_exchanges(packets)

    async def stop(self, settings: StreamSettings) -> None:
        """Stop the sensor if it responds; its last packets are in `take_remaining`.

        Parameters
        ----------
        settings : StreamSettings
            Settings that were requested.
        """
        self.end_stream()
        with suppress(TremorError, TimeoutError):
            async with asyncio.timeout(self._timeouts.stop_s):
                await self._converse(self._profile.stop(settings))

    async def close(self) -> None:
        """Disconnect, as far as possible, and release the resources of the link."""
        self.end_stream()
        with suppress(TremorError, TimeoutError):
            async with asyncio.timeout(self._timeouts.disconnect_s):
                await self._gatt.close()
