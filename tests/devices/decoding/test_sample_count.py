from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decoding.sample_count import (
    SequenceNumberCount,
    TimestampCount,
    UnstampedCount,
    interpolate_timestamps,
    unwrap,
)
from tremor.errors import InvalidInputError, PacketError


class Sensor:
    """Packets of a sensor whose clock and rate are its own; knows where each sample truly is."""

    def __init__(self, *, rate_hz, size, tick_s, stamped, n_bits=64, boot_s=1000.0, seed=0):
        self.rate_hz, self.tick_s, self.stamped, self.n_bits = rate_hz, tick_s, stamped, n_bits
        self.sizes = size if callable(size) else lambda: size
        self.boot_s, self.now_s = boot_s, 0.0
        self.rng = np.random.default_rng(seed)

    def packet(self):
        """Yield time stamp, size, arrival and true time of the first sample, s."""
        n = self.sizes()
        first_s, last_s = self.now_s, self.now_s + (n - 1) / self.rate_hz
        self.now_s += n / self.rate_hz
        stamped_s = (first_s if self.stamped == "first" else last_s) + self.boot_s
        stamp = math.floor(stamped_s / self.tick_s) % (1 << self.n_bits)
        return stamp, n, last_s + self.rng.uniform(0.02, 0.08), first_s

    def skip(self, n_packets):
        for _ in range(n_packets):
            self.packet()


KINDS = {
    "polar verity 416 Hz": {
        "tick_s": 1e-9,
        "stamped": "last",
        "n_bits": 64,
        "nominal": 416.0,
        "size": "mixed",
    },
    "polar h10 200 Hz": {
        "tick_s": 1e-9,
        "stamped": "last",
        "n_bits": 64,
        "nominal": 200.0,
        "size": 36,
    },
    "movesense 104 Hz": {
        "tick_s": 1e-3,
        "stamped": "first",
        "n_bits": 32,
        "nominal": 104.0,
        "size": 8,
    },
    "movesense 833 Hz": {
        "tick_s": 1e-3,
        "stamped": "first",
        "n_bits": 32,
        "nominal": 833.0,
        "size": 16,
    },
    "movesense 13 Hz": {
        "tick_s": 1e-3,
        "stamped": "first",
        "n_bits": 32,
        "nominal": 13.0,
        "size": 1,
    },
    "dot 60 Hz": {"tick_s": 1e-6, "stamped": "first", "n_bits": 32, "nominal": 60.0, "size": 1},
    "last stamp in us": {
        "tick_s": 1e-6,
        "stamped": "last",
        "n_bits": 32,
        "nominal": 100.0,
        "size": 10,
    },
}


def pair_of(kind, *, off=1.0, seed=0, **options):
    facts = dict(KINDS[kind])
    nominal, size = facts.pop("nominal"), facts.pop("size")
    count = TimestampCount(nominal, **facts)
    rng = np.random.default_rng(seed + 1)
    sizes = (lambda: int(rng.integers(57, 141))) if size == "mixed" else size
    return count, Sensor(rate_hz=nominal * off, size=sizes, seed=seed, **facts, **options)


@pytest.mark.parametrize("off", [0.99, 1.0, 1.01])
@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_counted_exactly_at_a_rate_that_is_off(kind, off):
    count, sensor = pair_of(kind, off=off)
    rng = np.random.default_rng(7)
    for row in range(3000):
        stamp, n, arrival_s, true_s = sensor.packet()
        if row > 1 and rng.random() < 0.05:
            sensor.skip(int(rng.integers(0, 5)))
            continue
        place = count.locate(stamp, n, arrival_s)
        assert place.first_index == round(true_s * sensor.rate_hz)
    assert count.rate_hz == pytest.approx(sensor.rate_hz, rel=2e-6)


@pytest.mark.parametrize("off", [0.99, 1.01])
@pytest.mark.parametrize("kind", KINDS)
def test_stamps_that_scatter_are_no_loss(kind, off):
    count, sensor = pair_of(kind, off=off)
    rng = np.random.default_rng(13)
    share = 0.25 if KINDS[kind]["size"] == 1 else 0.5  # of a sample
    scatter = share / sensor.rate_hz / sensor.tick_s
    for row in range(3000):
        stamp, n, arrival_s, true_s = sensor.packet()
        if row > 3 and rng.random() < 0.02:
            sensor.skip(int(rng.integers(0, 3)))
            continue
        stamp += round(scatter * rng.uniform(-1.0, 1.0))
        place = count.locate(stamp, n, arrival_s)
        # Where packets are not alike, a loss is told as well as its stamps.
        late = place.first_index - true_s * sensor.rate_hz
        assert abs(late) < (8.0 if KINDS[kind]["size"] == "mixed" else 0.01)


@pytest.mark.parametrize("off", [0.99, 1.01])
@pytest.mark.parametrize("kind", KINDS)
def test_a_silence_of_minutes_is_told_to_the_sample(kind, off):
    count, sensor = pair_of(kind, off=off)
    while sensor.now_s < 120.0:
        count.locate(*sensor.packet()[:3])
    for phase in (0.0, 0.3):  # after a restart it begins anew at any phase
        while (resumes_s := sensor.now_s) < 500.0 + 1000.0 * phase:
            sensor.skip(1)
        sensor.now_s = resumes_s + phase / sensor.rate_hz
        if phase:
            count.restart()
        stamp, n, arrival_s, true_s = sensor.packet()
        place = count.locate(stamp, n, arrival_s)
        late = place.first_index - true_s * sensor.rate_hz
        assert abs(late) < (1.0 if phase else 0.01)


@pytest.mark.parametrize("off", [0.99, 1.01])
@pytest.mark.parametrize("kind", [one for one in KINDS if one != "movesense 833 Hz"])
def test_many_lost_links_leave_every_sample_within_half_a_sample_of_its_time(kind, off):
    count, sensor = pair_of(kind, off=off)
    rng = np.random.default_rng(11)
    # Stamps in ms are as coarse as samples at 833 Hz; that each time adds to the half of a sample.
    off_by = 0.5 + 2 * sensor.tick_s * sensor.rate_hz + 0.01
    for number in range(10):
        while sensor.now_s < 60.0 * (number + 1):
            stamp, n, arrival_s, true_s = sensor.packet()
            if rng.random() < 0.02 and number:
                continue
            place = count.locate(stamp, n, arrival_s)
            assert abs(place.first_index - true_s * sensor.rate_hz) < off_by
        sensor.now_s += rng.uniform(2.0, 20.0)
        count.restart()


@pytest.mark.parametrize("kind", KINDS)
def test_a_packet_that_comes_twice_or_late_is_refused_and_changes_nothing(kind):
    count, sensor = pair_of(kind)
    packets = [sensor.packet() for _ in range(8)]
    for packet in packets[:5]:
        count.locate(*packet[:3])
    for old in (packets[4], packets[3], packets[0]):
        with pytest.raises(PacketError, match="twice or out of order"):
            count.locate(*old[:3])
    assert count.locate(*packets[5][:3]).first_index == sum(packet[1] for packet in packets[:5])


def test_reordered_packets_give_the_later_one_and_a_gap():
    count, sensor = pair_of("polar h10 200 Hz")
    one, two, three, four = (sensor.packet()[:3] for _ in range(4))
    assert count.locate(*one).first_index == 0
    assert count.locate(*three).n_lost == 36
    with pytest.raises(PacketError):
        count.locate(*two)
    assert count.locate(*four).first_index == 108


def test_a_counter_of_32_bits_wraps_unseen_during_a_silence():
    # 2**32 us are 71.6 minutes: twice around while nobody listens.
    count, sensor = pair_of("dot 60 Hz", off=1.003)
    sensor.boot_s = 4290.0
    for _ in range(60 * 60):
        stamp, n, arrival_s, true_s = sensor.packet()
        place = count.locate(stamp, n, arrival_s)
    assert place.first_index == 60 * 60 - 1
    sensor.now_s += 60 * 9000 / sensor.rate_hz
    count.restart()
    stamp, n, arrival_s, true_s = sensor.packet()
    place = count.locate(stamp, n, arrival_s)
    assert place.first_index == pytest.approx(true_s * sensor.rate_hz, abs=1.0)
    assert place.device_time_s[0] == pytest.approx(true_s + sensor.boot_s, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("boot_s", [3.0, 3000.0])
def test_a_device_that_was_switched_off_is_detected_by_the_clock_of_the_host(kind, boot_s):
    count, sensor = pair_of(kind)
    sensor.boot_s = boot_s
    while sensor.now_s < 60.0:
        place = count.locate(*sensor.packet()[:3])
    last_s = place.device_time_s[-1]
    sensor.now_s += 200.0
    sensor.boot_s = -sensor.now_s + 1.0  # its clock began anew
    count.restart()
    for _ in range(3):
        stamp, n, arrival_s, true_s = sensor.packet()
        place = count.locate(stamp, n, arrival_s)
        late = place.first_index - true_s * sensor.rate_hz
        assert abs(late) <= 1.0 + 0.1 * sensor.rate_hz
        assert place.device_time_s[-1] > last_s
        last_s = place.device_time_s[-1]


def test_a_clock_that_is_set_while_streaming_does_not_end_the_count():
    count = TimestampCount(100.0, tick_s=1e-9, stamped="last")
    for row in range(20):
        count.locate(10**9 + row * 10**8, 10, 0.1 * row)
    for begin in (10**18, 5 * 10**9):  # forward by 31 years, then back
        for row in range(3):
            place = count.locate(begin + row * 10**8, 10, 2.0 + 0.1 * row)
    assert 250 <= place.first_index <= 290


def test_a_host_that_slept_believes_the_stamp():
    count = TimestampCount(100.0, tick_s=1e-3, stamped="first", n_bits=32)
    for row in range(50):
        count.locate(row * 100, 10, 0.1 * row)
    count.restart()
    assert count.locate(600_000, 10, 7.0).first_index == pytest.approx(60_000, abs=3)


def test_stamps_of_first_samples_and_of_last_ones_give_the_same_times():
    first = TimestampCount(100.0, tick_s=1e-3, stamped="first")
    last = TimestampCount(100.0, tick_s=1e-3, stamped="last")
    for row in range(5):
        one = first.locate(1000 + row * 100, 10, 0.1 * row)
        other = last.locate(1090 + row * 100, 10, 0.1 * row)
        np.testing.assert_allclose(one.device_time_s, other.device_time_s, atol=1e-9)
        np.testing.assert_allclose(one.device_time_s, 1.0 + 0.1 * row + 0.01 * np.arange(10))


def test_last_stamps_are_spread_from_the_one_before():
    # Given by the vendor for a packet of 57 samples: from 100 ns to 2 s.
    times_s = interpolate_timestamps(100e-9, 2.0, 57)
    assert times_s[0] == pytest.approx(35_087_818e-9, abs=1e-9)
    assert times_s[-1] == 2.0


def test_across_a_loss_stamps_are_not_stretched():
    count = TimestampCount(100.0, tick_s=1e-3, stamped="last")
    count.locate(1000, 10, 0.0)
    count.locate(1100, 10, 0.1)
    place = count.locate(1400, 10, 0.4)
    np.testing.assert_allclose(np.diff(place.device_time_s), 0.01, rtol=1e-3)
    assert place.n_lost == 20


def test_without_stamps_nothing_is_invented_within_a_connection():
    count = UnstampedCount(200.0)
    rng = np.random.default_rng(3)
    arrivals_s = np.sort(rng.uniform(0.0, 20.0, 300))
    assert [count.locate(8, arrival_s).first_index for arrival_s in arrivals_s] == list(
        range(0, 2400, 8)
    )


@pytest.mark.parametrize("off", [0.99, 1.01])
def test_without_stamps_a_restart_jumps_by_measured_rate(off):
    count, rng, rate_hz = UnstampedCount(200.0), np.random.default_rng(5), 200.0 * off
    for row in range(3000):
        count.locate(8, (8 * row + 7) / rate_hz + rng.uniform(0.0, 0.05))
    count.restart()
    first = 24_000 + round(60 * rate_hz)
    place = count.locate(8, (first + 7) / rate_hz + rng.uniform(0.0, 0.05))
    # 50 ms of lateness are 10 samples; the nominal rate would be wrong by 120.
    assert place.first_index == pytest.approx(first, abs=12)
    assert count.locate(8, 0.0).first_index == place.first_index + 8


def test_a_restart_never_overlaps():
    count = UnstampedCount(100.0)
    count.locate(10, 5.0)
    count.restart()
    assert count.locate(10, 5.0).first_index == 10
    count.restart()
    assert count.locate(10, 1.0).first_index == 20


@pytest.mark.parametrize("n_bits", [8, 16, 32])
def test_a_packet_counter_gives_exact_losses_over_wraps(n_bits):
    count = SequenceNumberCount(100.0, n_bits=n_bits)
    number, arrival_s, begin = (1 << n_bits) - 3, 0.0, None
    rng = np.random.default_rng(1)
    for _ in range(200):
        place = count.locate(number % (1 << n_bits), 10, arrival_s + rng.uniform(0.0, 0.05))
        begin = number if begin is None else begin
        assert place.first_index == (number - begin) * 10
        step = int(rng.integers(1, 4))
        number, arrival_s = number + step, arrival_s + 0.1 * step
    step = 300  # 30 s without a packet: an 8-bit counter went around in it
    place = count.locate((number + step) % (1 << n_bits), 10, arrival_s + 0.1 * step)
    assert place.first_index == (number + step - begin) * 10
    with pytest.raises(PacketError, match="twice"):
        count.locate((number + step) % (1 << n_bits), 10, arrival_s + 0.1 * step)
    with pytest.raises(PacketError, match="twice"):
        count.locate((number + step - 2) % (1 << n_bits), 10, arrival_s + 0.1 * step + 0.01)


@pytest.mark.parametrize(
    ("survives", "number", "expected"), [(True, 110, 1100), (True, 0, 1100), (False, 0, 1100)]
)
def test_a_packet_counter_after_a_restart(survives, number, expected):
    count = SequenceNumberCount(100.0, n_bits=32, survives_restart=survives)
    for row in range(10):
        count.locate(row, 10, 0.1 * row)
    count.restart()
    assert count.locate(number, 10, 11.0).first_index == pytest.approx(
        expected, abs=0 if number else 10
    )


@pytest.mark.parametrize("late_s", [0.0, 1.0, 10.0, 60.0])
@pytest.mark.parametrize("away_s", [3.0, 40.0])
def test_a_first_packet_that_comes_late_after_a_restart_is_in_its_place(late_s, away_s):
    """The computer stood still when the link was back: the packet came in the burst after it."""
    stamped = TimestampCount(100.0, tick_s=1e-3, stamped="last")
    numbered = SequenceNumberCount(100.0, n_bits=32, survives_restart=True)
    for row in range(100):
        stamped.locate(100 * row, 10, 0.1 * row)
        numbered.locate(row, 10, 0.1 * row)
    n_away = round(away_s / 0.1)
    for count in (stamped, numbered):
        count.restart(9.9 + away_s - 0.5)
    arrival_s = 9.9 + away_s + late_s
    assert stamped.locate(9900 + 100 * n_away, 10, arrival_s).first_index == 990 + 10 * n_away
    assert numbered.locate(99 + n_away, 10, arrival_s).first_index == 990 + 10 * n_away


@pytest.mark.parametrize("stamp_ms", [0, 700, 10_100, 25_000])
def test_a_clock_that_began_anew_or_stood_still_is_no_late_packet(stamp_ms):
    count = TimestampCount(100.0, tick_s=1e-3, stamped="last")
    for row in range(100):
        count.locate(100 * row, 10, 0.1 * row)
    count.restart(9.9 + 39.5)
    place = count.locate(stamp_ms, 10, 9.9 + 40.0)
    assert place.first_index == pytest.approx(990 + 4000, abs=10)


@given(st.integers(1, 64), st.integers(-(2**70), 2**70), st.data())
def test_unwrapping_finds_the_nearest(n_bits, truth, data):
    half = (1 << n_bits) // 2
    expected = truth + data.draw(st.integers(-half + 1, half - 1))
    assert unwrap(truth % (1 << n_bits), n_bits, expected) == truth


def test_a_rate_that_is_none_is_refused():
    with pytest.raises(InvalidInputError, match="positive number of hertz"):
        UnstampedCount(0.0)
