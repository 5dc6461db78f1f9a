"""Growth of a tremor over a rest: throughout, or again after it had faded.

Both are the test for a decay of `tremor.measures.decay_posterior`, backwards in time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from tremor.measures.decay_posterior import RmsSeries, coarse_posterior, refine_posterior
from tremor.notes import Note, note
from tremor.recording import Floats
from tremor.settings.recoveries import RecoverySettings

__all__ = ["LARGEST_GROWTH", "RemoveNoise", "find_turn", "grew_again", "growth"]

#: Removes the noise of the sensor from an RMS, m/s^2.
RemoveNoise = Callable[[Floats], Floats]

#: A tremor that grew by more than this was not there before: the factor means nothing.
LARGEST_GROWTH: Final = 100.0
#: Log RMS above the lowest one that is no more than scatter of the running mean.
_AS_GOOD_AS_LOWEST: Final = 0.1
_LEAST_RMS_MS2: Final = 1e-9


def growth(points: RmsSeries, remove_noise: RemoveNoise, rules: RecoverySettings) -> float | None:
    """Return the factor by which a tremor grew over a rest.

    Parameters
    ----------
    points : RmsSeries
        In order of time.
    remove_noise : callable
        Removes the noise of the sensor from an RMS, m/s^2.
    rules : RecoverySettings
        Thresholds, those of a decay.

    Returns
    -------
    float or None
        None if growth is not shown.
    """
    coarse = coarse_posterior(points.backwards(), floor_ms2=None)
    if coarse.log_bayes_factor <= rules.decays_least_log_bayes:
        return None
    ends_s, posture = points.time_s[[0, -1]], points.postures()[0]
    last, first = remove_noise(refine_posterior(coarse).rms(ends_s, posture=posture)).T
    times = float(np.median(last / np.maximum(first, _LEAST_RMS_MS2)))
    return times if 1.0 - 1.0 / times > rules.decays_least_drop else None


def find_turn(points: RmsSeries, *, rules: RecoverySettings) -> int | None:
    """Find where a tremor that had faded begins to grow again.

    Parameters
    ----------
    points : RmsSeries
        In order of time.
    rules : RecoverySettings
        Thresholds of both parts.

    Returns
    -------
    int or None
        First point of the growing part; None unless the part before fades, and that from there on
        grows.

    Notes
    -----
    The turn is the lowest point of the running mean over half a minute. Because it is chosen by
    the data, both parts must be shown by more than a decay is.
    """
    n_least, part_s = int(rules.recovery_least_points), rules.recovery_least_rest_s
    n = len(points.time_s)
    if n < 2 * n_least:
        return None
    log_rms = np.log(points.rms_ms2)
    near = np.abs(np.subtract.outer(points.time_s, points.time_s)) <= part_s / 2.0
    mean = near @ log_rms / near.sum(axis=1)
    lowest = int(np.argmin(mean[n_least : n - n_least + 1])) + n_least
    # The growth is searched from where the tremor is as good as lowest: a floor may come before it.
    low = int(np.argmax(mean[n_least:] <= mean[lowest] + _AS_GOOD_AS_LOWEST)) + n_least
    before, after = points.chosen(slice(lowest)), points.chosen(slice(low, None))
    if any(float(np.ptp(part.time_s)) < part_s for part in (before, after)):
        return None
    rise = float(np.max(mean[lowest:]) - mean[lowest])
    if 1.0 - np.exp(-rise) <= rules.decays_least_drop:
        return None
    grown = coarse_posterior(_from_zero(after.backwards()), floor_ms2=None).log_bayes_factor
    if grown <= rules.grows_again_least_log_bayes:
        return None
    faded = coarse_posterior(before, floor_ms2=None).log_bayes_factor
    return lowest if faded > rules.grows_again_least_log_bayes else None


def _from_zero(points: RmsSeries) -> RmsSeries:
    """Return the points with the time from the first one on, where a rest begins."""
    return points._replace(time_s=points.time_s - points.time_s[0])


def grew_again(points: RmsSeries, turn: int, remove_noise: RemoveNoise) -> Note:
    """Return the note on a tremor that grew again.

    Parameters
    ----------
    points : RmsSeries
        In order of time.
    turn : int
        As `find_turn` returns it.
    remove_noise : callable
        Removes the noise of the sensor from an RMS, m/s^2.

    Returns
    -------
    Note
        ``GREW_AGAIN`` with the time of the turn and the factor.
    """
    n = max(3, min(turn, len(points.time_s) - turn) // 4)
    # The lowest stretch and the last one, both as long.
    lowest, last = (
        float(remove_noise(np.sqrt(np.mean(points.rms_ms2[part] ** 2, keepdims=True)))[0])
        for part in (slice(max(0, turn - n // 2), turn + n - n // 2), slice(-n, None))
    )
    times = min(last / max(lowest, _LEAST_RMS_MS2), LARGEST_GROWTH)
    return note("GREW_AGAIN", turn_s=float(points.time_s[turn]), times=times)
