from __future__ import annotations

import asyncio
import json
import struct
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import devices
import tremor
from devices.profile import finished
from tremor.cli.main import cli
from tremor.errors import PacketError
from tremor.formats.folder.packet_log import FILE_HEAD, encode_record
from tremor.packets import LinkEvent, Packet
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import SampleBlock, SensorInfo


def run(*arguments):
    return CliRunner().invoke(cli, ["convert", *map(str, arguments)])


@pytest.fixture
def capture(write_capture, still_leg):
    return write_capture("export.csv", still_leg(1000), sampling_rate_hz=101.0)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_capture_is_converted_and_reads_the_same(capture, tmp_path, form):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"out.{form}"
    result = run(capture, "--to", form, path)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{path}: 1000 samples in 9.901 s at 101 Hz, 0 lost\n"
    one, other = tremor.read(capture), tremor.read(path)
    np.testing.assert_allclose(other.acceleration_ms2, one.acceleration_ms2, rtol=0, atol=5e-7)


def test_a_dataset_is_written_and_summed_up_as_json(capture, tmp_path):
    result = run(capture, "--to", "bids", tmp_path / "data", "--json", "--placement", "left-calf")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == "tremor.convert/1"
    assert document["recording"]["n_samples"] == 1000
    assert document["redecoded"] is None
    assert len(document["files"]) == 8


def test_nothing_is_written_over_unless_asked(capture, tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("mine")
    assert run(capture, "--to", "csv", path).exit_code == 8
    assert path.read_text() == "mine"
    assert run(capture, "--to", "csv", path, "--overwrite").exit_code == 0
    assert tremor.read(path).n_samples == 1000
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    assert run(capture, "--to", "bids", tmp_path / "full", "--overwrite").exit_code == 8


def test_the_capture_itself_is_never_replaced(capture, recorded):
    folder, _ = recorded("polar-h10")
    before = {child: child.read_bytes() for child in [capture, *folder.iterdir()]}
    for file, path in (
        (capture, capture),
        (folder, folder / "samples.csv"),
        (folder, folder / "packets.bin"),
        (capture, folder / "samples.csv"),
    ):
        result = run(file, "--to", "csv", path, "--overwrite")
        assert result.exit_code == 8
        assert "never replaced" in result.stderr
    assert before == {child: child.read_bytes() for child in before}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("missing.csv", "--to", "csv", "out.csv"), 3, "does not exist"),
        (("{capture}", "--to", "csv", "no/such/out.csv"), 2, "folder no/such does not exist"),
        (("{capture}", "--to", "csv", "."), 2, "is a folder"),
        (("{capture}", "out.csv"), 2, "missing option '--to'"),
        (("{capture}", "--to", "wav", "out.wav"), 2, "'wav' is not one of"),
        (("{capture}", "--to", "bids", "d", "--task", "a b"), 2, "no BIDS label"),
        (("{capture}", "--to", "csv", "out.csv", "--redecode"), 2, "is not a recording"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    capture, tmp_path, monkeypatch, arguments, code, said
):
    monkeypatch.chdir(tmp_path)
    result = run(*(one.replace("{capture}", str(capture)) for one in arguments))
    assert result.exit_code == code
    assert said in result.stderr.lower() or said in result.stderr
    assert result.stderr.count("\n") == 1
    assert [child.name for child in tmp_path.iterdir()] == ["export.csv"]


def test_parquet_without_pyarrow_names_the_command(capture, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = run(capture, "--to", "parquet", tmp_path / "out.parquet")
    assert result.exit_code == 2
    assert "pip install 'tremor-analyzer[parquet]'" in result.stderr


def test_a_recording_is_analysed_as_it_is_replayed(tmp_path, trembling_leg):
    samples = trembling_leg(3000, sampling_rate_hz=99.3)
    stream = StreamDescription(sampling_rate_hz=100.0, range_g=8.0)

    async def make():
        rng = np.random.default_rng(0)
        async with Recorder(tmp_path / "session", stream=stream) as recorder:
            for first in [*range(0, 1200, 10), *range(1700, 3000, 10)]:
                arrival_s = (first + 10) / 99.3 + rng.uniform(0.0, 0.02)
                recorder.take(SampleBlock(first, samples[first : first + 10], arrival_s))

    asyncio.run(make())
    runner = CliRunner()
    analysed = runner.invoke(cli, ["analyze", str(tmp_path / "session"), "--json"])
    replay = ["replay", str(tmp_path / "session"), "--json", "--speed", "max"]
    replayed = runner.invoke(cli, replay)
    windows = json.loads(analysed.stdout)["windows"]
    assert windows == [json.loads(line) for line in replayed.stdout.splitlines()]
    assert {"tremor", "gap"} <= {window["verdict"] for window in windows}


# --- decoding again ----------------------------------------------------------------------------


def h10_packets():
    """Frames of 36 samples at 198.7 Hz, with the stamp of the last one."""
    rng = np.random.default_rng(0)
    for number in range(60):
        stamp_ns = 599_616_000_000_000_000 + round((number + 1) * 36 / 198.7 * 1e9)
        samples = rng.integers(-40, 40, 108) + np.tile([0, 0, 1000], 36)
        yield struct.pack("<BQB108h", 2, stamp_ns, 1, *samples.tolist()), 36 / 198.7


def witmotion_packets():
    """Frames at 99.4 Hz, cut in the middle of frames and put together."""
    rng = np.random.default_rng(0)
    frames = b"".join(
        b"\x55\x61" + struct.pack("<9h", *rng.integers(-90, 90, 2), 2048, *rng.integers(-9, 9, 6))
        for _ in range(2000)
    )
    for first in range(0, len(frames), 150):
        yield frames[first : first + 150], 7.5 / 99.4


def line_packets():
    """Lines of a sketch that prints milliseconds and g, torn by the size of notifications."""
    rng = np.random.default_rng(0)
    text = b"".join(
        b"%d,%.3f,%.3f,%.3f\n" % (9 * row, *rng.normal([0.0, 0.0, 1.0], 0.01)) for row in range(900)
    )
    for first in range(0, len(text), 100):
        yield text[first : first + 100], 0.045


PACKETS = {
    "polar-h10": h10_packets,
    "witmotion": witmotion_packets,
    "nordic-uart": line_packets,
}


@pytest.fixture
def recorded(tmp_path):
    """Record packets as a link does: decoded as they come, with one loss of the link."""

    def record(slug, *, with_events=True):
        profile = devices.PROFILES[slug]
        settings = profile.settings()
        decoder = profile.make_decoder(settings)
        stream = StreamDescription(
            sensor=SensorInfo(f"{profile.name} 1", slug),
            sampling_rate_hz=settings.sampling_rate_hz,
            range_g=settings.range_g,
            gyro=settings.gyro,
            options=settings.options,
            detects_loss=profile.detects_loss,
        )
        some = list(PACKETS[slug]())
        lost = range(len(some) // 2, len(some) // 2 + 5) if with_events else range(0)

        async def run():
            n_refused, at_s = 0, 1000.0
            rng = np.random.default_rng(1)
            async with Recorder(tmp_path / slug, stream=stream, placement="left-calf") as recorder:
                if with_events:
                    recorder.tap(Packet(at_s, 1.8e9, profile.data_characteristics[0], b"early"))
                    recorder.tap(LinkEvent(at_s, 1.8e9, "started"))
                for number, (data, duration_s) in enumerate(some):
                    at_s += duration_s
                    if number in lost:
                        if number == lost[0]:
                            recorder.tap(LinkEvent(at_s, 1.8e9, "lost"))
                        if number == lost[-1]:
                            decoder.restart()
                            recorder.tap(LinkEvent(at_s, 1.8e9, "restarted"))
                        continue
                    arrival_s = at_s + rng.uniform(0.0, 0.02)
                    packet = Packet(arrival_s, 1.8e9, profile.data_characteristics[0], data)
                    recorder.tap(packet)
                    try:
                        for block in decoder.feed(packet.characteristic, data, arrival_s):
                            recorder.take(block)
                    except PacketError:
                        n_refused += 1
                for block in finished(decoder):
                    recorder.take(block)
            return n_refused

        return tmp_path / slug, asyncio.run(run())

    return record


@pytest.mark.parametrize("slug", PACKETS)
def test_packets_decoded_again_give_the_same_samples(recorded, tmp_path, slug):
    folder, n_refused = recorded(slug)
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    assert run(folder, "--to", "csv", one).exit_code == 0
    result = run(folder, "--redecode", "--to", "csv", other, "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)["redecoded"]
    assert said["profile"] == slug
    assert (said["n_refused"], said["n_bytes_left_out"]) == (n_refused, 0)
    assert one.read_bytes() == other.read_bytes()
    again, recording = tremor.read(other), tremor.read(folder)
    assert again.n_samples > 800
    assert len(again.gaps) == len(recording.gaps) >= 1


def test_decoding_again_needs_nothing_but_the_packets(recorded, tmp_path):
    folder, _ = recorded("polar-h10", with_events=False)
    expected = tremor.read(folder).acceleration_ms2
    (folder / "samples.csv").unlink()
    (folder / "recording.json").unlink()
    with (folder / "packets.bin").open("ab") as stream:
        stream.write(bytes(100))
    result = run(folder, "--redecode", "--to", "csv", tmp_path / "out.csv", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["redecoded"]["n_bytes_left_out"] == 100
    assert (tremor.read(tmp_path / "out.csv").acceleration_ms2 == expected).all()


def test_packets_that_nobody_can_decode_are_refused_by_name(tmp_path, recorded):
    folder = tmp_path / "other"
    folder.mkdir()
    packet = Packet(1.0, 1.8e9, "2a37", bytes(20))
    (folder / "packets.bin").write_bytes(FILE_HEAD + encode_record(packet))
    result = run(folder, "--redecode", "--to", "csv", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "of sensor 'unknown', and its packets can be decoded for polar-verity-sense" in (
        result.stderr
    )
    folder, _ = recorded("polar-h10")
    result = run(folder, "--redecode", "--to", "csv", tmp_path / "out.csv", "--unit", "g")
    assert result.exit_code == 2
    assert "--unit is not for --redecode" in result.stderr
