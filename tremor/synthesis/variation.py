"""Random variation of scenes over the physiological range of their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from tremor.synthesis.leg import Heartbeat, Sway, Tremor
from tremor.synthesis.movements import Fidgets, Gait, Stomping
from tremor.synthesis.rendering import Scene
from tremor.synthesis.signals import random_direction
from tremor.synthesis.surroundings import Impacts, Tone, Vibration
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["vary"]


def _scaled(value: float, factor: float, rng: np.random.Generator) -> float:
    """Multiply by a factor drawn log-uniformly from 1 / factor to factor."""
    return float(value * math.exp(rng.uniform(-1.0, 1.0) * math.log(factor)))


def _log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def _vary_tremor(part: Tremor, rng: np.random.Generator) -> Tremor:
    return replace(
        part,
        frequency_hz=float(rng.uniform(4.5, 11.5)),
        bandwidth_hz=float(rng.uniform(0.25, 1.5)),
        initial_rms_ms2=_log_uniform(0.08, 0.6, rng),
        half_life_s=None if part.half_life_s is None else _log_uniform(30.0, 150.0, rng),
        floor_rms_ms2=part.floor_rms_ms2 and _log_uniform(0.02, 0.08, rng),
        direction=random_direction(rng),
        axis_ratio=float(rng.uniform(0.0, 0.7)),
    )


def _vary_heartbeat(part: Heartbeat, rng: np.random.Generator) -> Heartbeat:
    ratio = part.initial_rate_hz / part.rate_hz
    rate_hz = float(rng.uniform(0.9, 2.2 if ratio == 1.0 else 1.5))
    return replace(
        part,
        rate_hz=rate_hz,
        initial_rate_hz=ratio * rate_hz,
        rms_ms2=_scaled(part.rms_ms2, 1.5, rng),
        resonance_hz=float(rng.uniform(5.0, 12.0)),
        decay_s=_log_uniform(0.08, 0.25, rng),
        direction=random_direction(rng),
    )


def _vary_gait(part: Gait, rng: np.random.Generator) -> Gait:
    return replace(
        part,
        step_rate_hz=_scaled(part.step_rate_hz, 1.12, rng),
        rms_ms2=_scaled(part.rms_ms2, 1.4, rng),
        impact_ms2=_scaled(part.impact_ms2, 2.0, rng),
        wobble_ms2=_scaled(part.wobble_ms2, 2.0, rng),
        wobble_hz=_scaled(part.wobble_hz, 1.3, rng),
        stride_variability=_scaled(part.stride_variability, 1.5, rng),
    )


_VARIERS: Final[Mapping[type, Callable[[Any, np.random.Generator], Any]]] = MappingProxyType(
    {
        Tremor: _vary_tremor,
        Heartbeat: _vary_heartbeat,
        Gait: _vary_gait,
        Tone: lambda part, rng: replace(
            part,
            frequency_hz=_scaled(part.frequency_hz, 1.2, rng),
            rms_ms2=_scaled(part.rms_ms2, 2.0, rng),
            direction=random_direction(rng),
        ),
        Sway: lambda part, rng: replace(
            part,
            rms_ms2=_scaled(part.rms_ms2, 1.5, rng),
            corner_hz=_scaled(part.corner_hz, 1.5, rng),
        ),
        Impacts: lambda part, rng: replace(
            part,
            rate_hz=_scaled(part.rate_hz, 1.5, rng),
            peak_ms2=_scaled(part.peak_ms2, 2.0, rng),
            ring_hz=_log_uniform(10.0, 40.0, rng),
            decay_s=_log_uniform(0.03, 0.1, rng),
        ),
        Fidgets: lambda part, rng: replace(
            part,
            rate_hz=_scaled(part.rate_hz, 1.5, rng),
            rms_ms2=_scaled(part.rms_ms2, 2.0, rng),
        ),
        Vibration: lambda part, rng: replace(
            part,
            rms_ms2=_scaled(part.rms_ms2, 2.0, rng),
            low_hz=_scaled(part.low_hz, 1.5, rng),
            high_hz=_scaled(part.high_hz, 1.5, rng),
        ),
        Stomping: lambda part, rng: replace(
            part,
            rate_hz=float(rng.uniform(2.0, 4.5)),
            rms_ms2=_scaled(part.rms_ms2, 2.0, rng),
            impact_ms2=_scaled(part.impact_ms2, 2.0, rng),
        ),
    }
)


def vary(scene: Scene, rng: np.random.Generator) -> Scene:
    """Draw another scene of the same kind from the physiological range of its parameters.

    Parameters
    ----------
    scene : Scene
        The scene to vary. Its clock, timeline and losses stay.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Scene
        Tremor of 4.5 to 11.5 Hz, width 0.25 to 1.5 Hz, 0.08 to 0.6 m/s^2; heartbeats of 0.9 to
        2.2 Hz that ring at 5 to 12 Hz; levels of the rest within a factor of 1.4 to 2; noise of
        27 to 160 ug/sqrt(Hz) and a gain within 3 %.

    Examples
    --------
    >>> from tremor.synthesis import SCENES, SensorClock
    >>> clock = SensorClock(nominal_rate_hz=100.0)
    >>> scene = vary(SCENES["steady"](clock=clock, duration_s=30.0), np.random.default_rng(3))
    >>> scene.tremor is not None and 0.25 <= scene.tremor.bandwidth_hz <= 1.5
    True
    """
    return replace(
        scene,
        parts=tuple(_VARIERS[type(part)](part, rng) for part in scene.parts),
        sensor=replace(
            scene.sensor,
            noise_density_ms2_per_rthz=_log_uniform(27e-6, 160e-6, rng) * STANDARD_GRAVITY_MS2,
            gain=float(rng.uniform(0.97, 1.03)),
        ),
        tilt_sd_deg=_scaled(scene.tilt_sd_deg, 2.0, rng),
    )
