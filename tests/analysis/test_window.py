"""Every verdict of a window is reached, with the number that decided it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor.analysis.window import WindowBatch, analyze_window, analyze_windows
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.verdicts import REASONS
from tremor.settings import AnalysisSettings
from tremor.synthesis import narrowband, tone

FS = 100.0
N = 400
DEFAULT = AnalysisSettings()


def lines(levels, *, n=N, fs=FS, seed=1):
    """Sum sines of given RMS, {Hz: m/s^2}, of chance phase and fixed direction, on gravity."""
    rng = np.random.default_rng(seed)
    x = np.tile([0.0, 0.0, 9.81], (n, 1)) + rng.normal(0, 0.002, (n, 3))
    for frequency_hz, rms_ms2 in levels.items():
        x += tone(
            n, fs, frequency_hz=frequency_hz, rms_ms2=rms_ms2, direction=(1, 1, 0),
            phase_rad=rng.uniform(0, 2 * np.pi),
        )  # fmt: skip
    return x


def plateau(low_hz, high_hz, rms_ms2):
    """Equal sines on every bin of a 4 s window."""
    return {float(f): rms_ms2 for f in np.arange(low_hz, high_hz + 0.01, 0.25)}


def knocks(at_s, *, frequency_hz=8.0, decay_s=0.03, peak_ms2=2.0, seed=1):
    """Strikes that ring, on a leg at rest."""
    x = lines({}, seed=seed)
    for start_s in at_s:
        t = np.maximum(np.arange(N) / FS - start_s, 0.0)
        ring = peak_ms2 * np.exp(-t / decay_s) * np.sin(2 * np.pi * frequency_hz * t)
        x += ring[:, None] * [0.6, 0.8, 0.0]
    return x


def hiss(sd_ms2):
    return np.random.default_rng(9).normal(0, sd_ms2, (N, 3))


def event_window():
    """A line in the first half, another in the second, and a third between them throughout."""
    first, second = lines({6.0: 1.0}), lines({12.0: 1.0}, seed=2)
    both = lines({9.0: 0.9}, seed=3) - [0.0, 0.0, 9.81]
    return np.concatenate([first[: N // 2], second[N // 2 :]]) + both


def movement(frequency_hz, *, middle_s=2.0, length_s=0.6, rms_ms2=0.3):
    """A movement of its own length."""
    swell = np.exp(-(((np.arange(N) / FS - middle_s) / length_s) ** 2))
    return swell[:, None] * (lines({frequency_hz: rms_ms2}) - [0.0, 0.0, 9.81])


def clipped_window():
    return np.clip(lines({3.0: 20.0}), -19.6, 19.6)


def dead_window():
    return np.tile([0.1, 0.2, 9.81], (N, 1))


def gap_window():
    x = lines({8.0: 0.3})
    x[100:230] = np.nan
    return x


def uneven(first_s, interval_s):
    """Times that no stride keeps: regular ones are a comb."""
    steps = interval_s * (1.0 + 0.12 * np.sin(2.4 * np.arange(20)))
    times = first_s + np.concatenate([[0.0], np.cumsum(steps)])
    return times[times < 4.0]


#: name of the reason: a window that is given it
WINDOWS = {
    "line": lambda: lines({8.0: 0.3}),
    "weak": lambda: lines({8.0: 0.01}),
    "spread": lambda: lines(plateau(2.0, 16.0, 0.02) | {8.0: 0.06}),
    "flat": lambda: lines(plateau(1.0, 16.0, 0.01) | plateau(7.25, 8.75, 0.0235), seed=125),
    "edge": lambda: lines(plateau(1.0, 3.25, 0.02) | {3.1: 0.04}),
    "beyond_band": lambda: lines({16.0: 0.3}),
    "no_valley": lambda: lines(plateau(1.0, 4.75, 0.03) | {4.0: 0.06}),
    "moving": lambda: lines(plateau(0.5, 3.0, 0.25) | {8.0: 0.3}) + hiss(0.1),
    "gait": lambda: lines({1.75 * k: 0.35 for k in range(1, 10)}),
    "impact": lambda: knocks(uneven(0.2, 0.4), peak_ms2=5.0),
    "only_impacts": lambda: knocks([1.5]),
    "event": event_window,
    "burst": lambda: lines({}) + movement(6.0, length_s=0.6) + hiss(0.06),
    "with_movement": lambda: lines({}) + movement(6.0, length_s=1.4) + movement(1.2, length_s=1.4),
    "heartbeat": lambda: knocks(uneven(0.1, 0.6), decay_s=0.15, peak_ms2=0.8),
    "gap": gap_window,
    "clipped": clipped_window,
    "dead": dead_window,
}


def test_every_reason_but_those_of_context_has_its_window():
    assert set(WINDOWS) | {"settling", "placing", "heartbeats"} == set(REASONS)


@pytest.mark.parametrize("name", WINDOWS)
def test_each_reason_is_reached_and_names_its_verdict(name):
    found = analyze_window(WINDOWS[name](), sampling_rate_hz=FS)
    assert found.decided_by.key == name
    assert found.verdict == REASONS[name].verdict
    assert found.reason.code == found.decided_by.key == name


@pytest.mark.parametrize("name", WINDOWS)
def test_only_tremor_is_estimated_and_every_refusal_says_why(name):
    found = analyze_window(WINDOWS[name](), sampling_rate_hz=FS)
    for key in ESTIMATE_NAMES:
        one = getattr(found, key)
        if found.verdict == "tremor":
            assert one.low <= one.value <= one.high
            assert one.reason is None
        else:
            assert (one.value, one.low, one.high) == (None, None, None)
            assert one.reason == found.reason
    assert (found.polarisation is None) == (found.verdict != "tremor")


@pytest.mark.parametrize(
    ("name", "setting", "above"),
    [("weak", "least_rms_ms2", False), ("spread", "least_peak_fraction", False),
     ("flat", "least_peak_over_floor", False), ("no_valley", "least_valley_ratio", False),
     ("moving", "most_low_rms_ms2", True), ("clipped", "most_clipped_share", True),
     ("gait", "most_gait_comb", True), ("impact", "most_blanked_share", True),
     ("only_impacts", "least_rms_ms2", False), ("event", "most_half_disagreement_hz", True),
     ("heartbeat", "most_heartbeat_score", True), ("line", "least_peak_over_floor", True),
     ("with_movement", "most_slow_correlation", True), ("burst", "most_quiet_share", True)],
)  # fmt: skip
def test_the_deciding_number_lies_on_its_side_of_the_setting(name, setting, above):
    found = analyze_window(WINDOWS[name](), sampling_rate_hz=FS)
    assert found.decided_by.threshold == getattr(DEFAULT, setting)
    assert (found.decided_by.value > found.decided_by.threshold) == above


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [("weak", "least_rms_ms2", 0.005), ("spread", "least_peak_fraction", 0.0),
     ("flat", "least_peak_over_floor", 1.0), ("edge", "interior_margin_hz", 0.0),
     ("no_valley", "least_valley_ratio", 1.0), ("moving", "most_low_rms_ms2", 50.0),
     ("gait", "most_gait_comb", 1.0), ("impact", "most_blanked_share", 1.0),
     ("only_impacts", "blank_over_median", 100.0), ("event", "most_half_disagreement_hz", 10.0),
     ("heartbeat", "most_heartbeat_score", 2.0), ("clipped", "most_clipped_share", 1.0),
     ("burst", "most_quiet_share", 1.0), ("with_movement", "most_slow_correlation", 1.0)],
)  # fmt: skip
def test_another_threshold_lets_the_window_past_that_test(name, setting, value):
    settings = DEFAULT.with_overrides([f"{setting}={value}"])
    found = analyze_window(WINDOWS[name](), sampling_rate_hz=FS, settings=settings)
    assert found.decided_by.key != name


def test_deciding_numbers_are_what_was_put_in():
    # Hann density of a sine on a bin: all of its power within +-1 bin, so these are exact but
    # for noise of 0.002 m/s^2 and the removed trend.
    moving = analyze_window(WINDOWS["moving"](), sampling_rate_hz=FS)
    assert_allclose(moving.decided_by.value, 0.25 * np.sqrt(11), rtol=0.35)  # neighbours interfere
    gap = analyze_window(gap_window(), sampling_rate_hz=FS)
    assert_allclose((gap.decided_by.value, gap.decided_by.threshold), (1.3, 1.2), rtol=1e-12)
    clipped = clipped_window()
    at_rail = np.mean((np.abs(clipped) == 19.6).any(axis=1))
    found = analyze_window(clipped, sampling_rate_hz=FS)
    # The rail is a zone of 0.1 % of the span; a sine of 20 past 19.6 crosses it in one sample.
    assert_allclose(found.decided_by.value, at_rail, atol=0.05)
    weak = analyze_window(lines({8.0: 0.02}), sampling_rate_hz=FS)
    assert_allclose(weak.decided_by.value, 0.02, rtol=0.03)
    dead = analyze_window(dead_window(), sampling_rate_hz=FS)
    assert (dead.decided_by.value, dead.decided_by.threshold) == (3.0, 0.0)


def test_the_gate_is_twice_what_a_resting_leg_shows():
    # 0.03 m/s^2: noise of 0.002 changes the power of the sine by 1 %.
    verdicts = [
        analyze_window(lines({8.0: rms}), sampling_rate_hz=FS).decided_by.key
        for rms in (0.028, 0.032)
    ]
    assert verdicts == ["weak", "line"]


@pytest.mark.parametrize("name", WINDOWS)
def test_a_turned_sensor_gets_the_same_verdict(name):
    q, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))
    x = WINDOWS[name]()
    found = analyze_window(x, sampling_rate_hz=FS)
    turned = analyze_window(x @ q.T, sampling_rate_hz=FS)
    if name == "clipped":  # rails belong to axes
        return
    assert turned.decided_by.key == found.decided_by.key
    assert set(turned.scores) == set(found.scores)
    for key, score in found.scores.items():
        assert_allclose(turned.scores[key], score, rtol=1e-9, err_msg=key)
    if found.verdict == "tremor":
        for key in ESTIMATE_NAMES:
            assert_allclose(getattr(turned, key).value, getattr(found, key).value, rtol=1e-9)


@pytest.mark.parametrize("fs", [25.0, 52.0, 104.0, 208.0, 416.0])
@pytest.mark.parametrize("duration_s", [2.0, 4.0, 10.0])
def test_tremor_is_found_at_every_rate_and_length(fs, duration_s):
    n = round(duration_s * fs)
    rng = np.random.default_rng(3)
    x = narrowband(n, fs, frequency_hz=7.3, bandwidth_hz=0.4, rms_ms2=0.3, rng=rng)
    x = x + np.array([0.0, 9.81, 0.0]) + rng.normal(0, 0.01, (n, 3))
    found = analyze_window(x, sampling_rate_hz=fs)
    assert found.verdict == "tremor"
    assert (found.start_s, found.end_s) == (0.0, duration_s)
    assert abs(found.frequency_hz.value - 7.3) < 0.7


def batch_of(windows, *, clipped_share=None, n_dead_axes=0):
    count = len(windows)
    return WindowBatch(
        start_s=2.0 * np.arange(count),
        acceleration_ms2=np.array([window.T for window in windows]),
        clipped_share=np.zeros(count) if clipped_share is None else clipped_share,
        n_dead_axes=n_dead_axes,
        fs=FS,
    )


def test_many_windows_at_once_give_the_bits_of_each_alone():
    names = [name for name in WINDOWS if name != "gait"] * 2
    windows = [WINDOWS[name]() for name in names]
    share = np.array([0.5 if name == "clipped" else 0.0 for name in names])
    together = analyze_windows(batch_of(windows, clipped_share=share), settings=DEFAULT)
    assert [one.decided_by.key for one in together] == names
    for k in range(len(names)):
        alone = analyze_windows(
            batch_of(windows[k : k + 1], clipped_share=share[k : k + 1]), settings=DEFAULT
        )
        one = together[k]
        assert alone[0] == replace(one, start_s=0.0, end_s=one.end_s - one.start_s)
        for name, column in alone.scores.items():
            assert_array_equal(column[0], together.scores[name][k], err_msg=name)


def test_a_dead_axis_spoils_every_window():
    table = analyze_windows(batch_of([WINDOWS["line"]()] * 3, n_dead_axes=1), settings=DEFAULT)
    assert table.where("dead").all()
    assert (table.score == 1.0).all()
    assert np.isnan(table.estimates["frequency_hz"]).all()


def test_nothing_is_written_into():
    windows = batch_of([make() for make in WINDOWS.values()])
    before = windows.acceleration_ms2.copy()
    windows.acceleration_ms2.flags.writeable = False
    analyze_windows(windows, settings=DEFAULT)
    assert_array_equal(windows.acceleration_ms2, before)


def test_a_line_just_above_the_band_is_refused_or_held_by_its_interval():
    found = analyze_window(lines({15.2: 0.3}), sampling_rate_hz=FS)
    assert found.reason.code == "beyond_band" or found.frequency_hz.high >= 15.2


def test_a_short_window_is_refused():
    with pytest.raises(InsufficientDataError, match=r"^the window holds 1.99 s; give at least 2 s"):
        analyze_window(lines({8.0: 0.3}, n=199), sampling_rate_hz=FS)


def test_a_rate_too_low_for_the_band_is_refused():
    with pytest.raises(InvalidInputError, match="reaches above the Nyquist frequency, 4 Hz"):
        analyze_window(lines({2.5: 0.3}), sampling_rate_hz=8.0)


def test_other_shapes_are_refused():
    with pytest.raises(InvalidInputError, match="has shape"):
        analyze_window(np.ones((400, 2)), sampling_rate_hz=FS)
