"""Blocks of samples in, finished windows out, with the same functions as `tremor.analysis.offline`.

At a given sampling rate the windows of a stream are those of the recording, bit for bit, however
the stream is cut into blocks. Sources of blocks are not known here. Episodes are made of the
windows so far by `tremor.analysis.episodes.find_episodes`, which marks those that may still change;
the numbers of a session need the whole recording and are not made here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.analysis.episodes import apply_context
from tremor.analysis.stream import LiveCounts, StreamFacts
from tremor.analysis.window import WindowBatch, analyze_windows
from tremor.clock.running import ClockEstimate, RateSource, RunningClock
from tremor.dsp.windows import WindowGrid
from tremor.errors import InvalidInputError
from tremor.integrity import find_clipped, find_dead_axes
from tremor.measures.band import usable_band
from tremor.recording import AXES, Floats, SampleBlock
from tremor.results.windows import WindowAnalysis, WindowTable
from tremor.segments import is_long_gap, is_possible_gap
from tremor.settings import EPISODES, SEGMENTS, STREAM, AnalysisSettings

__all__ = ["LiveAnalyzer", "LiveWindow", "live_windows"]

Bools = npt.NDArray[np.bool_]

#: Windows that are analysed at once if a block or a gap holds many.
_CHUNK: Final = 64
#: Samples that may wait for the first estimate of an unknown rate.
_MOST_WAITING: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWindow:
    """A finished window and the sampling rate of its analysis.

    Parameters
    ----------
    window : WindowAnalysis
        As in the result of `tremor.analyze`.
    sampling_rate_hz : float
        Sampling rate that was used, Hz.
    rate_source : {"given", "nominal", "arrivals", "device stamps"}
        Origin of that rate.
    rate_converged : bool
        Whether it is reliable; False for the nominal rate, which is often 1 % off, and for a first
        estimate without a nominal one. 1 % of rate is 1 % of frequency.
    """

    window: WindowAnalysis
    sampling_rate_hz: float
    rate_source: RateSource | Literal["given"]
    rate_converged: bool


class _Jump(NamedTuple):
    """A jump of the count: whether it is one, the samples lost, and those that make a hole."""

    is_gap: bool
    n_lost: int
    n_missing: int


class LiveAnalyzer:
    """Analyse blocks of samples; holds no more of them than a window and a step.

    Parameters
    ----------
    sampling_rate_hz : float or None
        Sampling rate, Hz; None to estimate it from the stream.
    nominal_sampling_rate_hz : float, optional
        Nominal rate of the sensor, Hz; used until the estimate has converged. Without it the
        windows wait for the first estimate.
    settings : AnalysisSettings, optional
        Thresholds and band.
    facts : StreamFacts, optional
        What is known of the stream ahead.

    Raises
    ------
    InvalidInputError
        If a rate is not usable, or the band reaches above the Nyquist frequency.

    Notes
    -----
    A gap is a jump of the index: its samples are missing, and a window is judged on those that are
    there, or refused if too many are missing. After a jump of more than a minute the windows begin
    anew, as in a file; after one of more than a week the count was set, and the time in between is
    not known: the windows go on from the time of the last sample.
    Samples whose index was received before are dropped. Windows that lie in a gap are finished by
    the block after it.

    If the rate is estimated, the time of a sample is its index over the present estimate, and the
    windows keep their number of samples unless the nominal rate is off by more than 2 %.

    Two things differ from the analysis of the whole file unless `StreamFacts` hold them: rails of
    an undeclared range are searched in each window by itself, and an axis is dead as long as it
    has been constant.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> samples = [0, 0, 9.81] + rng.normal(0, 0.01, (1000, 3))
    >>> samples[:, 0] += 0.3 * np.sin(2 * np.pi * 8.0 * np.arange(1000) / 100.0)
    >>> analyzer = LiveAnalyzer(sampling_rate_hz=100.0)
    >>> for first in range(0, 1000, 20):
    ...     block = SampleBlock(first, samples[first : first + 20], arrival_s=first / 100.0)
    ...     for window in analyzer.feed(block):
    ...         print(window.start_s, window.verdict, round(window.frequency_hz.value, 1))
    0.0 tremor 8.0
    2.0 tremor 8.0
    4.0 tremor 8.0
    6.0 tremor 8.0
    """

    def __init__(
        self,
        *,
        sampling_rate_hz: float | None,
        nominal_sampling_rate_hz: float | None = None,
        settings: AnalysisSettings | None = None,
        facts: StreamFacts | None = None,
    ) -> None:
        self._settings = settings or AnalysisSettings()
        self._facts = facts or StreamFacts()
        self._given_hz = sampling_rate_hz
        self._clock = RunningClock(nominal_sampling_rate_hz=nominal_sampling_rate_hz)
        first_hz = nominal_sampling_rate_hz if sampling_rate_hz is None else sampling_rate_hz
        self._grid = None if first_hz is None else self._grid_at(first_hz)
        self._waiting: list[tuple[Floats, Bools]] = []
        self._n_waiting = 0
        #: Index of the first sample of the stream, of the next window, and of the next sample.
        self._first: int | None = self._facts.first_index
        self._begin = self._next = self._first or 0
        #: Number of the segment, jumps of the count that are no time, and samples so far, lost
        #: ones of the segments included.
        self._segment = self._n_skipped = self._n_taken = 0
        self._lowest = np.full(len(AXES), np.inf)
        self._highest = np.full(len(AXES), -np.inf)
        self._tail: _Tail | None = None
        self._counts = LiveCounts()
        self._nothing = WindowTable.concatenate([])

    @property
    def counts(self) -> LiveCounts:
        """Numbers of samples, gaps and windows so far."""
        return self._counts

    @property
    def clock(self) -> ClockEstimate:
        """Estimate of the rate from the times of the blocks, also if a rate was given."""
        return self._clock.estimate

    @property
    def sampling_rate_hz(self) -> float | None:
        """Sampling rate in use, Hz; None before the first estimate."""
        if self._given_hz is not None:
            return self._given_hz
        return self._clock.estimate.sampling_rate_hz

    @property
    def rate_source(self) -> RateSource | Literal["given"]:
        """Origin of the rate in use."""
        return "given" if self._given_hz is not None else self._clock.estimate.source

    def feed(self, block: SampleBlock) -> WindowTable:
        """Process a block and return the windows that it finishes.

        Parameters
        ----------
        block : SampleBlock
            In order of arrival. A block without samples marks that nothing was measured before
            its ``first_index``.

        Returns
        -------
        WindowTable
            In order of time; mostly empty.

        Raises
        ------
        InvalidInputError
            If no rate can be estimated.
        """
        if self._first is None:
            self._first = self._begin = self._next = block.first_index
        n = len(block.acceleration_ms2)
        n_repeated = min(n, max(0, self._next - block.first_index))
        jump = self._jumped(max(0, block.first_index - self._next))
        self._clock.add(replace(block, first_index=block.first_index - self._n_skipped))
        samples = block.acceleration_ms2[n_repeated:]
        present: Bools = np.asarray(np.isfinite(samples).all(axis=1))
        if not present.all():
            samples = np.where(present[:, None], samples, np.nan)
        n_present = int(np.count_nonzero(present))
        before = self._counts
        self._counts = replace(
            before,
            n_samples=before.n_samples + n_present,
            n_lost=before.n_lost + jump.n_lost + len(present) - n_present,
            n_repeated=before.n_repeated + n_repeated,
            n_gaps=before.n_gaps + jump.is_gap,
        )
        tables = []
        chunk = _CHUNK * (self._grid.n_step if self._grid else _MOST_WAITING)
        for begin in range(0, jump.n_missing, chunk):
            size = min(chunk, jump.n_missing - begin)
            tables.append(self._push(np.full((size, len(AXES)), np.nan)))
        for begin in range(0, len(samples), chunk):
            tables.append(self._push(samples[begin : begin + chunk]))
        found = [table for table in tables if table is not None]
        return WindowTable.concatenate(found) if found else self._nothing

    def _jumped(self, n_lost: int) -> _Jump:
        """Begin a new segment after a long gap, and return what was lost."""
        rate_hz = self.sampling_rate_hz if self._grid is None else self._grid.fs
        if rate_hz is None:
            rate_hz = _MOST_WAITING / SEGMENTS.longest_hole_s
        if not is_long_gap(n_lost, sampling_rate_hz=rate_hz):
            return _Jump(n_lost > 0, n_lost, n_lost)
        self._waiting, self._n_waiting = [], 0
        self._begin = self._next = self._next + n_lost
        self._segment += 1
        if is_possible_gap(n_lost, sampling_rate_hz=rate_hz):
            return _Jump(True, n_lost, 0)
        self._n_skipped += n_lost
        return _Jump(True, 0, 0)

    def _push(self, samples: Floats) -> WindowTable | None:
        self._waiting.append((samples, self._clipped(samples)))
        self._n_waiting += len(samples)
        self._next += len(samples)
        self._n_taken += len(samples)
        grid = self._grid
        if grid is not None and self._n_waiting < grid.n_window:
            return None
        grid = self._grid = self._renewed(grid)
        if grid is None or self._n_waiting < grid.n_window:
            return None
        rows = np.concatenate([one for one, _ in self._waiting])
        clipped = np.concatenate([flags for _, flags in self._waiting])
        count = grid.count(len(rows))
        tables = []
        done = 0
        while done < count:
            # An axis that has been constant may move in the next window, and one that has moved is
            # not dead: while one is in doubt, each window is judged by itself.
            size = 1 if self._is_in_doubt() else count - done
            first, last = done * grid.n_step, (done + size - 1) * grid.n_step + grid.n_window
            tables.append(self._judge(rows[first:last], clipped[first:last], size, grid))
            done += size
        rest = count * grid.n_step
        self._waiting = [(rows[rest:].copy(), clipped[rest:].copy())]
        self._n_waiting = len(rows) - rest
        return WindowTable.concatenate(tables)

    def _renewed(self, grid: WindowGrid | None) -> WindowGrid | None:
        """Return the grid at the present rate."""
        rate_hz = self.sampling_rate_hz
        if rate_hz is None:
            if self._n_waiting > _MOST_WAITING:
                raise InvalidInputError(
                    f"the times of {self._n_waiting} samples tell no sampling rate; give it, "
                    "or the nominal one"
                )
            return None
        if grid is None:
            return self._grid_at(rate_hz)
        if rate_hz == grid.fs:
            return grid
        asked = self._settings.window_s * rate_hz
        if abs(grid.n_window / asked - 1.0) > max(STREAM.most_rate_change, 1.0 / asked):
            return self._grid_at(rate_hz)
        return replace(grid, fs=rate_hz)

    def _grid_at(self, rate_hz: float) -> WindowGrid:
        settings = self._settings
        usable_band((settings.band_low_hz, settings.band_high_hz), fs=rate_hz)
        return WindowGrid.of(window_s=settings.window_s, step_s=settings.step_s, fs=rate_hz)

    def _judge(self, rows: Floats, clipped: Bools, count: int, grid: WindowGrid) -> WindowTable:
        assert self._first is not None
        n_dead = self._facts.n_dead_axes
        if n_dead is None:
            n_dead = self._count_dead(rows)
        first = self._begin - self._first - self._n_skipped
        begin = first + np.arange(count) * grid.n_step
        found = analyze_windows(
            WindowBatch(
                start_s=begin / grid.fs,
                acceleration_ms2=grid.cut(rows * self._facts.scale_correction, 0, count),
                clipped_share=self._clipped_share(rows, clipped, count, grid),
                n_dead_axes=n_dead,
                fs=grid.fs,
            ),
            settings=self._settings,
        )
        if self._segment:
            found = replace(found, segment=np.full(count, self._segment))
        self._begin += count * grid.n_step
        self._counts = replace(self._counts, n_windows=self._counts.n_windows + count)
        tail = _Tail(found, begin, np.full(count, grid.n_window), grid.fs)
        if self._tail is not None:
            tail = self._tail.followed_by(tail)
        judged = apply_context(tail.table, settings=self._settings)
        self._tail = tail.recent(self._settings)
        return judged.select(slice(len(judged) - count, len(judged)))

    def _is_in_doubt(self) -> bool:
        known = self._facts.n_dead_axes is not None
        return not known and not bool((self._lowest < self._highest).all())

    def _count_dead(self, rows: Floats) -> int:
        present = rows[~np.isnan(rows[:, 0])]
        if len(present):
            self._lowest = np.minimum(self._lowest, present.min(axis=0))
            self._highest = np.maximum(self._highest, present.max(axis=0))
        return len(find_dead_axes(np.stack((self._lowest, self._highest))))

    def _clipped(self, samples: Floats) -> Bools:
        facts = self._facts
        if facts.clipped is not None:
            known = facts.clipped[self._n_taken : self._n_taken + len(samples)]
            return np.concatenate((known, np.zeros(len(samples) - len(known), dtype=np.bool_)))
        if facts.range_ms2 is not None:
            return find_clipped(samples, range_ms2=facts.range_ms2)
        return np.zeros(len(samples), dtype=np.bool_)

    def _clipped_share(self, rows: Floats, clipped: Bools, count: int, grid: WindowGrid) -> Floats:
        begin = np.arange(count) * grid.n_step
        if self._facts.clipped is None and self._facts.range_ms2 is None:
            windows = (rows[first : first + grid.n_window] for first in begin.tolist())
            return np.array([np.count_nonzero(find_clipped(one)) for one in windows]) / (
                grid.n_window
            )
        total = np.concatenate(([0], np.cumsum(clipped)))
        share: Floats = (total[begin + grid.n_window] - total[begin]) / grid.n_window
        return share


@dataclass(frozen=True, eq=False, slots=True)
class _Tail:
    """The last windows as each was judged by itself, and the samples at which they begin."""

    table: WindowTable
    begin: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    fs: float

    def followed_by(self, later: _Tail) -> _Tail:
        table = self.table
        if self.fs != later.fs:
            # The times of all windows are at the present rate, or settling would mix two clocks.
            start_s = self.begin / later.fs
            table = replace(table, start_s=start_s, end_s=start_s + self.length / later.fs)
        return _Tail(
            WindowTable.concatenate([table, later.table]),
            np.concatenate((self.begin, later.begin)),
            np.concatenate((self.length, later.length)),
            later.fs,
        )

    def recent(self, settings: AnalysisSettings) -> _Tail:
        """Keep the windows that the next one is judged by, and the very first window.

        That one starts at 0: its end is the length of a window, free of rounding.
        """
        since_s = self.table.start_s[-1] - settings.settling_s
        first = min(
            int(np.searchsorted(self.table.end_s, since_s)),
            len(self.table) - EPISODES.heartbeat_windows,
        )
        kept = np.concatenate(([0], np.arange(max(1, first), len(self.table))))
        return _Tail(self.table.select(kept), self.begin[kept], self.length[kept], self.fs)


async def live_windows(
    blocks: AsyncIterable[SampleBlock],
    *,
    sampling_rate_hz: float | None,
    nominal_sampling_rate_hz: float | None = None,
    settings: AnalysisSettings | None = None,
    facts: StreamFacts | None = None,
) -> AsyncGenerator[LiveWindow, None]:
    """Analyse a stream while it arrives.

    Parameters
    ----------
    blocks : async iterable of SampleBlock
        From a sensor, or from a file that is replayed.
    sampling_rate_hz, nominal_sampling_rate_hz, settings, facts
        As for `LiveAnalyzer`.

    Yields
    ------
    LiveWindow
        Each window as soon as its last sample has arrived. The analysis takes a few milliseconds
        in the caller's event loop.

    Raises
    ------
    InvalidInputError
        As for `LiveAnalyzer`.
    """
    analyzer = LiveAnalyzer(
        sampling_rate_hz=sampling_rate_hz,
        nominal_sampling_rate_hz=nominal_sampling_rate_hz,
        settings=settings,
        facts=facts,
    )
    async for block in blocks:
        for window in analyzer.feed(block):
            rate_hz = analyzer.sampling_rate_hz
            assert rate_hz is not None
            yield LiveWindow(
                window=window,
                sampling_rate_hz=rate_hz,
                rate_source=analyzer.rate_source,
                rate_converged=sampling_rate_hz is not None or analyzer.clock.converged,
            )
