"""What a tap on a worn sensor tells of its strap: how sharp the response is, and how long it rings.

What a length of ringing means for a recording is decided by whoever asked for the taps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.recording import Floats

__all__ = ["RESPONSE_S", "TapResponse", "find_taps"]

#: How long a response is followed, s; the two taps of a runner are further apart.
RESPONSE_S: Final = 0.5
#: The leg must be quiet for so long before a tap, s, but for the very last moment, s.
_QUIET_S: Final = 0.4
_ATTACK_S: Final = 0.05
#: A tap stands out of what was before it by this factor, and is stronger than this, m/s^2.
_STANDS_OUT: Final = 6.0
_WEAKEST_MS2: Final = 4.0
#: A leg that shakes more before it, RMS, or whose slow movement spans more, is moving: foot strikes
#: are no taps, m/s^2.
_SHAKES_MS2: Final = 1.5
_SWINGS_MS2: Final = 0.6
_SWING_S: Final = 0.8
#: Slow movement and gravity are the median over this time, s.
_SLOW_S: Final = 0.5
_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class TapResponse:
    """One tap on the sensor.

    Parameters
    ----------
    time_s : float
        When its strongest sample was, s from the first sample.
    peak_ms2 : float
        Largest acceleration without gravity, m/s^2.
    ring_s : float
        Time from the strongest sample in which 90 % of the energy from there on has come, s.
    """

    time_s: float
    peak_ms2: float
    ring_s: float


def find_taps(acceleration_ms2: Floats, *, fs: float) -> tuple[TapResponse, ...]:
    """Find taps on a sensor that is worn by a leg at rest.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        Gravity included, m/s^2; NaN where samples are missing.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    tuple of TapResponse
        In order of time. One that is not yet followed for 0.5 s is left to a later call.

    Notes
    -----
    A sensor on a strap is a mass on a spring: after a blow it swings at its own frequency and its
    energy falls as ``exp(-2 zeta omega t)``. 90 % of it has come after
    ``ln(10) / (2 zeta omega)``, whatever the strength of the blow. Power of the leg before the tap
    is taken off. A response shorter than a sample reads as one sample at most.

    Examples
    --------
    A blow to a strap that swings at 10 Hz with 8 % of the critical damping:

    >>> t = np.arange(400) / 200.0
    >>> samples = np.tile([0.0, 0.0, 9.81], (400, 1))
    >>> swing = np.exp(-0.08 * 2 * np.pi * 10.0 * (t - 0.8)) * np.cos(20 * np.pi * (t - 0.8))
    >>> samples[:, 2] += np.where(t >= 0.8, 30.0 * swing, 0.0)
    >>> (tap,) = find_taps(samples, fs=200.0)
    >>> tap.time_s, round(tap.ring_s, 1)
    (0.8, 0.2)
    """
    n_response, n_quiet = round(RESPONSE_S * fs), round(_QUIET_S * fs)
    n_attack = max(1, round(_ATTACK_S * fs))
    slow = _slow(acceleration_ms2, fs=fs)
    size = np.linalg.norm(acceleration_ms2 - slow, axis=1)
    size[~np.isfinite(size)] = 0.0
    taps: list[TapResponse] = []
    place = n_quiet + n_attack
    while place < len(size) - n_response:
        response = size[place : place + n_response]
        if size[place] < _WEAKEST_MS2:
            place += 1
            continue
        before = size[place - n_attack - n_quiet : place - n_attack]
        noise_ms2 = float(np.sqrt(np.mean(before**2)))
        swing = slow[max(0, place - round(_SWING_S * fs)) : place]
        swing_ms2 = float(np.linalg.norm(np.ptp(swing, axis=0)))
        is_at_rest = noise_ms2 < _SHAKES_MS2 and swing_ms2 < _SWINGS_MS2  # not so with gaps
        if size[place] < _STANDS_OUT * noise_ms2 or not is_at_rest:
            place += 1
            continue
        # The strongest sample of a blow may come a little after the first that is strong.
        peak = place + int(np.argmax(response[: 2 * n_attack]))
        if peak >= len(size) - n_response:
            break
        response = size[peak : peak + n_response]
        taps.append(TapResponse(peak / fs, float(size[peak]), _ring_s(response, noise_ms2, fs=fs)))
        place = peak + n_response
    return tuple(taps)


def _slow(acceleration_ms2: Floats, *, fs: float) -> Floats:
    n = max(3, round(_SLOW_S * fs) | 1)
    if len(acceleration_ms2) < n:
        return acceleration_ms2
    padded = np.pad(acceleration_ms2, ((n // 2, n // 2), (0, 0)), mode="edge")
    slow: Floats = np.median(np.lib.stride_tricks.sliding_window_view(padded, n, axis=0), axis=-1)
    return slow


def _ring_s(response: Floats, noise_ms2: float, *, fs: float) -> float:
    energy = np.cumsum(np.maximum(response**2 - noise_ms2**2, 0.0))
    # The energy of a sample lies around it: the first counts by half, or a tap that is over at
    # once would read as a whole sample.
    share = (energy - 0.5 * energy[0]) / (energy[-1] - 0.5 * energy[0])
    return float(np.interp(_SHARE, share, np.arange(len(response)) / fs))
