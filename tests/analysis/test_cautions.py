"""Machines, bounced legs, seats and straps are told from tremor; tremor has no caution."""

from __future__ import annotations

import numpy as np
import pytest

from tremor import Recording, analyze
from tremor.synthesis import narrowband

FS = 100.0


def still(duration_s=40.0, *, fs=FS, seed=0):
    rng = np.random.default_rng(seed)
    n = round(duration_s * fs)
    return np.tile([0.0, 0.0, 9.81], (n, 1)) + rng.normal(0.0, 0.004, (n, 3))


def drifting(n, fs, *, correlation_s, rng):
    """A process of unit variance that forgets within some seconds."""
    keep = np.exp(-1.0 / (correlation_s * fs))
    out, value = np.empty(n), rng.standard_normal()
    for k, step in enumerate(np.sqrt(1.0 - keep**2) * rng.standard_normal(n)):
        out[k] = value
        value = keep * value + step
    return out


def swinging(
    frequency_hz, *, fs=FS, duration_s=40.0, rms_ms2=0.2, jitter=0.002, breathing=0.1, seed=0
):
    """What turns, with jitter of its speed and a strength that breathes, and its harmonic."""
    rng = np.random.default_rng([seed, 3])
    x = still(duration_s, fs=fs, seed=seed)
    n = len(x)
    speed = np.broadcast_to(np.asarray(frequency_hz(np.arange(n) / fs / duration_s)), n)
    speed = speed * (1.0 + jitter * drifting(n, fs, correlation_s=2.0, rng=rng))
    phase = 2.0 * np.pi * np.cumsum(speed) / fs
    size = 1.0 + breathing * drifting(n, fs, correlation_s=5.0, rng=rng)
    wave = np.sqrt(2.0) * size * (np.sin(phase) + 0.2 * np.sin(2.0 * phase + 1.0))
    return x + rms_ms2 * wave[:, None] * [0.6, 0.0, 0.8]


def trembling(bandwidth_hz, *, frequency_hz=7.4, duration_s=40.0, rms_ms2=0.2, seed=0):
    x = still(duration_s, seed=seed)
    return x + narrowband(
        len(x), FS, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=rms_ms2,
        rng=np.random.default_rng([seed, 4]), direction=(0.6, 0.0, 0.8),
    )  # fmt: skip


def seat(*, duration_s=60.0, rms_ms2=0.3, seed=0):
    """Broad shaking in all directions, strongest at 1-2 Hz, and never a pause."""
    rng = np.random.default_rng([seed, 5])
    x = still(duration_s, seed=seed)
    n = len(x)
    f = np.fft.rfftfreq(n, 1.0 / FS)
    for axis in range(3):
        density = sum(
            share / (1.0 + ((f - centre) / half) ** 2)
            for centre, half, share in ((1.4, 0.4, 1.0), (5.0, 1.5, 0.15), (10.0, 4.0, 0.04))
        )
        wave = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * np.sqrt(density), n)
        x[:, axis] += rms_ms2 / np.sqrt(3.0) * wave / wave.std()
    return x


def cautions_of(x, fs=FS):
    found = analyze(Recording.from_arrays(x, sampling_rate_hz=fs))
    return {one.code: one for one in found.cautions}, found


MACHINES = {
    "steady": lambda: swinging(lambda _: 9.0),
    "jitter": lambda: swinging(lambda _: 12.0, jitter=0.005),
    "weak": lambda: swinging(lambda _: 6.0, rms_ms2=0.06),
    "ramp": lambda: swinging(lambda t: 6.0 + 6.0 * t, breathing=0.2),
    "speeds": lambda: swinging(lambda t: np.where(t < 0.5, 7.0, 11.0)),
    "load": lambda: swinging(lambda t: 8.0 - 0.15 * (np.sin(20.0 * t) > 0.5)),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_has_a_caution(name):
    found, _ = cautions_of(MACHINES[name]())
    assert found["machine"].strength > 0.9
    assert found["machine"].statement.values["even_share"] > 0.98
    assert found.keys() == {"machine"}
    assert "muscle_fatigue" in found["machine"].about


def test_a_motor_that_was_sampled_too_slowly_has_a_caution():
    x = swinging(lambda _: 40.0, fs=50.0, jitter=0.001)
    found, result = cautions_of(x, 50.0)
    assert abs(result.summary.frequency_hz.value - 10.0) < 0.3
    assert found["machine"].strength > 0.9


@pytest.mark.parametrize("bandwidth_hz", [0.25, 0.5, 1.5])
def test_tremor_has_no_caution(bandwidth_hz):
    for seed in range(4):
        found, result = cautions_of(trembling(bandwidth_hz, seed=seed))
        assert result.status == "measured"
        assert found == {}


def test_a_short_tremor_has_no_caution():
    codes = [
        code
        for seed in range(10)
        for code in cautions_of(trembling(0.25, duration_s=14.0, seed=seed))[0]
    ]
    assert codes == []


def test_a_machine_in_one_episode_is_a_caution_on_that_episode():
    machine = swinging(lambda _: 9.0, duration_s=30.0)
    x = np.concatenate([trembling(0.8, duration_s=60.0), still(30.0), machine])
    found, result = cautions_of(x)
    assert len(result.episodes) == 2
    assert found["machine"].start_s == pytest.approx(90.0, abs=6.0)


def test_a_bounced_leg_has_a_caution():
    rng = np.random.default_rng(6)
    x = still(40.0)
    n = len(x)
    speed = 5.0 * (1.0 + 0.025 * drifting(n, FS, correlation_s=3.0, rng=rng))
    phase = 2.0 * np.pi * np.cumsum(speed) / FS
    phase += np.cumsum(0.04 * np.sqrt(1.0 / FS) * 2.0 * np.pi * rng.standard_normal(n))
    size = np.exp(0.25 * drifting(n, FS, correlation_s=4.0, rng=rng))
    x += 1.5 * (np.sqrt(2.0) * size * np.sin(phase))[:, None] * [0.0, 0.6, 0.8]
    found, _ = cautions_of(x)
    assert found["voluntary"].strength >= 0.5
    assert found["voluntary"].statement.values["frequency_hz"] == pytest.approx(5.0, abs=0.3)


def test_a_seat_has_a_caution():
    for seed in range(4):
        found, _ = cautions_of(seat(seed=seed))
        assert found["vehicle"].strength >= 0.5


def broad(centres_hz, *, duration_s=60.0, rms_ms2=0.3, seed=0):
    """Noise a few hertz wide, one after the other along the three axes."""
    x, f = still(duration_s), np.fft.rfftfreq(int(duration_s * FS), 1.0 / FS)
    rng = np.random.default_rng([seed, 21])
    for k, centre_hz in enumerate(centres_hz):
        density = np.exp(-np.square((f - centre_hz) / 1.2))
        shake = np.fft.irfft(np.fft.rfft(rng.standard_normal(len(x))) * np.sqrt(density), len(x))
        x[:, k % 3] += rms_ms2 * shake / shake.std()
    return x


def test_a_seat_without_slow_sway_has_a_caution():
    found, _ = cautions_of(broad((4.5, 6.5, 9.0, 11.0, 8.0, 5.5)))
    assert found["vehicle"].statement.code == "SHAKEN_ALL_WAYS"
    # The same in one direction may be a broad tremor.
    found, _ = cautions_of(broad((8.0,)))
    assert "vehicle" not in found
    # Two tremors at once, each in a direction of its own.
    two = trembling(0.4, frequency_hz=5.0, rms_ms2=0.3)
    other = trembling(0.4, frequency_hz=9.0, rms_ms2=0.3, seed=3) - still(len(two) / FS)
    found, _ = cautions_of(two + other[:, [2, 0, 1]])
    assert "vehicle" not in found


def test_a_leg_that_sways_now_and_then_is_no_vehicle():
    x = trembling(0.8, duration_s=60.0, rms_ms2=0.1)
    shake = seat(duration_s=60.0) - still(60.0)
    pause = (np.arange(len(x)) / FS) % 20.0 < 8.0
    found, _ = cautions_of(x + shake * pause[:, None])
    assert "vehicle" not in found


def test_the_strongest_is_the_first():
    x = swinging(lambda _: 40.0, fs=25.0, jitter=0.0, duration_s=60.0)
    _, result = cautions_of(x, 25.0)
    strengths = [one.strength for one in result.cautions]
    assert {"machine", "band_limited"} <= {one.code for one in result.cautions}
    assert strengths == sorted(strengths, reverse=True)


def beating(x, *, rms_ms2, fs=FS, seed=0):
    """The ringing of a heart, in a direction of its own."""
    rng = np.random.default_rng([seed, 7])
    time_s, ring = np.arange(len(x)) / fs, np.zeros(len(x))
    begin_s = 0.1
    while begin_s < time_s[-1]:
        t = np.maximum(time_s - begin_s, 0.0)
        ring += (
            np.exp(-t / 0.12) * np.sin(2.0 * np.pi * 9.0 * t) * np.exp(0.1 * rng.standard_normal())
        )
        begin_s += 0.75 * (1.0 + 0.03 * rng.standard_normal())
    return x + (rms_ms2 * ring / ring.std())[:, None] * [0.0, 1.0, 0.0]


def test_a_heart_beside_a_tremor_widens_its_intervals():
    x = trembling(0.6, frequency_hz=6.5, rms_ms2=0.1)
    _, plain = cautions_of(x)
    found, result = cautions_of(beating(x, rms_ms2=0.06))
    assert found["heart_beside"].statement.values["ratio"] == pytest.approx(0.6, abs=0.2)
    one, other = plain.summary.frequency_hz, result.summary.frequency_hz
    assert other.high - other.low > 1.5 * (one.high - one.low)
    assert other.low <= 6.5 <= other.high
    assert result.summary.rms_ms2.low <= 0.1
    assert result.episodes[0].frequency_hz.high - result.episodes[0].frequency_hz.low > 0.1


def test_a_faint_heart_changes_nothing():
    x = trembling(0.6, frequency_hz=6.5, rms_ms2=0.3)
    found, _ = cautions_of(beating(x, rms_ms2=0.02))
    assert found == {}


def test_coarse_steps_have_a_caution():
    x = np.round(trembling(0.6, rms_ms2=0.3) / 0.6) * 0.6
    found, _ = cautions_of(x)
    assert found["resolution"].statement.values["step_ms2"] == pytest.approx(0.6)
    fine = np.round(trembling(0.6, rms_ms2=0.3) / 0.01) * 0.01
    assert cautions_of(fine)[0] == {}


def test_many_missing_samples_have_a_caution():
    x = trembling(0.6)
    x[np.arange(len(x)) % 500 < 100] = np.nan
    found, _ = cautions_of(x)
    assert found["holes"].statement.values["share"] == pytest.approx(0.2, abs=0.02)


def test_a_line_above_the_band_is_no_loose_strap():
    x = still(40.0)
    hiss = np.random.default_rng(8).normal(0.0, 0.08, x.shape)
    assert "strap_loose" in cautions_of(x + hiss)[0]
    motor = 0.4 * np.sin(2.0 * np.pi * 30.0 * np.arange(len(x)) / FS)[:, None] * [1.0, 0.0, 0.0]
    assert "strap_loose" not in cautions_of(x + motor)[0]


def test_a_limb_held_out_that_sways_is_no_vehicle():
    """Sway of its own, 0.8 of the tremor, as of a hand held out."""
    x = trembling(1.5, frequency_hz=7.3, duration_s=60.0, rms_ms2=0.08)
    rng = np.random.default_rng(9)
    for axis in range(3):
        f = np.fft.rfftfreq(len(x), 1.0 / FS)
        density = (f > 0.4) / (1.0 + (f / 1.2) ** 4)
        sway = np.fft.irfft(np.fft.rfft(rng.standard_normal(len(x))) * np.sqrt(density), len(x))
        x[:, axis] += 0.064 / np.sqrt(3.0) * sway / sway.std()
    found, result = cautions_of(x)
    assert result.status == "measured"
    assert "vehicle" not in found


def cycling(bandwidth_hz, *, seed=0, duration_s=60.0):
    """A cycle of steady size whose phase diffuses."""
    rng = np.random.default_rng([seed, 6])
    x = still(duration_s, seed=seed)
    steps = rng.normal(0.0, np.sqrt(2.0 * np.pi * bandwidth_hz / FS), len(x))
    wave = np.sqrt(2.0) * np.sin(2.0 * np.pi * 8.6 * np.arange(len(x)) / FS + np.cumsum(steps))
    return x + 0.2 * wave[:, None] * [0.6, 0.0, 0.8]


@pytest.mark.parametrize("seed", range(4))
def test_a_muscle_that_swings_in_a_steady_cycle_is_no_sure_machine(seed):
    assert "machine" not in cautions_of(cycling(0.1, seed=seed))[0]
    possible = cautions_of(cycling(0.03, seed=seed))[0].get("machine")
    if possible is not None:
        assert possible.strength < 0.75
        assert possible.statement.code == "MACHINE_POSSIBLE"
    assert cautions_of(cycling(0.001, seed=seed))[0]["machine"].statement.code == "MACHINE_LIKE"
