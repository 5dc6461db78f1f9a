"""The tests of a window, in order: score, threshold, and the reason for the verdict if it fails.

`tremor.analysis.judging` measures the scores and applies the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.measures.envelope import heartbeat_limit
from tremor.recording import Floats
from tremor.settings import ENVELOPE, GAIT_COMB, HARMONICS, AnalysisSettings

__all__ = [
    "IMPACT_RULES",
    "LINE_RULES",
    "MOVEMENT_RULES",
    "PRESENCE_RULES",
    "SAMPLE_RULES",
    "Rule",
    "flank_rms_ms2",
    "is_line_alone",
    "low_rms_limit",
    "quiet_share_limit",
]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Rule:
    """One test.

    Parameters
    ----------
    reason : str
        Name of the reason if the test fails, in `tremor.results.verdicts.REASONS`.
    score : str
        Name of the score.
    threshold : callable
        Returns the threshold of each window, given the settings and all scores.
    fails : callable
        Returns for which windows the test fails, given the score and the threshold.
    """

    reason: str
    score: str
    threshold: Callable[[AnalysisSettings, Mapping[str, Floats]], float | Floats]
    fails: Callable[[Floats, float | Floats], Bools]


def _above(score: Floats, threshold: float | Floats) -> Bools:
    return np.asarray(score > threshold)


def _below(score: Floats, threshold: float | Floats) -> Bools:
    return np.asarray(score < threshold)


def low_rms_limit(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    """Return the RMS in 0.5-3 Hz above which a window is moving.

    Parameters
    ----------
    settings : AnalysisSettings
        Limits and share.
    scores : mapping of str to ndarray, shape (n_windows,)
        With ``band_rms_ms2``, m/s^2.

    Returns
    -------
    ndarray, shape (n_windows,)
        Limit, m/s^2. It rises with the tremor, whose flank reaches below 3 Hz.
    """
    limit = np.clip(
        settings.most_low_share * scores["band_rms_ms2"],
        settings.most_low_rms_ms2,
        settings.most_low_rms_at_all_ms2,
    )
    return np.where(is_line_alone(scores), flank_rms_ms2(scores), limit)


def is_line_alone(scores: Mapping[str, Floats]) -> Bools:
    """Check which windows hold a line without what accompanies gait and stamping.

    Parameters
    ----------
    scores : mapping of str to ndarray, shape (n_windows,)
        With those of `tremor.measures.contamination.stride_signs`.

    Returns
    -------
    ndarray of bool, shape (n_windows,)
        False where these were not measured.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(
            (scores["subharmonic_ratio"] <= GAIT_COMB.most_subharmonic)
            & (scores["overtone_share"] <= GAIT_COMB.most_overtones)
            & (scores["band_rms_ms2"] <= GAIT_COMB.most_tremor_ms2)
        )


def flank_rms_ms2(scores: Mapping[str, Floats]) -> Floats:
    """Return the RMS in 0.5-3 Hz that the flank of a line may have, m/s^2, (n_windows,)."""
    return np.asarray(GAIT_COMB.most_flank * scores["band_rms_ms2"])


def _comb_limit(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    strong = scores["band_rms_ms2"] > settings.strong_rms_ms2
    limit = np.where(strong, settings.most_strong_comb, settings.most_gait_comb)
    # A line and its second harmonic are two teeth without any gait, which moves slowly as well.
    by_itself = scores["low_rms_ms2"] < HARMONICS.most_slow_share * scores["band_rms_ms2"]
    by_itself &= ~strong & (scores["has_second"] > 0.0)
    return np.where(by_itself | is_line_alone(scores), np.inf, limit)


def _heartbeat_score_limit(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    return heartbeat_limit(settings, length_s=scores["length_s"], n_windows=1)


def quiet_share_limit(settings: AnalysisSettings, length_s: Floats) -> Floats:
    """Return the share of a window for which a line may be gone.

    Parameters
    ----------
    settings : AnalysisSettings
        The limit for windows of 4 s.
    length_s : ndarray, shape (n_windows,)
        Length of the windows, s.

    Returns
    -------
    ndarray, shape (n_windows,)
        The scatter of the share that a Gaussian process has by chance falls with the length.
    """
    by_chance = ENVELOPE.quiet_by_chance
    scatter = settings.most_quiet_share - by_chance
    return np.asarray(by_chance + scatter * np.sqrt(ENVELOPE.reference_s / length_s))


def _quiet_share_limit(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    # Time that was faded out, or is missing, may be quiet.
    hidden = scores["blanked_share"] + np.nan_to_num(scores["missing_share"])
    return quiet_share_limit(settings, scores["length_s"]) + hidden


def _lost_limit(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    return settings.most_missing_share * scores["length_s"]


SAMPLE_RULES: Final = (
    Rule("dead", "n_dead_axes", lambda _, __: 0.0, _above),
    Rule("gap", "lost_s", _lost_limit, _above),
    Rule("clipped", "clipped_share", lambda s, _: s.most_clipped_share, _above),
)
MOVEMENT_RULES: Final = (
    Rule("gait", "gait_comb", _comb_limit, _above),
    Rule("moving", "low_rms_ms2", low_rms_limit, _above),
    Rule("weak", "band_rms_ms2", lambda s, _: s.least_rms_ms2, _below),
)
IMPACT_RULES: Final = (
    Rule("impact", "blanked_share", lambda s, _: s.most_blanked_share, _above),
    Rule("only_impacts", "band_rms_ms2", lambda s, _: s.least_rms_ms2, _below),
    Rule("event", "half_disagreement_hz", lambda s, _: s.most_half_disagreement_hz, _above),
)
LINE_RULES: Final = (
    Rule("edge", "edge_distance_hz", lambda s, _: s.interior_margin_hz, _below),
    Rule("no_valley", "valley_ratio", lambda s, _: s.least_valley_ratio, _below),
    Rule("spread", "peak_fraction", lambda s, _: s.least_peak_fraction, _below),
    Rule("flat", "peak_over_floor", lambda s, _: s.least_peak_over_floor, _below),
)
PRESENCE_RULES: Final = (
    Rule("burst", "gone_share", _quiet_share_limit, _above),
    Rule("heartbeat", "heartbeat_score", _heartbeat_score_limit, _above),
    Rule("burst", "quiet_share", _quiet_share_limit, _above),
    Rule("with_movement", "slow_correlation", lambda s, _: s.most_slow_correlation, _above),
)
