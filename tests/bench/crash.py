"""What a killed recording loses.

    python tests/bench/crash.py [--short]

(a) a process records a stream of 416 Hz and six channels in real time, and is killed (SIGKILL on
POSIX, TerminateProcess on Windows) at a random moment: every folder must open, and the distribution
of the lost time is printed: from the last sample handed to the recorder to the last one read back.
(b) folders of a finished recording are cut at random bytes, or end in zeros as after a power cut:
every one must open, with nothing that was not recorded. (c) processor time of the recorder over
the time of the signal, and its memory while an hour goes by at many times real time.

Fails where a folder does not open, where a sample read was never recorded, or where more than a
second is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import tremor
from tremor.errors import InsufficientDataError
from tremor.formats.folder.packet_log import read_packet_log
from tremor.packets import Packet
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import SampleBlock, SensorInfo

RATE_HZ = 416.0
SIZE = 16
PERIOD_S = SIZE / RATE_HZ
MOST_LOST_S = 1.0
STREAM = StreamDescription(
    sensor=SensorInfo("made up", "polar-verity-sense"),
    sampling_rate_hz=RATE_HZ,
    range_g=8.0,
    gyro=True,
    detects_loss=True,
)


def samples_at(index):
    """Every sample tells its index: in x by the whole of it, in y by what it is modulo 1000."""
    return np.column_stack((1e-3 * index, 1e-3 * (index % 1000), 9.81 + 0.0 * index))


def packet_of(number, arrival_s):
    index = np.arange(number * SIZE, (number + 1) * SIZE)
    samples = samples_at(index)
    data = number.to_bytes(8, "little") * (SIZE * 12 // 8)
    return (
        Packet(arrival_s, time.time(), "fb005c82-02e7-f387-1cad-8acd2d8df0c8", data),
        SampleBlock(int(index[0]), samples, arrival_s, 10.0 * samples, index / RATE_HZ),
    )


async def record_until_killed(folder):
    """Record in real time, and say on stdout after each packet how many there were."""
    async with Recorder(folder, stream=STREAM) as recorder:
        began_s = time.monotonic()
        number = 0
        while True:
            packet, block = packet_of(number, time.monotonic())
            recorder.tap(packet)
            recorder.take(block)
            number += 1
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            await asyncio.sleep(max(0.0, began_s + number * PERIOD_S - time.monotonic()))


def killed(folder, after_s):
    """Return the number of packets that were handed to a recorder before it was killed."""
    with subprocess.Popen(
        [sys.executable, __file__, "--record", str(folder)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        rest = process.stdout.read()
    lines = (first + rest).split(b"\n")[:-1]
    return int(lines[-1])


def opened(folder):
    """Read a folder back, check every sample and packet, and give how many there are of each."""
    try:
        recording = tremor.read(folder)
        n_samples = len(recording.acceleration_ms2)
        there = np.isfinite(recording.acceleration_ms2).all(axis=1)
        expected = samples_at(np.arange(n_samples))
        assert np.abs(recording.acceleration_ms2 - expected)[there].max() < 1e-6
    except InsufficientDataError:
        n_samples = 0
    log = read_packet_log(folder / "packets.bin")
    packets = [one for one in log.records if isinstance(one, Packet)]
    numbers = [int.from_bytes(one.data[:8], "little") for one in packets]
    assert numbers == sorted(numbers)
    return n_samples, len(packets)


def kills(n, rng):
    print(f"(a) {n} recordings killed at a random moment: 416 Hz, six channels")
    lost_s = {"samples": [], "packets": []}
    with tempfile.TemporaryDirectory() as parent:
        for run in range(n):
            folder = Path(parent) / str(run)
            n_given = killed(folder, rng.uniform(0.0, 2.5))
            n_samples, n_packets = opened(folder)
            lost_s["samples"].append(n_given * PERIOD_S - n_samples / RATE_HZ)
            lost_s["packets"].append((n_given - n_packets) * PERIOD_S)
            shutil.rmtree(folder)
    print(f"    {'lost, s':10} {'median':>7} {'90 %':>7} {'99 %':>7} {'most':>7}")
    for name, some in lost_s.items():
        quantiles = " ".join(f"{q:7.3f}" for q in np.quantile(some, (0.5, 0.9, 0.99, 1.0)))
        print(f"    {name:10} {quantiles}")
    worst_s = max(map(max, lost_s.values()))
    print(f"    all {n} opened; the most that was lost is {worst_s:.3f} s")
    return worst_s <= MOST_LOST_S


def spoilt(n, rng):
    print(f"(b) {n} folders cut at a random byte, {n} that end in zeros, {n} with flipped bytes")
    with tempfile.TemporaryDirectory() as parent:
        whole = Path(parent) / "whole"
        asyncio.run(record_fast(whole, duration_s=20.0))
        copy = Path(parent) / "copy"
        for kind in ("cut", "zeros", "flipped"):
            n_samples = []
            for _ in range(n):
                shutil.copytree(whole, copy)
                for name in ("samples.csv", "packets.bin"):
                    path = copy / name
                    content = bytearray(path.read_bytes())
                    at = int(rng.integers(0, len(content)))
                    if kind == "cut":
                        content = content[:at]
                    elif kind == "zeros":
                        content[at:] = bytes(min(4096, len(content) - at))
                    else:  # past the lines before the first row
                        content[max(at, 1000) : max(at, 1000) + 4] = b"\xa5\x00,\xff"
                    path.write_bytes(content)
                if kind == "cut":
                    (copy / "recording.json").unlink()
                try:
                    n_samples.append(opened(copy)[0])
                except tremor.TremorError as error:
                    # A log whose first bytes are gone is none any more, and says so.
                    if "packet log" not in str(error):
                        raise
                shutil.rmtree(copy)
            print(f"    {kind:10} all opened; samples read: {min(n_samples)} to {max(n_samples)}")
    return True


async def record_fast(folder, *, duration_s):
    """Record without waiting, as fast as the disk goes along."""
    async with Recorder(folder, stream=STREAM) as recorder:
        for number in range(round(duration_s / PERIOD_S)):
            packet, block = packet_of(number, 100.0 + (number + 1) * PERIOD_S)
            recorder.tap(packet)
            recorder.take(block)
            while recorder.counts.n_waiting > 2000:
                await asyncio.sleep(0.01)
    return recorder


async def cost(minutes):
    """Record an hour in steps, and give memory after each; and the cost in real batches."""
    print(f"(c) {minutes} minutes of signal, 416 Hz, six channels")
    with tempfile.TemporaryDirectory() as parent:
        async with Recorder(Path(parent) / "hour", stream=STREAM) as recorder:
            number, marks = 0, []
            began_s = time.process_time()
            for minute in range(1, minutes + 1):
                while number * PERIOD_S < 60.0 * minute:
                    packet, block = packet_of(number, 100.0 + (number + 1) * PERIOD_S)
                    recorder.tap(packet)
                    recorder.take(block)
                    number += 1
                while recorder.counts.n_waiting:
                    await asyncio.sleep(0.01)
                if minute in (minutes // 6, minutes // 2, minutes):
                    marks.append((minute, memory_mb()))
        took_s = time.process_time() - began_s
        made_s = time_to_make(number)
        share = (took_s - made_s) / (60.0 * minutes)
        n_bytes = recorder.counts.disk.n_bytes
    print(
        f"    processor {100 * share:.2f} % of one core, {n_bytes / 1e6 / minutes:.2f} MB a minute"
    )
    print("    memory: " + ", ".join(f"{mb:.1f} MB after {minute} min" for minute, mb in marks))
    return share < 0.15 and marks[-1][1] < 1.1 * marks[0][1] + 2.0


def time_to_make(n):
    began_s = time.process_time()
    for number in range(n):
        packet_of(number, 0.0)
    return time.process_time() - began_s


def memory_mb():
    """Return the resident memory, MB; 0 where there is no /proc."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0.0
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def real_time(duration_s):
    """Check the share of a core that recording in real time takes, small batches and syncs too."""
    with tempfile.TemporaryDirectory() as parent:
        async with Recorder(Path(parent) / "run", stream=STREAM) as recorder:
            packets = [packet_of(number, 0.0) for number in range(round(duration_s / PERIOD_S))]
            began_s, cpu_s = time.monotonic(), time.process_time()
            for number, (packet, block) in enumerate(packets):
                recorder.tap(packet)
                recorder.take(block)
                await asyncio.sleep(max(0.0, began_s + (number + 1) * PERIOD_S - time.monotonic()))
            cpu_s = time.process_time() - cpu_s
    print(f"    in real time: {100 * cpu_s / duration_s:.2f} % of one core over {duration_s:g} s")
    return cpu_s < 0.15 * duration_s


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer kills, a shorter hour")
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.record is not None:
        asyncio.run(record_until_killed(asked.record))
        return 0
    rng = np.random.default_rng(0)
    good = [
        kills(10 if asked.short else 200, rng),
        spoilt(10 if asked.short else 200, rng),
        asyncio.run(cost(6 if asked.short else 60)),
        asyncio.run(real_time(3.0 if asked.short else 30.0)),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
