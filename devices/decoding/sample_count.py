"""Places of samples on a sensor's count, over losses, repeats, wraps and lost links.

Stamps or counters of packets in, index of their first sample out. Pure Python; what the bytes
mean is the business of the sensor files, and the clock of a recording that of `tremor.dsp`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from devices.decoding.host_clock import HostClock, Rate, Scatter
from tremor.errors import PacketError

__all__ = ["Place", "PlainCount", "SequenceCount", "StampCount", "spread_stamps", "unwrap"]

#: No packet is so late that its stamp is this much older; the clock was set back, s.
_MOST_LATE_S: Final = 60.0
#: No silence is longer; the clock was set forward, s.
_MOST_SILENT_S: Final = 86_400.0
#: After a lost link a stamp is believed that agrees with the host's clock to this, s and share.
_AGREES_S: Final = 2.0
_AGREES_SHARE: Final = 1e-3
#: Standard deviations within which a difference is none.
_SURE: Final = 3.0
#: The same for thousands of packets in a row.
_SURE_OF_ALL: Final = 4.5
#: Stamps are as exact as this share of a sample, more or less.
_STAMP_NOISE: Final = 0.3
#: How far stamps are ahead of the count is followed over about so many packets.
_LEVEL_PACKETS: Final = 16.0
#: As much of a packet ahead of the count is a loss, whatever the scatter.
_MOST_OF_PACKET: Final = 0.75


@dataclass(frozen=True, slots=True)
class Place:
    """Where the samples of a packet belong.

    Parameters
    ----------
    first_index : int
        Index of its first sample.
    n_lost : int
        Samples that are missing between the packet before and this one.
    device_time_s : tuple of float
        Stamp of each sample, s on the device's clock, unwrapped; empty where there are no stamps.
    """

    first_index: int
    n_lost: int = 0
    device_time_s: tuple[float, ...] = ()


def unwrap(value: int, n_bits: int, expected: float) -> int:
    """Give the number that a counter of so many bits stands for.

    Parameters
    ----------
    value : int
        As read, below ``2 ** n_bits``.
    n_bits : int
        Width of the counter.
    expected : float
        Where the count should be by another clock.

    Returns
    -------
    int
        The number nearest to ``expected`` that shows as ``value``.

    Examples
    --------
    A counter of 8 bits that stood at 250 while about 1000 packets went by:

    >>> unwrap(226, 8, 250 + 1000.0)
    1250
    """
    size = 1 << n_bits
    middle = round(expected)
    return middle - size // 2 + (value - middle + size // 2) % size


def spread_stamps(previous_s: float, last_s: float, n: int) -> tuple[float, ...]:
    """Give each of ``n`` samples its time, evenly from one stamp of a last sample to the next.

    Parameters
    ----------
    previous_s, last_s : float
        Stamp of the last sample of the packet before and of this one, s.
    n : int
        Samples of this one.

    Returns
    -------
    tuple of float
        s; the last one is ``last_s``.

    Examples
    --------
    >>> spread_stamps(1.0, 2.0, 4)
    (1.25, 1.5, 1.75, 2.0)
    """
    step_s = (last_s - previous_s) / n
    return tuple(last_s - (n - 1 - row) * step_s for row in range(n))


class _Count:
    """What the three kinds share: the next free index, and the host's clock to fall back on."""

    def __init__(self, nominal_hz: float) -> None:
        self._host = HostClock(nominal_hz)
        self._next_index = 0
        self._restarted = False

    def restart(self) -> None:
        """Take note that the link was lost: the next packet may lie far ahead."""
        self._restarted = True

    def _by_host(self, n: int, arrival_s: float) -> int:
        """Give the first index of a packet whose last sample arrives now; never one taken."""
        if self._next_index == 0:
            return 0
        return max(self._next_index, round(self._host.index_at(arrival_s)) - (n - 1))

    def _take(self, first_index: int, n: int, arrival_s: float) -> int:
        """Take the place; gives how many samples are missing before it."""
        n_lost = first_index - self._next_index
        if self._restarted:
            self._host.part()
        self._next_index = first_index + n
        self._host.add(arrival_s, self._next_index - 1)
        self._restarted = False
        return n_lost


class PlainCount(_Count):
    """The count of a sensor that sends neither stamp nor counter.

    Within a connection it counts on: a loss cannot be told from a delay, and none is invented.
    After `restart` it jumps by the time that went by on the host's clock, at the rate that the
    arrivals show.

    Parameters
    ----------
    nominal_sampling_rate_hz : float
        Hz.

    Examples
    --------
    >>> count = PlainCount(100.0)
    >>> arrivals_s = (0.10, 0.20, 0.33, 0.40)
    >>> [count.place(10, arrival_s).first_index for arrival_s in arrivals_s]
    [0, 10, 20, 30]
    >>> count.restart()
    >>> count.place(10, 0.40 + 1.0).first_index
    129
    """

    def __init__(self, nominal_sampling_rate_hz: float) -> None:
        super().__init__(nominal_sampling_rate_hz)

    def place(self, n: int, arrival_s: float) -> Place:
        """Give the place of ``n`` samples.

        Parameters
        ----------
        n : int
            Samples of the packet, 1 or more.
        arrival_s : float
            s on the host's monotonic clock.

        Returns
        -------
        Place
            Without stamps.
        """
        first_index = self._by_host(n, arrival_s) if self._restarted else self._next_index
        return Place(first_index, self._take(first_index, n, arrival_s))


class SequenceCount(_Count):
    """The count of a sensor whose packets bear a number that goes up by one.

    Parameters
    ----------
    nominal_sampling_rate_hz : float
        Hz.
    n_bits : int
        Width of the number; wraps are resolved by the host's clock.
    survives_restart : bool
        Whether it counts on while the link is lost. Where it does not, and where it disagrees
        with the host's clock, that clock tells the jump.

    Examples
    --------
    >>> count = SequenceCount(100.0, n_bits=8)
    >>> [count.place(number, 10, 0.0).first_index for number in (254, 255, 1)]
    [0, 10, 30]
    """

    def __init__(
        self, nominal_sampling_rate_hz: float, *, n_bits: int, survives_restart: bool = False
    ) -> None:
        super().__init__(nominal_sampling_rate_hz)
        self._n_bits = n_bits
        self._survives = survives_restart
        self._last: int | None = None

    def place(self, number: int, n: int, arrival_s: float) -> Place:
        """Give the place of ``n`` samples; packets that are missing had as many.

        Parameters
        ----------
        number : int
            Of the packet, as it bears it.
        n : int
            Samples of the packet, 1 or more.
        arrival_s : float
            s on the host's monotonic clock.

        Returns
        -------
        Place
            Without stamps.

        Raises
        ------
        PacketError
            Where the packet has been there already or is older than the last one.
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
                self._survives and step > 0 and _agree(step * packet_s, elapsed_s)
            ):
                first_index = self._by_host(n, arrival_s)
            else:
                first_index = self._next_index + (step - 1) * n
            self._last = unwrapped
        return Place(first_index, self._take(first_index, n, arrival_s))


class StampCount(_Count):
    """The count of a sensor that stamps its packets.

    Parameters
    ----------
    nominal_sampling_rate_hz : float
        Hz; the true one is measured from the stamps.
    tick_s : float
        Unit of a stamp, s.
    stamped : {"first", "last"}
        Which sample of a packet a stamp belongs to.
    n_bits : int
        Width of a stamp; wraps are resolved by the host's clock.
    noise_s : float, optional
        How exact a stamp is, s; half a tick, and 0.3 samples at least, without it.

    Notes
    -----
    Missing samples are the whole number nearest to elapsed stamps times measured rate, less the
    samples that came; none where that is within the scatter of the stamps, which is measured too.
    What is rounded off stays with the next packet, so that scatter does not add up.
    Where packets hold alike many samples, whole packets are lost. The rate is
    a line through the stamps of the last five minutes with a phase for each connection, so that
    it is known to millionths after a minute, and a silence of minutes is told to the sample.

    After `restart` a stamp that went back, or disagrees with the host's clock, is of a device
    that was switched off in between: the host's clock tells the jump, and ``device_time_s`` goes
    on from there without a step back.

    Examples
    --------
    Stamps of the last sample in milliseconds, 10 samples a packet, at 101 Hz instead of 100 Hz;
    two packets are lost after the first three:

    >>> count = StampCount(100.0, tick_s=1e-3, stamped="last")
    >>> stamps = (1000, 1099, 1198, 1495)
    >>> [count.place(stamp, 10, stamp / 1000).first_index for stamp in stamps]
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
        self._at_last = stamped == "last"
        self._n_bits = n_bits
        if noise_s is None:
            noise_s = max(0.5 * tick_s, _STAMP_NOISE / nominal_sampling_rate_hz)
        self._rate = Rate(nominal_sampling_rate_hz, noise_s)
        self._origin = 0
        #: Stamp before this one, unwrapped, and what is added to it after a change of clock.
        self._last: int | None = None
        self._shift = 0
        self._stamped_index = 0
        #: How far stamps are ahead of the count, on the mean of the latest packets.
        self._ahead = self._n_level = 0.0
        #: How far they were when the sensor began anew, which it does between two samples.
        self._phase = 0.0
        self._size: int | None = None
        self._scatter = Scatter()

    @property
    def rate_hz(self) -> float:
        """Give the measured rate, Hz; the nominal one before there are two packets."""
        return self._rate.hz

    def place(self, stamp: int, n: int, arrival_s: float) -> Place:
        """Give the place and the stamps of ``n`` samples.

        Parameters
        ----------
        stamp : int
            Of the packet, in ticks, as it bears it.
        n : int
            Samples of the packet, 1 or more.
        arrival_s : float
            s on the host's monotonic clock.

        Returns
        -------
        Place
            With the stamp of each sample.

        Raises
        ------
        PacketError
            Where the packet has been there already or is older than the last one.
        """
        to_stamped = n - 1 if self._at_last else 0
        if self._last is None:
            self._last = self._origin = stamp
            self._keep(n, arrival_s, first_index=0, stamped_index=to_stamped)
            return Place(0, 0, self._times_s(n, None))
        elapsed_s = self._host.elapsed_s(arrival_s)
        unwrapped = unwrap(stamp, self._n_bits, self._last + elapsed_s / self._tick_s)
        step_s = (unwrapped - self._last) * self._tick_s
        other_clock = self._is_other_clock(step_s, elapsed_s)
        if step_s <= 0.0 and not other_clock:
            raise PacketError(
                f"a packet is stamped {-step_s:.3g} s before the last one: it came twice or out "
                f"of order; it is left out"
            )
        previous_s = self._time_s(self._last)
        if other_clock:
            first_index = self._by_host(n, arrival_s)
            gone_s = (first_index + to_stamped - self._stamped_index) / self._rate.hz
            self._shift += self._last - unwrapped + max(1, round(gone_s / self._tick_s))
            self._ahead = self._phase = 0.0
        else:
            position = self._stamped_index + self._ahead + step_s * self._rate.hz
            ahead = position - (self._next_index + to_stamped)
            first_index = self._next_index + self._missing(ahead, step_s, n)
        self._last = unwrapped
        joined = not (self._restarted or other_clock) and first_index == self._next_index
        if self._restarted or other_clock:
            self._rate.part()
        n_lost = self._keep(
            n, arrival_s, first_index=first_index, stamped_index=first_index + to_stamped
        )
        return Place(first_index, n_lost, self._times_s(n, previous_s if joined else None))

    def _is_other_clock(self, step_s: float, elapsed_s: float) -> bool:
        if self._restarted:
            wrap_s = self._tick_s * 2.0**self._n_bits
            if not 0.0 < step_s < _MOST_SILENT_S:
                return True
            if step_s > elapsed_s and wrap_s > 2.0 * _MOST_SILENT_S:
                return False  # the host slept: its clock may stand still then
            return not _agree(step_s, elapsed_s)
        return not -_MOST_LATE_S < step_s < _MOST_SILENT_S

    def _missing(self, ahead: float, step_s: float, n: int) -> int:
        """Give the samples that are missing where the stamp is so many ahead of the count."""
        if self._restarted:
            ahead += self._phase
            n_missing = max(0, round(ahead))
            self._phase, self._ahead = max(-0.5, ahead - n_missing), 0.0
            return n_missing
        unsure = self._rate.relative_sd * self._rate.hz * step_s
        usual = self._scatter.usual(n)
        # Packets are lost as a whole: however much stamps scatter, a packet more is a loss.
        limit = max(0.5, _SURE * unsure, min(_SURE_OF_ALL * usual, _MOST_OF_PACKET * n))
        if ahead <= limit:
            self._scatter.add(ahead, n)
            # The first packets tell the rate, and their differences are those of the nominal one.
            self._n_level = min(self._n_level + 1.0, _LEVEL_PACKETS)
            self._ahead = ahead * (1.0 - 1.0 / self._n_level)
            return 0
        n_missing = round(ahead)
        if self._size:
            whole = round(ahead / self._size) * self._size
            if whole and abs(ahead - whole) <= limit:
                n_missing = whole
        self._ahead = ahead - n_missing
        return n_missing

    def _keep(self, n: int, arrival_s: float, *, first_index: int, stamped_index: int) -> int:
        self._size = n if self._size in (None, n) else 0
        self._stamped_index = stamped_index
        assert self._last is not None
        since = self._last + self._shift - self._origin
        self._rate.add(since * self._tick_s, stamped_index)
        return self._take(first_index, n, arrival_s)

    def _time_s(self, unwrapped: int) -> float:
        return (unwrapped + self._shift) * self._tick_s

    def _times_s(self, n: int, previous_s: float | None) -> tuple[float, ...]:
        assert self._last is not None
        time_s, step_s = self._time_s(self._last), 1.0 / self._rate.hz
        if not self._at_last:
            return tuple(time_s + row * step_s for row in range(n))
        return spread_stamps(time_s - n * step_s if previous_s is None else previous_s, time_s, n)


def _agree(step_s: float, elapsed_s: float) -> bool:
    return abs(step_s - elapsed_s) <= _AGREES_S + _AGREES_SHARE * elapsed_s
