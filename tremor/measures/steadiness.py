"""How even a swing is: the share of a line that one even swing explains.

A muscle is driven by many fibres, so that its tremor waxes, wanes and loses its phase within a
second or two. A motor does not: its strength is constant, and its speed changes slowly. That holds
for a motor with jitter, one that runs up, and one that appears at a wrong frequency because it was
sampled too slowly; the width of its line over a minute holds for none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins
from tremor.recording import Floats
from tremor.settings import STEADINESS

__all__ = ["Steadiness", "steadiness"]

Complexes = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False, slots=True)
class Steadiness:
    """The even swing in each window.

    Parameters
    ----------
    share : ndarray, shape (n_windows,)
        Share of the power of the line that a swing of constant strength explains, whose frequency
        changes steadily, 0 to 1, noise taken off: 0.99 or more for a motor, 0.4-0.9 for tremor
        0.25-1.5 Hz wide in 4 s.
    frequency_hz : ndarray, shape (n_windows,)
        Frequency of that swing in the middle of the window, Hz.
    rms_ms2 : ndarray, shape (n_windows,)
        RMS of the line, m/s^2.
    """

    share: Floats
    frequency_hz: Floats
    rms_ms2: Floats


def steadiness(
    high_passed: Floats, peak_hz: Floats, *, fs: float, band_hz: tuple[float, float]
) -> Steadiness:
    """Measure how much of a line is one even swing.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    peak_hz : ndarray, shape (n_windows,)
        Peak of the line, Hz.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    Steadiness
        Of each window; NaN if it is empty.

    Notes
    -----
    The complex envelope ``z`` of the line within 1.5 Hz of its peak, along its principal motion,
    is compared with ``exp(i phi)``, phi a parabola in time: ``|mean(z exp(-i phi))|^2`` over the
    mean of ``|z|^2``, at the parabola that makes it largest. It is 1 for an even swing, whatever
    its drift; fluctuations of strength and of phase lower it alike. White noise of the density
    that the quietest bins show would lower it by its share of the power, which is divided out.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(400) / 100.0
    >>> ramp = np.sin(2 * np.pi * (8.0 * t + 0.1 * t**2))
    >>> found = steadiness(ramp * np.ones((1, 3, 1)), np.array([8.5]), fs=100.0, band_hz=(3, 15))
    >>> bool(found.share[0] > 0.99)
    True
    """
    length_s = high_passed.shape[-1] / fs
    spectrum = np.fft.rfft(high_passed, axis=-1)
    power = np.square(spectrum.real).sum(axis=1) + np.square(spectrum.imag).sum(axis=1)
    half = round(STEADINESS.half_width_hz * length_s)
    offset = np.arange(-half, half + 1)
    at = np.round(peak_hz * length_s).astype(np.int64)[:, None] + offset
    last = spectrum.shape[-1] - 1
    inside = (at >= 1) & (at < last)
    bins = np.take_along_axis(spectrum, np.clip(at, 0, last)[:, None, :], axis=-1)
    bins = bins * inside[:, None, :]
    values, vectors = np.linalg.eigh(bins @ np.conj(np.swapaxes(bins, -1, -2)))
    along = (np.conj(vectors[..., :, -1])[..., None, :] @ bins)[:, 0]
    wide = band_bins(
        high_passed.shape[-1], fs=fs, low_hz=band_hz[0], high_hz=STEADINESS.floor_to * band_hz[1]
    )
    # A ordinate summed over three axes is a sum of three exponential variables.
    floor = np.quantile(power[:, wide], STEADINESS.floor_quantile, axis=-1)
    floor = floor / STEADINESS.quantile_over_mean / 3.0
    total = np.maximum(values[:, -1], 1e-300)
    noise = np.minimum(floor * inside.sum(axis=-1) / total, STEADINESS.most_noise)
    even, away_hz = _even_swing(_envelope(along, offset, length_s=length_s))
    return Steadiness(
        share=np.minimum(even / (1.0 - noise), 1.0),
        frequency_hz=at[:, half] / length_s + away_hz,
        rms_ms2=np.sqrt(2.0 * values.sum(axis=-1)) / high_passed.shape[-1],
    )


def _envelope(along: Complexes, offset: npt.NDArray[np.int64], *, length_s: float) -> Complexes:
    """Return the complex envelope, its ends cut off, where it rings."""
    n_out = round(STEADINESS.rate_hz * length_s)
    one_sided = np.zeros((len(along), n_out), dtype=np.complex128)
    one_sided[:, offset % n_out] = along
    edge = max(1, round(STEADINESS.edge_s * STEADINESS.rate_hz))
    return np.fft.ifft(one_sided, axis=-1)[:, edge:-edge]


def _even_swing(envelope: Complexes) -> tuple[Floats, Floats]:
    """Return the share of the best even swing, whose phase is a parabola, and its frequency, Hz."""
    n = envelope.shape[-1]
    time = np.linspace(-1.0, 1.0, n)
    length_s = n / STEADINESS.rate_hz
    most = np.pi * STEADINESS.most_ramp_hz_per_s * (length_s / 2.0) ** 2
    best = np.full(len(envelope), -1.0)
    turns = np.zeros(len(envelope))
    phase = np.zeros(envelope.shape)
    for curve in np.linspace(-most, most, STEADINESS.ramps):
        turned = np.fft.fft(envelope * np.exp(-1j * curve * time**2), n=4 * n, axis=-1)
        height = np.abs(turned)
        peak = np.argmax(height, axis=-1)
        highest = np.take_along_axis(height, peak[:, None], axis=-1)[:, 0]
        better = highest > best
        best[better] = highest[better]
        slope = np.pi * np.fft.fftfreq(4 * n)[peak] * (n - 1)
        phase[better] = curve * time**2 + slope[better, None] * time
        turns[better] = slope[better]
    powers = np.stack([np.ones(n), time, time**2])
    for _ in range(STEADINESS.refinements):
        rest = envelope * np.exp(-1j * phase)
        rest = rest * np.exp(-1j * np.angle(rest.sum(axis=-1)))[:, None]
        weight = np.abs(rest)
        normal = (powers * weight[:, None, :]) @ powers.T
        moment = (powers * (weight * np.angle(rest))[:, None, :]).sum(axis=-1)
        normal = normal + 1e-12 * np.maximum(normal.max(axis=(1, 2)), 1e-300)[
            :, None, None
        ] * np.eye(3)
        step = np.linalg.solve(normal, moment[..., None])[..., 0]
        phase = phase + step @ powers
        turns = turns + step[:, 1]
    even = np.abs((envelope * np.exp(-1j * phase)).mean(axis=-1)) ** 2
    mean = np.square(np.abs(envelope)).mean(axis=-1)
    # A step of the refinement may miss where there is no even swing.
    even = np.maximum(even, np.square(best / n))
    away_hz = turns / (2.0 * np.pi) / ((n - 1) / STEADINESS.rate_hz / 2.0)
    return np.asarray(even / np.maximum(mean, 1e-300)), away_hz
