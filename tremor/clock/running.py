"""The clock of a stream: its true sampling rate, from the blocks that have arrived so far.

Sample positions and times of packets in, a rate with its standard deviation out. The clock of a
whole capture and its gaps are in `tremor.clock.timebase` and `tremor.clock.packets`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tremor.arrays import Floats, Indices
from tremor.clock.line_fit import centre, fit_slope, slope_sd
from tremor.clock.running_loss import RunningLosses
from tremor.clock.stalls import StallFilter
from tremor.errors import InvalidInputError
from tremor.recording import SampleBlock
from tremor.settings import RATE_FIT, RUNNING_CLOCK

__all__ = ["ClockEstimate", "RateSource", "RunningClock"]

RateSource = Literal["none", "nominal", "arrivals", "device stamps"]

#: Entries that are held; when there are as many, they are merged in pairs.
_MAX_ENTRIES: Final = 4096
#: Packets in a block.
_MIN_PACKETS: Final[dict[RateSource, int]] = {
    "arrivals": RUNNING_CLOCK.least_arrivals,
    "device stamps": RUNNING_CLOCK.least_stamped,
}
#: Time that an estimate must span before it can converge, s.
_MIN_SPAN_S: Final[dict[RateSource, float]] = {
    "arrivals": RUNNING_CLOCK.least_span_arrivals_s,
    "device stamps": RUNNING_CLOCK.least_span_stamped_s,
}
#: Which arrival of a block is the earliest depends on the period: they are found in turn.
_MAX_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEstimate:
    """The sampling rate as far as it is known.

    Parameters
    ----------
    sampling_rate_hz : float or None
        The rate to use, Hz: the nominal one until the estimate has converged; None where there
        is neither.
    source : {"none", "nominal", "arrivals", "device stamps"}
        Where that rate comes from.
    converged : bool
        Whether it is an estimate that is reliable to about 0.1 %.
    estimated_hz, sd_hz : float or None
        The estimate, converged or not, and its standard deviation, Hz.
    span_s : float
        Time from the first to the last packet of the estimate, s.
    """

    sampling_rate_hz: float | None
    source: RateSource
    converged: bool
    estimated_hz: float | None
    sd_hz: float | None
    span_s: float

    def difference_to(self, sampling_rate_hz: float) -> float | None:
        """Compute the relative difference to another rate, such as that of the whole file.

        Parameters
        ----------
        sampling_rate_hz : float
            The other rate, Hz.

        Returns
        -------
        float or None
            Estimate over the other rate, less one; None where nothing is estimated yet.
        """
        return None if self.estimated_hz is None else self.estimated_hz / sampling_rate_hz - 1.0


class RunningClock:
    """Estimate of the true sampling rate that improves with every block.

    Parameters
    ----------
    nominal_sampling_rate_hz : float or None
        Rate that the sensor claims, Hz. It is used until the estimate has converged and never
        mixed into it.

    finds_losses : bool
        Whether losses that the count does not show are looked for in the arrivals.

    Raises
    ------
    InvalidInputError
        If the nominal rate is not a positive number.

    Notes
    -----
    With device stamps the line is fitted to the means of blocks of packets. Without, it is fitted
    to the earliest arrival of each block: a packet can be late and never early, so the arrivals lie
    above a line over the index of their last samples, and a burst after a stall is late as a whole.
    All blocks have the same number of packets, so that the expected delay of the earliest is the
    same in all and drops out of the slope. The standard deviation comes from the scatter of the
    blocks about the line. For arrivals the delay that a radio link can hide is added: where packets
    keep step with its connection events, 50 ms apart at most, the arrivals show the clock of the
    host and not that of the sensor, until the wait for the event has grown by a whole interval.

    Arrivals of packets that waited while the computer stood still are left out
    (`tremor.clock.stalls`), and losses that the count does not show are looked for among the latest
    packets (`tremor.clock.running_loss`). The line has a new intercept after each gap of a second
    or more, after each stall, and after each lasting delay of a packet or more.

    Memory is bounded: whenever 4096 entries are held they are merged in pairs, to the earlier of
    the two or to their mean.

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

    def __init__(
        self, *, nominal_sampling_rate_hz: float | None = None, finds_losses: bool = True
    ) -> None:
        nominal = nominal_sampling_rate_hz
        if nominal is not None and not (math.isfinite(nominal) and nominal > 0):
            raise InvalidInputError(
                f"nominal sampling rate is {nominal} Hz; give a positive number of hertz"
            )
        self._nominal_hz = nominal
        self._arrivals = _PacketTimes(keep_earliest=True)
        self._stamps = _PacketTimes(keep_earliest=False)
        self._stall = StallFilter(nominal)
        self._losses = RunningLosses(nominal) if finds_losses else None
        self._last_index = -math.inf
        self._last_arrival_s = -math.inf
        #: Whether the next arrival that counts follows a gap or a stall.
        self._starts_group = False
        self._converged_source: RateSource | None = None
        #: Latest rate and its standard deviation that were sure, Hz.
        self._sure: tuple[float, float] | None = None
        self._estimate: ClockEstimate | None = None

    def add(self, block: SampleBlock) -> None:
        """Add the times of a block; one that ends no later than those before is ignored.

        Parameters
        ----------
        block : SampleBlock
            Blocks come in order of arrival.
        """
        n = len(block.acceleration_ms2)
        last_index = block.first_index + n - 1
        if n == 0 or last_index <= self._last_index:
            return
        starts_group = (
            block.first_index > self._last_index + 1
            and block.arrival_s - self._last_arrival_s >= RATE_FIT.new_phase_s
        )
        if math.isfinite(block.arrival_s):
            waited = self._stall.add(last_index, block.arrival_s)
            if self._losses is not None:
                self._losses.add(block.first_index, last_index, block.arrival_s)
            self._starts_group |= starts_group or waited
            if not waited:
                group = self._starts_group
                self._arrivals.add(last_index, block.arrival_s, starts_group=group)
                self._starts_group = False
            self._last_arrival_s = block.arrival_s
        stamps = block.device_time_s
        if stamps is not None and np.isfinite(stamps).all():
            centre_index = block.first_index + 0.5 * (n - 1)
            self._stamps.add(centre_index, float(stamps.mean()), starts_group=starts_group)
        self._last_index = last_index
        self._estimate = None

    @property
    def estimate(self) -> ClockEstimate:
        """Return the estimate from the blocks so far."""
        if self._estimate is None:
            self._estimate = self._fit()
        return self._estimate

    def _fit(self) -> ClockEstimate:
        # Both are decimated at the same number of packets, so that their counts compare.
        mostly_stamped = 2 * len(self._stamps) > len(self._arrivals)
        source: RateSource = "device stamps" if mostly_stamped else "arrivals"
        packets = self._stamps if mostly_stamped else self._arrivals
        losses = None if mostly_stamped else self._losses
        line = packets.fit(min_packets=_MIN_PACKETS[source], losses=losses)
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
        is_sure = (
            line.n_blocks >= RUNNING_CLOCK.least_blocks
            and span_s >= _MIN_SPAN_S[source]
            and 2.0 * sd_hz < RUNNING_CLOCK.most_two_sd * rate_hz
        )
        if is_sure:
            self._converged_source, self._sure = source, (rate_hz, sd_hz)
        # Once converged, it stays so: a return to the nominal rate would shift all times. Nor does
        # what has become unsure, as after many losses, replace what was sure.
        converged = self._converged_source == source
        if converged and self._sure is not None:
            rate_hz, sd_hz = self._sure
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
class _PacketLine:
    """The line fitted to the times of packets: period and its standard deviation, s."""

    period_s: float
    sd_s: float
    n_blocks: int


class _PacketTimes:
    """Sample positions and times of packets, bounded in number, and the line fitted to them.

    Parameters
    ----------
    keep_earliest : bool
        Whether the earliest of several packets represents them, or their mean.
    """

    def __init__(self, *, keep_earliest: bool) -> None:
        self._keep_earliest = keep_earliest
        self._position = np.zeros(_MAX_ENTRIES)
        self._time_s = np.zeros(_MAX_ENTRIES)
        self._group = np.zeros(_MAX_ENTRIES, dtype=np.int64)
        self._n = 0
        self._packets_per_entry = 1
        self._pending: list[tuple[float, float]] = []
        self._last_group = 0
        self._period_s: float | None = None

    def __len__(self) -> int:
        return self._n

    @property
    def span_s(self) -> float:
        """Return the time from the first to the last entry, s."""
        return float(self._time_s[self._n - 1] - self._time_s[0]) if self._n > 1 else 0.0

    def add(self, position: float, time_s: float, *, starts_group: bool) -> None:
        if starts_group:
            self._pending = []
            self._last_group += 1
        self._pending.append((position, time_s))
        if len(self._pending) < self._packets_per_entry:
            return
        single = self._packets_per_entry == 1
        entry = self._pending[0] if single else self._merge(self._pending)
        self._position[self._n], self._time_s[self._n] = entry
        self._group[self._n] = self._last_group
        self._n += 1
        self._pending = []
        if self._n == _MAX_ENTRIES:
            self._decimate()

    def _merge(self, packets: list[tuple[float, float]]) -> tuple[float, float]:
        if self._keep_earliest:
            period_s = self._current_period_s()
            return min(packets, key=lambda packet: packet[1] - period_s * packet[0])
        position, time_s = zip(*packets, strict=True)
        return sum(position) / len(packets), sum(time_s) / len(packets)

    def _decimate(self) -> None:
        """Merge entries in pairs, and make new ones of twice the packets: all weigh the same."""
        half = self._n // 2
        for row in range(half):
            first, second = 2 * row, 2 * row + 1
            entry = (float(self._position[second]), float(self._time_s[second]))
            # Entries on either side of a gap are not merged: the later one stays.
            if self._group[first] == self._group[second]:
                before = (float(self._position[first]), float(self._time_s[first]))
                entry = self._merge([before, entry])
            self._position[row], self._time_s[row] = entry
            self._group[row] = self._group[second]
        self._n = half
        self._packets_per_entry *= 2

    def _current_period_s(self) -> float:
        """Return the last fitted period, or a first one from the ends, s."""
        return self._period_s or self.span_s / float(
            self._position[self._n - 1] - self._position[0]
        )

    def fit(self, *, min_packets: int, losses: RunningLosses | None) -> _PacketLine | None:
        """Fit the period to blocks of packets; None where there are too few, or in no time."""
        n = self._n
        if n < 4 * min_packets or not self.span_s > 0.0:
            return None
        position, time_s, group = self._position[:n], self._time_s[:n], self._group[:n]
        if losses is not None:
            position = position + losses.before(position)
        # Links that are lost often leave no room for long blocks.
        size = max(min_packets, min(-(-n // RUNNING_CLOCK.blocks), _usual_length(group) // 2))
        starts, lengths = _block_limits(group, size)
        # A block that is not full would be later, or scatter more, than the others.
        full = lengths == size
        packet_samples = float(np.median(np.diff(position)))
        period_s = self._current_period_s()
        line: _PacketLine | None = None
        for _ in range(_MAX_ROUNDS if self._keep_earliest else 1):
            if self._keep_earliest:
                x, y = _earliest_of_blocks(position, time_s, period_s, starts, lengths)
            else:
                x, y = _means_of_blocks(position, time_s, starts, lengths)
            min_shift_s = RUNNING_CLOCK.shift_packets * period_s * packet_samples
            line = _fit_blocks(x[full], y[full], group[starts[full]], min_shift_s=min_shift_s)
            if line is None or not line.period_s > 0:
                return None
            converged = abs(line.period_s - period_s) < 1e-9 * period_s
            period_s = line.period_s
            if converged:
                break
        self._period_s = period_s
        if line is not None and self._keep_earliest:
            # The wait for a connection event is uniform over the interval.
            wait_s = RUNNING_CLOCK.connection_interval_s / math.sqrt(12.0)
            hidden_s = wait_s * period_s / self.span_s
            line = replace(line, sd_s=math.hypot(line.sd_s, hidden_s))
        return line


def _usual_length(group: Indices) -> int:
    """Return the length of the group that holds the middle entry, in order of length."""
    lengths = np.bincount(group - group[0])
    return int(np.sort(np.repeat(lengths, lengths))[len(group) // 2])


def _block_limits(group: Indices, size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Divide each group into blocks of the given size: first rows and lengths."""
    row = np.arange(len(group))
    is_first = np.concatenate(([True], np.diff(group) != 0))
    row_in_group = row - np.maximum.accumulate(np.where(is_first, row, 0))
    starts = np.flatnonzero(row_in_group % size == 0)
    return starts, np.diff(np.append(starts, len(group)))


def _means_of_blocks(
    position: Floats,
    time_s: Floats,
    starts: npt.NDArray[np.intp],
    lengths: npt.NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Average position and time of each block."""
    return np.add.reduceat(position, starts) / lengths, np.add.reduceat(time_s, starts) / lengths


def _earliest_of_blocks(
    position: Floats,
    time_s: Floats,
    period_s: float,
    starts: npt.NDArray[np.intp],
    lengths: npt.NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Select position and time of the packet of each block that is the least late."""
    late_s = time_s - period_s * position
    least_s = np.repeat(np.minimum.reduceat(late_s, starts), lengths)
    block = np.repeat(np.arange(len(starts)), lengths)
    hits = np.flatnonzero(late_s == least_s)
    rows = hits[np.unique(block[hits], return_index=True)[1]]
    return position[rows], time_s[rows]


def _fit_blocks(
    position: Floats, time_s: Floats, group: Indices, *, min_shift_s: float
) -> _PacketLine | None:
    """Fit one period to all blocks, with a new intercept after gaps and after unreported losses.

    None where fewer than two blocks remain beyond the parameters of the line.
    """
    if len(position) < 4:
        return None
    same_group = np.diff(group) == 0
    if np.count_nonzero(same_group) < 2:
        return None
    slopes = np.diff(time_s)[same_group] / np.diff(position)[same_group]
    shift_s = np.diff(time_s) - float(np.median(slopes)) * np.diff(position)
    median_s = float(np.median(np.abs(shift_s[same_group])))
    is_loss = same_group & (shift_s > max(RUNNING_CLOCK.shift_over_median * median_s, min_shift_s))
    if np.count_nonzero(is_loss) > RUNNING_CLOCK.most_shifts_share * len(position):
        # So many are the beat between the packets and the connection events.
        is_loss = np.zeros_like(same_group)
    intercept = np.concatenate(([0], np.cumsum(is_loss | ~same_group)))
    x, y = centre(position, intercept), centre(time_s, intercept)
    period_s = fit_slope(x, y)
    degrees_of_freedom = len(x) - int(intercept[-1]) - 2
    if math.isnan(period_s) or degrees_of_freedom < 2:
        return None
    sd_s = slope_sd(x, y - period_s * x, degrees_of_freedom=degrees_of_freedom)
    return _PacketLine(period_s, sd_s, len(x))
