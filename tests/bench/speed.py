"""Speed and memory of ``tremor analyze --json``, against reading the same file with pandas.

    python tests/bench/speed.py [--short]

Whole processes, taken in turn, minimum of several; the ratios belong to one run on one machine.
A long capture must take at most 3 times what ``pandas.read_csv`` alone takes, in less than
400 MiB whatever its length; a capture of five minutes at most 1.3 times the imports alone.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tremor.synthesis import ornstein_uhlenbeck

FS = 100.0
GRAVITY_MS2 = np.array([0.0, 0.0, 9.81])
MOST_OVER_READING = 3.0
MOST_MIB = 400.0
MOST_OVER_IMPORT = 1.3
ROOT = Path(__file__).parents[2]

READ = "import sys, pandas; pandas.read_csv(sys.argv[1])"
IMPORT = """
import tremor.cli.main, tremor.cli.analyze, tremor.analysis.offline, tremor.formats.readers
import tremor.report.as_json, pandas, scipy.special
"""
ANALYZE = "from tremor.cli.main import main; main()"


def write_capture(path, hours):
    """A minute of tremor in five, one of walking, three of rest; the file grows piece by piece."""
    rng = np.random.default_rng(0)
    n = round(hours * 3600 * FS)
    piece = round(60 * FS)
    direction = np.array([0.6, 0.64, 0.48])
    with path.open("w", encoding="ascii") as file:
        file.write("time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2\n")
        for minute, first in enumerate(range(0, n, piece)):
            size = min(piece, n - first)
            t = (first + np.arange(size)) / FS
            samples = rng.normal(0.0, 0.02, (size, 3)) + GRAVITY_MS2
            if minute % 5 == 2:
                line = ornstein_uhlenbeck(size, FS, decay_per_s=0.8 * np.pi, rng=rng)
                wave = np.real(line * np.exp(2j * np.pi * 8.3 * t))
                samples += (0.3 * wave / wave.std())[:, None] * direction
            if minute % 5 == 4:
                samples[:, 0] += 2.0 * np.sin(2.2 * np.pi * t) + np.sin(4.4 * np.pi * t)
            row = "%.2f,%.4f,%.4f,%.4f\n"
            file.write((row * size) % tuple(np.column_stack([t, samples]).ravel().tolist()))


def start(code, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)  # as a user would run it
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=tempfile.gettempdir(),
    )


def run(code, *arguments):
    """Run one process: wall time, processor time (s) and its own peak resident memory (MiB)."""
    begin = time.perf_counter()
    process = start(code, *arguments)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0


def memory_mib(code, *arguments):
    """Run one process once more, and give the most that it and its copies hold together, MiB."""
    process = start(code, *arguments)
    most = 0.0
    while process.poll() is None:
        most = max(most, sum(map(proportional_mib, family(process.pid))))
        time.sleep(0.02)
    return most


def family(pid):
    """Return a process and its descendants."""
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:  # ended meanwhile
        children = []
    return [pid, *(one for child in children for one in family(child))]


def proportional_mib(pid):
    """Return the proportional set size of a process, MiB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024.0


def in_turn(jobs, repeats):
    """The least wall time, processor time and memory of each job, the jobs taken in turn."""
    results = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            results[name].append(run(*job))
    return {name: np.min(rows, axis=0) for name, rows in results.items()}


def show(name, row):
    print(f"{name:32s} {row[0]:8.2f} {row[1]:8.2f} {row[2]:8.0f}", flush=True)


def verdict(name, value, most):
    print(f"  {name}: {value:.2f} (at most {most:g}) {'ok' if value <= most else 'MISSED'}")
    return value <= most


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="1 h instead of 24 h, few repeats")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    repeats = 2 if arguments.short else arguments.repeats
    lengths = (1, 2) if arguments.short else (1, 6, 24)
    held = []
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'':32s} {'wall s':>8s} {'cpu s':>8s} {'MiB':>8s}")
        short = Path(folder) / "five_minutes.csv"
        write_capture(short, 1.0 / 12.0)
        found = in_turn(
            {"imports": (IMPORT,), "5 min": (ANALYZE, "analyze", short, "--json")}, 2 * repeats
        )
        for name, row in found.items():
            show(name, row)
        held.append(
            verdict("over imports", found["5 min"][0] / found["imports"][0], MOST_OVER_IMPORT)
        )
        per_hour = []
        for hours in lengths:
            path = Path(folder) / f"{hours}h.csv"
            write_capture(path, hours)
            read, analyze = f"{hours} h pandas.read_csv", f"{hours} h tremor analyze --json"
            found_now = in_turn(
                {read: (READ, path), analyze: (ANALYZE, "analyze", path, "--json")}, repeats
            )
            for name, row in found_now.items():
                show(name, row)
            per_hour.append((found_now[analyze][1] - found["imports"][1]) / hours)
            if hours == lengths[-1]:
                ratio = found_now[analyze][0] / found_now[read][0]
                held.append(verdict("over reading", ratio, MOST_OVER_READING))
                print(f"  in processor time: {found_now[analyze][1] / found_now[read][1]:.2f}")
                most_mib = found_now[analyze][2]
                if sys.platform == "linux":
                    most_mib = max(most_mib, memory_mib(ANALYZE, "analyze", path, "--json"))
                held.append(verdict("memory of all processes, MiB", most_mib, MOST_MIB))
            path.unlink()
        costs = ", ".join(f"{cost:.3f}" for cost in per_hour)
        print(f"  processor time without imports, s per hour of capture: {costs}")
    if not arguments.short and not all(held):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
