"""Tones, narrowband lines and coloured noise, and the axes that they move along.

What a leg makes of them is in the other files of this folder.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.recording import AXES, Floats

__all__ = [
    "Complexes",
    "Direction",
    "decay_rms",
    "narrowband",
    "ornstein_uhlenbeck",
    "polarisation",
    "polarised",
    "power_law_noise",
    "random_direction",
    "shaped_noise",
    "tone",
    "unit_vector",
]

Complexes: TypeAlias = npt.NDArray[np.complex128]
Direction: TypeAlias = tuple[float, float, float]


def polarisation(direction: Direction, *, axis_ratio: float = 0.0) -> Complexes:
    """Compute the complex polarisation vector of motion along a straight line or an ellipse.

    Parameters
    ----------
    direction : tuple of float
        Major axis; any length but zero.
    axis_ratio : float
        Minor over major axis, 0 (straight line) to 1 (circle). The minor axis is perpendicular to
        the major one, in the plane of the major axis and the sensor axis furthest from it.

    Returns
    -------
    ndarray of complex, shape (3,)
        A vector of length 1.

    Raises
    ------
    InvalidInputError
        If the direction has no finite length, or the axis ratio is outside 0 to 1.

    Examples
    --------
    >>> polarisation((0.0, 0.0, 2.0)).real.tolist()
    [0.0, 0.0, 1.0]
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


def unit_vector(direction: Direction) -> Floats:
    """Normalise a direction to length 1.

    Parameters
    ----------
    direction : tuple of float
        Any length but zero.

    Returns
    -------
    ndarray, shape (3,)
        The unit vector.

    Raises
    ------
    InvalidInputError
        If the direction has no finite length.
    """
    return np.asarray(polarisation(direction).real)


def random_direction(rng: np.random.Generator) -> Direction:
    """Draw a direction from the uniform distribution on the sphere."""
    x, y, z = rng.standard_normal(len(AXES)).tolist()
    length = math.hypot(x, y, z)
    return (x / length, y / length, z / length)


def polarised(z: Complexes, vector: Complexes) -> Floats:
    """Return the real motion on three axes of a complex signal with a polarisation vector.

    Parameters
    ----------
    z : ndarray of complex, shape (n,)
        Complex signal of any unit.
    vector : ndarray of complex, shape (3,)
        As returned by `polarisation`.

    Returns
    -------
    ndarray, shape (n, 3)
        In the unit of the signal.
    """
    return np.stack([(component * z).real for component in vector], axis=1)


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
    """Generate a pure tone along a straight line or an ellipse.

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

    Raises
    ------
    InvalidInputError
        As for `polarisation`.

    Examples
    --------
    >>> import numpy as np
    >>> x = tone(1000, 100.0, frequency_hz=8.0, rms_ms2=0.3, axis_ratio=0.5)
    >>> round(float(np.sqrt((x**2).sum(axis=1).mean())), 6)
    0.3
    """
    phase = 2.0 * np.pi * frequency_hz / fs * np.arange(n) + phase_rad
    return polarised(
        math.sqrt(2.0) * rms_ms2 * np.exp(1j * phase),
        polarisation(direction, axis_ratio=axis_ratio),
    )


#: A cumulative sum of weights that grow by exp(this) has a relative error of 1e-16 * exp(this).
_LARGEST_EXPONENT: Final = 4.0


def ornstein_uhlenbeck(
    n: int, fs: float, *, decay_per_s: float, rng: np.random.Generator
) -> Complexes:
    """Generate a complex Ornstein-Uhlenbeck process about zero frequency with unit mean power.

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

    Raises
    ------
    InvalidInputError
        If the decay is negative or not finite.

    Notes
    -----
    The exact recursion z[k+1] = r z[k] + sqrt(1 - r^2) w[k] with r = exp(-a / fs), computed as
    cumulative sums over blocks short enough that r^-k stays below exp(4); only the carry from block
    to block is a loop. A day at 100 Hz takes about a second.
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
    """Generate a narrowband line: the real part of a complex Ornstein-Uhlenbeck process.

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

    Raises
    ------
    InvalidInputError
        As for `ornstein_uhlenbeck` and `polarisation`.

    Notes
    -----
    One-sided PSD, summed over the axes: rms^2 (B / 2 pi) / ((f - f0)^2 + B^2 / 4), aliased by the
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
    return polarised(z, polarisation(direction, axis_ratio=axis_ratio))


def decay_rms(
    time_s: Floats, *, initial_rms_ms2: float, half_life_s: float | None, floor_rms_ms2: float
) -> Floats:
    """Compute the RMS of a tremor that fades with rest.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Time since the rest began, s.
    initial_rms_ms2 : float
        RMS of the fading part at time 0, m/s^2.
    half_life_s : float or None
        Half-life of that part, s; None where it does not fade.
    floor_rms_ms2 : float
        RMS that stays, m/s^2.

    Returns
    -------
    ndarray, shape (n,)
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
    """Generate noise on three axes that is flat below a corner and falls as 1/f^exponent above.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    exponent : float
        Exponent of the power law of the PSD far above the corner.
    corner_hz : float
        Corner frequency, Hz.
    rms : float
        Expected RMS of the vector, in any unit.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n, 3)
        In the unit of ``rms``; the axes are independent and of equal power.
    """
    return shaped_noise(
        n, fs, lambda f: (1.0 + (f / corner_hz) ** 2) ** (-exponent / 2.0), rms=rms, rng=rng
    )


def shaped_noise(
    n: int, fs: float, psd: Callable[[Floats], Floats], *, rms: float, rng: np.random.Generator
) -> Floats:
    """Generate noise on three axes with a given shape of the PSD.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    psd : callable
        From frequencies, Hz, to a PSD of any scale; what it returns at zero is ignored.
    rms : float
        Expected RMS of the vector, in any unit.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n, 3)
        In the unit of ``rms``; the axes are independent and of equal power.
    """
    # At least twice as long, so that the circular convolution does not wrap.
    n_fft = 1 << max(1, (2 * n - 1).bit_length())
    gain = np.sqrt(psd(np.asarray(np.fft.rfftfreq(n_fft, 1.0 / fs), dtype=np.float64)))
    gain[0] = 0.0
    power = (2.0 * float(gain @ gain) - float(gain[-1] ** 2)) / n_fft
    gain *= rms / math.sqrt(len(AXES) * power)
    out = np.empty((n, len(AXES)))
    for axis in range(len(AXES)):
        out[:, axis] = np.fft.irfft(np.fft.rfft(rng.standard_normal(n_fft)) * gain, n_fft)[:n]
    return out
