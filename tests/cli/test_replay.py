from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import devices
import devices.replay
import tremor
from tremor.cli import main as main_module
from tremor.cli.main import cli

ROOT = Path(tremor.__file__).parents[1]
FS = 100.0


@pytest.fixture(autouse=True)
def _in_the_table(monkeypatch):
    entry = main_module._Command("tremor.cli.replay", "replay", "Play a capture.")
    if "replay" not in main_module._COMMANDS:
        monkeypatch.setitem(main_module._COMMANDS, "replay", entry)


def run(*arguments):
    return CliRunner().invoke(cli, [*map(str, arguments)])


def replay(*arguments):
    return run("replay", *arguments, "--speed", "max")


@pytest.fixture
def trembling(write_capture, trembling_leg):
    """A leg that trembles, is moved after 14 s, and of which 1.6 s after 23 s are lost."""
    samples = trembling_leg(3000, sampling_rate_hz=FS)
    samples[1400:1500] += [0.0, 5.0, 0.0]
    path = write_capture("trembling.csv", samples, sampling_rate_hz=FS)
    lines = path.read_text(encoding="utf-8").splitlines()
    del lines[2301:2461]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def still(write_capture, still_leg):
    return write_capture("still.csv", still_leg(1400), sampling_rate_hz=FS)


def test_one_line_a_window_on_stdout_and_the_session_on_stderr(trembling):
    result = replay(trembling)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 14
    assert lines[0].split()[:2] == ["0:00-0:04", "tremor"]
    assert "8.000 Hz (" in lines[0]
    assert "0.3531 m/s^2 (" in lines[0]
    last = result.stderr.splitlines()[-1]
    assert "14 windows in 0:30" in last
    assert " tremor, " in last
    assert "median 8.00 Hz" in last


def test_window_without_tremor_gives_the_number_and_its_limit(still):
    result = replay(still)
    assert result.exit_code == 0, result.stderr
    assert "no tremor" in result.stdout
    assert "below the gate of 0.03 m/s^2" in result.stdout
    assert "median" not in result.stderr


def test_json_is_the_windows_of_analyze_and_nothing_else(trembling):
    result = replay(trembling, "--json")
    assert result.exit_code == 0, result.stderr
    windows = [json.loads(line) for line in result.stdout.splitlines()]
    document = json.loads(run("analyze", trembling, "--json").stdout)
    assert windows == document["windows"]
    assert {"tremor", "moving", "settling", "gap"} <= {window["verdict"] for window in windows}


def test_settings_and_reading_are_those_of_analyze(trembling_leg, tmp_path):
    capture = tmp_path / "bare.csv"
    rows = trembling_leg(3000, sampling_rate_hz=FS) / 9.80665
    capture.write_text("\n".join(",".join(f"{v:.6f}" for v in row) for row in rows) + "\n")
    chosen = tmp_path / "settings.toml"
    chosen.write_text("window_s = 5.0\n")
    options = [
        "--columns", "x,y,z", "--unit", "g", "--sampling-rate", "100",
        "--settings", chosen, "--set", "step_s=2.5", "--json",
    ]  # fmt: skip
    windows = [json.loads(line) for line in replay(capture, *options).stdout.splitlines()]
    assert [window["end_s"] - window["start_s"] for window in windows] == [5.0] * 11
    assert windows == json.loads(run("analyze", capture, *options).stdout)["windows"]


def test_speed_is_kept(still, monkeypatch):
    waits_s = []

    class Patient(devices.replay.ReplaySource):
        def __init__(self, recording, **options):
            self.now_s = 0.0

            async def sleep(duration_s):
                waits_s.append(duration_s)
                self.now_s += duration_s

            super().__init__(recording, now=lambda: self.now_s, sleep=sleep, **options)

    monkeypatch.setattr(devices.replay, "ReplaySource", Patient)
    for speed, lasts_s in (("1", 14.0), ("10", 1.4), ("0.5", 28.0)):
        waits_s.clear()
        assert run("replay", still, "--speed", speed).exit_code == 0
        assert sum(waits_s) == pytest.approx(lasts_s, rel=1e-6)
        # A window is shown soon after it is there.
        assert max(waits_s) <= 0.1 + 1e-9


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "inf", "nan"])
def test_speed_that_is_none_is_wrong_usage(still, speed):
    result = run("replay", still, f"--speed={speed}")
    assert result.exit_code == 2
    assert "give 0.01 to 1000000, or max" in str(result.exception) + result.output


def test_missing_capture_is_3(tmp_path):
    result = replay(tmp_path / "nowhere.csv")
    assert result.exit_code == 3
    assert "does not exist" in result.stderr
    assert result.stdout == ""


def test_too_short_a_capture_is_4(write_capture, still_leg):
    capture = write_capture("short.csv", still_leg(300), sampling_rate_hz=FS)
    result = replay(capture)
    assert result.exit_code == 4
    assert result.stdout == ""
    assert "at least 4 s are needed" in result.stderr


def test_nothing_that_could_be_judged_is_4_and_still_shown(write_capture, still_leg):
    samples = still_leg(1000)
    samples[:, 0] += 8.0 * np.sin(2.0 * np.pi * 1.1 * np.arange(1000) / FS)
    capture = write_capture("moving.csv", samples, sampling_rate_hz=FS)
    result = replay(capture)
    assert result.exit_code == 4
    assert len(result.stdout.splitlines()) == 4
    assert "only 0 s could be judged" in result.stderr


def test_quiet_leaves_only_the_windows(still):
    result = replay(still, "-q")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 6


def test_another_package_of_the_same_name_is_refused(still, monkeypatch):
    monkeypatch.setattr(devices, "DISTRIBUTION", "somebody-else")
    result = replay(still)
    assert result.exit_code == 2
    assert "another one" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to send")
def test_ctrl_c_ends_cleanly(trembling):
    code = (
        "from tremor.cli import main as m\n"
        "m._COMMANDS.setdefault('replay', m._Command('tremor.cli.replay', 'replay', ''))\n"
        "m.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "replay", str(trembling), "--speed", "4", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        first = process.stdout.readline()
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert "stopped: " in errors.splitlines()[-1]
    lines = [first, *rest.splitlines()]
    assert 1 <= len(lines) < 14
    assert all(json.loads(line)["verdict"] for line in lines)


def test_a_rate_too_low_for_the_band_is_not_enough_data(write_capture, still_leg):
    path = write_capture("slow.csv", still_leg(800), sampling_rate_hz=8.0)
    result = replay(path)
    assert result.exit_code == 4
    assert "reaches above the Nyquist frequency, 4 Hz" in result.stderr
    assert result.stderr.count("\n") == 1
