"""Strength of a tremor at both ends of a rest, without a model of what lies between."""

from __future__ import annotations

from typing import Final

import numpy as np

from tremor.estimate import LEVEL, Estimate
from tremor.measures.decay_growth import RemoveNoise
from tremor.measures.decay_posterior import RmsSeries
from tremor.measures.intervals import NORMAL_QUANTILE
from tremor.notes import note
from tremor.recording import Floats
from tremor.settings.recoveries import RecoverySettings

__all__ = ["end_levels", "noise_remover"]

#: Points below which a level has no interval to rely on.
_LEAST_POINTS: Final = 2


def noise_remover(noise_ms2: float) -> RemoveNoise:
    """Return the function that removes the noise of the sensor from an RMS.

    Parameters
    ----------
    noise_ms2 : float
        RMS of the noise in the band, m/s^2.

    Returns
    -------
    callable
        From RMS to RMS, m/s^2.
    """

    def remove_noise(rms_ms2: Floats) -> Floats:
        return np.asarray(np.sqrt(np.maximum(rms_ms2**2 - noise_ms2**2, 0.0)))

    return remove_noise


def end_levels(
    points: RmsSeries, remove_noise: RemoveNoise, *, rules: RecoverySettings
) -> tuple[Estimate, Estimate]:
    """Average the power at the beginning and at the end of a rest.

    Parameters
    ----------
    points : RmsSeries
        In order of time, the noise of the sensor included.
    remove_noise : callable
        Removes that noise from an RMS, m/s^2.
    rules : RecoverySettings
        Length of what is averaged; half of the rest if that is shorter.

    Returns
    -------
    Estimate
        RMS at the beginning, m/s^2; missing if there are fewer than two points.
    Estimate
        The same at the end.

    Notes
    -----
    The interval is for the strength over the averaged time: it holds the scatter of the windows,
    and not the waxing and waning of the tremor.
    """
    time_s = points.time_s
    if len(time_s) < 2 * _LEAST_POINTS:
        missing = Estimate.missing(note("REST_TOO_SHORT_FOR_ENDS", n_points=len(time_s)))
        return missing, missing
    span_s = min(rules.ends_s, 0.5 * float(time_s[-1] - time_s[0]))
    parts = (time_s <= time_s[0] + span_s, time_s >= time_s[-1] - span_s)
    initial, final = (_level(points, part, remove_noise, span_s) for part in parts)
    return initial, final


def _level(
    points: RmsSeries, part: np.typing.NDArray[np.bool_], remove_noise: RemoveNoise, span_s: float
) -> Estimate:
    power = points.rms_ms2[part] ** 2
    # The scatter of the mean: variances of the powers are four times those of the log RMS.
    relative_sd = np.sqrt(np.sum(power**2 * points.log_variance[part])) / power.sum()
    middle = np.sqrt(power.mean())
    low, value, high = remove_noise(
        middle * np.exp(NORMAL_QUANTILE * relative_sd * np.array([-1.0, 0.0, 1.0]))
    )
    return Estimate(
        float(value), float(low), float(high), level=LEVEL, method=f"mean power of {span_s:.0f} s"
    )
