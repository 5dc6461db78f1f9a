"""Laws for every sensor of the table."""

from __future__ import annotations

import importlib
import math
import pkgutil
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rigs.captures import decodable_packets, examples

from devices import PROFILES, sensors
from devices.catalog import profile_of
from devices.decoding.uuids import BATTERY_LEVEL, HEART_RATE_SERVICE, assigned_uuid
from devices.profile import Advertisement, Ask, Read, SensorProfile, Started, Subscribe
from tremor.errors import InvalidInputError, LinkError, PacketError, TremorError
from tremor.units import STANDARD_GRAVITY_MS2

#: Sensors with a radio; others send no packets.
EXAMPLES = examples()
RADIO = [slug for slug, profile in PROFILES.items() if profile.services]
LATE_S = 0.03
#: Other devices.
STRANGERS = (
    Advertisement(),
    Advertisement("Polar H9 0A1B2C3D", (HEART_RATE_SERVICE,), (0x6B,)),
    Advertisement("", (HEART_RATE_SERVICE,), (0x6B,)),
    Advertisement("Suunto 9", (assigned_uuid(0xFDF3),), (0x9F,)),
    Advertisement("WTVB01-BT50", ("0000ffe5-0000-1000-8000-00805f9a34fb",)),
    Advertisement("HMSoft", (assigned_uuid(0xFFE0),)),
    Advertisement("WTA Tennis Watch"),
    Advertisement("InfiniTime"),
    Advertisement("Phone", (), (0x004C,)),
)


class Stream:
    """Packets of a sensor at rest, or of given samples."""

    def __init__(self, slug, *, off=1.0):
        self.profile, self.example = PROFILES[slug], EXAMPLES[slug]
        self.decoder = self.profile.decoder(**self.example.options)
        self.rate_hz = self.profile.default_rate_hz * off
        self.n_rows = self.example.n_samples

    def packet(self, number, row=(0.0, 0.0, STANDARD_GRAVITY_MS2)):
        """Return one notification and its arrival time, s."""
        first_s = number * self.n_rows / self.rate_hz
        data = self.example.encode([row] * self.n_rows, first_s, self.rate_hz)
        return data, first_s + (self.n_rows - 1) / self.rate_hz + LATE_S

    def feed(self, number, **options):
        return self.decoder.feed(self.example.characteristic, *self.packet(number, **options))

    def numbers(self, duration_s):
        return range(math.ceil(duration_s * self.rate_hz / self.n_rows))


def same(one, other):
    return (
        one.first_index == other.first_index
        and one.arrival_s == other.arrival_s
        and np.array_equal(one.acceleration_ms2, other.acceleration_ms2)
        and (one.angular_velocity_deg_s is None) == (other.angular_velocity_deg_s is None)
        and (one.device_time_s is None) == (other.device_time_s is None)
        and (one.device_time_s is None or np.array_equal(one.device_time_s, other.device_time_s))
    )


def test_every_file_of_a_sensor_is_in_the_table_and_has_an_example():
    found = set()
    for module in pkgutil.iter_modules(sensors.__path__):
        profile = getattr(
            importlib.import_module(f"{sensors.__name__}.{module.name}"), "PROFILE", None
        )
        if isinstance(profile, SensorProfile):
            found.add(profile.slug)
            assert PROFILES[profile.slug] is profile
    assert found >= set(RADIO)
    assert set(EXAMPLES) == set(RADIO)


@pytest.mark.parametrize("slug", RADIO)
def test_it_recognises_its_own_advertisement_and_nobody_else_does(slug):
    for advertisement in EXAMPLES[slug].advertisements:
        assert profile_of(advertisement) is PROFILES[slug]
        others = [one.slug for one in PROFILES.values() if one.recognises(advertisement)]
        assert others == [slug]


@pytest.mark.parametrize("slug", RADIO)
def test_it_does_not_recognise_strangers(slug):
    for advertisement in STRANGERS:
        assert not PROFILES[slug].recognises(advertisement)


@pytest.mark.parametrize(
    ("slug", "packet"),
    list(decodable_packets()),
    ids=lambda one: one if isinstance(one, str) else one["hex"],
)
def test_captured_packets_decode_to_what_their_sources_state(slug, packet):
    expected = packet["expected"]
    decoder = PROFILES[slug].decoder(**EXAMPLES[slug].options)
    (block,) = decoder.feed(packet["characteristic"], bytes.fromhex(packet["hex"]), 0.0)
    acceleration_ms2 = np.array(expected["acceleration_g"]) * STANDARD_GRAVITY_MS2
    np.testing.assert_allclose(block.acceleration_ms2, acceleration_ms2, atol=1e-8)
    if "angular_velocity_deg_s" in expected:
        np.testing.assert_allclose(
            block.angular_velocity_deg_s, expected["angular_velocity_deg_s"], atol=1e-9
        )


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("slug", RADIO)
def test_gravity_reads_as_gravity_along_its_own_axis(slug, axis, sign):
    stream = Stream(slug)
    row = tuple(sign * STANDARD_GRAVITY_MS2 * (axis == one) for one in range(3))
    blocks = [block for number in stream.numbers(4.0) for block in stream.feed(number, row=row)]
    samples = np.concatenate([block.acceleration_ms2 for block in blocks])
    assert len(samples) > 2.0 * stream.rate_hz
    np.testing.assert_allclose(samples[:, axis], sign * STANDARD_GRAVITY_MS2, rtol=0.01)
    np.testing.assert_allclose(np.delete(samples, axis, axis=1), 0.0, atol=0.01)


@pytest.mark.parametrize("slug", RADIO)
def test_full_scale_is_reached_and_not_exceeded(slug):
    stream = Stream(slug)
    full_ms2 = stream.example.full_scale_g * STANDARD_GRAVITY_MS2
    largest = 0.0
    for number in stream.numbers(6.0):
        still = number * stream.n_rows < 4.0 * stream.rate_hz
        row = (0.0, 0.0, STANDARD_GRAVITY_MS2) if still else (full_ms2, -full_ms2, full_ms2)
        for block in stream.feed(number, row=row):
            largest = max(largest, float(np.abs(block.acceleration_ms2).max()))
    assert full_ms2 * 0.999 <= largest <= full_ms2 + stream.example.resolution_ms2
    default_g = stream.profile.default_range_g
    assert default_g is None or default_g == stream.example.full_scale_g


@pytest.mark.parametrize("off", [0.99, 1.0, 1.01])
@pytest.mark.parametrize("slug", RADIO)
def test_without_loss_the_count_has_no_gap(slug, off):
    stream, expected = Stream(slug, off=off), 0
    for number in stream.numbers(20.0):
        for block in stream.feed(number):
            assert block.first_index == expected
            expected += len(block.acceleration_ms2)
    assert expected > 18.0 * stream.rate_hz


@pytest.mark.parametrize("off", [0.99, 1.01])
@pytest.mark.parametrize("slug", RADIO)
def test_a_loss_is_told_or_is_said_not_to_be(slug, off):
    stream = Stream(slug, off=off)
    profile = stream.profile
    rule = profile.loss_rule(profile.settings(**stream.example.options))
    rng, n, n_sent, last = random.Random(5), 0, 0, None
    for number in stream.numbers(40.0):
        n_sent = (number + 1) * stream.n_rows
        if n_sent > 4.0 * stream.rate_hz and rng.random() < 0.05:
            continue
        for block in stream.feed(number):
            n += len(block.acceleration_ms2)
            last = block
    counted = last.first_index + len(last.acceleration_ms2)
    assert counted == (n_sent if rule.detects_loss else n)


@pytest.mark.parametrize("slug", RADIO)
def test_a_lost_link_is_a_jump_and_not_a_new_count(slug):
    stream = Stream(slug)
    numbers = list(stream.numbers(90.0))
    before = [
        block
        for number in numbers
        if number * stream.n_rows < 30 * stream.rate_hz
        for block in stream.feed(number)
    ]
    stream.decoder.restart()
    after = [
        block
        for number in numbers
        if number * stream.n_rows >= 60 * stream.rate_hz
        for block in stream.feed(number)
    ]
    end = before[-1].first_index + len(before[-1].acceleration_ms2)
    lost_s = (after[0].first_index - end) / stream.rate_hz
    # A stream that is found anew by its text or frames begins a little later.
    assert lost_s == pytest.approx(30.0, abs=0.5)
    last_s = (after[-1].first_index + len(after[-1].acceleration_ms2)) / stream.rate_hz
    assert last_s == pytest.approx(90.0, abs=0.5)


@pytest.mark.parametrize("slug", RADIO)
def test_the_same_packets_give_the_same_blocks(slug):
    one, other = Stream(slug), Stream(slug)
    for number in one.numbers(5.0):
        blocks, again = one.feed(number), other.feed(number)
        assert len(blocks) == len(again)
        assert all(same(*pair) for pair in zip(blocks, again, strict=True))


def test_the_table_loads_no_numbers_no_radio_and_no_event_loop():
    code = (
        "import sys, devices\n"
        "for one in devices.PROFILES.values(): one.settings()\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'bleak', 'asyncio', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("slug", PROFILES)
def test_its_facts_are_sane(slug):
    profile = PROFILES[slug]
    assert profile.slug == slug == slug.lower()
    assert profile.name
    assert profile.name_pattern
    for rates in (profile.rates_hz, profile.ranges_g):
        assert list(rates) == sorted(set(rates))
        assert all(0.0 < one < 5000.0 for one in rates)
    assert profile.default_rate_hz > 0.0
    assert not profile.rates_hz or profile.default_rate_hz in profile.rates_hz
    assert not profile.ranges_g or profile.default_range_g in profile.ranges_g
    for sentence in (profile.loss, *profile.remarks):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
    assert not profile.device_time.endswith(".")
    uuids = (*profile.services, *profile.data_characteristics, profile.battery_characteristic)
    for uuid in uuids:
        is_path = bool(profile.address_form) and uuid is not None and uuid.startswith("/")
        assert uuid is None or is_path or (len(uuid) == 36 and uuid == uuid.lower())
    assert not (profile.address_form and profile.services)
    assert profile.address_form.partition(":")[0].partition("[")[0] in ("", slug)
    assert ("cannot be told" in profile.loss) is not profile.detects_loss
    assert all(text and not text.endswith(".") for text in (profile.options or {}).values())


def replied(step, answers):
    """Return the reply of a sensor in good order."""
    data = answers.get(step.data if isinstance(step, Ask) else step.characteristic)
    if isinstance(step, Ask):
        assert step.purpose
        assert data is not None or step.optional, step
        assert data is None or step.is_reply(data), step
    return data


def talk(conversation, answer_of):
    steps, answer = [], None
    try:
        while len(steps) < 200:
            step = conversation.send(answer)
            steps.append(step)
            answer = answer_of(step) if isinstance(step, Ask | Read) else None
    except StopIteration as end:
        return steps, end.value
    raise AssertionError("the conversation does not end")


@pytest.mark.parametrize("slug", RADIO)
def test_it_starts_and_stops(slug):
    profile, example = PROFILES[slug], EXAMPLES[slug]
    wanted = profile.settings(**example.options)
    steps, started = talk(profile.start(wanted), lambda step: replied(step, example.replies))
    assert isinstance(started, Started)
    assert started.settings.sampling_rate_hz == wanted.sampling_rate_hz
    subscribed = {step.characteristic for step in steps if isinstance(step, Subscribe)}
    assert example.characteristic in subscribed
    assert example.characteristic in profile.data_characteristics
    assert all(note and not note.endswith(".") for note in started.notes)
    # The options that a recording keeps are enough to decode it again.
    granted = started.settings
    again = profile.decoder(
        sampling_rate_hz=granted.sampling_rate_hz,
        range_g=granted.range_g,
        gyro=granted.gyro,
        **granted.options,
    )
    live = profile.make_decoder(granted)
    stream = Stream(slug)
    for number in stream.numbers(4.0):
        packet = stream.packet(number)
        pairs = zip(
            live.feed(example.characteristic, *packet),
            again.feed(example.characteristic, *packet),
            strict=True,
        )
        assert all(same(*pair) for pair in pairs)
    for settings_ in (granted, wanted):  # the second where a start failed half-way
        steps, nothing = talk(profile.stop(settings_), lambda step: replied(step, example.replies))
        assert steps
        assert nothing is None


@pytest.mark.parametrize("slug", RADIO)
def test_what_cannot_be_asked_for_can_still_have_been_granted(slug):
    profile, example = PROFILES[slug], EXAMPLES[slug]
    if profile.rates_hz:
        with pytest.raises(InvalidInputError, match="choose one of"):
            profile.settings(sampling_rate_hz=77.0, **example.options)
    if profile.ranges_g:
        with pytest.raises(InvalidInputError, match="choose one of"):
            profile.settings(range_g=7.0, **example.options)
    if not profile.has_gyro:
        with pytest.raises(InvalidInputError, match="no angular velocity"):
            profile.settings(gyro=True, **example.options)
    for make in (profile.settings, profile.decoder):
        with pytest.raises(InvalidInputError, match="no option 'nonsense'"):
            make(**example.options, nonsense="1")
    profile.decoder(sampling_rate_hz=77.0, range_g=7.0, **example.options)


@pytest.mark.parametrize("slug", RADIO)
def test_a_stop_does_not_wait_for_answers(slug):
    profile, example = PROFILES[slug], EXAMPLES[slug]
    steps, _ = talk(profile.stop(profile.settings(**example.options)), lambda _: None)
    assert all(step.optional for step in steps if isinstance(step, Ask | Read))


@pytest.mark.parametrize("slug", RADIO)
@given(st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_whatever_it_answers_the_start_ends_well_or_says_why(slug, rng):
    profile, example = PROFILES[slug], EXAMPLES[slug]

    def damaged(step):
        if isinstance(step, Read):
            right = example.replies.get(step.characteristic, b"")
            some = bytes(rng.randrange(256) for _ in range(rng.randrange(40)))
            return rng.choice([right, b"", None if step.optional else b"\x00", some])
        right = example.replies.get(step.data)
        if right is None:  # asked for something else, after an answer that was damaged
            alike = (one for one in example.replies if one[:2] == step.data[:2])
            right = example.replies.get(next(alike, b""))
        if right is None or (step.optional and rng.random() < 0.2):
            if not step.optional:
                raise LinkError(f"no answer when asked to {step.purpose}")
            return None
        data = bytearray(right)
        for _ in range(rng.randrange(4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        del data[rng.randrange(1, len(data) + 1) :]
        if not step.is_reply(bytes(data)):
            return right
        whole = step.assemble([bytes(data)]) if step.assemble else bytes(data)
        return right if whole is None else whole

    conversation = profile.start(profile.settings(**example.options))
    reason = "none"
    try:
        _, started = talk(conversation, damaged)
    except TremorError as error:
        reason = str(error)
    else:
        assert 0.0 < started.settings.sampling_rate_hz < math.inf
        profile.make_decoder(started.settings)
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize("slug", RADIO)
@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_it_is_a_packet_error_or_samples_in_order(slug, data):
    stream = Stream(slug)
    known = (*stream.profile.data_characteristics, BATTERY_LEVEL, "", "?")
    whole = [stream.packet(number)[0] for number in range(12)]
    damage = st.one_of(
        st.binary(max_size=300),
        st.sampled_from(whole),
        st.builds(lambda packet, cut: packet[:cut], st.sampled_from(whole), st.integers(0, 240)),
        st.builds(lambda packet, cut: packet[cut:], st.sampled_from(whole), st.integers(0, 240)),
        st.builds(
            lambda packet, place, byte: packet[:place] + bytes([byte]) + packet[place + 1 :],
            st.sampled_from(whole),
            st.integers(0, 240),
            st.integers(0, 255),
        ),
        st.builds(
            lambda packet, tail: packet[: len(packet) // 4] + tail,
            st.sampled_from(whole),
            st.binary(max_size=200),
        ),
    )
    steps = data.draw(
        st.lists(
            st.tuples(
                st.one_of(st.just(stream.example.characteristic), st.sampled_from(known)),
                st.one_of(damage, st.none()),
                st.one_of(st.floats(0.0, 30.0), st.just(0.01)),
            ),
            max_size=30,
        )
    )
    arrival_s, end, twin = 0.0, 0, Stream(slug).decoder
    for characteristic, packet, after_s in steps:
        arrival_s += after_s
        if packet is None:
            stream.decoder.restart()
            twin.restart()
            continue
        try:
            blocks = stream.decoder.feed(characteristic, packet, arrival_s)
        except PacketError:
            with pytest.raises(PacketError):
                twin.feed(characteristic, packet, arrival_s)
            continue
        again = twin.feed(characteristic, packet, arrival_s)
        assert all(same(*pair) for pair in zip(blocks, again, strict=True))
        for block in blocks:
            assert block.first_index >= end
            assert np.isfinite(block.acceleration_ms2).all()
            end = block.first_index + len(block.acceleration_ms2)
        assert stream.decoder.n_rejected >= 0
