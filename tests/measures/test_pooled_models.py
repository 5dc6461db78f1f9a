"""The model of pooled runs: shape, harmonics, two lines, tone; its check and its intervals."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.measures.pooled import fit_pooled, fit_pooled_sets, is_too_broad
from tremor.measures.run_spectra import RunSpectra
from tremor.synthesis import narrowband, ornstein_uhlenbeck, power_law_noise, tone

FS, BAND_HZ = 100.0, (3.0, 15.0)
COUNT = 12


def lorentzian(n, frequency_hz, bandwidth_hz, rng, *, rms_ms2=0.3):
    direction = rng.normal(size=3)
    return narrowband(
        n, FS, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=rms_ms2, rng=rng,
        direction=direction,
    )  # fmt: skip


def gaussian(n, frequency_hz, bandwidth_hz, rng, *, rms_ms2=0.3):
    """Noise with a spectrum of Gaussian shape along one direction."""
    m = 1 << (2 * n - 1).bit_length()
    f = np.fft.rfftfreq(m, 1.0 / FS)
    gain = np.exp(-2.0 * np.log(2.0) * ((f - frequency_hz) / bandwidth_hz) ** 2)
    wave = np.fft.irfft(gain * np.fft.rfft(rng.normal(size=m)), m)
    direction = rng.normal(size=3)
    wave *= rms_ms2 / wave.std() / np.linalg.norm(direction)
    return wave[:n, None] * direction


def with_second_harmonic(n, frequency_hz, bandwidth_hz, rng, *, ratio):
    """A line, and 1.5 times as strong its second harmonic, in another direction."""
    z = ornstein_uhlenbeck(n, FS, decay_per_s=np.pi * bandwidth_hz, rng=rng)
    turn = np.exp(2j * np.pi * frequency_hz / FS * np.arange(n))
    first = np.real(z * turn)[:, None] * [0.6, 0.0, 0.8]
    return 0.4 * (first + ratio * np.real(z**2 / np.abs(z) * turn**2)[:, None] * [0.0, 1.0, 0.0])


def noisy(x, rng, sd=0.02):
    return x + rng.normal(0.0, sd, x.shape) + [0.0, 0.0, 9.81]


def lines_of(make, *, seconds=60.0, count=COUNT, noise=0.02):
    found = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        x = noisy(make(round(seconds * FS), rng), rng, noise)
        found.append(fit_pooled([x], fs=FS, band_hz=BAND_HZ))
    return found


def share_covered(lines, name, truth):
    intervals = [getattr(line, name) for line in lines]
    return np.mean([one.low <= truth <= one.high for one in intervals])


def told_hz(line):
    return sorted(one.frequency_hz.value for one in (line, *line.further))


def test_a_lorentzian_stays_one():
    lines = lines_of(lambda n, rng: lorentzian(n, 8.3, 0.8, rng), count=24)
    assert sum(line.fit.shape == "lorentzian" and not line.further for line in lines) >= 23
    assert sum(line.fit.holds for line in lines) >= 23
    assert all(0.4 < line.envelope_variance < 1.6 for line in lines)


@pytest.mark.parametrize("bandwidth_hz", [0.3, 1.2])
@pytest.mark.parametrize("noise", [0.003, 0.2])
def test_the_half_power_width_of_a_gaussian_line_is_covered(bandwidth_hz, noise):
    lines = lines_of(lambda n, rng: gaussian(n, 8.3, bandwidth_hz, rng), noise=noise)
    # Of 12 at 95 %: fewer than 9 once in 500 draws.
    assert share_covered(lines, "bandwidth_hz", bandwidth_hz) >= 9 / 12
    assert share_covered(lines, "frequency_hz", 8.3) >= 9 / 12
    assert sum(line.fit.shape == "gaussian" for line in lines) >= 11
    assert max(line.bandwidth_hz.high for line in lines) < 2.0 * bandwidth_hz


@pytest.mark.parametrize(
    ("first_hz", "second_hz", "bandwidth_hz"), [(7.0, 8.5, 0.4), (5.0, 9.0, 0.6)]
)
def test_two_lines_at_once_are_both_told(first_hz, second_hz, bandwidth_hz):
    lines = lines_of(
        lambda n, rng: (
            lorentzian(n, first_hz, bandwidth_hz, rng)
            + lorentzian(n, second_hz, bandwidth_hz, rng, rms_ms2=0.25)
        ),
        seconds=100.0,
    )
    told = [
        len(line.further) == 1 and np.allclose(told_hz(line), [first_hz, second_hz], atol=0.3)
        for line in lines
    ]
    assert np.mean(told) >= 0.9
    both = [one for line in lines for one in (line, *line.further)]
    low = [one for one in both if one.frequency_hz.value < (first_hz + second_hz) / 2.0]
    assert share_covered(low, "frequency_hz", first_hz) >= 9 / 12
    assert share_covered(low, "bandwidth_hz", bandwidth_hz) >= 9 / 12
    assert share_covered(low, "rms_ms2", 0.3) >= 9 / 12


def test_lines_one_after_the_other_share_the_time():
    rng = np.random.default_rng(1)
    x = np.concatenate([lorentzian(6000, 5.0, 0.5, rng), lorentzian(6000, 9.0, 0.5, rng)])
    line = fit_pooled([noisy(x, rng)], fs=FS, band_hz=BAND_HZ)
    np.testing.assert_allclose(told_hz(line), [5.0, 9.0], atol=0.2)
    assert [round(one.share, 1) for one in (line, *line.further)] == [0.5, 0.5]
    # Each over its own time, not over all of it.
    assert all(abs(one.rms_ms2.value - 0.3) < 0.06 for one in (line, *line.further))


def test_the_fundamental_is_told_before_a_stronger_harmonic():
    lines = lines_of(lambda n, rng: with_second_harmonic(n, 5.2, 0.4, rng, ratio=1.5))
    assert [line.fit.n_harmonics for line in lines] == [2] * COUNT
    assert not any(line.further for line in lines)
    assert share_covered(lines, "frequency_hz", 5.2) >= 9 / 12


def test_a_line_at_twice_the_frequency_of_another_may_be_a_tremor_of_its_own():
    lines = lines_of(
        lambda n, rng: lorentzian(n, 4.7, 0.5, rng) + lorentzian(n, 9.4, 0.5, rng), count=6
    )
    assert [line.fit.n_harmonics for line in lines] == [1] * 6
    assert all(len(line.further) == 1 for line in lines)


def test_a_motor_above_the_band_does_not_lift_the_floor():
    lines = lines_of(
        lambda n, rng: lorentzian(n, 8.3, 0.8, rng) + lorentzian(n, 31.0, 0.1, rng, rms_ms2=3.0)
    )
    assert share_covered(lines, "rms_ms2", 0.3) >= 9 / 12
    assert abs(np.mean([line.rms_ms2.value for line in lines]) / 0.3 - 1.0) < 0.05


def test_a_floor_that_falls_with_frequency_is_part_of_the_model():
    def with_sway(n, rng):
        sway = power_law_noise(n, FS, exponent=3.0, corner_hz=2.0, rms=0.6, rng=rng)
        return lorentzian(n, 7.0, 0.8, rng) + sway

    lines = lines_of(with_sway, noise=0.005)
    assert share_covered(lines, "frequency_hz", 7.0) >= 9 / 12
    assert share_covered(lines, "bandwidth_hz", 0.8) >= 9 / 12
    assert share_covered(lines, "rms_ms2", 0.3) >= 9 / 12


def test_the_frequency_of_a_sprung_mass_is_covered():
    """An autoregression of second order: its low flank is the higher one."""

    def resonance(n, rng):
        from scipy.signal import lfilter

        radius, turn = np.exp(-np.pi * 0.8 / FS), 2.0 * np.pi * 7.0 / FS
        poles = [1.0, -2.0 * radius * np.cos(turn), radius**2]
        wave = lfilter([1.0], poles, rng.normal(size=n + 2000))[2000:]
        return 0.3 * (wave / wave.std())[:, None] * [0.6, 0.0, 0.8]

    lines = lines_of(resonance, seconds=120.0, noise=0.005)
    assert share_covered(lines, "frequency_hz", 7.0) >= 9 / 12


def test_a_jittering_machine_has_a_narrow_upper_limit():
    def machine(n, rng):
        # Its speed scatters by 0.05 % from second to second.
        jitter = np.repeat(rng.normal(0.0, 0.0005 * 9.0, n // 100 + 1), 100)[:n]
        phase = 2.0 * np.pi * np.cumsum(9.0 + jitter) / FS
        return 0.25 * np.cos(phase)[:, None] * [0.6, 0.0, 0.8]

    for line in lines_of(machine, seconds=120.0):
        assert line.bandwidth_hz.low == 0.0
        assert line.bandwidth_hz.high < 0.05
        assert abs(line.rms_ms2.value - 0.25 / np.sqrt(2.0)) < 0.01


def test_an_oscillation_that_keeps_its_amplitude_has_an_interval_of_its_phase():
    def cycle(n, rng):
        phase = np.cumsum(rng.normal(0.0, np.sqrt(2.0 * np.pi * 0.2 / FS), n))
        turn = 2.0 * np.pi * 8.3 / FS * np.arange(n)
        return 0.3 * np.sqrt(2.0) * np.cos(turn + phase)[:, None] * [0.6, 0.0, 0.8]

    lines = lines_of(cycle, count=24)
    # Noise of that width would give 83 %.
    assert share_covered(lines, "frequency_hz", 8.3) >= 21 / 24
    assert share_covered(lines, "rms_ms2", 0.3) >= 21 / 24
    assert max(line.rms_ms2.high - line.rms_ms2.low for line in lines) < 0.1


def test_a_broad_hump_is_told_from_a_line():
    hump = lines_of(lambda n, rng: gaussian(n, 3.6, 2.6, rng), count=6)
    line = lines_of(lambda n, rng: lorentzian(n, 4.8, 1.5, rng), count=6)
    assert all(map(is_too_broad, hump))
    assert not any(map(is_too_broad, line))


def test_a_part_without_the_line_does_not_widen_the_interval_of_the_rms():
    rng = np.random.default_rng(3)
    x = lorentzian(9000, 5.0, 0.8, rng)
    x[3000:6000] = 0.0
    line = fit_pooled([noisy(x, rng)], fs=FS, band_hz=BAND_HZ)
    assert line.rms_ms2.high < 1.5 * line.rms_ms2.value
    assert line.rms_ms2.low <= 0.3 * np.sqrt(2.0 / 3.0) <= line.rms_ms2.high


def test_a_set_does_not_depend_on_the_others():
    rng = np.random.default_rng(4)
    captures = [
        lorentzian(5000, 8.3, 0.8, rng),
        gaussian(5000, 7.0, 0.6, rng),
        lorentzian(5000, 5.0, 0.5, rng) + lorentzian(5000, 9.0, 0.5, rng),
        tone(5000, FS, frequency_hz=9.0, rms_ms2=0.2),
    ]
    sets = []
    for x in captures:
        x = noisy(x, rng)
        sets.append([RunSpectra.of(lambda b, e, x=x: x[b:e], len(x), fs=FS, band_hz=BAND_HZ)])
    together = fit_pooled_sets(sets, fs=FS, band_hz=BAND_HZ)
    alone = [fit_pooled_sets([one], fs=FS, band_hz=BAND_HZ)[0] for one in sets]
    assert together == alone
    assert [line.fit.shape for line in alone] == ["lorentzian", "gaussian", "lorentzian", "tone"]


def test_a_turned_sensor_gets_the_same_model():
    rng = np.random.default_rng(5)
    x = noisy(lorentzian(9000, 7.0, 0.4, rng) + lorentzian(9000, 8.5, 0.4, rng), rng)
    turned = x @ np.linalg.qr(rng.normal(size=(3, 3)))[0].T
    one, other = (fit_pooled([each], fs=FS, band_hz=BAND_HZ) for each in (x, turned))
    np.testing.assert_allclose(told_hz(other), told_hz(one), rtol=1e-9)
    np.testing.assert_allclose(other.rms_ms2.high, one.rms_ms2.high, rtol=1e-8)
