"""Steps of a conversation over a link that is a list."""

from __future__ import annotations

import asyncio

import pytest

from devices.link.conversation import Inbox, converse
from devices.profile import (
    Ask,
    Pause,
    Read,
    Started,
    StreamSettings,
    Subscribe,
    Unsubscribe,
    Write,
)
from tremor.errors import LinkError, SensorRefusedError
from tremor.packets import Packet

CONTROL, DATA = "0000aaaa-0000-1000-8000-00805f9b34fb", "0000bbbb-0000-1000-8000-00805f9b34fb"
STARTED = Started(settings=StreamSettings(sampling_rate_hz=100.0))


class Line:
    """A link that notes what is done over it, and answers a write by notifications."""

    def __init__(self, inbox, replies=()):
        self.inbox = inbox
        self.replies = dict(replies)
        self.done = []
        self.is_open = True
        self.values = {CONTROL: b"\x0f\x05"}

    def notify(self, data, uuid=CONTROL):
        self.inbox.put(Packet(0.0, 0.0, uuid, data))

    def has(self, characteristic):
        return characteristic in self.values

    async def subscribe(self, characteristic):
        self.done.append(("subscribe", characteristic))

    async def unsubscribe(self, characteristic):
        self.done.append(("unsubscribe", characteristic))

    async def write(self, characteristic, data, *, response):  # noqa: ARG002
        self.done.append(("write", data, response))
        for reply in self.replies.get(data, ()):
            if reply is None:
                self.is_open = False
                self.inbox.wake()
            else:
                self.notify(reply)

    async def read(self, characteristic):
        self.done.append(("read", characteristic))
        if characteristic not in self.values:
            raise LinkError("no such thing")
        return self.values[characteristic]


def ask(data=b"\x01", **fields):
    fields = {
        "purpose": "start",
        "timeout_s": 0.2,
        "is_reply": lambda b: b[:1] == b"\xf0",
        **fields,
    }
    return Ask(CONTROL, data, CONTROL.upper(), **fields)


def talk(conversation, replies=(), line=None):
    waits_s = []

    async def sleep(duration_s):
        waits_s.append(duration_s)

    async def main():
        there = line or Line(Inbox(), replies)
        there.inbox = Inbox()
        there.waits_s = waits_s
        outcome = await converse(conversation(), there, there.inbox, name="Strap", sleep=sleep)
        return outcome, there

    return asyncio.run(main())


def test_steps_are_done_in_order_and_what_is_returned_comes_out():
    def conversation():
        yield Subscribe(CONTROL)
        assert (yield Read(CONTROL)) == b"\x0f\x05"
        assert (yield Read(DATA, optional=True)) is None
        assert (yield Write(CONTROL, b"\x07", response=False)) is None
        yield Pause(0.1)
        yield Unsubscribe(CONTROL)
        return STARTED

    outcome, line = talk(conversation)
    assert outcome is STARTED
    assert line.done == [
        ("subscribe", CONTROL),
        ("read", CONTROL),
        ("write", b"\x07", False),
        ("unsubscribe", CONTROL),
    ]
    assert line.waits_s == [0.1]


def test_answer_is_told_from_other_notifications():
    def conversation():
        return (yield ask())

    outcome, _ = talk(conversation, {b"\x01": [b"\x02data", b"", b"\xf0yes", b"\xf0later"]})
    assert outcome == b"\xf0yes"


def test_notification_of_before_is_no_answer():
    line = Line(Inbox())

    def conversation():
        line.notify(b"\xf0old")
        with pytest.raises(LinkError):
            yield ask()
        return (yield ask(b"\x02"))

    line.replies = {b"\x02": [b"\xf0new"]}
    outcome, _ = talk(conversation, line=line)
    assert outcome == b"\xf0new"


def test_answer_in_parts_is_whole_when_the_sensor_file_says_so():
    def whole(parts):
        return b"".join(parts) if parts[-1].endswith(b".") else None

    def conversation():
        return (yield ask(assemble=whole))

    outcome, _ = talk(conversation, {b"\x01": [b"\xf0a", b"\x02other", b"\xf0b", b"\xf0."]})
    assert outcome == b"\xf0a\xf0b\xf0."


def test_no_answer_is_told_with_what_was_asked():
    def conversation():
        yield ask(purpose="start the accelerometer")

    with pytest.raises(LinkError, match=r"Strap gave no answer within 0\.2 s when asked to start"):
        talk(conversation)


def test_no_answer_to_what_need_not_be_answered_is_none():
    def conversation():
        return (yield ask(optional=True))

    outcome, _ = talk(conversation)
    assert outcome is None


def test_link_that_is_lost_meanwhile_is_told_at_once():
    def conversation():
        yield ask(timeout_s=60.0)

    with pytest.raises(LinkError, match="the link was lost when asked to start"):
        talk(conversation, {b"\x01": [None]})


def test_step_that_fails_comes_into_the_conversation_which_may_go_on():
    def conversation():
        try:
            yield Read(DATA)
        except LinkError:
            yield Write(CONTROL, b"\x09")
        return "on"

    outcome, line = talk(conversation)
    assert outcome == "on"
    assert line.done[-1] == ("write", b"\x09", True)


def test_refusal_comes_out_and_the_conversation_is_closed():
    closed = []

    def conversation():
        try:
            yield Subscribe(CONTROL)
            raise SensorRefusedError("no")
        finally:
            closed.append(True)

    with pytest.raises(SensorRefusedError, match="no"):
        talk(conversation)
    assert closed == [True]


def test_stream_is_what_came_since_the_last_order():
    async def main():
        inbox = Inbox()
        line = Line(inbox, {b"\x01": [b"\xf0ok", b"\x02first"]})
        line.notify(b"\x02stale")

        def conversation():
            yield Write(CONTROL, b"\x00")
            line.notify(b"\x02between")
            yield ask()
            yield Read(CONTROL)

        await converse(conversation(), line, inbox, name="Strap")
        line.notify(b"\x02second")
        return [packet.data for packet in inbox.packets[inbox.n_before_request :]]

    assert asyncio.run(main()) == [b"\xf0ok", b"\x02first", b"\x02second"]
