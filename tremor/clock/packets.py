"""The clock of samples that are counted but not stamped: index and arrivals of packets.

The count tells how samples follow each other, the arrivals how fast, and how long a lost link was
away. Samples with stamps of their own are for `tremor.clock.timebase`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tremor.clock.rate import off_nominal
from tremor.clock.running import ClockEstimate, RunningClock
from tremor.clock.timebase import Indices, TimeBase
from tremor.clock.unreported_loss import find_silent_losses
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.notes import Note, note
from tremor.recording import Floats, SampleBlock

__all__ = ["fit_counted"]

#: The level of the arrivals on either side of a hole is the earliest within this time, s.
_LEVEL_S: Final = 5.0
#: A silence of this length may be a hole of another length than the count says.
_HOLE_S: Final = 1.0
#: Packets wait for connection events that lie up to so far apart: levels differ by as much
#: without a loss, and a count that the sensor keeps is better than they are.
_CONNECTION_INTERVAL_S: Final = 0.05
#: An estimate that is less sure than this is worse than the nominal rate, which is within 1 %.
_MOST_UNSURE: Final = 0.01


def fit_counted(
    index: Indices,
    arrival_s: Floats,
    *,
    nominal_sampling_rate_hz: float | None = None,
    tells_loss: bool = False,
) -> TimeBase:
    """Fit the true sampling rate to the arrivals of packets, and place the samples.

    Parameters
    ----------
    index : ndarray of int64, shape (n,)
        Place of each sample on the count of its decoder; strictly increasing.
    arrival_s : ndarray, shape (n,)
        When its packet arrived, s; the samples of a packet share it.
    nominal_sampling_rate_hz : float, optional
        Rate that the sensor claims, Hz. Used only where the arrivals tell none.
    tells_loss : bool
        Whether jumps of the index were told by the sensor. Where not, a hole is as long as the
        arrivals on either side of it say.

    Returns
    -------
    TimeBase
        Rate and place of each sample.

    Raises
    ------
    InsufficientDataError
        Where there are fewer than two samples.
    InvalidInputError
        Where the index does not go up, or neither arrivals nor nominal rate tell a rate.

    Notes
    -----
    Losses that nobody counted are sought by `tremor.clock.unreported_loss` where the sensor tells
    none. The rate is that of `tremor.clock.running.RunningClock` after the last packet, so a live
    view and the file agree on it, unless there were such losses. A silence of a second or more is
    measured by the earliest arrivals within five seconds on either side, where packets are least
    late: to about the difference of those latenesses, up to 50 ms on a radio link.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> index = np.arange(6000)
    >>> packets_s = (index[9::10] + 1) / 101.0 + rng.uniform(0.0, 0.03, 600)
    >>> clock = fit_counted(index, np.repeat(packets_s, 10), nominal_sampling_rate_hz=100.0)
    >>> round(clock.sampling_rate_hz, 1)
    101.0
    """
    if len(index) < 2:
        raise InsufficientDataError(f"{len(index)} samples are there; at least 2 are needed")
    if (np.diff(index) <= 0).any():
        row = int(np.argmax(np.diff(index) <= 0)) + 1
        raise InvalidInputError(
            f"the count does not go up at sample {row}, from {index[row - 1]} to {index[row]}"
        )
    cut = (np.diff(arrival_s) != 0) | (np.diff(index) != 1)
    starts = np.concatenate(([0], np.flatnonzero(cut) + 1))
    lengths = np.diff(np.append(starts, len(index)))
    n_silent = 0
    if not tells_loss:
        ends = index[starts + lengths - 1]
        silent = find_silent_losses(index[starts], ends, arrival_s[starts])
        n_silent = int(np.count_nonzero(silent))
        index = index + np.repeat(np.cumsum(silent), lengths)
    estimate = _estimate(index, arrival_s, starts, lengths, nominal_sampling_rate_hz)
    rate_hz, sd_hz, warnings = _rate_of(estimate, nominal_sampling_rate_hz)
    shift = _shifts(
        index[starts],
        index[starts + lengths - 1],
        arrival_s[starts],
        period_s=1.0 / rate_hz,
        least_s=_CONNECTION_INTERVAL_S if tells_loss else 0.0,
    )
    place = index + np.repeat(shift, lengths)
    n_moved = int(np.count_nonzero(np.diff(shift)))
    account = f"clock: {rate_hz:.6g} Hz"
    if sd_hz is not None:
        account += f" (sd {sd_hz:.2g}) from the arrivals of {len(starts)} packets"
    history = [f"{account} over {arrival_s[-1] - arrival_s[0]:.4g} s, samples by their count"]
    if n_moved:
        history.append(f"{n_moved} holes are as long as the arrivals around them say")
    if n_silent:
        history.append(f"{n_silent} lost packets told by later arrivals that stay late")
        warnings += (note("LOSS_BY_ARRIVAL", n_losses=n_silent),)
    rows = np.arange(len(index), dtype=np.int64)
    rows.flags.writeable = False
    return TimeBase(
        sampling_rate_hz=rate_hz,
        sampling_rate_sd_hz=sd_hz,
        rows=rows,
        index=place - place[0],
        warnings=(*warnings, *off_nominal(rate_hz, nominal_sampling_rate_hz)),
        history=tuple(history),
    )


def _estimate(
    index: Indices,
    arrival_s: Floats,
    starts: Indices,
    lengths: Indices,
    nominal_hz: float | None,
) -> ClockEstimate:
    clock = RunningClock(nominal_sampling_rate_hz=nominal_hz)
    # Only the places and times of blocks are looked at: views of one array will do as samples.
    samples = np.zeros((int(lengths.max()), 3))
    samples.flags.writeable = False
    first, time_s = index[starts].tolist(), arrival_s[starts].tolist()
    for at, when_s, n in zip(first, time_s, lengths.tolist(), strict=True):
        clock.add(SampleBlock(at, samples[:n], when_s))
    return clock.estimate


def _rate_of(
    estimate: ClockEstimate, nominal_hz: float | None
) -> tuple[float, float | None, tuple[Note, ...]]:
    """Choose between what the arrivals tell and what the sensor claims."""
    rate_hz, sd_hz = estimate.estimated_hz, estimate.sd_hz
    if rate_hz is None or sd_hz is None:
        if nominal_hz is None:
            raise InvalidInputError(
                "too few packets tell no sampling rate; give it with --sampling-rate"
            )
        return nominal_hz, None, (_nominal_taken(nominal_hz, note("TOO_FEW_PACKETS")),)
    unsure = sd_hz / rate_hz
    if not estimate.converged and nominal_hz is not None and unsure > _MOST_UNSURE:
        why = note("ARRIVALS_UNSURE", unsure_percent=100.0 * unsure)
        return nominal_hz, None, (_nominal_taken(nominal_hz, why),)
    return rate_hz, sd_hz, ()


def _nominal_taken(nominal_hz: float, why: Note) -> Note:
    return note("RATE_NOMINAL", nominal_hz=nominal_hz, why=why)


def _shifts(
    first: Indices, last: Indices, time_s: Floats, *, period_s: float, least_s: float
) -> Indices:
    """Give by how many samples each packet lies later than its count says."""
    shift = np.zeros(len(first), dtype=np.int64)
    late_s = time_s - period_s * last
    silences = np.flatnonzero(np.diff(time_s) >= _HOLE_S) + 1
    edges = np.concatenate(([0], silences, [len(first)])).tolist()
    for before, at, end in zip(edges, edges[1:], edges[2:], strict=False):
        began = max(before, int(np.searchsorted(time_s, time_s[at - 1] - _LEVEL_S)))
        ended = min(end, int(np.searchsorted(time_s, time_s[at] + _LEVEL_S, side="right")))
        ahead_s = float(late_s[at:ended].min() - late_s[began:at].min())
        n_lost = int(first[at] - last[at - 1] - 1)
        # Where the count goes on, the packets were only late, unless they stay late.
        if abs(ahead_s) > (least_s if n_lost else _CONNECTION_INTERVAL_S):
            # A hole may shrink to nothing, and samples never overlap.
            shift[at:] += max(-n_lost, round(ahead_s / period_s))
    return shift
