"""Sensor Logger from its documented messages, without a network: every sample in its place."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import numpy as np
import pytest
from rigs.phones import GRAVITY_MS2, SensorLoggerPhone, indices_of, positions_of

from devices.profile import Read
from devices.sensors.sensor_logger import MESSAGES, PROFILE, read_message
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError


def started(bodies, **options):
    conversation, reply = PROFILE.start(PROFILE.settings(**options)), None
    while True:
        try:
            step = conversation.send(reply)
        except StopIteration as end:
            return end.value
        assert step == Read(MESSAGES)
        reply = next(bodies)


def bodies_of(phone):
    while True:
        yield phone.message()[1]


def some(n, phone):
    return [phone.message()[1] for _ in range(n)]


class Listener:
    """Receives messages of a phone in its own time."""

    def __init__(self, phone, **options):
        self.phone = phone
        self.started = started(bodies_of(phone), **options)
        self.decoder = PROFILE.make_decoder(self.started.settings)
        self.blocks, self.n_refused = [], 0

    def take(self, body, *, after_s=0.05):
        try:
            self.blocks += self.decoder.feed(MESSAGES, body, self.phone.now_s + after_s)
        except PacketError:
            self.n_refused += 1

    def check(self):
        indices, positions = indices_of(self.blocks), positions_of(self.blocks)
        assert [one - indices[0] for one in indices] == positions
        assert all(after > before for before, after in pairwise(indices))
        return indices


SENDS = {
    "total": ("totalacceleration", "accelerometer", "gravity"),
    "sum": ("accelerometer", "gravity"),
}


@pytest.mark.parametrize("rate_hz", [60.0, 99.4, 209.0])
@pytest.mark.parametrize("signal", SENDS)
def test_every_sample_comes_once_with_gravity(signal, rate_hz):
    listener = Listener(SensorLoggerPhone(rate_hz=rate_hz, sends=SENDS[signal]))
    assert listener.started.settings.options == {"signal": signal}
    assert listener.started.settings.sampling_rate_hz == pytest.approx(rate_hz, rel=2e-3)
    for body in some(20, listener.phone):
        listener.take(body)
    indices = listener.check()
    assert indices == list(range(indices[0], indices[-1] + 1))
    assert len(indices) == pytest.approx(20.0 * rate_hz, abs=1)
    heights = np.concatenate([block.acceleration_ms2[:, 2] for block in listener.blocks])
    np.testing.assert_allclose(heights, GRAVITY_MS2, atol=1e-3)


def test_gravity_of_another_rate_is_taken_at_the_time_of_each_sample():
    phone = SensorLoggerPhone(rate_hz=100.3, gravity_rate_hz=50.1)
    listener = Listener(phone)
    for body in some(10, phone):
        listener.take(body)
    listener.check()


def test_without_gravity_it_is_said_and_can_be_asked_for():
    outcome = started(bodies_of(SensorLoggerPhone(sends=("accelerometer",))))
    assert outcome.settings.options == {"signal": "linear"}
    assert any("switch on 'Gravity'" in note for note in outcome.notes)
    outcome = started(bodies_of(SensorLoggerPhone()), signal="linear")
    assert outcome.settings.options == {"signal": "linear"}
    with pytest.raises(SensorRefusedError, match="not enough of totalacceleration"):
        started(bodies_of(SensorLoggerPhone()), signal="total")
    with pytest.raises(SensorRefusedError, match="switch on 'Total Acceleration'"):
        started(bodies_of(SensorLoggerPhone(sends=())))
    with pytest.raises(InvalidInputError, match="choose one of auto, total, sum, linear"):
        PROFILE.settings(signal="raw")


def test_lost_messages_are_true_gaps_and_repeated_ones_count_once():
    phone, rng = SensorLoggerPhone(), random.Random(3)
    listener = Listener(phone)
    lost, n_repeated = [], 0
    for _ in range(120):
        begin_s = phone.now_s
        _, body = phone.message()
        if rng.random() < 0.1 and begin_s < 110.0:
            lost.append((begin_s, phone.now_s))
            continue
        listener.take(body)
        if rng.random() < 0.1:
            n_repeated += 1
            listener.take(body)
    indices = set(listener.check())
    gone = set(range(min(indices), max(indices) + 1)) - indices
    times_s = [index / phone.rate_hz for index in sorted(gone)]
    assert len(gone) == pytest.approx(len(lost) * phone.rate_hz, abs=len(lost))
    assert all(any(a - 1e-9 <= t < b + 1e-9 for a, b in lost) for t in times_s)
    assert listener.n_refused == 0 < n_repeated


def test_messages_out_of_order_are_put_in_order():
    phone = SensorLoggerPhone(batch_s=0.2)
    listener = Listener(phone)
    bodies = [phone.message()[1] for _ in range(60)]
    for first in range(0, 60, 3):
        for k in (1, 2, 0):
            listener.take(bodies[first + k] if first else bodies[k])
    indices = listener.check()
    # Of the first three it is not known that one before them is underway.
    assert indices == list(range(indices[0], indices[-1] + 1))
    assert listener.n_refused == 1


def test_new_recording_in_the_app_goes_on_and_the_old_one_is_over():
    phone = SensorLoggerPhone()
    listener = Listener(phone)
    for body in some(5, phone):
        listener.take(body)
    stale = phone.message()[1]
    phone.now_s += 7.0
    phone.restart()
    for body in some(5, phone):
        listener.take(body)
    listener.take(stale)
    assert listener.n_refused == 1
    indices = listener.check()
    steps = [after - before for before, after in pairwise(indices)]
    assert max(steps) == pytest.approx(8.0 * phone.rate_hz, abs=2)


def test_what_waits_for_a_lost_message_is_decoded_at_the_end_and_the_lost_one_is_too_late():
    phone = SensorLoggerPhone()
    listener = Listener(phone)
    bodies = some(8, phone)
    for body in bodies[:5] + bodies[6:]:
        listener.take(body)
    n_before = len(indices_of(listener.blocks))
    listener.blocks += listener.decoder.finish()
    assert listener.decoder.finish() == []
    indices = listener.check()
    assert len(indices) - n_before == pytest.approx(2 * phone.rate_hz, abs=1)
    assert len(set(range(indices[0], indices[-1] + 1)) - set(indices)) == pytest.approx(
        phone.rate_hz, abs=1
    )
    for body in some(5, phone):
        listener.take(body)
    listener.take(bodies[7])  # sent again: it came before
    assert listener.n_refused == 0
    phone.message()
    for body in some(6, phone):
        listener.take(body)
    listener.check()
    assert listener.n_refused == 0


def test_what_else_is_sent_is_named_and_left_out():
    def bodies(document):
        while True:
            document["messageId"] += 1
            yield json.dumps(document).encode()

    gyroscope = {"name": "gyroscope", "time": 1, "values": {"x": 0, "y": 0, "z": 0}}
    document = {"messageId": 0, "sessionId": "a", "deviceId": "b", "payload": [gyroscope]}
    with pytest.raises(SensorRefusedError, match=r"it sends gyroscope.*Total Acceleration"):
        started(bodies(document))
    phone = SensorLoggerPhone()

    def with_gyroscope():
        while True:
            one = json.loads(phone.message()[1])
            yield json.dumps({**one, "payload": [*one["payload"], gyroscope]}).encode()

    assert "left out of what it sends: gyroscope" in started(with_gyroscope()).notes
    assert not any("left out" in note for note in started(bodies_of(SensorLoggerPhone())).notes)


def test_times_in_another_unit_are_said():
    phone = SensorLoggerPhone()

    def in_seconds():
        while True:
            one = json.loads(phone.message()[1])
            payload = [{**item, "time": item["time"] / 1e9} for item in one["payload"]]
            yield json.dumps({**one, "payload": payload}).encode()

    with pytest.raises(SensorRefusedError, match=r"not in nanoseconds.*export a CSV"):
        started(in_seconds())


def test_another_phone_is_refused():
    listener = Listener(SensorLoggerPhone())
    listener.take(listener.phone.message()[1])
    listener.take(SensorLoggerPhone(device="phone-2").message()[1])
    assert listener.n_refused == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"3",
        b"[" * 100_000,
        b'{"messageId": "1", "sessionId": "a", "deviceId": "b", "payload": []}',
        b'{"messageId": 1, "sessionId": "a", "deviceId": "b", "payload": {}}',
        b'{"messageId": 1, "sessionId": "a", "deviceId": "b", "payload": [{"name": "gravity"}]}',
        json.dumps(
            {
                "messageId": 1,
                "sessionId": "a",
                "deviceId": "b",
                "payload": [{"name": "gravity", "time": 1e400, "values": {"x": 0, "y": 0, "z": 0}}],
            }
        ).encode(),
    ],
)
def test_what_is_no_message_is_a_packet_error(body):
    with pytest.raises(PacketError, match="no message of Sensor Logger"):
        read_message(body)


def test_samples_that_cannot_be_are_left_out():
    phone = SensorLoggerPhone(sends=("totalacceleration",))
    listener = Listener(phone)
    document = json.loads(phone.message()[1])
    values = [one for one in document["payload"] if one["name"] == "TotalAcceleration"]
    values[0]["values"]["x"], values[1]["values"]["y"] = 1e30, float("nan")
    listener.take(json.dumps(document).encode())
    listener.take(phone.message()[1])
    indices = listener.check()
    assert len(indices) == pytest.approx(2 * phone.rate_hz - 2, abs=1)
    assert listener.decoder.n_rejected == 2


def test_gravity_that_comes_a_message_later_is_awaited():
    phone = SensorLoggerPhone(sends=("accelerometer",), batch_s=1.0)

    def bodies():
        yield phone.message()[1]
        phone.sends = ("accelerometer", "gravity")
        yield from bodies_of(phone)

    assert started(bodies()).settings.options == {"signal": "sum"}


@pytest.mark.parametrize("by_s", [-20.0, -400.0])
def test_clock_of_the_phone_that_is_set_back_loses_nothing(by_s):
    phone = SensorLoggerPhone()
    listener = Listener(phone)
    for body in some(30, phone):
        listener.take(body)
    before = listener.check()
    documents = [json.loads(body) for body in some(10, phone)]
    for k, document in enumerate(documents):
        for item in document["payload"]:
            item["time"] += int(by_s * 1e9)
        arrival_s = phone.now_s - 9.0 + k + 0.05
        listener.blocks += listener.decoder.feed(MESSAGES, json.dumps(document).encode(), arrival_s)
    indices, positions = indices_of(listener.blocks), positions_of(listener.blocks)
    assert len(indices) - len(before) == pytest.approx(10.0 * phone.rate_hz, abs=1)
    off = [one - indices[0] - place for one, place in zip(indices, positions, strict=True)]
    assert max(map(abs, off)) < 0.2 * phone.rate_hz
