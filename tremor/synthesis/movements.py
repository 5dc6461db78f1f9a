"""Voluntary movements of a runner: gait, stomping, and fidgeting."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tremor.recording import AXES
from tremor.synthesis.events import (
    cycle_times,
    damped_oscillation,
    harmonic_series,
    poisson_times,
    pulse,
    raised_cosine_edges,
    superpose,
)
from tremor.synthesis.parts import BELLY, UP_SHANK, Layer, Span
from tremor.synthesis.signals import random_direction, tone, unit_vector

__all__ = ["Fidgets", "Gait", "Stomping", "render_fidgets", "render_gait", "render_stomping"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidgets(Span):
    """Short low-frequency movements: shifting the leg, sitting down, touching the sensor.

    Parameters
    ----------
    rate_hz : float
        Mean number in a second.
    at_s : tuple of float
        Start times of additional ones in the scene, s.
    shortest_s, longest_s : float
        Limits of their duration, s.
    rms_ms2 : float
        RMS of the vector at the peak of one, m/s^2.
    low_hz, high_hz : float
        Limits of their frequencies, Hz.
    start_s, end_s : float, float or None
        As for every part.
    """

    rate_hz: float = 0.08
    at_s: tuple[float, ...] = ()
    shortest_s: float = 1.0
    longest_s: float = 2.0
    rms_ms2: float = 1.0
    low_hz: float = 0.4
    high_hz: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gait(Span):
    """Walking or running, as seen at the shank.

    Parameters
    ----------
    step_rate_hz : float
        Steps of both feet in a second; the stride rate is half of it.
    rms_ms2 : float
        RMS of the vector of the harmonics of the stride, m/s^2.
    stride_variability : float
        Relative standard deviation of the stride time.
    shape_variability : float
        Relative standard deviation of each harmonic from stride to stride.
    corner_hz, highest_hz : float
        The harmonics fall as 1/(1 + (f / corner)^2) and end at the highest frequency, Hz.
    impact_ms2, impact_rise_s : float
        Peak, m/s^2, and rise time, s, of the foot strike, up the shank; that of the other foot is
        a fifth of it.
    wobble_ms2, wobble_hz, wobble_decay_s : float
        Soft tissue after the strike: amplitude, m/s^2, frequency, Hz, and time constant, s.
    start_s, end_s : float, float or None
        As for every part.
    """

    step_rate_hz: float = 1.85
    rms_ms2: float = 3.0
    stride_variability: float = 0.02
    shape_variability: float = 0.12
    corner_hz: float = 2.5
    highest_hz: float = 20.0
    impact_ms2: float = 12.0
    impact_rise_s: float = 0.012
    wobble_ms2: float = 5.0
    wobble_hz: float = 16.0
    wobble_decay_s: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Stomping(Span):
    """A leg that stomps or taps on purpose; at most at about 5 Hz, and not quite regularly.

    Parameters
    ----------
    rate_hz, variability : float
        Stomps in a second and the relative standard deviation of their interval.
    rms_ms2 : float
        RMS of the vector of the lift and fall, m/s^2.
    impact_ms2 : float
        Peak of the strike, m/s^2.
    start_s, end_s : float, float or None
        As for every part.
    """

    rate_hz: float = 3.0
    variability: float = 0.06
    rms_ms2: float = 2.0
    impact_ms2: float = 10.0


def render_fidgets(part: Fidgets, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate short movements at random times and at given ones."""
    out = np.zeros((n, len(AXES)))
    given_s = np.array(part.at_s, dtype=np.float64) - part.start_s
    for begin_s in (*given_s, *poisson_times(n, fs, part.rate_hz, rng)):
        length = max(2, round(fs * rng.uniform(part.shortest_s, part.longest_s)))
        first = round(begin_s * fs)
        window = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(length) + 0.5) / length)
        movement = np.zeros((length, len(AXES)))
        for _ in range(4):
            movement += tone(
                length,
                fs,
                frequency_hz=rng.uniform(part.low_hz, part.high_hz),
                rms_ms2=0.5 * part.rms_ms2,
                direction=random_direction(rng),
                phase_rad=rng.uniform(0.0, 2.0 * math.pi),
            )
        low, high = max(first, 0), min(first + length, n)
        if low < high:
            inside = slice(low - first, high - first)
            out[low:high] += movement[inside] * window[inside, None]
    return Layer(acceleration_ms2=out)


def render_gait(part: Gait, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate gait: harmonics, foot strikes and wobble; the events are the strides."""
    stride_hz = 0.5 * part.step_rate_hz
    shape_rng, strike_rng = rng.spawn(2)
    strides_s = cycle_times(n, fs, rate_hz=stride_hz, variability=part.stride_variability, rng=rng)
    order = np.arange(1, max(1, int(min(part.highest_hz, 0.45 * fs) / stride_hz)) + 1)
    # Odd harmonics come from the difference between the legs; at one shank they are large.
    sizes = np.where(order % 2 == 0, 1.0, 0.7) / (1.0 + (order * stride_hz / part.corner_hz) ** 2)
    sizes = sizes * np.exp(0.3 * shape_rng.standard_normal(len(order)))
    acceleration = harmonic_series(
        n,
        fs,
        cycles_s=strides_s,
        sizes=sizes,
        rms_ms2=part.rms_ms2,
        shape_variability=part.shape_variability,
        rng=shape_rng,
    )
    rise_s = max(part.impact_rise_s, 0.6 / fs)
    strength = np.exp(0.15 * strike_rng.standard_normal(len(strides_s)))
    up, belly = unit_vector(UP_SHANK), unit_vector(BELLY)
    for delay_s, share in ((0.0, 1.0), (0.5 / stride_hz, 0.2)):
        acceleration += superpose(
            n,
            fs,
            times_s=strides_s + delay_s,
            vectors=share * part.impact_ms2 * strength[:, None] * up,
            kernel=lambda since_s: pulse(since_s, rise_s),
            length_s=10.0 * rise_s,
        )
        acceleration += superpose(
            n,
            fs,
            times_s=strides_s + delay_s,
            vectors=share * part.wobble_ms2 * strength[:, None] * belly,
            kernel=lambda since_s: damped_oscillation(since_s, part.wobble_hz, part.wobble_decay_s),
            length_s=8.0 * part.wobble_decay_s,
        )
    inside = strides_s[(strides_s >= 0.0) & (strides_s < n / fs)]
    # Strikes push one way only, but over many cycles the leg gains no speed.
    acceleration -= acceleration.mean(axis=0)
    return Layer(
        acceleration_ms2=acceleration * raised_cosine_edges(n, fs)[:, None], event_s=inside
    )


def render_stomping(part: Stomping, n: int, fs: float, rng: np.random.Generator) -> Layer:
    """Generate stomping: lift and fall with strikes; the events are the stomps."""
    stomps_s = cycle_times(n, fs, rate_hz=part.rate_hz, variability=part.variability, rng=rng)
    acceleration = harmonic_series(
        n,
        fs,
        cycles_s=stomps_s,
        sizes=np.array([1.0, 0.5, 0.2]),
        rms_ms2=part.rms_ms2,
        shape_variability=0.2,
        rng=rng,
    )
    rise_s = max(0.015, 0.6 / fs)
    strength = part.impact_ms2 * np.exp(0.3 * rng.standard_normal(len(stomps_s)))
    acceleration += superpose(
        n,
        fs,
        times_s=stomps_s,
        vectors=strength[:, None] * unit_vector(UP_SHANK),
        kernel=lambda since_s: (
            pulse(since_s, rise_s) + 0.5 * damped_oscillation(since_s, 15.0, 0.05)
        ),
        length_s=0.4,
    )
    inside = stomps_s[(stomps_s >= 0.0) & (stomps_s < n / fs)]
    # Strikes push one way only, but over many cycles the leg gains no speed.
    acceleration -= acceleration.mean(axis=0)
    return Layer(
        acceleration_ms2=acceleration * raised_cosine_edges(n, fs)[:, None], event_s=inside
    )
