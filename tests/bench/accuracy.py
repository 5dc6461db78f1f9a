"""Accuracy of the line estimates against the physical bounds, and coverage of their intervals.

    python tests/bench/accuracy.py [--short]

Tones and narrowband tremor (complex Ornstein-Uhlenbeck) of random frequency (4-12 Hz, off the
grid) and random direction, white noise on three axes, gravity on top, 100 Hz. SNR is tremor power
(vector) over the noise variance of one axis. Bounds: Cramer-Rao for the tone, the information of
the noisy process for the line.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from tremor.measures.line import estimate_line
from tremor.measures.line_table import fit_lines
from tremor.synthesis import narrowband, tone

FS = 100.0
RMS_MS2 = 0.2
BAND_HZ = (3.0, 15.0)


def tone_bound_hz(duration_s, snr_db):
    """Cramer-Rao bound of a tone on three axes; only the sum of their SNRs matters."""
    n = duration_s * FS
    return np.sqrt(12.0 / (10 ** (snr_db / 10) * n * (n**2 - 1))) * FS / (2 * np.pi)


def line_bound_hz(duration_s, bandwidth_hz, snr_db):
    """Bound of a narrowband process in white noise."""
    s = np.sqrt(1 + 10 ** (snr_db / 10) * FS / (np.pi * bandwidth_hz))
    return np.sqrt(bandwidth_hz / (4 * np.pi * duration_s) * s * (s + 1) / (s - 1) ** 2)


def displacement_pp_mm(frequency_hz, bandwidth_hz):
    """Truth: the Lorentzian over (2 pi f)^4, in the span that the measure is defined on."""
    span_hz = max(2.0, 3.0 * bandwidth_hz)
    low_hz = np.maximum(np.maximum(frequency_hz - span_hz, 2.5), 0.5 * frequency_hz)
    f = low_hz[:, None] + np.linspace(0, 1, 4001) * (frequency_hz + span_hz - low_hz)[:, None]
    half = max(bandwidth_hz, 1e-9) / 2
    if bandwidth_hz == 0:
        return 2e3 * np.sqrt(2) * RMS_MS2 / (2 * np.pi * frequency_hz) ** 2
    density = half / np.pi / ((f - frequency_hz[:, None]) ** 2 + half**2)
    mean_square = RMS_MS2**2 * np.trapezoid(density / (2 * np.pi * f) ** 4, f, axis=1)
    return 2e3 * np.sqrt(2 * mean_square)


def draw(rng, count, duration_s, bandwidth_hz, snr_db):
    n = round(duration_s * FS)
    frequency_hz = rng.uniform(4.0, 12.0, count)
    windows = np.empty((count, 3, n))
    realised = np.empty(count)
    for row, f in enumerate(frequency_hz):
        direction = rng.normal(size=3)
        if bandwidth_hz == 0:
            clean = tone(
                n, FS, frequency_hz=f, rms_ms2=RMS_MS2, direction=direction,
                phase_rad=rng.uniform(0, 2 * np.pi),
            )  # fmt: skip
        else:
            clean = narrowband(
                n, FS, frequency_hz=f, bandwidth_hz=bandwidth_hz, rms_ms2=RMS_MS2, rng=rng,
                direction=direction,
            )  # fmt: skip
        realised[row] = np.sqrt((clean**2).sum(axis=1).mean())
        gravity = rng.normal(size=3)
        windows[row] = clean.T + 9.81 * gravity[:, None] / np.linalg.norm(gravity)
    windows += rng.normal(0, RMS_MS2 / 10 ** (snr_db / 20), windows.shape)
    return windows, frequency_hz, realised


def covered(triple, truth):
    return float(np.mean((triple[:, 1] <= truth) & (truth <= triple[:, 2])))


def row_of(rng, count, duration_s, bandwidth_hz, snr_db, method):
    windows, frequency_hz, realised = draw(rng, count, duration_s, bandwidth_hz, snr_db)
    table = fit_lines(windows, fs=FS, band_hz=BAND_HZ, method=method)
    error = table.frequency_hz[:, 0] - frequency_hz
    bound = (
        line_bound_hz(duration_s, bandwidth_hz, snr_db)
        if bandwidth_hz
        else tone_bound_hz(duration_s, snr_db)
    )
    rms = table.rms_ms2[:, 0]
    return {
        "rmse_hz": float(np.sqrt(np.mean(error**2))),
        "ratio": float(np.sqrt(np.mean(error**2))) / bound,
        "bound_hz": bound,
        "gross": float(np.mean(np.abs(error) > 0.5)) if not bandwidth_hz else float("nan"),
        "cover_f": covered(table.frequency_hz, frequency_hz),
        "cover_b": covered(table.bandwidth_hz, bandwidth_hz),
        "cover_rms": covered(table.rms_ms2, RMS_MS2),
        "cover_disp": covered(
            table.displacement_pp_mm, displacement_pp_mm(frequency_hz, bandwidth_hz)
        ),
        "bandwidth": float(np.median(table.bandwidth_hz[:, 0])),
        "rms_bias": float(np.sqrt(np.mean(rms**2)) / RMS_MS2 - 1),
        "rms_rmse": float(np.sqrt(np.mean((rms / realised - 1) ** 2))),
        "tones": float(np.mean(table.method == 2)),
    }


def show(title, cells, count, method, rng):
    print(f"\n{title}")
    print(
        "  T    B   SNR  RMSE Hz    bound   ratio  cover: f    B   RMS  disp"
        "   B med  RMS bias  RMS rmse  tones"
    )
    for duration_s, bandwidth_hz, snr_db in cells:
        n = count if duration_s < 60 else max(60, count // 3)
        r = row_of(rng, n, duration_s, bandwidth_hz, snr_db, method)
        print(
            f"{duration_s:4d} {bandwidth_hz:4.2f} {snr_db:4d}  {r['rmse_hz']:8.5f} "
            f"{r['bound_hz']:8.5f} {r['ratio']:6.2f}    {r['cover_f']:.3f} {r['cover_b']:.2f} "
            f"{r['cover_rms']:.2f}  {r['cover_disp']:.2f}   {r['bandwidth']:.3f}    "
            f"{100 * r['rms_bias']:+5.1f} %   {100 * r['rms_rmse']:5.1f} %   {r['tones']:.2f}",
            flush=True,
        )


def cost(rng, repeats):
    print("\nCost of one estimate_line, ms (minimum)")
    for duration_s in (4, 10, 60):
        windows, _, _ = draw(rng, 3, duration_s, 0.5, 10)
        best = np.inf
        for window in windows:
            for _ in range(repeats):
                begin = time.perf_counter()
                estimate_line(window.T, sampling_rate_hz=FS)
                best = min(best, time.perf_counter() - begin)
        print(f"{duration_s:4d} s: {1e3 * best:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few trials, for a quick look")
    parser.add_argument("--trials", type=int, default=1000)
    arguments = parser.parse_args()
    count = 100 if arguments.short else arguments.trials
    rng = np.random.default_rng(20)
    durations = (4, 10) if arguments.short else (4, 10, 60)
    tones = [(t, 0, snr) for t in durations for snr in (0, 10, 20)]
    widths = (0.25, 1.0) if arguments.short else (0.25, 0.5, 1.0, 1.5)
    snrs = (10,) if arguments.short else (0, 10, 20)
    lines = [(t, b, snr) for t in durations for b in widths for snr in snrs]
    print(f"{count} trials a cell (a third at 60 s)")
    show("Tone, least squares", tones, count, "least_squares", rng)
    show("Tone, automatic", tones, count, "auto", rng)
    show("Narrowband, automatic", lines, count, "auto", rng)
    cost(rng, 5 if arguments.short else 30)


if __name__ == "__main__":
    main()
