"""Signals and whole scenes of known truth: a runner's leg as a strapped accelerometer sees it.

For tests, benchmarks, notebooks and the simulated sensor. It is the one place in this folder that
speaks of tremor, gait and heartbeats, because it makes them; nothing here measures anything, and
nothing here reads or writes files.

Acceleration is specific force along the sensor's x, y, z in m/s^2: at rest it points up and has the
length of gravity. By the default directions x runs up the shank, y sideways, z out of the muscle.
Randomness is always an argument, and every part of a scene draws from its own stream: adding a part
leaves the others as they were.

One subject a file: bare signals (``signals``), things that happen at moments (``events``), what a
leg does and suffers (``leg``, ``movements``, ``surroundings``), the ``sensors``, and whole scenes
(``rendering``, ``scenes``, ``variation``).
"""

from tremor.synthesis.leg import Heartbeat, Sway, Tremor
from tremor.synthesis.movements import Fidgets, Gait, Stomping
from tremor.synthesis.rendering import Part, Posture, Rendered, Scene, packets, render
from tremor.synthesis.scenes import SCENES
from tremor.synthesis.sensors import Loss, Sensor, SensorClock
from tremor.synthesis.signals import (
    decay_rms,
    narrowband,
    ornstein_uhlenbeck,
    polarisation,
    power_law_noise,
    tone,
)
from tremor.synthesis.surroundings import Impacts, Tone, Vibration
from tremor.synthesis.variation import vary

__all__ = [
    "SCENES",
    "Fidgets",
    "Gait",
    "Heartbeat",
    "Impacts",
    "Loss",
    "Part",
    "Posture",
    "Rendered",
    "Scene",
    "Sensor",
    "SensorClock",
    "Stomping",
    "Sway",
    "Tone",
    "Tremor",
    "Vibration",
    "decay_rms",
    "narrowband",
    "ornstein_uhlenbeck",
    "packets",
    "polarisation",
    "power_law_noise",
    "render",
    "tone",
    "vary",
]
