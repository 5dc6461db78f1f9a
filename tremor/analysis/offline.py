"""A whole recording in, its analysis out.

Windows are judged and joined to episodes by the functions that the live path calls as well. The
samples are read in chunks and not kept: memory grows by a few numbers per window and by the spectra
of the tremor.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tremor._version import __version__
from tremor.analysis.beyond import (
    beyond_band,
    find_beyond,
    without_edge_episodes,
)
from tremor.analysis.cautions import find_cautions, model_caution
from tremor.analysis.decay import baseline_floor, recovery_of, with_ends
from tremor.analysis.drift import drift_cautions
from tremor.analysis.episode_lines import (
    collect_lines,
    corrected_samples,
    line_jobs,
)
from tremor.analysis.episodes import EpisodeWindows, apply_context, find_episodes
from tremor.analysis.heart_caution import heart_caution, heart_of, widened
from tremor.analysis.humps import breadth_caution, without_humps
from tremor.analysis.one_clock import stretch_on_one_clock
from tremor.analysis.posture import posture_cautions
from tremor.analysis.rest import find_rest_start, first_rest_start
from tremor.analysis.rest_signal import Capture
from tremor.analysis.session_summary import duty_cycle_of, status_of, summarize
from tremor.analysis.session_views import spectrogram, strip
from tremor.analysis.spectrum_view import spectrum_view
from tremor.analysis.window import WindowBatch, analyze_windows
from tremor.dsp.windows import WindowGrid
from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.measures.band import usable_band
from tremor.measures.heart_beside import HeartBeside
from tremor.measures.pooled import PooledLine
from tremor.notes import Note, note
from tremor.parallel import run_jobs
from tremor.recording import CaptureInfo, Recording, Source
from tremor.results.analysis import Analysis, Episode, Summary
from tremor.results.cautions import BeyondBand, Caution
from tremor.results.estimates import estimates_of
from tremor.results.recovery import Recovery
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings

__all__ = ["analyze", "judge"]

Bools = npt.NDArray[np.bool_]

#: Windows that are judged at once: enough to spread the cost of a call, few enough for memory.
_WINDOWS_AT_ONCE: Final = 2048


def analyze(
    recording: Recording,
    *,
    settings: AnalysisSettings | None = None,
    rest_start_s: float | None = None,
    baseline_rms_ms2: float | None = None,
    progress: Callable[[float], object] | None = None,
) -> Analysis:
    """Analyse a recording: windows, episodes, and the session in few numbers.

    Parameters
    ----------
    recording : Recording
        In memory or on disk; the result is the same but for the last digits of sums.
    settings : AnalysisSettings, optional
        Thresholds and band.
    rest_start_s : float, optional
        Start of the rest, s from the start of the capture; by default it is found.
    baseline_rms_ms2 : float, optional
        RMS of the leg at rest before the run, m/s^2, which the tremor fades to; by default that of
        the windows at rest before the run, if there are any, or else it is fitted.
    progress : callable, optional
        Called with the share of the windows that is judged; what follows takes half as long again.

    Returns
    -------
    Analysis
        Status ``measured`` with at least one episode of tremor, ``no_tremor`` without,
        ``insufficient`` where too little of the recording could be judged; the reason is in the
        summary.

    Raises
    ------
    InvalidInputError
        If the window is shorter than two samples, or the step than one.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> t = np.arange(3000) / 100.0
    >>> shake = 0.3 * np.sin(2 * np.pi * 8.0 * t)[:, None] * [0.6, 0.8, 0.0]
    >>> recording = Recording.from_arrays(
    ...     [0, 0, 9.81] + shake + rng.normal(0, 0.01, (3000, 3)), sampling_rate_hz=100.0
    ... )
    >>> found = analyze(recording)
    >>> found.status, round(found.summary.frequency_hz.value, 2)
    ('measured', 8.0)
    """
    settings = settings or AnalysisSettings()
    reason = _reason_to_refuse(recording, settings)
    if reason is not None:
        return _refused(recording, settings, reason)
    grid = _grid(recording, settings)
    band_hz = usable_band((settings.band_low_hz, settings.band_high_hz), fs=grid.fs)
    table, n_clipped = _judged_windows(recording, grid, settings, progress)
    table = apply_context(table, settings=settings)
    outside = find_beyond(table, settings=settings, band_hz=band_hz)
    episodes, outside = without_edge_episodes(
        table, find_episodes(table, settings=settings), outside, band_hz=band_hz
    )
    capture = Capture(recording, grid, settings)
    rest = partial(
        _recovery,
        capture,
        table,
        episodes,
        rest_start_s=rest_start_s,
        baseline_rms_ms2=baseline_rms_ms2,
    )
    jobs: list[Callable[[], Any]] = [*line_jobs(recording, grid, episodes, band_hz=band_hz), rest]
    # The last job runs while the lines are collected.
    results = run_jobs(jobs)
    fits = list(islice(results, len(jobs) - 1))
    episodes, fits, refused = without_humps(capture, table, episodes, fits)
    lines = collect_lines(recording, grid, episodes, fits, band_hz=band_hz).checked(table, episodes)
    (recovery,) = results
    beyond = beyond_band(
        recording, grid, outside, lines.session, settings=settings, band_hz=band_hz
    )
    heart = heart_of(recording, grid, episodes, settings=settings, band_hz=band_hz)
    summary = summarize(
        table, episodes, lines.tremors, beyond, settings=settings, grid=grid, refused=refused
    )
    summary = _with_heart(summary, heart)
    # A record: one argument for each field.
    return Analysis(
        status=status_of(summary, beyond, settings=settings),
        software=_software(),
        source=_source(recording),
        settings=settings,
        recording=_info(recording, n_clipped),
        windows=table,
        episodes=tuple(widened(one, heart) for one in map(_episode, episodes, lines.episodes)),
        summary=with_ends(summary, recovery),
        cautions=_cautions(capture, table, episodes, beyond, summary, recovery, heart),
        beyond_band=beyond,
        spectrum=spectrum_view(recording, grid, table, episodes, lines.tremors, band_hz=band_hz),
        recovery=recovery,
        spectrogram=spectrogram(recording, grid, table, band_hz=band_hz),
        strip=strip(recording, grid, table, band_hz=band_hz),
    )


def judge(recording: Recording, *, settings: AnalysisSettings | None = None) -> WindowTable:
    """Judge the windows of a recording, and measure nothing else.

    Parameters
    ----------
    recording : Recording
        In memory or on disk.
    settings : AnalysisSettings, optional
        Thresholds and band.

    Returns
    -------
    WindowTable
        The windows of `analyze`; none if the recording cannot be analysed at all.

    Examples
    --------
    >>> still = np.tile([0.0, 0.0, 9.81], (1000, 1))
    >>> still += np.random.default_rng(0).normal(0.0, 0.003, (1000, 3))
    >>> table = judge(Recording.from_arrays(still, sampling_rate_hz=100.0))
    >>> int(table.where("no_tremor").sum())
    4
    """
    settings = settings or AnalysisSettings()
    if _reason_to_refuse(recording, settings) is not None:
        return WindowTable.concatenate([])
    table, _ = _judged_windows(recording, _grid(recording, settings), settings, None)
    return apply_context(table, settings=settings)


def _cautions(
    capture: Capture,
    table: WindowTable,
    episodes: Sequence[EpisodeWindows],
    beyond: BeyondBand | None,
    summary: Summary,
    recovery: Recovery,
    heart: HeartBeside | None,
) -> tuple[Caution, ...]:
    known = (
        *posture_cautions(recovery),
        *(drift_cautions(table, episodes) or breadth_caution(summary.bandwidth_hz)),
        *heart_caution(heart),
        *model_caution(summary.fit),
    )
    return find_cautions(
        capture.recording,
        capture.grid,
        table,
        episodes,
        beyond,
        settings=capture.settings,
        rms_ms2=summary.rms_ms2.value,
        known=known,
    )


def _with_heart(summary: Summary, heart: HeartBeside | None) -> Summary:
    """Return a summary with wider intervals for a heart beside the tremor."""
    lines = tuple(widened(one, heart) for one in summary.lines)
    return replace(widened(summary, heart), lines=lines)


def _grid(recording: Recording, settings: AnalysisSettings) -> WindowGrid:
    return WindowGrid.of(
        window_s=settings.window_s,
        step_s=settings.step_s,
        fs=recording.sampling_rate_hz,
        segments=recording.segments,
    )


def _reason_to_refuse(recording: Recording, settings: AnalysisSettings) -> Note | None:
    """Return why a recording cannot be analysed at all; None if it can."""
    low_hz, high_hz = settings.band_low_hz, settings.band_high_hz
    fs = recording.sampling_rate_hz
    try:
        usable_band((low_hz, high_hz), fs=fs)
    except InvalidInputError:
        return note(
            "BAND_ABOVE_NYQUIST",
            low_hz=low_hz,
            high_hz=high_hz,
            nyquist_hz=fs / 2.0,
            rate_hz=fs,
        )
    if _grid(recording, settings).count_all(len(recording.samples)) == 0:
        longest_s = max(one.n_samples for one in recording.segments) / fs
        return note("CAPTURE_TOO_SHORT", duration_s=longest_s, least_s=settings.window_s)
    return None


def _recovery(
    capture: Capture,
    table: WindowTable,
    episodes: Sequence[EpisodeWindows],
    *,
    rest_start_s: float | None,
    baseline_rms_ms2: float | None,
) -> Recovery:
    settings, start_s = capture.settings, rest_start_s
    stretch = stretch_on_one_clock(capture, table, at_s=rest_start_s)
    capture, table = stretch.capture, stretch.table
    if start_s is None:
        start_s = find_rest_start(table, settings=settings)
        if start_s is None:
            return Recovery.insufficient(note("NEVER_STILL"))
        start_s = first_rest_start(table, start_s, settings=settings)
        start_s = max(start_s, stretch.start_s)
    floor_ms2 = baseline_rms_ms2
    if floor_ms2 is None:
        floor_ms2 = baseline_floor(table, start_s, settings=settings)
    of_rest = [one for one in episodes if start_s < one.end_s <= stretch.end_s]
    found = recovery_of(
        table,
        rest_start_s=start_s,
        settings=settings,
        floor_ms2=floor_ms2,
        capture=capture,
        in_bursts=duty_cycle_of(of_rest) is not None,
    )
    return replace(found, remark=found.remark + stretch.remarks)


def _judged_windows(
    recording: Recording,
    grid: WindowGrid,
    settings: AnalysisSettings,
    progress: Callable[[float], object] | None,
) -> tuple[WindowTable, int]:
    """Judge all windows, and count the clipped samples of the whole capture."""
    count = grid.count_all(len(recording.samples))
    begins = grid.begin(np.arange(0, count, _WINDOWS_AT_ONCE))
    # Chunks overlap, and samples lie between and after windows: each clipped one counts once.
    owned = [0, *begins[1:].tolist(), len(recording.samples)]

    def judge(number: int) -> tuple[WindowTable, int]:
        first = number * _WINDOWS_AT_ONCE
        size = min(_WINDOWS_AT_ONCE, count - first)
        at = grid.begin(first + np.arange(size))
        begin, end = int(at[0]), int(at[-1]) + grid.n_window
        own, own_end = owned[number], owned[number + 1]
        clipped = recording.samples.clipped(own, max(end, own_end))
        n_before = np.concatenate(([0], np.cumsum(clipped)))
        # Each axis in one run of memory: windows that overlap are cut from it twice.
        samples = np.asfortranarray(corrected_samples(recording, begin, end))
        starts = at - own
        batch = WindowBatch(
            start_s=grid.start_s(first, size),
            acceleration_ms2=grid.cut_at(samples, at - begin),
            clipped_share=(n_before[starts + grid.n_window] - n_before[starts]) / grid.n_window,
            n_dead_axes=len(recording.dead_axes),
            fs=grid.fs,
        )
        return analyze_windows(batch, settings=settings), int(n_before[own_end - own])

    if count > _WINDOWS_AT_ONCE:
        import_module("scipy.special")  # else each worker process would import it
    jobs = [partial(judge, number) for number in range(len(begins))]
    parts = list(run_jobs(jobs, progress=progress))
    table = WindowTable.concatenate([part for part, _ in parts])
    table = table.in_segments([one.start_s for one in recording.segments])
    return table, sum(n for _, n in parts)


def _episode(windows: EpisodeWindows, line: PooledLine | None) -> Episode:
    reason = note("EPISODE_STILL")
    return Episode(
        start_s=windows.start_s,
        end_s=windows.end_s,
        fit=line.fit if line else None,
        **estimates_of(line, otherwise=Estimate.missing(reason)),
    )


@lru_cache(maxsize=1)
def _scipy_version() -> str:
    try:
        return version("scipy")
    except PackageNotFoundError:  # on the path without its metadata
        return "unknown"


def _software() -> dict[str, str]:
    return {
        "name": "tremor-analyzer",
        "version": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": _scipy_version(),
    }


def _info(recording: Recording, n_clipped: int) -> CaptureInfo:
    return replace(recording.info, clipped_fraction=n_clipped / max(1, recording.n_samples))


def _source(info: CaptureInfo) -> Source:
    return info.source or Source(name="", sha256="", format="arrays")


def _refused(recording: Recording, settings: AnalysisSettings, reason: Note) -> Analysis:
    """Return the result for a recording that cannot be analysed at all."""
    n_clipped = int(np.count_nonzero(recording.samples.clipped(0, len(recording.samples))))
    # A record: one argument for each field.
    return Analysis(
        status="insufficient",
        software=_software(),
        source=_source(recording),
        settings=settings,
        recording=_info(recording, n_clipped),
        windows=WindowTable.concatenate([]),
        episodes=(),
        summary=Summary(
            tremor_detected=False,
            still_s=0.0,
            tremor_s=0.0,
            occupancy=None,
            **estimates_of(None, otherwise=Estimate.missing(reason)),
            reason=reason,
        ),
        spectrum=None,
        recovery=Recovery.insufficient(reason),
    )
