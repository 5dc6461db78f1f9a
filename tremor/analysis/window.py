"""Verdicts and estimates of windows.

Pure functions of samples, rate and settings. Many windows of one length are judged at once; the
result of a window does not depend on the others, so that a stream and a file give the same bits.
The tests are in `tremor.analysis.judging`; what depends on earlier windows (settling, episodes) is
in `tremor.analysis.episodes`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.judging import Judgement, WindowBatch, judge
from tremor.errors import InsufficientDataError
from tremor.integrity import find_clipped
from tremor.measures.intervals import widened_for_missing
from tremor.measures.line_table import fit_high_passed
from tremor.recording import Recording
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.verdicts import METHODS
from tremor.results.windows import WindowAnalysis, WindowTable
from tremor.settings import PEAK, AnalysisSettings

__all__ = ["WindowBatch", "analyze_window", "analyze_windows"]

#: Numbers of samples that are judged at once: enough to spread the cost of a call.
_NUMBERS_AT_ONCE: Final = 1024 * 1200
#: Scores of the samples, not of the movement; they are not part of the result.
_NOT_REPORTED: Final = (
    "length_s", "n_dead_axes", "lost_s", "clipped_share", "gone_share", "has_second",
)  # fmt: skip


def analyze_windows(batch: WindowBatch, *, settings: AnalysisSettings) -> WindowTable:
    """Judge windows, and estimate the lines of those with tremor.

    Parameters
    ----------
    batch : WindowBatch
        Windows of one length.
    settings : AnalysisSettings
        Thresholds and band.

    Returns
    -------
    WindowTable
        One row per window, with estimates only if the verdict is ``tremor``.

    Raises
    ------
    InvalidInputError
        If the band reaches above the Nyquist frequency.
    """
    judged = [judge(part, settings) for part in _parts(batch)]

    def column(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(part.decisions, name) for part in judged])

    scores = {
        name: np.concatenate([part.scores[name] for part in judged])
        for name in judged[0].scores
        if name not in _NOT_REPORTED
    }
    rows = np.flatnonzero(column("undecided"))
    score = column("score")
    score[rows] = scores["peak_over_floor"][rows]
    line = _line_columns(judged, rows, len(score))
    # One keyword per column of the table.
    return WindowTable(
        start_s=batch.start_s,
        end_s=batch.start_s + batch.acceleration_ms2.shape[-1] / batch.fs,
        reason=column("reason"),
        score=score,
        threshold=column("threshold"),
        method=line["method"],
        polarisation=line["polarisation"],
        estimates={name: line[name] for name in ESTIMATE_NAMES},
        scores=scores,
    )


def _parts(batch: WindowBatch) -> Iterator[WindowBatch]:
    """Yield parts of a batch that are small enough to be judged at once."""
    count = len(batch.start_s)
    size = max(1, _NUMBERS_AT_ONCE // max(1, math.prod(batch.acceleration_ms2.shape[1:])))
    for first in range(0, max(1, count), size):
        some = slice(first, first + size)
        yield replace(
            batch,
            start_s=batch.start_s[some],
            # One layout, so that a product has the same bits however the windows were cut.
            acceleration_ms2=np.ascontiguousarray(batch.acceleration_ms2[some]),
            clipped_share=batch.clipped_share[some],
        )


def _line_columns(
    judged: list[Judgement], rows: npt.NDArray[np.int64], count: int
) -> dict[str, npt.NDArray[Any]]:
    """Return the estimates of the lines as columns, NaN except for the rows with tremor."""
    columns: dict[str, npt.NDArray[Any]] = {
        **{name: np.full((count, 3), np.nan) for name in ESTIMATE_NAMES},
        "polarisation": np.full(count, np.nan),
        "method": np.zeros(count, dtype=np.uint8),
    }
    if rows.size:
        samples = np.concatenate([part.tremor_samples() for part in judged])
        has_second = np.concatenate([part.scores["has_second"] for part in judged])[rows] > 0.0
        peak_hz = np.concatenate([part.scores["peak_hz"] for part in judged])[rows]
        lines = fit_high_passed(
            samples,
            fs=judged[0].batch.fs,
            band_hz=judged[0].band_hz,
            fundamental_hz=np.where(has_second, peak_hz, np.nan),
        )
        for name, column in columns.items():
            column[rows] = getattr(lines, name)
        missing = np.concatenate([part.scores["missing_share"] for part in judged])[rows]
        holed = np.flatnonzero(missing > 0.0)
        is_sine = lines.method[holed] == METHODS.index("least_squares")
        for name in ESTIMATE_NAMES:
            at = rows[holed]
            columns[name][at] = widened_for_missing(
                columns[name][at], missing[holed], is_sine=is_sine, name=name
            )
    return columns


def analyze_window(
    acceleration_ms2: npt.ArrayLike,
    *,
    sampling_rate_hz: float,
    settings: AnalysisSettings | None = None,
) -> WindowAnalysis:
    """Judge one window of any length, and estimate its line if there is tremor.

    Parameters
    ----------
    acceleration_ms2 : array_like, shape (n, 3)
        Acceleration, m/s^2; NaN where samples are missing. The window is judged on those that are
        there, unless more than ``most_missing_share`` of them are missing.
    sampling_rate_hz : float
        Sampling rate, Hz; no default.
    settings : AnalysisSettings, optional
        Thresholds and band.

    Returns
    -------
    WindowAnalysis
        Verdict and reason, with estimates only if the verdict is ``tremor``.

    Raises
    ------
    InvalidInputError
        If shape or rate cannot be used, or the band reaches above the Nyquist frequency.
    InsufficientDataError
        If the window is shorter than 2 s.

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
    if len(samples) < PEAK.least_window_s * sampling_rate_hz:
        raise InsufficientDataError(
            f"the window holds {len(samples) / sampling_rate_hz:.3g} s; give at least "
            f"{PEAK.least_window_s:g} s"
        )
    batch = WindowBatch(
        start_s=np.zeros(1),
        acceleration_ms2=np.ascontiguousarray(samples.T)[None],
        clipped_share=np.array([find_clipped(samples).mean()]),
        n_dead_axes=len(recording.dead_axes),
        fs=float(sampling_rate_hz),
    )
    return analyze_windows(batch, settings=settings)[0]
