"""Beyond the model: scenes of another hand through the public face, and what is asked of each.

    OPENBLAS_NUM_THREADS=1 python tests/bench/beyond.py [--short] [--scenes fan,alias,...]
                            [--trials N] [--first K] [--workers 1] [--misses]
                            [--list] [--field FOLDER]

One line of the table for each thing that is asked: the share of trials in which it holds, or a
mean where "mean" or "bias" is said, of how many trials it is (a coverage counts the intervals that
are given), and the target. Rows without a target are shown and ask nothing. ``--misses`` lists the
trials that missed, with what was said. Files of known content are looked for in
``../shared/data/field`` beside the checkout, and skipped without it. The full form fails where a
target is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import other_asks as asks
import other_judges as judges
from other_scenes import SCENES, make

from tremor import TremorError, analyze

TRIALS = 60
SHORT_TRIALS = 3
#: Seconds, a few of each kind, and none of the long ones.
SHORT_SCENES = (
    "orthostatic",
    "fan",
    "alias",
    "car_seat",
    "pocket_hump",
    "one_after_other",
    "two_far",
    "strong_second",
    "gaussian_line",
    "motor_beside",
    "bursts_3_in_10",
    "strong_tremor",
    "heart_beside",
    "holes_none",
    "holes_packets",
)
FIELD = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "field"


def trial(job):
    """Analyse one trial; return what is asked with what was reached, and what was said."""
    name, number = job
    scene = make(name, number)
    began = time.process_time()
    found = analyze(scene.acceleration_ms2, sampling_rate_hz=scene.rate_hz).to_dict()
    took = time.process_time() - began
    if scene.whole is not None:
        whole = analyze(scene.whole, sampling_rate_hz=scene.rate_hz)
        found[judges.WITHOUT_LOSS] = whole.to_dict()
    reached = {ask.text: ask.judge(found, scene) for ask in asks.ASKS[name]}
    return name, number, reached, judges.in_short(found, scene), took


def run(jobs, workers):
    if workers == 1:
        yield from map(trial, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(trial, jobs, chunksize=2)


def row(name, ask, values):
    """Print one line of the table; return whether its target is met."""
    counted = [float(value) for value in values if value is not None]
    mean = sum(counted) / len(counted) if counted else float("nan")
    if ask.bias and counted:
        mean = abs(mean - 1.0)
    if ask.target is None:
        verdict, target = "", ""
    else:
        sign = "<=" if ask.at_most else ">="
        reached = mean <= ask.target if ask.at_most else mean >= ask.target
        met = reached if counted else ask.none_is_met
        verdict, target = "ok" if met else "MISSED", f"{sign} {ask.target:.2f}"
    shown = f"{mean:7.3f}" if counted else f"{'-':>7s}"
    print(f"{name:20s} {ask.text:44s} {shown} {len(counted):4d}  {target:8s} {verdict}", flush=True)
    return verdict != "MISSED"


def show(name, results, *, misses):
    """Print the lines of one scene."""
    met = True
    for ask in asks.ASKS[name]:
        met &= row(name, ask, [reached[ask.text] for _, reached, _ in results])
    if misses:
        for number, reached, said in results:
            wrong = [ask.text for ask in asks.ASKS[name] if ask.missed(reached[ask.text])]
            if wrong:
                print(f"    {name} {number}: {'; '.join(wrong)}\n        {said}", flush=True)
    return met


def field_files(folder):
    """Analyse the files of known content; return whether each gives what its name says."""
    met = True
    print("\nFiles of known content")
    for name, (options, judge) in asks.FIELD.items():
        path = folder / name
        try:
            found = analyze(path, **options).to_dict()
            good, said = judge(found), judges.in_short(found)
        except TremorError as error:
            good, said = judge(None), f"{type(error).__name__}: {str(error)[:90]}"
        met &= bool(good)
        print(f"{name:32s} {'ok' if good else 'MISSED':7s} {said}", flush=True)
    return met


def chosen(args):
    if args.scenes:
        return args.scenes.split(",")
    return list(SHORT_SCENES if args.short else SCENES)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="few scenes and trials, never fails")
    parser.add_argument("--scenes", default="", help="names, joined by commas")
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first trial")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--misses", action="store_true", help="list the trials that missed")
    parser.add_argument(
        "--field", nargs="?", const=FIELD, type=Path, help="the files of known content alone"
    )
    parser.add_argument("--list", action="store_true", help="list the scenes")
    args = parser.parse_args()
    if args.list:
        for name, made in SCENES.items():
            print(f"{name:20s} {made.__doc__}")
        return 0
    began, met, seconds = time.perf_counter(), True, 0.0
    trials = args.trials or (SHORT_TRIALS if args.short else TRIALS)
    if not args.field:
        print(f"{'scene':20s} {'what is asked':44s} reached    n  target")
        workers = 1 if args.short else args.workers
        for name in chosen(args):
            jobs = [(name, args.first + k) for k in range(trials)]
            results = list(run(jobs, workers))
            seconds += sum(took for *_, took in results)
            met &= show(name, [one[1:4] for one in results], misses=args.misses)
    if args.field or (FIELD.is_dir() and not (args.short or args.scenes)):
        met &= field_files(args.field or FIELD)
    print(f"\n{time.perf_counter() - began:.0f} s, {seconds:.0f} s of processor in analyses")
    return 0 if met or args.short else 1


if __name__ == "__main__":
    sys.exit(main())
