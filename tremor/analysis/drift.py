"""Slow drift of the frequency of a tremor, told where it is sure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.analysis.episodes import EpisodeWindows
from tremor.notes import note
from tremor.results.cautions import Caution
from tremor.results.windows import WindowTable
from tremor.settings import DRIFT

__all__ = ["Drift", "drift_cautions", "drift_of"]

Bools = npt.NDArray[np.bool_]


class Drift(NamedTuple):
    """Frequency at the beginning and at the end of an episode, Hz, and its time between, s."""

    from_hz: float
    to_hz: float
    over_s: float


def drift_of(table: WindowTable, members: Bools) -> Drift | None:
    """Find the drift of the frequency over the windows of an episode.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    members : ndarray of bool, shape (n_windows,)
        Windows with the tremor.

    Returns
    -------
    Drift or None
        None unless the change is large, and sure against the scatter of the windows, the
        correlation of which is that of their residuals.
    """
    rows = np.flatnonzero(members)
    value_hz, low_hz, high_hz = table.estimates["frequency_hz"][rows].T
    known = np.isfinite(value_hz) & np.isfinite(high_hz - low_hz)
    rows, value_hz, low_hz, high_hz = rows[known], value_hz[known], low_hz[known], high_hz[known]
    if len(rows) < DRIFT.least_windows:
        return None
    at_s = table.start_s[rows]
    over_s = float(table.end_s[rows[-1]] - at_s[0])
    sd_hz = np.hypot((high_hz - low_hz) / 4.0, DRIFT.scatter_hz)
    weight = 1.0 / np.square(sd_hz)
    weight /= weight.sum()
    since_s = at_s - weight @ at_s
    variance_s = float(weight @ np.square(since_s))
    if over_s < DRIFT.least_s or variance_s <= 0.0:
        return None
    mean_hz = float(weight @ value_hz)
    slope = float(weight @ (since_s * value_hz)) / variance_s
    residual_hz = value_hz - mean_hz - slope * since_s
    correlation = float(residual_hz[1:] @ residual_hz[:-1]) / max(
        float(residual_hz @ residual_hz), 1e-12
    )
    # Windows overlap by half, and a tremor wanders besides.
    correlation = min(max(correlation, 1.0 / 3.0), DRIFT.most_correlation)
    looks = len(rows) * (1.0 - correlation) / (1.0 + correlation)
    error = math.sqrt(float(weight @ np.square(residual_hz)) / (max(looks, 1.0) * variance_s))
    change_hz = slope * (at_s[-1] - at_s[0])
    if abs(change_hz) < DRIFT.least_hz or abs(slope) < DRIFT.least_errors * error:
        return None
    return Drift(mean_hz + slope * float(since_s[0]), mean_hz + slope * float(since_s[-1]), over_s)


def drift_cautions(table: WindowTable, episodes: Sequence[EpisodeWindows]) -> tuple[Caution, ...]:
    """Return a caution for every episode whose frequency drifts.

    Parameters
    ----------
    table : WindowTable
        All windows, judged.
    episodes : sequence of EpisodeWindows
        In order of time.

    Returns
    -------
    tuple of Caution
        ``model`` with the time of the episode: one frequency and its width do not tell all of it.
    """
    found = []
    for one in episodes:
        drift = drift_of(table, one.members)
        if drift is not None:
            change_hz = abs(drift.to_hz - drift.from_hz)
            found.append(
                Caution(
                    code="model",
                    about=("frequency", "bandwidth"),
                    strength=min(1.0, change_hz / DRIFT.full_hz),
                    statement=note("FREQUENCY_DRIFTS", **drift._asdict()),
                    start_s=one.start_s,
                    end_s=one.end_s,
                )
            )
    return tuple(found)
