"""A long run that is one sine: its frequency from all samples, and the slow wander it may hide.

A sine whose residual is noise may still wander by less than the noise reveals. Over a long run
even that exceeds the error from noise, so it goes into the interval, which then covers the
frequency of the process and not only that of these samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import band_bins, psd, transform
from tremor.measures.intervals import NORMAL_QUANTILE
from tremor.measures.sine import SLOPE_VARIANCE, fit_sines
from tremor.recording import Floats
from tremor.settings import LONG_TONE, SINE

__all__ = ["LongTone", "fit_long_tone", "is_tone_like"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTone:
    """One sine over a whole run.

    Parameters
    ----------
    frequency_hz, half_hz : float
        Frequency and half of its 95 % interval, Hz: from noise, and from the wander it may hide.
    power_ms2sq, half_rms_ms2 : float
        Mean square of the vector, (m/s^2)^2, and half of the 95 % interval of its root, m/s^2.
    bandwidth_hz, most_bandwidth_hz : float
        Half-power width that the residual allows, and its upper limit (95 %), Hz.
    noise_density : float
        Floor of one axis around the line, (m/s^2)^2/Hz.
    """

    frequency_hz: float
    half_hz: float
    power_ms2sq: float
    half_rms_ms2: float
    bandwidth_hz: float
    most_bandwidth_hz: float
    noise_density: float


def is_tone_like(density: Floats, within: slice) -> bool:
    """Check whether every segment of a run has its line in the same few bins.

    Parameters
    ----------
    density : ndarray, shape (n_segments, n_bins)
        PSD of segments of one length, not padded, (m/s^2)^2/Hz.
    within : slice
        Bins of the band.

    Returns
    -------
    bool
        False for any tremor that is broader than about two bins.
    """
    peak = within.start + np.argmax(density[:, within], axis=1)
    if np.ptp(peak) > 1:
        return False
    middle = int(np.median(peak))

    def power(half: int) -> Floats:
        return np.asarray(density[:, max(0, middle - half) : middle + half + 1].sum(axis=1))

    share = LONG_TONE.least_share
    return bool((power(LONG_TONE.peak_bins) > share * power(LONG_TONE.around_bins)).all())


def fit_long_tone(
    samples: Floats, *, fs: float, cutoff_hz: float, band_hz: tuple[float, float]
) -> LongTone | None:
    """Fit one sine to all samples of a run.

    Parameters
    ----------
    samples : ndarray, shape (n_samples, 3)
        Acceleration without gaps, m/s^2.
    fs, cutoff_hz : float
        Sampling rate, and cut-off of the high-pass, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    LongTone or None
        None if the residual is more than noise, or the phase wanders.

    Notes
    -----
    A phase that diffuses by ``D`` rad^2 over the run moves the slope of its straight line by a
    variance of ``6/5 D``, and leaves ``0.245 D`` with the means of six parts. The interval covers
    the frequency of the process in 92 % or more, whatever ``D`` is, and is 3.1 times as wide as
    noise alone would make it (median of a pure tone; 40 000 simulated phases).

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(12_000) / 100.0
    >>> x = 0.3 * np.sin(2 * np.pi * 7.123 * t)[:, None] * [0.6, 0.0, 0.8]
    >>> x += np.random.default_rng(0).normal(0, 0.03, x.shape)
    >>> tone = fit_long_tone(x, fs=100.0, cutoff_hz=1.5, band_hz=(3.0, 15.0))
    >>> bool(abs(tone.frequency_hz - 7.123) < tone.half_hz < 1e-4)
    True
    """
    from scipy.special import gammaincc

    high_passed = remove_slow(np.ascontiguousarray(samples.T)[None], fs=fs, cutoff_hz=cutoff_hz)
    n = high_passed.shape[-1]
    band = band_bins(2 * n, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    density = psd(transform(high_passed, fs=fs, pad=2)[..., band])
    start_hz = (band.start + np.argmax(density, axis=-1)) * fs / (2 * n)
    sine = fit_sines(high_passed, start_hz, fs=fs, cutoff_hz=cutoff_hz, band_hz=band_hz)
    if not sine.is_tone[0]:
        return None
    frequency_hz, power = float(sine.frequency_hz[0]), float(sine.power[0])
    phase, n_part = _phases(high_passed[0], frequency_hz, fs=fs, cutoff_hz=cutoff_hz)
    variance = float(sine.noise[0]) * fs / 2.0 / (power * n_part)
    if variance > LONG_TONE.most_phase_sd_rad**2:
        return None
    time = np.arange(LONG_TONE.parts) - (LONG_TONE.parts - 1) / 2.0
    phase -= phase.mean()
    left = phase - time * float(time @ phase) / float(time @ time)
    energy, freedom = float(left @ left) / variance, LONG_TONE.parts - 2
    if gammaincc(freedom / 2.0, energy / 2.0) < SINE.significance:
        return None
    room = max(energy - freedom, 0.0) + LONG_TONE.room_sd * np.sqrt(2.0 * freedom)
    diffusion = room * variance / LONG_TONE.energy_left
    wander_hz = np.sqrt(SLOPE_VARIANCE * diffusion) / (2.0 * np.pi * n / fs)
    return LongTone(
        frequency_hz=frequency_hz,
        half_hz=float(np.hypot(sine.noise_half_hz[0], NORMAL_QUANTILE * wander_hz)),
        power_ms2sq=power,
        half_rms_ms2=float(sine.half_rms[0]),
        bandwidth_hz=float(sine.bandwidth_hz[0]),
        most_bandwidth_hz=float(sine.most_bandwidth_hz[0]),
        noise_density=float(sine.noise[0]),
    )


def _phases(
    high_passed: Floats, frequency_hz: float, *, fs: float, cutoff_hz: float
) -> tuple[Floats, int]:
    """Return the phase of each part against the sine, rad, and the number of samples of a part.

    It is taken from the residual of the sine: the parts are not whole numbers of periods, so the
    sine itself would leak into their phases.
    """
    n = high_passed.shape[-1]
    wave = np.exp(2j * np.pi * frequency_hz / fs * np.arange(n))
    both = remove_slow(np.stack([wave.real, wave.imag]), fs=fs, cutoff_hz=cutoff_hz)
    along = np.linalg.solve(both @ both.T, both @ high_passed.T)
    residual = high_passed - along.T @ both
    amplitude = along[0] - 1j * along[1]
    n_part = n // LONG_TONE.parts
    cut = n_part * LONG_TONE.parts
    # Not by BLAS, which starts threads for so many samples.
    turned = (np.conj(amplitude)[:, None] * residual).sum(axis=0)[:cut] * np.conj(wave[:cut])
    parts = turned.reshape(LONG_TONE.parts, n_part).sum(axis=-1)
    phase: Floats = 2.0 * parts.imag / (n_part * float(np.vdot(amplitude, amplitude).real))
    return phase, n_part
