"""Sample indices of rows that each bear a time of the sensor, as phones send them in bulk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from devices.decoding.blocks import make_block
from devices.decoding.limits import LIMIT_16_G_MS2
from devices.decoding.sample_count import SamplePosition, TimestampCount
from tremor.errors import PacketError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["Row", "StampedRows", "measured_rate_hz"]

#: Resolution in which the times are counted, s.
_TICK_S: Final = 1e-6
#: No time is later, s: 30,000 years.
_LATEST_S: Final = 1e12
#: Standard deviation of a time stamp of a phone, as a share of a sample.
_STAMP_SD: Final = 0.25
#: Rows, and the time that they span, s, from which a rate is measured.
_LEAST_ROWS: Final = 20
_LEAST_SPAN_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """One sample with its time.

    Parameters
    ----------
    time_s : float
        Time on the clock of the sensor, s.
    acceleration_ms2 : tuple of float, shape (3,)
        m/s^2.
    """

    time_s: float
    acceleration_ms2: tuple[float, float, float]

    @property
    def is_plausible(self) -> bool:
        """Whether a phone can have measured it."""
        return abs(self.time_s) <= _LATEST_S and all(
            math.isfinite(one) and abs(one) <= LIMIT_16_G_MS2 for one in self.acceleration_ms2
        )


def measured_rate_hz(times_s: Sequence[float]) -> float | None:
    """Measure the sampling rate of the first rows.

    Parameters
    ----------
    times_s : sequence of float
        Times of samples, ascending, s.

    Returns
    -------
    float or None
        Hz, with three decimals; None if there are too few.

    Examples
    --------
    >>> measured_rate_hz([index / 99.3 for index in range(100)])
    99.3
    """
    steps = sorted(after - before for before, after in pairwise(times_s))
    if len(times_s) < _LEAST_ROWS or times_s[-1] - times_s[0] < _LEAST_SPAN_S:
        return None
    median = steps[len(steps) // 2]
    # A hole in the first second must not lower the rate: the usual steps only.
    usual = [step for step in steps if 0.5 * median < step < 1.5 * median]
    return round(len(usual) / sum(usual), 3) if usual else None


class StampedRows:
    """Turns rows into blocks of samples, each in its place.

    Parameters
    ----------
    sampling_rate_hz : float
        Sampling rate as measured at the start, Hz.

    Attributes
    ----------
    n_rejected : int
        Rows that were discarded: impossible values, or a time that came before.

    Notes
    -----
    Many rows come at once, and after a drop-out minutes of them. On the clock of the host each
    therefore counts as having arrived before the last one by the difference of their times.
    """

    def __init__(self, sampling_rate_hz: float) -> None:
        self._count = TimestampCount(
            sampling_rate_hz,
            tick_s=_TICK_S,
            stamped="first",
            noise_s=_STAMP_SD / sampling_rate_hz,
        )
        self.n_rejected = 0

    def restart(self, began_s: float | None = None) -> None:
        """Note that the sensor began to measure anew: the next row may be far ahead."""
        self._count.restart(began_s)

    def blocks(
        self, rows: Sequence[Row], arrival_s: float, *, newest_s: float | None = None
    ) -> list[SampleBlock]:
        """Locate rows.

        Parameters
        ----------
        rows : sequence of Row
            In order of time.
        arrival_s : float
            Arrival of the last of them on the monotonic clock of the host, s.
        newest_s : float, optional
            Time of a later row that came at once with them, s.

        Returns
        -------
        list of SampleBlock
            One for each run without a loss.
        """
        runs: list[list[tuple[Row, SamplePosition]]] = []
        if newest_s is None and rows:
            newest_s = rows[-1].time_s
        for row in rows:
            assert newest_s is not None
            position = self._locate(row, arrival_s - (newest_s - row.time_s))
            if position is None:
                self.n_rejected += 1
                continue
            if not runs or runs[-1][-1][1].first_index + 1 != position.first_index:
                runs.append([])
            runs[-1].append((row, position))
        return [
            make_block(
                run[0][1].first_index,
                [row.acceleration_ms2 for row, _ in run],
                arrival_s,
                unit_ms2=1.0,
                device_time_s=[position.device_time_s[0] for _, position in run],
            )
            for run in runs
        ]

    def _locate(self, row: Row, arrival_s: float) -> SamplePosition | None:
        if not row.is_plausible:
            return None
        try:
            return self._count.locate(round(row.time_s / _TICK_S), 1, arrival_s)
        except PacketError:
            return None
