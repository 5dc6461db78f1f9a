"""Phase coupling of two lines: whether one is the harmonic of the other or a tremor of its own.

A line at twice the frequency may be either. The phase of a harmonic is twice that of its
fundamental at every moment; that of an independent line is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tremor.measures.run_spectra import RunSpectra
from tremor.recording import Floats

__all__ = ["phase_coupling"]

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
