"""Synthetic signals and scenes of known truth: a runner's leg as a strapped accelerometer sees it.

For tests, benchmarks, notebooks and the simulated sensor. Nothing here measures anything, and
nothing here reads or writes files.

Acceleration is specific force along the sensor's x, y, z in m/s^2: at rest it points up and has the
magnitude of gravity. With the default directions x points up the shank, y sideways, z out of the
muscle. Randomness is always an argument, and every part of a scene has its own random stream:
adding a part does not change the others.

One subject a file: signals (``signals``), events in time (``events``), the leg and what acts on it
(``leg``, ``movements``, ``surroundings``), the ``sensors``, and whole scenes (``rendering``,
``scenes``, ``variation``).
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
