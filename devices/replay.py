"""Plays a recording as if it were a sensor, in real time, faster, or at unlimited speed.

Files are read elsewhere: the input is a `Recording`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self

import numpy as np

from tremor.errors import InvalidInputError
from tremor.recording import AXES, Recording, SampleBlock, Segment
from tremor.segments import is_long_gap

__all__ = ["ReplaySource"]


class ReplaySource:
    """Plays a recording back in blocks.

    Parameters
    ----------
    recording : Recording
        Recording to play.
    speed : float or None
        Playback speed, times real time; None for no waiting.
    packet_s : float
        Duration of a block, s; at least one sample.
    now : callable
        Monotonic clock, s.
    sleep : callable
        Wait for a number of seconds.

    Raises
    ------
    InvalidInputError
        If the speed or the duration of a block is not a positive number.

    Notes
    -----
    Row 0 of the recording has index 0. Lost samples are omitted, so that a gap is a jump of
    ``first_index``; an empty block marks the limit of a segment that begins or ends with lost
    samples, and the time that passes in a long run of them. ``arrival_s`` is the time in the
    recording, whatever the speed, so that a clock fitted to it has the rate of the recording. There
    are no device times: a recording keeps the clock that was fitted to them.

    If the reader is slow, the blocks that are due come without delay.

    Examples
    --------
    >>> import asyncio
    >>> samples = np.full((250, 3), 9.81)
    >>> samples[100:130] = np.nan
    >>> recording = Recording.from_arrays(samples, sampling_rate_hz=100.0)
    >>> async def play():
    ...     async with ReplaySource(recording, speed=None, packet_s=1.0) as source:
    ...         return [(b.first_index, len(b.acceleration_ms2)) async for b in source]
    >>> asyncio.run(play())
    [(0, 100), (130, 70), (200, 50)]
    """

    def __init__(
        self,
        recording: Recording,
        *,
        speed: float | None = 1.0,
        packet_s: float = 0.1,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if speed is not None and not (math.isfinite(speed) and speed > 0.0):
            raise InvalidInputError(f"speed is {speed}; give a positive number, or none for all")
        if not (math.isfinite(packet_s) and packet_s > 0.0):
            raise InvalidInputError(
                f"packets of {packet_s} s are not possible; give a positive number"
            )
        self._recording = recording
        self._speed = speed
        self._n_packet = max(1, round(packet_s * recording.sampling_rate_hz))
        self._now = now
        self._sleep = sleep
        self._open = False

    @property
    def recording(self) -> Recording:
        """Recording that is played."""
        return self._recording

    @property
    def name(self) -> str:
        """Name of the recorded sensor, or of the file."""
        sensor, source = self._recording.sensor, self._recording.source
        if sensor is not None and sensor.name:
            return sensor.name
        return source.name if source is not None else "recording"

    @property
    def nominal_sampling_rate_hz(self) -> float:
        """Nominal sampling rate of the recorded sensor, or else the estimated one, Hz."""
        return self._recording.nominal_sampling_rate_hz or self._recording.sampling_rate_hz

    def is_open(self) -> bool:
        """Check whether the source can be read."""
        return self._open

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open = False

    async def __aiter__(self) -> AsyncIterator[SampleBlock]:
        """Play from the start to the end, or until the source is closed.

        Yields
        ------
        SampleBlock
            In order, gaps omitted.

        Raises
        ------
        InvalidInputError
            If the source is not open.
        """
        if not self.is_open():
            raise InvalidInputError("the source is closed; use it inside of 'async with'")
        started_s = self._now()
        for block in self._blocks():
            wait_s = 0.0
            if self._speed is not None:
                wait_s = max(0.0, started_s + block.arrival_s / self._speed - self._now())
            # Sleep even for 0 s: other tasks must run, and a cancellation must take effect.
            await self._sleep(wait_s)
            if not self.is_open():
                return
            yield block

    def _blocks(self) -> Iterator[SampleBlock]:
        rate_hz = self._recording.sampling_rate_hz
        n_skipped = 0
        for segment in self._recording.segments:
            n_skipped += round(segment.clock_set_by_s * rate_hz)
            yield from self._blocks_of(segment, n_skipped)

    def _blocks_of(self, segment: Segment, n_skipped: int) -> Iterator[SampleBlock]:
        rate_hz = self._recording.sampling_rate_hz
        begin, end = segment.first_sample, segment.end_sample
        samples = self._recording.acceleration_ms2[begin:end]
        place = round(segment.start_s * rate_hz)
        known = 0  # of the samples that a reader knows the fate of
        if begin and not np.isfinite(samples[0, 0]):
            yield SampleBlock(place + n_skipped, np.zeros((0, len(AXES))), place / rate_hz)
        for first in range(0, len(samples), self._n_packet):
            rows = samples[first : first + self._n_packet]
            last = first + len(rows)
            is_present = np.isfinite(rows[:, 0])
            arrival_s = (place + last) / rate_hz
            edges = np.flatnonzero(
                np.diff(np.concatenate(([False], is_present, [False])).astype(int))
            )
            for run, stop in edges.reshape(-1, 2).tolist():
                known = first + stop
                yield SampleBlock(place + n_skipped + first + run, rows[run:stop], arrival_s)
            ends = last == len(samples) and known < last
            # What a reader hears nothing of for long is no hole, but parts segments.
            if ends or is_long_gap(2 * (last - known), sampling_rate_hz=rate_hz):
                known = last
                yield SampleBlock(place + n_skipped + last, np.zeros((0, len(AXES))), arrival_s)
