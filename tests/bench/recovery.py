"""Recovery: verdicts, half-life intervals and cost on rests of known truth.

    python tests/bench/recovery.py [--short] [--trials N] [--workers N]

Direct series: a narrowband tremor (complex Ornstein-Uhlenbeck, B = 1 Hz) whose log amplitude waxes
and wanes as an AR(1), its power averaged over 4 s windows every 2 s; so the scatter of ln RMS is
psi1(k)/4 with k the independent looks in a window, and overlapping windows share what they share.
"floor waxes": the whole tremor waxes and wanes; "floor steady": its fading part alone. "plateau":
the tremor is level before it fades. Scenes: the rendered leg with sensor noise, sway and heartbeat,
through `tremor.analyze`; in some of them the leg turns, and the sensor feels half of the tremor.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

import numpy as np
from scipy.signal import lfilter
from scipy.special import polygamma

from tremor.analysis.decay import fit_recovery
from tremor.analysis.offline import analyze
from tremor.recording import Recording
from tremor.synthesis import SCENES, SensorClock, Tremor, render

FINE_S, WINDOW_S, STEP_S, BANDWIDTH_HZ = 0.1, 4.0, 2.0, 1.0
STEADY = (0.0, 10.0)
WAXING = (STEADY, (0.25, 10.0), (0.3, 20.0))
CONSTANT_WAXING = (STEADY, (0.25, 10.0), (0.25, 30.0), (0.4, 10.0), (0.4, 30.0))


def ar1(noise, decay):
    """Stationary, of unit variance."""
    noise = noise * np.sqrt(1.0 - decay**2)
    noise[0] /= np.sqrt(1.0 - decay**2)
    return lfilter([1.0], [1.0, -decay], noise)


def relative_sd():
    """Of the RMS over one window."""
    lag = FINE_S * np.subtract.outer(np.arange(40), np.arange(40))
    looks = 1.0 / np.exp(-2.0 * np.pi * BANDWIDTH_HZ * np.abs(lag)).mean()
    return np.sqrt(polygamma(1, looks)) / 2.0


def series(rng, rest_s, *, tau_s, floor, waxing, floor_waxes, plateau_s=0.0, turn_s=np.inf):
    """RMS of the windows of a rest whose fading part starts at 1 (none where tau is None).

    It fades after the plateau; from the turn on it grows as it had faded.
    """
    sd, correlation_s = waxing
    t = np.arange(0.0, rest_s, FINE_S)
    complex_noise = (rng.standard_normal(t.size) + 1j * rng.standard_normal(t.size)) / np.sqrt(2)
    line = ar1(complex_noise, np.exp(-np.pi * BANDWIDTH_HZ * FINE_S))
    log_gain = sd * ar1(rng.standard_normal(t.size), np.exp(-FINE_S / correlation_s))
    gain = np.exp(log_gain - sd**2)
    since = np.maximum(t - plateau_s, 0.0)
    since = np.minimum(since, np.maximum(2.0 * turn_s - t - plateau_s, 0.0))
    fading = np.zeros_like(t) if tau_s is None else np.exp(-since / tau_s)
    inner = gain if not floor_waxes else 1.0
    envelope = np.sqrt((fading * inner) ** 2 + floor**2) * (gain if floor_waxes else 1.0)
    power = np.abs(line * envelope) ** 2
    n, step = round(WINDOW_S / FINE_S), round(STEP_S / FINE_S)
    mean = np.lib.stride_tricks.sliding_window_view(power, n)[::step].mean(axis=-1)
    return WINDOW_S / 2 + STEP_S * np.arange(len(mean)), np.sqrt(mean)


def trial(seed, *, rest_s, given=None, **law):
    rng = np.random.default_rng([20, seed])
    t, rms = series(rng, rest_s, **law)
    return fit_recovery(t, rms, relative_sd(), floor_ms2=given)


def share(hits, n):
    """A share and its binomial standard error."""
    p = hits / n
    return f"{p:.3f} +- {np.sqrt(max(p * (1 - p), 0.25 / n) / n):.3f}"


def verdicts(found):
    count = Counter(one.verdict for one in found)
    shares = {name: count[name] / len(found) for name in ("persists", "not_determined")}
    return shares | {"decays": share(count["decays"], len(found))}


def interval_row(found, half_life_s):
    """Share with a number, coverage among those, share within a factor 2.5, width and bias."""
    halves = [one.half_life_s for one in found if one.half_life_s.value is not None]
    if not halves:
        return "given 0.00"
    low = np.array([one.low or 0.0 for one in halves])
    high = np.array([np.inf if one.high is None else one.high for one in halves])
    value = np.array([one.value for one in halves])
    covered = share(np.sum((low <= half_life_s) & (half_life_s <= high)), len(halves))
    with np.errstate(divide="ignore"):
        ratio = high / low
    narrow = np.sum(ratio <= 2.5) / len(found)
    return (
        f"given {len(halves) / len(found):.2f}  cover {covered}  within 2.5: {narrow:.2f}  "
        f"ratio {np.median(ratio):5.2f}  median/truth {np.median(value) / half_life_s:.2f}"
    )


def constant(run, short):
    print("\n(a) constant tremor: verdicts")
    for rest_s in (120, 300) if short else (120, 180, 300, 600):
        for waxing in CONSTANT_WAXING:
            found = run(
                trial, rest_s=rest_s, tau_s=None, floor=1.0, waxing=waxing, floor_waxes=True
            )
            v = verdicts(found)
            print(
                f"rest {rest_s:3d} s  waxing {waxing[0]:.2f}/{waxing[1]:2.0f} s  "
                f"false decays {v['decays']}  persists {v['persists']:.2f}  "
                f"not determined {v['not_determined']:.2f}",
                flush=True,
            )


def power(run, short):
    print("\n(b) decay, waxing 0.25/10 s: verdicts")
    cases = [(2, 4)] if short else [(1, 4), (2, 3), (2, 4), (2, 8), (3, 4)]
    for tau_s in (60.0, 120.0, 300.0):
        for times, ratio in cases:
            for floor_waxes in (False, True):
                found = run(
                    trial, rest_s=times * tau_s, tau_s=tau_s, floor=1 / ratio,
                    waxing=(0.25, 10.0), floor_waxes=floor_waxes,
                )  # fmt: skip
                v = verdicts(found)
                print(
                    f"tau {tau_s:3.0f} s  rest {times} tau  A0/F {ratio}  floor "
                    f"{'waxes ' if floor_waxes else 'steady'}  decays {v['decays']}  "
                    f"persists {v['persists']:.3f}   {interval_row(found, tau_s * np.log(2))}",
                    flush=True,
                )


def coverage(run, short):
    print("\n(c) half-life, rest of 5 tau: floor fitted | floor known")
    for floor_waxes in (False, True):
        print(f"floor {'waxes' if floor_waxes else 'steady'}")
        for tau_s in (60.0,) if short else (30.0, 60.0, 120.0):
            for ratio in (3, 8) if short else (3, 4, 8):
                for waxing in WAXING:
                    case = partial(
                        trial, rest_s=5 * tau_s, tau_s=tau_s, floor=1 / ratio, waxing=waxing,
                        floor_waxes=floor_waxes,
                    )  # fmt: skip
                    rows = [
                        interval_row(run(case, given=given), tau_s * np.log(2))
                        for given in (None, 1 / ratio)
                    ]
                    print(
                        f"tau {tau_s:3.0f} s  A0/F {ratio}  waxing {waxing[0]:.2f}/"
                        f"{waxing[1]:2.0f} s   {rows[0]}  |  {rows[1]}",
                        flush=True,
                    )


def plateau(run, short):
    print("\n(d) a plateau before the decay, tau 60 s, five tau after it, A0/F 6")
    for plateau_s in (60.0,) if short else (30.0, 60.0, 90.0, 120.0):
        for waxing in WAXING[:2]:
            found = run(
                trial, rest_s=plateau_s + 300.0, tau_s=60.0, floor=1 / 6, waxing=waxing,
                floor_waxes=True, plateau_s=plateau_s,
            )  # fmt: skip
            told = np.mean([one.onset_s.value is not None for one in found])
            print(
                f"plateau {plateau_s:3.0f} s  waxing {waxing[0]:.2f}/{waxing[1]:2.0f} s  decays "
                f"{verdicts(found)['decays']}  told {told:.2f}  "
                f"{interval_row(found, 60.0 * np.log(2))}",
                flush=True,
            )


def turning(run, short):
    print("\n(h) growth after fading, tau 50 s, A0/F 8")
    cases = [(180.0, 360.0), (np.inf, 300.0)]
    for turn_s, rest_s in cases:
        for waxing in WAXING[1:2] if short else WAXING:
            found = run(
                trial, rest_s=rest_s, tau_s=50.0, floor=1 / 8, waxing=waxing, floor_waxes=True,
                turn_s=turn_s,
            )  # fmt: skip
            told = np.mean([any(n.code == "GREW_AGAIN" for n in one.remark) for one in found])
            print(
                f"turn at {turn_s:3.0f} s  waxing {waxing[0]:.2f}/{waxing[1]:2.0f} s  told "
                f"{told:.3f}",
                flush=True,
            )


def wrong_baseline(run):
    print("\n(e) the level before the run is not the one that the rest leads to; rest 5 tau, 60 s")
    for before in (0.05, 0.15, 0.25, 0.4):
        found = run(
            trial, rest_s=300.0, tau_s=60.0, floor=0.25, waxing=(0.25, 10.0), floor_waxes=True,
            given=before,
        )  # fmt: skip
        used = np.mean([one.floor == "baseline" for one in found])
        print(
            f"before {before:.2f}, residual 0.25: used {used:.2f}   "
            f"{interval_row(found, 60.0 * np.log(2))}",
            flush=True,
        )


def turned(acceleration_ms2, rate_hz, at_s, *, angle_deg=40.0):
    """Turn the sensor within two seconds, and halve what is not gravity from then on."""
    t = np.arange(len(acceleration_ms2)) / rate_hz
    gravity = acceleration_ms2.mean(axis=0)
    share = np.clip((t - at_s) / 2.0, 0.0, 1.0)
    angle = np.radians(angle_deg) * share
    across = np.cross(gravity, np.roll(gravity, 1) + np.array([0.0, 0.0, 1.0]))
    across *= np.linalg.norm(gravity) / np.linalg.norm(across)
    moved = np.cos(angle)[:, None] * gravity + np.sin(angle)[:, None] * across
    return (acceleration_ms2 - gravity) * (1.0 - 0.5 * share)[:, None] + moved


def scene_trial(
    seed, *, rest_s, half_life_s, ratio, waxing, rms_ms2=0.4, run_out=False, turn_s=None
):
    tremor = Tremor(
        initial_rms_ms2=rms_ms2 if half_life_s else 0.0,
        half_life_s=half_life_s,
        floor_rms_ms2=rms_ms2 / ratio if half_life_s else rms_ms2,
        waxing_log_sd=waxing[0],
        waxing_time_s=waxing[1],
        frequency_hz=7.0 + 3.0 * np.random.default_rng(seed).uniform(),
    )
    lead_s = 68.0 if run_out else 0.0
    clock = SensorClock(nominal_rate_hz=104.0)
    name = "post_run" if run_out else "fading"
    scene = SCENES[name](clock=clock, duration_s=rest_s + lead_s)
    scene = replace(
        scene,
        parts=tuple(
            replace(tremor, start_s=part.start_s) if isinstance(part, Tremor) else part
            for part in scene.parts
        ),
    )
    rendered = render(scene, seed=seed)
    samples, rate_hz = rendered.acceleration_ms2, rendered.sampling_rate_hz
    if turn_s is not None:
        samples = turned(samples, rate_hz, turn_s)
    found = analyze(Recording.from_arrays(samples, sampling_rate_hz=rate_hz)).recovery
    return replace(found, rest_start_s=found.rest_start_s - lead_s)


def scenes(run, short):
    print("\n(f) rendered scenes through the whole analysis")
    for waxing in ((0.25, 30.0), (0.4, 10.0)) if not short else ((0.25, 30.0),):
        found = run(scene_trial, rest_s=300.0, half_life_s=None, ratio=1.0, waxing=waxing)
        v = verdicts(found)
        print(
            f"constant, rest 300 s, waxing {waxing[0]:.2f}/{waxing[1]:.0f} s: false decays "
            f"{v['decays']}  persists {v['persists']:.2f}"
        )
    found = run(
        scene_trial, rest_s=300.0, half_life_s=None, ratio=1.0, waxing=(0.25, 10.0), turn_s=140.0
    )
    print(f"constant, the leg turns and half is felt: false decays {verdicts(found)['decays']}")
    found = run(
        scene_trial, rest_s=300.0, half_life_s=40.0, ratio=8, waxing=(0.25, 10.0), turn_s=80.0
    )
    print(
        f"half-life 40 s, the leg turns at 80 s: decays {verdicts(found)['decays']}  "
        f"{interval_row(found, 40.0)}"
    )
    for half_life_s in (20.0, 40.0) if short else (20.0, 40.0, 80.0):
        tau_s = half_life_s / np.log(2)
        for times in (2, 5):
            for ratio in (4, 8):
                found = run(
                    scene_trial, rest_s=max(times * tau_s, 40.0), half_life_s=half_life_s,
                    ratio=ratio, waxing=(0.25, 10.0), run_out=True,
                )  # fmt: skip
                v = verdicts(found)
                late = np.array([one.rest_start_s for one in found])
                print(
                    f"half-life {half_life_s:.0f} s  rest {times} tau  A0/F {ratio}  decays "
                    f"{v['decays']}  {interval_row(found, half_life_s)}   start found within "
                    f"{np.abs(late).max():.1f} s",
                    flush=True,
                )


def cost():
    print("\n(g) cost of one fit, ms (minimum of processor time)")
    rng = np.random.default_rng(3)
    for n in (75, 150, 300, 1000, 20000):
        t, rms = series(
            rng, STEP_S * n + 2.0, tau_s=60.0, floor=0.25, waxing=(0.25, 10.0), floor_waxes=True
        )
        row = []
        for given in (None, 0.25):
            best = np.inf
            for _ in range(7):
                begin = time.process_time()
                fit_recovery(t, rms, relative_sd(), floor_ms2=given)
                best = min(best, time.process_time() - begin)
            row.append(1e3 * best)
        print(f"{n:6d} windows: floor fitted {row[0]:.0f}, floor known {row[1]:.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few trials, for a quick look")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="abcdefgh", help="letters of the tables")
    arguments = parser.parse_args()
    count = 10 if arguments.short else arguments.trials
    print(f"{count} trials a cell (a third for scenes)")
    with get_context("spawn").Pool(arguments.workers) as pool:

        def run(function, **case):
            n = max(20, count // 3) if function is scene_trial else count
            return pool.map(partial(function, **case), range(n), chunksize=5)

        tables = {
            "a": lambda: constant(run, arguments.short),
            "b": lambda: power(run, arguments.short),
            "c": lambda: coverage(run, arguments.short),
            "d": lambda: plateau(run, arguments.short),
            "e": lambda: wrong_baseline(run),
            "h": lambda: turning(run, arguments.short),
            "f": lambda: scenes(run, arguments.short),
            "g": cost,
        }
        for letter in arguments.only:
            tables[letter]()


if __name__ == "__main__":
    main()
