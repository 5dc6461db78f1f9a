"""Scenes, and their rendering to samples with the truth behind them.

Predefined scenes are ``scenes``; random ones are ``variation``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.recording import AXES, Floats, Gap, SampleBlock, gaps_of, read_only
from tremor.synthesis.leg import (
    Heartbeat,
    Sway,
    Tremor,
    render_heartbeat,
    render_sway,
    render_tremor,
)
from tremor.synthesis.movements import (
    Fidgets,
    Gait,
    Stomping,
    render_fidgets,
    render_gait,
    render_stomping,
)
from tremor.synthesis.parts import UP_SHANK, Layer
from tremor.synthesis.sensors import Loss, Sensor, SensorClock, digitise
from tremor.synthesis.signals import Direction, power_law_noise, unit_vector
from tremor.synthesis.surroundings import (
    Impacts,
    Tone,
    Vibration,
    render_impacts,
    render_tone,
    render_vibration,
)
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["Part", "Posture", "Rendered", "Scene", "packets", "render"]

Part: TypeAlias = Tremor | Tone | Sway | Heartbeat | Impacts | Fidgets | Gait | Vibration | Stomping


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """A time span of one posture.

    Parameters
    ----------
    start_s, end_s : float
        From the start of the scene, s.
    label : str
        Such as ``seated`` or ``walking``.
    up : tuple of float
        The upward direction in the axes of the sensor.
    """

    start_s: float
    end_s: float
    label: str
    up: Direction = UP_SHANK


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A leg, what moves it, and the sensor on it, with every physical parameter.

    Parameters
    ----------
    duration_s : float
        s.
    clock, sensor : SensorClock, Sensor
        The accelerometer.
    postures : tuple of Posture
        In order of time; the first extends back to the start, the last to the end.
    parts : tuple of Part
        At most one of them is a `Tremor`.
    losses : tuple of Loss
        Time spans that never arrive. A packet that overlaps one is lost as a whole.
    gravity_ms2 : float
        9.80665, or zero for a sensor that removes it, m/s^2.
    tilt_sd_deg, tilt_corner_hz : float
        Slow tilt of the leg: standard deviation, degrees, and corner of its spectrum, Hz.
    name : str
        Name in the table of scenes, if it came from there.

    Raises
    ------
    InvalidInputError
        If the scene is shorter than two samples, has no posture or more than one tremor, or a
        tremor beyond the Nyquist frequency.
    """

    duration_s: float
    clock: SensorClock
    postures: tuple[Posture, ...]
    parts: tuple[Part, ...] = ()
    sensor: Sensor = field(default_factory=Sensor)
    losses: tuple[Loss, ...] = ()
    gravity_ms2: float = STANDARD_GRAVITY_MS2
    tilt_sd_deg: float = 0.6
    tilt_corner_hz: float = 0.02
    name: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.duration_s) and self.duration_s * self.clock.true_rate_hz >= 2):
            raise InvalidInputError(
                f"a scene of {self.duration_s} s at {self.clock.true_rate_hz:g} Hz holds fewer "
                "than 2 samples; make it longer"
            )
        if not self.postures:
            raise InvalidInputError("a scene needs at least one posture")
        if sum(isinstance(part, Tremor) for part in self.parts) > 1:
            raise InvalidInputError("a scene holds at most one tremor, so that its truth is one")
        nyquist_hz = 0.5 * self.clock.true_rate_hz
        if self.tremor is not None and not 0.0 < self.tremor.frequency_hz < nyquist_hz:
            raise InvalidInputError(
                f"tremor at {self.tremor.frequency_hz:g} Hz lies outside of 0 to "
                f"{nyquist_hz:g} Hz, the Nyquist frequency; lower it or sample faster"
            )
        if self.tremor is not None and not 0.0 <= self.tremor.bandwidth_hz < nyquist_hz:
            raise InvalidInputError(
                f"tremor is {self.tremor.bandwidth_hz:g} Hz wide, which is not below "
                f"{nyquist_hz:g} Hz, the Nyquist frequency; make it narrower"
            )

    @property
    def tremor(self) -> Tremor | None:
        """Return the tremor of the scene, if there is one."""
        return next((part for part in self.parts if isinstance(part, Tremor)), None)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Rendered:
    """Samples of a scene, and the truth behind them.

    Parameters
    ----------
    scene : Scene
        The scene with every parameter.
    seed : int
        Seed of the randomness.
    time_s : ndarray, shape (n,)
        True time of every sample, s; evenly spaced by 1 / ``sampling_rate_hz``.
    acceleration_ms2 : ndarray, shape (n, 3)
        Readings of the sensor, including samples that are lost, m/s^2.
    stamp_s : ndarray, shape (n,)
        Time stamp of each sample, s.
    arrival_s : ndarray, shape (n,)
        Arrival of the packet of each sample, s.
    kept : ndarray of bool, shape (n,)
        False where a sample never arrives.
    gaps : tuple of Gap
        The runs of lost samples.
    tremor_ms2 : ndarray, shape (n, 3)
        The tremor alone, m/s^2; zero where there is none.
    tremor_rms_ms2 : ndarray, shape (n,)
        Expected RMS of the line at each time, before waxing and waning, m/s^2.
    tremor_frequency_hz : ndarray, shape (n,)
        Centre of the line at each time, Hz; NaN where there is no tremor.
    beat_time_s, stride_time_s : ndarray, shape (n_events,)
        Times of the heartbeats and of the strides (or stomps), s.
    """

    scene: Scene
    seed: int
    time_s: Floats
    acceleration_ms2: Floats
    stamp_s: Floats
    arrival_s: Floats
    kept: npt.NDArray[np.bool_]
    gaps: tuple[Gap, ...]
    tremor_ms2: Floats
    tremor_rms_ms2: Floats
    tremor_frequency_hz: Floats
    beat_time_s: Floats
    stride_time_s: Floats

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, read_only(value, value.dtype))

    @property
    def sampling_rate_hz(self) -> float:
        """Return the true sampling rate, Hz."""
        return self.scene.clock.true_rate_hz


#: Time that the leg takes from one posture to the next, s.
_TURN_S: Final = 1.5
_RENDERERS: Final[Mapping[type, Callable[[Any, int, float, np.random.Generator], Layer]]] = (
    MappingProxyType(
        {
            Tremor: render_tremor,
            Tone: render_tone,
            Sway: render_sway,
            Heartbeat: render_heartbeat,
            Impacts: render_impacts,
            Fidgets: render_fidgets,
            Gait: render_gait,
            Vibration: render_vibration,
            Stomping: render_stomping,
        }
    )
)


def render(scene: Scene, *, seed: int) -> Rendered:
    """Render a scene to samples, with the truth behind them.

    Parameters
    ----------
    scene : Scene
        The scene.
    seed : int
        The same seed gives the same samples; each part has its own stream of random numbers.

    Returns
    -------
    Rendered
        Samples, stamps, losses and truth.

    Examples
    --------
    >>> from tremor.synthesis import SCENES
    >>> clock = SensorClock(nominal_rate_hz=104.0, rate_error=0.01)
    >>> rendered = render(SCENES["steady"](clock=clock, duration_s=20.0), seed=1)
    >>> rendered.acceleration_ms2.shape, round(rendered.sampling_rate_hz, 2)
    ((2100, 3), 105.04)
    """
    fs = scene.clock.true_rate_hz
    n = math.floor(scene.duration_s * fs + 1e-9)
    root = np.random.SeedSequence(seed)
    gravity_seed, sensor_seed, clock_seed, parts_seed = root.spawn(4)
    time_s = np.arange(n) / fs
    motion = _gravity_ms2(scene, time_s, fs, np.random.default_rng(gravity_seed))
    tremor_ms2 = np.zeros((n, len(AXES)))
    tremor_rms_ms2 = np.zeros(n)
    tremor_frequency_hz = np.full(n, np.nan)
    beats, strides = [np.zeros(0)], [np.zeros(0)]
    for part, part_seed in zip(scene.parts, parts_seed.spawn(len(scene.parts)), strict=True):
        first = min(n, max(0, math.ceil(part.start_s * fs)))
        last = n if part.end_s is None else min(n, max(first, math.ceil(part.end_s * fs)))
        if last == first:
            continue
        layer = _RENDERERS[type(part)](part, last - first, fs, np.random.default_rng(part_seed))
        motion[first:last] += layer.acceleration_ms2
        if isinstance(part, Tremor):
            tremor_ms2[first:last] = layer.acceleration_ms2
            tremor_rms_ms2[first:last] = layer.rms_ms2
            tremor_frequency_hz[first:last] = layer.frequency_hz
        elif isinstance(part, Heartbeat):
            beats.append(layer.event_s + first / fs)
        elif isinstance(part, Gait | Stomping):
            strides.append(layer.event_s + first / fs)
    stamp_s, arrival_s, kept = _clock_samples(scene, n, np.random.default_rng(clock_seed))
    # Many arguments: a record of all that is known of the samples, each field by its name.
    return Rendered(
        scene=scene,
        seed=seed,
        time_s=time_s,
        acceleration_ms2=digitise(motion, scene.sensor, fs, np.random.default_rng(sensor_seed)),
        stamp_s=stamp_s,
        arrival_s=arrival_s,
        kept=kept,
        gaps=gaps_of(~kept, sampling_rate_hz=fs),
        tremor_ms2=tremor_ms2,
        tremor_rms_ms2=tremor_rms_ms2,
        tremor_frequency_hz=tremor_frequency_hz,
        beat_time_s=np.sort(np.concatenate(beats)),
        stride_time_s=np.sort(np.concatenate(strides)),
    )


def _gravity_ms2(scene: Scene, time_s: Floats, fs: float, rng: np.random.Generator) -> Floats:
    """Compute gravity in the axes of the sensor, with the postures and the slow tilt of the leg."""
    up = np.tile(unit_vector(scene.postures[0].up), (len(time_s), 1))
    for posture in scene.postures[1:]:
        turn = np.clip((time_s - posture.start_s) / _TURN_S + 0.5, 0.0, 1.0)
        share = (turn * turn * (3.0 - 2.0 * turn))[:, None]
        up = (1.0 - share) * up + share * unit_vector(posture.up)
    tilt = power_law_noise(
        len(time_s),
        fs,
        exponent=4.0,
        corner_hz=scene.tilt_corner_hz,
        rms=math.sqrt(len(AXES)) * math.radians(scene.tilt_sd_deg),
        rng=rng,
    )
    up = up + tilt - up * np.einsum("ij,ij->i", up, tilt)[:, None]
    return np.asarray(scene.gravity_ms2 * up / np.sqrt(np.einsum("ij,ij->i", up, up))[:, None])


def _clock_samples(
    scene: Scene, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Compute the stamps and the arrivals, s, of all samples, and which of them arrive."""
    clock, fs = scene.clock, scene.clock.true_rate_hz
    stamp_rng, latency_rng, loss_rng = rng.spawn(3)
    time_s = np.arange(n) / fs
    packet = np.arange(n) // clock.packet_samples
    n_packets = int(packet[-1]) + 1
    complete_s = ((np.arange(n_packets) + 1) * clock.packet_samples - 1) / fs
    delay_s = clock.latency_s + latency_rng.exponential(clock.latency_jitter_s, n_packets)
    arrival_s = np.maximum.accumulate(complete_s + delay_s)[packet]
    lost = np.zeros(n, dtype=np.bool_)
    for loss in scene.losses:
        lost |= (time_s >= loss.start_s) & (time_s < loss.start_s + loss.duration_s)
    lost_packets = loss_rng.uniform(size=n_packets) < clock.packet_loss
    lost_packets[packet[lost]] = True
    stamp_s = {
        "device": time_s,
        "packet": arrival_s,
        "nominal": np.arange(n) / clock.nominal_rate_hz,
    }[clock.stamps]
    if clock.stamps == "device" and clock.stamp_jitter_s:
        stamp_s = np.sort(stamp_s + clock.stamp_jitter_s * stamp_rng.standard_normal(n))
    if clock.stamp_resolution_s:
        steps_per_s = 1.0 / clock.stamp_resolution_s
        stamp_s = np.round(stamp_s * steps_per_s) / steps_per_s
    return stamp_s, arrival_s, ~lost_packets[packet]


def packets(rendered: Rendered) -> tuple[SampleBlock, ...]:
    """Return the packets that arrive, as a sensor delivers them.

    Parameters
    ----------
    rendered : Rendered
        Result of `render`.

    Returns
    -------
    tuple of SampleBlock
        In order of arrival; a lost packet is a jump of ``first_index``. They have device stamps if
        the clock has.
    """
    clock = rendered.scene.clock
    blocks = []
    for first in range(0, len(rendered.time_s), clock.packet_samples):
        if rendered.kept[first]:
            rows = slice(first, first + clock.packet_samples)
            blocks.append(
                SampleBlock(
                    first_index=first,
                    acceleration_ms2=rendered.acceleration_ms2[rows],
                    arrival_s=float(rendered.arrival_s[first]),
                    device_time_s=rendered.stamp_s[rows] if clock.stamps == "device" else None,
                )
            )
    return tuple(blocks)
