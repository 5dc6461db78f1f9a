"""Signals of leg, heart, machine, vehicle and sensor, written apart from the package.

Nothing here is shared with `tremor.synthesis`, nor with any estimator, and the methods are other
ones on purpose: a tremor is an autoregression of second order, noise shaped in the spectrum, a sum
of many dying oscillations, or a phase that walks at random; gravity is a vector that is truly
rotated; what turns is a phase at any instant, so that sampling folds what is above half of the
rate. Frequencies are in Hz, times in s, accelerations in m/s^2, arrays of shape (n,) or (n, 3).
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq
from scipy.ndimage import gaussian_filter1d
from scipy.signal import hilbert, lfilter
from scipy.spatial.transform import Rotation

G_MS2 = 9.80665


def uniform(rng, low, high):
    return float(rng.uniform(low, high))


def spread(rng, low, high):
    """Uniform in the logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def direction(rng):
    v = rng.standard_normal(3)
    return v / np.linalg.norm(v)


def across(rng, v):
    """A direction at right angles to ``v``."""
    w = np.cross(v, direction(rng))
    return w / np.linalg.norm(w)


# --- random processes of unit variance --------------------------------------------------------


def shaped_noise(rng, n, rate_hz, density):
    """A Gaussian process of unit variance whose PSD follows ``density(f)``."""
    m = next_fast_len(int(1.3 * n) + 64, real=True)
    f = rfftfreq(m, 1.0 / rate_hz)
    power = np.asarray(density(f), dtype=float)
    power[0] = 0.0
    power /= power.sum()
    bins = rng.standard_normal(f.size) + 1j * rng.standard_normal(f.size)
    return irfft(0.5 * m * np.sqrt(power) * bins, m)[:n]


def slow(rng, n, rate_hz, correlation_s):
    """A first-order process that forgets in ``correlation_s``."""
    decay = np.exp(-1.0 / (correlation_s * rate_hz))
    steps = np.sqrt(1.0 - decay**2) * rng.standard_normal(n)
    steps[0] = rng.standard_normal()
    return lfilter([1.0], [1.0, -decay], steps)


def lorentzian(frequency_hz, bandwidth_hz):
    return lambda f: 1.0 / (1.0 + (2.0 * (f - frequency_hz) / bandwidth_hz) ** 2)


def gaussian(frequency_hz, bandwidth_hz):
    return lambda f: np.exp(-4.0 * np.log(2.0) * ((f - frequency_hz) / bandwidth_hz) ** 2)


def autoregression(rng, n, rate_hz, frequency_hz, bandwidth_hz, *, zero=True):
    """Autoregression of second order with the half-power width at the frequency.

    With its zero both flanks are alike, as in a Lorentzian line. Without it the line is that of
    the displacement of a sprung mass: its low flank stays higher, its peak is at the frequency.
    """
    radius = np.exp(-np.pi * bandwidth_hz / rate_hz)
    cosine = np.cos(2.0 * np.pi * frequency_hz / rate_hz)
    numerator = [1.0]
    if zero:  # the root inside the circle of c + 1/c = (1 + r^2) / (r cos w)
        half = 0.5 * (1.0 + radius**2) / (radius * cosine)
        numerator.append(-(half - np.sign(half) * np.sqrt(half**2 - 1.0)))
    else:
        cosine *= 2.0 * radius / (1.0 + radius**2)
    denominator = [1.0, -2.0 * radius * cosine, radius**2]
    settle = int(6.0 * rate_hz / bandwidth_hz)
    impulse = np.zeros(2 * settle + 64)
    impulse[0] = 1.0
    size = np.linalg.norm(lfilter(numerator, denominator, impulse))
    return lfilter(numerator, denominator, rng.standard_normal(n + settle))[settle:] / size


def twitches(rng, n, rate_hz, frequency_hz, bandwidth_hz):
    """Oscillations of random phase that start at random times and die away."""
    settle = int(6.0 * rate_hz / bandwidth_hz)
    starts = rng.poisson(uniform(rng, 20.0, 60.0) / rate_hz, n + settle)
    kicks = np.sqrt(starts) * np.exp(2j * np.pi * rng.random(n + settle))
    pole = np.exp((2j * np.pi * frequency_hz - np.pi * bandwidth_hz) / rate_hz)
    made = np.real(lfilter([1.0], [1.0, -pole], kicks)[settle:])
    expected = 0.5 * starts.mean() / (1.0 - np.abs(pole) ** 2)
    return made / np.sqrt(expected)


def walking_phase(rng, n, rate_hz, frequency_hz, bandwidth_hz):
    """Phase of a limit cycle that diffuses, so that its line has the half-power width, rad."""
    steps = np.sqrt(2.0 * np.pi * bandwidth_hz / rate_hz) * rng.standard_normal(n)
    start = rng.uniform(0.0, 2.0 * np.pi)
    return start + 2.0 * np.pi * frequency_hz * np.arange(n) / rate_hz + np.cumsum(steps)


def limit_cycle(rng, n, rate_hz, frequency_hz, bandwidth_hz):
    """Oscillation of steady size whose phase diffuses; the size breathes by 3 percent."""
    phase = walking_phase(rng, n, rate_hz, frequency_hz, bandwidth_hz)
    size = 1.0 + 0.03 * slow(rng, n, rate_hz, 2.0)
    return np.sqrt(2.0) * np.cos(phase) * size / np.sqrt(1.0 + 0.03**2)


#: Those of random size first; `limit_cycle` is asked for by name.
NARROWBAND = {
    "autoregression": autoregression,
    "twitches": twitches,
    "shaped": lambda rng, n, rate, f, b: shaped_noise(rng, n, rate, lorentzian(f, b)),
}


def moving_along(rng, signal, *, roundness=0.0, along=None):
    """Return a signal along a direction; ``roundness`` is the ratio of the axes of its ellipse."""
    u = direction(rng) if along is None else along
    if roundness == 0.0:
        return signal[:, None] * u
    quarter = np.imag(hilbert(signal))
    made = signal[:, None] * u + roundness * quarter[:, None] * across(rng, u)
    return made / np.sqrt(1.0 + roundness**2)


# --- heart ------------------------------------------------------------------------------------


def heart(rng, n, rate_hz, *, rms_ms2, beats_hz=None, ring_hz=None):
    """Body ringing after each beat: two damped modes of the leg, in a direction each.

    Beats follow one another irregularly, quicker while breathing in.
    """
    beats_hz = uniform(rng, 0.9, 1.9) if beats_hz is None else beats_hz
    ring_hz = uniform(rng, 5.0, 12.0) if ring_hz is None else ring_hz
    duration = n / rate_hz
    breath = uniform(rng, 0.15, 0.35)
    gaps = []
    at = -uniform(rng, 0.0, 1.0)
    while at < duration:
        gaps.append(at)
        sway = 0.04 * np.sin(2.0 * np.pi * breath * at)
        at += max(0.3, (1.0 + sway + 0.03 * rng.standard_normal()) / beats_hz)
    modes = [
        (ring_hz, spread(rng, 0.05, 0.15), direction(rng), 1.0, 0.0),
        (1.6 * ring_hz, spread(rng, 0.025, 0.06), direction(rng), 0.5, 0.06),
    ]
    out = np.zeros((n, 3))
    for beat in gaps:
        size = np.exp(0.15 * rng.standard_normal())
        for frequency, decay, along, share, delay in modes:
            first = max(0, int(np.ceil((beat + delay) * rate_hz)))
            t = np.arange(first, min(n, first + int(10 * decay * rate_hz))) / rate_hz - beat - delay
            ring = t / decay * np.exp(-t / decay) * np.sin(2.0 * np.pi * frequency * t)
            out[first : first + t.size] += (size * share * ring)[:, None] * along
    return out * rms_ms2 / np.sqrt((out**2).sum(axis=1).mean())


# --- machines, vehicles -----------------------------------------------------------------------


def turning_phase(rng, n, rate_hz, speed_hz, *, jitter, correlation_s):
    """Phase of a shaft at ``speed_hz`` (number or one a sample) that varies by ``jitter``, rad."""
    fine = 10
    relative = slow(rng, n * fine, rate_hz * fine, correlation_s)
    speed = np.broadcast_to(np.asarray(speed_hz, dtype=float), (n,))
    finer = np.interp(np.arange(n * fine) / fine, np.arange(n), speed)
    phase = 2.0 * np.pi * np.cumsum(finer * (1.0 + jitter * relative)) / (rate_hz * fine)
    return phase[::fine] + rng.uniform(0.0, 2.0 * np.pi)


def shaft(rng, phase, *, harmonics=(1.0,)):
    """Shaking by what turns: harmonics of the phase, each an ellipse of its own; RMS 1."""
    out = np.zeros((phase.size, 3))
    for order, share in enumerate(harmonics, start=1):
        u = direction(rng)
        v = across(rng, u) * uniform(rng, 0.0, 0.9)
        angle = order * phase + rng.uniform(0.0, 2.0 * np.pi)
        out += share * (np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * v)
    return out / np.sqrt((out**2).sum(axis=1).mean())


def speeds(rng, n, rate_hz, levels_hz, *, ramp_s):
    """Levels one after the other for about equal times, joined by straight ramps, Hz."""
    edges = np.linspace(0.0, n / rate_hz, len(levels_hz) + 1)
    edges[1:-1] += rng.uniform(-0.1, 0.1, len(levels_hz) - 1) * edges[1]
    times, values = [0.0], [levels_hz[0]]
    for edge, before, after in zip(edges[1:-1], levels_hz[:-1], levels_hz[1:], strict=True):
        times += [edge - ramp_s / 2, edge + ramp_s / 2]
        values += [before, after]
    return np.interp(np.arange(n) / rate_hz, times, values)


def resonance(frequency_hz, damping):
    """Power that a sprung mass passes on, by its own frequency and share of critical damping."""

    def passed(f):
        x = np.asarray(f) / frequency_hz
        return (1.0 + (2 * damping * x) ** 2) / ((1.0 - x**2) ** 2 + (2 * damping * x) ** 2)

    return passed


def seat(rng, n, rate_hz, *, rms_ms2, body_hz, seat_hz, damping):
    """A seat on a road or a rail: random unevenness through body and seat, in all directions.

    Each of three independent sources has resonances near the stated ones; the axes mix them.
    """
    out = np.zeros((n, 3))
    for share in (1.0, uniform(rng, 0.3, 0.8), uniform(rng, 0.2, 0.6)):
        body = resonance(body_hz * uniform(rng, 0.85, 1.15), uniform(rng, 0.2, 0.4))
        chair = resonance(seat_hz * uniform(rng, 0.85, 1.15), uniform(rng, *damping))
        slope = uniform(rng, 0.6, 1.4)

        def density(f, body=body, chair=chair, slope=slope):
            f = np.maximum(f, 0.2)
            return (body(f) ** 0.5) * chair(f) / f**slope / (1.0 + (f / 18.0) ** 4)

        out += share * shaped_noise(rng, n, rate_hz, density)[:, None] * direction(rng)
    rough = np.exp(0.35 * slow(rng, n, rate_hz, spread(rng, 3.0, 20.0)))
    bends = shaped_noise(rng, n, rate_hz, lambda f: 1.0 / (1.0 + (f / 0.15) ** 4))
    out = out * rough[:, None] / np.sqrt((out**2).sum(axis=1).mean())
    return rms_ms2 * out + uniform(rng, 0.1, 0.5) * bends[:, None] * direction(rng)


# --- movements, gravity -----------------------------------------------------------------------


def sway(rng, n, rate_hz, *, degrees):
    """Small rotations of the leg about two axes, as rotation vectors, rad, shape (n, 3)."""
    corner = spread(rng, 0.1, 0.4)
    out = np.zeros((n, 3))
    for _ in range(2):
        angle = shaped_noise(rng, n, rate_hz, lambda f: 1.0 / (1.0 + (f / corner) ** 4))
        out += np.radians(degrees) * angle[:, None] * direction(rng)
    return out


def turned(gravity, vectors):
    """Gravity as felt by a sensor that turns by rotation vectors, rad, shape (n, 3)."""
    return Rotation.from_rotvec(vectors).apply(gravity + np.zeros(vectors.shape))


def turn(n, rate_hz, *, at_s, takes_s, degrees, axis):
    """One turn about an axis, smooth from ``at_s`` on, as rotation vectors, rad."""
    share = np.clip((np.arange(n) / rate_hz - at_s) / takes_s, 0.0, 1.0)
    smooth = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
    return np.radians(degrees) * smooth[:, None] * axis


def stirring(rng, n, rate_hz, *, at_s, takes_s, rms_ms2, centre_hz=1.5):
    """A movement of the leg: noise over some octaves around the centre, under a smooth hump."""
    t = np.arange(n) / rate_hz
    inside = (t >= at_s) & (t <= at_s + takes_s)
    m = int(inside.sum())
    out = np.zeros((n, 3))
    if m < 4:
        return out
    hump = np.sin(np.pi * (t[inside] - at_s) / takes_s) ** 2

    def density(f):
        return np.exp(-0.5 * (np.log(np.maximum(f, 0.05) / centre_hz) / 0.7) ** 2)

    for _ in range(2):
        signal = shaped_noise(rng, m, rate_hz, density)
        out[inside] += rms_ms2 * (hump * signal)[:, None] * direction(rng)
    return out


def knock(rng, n, rate_hz, *, at_s, peak_ms2, ring_hz, decay_s):
    """A knock at the leg or the sensor and its ringing."""
    out = np.zeros((n, 3))
    first = int(np.ceil(at_s * rate_hz))
    t = np.arange(first, min(n, first + int(8 * decay_s * rate_hz))) / rate_hz - at_s
    ring = peak_ms2 * np.exp(-t / decay_s) * np.cos(2.0 * np.pi * ring_hz * t)
    out[first : first + t.size] = ring[:, None] * direction(rng)
    return out


def on_and_off(rng, n, rate_hz, *, on_s, period_s):
    """Envelope of bursts, 0 to 1, with soft edges; their lengths vary by a tenth."""
    t = np.arange(n) / rate_hz
    out = np.zeros(n)
    at = uniform(rng, 0.0, period_s - on_s)
    while at < t[-1]:
        length = on_s * uniform(rng, 0.9, 1.1)
        out[(t >= at) & (t < at + length)] = 1.0
        at += period_s * uniform(rng, 0.93, 1.07)
    return gaussian_filter1d(out, 0.1 * rate_hz)


# --- sensor -----------------------------------------------------------------------------------


def sensor_noise(rng, n, rate_hz, *, density_ug):
    """Noise of a density in micro-g per root Hz, white with a little more below 1 Hz."""
    white = density_ug * 1e-6 * G_MS2 * np.sqrt(rate_hz / 2.0)
    out = white * rng.standard_normal((n, 3))
    for axis in range(3):
        wander = shaped_noise(rng, n, rate_hz, lambda f: 1.0 / np.maximum(f, 0.01))
        out[:, axis] += 0.2 * white * wander
    return out


def counted(samples, step_ms2):
    """Samples as the nearest number of steps."""
    return np.round(samples / step_ms2) * step_ms2


def lost_singly(rng, n, share):
    return rng.random(n) < share


def lost_packets(rng, n, share, size=8):
    packets = rng.random(-(-n // size)) < share
    return np.repeat(packets, size)[:n]


def lost_regularly(rng, n, rate_hz, *, hole_s, each_s):
    """A hole at regular times; its samples are those that fall in it."""
    t = np.arange(n) / rate_hz
    size = max(1, round(hole_s * rate_hz))
    start = uniform(rng, 0.0, each_s)
    number = np.floor((t - start) / each_s)
    first = np.ceil((start + number * each_s) * rate_hz - 1e-9)
    return (np.arange(n) - first) < size
