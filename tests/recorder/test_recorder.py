"""The recorder: everything that came is in the folder, and what did not is counted."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.formats.folder.packet_log import StreamGranted, read_packet_log
from tremor.packets import LinkEvent, Packet
from tremor.recorder import Recorder, StreamDescription, Zero, disk
from tremor.recorder.events import EventLog
from tremor.recording import SampleBlock, SensorInfo

RATE_HZ = 101.0
STREAM = StreamDescription(
    sensor=SensorInfo("Polar H10 12345678", "polar-h10"),
    serial="12345678",
    sampling_rate_hz=100.0,
    range_g=8.0,
    loss="by the stamps",
    detects_loss=True,
)


def block(first, n=10, *, gyro=False, stamps=True, offset_s=700.0, late_s=0.02):
    index = np.arange(first, first + n)
    samples = np.column_stack((np.sin(index), np.cos(index), 9.81 + 0.001 * index))
    return SampleBlock(
        first,
        samples,
        50.0 + (index[-1] + 1) / RATE_HZ + late_s,
        samples * 10.0 if gyro else None,
        offset_s + index / RATE_HZ if stamps else None,
    )


def packet(number):
    return Packet(50.0 + number / 10.0, 1.7e9 + number / 10.0, "2a37", bytes([number % 256] * 60))


def record(folder, blocks, *, records=(), stream=STREAM, **options):
    async def run():
        async with Recorder(folder, stream=stream, **options) as recorder:
            for one in records:
                recorder.tap(one)
            for one in blocks:
                recorder.take(one)
        return recorder

    return asyncio.run(run())


def rows_of(folder):
    lines = (folder / "samples.csv").read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return lines[at].split(","), np.array([line.split(",") for line in lines[at + 1 :]], float)


def manifest_of(folder):
    return json.loads((folder / "recording.json").read_text())


def test_the_folder_holds_all_that_came(tmp_path):
    folder = tmp_path / "session"
    blocks = [block(first) for first in range(0, 500, 10)]
    sent = [packet(i) for i in range(50)] + [LinkEvent(55.0, 1.7e9 + 5, "connected")]
    recorder = record(folder, blocks, records=sent, placement="left-calf")
    names, rows = rows_of(folder)
    assert names == ["time_s", *(f"acc_{a}_ms2" for a in "xyz"), "index", "arrival_s"]
    expected = np.concatenate([one.acceleration_ms2 for one in blocks])
    assert_allclose(rows[:, 1:4], expected, rtol=0.0, atol=5e-7)
    assert rows[:, 4].tolist() == list(range(500))
    granted, *rest = read_packet_log(folder / "packets.bin").records
    assert isinstance(granted, StreamGranted)
    assert (granted.profile, dict(granted.settings)) == ("polar-h10", STREAM.settings())
    assert rest == sent
    counts = recorder.counts
    assert (counts.n_samples, counts.n_lost, counts.n_packets, counts.n_events) == (500, 0, 50, 1)
    assert counts.n_packet_bytes == 3000
    assert counts.disk.trouble == ""
    assert counts.disk.n_bytes_unwritten == 0


def test_the_manifest_says_what_the_recording_is(tmp_path):
    blocks = [block(first) for first in range(0, 2000, 10)]
    record(tmp_path, blocks, records=[packet(0)], placement="left-calf")
    manifest = manifest_of(tmp_path)
    assert manifest["schema"] == "tremor.recording/1"
    assert manifest["closed"] is True
    assert manifest["started_at"].startswith("2023-11-1")
    assert manifest["sensor"]["serial"] == "12345678"
    assert_allclose(manifest["sensor"]["range_ms2"], 8 * 9.80665)
    assert manifest["settings"] == STREAM.settings()
    assert (manifest["placement"], manifest["times"], manifest["tells_loss"]) == (
        "left-calf",
        "sensor",
        True,
    )
    assert manifest["clock"]["source"] == "device stamps"
    assert_allclose(manifest["clock"]["sampling_rate_hz"], RATE_HZ, rtol=1e-6)
    for name in ("samples.csv", "packets.bin"):
        content = (tmp_path / name).read_bytes()
        assert manifest["files"][name] == {"n_bytes": len(content), "crc32": zlib.crc32(content)}


def test_times_are_the_stamps_moved_to_the_start(tmp_path):
    record(tmp_path, [block(first) for first in range(0, 100, 10)], zero=Zero(50.0, 1.7e9))
    _, rows = rows_of(tmp_path)
    # The last sample of the first packet, index 9, lies at the arrival of that packet.
    expected = 10 / RATE_HZ + 0.02 + (np.arange(100) - 9) / RATE_HZ
    assert_allclose(rows[:, 0], expected, atol=1e-6)


def test_without_stamps_times_are_the_arrivals(tmp_path):
    blocks = [block(first, stamps=False, gyro=True) for first in range(0, 100, 10)]
    record(tmp_path, blocks, zero=Zero(50.0, 1.7e9))
    names, rows = rows_of(tmp_path)
    assert names[4:7] == ["gyr_x_deg_s", "gyr_y_deg_s", "gyr_z_deg_s"]
    assert_allclose(rows[:, 4:7], 10.0 * rows[:, 1:4], atol=1e-5)
    assert_allclose(rows[:, 0], rows[:, -1])
    assert_allclose(rows[::10, 0], (np.arange(10, 110, 10)) / RATE_HZ + 0.02, atol=1e-6)
    assert manifest_of(tmp_path)["times"] == "arrival"


@pytest.mark.parametrize("n", [1, 3, 10])
def test_a_first_block_without_stamps_gets_those_that_lead_to_the_next(tmp_path, n):
    """A line of text shows the unit of its time by the one after it."""
    blocks = [block(0, n=n, stamps=False), *(block(n + 10 * k, gyro=True) for k in range(9))]
    recorder = record(tmp_path, blocks, zero=Zero(50.0, 1.7e9))
    names, rows = rows_of(tmp_path)
    assert "gyr_x_deg_s" in names
    assert rows[:, names.index("index")].tolist() == list(range(n + 90))
    # By the nominal rate, which is 1 % off, for the first n rows.
    assert_allclose(np.diff(rows[:, 0]), 1 / RATE_HZ, rtol=0.02 * n)
    assert_allclose(np.diff(rows[n:, 0]), 1 / RATE_HZ, atol=2e-6)
    assert manifest_of(tmp_path)["times"] == "sensor"
    assert recorder.counts.n_samples == n + 90


def test_a_single_block_without_stamps_is_written_at_the_end(tmp_path):
    recorder = record(tmp_path, [block(0, stamps=False)], zero=Zero(50.0, 1.7e9))
    _, rows = rows_of(tmp_path)
    assert rows[:, 4].tolist() == list(range(10))
    assert_allclose(rows[:, 0], 10 / RATE_HZ + 0.02, atol=1e-6)
    assert (recorder.counts.n_samples, manifest_of(tmp_path)["times"]) == (10, "arrival")


def test_a_clock_that_begins_anew_is_carried_on_by_the_arrivals(tmp_path):
    before = [block(first) for first in range(0, 100, 10)]
    after = [block(first, offset_s=3.0) for first in range(400, 500, 10)]
    record(tmp_path, [*before, *after], zero=Zero(50.0, 1.7e9))
    _, rows = rows_of(tmp_path)
    assert (np.diff(rows[:, 0]) > 0).all()
    assert_allclose(rows[:, 0], (rows[:, 4] + 1) / RATE_HZ + 0.02, atol=1e-6)


def test_a_clock_that_is_set_ahead_is_carried_on_by_the_arrivals(tmp_path):
    before = [block(first) for first in range(0, 100, 10)]
    after = [block(first, offset_s=90_000.0) for first in range(100, 200, 10)]
    record(tmp_path, [*before, *after], zero=Zero(50.0, 1.7e9))
    _, rows = rows_of(tmp_path)
    assert_allclose(rows[:, 0], (rows[:, 4] + 1) / RATE_HZ + 0.02, atol=1e-6)


def test_gaps_stay_gaps_and_repeats_are_left_out(tmp_path):
    lost = LinkEvent(51.0, 1.7e9, "lost", "out of reach")

    async def run():
        async with Recorder(tmp_path, stream=STREAM) as recorder:
            for first in (0, 10, 10, 15, 25, 60):
                recorder.take(block(first))
            recorder.tap(lost)
            recorder.take(block(300))
        return recorder.counts

    counts = asyncio.run(run())
    _, rows = rows_of(tmp_path)
    assert rows[:, 4].tolist() == [*range(35), *range(60, 70), *range(300, 310)]
    assert (counts.n_gaps, counts.n_lost, counts.n_repeated) == (2, 25 + 230, 15)
    gaps = manifest_of(tmp_path)["gaps"]
    assert [(gap["first_index"], gap["n_lost"]) for gap in gaps] == [(35, 25), (70, 230)]
    assert [gap["cause"] for gap in gaps] == ["", "link"]
    assert {gap["told_by"] for gap in gaps} == {"sensor"}


def test_a_gap_of_a_lost_link_is_told_from_those_before_and_after_it(tmp_path):
    """What is received waits to be decoded, so the events of the link come before it."""
    blocks = [block(first) for first in (0, 20, 30, 130, 160, 260, 270)]
    lost_s = [one.arrival_s + 0.05 for one in (blocks[2], blocks[4])]

    async def run():
        async with Recorder(tmp_path / "session", stream=STREAM) as recorder:
            for at_s in lost_s:
                recorder.tap(LinkEvent(at_s, 1.7e9, "lost"))
            for one in blocks:
                recorder.take(one)

    asyncio.run(run())
    gaps = manifest_of(tmp_path / "session")["gaps"]
    assert [(gap["n_lost"], gap["cause"]) for gap in gaps] == [
        (10, ""),
        (90, "link"),
        (20, ""),
        (90, "link"),
    ]


def test_a_running_recording_lists_its_latest_gaps_and_at_the_end_all():
    log = EventLog()
    for number in range(300):
        log.add_gap(
            first_index=20 * number + 10,
            n_lost=10,
            last_s=0.2 * number,
            sampling_rate_hz=None if number == 7 else 100.0,
            detected_by="sensor",
            cause="link" if number % 3 else "",
        )
    final = log.to_manifest(is_final=True)["gaps"]
    assert [gap["first_index"] for gap in final] == list(range(10, 6010, 20))
    assert [gap["cause"] for gap in final[:4]] == ["", "link", "link", ""]
    assert [gap["duration_s"] for gap in final[6:9]] == [0.1, None, 0.1]
    assert log.to_manifest(is_final=False)["gaps"] == final[-100:]


def test_samples_that_are_no_numbers_are_lost(tmp_path):
    whole = block(0)
    samples = whole.acceleration_ms2.copy()
    samples[3, 1] = np.nan
    holed = SampleBlock(0, samples, whole.arrival_s, None, whole.device_time_s)
    counts = record(tmp_path, [holed, block(10)]).counts
    assert (counts.n_samples, counts.n_lost) == (19, 1)
    assert rows_of(tmp_path)[1][:, 4].tolist() == [0, 1, 2, *range(4, 20)]


def test_markers_and_what_else_is_said_is_kept(tmp_path):
    async def run():
        clocks = {"now": lambda: 60.0, "wall_now": lambda: 1.7e9}
        zero = Zero(50.0, 1.7e9 - 10)
        async with Recorder(tmp_path, stream=STREAM, zero=zero, **clocks) as recorder:
            recorder.marker("stood up")
            recorder.marker("7", kind="pain", arrival_s=58.0)
            recorder.add("fit", {"word": "good"})
            with pytest.raises(InvalidInputError, match="of kind 'lost'"):
                recorder.marker("no", kind="lost")

    asyncio.run(run())
    manifest = manifest_of(tmp_path)
    assert manifest["markers"] == [
        {"time_s": 10.0, "kind": "marker", "detail": "stood up"},
        {"time_s": 8.0, "kind": "pain", "detail": "7"},
    ]
    assert manifest["extra"] == {"fit": {"word": "good"}}
    assert read_packet_log(tmp_path / "packets.bin").records[-2:] == (
        LinkEvent(60.0, 1.7e9, "marker", "stood up"),
        LinkEvent(58.0, 1.7e9 - 2, "pain", "7"),
    )


def test_two_sensors_are_two_folders_on_one_clock(tmp_path):
    zero = Zero(50.0, 1.7e9)
    for side in ("left", "right"):
        record(tmp_path / side, [block(0)], zero=zero, placement=f"{side}-calf")
    left, right = (manifest_of(tmp_path / side) for side in ("left", "right"))
    assert left["started_at"] == right["started_at"]


def test_settings_that_change_are_logged_again(tmp_path):
    other = StreamDescription(sensor=STREAM.sensor, sampling_rate_hz=200.0)

    async def run():
        async with Recorder(tmp_path) as recorder:
            recorder.describe(STREAM)
            recorder.describe(STREAM)
            recorder.tap(packet(0))
            recorder.describe(other)

    asyncio.run(run())
    kinds = read_packet_log(tmp_path / "packets.bin").records
    assert [type(one).__name__ for one in kinds] == ["StreamGranted", "Packet", "StreamGranted"]
    assert manifest_of(tmp_path)["settings"]["sampling_rate_hz"] == 200.0


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(WouldOverwriteError, match="is not empty"):
        record(tmp_path, [])
    with pytest.raises(WouldOverwriteError, match="is a file"):
        record(tmp_path / "notes.txt", [])
    with pytest.raises(WouldOverwriteError, match="is a file"):
        record(tmp_path / "notes.txt" / "session", [])


def test_a_closed_recorder_takes_nothing(tmp_path):
    recorder = record(tmp_path, [block(0)])
    with pytest.raises(InvalidInputError, match="not open"):
        recorder.take(block(10))


def test_blocks_are_handed_on(tmp_path):
    async def stream():
        for first in range(0, 50, 10):
            yield block(first)

    async def run():
        async with Recorder(tmp_path, stream=STREAM) as recorder:
            return [one.first_index async for one in recorder.through(stream())]

    assert asyncio.run(run()) == [0, 10, 20, 30, 40]


def test_an_unclosed_recording_says_so(tmp_path):
    async def run():
        async with Recorder(tmp_path, stream=STREAM) as recorder:
            recorder.take(block(0))
            for _ in range(100):
                await asyncio.sleep(0.02)
                if (tmp_path / "recording.json").exists():
                    break
            return manifest_of(tmp_path)["closed"]

    assert asyncio.run(run()) is False


def test_a_recording_that_has_just_begun_has_a_manifest(tmp_path):
    async def run():
        async with Recorder(tmp_path, stream=STREAM):
            await until((tmp_path / "recording.json").exists)
            return manifest_of(tmp_path)

    manifest = asyncio.run(run())
    assert manifest["closed"] is False
    assert set(manifest["counts"].values()) == {0}
    assert manifest["duration_s"] is None


def test_the_manifest_is_written_each_ten_seconds_and_soon_after_an_event(tmp_path, monkeypatch):
    put, written = disk.DiskWriter.put_manifest, []
    monkeypatch.setattr(
        disk.DiskWriter,
        "put_manifest",
        lambda writer, content: (written.append(now_s), put(writer, content)),
    )
    now_s = 0.0

    async def run():
        nonlocal now_s
        async with Recorder(tmp_path, stream=STREAM, now=lambda: now_s) as recorder:
            for number in range(120):
                now_s = 0.25 * number
                if number == 58:
                    recorder.add("fit", {"word": "good"})
                recorder.take(block(10 * number))

    asyncio.run(run())
    # At the start, and with the first block: there is a time zero now.
    assert written == [0.0, 10.0, 15.5, 25.5]


def test_a_gap_begins_after_the_last_sample_before_it(tmp_path):
    zero = Zero(50.0, 1.7e9)
    record(tmp_path, [*(block(first) for first in range(0, 100, 10)), block(200)], zero=zero)
    (gap,) = manifest_of(tmp_path)["gaps"]
    _, rows = rows_of(tmp_path)
    assert rows[99, 0] < gap["start_s"] < rows[99, 0] + 1.5 / RATE_HZ
    assert (gap["first_index"], gap["n_lost"]) == (100, 100)


# --- the disk ----------------------------------------------------------------------------------


class FickleDisk:
    """Takes nothing, or takes its time, while it is told to."""

    def __init__(self, monkeypatch):
        self.is_full = False
        self.takes_half = False
        self.stalled = threading.Event()
        self.stalled.set()
        self._write = disk.system_calls.write
        monkeypatch.setattr(disk.system_calls, "write", self.write)

    def write(self, handle, data):
        self.stalled.wait()
        if self.is_full:
            if self.takes_half and len(data) > 1:
                self.takes_half = False
                return self._write(handle, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return self._write(handle, data)


@pytest.fixture
def fickle(monkeypatch):
    return FickleDisk(monkeypatch)


async def until(condition):
    async with asyncio.timeout(60.0):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_full_disk_that_gets_room_again_costs_nothing(tmp_path, fickle):
    async def run():
        async with Recorder(tmp_path, stream=STREAM) as recorder:
            for first in range(0, 100, 10):
                recorder.take(block(first))
                recorder.tap(packet(first // 10))
            await until(lambda: recorder.counts.disk.n_bytes > 0)
            fickle.is_full = fickle.takes_half = True
            for first in range(100, 200, 10):
                recorder.take(block(first))
                recorder.tap(packet(first // 10))
            await until(lambda: "full" in recorder.counts.disk.trouble)
            fickle.is_full = False
            await until(lambda: not recorder.counts.disk.trouble)
        return recorder.counts

    counts = asyncio.run(run())
    assert (counts.n_samples, counts.n_dropped_packets, counts.n_dropped_samples) == (200, 0, 0)
    assert rows_of(tmp_path)[1][:, 4].tolist() == list(range(200))
    log = read_packet_log(tmp_path / "packets.bin")
    assert [one for one in log.records if isinstance(one, Packet)] == [packet(i) for i in range(20)]
    assert log.n_bytes_left_out == 0


def test_a_disk_that_stays_full_is_told_and_counted(tmp_path, fickle, monkeypatch):
    monkeypatch.setattr("tremor.recorder.recorder._PATIENCE_S", 0.1)

    async def run():
        async with Recorder(tmp_path, stream=STREAM) as recorder:
            fickle.is_full = True
            for first in range(0, 100, 10):
                recorder.take(block(first))
        return recorder.counts

    counts = asyncio.run(run())
    assert "disk is full" in counts.disk.trouble
    n_bytes = counts.disk.n_bytes_unwritten
    assert n_bytes > 100 * 40
    assert counts.disk.failure == (
        f"the disk is full (No space left on device); lost at the end: {n_bytes} bytes"
    )


def test_a_stalled_disk_blocks_nobody_and_overflow_is_counted(tmp_path, fickle):
    async def run():
        async with Recorder(tmp_path, stream=STREAM, most_waiting=50) as recorder:
            recorder.take(block(0))
            await until(lambda: recorder.counts.disk.n_bytes > 0)
            fickle.stalled.clear()
            recorder.tap(packet(0))
            await until(lambda: recorder.counts.n_waiting == 0)
            for first in range(10, 810, 10):
                recorder.take(block(first))
                recorder.tap(packet(first // 10))
            assert recorder.counts.n_waiting == 50  # and nothing has waited for the disk
            await until(lambda: "has not answered for 1 s" in recorder.counts.disk.trouble)
            fickle.stalled.set()
            await until(lambda: recorder.counts.n_waiting == 0)
            recorder.take(block(810))
        return recorder.counts

    counts = asyncio.run(run())
    assert counts.n_dropped_packets == 55
    assert counts.n_dropped_samples == 550
    assert counts.n_samples == 10 + 800 + 10 - 550
    dropped = [e for e in manifest_of(tmp_path)["events"] if e["kind"] == "dropped"]
    assert [one["detail"] for one in dropped] == [
        "the disk did not keep up: 55 packets and 550 samples"
    ]
    assert "dropped" in {
        getattr(r, "kind", "") for r in read_packet_log(tmp_path / "packets.bin").records
    }
    assert counts.disk.longest_stall_s > 1.0


def test_a_disk_that_is_slow_to_keep_delays_no_write(tmp_path, monkeypatch):
    goes_on = threading.Event()
    monkeypatch.setattr(disk.system_calls, "sync", lambda _: goes_on.wait())

    async def run():
        async with Recorder(tmp_path, stream=STREAM) as recorder:
            recorder.take(block(0))
            await until(lambda: recorder.counts.disk.longest_stall_s > 0.1)
            recorder.take(block(10))
            await until(lambda: (tmp_path / "samples.csv").read_text().count("\n") > 30)
            goes_on.set()
        return recorder.counts

    counts = asyncio.run(run())
    assert counts.n_samples == 20
    assert counts.disk.trouble == ""


def test_a_bug_of_the_writer_is_raised_at_the_end(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("broken")

    monkeypatch.setattr(disk, "samples_rows", broken)
    with pytest.raises(RuntimeError, match="broken"):
        record(tmp_path, [block(0)])


def test_a_disk_that_recovers_at_the_end_gets_everything(tmp_path, fickle):
    async def run():
        async with Recorder(tmp_path, stream=STREAM) as recorder:
            fickle.is_full = True
            recorder.take(block(0))
            threading.Timer(0.3, setattr, (fickle, "is_full", False)).start()
        return recorder.counts

    assert asyncio.run(run()).disk.failure == ""
    assert len(rows_of(tmp_path)[1]) == 10


def test_what_a_failing_disk_does_not_take_waits_in_the_bounded_queue(
    tmp_path, fickle, monkeypatch
):
    monkeypatch.setattr(disk, "_MOST_PENDING_BYTES", 2000)
    monkeypatch.setattr(disk, "_RETRY_S", 0.01)

    async def run():
        async with Recorder(tmp_path, stream=STREAM, most_waiting=50) as recorder:
            await until(lambda: recorder.counts.disk.n_bytes > 0)
            fickle.is_full = True
            for number in range(200):
                recorder.tap(packet(number))
                recorder.take(block(10 * number))
                await asyncio.sleep(0.001)
            await until(lambda: recorder.counts.n_waiting == 50)
            assert recorder.counts.n_dropped_samples > 0
            fickle.is_full = False

    asyncio.run(run())


def test_no_thread_of_the_recorder_outlives_it(tmp_path, monkeypatch):
    sync = disk.system_calls.sync

    def slow(handle):
        if threading.current_thread().name == "tremor-syncer":
            time.sleep(0.3)
        sync(handle)

    monkeypatch.setattr(disk.system_calls, "sync", slow)
    monkeypatch.setattr(disk, "_SYNC_S", 0.05)

    async def run():
        async with Recorder(tmp_path, stream=STREAM) as recorder:
            recorder.take(block(0))
            await until(lambda: recorder.counts.disk.longest_stall_s > 0.0)

    asyncio.run(run())
    assert not [one.name for one in threading.enumerate() if one.name.startswith("tremor-")]


def test_the_name_of_each_new_file_is_synced(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(disk, "sync_folder", lambda _: seen.append(names(tmp_path)))
    monkeypatch.setattr(disk, "_SYNC_S", 0.05)
    writer = disk.DiskWriter(tmp_path, most_waiting=100)
    writer.start()

    async def run():
        await until(lambda: seen)
        writer.put(disk.Header("time_s"))
        await until(lambda: len(seen) == 2)
        writer.put(disk.Header("more"))
        await asyncio.sleep(0.3)

    asyncio.run(run())
    writer.end(patience_s=0.0)
    assert seen == [{"packets.bin"}, {"packets.bin", "samples.csv"}]


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_reason_without_a_number_is_said_in_its_own_words(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("the dog ate it")

    monkeypatch.setattr("tremor.recorder.recorder._PATIENCE_S", 0.0)
    monkeypatch.setattr(disk, "write_manifest", refuse)
    failure = record(tmp_path, [block(0)]).counts.disk.failure
    assert failure == "recording.json could not be closed (the dog ate it)"
