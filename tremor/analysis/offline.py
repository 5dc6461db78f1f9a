"""A recording in, its analysis out: a thin caller of what the live path calls, too.

The samples are read in chunks and forgotten; what is kept grows by a few numbers a window and by
the spectra of the tremor.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tremor._version import __version__
from tremor.analysis.cautions import cautions
from tremor.analysis.decay import baseline_floor, recovery_of
from tremor.analysis.episodes import EpisodeWindows, apply_context, find_episodes
from tremor.analysis.rest import find_rest_start
from tremor.analysis.window import WindowBatch, analyze_windows
from tremor.dsp.spectrum import bin_frequency_hz, hann_psd, hann_psd_of_line
from tremor.dsp.windows import WindowGrid
from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.measures.band import usable_band
from tremor.measures.intervals import NORMAL_QUANTILE
from tremor.measures.pooled import PooledLine, fit_pooled_sets
from tremor.measures.run_spectra import RunSpectra
from tremor.notes import Note, note
from tremor.parallel import run_jobs
from tremor.recording import CaptureInfo, Floats, Recording, Source
from tremor.results.analysis import Analysis, Episode, SpectrumView, Status, Summary
from tremor.results.recovery import Recovery
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings

__all__ = ["analyze"]

Bools = npt.NDArray[np.bool_]

#: Windows that are analysed at once: enough to spread the cost of a call, few enough for memory.
_CHUNK: Final = 2048
#: Windows whose spectra are averaged at once.
_SPECTRA: Final = 256
#: Episodes that are fitted at once.
_EPISODES: Final = 64
#: More than so many windows do not make the mean spectrum any better to look at.
_MOST_FOR_SPECTRUM: Final = 2000


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
        In memory or on disk; the result is the same to the bit.
    settings : AnalysisSettings, optional
        Thresholds and band.
    rest_start_s : float, optional
        When the runner came to rest, s from the start; found from the recording without it.
    baseline_rms_ms2 : float, optional
        RMS of the leg at rest before the run, m/s^2: what the tremor fades to. Without it, a
        still stretch before the run gives it, or it is fitted.
    progress : callable, optional
        Called with the share of the windows that is judged; what follows takes half as long again.

    Returns
    -------
    Analysis
        Status ``measured`` with at least one episode of tremor, ``no_tremor`` without,
        ``insufficient`` where too little of the recording could be judged; the reason stands in
        the summary.

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
    source = recording
    asked = (settings.band_low_hz, settings.band_high_hz)
    warnings = source.warnings
    fs = source.sampling_rate_hz
    try:
        band = usable_band(asked, fs=fs)
    except InvalidInputError:
        low_hz, high_hz = asked
        return _refused(
            source,
            settings,
            note(
                "BAND_ABOVE_NYQUIST",
                low_hz=low_hz,
                high_hz=high_hz,
                nyquist_hz=fs / 2.0,
                rate_hz=fs,
            ),
        )
    if band != asked:
        warnings += (
            note(
                "BAND_LIMITED",
                low_hz=band[0],
                high_hz=band[1],
                rate_hz=fs,
                asked_high_hz=asked[1],
            ),
        )
    grid = WindowGrid.of(window_s=settings.window_s, step_s=settings.step_s, fs=fs)
    if grid.count(len(source.samples)) == 0:
        return _refused(
            source,
            settings,
            note("CAPTURE_TOO_SHORT", duration_s=source.duration_s, least_s=settings.window_s),
        )
    table, n_clipped = _windows(source, grid, settings, progress)
    table = apply_context(table, settings=settings)
    stretches = find_episodes(table, settings=settings)
    members = np.any([s.members for s in stretches], axis=0) if stretches else None
    whole = [] if members is None else _runs(grid, members)
    jobs: list[Callable[[], Any]] = [
        partial(
            _recovery,
            table,
            settings,
            rest_start_s=rest_start_s,
            baseline_rms_ms2=baseline_rms_ms2,
        ),
        *_fits(source, grid, stretches, band_hz=band, is_session=len(whole) == 1),
    ]
    recovery, *fits = run_jobs(jobs)
    episodes, pooled = _pool(source, grid, stretches, whole, fits, band_hz=band)
    summary = _summary(table, stretches, pooled, settings=settings, grid=grid)
    warnings += cautions(table, pooled, tremor_s=summary.tremor_s)
    status: Status = "no_tremor"
    if summary.still_s < settings.still_least_s:
        status = "insufficient"
    elif summary.tremor_detected:
        status = "measured"
    return Analysis(
        status=status,
        software=_software(),
        source=_source(source),
        settings=settings,
        recording=replace(
            source.info, clipped_fraction=n_clipped / max(1, source.n_samples), warnings=warnings
        ),
        windows=table,
        episodes=episodes,
        summary=summary,
        spectrum=_spectrum(source, grid, table, members, pooled),
        recovery=recovery,
    )


def _recovery(
    table: WindowTable,
    settings: AnalysisSettings,
    *,
    rest_start_s: float | None,
    baseline_rms_ms2: float | None,
) -> Recovery:
    start_s = rest_start_s
    if start_s is None:
        start_s = find_rest_start(table, settings=settings)
    if start_s is None:
        return Recovery.insufficient(note("NEVER_STILL"))
    floor_ms2 = baseline_rms_ms2
    if floor_ms2 is None:
        floor_ms2 = baseline_floor(table, start_s, settings=settings)
    return recovery_of(table, rest_start_s=start_s, settings=settings, floor_ms2=floor_ms2)


def _samples(source: Recording, begin: int, end: int) -> Floats:
    return source.samples.read(begin, end) * source.scale_correction


def _windows(
    source: Recording,
    grid: WindowGrid,
    settings: AnalysisSettings,
    progress: Callable[[float], object] | None,
) -> tuple[WindowTable, int]:
    """Judge all windows, and count the clipped samples of the whole capture."""
    count = grid.count(len(source.samples))

    def judged(first: int) -> tuple[WindowTable, int]:
        size = min(_CHUNK, count - first)
        begin = first * grid.n_step
        end = begin + (size - 1) * grid.n_step + grid.n_window
        # What follows the last window, and what the next batch begins with, is counted once.
        is_last = first + size == count
        n_own = len(source.samples) - begin if is_last else size * grid.n_step
        clipped = source.samples.clipped(begin, max(end, begin + n_own))
        below = np.concatenate(([0], np.cumsum(clipped)))
        starts = np.arange(size) * grid.n_step
        batch = WindowBatch(
            start_s=grid.start_s(first, size),
            acceleration_ms2=grid.cut(_samples(source, begin, end), 0, size),
            clipped_share=(below[starts + grid.n_window] - below[starts]) / grid.n_window,
            n_dead_axes=len(source.dead_axes),
            fs=grid.fs,
        )
        return analyze_windows(batch, settings=settings), int(below[n_own])

    if count > _CHUNK:
        import_module("scipy.special")  # or each copy of the process would do so by itself
    jobs = [partial(judged, first) for first in range(0, count, _CHUNK)]
    parts = list(run_jobs(jobs, progress=progress))
    return WindowTable.concatenate([part for part, _ in parts]), sum(n for _, n in parts)


@dataclass(frozen=True, slots=True)
class _Run:
    """Places that windows cover without a gap."""

    begin: int
    end: int


def _runs(grid: WindowGrid, members: Bools) -> list[_Run]:
    runs: list[_Run] = []
    for index in np.flatnonzero(members).tolist():
        begin = index * grid.n_step
        if runs and begin <= runs[-1].end:
            runs[-1] = _Run(runs[-1].begin, begin + grid.n_window)
        else:
            runs.append(_Run(begin, begin + grid.n_window))
    return runs


@dataclass(frozen=True, eq=False, slots=True)
class _Fit:
    """The lines of some episodes, and the spectra that they come from."""

    lines: list[PooledLine | None]
    spectra: dict[_Run, RunSpectra]


def _spectra_of(
    source: Recording, run: _Run, *, fs: float, band_hz: tuple[float, float]
) -> RunSpectra:
    return RunSpectra.of(
        lambda begin, end: _samples(source, run.begin + begin, run.begin + end),
        run.end - run.begin,
        fs=fs,
        band_hz=band_hz,
    )


def _fits(
    source: Recording,
    grid: WindowGrid,
    stretches: tuple[EpisodeWindows, ...],
    *,
    band_hz: tuple[float, float],
    is_session: bool,
) -> list[Callable[[], _Fit]]:
    """Give jobs that fit the episodes, some at a time; of a run that is all the session keep all.

    What does not need the samples any more lets go of them.
    """

    def fitted(first: int) -> _Fit:
        runs = [_runs(grid, one.members) for one in stretches[first : first + _EPISODES]]
        # Runs of one length in a row share what depends on the length.
        new = sorted((run for part in runs for run in part), key=lambda run: run.end - run.begin)
        found = {run: _spectra_of(source, run, fs=grid.fs, band_hz=band_hz) for run in new}
        lines = fit_pooled_sets(
            [[found[run] for run in part] for part in runs], fs=grid.fs, band_hz=band_hz
        )
        if not is_session:
            found = {run: spectra.without_window() for run, spectra in found.items()}
        return _Fit(lines, found)

    return [partial(fitted, first) for first in range(0, len(stretches), _EPISODES)]


def _pool(
    source: Recording,
    grid: WindowGrid,
    stretches: tuple[EpisodeWindows, ...],
    whole: list[_Run],
    fits: Sequence[_Fit],
    *,
    band_hz: tuple[float, float],
) -> tuple[tuple[Episode, ...], PooledLine | None]:
    """Give the episodes, and the line of all of them together."""
    if not stretches:
        return (), None
    lines = [line for fit in fits for line in fit.lines]
    if len(stretches) == 1:
        session = lines[0]
    else:
        spectra = {run: found for fit in fits for run, found in fit.spectra.items()}
        # Episodes that touch make one run of the session, which none of them has.
        runs = [
            spectra.get(run) or _spectra_of(source, run, fs=grid.fs, band_hz=band_hz)
            for run in whole
        ]
        session = fit_pooled_sets([runs], fs=grid.fs, band_hz=band_hz)[0]
    lines = [_with_clock(line, source) for line in lines]
    episodes = (_episode(one, line) for one, line in zip(stretches, lines, strict=True))
    return tuple(episodes), _with_clock(session, source)


def _with_clock(line: PooledLine | None, facts: CaptureInfo) -> PooledLine | None:
    """Add the error of the sampling rate to that of a frequency: 1 % of rate is 1 % of it."""
    sd_hz, found = facts.sampling_rate_sd_hz, line.frequency_hz if line else None
    if line is None or found is None or found.value is None or not sd_hz:
        return line
    half_hz = NORMAL_QUANTILE * found.value * sd_hz / facts.sampling_rate_hz
    low = None if found.low is None else found.value - math.hypot(found.value - found.low, half_hz)
    high = (
        None if found.high is None else found.value + math.hypot(found.high - found.value, half_hz)
    )
    return replace(line, frequency_hz=replace(found, low=low, high=high))


def _episode(stretch: EpisodeWindows, pooled: PooledLine | None) -> Episode:
    missing = Estimate.missing(note("EPISODE_STILL"))
    return Episode(
        start_s=stretch.start_s,
        end_s=stretch.end_s,
        frequency_hz=pooled.frequency_hz if pooled else missing,
        bandwidth_hz=pooled.bandwidth_hz if pooled else missing,
        rms_ms2=pooled.rms_ms2 if pooled else missing,
        displacement_pp_mm=pooled.displacement_pp_mm if pooled else missing,
    )


def _covered_s(grid: WindowGrid, chosen: Bools) -> float:
    """Give the time that windows cover, overlaps counted once, s."""
    begin = np.flatnonzero(chosen) * grid.n_step
    if begin.size == 0:
        return 0.0
    new = np.minimum(np.diff(begin, append=begin[-1] + grid.n_window), grid.n_window)
    return float(new.sum() / grid.fs)


def _summary(
    table: WindowTable,
    stretches: tuple[EpisodeWindows, ...],
    pooled: PooledLine | None,
    *,
    settings: AnalysisSettings,
    grid: WindowGrid,
) -> Summary:
    judged = table.where("tremor") | table.where("no_tremor")
    still_s = _covered_s(grid, judged)
    tremor_s = sum((_covered_s(grid, stretch.members) for stretch in stretches), 0.0)
    if still_s < settings.still_least_s:
        reason = _too_little_still(table, still_s, settings)
    elif pooled is None:
        reason = note("NO_EPISODE")
    else:
        reason = None
    missing = Estimate.missing(reason or note("NO_EPISODE"))
    return Summary(
        tremor_detected=bool(stretches),
        still_s=still_s,
        tremor_s=tremor_s,
        occupancy=min(1.0, tremor_s / still_s) if still_s > 0 else None,
        frequency_hz=pooled.frequency_hz if pooled else missing,
        bandwidth_hz=pooled.bandwidth_hz if pooled else missing,
        rms_ms2=pooled.rms_ms2 if pooled else missing,
        displacement_pp_mm=pooled.displacement_pp_mm if pooled else missing,
        reason=reason,
    )


def _too_little_still(table: WindowTable, still_s: float, settings: AnalysisSettings) -> Note:
    """Return why there is no summary, with the commonest refusal and its score."""
    names, counts = np.unique(table.reason, return_counts=True)
    index = int(np.flatnonzero(table.reason == names[np.argmax(counts)])[0])
    window = table[index]
    return note(
        "TOO_LITTLE_STILL",
        still_s=still_s,
        least_s=settings.still_least_s,
        verdict=window.verdict,
        why=window.reason,
    )


def _spectrum(
    source: Recording,
    grid: WindowGrid,
    table: WindowTable,
    members: Bools | None,
    pooled: PooledLine | None,
) -> SpectrumView | None:
    chosen = members if members is not None else table.where("no_tremor")
    indices = np.flatnonzero(chosen)
    if indices.size == 0:
        return None
    indices = indices[:: max(1, len(indices) // _MOST_FOR_SPECTRUM)]
    total = np.zeros(grid.n_window // 2 + 1)
    for first in range(0, len(indices), _SPECTRA):
        begins = (indices[first : first + _SPECTRA] * grid.n_step).tolist()
        windows = np.empty((len(begins), 3, grid.n_window))
        for window, begin in zip(windows, begins, strict=True):
            window[:] = _samples(source, begin, begin + grid.n_window).T
        # One after the other, so that the sum does not depend on how many are taken at once.
        for density in hann_psd(windows, fs=grid.fs):
            total += density
    line = None
    if pooled is not None and pooled.frequency_hz.value and pooled.rms_ms2.value:
        line = hann_psd_of_line(
            grid.n_window,
            fs=grid.fs,
            frequency_hz=pooled.frequency_hz.value,
            bandwidth_hz=pooled.bandwidth_hz.value or 0.0,
            mean_square=pooled.rms_ms2.value**2,
            floor=3.0 * pooled.noise_density,
        )
    return SpectrumView(
        of="tremor" if members is not None else "still",
        n_windows=len(indices),
        frequency_hz=bin_frequency_hz(grid.n_window, fs=grid.fs),
        psd_ms2sq_per_hz=total / len(indices),
        line_ms2sq_per_hz=line,
    )


@lru_cache(maxsize=1)
def _scipy_version() -> str:
    try:
        return version("scipy")
    except PackageNotFoundError:  # put on the path without its records
        return "unknown"


def _software() -> dict[str, str]:
    return {
        "name": "tremor-analyzer",
        "version": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": _scipy_version(),
    }


def _source(info: CaptureInfo) -> Source:
    return info.source or Source(name="", sha256="", format="arrays")


def _refused(source: Recording, settings: AnalysisSettings, reason: Note) -> Analysis:
    """Give the result of a recording that cannot be analysed at all."""
    missing = Estimate.missing(reason)
    n_clipped = int(np.count_nonzero(source.samples.clipped(0, len(source.samples))))
    return Analysis(
        status="insufficient",
        software=_software(),
        source=_source(source),
        settings=settings,
        recording=replace(source.info, clipped_fraction=n_clipped / max(1, source.n_samples)),
        windows=WindowTable.concatenate([]),
        episodes=(),
        summary=Summary(
            tremor_detected=False,
            still_s=0.0,
            tremor_s=0.0,
            occupancy=None,
            frequency_hz=missing,
            bandwidth_hz=missing,
            rms_ms2=missing,
            displacement_pp_mm=missing,
            reason=reason,
        ),
        spectrum=None,
        recovery=Recovery.insufficient(reason),
    )
