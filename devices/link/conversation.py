"""The steps of a conversation with a sensor, done over a link. What they mean is not known here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from devices.profile import Ask, Pause, Read, Step, Subscribe, Unsubscribe, Write
from tremor.errors import LinkError
from tremor.packets import Packet

__all__ = ["Inbox", "Line", "ToldLine", "converse"]

_Outcome = TypeVar("_Outcome")


class Line(Protocol):
    """What a conversation needs of a link; `devices.link.radio.Connection` is one."""

    @property
    def is_open(self) -> bool:
        """Tell whether the link stands."""

    def has(self, characteristic: str) -> bool:
        """Tell whether there is such a characteristic."""

    async def subscribe(self, characteristic: str) -> None:
        """Turn notifications on."""

    async def unsubscribe(self, characteristic: str) -> None:
        """Turn them off."""

    async def write(self, characteristic: str, data: bytes, *, response: bool) -> None:
        """Write."""

    async def read(self, characteristic: str) -> bytes:
        """Read."""


class ToldLine:
    """A link that tells what is written to it and what is read from it.

    Parameters
    ----------
    line : Line
        The link.
    told : callable
        Gets ``wrote`` or ``read``, and the characteristic and the bytes in hexadecimal digits.
    """

    def __init__(self, line: Line, told: Callable[[str, str], None]) -> None:
        self._line = line
        self._told = told

    @property
    def is_open(self) -> bool:
        """Tell whether the link stands."""
        return self._line.is_open

    def has(self, characteristic: str) -> bool:
        """Tell whether there is such a characteristic."""
        return self._line.has(characteristic)

    async def subscribe(self, characteristic: str) -> None:
        """Turn notifications on."""
        await self._line.subscribe(characteristic)

    async def unsubscribe(self, characteristic: str) -> None:
        """Turn them off."""
        await self._line.unsubscribe(characteristic)

    async def write(self, characteristic: str, data: bytes, *, response: bool) -> None:
        """Write; told first, because the answer may be there before the confirmation."""
        self._told("wrote", f"{characteristic.lower()} {data.hex()}")
        await self._line.write(characteristic, data, response=response)

    async def read(self, characteristic: str) -> bytes:
        """Read."""
        data = await self._line.read(characteristic)
        self._told("read", f"{characteristic.lower()} {data.hex()}")
        return data


class Inbox:
    """Notifications that came while a conversation goes on, in order.

    Notes
    -----
    What a sensor sends before it is told how to send is of old settings: a write or a question
    closes the stretch before it. What came since the last of them is of the stream.
    """

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        #: Place in ``packets`` since which they are of the stream.
        self.since = 0
        self._news = asyncio.Event()

    def put(self, packet: Packet) -> None:
        """Take a notification; at once, in the event loop."""
        self.packets.append(packet)
        self._news.set()

    def wake(self) -> None:
        """Let whoever waits look again: the link may be lost."""
        self._news.set()

    def begin_anew(self) -> None:
        """Close the stretch before this moment."""
        self.since = len(self.packets)

    async def answer(self, ask: Ask, is_open: Callable[[], bool]) -> bytes | None:
        """Wait for the notification that answers; None where none came in time."""
        place, parts = self.since, list[bytes]()
        try:
            async with asyncio.timeout(ask.timeout_s):
                while True:
                    while place < len(self.packets):
                        packet = self.packets[place]
                        place += 1
                        if packet.characteristic != ask.reply_on.lower():
                            continue
                        if not ask.is_reply(packet.data):
                            continue
                        parts.append(packet.data)
                        whole = ask.whole_of(parts) if ask.whole_of else packet.data
                        if whole is not None:
                            return whole
                    if not is_open():
                        raise LinkError(f"the link was lost when asked to {ask.what}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None


async def converse(
    conversation: Generator[Step, bytes | None, _Outcome],
    line: Line,
    inbox: Inbox,
    *,
    name: str,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> _Outcome:
    """Do the steps of a conversation, one after the other.

    Parameters
    ----------
    conversation : generator
        Yields steps, gets answers, returns an outcome.
    line : Line
        The link.
    inbox : Inbox
        Where the notifications of the link arrive.
    name : str
        The sensor, for messages.
    sleep : callable
        Waits for so many seconds.

    Returns
    -------
    object
        What the conversation returns.

    Raises
    ------
    LinkError
        Where a step fails or a question stays without an answer.
    SensorRefusedError
        Where the conversation says so.
    """
    answer: bytes | None = None
    try:
        step = next(conversation)
        while True:
            try:
                answer = await _STEPS[type(step)](step, _Talk(line, inbox, name, sleep))
            except LinkError as error:
                # Into the conversation, so that it may clean up; it comes out again.
                step = conversation.throw(error)
            else:
                step = conversation.send(answer)
    except StopIteration as end:
        outcome: _Outcome = end.value
        return outcome
    finally:
        conversation.close()


class _Talk:
    """A link with its inbox, and one way to do each kind of step."""

    def __init__(
        self, line: Line, inbox: Inbox, name: str, sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self._line = line
        self._inbox = inbox
        self._name = name
        self._sleep = sleep

    async def subscribe(self, step: Subscribe) -> None:
        await self._line.subscribe(step.characteristic)

    async def unsubscribe(self, step: Unsubscribe) -> None:
        await self._line.unsubscribe(step.characteristic)

    async def write(self, step: Write) -> None:
        self._inbox.begin_anew()
        await self._line.write(step.characteristic, step.data, response=step.response)

    async def read(self, step: Read) -> bytes | None:
        if step.optional and not self._line.has(step.characteristic):
            return None
        return await self._line.read(step.characteristic)

    async def ask(self, step: Ask) -> bytes | None:
        self._inbox.begin_anew()
        await self._line.write(step.characteristic, step.data, response=True)
        reply = await self._inbox.answer(step, lambda: self._line.is_open)
        if reply is None and not step.optional:
            raise LinkError(
                f"{self._name} gave no answer within {step.timeout_s:g} s when asked to "
                f"{step.what}; come nearer, close its phone app, or switch it off and on"
            )
        return reply

    async def pause(self, step: Pause) -> None:
        await self._sleep(step.duration_s)


_Do: TypeAlias = Callable[[Any, _Talk], Awaitable[bytes | None]]
_STEPS: Final[Mapping[type[Step], _Do]] = MappingProxyType(
    {
        Subscribe: lambda step, talk: talk.subscribe(step),
        Unsubscribe: lambda step, talk: talk.unsubscribe(step),
        Write: lambda step, talk: talk.write(step),
        Read: lambda step, talk: talk.read(step),
        Ask: lambda step, talk: talk.ask(step),
        Pause: lambda step, talk: talk.pause(step),
    }
)
