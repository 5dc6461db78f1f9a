"""The clock of samples that are counted but not stamped: sample index and arrivals of packets.

The count gives the order of the samples, the arrivals give their rate and the length of a lost
connection. Samples with stamps of their own are for `tremor.clock.timebase`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tremor.arrays import Bools, Floats, Indices
from tremor.clock.rate import nominal_rate_notes
from tremor.clock.running import ClockEstimate, RunningClock
from tremor.clock.stalls import waited_in_stall
from tremor.clock.timebase import TimeBase
from tremor.clock.unreported_loss import UnreportedLosses, find_unreported_losses
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.notes import Note, note
from tremor.recording import SampleBlock
from tremor.settings import ARRIVAL_GAPS, RUNNING_CLOCK

__all__ = ["fit_arrivals"]


@dataclass(frozen=True, eq=False, slots=True)
class _Packets:
    """Packets in order of arrival.

    Parameters
    ----------
    first : ndarray of int64, shape (n,)
        Index of the first sample of each.
    n_samples : ndarray of int64, shape (n,)
        Samples in each.
    arrival_s : ndarray, shape (n,)
        When each arrived, s.
    """

    first: Indices
    n_samples: Indices
    arrival_s: Floats

    @property
    def last(self) -> Indices:
        """Return the index of the last sample of each packet."""
        return self.first + self.n_samples - 1

    def with_losses(self, n_lost: Indices) -> _Packets:
        """Return the packets with more samples lost before each, shape (n,)."""
        return replace(self, first=self.first + np.cumsum(n_lost))

    def index(self) -> Indices:
        """Return the index of every sample."""
        within = np.arange(int(self.n_samples.sum())) - np.repeat(
            np.cumsum(self.n_samples) - self.n_samples, self.n_samples
        )
        return np.repeat(self.first, self.n_samples) + within


def fit_arrivals(
    index: Indices,
    arrival_s: Floats,
    *,
    nominal_sampling_rate_hz: float | None = None,
    loss_reported: bool = False,
) -> TimeBase:
    """Fit the true sampling rate to the arrivals of packets, and find the sample positions.

    Parameters
    ----------
    index : ndarray of int64, shape (n,)
        Index of each sample as counted by its decoder; strictly increasing.
    arrival_s : ndarray, shape (n,)
        Arrival of its packet, s; the samples of a packet share it.
    nominal_sampling_rate_hz : float, optional
        Rate that the sensor claims, Hz. Used only where the arrivals give none.
    loss_reported : bool
        Whether the sensor reports losses, so that jumps of the index are right. If not, a gap is as
        long as the arrivals on either side of it show.

    Returns
    -------
    TimeBase
        Rate and position of each sample.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two samples.
    InvalidInputError
        If the index does not increase, or neither arrivals nor nominal rate give a rate.

    Notes
    -----
    Where the sensor reports no losses, `tremor.clock.unreported_loss` looks for them. The rate is
    that of `tremor.clock.running.RunningClock` after the last packet, so that a live view and the
    file agree on it, unless there were such losses. A silence of a second or more is measured by
    the earliest arrivals within five seconds on either side, which are the least late. The error is
    the difference of those two delays, up to 50 ms on a radio link.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> index = np.arange(6000)
    >>> packets_s = (index[9::10] + 1) / 101.0 + rng.uniform(0.0, 0.03, 600)
    >>> clock = fit_arrivals(index, np.repeat(packets_s, 10), nominal_sampling_rate_hz=100.0)
    >>> round(clock.sampling_rate_hz, 1)
    101.0
    """
    packets = _to_packets(index, arrival_s)
    lost = UnreportedLosses.of(np.zeros(len(packets.first), dtype=np.int64))
    if not loss_reported:
        lost = find_unreported_losses(
            packets.first,
            packets.last,
            packets.arrival_s,
            nominal_sampling_rate_hz=nominal_sampling_rate_hz,
        )
        packets = packets.with_losses(lost.before)
    estimate = _running_estimate(packets, nominal_sampling_rate_hz)
    rate_hz, sd_hz, notes = _choose_rate(estimate, nominal_sampling_rate_hz)
    unsure = ARRIVAL_GAPS.most_relative_sd if sd_hz is None else sd_hz / rate_hz
    in_time = ~waited_in_stall(
        packets.last, packets.arrival_s, nominal_sampling_rate_hz=nominal_sampling_rate_hz
    )
    shift, n_waiting = _gap_corrections(
        packets, in_time, period_s=1.0 / rate_hz, unsure=unsure if loss_reported else None
    )
    index = packets.with_losses(shift).index()
    clock = f"clock: {rate_hz:.6g} Hz"
    if sd_hz is not None:
        clock += f" (sd {sd_hz:.2g}) from the arrivals of {len(packets.first)} packets"
    history = [f"{clock} over {arrival_s[-1] - arrival_s[0]:.4g} s, samples by their count"]
    n_moved = int(np.count_nonzero(shift[1:]))
    if n_moved:
        history.append(f"{n_moved} gaps resized to the arrivals on either side")
    n_losses = int(np.count_nonzero(lost.before))
    n_resized = int(shift.sum())
    n_least, n_most = lost.least + n_resized, lost.most + n_resized + n_waiting
    if n_losses:
        history.append(f"{n_losses} unreported losses inferred from lasting delays")
        notes = (*notes, note("LOSS_BY_ARRIVAL", n_losses=n_losses))
    if n_most > n_least and not loss_reported:
        notes = (*notes, note("LOSS_UNSURE", n_least=max(0, n_least), n_most=n_most))
    return TimeBase(
        sampling_rate_hz=rate_hz,
        sampling_rate_sd_hz=sd_hz,
        rows=np.arange(len(index), dtype=np.int64),
        index=index - index[0],
        warnings=(*notes, *nominal_rate_notes(rate_hz, nominal_sampling_rate_hz)),
        history=tuple(history),
    )


def _to_packets(index: Indices, arrival_s: Floats) -> _Packets:
    """Group consecutive samples of the same arrival, after checking that their index increases."""
    if len(index) < 2:
        raise InsufficientDataError(f"{len(index)} samples are there; at least 2 are needed")
    step = np.diff(index)
    if (step <= 0).any():
        row = int(np.argmax(step <= 0)) + 1
        raise InvalidInputError(
            f"the count does not go up at sample {row}, from {index[row - 1]} to {index[row]}"
        )
    is_new = (np.diff(arrival_s) != 0) | (step != 1)
    starts = np.concatenate(([0], np.flatnonzero(is_new) + 1))
    n_samples = np.diff(np.append(starts, len(index)))
    return _Packets(index[starts], n_samples, arrival_s[starts])


def _running_estimate(packets: _Packets, nominal_hz: float | None) -> ClockEstimate:
    """Return the estimate of a live clock after the last packet."""
    clock = RunningClock(nominal_sampling_rate_hz=nominal_hz, finds_losses=False)
    # The clock uses the length of the samples only: views of one array will do.
    samples = np.zeros((int(packets.n_samples.max()), 3))
    samples.flags.writeable = False
    rows = (packets.first.tolist(), packets.n_samples.tolist(), packets.arrival_s.tolist())
    for first, n_samples, arrival_s in zip(*rows, strict=True):
        clock.add(SampleBlock(first, samples[:n_samples], arrival_s))
    return clock.estimate


def _choose_rate(
    estimate: ClockEstimate, nominal_hz: float | None
) -> tuple[float, float | None, tuple[Note, ...]]:
    """Choose between the rate of the arrivals and the one that the sensor claims."""
    rate_hz, sd_hz = estimate.estimated_hz, estimate.sd_hz
    if rate_hz is None or sd_hz is None:
        if nominal_hz is None:
            raise InvalidInputError(
                "too few packets to estimate the sampling rate; give it with --sampling-rate"
            )
        return nominal_hz, None, (_nominal_rate_used(nominal_hz, note("TOO_FEW_PACKETS")),)
    relative_sd = sd_hz / rate_hz
    is_unsure = not estimate.converged and relative_sd > ARRIVAL_GAPS.most_relative_sd
    if is_unsure and nominal_hz is not None:
        why = note("ARRIVALS_UNSURE", unsure_percent=100.0 * relative_sd)
        return nominal_hz, None, (_nominal_rate_used(nominal_hz, why),)
    return rate_hz, sd_hz, ()


def _nominal_rate_used(nominal_hz: float, why: Note) -> Note:
    return note("RATE_NOMINAL", nominal_hz=nominal_hz, why=why)


def _gap_corrections(
    packets: _Packets, in_time: Bools, *, period_s: float, unsure: float | None
) -> tuple[Indices, int]:
    """Compute how many samples more, or fewer, are lost before each packet than the count shows.

    Parameters
    ----------
    packets : _Packets
        The packets.
    in_time : ndarray of bool, shape (n,)
        False for packets that waited in a stall.
    period_s : float
        Sampling period, s.
    unsure : float or None
        Relative standard deviation of the rate where the sensor reports its losses: a gap of its
        count is corrected only by more than that of the rate can explain. None where the count of
        a gap is a guess.

    Returns
    -------
    correction : ndarray of int64, shape (n,)
        Samples; zero where the count is right.
    n_waiting : int
        Samples that were lost, or that still waited when the recording ended in a burst.
    """
    first, last, time_s = packets.first, packets.last, packets.arrival_s
    correction = np.zeros(len(first), dtype=np.int64)
    late_s = time_s - period_s * last
    silences = np.flatnonzero(np.diff(time_s) >= ARRIVAL_GAPS.silence_s) + 1
    caught_up = np.flatnonzero(in_time)
    n_waiting = 0
    level_s, n = ARRIVAL_GAPS.level_s, len(first)
    for previous, at in zip([0, *silences.tolist()], silences.tolist(), strict=False):
        begin = max(previous, int(np.searchsorted(time_s, time_s[at - 1] - level_s)))
        n_lost = int(first[at] - last[at - 1] - 1)
        later = caught_up[np.searchsorted(caught_up, at) :]
        back = int(later[0]) if later.size else at
        following = int(np.append(silences, n)[np.searchsorted(silences, back, side="right")])
        end = int(np.searchsorted(time_s, time_s[back] + level_s, side="right"))
        end = min(following, end)
        shift_s = float(late_s[at:end].min() - late_s[begin:at].min())
        if not n_lost and unsure is not None:
            continue  # the sensor would have reported a loss
        if not later.size and not n_lost:
            # They never caught up: as much as they are late is lost, or had still to come.
            n_waiting = max(0, round(shift_s / period_s))
            continue
        # Without a jump of the count the packets were only late, unless they stay late. Levels
        # differ by up to a connection interval without a loss.
        least_s = RUNNING_CLOCK.connection_interval_s
        if n_lost:
            rate_s = ARRIVAL_GAPS.most_sds * (unsure or 0.0) * n_lost * period_s
            least_s = 0.0 if unsure is None else least_s + rate_s
        if abs(shift_s) > least_s:
            # A gap may shrink to nothing, and samples never overlap.
            correction[at] = max(-n_lost, round(shift_s / period_s))
    return correction, n_waiting
