"""phyphox from its documented protocol, without a network: every sample in its place."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from rigs.phones import EPOCH_S, PhyphoxPhone, indices_of, positions_of

from devices.profile import Pause, Read
from devices.sensors.phyphox import DATA, PROFILE, TIME, Poll, read_answer, read_time
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError

NAMES = ("accX", "accY", "accZ", "acc_time")


def started(phone, **options):
    """Start over the protocol, and return the outcome."""
    conversation, reply = PROFILE.start(PROFILE.settings(**options)), None
    while True:
        try:
            step = conversation.send(reply)
        except StopIteration as end:
            return end.value
        reply = None
        if isinstance(step, Pause):
            phone.now_s += step.duration_s
        elif isinstance(step, Read):
            status, body = phone.answer(step.characteristic)
            reply = body if status == 200 else None


class Reader:
    """Polls a phone in its own time, as the network does."""

    def __init__(self, phone, **options):
        self.phone = phone
        self.started = started(phone, **options)
        self.poll = Poll(self.started.settings)
        self.decoder = PROFILE.make_decoder(self.started.settings)
        self.packets, self.blocks = [], []
        self.n_times = 0

    def feed(self, path, body):
        self.packets.append((path, body, self.phone.now_s))
        self.blocks += self.decoder.feed(path, body, self.phone.now_s)

    def ask(self, after_s=0.2):
        phone, poll = self.phone, self.poll
        phone.now_s += after_s
        for _ in range(2):
            _, body = phone.answer(poll.path())
            answer = poll.read(body)
            if poll.is_usable(answer):
                break
            poll.forget(answer)
        if not poll.is_usable(answer):
            return
        if not poll.has_new(answer) and answer.is_measuring:
            return
        asks_time = poll.needs_time(answer, phone.now_s)
        if asks_time:
            status, times = phone.answer("/time")
            self.n_times += 1
            if status == 200:
                self.feed(TIME, times)
        poll.accept(answer, phone.now_s, asked_time=asks_time)
        self.feed(DATA, body)

    def ask_for(self, duration_s):
        until_s = self.phone.now_s + duration_s
        while self.phone.now_s < until_s:
            self.ask()

    def check(self):
        """Check that each sample is in its place, and return the indices."""
        indices, positions = indices_of(self.blocks), positions_of(self.blocks)
        assert [one - indices[0] for one in indices] == positions
        assert all(after > before for before, after in pairwise(indices))
        return indices


@pytest.mark.parametrize("rate_hz", [60.0, 99.7, 208.9, 416.3])
def test_every_sample_comes_once_and_in_its_place(rate_hz):
    reader = Reader(PhyphoxPhone(rate_hz=rate_hz))
    reader.ask_for(8.0)
    indices = reader.check()
    assert indices == list(range(indices[0], indices[-1] + 1))
    assert len(indices) > 7.5 * rate_hz
    assert reader.started.settings.sampling_rate_hz == pytest.approx(rate_hz, rel=2e-3)


@pytest.mark.parametrize("ago_s", [95.0, 995.0, 9990.0])
def test_eight_digits_neither_repeat_nor_skip_a_row_when_they_grow_short(ago_s):
    phone = PhyphoxPhone(rate_hz=208.0)
    phone.start()
    begun_s, _, _ = phone.runs[0]
    phone.runs = [(begun_s + ago_s, 0.0, None)]  # a measurement that has run for so long
    phone.events = [("START", 0.0, -ago_s)]
    reader = Reader(phone)
    reader.ask_for(15.0)
    indices = reader.check()
    assert indices == list(range(indices[0], indices[-1] + 1))
    assert phone.commands == []


def test_drop_out_loses_nothing_and_a_pause_is_a_true_gap():
    phone = PhyphoxPhone()
    reader = Reader(phone)
    reader.ask_for(20.0)
    reader.ask(after_s=47.0)  # out of reach
    reader.ask_for(5.0)
    before = reader.check()
    assert before == list(range(before[0], before[-1] + 1))
    phone.pause()
    paused_s = phone.now_s
    reader.ask_for(1.0)
    phone.now_s += 31.4
    phone.start()
    resumed_s = phone.now_s
    reader.ask_for(5.0)
    indices = reader.check()
    gaps = [(one, other) for one, other in pairwise(indices) if other != one + 1]
    assert len(gaps) == 1
    last, first = gaps[0]
    assert last / phone.rate_hz == pytest.approx(paused_s, abs=0.02)
    assert first / phone.rate_hz == pytest.approx(resumed_s, abs=0.02)


def test_pause_between_two_requests_is_placed_by_the_clock_of_the_phone():
    phone = PhyphoxPhone()
    reader = Reader(phone)
    reader.ask_for(10.0)
    assert reader.n_times == 1
    phone.pause()
    phone.now_s += 0.7
    phone.start()
    reader.ask_for(10.0)
    indices = reader.check()
    steps = [other - one for one, other in pairwise(indices)]
    assert sorted(steps)[-2:] == [1, pytest.approx(0.7 * phone.rate_hz, abs=2)]
    assert reader.n_times == 2


def test_pause_within_a_drop_out_is_placed_by_the_clock_of_the_phone():
    phone = PhyphoxPhone()
    reader = Reader(phone)
    reader.ask_for(10.0)
    phone.now_s += 12.0
    phone.pause()
    phone.now_s += 20.0
    phone.start()
    reader.ask(after_s=9.0)
    reader.ask_for(3.0)
    indices = reader.check()
    steps = [other - one for one, other in pairwise(indices)]
    assert sorted(steps)[-2:] == [1, pytest.approx(20.0 * phone.rate_hz, abs=2)]


@pytest.mark.parametrize("forces_full", [True, False])
@pytest.mark.parametrize("renews_session", [True, False])
def test_cleared_buffers_are_void_and_read_anew(renews_session, forces_full):
    phone = PhyphoxPhone(renews_session=renews_session, forces_full=forces_full)
    reader = Reader(phone)
    reader.ask_for(30.0)
    phone.clear()
    reader.ask_for(10.0)
    indices = reader.check()
    assert indices[-1] - indices[0] + 1 - len(indices) <= 2  # the moment of clearing
    assert len(indices) > 39.0 * phone.rate_hz


def test_an_app_without_times_is_placed_by_the_clock_of_the_host():
    phone = PhyphoxPhone(has_time=False)
    reader = Reader(phone)
    reader.ask_for(20.0)
    phone.pause()
    reader.ask_for(1.0)
    phone.now_s += 30.0
    phone.start()
    reader.ask_for(5.0)
    indices, positions = indices_of(reader.blocks), positions_of(reader.blocks)
    assert indices == sorted(set(indices))
    off = [one - indices[0] - place for one, place in zip(indices, positions, strict=True)]
    assert max(map(abs, off)) < 0.5 * phone.rate_hz
    assert reader.n_times <= 6  # and not with each request


def test_clock_of_the_phone_that_is_set_back_in_a_pause_loses_nothing():
    phone = PhyphoxPhone()
    reader = Reader(phone)
    reader.ask_for(20.0)
    phone.pause()
    reader.ask_for(5.0)
    phone.start()
    phone.events[-1] = (*phone.events[-1][:2], phone.events[-1][2] - 30.0)
    reader.ask_for(5.0)
    indices, positions = indices_of(reader.blocks), positions_of(reader.blocks)
    assert len(indices) > 24.0 * phone.rate_hz
    off = [one - indices[0] - place for one, place in zip(indices, positions, strict=True)]
    assert max(map(abs, off)) < 0.5 * phone.rate_hz


def test_late_answer_after_a_pause_is_placed_by_the_clock_of_the_phone():
    phone = PhyphoxPhone()
    reader = Reader(phone)
    reader.ask_for(10.0)
    phone.pause()
    phone.now_s += 20.0
    phone.start()
    phone.now_s += 15.0
    now_s, answer = phone.now_s, phone.answer

    def slow(path):  # a long answer takes its time over a weak Wi-Fi
        status, body = answer(path)
        phone.now_s = now_s + 9.0
        return status, body

    phone.answer = slow
    reader.ask()
    phone.answer = answer
    reader.ask_for(3.0)
    reader.check()


def test_value_that_is_missing_is_a_gap_of_one():
    phone = PhyphoxPhone(nulls={(700, 1), (900, 0)})
    reader = Reader(phone)
    reader.ask_for(12.0)
    indices = reader.check()
    assert set(range(indices[0], indices[-1] + 1)) - set(indices) == {700, 900}
    assert reader.decoder.n_rejected == 2


def test_same_bodies_give_the_same_blocks():
    reader = Reader(PhyphoxPhone())
    reader.ask_for(6.0)
    options = reader.started.settings.options
    rate_hz = reader.started.settings.sampling_rate_hz
    again = PROFILE.decoder(sampling_rate_hz=rate_hz, range_g=8.0, **options)
    blocks = [block for packet in reader.packets for block in again.feed(*packet)]
    for one, other in zip(blocks, reader.blocks, strict=True):
        assert one.first_index == other.first_index
        np.testing.assert_array_equal(one.acceleration_ms2, other.acceleration_ms2)
        np.testing.assert_array_equal(one.device_time_s, other.device_time_s)


def test_samples_bear_the_time_of_the_phone():
    reader = Reader(PhyphoxPhone())
    reader.ask_for(3.0)
    block = reader.blocks[-1]
    index = indices_of([block])[0]
    assert block.device_time_s[0] == pytest.approx(EPOCH_S + index / 99.7, abs=2e-3)


def test_measurement_is_started_only_if_it_does_not_run_or_it_is_asked_for():
    def commands(*, runs, **options):
        phone = PhyphoxPhone()
        if runs:
            phone.start()
            phone.now_s += 5.0
        settings = started(phone, **options).settings
        stop = [step.characteristic for step in PROFILE.stop(settings)]
        return phone.commands, stop

    assert commands(runs=False) == (["cmd=start"], ["/control?cmd=stop"])
    assert commands(runs=True) == ([], [])
    assert commands(runs=True, start="yes") == (["cmd=start"], ["/control?cmd=stop"])
    with pytest.raises(SensorRefusedError, match="press play on the phone"):
        commands(runs=False, start="no")


def test_start_tells_the_phone_its_range_and_whether_gravity_is_in():
    outcome = started(PhyphoxPhone())
    assert outcome.settings.range_g == pytest.approx(8.0, abs=1e-3)
    assert "phone Pixel 9" in outcome.notes
    assert not any("without gravity" in note for note in outcome.notes)
    linear = PhyphoxPhone(source="linear_acceleration", names=("lx", "ly", "lz", "lt"))
    outcome = started(linear)
    assert outcome.settings.options["buffers"] == "lx,ly,lz,lt"
    assert any("without gravity" in note for note in outcome.notes)
    assert outcome.settings.range_g is None


def test_another_experiment_is_refused_with_what_to_open():
    phone = PhyphoxPhone(source="magnetic_field", names=("mX", "mY", "mZ", "m_time"))
    with pytest.raises(SensorRefusedError, match=r"open 'Acceleration \(with g\)'"):
        started(phone)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start": "later"}, "choose one of auto, yes, no"),
        ({"buffers": "a,b,c"}, "give the names of x, y, z and time"),
        ({"buffers": "a,b,c,d&e"}, "letters, digits and _ only"),
        ({"gravity": "some"}, "choose one of yes, no"),
        ({"speed": "2"}, "no option 'speed'"),
    ],
)
def test_options_are_checked(options, says):
    with pytest.raises(InvalidInputError, match=says):
        PROFILE.settings(**options)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"buffer": {}}',
        b'{"buffer": {"accX": 3}, "status": {"session": "a", "measuring": true}}',
        b'{"buffer": [], "status": {"session": "a", "measuring": true}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_answer_is_a_packet_error(body):
    with pytest.raises(PacketError, match="came"):
        read_answer(body, NAMES)
    with pytest.raises(PacketError, match="came"):
        PROFILE.decoder().feed(DATA, body, 0.0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}x",
        b"3",
        b'[{"event": "START"}]',
        b'[{"event": "START", "experimentTime": "x", "systemTime": 1}]',
        b'[{"event":"START","experimentTime":NaN,"systemTime":1}]',
    ],
)
def test_what_is_no_list_of_times_is_a_packet_error(body):
    with pytest.raises(PacketError, match="came"):
        read_time(body)


def test_times_before_a_clearing_are_void():
    events = [("START", 0.0, 1.0), ("CLEAR", 0.0, 5.0), ("START", 0.0, 6.0), ("PAUSE", 2.0, 8.0)]
    body = json.dumps(
        [{"event": kind, "experimentTime": t, "systemTime": s} for kind, t, s in events]
    )
    assert read_time(body.encode()) == ((0.0, 6.0),)


def test_times_in_ms_are_taken_as_such():
    body = b'[{"event": "START", "experimentTime": 2.5, "systemTime": 1790000000250}]'
    assert read_time(body) == ((2.5, 1_790_000_000.25),)


def test_other_sensors_of_the_experiment_are_named_and_left_out():
    others = [{"source": "gyroscope", "outputs": [{"x": "gyrX"}, {"t": "gyr_time"}]}]

    class WithGyroscope(PhyphoxPhone):
        def _config(self):
            config = json.loads(super()._config())
            return json.dumps({**config, "inputs": [*config["inputs"], *others]})

    assert "left out of what it records: gyroscope" in started(WithGyroscope()).notes
    assert not any("left out" in note for note in started(PhyphoxPhone()).notes)
