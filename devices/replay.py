"""A recording as a sensor: its samples come as they came, at real, faster or unlimited speed.

Reading files is not done here; hand in a `Recording`.
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
from tremor.recording import AXES, Recording, SampleBlock

__all__ = ["ReplaySource"]


class ReplaySource:
    """Plays a recording back in blocks.

    Parameters
    ----------
    recording : Recording
        What to play.
    speed : float or None
        Times real time; None does not wait at all.
    packet_s : float
        Length of a block, s; at least one sample.
    now : callable
        Monotonic clock, s.
    sleep : callable
        Waits for so many seconds.

    Raises
    ------
    InvalidInputError
        Where speed or packet length is not a positive number.

    Notes
    -----
    Row 0 of the recording has index 0. Lost samples are left out, so that a gap is a jump of
    ``first_index``; a recording that ends in lost samples ends with an empty block, which tells
    where. ``arrival_s`` goes by the time of the capture, as if it were played at real speed, so
    that a clock fitted to it finds the rate of the recording at any speed. There are no device
    stamps: a recording keeps the clock that was fitted to them.

    A slow reader is not waited for: blocks that are due already come without delay.

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
        """Give what is played."""
        return self._recording

    @property
    def name(self) -> str:
        """Give the name of the sensor that was recorded, or that of the file."""
        sensor, source = self._recording.sensor, self._recording.source
        if sensor is not None and sensor.name:
            return sensor.name
        return source.name if source is not None else "recording"

    @property
    def nominal_sampling_rate_hz(self) -> float:
        """Give the nominal rate of the recorded sensor, else the estimated one, Hz."""
        return self._recording.nominal_sampling_rate_hz or self._recording.sampling_rate_hz

    def is_open(self) -> bool:
        """Tell whether it may be played."""
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
        """Play from the start, until the end or until the source is closed."""
        if not self.is_open():
            raise InvalidInputError("the source is closed; use it inside of 'async with'")
        started_s = self._now()
        for block in self._blocks():
            wait_s = 0.0
            if self._speed is not None:
                wait_s = max(0.0, started_s + block.arrival_s / self._speed - self._now())
            # Also without a wait: others must get their turn, and a cancellation must come in.
            await self._sleep(wait_s)
            if not self.is_open():
                return
            yield block

    def _blocks(self) -> Iterator[SampleBlock]:
        samples = self._recording.acceleration_ms2
        rate_hz = self._recording.sampling_rate_hz
        n = len(samples)
        for first in range(0, n, self._n_packet):
            piece = samples[first : first + self._n_packet]
            there = np.isfinite(piece[:, 0])
            arrival_s = (first + len(piece)) / rate_hz
            edges = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(int)))
            for begin, end in edges.reshape(-1, 2).tolist():
                yield SampleBlock(first + begin, piece[begin:end], arrival_s)
        if n and not np.isfinite(samples[-1, 0]):
            yield SampleBlock(n, np.zeros((0, len(AXES))), n / rate_hz)
