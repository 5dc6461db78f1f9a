"""What is left of ``tremor record`` that is killed, or stopped by a signal, at a random moment.

    python tests/bench/kills.py [--short] [--number N]

A simulated sensor is recorded and analysed, at real speed and fast, with 2 % of its packets lost.
The command is killed, or gets SIGINT, SIGTERM or SIGHUP, at a random moment from its start
to its end: while it searches, connects, records, closes, analyses or writes the page. Checked are

- that every sample of every packet on the disk is in the analysis, and every gap;
- that the sentence about the end is true: the recording broke off where the last packet came, or
  was closed and lacks nothing;
- that a signal ends in words: no traceback, a line about what is kept, an exit code of the table;
- that the page is whole or not there, that no process is left, and that the folder can be recorded
  into again with ``--overwrite``.

Fails where one of these does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import tremor
from devices.sensors.simulated import DATA
from tremor.errors import InsufficientDataError
from tremor.formats.folder.manifest import read_manifest
from tremor.formats.folder.packet_log import read_packet_log
from tremor.packets import LinkEvent, Packet
from tremor.session.folders import require_room

SPEEDS = {"real": ("1", "5s"), "fast": ("40", "60s")}
SIGNALS = ("SIGKILL", "SIGINT", "SIGTERM", "SIGHUP")
#: Of every kind of kill; three in four are SIGKILL.
SHARES = (9, 1, 1, 1)
CODES = (0, 4, 130)
#: How long the workers of a killed process may live on, s.
ORPHAN_S = 20.0


@dataclass(frozen=True)
class Truth:
    """What the packets on the disk hold: samples, lost ones between them, and the last arrival."""

    n_samples: int
    n_lost: int
    last_s: float


def truth_of(folder):
    """Decode the packet log by hand; None without a packet of samples."""
    log = read_packet_log(folder / "packets.bin")
    first = next((one for one in log.records if isinstance(one, Packet | LinkEvent)), None)
    found = [one for one in log.records if isinstance(one, Packet) and one.characteristic == DATA]
    if not found:
        return None
    heads = [struct.unpack_from("<IQB", one.data) for one in found]
    n_samples = sum(n for _, _, n in heads)
    n_all = heads[-1][0] + heads[-1][2] - heads[0][0]
    return Truth(n_samples, n_all - n_samples, found[-1].arrival_s - first.arrival_s)


def start(folder, speed, duration, seed):
    options = {"speed": speed, "seed": str(seed), "loss": "2%", "scene": "steady"}
    pairs = [part for key, value in options.items() for part in ("--option", f"{key}={value}")]
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "tremor", "record", "--no-input", "--sensor", "simulated"),
            *(*pairs, "--duration", duration, "--out", str(folder)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=Path(tremor.__file__).parents[1],
        start_new_session=True,
    )


def group_is_gone(group):
    """Wait until no process of a group is left."""
    until_s = time.monotonic() + ORPHAN_S
    while time.monotonic() < until_s:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def faults_of_folder(folder):
    """Return what is wrong with what is on the disk, and what kind of end it is."""
    if not (folder / "packets.bin").exists():
        return [], "nothing on the disk"
    truth, faults = truth_of(folder), []
    manifest = read_manifest(folder)
    closed = bool(manifest and manifest.get("closed"))
    try:
        recording = tremor.analyze(folder).recording
    except InsufficientDataError:
        enough = truth is not None and truth.n_samples >= 2
        return (["its samples are not found"] if enough else []), "no samples yet"
    if truth is None:
        return ["samples without packets"], "no samples yet"
    if recording.n_samples != truth.n_samples:
        faults.append(f"{recording.n_samples} samples, and the packets hold {truth.n_samples}")
    n_lost = sum(gap.n_lost for gap in recording.gaps)
    if n_lost != truth.n_lost:
        faults.append(f"{n_lost} lost, and the packets lack {truth.n_lost}")
    notes = {one.code: one.values for one in recording.warnings}
    if closed == ("RECORDING_CUT" in notes):
        faults.append(f"closed is {closed}, and the warnings are {sorted(notes)}")
    if not closed and abs(notes["RECORDING_CUT"]["last_s"] - truth.last_s) > 0.1:
        faults.append(f"it is said to end at {notes['RECORDING_CUT']} and ends at {truth.last_s}")
    if closed and notes.keys() & {"FILE_CHANGED", "FILE_LENGTH", "SAMPLES_MENDED"}:
        faults.append(f"it was closed, and the warnings are {sorted(notes)}")
    page = folder / "report.html"
    if page.exists() and not page.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        faults.append("the page is cut")
    require_room(folder, overwrite=True)
    return faults, "closed" if closed else "broke off"


def faults_of_words(name, code, stderr, folder):
    """Return what is wrong with how a signal ended the command."""
    if name == "SIGKILL":
        return []
    faults = [f"exit code {code}: {stderr[-400:]}"] if code not in CODES else []
    if "Traceback" in stderr or "Exception ignored" in stderr:
        faults.append(stderr[-1500:])
    said = [line for line in stderr.splitlines() if line.startswith("tremor: ")]
    kept = (folder / "packets.bin").exists()
    if not said or (kept and not any(str(folder) in line for line in said)):
        faults.append(f"no word about what is kept: {said[-1:]}")
    return faults


def run(folder, name, speed, at_s, seed):
    process = start(folder, *SPEEDS[speed], seed)
    while at_s >= 0.0 and process.poll() is None and not (folder / "packets.bin").exists():
        time.sleep(0.01)
    at_s = abs(at_s)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(at_s)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(getattr(signal, name))
    try:
        _, stderr = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return ["it does not end"], "hangs"
    faults = [] if group_is_gone(process.pid) else ["a process is left"]
    faults += faults_of_words(name, process.returncode, stderr, folder)
    more, end = faults_of_folder(folder)
    return faults + more, end


def lasting(parent, speed):
    """Return how long a run takes until it records, and from there to its end, s."""
    folder, began_s = parent / "whole", time.monotonic()
    process = start(folder, *SPEEDS[speed], 0)
    while process.poll() is None and not (folder / "packets.bin").exists():
        time.sleep(0.01)
    recording_s = time.monotonic()
    _, stderr = process.communicate(timeout=300)
    assert process.returncode in (0, 4), stderr
    return recording_s - began_s, time.monotonic() - recording_s


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="6 runs")
    parser.add_argument("--number", type=int, default=200, help="of runs")
    asked = parser.parse_args()
    number = 6 if asked.short else asked.number
    rng = random.Random(0)
    n_faults, ends = 0, Counter()
    with tempfile.TemporaryDirectory() as parent:
        lasts_s = {}
        for speed in SPEEDS:
            lasts_s[speed] = lasting(Path(parent), speed)
            shutil.rmtree(Path(parent) / "whole")
        for index in range(number):
            folder = Path(parent) / str(index)
            speed = list(SPEEDS)[index % len(SPEEDS)]
            name = rng.choices(SIGNALS, SHARES)[0]
            before_s, from_there_s = lasts_s[speed]
            # One in five before it records; the others count from the first byte on the disk.
            at_s = -rng.uniform(0.0, before_s) if index % 5 == 4 else rng.uniform(0.0, from_there_s)
            faults, end = run(folder, name, speed, at_s, index)
            ends[name, end] += 1
            n_faults += bool(faults)
            for fault in faults:
                print(f"{name} at {at_s:+.2f} s, {speed} speed: {fault}")
            shutil.rmtree(folder, ignore_errors=True)
    lasting_text = ", ".join(f"{s}: {a:.1f} + {b:.1f} s" for s, (a, b) in lasts_s.items())
    print(f"{number} runs; until it records + from there, {lasting_text}")
    for (name, end), n in sorted(ends.items()):
        print(f"    {name:8} {end:20} {n}")
    print(f"{n_faults} with a fault")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
