"""The session as a whole: simulated sensors at many times real time, signals, and a radio."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import devices
import tremor
from devices.simulated.movement import index_of
from tremor.cli.main import cli
from tremor.cli.record import parse_duration
from tremor.errors import InvalidInputError
from tremor.units import STANDARD_GRAVITY_MS2

ROOT = Path(tremor.__file__).parents[1]
PROGRAM = "from tremor.cli.main import main; main()"
SPEED = "speed=25"
STEADY = ("--option", SPEED, "--option", "scene=steady")
#: Sensors that tell a loss by a counter or a stamp of their own, or not at all.
SENSORS = ("polar-verity-sense", "polar-h10", "movesense", "nordic-uart", "witmotion")


def record(*arguments):
    return CliRunner().invoke(cli, ["record", "--no-input", *map(str, arguments)])


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "record", "--no-input", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def manifest_of(folder):
    return json.loads((folder / "recording.json").read_text(encoding="utf-8"))


def wait_for_samples(folder, process):
    """Wait until there is something in the folder: the session has begun."""
    while process.poll() is None:
        samples = folder / "samples.csv"
        if samples.exists() and samples.stat().st_size > 20_000:
            return
        time.sleep(0.05)
    raise AssertionError(f"it ended by itself: {process.stderr.read()}")


@pytest.fixture
def kept_sources(monkeypatch):
    """Collect the sources that are opened, so that a test can ask their models for the truth."""
    kept = []
    opened = devices.open_source

    def keep(*arguments, **options):
        kept.append(opened(*arguments, **options))
        return kept[-1]

    monkeypatch.setattr(devices, "open_source", keep)
    return kept


# The whole of it


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("record") / "session"
    result = record(
        "--sensor", "simulated", *STEADY, "--duration", "30s", "--out", folder, "--json",
        "--placement", "left-calf",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return folder, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def events_of(lines, kind):
    return [line for line in lines if line["event"] == kind]


def test_stages_come_in_their_order(session):
    folder, lines, _ = session
    assert [line["stage"] for line in events_of(lines, "stage")] == [
        "fit", "settle", "measure", "save",
    ]  # fmt: skip
    told = [one["detail"] for one in manifest_of(folder)["events"] if one["kind"] == "stage"]
    assert told == ["fit", "settle", "measure"]


def test_folder_holds_recording_check_and_report(session):
    folder, lines, stderr = session
    assert {path.name for path in folder.iterdir()} == {
        "samples.csv", "packets.bin", "recording.json", "report.html",
    }  # fmt: skip
    manifest = manifest_of(folder)
    assert manifest["closed"]
    assert manifest["placement"] == "left-calf"
    assert manifest["extra"]["ended_by"] == "duration"
    fit = manifest["extra"]["fit"]
    assert fit == events_of(lines, "fit")[0]["fit"]
    assert fit["word"] == "good"
    assert fit["facts"]["battery_percent"] == 81
    assert "the strap was not checked" in fit["reasons"][0]
    assert "fit: the strap was not checked" in stderr
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")


def test_analysis_finds_the_tremor_that_was_put_in(session):
    folder, lines, _ = session
    (line,) = events_of(lines, "analysis")
    analysis = line["analysis"]
    assert analysis["status"] == "measured"
    assert line["report"] == str(folder / "report.html")
    frequency = analysis["summary"]["frequency_hz"]
    assert frequency["low"] < 8.3 < frequency["high"] or abs(frequency["value"] - 8.3) < 0.3
    assert len(analysis["explanations"]) == 3
    assert analysis["recording"]["placement"] == "left-calf"


def test_windows_are_those_of_analyze_and_of_replay(session):
    folder, lines, _ = session
    ours = events_of(lines, "analysis")[0]["analysis"]["windows"]
    analyzed = CliRunner().invoke(cli, ["analyze", str(folder), "--json"])
    assert json.loads(analyzed.stdout)["windows"] == ours
    replayed = CliRunner().invoke(cli, ["replay", str(folder), "--speed", "max", "--json", "-q"])
    assert [json.loads(line) for line in replayed.stdout.splitlines()] == ours


def test_windows_while_it_records_have_the_verdicts_of_the_whole(session):
    _, lines, _ = session
    live = [line["window"] for line in events_of(lines, "window")]
    whole = events_of(lines, "analysis")[0]["analysis"]["windows"]
    assert len(live) >= len(whole) - 2
    same = [a["verdict"] == b["verdict"] for a, b in zip(live, whole, strict=False)]
    assert sum(same) >= 0.9 * len(same)


def test_analysis_is_printed_with_the_answers_and_the_report_named(tmp_path):
    answers = tmp_path / "today.toml"
    answers.write_text(
        'schema = "tremor.context/1"\n[run]\nrpe = 9\nload = "harder"\n', encoding="utf-8"
    )
    result = record(
        "--sensor", "simulated", *STEADY, "--duration", "15s", "--out", tmp_path / "x",
        "--context", answers,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "trembled about 8." in result.stdout
    assert "What fits best: muscle fatigue" in result.stdout  # the answers were weighed
    assert not (tmp_path / "x" / "context.toml").exists()  # nobody was asked
    assert result.stdout.splitlines()[0] == f"Report     {tmp_path / 'x' / 'report.html'}"
    assert max(map(len, result.stdout.splitlines()[2:])) <= 80
    assert "tremor: saved" in result.stderr


# Losses


@pytest.mark.parametrize("like", SENSORS)
def test_losses_and_lost_links_leave_gaps_that_are_true(like, tmp_path, kept_sources):
    folder = tmp_path / like
    result = record(
        "--sensor", f"simulated:{like}", "--option", "speed=15", "--option", "scene=index",
        "--option", "loss=2%", "--option", "disconnects=12;24;36", "--duration", "25s",
        "--no-analyze", "--out", folder,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "The link is lost" in result.stderr
    manifest = manifest_of(folder)
    kinds = [one["kind"] for one in manifest["events"]]
    assert kinds.count("lost") == kinds.count("restarted") == 3
    if not manifest["tells_loss"]:
        return  # "loss not told"; it is in the file that nobody could tell
    places, carried = read_indices(folder)
    offset = carried[0] - places[0]
    assert set(carried - places) == {offset}  # nothing is misplaced
    (model,) = kept_sources[0]._link.backend.client.radio.models
    truth = model.lost
    gaps = [(one["first_index"] + offset, one["n_lost"]) for one in manifest["gaps"]]
    missing = set(range(carried[0], carried[-1] + 1)) - set(carried.tolist())
    assert gaps == runs_of(missing)
    lost = {one for first, n in truth for one in range(first, first + n)}
    assert {one for one in lost if carried[0] < one < carried[-1]} <= missing
    # What comes while a lost sensor is being started anew is of no stream; of text, bytes that are
    # lost take the rest of two lines with them.
    if like != "nordic-uart":
        more = [1 for first, n in gaps if set(range(first, first + n)) - lost]
        assert len(more) <= 3


def read_indices(folder):
    lines = (folder / "samples.csv").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    names = rows[0].split(",")
    table = np.array([[float(cell) for cell in row.split(",")] for row in rows[1:]])
    axes = [names.index(name) for name in names if name.startswith("acc_")]
    carried = [index_of(tuple(row)) for row in (table[:, axes] / STANDARD_GRAVITY_MS2).tolist()]
    return table[:, names.index("index")].astype(int), np.array(carried)


def runs_of(indices):
    """Return (first, length) of each run of whole numbers."""
    runs = []
    for index in sorted(indices):
        if runs and index == runs[-1][0] + runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([index, 1])
    return [(first, n) for first, n in runs]


def test_sensor_that_stays_away_is_given_up_and_what_there_is_is_saved(tmp_path):
    folder = tmp_path / "x"
    result = record(
        "--sensor", "simulated", *STEADY, "--option", "disconnects=25", "--option", "away=1e6",
        "--give-up", "1s", "--duration", "10m", "--out", folder,
    )  # fmt: skip
    assert result.exit_code == 6, result.output
    assert "was lost" in result.stderr
    assert str(folder) in result.stderr.splitlines()[-1]
    assert "Your leg trembled about" in result.stdout
    assert manifest_of(folder)["closed"]


@pytest.mark.parametrize(
    ("placement", "says"),
    [("foo", "did you mean foot?"), ("letf-calf", "did you mean left-calf?"), ("x", "left-calf")],
)
def test_misspelt_placement_is_refused_before_anybody_sits_down(placement, says, tmp_path):
    result = record("--sensor", "simulated", "--placement", placement, "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "x").exists()


# Several sensors, and a baseline


def test_two_sensors_are_two_folders_on_one_clock(tmp_path):
    result = record(
        "--sensor", "left=simulated", "--sensor", "right=simulated:movesense", *STEADY,
        "--duration", "15s", "--placement", "calf", "--no-analyze", "--out", tmp_path / "x",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    left, right = (manifest_of(tmp_path / "x" / side) for side in ("left", "right"))
    assert left["started_monotonic_s"] == right["started_monotonic_s"]
    assert left["started_at"] == right["started_at"]
    assert (left["placement"], right["placement"]) == ("left-calf", "right-calf")
    assert (left["sensor"]["profile"], right["sensor"]["profile"]) == ("simulated", "movesense")
    begun = [
        next(one["time_s"] for one in side["events"] if one["detail"] == "measure")
        for side in (left, right)
    ]
    assert begun[0] == pytest.approx(begun[1], abs=0.5)
    assert left["duration_s"] == pytest.approx(right["duration_s"], abs=3.0)


@pytest.mark.parametrize(
    ("seed", "says"),
    [
        (["--option", "seed=3"], "One thing shakes both legs"),  # one made-up leg moves both
        ([], "the legs do not move in step"),
    ],
)
def test_two_legs_are_put_side_by_side(tmp_path, seed, says):
    result = record(
        "--sensor", "left=simulated", "--sensor", "right=simulated:movesense", *STEADY, *seed,
        "--duration", "30s", "--placement", "calf", "--out", tmp_path / "x",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == f"Both legs  {tmp_path / 'x' / 'comparison.html'}"
    told = " ".join(result.stdout.split())
    assert says in told
    assert "the legs move in step to" in told
    assert "by the arrivals of their packets" in told or "differ is not known" in told
    assert "leads:" in told or "Which leg leads cannot be told" in told
    page = (tmp_path / "x" / "comparison.html").read_text(encoding="utf-8")
    assert "The left leg and the right leg of one session" in page
    assert "the legs move in step" in page


def test_baseline_is_recorded_and_used(tmp_path):
    before = tmp_path / "before"
    result = record(
        "--baseline", "--sensor", "simulated", "--option", SPEED, "--option", "scene=quiet",
        "--duration", "30s", "--out", before,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "m/s^2 RMS at rest" in result.stdout
    assert f"--baseline {before}" in result.stdout
    after = record(
        "--baseline", before, "--sensor", "simulated", *STEADY, "--duration", "15s",
        "--out", tmp_path / "after",
    )  # fmt: skip
    assert after.exit_code == 0, after.output
    manifest = json.loads((tmp_path / "after" / "recording.json").read_text(encoding="utf-8"))
    assert manifest["extra"]["level_before"]["name"] == "before"
    usage = CliRunner().invoke(
        cli, ["analyze", str(tmp_path / "after"), "--baseline", str(before), "--json"]
    )
    assert usage.exit_code == 0, usage.output


def test_baseline_that_never_rests_is_not_enough(tmp_path):
    result = record(
        "--baseline", "--sensor", "simulated", "--option", SPEED, "--option", "scene=walk",
        "--duration", "10s", "--out", tmp_path / "before",
    )  # fmt: skip
    assert result.exit_code == 4, result.output
    assert "still moving after 20 s" in result.stderr
    assert "of a still leg" in result.stderr


# Refusals


def test_help_fits_the_terminal():
    lines = CliRunner().invoke(cli, ["record", "--help"]).stdout.splitlines()
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--duration", "soon"], 2, "90s, 5m"),
        (["--option", "speed"], 2, "KEY=VALUE"),
        (["--sensor", "simulated", "--option", "sped=2"], 2, "did you mean speed"),
        (["--sensor", "simulated:polar-h1"], 2, "did you mean polar-h10"),
        (["--sensor", "simulated", "--profile", "polar"], 2, "there is no kind"),
        (["--sensor", "a", "--sensor", "b"], 2, "--sensor left=NAME"),
        (["--sensor", "polar-h10", "--rate", "3"], 2, "3"),
        (["--sensor", "polar-h10", "--option", "colour=red"], 2, "colour"),
        (["--sensor", __file__], 2, "tremor replay"),
        (["--sensor", "simulated", "--context", "/nowhere.toml"], 3, "cannot be read"),
        (["--sensor", "simulated", "--baseline", "/nowhere"], 3, "does not exist"),
        (["--sensor", "simulated", "--out", ROOT], 8, "is not empty"),
    ],
    ids=lambda value: " ".join(map(str, value))[-40:] if isinstance(value, list) else None,
)
def test_what_cannot_be_is_refused_in_one_line(arguments, code, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = record(*arguments)
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_recording_is_replaced_only_where_that_is_said(tmp_path):
    once = ("--sensor", "simulated", *STEADY, "--duration", "5s", "--no-analyze")
    assert record(*once, "--out", tmp_path / "x").exit_code == 0
    assert record(*once, "--out", tmp_path / "x").exit_code == 8
    assert record(*once, "--out", tmp_path / "x", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("text", "duration_s"),
    [
        *(("90", 90.0), ("90s", 90.0), ("5m", 300.0), ("1h", 3600.0), ("1h30m", 5400.0)),
        *(("1.5M", 90.0), (" 1 h 30 m ", 5400.0)),
    ],
)
def test_durations(text, duration_s):
    assert parse_duration(text) == duration_s


@pytest.mark.parametrize(
    "text", ["", "m", "5x", "-5", "5 6", "5\n6", "1m1h", "0", "4s", "25h", "nan", "1e3"]
)
def test_durations_that_are_none(text):
    with pytest.raises(InvalidInputError):
        parse_duration(text)


# Signals, as a process of its own


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "why"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")]
)
def test_signals_save_and_analyse(number, why, tmp_path):
    folder = tmp_path / "x"
    with start("--sensor", "simulated", *STEADY, "--duration", "1h", "--out", folder) as process:
        wait_for_samples(folder, process)
        time.sleep(0.7)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Your leg trembled about" in out
    assert "Traceback" not in err
    manifest = manifest_of(folder)
    assert manifest["closed"]
    assert manifest["extra"]["ended_by"] == why
    kinds = [one["kind"] for one in manifest["events"]]
    assert [kind for kind in kinds if kind not in ("wrote", "read")][-1] == "stopped"


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_reader_that_has_seen_enough_does_not_end_the_recording(tmp_path):
    folder = tmp_path / "x"
    arguments = ("--sensor", "simulated", *STEADY, "--duration", "15s", "--json", "--no-analyze")
    with start(*arguments, "--out", folder) as process:
        assert json.loads(process.stdout.readline())["event"] == "connected"
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=120)
    assert process.returncode == 0, err
    assert manifest_of(folder)["extra"]["ended_by"] == "duration"
    assert manifest_of(folder)["duration_s"] > 15.0


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_killed_session_can_be_analysed(tmp_path):
    folder = tmp_path / "x"
    with start("--sensor", "simulated", *STEADY, "--duration", "1h", "--out", folder) as process:
        wait_for_samples(folder, process)
        time.sleep(0.7)
        process.kill()
        process.communicate(timeout=60)
    assert not (folder / "report.html").exists()
    result = CliRunner().invoke(cli, ["analyze", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["status"] == "measured"


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_full_disk_is_told_and_what_it_took_is_analysed(tmp_path):
    program = (
        "import resource, tremor.recorder.recorder as recorder;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (170_000, 170_000));"
        f"recorder._PATIENCE_S = 0.1; {PROGRAM}"
    )
    folder = tmp_path / "x"
    arguments = ["--sensor", "simulated", *STEADY, "--duration", "30s", "--out", str(folder)]
    result = subprocess.run(
        [sys.executable, "-c", program, "record", "--no-input", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert result.returncode == 2, result.stderr
    assert "The disk is full" in result.stderr
    assert "the disk is full (File too large); lost at the end: " in result.stderr.splitlines()[-1]
    assert "Your leg trembled about" in result.stdout
    assert manifest_of(folder)["files"]["samples.csv"]["n_bytes"] == 170_000


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
def test_keys_of_a_terminal_mark_and_stop(tmp_path):
    import pty
    import select

    folder = tmp_path / "x"
    arguments = ["--sensor", "simulated", *STEADY, "--duration", "1h", "--no-analyze"]
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the other process
        os.chdir(ROOT)
        os.environ["TERM"] = "xterm"
        os.execv(
            sys.executable,
            [sys.executable, "-c", PROGRAM, "record", *arguments, "--out", str(folder)],
        )
    shown = b""

    def read_until(word, *, then=b""):
        nonlocal shown
        began_s, before = time.monotonic(), len(shown)
        while word not in shown[before:]:
            assert time.monotonic() < began_s + 60.0, shown.decode(errors="replace")
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    shown += os.read(terminal, 65536)
                except OSError:  # the other side is closed
                    return
        if then:
            os.write(terminal, then)

    read_until(b"a made-up one feels no taps")
    read_until(b"the strap was not checked")
    read_until(b" / 1:00:00", then=b"m")
    read_until(b"Noted: marker", then=b"p")
    read_until(b"press 0 (none) to 9", then=b"7")
    read_until(b"Noted: pain or cramp 7", then=b"q")
    read_until(b"tremor: saved")
    read_until(b"nothing more comes")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown.decode(errors="replace")
    manifest = manifest_of(folder)
    assert [(one["kind"], one["detail"]) for one in manifest["markers"]] == [
        ("marker", ""), ("pain", "7"),
    ]  # fmt: skip
    assert manifest["extra"]["ended_by"] == "key"
    assert manifest["extra"]["fit"]["facts"]["taps"] is None


# The installed program on a made-up daemon


def recorded_on(rig, folder):
    """Record for a moment in real time, and give what was said."""
    with start("--no-analyze", "--out", folder, **rig.environment) as process:
        wait_for_samples(folder, process)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return err


def test_sensor_in_reach_is_found_also_after_a_killed_run_recorded_and_left(bluetooth, tmp_path):
    rig = bluetooth({"h10": {"speed": 8.0, "rssi": -71}})
    with start("--out", tmp_path / "killed", **rig.environment) as process:
        wait_for_samples(tmp_path / "killed", process)
        process.kill()
        _, told = process.communicate(timeout=60)
    assert "connecting to Polar H10, Polar H10 1A2B3C4D (A0:9E:1A:00:00:01), -71 dBm" in told
    assert rig.look("h10")["started"]  # it goes on, for nobody
    assert "1A2B3C4D (A0:9E:1A:00:00:01), connected" in recorded_on(rig, tmp_path / "x")
    manifest = manifest_of(tmp_path / "x")
    assert manifest["counts"]["n_samples"] > 100
    assert manifest["counts"]["n_lost"] == 0
    assert manifest["sensor"] == {
        "name": "Polar H10 1A2B3C4D",
        "profile": "polar-h10",
        "serial": "",
        "range_ms2": pytest.approx(8.0 * STANDARD_GRAVITY_MS2),
    }
    seen = rig.look("h10")
    assert not seen["connected"]
    assert not seen["started"]


def test_strongest_of_several_is_taken_where_nobody_can_be_asked(bluetooth, tmp_path):
    rig = bluetooth({"h10": {"speed": 4.0, "rssi": -71}, "uart": {"rssi": -48, "speed": 4.0}})
    assert "taking the strongest" in recorded_on(rig, tmp_path / "x")
    assert manifest_of(tmp_path / "x")["sensor"]["profile"] == "nordic-uart"


def test_no_sensor_in_reach(bluetooth, tmp_path, monkeypatch):
    bluetooth({})
    monkeypatch.setattr("tremor.session.sensor_choice._ROUNDS_S", (0.2, 0.2))
    result = record("--out", tmp_path / "x")
    assert result.exit_code == 5, result.output
    assert "wear or shake it" in result.stderr
    assert not (tmp_path / "x").exists()
