from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from devices import PROFILES
from tremor.cli.main import cli


def run(*arguments):
    return CliRunner().invoke(cli, ["sensors", *arguments])


def test_the_table_holds_every_sensor_within_80_columns():
    result = run()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    first_words = [line.split()[0] for line in lines if line.strip()]
    assert [word for word in first_words if word in PROFILES] == list(PROFILES)
    witmotion = next(line for line in lines if line.startswith("witmotion"))
    assert witmotion.split()[-2:] == ["none", "no"]
    polar = next(line for line in lines if line.startswith("polar-h10"))
    assert polar.split()[-2:] == ["ns", "yes"]


@pytest.mark.parametrize("slug", PROFILES)
def test_a_page_says_all_that_is_known(slug):
    profile = PROFILES[slug]
    result = run(slug)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    text = " ".join(result.stdout.split())
    for piece in (profile.name, profile.loss, *profile.remarks, *profile.services):
        assert piece in text
    for name, what in (profile.options or {}).items():
        assert f"{name} {what}" in text
    for line in profile.manual.splitlines():
        assert line in result.stdout


def test_a_sensor_may_be_named_as_people_do():
    assert run("Polar H10").stdout == run("polar-h10").stdout == run("POLAR-H10").stdout


def test_the_page_of_own_sensors_teaches_the_layout():
    text = run("nordic-uart").stdout
    assert "u32 t_us, i16 ax ay az /2048 g" in text
    assert "esp32-mpu6050" in text


def test_json_holds_the_facts():
    document = json.loads(run("--json").stdout)
    assert document["schema"] == "tremor.sensors/1"
    assert [one["slug"] for one in document["sensors"]] == list(PROFILES)
    (one,) = json.loads(run("witmotion", "--json").stdout)["sensors"]
    assert one["rates_hz"] == [10, 20, 50, 100, 200]
    assert one["tells_loss"] is False
    assert one["device_time"] is None


@pytest.mark.parametrize(
    ("name", "says"),
    [("polar-h11", "did you mean polar-h10?"), ("toaster", "known: polar-verity-sense")],
)
def test_an_unknown_sensor_is_refused_with_what_is_known(name, says):
    result = run(name)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""
