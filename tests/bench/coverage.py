"""Coverage of the 95 % intervals of frequency, bandwidth, RMS and displacement.

    OPENBLAS_NUM_THREADS=1 python tests/bench/coverage.py [--short]

Windows of 4, 10 and 60 s: tone, tone with slow amplitude modulation, narrowband tremor, and a
tone whose frequency wanders. Two targets are told apart: *process*, what another window shares,
and *realised*, what this window held. Whole sessions: tremor that fades over minutes of rest with
waxing and waning, through `tremor.analyze`; the target of its RMS is that of the law over the
windows that were used.
"""

from __future__ import annotations

import argparse

import numpy as np
from accuracy import BAND_HZ, FS, RMS_MS2, covered, displacement_pp_mm

from tremor import Recording, analyze
from tremor.measures.line_table import fit_lines
from tremor.synthesis import narrowband, ornstein_uhlenbeck, tone

SNR_DB = 10.0
WANDER_SD_HZ, WANDER_S = 0.3, 2.0


def along(rng, wave):
    direction = rng.normal(size=3)
    return wave[:, None] * direction / np.linalg.norm(direction)


def plain_tone(rng, n, f):
    clean = tone(n, FS, frequency_hz=f, rms_ms2=RMS_MS2, direction=rng.normal(size=3),
                 phase_rad=rng.uniform(0, 2 * np.pi))  # fmt: skip
    return clean, f


def modulated_tone(rng, n, f):
    t = np.arange(n) / FS
    swing = 1 + 0.3 * np.sin(2 * np.pi * (rng.uniform(0.05, 0.2) * t + rng.uniform()))
    wave = np.sqrt(2) * RMS_MS2 * swing * np.sin(2 * np.pi * f * t + rng.uniform(0, 2 * np.pi))
    return along(rng, wave), f


def wandering_tone(rng, n, f):
    wander = ornstein_uhlenbeck(n, FS, decay_per_s=1 / WANDER_S, rng=rng).real
    wander *= WANDER_SD_HZ * np.sqrt(2)  # a complex process of unit power
    phase = 2 * np.pi * np.cumsum(f + wander) / FS
    return along(rng, np.sqrt(2) * RMS_MS2 * np.sin(phase)), f + wander.mean()


def line(bandwidth_hz):
    def make(rng, n, f):
        clean = narrowband(n, FS, frequency_hz=f, bandwidth_hz=bandwidth_hz, rms_ms2=RMS_MS2,
                           rng=rng, direction=rng.normal(size=3))  # fmt: skip
        return clean, np.nan

    return make


KINDS = {
    "tone": (plain_tone, 0.0),
    "tone, 30 % slow AM": (modulated_tone, None),
    "line 0.25 Hz": (line(0.25), 0.25),
    "line 0.5 Hz": (line(0.5), 0.5),
    "line 1.0 Hz": (line(1.0), 1.0),
    "line 1.5 Hz": (line(1.5), 1.5),
    "tone wandering 0.3 Hz in 2 s": (wandering_tone, None),
}


def windows_of(kind, rng, count, duration_s):
    make, bandwidth_hz = KINDS[kind]
    n = round(duration_s * FS)
    f = rng.uniform(4.5, 11.5, count)
    realised_f, realised_rms = np.empty(count), np.empty(count)
    windows = np.empty((count, 3, n))
    for row in range(count):
        clean, realised_f[row] = make(rng, n, f[row])
        realised_rms[row] = np.sqrt((clean**2).sum(axis=1).mean())
        windows[row] = clean.T
    windows += rng.normal(0, RMS_MS2 / 10 ** (SNR_DB / 20), windows.shape)
    windows[:, 2] += 9.81
    table = fit_lines(windows, fs=FS, band_hz=BAND_HZ)
    cells = {
        "f process": covered(table.frequency_hz, f),
        "f realised": covered(table.frequency_hz, realised_f),
        "B": np.nan if bandwidth_hz is None else covered(table.bandwidth_hz, bandwidth_hz),
        "RMS process": covered(table.rms_ms2, RMS_MS2),
        "RMS realised": covered(table.rms_ms2, realised_rms),
        "disp": np.nan
        if bandwidth_hz is None
        else covered(table.displacement_pp_mm, displacement_pp_mm(f, bandwidth_hz)),
    }
    if np.isnan(realised_f).all():
        cells["f realised"] = np.nan
    return cells, np.median(table.frequency_hz[:, 2] - table.frequency_hz[:, 1])


def show_windows(rng, count, durations_s):
    print(f"Windows, {count} a cell, SNR {SNR_DB:g} dB; width = median width of the f interval")
    print(f"{'':30s}   T  f proc f real     B  RMS p  RMS r  disp   width Hz")
    for kind in KINDS:
        for duration_s in durations_s:
            n = count if duration_s < 60 else max(50, count // 4)
            cells, width = windows_of(kind, rng, n, duration_s)
            numbers = "  ".join(
                "   - " if np.isnan(value) else f"{value:.3f}" for value in cells.values()
            )
            print(f"{kind:30s} {duration_s:3d}  {numbers}   {width:.4f}", flush=True)


def session(rng, bandwidth_hz, rest_s, waxing):
    """One seated session: (clean tremor, its law, recording, centre)."""
    n = round(rest_s * FS)
    t = np.arange(n) / FS
    f = rng.uniform(5.0, 11.0)
    law = np.sqrt(0.5**2 * np.exp(-2 * t / 100.0) + 0.08**2)
    slow = ornstein_uhlenbeck(n, FS, decay_per_s=1 / 10.0, rng=rng).real * np.sqrt(2) * waxing
    unit = narrowband(n, FS, frequency_hz=f, bandwidth_hz=bandwidth_hz, rms_ms2=1.0, rng=rng,
                      direction=rng.normal(size=3))  # fmt: skip
    clean = unit * (law * np.exp(slow))[:, None]
    noisy = clean + rng.normal(0, 0.01, clean.shape) + [0.0, 0.0, 9.80665]
    return clean, Recording.from_arrays(noisy, sampling_rate_hz=FS), f


def show_sessions(rng, count):
    print(f"\nWhole sessions, {count} a row: RMS fading 0.5 to 0.08 m/s^2, tau 100 s")
    print("   B  rest s  waxing   found   f      B      RMS realised   width of f, Hz")
    for bandwidth_hz, rest_s, waxing in (
        (0.5, 60, 0.0), (0.5, 180, 0.0), (0.5, 180, 0.25), (1.0, 300, 0.25), (1.5, 300, 0.25),
    ):  # fmt: skip
        found, f_in, b_in, rms_in, width = 0, 0, 0, 0, []
        for _ in range(count):
            clean, recording, f = session(rng, bandwidth_hz, rest_s, waxing)
            result = analyze(recording)
            if not result.summary.tremor_detected:
                continue
            found += 1
            summary = result.summary
            f_in += summary.frequency_hz.low <= f <= summary.frequency_hz.high
            b_in += summary.bandwidth_hz.low <= bandwidth_hz <= summary.bandwidth_hz.high
            used = np.zeros(len(clean), dtype=bool)
            for window in result.windows:
                if window.verdict == "tremor":
                    used[round(window.start_s * FS) : round(window.end_s * FS)] = True
            realised = np.sqrt((clean[used] ** 2).sum(axis=1).mean())
            rms_in += summary.rms_ms2.low <= realised <= summary.rms_ms2.high
            width.append(summary.frequency_hz.high - summary.frequency_hz.low)
        print(
            f"{bandwidth_hz:4.2f}   {rest_s:4d}    {waxing:4.2f}    {found / count:.2f}  "
            f"{f_in / found:.3f}  {b_in / found:.3f}      {rms_in / found:.3f}         "
            f"{np.median(width):.4f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few trials, for a quick look")
    arguments = parser.parse_args()
    rng = np.random.default_rng(21)
    show_windows(rng, 60 if arguments.short else 800, (4, 10) if arguments.short else (4, 10, 60))
    show_sessions(rng, 5 if arguments.short else 100)


if __name__ == "__main__":
    main()
