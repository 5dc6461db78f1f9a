"""The leg on which the scenes of another hand take place, and the record of what is true of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import other_hand as oh
from other_hand import spread, uniform

RATES_HZ = (50.0, 52.0, 62.5, 64.0, 100.0, 104.0, 128.0, 200.0)


@dataclass(frozen=True)
class Line:
    """True centre, half-power width and vector RMS of a tremor."""

    frequency_hz: float
    bandwidth_hz: float
    rms_ms2: float


@dataclass(frozen=True)
class Scene:
    """One capture, NaN where samples are lost, and what is true of it.

    `whole` are the samples before some were lost; None where none were.
    """

    acceleration_ms2: np.ndarray
    rate_hz: float
    lines: tuple[Line, ...] = ()
    facts: dict = field(default_factory=dict)
    whole: np.ndarray | None = None


class Leg:
    """A sensor on a still leg: gravity that sways, a faint heart, noise; the rest is added.

    `gravity` and `motion` are what the sensor feels, shape (n, 3), m/s^2.
    """

    def __init__(
        self, rng, duration_s, *, rates=RATES_HZ, sway_deg=(0.05, 0.4), heart_ms2=(0.001, 0.006)
    ):
        self.rng = rng
        self.rate_hz = float(rng.choice(rates))
        self.n = int(duration_s * self.rate_hz)
        self.duration_s = self.n / self.rate_hz
        self.t = np.arange(self.n) / self.rate_hz
        swaying = oh.sway(rng, self.n, self.rate_hz, degrees=spread(rng, *sway_deg))
        self.gravity = oh.turned(oh.G_MS2 * oh.direction(rng), swaying)
        self.motion = oh.sensor_noise(rng, self.n, self.rate_hz, density_ug=spread(rng, 40, 250))
        self.motion += oh.heart(rng, self.n, self.rate_hz, rms_ms2=spread(rng, *heart_ms2))

    def narrowband(self, frequency_hz, bandwidth_hz, *, how=None):
        """A tremor of unit variance by one of the methods."""
        how = how or oh.NARROWBAND[self.rng.choice(sorted(oh.NARROWBAND))]
        return how(self.rng, self.n, self.rate_hz, frequency_hz, bandwidth_hz)

    def shake(self, signal, rms_ms2, *, gain=1.0):
        """Let the leg shake along a direction or an ellipse."""
        roundness = float(self.rng.choice([0.0, uniform(self.rng, 0.05, 0.5)]))
        self.motion += rms_ms2 * oh.moving_along(
            self.rng, np.asarray(signal) * gain, roundness=roundness
        )

    def tremor(self, frequency_hz, bandwidth_hz, rms_ms2, *, gain=1.0, how=None):
        self.shake(self.narrowband(frequency_hz, bandwidth_hz, how=how), rms_ms2, gain=gain)
        return Line(frequency_hz, bandwidth_hz, rms_ms2)

    def waxing(self, sd, correlation_s=10.0):
        """Log-normal waxing and waning of mean square one."""
        log = sd * oh.slow(self.rng, self.n, self.rate_hz, correlation_s)
        return np.exp(log - sd**2)

    def posture(self, at_s, *, degrees, stir_ms2):
        """Turn the leg about an axis that is level; return the share of the turn, 0 to 1."""
        rng, takes_s = self.rng, uniform(self.rng, 1.0, 3.0)
        axis = oh.across(rng, self.gravity[-1] / oh.G_MS2)
        vectors = oh.turn(
            self.n, self.rate_hz, at_s=at_s, takes_s=takes_s, degrees=degrees, axis=axis
        )
        self.gravity = oh.turned(self.gravity, vectors)
        self.motion += oh.stirring(
            rng, self.n, self.rate_hz, at_s=at_s, takes_s=takes_s + 0.5, rms_ms2=stir_ms2
        )
        return np.linalg.norm(vectors, axis=1) / np.radians(abs(degrees))

    def scene(self, *lines, lost=None, step_ms2=None, **facts):
        samples = self.gravity + self.motion
        if step_ms2 is not None:
            samples = oh.counted(samples, step_ms2)
        if lost is None:
            return Scene(samples, self.rate_hz, lines, facts)
        kept = np.where(lost[:, None], np.nan, samples)
        return Scene(kept, self.rate_hz, lines, facts, whole=samples)


def usual(rng, **given):
    """Frequency, width and RMS of a usual tremor of a leg."""
    drawn = {
        "frequency_hz": uniform(rng, 4.5, 11.0),
        "bandwidth_hz": spread(rng, 0.3, 1.2),
        "rms_ms2": spread(rng, 0.1, 0.8),
    }
    return drawn | given
