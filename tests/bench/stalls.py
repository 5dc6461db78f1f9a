"""Rate and losses of sensors without stamps, where the computer stalled: truth put in.

    python tests/bench/stalls.py [--every N | --short]

A sensor counts nothing and stamps nothing; its packets are timed by their arrival. The computer
stands still for 5-60 s, and what the radio kept meanwhile arrives in a burst. With and without
0-10 % of the packets lost, three shapes of packets, 26-416 Hz. Printed for the file and for the
live clock: how many cases, the largest error of the loss (percentage points) and of the rate (%),
and the cases that are off by more than 2. Where the arrivals cannot tell the loss, as in a burst
that the recording ends in, an interval is said: such a case is off where the truth lies outside.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tremor.clock.packets import fit_arrivals
from tremor.clock.running import RunningClock
from tremor.recording import SampleBlock

RATES_HZ = (26.0, 52.0, 104.0, 208.0, 416.0)
STALLS_S = (0.0, 5.0, 12.0, 30.0, 60.0)
LOSSES = (0.0, 0.02, 0.05, 0.1)
#: What a radio gives in one connection event, s.
EVENT_S = 0.03
#: From one packet of a burst to the next, s.
IN_BURST_S = 1e-4
MOST_OFF = 0.02


@dataclass(frozen=True)
class Shape:
    """Samples in a packet, and how many packets one loss takes."""

    name: str
    size: int
    run_s: float = 0.0


#: Packets of a single sample get lost by the buffer of the sensor, some tenths of a second at once:
#: one of them alone cannot be told from jitter.
#: A radio carries some hundred notifications a second: single samples come no faster.
MOST_SINGLE_HZ = 208.0
SHAPES = (Shape("single", 1, run_s=0.4), Shape("eight", 8), Shape("twenty", 20))


@dataclass(frozen=True)
class Case:
    """A stream with its truth."""

    rate_hz: float
    shape: Shape
    stall_s: float
    begins: float
    loss: float
    clear_s: float
    deviation: float
    seed: int

    def __str__(self) -> str:
        return (
            f"{self.rate_hz:g} Hz {self.shape.name} stall {self.stall_s:g} s at {self.begins:g} "
            f"loss {self.loss:g} clear {self.clear_s:g} s off {self.deviation:g} seed {self.seed}"
        )


class Errors(NamedTuple):
    """Loss, share of all samples, and rate, relative; and whether the loss is said to be unsure.

    What is said is an interval that holds the true loss, or the loss counts as off.
    """

    loss: float
    rate: float
    n_lost_out_of_nothing: int
    is_bounded: bool = False

    @property
    def is_off(self) -> bool:
        """Return whether the loss or the rate is off by more than 2 %, without a word about it."""
        loss = 0.0 if self.is_bounded else self.loss
        return max(abs(loss), abs(self.rate)) > MOST_OFF


def lost_packets(case: Case, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw which packets are lost; the first and the last few are there."""
    run = max(1, round(case.shape.run_s * case.rate_hz / case.shape.size))
    lost = np.zeros(n, dtype=bool)
    for begin in np.flatnonzero(rng.random(n) < case.loss / run).tolist():
        lost[begin : begin + run] = True
    lost[:8] = lost[-8:] = False
    return lost


def arrivals(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Make the arrivals: count of each packet, its arrival, which were lost, and the true rate."""
    rng = np.random.default_rng(case.seed)
    true_hz = case.rate_hz * (1.0 + case.deviation)
    packet_s = case.shape.size / true_hz
    n = int((case.clear_s + case.stall_s) / packet_s)
    due_s = np.arange(1, n + 1) * packet_s + rng.exponential(0.004, n)
    due_s = np.ceil((due_s + rng.uniform(0.0, EVENT_S)) / EVENT_S) * EVENT_S
    due_s = np.maximum.accumulate(due_s + rng.exponential(0.001, n))
    lost = lost_packets(case, n, rng)
    due_s = due_s[~lost]
    if case.stall_s:
        begin_s = case.begins * case.clear_s
        end_s = begin_s + case.stall_s
        waits = np.flatnonzero((due_s > begin_s) & (due_s < end_s))
        pace = IN_BURST_S * rng.uniform(0.5, 3.0, len(waits))
        due_s[waits] = end_s + np.cumsum(pace)
        due_s = np.maximum.accumulate(due_s)
    return np.arange(len(due_s)) * case.shape.size, due_s, lost, true_hz


def of_file(case: Case) -> Errors:
    """Compute the errors of the clock of the whole recording."""
    first, time_s, lost, true_hz = arrivals(case)
    size = case.shape.size
    index = (first[:, None] + np.arange(size)).ravel()
    clock = fit_arrivals(index, np.repeat(time_s, size), nominal_sampling_rate_hz=case.rate_hz)
    n_found = int(clock.index[-1]) + 1 - len(index)
    n_lost = int(np.count_nonzero(lost)) * size
    said = [one.values for one in clock.warnings if one.code == "LOSS_UNSURE"]
    return Errors(
        (n_found - n_lost) / (len(lost) * size),
        clock.sampling_rate_hz / true_hz - 1.0,
        n_found if not n_lost else 0,
        any(one["n_least"] <= n_lost <= one["n_most"] for one in said),
    )


def live(case: Case) -> Errors:
    """Compute the largest error of the live rate from 20 s on."""
    first, time_s, _, true_hz = arrivals(case)
    clock = RunningClock(nominal_sampling_rate_hz=case.rate_hz)
    samples = np.zeros((case.shape.size, 3))
    worst, look_s = 0.0, 20.0
    for at, one_s in zip(first.tolist(), time_s.tolist(), strict=True):
        clock.add(SampleBlock(at, samples, one_s))
        if one_s >= look_s or at == int(first[-1]):
            look_s = one_s + 1.0
            error = clock.estimate.sampling_rate_hz / true_hz - 1.0
            worst = max(worst, error, key=abs)
    return Errors(0.0, worst, 0)


#: How the errors are looked at.
WAYS = (("file", of_file), ("live", live))


def cases() -> list[Case]:
    """List the cases."""
    seeds = (0, 1, 2)
    places = (0.1, 0.5, 0.95)
    made = []
    for rate_hz, shape, stall_s, loss, clear_s, seed in itertools.product(
        RATES_HZ, SHAPES, STALLS_S, LOSSES, (20.0, 60.0, 240.0), seeds
    ):
        if shape.size == 1 and rate_hz > MOST_SINGLE_HZ:
            continue
        for begins in places if stall_s else (0.5,):
            deviation = (0.005, -0.012, 0.012)[seed]
            made.append(Case(rate_hz, shape, stall_s, begins, loss, clear_s, deviation, seed))
    return made


def short_cases() -> list[Case]:
    """Choose short ones among those that are hard: losses, packets as long as the jitter."""
    return [one for one in cases() if one.clear_s == 20.0 and one.loss and one.stall_s < 60.0][::43]


def main() -> int:
    """Print the table; return 1 where a case is off."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="only every so many cases")
    parser.add_argument("--short", action="store_true", help="a few hard cases, in seconds")
    asked = parser.parse_args()
    all_cases = short_cases() if asked.short else cases()[:: asked.every]
    n_off = 0
    for name, errors_of in WAYS:
        print(f"\n{name}\n  shape     loss   cases   loss off pp: median, most   "
              "rate off %: median, most   bounded   off by more than 2")  # fmt: skip
        off = []
        for shape, loss in itertools.product(SHAPES, LOSSES):
            chosen = [one for one in all_cases if (one.shape, one.loss) == (shape, loss)]
            if not chosen:
                continue
            found = [(errors_of(one), one) for one in chosen]
            bad = [(one, error) for error, one in found if error.is_off]
            off += bad
            losses = 100 * np.abs([error.loss for error, _ in found])
            rates = 100 * np.abs([error.rate for error, _ in found])
            print(
                f"  {shape.name:8s} {loss:5.2f} {len(chosen):7d}   {np.median(losses):8.2f} "
                f"{losses.max():12.2f}        {np.median(rates):8.2f} {rates.max():12.2f}"
                f"   {sum(error.is_bounded for error, _ in found):7d}   {len(bad):10d}"
            )
        for one, error in off[:: max(1, len(off) // 20)]:
            print(f"    {one}: loss {100 * error.loss:+.2f} pp, rate {100 * error.rate:+.2f} %")
        n_off += len(off)
    print(f"\n{n_off} of {2 * len(all_cases)} are off")
    return int(n_off > 0)


if __name__ == "__main__":
    sys.exit(main())
