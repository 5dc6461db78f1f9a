"""One connection to a sensor, from the first step to the last: opened, started, hung up.

When there is to be another one is decided in `devices.link.source`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from devices.link.conversation import Inbox, ToldLine, converse
from devices.link.discovery import Found
from devices.link.radio import Backend, Connection
from devices.profile import SensorProfile, Started, Step, StreamSettings
from tremor.errors import LinkError, SensorRefusedError, TremorError
from tremor.packets import LinkEvent, Packet

__all__ = ["LinkTimes", "Session", "Trouble", "to_the_end"]

_Outcome = TypeVar("_Outcome")

_JITTER: Final = (0.75, 1.25)
#: A timer that is so late was held up by this program and says nothing of the sensor, s.
_LATE_S: Final = 1.0
#: The longest packets hold so many samples; at a low rate they are far apart.
_MOST_SAMPLES: Final = 160
#: A stream is silent when nothing came for so many times its longest pause so far.
_SILENT_PAUSES: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTimes:
    """How long a link waits for what, s.

    Parameters
    ----------
    find_s : float
        For the sensor to be heard.
    settle_s : float
        After a sensor that is meant by its kind or a part of its name was heard, for others that
        are meant by the same words.
    connect_s : float
        For a link with discovery.
    step_s : float
        For one read or write.
    silence_s : float
        Without a packet, before a link is taken for dead; longer where packets are far apart.
    first_wait_s, longest_wait_s : float
        Before the second attempt to get a lost sensor back, and at most between two; each wait is
        twice the one before it.
    give_up_s : float
        Before a sensor is lost for good.
    stop_s, disconnect_s : float
        For stopping the sensor, and for the link to end, which takes the daemon 2 to 3 s.
    queue_s : float
        How far a reader may be behind before packets are not decoded any more.
    attempts : int
        To connect and start, at the beginning.
    """

    find_s: float = 10.0
    settle_s: float = 2.0
    connect_s: float = 20.0
    step_s: float = 10.0
    silence_s: float = 4.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    give_up_s: float = 300.0
    stop_s: float = 5.0
    disconnect_s: float = 12.0
    queue_s: float = 300.0
    attempts: int = 3

    def waits_s(self, rng: random.Random) -> Iterator[float]:
        """Give the waits before each attempt, without end; the first is none."""
        yield 0.0
        wait_s = self.first_wait_s
        while True:
            yield min(self.longest_wait_s, wait_s * rng.uniform(*_JITTER))
            wait_s = min(self.longest_wait_s, 2.0 * wait_s)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a connection is of no use any more.

    Parameters
    ----------
    why : str
        A clause.
    silent_s : float or None
        For how long nothing came, s, where the link stands.
    """

    why: str
    silent_s: float | None = None


class Session:
    """One connection, and what came over it.

    Parameters
    ----------
    found : Found
        The sensor, with its profile.
    receive : callable
        Gets each packet of the stream, at once, in the event loop.
    times : LinkTimes
        Limits.
    pair : bool
        Whether to pair first.
    backend : Backend or None
        Bluetooth other than the system's own.
    now, wall : callable
        Monotonic clock and wall clock that packets are stamped with, s.
    timer : callable
        Monotonic clock of this program, by which it waits, s.
    """

    def __init__(
        self,
        found: Found,
        *,
        receive: Callable[[Packet], None],
        times: LinkTimes,
        pair: bool,
        backend: Backend | None,
        now: Callable[[], float],
        wall: Callable[[], float],
        timer: Callable[[], float],
    ) -> None:
        assert found.profile is not None
        self._profile: SensorProfile = found.profile
        self._name = found.peripheral.advertisement.name or found.profile.name
        self._receive = receive
        #: What was written and read, until it is given.
        self._said: list[LinkEvent] = []
        self._times = times
        self._now = now
        self._timer = timer
        self._wall = wall
        self._inbox = Inbox()
        self._is_streaming = False
        #: Set when the link ends.
        self.lost = asyncio.Event()
        #: When the last packet came by the timer, and the longest pause between two, s.
        self.last_s = timer()
        self.longest_pause_s = 0.0
        #: Whether a packet came after the sensor was started.
        self.has_streamed = False
        self._connection = Connection(
            found.peripheral,
            on_packet=self._on_packet,
            on_lost=self._on_lost,
            pair=pair,
            connect_s=times.connect_s,
            step_s=times.step_s,
            backend=backend,
        )

    def _on_packet(self, uuid: str, data: bytes) -> None:
        packet = Packet(self._now(), self._wall(), uuid, data)
        if self._is_streaming:
            self.has_streamed = True
            timer_s = self._timer()
            self.longest_pause_s = max(self.longest_pause_s, timer_s - self.last_s)
            self.last_s = timer_s
            self._receive(packet)
        else:
            self._inbox.put(packet)

    def _on_lost(self) -> None:
        self.lost.set()
        self._inbox.wake()

    @property
    def is_streaming(self) -> bool:
        """Tell whether packets are passed on and the link was not seen to end."""
        return self._is_streaming and not self.lost.is_set()

    @property
    def is_open(self) -> bool:
        """Tell whether the link stands."""
        return self._connection.is_open

    @property
    def mtu(self) -> int | None:
        """Give the negotiated MTU, bytes; None where the sensor has none of its data."""
        sizes = map(self._connection.mtu, self._profile.data_characteristics)
        return next((size for size in sizes if size), None)

    async def open(self) -> None:
        """Connect and discover; a `LinkError` where that fails."""
        await self._connection.open()
        if self._connection.is_open:
            self.lost.clear()  # bleak tries again by itself, and tells of each link that it lost

    async def start(self, settings: StreamSettings) -> Started:
        """Have the sensor start, also one that is still at work for somebody else.

        Parameters
        ----------
        settings : StreamSettings
            What is asked for.

        Returns
        -------
        Started
            What is granted.

        Raises
        ------
        SensorRefusedError
            Where it says no.
        LinkError
            Where it does not answer.
        """
        try:
            return await self._say(self._profile.start(settings))
        except SensorRefusedError:
            # It may be at work still, for a program that was killed or for a link that was lost.
            with suppress(LinkError):
                await self._say(self._profile.stop(settings))
            return await self._say(self._profile.start(settings))

    async def _say(self, conversation: Generator[Step, bytes | None, _Outcome]) -> _Outcome:
        line = ToldLine(self._connection, self._keep)
        return await converse(conversation, line, self._inbox, name=self._name)

    def _keep(self, kind: str, detail: str) -> None:
        self._said.append(LinkEvent(self._now(), self._wall(), kind, detail))

    def _with_said(self, packets: list[Packet]) -> list[Packet | LinkEvent]:
        said, self._said = self._said, []
        return sorted([*said, *packets], key=lambda one: one.arrival_s)

    def take_up(self) -> tuple[list[Packet | LinkEvent], list[Packet]]:
        """Let packets be passed on from now; nothing comes between.

        Returns
        -------
        before : list of Packet and LinkEvent
            What came before the sensor did as it was told, and what it was told.
        stream : list of Packet
            What came since.
        """
        packets, since = self._inbox.packets, self._inbox.since
        self._inbox = Inbox()
        self._is_streaming = True
        self.last_s = self._timer()
        return self._with_said(packets[:since]), packets[since:]

    async def trouble(self, sampling_rate_hz: float) -> Trouble:
        """Wait until the link is lost or silent; no packet is passed on afterwards.

        Parameters
        ----------
        sampling_rate_hz : float
            Nominal, Hz: tells how far packets may be apart.

        Returns
        -------
        Trouble
            Which of them.
        """
        while True:
            limit_s = self._silence_s(sampling_rate_hz)
            due_s = self.last_s + limit_s
            try:
                async with asyncio.timeout(max(0.0, due_s - self._timer())):
                    await self.lost.wait()
            except TimeoutError:
                now_s = self._timer()
                if now_s - due_s > _LATE_S:
                    self.last_s = now_s  # what waits for this program comes first
                elif now_s - self.last_s >= limit_s:
                    self.end_stream()
                    return Trouble("the sensor fell silent", now_s - self.last_s)
            else:
                self.end_stream()
                return Trouble("the sensor is out of reach, or ended the link")

    def _silence_s(self, sampling_rate_hz: float) -> float:
        # The pauses so far tell how far packets are apart, unless one of them was a hitch.
        expected_s = 1.0 + _MOST_SAMPLES / sampling_rate_hz
        if self.longest_pause_s > 0.0:
            expected_s = min(expected_s, _SILENT_PAUSES * self.longest_pause_s)
        return max(self._times.silence_s, expected_s)

    def end_stream(self) -> None:
        """Pass no packets on from now."""
        self._is_streaming = False

    def leftover(self) -> list[Packet | LinkEvent]:
        """Give what came or was said outside of the stream and was not given yet."""
        packets, self._inbox = self._inbox.packets, Inbox()
        return self._with_said(packets)

    async def stop(self, settings: StreamSettings) -> None:
        """Have the sensor stop, as far as it lets; its last packets are left over."""
        self.end_stream()
        with suppress(TremorError, TimeoutError):
            async with asyncio.timeout(self._times.stop_s):
                await self._say(self._profile.stop(settings))

    async def close(self) -> None:
        """End the link, as far as that is possible, and free what it held."""
        self.end_stream()
        with suppress(TremorError, TimeoutError):
            async with asyncio.timeout(self._times.disconnect_s):
                await self._connection.close()

    async def read(self, characteristic: str) -> bytes | None:
        """Read a characteristic; None where it is not there or does not answer."""
        try:
            if not self._connection.has(characteristic):
                return None
            return await self._connection.read(characteristic)
        except LinkError:
            return None


async def to_the_end(work: Coroutine[object, object, None]) -> None:
    """Do what must be done also by a task that is cancelled meanwhile; then it is cancelled.

    Parameters
    ----------
    work : coroutine
        Bounded in time by itself.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled
