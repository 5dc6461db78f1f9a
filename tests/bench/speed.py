"""Speed and memory of ``tremor analyze --json``, against reading the same file with pandas.

    python tests/bench/speed.py [--short] [--repeats N] [--peer-python PATH] [--only-reading]

Whole processes, taken in turn, minimum of several; the ratios belong to one run on one machine.
Two captures of a day, one of tremor and one of a pure tone, must each take at most 3 times what
``pandas.read_csv`` alone takes, in wall time and in processor time, and no more than reading the
file and finding the dominant frequency of the same windows with scikit-digital-health, where the
interpreter given by ``--peer-python`` (else the running one) can import it. All processes together
must hold less than 300 MiB: the sum of their proportional set sizes, in which a page that several
of them share counts once. A capture of five minutes takes at most 1.3 times the imports alone.
Opening a million rows, with all that is verified of them, takes at most twice what pandas alone
takes for the same file in the same process, in wall time and in processor time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from tremor.synthesis import ornstein_uhlenbeck

FS = 100.0
GRAVITY_MS2 = np.array([0.0, 0.0, 9.81])
MOST_OVER_READING = 3.0
MOST_OVER_PEER = 1.0
MOST_MIB = 300.0
MOST_OVER_IMPORT = 1.3
MOST_OPENING = 2.0
MILLION_HOURS = 1e6 / FS / 3600.0
ROOT = Path(__file__).parents[2]

READ = "import sys, pandas; pandas.read_csv(sys.argv[1])"
IMPORT = """
import tremor.cli.main, tremor.cli.analyze, tremor.analysis.offline, tremor.formats.readers
import tremor.report.as_json, pandas, scipy.special
"""
OPEN = """
import sys, time
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
import pandas
from tremor.formats.readers import open_capture

def clocks():
    used = [getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used)

def least(job):
    rows = []
    for _ in range(int(sys.argv[2])):
        wall, cpu = clocks()
        job()
        rows.append([after - before for after, before in zip(clocks(), (wall, cpu))])
    return [min(column) for column in zip(*rows)]

path = sys.argv[1]
opened = least(lambda: open_capture(path).close())
read = least(lambda: pandas.read_csv(path))
print(*opened, *read)
"""
ANALYZE = "from tremor.cli.main import main; main()"
PEER = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from skdh.features import DominantFrequency, DominantFrequencyValue
from skdh.io import ReadCSV
from skdh.utility.windowing import get_windowed_view

reader = ReadCSV(
    time_col_name="time_s",
    column_names={"accel": ["acc_x_ms2", "acc_y_ms2", "acc_z_ms2"]},
    fill_gaps=False,
    raw_conversions={"accel": 9.80665},
    to_datetime_kwargs={"unit": "s"},
)
samples = np.ascontiguousarray(reader.predict(file=sys.argv[1])["accel"])
windows = np.ascontiguousarray(np.moveaxis(get_windowed_view(samples, 400, 200), 1, 2))
for feature in (DominantFrequency, DominantFrequencyValue):
    feature(padlevel=2, low_cutoff=3.0, high_cutoff=15.0).compute(windows, fs=100.0, axis=-1)
"""


def write_capture(path, hours, *, is_tone=False):
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
                line = np.ones(size)
                if not is_tone:
                    line = ornstein_uhlenbeck(size, FS, decay_per_s=0.8 * np.pi, rng=rng)
                wave = np.real(line * np.exp(2j * np.pi * 8.3 * t))
                samples += (0.3 * wave / wave.std())[:, None] * direction
            if minute % 5 == 4:
                samples[:, 0] += 2.0 * np.sin(2.2 * np.pi * t) + np.sin(4.4 * np.pi * t)
            row = "%.2f,%.4f,%.4f,%.4f\n"
            file.write((row * size) % tuple(np.column_stack([t, samples]).ravel().tolist()))


def start(code, *arguments, python=sys.executable):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)  # as a user would run it
    return subprocess.Popen(
        [python, "-c", code, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=tempfile.gettempdir(),
    )


def run(code, *arguments, python=sys.executable):
    """Run one process: wall time, processor time (s) and its own peak resident memory (MiB)."""
    begin = time.perf_counter()
    process = start(code, *arguments, python=python)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0


def has_peer(python):
    """Check whether scikit-digital-health can be imported, and say so if not."""
    if start("import skdh", python=python).wait() == 0:
        return True
    print("scikit-digital-health is not installed: no comparison with it", flush=True)
    return False


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
            results[name].append(job())
    found = {name: np.min(rows, axis=0) for name, rows in results.items()}
    for name, row in found.items():
        print(f"{name:32s} {row[0]:8.2f} {row[1]:8.2f} {row[2]:8.0f}", flush=True)
    return found


def verdict(name, value, most):
    print(f"  {name}: {value:.2f} (at most {most:g}) {'ok' if value <= most else 'MISSED'}")
    return value <= most


def ratio_verdicts(name, one, other, most):
    """Compare wall time and processor time of two jobs."""
    return [
        verdict(f"{kind} over {name}", one[column] / other[column], most)
        for column, kind in enumerate(("wall time", "processor time"))
    ]


def measure(path, name, repeats, *, peer=None, judged=False):
    """Measure one capture; return the row of the analysis, and the verdicts."""
    jobs = {
        f"{name} pandas.read_csv": partial(run, READ, path),
        f"{name} tremor analyze --json": partial(run, ANALYZE, "analyze", path, "--json"),
    }
    if peer:
        jobs[f"{name} scikit-digital-health"] = partial(run, PEER, path, python=peer)
    read, analyze, *by_peer = in_turn(jobs, repeats).values()
    if not judged:
        return analyze, []
    held = ratio_verdicts("reading", analyze, read, MOST_OVER_READING)
    for row in by_peer:
        held += ratio_verdicts("scikit-digital-health", analyze, row, MOST_OVER_PEER)
    most_mib = analyze[2]
    if sys.platform == "linux":
        most_mib = max(most_mib, memory_mib(ANALYZE, "analyze", path, "--json"))
    return analyze, [*held, verdict("memory of all processes, MiB", most_mib, MOST_MIB)]


def measure_opening(folder, repeats):
    """Compare opening a million rows with reading them by pandas; return the verdicts."""
    path = Path(folder) / "million.csv"
    write_capture(path, MILLION_HOURS)
    output = subprocess.run(
        [sys.executable, "-c", OPEN, str(path), str(2 * repeats + 1)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout
    opened, read = np.array(output.split(), dtype=float).reshape(2, 2)
    print(f"{'1 000 000 rows opened':32s} {opened[0]:8.3f} {opened[1]:8.3f}")
    print(f"{'1 000 000 rows pandas.read_csv':32s} {read[0]:8.3f} {read[1]:8.3f}")
    return ratio_verdicts("reading a million rows", opened, read, MOST_OPENING)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="2 h instead of 24 h, few repeats")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--only-reading", action="store_true", help="a million rows, nothing else")
    arguments = parser.parse_args()
    repeats = 2 if arguments.short else arguments.repeats
    lengths = (1, 2) if arguments.short else (1, 6, 24)
    peer = arguments.peer_python if has_peer(arguments.peer_python) else None
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'':32s} {'wall s':>8s} {'cpu s':>8s} {'MiB':>8s}")
        held = measure_opening(folder, repeats)
        if arguments.only_reading:
            raise SystemExit(not all(held))
        path = Path(folder) / "capture.csv"
        write_capture(path, 1.0 / 12.0)
        analyze = partial(run, ANALYZE, "analyze", path, "--json")
        jobs = {"imports": partial(run, IMPORT), "5 min": analyze}
        imports, short = in_turn(jobs, 2 * repeats).values()
        held += [verdict("over imports", short[0] / imports[0], MOST_OVER_IMPORT)]
        per_hour = []
        for hours in lengths:
            write_capture(path, hours)
            is_last = hours == lengths[-1]
            row, found = measure(
                path, f"{hours} h", repeats, peer=peer if is_last else None, judged=is_last
            )
            held += found
            per_hour.append(f"{(row[1] - imports[1]) / hours:.3f}")
        write_capture(path, lengths[-1], is_tone=True)
        held += measure(path, f"{lengths[-1]} h tone,", repeats, peer=peer, judged=True)[1]
    print(f"  processor time without imports, s per hour of capture: {', '.join(per_hour)}")
    if not arguments.short and not all(held):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
