"""Phase and envelope of a line over time, from the spectra of its segments.

A line at twice the frequency of another may be its harmonic or a tremor of its own: the phase of a
harmonic is twice that of its fundamental at every moment. The envelope tells noise that resonates,
as in a muscle, from an oscillation that keeps its amplitude, as in a machine: both may be equally
wide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tremor.measures.run_spectra import RunSpectra
from tremor.recording import Floats

__all__ = ["envelope_variance", "phase_coupling"]

Complexes = npt.NDArray[np.complex128]


def phase_coupling(
    runs: Sequence[RunSpectra], low_hz: float, high_hz: float, *, half_hz: float, fs: float
) -> float:
    """Return the squared coherence of the square of one line with another line.

    Parameters
    ----------
    runs : sequence of RunSpectra
        The spectra.
    low_hz, high_hz : float
        Centres of the lines, Hz; the latter about twice the former.
    half_hz : float
        Half width of the lower line that is used, Hz; twice as much of the other one.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    float
        0 to 1, mean over the segments: about one over the number of independent moments of a
        segment for independent lines, near one for a harmonic.
    """
    total, weight = 0.0, 0.0
    for run in runs:
        duration_s = run.n_samples / fs
        n_times = 1 << int(np.ceil(np.log2(8.0 * half_hz * duration_s + 4.0)))
        first, low = _moments(run, low_hz, half_hz, n_times, duration_s)
        second, high = _moments(run, high_hz, 2.0 * half_hz, n_times, duration_s)
        turn = np.exp(2j * np.pi * (high - 2 * low) * np.arange(n_times) / n_times)
        square = np.square(first)
        product = np.abs((square * np.conj(second * turn)).sum(axis=-1)) ** 2
        norm = (np.abs(square) ** 2).sum(axis=-1) * (np.abs(second) ** 2).sum(axis=-1)
        share = product / np.maximum(norm, 1e-300)
        # A segment counts with its strength.
        own: Floats = np.sqrt(norm)
        total += float(share @ own)
        weight += float(own.sum())
    return total / max(weight, 1e-300)


def envelope_variance(
    runs: Sequence[RunSpectra], centre_hz: float, *, half_hz: float, fs: float
) -> float:
    """Return the relative variance of the squared envelope of a line within the segments.

    Parameters
    ----------
    runs : sequence of RunSpectra
        The spectra.
    centre_hz : float
        Centre of the line, Hz.
    half_hz : float
        Half width around it that is used, Hz.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    float
        One for Gaussian noise of any width, zero for an oscillation of constant amplitude, more
        than one for bursts; mean over the segments, each with the weight of its power.
    """
    total, weight = 0.0, 0.0
    for run in runs:
        duration_s = run.n_samples / fs
        n_times = 1 << int(np.ceil(np.log2(4.0 * half_hz * duration_s + 4.0)))
        motion, _ = _moments(run, centre_hz, half_hz, n_times, duration_s)
        square = motion.real**2 + motion.imag**2
        mean = square.mean(axis=-1)
        variance = np.square(square).mean(axis=-1) / np.maximum(np.square(mean), 1e-300) - 1.0
        own = mean * duration_s
        total += float(variance @ own)
        weight += float(own.sum())
    return total / max(weight, 1e-300)


def _moments(
    run: RunSpectra, centre_hz: float, half_hz: float, n_times: int, duration_s: float
) -> tuple[Complexes, int]:
    """Return the motion around a frequency along its main direction, and its central bin."""
    centre = round(centre_hz * duration_s)
    first = max(0, round((centre_hz - half_hz) * duration_s) - run.first_bin)
    last = min(
        run.spectrum.shape[-1], round((centre_hz + half_hz) * duration_s) + 1 - run.first_bin
    )
    part = run.spectrum[..., first:last]
    _, vectors = np.linalg.eigh(part @ np.conj(np.swapaxes(part, -1, -2)))
    along = (np.conj(vectors[..., :, -1])[..., None, :] @ part)[..., 0, :]
    bins = np.zeros((len(along), n_times), dtype=np.complex128)
    bins[:, (np.arange(first, last) + run.first_bin - centre) % n_times] = along
    return np.fft.ifft(bins, axis=-1), centre
