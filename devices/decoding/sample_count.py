"""Sample indices of packets, across losses, repeated packets, counter wraps and lost links.

Time stamps or counters of packets in, index of their first sample out. Pure Python. Reading them
from the bytes is up to the sensor files; the clock of a recording is `tremor.clock`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from devices.decoding.host_clock import HostClock, RateEstimator, TimestampJitter
from tremor.errors import PacketError

__all__ = [
    "SamplePosition",
    "SequenceNumberCount",
    "TimestampCount",
    "UnstampedCount",
    "interpolate_timestamps",
    "unwrap",
]

#: A time stamp that is further back than this comes from a clock that was set back, s.
_MAX_BACKWARD_S: Final = 60.0
#: A time stamp that is further ahead than this comes from a clock that was set forward, s.
_MAX_FORWARD_S: Final = 86_400.0
#: After a lost link, tolerance between time stamps and the clock of the host, s and relative.
_AGREEMENT_S: Final = 2.0
_AGREEMENT_RELATIVE: Final = 1e-3
#: Significance limit of a single difference, in standard deviations.
_SIGNIFICANT_SD: Final = 3.0
#: The same for thousands of packets in a row.
_SIGNIFICANT_SD_OF_MANY: Final = 4.5
#: Standard deviation of a time stamp, as a share of a sample.
_TIMESTAMP_SD: Final = 0.3
#: Number of packets over which the lead of the time stamps is averaged.
_LEAD_PACKETS: Final = 16.0
#: A lead of this share of a packet is a loss, whatever the jitter.
_LOSS_SHARE_OF_PACKET: Final = 0.75


@dataclass(frozen=True, slots=True)
class SamplePosition:
    """Position of a packet in the sequence of samples.

    Parameters
    ----------
    first_index : int
        Index of its first sample.
    n_lost : int
        Samples missing between the previous packet and this one.
    device_time_s : tuple of float
        Time of each sample on the clock of the sensor, unwrapped, s; empty without time stamps.
    """

    first_index: int
    n_lost: int = 0
    device_time_s: tuple[float, ...] = ()


def unwrap(value: int, n_bits: int, expected: float) -> int:
    """Unwrap a reading of a counter of limited width.

    Parameters
    ----------
    value : int
        Reading, below ``2 ** n_bits``.
    n_bits : int
        Width of the counter.
    expected : float
        Expected count, from another clock.

    Returns
    -------
    int
        Count nearest to ``expected`` that reads as ``value``.

    Examples
    --------
    A counter of 8 bits that read 250 about 1000 packets ago:

    >>> unwrap(226, 8, 250 + 1000.0)
    1250
    """
    size = 1 << n_bits
    middle = round(expected)
    return middle - size // 2 + (value - middle + size // 2) % size


def interpolate_timestamps(previous_s: float, last_s: float, n: int) -> tuple[float, ...]:
    """Interpolate the times of the samples of a packet between two time stamps.

    Parameters
    ----------
    previous_s, last_s : float
        Time of the last sample of the previous packet and of this one, s.
    n : int
        Number of samples of this packet.

    Returns
    -------
    tuple of float, shape (n,)
        Evenly spaced times, s; the last one is ``last_s``.

    Examples
    --------
    >>> interpolate_timestamps(1.0, 2.0, 4)
    (1.25, 1.5, 1.75, 2.0)
    """
    step_s = (last_s - previous_s) / n
    return tuple(last_s - (n - 1 - row) * step_s for row in range(n))


class _SampleCount:
    """Common to all counts: the next free index, and the clock of the host as a fallback."""

    def __init__(self, nominal_hz: float) -> None:
        self._host = HostClock(nominal_hz)
        self._next_index = 0
        self._restarted = False
        self._began_s: float | None = None

    def restart(self, began_s: float | None = None) -> None:
        """Note that the link was lost and came back: the next packet may be far ahead."""
        self._restarted, self._began_s = True, began_s

    def _agrees(self, step_s: float, arrival_s: float) -> bool:
        """Check whether a sensor may have measured so long after its last packet.

        It was after the link came back, and before the packet arrived: that may be late.
        """
        began_s = arrival_s if self._began_s is None else min(self._began_s, arrival_s)
        least_s, most_s = self._host.elapsed_s(began_s), self._host.elapsed_s(arrival_s)
        return least_s - _tolerance_s(least_s) <= step_s <= most_s + _tolerance_s(most_s)

    def _index_by_host(self, n: int, arrival_s: float) -> int:
        """Return the first index of a packet by its arrival; never one that is taken."""
        if self._next_index == 0:
            return 0
        return max(self._next_index, round(self._host.index_at(arrival_s)) - (n - 1))

    def _advance(self, first_index: int, n: int, arrival_s: float) -> int:
        """Advance past a packet; return the number of samples that are missing before it."""
        n_lost = first_index - self._next_index
        if self._restarted:
            self._host.begin_segment()
        self._next_index = first_index + n
        self._host.add(arrival_s, self._next_index - 1)
        self._restarted = False
        return n_lost


class UnstampedCount(_SampleCount):
    """Sample index of a sensor that sends neither time stamps nor counters.

    Within a connection the samples are consecutive: a loss cannot be distinguished from a delay,
    so none is assumed. After `restart` the index advances by the time that has passed on the
    clock of the host, at the rate measured from the arrivals.

    Parameters
    ----------
    nominal_sampling_rate_hz : float
        Nominal sampling rate, Hz.

    Examples
    --------
    >>> count = UnstampedCount(100.0)
    >>> arrivals_s = (0.10, 0.20, 0.33, 0.40)
    >>> [count.locate(10, arrival_s).first_index for arrival_s in arrivals_s]
    [0, 10, 20, 30]
    >>> count.restart()
    >>> count.locate(10, 0.40 + 1.0).first_index
    129
    """

    def __init__(self, nominal_sampling_rate_hz: float) -> None:
        super().__init__(nominal_sampling_rate_hz)

    def locate(self, n: int, arrival_s: float) -> SamplePosition:
        """Return the position of a packet.

        Parameters
        ----------
        n : int
            Number of samples of the packet, 1 or more.
        arrival_s : float
            Arrival time on the monotonic clock of the host, s.

        Returns
        -------
        SamplePosition
            Without times.
        """
        first_index = self._index_by_host(n, arrival_s) if self._restarted else self._next_index
        return SamplePosition(first_index, self._advance(first_index, n, arrival_s))


class SequenceNumberCount(_SampleCount):
    """Sample index of a sensor that numbers its packets.

    Parameters
    ----------
    nominal_sampling_rate_hz : float
        Nominal sampling rate, Hz.
    n_bits : int
        Width of the number; wraps are resolved by the clock of the host.
    survives_restart : bool
        Whether the sensor keeps counting while the link is lost. If it does not, or if it
        disagrees with the clock of the host, that clock determines the gap.

    Examples
    --------
    >>> count = SequenceNumberCount(100.0, n_bits=8)
    >>> [count.locate(number, 10, 0.0).first_index for number in (254, 255, 1)]
    [0, 10, 30]
    """

    def __init__(
        self, nominal_sampling_rate_hz: float, *, n_bits: int, survives_restart: bool = False
    ) -> None:
        super().__init__(nominal_sampling_rate_hz)
        self._n_bits = n_bits
        self._survives = survives_restart
        self._last: int | None = None

    def locate(self, number: int, n: int, arrival_s: float) -> SamplePosition:
        """Return the position of a packet; missing packets are assumed to be as long.

        Parameters
        ----------
        number : int
            Sequence number as sent.
        n : int
            Number of samples of the packet, 1 or more.
        arrival_s : float
            Arrival time on the monotonic clock of the host, s.

        Returns
        -------
        SamplePosition
            Without times.

        Raises
        ------
        PacketError
            If the packet is a repetition or older than the last one.
        """
        if self._last is None:
            self._last, first_index = number, 0
        else:
            packet_s = n / self._host.rate_hz
            elapsed_s = self._host.elapsed_s(arrival_s)
            expected = self._last + (elapsed_s / packet_s if elapsed_s else 1.0)
            unwrapped = unwrap(number, self._n_bits, expected)
            step = unwrapped - self._last
            if not self._restarted and step <= 0:
                raise PacketError(
                    f"packet {number} came twice or after a later one; it is left out"
                )
            if self._restarted and not (
                self._survives and step > 0 and self._agrees(step * packet_s, arrival_s)
            ):
                first_index = self._index_by_host(n, arrival_s)
            else:
                first_index = self._next_index + (step - 1) * n
            self._last = unwrapped
        return SamplePosition(first_index, self._advance(first_index, n, arrival_s))


class TimestampCount(_SampleCount):
    """Sample index of a sensor that stamps its packets with a time.

    Parameters
    ----------
    nominal_sampling_rate_hz : float
        Nominal sampling rate, Hz; the true one is measured from the time stamps.
    tick_s : float
        Unit of the time stamp, s.
    stamped : {"first", "last"}
        Which sample of a packet is stamped.
    n_bits : int
        Width of the time stamp; wraps are resolved by the clock of the host.
    noise_s : float, optional
        Standard deviation of a time stamp, s; by default half a tick, but at least 0.3 samples.

    Notes
    -----
    The number of missing samples is elapsed time times measured rate, less the samples received,
    rounded; it is 0 if the difference is within the measured jitter of the time stamps. The
    rounding error is carried over to the next packet, so that jitter does not accumulate. If all
    packets have the same length, whole packets are lost.

    The rate is the slope of a line through the time stamps of the last five minutes with an
    offset for each connection. After a minute it is known to parts per million, so that a gap of
    minutes is resolved to the sample.

    After `restart`, a time stamp that went back or disagrees with the clock of the host comes
    from a sensor that was switched off meanwhile. The clock of the host then determines the gap,
    and ``device_time_s`` continues from there without a step back.

    Examples
    --------
    Time stamps of the last sample in milliseconds, 10 samples a packet, at 101 Hz instead of
    100 Hz; two packets are lost after the first three:

    >>> count = TimestampCount(100.0, tick_s=1e-3, stamped="last")
    >>> stamps = (1000, 1099, 1198, 1495)
    >>> [count.locate(stamp, 10, stamp / 1000).first_index for stamp in stamps]
    [0, 10, 20, 50]
    """

    def __init__(
        self,
        nominal_sampling_rate_hz: float,
        *,
        tick_s: float,
        stamped: Literal["first", "last"],
        n_bits: int = 64,
        noise_s: float | None = None,
    ) -> None:
        super().__init__(nominal_sampling_rate_hz)
        self._tick_s = tick_s
        self._stamps_last = stamped == "last"
        self._n_bits = n_bits
        if noise_s is None:
            noise_s = max(0.5 * tick_s, _TIMESTAMP_SD / nominal_sampling_rate_hz)
        self._rate = RateEstimator(nominal_sampling_rate_hz, noise_s)
        self._jitter = TimestampJitter()
        #: First time stamp, previous one unwrapped, and offset since the last change of clock.
        self._origin = 0
        self._last: int | None = None
        self._offset = 0
        #: Index of the sample that bears the previous time stamp.
        self._stamped_index = 0
        #: Mean lead of the time stamps over the index, samples, and packets it is taken over.
        self._lead = self._n_lead_packets = 0.0
        #: Lead when the sensor was started again, which happens between two samples.
        self._restart_lead = 0.0
        #: Length of the packets; None before the first, 0 if it varies.
        self._packet_size: int | None = None

    @property
    def rate_hz(self) -> float:
        """Measured sampling rate, Hz; the nominal one before the second packet."""
        return self._rate.hz

    def locate(self, stamp: int, n: int, arrival_s: float) -> SamplePosition:
        """Return the position of a packet and the times of its samples.

        Parameters
        ----------
        stamp : int
            Time stamp as sent, ticks.
        n : int
            Number of samples of the packet, 1 or more.
        arrival_s : float
            Arrival time on the monotonic clock of the host, s.

        Returns
        -------
        SamplePosition
            With the time of each sample.

        Raises
        ------
        PacketError
            If the packet is a repetition or older than the last one.
        """
        to_stamped = n - 1 if self._stamps_last else 0
        if self._last is None:
            self._last = self._origin = stamp
            self._record(n, arrival_s, first_index=0, stamped_index=to_stamped)
            return SamplePosition(0, 0, self._times_s(n, None))
        elapsed_s = self._host.elapsed_s(arrival_s)
        unwrapped = unwrap(stamp, self._n_bits, self._last + elapsed_s / self._tick_s)
        step_s = (unwrapped - self._last) * self._tick_s
        other_clock = self._is_other_clock(step_s, arrival_s)
        if step_s <= 0.0 and not other_clock:
            when = f"{-step_s:.3g} s before" if step_s else "as"
            raise PacketError(
                f"a packet is stamped {when} the last one: it came twice or out of order; it is "
                "left out"
            )
        previous_s = self._time_s(self._last)
        if other_clock:
            first_index = self._index_by_host(n, arrival_s)
            gap_s = (first_index + to_stamped - self._stamped_index) / self._rate.hz
            self._offset += self._last - unwrapped + max(1, round(gap_s / self._tick_s))
            self._lead = self._restart_lead = 0.0
        else:
            expected = self._stamped_index + self._lead + step_s * self._rate.hz
            ahead = expected - (self._next_index + to_stamped)
            first_index = self._next_index + self._n_missing(ahead, step_s, n)
        self._last = unwrapped
        is_contiguous = not (self._restarted or other_clock) and first_index == self._next_index
        if self._restarted or other_clock:
            self._rate.begin_segment()
        n_lost = self._record(
            n, arrival_s, first_index=first_index, stamped_index=first_index + to_stamped
        )
        times_s = self._times_s(n, previous_s if is_contiguous else None)
        return SamplePosition(first_index, n_lost, times_s)

    def _is_other_clock(self, step_s: float, arrival_s: float) -> bool:
        """Check whether the sensor was reset, by the step of its time and that of the host."""
        if self._restarted:
            wrap_s = self._tick_s * 2.0**self._n_bits
            if not 0.0 < step_s < _MAX_FORWARD_S:
                return True
            if step_s > self._host.elapsed_s(arrival_s) and wrap_s > 2.0 * _MAX_FORWARD_S:
                return False  # the host was suspended, and its monotonic clock may have stopped
            return not self._agrees(step_s, arrival_s)
        return not -_MAX_BACKWARD_S < step_s < _MAX_FORWARD_S

    def _n_missing(self, ahead: float, step_s: float, n: int) -> int:
        """Return the number of missing samples, from how far the time stamp is ahead."""
        if self._restarted:
            ahead += self._restart_lead
            n_missing = max(0, round(ahead))
            self._restart_lead, self._lead = max(-0.5, ahead - n_missing), 0.0
            return n_missing
        rate_sd = self._rate.relative_sd * self._rate.hz * step_s
        jitter = self._jitter.rms(n)
        # Packets are lost as a whole: however large the jitter, a lead of a packet is a loss.
        limit = max(
            0.5,
            _SIGNIFICANT_SD * rate_sd,
            min(_SIGNIFICANT_SD_OF_MANY * jitter, _LOSS_SHARE_OF_PACKET * n),
        )
        if ahead <= limit:
            self._jitter.add(ahead, n)
            # The lead of the first packets is an error of the nominal rate: average from there.
            self._n_lead_packets = min(self._n_lead_packets + 1.0, _LEAD_PACKETS)
            self._lead = ahead * (1.0 - 1.0 / self._n_lead_packets)
            return 0
        n_missing = round(ahead)
        if self._packet_size:
            n_whole = round(ahead / self._packet_size) * self._packet_size
            if n_whole and abs(ahead - n_whole) <= limit:
                n_missing = n_whole
        self._lead = ahead - n_missing
        return n_missing

    def _record(self, n: int, arrival_s: float, *, first_index: int, stamped_index: int) -> int:
        self._packet_size = n if self._packet_size in (None, n) else 0
        self._stamped_index = stamped_index
        assert self._last is not None
        n_ticks = self._last + self._offset - self._origin
        self._rate.add(n_ticks * self._tick_s, stamped_index)
        return self._advance(first_index, n, arrival_s)

    def _time_s(self, unwrapped: int) -> float:
        return (unwrapped + self._offset) * self._tick_s

    def _times_s(self, n: int, previous_s: float | None) -> tuple[float, ...]:
        """Return the times of the samples, s; interpolated if the previous packet is adjacent."""
        assert self._last is not None
        time_s, step_s = self._time_s(self._last), 1.0 / self._rate.hz
        if not self._stamps_last:
            return tuple(time_s + row * step_s for row in range(n))
        start_s = time_s - n * step_s if previous_s is None else previous_s
        return interpolate_timestamps(start_s, time_s, n)


def _tolerance_s(elapsed_s: float) -> float:
    return _AGREEMENT_S + _AGREEMENT_RELATIVE * elapsed_s
