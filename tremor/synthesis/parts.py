"""What the parts of a scene share: their time span, their result, and the usual directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tremor.recording import Floats
from tremor.synthesis.signals import Direction

__all__ = ["BELLY", "LEG_STRETCHED", "UP_SHANK", "Layer", "Span"]

#: Directions in the axes of the sensor: up for an upright leg, up for a stretched leg at rest, and
#: out of the muscle belly.
UP_SHANK: Final[Direction] = (0.98, 0.05, 0.19)
LEG_STRETCHED: Final[Direction] = (0.34, 0.10, 0.93)
BELLY: Final[Direction] = (0.25, 0.35, 0.90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time span of a part.

    Parameters
    ----------
    start_s, end_s : float, float or None
        From the start of the scene, s; None is the end of the scene.
    """

    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Layer:
    """The contribution of one part to a scene.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2.
    event_s : ndarray, shape (n_events,)
        Times of beats, strides or stomps from the start of the part, s.
    rms_ms2, frequency_hz : ndarray of shape (n,), or None
        Of a tremor: expected RMS, m/s^2, and centre, Hz, at each time.
    """

    acceleration_ms2: Floats
    event_s: Floats = field(default_factory=lambda: np.zeros(0))
    rms_ms2: Floats | None = None
    frequency_hz: Floats | None = None
