"""The leg at rest: its tremor, its sway, and the heartbeat that makes it ring."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tremor.recording import Floats
from tremor.synthesis.events import damped_oscillation, superpose
from tremor.synthesis.parts import BELLY, Layer, Span
from tremor.synthesis.signals import (
    Direction,
    decay_rms,
    ornstein_uhlenbeck,
    polarisation,
    polarised,
    power_law_noise,
    unit_vector,
)

__all__ = ["Heartbeat", "Sway", "Tremor", "render_heartbeat", "render_sway", "render_tremor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tremor(Span):
    """A narrowband tremor, steady or fading with rest.

    Parameters
    ----------
    frequency_hz, bandwidth_hz : float
        Centre and half-power full width of the line, Hz.
    initial_rms_ms2, half_life_s, floor_rms_ms2
        As in `decay_rms`; the rest begins with the part.
    waxing_log_sd, waxing_time_s : float
        Waxing and waning: standard deviation of the log amplitude and its correlation time, s.
        The mean power stays that of `decay_rms`.
    wander_hz, wander_time_s : float
        Slow wander of the centre: standard deviation, Hz, and correlation time, s.
    second_harmonic_ratio : float
        RMS of the second harmonic over that of the line, in addition to it.
    direction, axis_ratio
        As in `polarisation`.
    start_s, end_s : float, float or None
        As for every part.
    """

    frequency_hz: float = 8.5
    bandwidth_hz: float = 0.8
    initial_rms_ms2: float = 0.3
    half_life_s: float | None = None
    floor_rms_ms2: float = 0.0
    waxing_log_sd: float = 0.15
    waxing_time_s: float = 6.0
    wander_hz: float = 0.0
    wander_time_s: float = 60.0
    second_harmonic_ratio: float = 0.0
    direction: Direction = BELLY
    axis_ratio: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sway(Span):
    """Slow movement of a limb that is held up or leant on; as `power_law_noise`.

    Parameters
    ----------
    rms_ms2 : float
        RMS of the vector, m/s^2; most of it lies around and below the corner.
    corner_hz : float
        Corner frequency, Hz.
    exponent : float
        Exponent of the power law of the PSD above it.
    start_s, end_s : float, float or None
        As for every part.
    """

    rms_ms2: float = 0.012
    corner_hz: float = 0.3
    exponent: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Span):
    """Heartbeats that excite the lightly damped resonance of the relaxed muscle.

    Parameters
    ----------
    rms_ms2 : float
        RMS of the vector, m/s^2, at the resting rate.
    initial_rate_hz, rate_hz, settling_time_s : float
        Heart rate at the start, Hz, the rate that it settles to, Hz, and the time constant, s.
    variability : float
        Relative standard deviation of the beat interval; half of its variance follows breathing.
    resonance_hz, decay_s : float
        Frequency of the ringing, Hz, and its time constant, s.
    strength_log_sd : float
        Standard deviation of the log strength from beat to beat.
    breath_hz, breath_strength : float
        Breathing rate, Hz, and the relative amplitude by which it modulates the beats.
    direction : tuple of float
        Of the ringing.
    start_s, end_s : float, float or None
        As for every part.
    """

    rms_ms2: float = 0.008
    initial_rate_hz: float = 1.1
    rate_hz: float = 1.1
    settling_time_s: float = 90.0
    variability: float = 0.04
    resonance_hz: float = 8.0
    decay_s: float = 0.15
    strength_log_sd: float = 0.2
    breath_hz: float = 0.25
    breath_strength: float = 0.0
    direction: Direction = (0.30, 0.20, 0.93)


def render_tremor(part: Tremor, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate a tremor, with its expected RMS and centre frequency at each time."""
    line_rng, waxing_rng, wander_rng = rng.spawn(3)
    time_s = np.arange(n) / fs
    rms_ms2 = decay_rms(
        time_s,
        initial_rms_ms2=part.initial_rms_ms2,
        half_life_s=part.half_life_s,
        floor_rms_ms2=part.floor_rms_ms2,
    )
    z = ornstein_uhlenbeck(n, fs, decay_per_s=math.pi * part.bandwidth_hz, rng=line_rng)
    slow = math.sqrt(2.0)
    log_amplitude = (
        slow
        * part.waxing_log_sd
        * ornstein_uhlenbeck(n, fs, decay_per_s=1.0 / part.waxing_time_s, rng=waxing_rng).real
    )
    frequency_hz = np.full(n, part.frequency_hz)
    if part.wander_hz:
        frequency_hz += (
            slow
            * part.wander_hz
            * ornstein_uhlenbeck(n, fs, decay_per_s=1.0 / part.wander_time_s, rng=wander_rng).real
        )
    # exp(g - sd^2) has a mean square of 1 for Gaussian g.
    z *= math.sqrt(2.0) * rms_ms2 * np.exp(log_amplitude - part.waxing_log_sd**2)
    z *= np.exp(2j * np.pi * np.cumsum(frequency_hz) / fs)
    vector = polarisation(part.direction, axis_ratio=part.axis_ratio)
    acceleration = polarised(z, vector)
    if part.second_harmonic_ratio:
        size = np.maximum(np.abs(z), np.finfo(np.float64).tiny)
        acceleration += part.second_harmonic_ratio * polarised(z * z / size, vector)
    return Layer(acceleration_ms2=acceleration, rms_ms2=rms_ms2, frequency_hz=frequency_hz)


def render_sway(part: Sway, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate the slow movement of a limb."""
    return Layer(
        acceleration_ms2=power_law_noise(
            n, fs, exponent=part.exponent, corner_hz=part.corner_hz, rms=part.rms_ms2, rng=rng
        )
    )


def render_heartbeat(part: Heartbeat, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate heartbeats that make the muscle ring; the events are the beats."""
    beats: list[float] = []
    time_s, slow = -rng.uniform(0.0, 1.0 / part.initial_rate_hz), 0.0
    while time_s < n / fs:
        beats.append(time_s)
        rate_hz = part.rate_hz + (part.initial_rate_hz - part.rate_hz) * math.exp(
            -max(time_s, 0.0) / part.settling_time_s
        )
        slow = 0.8 * slow + 0.6 * rng.standard_normal()
        breath = math.sqrt(2.0) * math.sin(2.0 * math.pi * part.breath_hz * time_s)
        time_s += (1.0 + part.variability * math.sqrt(0.5) * (breath + slow)) / rate_hz
    times_s = np.array(beats)

    def kernel(since_s: Floats) -> Floats:
        # The body recoils twice: as the blood leaves the heart, and as it turns in the aortic arch.
        first = damped_oscillation(since_s, part.resonance_hz, part.decay_s)
        late_s = np.maximum(since_s - 0.11, 0.0)
        return first + 0.5 * damped_oscillation(late_s, part.resonance_hz, part.decay_s)

    length_s = 0.11 + 7.0 * part.decay_s
    grid_s = np.arange(0.0, length_s, 5e-4)
    energy = float((kernel(grid_s) ** 2).sum()) * 5e-4
    strength = np.exp(
        part.strength_log_sd * rng.standard_normal(len(times_s)) - part.strength_log_sd**2
    )
    strength *= 1.0 + part.breath_strength * np.sin(2.0 * np.pi * part.breath_hz * times_s)
    strength *= part.rms_ms2 / math.sqrt(part.rate_hz * energy)
    acceleration = superpose(
        n,
        fs,
        times_s=times_s,
        vectors=strength[:, None] * unit_vector(part.direction),
        kernel=kernel,
        length_s=length_s,
    )
    return Layer(acceleration_ms2=acceleration, event_s=times_s[times_s >= 0.0])
