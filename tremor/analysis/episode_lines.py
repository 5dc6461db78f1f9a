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
from tremor.dsp.windows import WindowGrid
from tremor.measures.intervals import NORMAL_QUANTILE
from tremor.measures.pooled import PooledLine, fit_pooled_sets
from tremor.measures.run_spectra import RunSpectra
from tremor.recording import CaptureInfo, Floats, Recording

__all__ = ["EpisodeFits", "EpisodeLines", "collect_lines", "corrected_samples", "line_jobs"]

Bools = npt.NDArray[np.bool_]

#: Episodes that are fitted at once.
_EPISODES_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples ``begin`` to ``end`` of the capture, which windows cover without a gap."""

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
    session : PooledLine or None
        The line of all episodes together; None without an episode.
    """

    episodes: list[PooledLine | None]
    session: PooledLine | None


def corrected_samples(recording: Recording, begin: int, end: int) -> Floats:
    """Return samples ``begin`` to ``end``, scale corrected, m/s^2, shape (end - begin, 3)."""
    return recording.samples.read(begin, end) * recording.scale_correction


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
    """Collect the lines of the episodes, and fit that of all of them together.

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
    if not lines:
        return EpisodeLines([], None)
    session = lines[0]
    if len(lines) > 1:
        spectra = {run: one for fit in fits for run, one in fit.spectra.items()}
        # Episodes that touch are one run of the session, which none of them has.
        runs = [
            spectra.get(run) or _spectra(recording, run, fs=grid.fs, band_hz=band_hz)
            for run in _session_runs(grid, episodes)
        ]
        (session,) = fit_pooled_sets([runs], fs=grid.fs, band_hz=band_hz)
    return EpisodeLines(
        [_with_rate_error(line, recording.info) for line in lines],
        _with_rate_error(session, recording.info),
    )


def _runs(grid: WindowGrid, members: Bools) -> list[_Run]:
    """Join windows that touch or overlap."""
    runs: list[_Run] = []
    for index in np.flatnonzero(members).tolist():
        begin = index * grid.n_step
        if runs and begin <= runs[-1].end:
            runs[-1] = _Run(runs[-1].begin, begin + grid.n_window)
        else:
            runs.append(_Run(begin, begin + grid.n_window))
    return runs


def _session_runs(grid: WindowGrid, episodes: Sequence[EpisodeWindows]) -> list[_Run]:
    if not episodes:
        return []
    return _runs(grid, np.any([one.members for one in episodes], axis=0))


def _spectra(
    recording: Recording, run: _Run, *, fs: float, band_hz: tuple[float, float]
) -> RunSpectra:
    return RunSpectra.of(
        lambda begin, end: corrected_samples(recording, run.begin + begin, run.begin + end),
        run.n_samples,
        fs=fs,
        band_hz=band_hz,
    )


def _with_rate_error(line: PooledLine | None, info: CaptureInfo) -> PooledLine | None:
    """Add the error of the sampling rate: 1 % of it is 1 % of the frequency."""
    rate_sd_hz, frequency = info.sampling_rate_sd_hz, line.frequency_hz if line else None
    if line is None or frequency is None or frequency.value is None or not rate_sd_hz:
        return line
    value, low, high = frequency.value, frequency.low, frequency.high
    half_hz = NORMAL_QUANTILE * value * rate_sd_hz / info.sampling_rate_hz
    return replace(
        line,
        frequency_hz=replace(
            frequency,
            low=None if low is None else value - math.hypot(value - low, half_hz),
            high=None if high is None else value + math.hypot(high - value, half_hz),
        ),
    )
