"""The heart beside a tremor: a caution, and intervals that hold what it may add."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from tremor.analysis.episodes import EpisodeWindows
from tremor.analysis.window_samples import read_windows
from tremor.dsp.filters import remove_slow
from tremor.dsp.windows import WindowGrid
from tremor.estimate import Estimate
from tremor.measures.band import slow_cutoff_hz
from tremor.measures.heart_beside import HeartBeside, heart_beside
from tremor.notes import note
from tremor.recording import Recording
from tremor.results.cautions import Caution
from tremor.results.estimates import TremorEstimates
from tremor.settings import CAUTIONS, AnalysisSettings

__all__ = ["heart_caution", "heart_of", "widened"]

_Record = TypeVar("_Record", bound=TremorEstimates)

#: Windows that are looked at together: a heart keeps its rate for so long.
_TOGETHER: Final = 16
#: Groups of them in a capture; more do not change the answer.
_MOST_GROUPS: Final = 16


def heart_of(
    recording: Recording,
    grid: WindowGrid,
    episodes: Sequence[EpisodeWindows],
    *,
    settings: AnalysisSettings,
    band_hz: tuple[float, float],
) -> HeartBeside | None:
    """Measure the heart beside the tremor of a capture.

    Parameters
    ----------
    recording, grid
        The capture, and its windows.
    episodes : sequence of EpisodeWindows
        In order of time.
    settings : AnalysisSettings
        What the heart can excite.
    band_hz : tuple of float
        Usable part of the band, Hz.

    Returns
    -------
    HeartBeside or None
        The median over parts of the capture; None without enough tremor, or if the tremor is too
        strong for the heart to matter.
    """
    if not episodes:
        return None
    rows = np.flatnonzero(np.any([one.members for one in episodes], axis=0))
    if len(rows) < CAUTIONS.heart_windows:
        return None
    groups = [rows[first : first + _TOGETHER] for first in range(0, len(rows), _TOGETHER)]
    groups = [one for one in groups if 2 * len(one) >= min(_TOGETHER, len(rows))]
    chosen = np.linspace(0, len(groups) - 1, min(len(groups), _MOST_GROUPS)).astype(int)
    found = []
    for index in chosen.tolist():
        windows = read_windows(recording, grid, groups[index], band_hz=band_hz)
        high_passed = remove_slow(windows, fs=grid.fs, cutoff_hz=slow_cutoff_hz(band_hz))
        if math.sqrt(float(np.square(high_passed).sum(axis=1).mean())) <= (
            settings.most_ringing_rms_ms2 / CAUTIONS.heart_ratio
        ):
            found.append(heart_beside(high_passed, fs=grid.fs, band_hz=band_hz))
    if not found:
        return None
    return HeartBeside(
        periodicity=float(np.median([one.periodicity for one in found])),
        ratio=float(np.median([one.ratio for one in found])),
        most_ratio=float(np.median([one.most_ratio for one in found])),
    )


def heart_caution(heart: HeartBeside | None) -> list[Caution]:
    """Return the caution on a heart that is strong enough to disturb the estimates.

    Parameters
    ----------
    heart : HeartBeside or None
        What was measured.

    Returns
    -------
    list of Caution
        One at most.
    """
    if heart is None or not _disturbs(heart):
        return []
    return [
        Caution(
            code="heart_beside",
            about=("frequency", "bandwidth", "strength"),
            strength=min(1.0, heart.most_ratio**2),
            statement=note("HEART_BESIDE", ratio=heart.ratio),
        )
    ]


def _disturbs(heart: HeartBeside) -> bool:
    return (
        heart.periodicity >= CAUTIONS.heart_periodicity and heart.most_ratio >= CAUTIONS.heart_ratio
    )


def widened(record: _Record, heart: HeartBeside | None) -> _Record:
    """Return estimates whose intervals hold what the heart may have added.

    Parameters
    ----------
    record : TremorEstimates
        Of a session, an episode or a line.
    heart : HeartBeside or None
        What was measured.

    Returns
    -------
    TremorEstimates
        The frequency may be pulled by a share of the power of the heart, and the RMS holds that
        power; unchanged where the heart does not disturb.
    """
    if heart is None or not _disturbs(heart):
        return record
    power = heart.most_ratio**2
    return replace(
        record,
        frequency_hz=_wider(record.frequency_hz, CAUTIONS.heart_pull_hz * power),
        rms_ms2=_lower(record.rms_ms2, 1.0 / math.sqrt(1.0 + power)),
        displacement_pp_mm=_lower(record.displacement_pp_mm, 1.0 / math.sqrt(1.0 + power)),
    )


def _wider(estimate: Estimate, half: float) -> Estimate:
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None:
        return estimate
    return replace(
        estimate,
        low=max(value - math.hypot(value - low, half), 0.0),
        high=value + math.hypot(high - value, half),
    )


def _lower(estimate: Estimate, factor: float) -> Estimate:
    if estimate.low is None:
        return estimate
    return replace(estimate, low=factor * estimate.low)
