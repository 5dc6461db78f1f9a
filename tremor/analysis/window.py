"""The heart: samples of a window in, its verdict and its numbers out.

Pure functions of samples, rate and settings. Many windows of one length are judged at once; the
result of a window does not depend on the others, so a stream and a file give the same bits.
What needs the windows before (settling, episodes) is `tremor.analysis.episodes`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import band_bins, hann_psd, noise_floor, power_in, smooth
from tremor.errors import InsufficientDataError
from tremor.integrity import find_clipped
from tremor.measures.contamination import (
    blank_impacts,
    gait_comb,
    half_disagreement_hz,
)
from tremor.measures.envelope import LONGEST_BEAT_S, heartbeat, quiet, slow_correlation
from tremor.measures.line import SLOW_SHARE, fit_moving, usable_band
from tremor.recording import AXES, Floats, Recording
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowAnalysis, WindowTable
from tremor.settings import AnalysisSettings, heartbeat_limit

__all__ = ["WindowBatch", "analyze_window", "analyze_windows", "levels_of", "shape_of"]

Bools = npt.NDArray[np.bool_]

#: Half width of what counts as the peak, and width of the smoothing before it is sought, Hz.
_PEAK_HALF_WIDTH_HZ: Final = 0.75
_SMOOTHING_HZ: Final = 0.75
#: The band in which the peak's share is taken reaches beyond the search band by these factors.
_SHARE_LOW: Final = 5.0 / 6.0
_SHARE_HIGH: Final = 16.0 / 15.0
_LOW_BAND_HZ: Final = (0.5, 3.0)
_VALLEY_LOW_HZ: Final = 1.5
#: A window that is too weak for a line is looked at closely from this share of the gate on: it may
#: hold a heart, or the end of an episode. Of less there is only the level.
_HEARD_SHARE: Final = 0.5
#: The power of a Gaussian process is below a tenth of its mean for this share of the time.
_QUIET_BY_CHANCE: Final = 0.095
#: Windows are judged so many numbers at a time: enough to spread the cost of a call.
_NUMBERS_AT_ONCE: Final = 512 * 1200


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class WindowBatch:
    """Windows of one length.

    Parameters
    ----------
    start_s : ndarray, shape (n_windows,)
        s from the start of the capture.
    acceleration_ms2 : ndarray, shape (n_windows, 3, n_samples)
        m/s^2; NaN where samples are missing. May be a view in which windows overlap.
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


def levels_of(
    density: Floats, *, n_samples: int, fs: float, settings: AnalysisSettings
) -> dict[str, Floats]:
    """Tell how much of a spectrum lies where.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_samples // 2 + 1)
        PSD as `tremor.dsp.spectrum.hann_psd` gives it, summed over the axes: unchanged by rotation.
    n_samples : int
        Length of the windows.
    fs : float
        Sampling rate, Hz.
    settings : AnalysisSettings
        The band.

    Returns
    -------
    dict of str to ndarray, shape (n_windows,)
        ``low_rms_ms2`` RMS in 0.5-3 Hz, ``band_rms_ms2`` RMS in the band less the floor,
        ``floor_rms_ms2`` what the floor alone would give in the band.
    """
    width_hz = fs / n_samples
    low_hz, high_hz = usable_band((settings.band_low_hz, settings.band_high_hz), fs=fs)
    band = band_bins(n_samples, fs=fs, low_hz=low_hz, high_hz=high_hz)
    slow = band_bins(n_samples, fs=fs, low_hz=_LOW_BAND_HZ[0], high_hz=_LOW_BAND_HZ[1])
    floor = noise_floor(density, fs=fs, n_samples=n_samples, band_hz=(low_hz, high_hz))
    above_floor = power_in(density, band, bin_width_hz=width_hz) - floor * (high_hz - low_hz)
    return {
        "low_rms_ms2": np.sqrt(power_in(density, slow, bin_width_hz=width_hz)),
        "band_rms_ms2": np.sqrt(np.maximum(above_floor, 0.0)),
        "floor_rms_ms2": np.sqrt(floor * (high_hz - low_hz)),
    }


def shape_of(
    density: Floats, *, n_samples: int, fs: float, settings: AnalysisSettings
) -> dict[str, Floats]:
    """Tell where a spectrum has its peak, and how it stands out.

    Parameters
    ----------
    density, n_samples, fs, settings
        As for `levels_of`.

    Returns
    -------
    dict of str to ndarray, shape (n_windows,)
        ``peak_hz``, ``edge_distance_hz``, ``peak_fraction``, ``peak_over_floor``, ``valley_ratio``.
    """
    width_hz = fs / n_samples
    low_hz, high_hz = usable_band((settings.band_low_hz, settings.band_high_hz), fs=fs)
    band = band_bins(n_samples, fs=fs, low_hz=low_hz, high_hz=high_hz)
    share = band_bins(n_samples, fs=fs, low_hz=_SHARE_LOW * low_hz, high_hz=_SHARE_HIGH * high_hz)

    # What lies above the band has no part in the peak: the rest runs over fewer bins.
    n_smooth = round(_SMOOTHING_HZ / width_hz)
    density = np.ascontiguousarray(density[:, : share.stop + n_smooth + 1])
    smoothed = smooth(density, n_smooth)
    peak = band.start + np.argmax(smoothed[:, band], axis=-1)
    height = np.take_along_axis(smoothed, peak[:, None], axis=-1)[:, 0]
    bins = np.arange(density.shape[-1])
    near = np.abs(bins - peak[:, None]) <= round(_PEAK_HALF_WIDTH_HZ / width_hz)
    in_share = (bins >= share.start) & (bins < share.stop)
    total = np.maximum(density[:, share].sum(axis=-1), 1e-300)
    first_valley = max(1, round(_VALLEY_LOW_HZ / width_hz))
    before = (bins >= first_valley) & (bins <= peak[:, None])
    valley = np.where(before, smoothed, np.inf).min(axis=-1)
    return {
        "peak_hz": peak * width_hz,
        "edge_distance_hz": np.minimum(peak * width_hz - low_hz, high_hz - peak * width_hz),
        "peak_fraction": np.where(near & in_share, density, 0.0).sum(axis=-1) / total,
        "peak_over_floor": height / np.maximum(np.median(density[:, share], axis=-1), 1e-300),
        "valley_ratio": height / np.maximum(valley, 1e-300),
    }


@dataclass(frozen=True, eq=False, slots=True)
class _Rule:
    """One test: the number it looks at, its threshold, and where it fails."""

    reason: str
    score: str
    threshold: Callable[[AnalysisSettings, Mapping[str, Floats]], float | Floats]
    fails: Callable[[Floats, float | Floats], Bools]


def _above(score: Floats, threshold: float | Floats) -> Bools:
    return np.asarray(score > threshold)


def _below(score: Floats, threshold: float | Floats) -> Bools:
    return np.asarray(score < threshold)


def _most_low_rms(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    return np.clip(
        settings.most_low_share * scores["band_rms_ms2"],
        settings.most_low_rms_ms2,
        settings.most_low_rms_at_all_ms2,
    )


def _most_comb(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    strong = scores["band_rms_ms2"] > settings.strong_rms_ms2
    return np.where(strong, settings.most_strong_comb, settings.most_gait_comb)


def _most_heartbeat_score(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    return heartbeat_limit(settings, length_s=scores["length_s"], n_looks=1)


def _most_quiet_share(settings: AnalysisSettings, scores: Mapping[str, Floats]) -> Floats:
    # What is faded out is quiet; the scatter about what chance gives falls with the length.
    scatter = settings.most_quiet_share - _QUIET_BY_CHANCE
    return np.asarray(
        _QUIET_BY_CHANCE + scatter * np.sqrt(4.0 / scores["length_s"]) + scores["blanked_share"]
    )


class _Judge:
    """Windows on their way through the tests; each stage measures only what is undecided."""

    def __init__(self, batch: WindowBatch, settings: AnalysisSettings) -> None:
        self.batch = batch
        self.settings = settings
        self.fs = batch.fs
        self.band = usable_band((settings.band_low_hz, settings.band_high_hz), fs=batch.fs)
        count = len(batch.start_s)
        self.windows = batch.acceleration_ms2
        self.density = np.zeros((0, self.windows.shape[-1] // 2 + 1))
        self.density_rows = np.zeros(0, dtype=np.int64)
        self.moving = np.zeros((0, *self.windows.shape[1:]))
        self.moving_rows = np.zeros(0, dtype=np.int64)
        length_s = self.windows.shape[-1] / batch.fs
        self.scores: dict[str, Floats] = {"length_s": np.full(count, length_s)}
        self.reason = np.full(count, REASON_NAMES.index("line"), dtype=np.uint8)
        self.score = np.full(count, np.nan)
        self.threshold = np.full(count, settings.least_peak_over_floor)
        self.undecided = np.ones(count, dtype=np.bool_)

    def look_at(self, rows: npt.NDArray[np.int64], density: Floats) -> None:
        """Note the level of some spectra, and the shape of those that hold anything."""
        n_samples = self.windows.shape[-1]
        levels = levels_of(density, n_samples=n_samples, fs=self.fs, settings=self.settings)
        self.note(rows, levels)
        holding = levels["band_rms_ms2"] >= _HEARD_SHARE * self.settings.least_rms_ms2
        shape = shape_of(density[holding], n_samples=n_samples, fs=self.fs, settings=self.settings)
        self.note(rows, dict.fromkeys(shape, np.full(len(rows), np.nan)))
        self.note(rows[holding], shape)

    def note(self, rows: npt.NDArray[np.int64], columns: Mapping[str, Floats]) -> None:
        """Write scores of some rows."""
        for name, column in columns.items():
            whole = self.scores.setdefault(name, np.full(len(self.score), np.nan))
            whole[rows] = column

    def test(self, rules: tuple[_Rule, ...]) -> None:
        """Decide where a test fails; the first that does names the verdict."""
        for rule in rules:
            value = self.scores[rule.score]
            limit = rule.threshold(self.settings, self.scores)
            with np.errstate(invalid="ignore"):
                failed = self.undecided & rule.fails(value, limit)
            self.reason[failed] = REASON_NAMES.index(rule.reason)
            self.score[failed] = value[failed]
            self.threshold[failed] = np.broadcast_to(limit, value.shape)[failed]
            self.undecided &= ~failed


def _judge_samples(judge: _Judge) -> None:
    """Ask whether there are samples to look at: dead, gap, clipped."""
    missing = np.isnan(judge.windows[:, 0, :])
    whole = np.flatnonzero(~missing.any(axis=1))
    still = np.zeros(len(missing))
    whole_windows = _chosen(judge.windows, whole)
    still[whole] = np.count_nonzero(np.ptp(whole_windows, axis=-1) == 0.0, axis=-1)
    everything = np.arange(len(missing))
    judge.note(
        everything,
        {
            "n_dead_axes": np.where(still == len(AXES), still, float(judge.batch.n_dead_axes)),
            "lost_s": missing.sum(axis=1) / judge.fs,
            "clipped_share": judge.batch.clipped_share,
        },
    )
    judge.test(_SAMPLE_RULES)
    rows = np.flatnonzero(judge.undecided)
    judge.density = hann_psd(_chosen(judge.windows, rows), fs=judge.fs)
    judge.density_rows = rows
    judge.look_at(rows, judge.density)


def _chosen(windows: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    """Give some windows; all of them without a copy."""
    return windows if len(rows) == len(windows) else windows[rows]


def _judge_movement(judge: _Judge) -> None:
    """Ask whether the leg is at rest and shows anything in the band: gait, moving, weak."""
    with np.errstate(invalid="ignore"):
        present = judge.undecided & (
            (judge.scores["band_rms_ms2"] >= judge.settings.least_rms_ms2)
            | (judge.scores["low_rms_ms2"] > _most_low_rms(judge.settings, judge.scores))
        )
    rows = np.flatnonzero(present)
    density = judge.density[np.searchsorted(judge.density_rows, rows)]
    n_samples = judge.windows.shape[-1]
    judge.note(rows, {"gait_comb": gait_comb(density, n_samples=n_samples, fs=judge.fs)})
    judge.test(_MOVEMENT_RULES)


def _judge_impacts(judge: _Judge) -> None:
    """Ask whether it is one thing all along, once knocks are left out: impact."""
    rows = np.flatnonzero(judge.undecided)
    slow_hz = SLOW_SHARE * judge.band[0]
    blanked = blank_impacts(
        remove_slow(judge.windows[rows], fs=judge.fs, cutoff_hz=slow_hz),
        fs=judge.fs,
        over_median=judge.settings.blank_over_median,
    )
    judge.moving, judge.moving_rows = blanked.samples, rows
    judge.note(rows, {"crest": blanked.crest, "blanked_share": blanked.blanked_share})
    changed = blanked.blanked_share > 0.0
    if changed.any():
        low_rms_ms2 = judge.scores["low_rms_ms2"].copy()
        judge.look_at(rows[changed], hann_psd(blanked.samples[changed], fs=judge.fs))
        judge.scores["low_rms_ms2"] = low_rms_ms2  # that of the window as it was
    judge.note(
        rows,
        {
            "half_disagreement_hz": half_disagreement_hz(
                blanked.samples, judge.scores["peak_hz"][rows], fs=judge.fs, band_hz=judge.band
            )
        },
    )
    judge.test(_IMPACT_RULES)


def _score_heartbeat(judge: _Judge) -> None:
    """Look for the heart before a line is asked for: what comes after is judged by this too."""
    rms_ms2, settings = judge.scores["band_rms_ms2"], judge.settings
    is_weak = judge.reason == REASON_NAMES.index("weak")
    with np.errstate(invalid="ignore"):
        heard = judge.undecided | (is_weak & (rms_ms2 >= _HEARD_SHARE * settings.least_rms_ms2))
        rows = np.flatnonzero(heard & (rms_ms2 <= settings.most_ringing_rms_ms2))
    # Impacts are left in: where the heart beats slowly, its beats are what stands out.
    known = judge.undecided[rows] & ~(judge.scores["blanked_share"][rows] > 0.0)
    moving = np.empty((len(rows), *judge.windows.shape[1:]))
    moving[known] = judge.moving[np.searchsorted(judge.moving_rows, rows[known])]
    slow_hz = SLOW_SHARE * judge.band[0]
    moving[~known] = remove_slow(judge.windows[rows[~known]], fs=judge.fs, cutoff_hz=slow_hz)
    found = heartbeat(moving, judge.scores["peak_hz"][rows], fs=judge.fs, band_hz=judge.band)
    judge.note(rows, {"heartbeat_score": found.score})


def _judge_line(judge: _Judge) -> None:
    """Ask whether there is a line: edge, no valley, spread, flat."""
    judge.test(_LINE_RULES)


def _judge_presence(judge: _Judge) -> None:
    """Ask whether the line is there all along and by itself: impact, heartbeat, moving."""
    rows, scores, fs, band = np.flatnonzero(judge.undecided), judge.scores, judge.fs, judge.band
    moving, peak_hz = _moving(judge), scores["peak_hz"][rows]
    beside = scores["low_rms_ms2"][rows] / scores["band_rms_ms2"][rows]
    tied = np.full(len(rows), np.nan)
    some = beside > judge.settings.least_beside_share
    tied[some] = slow_correlation(
        moving[some], judge.windows[rows[some]], peak_hz[some], fs=fs, band_hz=band
    )
    found = quiet(moving, peak_hz, fs=fs, band_hz=band)
    # A heart is never gone for so long.
    gone = np.where(found.longest_s > LONGEST_BEAT_S, found.share, np.nan)
    columns = {"gone_share": gone, "quiet_share": found.share, "slow_correlation": tied}
    judge.note(rows, columns)
    judge.test(_PRESENCE_RULES)


def _moving(judge: _Judge) -> Floats:
    """Give the windows that hold tremor without slow part and impacts."""
    rows = np.flatnonzero(judge.undecided)
    moving = judge.moving[np.searchsorted(judge.moving_rows, rows)]
    # To fade an impact out makes slow movement anew.
    faded = judge.scores["blanked_share"][rows] > 0.0
    moving[faded] = remove_slow(moving[faded], fs=judge.fs, cutoff_hz=SLOW_SHARE * judge.band[0])
    return moving


_SAMPLE_RULES: Final = (
    _Rule("dead", "n_dead_axes", lambda _, __: 0.0, _above),
    _Rule("gap", "lost_s", lambda _, __: 0.0, _above),
    _Rule("clipped", "clipped_share", lambda c, _: c.most_clipped_share, _above),
)
_MOVEMENT_RULES: Final = (
    _Rule("gait", "gait_comb", _most_comb, _above),
    _Rule("moving", "low_rms_ms2", _most_low_rms, _above),
    _Rule("weak", "band_rms_ms2", lambda c, _: c.least_rms_ms2, _below),
)
_IMPACT_RULES: Final = (
    _Rule("impact", "blanked_share", lambda c, _: c.most_blanked_share, _above),
    _Rule("only_impacts", "band_rms_ms2", lambda c, _: c.least_rms_ms2, _below),
    _Rule("event", "half_disagreement_hz", lambda c, _: c.most_half_disagreement_hz, _above),
)
_LINE_RULES: Final = (
    _Rule("edge", "edge_distance_hz", lambda c, _: c.interior_margin_hz, _below),
    _Rule("no_valley", "valley_ratio", lambda c, _: c.least_valley_ratio, _below),
    _Rule("spread", "peak_fraction", lambda c, _: c.least_peak_fraction, _below),
    _Rule("flat", "peak_over_floor", lambda c, _: c.least_peak_over_floor, _below),
)
_PRESENCE_RULES: Final = (
    _Rule("burst", "gone_share", _most_quiet_share, _above),
    _Rule("heartbeat", "heartbeat_score", _most_heartbeat_score, _above),
    _Rule("burst", "quiet_share", _most_quiet_share, _above),
    _Rule("with_movement", "slow_correlation", lambda c, _: c.most_slow_correlation, _above),
)
#: In this order; a stage looks only at what the stages before left undecided.
_STAGES: Final = (
    _judge_samples,
    _judge_movement,
    _judge_impacts,
    _score_heartbeat,
    _judge_line,
    _judge_presence,
)
_NOT_OF_CONTENT: Final = ("length_s", "n_dead_axes", "lost_s", "clipped_share", "gone_share")


def analyze_windows(batch: WindowBatch, *, settings: AnalysisSettings) -> WindowTable:
    """Judge windows, and estimate the line of those that hold tremor.

    Parameters
    ----------
    batch : WindowBatch
        Windows of one length.
    settings : AnalysisSettings
        Thresholds and band.

    Returns
    -------
    WindowTable
        One row a window; numbers only where the verdict is ``tremor``.
    """
    judges = [_judged(part, settings) for part in _parts(batch)]

    def column(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(judge, name) for judge in judges])

    scores = {
        name: np.concatenate([judge.scores[name] for judge in judges])
        for name in judges[0].scores
        if name not in _NOT_OF_CONTENT
    }
    rows = np.flatnonzero(column("undecided"))
    score = column("score")
    score[rows] = scores["peak_over_floor"][rows]
    line = _empty_line(len(score))
    if rows.size:
        moving = np.concatenate([_moving(judge) for judge in judges])
        lines = fit_moving(moving, fs=batch.fs, band_hz=judges[0].band)
        for name, values in line.items():
            values[rows] = getattr(lines, "polarisation" if name == "coherence" else name)
    return WindowTable(
        start_s=batch.start_s,
        end_s=batch.start_s + batch.acceleration_ms2.shape[-1] / batch.fs,
        reason=column("reason"),
        score=score,
        threshold=column("threshold"),
        method=line["method"],
        coherence=line["coherence"],
        estimates={name: line[name] for name in ESTIMATE_NAMES},
        scores=scores,
    )


def _parts(batch: WindowBatch) -> Iterator[WindowBatch]:
    """Cut a batch into parts that are looked at one after the other."""
    count = len(batch.start_s)
    size = max(1, _NUMBERS_AT_ONCE // max(1, math.prod(batch.acceleration_ms2.shape[1:])))
    for first in range(0, max(1, count), size):
        some = slice(first, first + size)
        yield replace(
            batch,
            start_s=batch.start_s[some],
            acceleration_ms2=np.ascontiguousarray(batch.acceleration_ms2[some]),
            clipped_share=batch.clipped_share[some],
        )


def _judged(batch: WindowBatch, settings: AnalysisSettings) -> _Judge:
    judge = _Judge(batch, settings)
    for stage in _STAGES:
        stage(judge)
    return judge


def _empty_line(count: int) -> dict[str, npt.NDArray[Any]]:
    return {
        **{name: np.full((count, 3), np.nan) for name in ESTIMATE_NAMES},
        "coherence": np.full(count, np.nan),
        "method": np.zeros(count, dtype=np.uint8),
    }


def analyze_window(
    acceleration_ms2: npt.ArrayLike,
    *,
    sampling_rate_hz: float,
    settings: AnalysisSettings | None = None,
) -> WindowAnalysis:
    """Judge one window, whatever its length, and estimate its line where it holds tremor.

    Parameters
    ----------
    acceleration_ms2 : array_like, shape (n, 3)
        m/s^2; NaN where samples are missing.
    sampling_rate_hz : float
        Hz; no default.
    settings : AnalysisSettings, optional
        Thresholds and band.

    Returns
    -------
    WindowAnalysis
        With the verdict and its reason; numbers only where the verdict is ``tremor``.

    Raises
    ------
    InvalidInputError
        Where shape or rate are not usable, or the band reaches above the Nyquist frequency.
    InsufficientDataError
        Where the window is shorter than 2 s.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> t = np.arange(400) / 100.0
    >>> shake = 0.3 * np.sin(2 * np.pi * 7.3 * t)[:, None] * [1.0, 0.0, 0.0]
    >>> window = analyze_window(
    ...     [0, 0, 9.81] + shake + rng.normal(0, 0.01, (400, 3)), sampling_rate_hz=100.0
    ... )
    >>> window.verdict, round(window.frequency_hz.value, 1)
    ('tremor', 7.3)
    """
    settings = settings or AnalysisSettings()
    recording = Recording.from_arrays(acceleration_ms2, sampling_rate_hz=sampling_rate_hz)
    samples = recording.acceleration_ms2
    if len(samples) < 2.0 * sampling_rate_hz:
        raise InsufficientDataError(
            f"the window holds {len(samples) / sampling_rate_hz:.3g} s; give at least 2 s"
        )
    batch = WindowBatch(
        start_s=np.zeros(1),
        acceleration_ms2=np.ascontiguousarray(samples.T)[None],
        clipped_share=np.array([find_clipped(samples).mean()]),
        n_dead_axes=len(recording.dead_axes),
        fs=float(sampling_rate_hz),
    )
    return analyze_windows(batch, settings=settings)[0]
