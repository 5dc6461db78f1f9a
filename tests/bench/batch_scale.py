"""How a batch scales: captures per second, memory, overhead, and merging a million rows.

    python tests/bench/batch_scale.py            2,000 captures of ten minutes, 1 and 2 workers
    python tests/bench/batch_scale.py --short    a few, for CI

Prints tables. Captures are made from a few drawn ones by hard
links: their content is in the cache of the disk, so reading from a slow store comes on top.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np

from tremor.batch.executors import processes, results_of
from tremor.batch.items import gather_items
from tremor.batch.request import BatchRequest
from tremor.batch.rows import CaptureRow, Journal, StoredRows, journals_in
from tremor.batch.run import run_batch as run_items

RATE_HZ = 52.0
CODE = "import sys; from tremor.cli.main import main; sys.exit(main())"


def write_captures(folder: Path, *, n: int, n_drawn: int, duration_s: float) -> int:
    """Write captures with a tremor that fades, and return the size of one in bytes."""
    drawn = []
    for seed in range(min(n_drawn, n)):
        rng = np.random.default_rng(seed)
        time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
        samples = rng.normal(0, 0.01, (len(time_s), 3)) + np.array([0.0, 0.0, 9.80665])
        fading = 0.4 * np.exp(-time_s / rng.uniform(60, 300))
        phase = 2 * np.pi * np.cumsum(rng.normal(8.0, 2.0, len(time_s))) / RATE_HZ
        samples[:, 0] += fading * np.sin(phase)
        rows = "".join(
            f"{t:.4f},{x:.4f},{y:.4f},{z:.4f}\n"
            for t, (x, y, z) in zip(time_s, samples, strict=True)
        )
        path = folder / f"drawn{seed}.csv"
        path.write_text("time_s,x,y,z\n" + rows)
        drawn.append(path)
    for number in range(len(drawn), n):
        os.link(drawn[number % len(drawn)], folder / f"capture{number}.csv")
    return drawn[0].stat().st_size


def memory_mib(pid: int) -> float:
    """Return the resident memory of a process and of all that it started, MiB; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    own = next((line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")), 0)
    return int(own) / 1024 + sum(memory_mib(int(child)) for child in children)


def run_batch(captures: Path, out: Path, *, n_workers: int) -> tuple[float, float, list[float]]:
    """Return wall time, s, time of the work alone, s, and memory of all processes, MiB."""
    before = time.perf_counter()
    command = [sys.executable, "-c", CODE, "batch", str(captures), "--out", str(out), "-q"]
    child = subprocess.Popen([*command, "--workers", str(n_workers)], stdout=subprocess.DEVNULL)
    used_mib = []
    while child.poll() is None:
        used_mib.append(memory_mib(child.pid))
        time.sleep(0.05)
    wall_s = time.perf_counter() - before
    if child.returncode:
        sys.exit(f"batch ended with {child.returncode}")
    with (out / "rows-1-of-1.jsonl").open() as stream:
        spent_s = sum(json.loads(line)["spent_s"] for line in stream)
    return wall_s, spent_s, used_mib


def scaling(n: int, *, n_drawn: int, duration_s: float) -> None:
    """Print captures per second against the number of workers, and memory over the time."""
    print(f"{n} captures of {duration_s:g} s at {RATE_HZ:g} Hz\n")
    print(
        "| workers | captures/s | times serial | overhead per capture (ms) | work (ms) "
        "| MiB in the first tenth | MiB after |\n|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as place:
        captures = Path(place, "captures")
        captures.mkdir()
        size = write_captures(captures, n=n, n_drawn=n_drawn, duration_s=duration_s)
        serial_s = 0.0
        for n_workers in (1, 2):
            wall_s, spent_s, used_mib = run_batch(
                captures, Path(place, f"out{n_workers}"), n_workers=n_workers
            )
            serial_s = serial_s or wall_s
            overhead_ms = 1e3 * (wall_s * n_workers - spent_s) / n
            tenth = len(used_mib) // 10 + 1
            print(
                f"| {n_workers} | {n / wall_s:.1f} | {serial_s / wall_s:.2f} | {overhead_ms:.1f} "
                f"| {1e3 * spent_s / n:.1f} "
                f"| {max(used_mib[:tenth]):.0f} | {max(used_mib[tenth:]):.0f} |",
                flush=True,
            )
        results = sum(one.stat().st_size for one in Path(place, "out1").rglob("*.json.gz"))
        print(f"\na capture: {size / 1e6:.2f} MB, its result: {results / n / 1e3:.0f} kB\n")


def long_capture(duration_s: float) -> None:
    """Print what a capture of a day costs, and how much of it is reading."""
    with tempfile.TemporaryDirectory() as place:
        captures = Path(place, "captures")
        captures.mkdir()
        size = write_captures(captures, n=1, n_drawn=1, duration_s=duration_s)
        before = processor_s(resource.RUSAGE_CHILDREN)
        _, spent_s, used_mib = run_batch(captures, Path(place, "out"), n_workers=1)
        used_s = processor_s(resource.RUSAGE_CHILDREN) - before
        path = next(captures.glob("*.csv"))
        result = next(Path(place, "out").rglob("*.json.gz")).stat().st_size
        code = (
            "import os, sys; from tremor.opening import read; before = sum(os.times()[:4]); "
            "read(sys.argv[1]); print(sum(os.times()[:4]) - before)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], check=True, text=True, capture_output=True
        )
        print(
            f"a capture of {duration_s / 3600:g} h ({size / 1e6:.0f} MB) alone: {spent_s:.1f} s, "
            f"{used_s:.1f} s of processor with the start of the command, of which "
            f"{float(done.stdout):.1f} s reading, {max(used_mib):.0f} MiB of all processes; "
            f"its result: {result / 1e3:.0f} kB\n"
        )


def processor_s(who: int) -> float:
    """Return the processor time of this process or of its children, s."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def one_row() -> CaptureRow:
    """Return the row of a capture of ten minutes."""
    with tempfile.TemporaryDirectory() as place:
        captures = Path(place, "captures")
        captures.mkdir()
        write_captures(captures, n=1, n_drawn=1, duration_s=600.0)
        run_items(gather_items([str(captures)]), BatchRequest(out=Path(place, "one")))
        return next(iter(StoredRows(journals_in(Path(place, "one")))))


def same(row: CaptureRow) -> CaptureRow:
    """Do no work, and return a row."""
    return row


def handing_out(n: int) -> None:
    """Print what the process that hands out the work spends on each capture."""
    row = one_row()
    before_s, before = processor_s(resource.RUSAGE_SELF), time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        journal = Journal(Path(place, "rows"))
        found = results_of(repeat(row, n), same, make_executor=partial(processes, 2), n_workers=2)
        for _, outcome in found:
            journal.add(outcome)
        journal.close()
    wall_s = time.perf_counter() - before
    used_s = processor_s(resource.RUSAGE_SELF) - before_s
    print(
        f"handing out {n} captures of no work to 2 workers: {1e3 * used_s / n:.2f} ms of processor "
        f"each, {n / wall_s:.0f} captures/s\n"
    )


def merging(n: int) -> None:
    """Print what merging the rows of many captures costs."""
    row = one_row()
    with tempfile.TemporaryDirectory() as place:
        shards = 40
        folder = Path(place, "many")
        folder.mkdir()
        for shard in range(shards):
            with (folder / f"rows-{shard + 1}-of-{shards}.jsonl").open("wb") as stream:
                for number in range(shard, n, shards):
                    item = replace(
                        row.item, number=number, id=f"{number:08d}", subject=f"s{number // 20}"
                    )
                    stream.write(replace(row, item=item).to_line())
        size = sum(one.stat().st_size for one in folder.iterdir())
        before = time.perf_counter()
        code = (
            "import sys; from pathlib import Path; from tremor.batch.run import merge_batches; "
            "merge_batches([Path(sys.argv[1])], Path(sys.argv[1])); "
            "used = Path('/proc/self/status').read_text().split('VmHWM:')[1]; "
            "print(int(used.split()[0]) / 1024)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)], check=True, text=True, capture_output=True
        )
        wall_s = time.perf_counter() - before
        print(
            f"merging {n} rows of {shards} shares ({size / 1e9:.2f} GB of journals): "
            f"{wall_s:.0f} s, {1e6 * wall_s / n:.0f} us a row, {float(done.stdout):.0f} MiB, "
            f"summary.csv {(folder / 'summary.csv').stat().st_size / 1e9:.2f} GB\n"
        )


def main() -> None:
    """Run the parts and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--captures", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows that are merged")
    parser.add_argument("--short", action="store_true", help="the form that CI runs")
    asked = parser.parse_args()
    n, rows, duration_s = (8, 2000, 60.0) if asked.short else (asked.captures, asked.rows, 600.0)
    scaling(n, n_drawn=8 if asked.short else 40, duration_s=duration_s)
    long_capture(600.0 if asked.short else 86_400.0)
    handing_out(200 if asked.short else 5000)
    merging(rows)


if __name__ == "__main__":
    main()
