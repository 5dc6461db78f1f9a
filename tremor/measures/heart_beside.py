"""The heart beside a tremor: its share of what shakes in the band, seen across the tremor.

A tremor moves along one line or ellipse; the ringing that each heartbeat excites has a direction of
its own. What is left across the tremor is therefore the heart alone, where it is strong enough to
disturb the estimates, and its beats show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins
from tremor.recording import Floats
from tremor.settings import HEART_BESIDE, HEARTBEAT

__all__ = ["HeartBeside", "heart_beside"]

Complexes = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class HeartBeside:
    """How much the heart shakes the leg beside a tremor.

    Parameters
    ----------
    periodicity : float
        Height of the autocorrelation of the strength across the tremor at the interval of a
        heartbeat, above what comes before it: 0.7 or more for a heart, under 0.4 for noise.
    ratio : float
        RMS of the heart's ringing over that of the tremor.
    most_ratio : float
        The same if the ringing is mostly along the tremor, where it does not show.
    """

    periodicity: float
    ratio: float
    most_ratio: float


def heart_beside(high_passed: Floats, *, fs: float, band_hz: tuple[float, float]) -> HeartBeside:
    """Measure the ringing of the heart across the tremor.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows with tremor, a minute or less from the first to the last, without their slow part,
        m/s^2.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    HeartBeside
        Of all windows together.

    Notes
    -----
    The principal motion of each window, a complex vector, is projected out of its spectrum. The
    envelope of the rest is correlated with itself; the correlations of all windows are averaged,
    which leaves what is periodic throughout. Two of three dimensions are across the tremor, so
    that a direction by chance has two thirds of its power there, and with 90 % a third or more.
    """
    length_s = high_passed.shape[-1] / fs
    n = high_passed.shape[-1]
    spectrum = np.fft.rfft(high_passed, axis=-1)
    band = band_bins(n, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    wide = band_bins(
        n,
        fs=fs,
        low_hz=band_hz[0],
        high_hz=min(HEART_BESIDE.reach_factor * band_hz[1], HEART_BESIDE.rate_share * fs),
    )
    inside = np.ascontiguousarray(spectrum[..., band])
    values, vectors = np.linalg.eigh(inside @ np.conj(np.swapaxes(inside, -1, -2)))
    top = vectors[..., :, -1]
    bins = np.ascontiguousarray(spectrum[..., wide])
    across = bins - top[:, :, None] * (np.conj(top)[:, None, :] @ bins)
    power = np.square(np.abs(across)).sum(axis=1)
    floor = np.quantile(power, HEART_BESIDE.floor_quantile, axis=-1) / HEART_BESIDE.floor_over_mean
    in_band = slice(band.start - wide.start, band.stop - wide.start)
    beside = power[:, in_band].sum(axis=-1) - floor * (band.stop - band.start)
    share = float(np.maximum(beside.sum() / max(float(values.sum()), 1e-300), 0.0))

    def ratio(across_share: float) -> float:
        of_heart = min(share / across_share, HEART_BESIDE.most_share)
        return float(np.sqrt(of_heart / (1.0 - of_heart)))

    return HeartBeside(
        periodicity=_periodicity(_strength(across, length_s=length_s)),
        ratio=ratio(HEART_BESIDE.across_share),
        most_ratio=ratio(HEART_BESIDE.least_across_share),
    )


def _strength(across: Complexes, *, length_s: float) -> Floats:
    """Return the envelope over its mean, less 1, ends cut off, shape (n_windows, m)."""
    n_out = round(HEART_BESIDE.rate_hz * length_s)
    one_sided = np.zeros((*across.shape[:-1], max(n_out, across.shape[-1])), dtype=np.complex128)
    one_sided[..., : across.shape[-1]] = across
    envelope = np.fft.ifft(one_sided, axis=-1)
    strength = np.sqrt(np.square(np.abs(envelope)).sum(axis=1))
    edge = round(HEART_BESIDE.edge_s * one_sided.shape[-1] / length_s)
    strength = strength[:, edge:-edge]
    return np.asarray(strength / np.maximum(strength.mean(axis=-1, keepdims=True), 1e-300) - 1.0)


def _periodicity(strength: Floats) -> float:
    """Return the highest rise of the mean autocorrelation to the interval of a heartbeat."""
    n = strength.shape[-1]
    padded = np.fft.rfft(strength, n=2 * n, axis=-1)
    first = int(HEARTBEAT.interval_s[0] * HEART_BESIDE.rate_hz)
    n_lags = min(n - 1, int(HEARTBEAT.interval_s[1] * HEART_BESIDE.rate_hz) + 2)
    products = np.fft.irfft(np.square(np.abs(padded)), axis=-1)[:, :n_lags]
    mean = (products / (n - np.arange(n_lags))).mean(axis=0)
    mean = mean / max(float(mean[0]), 1e-300)
    rise = (mean - np.minimum.accumulate(mean))[first:-1]
    is_top = (mean[first:-1] >= mean[first - 1 : -2]) & (mean[first:-1] >= mean[first + 1 :])
    return float(np.where(is_top, rise, 0.0).max(initial=0.0))
