"""Pipes, devices and links that lead nowhere, in place of the files that are asked for."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tremor.cli.main import cli
from tremor.files import real_path
from tremor.formats.folder.manifest import MANIFEST_SCHEMA, read_checked_manifest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes have no names there")


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments])


@pytest.fixture
def leg(write_capture, trembling_leg):
    return write_capture("leg.csv", trembling_leg(3000, sampling_rate_hz=100), sampling_rate_hz=100)


def pipe(folder, name):
    path = Path(folder) / name
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("name", ["leg", "leg.csv", "leg.zip", "ACC.csv", "leg_ACX.csv", "leg.cwa"])
@pytest.mark.parametrize("command", ["check", "analyze", "replay"])
def test_a_pipe_that_nobody_writes_to_is_refused(tmp_path, command, name):
    done = run(command, pipe(tmp_path, name))
    assert done.exit_code == 3
    assert "is not a regular file; copy the capture to one" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("made", [pipe, lambda folder, name: _loop(folder / name)])
@pytest.mark.parametrize("option", ["--context", "--settings", "--fit", "--baseline"])
def test_neither_is_an_input_of_an_analysis(tmp_path, leg, option, made):
    done = run("analyze", leg, option, made(tmp_path, "odd.toml"))
    assert done.exit_code in (2, 3), done.output
    assert 1 <= len(done.stderr.splitlines()) <= 2


def _loop(path):
    path.symlink_to(path.name)
    return path


def test_a_link_to_itself_is_a_path_like_others(tmp_path, leg):
    loop = _loop(tmp_path / "loop.csv")
    assert real_path(loop).name == "loop.csv"
    for arguments in (
        ("check", loop),
        ("analyze", leg, "--html", loop),
        ("convert", leg, "--to", "csv", loop),
        ("convert", loop, "--to", "csv", tmp_path / "out.csv"),
        ("compare", loop, leg),
    ):
        done = run(*arguments)
        assert done.exit_code in (0, 2, 3, 8), done.output
        assert "internal error" not in done.stderr


@pytest.mark.parametrize("command", ["batch", "record"])
@pytest.mark.parametrize("made", ["pipe", "/dev/zero"])
def test_neither_batch_nor_replayed_sensor_reads_without_end(tmp_path, command, made):
    path = pipe(tmp_path, "leg.csv") if made == "pipe" else Path(made)
    if command == "batch":
        done = run("batch", path, "--out", tmp_path / "out")
    else:
        done = run("record", "--no-input", "--sensor", f"replay:{path}", "--out", tmp_path / "out")
    assert done.exit_code in (3, 7), done.output
    assert re.search("not a regular file|neither a file nor a folder", done.stderr)
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize("file", ["channels", "scans"])
def test_a_pipe_in_a_dataset_is_not_read(tmp_path, leg, file):
    assert run("convert", leg, "--to", "bids", tmp_path / "data").exit_code == 0
    (table,) = (tmp_path / "data").rglob(f"*_{file}.tsv")
    table.unlink()
    os.mkfifo(table)
    done = run("check", tmp_path / "data")
    assert done.exit_code in (0, 3), done.output
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("value", [-1e308, 1e300, True, "5"])
def test_a_number_of_a_manifest_that_none_can_be_is_left_out(tmp_path, value):
    content = {"schema": MANIFEST_SCHEMA, "started_monotonic_s": value, "closed": True}
    (tmp_path / "recording.json").write_text(json.dumps(content))
    manifest, wrong = read_checked_manifest(tmp_path)
    assert "started_monotonic_s" not in manifest
    assert wrong == ("started_monotonic_s",)


def test_a_capture_of_zeros_holds_no_samples(tmp_path):
    path = tmp_path / "zeros.csv"
    path.write_text("time_s,x,y,z\n" + "".join(f"{n / 100:.2f},0,-0,0\n" for n in range(2000)))
    done = run("check", path)
    assert done.exit_code == 4
    assert "nan" not in done.stderr
    assert "no usable samples" in done.stderr
