"""Text from outside that a terminal would obey, or that turns what stands around it, is shown."""

from __future__ import annotations

import asyncio
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import tremor.cli
from devices import PROFILES
from devices.link.discovery import DiscoveredDevice
from devices.link.radio import Peripheral
from devices.profile import Advertisement
from tremor.cli.main import cli
from tremor.cli.screen import BlockScreen
from tremor.printable import printable, printable_lines
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import SampleBlock, SensorInfo
from tremor.session.sensor_choice import candidate_text

#: Red, the title of the window, C1 of one byte, right to left, without width, half a surrogate.
EVIL = "E\x1b[31mV\x1b]0;I\x07L\x9b2J\u202egnp\u2066\u200b\u2028"
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def assert_safe(done, *, codes=(0, 2, 3, 4, 7)):
    assert done.exit_code in codes, done.output
    assert "internal error" not in done.stderr
    assert not UNSAFE.search(done.stdout), done.stdout
    assert not UNSAFE.search(done.stderr), done.stderr


def assert_shown(text):
    assert r"E\x1b[31mV" in text
    assert r"\u202egnp" in text


@pytest.fixture
def evil_file(tmp_path, write_capture, trembling_leg):
    path = write_capture("leg.csv", trembling_leg(4000, sampling_rate_hz=100), sampling_rate_hz=100)
    return path.rename(tmp_path / f"{EVIL}.csv")


@pytest.fixture
def evil_recording(tmp_path, trembling_leg):
    """Return a recording whose sensor and marker have such a name."""
    samples = trembling_leg(4000, sampling_rate_hz=100)

    async def record(folder):
        stream = StreamDescription(
            sensor=SensorInfo(EVIL, "movesense"), sampling_rate_hz=100.0, detects_loss=True
        )
        async with Recorder(folder, stream=stream) as recorder:
            for first in range(0, len(samples), 10):
                index = np.arange(first, first + 10)
                last_s = 5.0 + index[-1] / 100.0
                recorder.take(SampleBlock(first, samples[index], last_s, None, index / 100.0))
            recorder.marker(EVIL, arrival_s=9.0)

    asyncio.run(record(tmp_path / "session"))
    return tmp_path / "session"


@pytest.mark.parametrize(
    "command", [("analyze",), ("analyze", "-v"), ("check",), ("replay", "--speed", "max")]
)
def test_names_of_files(evil_file, command):
    done = run(*command, evil_file)
    assert_safe(done, codes=(0,))
    assert_shown(done.output)


def test_names_of_files_in_json_and_pages(evil_file, tmp_path):
    page = tmp_path / "page.html"
    done = run("analyze", evil_file, "--json", "--html", page)
    assert_safe(done, codes=(0,))
    json.loads(done.stdout)
    html = page.read_text(encoding="utf-8")
    assert not UNSAFE.search(html)
    assert_shown(html)


def test_names_of_files_in_a_comparison_and_a_trend(evil_file, tmp_path):
    page, text = tmp_path / "page.html", evil_file.read_text(encoding="utf-8")
    dated = "# tremor-csv 1\n# started_at: 2026-03-0{}T10:00:00+00:00\n# placement: left-calf\n"
    for number in (1, 2, 3):
        content = dated.format(number) + text
        (tmp_path / f"{number}{EVIL}.csv").write_text(content, encoding="utf-8")
    evil_file.unlink()
    for command in (("compare", *sorted(tmp_path.glob("*.csv"))[:2]), ("trend", tmp_path)):
        done = run(*command, "--html", page, "--overwrite")
        assert_safe(done, codes=(0,))
        assert not UNSAFE.search(page.read_text(encoding="utf-8"))


def test_cells_of_a_batch_manifest(evil_file, tmp_path):
    out, manifest = tmp_path / "out", tmp_path / "list.csv"
    cell = EVIL.replace("\u2028", "")
    manifest.write_text(
        f"path,leg,{cell}\n{evil_file.name},{cell},{cell}\n{cell},left,x\n", encoding="utf-8"
    )
    done = run("batch", manifest, "--out", out, "--pages")
    assert_safe(done)
    pages = list(out.rglob("*.html"))
    assert pages
    for page in pages:
        assert not UNSAFE.search(page.read_text(encoding="utf-8")), page


def test_members_of_an_archive(evil_file, tmp_path):
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as files:
        files.write(evil_file, f"{EVIL}a.csv")
        files.write(evil_file, f"{EVIL}b.csv")
    done = run("analyze", archive)
    assert_safe(done, codes=(3,))
    assert_shown(done.stderr)


def test_sensor_and_markers_of_a_recording(evil_recording, tmp_path):
    page = tmp_path / "page.html"
    for command in (("analyze", "-v", "--html", page), ("analyze", "--json"), ("check",)):
        assert_safe(run(*command, evil_recording), codes=(0,))
    assert not UNSAFE.search(page.read_text(encoding="utf-8"))
    assert_safe(run("convert", evil_recording, tmp_path / "leg.csv", "--to", "csv"), codes=(0,))
    assert_safe(run("replay", evil_recording, "--speed", "max", "--json"), codes=(0,))


def test_text_of_a_manifest(evil_recording, tmp_path):
    path, page = evil_recording / "recording.json", tmp_path / "page.html"
    manifest = json.loads(path.read_text(encoding="utf-8"))

    def evil(value):
        if isinstance(value, dict):
            return {key: evil(one) for key, one in value.items()} | {EVIL: EVIL}
        return EVIL if isinstance(value, str) else value

    for key in manifest:
        if key == "schema":
            continue
        path.write_text(json.dumps(manifest | {key: evil(manifest[key])}), encoding="utf-8")
        done = run("analyze", evil_recording, "--html", page, "--overwrite")
        assert_safe(done)
        assert not UNSAFE.search(page.read_text(encoding="utf-8")), key


@pytest.mark.parametrize(
    "content",
    [
        '"{evil}" = 1\n',
        '[run]\n"{evil}" = 1\n',
        '["{evil}"]\nrpe = 3\n',
        '[run]\nrpe = "{evil}"\n',
        '[health]\nmedicines = ["{evil}"]\n',
        '[run]\nload = "{evil}"\ndistance_km = "{evil}"\n',
        'schema = "{evil}"\n',
        "[run]\n{evil} = 3\n",
    ],
)
def test_keys_and_values_of_answers(tmp_path, content, evil_file):
    for ending, text in (
        ("toml", content.replace("{evil}", EVIL)),
        ("toml", content.replace("{evil}", json.dumps(EVIL)[1:-1])),
    ):
        path = tmp_path / f"answers.{ending}"
        path.write_text(text, encoding="utf-8")
        for command in (("context", "show", path), ("analyze", evil_file, "--context", path)):
            assert_safe(run(*command), codes=(0, 3))
    path.write_text(json.dumps({EVIL: EVIL, "run": {"rpe": EVIL, EVIL: 1}}), encoding="utf-8")
    assert_safe(run("context", "show", path), codes=(3,))


def test_keys_of_settings(evil_file, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text(f'{json.dumps(EVIL)} = "{json.dumps(EVIL)[1:-1]}"\n', encoding="utf-8")
    assert_safe(run("analyze", evil_file, "--settings", path), codes=(2,))
    assert_safe(run("analyze", evil_file, "--set", f"{EVIL}={EVIL}"), codes=(2,))


@pytest.mark.parametrize(
    "arguments",
    [
        (EVIL,),
        ("explain", EVIL),
        ("formats", EVIL),
        ("sensors", EVIL),
        ("explain", "--analysis", EVIL),
        ("doctor", "--out", EVIL),
        ("record", "--sensor", EVIL, "--profile", EVIL, "--no-input"),
        ("record", "--sensor", "simulated", "--placement", EVIL, "--no-input"),
        ("record", "--sensor", "simulated", "--option", f"scene={EVIL}", "--no-input"),
        ("simulate", "session", "--scene", EVIL, "x.csv"),
        ("analyze", "--lang", EVIL, "x.csv"),
        ("analyze", f"--{EVIL}"),
        ("analyze", EVIL, "-vv"),
    ],
)
def test_arguments(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_safe(run(*arguments), codes=(0, 2, 3, 5))


def test_names_that_devices_advertise(monkeypatch):
    peripheral = Peripheral("C0:00:00:00:00:01", Advertisement(EVIL), -50, False, device=None)
    devices = [DiscoveredDevice(peripheral, one) for one in (PROFILES["movesense"], None)]

    async def listen(_, progress):
        progress.at(EVIL, 0)
        return devices

    monkeypatch.setattr("tremor.cli.scan._listen", listen)
    for options in ((), ("--all",), ("--json",)):
        done = run("scan", "--timeout", 1, *options)
        assert_safe(done, codes=(0,))
        assert "movesense" in done.stdout
    for one in devices:
        assert_shown(candidate_text(one))
        assert not UNSAFE.search(candidate_text(one))


def test_what_a_screen_draws(capsys):
    screen = BlockScreen(unicode=True)
    with screen:
        screen.note(EVIL)
    assert r"\u202egnp" in capsys.readouterr().err


def test_nothing_is_written_past_the_one_place():
    for path in Path(tremor.cli.__file__).parent.glob("*.py"):
        if path.name != "streams.py":
            assert "click.echo" not in path.read_text(encoding="utf-8"), f"{path}: use streams.echo"


def test_text_that_is_safe_stays_as_it_is():
    for text in ("Größe\n\tx", "", "\n\n", "²³ ± µ中文 😀"):
        assert printable_lines(text.replace("\t", "")) == text.replace("\t", "")
    assert printable_lines(f"a\n{EVIL}\nb") == f"a\n{printable(EVIL)}\nb"
