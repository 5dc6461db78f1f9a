"""The lines of episodes: from their own samples, and those of the session from all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor import synthesis as syn
from tremor.analysis import episode_lines
from tremor.analysis.episode_lines import collect_lines, line_jobs
from tremor.analysis.episodes import EpisodeWindows
from tremor.dsp.windows import WindowGrid
from tremor.measures.pooled import fit_pooled
from tremor.recording import Recording

FS, BAND_HZ = 100.0, (3.0, 15.0)
GRID = WindowGrid.of(window_s=4.0, step_s=2.0, fs=FS)


@pytest.fixture(scope="module")
def recording():
    x = syn.narrowband(
        12_000, FS, frequency_hz=8.13, bandwidth_hz=0.4, rms_ms2=0.3, direction=(1.0, 2.0, 2.0),
        rng=np.random.default_rng(1),
    )  # fmt: skip
    x += np.random.default_rng(2).normal(0.0, 0.01, x.shape)
    return Recording.from_arrays(x, sampling_rate_hz=FS)


def episode(first, last):
    members = np.zeros(GRID.count(12_000), dtype=bool)
    members[first : last + 1] = True
    return EpisodeWindows(first * 2.0, last * 2.0 + 4.0, members)


def lines_of(recording, *episodes):
    fits = [job() for job in line_jobs(recording, GRID, episodes, band_hz=BAND_HZ)]
    return collect_lines(recording, GRID, episodes, fits, band_hz=BAND_HZ)


def numbers(line):
    return [line.frequency_hz.value, line.frequency_hz.low, line.rms_ms2.value, line.rms_ms2.high]


def test_without_an_episode_there_is_no_line(recording):
    found = lines_of(recording)
    assert (found.episodes, found.session) == ([], None)


def test_a_single_episode_is_the_session(recording):
    found = lines_of(recording, episode(0, 10))
    assert found.episodes == [found.session]
    alone = fit_pooled([recording.acceleration_ms2[:2400]], fs=FS, band_hz=BAND_HZ)
    assert_allclose(numbers(found.session), numbers(alone), rtol=1e-12)


def test_each_episode_is_fitted_to_its_own_samples_and_the_session_to_all(recording):
    found = lines_of(recording, episode(0, 10), episode(20, 40))
    samples = recording.acceleration_ms2
    runs = samples[:2400], samples[4000:8400]
    for line, run in zip(found.episodes, runs, strict=True):
        assert_allclose(
            numbers(line), numbers(fit_pooled([run], fs=FS, band_hz=BAND_HZ)), rtol=1e-9
        )
    both = fit_pooled(runs, fs=FS, band_hz=BAND_HZ)
    assert_allclose(numbers(found.session), numbers(both), rtol=1e-9)


def test_episodes_that_touch_are_one_run_of_the_session(recording):
    found = lines_of(recording, episode(0, 8), episode(10, 20))
    whole = fit_pooled([recording.acceleration_ms2[:4400]], fs=FS, band_hz=BAND_HZ)
    assert_allclose(numbers(found.session), numbers(whole), rtol=1e-9)


def test_the_number_of_episodes_per_job_does_not_matter(recording, monkeypatch):
    episodes = [episode(first, first + 3) for first in range(0, 50, 6)]
    one_job = lines_of(recording, *episodes)
    monkeypatch.setattr(episode_lines, "_EPISODES_AT_ONCE", 2)
    assert len(line_jobs(recording, GRID, episodes, band_hz=BAND_HZ)) == 5
    several = lines_of(recording, *episodes)
    assert several.episodes == one_job.episodes
    assert several.session == one_job.session


def test_the_error_of_the_sampling_rate_widens_the_interval_of_the_frequency(recording):
    exact = lines_of(recording, episode(0, 10)).session.frequency_hz
    unsure = replace(recording, sampling_rate_sd_hz=1.0)  # 1 %
    found = lines_of(unsure, episode(0, 10)).session.frequency_hz
    half_hz = 1.959964 * 0.01 * exact.value
    assert found.value == exact.value
    assert_allclose(
        found.high - found.value, np.hypot(exact.high - exact.value, half_hz), rtol=1e-6
    )
    assert_allclose(found.value - found.low, np.hypot(exact.value - exact.low, half_hz), rtol=1e-6)
