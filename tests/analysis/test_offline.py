"""A recording in, its analysis out: scenes of known truth, laws, and what cannot be judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tremor
from tremor import synthesis as syn
from tremor.analysis import offline
from tremor.analysis.offline import analyze
from tremor.analysis.window import analyze_window
from tremor.dsp.spectrum import hann_psd
from tremor.notes import note
from tremor.recording import Recording
from tremor.report.messages import sentence
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.settings import AnalysisSettings

FS = 100.0


def recorded(name, *, duration_s, seed=1, fs=FS, losses=()):
    scene = syn.SCENES[name](clock=syn.SensorClock(nominal_rate_hz=fs), duration_s=duration_s)
    rendered = syn.render(replace(scene, losses=losses), seed=seed)
    samples = rendered.acceleration_ms2.copy()
    samples[~rendered.kept] = np.nan
    return Recording.from_arrays(samples, sampling_rate_hz=rendered.sampling_rate_hz), rendered


def shaking(duration_s=20.0, *, fs=FS, frequency_hz=8.13, rms_ms2=0.3, seed=1, noise_ms2=0.01):
    rng = np.random.default_rng(seed)
    n = round(duration_s * fs)
    x = syn.narrowband(
        n, fs, frequency_hz=frequency_hz, bandwidth_hz=0.4, rms_ms2=rms_ms2, rng=rng,
        direction=(1.0, 2.0, 2.0),
    )  # fmt: skip
    return x + np.array([0.0, 9.81, 0.0]) + rng.normal(0, noise_ms2, (n, 3))


def of(samples, fs=FS):
    return Recording.from_arrays(samples, sampling_rate_hz=fs)


def numbers(record):
    rows = [
        (one.value, one.low, one.high) for one in (getattr(record, name) for name in ESTIMATE_NAMES)
    ]
    return np.array(rows, dtype=float)


# --- scenes of known truth -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_a_run_the_tremor_is_found_and_measured_at_rest_only(seed):
    loss = syn.Loss(start_s=100.0, duration_s=1.3)
    recording, rendered = recorded("post_run", duration_s=136.0, seed=seed, losses=(loss,))
    found = analyze(recording)
    assert found.status == "measured"
    assert found.summary.tremor_detected
    # Within three halves of its 95 % interval: once in a million draws outside, and the waxing.
    one = found.summary.frequency_hz
    assert abs(one.value - 8.4) <= 1.5 * (one.high - one.low)
    (gap,) = found.recording.gaps
    assert_allclose((gap.start_s, gap.duration_s, gap.n_lost), (100.0, 1.3, 130), atol=1e-9)
    # Running and walking up to 65 s, sitting down to 68 s.
    rest_s = 68.0
    table = found.windows
    stirred = table.where("moving") | table.where("gait")
    assert stirred[table.end_s <= 65.0].all()
    assert not stirred[table.start_s >= rest_s + 1.0].any()
    assert not table.where("tremor")[table.start_s < 65.0].any()
    assert_array_equal(
        table.where("gap"), (table.start_s < 101.3 - 1e-9) & (table.end_s > 100.0 + 1e-9)
    )
    start_s, end_s = found.episodes[0].start_s, found.episodes[-1].end_s
    assert 66.0 <= start_s <= rest_s + 10.0
    assert end_s >= 120.0
    # RMS of the line over the time that the episodes cover, as it came out in this draw.
    inside = np.zeros(len(rendered.time_s), dtype=bool)
    for episode in found.episodes:
        inside |= (rendered.time_s >= episode.start_s) & (rendered.time_s < episode.end_s)
    inside &= rendered.kept
    realised = np.sqrt((rendered.tremor_ms2[inside] ** 2).sum(axis=1).mean())
    # The target of the design is 5 % at 10 dB; the heartbeat and blanked moments add the rest.
    assert_allclose(found.summary.rms_ms2.value, realised, rtol=0.1)


@pytest.mark.parametrize("name", ["steady", "fading"])
@pytest.mark.parametrize("fs", [52.0, 104.0])
def test_a_tremor_at_rest_is_measured_at_every_rate(name, fs):
    recording, rendered = recorded(name, duration_s=60.0, seed=4, fs=fs)
    found = analyze(recording)
    truth_hz = rendered.scene.tremor.frequency_hz
    one = found.summary.frequency_hz
    assert found.status == "measured"
    assert abs(one.value - truth_hz) <= 1.5 * (one.high - one.low)
    assert found.summary.occupancy > 0.8
    realised = np.sqrt((rendered.tremor_ms2**2).sum(axis=1).mean())
    assert_allclose(found.summary.rms_ms2.value, realised, rtol=0.1)


@pytest.mark.parametrize("name", ["quiet", "vibration", "machine", "sway", "post_run_no_tremor"])
def test_without_tremor_there_is_none(name):
    recording, _ = recorded(name, duration_s=80.0, seed=5)
    found = analyze(recording)
    assert found.status == "no_tremor"
    assert not found.summary.tremor_detected
    assert found.episodes == ()
    assert found.summary.tremor_s == 0.0
    for key in ESTIMATE_NAMES:
        one = getattr(found.summary, key)
        assert (one.value, one.low, one.high) == (None, None, None)
        assert one.reason == found.summary.reason == note("NO_EPISODE")


@pytest.mark.parametrize("name", ["walk", "slow_walk", "run", "stomping"])
def test_a_leg_that_never_rests_is_insufficient_and_says_why(name):
    recording, _ = recorded(name, duration_s=40.0, seed=6)
    found = analyze(recording)
    assert found.status == "insufficient"
    assert (found.windows.where("moving") | found.windows.where("gait")).mean() > 0.9
    assert "Most windows are refused as" in sentence(found.summary.reason)
    assert found.summary.frequency_hz.reason == found.summary.reason


# --- laws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["post_run", "steady", "restless"])
def test_a_turned_sensor_gives_the_same_analysis(name):
    recording, _ = recorded(name, duration_s=60.0, seed=7)
    q, _ = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))
    one = analyze(recording)
    other = analyze(of(recording.acceleration_ms2 @ q.T, recording.sampling_rate_hz))
    assert_array_equal(other.windows.reason, one.windows.reason)
    assert [(e.start_s, e.end_s) for e in other.episodes] == [
        (e.start_s, e.end_s) for e in one.episodes
    ]
    tremor_rows = one.windows.where("tremor")
    for key in ESTIMATE_NAMES:
        turned, straight = (each.windows.estimates[key] for each in (other, one))
        assert_allclose(turned[tremor_rows], straight[tremor_rows], rtol=1e-9, err_msg=key)
    turned, straight = (each.windows.polarisation for each in (other, one))
    assert_allclose(turned[tremor_rows], straight[tremor_rows], rtol=1e-9)
    assert_allclose(numbers(other.summary), numbers(one.summary), rtol=1e-9)


def test_sign_and_order_of_the_axes_do_not_matter():
    x = shaking(60.0)
    one = analyze(of(x))
    for changed in (-x, x[:, [1, 2, 0]]):
        other = analyze(of(changed))
        assert_array_equal(other.windows.reason, one.windows.reason)
        assert_allclose(numbers(other.summary), numbers(one.summary), rtol=1e-9)


def test_a_larger_tremor_is_larger_and_as_fast():
    x = shaking(60.0)
    one, other = analyze(of(x)), analyze(of(2.0 * x))
    expected = numbers(one.summary)
    expected[2:] *= 2.0
    assert_allclose(numbers(other.summary), expected, rtol=1e-7)


def test_the_gain_of_the_sensor_is_taken_out():
    recording = of(shaking(30.0))
    one, other = analyze(recording), analyze(replace(recording, scale_correction=1.25))
    expected = numbers(one.summary)
    expected[2:] *= 1.25
    assert_allclose(numbers(other.summary), expected, rtol=1e-7)
    assert other.recording.scale_correction == 1.25


def test_windows_are_those_of_analyze_window():
    x = shaking(12.0)
    found = analyze(of(x))
    assert len(found.windows) == 5
    for k, window in enumerate(found.windows):
        alone = analyze_window(x[200 * k : 200 * k + 400], sampling_rate_hz=FS)
        assert (window.start_s, window.end_s) == (2.0 * k, 2.0 * k + 4.0)
        assert alone.verdict == window.verdict
        assert alone.frequency_hz == window.frequency_hz
        assert alone.rms_ms2 == window.rms_ms2
        assert alone.scores == window.scores


def test_the_size_of_the_chunks_does_not_matter(monkeypatch):
    recording, _ = recorded("restless", duration_s=60.0, seed=9)
    one = analyze(recording)
    monkeypatch.setattr(offline, "_WINDOWS_AT_ONCE", 7)
    other = analyze(recording)
    assert list(other.windows) == list(one.windows)
    assert other.summary == one.summary
    assert other.episodes == one.episodes
    # The mean spectrum is for looking at: a sum of 28 windows, in any order.
    assert_allclose(other.spectrum.psd_ms2sq_per_hz, one.spectrum.psd_ms2sq_per_hz, rtol=1e-13)


def test_later_samples_do_not_change_earlier_windows():
    x = shaking(40.0)
    whole, part = analyze(of(x)), analyze(of(x[:2500]))
    n = len(part.windows)
    assert list(part.windows) == list(whole.windows)[:n]


def test_nothing_is_written_into():
    recording = of(shaking(20.0))
    before = recording.acceleration_ms2.copy()
    assert analyze(recording).to_dict() == analyze(recording).to_dict()
    assert_array_equal(recording.acceleration_ms2, before)


# --- gaps, rails, dead axes ----------------------------------------------------------------------


def test_a_gap_spoils_only_the_windows_of_which_too_much_is_missing():
    x = shaking(40.0)
    x[1500:1650] = np.nan  # 15.0-16.5 s
    found = analyze(of(x))
    table = found.windows
    missing_s = np.minimum(table.end_s, 16.5) - np.maximum(table.start_s, 15.0)
    spoiled = missing_s > 0.3 * 4.0
    assert 0 < spoiled.sum() < np.count_nonzero(missing_s > 0)
    assert_array_equal(table.where("gap"), spoiled)
    assert_allclose(table.score[spoiled], 1.5)
    assert np.isnan(table.estimates["frequency_hz"][spoiled]).all()
    assert table.where("tremor")[~spoiled].mean() > 0.9
    assert_allclose(
        table.scores["missing_share"], np.where(missing_s > 0, missing_s / 4.0, np.nan), atol=1e-9
    )
    assert len(found.recording.gaps) == 1
    # The samples of the gap enter no number: the truth still does.
    assert abs(found.summary.frequency_hz.value - 8.13) < 0.3


def test_clipped_windows_are_refused():
    x = shaking(40.0)
    x[1600:1650, 0] = 19.6  # half a second at the rail
    found = analyze(of(x))
    touched = (found.windows.start_s < 16.5) & (found.windows.end_s > 16.0)
    assert_array_equal(found.windows.where("clipped"), touched)
    assert_allclose(found.recording.clipped_fraction, 50 / 4000)


def test_a_dead_axis_spoils_everything_and_is_named():
    x = shaking(20.0)
    x[:, 2] = 1.0
    found = analyze(of(x))
    assert found.status == "insufficient"
    assert found.windows.where("dead").all()
    assert found.recording.dead_axes == ("z",)
    assert "refused as dead: axes that do not move at all: 1" in sentence(found.summary.reason)


def test_a_single_axis_is_measured_along_itself_with_a_warning():
    x = shaking(20.0)[:, 1]
    found = analyze(of(x))
    assert found.status == "measured"
    # The direction (1, 2, 2)/3 on y.
    assert_allclose(found.summary.rms_ms2.value / analyze(of(shaking(20.0))).summary.rms_ms2.value,
                    2 / 3, rtol=0.03)  # fmt: skip
    assert "SINGLE_AXIS" in [one.code for one in found.recording.warnings]


# --- what cannot be judged -----------------------------------------------------------------------


def test_8_hz_is_too_slow_and_the_result_says_so():
    found = analyze(of(shaking(60.0, fs=8.0, frequency_hz=3.2), 8.0))
    assert found.status == "insufficient"
    assert len(found.windows) == 0
    assert "reaches above the Nyquist frequency, 4 Hz at 8 Hz sampling" in sentence(
        found.summary.reason
    )
    assert found.summary.frequency_hz.value is None
    assert found.spectrum is None


@pytest.mark.parametrize("n", [2, 100, 399])
def test_less_than_a_window_is_too_short_and_the_result_says_so(n):
    found = analyze(of(shaking(4.0)[:n]))
    assert found.status == "insufficient"
    assert "at least 4 s are needed" in sentence(found.summary.reason)
    assert found.summary.occupancy is None


def test_one_window_is_judged_and_is_no_episode():
    found = analyze(of(shaking(4.0)))
    assert found.status == "insufficient"
    assert found.summary.reason.code == "TREMOR_UNSURE"
    assert [window.verdict for window in found.windows] == ["tremor"]
    assert found.summary.still_s == 4.0
    assert found.episodes == ()


def test_where_too_little_was_still_it_is_insufficient():
    found = analyze(of(shaking(10.0)), settings=AnalysisSettings(still_least_s=11.0))
    assert found.status == "insufficient"
    assert sentence(found.summary.reason).startswith("only 10 s could be judged; at least 11 s")


def test_at_25_hz_the_band_ends_early_with_a_caution():
    found = analyze(of(shaking(40.0, fs=25.0), 25.0))
    assert found.status == "measured"
    [limited] = [one.statement for one in found.cautions if one.code == "band_limited"]
    assert (limited.values["low_hz"], limited.values["high_hz"]) == (3.0, 11.25)
    assert abs(found.summary.frequency_hz.value - 8.13) < 0.3


# --- time, spectrum, facts -----------------------------------------------------------------------


def test_time_is_counted_once_where_windows_overlap():
    found = analyze(of(shaking(41.0)))
    # The last window ends at 40 s; one more would not fit.
    assert found.summary.still_s == 40.0
    covered = np.zeros(4100, dtype=bool)
    for window in found.windows:
        if window.verdict == "tremor":
            covered[round(100 * window.start_s) : round(100 * window.end_s)] = True
    assert found.summary.tremor_s <= 40.0
    assert_allclose(found.summary.tremor_s, covered.mean() * 41.0, atol=4.0)
    assert_allclose(found.summary.occupancy, found.summary.tremor_s / found.summary.still_s)


def test_an_episode_of_its_own_is_measured_from_its_own_samples():
    x = shaking(120.0)
    x[4000:8000] = np.array([0.0, 9.81, 0.0]) + np.random.default_rng(3).normal(0, 0.005, (4000, 3))
    found = analyze(of(x))
    assert len(found.episodes) == 2
    first, second = found.episodes
    assert_allclose((first.start_s, first.end_s), (0.0, 40.0), atol=4.0)
    assert_allclose((second.start_s, second.end_s), (80.0, 120.0), atol=4.0)
    alone = analyze(of(x[:4000]))
    assert abs(first.frequency_hz.value - alone.episodes[0].frequency_hz.value) < 0.1
    # Both together know more than each.
    width = np.ptp(numbers(found.summary)[0, 1:])
    assert width < np.ptp(numbers(first)[0, 1:])
    assert width < np.ptp(numbers(second)[0, 1:])


def test_windows_that_overlap_are_one_run_whose_samples_count_once():
    x = shaking(12.0)
    found = analyze(of(x))
    assert found.windows.where("tremor").all()
    line = tremor.estimate_line(x, sampling_rate_hz=FS)
    assert_allclose(numbers(found.summary), numbers(line), rtol=1e-12)
    assert_allclose(numbers(found.episodes[0]), numbers(line), rtol=1e-12)


def test_the_spectrum_is_the_mean_over_the_windows_of_tremor():
    x = shaking(12.0)
    found = analyze(of(x))
    view = found.spectrum
    assert view.of == "tremor"
    assert found.windows.where("tremor").all()
    assert view.n_windows == 5
    expected = np.mean([hann_psd(x[200 * k : 200 * k + 400].T, fs=FS) for k in range(5)], axis=0)
    assert_allclose(view.psd_ms2sq_per_hz, expected, rtol=1e-9)
    assert_allclose(view.frequency_hz, np.arange(201) / 4.0)
    # The fitted line holds the power that the summary gives, and stands where it says.
    line = view.line_ms2sq_per_hz
    floor = view.floor_ms2sq_per_hz
    assert_allclose(floor, line[100:].min(), rtol=0.05)
    power = (line - floor).sum() * 0.25
    assert_allclose(power, found.summary.rms_ms2.value**2, rtol=0.05)
    assert abs(view.frequency_hz[np.argmax(line)] - found.summary.frequency_hz.value) <= 0.25


def test_without_tremor_the_spectrum_is_of_the_still_time():
    recording, _ = recorded("quiet", duration_s=30.0)
    view = analyze(recording).spectrum
    assert view.of == "still"
    assert view.line_ms2sq_per_hz is None
    assert view.floor_ms2sq_per_hz is None


def test_settings_reach_the_windows():
    found = analyze(of(shaking(30.0)), settings=AnalysisSettings(window_s=10.0, step_s=5.0))
    assert [(w.start_s, w.end_s) for w in found.windows] == [
        (0.0, 10.0), (5.0, 15.0), (10.0, 20.0), (15.0, 25.0), (20.0, 30.0)
    ]  # fmt: skip
    assert found.settings.window_s == 10.0
    weak = analyze(of(shaking(30.0)), settings=AnalysisSettings(least_rms_ms2=5.0))
    assert weak.status == "no_tremor"
    assert {window.decided_by.key for window in weak.windows} == {"weak"}


def test_the_public_name_measures_the_same_and_explains():
    samples = np.random.default_rng(0).normal(0, 0.01, (3000, 3))
    samples[:, 2] += 9.81
    recording = tremor.Recording.from_arrays(samples, sampling_rate_hz=FS)
    known, explained = analyze(recording).to_dict(), tremor.analyze(recording).to_dict()
    assert len(explained["explanations"]) == 3
    for key in ("explanations", "sensitivity", "warning_signs", "advice"):
        known.pop(key, None)
        explained.pop(key, None)
    assert explained == known


def test_a_broad_hump_is_no_tremor_and_not_its_absence():
    rng = np.random.default_rng(5)
    n = 12_000
    f = np.fft.rfftfreq(n, 1.0 / FS)
    shape = np.exp(-np.log(2.0) * np.square((f - 3.8) / 1.3) / 2.0)  # half power 2.6 Hz wide
    wave = np.fft.irfft(shape * np.fft.rfft(rng.normal(size=n)))
    samples = rng.normal([0.0, 0.0, 9.81], 0.01, (n, 3))
    samples[:, 0] += 0.12 * wave / wave.std()
    found = analyze(of(samples))
    assert (found.status, found.episodes) == ("insufficient", ())
    assert found.summary.reason.code == "TOO_BROAD"
    assert abs(found.summary.reason.values["frequency_hz"] - 3.8) < 0.6
