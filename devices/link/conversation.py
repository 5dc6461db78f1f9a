"""Carries out the steps of a conversation with a sensor; `devices.sensors` knows what they mean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Protocol, TypeVar

from devices.profile import Ask, Pause, Read, Step, Subscribe, Unsubscribe, Write
from tremor.errors import LinkError
from tremor.packets import Packet

__all__ = ["Inbox", "Link", "LoggedLink", "converse"]

_Outcome = TypeVar("_Outcome")


class Link(Protocol):
    """What a conversation needs from a connection; `devices.link.radio.GattConnection` is one."""

    @property
    def is_open(self) -> bool:
        """Whether the connection is open."""

    def has(self, characteristic: str) -> bool:
        """Check whether the sensor has a characteristic."""

    async def subscribe(self, characteristic: str) -> None:
        """Enable notifications."""

    async def unsubscribe(self, characteristic: str) -> None:
        """Disable notifications."""

    async def write(self, characteristic: str, data: bytes, *, response: bool) -> None:
        """Write a value."""

    async def read(self, characteristic: str) -> bytes:
        """Read a value."""


class LoggedLink:
    """A link that reports every value that is written or read.

    Parameters
    ----------
    link : Link
        The link itself.
    log : callable
        Called with ``wrote`` or ``read``, and with the characteristic and the bytes in
        hexadecimal.
    """

    def __init__(self, link: Link, log: Callable[[str, str], None]) -> None:
        self._link = link
        self._log = log

    @property
    def is_open(self) -> bool:
        """Whether the connection is open."""
        return self._link.is_open

    def has(self, characteristic: str) -> bool:
        """Check whether the sensor has a characteristic."""
        return self._link.has(characteristic)

    async def subscribe(self, characteristic: str) -> None:
        """Enable notifications."""
        await self._link.subscribe(characteristic)

    async def unsubscribe(self, characteristic: str) -> None:
        """Disable notifications."""
        await self._link.unsubscribe(characteristic)

    async def write(self, characteristic: str, data: bytes, *, response: bool) -> None:
        """Write a value."""
        # Logged first: the reply may arrive before the write is confirmed.
        self._log("wrote", f"{characteristic.lower()} {data.hex()}")
        await self._link.write(characteristic, data, response=response)

    async def read(self, characteristic: str) -> bytes:
        """Read a value."""
        data = await self._link.read(characteristic)
        self._log("read", f"{characteristic.lower()} {data.hex()}")
        return data


class Inbox:
    """Notifications that arrive during a conversation, in order.

    Attributes
    ----------
    packets : list of Packet
        All of them.
    n_before_request : int
        Number of packets that arrived before the latest write or request. They may have been
        sent with old settings; the later ones belong to the stream.
    """

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.n_before_request = 0
        self._changed = asyncio.Event()

    def put(self, packet: Packet) -> None:
        """Append a notification; called in the event loop."""
        self.packets.append(packet)
        self._changed.set()

    def wake(self) -> None:
        """Make `wait_for_reply` check the link again."""
        self._changed.set()

    def begin_request(self) -> None:
        """Note that the packets so far came before the request that follows."""
        self.n_before_request = len(self.packets)

    async def wait_for_reply(self, ask: Ask, is_open: Callable[[], bool]) -> bytes | None:
        """Wait for the reply to a request.

        Parameters
        ----------
        ask : Ask
            The request.
        is_open : callable
            Whether the link is open.

        Returns
        -------
        bytes or None
            Reply; None if it did not arrive in time.

        Raises
        ------
        LinkError
            If the link is lost.
        """
        n_seen, parts = self.n_before_request, list[bytes]()
        try:
            async with asyncio.timeout(ask.timeout_s):
                while True:
                    new, n_seen = self.packets[n_seen:], len(self.packets)
                    for packet in new:
                        if packet.characteristic != ask.reply_on.lower():
                            continue
                        if not ask.is_reply(packet.data):
                            continue
                        parts.append(packet.data)
                        reply = ask.assemble(parts) if ask.assemble else packet.data
                        if reply is not None:
                            return reply
                    if not is_open():
                        raise LinkError(f"the link was lost when asked to {ask.purpose}")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return None


async def converse(
    conversation: Generator[Step, bytes | None, _Outcome],
    link: Link,
    inbox: Inbox,
    *,
    name: str,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> _Outcome:
    """Carry out the steps of a conversation, one after the other.

    Parameters
    ----------
    conversation : generator
        Yields steps, receives replies, returns an outcome.
    link : Link
        Connection to the sensor.
    inbox : Inbox
        Where the notifications of the link arrive.
    name : str
        Name of the sensor, for messages.
    sleep : callable
        Wait for a number of seconds.

    Returns
    -------
    object
        What the conversation returns.

    Raises
    ------
    LinkError
        If a step fails or a request gets no reply.
    SensorRefusedError
        If the conversation raises it.
    """
    try:
        step = next(conversation)
        while True:
            try:
                reply = await _carry_out(step, link, inbox, name=name, sleep=sleep)
            except LinkError as error:
                # The conversation may clean up; unless it handles the error, it comes out again.
                step = conversation.throw(error)
            else:
                step = conversation.send(reply)
    except StopIteration as end:
        outcome: _Outcome = end.value
        return outcome
    finally:
        conversation.close()


async def _carry_out(
    step: Step,
    link: Link,
    inbox: Inbox,
    *,
    name: str,
    sleep: Callable[[float], Awaitable[object]],
) -> bytes | None:
    match step:
        case Subscribe():
            await link.subscribe(step.characteristic)
        case Unsubscribe():
            await link.unsubscribe(step.characteristic)
        case Write():
            inbox.begin_request()
            await link.write(step.characteristic, step.data, response=step.response)
        case Read():
            if step.optional and not link.has(step.characteristic):
                return None
            return await link.read(step.characteristic)
        case Ask():
            return await _ask(step, link, inbox, name=name)
        case Pause():
            await sleep(step.duration_s)
    return None


async def _ask(step: Ask, link: Link, inbox: Inbox, *, name: str) -> bytes | None:
    inbox.begin_request()
    await link.write(step.characteristic, step.data, response=True)
    reply = await inbox.wait_for_reply(step, lambda: link.is_open)
    if reply is None and not step.optional:
        raise LinkError(
            f"{name} gave no answer within {step.timeout_s:g} s when asked to {step.purpose}; "
            "come nearer, close its phone app, or switch it off and on"
        )
    return reply
