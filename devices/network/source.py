"""A phone as a source of samples: what polled and pushed ones have in common.

Packets, events, the decoder and what a recording reads are the same as those of a Bluetooth sensor
(`devices.link.source`): the packets of the stream are those between ``started`` or ``restarted``
and the next ``lost`` or ``stopped``.
"""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Self, TypeVar

from devices.link.cancellation import finish_despite_cancellation
from devices.link.options import HostClocks, LinkTimeouts
from devices.link.stream import PacketStream
from devices.link.streamed import StreamedSource
from devices.profile import Pause, Read, RequestedSettings, SensorProfile, Started, Step
from tremor.errors import LinkError, PacketError, SensorLostError
from tremor.packets import LinkEvent, Packet

if TYPE_CHECKING:
    pass

__all__ = ["PhoneSource", "converse"]

_Outcome = TypeVar("_Outcome")


async def converse(
    conversation: Generator[Step, bytes | None, _Outcome],
    read: Callable[[str], Awaitable[bytes]],
) -> _Outcome:
    """Carry out a conversation whose steps are readings and pauses.

    Parameters
    ----------
    conversation : generator
        Start or stop of a profile.
    read : callable
        Reads a path.

    Returns
    -------
    object
        What the conversation returns.

    Raises
    ------
    LinkError
        If something that is not optional cannot be read.
    TypeError
        If a step is neither of the two.
    """
    reply: bytes | None = None
    while True:
        try:
            step = conversation.send(reply)
        except StopIteration as end:
            outcome: _Outcome = end.value
            return outcome
        reply = None
        match step:
            case Pause(duration_s=duration_s):
                await asyncio.sleep(duration_s)
            case Read(characteristic=path, optional=optional):
                try:
                    reply = await read(path)
                except LinkError:
                    if not optional:
                        raise
            case _:
                raise TypeError(f"{type(step).__name__} is no step over a network")


class PhoneSource(StreamedSource):
    """Samples of a phone.

    Parameters
    ----------
    profile : SensorProfile
        What it speaks.
    settings : RequestedSettings
        Options to use; a rate cannot be requested.
    tap : callable, optional
        Called with every packet and event, in order, in the event loop.
    timeouts : LinkTimeouts, optional
        Timeouts and retry limits.
    clocks : HostClocks, optional
        Clocks for stamping packets and for timeouts.

    Raises
    ------
    InvalidInputError
        If an option is not allowed.
    """

    def __init__(
        self,
        profile: SensorProfile,
        settings: RequestedSettings,
        *,
        tap: Callable[[Packet | LinkEvent], None] | None = None,
        timeouts: LinkTimeouts | None = None,
        clocks: HostClocks | None = None,
    ) -> None:
        self.profile = profile
        self._settings = settings.resolve(profile)
        self._tap = tap
        self._timeouts = timeouts or LinkTimeouts()
        stream = PacketStream(longest_s=self._timeouts.queue_s, on_event=self._report)
        super().__init__(stream, clocks or HostClocks())
        self._rng = random.Random()
        self._is_linked = self._is_closed = False
        self._follower: asyncio.Task[None] | None = None

    # What a recording reads

    @property
    def name(self) -> str:
        """Name of its kind: that of the phone is the runner's own affair."""
        return self.profile.name

    @property
    def address(self) -> str:
        """Host and port at which it is reached, or reaches this computer."""
        return ""

    @property
    def rssi_dbm(self) -> int | None:
        """Always None: a phone does not report the strength of its signal."""
        return None

    @property
    def is_linked(self) -> bool:
        """Whether samples come; false during a drop-out or a pause."""
        return self._is_linked

    async def battery_percent(self) -> int | None:
        """Return None: neither protocol tells the charge."""
        return None

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException as error:
            await finish_despite_cancellation(self.stop())
            if isinstance(error, PacketError):
                raise LinkError(
                    f"what answers at {self.address} is not the app on the phone ({error}); the "
                    "app shows the address to give"
                ) from error
            raise
        self._is_open = True
        self._follower = asyncio.create_task(self._follow_to_end())
        return self

    async def stop(self) -> None:
        """Stop; packets that are waiting can still be read."""
        self._is_open = False
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.cancel()
            await asyncio.wait({follower})
        if self._is_linked:
            self._report("stopped")
        self._is_linked = False
        if not self._is_closed:
            self._is_closed = True
            await self._close()
        self._stream.end()

    # What a kind of phone does

    @abstractmethod
    async def _open(self) -> None:
        """Reach the phone and call `_begin`."""

    @abstractmethod
    async def _follow(self) -> None:
        """Receive until the source is stopped or the phone is given up."""

    @abstractmethod
    async def _close(self) -> None:
        """Release what `_open` took."""

    async def _follow_to_end(self) -> None:
        try:
            await self._follow()
        except Exception as error:  # raised to the reader, whatever it is
            self._is_linked = False
            self._stream.end(error)

    # Parts of both

    def _begin(self, started: Started) -> None:
        """Note that the stream begins here."""
        self._started = started
        self._stream.begin(self.profile.make_decoder(started.settings))
        rate_hz = started.settings.sampling_rate_hz
        self._report("started", "; ".join((f"{rate_hz:g} Hz nominal", *started.notes)))
        self._is_linked = True

    def _lose(self, reason: str, *, silent_s: float | None = None) -> None:
        if not self._is_linked:
            return
        self._is_linked = False
        if silent_s is not None:
            self._report("silent", f"nothing for {silent_s:.1f} s")
        self._report("lost", reason)

    def _pause(self, reason: str) -> None:
        """Note that the phone is reached, and measures nothing."""
        if self._is_linked:
            self._report("paused", reason)
        self._lose(reason)

    def _find_again(self, packet: Packet) -> None:
        """Note that the stream goes on with a packet, if it had been lost."""
        if self._is_linked:
            return
        self._is_linked = True
        self._stream.restart(packet.arrival_s)
        detail = f"{self.nominal_sampling_rate_hz:g} Hz nominal"
        # The event must not be stamped later than the packet that follows it.
        self._hand_to_tap(LinkEvent(packet.arrival_s, packet.wall_s, "restarted", detail))

    def _given_up(self, reason: str, lost_s: float) -> SensorLostError:
        return SensorLostError(
            f"{self.name} was lost ({reason}) and did not come back within {lost_s:.0f} s"
        )

    def _packet(self, path: str, body: bytes) -> Packet:
        return Packet(self._clocks.monotonic(), self._clocks.wall(), path.partition("?")[0], body)

    def _receive(self, packet: Packet) -> None:
        self._stream.put(packet)
        self._hand_to_tap(packet)

    def _report(self, kind: str, detail: str = "") -> None:
        self._hand_to_tap(LinkEvent(self._clocks.monotonic(), self._clocks.wall(), kind, detail))

    def _hand_to_tap(self, item: Packet | LinkEvent) -> None:
        if self._tap is None:
            return
        try:
            self._tap(item)
        except Exception as error:  # the stream must not go on untapped
            self._tap = None
            self._stream.end(error)
