"""The response of a worn sensor to taps: how strong it is, and how long it rings.

What a ringing time means for the strap is decided in `tremor.session.strap_check`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tremor.recording import Floats
from tremor.settings import TAPS

__all__ = ["TapResponse", "find_taps"]


@dataclass(frozen=True, slots=True)
class TapResponse:
    """One tap on the sensor.

    Parameters
    ----------
    time_s : float
        Time of its strongest sample, s from the first sample.
    peak_ms2 : float
        Largest acceleration without gravity, m/s^2.
    ring_s : float
        Time after the strongest sample in which 90 % of the energy from there on arrives, s.
    """

    time_s: float
    peak_ms2: float
    ring_s: float


def find_taps(acceleration_ms2: Floats, *, fs: float) -> tuple[TapResponse, ...]:
    """Find taps on a sensor that is worn by a leg at rest.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        Acceleration, gravity included, m/s^2; NaN where samples are missing.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    tuple of TapResponse
        In order of time. A tap that is followed for less than 0.5 s is left to a later call.

    Notes
    -----
    A sensor on a strap is a mass on a spring: after a tap it oscillates at its natural frequency,
    and its energy falls as ``exp(-2 zeta omega t)``. 90 % of the energy has arrived after
    ``ln(10) / (2 zeta omega)``, however strong the tap. The power of the leg before the tap is
    subtracted. A response shorter than a sample reads as one sample at most.

    Examples
    --------
    A tap on a strap that oscillates at 10 Hz with 8 % of the critical damping:

    >>> t = np.arange(400) / 200.0
    >>> samples = np.tile([0.0, 0.0, 9.81], (400, 1))
    >>> swing = np.exp(-0.08 * 2 * np.pi * 10.0 * (t - 0.8)) * np.cos(20 * np.pi * (t - 0.8))
    >>> samples[:, 2] += np.where(t >= 0.8, 30.0 * swing, 0.0)
    >>> (tap,) = find_taps(samples, fs=200.0)
    >>> tap.time_s, round(tap.ring_s, 1)
    (0.8, 0.2)
    """
    n_response, n_quiet = round(TAPS.response_s * fs), round(TAPS.quiet_s * fs)
    n_attack = max(1, round(TAPS.attack_s * fs))
    slow = _running_median(acceleration_ms2, fs=fs)
    norm = np.linalg.norm(acceleration_ms2 - slow, axis=1)
    norm[~np.isfinite(norm)] = 0.0
    taps: list[TapResponse] = []
    index = n_quiet + n_attack
    while index < len(norm) - n_response:
        if norm[index] < TAPS.least_ms2:
            index += 1
            continue
        before = norm[index - n_attack - n_quiet : index - n_attack]
        noise_ms2 = float(np.sqrt(np.mean(before**2)))
        swing = slow[max(0, index - round(TAPS.swing_s * fs)) : index]
        swing_ms2 = float(np.linalg.norm(np.ptp(swing, axis=0)))
        # Over missing samples the swing is NaN, which does not count as rest.
        is_at_rest = noise_ms2 < TAPS.most_noise_ms2 and swing_ms2 < TAPS.most_swing_ms2
        if norm[index] < TAPS.least_over_noise * noise_ms2 or not is_at_rest:
            index += 1
            continue
        # The strongest sample of a tap may come a little after the first that is strong.
        peak = index + int(np.argmax(norm[index : index + 2 * n_attack]))
        if peak >= len(norm) - n_response:
            break
        response = norm[peak : peak + n_response]
        taps.append(TapResponse(peak / fs, float(norm[peak]), _ring_s(response, noise_ms2, fs=fs)))
        index = peak + n_response
    return tuple(taps)


def _running_median(acceleration_ms2: Floats, *, fs: float) -> Floats:
    n = max(3, round(TAPS.median_s * fs) | 1)
    if len(acceleration_ms2) < n:
        return acceleration_ms2
    padded = np.pad(acceleration_ms2, ((n // 2, n // 2), (0, 0)), mode="edge")
    slow: Floats = np.median(np.lib.stride_tricks.sliding_window_view(padded, n, axis=0), axis=-1)
    return slow


def _ring_s(response: Floats, noise_ms2: float, *, fs: float) -> float:
    energy = np.cumsum(np.maximum(response**2 - noise_ms2**2, 0.0))
    # The energy of a sample is spread around it. The first one counts half: otherwise a tap that is
    # over at once would read as a whole sample.
    share = (energy - 0.5 * energy[0]) / (energy[-1] - 0.5 * energy[0])
    return float(np.interp(TAPS.energy_share, share, np.arange(len(response)) / fs))
