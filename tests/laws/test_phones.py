"""Laws for sensors in a network: whatever comes is a packet error, or samples in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rigs.phones import PhyphoxPhone, SensorLoggerPhone

from devices import PROFILES
from devices.profile import Read
from devices.sensors import lsl
from devices.sensors.phyphox import DATA, TIME
from devices.sensors.sensor_logger import MESSAGES
from tremor.errors import PacketError, TremorError


def phyphox_bodies():
    phone = PhyphoxPhone()
    phone.start()
    bodies = []
    for _ in range(6):
        phone.now_s += 0.1
        query = "acc_time=full&accX=full&accY=full&accZ=full"
        bodies.append((DATA, phone.answer(f"/get?{query}")[1]))
    phone.pause()
    phone.now_s += 3.0
    phone.start()
    phone.now_s += 0.2
    bodies.append((TIME, phone.answer("/time")[1]))
    bodies.append((DATA, phone.answer(f"/get?{query}")[1]))
    phone.clear()
    phone.now_s += 0.2
    return [*bodies, (DATA, phone.answer(f"/get?{query}")[1])]


def sensor_logger_bodies():
    phone = SensorLoggerPhone(batch_s=0.1)
    bodies = [(MESSAGES, phone.message()[1]) for _ in range(8)]
    phone.restart()
    return bodies + [(MESSAGES, phone.message()[1]) for _ in range(3)]


def lsl_bodies():
    def samples(first):
        times_s = [7.0 + (first + row) / 100.0 for row in range(10)]
        return lsl.encode_samples(times_s, [(0.1, 0.2, 9.81)] * 10)

    return [(lsl.DATA, samples(first)) for first in (*range(0, 60, 10), 30, 90, 400)]


INFO = lsl.encode_info(rate_hz=100.0, labels=("acc_x", "acc_y", "acc_z"), units=("m/s^2",) * 3)
BODIES = {
    "phyphox": phyphox_bodies(),
    "sensor-logger": sensor_logger_bodies(),
    "lsl": lsl_bodies(),
}
#: What stands in place of a piece of a body.
PIECES = [
    b"",
    b"null",
    b"1e400",
    b"-1e308",
    b"9" * 400,
    b"{}",
    b"[]",
    b'"x"',
    b"true",
    b"NaN",
    b",",
]


def test_every_phone_is_tried():
    assert set(BODIES) == {slug for slug, one in PROFILES.items() if one.address_form}


def damaged(body, place, length, piece):
    at = place % (len(body) + 1)
    return body[:at] + piece + body[at + length :]


def steps_of(slug):
    whole = st.sampled_from(BODIES[slug])
    other = st.builds(
        lambda one, *damage: (one[0], damaged(one[1], *damage)),
        whole,
        st.integers(0, 20_000),
        st.integers(0, 30),
        st.sampled_from(PIECES),
    )
    return st.lists(
        st.tuples(st.one_of(whole, other, st.none()), st.floats(0.0, 30.0)), max_size=14
    )


@pytest.mark.parametrize("slug", BODIES)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_it_is_a_packet_error_or_samples_in_order(slug, data):
    one, twin = (PROFILES[slug].decoder() for _ in range(2))
    arrival_s, end = 0.0, 0
    for step, after_s in data.draw(steps_of(slug)):
        arrival_s += after_s
        if step is None:
            one.restart()
            twin.restart()
            continue
        try:
            blocks = one.feed(*step, arrival_s)
        except PacketError:
            with pytest.raises(PacketError):
                twin.feed(*step, arrival_s)
            continue
        for block, again in zip(blocks, twin.feed(*step, arrival_s), strict=True):
            assert block.first_index == again.first_index >= end
            np.testing.assert_array_equal(block.acceleration_ms2, again.acceleration_ms2)
            assert np.isfinite(block.acceleration_ms2).all()
            end = block.first_index + len(block.acceleration_ms2)
        assert one.n_rejected >= 0


@pytest.mark.parametrize("slug", BODIES)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_it_answers_the_start_ends_well_or_says_why(slug, data):
    phone = PhyphoxPhone()
    right = iter([])

    def answer(path):
        nonlocal right
        if slug == "phyphox":
            phone.now_s += 0.5
            return phone.answer(path)[1]
        if slug == "lsl":
            return INFO
        if (body := next(right, None)) is None:
            right = iter([body for _, body in BODIES[slug]])
            body = next(right)
        return body

    conversation, reply = PROFILES[slug].start(PROFILES[slug].settings()), None
    n_damaged, reason = 0, "none"
    try:
        while True:
            step = conversation.send(reply)
            reply = None
            if isinstance(step, Read):
                reply = answer(step.characteristic)
                if n_damaged < 3 and data.draw(st.booleans()):
                    n_damaged += 1
                    damage = (st.integers(0, 20_000), st.integers(0, 30), st.sampled_from(PIECES))
                    reply = damaged(reply, *(data.draw(one) for one in damage))
    except StopIteration as outcome:
        granted = outcome.value.settings
        assert 0.0 < granted.sampling_rate_hz < 1e6
        PROFILES[slug].decoder(
            sampling_rate_hz=granted.sampling_rate_hz, range_g=granted.range_g, **granted.options
        )
    except TremorError as error:
        reason = str(error)
    assert reason
    assert "\n" not in reason
