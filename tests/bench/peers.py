"""What one would pick instead, on the same records: frequency, amplitude, and false answers.

    python tests/bench/peers.py [--short] [--peer-python PATH]

Compared are `tremor.estimate_line` and `tremor.analyze`, scripts of ten lines as they are commonly
written with SciPy, and published packages. A package takes part where the interpreter given by
``--peer-python`` (else the running one) can import it; it is fed the same records as .npy files by
this script's ``--worker`` mode. The output is Markdown, the same for the same seed and versions.

Records, 100 Hz, gravity in a random direction on top, every set from a seed of its own:

* tone: 4-12 Hz, 0.2 m/s^2 RMS along a random direction, white noise on three axes; the SNR is the
  power of the vector over the noise variance of one axis;
* narrowband: the same with a half-power width of 1 Hz at 10 dB, and sway;
* walking: half a record of it, then tremor for the other half, all drawn by `vary`;
* packets: the tone at 20 dB from a clock that is 1.5 % off, in packets of 8-20 samples that come
  20 ms and a random 10 ms late, and again where one in twenty is held up by 50-300 ms more;
* no tremor: noise, sway, walking, heartbeat.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy
from scipy.signal import butter, sosfiltfilt, welch

import tremor
from tremor.clock.running import RunningClock
from tremor.clock.timebase import fit_timebase
from tremor.recording import Floats, SampleBlock
from tremor.synthesis import (
    SCENES,
    Gait,
    Posture,
    Scene,
    SensorClock,
    Sway,
    Tremor,
    narrowband,
    power_law_noise,
    render,
    tone,
    vary,
)

FS = 100.0
RMS_MS2 = 0.2
BAND_HZ = (3.0, 15.0)
GROSS_HZ = 0.5
DURATIONS_S = (10, 60)
SNRS_DB = (-10, 0, 10, 20)
WIDTH_HZ = 1.0
SWAY_MS2 = 0.1
CLOCK_ERROR = 0.015
LATE_SHARES = (0.0, 0.05)
SEED = 7


# --- answers -----------------------------------------------------------------------------------


class Answer(NamedTuple):
    """What a method says of a record; NaN where it says nothing."""

    frequency_hz: float = np.nan
    low_hz: float = np.nan
    high_hz: float = np.nan
    rms_ms2: float = np.nan
    low_ms2: float = np.nan
    high_ms2: float = np.nan
    says_tremor: float = 1.0


NONE = Answer(says_tremor=0.0)


def answer_of(frequency, rms):
    """Read two `Estimate`s of this package."""
    if frequency.value is None:
        return NONE
    return Answer(frequency.value, frequency.low, frequency.high, rms.value, rms.low, rms.high)


def by_estimate_line(record, fs):
    try:
        line = tremor.estimate_line(record, sampling_rate_hz=fs)
    except tremor.TremorError:  # a gap, or no line that an interval can be given for
        return NONE
    return answer_of(line.frequency_hz, line.rms_ms2)


def by_analyze(record, fs):
    recording = tremor.Recording.from_arrays(record, sampling_rate_hz=fs)
    summary = tremor.analyze(recording).summary
    return answer_of(summary.frequency_hz, summary.rms_ms2)


# --- scripts, as they are commonly written -----------------------------------------------------


def band_pass(x, fs):
    return sosfiltfilt(butter(4, BAND_HZ, btype="bandpass", fs=fs, output="sos"), x, axis=0)


def spectrum(x, fs, *, nperseg=256, noverlap=128, nfft=None):
    """Welch's PSD, summed over the axes."""
    f, density = welch(
        x, fs, window="hann", nperseg=nperseg, noverlap=noverlap, nfft=nfft, detrend="constant",
        scaling="density", axis=0,
    )  # fmt: skip
    return f, density if density.ndim == 1 else density.sum(axis=1)


def top_bin(f, density):
    inside = np.flatnonzero((f >= BAND_HZ[0]) & (f <= BAND_HZ[1]))
    return int(inside[np.argmax(density[inside])])


def rms_between(f, density, low_hz, high_hz, floor=0.0):
    inside = (f >= low_hz) & (f <= high_hz)
    return float(np.sqrt(max(0.0, np.sum(density[inside] - floor) * (f[1] - f[0]))))


def parabola_hz(f, density, top):
    left, middle, right = np.log(density[top - 1 : top + 2])
    return float(f[top] + 0.5 * (left - right) / (left - 2 * middle + right) * (f[1] - f[0]))


def by_welch(record, fs):
    f, density = spectrum(band_pass(record, fs), fs)
    return Answer(float(f[top_bin(f, density)]), rms_ms2=rms_between(f, density, *BAND_HZ))


def by_welch_parabola(record, fs):
    f, density = spectrum(band_pass(record, fs), fs)
    top = top_bin(f, density)
    floor = np.median(density[(f >= BAND_HZ[0]) & (f <= BAND_HZ[1])])
    return Answer(
        parabola_hz(f, density, top),
        rms_ms2=rms_between(f, density, f[top] - 1.0, f[top] + 1.0, floor),
    )


def by_magnitude(record, fs):
    return by_welch(np.linalg.norm(record, axis=1), fs)


def by_magnitude_less_gravity(record, fs):
    return by_welch(np.linalg.norm(record - record.mean(axis=0), axis=1), fs)


def by_grid(record, fs):
    f, density = spectrum(
        band_pass(record, fs), fs, nperseg=round(3 * fs), noverlap=round(2.4 * fs),
        nfft=round(4 * fs),
    )  # fmt: skip
    peak_hz = float(f[top_bin(f, density)])
    return Answer(peak_hz, rms_ms2=rms_between(f, density, peak_hz - 0.5, peak_hz + 0.5))


def by_padded_fft(record, fs):
    """The whole record at once, no window: the textbook answer for a tone."""
    x = band_pass(record, fs)
    n = len(x)
    density = (np.abs(np.fft.rfft(x, 4 * n, axis=0)) ** 2).sum(axis=1) * 2 / (fs * n)
    f = np.fft.rfftfreq(4 * n, 1 / fs)
    return Answer(
        parabola_hz(f, density, top_bin(f, density)), rms_ms2=rms_between(f, density, *BAND_HZ)
    )


METHODS: dict[str, Callable[[Floats, float], Answer]] = {
    "**tremor.estimate_line**": by_estimate_line,
    "Welch 256, highest bin": by_welch,
    "Welch 256, parabola": by_welch_parabola,
    "whole record FFT, padded, parabola": by_padded_fft,
    "3 s Hann, 0.25 Hz grid": by_grid,
    "magnitude, Welch, highest bin": by_magnitude,
    "magnitude less gravity, Welch": by_magnitude_less_gravity,
}
ANALYZE = "**tremor.analyze**"
OURS = (ANALYZE, "**tremor.estimate_line**")


# --- packets -----------------------------------------------------------------------------------


def by_time_base(record, arrival_s):
    clock = fit_timebase(arrival_s - arrival_s[0])
    return by_estimate_line(clock.to_grid(record), clock.sampling_rate_hz)


def by_counted_packets(record, arrival_s):
    """Use the count of samples that a link gives with its packets."""
    clock = RunningClock()
    starts = np.flatnonzero(np.diff(arrival_s, prepend=-np.inf))
    for first, block in zip(starts, np.split(record, starts[1:]), strict=True):
        clock.add(SampleBlock(int(first), block, float(arrival_s[first])))
    return by_estimate_line(record, clock.estimate.sampling_rate_hz)


def span_rate_hz(arrival_s):
    """Rows over time: the first packet is counted but not waited for."""
    return (len(arrival_s) - 1) / (arrival_s[-1] - arrival_s[0])


def slope_rate_hz(arrival_s):
    return 1 / np.polyfit(np.arange(len(arrival_s)), arrival_s, 1)[0]


def interpolated(record, arrival_s):
    """Put the samples on an even grid as if each was taken when its packet came."""
    grid_s = np.arange(arrival_s[0], arrival_s[-1], 1 / FS)
    return np.stack([np.interp(grid_s, arrival_s, axis) for axis in record.T], axis=1)


PACKET_METHODS: dict[str, Callable[[Floats, Floats], Answer]] = {
    "**tremor, packets with their count**": by_counted_packets,
    "**tremor, file with arrival stamps**": by_time_base,
    "nominal rate, estimate_line": lambda record, _: by_estimate_line(record, FS),
    "nominal rate, Welch, parabola": lambda record, _: by_welch_parabola(record, FS),
    "rows over time of arrival, Welch, parabola": lambda record, arrival_s: by_welch_parabola(
        record, span_rate_hz(arrival_s)
    ),
    "straight line through arrivals, FFT, parabola": lambda record, arrival_s: by_padded_fft(
        record, slope_rate_hz(arrival_s)
    ),
    "interpolated at arrivals, Welch, parabola": lambda record, arrival_s: by_welch_parabola(
        interpolated(record, arrival_s), FS
    ),
}


# --- packages, run by their own interpreter ----------------------------------------------------


def by_skdh(record, fs):
    """Take the axis on which the line stands out most; the package has no filter and no RMS."""
    features = import_module("skdh.features.lib.frequency")
    x = np.ascontiguousarray((record - record.mean(axis=0)).T)
    limits = {"padlevel": 2, "low_cutoff": BAND_HZ[0], "high_cutoff": BAND_HZ[1]}
    f = features.DominantFrequency(**limits).compute(x, fs=fs, axis=-1)
    height = features.DominantFrequencyValue(**limits).compute(x, fs=fs, axis=-1)
    return Answer(float(f[np.argmax(height)]))


def by_neurokit2(record, fs):
    """Filter and Welch as the package does them (its own segment length); the axes are summed."""
    nk = import_module("neurokit2")
    f, density = None, 0.0
    for axis in (record - record.mean(axis=0)).T:
        x = nk.signal_filter(
            axis, sampling_rate=int(fs), lowcut=BAND_HZ[0], highcut=BAND_HZ[1],
            method="butterworth", order=4,
        )  # fmt: skip
        table = nk.signal_psd(x, sampling_rate=int(fs), method="welch", normalize=False)
        f = table["Frequency"].to_numpy()
        density = density + table["Power"].to_numpy()
    return Answer(float(f[top_bin(f, density)]), rms_ms2=rms_between(f, density, *BAND_HZ))


#: deg/s for 1 m/s^2: a limb of 0.4 m that turns about one end at 6 Hz.
TURN_DEG_S_PER_MS2 = np.degrees(1.0 / (0.4 * 2 * np.pi * 6.0))


def by_paradigma(record, fs):
    """Feed acceleration as the angular velocity it expects; median over the windows it flags.

    The frequency is that of all windows where it flags none: the peak search is scored although
    the detector declines.
    """
    pipeline = import_module("paradigma.pipelines.tremor_pipeline")
    config = import_module("paradigma.config").TremorConfig()
    files = import_module("importlib.resources").files
    pandas = import_module("pandas")
    config._set_sampling_frequency_detected(fs)
    x = (record - record.mean(axis=0)) * TURN_DEG_S_PER_MS2
    table = pandas.DataFrame(x, columns=config.gyroscope_colnames)
    table[config.time_colname] = np.arange(len(x)) / fs
    found = pipeline.detect_tremor(
        pipeline.extract_tremor_features(table, config),
        config,
        files("paradigma.assets") / "tremor_detection_clf_package.pkl",
    )
    flagged = found["pred_tremor_checked"].to_numpy() == 1
    peaks_hz = found["freq_peak"].to_numpy()
    return Answer(
        float(np.median(peaks_hz[flagged] if flagged.any() else peaks_hz)),
        says_tremor=float(flagged.any()),
    )


class Package(NamedTuple):
    """A published package: how it is driven, what is imported, what is installed."""

    answer: Callable[[Floats, float], Answer]
    module: str
    distribution: str


PACKAGES = {
    "scikit-digital-health": Package(by_skdh, "skdh.features", "scikit-digital-health"),
    "neurokit2": Package(by_neurokit2, "neurokit2", "neurokit2"),
    "paradigma": Package(by_paradigma, "paradigma.pipelines.tremor_pipeline", "paradigma"),
}
#: Packages that decide whether there is tremor; all others always answer.
DECIDES = (ANALYZE, "paradigma")
NOT_INSTALLED = 3


def work(name, folder):
    """Run one package on every set of records in a folder; for another interpreter."""
    package = PACKAGES[name]
    try:
        import_module(package.module)
    except ImportError as error:
        print(error, file=sys.stderr)
        return NOT_INSTALLED
    for path in sorted(Path(folder).glob("*.records.npy")):
        answers = [package.answer(record, FS) for record in np.load(path)]
        np.save(path.with_name(path.name.replace("records", name)), np.array(answers))
    print(version(package.distribution))
    return 0


def run_package(name, folder, interpreter):
    """Return the version of a package that has answered, or None where it is not installed."""
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [interpreter, "-W", "ignore", __file__, "--worker", name, str(folder)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == NOT_INSTALLED:
        return None
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


# --- records -----------------------------------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class RecordSet:
    """Records of one kind, their truth, and what the methods said of them."""

    name: str
    records: Floats
    frequency_hz: Floats
    #: Of the process, which an interval is for, and of the record, which an error is taken from.
    rms_ms2: Floats
    realised_ms2: Floats
    bound_hz: float
    #: Least relative standard deviation of an amplitude.
    bound_rms: float = np.nan
    arrival_s: Floats | None = None


def tone_bound_hz(duration_s, snr_db):
    """Cramer-Rao bound of a tone on three axes; only the sum of their SNRs matters."""
    n = duration_s * FS
    return float(np.sqrt(12.0 / (10 ** (snr_db / 10) * n * (n**2 - 1))) * FS / (2 * np.pi))


def line_bound_hz(duration_s, bandwidth_hz, snr_db):
    """Bound of a narrowband process in white noise."""
    s = np.sqrt(1 + 10 ** (snr_db / 10) * FS / (np.pi * bandwidth_hz))
    return np.sqrt(bandwidth_hz / (4 * np.pi * duration_s) * s * (s + 1) / (s - 1) ** 2)


def with_gravity(rng, motion):
    up = rng.normal(size=3)
    return motion + 9.80665 * up / np.linalg.norm(up)


def noise_sd(snr_db):
    return RMS_MS2 / 10 ** (snr_db / 20)


def vector_rms(x):
    return float(np.sqrt((x**2).sum(axis=1).mean()))


def draw_tones(rng, count, duration_s, snr_db):
    n = round(duration_s * FS)
    frequency_hz = rng.uniform(4.0, 12.0, count)
    records = []
    for f in frequency_hz:
        clean = tone(
            n, FS, frequency_hz=f, rms_ms2=RMS_MS2, direction=tuple(rng.normal(size=3)),
            phase_rad=rng.uniform(0, 2 * np.pi),
        )  # fmt: skip
        records.append(with_gravity(rng, clean + rng.normal(0, noise_sd(snr_db), (n, 3))))
    return RecordSet(
        name=f"tone {snr_db:+d} dB {duration_s} s",
        records=np.array(records),
        frequency_hz=frequency_hz,
        rms_ms2=np.full(count, RMS_MS2),
        realised_ms2=np.full(count, RMS_MS2),
        bound_hz=tone_bound_hz(duration_s, snr_db),
        bound_rms=float(1 / np.sqrt(n * 10 ** (snr_db / 10))),
    )


def draw_narrowband(rng, count, duration_s):
    n, snr_db = round(duration_s * FS), 10
    frequency_hz = rng.uniform(4.0, 12.0, count)
    records, realised = [], []
    for f in frequency_hz:
        clean = narrowband(
            n, FS, frequency_hz=f, bandwidth_hz=WIDTH_HZ, rms_ms2=RMS_MS2, rng=rng,
            direction=tuple(rng.normal(size=3)),
        )  # fmt: skip
        sway = power_law_noise(n, FS, exponent=2.0, corner_hz=0.3, rms=SWAY_MS2, rng=rng)
        realised.append(vector_rms(clean))
        records.append(with_gravity(rng, clean + sway + rng.normal(0, noise_sd(snr_db), (n, 3))))
    return RecordSet(
        name=f"narrowband {duration_s} s",
        records=np.array(records),
        frequency_hz=frequency_hz,
        rms_ms2=np.full(count, RMS_MS2),
        realised_ms2=np.array(realised),
        bound_hz=float(line_bound_hz(duration_s, WIDTH_HZ, snr_db)),
    )


def draw_walking_then_tremor(rng, count, duration_s):
    half_s = 0.5 * duration_s
    kind = Scene(
        duration_s=duration_s,
        clock=SensorClock(nominal_rate_hz=FS),
        postures=(Posture(start_s=0.0, end_s=duration_s, label="upright"),),
        parts=(Gait(end_s=half_s), Sway(), Tremor(start_s=half_s)),
    )
    records, lines, realised = [], [], []
    for _ in range(count):
        rendered = render(vary(kind, rng), seed=int(rng.integers(2**31)))
        lines.append(rendered.scene.tremor)
        records.append(rendered.acceleration_ms2)
        realised.append(vector_rms(rendered.tremor_ms2[rendered.tremor_rms_ms2 > 0]))
    return RecordSet(
        name=f"walking then tremor {duration_s} s",
        records=np.array(records),
        frequency_hz=np.array([line.frequency_hz for line in lines]),
        rms_ms2=np.array([line.initial_rms_ms2 for line in lines]),
        realised_ms2=np.array(realised),
        bound_hz=float(
            np.sqrt(np.mean([line.bandwidth_hz for line in lines]) / 4 / np.pi / half_s)
        ),
    )


def draw_packets(rng, count, duration_s, late_share):
    n, snr_db = round(duration_s * FS), 20
    frequency_hz = rng.uniform(4.0, 12.0, count)
    records, arrivals = [], []
    for f in frequency_hz:
        fs = FS * (1 + CLOCK_ERROR * rng.choice((-1, 1)))
        clean = tone(
            n, fs, frequency_hz=f, rms_ms2=RMS_MS2, direction=tuple(rng.normal(size=3)),
            phase_rad=rng.uniform(0, 2 * np.pi),
        )  # fmt: skip
        records.append(with_gravity(rng, clean + rng.normal(0, noise_sd(snr_db), (n, 3))))
        sizes = rng.integers(8, 21, n // 8 + 1)
        last = np.minimum(np.cumsum(sizes), n) - 1
        delay_s = 0.02 + rng.exponential(0.01, len(last))
        delay_s += (rng.uniform(size=len(last)) < late_share) * rng.uniform(0.05, 0.3, len(last))
        packet = np.repeat(np.arange(len(sizes)), sizes)[:n]
        # A link keeps the order: what follows a late packet comes with it.
        arrivals.append(np.round(np.maximum.accumulate(last / fs + delay_s)[packet], 3))
    return RecordSet(
        name=f"packets, {late_share:.0%} late {duration_s} s",
        records=np.array(records),
        frequency_hz=frequency_hz,
        rms_ms2=np.full(count, RMS_MS2),
        realised_ms2=np.full(count, RMS_MS2),
        bound_hz=tone_bound_hz(duration_s, snr_db),
        arrival_s=np.array(arrivals),
    )


def draw_still(rng, count, duration_s, kind):
    """No tremor at all."""
    clock = SensorClock(nominal_rate_hz=FS)
    n = round(duration_s * FS)
    records = []
    for _ in range(count):
        if kind == "noise":
            sd = np.exp(rng.uniform(np.log(0.005), np.log(0.1)))
            records.append(with_gravity(rng, rng.normal(0, sd, (n, 3))))
        else:
            scene = vary(SCENES[kind](clock=clock, duration_s=duration_s), rng)
            records.append(render(scene, seed=int(rng.integers(2**31))).acceleration_ms2)
    nothing = np.full(count, np.nan)
    return RecordSet(
        name=f"{kind} {duration_s} s",
        records=np.array(records),
        frequency_hz=nothing,
        rms_ms2=nothing,
        realised_ms2=nothing,
        bound_hz=np.nan,
    )


STILL = {"noise": "noise", "sway": "sway", "walking": "walk", "heartbeat": "strong_heartbeat"}


# --- tables ------------------------------------------------------------------------------------


class Score(NamedTuple):
    """How the answers of one method compare with the truth of one set.

    Errors are those of the records with a number, whether or not a tremor is declared.
    """

    answered: float
    rmse_hz: float
    gross: float
    covered: float
    times_bound: float
    rms_bias: float
    rms_rmse: float
    rms_covered: float
    times_rms_bound: float


def score(records, answers):
    f, low, high, rms, rms_low, rms_high, says = answers.T
    given = np.isfinite(f)
    error = (f - records.frequency_hz)[given]
    relative = (rms / records.realised_ms2 - 1)[given]
    rmse_hz, rms_rmse = root_mean_square(error), root_mean_square(relative)
    return Score(
        answered=float(np.mean(given & (says > 0))),
        rmse_hz=rmse_hz,
        gross=share(np.abs(error) > GROSS_HZ),
        covered=inside(low, records.frequency_hz, high, given),
        times_bound=rmse_hz / records.bound_hz,
        rms_bias=float(relative.mean()) if given.any() else np.nan,
        rms_rmse=rms_rmse,
        rms_covered=inside(rms_low, records.rms_ms2, rms_high, given),
        times_rms_bound=rms_rmse / records.bound_rms,
    )


def root_mean_square(x):
    return float(np.sqrt(np.mean(x**2))) if len(x) else np.nan


def share(hits):
    return float(np.mean(hits)) if len(hits) else np.nan


def inside(low, truth, high, given):
    if not np.isfinite(low[given]).any():
        return np.nan
    return share(((low <= truth) & (truth <= high))[given])


def three(x):
    """Write three digits at most, without an exponent."""
    if not np.isfinite(x):
        return "-"
    if x >= 99.5:
        return f"{x:.0f}"
    return np.format_float_positional(float(f"{x:.2g}"), trim="-")


def percent(x):
    return "-" if not np.isfinite(x) else f"{100 * x:.0f}"


def hertz(s):
    gross = f" ({100 * s.gross:.2g} %)" if s.gross > 0 else ""
    return three(s.rmse_hz) + gross


def amplitude(s):
    return f"{100 * s.rms_bias:+.1f} / {100 * s.rms_rmse:.1f}" if np.isfinite(s.rms_bias) else "-"


def joined(write, values):
    """Join the cells of several sets; a single dash where none has a number."""
    cells = [write(value) for value in values]
    return "-" if set(cells) == {"-"} else " / ".join(cells)


def print_table(title, heads, rows):
    print(f"\n### {title}\n")
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


Results = dict[str, dict[str, Score]]


def show_tones(results: Results, duration_s):
    names = [f"tone {snr:+d} dB {duration_s} s" for snr in SNRS_DB]
    columns = [f"{snr} dB" for snr in SNRS_DB]
    methods = [method for method in results[names[0]] if method not in DECIDES[:1]]
    bounds = joined(three, [tone_bound_hz(duration_s, snr) for snr in SNRS_DB])
    rows, rms_rows = [], []
    for method in methods:
        scores = [results[name][method] for name in names]
        rows.append(
            [
                method,
                *map(hertz, scores),
                joined(percent, [s.covered for s in scores]),
                joined(three, [s.times_bound for s in scores]),
            ]
        )
        if np.isfinite(scores[0].rms_bias):
            rms_rows.append(
                [
                    method,
                    *map(amplitude, scores),
                    joined(percent, [s.rms_covered for s in scores]),
                    joined(three, [s.times_rms_bound for s in scores]),
                ]
            )
    print_table(
        f"Tone, {duration_s} s: frequency",
        ["RMSE, Hz (gross)", *columns, "covered, %", "times the bound"],
        [*rows, ["bound, Hz", *bounds.split(" / "), "", ""]],
    )
    print_table(
        f"Tone, {duration_s} s: RMS acceleration",
        ["bias / RMSE, %", *columns, "covered, %", "times the bound"],
        rms_rows,
    )


def show_pairs(results: Results, durations_s, kind, title, *, with_answered=False):
    """Show the sets of all lengths side by side."""
    names = [f"{kind} {duration_s} s" for duration_s in durations_s]
    rows = []
    for method in results[names[0]]:
        scores = [results[name][method] for name in names]
        answered = [joined(percent, [s.answered for s in scores])] if with_answered else []
        rows.append(
            [
                method,
                *answered,
                *map(hertz, scores),
                joined(percent, [s.covered for s in scores]),
                *map(amplitude, scores),
                joined(percent, [s.rms_covered for s in scores]),
                joined(three, [s.times_bound for s in scores]),
            ]
        )
    lengths = " and ".join(f"{duration_s} s" for duration_s in durations_s)
    print_table(
        f"{title}, {lengths}",
        [
            "method",
            *(["answers, %"] if with_answered else []),
            *(f"RMSE, Hz (gross), {duration_s} s" for duration_s in durations_s),
            "covered, %",
            *(f"RMS bias / RMSE, %, {duration_s} s" for duration_s in durations_s),
            "RMS covered, %",
            "times the bound",
        ],
        rows,
    )


def show_answers(results: Results, durations_s):
    """Show how often a method finds tremor, without any and with."""
    kinds = [*STILL.values(), "tone +10 dB", "narrowband"]
    methods = list(results[f"noise {durations_s[0]} s"])
    rows = []
    for method in [m for m in DECIDES if m in methods]:
        rows.append(
            [method, *(answered_of(results, durations_s, kind, [method]) for kind in kinds)]
        )
    others = [m for m in methods if m not in DECIDES]
    rows.append(
        ["all others", *(answered_of(results, durations_s, kind, others) for kind in kinds)]
    )
    lengths = " / ".join(f"{duration_s} s" for duration_s in durations_s)
    print_table(
        f"Records answered with a tremor, %, {lengths}",
        ["method", *(f"no tremor: {name}" for name in STILL), "tone, 10 dB", "narrowband, 10 dB"],
        rows,
    )


def answered_of(results, durations_s, kind, methods):
    return " / ".join(
        f"{100 * min(results[f'{kind} {d} s'][method].answered for method in methods):.3g}"
        for d in durations_s
    )


# --- the run -----------------------------------------------------------------------------------


def all_makers():
    """List what is drawn; the place in the list is the seed of a set."""
    return [
        *((draw_tones, (t, snr)) for t in DURATIONS_S for snr in SNRS_DB),
        *((draw_narrowband, (t,)) for t in DURATIONS_S),
        *((draw_walking_then_tremor, (t,)) for t in DURATIONS_S),
        *((draw_packets, (t, late)) for t in DURATIONS_S for late in LATE_SHARES),
        *((draw_still, (t, kind)) for t in DURATIONS_S for kind in STILL.values()),
    ]


def answers_of(records):
    """Run everything of this package and of SciPy on one set."""
    if records.arrival_s is not None:
        pairs = list(zip(records.records, records.arrival_s, strict=True))
        return {
            name: np.array([method(*pair) for pair in pairs])
            for name, method in PACKET_METHODS.items()
        }
    methods = dict(METHODS)
    if not records.name.startswith("tone") or "+10 dB" in records.name:
        methods = {ANALYZE: by_analyze, **methods}
    return {
        name: np.array([method(record, FS) for record in records.records])
        for name, method in methods.items()
    }


def run_set(index, count, folder):
    """Draw a set, answer it, and leave the records in the folder: (truth, scores)."""
    maker, arguments = all_makers()[index]
    records = maker(np.random.default_rng([SEED, index]), count, *arguments)
    scores = {name: score(records, answers) for name, answers in answers_of(records).items()}
    np.save(Path(folder, f"{records.name}.records.npy"), records.records)
    records.records = np.zeros(0)
    return records, scores


def compare(count, durations_s, *, interpreter, jobs):
    """Return the score of every method on every set, and the versions of the packages."""
    chosen = [i for i, (_, (t, *_)) in enumerate(all_makers()) if t in durations_s]
    results: Results = {}
    versions = {}
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPoolExecutor(jobs) as pool:
            done = list(pool.map(run_set, chosen, repeat(count), repeat(folder)))
        for records, scores in done:
            results[records.name] = scores
        with ThreadPoolExecutor(jobs) as pool:
            installed = pool.map(run_package, PACKAGES, repeat(folder), repeat(interpreter))
            versions = dict(zip(PACKAGES, installed, strict=True))
        for name in [name for name in PACKAGES if versions[name] is not None]:
            for records, scores in done:
                answers = np.load(Path(folder, f"{records.name}.{name}.npy"))
                scores[name] = score(records, answers)
    return results, versions


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="100 records a set and 10 s only")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PATH",
                        help="interpreter that can import the packages")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return work(*arguments.worker)
    count = 100 if arguments.short else 300
    durations_s = DURATIONS_S[:1] if arguments.short else DURATIONS_S
    results, versions = compare(
        count, durations_s, interpreter=arguments.peer_python, jobs=arguments.jobs
    )
    print(f"{count} records a set, seed {SEED}. Gross: more than {GROSS_HZ} Hz off.")
    print(
        f"tremor-analyzer {tremor.__version__}, numpy {np.__version__}, scipy {scipy.__version__}"
    )
    for name, installed in versions.items():
        print(f"{name} {installed or 'not installed'}")
    for duration_s in durations_s:
        show_tones(results, duration_s)
    show_pairs(results, durations_s, "narrowband", "Narrowband tremor and sway")
    show_pairs(
        results,
        durations_s,
        "walking then tremor",
        "Half a record of walking, then tremor",
        with_answered=True,
    )
    for late in LATE_SHARES:
        show_pairs(
            results,
            durations_s,
            f"packets, {late:.0%} late",
            f"Packets, clock {100 * CLOCK_ERROR:g} % off, {100 * late:g} % of them late",
            with_answered=True,
        )
    show_answers(results, durations_s)
    return 0


if __name__ == "__main__":
    sys.exit(main())
