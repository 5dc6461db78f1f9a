"""Real captures of which something is known: a resting leg, a small tremor, a shaker table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import tremor
from tremor.recording import Recording
from tremor.settings import SCALE
from tremor.units import STANDARD_GRAVITY_MS2


def phone(path):
    """Read a phone capture: ns since boot, x, y, z in m/s^2 with gravity, label; no header."""
    table = pd.read_csv(path, header=None, names=["time_ns", "x", "y", "z", "_"])
    time_s = (table["time_ns"] - table["time_ns"].iloc[0]).to_numpy() * 1e-9
    return Recording.from_arrays(
        table[["x", "y", "z"]].to_numpy(), sampling_rate_hz=rate_of(time_s)
    )


def rate_of(time_s):
    """Fit a straight line: stamps of 1 ms resolution make the median interval 2 % wrong."""
    return 1.0 / np.polyfit(np.arange(len(time_s)), time_s, 1)[0]


@pytest.fixture
def shaker(shared_data):
    table = pd.read_csv(shared_data / "shaker" / "shaker_2g.csv")

    def of(group):
        """One sensor of the table: acceleration in m/s^2, along its one axis, and its rate."""
        part = table[table["group"] == group]
        time_s = part["HEADER_TIME_STAMP"].to_numpy()
        in_g = part["X_ACCELATION_METERS_PER_SECOND_SQUARED"].to_numpy()  # the header is wrong
        return in_g * STANDARD_GRAVITY_MS2, rate_of(time_s)

    return of


@pytest.mark.parametrize("name", ["rest_right_leg.csv", "rest_left_leg.csv"])
def test_a_resting_leg_shows_no_tremor(shared_data, name):
    found = tremor.analyze(phone(shared_data / "leg_phone" / name))
    assert found.status == "no_tremor"
    assert not found.windows.where("tremor").any()
    assert found.recording.gravity == "included"
    assert abs(found.recording.sampling_rate_hz - 100.0) < 0.01
    # 0.008-0.015 m/s^2 in the band in ten of twelve windows, as known of these files.
    assert np.nanmedian(found.windows.scores["band_rms_ms2"]) < 0.02


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rest_right_leg.csv", SCALE.resting_leg_ms2),
        ("rest_left_leg.csv", SCALE.resting_leg_ms2),
        ("postural_left_hand.csv", SCALE.held_hand_ms2),
    ],
)
def test_strengths_that_a_report_names_for_scale_are_those_of_the_recordings(
    shared_data, name, told
):
    found = tremor.analyze(phone(shared_data / "leg_phone" / name))
    measured = np.nanmedian(found.windows.scores["band_rms_ms2"])
    assert told == pytest.approx(measured, rel=0.3)


def test_a_hand_held_out_shows_its_small_tremor(shared_data):
    found = tremor.analyze(phone(shared_data / "leg_phone" / "postural_left_hand.csv"))
    assert found.status == "measured"
    # A narrow peak that wanders at 6.8-7.7 Hz, 0.063-0.086 m/s^2.
    assert 6.7 <= found.summary.frequency_hz.value <= 7.8
    assert 0.05 <= found.summary.rms_ms2.value <= 0.10
    tremors = found.windows.where("tremor")
    assert tremors.any()
    assert (np.abs(found.windows.estimates["frequency_hz"][tremors, 0] - 7.25) < 0.75).all()


def test_the_shaker_table_runs_at_596_hz(shaker):
    samples, fs = shaker("gt")
    line = tremor.estimate_line(samples, sampling_rate_hz=fs)
    assert abs(line.frequency_hz.value - 5.96) <= 0.02
    # A sinusoid of 6.49 g; its harmonics are not of the line.
    assert abs(line.rms_ms2.value / (6.49 * STANDARD_GRAVITY_MS2 / np.sqrt(2)) - 1) <= 0.02
    assert line.bandwidth_hz.value < 0.05


def test_the_shaker_table_is_analysed_to_the_same_frequency(shaker):
    samples, fs = shaker("gt")
    found = tremor.analyze(Recording.from_arrays(samples, sampling_rate_hz=fs))
    assert found.status == "measured"
    assert abs(found.summary.frequency_hz.value - 5.96) <= 0.05
    assert "SINGLE_AXIS" in [one.code for one in found.recording.warnings]


def test_the_narrow_sensor_on_the_shaker_is_clipped(shaker):
    samples, fs = shaker("origin")
    recording = Recording.from_arrays(samples, sampling_rate_hz=fs)
    # Clipped at 2 g of 6.49 g: 80 % of a sine lie beyond that.
    assert abs(recording.clipped.mean() - (1 - 2 / np.pi * np.arcsin(2 / 6.49))) < 0.05
    found = tremor.analyze(recording)
    assert found.windows.where("clipped").all()
    assert found.status == "insufficient"
    assert found.summary.reason.values["verdict"] == "clipped"
