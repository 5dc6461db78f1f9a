"""The made-up leg has the physics that it claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor import synthesis as syn
from tremor.errors import InvalidInputError

FS = 100.0
CLOCK = syn.SensorClock(nominal_rate_hz=104.0, rate_error=0.01)
WITH_TREMOR = {"post_run", "steady", "fading", "restless"}


def vector_rms(x):
    return float(np.sqrt((x**2).sum(axis=1).mean()))


def band_rms(x, fs, low_hz, high_hz):
    """RMS of the vector within a band, Hann window, averaged over segments of 8 s."""
    n = int(8 * fs)
    window = np.hanning(n)[:, None]
    power = np.zeros(n // 2 + 1)
    n_segments = len(x) // n
    for k in range(n_segments):
        segment = x[k * n : (k + 1) * n]
        segment = segment - segment.mean(axis=0)
        power += (np.abs(np.fft.rfft(segment * window, axis=0)) ** 2).sum(axis=1)
    f = np.fft.rfftfreq(n, 1 / fs)
    inside = (f >= low_hz) & (f < high_hz)
    return float(np.sqrt(2 * power[inside].sum() / (n * (window**2).sum() * n_segments)))


def test_tone_has_the_vector_rms_that_was_asked_for():
    x = syn.tone(1000, FS, frequency_hz=8.0, rms_ms2=0.3, direction=(1, 2, 3), axis_ratio=0.6)
    assert_allclose(vector_rms(x), 0.3, rtol=1e-12)


def test_tone_along_a_line_peaks_at_sqrt_2_of_its_rms_and_stays_on_the_line():
    x = syn.tone(4000, FS, frequency_hz=1.0, rms_ms2=1.0, direction=(0.0, 3.0, 4.0))
    assert_allclose(x @ [0.0, 0.6, 0.8], np.sqrt(2) * np.cos(2 * np.pi * np.arange(4000) / FS),
                    atol=1e-9)  # fmt: skip
    assert_allclose(x @ [0.0, 0.8, -0.6], 0.0, atol=1e-12)


@pytest.mark.parametrize("axis_ratio", [0.0, 0.3, 1.0])
def test_ellipse_has_its_axes(axis_ratio):
    direction = np.array([0.25, 0.35, 0.90])
    x = syn.tone(
        1000, FS, frequency_hz=5.0, rms_ms2=1.0, direction=tuple(direction), axis_ratio=axis_ratio
    )
    variance, axes = np.linalg.eigh(x.T @ x / len(x))
    assert_allclose(
        variance[::-1], np.array([1, axis_ratio**2, 0]) / (1 + axis_ratio**2), atol=1e-12
    )
    if axis_ratio < 1:
        assert_allclose(abs(axes[:, 2] @ direction) / np.linalg.norm(direction), 1, atol=1e-9)


@pytest.mark.parametrize(
    ("direction", "axis_ratio"), [((0, 0, 0), 0.0), ((np.nan, 0, 1), 0.0), ((0, 0, 1), 1.5)]
)
def test_polarisation_refuses_what_is_no_ellipse(direction, axis_ratio):
    with pytest.raises(InvalidInputError, match=r"direction|axis ratio"):
        syn.polarisation(direction, axis_ratio=axis_ratio)


@pytest.mark.parametrize("bandwidth_hz", [0.25, 0.8, 1.5])
def test_line_has_the_periodogram_of_its_autocovariance(bandwidth_hz):
    # Each bin is the mean of K independent exponentials: relative deviation 1/sqrt(K).
    n, n_segments, f0 = 1000, 1600, 8.0
    x = syn.narrowband(
        n * n_segments, FS, frequency_hz=f0, bandwidth_hz=bandwidth_hz, rms_ms2=0.2,
        rng=np.random.default_rng(5),
    )[:, 2]  # fmt: skip
    power = (np.abs(np.fft.rfft(x.reshape(n_segments, n), axis=1)) ** 2).mean(axis=0)
    power *= 2 / (n * FS)
    lag_s = np.arange(n) / FS
    covariance = 0.2**2 * np.exp(-np.pi * bandwidth_hz * lag_s) * np.cos(2 * np.pi * f0 * lag_s)
    covariance *= 1 - np.arange(n) / n
    covariance[0] /= 2
    expected = 4 / FS * np.fft.rfft(covariance).real
    f = np.fft.rfftfreq(n, 1 / FS)
    near = np.abs(f - f0) <= 2.0
    # Neighbouring segments share a little of the process, hence 6 rather than 5 deviations.
    assert_allclose(power[near], expected[near], rtol=6 / np.sqrt(n_segments))


@pytest.mark.parametrize("bandwidth_hz", [0.25, 1.0])
def test_half_the_power_of_a_line_lies_within_its_half_power_width(bandwidth_hz):
    # The share scatters by 0.5 / sqrt(pi B T).
    n, f0 = 400_000, 8.0
    x = syn.narrowband(
        n, FS, frequency_hz=f0, bandwidth_hz=bandwidth_hz, rms_ms2=1.0,
        rng=np.random.default_rng(11), axis_ratio=0.5,
    )  # fmt: skip
    power = (np.abs(np.fft.rfft(x, axis=0)) ** 2).sum(axis=1)
    inside = np.abs(np.fft.rfftfreq(n, 1 / FS) - f0) <= bandwidth_hz / 2
    sd = 0.5 / np.sqrt(np.pi * bandwidth_hz * n / FS)
    assert_allclose(power[inside].sum() / power.sum(), 0.5, atol=4 * sd)
    assert_allclose(vector_rms(x), 1.0, rtol=4 / np.sqrt(2 * np.pi * bandwidth_hz * n / FS))


def test_process_is_stationary_from_its_first_sample_and_across_its_blocks():
    # Many short draws; E|z|^2 of m of them scatters by 1 / sqrt(m), E z conj(z') likewise.
    m, decay_per_s = 4000, 40.0
    rng = np.random.default_rng(2)
    z = np.array([syn.ornstein_uhlenbeck(64, FS, decay_per_s=decay_per_s, rng=rng)
                  for _ in range(m)])  # fmt: skip
    assert_allclose((np.abs(z) ** 2).mean(axis=0), 1.0, atol=5 / np.sqrt(m))
    next_to = (z[:, 1:] * z[:, :-1].conj()).mean(axis=0)
    assert_allclose(next_to, np.exp(-decay_per_s / FS), atol=5 / np.sqrt(m))


@pytest.mark.parametrize("decay_per_s", [0.0, 1e-6, 3.0, 500.0, 5000.0])
def test_process_survives_every_decay(decay_per_s):
    z = syn.ornstein_uhlenbeck(5000, FS, decay_per_s=decay_per_s, rng=np.random.default_rng(0))
    assert z.shape == (5000,)
    assert np.isfinite(z).all()
    if decay_per_s == 0.0:
        assert_allclose(z, z[0], rtol=1e-12)


def test_decay_law():
    t = np.array([0.0, 70.0, 140.0, 1e6])
    assert_allclose(
        syn.decay_rms(t, initial_rms_ms2=0.6, half_life_s=70.0, floor_rms_ms2=0.06) ** 2,
        [0.36 + 0.0036, 0.09 + 0.0036, 0.0225 + 0.0036, 0.0036],
        rtol=1e-12,
    )
    assert_allclose(
        syn.decay_rms(t, initial_rms_ms2=0.3, half_life_s=None, floor_rms_ms2=0.0), 0.3, rtol=1e-12
    )


def test_rendered_tremor_follows_its_decay_law():
    # Relative deviation of the RMS of a stretch: 1 / sqrt(2 pi B T) from the line, and
    # sd * sqrt(2 * corr / T) from the waxing, where the mean square is what counts.
    tremor = syn.Tremor(
        bandwidth_hz=1.5, initial_rms_ms2=0.5, half_life_s=300.0, floor_rms_ms2=0.05
    )
    scene = syn.SCENES["quiet"](clock=syn.SensorClock(nominal_rate_hz=50.0), duration_s=1500.0)
    rendered = syn.render(replace(scene, parts=(tremor,)), seed=3)
    expected = syn.decay_rms(
        rendered.time_s, initial_rms_ms2=0.5, half_life_s=300.0, floor_rms_ms2=0.05
    )
    assert_allclose(rendered.tremor_rms_ms2, expected, rtol=1e-12)
    stretch_s = 150.0
    n = int(stretch_s * 50)
    sd = np.hypot(
        1 / np.sqrt(2 * np.pi * 1.5 * stretch_s),
        tremor.waxing_log_sd * np.sqrt(2 * tremor.waxing_time_s / stretch_s),
    )
    relative = (rendered.tremor_ms2**2).sum(axis=1) / expected**2
    assert_allclose(np.sqrt(relative.reshape(-1, n).mean(axis=1)), 1.0, atol=4 * sd)


def test_second_harmonic_has_its_share():
    tremor = syn.Tremor(bandwidth_hz=0.3, second_harmonic_ratio=0.3, direction=(0, 0, 1))
    scene = syn.SCENES["quiet"](clock=syn.SensorClock(nominal_rate_hz=FS), duration_s=600.0)
    x = syn.render(replace(scene, parts=(tremor,)), seed=1).tremor_ms2
    ratio = band_rms(x, FS, 14.0, 20.0) / band_rms(x, FS, 5.5, 11.5)
    assert_allclose(ratio, 0.3, rtol=0.1)


def test_wander_moves_the_centre_and_is_in_the_truth():
    tremor = syn.Tremor(wander_hz=0.2, wander_time_s=20.0)
    scene = syn.SCENES["quiet"](clock=syn.SensorClock(nominal_rate_hz=FS), duration_s=4000.0)
    rendered = syn.render(replace(scene, parts=(tremor,)), seed=1)
    n_independent = 4000.0 / 40.0
    assert_allclose(rendered.tremor_frequency_hz.mean(), 8.5, atol=4 * 0.2 / n_independent**0.5)
    assert_allclose(rendered.tremor_frequency_hz.std(), 0.2, rtol=4 / n_independent**0.5)


def test_stamps_carry_the_true_rate_and_the_nominal_stamps_do_not():
    rendered = syn.render(syn.SCENES["quiet"](clock=CLOCK, duration_s=60.0), seed=1)
    assert_allclose(rendered.sampling_rate_hz, 105.04)
    slope = np.polyfit(np.arange(len(rendered.stamp_s)), rendered.stamp_s, 1)[0]
    assert_allclose(1 / slope, 105.04, rtol=1e-6)
    nominal = syn.render(
        syn.SCENES["quiet"](clock=replace(CLOCK, stamps="nominal"), duration_s=60.0), seed=1
    )
    assert_allclose(np.diff(nominal.stamp_s), 1 / 104.0, atol=2e-6)
    assert_array_equal(nominal.acceleration_ms2, rendered.acceleration_ms2)


def test_jitter_and_resolution_of_stamps():
    clock = replace(CLOCK, stamp_jitter_s=5e-4, stamp_resolution_s=1e-3)
    rendered = syn.render(syn.SCENES["quiet"](clock=clock, duration_s=120.0), seed=1)
    assert_allclose(rendered.stamp_s * 1e3, np.round(rendered.stamp_s * 1e3), atol=1e-6)
    assert (np.diff(rendered.stamp_s) >= 0).all()
    sd = np.sqrt(5e-4**2 + 1e-3**2 / 12)
    n = len(rendered.time_s)
    assert_allclose((rendered.stamp_s - rendered.time_s).std(), sd, rtol=5 / np.sqrt(n))


def test_packets_arrive_whole_in_order_and_after_their_last_sample():
    clock = replace(CLOCK, packet_samples=8, packet_loss=0.1, stamps="packet")
    rendered = syn.render(syn.SCENES["quiet"](clock=clock, duration_s=120.0), seed=1)
    blocks = syn.packets(rendered)
    assert_array_equal(
        np.concatenate([block.acceleration_ms2 for block in blocks]),
        rendered.acceleration_ms2[rendered.kept],
    )
    arrivals = np.array([block.arrival_s for block in blocks])
    last = np.array([b.first_index + len(b.acceleration_ms2) - 1 for b in blocks])
    assert (np.diff(arrivals) >= 0).all()
    assert (arrivals >= rendered.time_s[last] + clock.latency_s).all()
    assert {len(block.acceleration_ms2) for block in blocks[:-1]} == {8}
    n_packets = -(-len(rendered.time_s) // 8)
    assert_allclose(len(blocks) / n_packets, 0.9, atol=4 * np.sqrt(0.09 / n_packets))


def test_losses_are_exactly_the_gaps_of_the_truth():
    scene = replace(
        syn.SCENES["quiet"](clock=CLOCK, duration_s=30.0),
        losses=(
            syn.Loss(start_s=5.0, duration_s=1.5), syn.Loss(start_s=20.0, duration_s=0.2)
        ),
    )  # fmt: skip
    rendered = syn.render(scene, seed=1)
    inside = np.zeros(len(rendered.time_s), dtype=bool)
    for loss in scene.losses:
        inside |= (rendered.time_s >= loss.start_s) & (
            rendered.time_s < loss.start_s + loss.duration_s
        )
    assert_array_equal(rendered.kept, ~inside)
    assert sum(gap.n_lost for gap in rendered.gaps) == inside.sum()
    for gap, loss in zip(rendered.gaps, scene.losses, strict=True):
        assert_allclose(gap.start_s, loss.start_s, atol=1 / rendered.sampling_rate_hz)
        assert_allclose(gap.duration_s, loss.duration_s, atol=1 / rendered.sampling_rate_hz)
    whole = syn.render(replace(scene, losses=()), seed=1)
    assert_array_equal(whole.acceleration_ms2, rendered.acceleration_ms2)


def test_sensor_rounds_and_clips():
    sensor = syn.Sensor(bits=8, range_ms2=12.0)
    scene = replace(syn.SCENES["run"](clock=CLOCK, duration_s=20.0), sensor=sensor)
    x = syn.render(scene, seed=1).acceleration_ms2
    lsb = 12.0 / 128
    assert_allclose(x / lsb, np.round(x / lsb), atol=1e-9)
    assert x.min() == -12.0
    assert_allclose(x.max(), 12.0 - lsb)


def test_sensor_noise_has_its_density():
    scene = replace(
        syn.SCENES["quiet"](clock=CLOCK, duration_s=200.0),
        parts=(),
        sensor=syn.Sensor(bits=None, noise_density_ms2_per_rthz=1e-3),
    )
    x = syn.render(scene, seed=1).acceleration_ms2
    # 30 Hz of 200 s and three axes: 18 000 exponentials, halved for the square root.
    assert_allclose(band_rms(x, 105.04, 20.0, 50.0), 1e-3 * np.sqrt(3 * 30), rtol=0.03)


def test_same_seed_gives_the_same_samples_and_another_one_does_not():
    scene = syn.SCENES["restless"](clock=CLOCK, duration_s=20.0)
    first, again, other = (syn.render(scene, seed=seed) for seed in (1, 1, 2))
    assert_array_equal(first.acceleration_ms2, again.acceleration_ms2)
    assert not np.array_equal(first.acceleration_ms2, other.acceleration_ms2)


def test_a_further_part_leaves_the_others_as_they_were():
    scene = syn.SCENES["steady"](clock=CLOCK, duration_s=20.0)
    more = replace(scene, parts=(*scene.parts, syn.Impacts()))
    assert_array_equal(syn.render(scene, seed=1).tremor_ms2, syn.render(more, seed=1).tremor_ms2)


@pytest.mark.parametrize("name", syn.SCENES)
def test_every_scene_is_finite_named_and_honest_about_its_tremor(name):
    scene = syn.SCENES[name](clock=CLOCK, duration_s=60.0)
    rendered = syn.render(scene, seed=4)
    assert scene.name == name
    assert rendered.acceleration_ms2.shape == (6302, 3)
    assert np.isfinite(rendered.acceleration_ms2).all()
    assert (scene.tremor is not None) == (name in WITH_TREMOR)
    assert rendered.tremor_ms2.any() == (name in WITH_TREMOR)
    assert np.isfinite(rendered.tremor_frequency_hz).any() == (name in WITH_TREMOR)
    edges = [(posture.start_s, posture.end_s) for posture in scene.postures]
    assert [start for start, _ in edges[1:]] == [end for _, end in edges[:-1]]
    with pytest.raises(ValueError, match="read-only"):
        rendered.acceleration_ms2[0, 0] = 0.0


@pytest.mark.parametrize("name", syn.SCENES)
def test_every_scene_can_be_varied(name):
    scene = syn.SCENES[name](clock=CLOCK, duration_s=30.0)
    rng = np.random.default_rng(8)
    varied = [syn.vary(scene, rng) for _ in range(3)]
    assert len({repr(one) for one in varied}) == 3
    assert [type(part) for part in varied[0].parts] == [type(part) for part in scene.parts]
    assert np.isfinite(syn.render(varied[0], seed=1).acceleration_ms2).all()


def test_levels_of_a_resting_leg():
    # 0.008 to 0.015 m/s^2 within 3-15 Hz, 0.004 to 0.010 within 0.5-3 Hz, as a phone on a
    # resting leg reads; heartbeats that ring the muscle read far more.
    quiet = syn.render(syn.SCENES["quiet"](clock=CLOCK, duration_s=120.0), seed=1)
    assert 0.008 < band_rms(quiet.acceleration_ms2, 105.04, 3.0, 15.0) < 0.015
    assert 0.004 < band_rms(quiet.acceleration_ms2, 105.04, 0.5, 3.0) < 0.010
    assert_allclose(np.linalg.norm(quiet.acceleration_ms2, axis=1).mean(), 9.80665, rtol=1e-3)
    beating = syn.render(syn.SCENES["strong_heartbeat"](clock=CLOCK, duration_s=120.0), seed=1)
    assert band_rms(beating.acceleration_ms2, 105.04, 3.0, 15.0) > 0.08


def test_heartbeats_and_strides_come_at_their_rates():
    beating = syn.render(syn.SCENES["strong_heartbeat"](clock=CLOCK, duration_s=300.0), seed=1)
    assert_allclose(1 / np.diff(beating.beat_time_s).mean(), 1.7, rtol=0.02)
    assert 0.02 < np.diff(beating.beat_time_s).std() * 1.7 < 0.06
    walk = syn.render(syn.SCENES["walk"](clock=CLOCK, duration_s=300.0), seed=1)
    assert_allclose(2 / np.diff(walk.stride_time_s).mean(), 1.85, rtol=4 * 0.02 / 277**0.5)
    after = syn.render(syn.SCENES["post_run"](clock=CLOCK, duration_s=600.0), seed=1)
    intervals_s = np.diff(after.beat_time_s)
    assert 1 / intervals_s[:20].mean() > 2.0
    assert 1 / intervals_s[-50:].mean() < 1.5


def test_scene_refuses_two_tremors_no_samples_and_a_line_beyond_nyquist():
    scene = syn.SCENES["steady"](clock=CLOCK, duration_s=20.0)
    with pytest.raises(InvalidInputError, match="at most one tremor"):
        replace(scene, parts=(*scene.parts, syn.Tremor()))
    with pytest.raises(InvalidInputError, match="fewer than 2 samples"):
        replace(scene, duration_s=0.0)
    with pytest.raises(InvalidInputError, match="Nyquist"):
        replace(scene, parts=(syn.Tremor(frequency_hz=60.0),))


@pytest.mark.parametrize(
    "wrong",
    [
        {"nominal_rate_hz": 0.0},
        {"nominal_rate_hz": 100.0, "rate_error": 0.7},
        {"nominal_rate_hz": 100.0, "packet_samples": 0},
        {"nominal_rate_hz": 100.0, "packet_loss": 1.0},
        {"nominal_rate_hz": 100.0, "stamps": "guessed"},
    ],
)
def test_clock_refuses_what_no_sensor_does(wrong):
    with pytest.raises(InvalidInputError):
        syn.SensorClock(**wrong)
