"""The line of each episode and that of the whole session, each from all of its samples.

Which windows make an episode is decided in `tremor.analysis.episodes`; how a line is fitted, in
`tremor.measures.pooled`. Here the samples of the episodes are read and the fits divided into jobs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.episodes import EpisodeWindows
from tremor.analysis.missing import LostSamples, filled, widened
from tremor.analysis.session_lines import (
    SessionLine,
    all_lines,
    group_by_frequency,
    of_full_bursts,
)
from tremor.analysis.window_agreement import checked_by_windows
from tremor.dsp.windows import WindowGrid
from tremor.measures.intervals import NORMAL_QUANTILE
from tremor.measures.pooled import PooledLine, fit_pooled_sets
from tremor.measures.run_spectra import RunSpectra
from tremor.recording import CaptureInfo, Floats, Recording
from tremor.results.windows import WindowTable

__all__ = [
    "EpisodeFits",
    "EpisodeLines",
    "collect_lines",
    "corrected_samples",
    "line_jobs",
    "whole_samples",
]

Bools = npt.NDArray[np.bool_]

#: Episodes that are fitted at once.
_EPISODES_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples ``begin`` to ``end`` of a segment, which windows cover without a gap."""

    begin: int
    end: int

    @property
    def n_samples(self) -> int:
        """Length."""
        return self.end - self.begin


@dataclass(frozen=True, eq=False, slots=True)
class EpisodeFits:
    """What one job returns.

    Parameters
    ----------
    lines : list of PooledLine or None
        The line of each of its episodes.
    spectra : dict of _Run to RunSpectra
        The spectra that the lines come from, for the fit of the session.
    """

    lines: list[PooledLine | None]
    spectra: dict[_Run, RunSpectra]


@dataclass(frozen=True, eq=False, slots=True)
class EpisodeLines:
    """The lines of a capture; the error of the sampling rate is part of their intervals.

    Parameters
    ----------
    episodes : list of PooledLine or None
        The line of each episode; None if its samples do not vary.
    groups : tuple of SessionLine
        The line of each group of episodes that are one tremor; none without an episode.
    """

    episodes: list[PooledLine | None]
    groups: tuple[SessionLine, ...]

    @property
    def tremors(self) -> tuple[SessionLine, ...]:
        """The tremors of the session, that with the largest share first."""
        return all_lines(self.groups)

    @property
    def session(self) -> PooledLine | None:
        """The line of the tremor with the largest share; None without an episode."""
        return self.tremors[0].line if self.tremors else None

    def checked(self, table: WindowTable, episodes: Sequence[EpisodeWindows]) -> EpisodeLines:
        """Return the lines checked against their windows.

        Parameters
        ----------
        table : WindowTable
            All windows, judged.
        episodes : sequence of EpisodeWindows
            The episodes of the lines.

        Returns
        -------
        EpisodeLines
            As `tremor.analysis.window_agreement.checked_by_windows` returns them, and of the
            strength of full bursts.
        """
        lines = [
            checked_by_windows(line, table, one.members)
            for line, one in zip(self.episodes, episodes, strict=True)
        ]
        return EpisodeLines(
            [
                line and of_full_bursts(line, one.bursts)
                for line, one in zip(lines, episodes, strict=True)
            ],
            tuple(one.checked(table) for one in self.groups),
        )


def corrected_samples(recording: Recording, begin: int, end: int) -> Floats:
    """Return samples ``begin`` to ``end``, scale corrected, m/s^2, shape (end - begin, 3)."""
    return recording.samples.read(begin, end) * recording.scale_correction


def whole_samples(
    recording: Recording, begin: int, end: int, *, fs: float, band_hz: tuple[float, float]
) -> Floats:
    """Return samples as `corrected_samples` does, the missing ones interpolated."""
    samples = corrected_samples(recording, begin, end)
    return filled(samples, fs=fs, band_hz=band_hz) if recording.holes else samples


def line_jobs(
    recording: Recording,
    grid: WindowGrid,
    episodes: Sequence[EpisodeWindows],
    *,
    band_hz: tuple[float, float],
) -> list[Callable[[], EpisodeFits]]:
    """Return the jobs that fit the lines of the episodes, several episodes each.

    Parameters
    ----------
    recording : Recording
        The capture.
    grid : WindowGrid
        Its windows.
    episodes : sequence of EpisodeWindows
        In order of time.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.

    Returns
    -------
    list of callable
        Their results are for `collect_lines`.
    """
    # The fit of the session needs samples only if it is one run, which may be a single window.
    keeps_samples = len(_session_runs(grid, episodes)) == 1

    def fit(first: int) -> EpisodeFits:
        some = episodes[first : first + _EPISODES_AT_ONCE]
        runs = [_runs(grid, one.members) for one in some]
        # Consecutive runs of one length share what depends on the length.
        by_length = sorted((run for part in runs for run in part), key=lambda run: run.n_samples)
        spectra = {run: _spectra(recording, run, fs=grid.fs, band_hz=band_hz) for run in by_length}
        lines = fit_pooled_sets(
            [[spectra[run] for run in part] for part in runs], fs=grid.fs, band_hz=band_hz
        )
        if not keeps_samples:
            spectra = {run: one.without_window() for run, one in spectra.items()}
        return EpisodeFits(lines, spectra)

    return [partial(fit, first) for first in range(0, len(episodes), _EPISODES_AT_ONCE)]


def collect_lines(
    recording: Recording,
    grid: WindowGrid,
    episodes: Sequence[EpisodeWindows],
    fits: Sequence[EpisodeFits],
    *,
    band_hz: tuple[float, float],
) -> EpisodeLines:
    """Collect the lines of the episodes, and fit that of those that are one tremor.

    Parameters
    ----------
    recording, grid, episodes
        As for `line_jobs`.
    fits : sequence of EpisodeFits
        The results of the jobs, in order.
    band_hz : tuple of float
        As for `line_jobs`.

    Returns
    -------
    EpisodeLines
        Of episodes and session.
    """
    lines = [line for fit in fits for line in fit.lines]
    spectra = {run: one for fit in fits for run, one in fit.spectra.items()}
    durations_s = [_covered(_runs(grid, one.members)) / grid.fs for one in episodes]
    lost, groups = LostSamples.of(recording.info), []
    for group in group_by_frequency(lines, durations_s):
        some, line = [episodes[index] for index in group], lines[group[0]]
        runs = _session_runs(grid, some)
        if len(group) > 1:
            # Episodes that touch are one run of the session, which none of them has.
            found = [
                spectra.get(run) or _spectra(recording, run, fs=grid.fs, band_hz=band_hz)
                for run in runs
            ]
            (line,) = fit_pooled_sets([found], fs=grid.fs, band_hz=band_hz)
        line = widened(line, _lost_share(lost, runs))
        if line is not None:
            share = sum(durations_s[index] for index in group) / sum(durations_s)
            members = np.any([one.members for one in some], axis=0)
            longest = max(some, key=lambda one: one.end_s - one.start_s)
            line = _with_rate_error(line, recording.info)
            groups.append(SessionLine(line, share, members, longest.bursts))
    shares = [_lost_share(lost, _runs(grid, one.members)) for one in episodes]
    lines = [widened(line, share) for line, share in zip(lines, shares, strict=True)]
    return EpisodeLines(
        [line and _with_rate_error(line, recording.info) for line in lines], tuple(groups)
    )


def _covered(runs: Sequence[_Run]) -> int:
    return sum(run.n_samples for run in runs)


def _runs(grid: WindowGrid, members: Bools) -> list[_Run]:
    """Join windows that touch or overlap."""
    rows = np.flatnonzero(members)
    begins, segment = grid.begin(rows), grid.segment(rows)
    if not begins.size:
        return []
    cuts = np.flatnonzero((np.diff(begins) > grid.n_window) | (np.diff(segment) > 0)) + 1
    firsts = begins[np.append(0, cuts)].tolist()
    lasts = begins[np.append(cuts, len(begins)) - 1].tolist()
    return [_Run(first, last + grid.n_window) for first, last in zip(firsts, lasts, strict=True)]


def _session_runs(grid: WindowGrid, episodes: Sequence[EpisodeWindows]) -> list[_Run]:
    if not episodes:
        return []
    return _runs(grid, np.any([one.members for one in episodes], axis=0))


def _spectra(
    recording: Recording, run: _Run, *, fs: float, band_hz: tuple[float, float]
) -> RunSpectra:
    def samples(begin: int, end: int) -> Floats:
        return whole_samples(recording, run.begin + begin, run.begin + end, fs=fs, band_hz=band_hz)

    return RunSpectra.of(samples, run.n_samples, fs=fs, band_hz=band_hz)


def _lost_share(lost: LostSamples, runs: Sequence[_Run]) -> float:
    """Return the share of the samples of runs that is lost."""
    begin = np.array([run.begin for run in runs], dtype=np.int64)
    end = np.array([run.end for run in runs], dtype=np.int64)
    return float(lost.count(begin, end).sum() / max(1, (end - begin).sum()))


def _with_rate_error(line: PooledLine, info: CaptureInfo) -> PooledLine:
    """Add the error of the sampling rate: 1 % of it is 1 % of the frequency."""
    rate_sd_hz, frequency = info.sampling_rate_sd_hz, line.frequency_hz
    if frequency.value is None or not rate_sd_hz:
        return line
    value, low, high = frequency.value, frequency.low, frequency.high
    half_hz = NORMAL_QUANTILE * value * rate_sd_hz / info.sampling_rate_hz
    return replace(
        line,
        further=tuple(_with_rate_error(one, info) for one in line.further),
        frequency_hz=replace(
            frequency,
            low=None if low is None else value - math.hypot(value - low, half_hz),
            high=None if high is None else value + math.hypot(high - value, half_hz),
        ),
    )
