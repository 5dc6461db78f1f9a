"""Events in time: kernels at exact times, and cycles that vary.

Which events a leg makes is in ``leg``, ``movements`` and ``surroundings``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from tremor.recording import AXES, Floats
from tremor.synthesis.signals import polarised

__all__ = [
    "cycle_times",
    "damped_oscillation",
    "harmonic_series",
    "poisson_times",
    "pulse",
    "raised_cosine_edges",
    "superpose",
]

#: Half the length of the raised-cosine edges of a movement, s; no part starts with a step.
_EDGE_S: Final = 0.5


def raised_cosine_edges(n: int, fs: float) -> Floats:
    """Return a taper of ones with raised-cosine edges of one second (a Tukey window).

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray, shape (n,)
        0 to 1.
    """
    width = min(2.0 * _EDGE_S, 0.5 * n / fs)
    distance_s = np.minimum(np.arange(n), np.arange(n)[::-1]) / fs
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.minimum(distance_s / max(width, 1e-9), 1.0)))


def damped_oscillation(time_s: Floats, frequency_hz: float, decay_s: float) -> Floats:
    """Compute a damped oscillation that starts smoothly within a quarter period.

    Parameters
    ----------
    time_s : ndarray
        Time since the start, not negative, s.
    frequency_hz : float
        Hz.
    decay_s : float
        Time constant of the decay, s.

    Returns
    -------
    ndarray, shape of time_s
        Below 1 in magnitude.
    """
    rise = -np.expm1(-4.0 * frequency_hz * time_s)
    return np.asarray(
        rise * np.exp(-time_s / decay_s) * np.sin(2.0 * np.pi * frequency_hz * time_s)
    )


def pulse(time_s: Floats, rise_s: float) -> Floats:
    """Compute a one-sided pulse that reaches its peak of 1 at ``rise_s``.

    Parameters
    ----------
    time_s : ndarray
        Time since the start, not negative, s.
    rise_s : float
        Rise time, s.

    Returns
    -------
    ndarray, shape of time_s
        0 to 1.
    """
    return np.asarray(time_s / rise_s * np.exp(1.0 - time_s / rise_s))


def superpose(
    n: int,
    fs: float,
    *,
    times_s: Floats,
    vectors: Floats,
    kernel: Callable[[Floats], Floats],
    length_s: float,
) -> Floats:
    """Sum one kernel for each event, at its exact time between the samples.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    times_s : ndarray, shape (n_events,)
        Times of the events, s.
    vectors : ndarray, shape (n_events, 3)
        Direction and size of each, m/s^2.
    kernel : callable
        From the time since the event, s, to its course.
    length_s : float
        Time after which the kernel has decayed, s.

    Returns
    -------
    ndarray, shape (n, 3)
        m/s^2.
    """
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


def poisson_times(n: int, fs: float, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Draw the times of a Poisson process.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    rate_hz : float
        Mean number of events in a second.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n_events,)
        In order, s.
    """
    return np.sort(rng.uniform(0.0, n / fs, rng.poisson(rate_hz * n / fs)))


def cycle_times(
    n: int, fs: float, *, rate_hz: float, variability: float, rng: np.random.Generator
) -> Floats:
    """Draw the starts of consecutive cycles of varying length.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    rate_hz : float
        Mean number of cycles in a second.
    variability : float
        Relative standard deviation of their length.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n_cycles,)
        From before the first sample to after the last one, s.
    """
    count = math.ceil(n / fs * rate_hz * 1.2) + 10
    lengths_s = np.maximum(1.0 + variability * rng.standard_normal(count), 0.3) / rate_hz
    times_s = np.cumsum(lengths_s) - (1.0 + rng.uniform()) * lengths_s[0] - lengths_s[1]
    while times_s[-1] <= n / fs:
        times_s = np.append(times_s, times_s[-1] + 1.0 / rate_hz)
    return np.asarray(times_s)


def harmonic_series(
    n: int,
    fs: float,
    *,
    cycles_s: Floats,
    sizes: Floats,
    rms_ms2: float,
    shape_variability: float,
    rng: np.random.Generator,
) -> Floats:
    """Sum harmonics of random direction whose amplitude and phase vary from cycle to cycle.

    Parameters
    ----------
    n : int
        Number of samples.
    fs : float
        Sampling rate, Hz.
    cycles_s : ndarray, shape (n_cycles,)
        Starts of the cycles, s.
    sizes : ndarray, shape (n_harmonics,)
        Relative amplitudes of the harmonics, the fundamental first.
    rms_ms2 : float
        RMS of the acceleration vector, m/s^2.
    shape_variability : float
        Relative standard deviation of each harmonic from cycle to cycle.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (n, 3)
        m/s^2.
    """
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
        out += polarised(size * varied * power, vector)
    return out
