"""The program as it is installed, in a process of its own, on a made-up Bluetooth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tremor

ROOT = Path(tremor.__file__).parents[1]


def run(rig, *arguments, timeout_s=60.0, **environment):
    return subprocess.run(
        [sys.executable, "-c", "from tremor.cli.main import main; main()", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, **rig.environment, **environment},
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture
def busy_room(bluetooth):
    return bluetooth(
        {
            "h10": {"rssi": -71},
            "uart": {"rssi": -48},
            "fridge": {
                "model": "uart",
                "name": "Fridge",
                "address": "DE:AD:00:00:00:01",
                "advertised": [],
            },
        }
    )


def test_sensors_are_listed_the_strongest_first(busy_room):
    result = run(busy_room, "scan", "--timeout", "1")
    assert result.returncode == 0, result.stderr
    heading, rule, *rows = result.stdout.splitlines()
    assert heading.split() == ["sensor", "its", "name", "signal", "address"]
    assert len(rule) == 80
    assert [row.split()[0] for row in rows] == ["nordic-uart", "polar-h10"]
    assert "Polar H10 1A2B3C4D" in rows[1]
    assert "-71 dBm" in rows[1]
    assert rows[1].endswith("A0:9E:1A:00:00:01")
    assert max(map(len, rows)) <= 80
    assert "listening for 1 s" in result.stderr
    assert "1 device is in reach that no known sensor calls itself" in result.stderr


def test_json_holds_all_that_is_known_and_nothing_else_is_on_stdout(busy_room):
    result = run(busy_room, "scan", "--timeout", "1", "--json", "--all", "-q")
    document = json.loads(result.stdout)
    assert document["schema"] == "tremor.scan/1"
    assert document["n_others"] == 1
    assert document["sensors"][0] == {
        "profile": "nordic-uart",
        "name": "Calf-IMU",
        "address": "C1:22:33:44:55:66",
        "rssi_dbm": -48,
        "connected": False,
    }
    assert document["sensors"][-1]["profile"] is None
    assert result.stderr == ""


def test_sensor_that_is_connected_already_is_listed_first(busy_room):
    busy_room.do("connect", "h10")
    result = run(busy_room, "scan", "--timeout", "1")
    first = result.stdout.splitlines()[2]
    assert first.split()[0] == "polar-h10"
    assert "connected" in first


def test_nothing_in_reach_is_5_with_what_to_do(bluetooth):
    result = run(bluetooth({}), "scan", "--timeout", "0.3", "--json")
    assert result.returncode == 5
    assert json.loads(result.stdout)["sensors"] == []
    assert "no known sensor was heard within 0.3 s; wear or shake it" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"powered": False}, "Bluetooth is off"),
        ({"adapter": False}, "no Bluetooth adapter"),
        ({"daemon": False}, "daemon is not running"),
    ],
)
def test_no_bluetooth_is_5_with_its_remedy(bluetooth, options, message):
    result = run(bluetooth({}, **options), "scan", "--timeout", "1")
    assert result.returncode == 5
    assert message in result.stderr.splitlines()[-1]
    assert "; " in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("timeout", ["0", "-1", "soon", "nan"])
def test_a_time_that_is_none_is_wrong_usage(timeout):
    from click.testing import CliRunner

    from tremor.cli.main import cli

    assert CliRunner().invoke(cli, ["scan", f"--timeout={timeout}"]).exit_code == 2


def test_a_name_cannot_play_with_the_terminal(bluetooth):
    rig = bluetooth({"uart": {"name": "\x1b[31mred\x07 and a name that is far too long"}})
    result = run(rig, "scan", "--timeout", "0.5")
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
    assert r"\x1b[31mred\x07 and a nam" in result.stdout


@pytest.mark.parametrize("command", ["scan", "doctor"])
def test_help_loads_nothing_heavy(command):
    code = (
        "import sys\n"
        "from tremor.cli.main import cli\n"
        "try:\n"
        f"    cli.main(['{command}', '--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].strip("[]").replace("'", "").split(", "))
    assert not loaded & {"numpy", "scipy", "pandas", "matplotlib", "bleak", "rich"}
