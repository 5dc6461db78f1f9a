"""Cost and latency of the live analysis, and what its running clock is worth.

    python tests/bench/live.py [--short]

(a) processor time of the live path over the time of the signal, 416 Hz, six channels, packets of
a few samples; (b) time from the last sample of a window to its verdict; (c) error of the running
clock against the true rate, 1 % off the nominal one, packets of 8 and 20 samples, after 10 to
120 s; (d) windows of the running clock against those of the whole file at the rate of all its
stamps, or of all its arrivals.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from tremor.analysis.live import LiveAnalyzer
from tremor.analysis.offline import analyze
from tremor.clock.running import RunningClock
from tremor.clock.timebase import fit_timebase
from tremor.recording import Recording, SampleBlock
from tremor.settings import AnalysisSettings
from tremor.synthesis import SCENES, SensorClock, packets, render

MARKS_S = (10.0, 30.0, 60.0, 120.0)


def stream(*, rate_hz, size, duration_s, stamps="device", rate_error=0.0, seed=0):
    clock = SensorClock(
        nominal_rate_hz=rate_hz, rate_error=rate_error, stamps=stamps, packet_samples=size,
        stamp_resolution_s=1e-3, stamp_jitter_s=2e-4, latency_jitter_s=0.03,
    )  # fmt: skip
    return packets(render(SCENES["post_run"](clock=clock, duration_s=duration_s), seed=seed))


def with_gyroscope(blocks, rng):
    return [
        SampleBlock(
            block.first_index,
            block.acceleration_ms2,
            block.arrival_s,
            rng.normal(0.0, 10.0, block.acceleration_ms2.shape),
            block.device_time_s,
        )
        for block in blocks
    ]


def cost(duration_s):
    # What is loaded with the first window of a process is not the price of the others.
    for block in stream(rate_hz=104.0, size=1000, duration_s=30.0):
        LiveAnalyzer(sampling_rate_hz=104.0).feed(block)
    print("\n(a) Processor time over signal time, (b) last sample to verdict")
    print(
        "  rate Hz  packet  clock     share %   per block us   windows   p50 ms   p99 ms"
        "   processor ms: p50   p99"
    )
    for rate_hz, size in ((104.0, 8), (416.0, 8), (416.0, 57)):
        blocks = with_gyroscope(
            stream(rate_hz=rate_hz, size=size, duration_s=duration_s), np.random.default_rng(1)
        )
        for given in (True, False):
            analyzer = LiveAnalyzer(
                sampling_rate_hz=rate_hz if given else None, nominal_sampling_rate_hz=rate_hz
            )
            analyzer.feed(blocks[0])
            idle_s, latency_s, busy_s = [], [], []
            begin_s = time.process_time()
            for block in blocks[1:]:
                before_s, busy_before_s = time.perf_counter(), time.process_time()
                finished = [window.verdict for window in analyzer.feed(block)]
                (latency_s if finished else idle_s).append(time.perf_counter() - before_s)
                if finished:
                    busy_s.append(time.process_time() - busy_before_s)
            used_s = time.process_time() - begin_s
            p50, p99 = np.quantile(latency_s, (0.5, 0.99))
            busy_p50, busy_p99 = np.quantile(busy_s, (0.5, 0.99))
            print(
                f"  {rate_hz:7.0f}  {size:6d}  {'given' if given else 'running':8s}"
                f"  {100 * used_s / duration_s:7.2f}   {1e6 * np.median(idle_s):12.1f}"
                f"   {len(latency_s):7d}  {1e3 * p50:7.2f}  {1e3 * p99:7.2f}"
                f"   {1e3 * busy_p50:17.2f} {1e3 * busy_p99:5.1f}"
            )


def clock_error(trials):
    print(f"\n(c) Error of the running clock, %, RMS and largest of {trials} trials")
    print("  stamps   packet  rate Hz" + "".join(f"{mark:>10.0f} s    " for mark in MARKS_S)
          + "  converged after s: median, last; error then")  # fmt: skip
    for has_stamps in (True, False):
        for rate_hz, size in ((104.0, 8), (200.0, 8), (100.0, 20)):
            errors, when_s, then = [], [], []
            for seed in range(trials):
                one = follow_clock(rate_hz, size, has_stamps=has_stamps, seed=seed)
                errors.append(one[0])
                when_s.append(one[1])
                then.append(one[2])
            columns = 100 * np.abs(errors).T
            cells = "".join(f"  {np.sqrt(np.mean(c**2)):.4f} {np.max(c):.4f}" for c in columns)
            print(
                f"  {'device' if has_stamps else 'arrival':8s} {size:5d}  {rate_hz:7.0f}{cells}"
                f"   {np.median(when_s):5.0f} {max(when_s):5.0f}  {100 * max(then):.4f}"
            )


def follow_clock(rate_hz, size, *, has_stamps, seed):
    """Return the errors at the marks, when it converged, and the error then."""
    rng = np.random.default_rng(seed)
    true_hz = rate_hz * (1.0 + rng.choice((-0.01, 0.01)))
    clock = RunningClock(nominal_sampling_rate_hz=rate_hz)
    empty = np.zeros((size, 3))
    errors, marks, converged_s, error_then = [], list(MARKS_S), np.inf, np.inf
    arrival_s = check_s = 0.0
    for first in range(0, int(125.0 * true_hz), size):
        exact_s = (first + np.arange(size)) / true_hz
        stamps = np.round(exact_s + rng.normal(0.0, 2e-4, size), 3) if has_stamps else None
        arrival_s = max(arrival_s, exact_s[-1] + rng.exponential(0.03))
        clock.add(SampleBlock(first, empty, arrival_s, device_time_s=stamps))
        if arrival_s >= check_s:
            check_s = arrival_s + 1.0
            if clock.estimate.converged and converged_s == np.inf:
                converged_s = arrival_s
                error_then = abs(clock.estimate.difference_to(true_hz))
        if marks and arrival_s >= marks[0]:
            marks.pop(0)
            errors.append(clock.estimate.difference_to(true_hz))
    return errors, converged_s, error_then


def against_the_file(duration_s, trials):
    print("\n(d) Windows of the running clock against the file at its fitted rate, once converged")
    print("  stamps    rate off %   windows   other verdict   frequency %: RMS, largest"
          "   RMS acceleration %   sd of one window %")  # fmt: skip
    for stamps in ("device", "packet"):
        rate_off, verdicts, frequency, amplitude, width = [], [], [], [], []
        for seed in range(trials):
            blocks = stream(
                rate_hz=104.0, size=8, duration_s=duration_s, stamps=stamps, rate_error=0.01,
                seed=seed,
            )  # fmt: skip
            fs = fitted_rate_hz(blocks, stamps)
            analyzer = LiveAnalyzer(sampling_rate_hz=None, nominal_sampling_rate_hz=104.0)
            n_window, n_step = 416, 208
            whole = analyze(
                Recording.from_arrays(
                    np.concatenate([block.acceleration_ms2 for block in blocks]),
                    sampling_rate_hz=fs,
                ),
                settings=AnalysisSettings(window_s=n_window / fs, step_s=n_step / fs),
            ).windows
            number = 0
            for block in blocks:
                for window in analyzer.feed(block):
                    other = whole[number]
                    number += 1
                    if not analyzer.clock.converged:
                        continue
                    rate_off.append(analyzer.sampling_rate_hz / fs - 1.0)
                    verdicts.append(window.verdict != other.verdict)
                    if window.verdict == other.verdict == "tremor":
                        frequency.append(window.frequency_hz.value / other.frequency_hz.value - 1.0)
                        amplitude.append(window.rms_ms2.value / other.rms_ms2.value - 1.0)
                        line = other.frequency_hz
                        width.append((line.high - line.low) / 3.92 / line.value)
        rms = [100 * np.sqrt(np.mean(np.square(one))) for one in (rate_off, frequency, amplitude)]
        print(
            f"  {stamps:8s}  {rms[0]:10.4f}   {len(verdicts):7d}   {sum(verdicts):13d}"
            f"   {rms[1]:15.4f} {100 * np.max(np.abs(frequency)):9.4f}   {rms[2]:18.4f}"
            f"   {100 * np.median(width):18.2f}"
        )


def fitted_rate_hz(blocks, stamps):
    if stamps == "device":
        return fit_timebase(
            np.concatenate([block.device_time_s for block in blocks])
        ).sampling_rate_hz
    clock = RunningClock()
    for block in blocks:
        clock.add(block)
    return clock.estimate.sampling_rate_hz


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few trials, for a quick look")
    short = parser.parse_args().short
    cost(40.0 if short else 300.0)
    clock_error(4 if short else 60)
    against_the_file(70.0 if short else 150.0, 1 if short else 8)


if __name__ == "__main__":
    main()
