"""The clock of a stream: its true sampling rate, from the blocks that have come so far.

Places and times of packets in, a rate with its standard deviation out. The clock of a whole
capture, and where its gaps are, is `tremor.clock.timebase`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.recording import Floats, SampleBlock

__all__ = ["ClockEstimate", "RateSource", "RunningClock"]

RateSource = Literal["none", "nominal", "arrivals", "device stamps"]

#: Packets that are held; when there are as many, each two neighbours become one.
_MOST_PACKETS: Final = 4096
#: The line is drawn through so many blocks of packets: enough to tell their scatter.
_BLOCKS: Final = 12
_LEAST_BLOCKS: Final = 6
#: Packets in a block, at least: the earliest of fewer arrivals may still be a late one.
_LEAST_IN_BLOCK: Final[dict[RateSource, int]] = {"arrivals": 4, "device stamps": 1}
#: Time after which an estimate may be believed, s.
_LEAST_SPAN_S: Final[dict[RateSource, float]] = {"arrivals": 10.0, "device stamps": 5.0}
#: Converged is where two standard deviations are less than this share of the rate.
_CONVERGED: Final = 1e-3
#: A hole of this length gets its own phase: sensors restart at any phase.
_NEW_PHASE_S: Final = 1.0
#: A packet waits for the next connection event of the radio link; hosts set them up to so far
#: apart. While packets and events keep step, all of that wait can hide in the slope.
_CONNECTION_INTERVAL_S: Final = 0.05
#: A later level of the arrivals is a loss that nobody counted where it exceeds so many times the
#: usual scatter, and about a packet, and where it happens in no more than this share of blocks.
_SHIFT_TIMES_USUAL: Final = 10.0
_SHIFT_PACKETS: Final = 0.9
_MOST_SHIFTS: Final = 0.2
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEstimate:
    """What is known of the sampling rate so far.

    Parameters
    ----------
    sampling_rate_hz : float or None
        The rate to use, Hz: the nominal one until the estimate has converged; None where there
        is neither.
    source : {"none", "nominal", "arrivals", "device stamps"}
        Where that rate is from.
    converged : bool
        Whether it is an estimate that can be relied on to about 0.1 %.
    estimated_hz, sd_hz : float or None
        The estimate, converged or not, and its standard deviation, Hz.
    span_s : float
        Time that it rests on, s.
    """

    sampling_rate_hz: float | None
    source: RateSource
    converged: bool
    estimated_hz: float | None
    sd_hz: float | None
    span_s: float

    def difference_to(self, sampling_rate_hz: float) -> float | None:
        """Give by which share the estimate differs from a rate, such as that of the whole file.

        Parameters
        ----------
        sampling_rate_hz : float
            Hz.

        Returns
        -------
        float or None
            Estimate over rate, less one; None where nothing is estimated yet.
        """
        return None if self.estimated_hz is None else self.estimated_hz / sampling_rate_hz - 1.0


class RunningClock:
    """Estimate of the true sampling rate that improves with every block.

    Parameters
    ----------
    nominal_sampling_rate_hz : float or None
        Rate that the sensor claims, Hz. It is used until the estimate has converged and never
        mixed into it.

    Notes
    -----
    With device stamps the line goes through the means of blocks of packets. Without, it goes
    through the earliest arrival of each block: a packet can be late and never early, so the
    arrivals lie above one line over the index of their last samples, and a burst after a stall is
    late as a whole. All blocks have as many packets, so that what even the earliest is late is
    alike in all and drops out of the slope. Its standard deviation comes from the scatter of the
    blocks about the line. To that of arrivals comes what a radio link can hide: where the packets
    keep step with its connection events, 50 ms apart at most, the arrivals show the clock of the
    host and not that of the sensor, until the wait for the event has grown by a whole interval.

    Each stretch between holes of a second or more has a phase of its own, and so has what
    follows a lasting delay of a packet or more, which is a loss that the index does not tell.

    Memory is bounded: beyond 4096 packets each two neighbours become one, the earlier of them or
    their mean.

    Examples
    --------
    A sensor that claims 100 Hz, runs at 101 Hz and sends packets of 10 that arrive up to 30 ms
    late:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> clock = RunningClock(nominal_sampling_rate_hz=100.0)
    >>> for first in range(0, 3000, 10):
    ...     arrival_s = (first + 9) / 101.0 + rng.uniform(0.0, 0.03)
    ...     clock.add(SampleBlock(first, np.zeros((10, 3)), arrival_s))
    >>> clock.estimate.source, round(clock.estimate.sampling_rate_hz, 1)
    ('arrivals', 101.0)
    """

    def __init__(self, *, nominal_sampling_rate_hz: float | None = None) -> None:
        nominal = nominal_sampling_rate_hz
        if nominal is not None and not (math.isfinite(nominal) and nominal > 0):
            raise InvalidInputError(
                f"nominal sampling rate is {nominal} Hz; give a positive number of hertz"
            )
        self._nominal_hz = nominal
        self._arrivals = _Packets(earliest=True)
        self._stamps = _Packets(earliest=False)
        self._n_blocks = 0
        self._last_index = -math.inf
        self._last_arrival_s = -math.inf
        self._believed: RateSource | None = None
        self._estimate: ClockEstimate | None = None

    def add(self, block: SampleBlock) -> None:
        """Take the times of a block; one that reaches no further than those before is left out.

        Parameters
        ----------
        block : SampleBlock
            In order of arrival.
        """
        n = len(block.acceleration_ms2)
        last_index = block.first_index + n - 1
        if n == 0 or last_index <= self._last_index:
            return
        new_phase = (
            block.first_index > self._last_index + 1
            and block.arrival_s - self._last_arrival_s >= _NEW_PHASE_S
        )
        if math.isfinite(block.arrival_s):
            self._arrivals.add(last_index, block.arrival_s, new_phase=new_phase)
            self._last_arrival_s = block.arrival_s
        stamps = block.device_time_s
        if stamps is not None and np.isfinite(stamps).all():
            place = block.first_index + 0.5 * (n - 1)
            self._stamps.add(place, float(stamps.mean()), new_phase=new_phase)
        self._n_blocks += 1
        self._last_index = last_index
        self._estimate = None

    @property
    def estimate(self) -> ClockEstimate:
        """Give what is known so far."""
        if self._estimate is None:
            self._estimate = self._fit()
        return self._estimate

    def _fit(self) -> ClockEstimate:
        source: RateSource = "arrivals"
        if 2 * len(self._stamps) > len(self._arrivals):  # thinned alike, unless stamps are rare
            source = "device stamps"
        packets = self._stamps if source == "device stamps" else self._arrivals
        line = packets.fit(_LEAST_IN_BLOCK[source])
        span_s = packets.span_s
        if line is None:
            return ClockEstimate(
                sampling_rate_hz=self._nominal_hz,
                source="none" if self._nominal_hz is None else "nominal",
                converged=False,
                estimated_hz=None,
                sd_hz=None,
                span_s=span_s,
            )
        rate_hz = 1.0 / line.period_s
        sd_hz = line.sd_s * rate_hz**2
        if (
            line.n_blocks >= _LEAST_BLOCKS
            and span_s >= _LEAST_SPAN_S[source]
            and 2.0 * sd_hz < _CONVERGED * rate_hz
        ):
            self._believed = source
        # Once believed it stays so: to fall back on the nominal rate would be a step in all times.
        converged = self._believed == source
        use_estimate = converged or self._nominal_hz is None
        return ClockEstimate(
            sampling_rate_hz=rate_hz if use_estimate else self._nominal_hz,
            source=source if use_estimate else "nominal",
            converged=converged,
            estimated_hz=rate_hz,
            sd_hz=sd_hz,
            span_s=span_s,
        )


@dataclass(frozen=True, slots=True)
class _Line:
    period_s: float
    sd_s: float
    n_blocks: int


class _Packets:
    """Place and time of packets, bounded in number, and the line over them."""

    def __init__(self, *, earliest: bool) -> None:
        self._earliest = earliest
        self._place = np.zeros(_MOST_PACKETS)
        self._time_s = np.zeros(_MOST_PACKETS)
        self._phase = np.zeros(_MOST_PACKETS, dtype=np.int64)
        self._n = 0
        self._n_as_one = 1
        self._gathered: list[tuple[float, float]] = []
        self._last_phase = 0
        self._period_s: float | None = None

    def __len__(self) -> int:
        return self._n

    @property
    def span_s(self) -> float:
        """Give the time from the first to the last packet, s."""
        return float(self._time_s[self._n - 1] - self._time_s[0]) if self._n > 1 else 0.0

    def add(self, place: float, time_s: float, *, new_phase: bool) -> None:
        if new_phase:
            self._gathered = []
            self._last_phase += 1
        self._gathered.append((place, time_s))
        if len(self._gathered) < self._n_as_one:
            return
        one = self._gathered[0] if self._n_as_one == 1 else self._as_one(self._gathered)
        self._place[self._n], self._time_s[self._n] = one
        self._phase[self._n] = self._last_phase
        self._n += 1
        self._gathered = []
        if self._n == _MOST_PACKETS:
            self._thin()

    def _as_one(self, packets: list[tuple[float, float]]) -> tuple[float, float]:
        if self._earliest:
            period_s = self._period_s or self.span_s / (self._place[self._n - 1] - self._place[0])
            return min(packets, key=lambda packet: packet[1] - period_s * packet[0])
        place, time_s = zip(*packets, strict=True)
        return sum(place) / len(packets), sum(time_s) / len(packets)

    def _thin(self) -> None:
        """Make one of each two, and of all that come as many more, so that all weigh alike."""
        half = self._n // 2
        for row in range(half):
            first, second = 2 * row, 2 * row + 1
            one = (float(self._place[second]), float(self._time_s[second]))
            # Two that a hole parts have no mean: the later one stands.
            if self._phase[first] == self._phase[second]:
                one = self._as_one([(float(self._place[first]), float(self._time_s[first])), one])
            self._place[row], self._time_s[row] = one
            self._phase[row] = self._phase[second]
        self._n = half
        self._n_as_one *= 2

    def fit(self, least_in_block: int) -> _Line | None:
        """Fit the period; None where there are too few packets."""
        n = self._n
        if n < 4 * least_in_block:
            return None
        place, time_s, phase = self._place[:n], self._time_s[:n], self._phase[:n]
        size = max(least_in_block, -(-n // _BLOCKS))
        row = np.arange(n)
        changes = np.concatenate(([True], np.diff(phase) != 0))
        since = row - np.maximum.accumulate(np.where(changes, row, 0))
        starts = np.flatnonzero(since % size == 0)
        lengths = np.diff(np.append(starts, n))
        # A block that is not full would be late by more, or scatter by more, than the others.
        whole = lengths == size
        period_s = self._period_s or self.span_s / (place[-1] - place[0])
        line = None
        for _ in range(_ROUNDS if self._earliest else 1):
            x, y = _blocks(place, time_s, period_s, starts, lengths, earliest=self._earliest)
            shift_s = _SHIFT_PACKETS * period_s * float(np.median(np.diff(place)))
            line = _fit_line(x[whole], y[whole], phase[starts[whole]], least_shift_s=shift_s)
            if line is None or not line.period_s > 0:
                return None
            done = abs(line.period_s - period_s) < 1e-9 * period_s
            period_s = line.period_s
            if done:
                break
        self._period_s = period_s
        if line is not None and self._earliest:
            hidden_s = _CONNECTION_INTERVAL_S / math.sqrt(12.0) * period_s / self.span_s
            line = replace(line, sd_s=math.hypot(line.sd_s, hidden_s))
        return line


def _blocks(
    place: Floats,
    time_s: Floats,
    period_s: float,
    starts: npt.NDArray[np.intp],
    lengths: npt.NDArray[np.intp],
    *,
    earliest: bool,
) -> tuple[Floats, Floats]:
    """Give the place and time that stand for each block: its earliest packet, or its mean."""
    if not earliest:
        return np.add.reduceat(place, starts) / lengths, np.add.reduceat(time_s, starts) / lengths
    late_s = time_s - period_s * place
    least = np.repeat(np.minimum.reduceat(late_s, starts), lengths)
    block = np.repeat(np.arange(len(starts)), lengths)
    hits = np.flatnonzero(late_s == least)
    first = hits[np.unique(block[hits], return_index=True)[1]]
    return place[first], time_s[first]


def _fit_line(
    x: Floats, y: Floats, phase: npt.NDArray[np.int64], *, least_shift_s: float
) -> _Line | None:
    """Fit one slope, shared by all phases, after parting them at losses that nobody counted."""
    if len(x) < 4:
        return None
    together = np.diff(phase) == 0
    if np.count_nonzero(together) < 2:
        return None
    slopes = np.diff(y)[together] / np.diff(x)[together]
    ahead = np.diff(y) - float(np.median(slopes)) * np.diff(x)
    usual = float(np.median(np.abs(ahead[together])))
    shifted = together & (ahead > max(_SHIFT_TIMES_USUAL * usual, least_shift_s))
    if np.count_nonzero(shifted) > _MOST_SHIFTS * len(x):
        # So many are the rhythm of a link that the packets keep step with.
        shifted = np.zeros_like(together)
    group = np.concatenate(([0], np.cumsum(shifted | ~together)))
    size = np.bincount(group)
    x = x - (np.bincount(group, x) / size)[group]
    y = y - (np.bincount(group, y) / size)[group]
    norm, free = float(x @ x), len(x) - len(size) - 1
    if norm == 0.0 or free < 2:
        return None
    period_s = float(x @ y) / norm
    rest = y - period_s * x
    power = float(rest @ rest)
    alike = float(rest[1:] @ rest[:-1]) / power if power > 0 else 0.0
    alike = min(max(alike, 0.0), 0.9)
    sd_s = math.sqrt(power / free * (1.0 + alike) / (1.0 - alike) / norm)
    return _Line(period_s, sd_s, len(x))
