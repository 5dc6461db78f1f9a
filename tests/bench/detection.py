"""Detection and false detection over many scenes, and the verdicts on real recordings.

    OPENBLAS_NUM_THREADS=1 python tests/bench/detection.py [--short]

Every scene is a minute of its own: drawn by `vary` and then wider than that, in rates, spectra,
ringing, durations, sensor and sampling rate. A minute counts as flagged where it holds an episode.
Upper limits are those of Clopper and Pearson, 95 %, one-sided, over minutes: the windows of one
minute share their parameters and are not independent. Step: half a window.

Tremor scenes last three minutes, with tremor in the second one. "Found" counts windows wholly
inside of it, "false" is about the minutes before and after it, less one window at the joint. A
minute can be decided where the leg is still, and nothing knocks or clips, for 8 s: in a minute of
nothing but movement no tremor can be found.

Real recordings are looked for in ``../shared/data`` beside the checkout, and skipped without it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from tremor import analyze
from tremor.recording import Recording
from tremor.settings import AnalysisSettings
from tremor.synthesis import (
    SCENES,
    Fidgets,
    Gait,
    Heartbeat,
    Impacts,
    Sensor,
    SensorClock,
    Stomping,
    Sway,
    Tone,
    Tremor,
    Vibration,
    render,
    vary,
)
from tremor.units import STANDARD_GRAVITY_MS2

SEED = 20
WINDOWS_S = (4.0, 10.0)
MINUTE_S = 60.0
#: Still time below which a tremor is hardly told from a fidget.
LEAST_DECIDED_S = 8.0
LEVELS_MS2 = (0.08, 0.15, 0.3, 0.6)
RATES_HZ = (25.0, 26.0, 50.0, 52.0, 100.0, 104.0, 128.0, 200.0, 208.0, 400.0, 416.0)
VERDICTS = (
    "tremor", "no_tremor", "moving", "gait", "impact", "heartbeat", "settling", "gap", "clipped",
    "dead",
)  # fmt: skip
#: No scene here loses samples, and a dead axis is rare.
SHOWN = tuple(v for v in VERDICTS if v not in ("gap", "dead"))
REAL_DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


# --- parts, wider than `vary` ------------------------------------------------------------------


def wider_heartbeat(part, rng, *, rms_ms2=None):
    rate_hz = rng.uniform(0.8, 3.0)
    start = rng.choice([1.0, rng.uniform(1.0, 1.5)])
    return replace(
        part,
        rms_ms2=log_uniform(rng, *rms_ms2) if rms_ms2 else part.rms_ms2,
        rate_hz=float(rate_hz),
        initial_rate_hz=float(min(3.2, start * rate_hz)),
        variability=log_uniform(rng, 0.01, 0.12),
        resonance_hz=float(rng.uniform(5.0, 13.0)),
        decay_s=log_uniform(rng, 0.04, 0.35),
        strength_log_sd=float(rng.uniform(0.05, 0.5)),
        breath_hz=float(rng.uniform(0.15, 0.5)),
        breath_strength=float(rng.uniform(0.0, 0.6)),
    )


def wider_gait(part, rng, *, stride_hz):
    return replace(
        part,
        step_rate_hz=2.0 * float(rng.uniform(*stride_hz)),
        corner_hz=part.corner_hz * log_uniform(rng, 0.6, 2.0),
        stride_variability=log_uniform(rng, 0.008, 0.06),
        shape_variability=log_uniform(rng, 0.04, 0.3),
        impact_rise_s=log_uniform(rng, 0.008, 0.03),
    )


def arm_swing(rng):
    """Gait far from the ground, or very gentle: harmonics without strikes."""
    return Gait(
        step_rate_hz=2.0 * float(rng.uniform(0.6, 1.1)),
        rms_ms2=log_uniform(rng, 0.2, 2.0),
        corner_hz=log_uniform(rng, 1.0, 5.0),
        stride_variability=log_uniform(rng, 0.008, 0.06),
        shape_variability=log_uniform(rng, 0.04, 0.3),
        impact_ms2=log_uniform(rng, 0.02, 1.0),
        wobble_ms2=log_uniform(rng, 0.02, 1.0),
    )


WIDER = {
    Heartbeat: wider_heartbeat,
    Sway: lambda part, rng: replace(
        part,
        corner_hz=log_uniform(rng, 0.1, 1.0),
        exponent=float(rng.uniform(1.0, 4.0)),
    ),
    Impacts: lambda part, rng: replace(
        part,
        rate_hz=log_uniform(rng, 0.1, 2.0),
        peak_ms2=log_uniform(rng, 0.5, 10.0),
        ring_hz=log_uniform(rng, 6.0, 40.0),
        decay_s=log_uniform(rng, 0.02, 0.2),
    ),
    Fidgets: lambda part, rng: replace(
        part,
        rate_hz=log_uniform(rng, 0.03, 0.3),
        shortest_s=log_uniform(rng, 0.3, 1.5),
        longest_s=log_uniform(rng, 1.6, 6.0),
        high_hz=float(rng.uniform(1.5, 6.0)),
        rms_ms2=log_uniform(rng, 0.2, 3.0),
    ),
    Vibration: lambda part, rng: replace(
        part,
        rms_ms2=log_uniform(rng, 0.05, 1.0),
        low_hz=log_uniform(rng, 0.5, 8.0),
        high_hz=log_uniform(rng, 10.0, 60.0),
    ),
    Stomping: lambda part, rng: replace(part, variability=log_uniform(rng, 0.02, 0.15)),
}


def wider_sensor(rng, *, least_range_g=2.0, poor=None):
    """Draw noise, range and resolution: 8 bits go with a narrow range, as they do in hardware."""
    if poor is None:
        density, bits = log_uniform(rng, 27e-6, 400e-6), int(rng.choice([8, 10, 12, 14, 16]))
    elif poor:
        density, bits = log_uniform(rng, 160e-6, 400e-6), int(rng.choice([8, 10]))
    else:
        density, bits = log_uniform(rng, 27e-6, 160e-6), int(rng.choice([12, 14, 16]))
    range_g = max(least_range_g, {8: 2.0, 10: 4.0, 12: 8.0}.get(bits, 16.0))
    return Sensor(
        noise_density_ms2_per_rthz=density * STANDARD_GRAVITY_MS2,
        range_ms2=range_g * STANDARD_GRAVITY_MS2,
        bits=bits,
        gain=float(rng.uniform(0.97, 1.03)),
    )


def base(name, rng, *, rates_hz=RATES_HZ, wider=WIDER, duration_s=MINUTE_S):
    clock = SensorClock(nominal_rate_hz=float(rng.choice(rates_hz)))
    scene = vary(SCENES[name](clock=clock, duration_s=duration_s), rng)
    return replace(
        scene,
        parts=tuple(wider.get(type(p), lambda part, _: part)(p, rng) for p in scene.parts),
        sensor=wider_sensor(rng),
    )


# --- scenes without tremor ---------------------------------------------------------------------


def seated(rng, *, name="quiet", heartbeat_ms2=None, sway_ms2=None):
    wider = dict(WIDER)
    if heartbeat_ms2:
        wider[Heartbeat] = partial(wider_heartbeat, rms_ms2=heartbeat_ms2)
    if sway_ms2:
        wider[Sway] = lambda part, r: replace(
            WIDER[Sway](part, r), rms_ms2=log_uniform(r, *sway_ms2)
        )
    return base(name, rng, wider=wider)


def machine(rng, *, low_hz, high_hz):
    """Hum of a machine; above 16 Hz its frequency stays below the Nyquist frequency."""
    scene = base("machine", rng, rates_hz=[r for r in RATES_HZ if r >= 50.0])
    most_hz = min(high_hz, 0.45 * scene.clock.nominal_rate_hz)
    hum = Tone(
        frequency_hz=float(rng.uniform(low_hz, most_hz)),
        rms_ms2=log_uniform(rng, 0.05, 1.0),
        axis_ratio=float(rng.uniform()),
    )
    return replace(scene, parts=(*(p for p in scene.parts if not isinstance(p, Tone)), hum))


def wider_gait_that_rings(part, rng):
    """A phone in a pocket: the harmonics near its own resonance stand out, inside of the band."""
    return replace(
        wider_gait(part, rng, stride_hz=(0.6, 1.1)),
        rms_ms2=log_uniform(rng, 0.5, 4.0),
        wobble_ms2=log_uniform(rng, 1.0, 30.0),
        wobble_hz=float(rng.uniform(4.0, 11.0)),
        wobble_decay_s=log_uniform(rng, 0.05, 0.2),
    )


def walking(rng, *, name, stride_hz=(0.6, 1.6), gait=None, least_range_g=8.0):
    gait = gait or partial(wider_gait, stride_hz=stride_hz)
    scene = base(name, rng, wider={**WIDER, Gait: gait})
    return replace(scene, sensor=wider_sensor(rng, least_range_g=least_range_g))


def swinging(rng):
    scene = base("walk", rng)
    return replace(
        scene,
        parts=(Sway(rms_ms2=log_uniform(rng, 0.02, 0.2)), arm_swing(rng)),
        sensor=wider_sensor(rng, least_range_g=4.0),
    )


#: A tone inside of the band: nothing in one window tells it from a tremor as narrow.
LINE_IN_BAND = "hum 5-14 Hz (a line)"
FREE = {
    "quiet": seated,
    "heartbeat, moderate": partial(seated, heartbeat_ms2=(0.02, 0.06)),
    "heartbeat, strong": partial(seated, heartbeat_ms2=(0.06, 0.3)),
    "sway": partial(seated, name="sway", sway_ms2=(0.03, 0.6)),
    "vibration": partial(seated, name="vibration"),
    "hum above 16 Hz": partial(machine, low_hz=16.0, high_hz=60.0),
    "impacts": partial(seated, name="impacts"),
    "fidgets": partial(seated, name="fidgets"),
    "stomping": partial(seated, name="stomping"),
    "mixed": partial(seated, name="mixed"),
    "arm swing": swinging,
    "slow walk": partial(walking, name="slow_walk", stride_hz=(0.45, 0.75)),
    "walk": partial(walking, name="walk", stride_hz=(0.7, 1.15)),
    "walk, ringing": partial(walking, name="walk", gait=wider_gait_that_rings),
    "run": partial(walking, name="run", stride_hz=(1.15, 1.6), least_range_g=16.0),
    "after a run": partial(
        walking, name="post_run_no_tremor", stride_hz=(0.8, 1.5), least_range_g=16.0
    ),
    LINE_IN_BAND: partial(machine, low_hz=5.0, high_hz=14.0),
}


# --- scenes with tremor ------------------------------------------------------------------------

BACKGROUNDS = {
    "quiet leg": {},
    "heartbeat": {"heartbeat_ms2": (0.02, 0.06)},
    "fidgets": {"name": "fidgets"},
    "poor sensor": {"poor": True},
}


def trembling(rng, *, rms_ms2, name="quiet", heartbeat_ms2=(0.003, 0.012), poor=False):
    rates_hz = (25.0, 26.0, 50.0) if poor else [r for r in RATES_HZ if r >= 50.0]
    wider = {**WIDER, Heartbeat: partial(wider_heartbeat, rms_ms2=heartbeat_ms2)}
    scene = base(name, rng, rates_hz=rates_hz, wider=wider, duration_s=3.0 * MINUTE_S)
    x, y, z = rng.normal(size=3).tolist()
    tremor = Tremor(
        frequency_hz=float(rng.uniform(4.5, min(11.5, 0.4 * scene.clock.nominal_rate_hz))),
        bandwidth_hz=float(rng.uniform(0.25, 1.5)),
        initial_rms_ms2=rms_ms2,
        direction=(x, y, z),
        axis_ratio=float(rng.uniform(0.0, 0.7)),
        start_s=MINUTE_S,
        end_s=2.0 * MINUTE_S,
    )
    return replace(scene, parts=(*scene.parts, tremor), sensor=wider_sensor(rng, poor=poor))


# --- trials ------------------------------------------------------------------------------------


def analysed(acceleration_ms2, *, fs, window_s):
    return analyze(
        Recording.from_arrays(acceleration_ms2, sampling_rate_hz=fs),
        settings=AnalysisSettings(window_s=window_s, step_s=0.5 * window_s),
    )


def overlap_s(episodes, start_s, end_s):
    return sum(max(0.0, min(e.end_s, end_s) - max(e.start_s, start_s)) for e in episodes)


def longest_still_s(table, within):
    """Return the longest time of consecutive judged windows, at least two of them, s."""
    judged = within & np.isin(table.verdict, ("tremor", "no_tremor", "heartbeat"))
    longest_s, first = 0.0, None
    for k in range(len(table)):
        if not judged[k]:
            first = None
        elif first is None:
            first = k
        else:
            longest_s = max(longest_s, table.end_s[k] - table.start_s[first])
    return longest_s


def free_trial(job):
    kind, trial = job
    seed = np.random.SeedSequence((SEED, list(FREE).index(kind), trial))
    rng = np.random.default_rng(seed)
    rendered = render(FREE[kind](rng), seed=int(rng.integers(2**32)))
    out = {}
    for window_s in WINDOWS_S:
        result = analysed(
            rendered.acceleration_ms2, fs=rendered.sampling_rate_hz, window_s=window_s
        )
        out[window_s] = Counter(result.windows.verdict.tolist()), bool(result.episodes)
    return kind, out


@dataclass(frozen=True)
class Found:
    bandwidth_hz: float
    windows: int
    windows_found: int
    found: bool
    can_be_decided: bool
    covered_s: float
    false_windows: int
    outside_windows: int
    false_minutes: int
    off_hz: float


def tremor_trial(job):
    (background, rms_ms2), trial = job
    index = list(BACKGROUNDS).index(background)
    rng = np.random.default_rng(
        np.random.SeedSequence((SEED, 1000 + index, round(1000 * rms_ms2), trial))
    )
    scene = trembling(rng, rms_ms2=rms_ms2, **BACKGROUNDS[background])
    rendered = render(scene, seed=int(rng.integers(2**32)))
    out = {}
    start_s, end_s = MINUTE_S, 2.0 * MINUTE_S
    for window_s in WINDOWS_S:
        result = analysed(
            rendered.acceleration_ms2, fs=rendered.sampling_rate_hz, window_s=window_s
        )
        table, episodes = result.windows, result.episodes
        within = (table.start_s >= start_s - 1e-6) & (table.end_s <= end_s + 1e-6)
        outside = (table.end_s <= start_s + 1e-6) | (table.start_s >= end_s - 1e-6)
        called = table.where("tremor")
        inside = [e for e in episodes if overlap_s([e], start_s, end_s) > 0.5 * window_s]
        before = overlap_s(episodes, 0.0, start_s - window_s)
        after = overlap_s(episodes, end_s + window_s, 3.0 * MINUTE_S)
        longest = max(inside, key=lambda e: e.end_s - e.start_s, default=None)
        out[window_s] = Found(
            bandwidth_hz=scene.tremor.bandwidth_hz,
            windows=int(within.sum()),
            windows_found=int((within & called).sum()),
            found=bool(inside),
            can_be_decided=longest_still_s(table, within) >= LEAST_DECIDED_S,
            covered_s=overlap_s(episodes, start_s, end_s),
            false_windows=int((outside & called).sum()),
            outside_windows=int(outside.sum()),
            false_minutes=int(before > 0.0) + int(after > 0.0),
            off_hz=abs(longest.frequency_hz.value - scene.tremor.frequency_hz)
            if longest and longest.frequency_hz.value is not None
            else float("nan"),
        )
    return (background, rms_ms2), out


# --- tables ------------------------------------------------------------------------------------


def at_most(hits, trials):
    """Upper limit, 95 %."""
    test = binomtest(hits, trials, alternative="less")
    return float(test.proportion_ci(confidence_level=0.95, method="exact").high)


def percent(share, width=6):
    return f"{'-':>{width}s}" if np.isnan(share) else f"{100.0 * share:{width}.1f}"


def gather(results):
    grouped = {}
    for key, out in results:
        grouped.setdefault(key, []).append(out)
    return grouped


def show_free(grouped):
    print("\nWithout tremor, %: windows called, windows judged; minutes flagged, their upper limit")
    head = f"{'called':>8s}{'judged':>8s}{'minutes':>9s}{'at most':>9s}"
    print(f"{'':29s}" + "".join(f"|{f'window {window_s:g} s':>34s}" for window_s in WINDOWS_S))
    print(f"{'scene':21s}{'minutes':>8s}|{head}|{head}")
    for kind, outs in grouped.items():
        cells = []
        for window_s in WINDOWS_S:
            verdicts = sum((out[window_s][0] for out in outs), Counter())
            flagged = sum(out[window_s][1] for out in outs)
            n = verdicts.total()
            cells.append(
                percent(verdicts["tremor"] / n, 8)
                + percent((verdicts["tremor"] + verdicts["no_tremor"]) / n, 8)
                + percent(flagged / len(outs), 9)
                + percent(at_most(flagged, len(outs)), 9)
            )
        print(f"{kind:21s}{len(outs):8d}|" + "|".join(cells))
    counted = [outs for kind, outs in grouped.items() if kind != LINE_IN_BAND]
    minutes = sum(len(outs) for outs in counted)
    for window_s in WINDOWS_S:
        flagged = sum(out[window_s][1] for outs in counted for out in outs)
        print(
            f"all but the last, window {window_s:g} s: {flagged} of {minutes} minutes flagged, "
            f"{percent(flagged / minutes, 0)} %, at most {percent(at_most(flagged, minutes), 0)} %"
        )


def show_verdicts(grouped, window_s):
    print(f"\nVerdicts without tremor, window {window_s:g} s, % of windows")
    print(f"{'scene':21s}" + "".join(f"{v:>10s}" if len(v) > 7 else f"{v:>8s}" for v in SHOWN))
    for kind, outs in grouped.items():
        verdicts = sum((out[window_s][0] for out in outs), Counter())
        cells = (
            f"{100.0 * verdicts[v] / verdicts.total():{10 if len(v) > 7 else 8}.1f}" for v in SHOWN
        )
        print(f"{kind:21s}" + "".join(cells))


def show_tremor(grouped, window_s):
    print(f"\nWith tremor, window {window_s:g} s, %")
    print(
        f"{'':21s}|{'windows found, by B in Hz':>26s}|{'of minutes':>15s}|{'can be decided':>17s}|"
        f"{'elsewhere false':>24s}|{'found but':>10s}"
    )
    print(
        f"{'background':12s}{'m/s^2':>5s}{'n':>4s}|{'all':>6s}{'<0.5':>7s}{'0.5-1':>7s}{'>1':>6s}|"
        f"{'found':>7s}{'covered':>8s}|{'minutes':>8s}{'of them':>9s}|"
        f"{'windows':>8s}{'minutes':>8s}{'at most':>8s}|"
        f"{'off 1 Hz':>10s}"
    )
    for (background, rms_ms2), outs in grouped.items():
        found = [out[window_s] for out in outs]
        by_width = [
            _share(f for f in found if low <= f.bandwidth_hz < high)
            for low, high in ((0.0, 9.0), (0.0, 0.5), (0.5, 1.0), (1.0, 9.0))
        ]
        false_minutes, minutes = sum(f.false_minutes for f in found), 2 * len(found)
        false_windows = sum(f.false_windows for f in found)
        off = [f.off_hz > 1.0 for f in found if f.found]
        decided = [f.found for f in found if f.can_be_decided]
        print(
            f"{background:12s}{rms_ms2:5.2f}{len(found):4d}|"
            + "".join(percent(share, w) for share, w in zip(by_width, (6, 7, 7, 6), strict=True))
            + f"|{percent(np.mean([f.found for f in found]), 7)}"
            + percent(np.mean([f.covered_s for f in found]) / MINUTE_S, 8)
            + f"|{len(decided):8d}{percent(np.mean(decided) if decided else np.nan, 9)}"
            + f"|{percent(false_windows / sum(f.outside_windows for f in found), 8)}"
            + percent(false_minutes / minutes, 8)
            + percent(at_most(false_minutes, minutes), 8)
            + f"|{percent(np.mean(off) if off else np.nan, 10)}"
        )


def _share(found):
    found = list(found)
    windows = sum(f.windows for f in found)
    return sum(f.windows_found for f in found) / windows if windows else np.nan


# --- real recordings ---------------------------------------------------------------------------


def stamped(frame, stamps_per_s):
    """Return samples and the mean rate of their time stamps, Hz."""
    stamps = frame["time"].to_numpy(dtype=np.float64)
    fs = (len(stamps) - 1) / (stamps[-1] - stamps[0]) * stamps_per_s
    return frame[["x", "y", "z"]].to_numpy(dtype=np.float64), fs


def headless(path, names):
    frame = pd.read_csv(path, header=None)
    frame.columns = names
    return {"": stamped(frame, 1e9)}


def user_and_gravity(path):
    frame = pd.read_csv(path)
    for axis in "xyz":
        frame[axis] = (frame[f"ua{axis}"] + frame[f"g{axis}"]) * STANDARD_GRAVITY_MS2
    return {"": stamped(frame.rename(columns={"t": "time"}), 1.0)}


def lower_back(path):
    samples = pd.read_csv(path)[["acc_x", "acc_y", "acc_z"]].to_numpy() * STANDARD_GRAVITY_MS2
    return {"": (samples, 100.0)}


def both_feet(path):
    frame = pd.read_csv(path, header=[0, 1], index_col=0)
    return {
        side: (frame[f"{side}_sensor"][["acc_x", "acc_y", "acc_z"]].to_numpy(), 204.8)
        for side in ("left", "right")
    }


PHONE = ["time", "x", "y", "z", "_"]
REAL = {
    "leg_phone/rest_left_leg.csv": ("none", partial(headless, names=PHONE)),
    "leg_phone/rest_right_leg.csv": ("none", partial(headless, names=PHONE)),
    "leg_phone/leg_agility_left.csv": ("none", partial(headless, names=PHONE)),
    "leg_phone/postural_left_hand.csv": ("tremor", partial(headless, names=PHONE)),
    "phone_rest_tremor/rest_tremor.csv": ("tremor", user_and_gravity),
    "phone_rest_tremor/walk.csv": ("none", user_and_gravity),
    "pocket_walk/phone_front_pocket_405hz.csv": (
        "none",
        partial(headless, names=["time", "_", "x", "y", "z"]),
    ),
    "pocket_walk/phone_front_pocket_100hz.csv": (
        "none",
        partial(headless, names=["time", "x", "y", "z", "_1", "_2", "_3"]),
    ),
    "gait/lower_back_100hz.csv": ("none", lower_back),
    "gait/feet_imu_204hz.csv": ("none", both_feet),
}


def show_real():
    if not REAL_DATA.is_dir():
        print(f"\nNo real recordings: there is no folder {REAL_DATA.resolve()}")
        return
    print("\nReal recordings: what is in them, what was found, and the verdicts of their windows")
    print(f"{'recording':30s}{'Hz':>6s}{'s':>5s} {'is':7s}{'T':>3s} {'called':8s} verdicts")
    for name, (truth, load) in REAL.items():
        for part, (samples, fs) in load(REAL_DATA / name).items():
            label = f"{Path(name).stem} {part}".strip()
            for window_s in WINDOWS_S:
                show_real_row(label, samples, fs, truth, window_s)


def show_real_row(label, samples, fs, truth, window_s):
    result = analysed(samples, fs=fs, window_s=window_s)
    counts = Counter(result.windows.verdict.tolist())
    called = {"measured": "tremor", "no_tremor": "none"}.get(result.status, "refused")
    wrong = "!" if called not in (truth, "refused") else " "
    row = f"{label:30s}{fs:6.1f}{len(samples) / fs:5.0f} {truth:7s}{window_s:3.0f} "
    row += f"{called:7s}{wrong} " + ", ".join(f"{v} {counts[v]}" for v in VERDICTS if counts[v])
    print(row)
    if result.episodes:
        summary = result.summary
        frequency_hz, rms_ms2 = summary.frequency_hz.value, summary.rms_ms2.value
        print(
            f"{'':61s}{summary.tremor_s:.0f} s at "
            f"{frequency_hz or np.nan:.2f} Hz, {rms_ms2 or np.nan:.3f} m/s^2"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few trials, for a quick look")
    parser.add_argument("--trials", type=int, default=200, help="minutes a scene without tremor")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    free = 10 if arguments.short else arguments.trials
    with_tremor = 4 if arguments.short else max(4, arguments.trials // 4)
    # Two workers on two cores: more threads in each would only wait for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    free_jobs = [(kind, trial) for kind in FREE for trial in range(free)]
    cells = [(background, level) for background in BACKGROUNDS for level in LEVELS_MS2]
    tremor_jobs = [(cell, trial) for cell in cells for trial in range(with_tremor)]
    begin = time.perf_counter()
    with ProcessPoolExecutor(
        arguments.workers, mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        free_results = gather(pool.map(free_trial, free_jobs, chunksize=8))
        show_free(free_results)
        for window_s in WINDOWS_S:
            show_verdicts(free_results, window_s)
        tremor_results = gather(pool.map(tremor_trial, tremor_jobs, chunksize=4))
        for window_s in WINDOWS_S:
            show_tremor(tremor_results, window_s)
    show_real()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"\n{time.perf_counter() - begin:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processor"
    )


if __name__ == "__main__":
    main()
