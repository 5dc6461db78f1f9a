"""MetaMotion: packets of the vendor's tests, stamps, counts, stale routes, commands."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rigs.captures import packets

from devices.profile import Advertisement, Ask, Subscribe, Unsubscribe, Write
from devices.sensors.metamotion import PROFILE
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError
from tremor.units import STANDARD_GRAVITY_MS2 as G

VECTORS = packets("metamotion")
COMMANDS = {
    one["expected"]["command"]: bytes.fromhex(one["hex"])
    for one in VECTORS
    if one["direction"] == "write"
}
NOTIFIED = [one for one in VECTORS if one["direction"] == "notify"]
GYROSCOPE = [one for one in NOTIFIED if one["hex"].startswith("13")]
SEQUENCE = next(one for one in NOTIFIED if "ticks" in one["expected"])
ACCELERATION = [one for one in NOTIFIED if one not in [*GYROSCOPE, SEQUENCE]]
DATA = PROFILE.data_characteristics[0]
TICK_S = 48 / 32768

IDENTIFY = b"\x03\x80"
BMI160, BMI270 = b"\x03\x80\x01\x02", b"\x03\x80\x04\x02"
CREATED = b"\x09\x02\x05"


def single(x, z=2048):
    return b"\x03\x04" + struct.pack("<3h", x, 0, z)


def packed(*xs, register=0x1C):
    return bytes((3, register)) + b"".join(struct.pack("<3h", x, 0, 2048) for x in xs)


def accounted(number, x=0):
    return b"\x09\x03\x00" + struct.pack("<I3h", number % 2**32, x, 0, 2048)


def test_every_vector_is_used():
    assert len(GYROSCOPE) + len(ACCELERATION) + 1 + len(COMMANDS) == len(VECTORS) == 26


@pytest.mark.parametrize("vector", ACCELERATION, ids=lambda one: one["hex"][:8])
def test_acceleration(vector):
    expected = vector["expected"]
    range_g = float(expected.get("range_g", 2))
    stamps = "count" if "count" in expected else "time"
    decoder = PROFILE.decoder(range_g=range_g, stamps=stamps)
    (block,) = decoder.feed(DATA, bytes.fromhex(vector["hex"]), 0.5)
    if "raw_xyz" in expected:
        wanted = [np.array(expected["raw_xyz"]) * range_g / 32768]
    else:
        wanted = expected.get("samples_g", [expected.get("g")])
    np.testing.assert_allclose(block.acceleration_ms2 / G, wanted, atol=6e-4)
    if "tick_ms" in expected:
        np.testing.assert_allclose(block.device_time_s, [expected["tick_ms"] / 1e3], atol=1e-6)


@pytest.mark.parametrize("vector", GYROSCOPE, ids=lambda one: one["hex"][:8])
def test_the_gyroscope_is_no_acceleration(vector):
    assert PROFILE.decoder().feed(DATA, bytes.fromhex(vector["hex"]), 0.0) == []


def test_a_sequence_of_stamps():
    data = bytes.fromhex(SEQUENCE["hex"])
    decoder = PROFILE.decoder(sampling_rate_hz=100)
    blocks = [
        block
        for row in range(6)
        for block in decoder.feed(DATA, data[13 * row : 13 * (row + 1)], 0.01 * row)
    ]
    assert [block.first_index for block in blocks] == list(range(6))
    stamps = np.concatenate([block.device_time_s for block in blocks])
    np.testing.assert_allclose(stamps / TICK_S, SEQUENCE["expected"]["ticks"], atol=1e-6)


def test_a_loss_is_detected_by_the_time_even_over_the_end_of_the_counter():
    decoder = PROFILE.decoder(sampling_rate_hz=100)
    lost = set(range(200, 207)) | {301}
    indices = []
    for n in range(400):
        if n in lost:
            continue
        tick = 2**32 - 1500 + round(n / 99.3 / TICK_S)  # a board that runs 0.7 % slow
        indices += [b.first_index for b in decoder.feed(DATA, accounted(tick), n / 99.3)]
    assert indices == [n for n in range(400) if n not in lost]


def test_a_loss_is_detected_by_the_count():
    decoder = PROFILE.decoder(sampling_rate_hz=100, stamps="count")
    numbers = [2**32 - 3, 2**32 - 2, 2**32 - 1, 0, 4, 5]
    blocks = [decoder.feed(DATA, accounted(n), 0.01 * k)[0] for k, n in enumerate(numbers)]
    assert [block.first_index for block in blocks] == [0, 1, 2, 3, 7, 8]
    with pytest.raises(PacketError, match="twice"):
        decoder.feed(DATA, accounted(5), 0.1)
    assert decoder.feed(DATA, accounted(6), 0.1)[0].first_index == 9


@pytest.mark.parametrize("register", [0x1C, 0x05])
def test_three_samples_in_a_packet(register):
    decoder = PROFILE.decoder(sampling_rate_hz=200, range_g=16)
    blocks = [
        decoder.feed(DATA, packed(n, n + 1, n + 2, register=register), 0.015 * n)[0]
        for n in (0, 3, 6)
    ]
    assert [block.first_index for block in blocks] == [0, 3, 6]
    xs = np.concatenate([block.acceleration_ms2[:, 0] for block in blocks])
    np.testing.assert_allclose(xs / G * 2048, range(9), atol=1e-9)
    assert blocks[0].device_time_s is None


def test_a_stale_route_is_left_out():
    decoder = PROFILE.decoder(sampling_rate_hz=100)
    blocks = []
    for n in range(5):
        blocks += decoder.feed(DATA, accounted(1000 + 7 * n, n), 0.01 * n)
        blocks += decoder.feed(DATA, single(n), 0.01 * n)
    assert [block.first_index for block in blocks] == list(range(5))
    assert decoder.n_rejected == 5


@pytest.mark.parametrize("whole", [single(1), packed(1, 2, 3), accounted(7)])
def test_cut_packets_are_refused(whole):
    decoder = PROFILE.decoder()
    for length in range(2, len(whole)):
        with pytest.raises(PacketError, match=f"{length} bytes"):
            decoder.feed(DATA, whole[:length], 0.0)
    assert len(decoder.feed(DATA, whole, 0.0)) == 1


def written(steps):
    return [step.data for step in steps if isinstance(step, Write | Ask)]


@pytest.mark.parametrize(
    ("reply", "rate_hz", "range_g", "configuration", "packed_on"),
    [
        (BMI160, 200, 8, "configure BMI160 200 Hz 8 g", "031c01"),
        (BMI270, 200, 8, "configure BMI270 200 Hz 8 g", "030501"),
    ],
)
def test_fast_streams_are_packed(talk, reply, rate_hz, range_g, configuration, packed_on):
    settings = PROFILE.settings(sampling_rate_hz=rate_hz, range_g=range_g)
    steps, started = talk(PROFILE.start(settings), {IDENTIFY: [reply]})
    assert steps[0] == Subscribe(DATA)
    assert written(steps)[-4:] == [
        COMMANDS[configuration],
        bytes.fromhex(packed_on),
        COMMANDS["sampling on"],
        COMMANDS["power on"],
    ]
    assert started.settings.options["stamps"] == "none"
    assert not PROFILE.loss_rule(started.settings).detects_loss
    if reply == BMI160:
        assert bytes.fromhex(packed_on) == COMMANDS["packed on BMI160"]


@pytest.mark.parametrize("stamps", ["time", "count"])
@pytest.mark.parametrize(
    ("reply", "configuration"),
    [(BMI160, "configure BMI160 100 Hz 16 g"), (BMI270, "configure BMI270 100 Hz 16 g")],
)
def test_slow_streams_pass_an_accounter(talk, reply, configuration, stamps):
    create = COMMANDS[f"accounter of {stamps}"]
    settings = PROFILE.settings(sampling_rate_hz=100, range_g=16, stamps=stamps)
    steps, started = talk(PROFILE.start(settings), {IDENTIFY: [reply], create: [CREATED]})
    assert written(steps)[-6:] == [
        COMMANDS[configuration],
        create,
        b"\x09\x07\x05\x01",
        b"\x09\x03\x01",
        COMMANDS["sampling on"],
        COMMANDS["power on"],
    ]
    assert COMMANDS["single on"] not in written(steps), "else every sample came twice"
    assert PROFILE.loss_rule(started.settings).detects_loss
    # The recording keeps what was granted, which is enough to decode it again.
    options = dict(started.settings.options)
    PROFILE.decoder(sampling_rate_hz=100, range_g=16, **options)


def test_without_an_accounter_the_stream_is_plain_and_says_so(talk):
    create = COMMANDS["accounter of time"]
    steps, started = talk(PROFILE.start(PROFILE.settings()), {IDENTIFY: [BMI160], create: [None]})
    assert COMMANDS["single on"] in written(steps)
    assert "cannot be told" in started.notes[-1]
    assert not PROFILE.loss_rule(started.settings).detects_loss


def test_what_an_earlier_run_left_is_removed_first(talk):
    settings = PROFILE.settings(sampling_rate_hz=200)
    steps, _ = talk(PROFILE.start(settings), {IDENTIFY: [BMI160]})
    removed = written(steps)[1:6]
    assert removed == [
        COMMANDS["standby"],
        COMMANDS["sampling off"],
        COMMANDS["single off"],
        bytes.fromhex("031c00"),
        b"\x09\x08",
    ]


@pytest.mark.parametrize("reply", [b"\x03\x80", b"\x03\x80\x00\x01", b"\x03\x80\x03\x01"])
def test_other_boards_are_refused(talk, reply):
    with pytest.raises(SensorRefusedError, match="BMI160, BMI270"):
        talk(PROFILE.start(PROFILE.settings()), {IDENTIFY: [reply]})


def test_stop_undoes_in_reverse_and_restarts_the_board(talk):
    steps, _ = talk(PROFILE.stop(PROFILE.settings()), {})
    assert written(steps)[:3] == [
        COMMANDS["standby"],
        COMMANDS["sampling off"],
        COMMANDS["single off"],
    ]
    assert steps[-2] == Unsubscribe(DATA)
    assert steps[-1].data == b"\xfe\x01"
    assert not steps[-1].response, "the board does not answer while it restarts"


def test_options_are_checked():
    with pytest.raises(InvalidInputError, match="time, count, none"):
        PROFILE.settings(stamps="yes")


def test_recognition():
    assert PROFILE.recognises(Advertisement("MetaWear"))
    assert PROFILE.recognises(Advertisement("my leg", PROFILE.services))
    assert not PROFILE.recognises(Advertisement("Meta Quest"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"", b"\x03\x04", b"\x03\x1c", b"\x09\x03"]), st.binary(max_size=20)
        )
    )
)
def test_no_bytes_raise_another_error(chunks):
    decoder = PROFILE.decoder()
    last = -1
    for at, (head, chunk) in enumerate(chunks):
        try:
            blocks = decoder.feed(DATA, head + chunk, 0.1 * at)
        except PacketError:
            continue
        for block in blocks:
            assert block.first_index > last
            last = block.first_index + len(block.acceleration_ms2) - 1
