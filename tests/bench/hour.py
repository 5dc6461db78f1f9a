"""An hour of three sensors with lost links, stalls and lost packets: each sample in its place.

    python tests/bench/hour.py [--short]

``tremor record`` records simulated sensors of three kinds at once, 40 times as fast: one that
stamps its packets, one that counts them, and one of lines of text. Each loses its link ten times
and 2 % of its packets, and the computer stands still twice (SIGSTOP): what the radio kept
meanwhile comes in a burst. Each sample carries its own index, so the folder is held against that:

- no sample is doubled, swapped or misplaced, and whatever is missing is in a gap that is listed;
- of the packets that came, every sample is in the rows, and decoding them again gives the same;
- the losses are those that were put in: 2 %, and the time without a link.

Memory of the process is looked at all the while. Fails where one of these does not hold, or where
memory grows by more than 4 MB from the second tenth to the end. The short form has four minutes
with four lost links, and memory is not judged: start and end are most of it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from devices.simulated.movement import index_of
from tremor.opening import read
from tremor.redecoding import redecode
from tremor.units import STANDARD_GRAVITY_MS2

KINDS = ("movesense", "polar-verity-sense", "nordic-uart")
LOSS = 0.02
AWAY_S = 4.0
SPEED = 40.0
#: How long the computer stands still, s of real time.
STALL_S = 1.0
#: A longer gap is that of a link, which comes back after a tenth of a second of real time or more.
LONG_GAP_S = 2.5
#: The clock of a sensor is off by half a percent.
NEAR_S = 2.0
MOST_GROWTH_MB = 4.0
#: The index that a sample carries begins anew after so many.
PERIOD = 250_000


def moments_of(duration_s, n_breaks):
    """Return when the links break, s of the sensors' time."""
    return [round(40.0 + (duration_s - 60.0) * one / n_breaks) for one in range(n_breaks)]


def record(folder, duration_s, n_breaks):
    """Record, and return the memory of the process over the time, MB, and its exit code."""
    moments = ";".join(map(str, moments_of(duration_s, n_breaks)))
    options = {
        "scene": "index",
        "speed": f"{SPEED:g}",
        "loss": f"{LOSS:g}",
        "disconnects": moments,
        "away": f"{AWAY_S:g}",
    }
    command = [sys.executable, "-m", "tremor", "record", "--no-input", "--no-analyze", "-q"]
    for one in KINDS:
        command += ["--sensor", f"{one}=simulated:{one}"]
    for name, value in options.items():
        command += ["--option", f"{name}={value}"]
    command += ["--duration", f"{duration_s:.0f}s", "--out", str(folder)]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": root}
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    used_mb, n_stalls, written = [], 0, 0
    while child.poll() is None:
        time.sleep(0.5)
        packets = sum(one.stat().st_size for one in folder.rglob("packets.bin"))
        if packets > written:  # it records; the first look is at a process that still starts
            used_mb.append(resident_mb(child.pid))
        written = packets
        if n_stalls < 2 and len(used_mb) >= 4 * (n_stalls + 1):
            n_stalls += 1
            child.send_signal(signal.SIGSTOP)
            time.sleep(STALL_S)
            child.send_signal(signal.SIGCONT)
    print(child.stderr.read(), end="")
    return used_mb, n_stalls, child.returncode


def resident_mb(pid):
    """Return the resident memory of a process, MB; not a number where there is no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def carried(acceleration_ms2):
    """Return the index that each sample carries, counted on where it begins anew."""
    rows = (acceleration_ms2 / STANDARD_GRAVITY_MS2).tolist()
    index = np.array([index_of(tuple(row)) for row in rows])
    return index + PERIOD * np.cumsum(np.diff(index, prepend=index[0]) < -PERIOD // 2)


def rows_of(folder):
    """Return the index of each row, and the index that its sample carries."""
    lines = (folder / "samples.csv").read_text(encoding="utf-8").splitlines()
    head, *rows = [line for line in lines if line and not line.startswith("#")]
    names = head.split(",")
    table = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    axes = [names.index(name) for name in names if name.startswith("acc_")]
    return table[:, names.index("index")].astype(int), carried(table[:, axes])


def _n_misread(recording, read_at):
    """Return how many samples `read` puts elsewhere than their index, by their time.

    A gap of a minute, as a stall may be, takes no rows.
    """
    true = carried(recording.acceleration_ms2[read_at])
    places = np.rint(recording.times()[read_at] * recording.sampling_rate_hz)
    return int(np.count_nonzero(places - places[0] != true - true[0]))


def judged(folder, duration_s, n_breaks):
    """Return what is wrong with the recording of a sensor, and a line about it."""
    manifest = json.loads((folder / "recording.json").read_text(encoding="utf-8"))
    places, indices = rows_of(folder)
    recording = read(folder)
    read_at = np.flatnonzero(np.isfinite(recording.acceleration_ms2).all(axis=1))
    n_read, rate_hz = len(read_at), recording.sampling_rate_hz
    gaps = [one["n_lost"] for one in manifest["gaps"]]
    n_lost = sum(gaps)
    n_span = int(indices[-1] - indices[0]) + 1
    kinds = [one["kind"] for one in manifest["events"]]
    # A link that breaks again before a packet came leaves one gap, and two events.
    n_of_links = sum(one["cause"] == "link" for one in manifest["gaps"])
    # Of lines of text, a packet that is lost takes parts of two more with it, and the line before.
    most = 4.0 if folder.name == "nordic-uart" else 1.6
    n_without_link = sum(one for one in gaps if one > LONG_GAP_S * rate_hz)
    lost_share = (n_lost - n_without_link) / (n_span - n_without_link)
    again = redecode(folder).recording
    # A break that falls into the absence of the one before, after a stall for one, is no other.
    long_gaps = np.flatnonzero(np.diff(indices) > LONG_GAP_S * rate_hz)
    begin_s, end_s = indices[long_gaps] / rate_hz, indices[long_gaps + 1] / rate_hz
    unseen = [
        one
        for one in moments_of(duration_s, n_breaks)
        if not ((begin_s - NEAR_S < one) & (one < end_s + NEAR_S)).any()
    ]
    faults = {
        "samples out of order or doubled": int((np.diff(indices) <= 0).sum()),
        "samples out of place": int((places - places[0] != indices - indices[0]).sum()),
        "samples missing beside the gaps": n_span - len(indices) - n_lost,
        "breaks without a gap": len(unseen),
        "gaps of lost links beside them": abs(n_of_links - len(long_gaps)),
        "links that did not come back": kinds.count("lost") - kinds.count("restarted"),
        "samples read otherwise": abs(n_read - len(indices)),
        "samples read out of place": _n_misread(recording, read_at),
        "samples otherwise when decoded again": abs(again.n_samples - recording.n_samples)
        + int(np.nansum(again.acceleration_ms2) != np.nansum(recording.acceleration_ms2)),
        "loss that is not what was put in": int(not 0.5 * LOSS < lost_share < most * LOSS),
        "shorter than asked": int(n_span / rate_hz < 0.98 * duration_s),
    }
    line = (
        f"    {folder.name:26} {len(indices):8} of {n_span} samples, {100 * lost_share:.2f} % lost,"
        f" {kinds.count('restarted')} links came back after {n_without_link / rate_hz:.0f} s in all"
    )
    return {name: n for name, n in faults.items() if n}, line


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="four minutes of the sensors")
    is_short = parser.parse_args().short
    if sys.platform != "linux":
        print("memory is looked at as on Linux: nothing was done")
        return
    duration_s, n_breaks = (240.0, 4) if is_short else (3600.0, 10)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "hour"
        begin_s = time.monotonic()
        used_mb, n_stalls, code = record(folder, duration_s, n_breaks)
        took_s = time.monotonic() - begin_s
        print(
            f"{duration_s / 60:g} min of {len(KINDS)} sensors in {took_s:.0f} s, "
            f"{n_stalls} stalls, exit code {code}"
        )
        wrong = [f"exit code {code}"] if code else []
        for one in sorted(path.parent for path in folder.rglob("recording.json")):
            faults, line = judged(one, duration_s, n_breaks)
            print(line)
            wrong += [f"{one.name}: {n} {name}" for name, n in faults.items()]
    used_mb = [one for one in used_mb if one]  # a process that ends has none
    if not used_mb:
        raise SystemExit("nothing was recorded")
    tenths = [used_mb[len(used_mb) * one // 10] for one in range(10)] + used_mb[-1:]
    print("    MB  " + "".join(f"{one:7.1f}" for one in tenths))
    if not is_short and tenths[-1] - tenths[2] > MOST_GROWTH_MB:
        wrong.append(f"memory grew by {tenths[-1] - tenths[2]:.1f} MB")
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
