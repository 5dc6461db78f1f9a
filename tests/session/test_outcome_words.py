"""The line about what was saved: losses between the samples, and at either end."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tremor.cli.main import cli
from tremor.recorder import RecorderCounts
from tremor.session.outcome import saved_text
from tremor.session.plan import SensorOutcome, Silence


def saved(*, n_samples=1000, n_lost=0, n_gaps=0, detects_loss=True, silence=None):
    counts = RecorderCounts(n_samples=n_samples, n_lost=n_lost, n_gaps=n_gaps, last_arrival_s=10.0)
    return saved_text(
        SensorOutcome(
            "leg", Path("leg"), counts, None, detects_loss, silence or Silence(rate_hz=100.0)
        )
    )


def test_nothing_is_said_of_ends_that_are_whole():
    assert saved().endswith("1000 samples, none lost")


@pytest.mark.parametrize("detects_loss", [True, False])
def test_a_silent_end_is_told_with_what_was_due(detects_loss):
    words = saved(detects_loss=detects_loss, silence=Silence(last_s=40.0, rate_hz=104.0))
    assert "none lost;" not in words
    assert words.endswith("nothing came in the last 40 s, when about 4160 samples should have come")


def test_both_ends_are_told():
    silence = Silence(first_s=5.0, last_s=7.0, rate_hz=100.0)
    words = saved(n_lost=10, n_gaps=1, silence=silence)
    assert "10 (0.99 %) lost in 1 gap; nothing came in the first 5 s and in the last 7 s" in words
    assert "about 1200 samples" in words


def test_a_recording_without_a_sample_lost_more_than_none():
    words = saved(n_samples=0, silence=Silence(last_s=60.0, rate_hz=104.0))
    assert "none lost" not in words
    assert "0 samples, nothing came in the last 1 min" in words


@pytest.mark.parametrize(("loss", "code"), [("100%", 4), ("1", 4), ("0", 0)])
def test_a_sensor_of_which_all_is_lost_is_no_success(loss, code, tmp_path):
    result = CliRunner().invoke(
        cli,
        [
            "record", "--no-input", "--no-analyze", "--sensor", "simulated", "--option",
            f"loss={loss}", "--option", "speed=40", "--duration", "20s",
            "--out", str(tmp_path / "leg"),
        ],
    )  # fmt: skip
    assert result.exit_code == code, result.output
    assert ("none lost" in result.stderr) == (code == 0)
    silent = [line for line in result.stderr.splitlines() if "nothing received" in line]
    assert bool(silent) == (code == 4)
    assert all("loss not told" in line for line in silent)
    assert ("samples should have come" in result.stderr) == (code == 4)


@pytest.mark.parametrize("more", [(), ("--no-analyze",), ("--baseline",)])
def test_a_recording_without_a_sample_is_said_once(more, tmp_path):
    sides = [f"--sensor={side}=simulated" for side in ("left", "right")]
    options = ["--option", "loss=1", "--option", "speed=40", "--duration", "20s", "--no-input"]
    result = CliRunner().invoke(
        cli, ["record", *sides, *options, *more, "--out", str(tmp_path / "legs")]
    )
    assert result.exit_code == 4
    *_, before, last = result.stderr.splitlines()
    assert str(tmp_path) not in before
    for side in ("left", "right"):
        assert f"{tmp_path / 'legs' / side} holds no sample: nothing came in the last" in last


def test_a_link_that_is_not_back_at_the_end_is_counted(tmp_path):
    result = CliRunner().invoke(
        cli,
        [
            "record", "--no-input", "--no-analyze", "--sensor", "simulated", "--option",
            "disconnects=12", "--option", "away=900", "--option", "speed=40", "--duration", "30s",
            "--out", str(tmp_path / "leg"),
        ],
    )  # fmt: skip
    assert result.exit_code == 6, result.output
    assert "none lost in between; nothing came in the last" in result.stderr
