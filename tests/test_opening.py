"""A recording folder is compared with its packets when it is opened, and mended by them."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tremor
from devices import PROFILES
from devices.sensors.simulated import DATA, packet
from tremor.errors import CaptureReadError, TremorError
from tremor.formats.folder.manifest import checksum_of
from tremor.formats.folder.markers import read_markers
from tremor.formats.readers import open_capture
from tremor.packets import LinkEvent, Packet
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import Recording, SensorInfo

RATE_HZ = 104.0
SIZE = 13
N_PACKETS = 24
N_SAMPLES = N_PACKETS * SIZE
FILES = ("samples.csv", "packets.bin", "recording.json")
STREAM = StreamDescription(
    sensor=SensorInfo("Simulated leg", "simulated"),
    sampling_rate_hz=RATE_HZ,
    range_g=8.0,
    detects_loss=True,
)


def packets():
    rng = np.random.default_rng(0)
    for number in range(N_PACKETS):
        first = number * SIZE
        counts = rng.normal((0.0, 0.0, 4096.0), 50.0, (SIZE, 3)).astype(int).reshape(-1).tolist()
        arrival_s = 70.0 + (first + SIZE) / RATE_HZ
        data = packet(first, round(1e6 * first / RATE_HZ), counts)
        yield Packet(arrival_s, 1.7e9 + arrival_s, DATA, data)


def record(folder):
    async def run():
        decoder = PROFILES["simulated"].decoder(sampling_rate_hz=RATE_HZ, range_g=8.0)
        async with Recorder(folder, stream=STREAM, placement="left-calf") as recorder:
            recorder.tap(LinkEvent(70.0, 1.7e9 + 70.0, "started"))
            for one in packets():
                recorder.tap(one)
                for block in decoder.feed(one.characteristic, one.data, one.arrival_s):
                    recorder.take(block)
            recorder.marker("stood up", arrival_s=71.5)

    asyncio.run(run())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("opening") / "whole"
    record(folder)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def break_off(folder):
    """Leave the manifest as a crash does."""
    path = folder / "recording.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["files"], manifest["crc32"]
    path.write_text(json.dumps(manifest | {"closed": False, "markers": []}), encoding="utf-8")


def cut(folder, name, n_bytes):
    path = folder / name
    path.write_bytes(path.read_bytes()[:n_bytes])


def codes(recording):
    return {one.code for one in recording.warnings}


def test_whole_recording_needs_no_mending(whole):
    recording = tremor.read(whole)
    assert recording.n_samples == N_SAMPLES
    assert not codes(recording) & {"SAMPLES_MENDED", "RECORDING_CUT", "FILE_CHANGED", "FILE_LENGTH"}


@pytest.mark.parametrize("n_bytes", range(0, 26_000, 997))
def test_rows_that_a_power_cut_took_come_from_the_packets(whole, folder, n_bytes):
    break_off(folder)
    cut(folder, "samples.csv", n_bytes)
    expected, found = tremor.read(whole), tremor.read(folder)
    np.testing.assert_array_equal(found.acceleration_ms2, expected.acceleration_ms2)
    assert found.started_at == expected.started_at
    assert found.placement == expected.placement
    assert "SAMPLES_MENDED" in codes(found) or n_bytes > (whole / "samples.csv").stat().st_size


@pytest.mark.parametrize("n_bytes", range(0, 2_600, 97))
def test_packets_that_a_power_cut_took_cost_no_row(whole, folder, n_bytes):
    break_off(folder)
    cut(folder, "packets.bin", n_bytes)
    expected, found = tremor.read(whole), tremor.read(folder)
    np.testing.assert_array_equal(found.acceleration_ms2, expected.acceleration_ms2)
    assert "RECORDING_CUT" in codes(found)


def test_manifest_cut_at_any_byte_costs_no_sample_and_no_marker(whole, folder):
    content = (whole / "recording.json").read_bytes()
    started_at = tremor.read(whole).started_at
    expected = read_markers(whole, started_at=started_at)
    assert [one.text for one in expected] == ["stood up"]
    for n_bytes in range(len(content) - 2):
        (folder / "recording.json").write_bytes(content[:n_bytes])
        (found,) = read_markers(folder, started_at=started_at)
        assert found.text == "stood up"
        assert found.time_s == pytest.approx(expected[0].time_s, abs=1e-5)
        if n_bytes % 500 == 0:
            recording = tremor.read(folder)
            assert recording.n_samples == N_SAMPLES
            assert "RECORDING_CUT" in codes(recording)


def test_end_is_said_to_be_where_the_last_packet_came(folder):
    break_off(folder)
    cut(folder, "samples.csv", 9_000)
    assert "SAMPLES_MENDED" in codes(tremor.read(folder))
    (said,) = [one for one in tremor.read(folder).warnings if one.code == "RECORDING_CUT"]
    assert said.values["last_s"] == pytest.approx(N_SAMPLES / RATE_HZ, abs=0.051)


def test_flipped_digit_is_seen_by_the_checksum_and_mended(whole, folder):
    path = folder / "samples.csv"
    content = bytearray(path.read_bytes())
    at = content.rindex(b".") - 1  # of an arrival
    content[at] ^= 1
    path.write_bytes(content)
    expected, found = tremor.read(whole), tremor.read(folder)
    assert {"FILE_CHANGED", "SAMPLES_MENDED"} <= codes(found)
    np.testing.assert_array_equal(found.acceleration_ms2, expected.acceleration_ms2)


@pytest.mark.parametrize("name", ["packets.bin", "recording.json"])
def test_flipped_bit_elsewhere_is_said_and_changes_nothing(whole, folder, name):
    path = folder / name
    content = bytearray(path.read_bytes())
    at = content.index(b"leg") if name == "recording.json" else len(content) // 2
    content[at] ^= 1
    path.write_bytes(content)
    expected, found = tremor.read(whole), tremor.read(folder)
    said = {one.values["file"] for one in found.warnings if one.code == "FILE_CHANGED"}
    assert said == {name}
    np.testing.assert_array_equal(found.acceleration_ms2, expected.acceleration_ms2)


def test_packets_of_an_unknown_sensor_leave_the_rows(folder, monkeypatch):
    break_off(folder)
    monkeypatch.setattr("devices.PROFILES", {})
    assert tremor.read(folder).n_samples == N_SAMPLES
    cut(folder, "samples.csv", 0)
    with pytest.raises(TremorError):
        tremor.read(folder)


def test_reading_works_where_an_event_loop_runs(folder):
    break_off(folder)
    cut(folder, "samples.csv", 9_000)

    async def main():
        return tremor.read(folder)

    assert asyncio.run(main()).n_samples == N_SAMPLES


def test_declared_placement_holds_for_mended_samples_too(folder):
    break_off(folder)
    cut(folder, "samples.csv", 9_000)
    assert str(tremor.read(folder, placement="right-shin").placement) == "right-shin"


def test_placement_and_sensor_are_in_the_rows_where_the_manifest_is_gone(whole, folder):
    (folder / "recording.json").unlink()
    expected, found = tremor.read(whole), tremor.read(folder)
    assert (found.placement, found.sensor) == (expected.placement, expected.sensor)
    assert found.started_at == expected.started_at


@pytest.mark.parametrize("name", ["packets.bin", "samples.csv"])
@pytest.mark.parametrize("is_closed", [True, False])
def test_missing_file_is_named(folder, name, is_closed):
    if not is_closed:
        break_off(folder)
    (folder / name).unlink()
    found = tremor.read(folder)
    assert found.n_samples == N_SAMPLES
    assert [one.values["file"] for one in found.warnings if one.code == "FILE_MISSING"] == [name]
    assert ("RECORDING_CUT" in codes(found)) != is_closed
    mended = [one.values for one in found.warnings if one.code == "SAMPLES_MENDED"]
    assert mended == ([{"n_rows": 0, "n_samples": N_SAMPLES}] if name == "samples.csv" else [])


@pytest.mark.parametrize("word", [b'"n_bytes": 1', b'"crc32": ', b'"started_monotonic_s": 7'])
def test_damaged_manifest_blames_no_other_file(whole, folder, word):
    path = folder / "recording.json"
    content = bytearray(path.read_bytes())
    at = content.index(word) + len(word)
    content[at] = ord("8") if content[at] != ord("8") else ord("3")
    path.write_bytes(content)
    found = tremor.read(folder)
    blamed = {one.values["file"] for one in found.warnings if "file" in one.values}
    assert blamed == {"recording.json"}
    assert "SAMPLES_MENDED" not in codes(found)
    assert found.started_at == tremor.read(whole).started_at


def test_flipped_bit_in_the_schema_is_no_later_version(whole, folder):
    path = folder / "recording.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("tremor.recording/1", "tremor.recording/3"), encoding="utf-8")
    expected, found = tremor.read(whole), tremor.read(folder)
    np.testing.assert_array_equal(found.acceleration_ms2, expected.acceleration_ms2)
    assert "RECORDING_CUT" in codes(found)
    later = json.loads(text) | {"schema": "tremor.recording/3"}
    path.write_text(json.dumps(later | {"crc32": checksum_of(later)}), encoding="utf-8")
    with pytest.raises(CaptureReadError, match="update the tool"):
        tremor.read(folder)


@pytest.mark.parametrize("name", [b",index", b"arrival_s"])
def test_damaged_name_of_a_column_is_seen_and_mended(whole, folder, name):
    path = folder / "samples.csv"
    path.write_bytes(path.read_bytes().replace(name, name.replace(b"i", b"a"), 1))
    expected, found = tremor.read(whole), tremor.read(folder)
    np.testing.assert_array_equal(found.acceleration_ms2, expected.acceleration_ms2)
    assert found.started_at == expected.started_at
    assert {"FILE_CHANGED", "SAMPLES_MENDED"} <= codes(found)


def test_rows_that_are_mended_are_closed(folder, monkeypatch):
    break_off(folder)
    closed, close = [], Recording.close
    monkeypatch.setattr(Recording, "close", lambda one: (closed.append(one), close(one)))
    opened = []
    monkeypatch.setattr(
        "tremor.opening.open_capture",
        lambda *a, **k: opened.append(open_capture(*a, **k)) or opened[-1],
    )
    tremor.read(folder)
    assert set(opened) <= set(closed)
