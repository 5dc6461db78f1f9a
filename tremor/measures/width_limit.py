"""Upper limit of the width of a line that is too narrow to be resolved.

Its likelihood has no maximum inside, so that there is no curvature to take an interval from: the
limit is where the likelihood has fallen as far as a one-sided interval allows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from tremor.measures.pooled_models import ChosenModel
from tremor.measures.pooled_whittle import fit_pooled_whittle

__all__ = ["most_bandwidth_hz"]

#: Fall of the logarithm of the likelihood at the one-sided limit of 95 %: half of chi-square.
_FALL: Final = 1.353
#: Widths that are tried, over the length of a segment: from a thousandth to twenty bins.
_BT: Final = np.geomspace(0.03, 30.0, 16)


def most_bandwidth_hz(model: ChosenModel, *, band_hz: tuple[float, float]) -> float:
    """Return the upper limit of the half-power width of the first line of a model.

    Parameters
    ----------
    model : ChosenModel
        The model.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    float
        One-sided 95 % limit, Hz, by the profile of the likelihood.
    """
    problem = replace(
        model.fit.problem, centres_hz=(model.fit.frequency_hz, *model.fit.problem.centres_hz[1:])
    )
    longest_s = float(model.fit.duration_s.max())
    widths_hz = _BT / longest_s
    runs = problem.runs[0]
    fs = runs.n_samples / float(model.fit.duration_s[0])
    fits = fit_pooled_whittle(
        [replace(problem, bandwidth_hz=float(width)) for width in widths_hz],
        fs=fs,
        band_hz=band_hz,
    )
    deviance = np.array([fit.deviance for fit in fits])
    best = min(float(deviance.min()), model.fit.deviance)
    above = np.flatnonzero(
        (deviance > best + _FALL) & (np.arange(len(widths_hz)) >= np.argmin(deviance))
    )
    if not above.size:
        return float(min(widths_hz[-1], band_hz[1] - band_hz[0]))
    last = int(above[0])
    if last == 0:
        return float(widths_hz[0])
    fall = (best + _FALL - deviance[last - 1]) / (deviance[last] - deviance[last - 1])
    log_width = np.log(widths_hz[last - 1]) + fall * np.log(widths_hz[last] / widths_hz[last - 1])
    return float(np.exp(log_width))
