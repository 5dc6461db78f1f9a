"""Signals and whole scenes of known truth: a runner's leg as a strapped accelerometer sees it.

For tests, benchmarks, notebooks and the simulated sensor. It is the one module of this folder that
speaks of tremor, gait and heartbeats, because it makes them; nothing here measures anything, and
nothing here reads or writes files.

Acceleration is specific force along the sensor's x, y, z in m/s^2: at rest it points up and has the
length of gravity. By the default directions x runs up the shank, y sideways, z out of the muscle.
Randomness is always an argument, and every part of a scene draws from its own stream: adding a part
leaves the others as they were.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.recording import AXES, Floats, Gap, SampleBlock, gaps_of, read_only
from tremor.units import STANDARD_GRAVITY_MS2

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

Complexes: TypeAlias = npt.NDArray[np.complex128]
Direction: TypeAlias = tuple[float, float, float]
Stamps = Literal["device", "packet", "nominal"]

_UP_SHANK: Final[Direction] = (0.98, 0.05, 0.19)
_LEG_STRETCHED: Final[Direction] = (0.34, 0.10, 0.93)
_BELLY: Final[Direction] = (0.25, 0.35, 0.90)
#: Half the length of the raised-cosine edges of a movement, so that no part starts with a step, s.
_EDGE_S: Final = 0.5
#: How long the leg takes from one posture to the next, s.
_TURN_S: Final = 1.5
#: A cumulative sum of growing weights keeps 1e-16 * exp(this) of precision.
_LARGEST_EXPONENT: Final = 4.0


# --- signals -----------------------------------------------------------------------------------


def polarisation(direction: Direction, *, axis_ratio: float = 0.0) -> Complexes:
    """Make the complex polarisation vector of a straight line or an ellipse.

    Parameters
    ----------
    direction : tuple of float
        Major axis; any length but zero.
    axis_ratio : float
        Minor over major axis, 0 (straight line) to 1 (circle). The minor axis lies across the
        major one, in the plane with the sensor axis that the major one is least along.

    Returns
    -------
    ndarray of complex, shape (3,)
        Of length 1.
    """
    major = np.asarray(direction, dtype=np.float64)
    length = math.hypot(*direction)
    if not (math.isfinite(length) and length > 0.0):
        raise InvalidInputError(f"direction {direction} has no length; give three finite numbers")
    if not 0.0 <= axis_ratio <= 1.0:
        raise InvalidInputError(f"axis ratio {axis_ratio} is outside of 0 to 1")
    major = major / length
    across = np.zeros(len(AXES))
    across[int(np.argmin(np.abs(major)))] = 1.0
    minor = across - major * (across @ major)
    minor /= math.sqrt(float(minor @ minor))
    return np.asarray((major + 1j * axis_ratio * minor) / math.sqrt(1.0 + axis_ratio**2))


def tone(
    n: int,
    fs: float,
    *,
    frequency_hz: float,
    rms_ms2: float,
    direction: Direction = (0.0, 0.0, 1.0),
    axis_ratio: float = 0.0,
    phase_rad: float = 0.0,
) -> Floats:
    """Make a pure tone along a straight line or an ellipse.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    frequency_hz : float
        Hz.
    rms_ms2 : float
        RMS of the acceleration vector over the three axes, m/s^2; the peak of a straight-line
        tone is sqrt(2) times that.
    direction, axis_ratio
        As in `polarisation`.
    phase_rad : float
        Phase at sample 0, rad.

    Returns
    -------
    ndarray, shape (n, 3)
        m/s^2.

    Examples
    --------
    >>> import numpy as np
    >>> x = tone(1000, 100.0, frequency_hz=8.0, rms_ms2=0.3, axis_ratio=0.5)
    >>> round(float(np.sqrt((x**2).sum(axis=1).mean())), 6)
    0.3
    """
    phase = 2.0 * np.pi * frequency_hz / fs * np.arange(n) + phase_rad
    return _along(
        math.sqrt(2.0) * rms_ms2 * np.exp(1j * phase),
        polarisation(direction, axis_ratio=axis_ratio),
    )


def ornstein_uhlenbeck(
    n: int, fs: float, *, decay_per_s: float, rng: np.random.Generator
) -> Complexes:
    """Make a complex Ornstein-Uhlenbeck process around zero frequency, of unit mean power.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    decay_per_s : float
        Rate a at which the autocorrelation exp(-a |lag|) falls, 1/s. The spectrum is a Lorentzian
        of half-power full width a / pi.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of complex, shape (n,)
        Circular Gaussian, E|z|^2 = 1, stationary from the first sample.

    Notes
    -----
    The exact recursion z[k+1] = r z[k] + sqrt(1 - r^2) w[k] with r = exp(-a / fs), done as
    cumulative sums over blocks short enough that r^-k stays below exp(4); only the joins of the
    blocks are a loop. A day at 100 Hz takes about a second.
    """
    if not (math.isfinite(decay_per_s) and decay_per_s >= 0.0):
        raise InvalidInputError(f"decay {decay_per_s} 1/s is not usable; give zero or more")
    if n < 1:
        return np.zeros(0, dtype=np.complex128)
    step = decay_per_s / fs
    length = n if step * n <= _LARGEST_EXPONENT else max(1, int(_LARGEST_EXPONENT / step))
    n_blocks = -(-n // length)
    noise = rng.standard_normal((n_blocks * length, 2)) @ np.array([1.0, 1j]) / math.sqrt(2.0)
    start = noise[0]
    noise *= math.sqrt(-math.expm1(-2.0 * step))
    exponent = step * np.arange(1, length + 1)
    blocks = noise.reshape(n_blocks, length) * np.exp(exponent)
    np.cumsum(blocks, axis=1, out=blocks)
    blocks *= np.exp(-exponent)
    # The first block starts from a stationary draw that replaces its first innovation.
    blocks[0] -= noise[0] * np.exp(-(exponent - step))
    carry, shrink = start * math.exp(step), math.exp(-step * length)
    carries = np.empty(n_blocks, dtype=np.complex128)
    for block, last in enumerate(blocks[:, -1].tolist()):
        carries[block] = carry
        carry = carry * shrink + last
    blocks += carries[:, None] * np.exp(-exponent)
    return np.asarray(blocks.reshape(-1)[:n])


def narrowband(
    n: int,
    fs: float,
    *,
    frequency_hz: float,
    bandwidth_hz: float,
    rms_ms2: float,
    rng: np.random.Generator,
    direction: Direction = (0.0, 0.0, 1.0),
    axis_ratio: float = 0.0,
) -> Floats:
    """Make a narrowband line: the real part of a complex Ornstein-Uhlenbeck process.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    frequency_hz : float
        Centre of the line, Hz.
    bandwidth_hz : float
        Half-power full width B of the line, Hz; zero gives a tone of Rayleigh amplitude.
    rms_ms2 : float
        Expected RMS of the acceleration vector over the three axes, m/s^2. That of one
        realisation of length T scatters by about 1 / sqrt(2 pi B T) of it.
    rng : numpy.random.Generator
        Source of randomness.
    direction, axis_ratio
        As in `polarisation`.

    Returns
    -------
    ndarray, shape (n, 3)
        m/s^2.

    Notes
    -----
    One-sided PSD, summed over axes: rms^2 (B / 2 pi) / ((f - f0)^2 + B^2 / 4), seen through
    sampling.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x = narrowband(100_000, 100.0, frequency_hz=8.0, bandwidth_hz=1.0, rms_ms2=0.2, rng=rng)
    >>> 0.19 < float(np.sqrt((x**2).sum(axis=1).mean())) < 0.21
    True
    """
    z = ornstein_uhlenbeck(n, fs, decay_per_s=math.pi * bandwidth_hz, rng=rng)
    z *= math.sqrt(2.0) * rms_ms2 * np.exp(2j * np.pi * frequency_hz / fs * np.arange(n))
    return _along(z, polarisation(direction, axis_ratio=axis_ratio))


def decay_rms(
    time_s: Floats, *, initial_rms_ms2: float, half_life_s: float | None, floor_rms_ms2: float
) -> Floats:
    """Give the RMS of a tremor that fades with rest.

    Parameters
    ----------
    time_s : ndarray
        Time since the rest began, s.
    initial_rms_ms2 : float
        RMS of the fading part at time 0, m/s^2.
    half_life_s : float or None
        Half-life of that part, s; None where it does not fade.
    floor_rms_ms2 : float
        RMS that stays, m/s^2.

    Returns
    -------
    ndarray
        sqrt(A0^2 exp(-2 t / tau) + F^2) with tau = half-life / ln 2, m/s^2.

    Examples
    --------
    >>> decay_rms(np.array([0.0, 60.0]), initial_rms_ms2=0.6, half_life_s=60.0, floor_rms_ms2=0.0)
    array([0.6, 0.3])
    """
    rate = 0.0 if half_life_s is None else math.log(2.0) / half_life_s
    fading = initial_rms_ms2 * np.exp(-rate * time_s)
    return np.asarray(np.sqrt(fading**2 + floor_rms_ms2**2))


def power_law_noise(
    n: int,
    fs: float,
    *,
    exponent: float,
    corner_hz: float,
    rms: float,
    rng: np.random.Generator,
) -> Floats:
    """Make three columns of noise that is flat below a corner and falls as 1/f^exponent above it.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    exponent : float
        How the PSD falls far above the corner.
    corner_hz : float
        Hz.
    rms : float
        Expected RMS of the vector over the three columns.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n, 3)
        In the unit of ``rms``; the columns are independent and of equal power.
    """
    return _shaped_noise(
        n, fs, lambda f: (1.0 + (f / corner_hz) ** 2) ** (-exponent / 2.0), rms=rms, rng=rng
    )


def _shaped_noise(
    n: int, fs: float, psd: Callable[[Floats], Floats], *, rms: float, rng: np.random.Generator
) -> Floats:
    """Shape white noise by a PSD of any scale; the FFT is twice as long, so that it never wraps."""
    n_fft = 1 << max(1, (2 * n - 1).bit_length())
    gain = np.sqrt(psd(np.asarray(np.fft.rfftfreq(n_fft, 1.0 / fs), dtype=np.float64)))
    gain[0] = 0.0
    power = (2.0 * float(gain @ gain) - float(gain[-1] ** 2)) / n_fft
    gain *= rms / math.sqrt(len(AXES) * power)
    out = np.empty((n, len(AXES)))
    for axis in range(len(AXES)):
        out[:, axis] = np.fft.irfft(np.fft.rfft(rng.standard_normal(n_fft)) * gain, n_fft)[:n]
    return out


def _along(z: Complexes, vector: Complexes) -> Floats:
    return np.stack([(component * z).real for component in vector], axis=1)


def _unit(direction: Direction) -> Floats:
    return np.asarray(polarisation(direction).real)


def _random_direction(rng: np.random.Generator) -> Direction:
    x, y, z = rng.standard_normal(len(AXES)).tolist()
    length = math.hypot(x, y, z)
    return (x / length, y / length, z / length)


def _edges(n: int, fs: float) -> Floats:
    """Give a window of ones with raised-cosine edges."""
    width = min(2.0 * _EDGE_S, 0.5 * n / fs)
    distance_s = np.minimum(np.arange(n), np.arange(n)[::-1]) / fs
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.minimum(distance_s / max(width, 1e-9), 1.0)))


def _ring(time_s: Floats, frequency_hz: float, decay_s: float) -> Floats:
    """Give a damped oscillation with a soft start of a quarter period."""
    rise = -np.expm1(-4.0 * frequency_hz * time_s)
    return np.asarray(
        rise * np.exp(-time_s / decay_s) * np.sin(2.0 * np.pi * frequency_hz * time_s)
    )


def _pulse(time_s: Floats, rise_s: float) -> Floats:
    """Give a one-sided pulse of height 1 at ``rise_s``."""
    return np.asarray(time_s / rise_s * np.exp(1.0 - time_s / rise_s))


def _at_events(
    n: int,
    fs: float,
    *,
    times_s: Floats,
    vectors: Floats,
    kernel: Callable[[Floats], Floats],
    length_s: float,
) -> Floats:
    """Place one kernel at each event, at its exact time between the samples."""
    out = np.zeros((n, len(AXES)))
    offsets = np.arange(math.ceil(length_s * fs))
    for begin in range(0, len(times_s), 4096):
        times, scale = times_s[begin : begin + 4096], vectors[begin : begin + 4096]
        index = np.ceil(times * fs).astype(np.int64)[:, None] + offsets
        values = kernel(index / fs - times[:, None])
        inside = (index >= 0) & (index < n)
        for axis in range(len(AXES)):
            np.add.at(out[:, axis], index[inside], (values * scale[:, axis, None])[inside])
    return out


# --- parts of a scene --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """When a part is there.

    Parameters
    ----------
    start_s, end_s : float, float or None
        From the start of the scene, s; None is the end of the scene.
    """

    start_s: float = 0.0
    end_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tremor(_Span):
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
        RMS of the second harmonic over that of the line. It comes on top.
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
    direction: Direction = _BELLY
    axis_ratio: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone(_Span):
    """A pure tone, such as a machine's; as `tone`, with the phase left to chance."""

    frequency_hz: float = 12.0
    rms_ms2: float = 0.1
    direction: Direction = (0.0, 0.0, 1.0)
    axis_ratio: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sway(_Span):
    """Slow movement of a limb that is held or leant; as `power_law_noise`.

    Parameters
    ----------
    rms_ms2 : float
        RMS of the vector, m/s^2; most of it lies around and below the corner.
    corner_hz : float
        Hz.
    exponent : float
        How the PSD falls above it.
    start_s, end_s : float, float or None
        As for every part.
    """

    rms_ms2: float = 0.012
    corner_hz: float = 0.3
    exponent: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(_Span):
    """Heartbeats that ring the relaxed muscle in its lightly damped resonance.

    Parameters
    ----------
    rms_ms2 : float
        RMS of the vector, m/s^2, at the resting rate.
    initial_rate_hz, rate_hz, settling_time_s : float
        Heart rate at the start, Hz, that which it settles to, Hz, and the time constant, s.
    variability : float
        Relative standard deviation of the beat interval; half of it follows the breath.
    resonance_hz, decay_s : float
        Frequency of the ringing, Hz, and its time constant, s.
    strength_log_sd : float
        Standard deviation of the log strength from beat to beat.
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
    direction: Direction = (0.30, 0.20, 0.93)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impacts(_Span):
    """Knocks on the leg or on the sensor, at random times and from random directions.

    Parameters
    ----------
    rate_hz : float
        Mean number in a second.
    peak_ms2, peak_log_sd : float
        Median peak, m/s^2, and the standard deviation of its logarithm.
    ring_hz, decay_s : float
        Frequency and time constant of the strap's ringing.
    start_s, end_s : float, float or None
        As for every part.
    """

    rate_hz: float = 0.4
    peak_ms2: float = 3.0
    peak_log_sd: float = 0.6
    ring_hz: float = 18.0
    decay_s: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidgets(_Span):
    """Short low-frequency movements: shifting the leg, sitting down, touching the sensor.

    Parameters
    ----------
    rate_hz : float
        Mean number in a second.
    at_s : tuple of float
        Further ones that begin at these times of the scene, s.
    shortest_s, longest_s : float
        Limits of their length, s.
    rms_ms2 : float
        RMS of the vector at the height of one, m/s^2.
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
class Gait(_Span):
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
        Peak and rise time of the foot strike, up the shank; the other foot's is a fifth of it.
    wobble_ms2, wobble_hz, wobble_decay_s : float
        Soft tissue after the strike: strength, frequency, time constant.
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
class Vibration(_Span):
    """Broadband vibration from outside, such as a vehicle's.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stomping(_Span):
    """A leg that stomps or taps on purpose; at most about 5 Hz, and never quite regular.

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


Part: TypeAlias = Tremor | Tone | Sway | Heartbeat | Impacts | Fidgets | Gait | Vibration | Stomping


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """A stretch of one posture.

    Parameters
    ----------
    start_s, end_s : float
        From the start of the scene, s.
    label : str
        Such as ``seated``, ``walking``.
    up : tuple of float
        Where up lies in the axes of the sensor.
    """

    start_s: float
    end_s: float
    label: str
    up: Direction = _UP_SHANK


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A stretch whose samples never arrive.

    Parameters
    ----------
    start_s, duration_s : float
        From the start of the scene, s.
    """

    start_s: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """An accelerometer's noise and rails.

    Parameters
    ----------
    noise_density_ms2_per_rthz : float
        White noise of each axis, m/s^2/sqrt(Hz); the default is 70 ug/sqrt(Hz).
    range_ms2 : float
        Full scale, m/s^2, at which an axis clips.
    bits : int or None
        Resolution over the full scale of both signs; None does not round.
    gain : float
        What it reads over what is there.
    """

    noise_density_ms2_per_rthz: float = 70e-6 * STANDARD_GRAVITY_MS2
    range_ms2: float = 16.0 * STANDARD_GRAVITY_MS2
    bits: int | None = 16
    gain: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorClock:
    """When the sensor samples, what it stamps, and when its packets arrive.

    Parameters
    ----------
    nominal_rate_hz : float
        Sampling rate that it claims, Hz.
    rate_error : float
        True rate over nominal rate, less one.
    stamps : {"device", "packet", "nominal"}
        Whether a sample carries its own time, the arrival of its packet, or only its index over
        the nominal rate.
    stamp_jitter_s : float
        Standard deviation of a device stamp, s.
    stamp_resolution_s : float
        What stamps are rounded to, s; zero does not round.
    packet_samples : int
        Samples in a packet.
    latency_s, latency_jitter_s : float
        Least and mean further delay of a packet, s; the further delay is exponential.
    packet_loss : float
        Probability that a packet is lost.
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
        """Give the rate at which it really samples, Hz."""
        return self.nominal_rate_hz * (1.0 + self.rate_error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A leg, what moves it, and the sensor on it, with every physical parameter.

    Parameters
    ----------
    duration_s : float
        s.
    clock, sensor : SensorClock, Sensor
        Of the accelerometer.
    postures : tuple of Posture
        In order of time; the first reaches back to the start, the last on to the end.
    parts : tuple of Part
        At most one of them is a `Tremor`.
    losses : tuple of Loss
        Stretches that never arrive. A packet that is touched is lost as a whole.
    gravity_ms2 : float
        9.80665, or zero for a sensor that removes it.
    tilt_sd_deg, tilt_corner_hz : float
        Slow tilt of the leg: standard deviation and corner of its spectrum.
    name : str
        Of the table it came from.
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

    @property
    def tremor(self) -> Tremor | None:
        """Give the tremor, where there is one."""
        return next((part for part in self.parts if isinstance(part, Tremor)), None)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Rendered:
    """A scene turned into samples, and the truth about it.

    Parameters
    ----------
    scene : Scene
        With every parameter.
    seed : int
        That made it.
    time_s : ndarray, shape (n,)
        True time of every sample, s; evenly spaced by 1 / ``sampling_rate_hz``.
    acceleration_ms2 : ndarray, shape (n, 3)
        What the sensor reads, lost samples included, m/s^2.
    stamp_s : ndarray, shape (n,)
        What the exporter writes beside each sample, s.
    arrival_s : ndarray, shape (n,)
        When the packet of each sample arrives, s.
    kept : ndarray of bool, shape (n,)
        False where a sample never arrives.
    gaps : tuple of Gap
        The runs of those.
    tremor_ms2 : ndarray, shape (n, 3)
        The tremor alone, m/s^2; zero where there is none.
    tremor_rms_ms2 : ndarray, shape (n,)
        Expected RMS of the line at each time: the law, before waxing and waning, m/s^2.
    tremor_frequency_hz : ndarray, shape (n,)
        Centre of the line at each time, Hz; NaN where there is no tremor.
    beat_time_s, stride_time_s : ndarray
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
        """Give the true sampling rate, Hz."""
        return self.scene.clock.true_rate_hz


# --- rendering ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Layer:
    acceleration_ms2: Floats
    event_s: Floats = field(default_factory=lambda: np.zeros(0))
    rms_ms2: Floats | None = None
    frequency_hz: Floats | None = None


def _tremor(part: Tremor, n: int, fs: float, rng: np.random.Generator) -> _Layer:
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
    acceleration = _along(z, vector)
    if part.second_harmonic_ratio:
        size = np.maximum(np.abs(z), np.finfo(np.float64).tiny)
        acceleration += part.second_harmonic_ratio * _along(z * z / size, vector)
    return _Layer(acceleration_ms2=acceleration, rms_ms2=rms_ms2, frequency_hz=frequency_hz)


def _tone(part: Tone, n: int, fs: float, rng: np.random.Generator) -> _Layer:
    return _Layer(
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


def _sway(part: Sway, n: int, fs: float, rng: np.random.Generator) -> _Layer:
    return _Layer(
        acceleration_ms2=power_law_noise(
            n, fs, exponent=part.exponent, corner_hz=part.corner_hz, rms=part.rms_ms2, rng=rng
        )
    )


def _vibration(part: Vibration, n: int, fs: float, rng: np.random.Generator) -> _Layer:
    def psd(frequency_hz: Floats) -> Floats:
        low = (frequency_hz / part.low_hz) ** 4
        return np.asarray(low / (1.0 + low) / (1.0 + (frequency_hz / part.high_hz) ** 4))

    return _Layer(acceleration_ms2=_shaped_noise(n, fs, psd, rms=part.rms_ms2, rng=rng))


def _heartbeat(part: Heartbeat, n: int, fs: float, rng: np.random.Generator) -> _Layer:
    beats: list[float] = []
    time_s, slow = -rng.uniform(0.0, 1.0 / part.initial_rate_hz), 0.0
    while time_s < n / fs:
        beats.append(time_s)
        rate_hz = part.rate_hz + (part.initial_rate_hz - part.rate_hz) * math.exp(
            -max(time_s, 0.0) / part.settling_time_s
        )
        slow = 0.8 * slow + 0.6 * rng.standard_normal()
        breath = math.sqrt(2.0) * math.sin(2.0 * math.pi * 0.25 * time_s)
        time_s += (1.0 + part.variability * math.sqrt(0.5) * (breath + slow)) / rate_hz
    times_s = np.array(beats)

    def kernel(since_s: Floats) -> Floats:
        # The body's recoil pushes twice, as the blood leaves the heart and as it turns the arch.
        first = _ring(since_s, part.resonance_hz, part.decay_s)
        late_s = np.maximum(since_s - 0.11, 0.0)
        return first + 0.5 * _ring(late_s, part.resonance_hz, part.decay_s)

    length_s = 0.11 + 7.0 * part.decay_s
    grid_s = np.arange(0.0, length_s, 5e-4)
    energy = float((kernel(grid_s) ** 2).sum()) * 5e-4
    strength = np.exp(
        part.strength_log_sd * rng.standard_normal(len(times_s)) - part.strength_log_sd**2
    )
    strength *= part.rms_ms2 / math.sqrt(part.rate_hz * energy)
    acceleration = _at_events(
        n,
        fs,
        times_s=times_s,
        vectors=strength[:, None] * _unit(part.direction),
        kernel=kernel,
        length_s=length_s,
    )
    return _Layer(acceleration_ms2=acceleration, event_s=times_s[times_s >= 0.0])


def _random_times(n: int, fs: float, rate_hz: float, rng: np.random.Generator) -> Floats:
    return np.sort(rng.uniform(0.0, n / fs, rng.poisson(rate_hz * n / fs)))


def _impacts(part: Impacts, n: int, fs: float, rng: np.random.Generator) -> _Layer:
    times_s = _random_times(n, fs, part.rate_hz, rng)
    peaks = part.peak_ms2 * np.exp(part.peak_log_sd * rng.standard_normal(len(times_s)))
    directions = rng.standard_normal((len(times_s), len(AXES)))
    directions /= np.sqrt((directions**2).sum(axis=1, keepdims=True))
    rise_s = max(0.01, 0.6 / fs)

    def kernel(since_s: Floats) -> Floats:
        return _pulse(since_s, rise_s) + 0.6 * _ring(since_s, part.ring_hz, part.decay_s)

    return _Layer(
        acceleration_ms2=_at_events(
            n,
            fs,
            times_s=times_s,
            vectors=peaks[:, None] * directions,
            kernel=kernel,
            length_s=8.0 * max(part.decay_s, rise_s),
        )
    )


def _fidgets(part: Fidgets, n: int, fs: float, rng: np.random.Generator) -> _Layer:
    out = np.zeros((n, len(AXES)))
    placed = np.array(part.at_s, dtype=np.float64) - part.start_s
    for begin_s in (*placed, *_random_times(n, fs, part.rate_hz, rng)):
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
                direction=_random_direction(rng),
                phase_rad=rng.uniform(0.0, 2.0 * math.pi),
            )
        low, high = max(first, 0), min(first + length, n)
        if low < high:
            piece = slice(low - first, high - first)
            out[low:high] += movement[piece] * window[piece, None]
    return _Layer(acceleration_ms2=out)


def _cycles(
    n: int, fs: float, *, rate_hz: float, variability: float, rng: np.random.Generator
) -> Floats:
    """Give the start of each cycle, from before the first sample to after the last one, s."""
    count = math.ceil(n / fs * rate_hz * 1.2) + 10
    lengths_s = np.maximum(1.0 + variability * rng.standard_normal(count), 0.3) / rate_hz
    times_s = np.cumsum(lengths_s) - (1.0 + rng.uniform()) * lengths_s[0] - lengths_s[1]
    while times_s[-1] <= n / fs:
        times_s = np.append(times_s, times_s[-1] + 1.0 / rate_hz)
    return np.asarray(times_s)


def _harmonics(
    n: int,
    fs: float,
    *,
    cycles_s: Floats,
    sizes: Floats,
    rms_ms2: float,
    shape_variability: float,
    rng: np.random.Generator,
) -> Floats:
    """Sum harmonics of random direction whose size and phase vary from cycle to cycle."""
    count = len(cycles_s)
    time_s = np.arange(n) / fs
    turns = np.interp(time_s, cycles_s, np.arange(count))
    base = np.exp(2j * np.pi * turns)
    power, out = np.ones(n, dtype=np.complex128), np.zeros((n, len(AXES)))
    vectors = rng.standard_normal((len(sizes), len(AXES), 2)) @ np.array([1.0, 1j])
    vectors /= np.sqrt((np.abs(vectors) ** 2).sum(axis=1, keepdims=True))
    scale = sizes * math.sqrt(2.0) * rms_ms2 / math.sqrt(float(sizes @ sizes))
    for size, vector in zip(scale, vectors, strict=True):
        power *= base
        noise = 1.0 + shape_variability * rng.standard_normal((count, 2)) @ np.array([1.0, 1j])
        varied = np.interp(turns, np.arange(count), noise.real) + 1j * np.interp(
            turns, np.arange(count), noise.imag
        )
        out += _along(size * varied * power, vector)
    return out


def _gait(part: Gait, n: int, fs: float, rng: np.random.Generator) -> _Layer:
    stride_hz = 0.5 * part.step_rate_hz
    shape_rng, strike_rng = rng.spawn(2)
    strides_s = _cycles(n, fs, rate_hz=stride_hz, variability=part.stride_variability, rng=rng)
    order = np.arange(1, max(1, int(min(part.highest_hz, 0.45 * fs) / stride_hz)) + 1)
    # Odd harmonics are what the two legs do differently; at one shank they are large.
    sizes = np.where(order % 2 == 0, 1.0, 0.7) / (1.0 + (order * stride_hz / part.corner_hz) ** 2)
    sizes = sizes * np.exp(0.3 * shape_rng.standard_normal(len(order)))
    acceleration = _harmonics(
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
    up, belly = _unit(_UP_SHANK), _unit(_BELLY)
    for delay_s, share in ((0.0, 1.0), (0.5 / stride_hz, 0.2)):
        acceleration += _at_events(
            n,
            fs,
            times_s=strides_s + delay_s,
            vectors=share * part.impact_ms2 * strength[:, None] * up,
            kernel=lambda since_s: _pulse(since_s, rise_s),
            length_s=10.0 * rise_s,
        )
        acceleration += _at_events(
            n,
            fs,
            times_s=strides_s + delay_s,
            vectors=share * part.wobble_ms2 * strength[:, None] * belly,
            kernel=lambda since_s: _ring(since_s, part.wobble_hz, part.wobble_decay_s),
            length_s=8.0 * part.wobble_decay_s,
        )
    inside = strides_s[(strides_s >= 0.0) & (strides_s < n / fs)]
    # Strikes push one way only; over many cycles a leg gains no speed.
    acceleration -= acceleration.mean(axis=0)
    return _Layer(acceleration_ms2=acceleration * _edges(n, fs)[:, None], event_s=inside)


def _stomping(part: Stomping, n: int, fs: float, rng: np.random.Generator) -> _Layer:
    stomps_s = _cycles(n, fs, rate_hz=part.rate_hz, variability=part.variability, rng=rng)
    acceleration = _harmonics(
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
    acceleration += _at_events(
        n,
        fs,
        times_s=stomps_s,
        vectors=strength[:, None] * _unit(_UP_SHANK),
        kernel=lambda since_s: _pulse(since_s, rise_s) + 0.5 * _ring(since_s, 15.0, 0.05),
        length_s=0.4,
    )
    inside = stomps_s[(stomps_s >= 0.0) & (stomps_s < n / fs)]
    # Strikes push one way only; over many cycles a leg gains no speed.
    acceleration -= acceleration.mean(axis=0)
    return _Layer(acceleration_ms2=acceleration * _edges(n, fs)[:, None], event_s=inside)


_RENDERERS: Final[Mapping[type, Callable[[Any, int, float, np.random.Generator], _Layer]]] = (
    MappingProxyType(
        {
            Tremor: _tremor,
            Tone: _tone,
            Sway: _sway,
            Heartbeat: _heartbeat,
            Impacts: _impacts,
            Fidgets: _fidgets,
            Gait: _gait,
            Vibration: _vibration,
            Stomping: _stomping,
        }
    )
)


def render(scene: Scene, *, seed: int) -> Rendered:
    """Turn a scene into samples, with the truth about it.

    Parameters
    ----------
    scene : Scene
        What there is.
    seed : int
        The same seed gives the same samples; each part has its own stream of it.

    Returns
    -------
    Rendered
        Samples, stamps, losses and truth.

    Examples
    --------
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
    motion = _gravity(scene, time_s, fs, np.random.default_rng(gravity_seed))
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
    stamp_s, arrival_s, kept = _clocked(scene, n, np.random.default_rng(clock_seed))
    return Rendered(
        scene=scene,
        seed=seed,
        time_s=time_s,
        acceleration_ms2=_sensed(motion, scene.sensor, fs, np.random.default_rng(sensor_seed)),
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


def _gravity(scene: Scene, time_s: Floats, fs: float, rng: np.random.Generator) -> Floats:
    up = np.tile(_unit(scene.postures[0].up), (len(time_s), 1))
    for posture in scene.postures[1:]:
        turn = np.clip((time_s - posture.start_s) / _TURN_S + 0.5, 0.0, 1.0)
        share = (turn * turn * (3.0 - 2.0 * turn))[:, None]
        up = (1.0 - share) * up + share * _unit(posture.up)
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


def _sensed(motion_ms2: Floats, sensor: Sensor, fs: float, rng: np.random.Generator) -> Floats:
    sd_ms2 = sensor.noise_density_ms2_per_rthz * math.sqrt(0.5 * fs)
    read = sensor.gain * motion_ms2 + sd_ms2 * rng.standard_normal(motion_ms2.shape)
    highest_ms2 = sensor.range_ms2
    if sensor.bits is not None:
        lsb_ms2 = sensor.range_ms2 / 2 ** (sensor.bits - 1)
        read = np.round(read / lsb_ms2) * lsb_ms2
        highest_ms2 -= lsb_ms2
    return np.asarray(np.clip(read, -sensor.range_ms2, highest_ms2))


def _clocked(
    scene: Scene, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Give stamps, arrivals, and which samples arrive."""
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
    """Cut the samples into the packets that arrive, as a sensor hands them over.

    Parameters
    ----------
    rendered : Rendered
        From `render`.

    Returns
    -------
    tuple of SampleBlock
        In order of arrival; a lost packet is a jump of ``first_index``. Device stamps are in them
        where the clock writes such.
    """
    clock = rendered.scene.clock
    blocks = []
    for first in range(0, len(rendered.time_s), clock.packet_samples):
        if rendered.kept[first]:
            piece = slice(first, first + clock.packet_samples)
            blocks.append(
                SampleBlock(
                    first_index=first,
                    acceleration_ms2=rendered.acceleration_ms2[piece],
                    arrival_s=float(rendered.arrival_s[first]),
                    device_time_s=rendered.stamp_s[piece] if clock.stamps == "device" else None,
                )
            )
    return tuple(blocks)


# --- ready scenes ------------------------------------------------------------------------------

_WALK: Final = Gait()
_SLOW_WALK: Final = Gait(
    step_rate_hz=1.1, rms_ms2=1.3, corner_hz=2.0, impact_ms2=4.0, wobble_ms2=1.5,
    stride_variability=0.04,
)  # fmt: skip
_RUN: Final = Gait(
    step_rate_hz=2.75, rms_ms2=14.0, corner_hz=5.0, impact_ms2=70.0, wobble_ms2=25.0,
    wobble_hz=20.0,
)  # fmt: skip
_REST: Final[tuple[Part, ...]] = (Sway(), Heartbeat())


def _seated(*parts: Part, rest: tuple[Part, ...] = _REST) -> Callable[[SensorClock, float], Scene]:
    return lambda clock, duration_s: Scene(
        duration_s=duration_s,
        clock=clock,
        postures=(Posture(start_s=0.0, end_s=duration_s, label="seated", up=_LEG_STRETCHED),),
        parts=(*rest, *parts),
    )


def _upright(label: str, *parts: Part) -> Callable[[SensorClock, float], Scene]:
    return lambda clock, duration_s: Scene(
        duration_s=duration_s,
        clock=clock,
        postures=(Posture(start_s=0.0, end_s=duration_s, label=label),),
        parts=parts,
    )


def _after_run(tremor: Tremor | None) -> Callable[[SensorClock, float], Scene]:
    def build(clock: SensorClock, duration_s: float) -> Scene:
        shrink = min(1.0, duration_s / 136.0)
        run_s, walk_s, sit_s = 35.0 * shrink, 65.0 * shrink, 68.0 * shrink
        parts: tuple[Part, ...] = (
            replace(_RUN, end_s=run_s),
            replace(_WALK, start_s=run_s, end_s=walk_s),
            Fidgets(
                rate_hz=0.0, at_s=(walk_s, walk_s + 0.4 * (sit_s - walk_s)), rms_ms2=2.0,
                start_s=walk_s, end_s=sit_s + 0.5,
            ),
            Sway(start_s=sit_s),
            Heartbeat(rms_ms2=0.02, initial_rate_hz=2.3, rate_hz=1.4, start_s=sit_s),
        )  # fmt: skip
        if tremor is not None:
            parts = (*parts, replace(tremor, start_s=sit_s))
        return Scene(
            duration_s=duration_s,
            clock=clock,
            postures=(
                Posture(start_s=0.0, end_s=run_s, label="running"),
                Posture(start_s=run_s, end_s=walk_s, label="walking"),
                Posture(start_s=walk_s, end_s=sit_s, label="sitting down", up=_LEG_STRETCHED),
                Posture(start_s=sit_s, end_s=duration_s, label="seated", up=_LEG_STRETCHED),
            ),
            parts=parts,
        )

    return build


@dataclass(frozen=True, slots=True)
class _Builder:
    """A named scene that still needs its clock and its length."""

    name: str
    build: Callable[[SensorClock, float], Scene]

    def __call__(self, *, clock: SensorClock, duration_s: float) -> Scene:
        return replace(self.build(clock, duration_s), name=self.name)


_FADING: Final = Tremor(
    frequency_hz=8.4, bandwidth_hz=0.8, initial_rms_ms2=0.6, half_life_s=70.0, floor_rms_ms2=0.06
)

#: Ready scenes by name: ``SCENES[name](clock=..., duration_s=...)`` gives a `Scene`.
#: Those after a run are a run of 35 s, a walk of 30 s, 3 s to sit down, then rest; below 136 s in
#: all they shrink in proportion.
SCENES: Final[Mapping[str, _Builder]] = MappingProxyType(
    {
        name: _Builder(name, build)
        for name, build in {
            "post_run": _after_run(_FADING),
            "post_run_no_tremor": _after_run(None),
            "steady": _seated(Tremor()),
            "fading": _seated(_FADING),
            "restless": _seated(Tremor(), Impacts(rate_hz=0.1), Fidgets(rate_hz=0.05)),
            "quiet": _seated(),
            "strong_heartbeat": _seated(
                rest=(Sway(), Heartbeat(rms_ms2=0.12, initial_rate_hz=1.7, rate_hz=1.7))
            ),
            "sway": _seated(Sway(rms_ms2=0.25)),
            "vibration": _seated(Vibration()),
            "machine": _seated(Vibration(rms_ms2=0.05), Tone(frequency_hz=24.0, rms_ms2=0.3)),
            "impacts": _seated(Impacts()),
            "fidgets": _seated(Fidgets()),
            "stomping": _seated(Stomping()),
            "mixed": _seated(
                Sway(rms_ms2=0.1), Vibration(rms_ms2=0.05), Impacts(rate_hz=0.1), Fidgets()
            ),
            "walk": _upright("walking", _WALK),
            "slow_walk": _upright("walking", _SLOW_WALK),
            "run": _upright("running", _RUN),
        }.items()
    }
)


# --- drawing parameters ------------------------------------------------------------------------


def _scaled(value: float, factor: float, rng: np.random.Generator) -> float:
    """Draw within a factor to both sides, evenly in the logarithm."""
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
        direction=_random_direction(rng),
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
        direction=_random_direction(rng),
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
            direction=_random_direction(rng),
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
    """Draw another scene of the same kind, over the physiological spread of its parameters.

    Parameters
    ----------
    scene : Scene
        Where to start from. Its clock, timeline and losses stay.
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
