"""How good a capture is for the settings, without looking for tremor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from tremor.analysis.missing import LostSamples
from tremor.dsp.windows import WindowGrid
from tremor.errors import InvalidInputError
from tremor.measures.band import usable_band
from tremor.notes import Note, note
from tremor.recording import CaptureInfo
from tremor.results.cautions import Caution
from tremor.settings import QUALITY, AnalysisSettings

__all__ = ["Level", "Quality", "quality_of"]

Level = Literal["good", "usable", "not usable"]

#: Warnings that repeat other facts of a capture.
_SAID_BY_FACTS: Final = frozenset({"GAPS", "DEAD_AXIS"})
#: Warnings that are worth a line and take nothing from the measurement.
_HARMLESS: Final = frozenset(
    {
        "RATE_OFF_NOMINAL",
        "TIME_ZONE_UNKNOWN",
        "REPEATED_HEADER",
        "UNIT_NOT_SHOWN",
        "GRAVITY_PRESENT",
    }
)


#: Cautions on what was recorded; the others are on what was made of it, or said by the facts.
_OF_THE_CAPTURE: Final = frozenset({"machine", "vehicle", "strap_loose", "resolution", "holes"})


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a capture is, and why.

    Parameters
    ----------
    level : {"good", "usable", "not usable"}
        In a word.
    reasons : tuple of Note
        What lowers it, the worst first.
    """

    level: Level
    reasons: tuple[Note, ...]


def quality_of(
    info: CaptureInfo, settings: AnalysisSettings, cautions: Sequence[Caution] = ()
) -> Quality:
    """Judge how good a capture is for the settings, without looking for tremor.

    Parameters
    ----------
    info : CaptureInfo
        The capture.
    settings : AnalysisSettings
        Band, window and clipping limit.

    cautions : sequence of Caution
        Of its analysis; those on what was recorded make it weaker.

    Returns
    -------
    Quality
        With the reasons.
    """
    found = [one for check in _CHECKS for one in check(info, settings)]
    fatal = [one for one, is_fatal in found if is_fatal]
    weak = [one for one, is_fatal in found if not is_fatal]
    warnings = [one for one in info.warnings if one.code not in _SAID_BY_FACTS]
    weak += [one for one in warnings if one.code not in _HARMLESS]
    codes = dict.fromkeys(one.code for one in cautions)
    weak += [note("QUALITY_CAUTION", caution=code) for code in codes if code in _OF_THE_CAPTURE]
    harmless = [one for one in warnings if one.code in _HARMLESS]
    level: Level = "not usable" if fatal else "usable" if weak else "good"
    return Quality(level, (*fatal, *weak, *harmless))


#: A note, and whether it makes the capture unusable.
_Found = list[tuple[Note, bool]]


def _nyquist(info: CaptureInfo, settings: AnalysisSettings) -> _Found:
    """Compare the band with what the sampling rate shows of it."""
    asked_hz, fs = (settings.band_low_hz, settings.band_high_hz), info.sampling_rate_hz
    try:
        low_hz, high_hz = usable_band(asked_hz, fs=fs)
    except InvalidInputError:
        values = {"nyquist_hz": fs / 2.0, "band_high_hz": asked_hz[1]}
        return [(note("QUALITY_NYQUIST", **values), True)]
    if high_hz >= asked_hz[1]:
        return []
    cut = {"low_hz": low_hz, "high_hz": high_hz, "rate_hz": fs, "asked_high_hz": asked_hz[1]}
    return [(note("BAND_LIMITED", **cut), False)]


def _duration(info: CaptureInfo, settings: AnalysisSettings) -> _Found:
    longest_s = max(one.n_samples for one in info.segments) / info.sampling_rate_hz
    if longest_s >= settings.window_s:
        return []
    values = {"duration_s": longest_s, "window_s": settings.window_s}
    return [(note("QUALITY_SHORT", **values), True)]


def _axes(info: CaptureInfo, _: AnalysisSettings) -> _Found:
    if len(info.dead_axes) == 3:
        return [(note("QUALITY_NOTHING_MOVES"), True)]
    return [(note("QUALITY_DEAD_AXES", axes=info.dead_axes), False)] if info.dead_axes else []


def _gaps(info: CaptureInfo, _: AnalysisSettings) -> _Found:
    if not info.gaps:
        return []
    lost_s = sum(gap.duration_s for gap in info.gaps)
    found = note("QUALITY_GAPS", n_gaps=len(info.gaps), lost_s=lost_s)
    # What lies between segments is no part of the measurement.
    spoiled_s = sum(gap.duration_s for gap in info.holes)
    return [(found, spoiled_s > QUALITY.most_spoiled_share * info.recorded_s)]


def _windows(info: CaptureInfo, settings: AnalysisSettings) -> _Found:
    """Count the windows of which too much is missing."""
    fs = info.sampling_rate_hz
    if not info.holes:
        return []
    grid = WindowGrid.of(
        window_s=settings.window_s, step_s=settings.step_s, fs=fs, segments=info.segments
    )
    begin = grid.begin(np.arange(grid.count_all(info.segments[-1].end_sample)))
    n_missing = LostSamples.of(info).count(begin, begin + grid.n_window)
    n_lost = int(np.count_nonzero(n_missing > settings.most_missing_share * grid.n_window))
    if not n_lost:
        return []
    found = note("QUALITY_WINDOWS_LOST", n_lost=n_lost, n_windows=len(begin))
    return [(found, n_lost > QUALITY.most_spoiled_share * len(begin))]


def _clipping(info: CaptureInfo, _: AnalysisSettings) -> _Found:
    share = info.clipped_fraction or 0.0
    found = note("QUALITY_CLIPPED", share=share)
    return [(found, share > QUALITY.most_spoiled_share)] if share > 0.0 else []


def _scale(info: CaptureInfo, _: AnalysisSettings) -> _Found:
    factor = info.scale_correction
    found = note("QUALITY_SCALE", factor=factor)
    return [(found, False)] if abs(factor - 1.0) > QUALITY.most_scale_error else []


_CHECKS: Final[tuple[Callable[[CaptureInfo, AnalysisSettings], _Found], ...]] = (
    _nyquist,
    _duration,
    _axes,
    _gaps,
    _windows,
    _clipping,
    _scale,
)
