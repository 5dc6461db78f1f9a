"""The table of window scores: the statistics that a verdict is based on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

__all__ = ["SCORES", "Score"]


class Score(NamedTuple):
    """Unit and meaning of one score."""

    unit: str
    meaning: str


SCORES: Final[Mapping[str, Score]] = MappingProxyType(
    {
        "missing_share": Score("1", "Share of the samples that are missing, where any are"),
        "low_rms_ms2": Score("m/s^2", "RMS in 0.5-3 Hz: movement and sway"),
        "band_rms_ms2": Score("m/s^2", "RMS in the tremor band, noise floor removed"),
        "floor_rms_ms2": Score("m/s^2", "RMS that the noise floor alone has in the band"),
        "peak_hz": Score("Hz", "Frequency of the highest peak in the band"),
        "edge_distance_hz": Score("Hz", "Distance of that peak from the nearer edge of the band"),
        "peak_fraction": Score("1", "Share of the band power within 0.75 Hz of the peak"),
        "peak_over_floor": Score("1", "Smoothed peak over the median PSD of the band"),
        "valley_ratio": Score("1", "Peak over the lowest PSD between 1.5 Hz and the peak"),
        "gait_comb": Score("decades", "Teeth over gaps of a comb of a stride or step rate"),
        "subharmonic_ratio": Score("1", "Highest PSD of slow movement over that of the peak"),
        "overtone_share": Score("1", "Power above the second harmonic over that in the band"),
        "crest": Score("1", "Largest short-time norm over the median one"),
        "blanked_share": Score("1", "Share of the window that impacts fill"),
        "burst_hz": Score("Hz", "Frequency of a line that fills less than half of the window"),
        "half_disagreement_hz": Score("Hz", "Distance of the peaks of both halves from the peak"),
        "heartbeat_score": Score("1", "How much the envelope strikes and returns as a heart does"),
        "quiet_share": Score("1", "Share of the window in which the line is gone"),
        "beyond_hz": Score("Hz", "Frequency of the strongest line outside the band"),
        "beyond_rms_ms2": Score(
            "m/s^2", "RMS of that line, or else of the highest peak above the band"
        ),
        "slow_correlation": Score("1", "Correlation of the envelope with slower movement"),
    }
)
