"""External influences on the leg: machines, vehicles, knocks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tremor.recording import AXES, Floats
from tremor.synthesis.events import damped_oscillation, poisson_times, pulse, superpose
from tremor.synthesis.parts import Layer, Span
from tremor.synthesis.signals import Direction, shaped_noise, tone

__all__ = ["Impacts", "Tone", "Vibration", "render_impacts", "render_tone", "render_vibration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone(Span):
    """A pure tone, such as that of a machine; as `tone`, with a random phase."""

    frequency_hz: float = 12.0
    rms_ms2: float = 0.1
    direction: Direction = (0.0, 0.0, 1.0)
    axis_ratio: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Impacts(Span):
    """Knocks on the leg or on the sensor, at random times and from random directions.

    Parameters
    ----------
    rate_hz : float
        Mean number in a second, Hz.
    peak_ms2, peak_log_sd : float
        Median peak, m/s^2, and the standard deviation of its logarithm.
    ring_hz, decay_s : float
        Frequency, Hz, and time constant, s, of the ringing of the strap.
    start_s, end_s : float, float or None
        As for every part.
    """

    rate_hz: float = 0.4
    peak_ms2: float = 3.0
    peak_log_sd: float = 0.6
    ring_hz: float = 18.0
    decay_s: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Vibration(Span):
    """External broadband vibration, such as that of a vehicle.

    Parameters
    ----------
    rms_ms2 : float
        RMS of the vector, m/s^2.
    low_hz, high_hz : float
        Half-power limits of the band, Hz.
    start_s, end_s : float, float or None
        As for every part.
    """

    rms_ms2: float = 0.3
    low_hz: float = 2.0
    high_hz: float = 40.0


def render_tone(part: Tone, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate a tone of random phase."""
    return Layer(
        acceleration_ms2=tone(
            n,
            fs,
            frequency_hz=part.frequency_hz,
            rms_ms2=part.rms_ms2,
            direction=part.direction,
            axis_ratio=part.axis_ratio,
            phase_rad=rng.uniform(0.0, 2.0 * math.pi),
        )
    )


def render_impacts(part: Impacts, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate knocks at random times, from random directions."""
    times_s = poisson_times(n, fs, part.rate_hz, rng)
    peaks = part.peak_ms2 * np.exp(part.peak_log_sd * rng.standard_normal(len(times_s)))
    directions = rng.standard_normal((len(times_s), len(AXES)))
    directions /= np.sqrt((directions**2).sum(axis=1, keepdims=True))
    rise_s = max(0.01, 0.6 / fs)

    def kernel(since_s: Floats) -> Floats:
        return pulse(since_s, rise_s) + 0.6 * damped_oscillation(
            since_s, part.ring_hz, part.decay_s
        )

    return Layer(
        acceleration_ms2=superpose(
            n,
            fs,
            times_s=times_s,
            vectors=peaks[:, None] * directions,
            kernel=kernel,
            length_s=8.0 * max(part.decay_s, rise_s),
        )
    )


def render_vibration(part: Vibration, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate noise within a band."""

    def psd(frequency_hz: Floats) -> Floats:
        low = (frequency_hz / part.low_hz) ** 4
        return np.asarray(low / (1.0 + low) / (1.0 + (frequency_hz / part.high_hz) ** 4))

    return Layer(acceleration_ms2=shaped_noise(n, fs, psd, rms=part.rms_ms2, rng=rng))
