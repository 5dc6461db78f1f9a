"""Upper limit of the width of a line that is too narrow to be resolved.

Its likelihood has no maximum inside, so that there is no curvature to take an interval from: the
limit is where the likelihood has fallen as far as a one-sided interval allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tremor.measures.pooled_models import ChosenModel
from tremor.measures.pooled_whittle import fit_pooled_whittle
from tremor.measures.run_spectra import RunSpectra

__all__ = ["most_bandwidth_hz"]

#: Fall of the logarithm of the likelihood at the one-sided limit of 95 %: half of chi-square.
_FALL: Final = 1.353
#: Widths that are tried, over the length of a segment: from a fiftieth of a bin to thirty.
_BT: Final = np.geomspace(0.02, 30.0, 12)
#: About so many segments give the limit.
_SEGMENTS: Final = 48


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
    fit = model.fit
    longest_s = float(fit.duration_s.max())
    widths_hz = _BT / longest_s
    fs = fit.problem.runs[0].n_samples / float(fit.duration_s[0])
    problem = replace(
        fit.problem,
        runs=_some(fit.problem.runs),
        centres_hz=(fit.frequency_hz, *fit.problem.centres_hz[1:]),
        is_tapered=False,
    )
    fits = fit_pooled_whittle(
        [replace(problem, bandwidth_hz=float(width)) for width in widths_hz],
        fs=fs,
        band_hz=band_hz,
    )
    deviance = np.array([fit.deviance for fit in fits])
    lowest = int(np.argmin(deviance))
    rise = deviance - deviance[lowest]
    above = np.flatnonzero((rise > _FALL) & (np.arange(len(rise)) > lowest))
    if not above.size:
        return float(min(widths_hz[-1], band_hz[1] - band_hz[0]))
    last = int(above[0])
    share = (_FALL - rise[last - 1]) / (rise[last] - rise[last - 1])
    return float(widths_hz[last - 1] * (widths_hz[last] / widths_hz[last - 1]) ** share)


def _some(runs: Sequence[RunSpectra]) -> Sequence[RunSpectra]:
    """Return runs of enough segments, spread over all: more would lower the limit by little."""
    counts = np.cumsum([len(run.summed) for run in runs])
    step = max(1, round(float(counts[-1]) / _SEGMENTS))
    return runs[::step] if step > 1 else runs
