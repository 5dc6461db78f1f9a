"""The tests of windows, in stages: each stage measures only the windows that are still undecided.

A stage is a function that takes a `Judgement` and returns the next one; arguments are not modified.
The rules are in `tremor.analysis.verdict_rules`; the lines of the windows that pass all tests are
estimated in `tremor.analysis.window`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.verdict_rules import (
    IMPACT_RULES,
    LINE_RULES,
    MOVEMENT_RULES,
    PRESENCE_RULES,
    SAMPLE_RULES,
    Rule,
    is_line_alone,
    low_rms_limit,
    quiet_share_limit,
)
from tremor.dsp.filters import remove_slow
from tremor.dsp.missing import fill_missing
from tremor.dsp.sample_counts import count_constant, count_missing
from tremor.dsp.spectrum import hann_psd
from tremor.measures.band import slow_cutoff_hz, usable_band
from tremor.measures.contamination import (
    blank_impacts,
    gait_comb,
    half_disagreement_hz,
    stride_signs,
)
from tremor.measures.envelope import heartbeat, heartbeat_limit, quiet_time, slow_correlation
from tremor.measures.outside_band import outside_line
from tremor.measures.spectral_shape import band_levels, peak_shape
from tremor.recording import AXES, Floats
from tremor.results.verdicts import REASON_NAMES, REASONS
from tremor.settings import HEARTBEAT, IMPACTS, LINE, OUTSIDE, PEAK, AnalysisSettings

__all__ = ["Decisions", "Judgement", "WindowBatch", "judge"]

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class WindowBatch:
    """Windows of one length.

    Parameters
    ----------
    start_s : ndarray, shape (n_windows,)
        Start of each window, s from the start of the capture.
    acceleration_ms2 : ndarray, shape (n_windows, 3, n_samples)
        Acceleration, m/s^2; NaN where samples are missing. May be a view in which windows overlap.
    clipped_share : ndarray, shape (n_windows,)
        Share of the samples at the rail.
    n_dead_axes : int
        Axes that are dead throughout the capture.
    fs : float
        Sampling rate, Hz.
    """

    start_s: Floats
    acceleration_ms2: Floats
    clipped_share: Floats
    n_dead_axes: int
    fs: float


@dataclass(frozen=True, eq=False, slots=True)
class _Selection:
    """Values of some windows of a batch, ``rows`` in ascending order."""

    rows: Rows
    values: Floats

    def at(self, rows: Rows) -> Floats:
        """Return a copy of the values of some of the selected rows."""
        return np.asarray(self.values[np.searchsorted(self.rows, rows)])


@dataclass(frozen=True, eq=False, slots=True)
class Decisions:
    """What is decided on each window.

    Parameters
    ----------
    reason : ndarray of uint8, shape (n_windows,)
        Index into the names of the reasons.
    score, threshold : ndarray, shape (n_windows,)
        The score that decided, and its threshold.
    undecided : ndarray of bool, shape (n_windows,)
        Whether a window passed all tests so far.
    """

    reason: npt.NDArray[np.uint8]
    score: Floats
    threshold: Floats
    undecided: Bools


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Judgement:
    """What is known of the windows of a batch after some stages.

    Parameters
    ----------
    batch : WindowBatch
        The windows.
    settings : AnalysisSettings
        Thresholds and band.
    band_hz : tuple of float
        Usable part of the band, Hz.
    scores : mapping of str to ndarray, shape (n_windows,)
        NaN for windows of which a score was not measured.
    decisions : Decisions
        Decisions of the tests so far.
    density : _Selection
        PSD of the windows that were undecided after the test of the samples, (m/s^2)^2/Hz.
    high_passed : _Selection
        Windows without slow part and impacts that were undecided after the test of movement,
        m/s^2.
    """

    batch: WindowBatch
    settings: AnalysisSettings
    band_hz: tuple[float, float]
    scores: Mapping[str, Floats]
    decisions: Decisions
    density: _Selection
    high_passed: _Selection

    @property
    def windows(self) -> Floats:
        """Acceleration of the windows, m/s^2, shape (n_windows, 3, n_samples)."""
        return self.batch.acceleration_ms2

    @property
    def n_samples(self) -> int:
        """Number of samples of a window."""
        return int(self.windows.shape[-1])

    @property
    def undecided_rows(self) -> Rows:
        """Rows of the undecided windows."""
        return np.flatnonzero(self.decisions.undecided)

    def tremor_samples(self) -> Floats:
        """Return the undecided windows without slow part and impacts, m/s^2, (n, 3, n_samples)."""
        rows = self.undecided_rows
        high_passed = self.high_passed.at(rows)
        # Fading an impact out adds slow components again.
        faded = self.scores["blanked_share"][rows] > 0.0
        high_passed[faded] = _remove_slow(high_passed[faded], self)
        return high_passed


def judge(batch: WindowBatch, settings: AnalysisSettings) -> Judgement:
    """Test windows.

    Parameters
    ----------
    batch : WindowBatch
        Windows of one length.
    settings : AnalysisSettings
        Thresholds and band.

    Returns
    -------
    Judgement
        After all stages, with the samples of tremor only; that of a window does not depend on the
        others.

    Raises
    ------
    InvalidInputError
        If the band reaches above the Nyquist frequency.
    """
    judgement = _first_judgement(batch, settings)
    for stage in _STAGES:
        judgement = stage(judgement)
    # Only the samples of tremor are still needed.
    rows = judgement.undecided_rows
    return replace(
        judgement,
        batch=replace(batch, acceleration_ms2=batch.acceleration_ms2[:0].copy()),
        density=_Selection(rows[:0], judgement.density.values[:0].copy()),
        high_passed=_Selection(rows, judgement.high_passed.at(rows)),
    )


def _first_judgement(batch: WindowBatch, settings: AnalysisSettings) -> Judgement:
    count, _, n_samples = batch.acceleration_ms2.shape
    none = np.zeros(0, dtype=np.int64)
    return Judgement(
        batch=batch,
        settings=settings,
        band_hz=usable_band((settings.band_low_hz, settings.band_high_hz), fs=batch.fs),
        scores={"length_s": np.full(count, n_samples / batch.fs)},
        decisions=Decisions(
            reason=np.full(count, REASON_NAMES.index("line"), dtype=np.uint8),
            score=np.full(count, np.nan),
            threshold=np.full(count, settings.least_peak_over_floor),
            undecided=np.ones(count, dtype=np.bool_),
        ),
        density=_Selection(none, np.zeros((0, n_samples // 2 + 1))),
        high_passed=_Selection(none, np.zeros((0, *batch.acceleration_ms2.shape[1:]))),
    )


def _with_scores(judgement: Judgement, rows: Rows, columns: Mapping[str, Floats]) -> Judgement:
    """Return the judgement with scores of some rows added."""
    scores = dict(judgement.scores)
    for name, column in columns.items():
        known = scores.get(name)
        whole = np.full(len(judgement.windows), np.nan) if known is None else known.copy()
        whole[rows] = column
        scores[name] = whole
    return replace(judgement, scores=scores)


def _with_tests(judgement: Judgement, rules: tuple[Rule, ...]) -> Judgement:
    """Return the judgement after some tests; the first one that a window fails decides."""
    before = judgement.decisions
    reason, undecided = before.reason.copy(), before.undecided.copy()
    score, threshold = before.score.copy(), before.threshold.copy()
    for rule in rules:
        value = judgement.scores[rule.score]
        limit = rule.threshold(judgement.settings, judgement.scores)
        with np.errstate(invalid="ignore"):
            failed = undecided & rule.fails(value, limit)
        reason[failed] = REASON_NAMES.index(rule.reason)
        score[failed] = value[failed]
        threshold[failed] = np.broadcast_to(limit, value.shape)[failed]
        undecided &= ~failed
    return replace(judgement, decisions=Decisions(reason, score, threshold, undecided))


def _with_spectra(judgement: Judgement, rows: Rows, density: Floats) -> Judgement:
    """Add the scores of levels, and those of shape for spectra that are strong enough."""
    n_samples, fs, band_hz = judgement.n_samples, judgement.batch.fs, judgement.band_hz
    levels = band_levels(density, n_samples=n_samples, fs=fs, band_hz=band_hz)
    strong = levels["band_rms_ms2"] >= _examined_rms_ms2(judgement.settings)
    shape = peak_shape(density[strong], n_samples=n_samples, fs=fs, band_hz=band_hz)
    empty = dict.fromkeys(shape, np.full(len(rows), np.nan))
    judgement = _with_scores(judgement, rows, levels | empty)
    return _with_scores(judgement, rows[strong], shape)


def _examined_rms_ms2(settings: AnalysisSettings) -> float:
    return PEAK.examined_share_of_gate * settings.least_rms_ms2


def _remove_slow(windows: Floats, judgement: Judgement) -> Floats:
    return remove_slow(windows, fs=judgement.batch.fs, cutoff_hz=slow_cutoff_hz(judgement.band_hz))


def _select(windows: Floats, rows: Rows) -> Floats:
    """Return some windows, without a copy if they are all."""
    return windows if len(rows) == len(windows) else windows[rows]


def _judge_samples(judgement: Judgement) -> Judgement:
    """Test whether the samples can be measured, dead, gap, clipped, and fill the missing ones."""
    windows, batch = judgement.windows, judgement.batch
    n_missing = count_missing(windows)
    whole = np.flatnonzero(n_missing == 0)
    constant = np.zeros(len(windows))
    constant[whole] = count_constant(windows, whole)
    share = n_missing / judgement.n_samples
    holed = np.flatnonzero((share > 0.0) & (share <= judgement.settings.most_missing_share))
    there = np.where(np.isnan(windows[holed, :1]), np.inf, windows[holed])
    lowest = there.min(axis=-1)
    there[np.isinf(there)] = -np.inf
    constant[holed] = np.count_nonzero(there.max(axis=-1) == lowest, axis=-1)
    columns = {
        "n_dead_axes": np.where(constant == len(AXES), constant, float(batch.n_dead_axes)),
        "lost_s": n_missing / batch.fs,
        "missing_share": np.where(n_missing > 0, share, np.nan),
        "clipped_share": batch.clipped_share,
    }
    judgement = _with_tests(_with_scores(judgement, np.arange(len(windows)), columns), SAMPLE_RULES)
    judgement = _with_filled(judgement)
    rows = judgement.undecided_rows
    density = hann_psd(_select(judgement.windows, rows), fs=batch.fs)
    judgement = replace(judgement, density=_Selection(rows, density))
    return _with_spectra(judgement, rows, density)


def _with_filled(judgement: Judgement) -> Judgement:
    """Fill the missing samples of the undecided windows."""
    holed = judgement.decisions.undecided & (judgement.scores["lost_s"] > 0.0)
    rows = np.flatnonzero(holed)
    if not rows.size:
        return judgement
    windows, batch = judgement.windows.copy(), judgement.batch
    windows[rows] = fill_missing(
        windows[rows],
        fs=batch.fs,
        cutoff_hz=slow_cutoff_hz(judgement.band_hz),
        band_hz=judgement.band_hz,
    ).samples
    return replace(judgement, batch=replace(batch, acceleration_ms2=windows))


def _judge_movement(judgement: Judgement) -> Judgement:
    """Test whether the leg is at rest and moves in the band: gait, moving, weak."""
    judgement = _with_stride_signs(judgement)
    scores, settings = judgement.scores, judgement.settings
    with np.errstate(invalid="ignore"):
        present = judgement.decisions.undecided & (
            (scores["band_rms_ms2"] >= settings.least_rms_ms2)
            | (scores["low_rms_ms2"] > low_rms_limit(settings, scores))
        )
    rows = np.flatnonzero(present)
    comb = gait_comb(
        judgement.density.at(rows), n_samples=judgement.n_samples, fs=judgement.batch.fs
    )
    return _with_tests(_with_scores(judgement, rows, {"gait_comb": comb}), MOVEMENT_RULES)


def _with_stride_signs(judgement: Judgement) -> Judgement:
    """Measure the signs of gait of strong windows; a weak one needs no exception."""
    with np.errstate(invalid="ignore"):
        strong = judgement.scores["band_rms_ms2"] > judgement.settings.most_ringing_rms_ms2
    strong &= np.isfinite(judgement.scores["peak_hz"])
    rows = np.flatnonzero(judgement.decisions.undecided & strong)
    signs = stride_signs(
        judgement.density.at(rows),
        judgement.scores["peak_hz"][rows],
        n_samples=judgement.n_samples,
        fs=judgement.batch.fs,
        band_hz=judgement.band_hz,
    )
    return _with_scores(judgement, rows, signs)


def _judge_impacts(judgement: Judgement) -> Judgement:
    """Test whether the window holds one process, once impacts are faded out: impact."""
    rows, fs = judgement.undecided_rows, judgement.batch.fs
    blanked = blank_impacts(
        _remove_slow(judgement.windows[rows], judgement),
        fs=fs,
        over_median=judgement.settings.blank_over_median,
    )
    judgement = _with_scores(
        replace(judgement, high_passed=_Selection(rows, blanked.samples)),
        rows,
        {"crest": blanked.crest, "blanked_share": blanked.blanked_share},
    )
    burst_hz = _burst_hz(judgement, rows, blanked.longest_s)
    judgement = _with_scores(judgement, rows, {"burst_hz": burst_hz})
    changed = blanked.blanked_share > 0.0
    if changed.any():
        before = judgement.scores["low_rms_ms2"]
        density = hann_psd(blanked.samples[changed], fs=fs)
        judgement = _with_spectra(judgement, rows[changed], density)
        # The level of slow movement remains that of the window with its impacts.
        judgement = replace(judgement, scores={**judgement.scores, "low_rms_ms2": before})
    disagreement_hz = half_disagreement_hz(
        blanked.samples,
        judgement.scores["peak_hz"][rows],
        has_second=judgement.scores["has_second"][rows] > 0.0,
        fs=fs,
        band_hz=judgement.band_hz,
    )
    judgement = _with_scores(judgement, rows, {"half_disagreement_hz": disagreement_hz})
    return _with_tests(judgement, IMPACT_RULES)


def _burst_hz(judgement: Judgement, rows: Rows, longest_s: Floats) -> Floats:
    """Return the frequency of what is faded out if it is a line, and no knock and no beat."""
    scores, settings = judgement.scores, judgement.settings
    least = {
        "edge_distance_hz": settings.interior_margin_hz,
        "valley_ratio": settings.least_valley_ratio,
        "peak_fraction": settings.least_peak_fraction,
        "peak_over_floor": settings.least_peak_over_floor,
    }
    beside_ms2 = settings.least_beside_share * scores["band_rms_ms2"][rows]
    is_line = (longest_s >= IMPACTS.least_burst_s) & (scores["low_rms_ms2"][rows] <= beside_ms2)
    for name, limit in least.items():
        is_line &= scores[name][rows] >= limit
    return np.where(is_line, scores["peak_hz"][rows], np.nan)


def _score_heartbeat(judgement: Judgement) -> Judgement:
    """Score the heartbeat, also of weak windows, since later windows are judged by it too."""
    scores, settings, fs = judgement.scores, judgement.settings, judgement.batch.fs
    rms_ms2, undecided = scores["band_rms_ms2"], judgement.decisions.undecided
    is_weak = judgement.decisions.reason == REASON_NAMES.index("weak")
    with np.errstate(invalid="ignore"):
        examined = undecided | (is_weak & (rms_ms2 >= _examined_rms_ms2(settings)))
        rows = np.flatnonzero(examined & (rms_ms2 <= settings.most_ringing_rms_ms2))
    # Impacts are left in: the beats of a slow heart look like impacts.
    known = undecided[rows] & ~(scores["blanked_share"][rows] > 0.0)
    high_passed = np.empty((len(rows), *judgement.windows.shape[1:]))
    high_passed[known] = judgement.high_passed.at(rows[known])
    high_passed[~known] = _remove_slow(judgement.windows[rows[~known]], judgement)
    peak_hz = scores["peak_hz"][rows]
    found = heartbeat(
        high_passed,
        peak_hz,
        most_hz=np.where(
            scores["has_second"][rows] > 0.0, LINE.most_of_fundamental * peak_hz, np.inf
        ),
        fs=fs,
        band_hz=judgement.band_hz,
    )
    return _with_scores(judgement, rows, {"heartbeat_score": found.score})


def _judge_line(judgement: Judgement) -> Judgement:
    """Test whether there is a line: edge, no_valley, spread, flat."""
    return _with_tests(judgement, LINE_RULES)


def _judge_presence(judgement: Judgement) -> Judgement:
    """Test whether the line is present throughout, and by itself: impact, heartbeat, moving."""
    rows, scores = judgement.undecided_rows, judgement.scores
    fs, band_hz = judgement.batch.fs, judgement.band_hz
    samples, peak_hz = judgement.tremor_samples(), scores["peak_hz"][rows]
    beside = scores["low_rms_ms2"][rows] / scores["band_rms_ms2"][rows]
    correlation = np.full(len(rows), np.nan)
    # The flank of a line alone comes and goes with it.
    some = (beside > judgement.settings.least_beside_share) & ~is_line_alone(scores)[rows]
    correlation[some] = slow_correlation(
        samples[some], judgement.windows[rows[some]], peak_hz[some], fs=fs, band_hz=band_hz
    )
    quiet = quiet_time(samples, peak_hz, fs=fs, band_hz=band_hz)
    # Ringing with the heart is never absent for longer than the longest interval of beats.
    gone = np.where(quiet.longest_s > HEARTBEAT.interval_s[1], quiet.share, np.nan)
    columns = {"gone_share": gone, "quiet_share": quiet.share, "slow_correlation": correlation}
    return _with_tests(_with_scores(judgement, rows, columns), PRESENCE_RULES)


def _judge_beyond(judgement: Judgement) -> Judgement:
    """Look for a line outside the band; a window with one cannot tell "no tremor": beyond_band."""
    rows, density = judgement.density.rows, judgement.density.values
    slow_rms_ms2 = judgement.scores["low_rms_ms2"][rows].copy()
    slow_rms_ms2[judgement.decisions.reason[rows] == REASON_NAMES.index("gait")] = np.nan
    found = outside_line(
        density,
        slow_rms_ms2,
        n_samples=judgement.n_samples,
        fs=judgement.batch.fs,
        band_hz=judgement.band_hz,
        settings=judgement.settings,
    )
    judgement = _with_scores(judgement, rows, found)
    scores, decisions = judgement.scores, judgement.decisions
    lowest_hz = judgement.band_hz[0] - judgement.settings.interior_margin_hz
    with np.errstate(invalid="ignore"):
        within = (scores["beyond_hz"] >= lowest_hz) & (
            scores["beyond_hz"] <= OUTSIDE.highest_muscle_hz
        )
    rows = np.flatnonzero(within & _IS_NO_TREMOR[decisions.reason])
    rows = np.union1d(rows[_is_steady(judgement, rows)], _flanks(judgement))
    reason, score = decisions.reason.copy(), decisions.score.copy()
    threshold = decisions.threshold.copy()
    reason[rows] = REASON_NAMES.index("beyond_band")
    score[rows] = scores["beyond_rms_ms2"][rows]
    threshold[rows] = judgement.settings.least_rms_ms2
    decided = replace(decisions, reason=reason, score=score, threshold=threshold)
    return replace(judgement, decisions=decided)


def _flanks(judgement: Judgement) -> Rows:
    """Return the windows whose line is the flank of a stronger one above the band."""
    scores, high_hz = judgement.scores, judgement.band_hz[1]
    with np.errstate(invalid="ignore"):
        flank = (
            (scores["beyond_hz"] > high_hz)
            & (scores["beyond_hz"] <= OUTSIDE.highest_muscle_hz)
            & (scores["peak_hz"] >= high_hz - OUTSIDE.flank_hz)
            & (scores["beyond_rms_ms2"] >= OUTSIDE.flank_ratio * scores["band_rms_ms2"])
        )
    return np.flatnonzero(flank & _IS_TREMOR[judgement.decisions.reason])


def _is_steady(judgement: Judgement, rows: Rows) -> Bools:
    """Check in which windows the line outside the band is no knock, and not the heart's ringing."""
    if not rows.size:
        return np.zeros(0, dtype=np.bool_)
    fs, settings, peak_hz = judgement.batch.fs, judgement.settings, judgement.scores["beyond_hz"]
    band_hz = (OUTSIDE.lowest_hz, fs / 2.0)
    samples = _remove_slow(judgement.windows[rows], judgement)
    quiet = quiet_time(samples, peak_hz[rows], fs=fs, band_hz=band_hz)
    beat = heartbeat(samples, peak_hz[rows], fs=fs, band_hz=band_hz)
    length_s = judgement.scores["length_s"][rows]
    weak = judgement.scores["beyond_rms_ms2"][rows] <= settings.most_ringing_rms_ms2
    limit = heartbeat_limit(settings, length_s=length_s, n_windows=1)
    return np.asarray(
        (quiet.share <= quiet_share_limit(settings, length_s)) & ~(weak & (beat.score > limit))
    )


#: By the index of a reason: whether it says that there is no tremor, or that there is.
_IS_NO_TREMOR: Final = np.array([REASONS[name].verdict == "no_tremor" for name in REASON_NAMES])
_IS_TREMOR: Final = np.array([REASONS[name].verdict == "tremor" for name in REASON_NAMES])
#: In this order.
_STAGES: Final[tuple[Callable[[Judgement], Judgement], ...]] = (
    _judge_samples,
    _judge_movement,
    _judge_impacts,
    _score_heartbeat,
    _judge_line,
    _judge_presence,
    _judge_beyond,
)
