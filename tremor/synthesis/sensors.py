"""The accelerometer: noise, full scale and resolution; its clock, time stamps and packet loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tremor.errors import InvalidInputError
from tremor.recording import Floats
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["Loss", "Sensor", "SensorClock", "Stamps", "digitise"]

Stamps = Literal["device", "packet", "nominal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Noise, full scale and resolution of an accelerometer.

    Parameters
    ----------
    noise_density_ms2_per_rthz : float
        White noise of each axis, m/s^2/sqrt(Hz); the default is 70 ug/sqrt(Hz).
    range_ms2 : float
        Full scale, m/s^2, at which an axis clips.
    bits : int or None
        Resolution over the full scale of both signs; None for no rounding.
    gain : float
        Reading over true acceleration.
    """

    noise_density_ms2_per_rthz: float = 70e-6 * STANDARD_GRAVITY_MS2
    range_ms2: float = 16.0 * STANDARD_GRAVITY_MS2
    bits: int | None = 16
    gain: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorClock:
    """Sampling rate, time stamps and packets of a sensor.

    Parameters
    ----------
    nominal_rate_hz : float
        Sampling rate that the sensor claims, Hz.
    rate_error : float
        True rate over nominal rate, less one.
    stamps : {"device", "packet", "nominal"}
        Whether the stamp of a sample is its own time, the arrival of its packet, or only its index
        over the nominal rate.
    stamp_jitter_s : float
        Standard deviation of a device stamp, s.
    stamp_resolution_s : float
        Resolution that stamps are rounded to, s; zero for no rounding.
    packet_samples : int
        Samples in a packet.
    latency_s, latency_jitter_s : float
        Minimum delay of a packet and mean of an additional exponential delay, s.
    packet_loss : float
        Probability that a packet is lost.

    Raises
    ------
    InvalidInputError
        If a rate, probability, packet size or kind of stamp is not possible.
    """

    nominal_rate_hz: float
    rate_error: float = 0.0
    stamps: Stamps = "device"
    stamp_jitter_s: float = 0.0
    stamp_resolution_s: float = 1e-6
    packet_samples: int = 1
    latency_s: float = 0.02
    latency_jitter_s: float = 0.01
    packet_loss: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.nominal_rate_hz) and self.nominal_rate_hz > 0.0):
            raise InvalidInputError(
                f"nominal sampling rate is {self.nominal_rate_hz} Hz; give a positive number"
            )
        if not abs(self.rate_error) < 0.5:
            raise InvalidInputError(f"rate error is {self.rate_error:.0%}; stay within 50 %")
        if self.packet_samples < 1 or not 0.0 <= self.packet_loss < 1.0:
            raise InvalidInputError(
                f"packets of {self.packet_samples} samples lost with probability "
                f"{self.packet_loss}; give at least 1 sample and 0 to 1"
            )
        if self.stamps not in get_args(Stamps):
            raise InvalidInputError(
                f"stamps are {self.stamps!r}; give one of {', '.join(get_args(Stamps))}"
            )

    @property
    def true_rate_hz(self) -> float:
        """Return the true sampling rate, Hz."""
        return self.nominal_rate_hz * (1.0 + self.rate_error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A time span whose samples never arrive.

    Parameters
    ----------
    start_s, duration_s : float
        Start in the scene and duration, s.
    """

    start_s: float
    duration_s: float


def digitise(motion_ms2: Floats, sensor: Sensor, fs: float, rng: np.random.Generator) -> Floats:
    """Return the readings of a sensor: gain, noise, rounding and clipping.

    Parameters
    ----------
    motion_ms2 : ndarray, shape (n, 3)
        True acceleration, m/s^2.
    sensor : Sensor
        Its properties.
    fs : float
        Sampling rate, Hz.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n, 3)
        m/s^2.
    """
    sd_ms2 = sensor.noise_density_ms2_per_rthz * math.sqrt(0.5 * fs)
    read = sensor.gain * motion_ms2 + sd_ms2 * rng.standard_normal(motion_ms2.shape)
    highest_ms2 = sensor.range_ms2
    if sensor.bits is not None:
        lsb_ms2 = sensor.range_ms2 / 2 ** (sensor.bits - 1)
        read = np.round(read / lsb_ms2) * lsb_ms2
        highest_ms2 -= lsb_ms2
    return np.asarray(np.clip(read, -sensor.range_ms2, highest_ms2))
