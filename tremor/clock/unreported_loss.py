"""Detection of unreported packet loss from arrivals that stay late.

A packet can be late and never early. After a loss that the sample count does not show, all later
packets arrive later by the length of a packet, for good, while a delay is made up for. Where the
shifts are as regular as the connection interval of a radio link, or arrivals fall as often as they
rise, no loss is reported.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from tremor.arrays import Bools, Floats, Indices
from tremor.clock.line_fit import centre, fit_slope
from tremor.clock.stalls import waited_in_stall
from tremor.settings import UNREPORTED_LOSS

__all__ = ["UnreportedLosses", "find_unreported_losses"]


@dataclass(frozen=True, eq=False, slots=True)
class UnreportedLosses:
    """Losses that the count does not show.

    Parameters
    ----------
    before : ndarray of int64, shape (n,)
        Samples lost before each packet.
    least, most : int
        Samples lost altogether, by all periods that describe the arrivals as well. They differ
        where the arrivals do not tell losses from a slower sensor.
    """

    before: Indices
    least: int
    most: int

    @classmethod
    def of(cls, before: Indices) -> UnreportedLosses:
        """Return losses that are certain, shape (n,)."""
        return cls(before, int(before.sum()), int(before.sum()))


@dataclass(frozen=True, eq=False, slots=True)
class _Packets:
    """Packets in order of arrival.

    Parameters
    ----------
    last : ndarray of int64, shape (n,)
        Count of the last sample of each.
    time_s : ndarray, shape (n,)
        Arrival, s.
    reported : ndarray of bool, shape (n,)
        True where the count shows a loss before the packet.
    size : int
        Usual number of samples in a packet.
    """

    last: Indices
    time_s: Floats
    reported: Bools
    size: int


def find_unreported_losses(
    first: Indices,
    last: Indices,
    time_s: Floats,
    *,
    nominal_sampling_rate_hz: float | None = None,
) -> UnreportedLosses:
    """Find how many samples are lost before each packet beyond those that the count shows.

    Parameters
    ----------
    first, last : ndarray of int64, shape (n,)
        Count of the first and the last sample of each packet.
    time_s : ndarray, shape (n,)
        Arrival of each packet, s, in order.
    nominal_sampling_rate_hz : float, optional
        Rate that the sensor claims, Hz, which bounds the losses: with them the sensor is not much
        faster.

    Returns
    -------
    UnreportedLosses
        Whole packets of usual size; zero throughout where the losses are not beyond doubt.

    Notes
    -----
    The level before a packet is the earliest of the arrivals since the last loss, less their count
    times the period; the level after it is the earliest of those that follow. A rise by about a
    packet, or a multiple of it, is a loss. Losses and period are estimated in turn, starting from
    the most frequent period over a fraction of a second to two seconds; the start with the least
    scatter about the line, and few losses, is kept. Packets that are shorter than the jitter leave
    a range of periods that describe the arrivals alike. The losses are then those at the nominal
    rate.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> received = rng.random(3000) > 0.02
    >>> arrival_s = np.arange(3000) * 0.04 + rng.uniform(0.0, 0.02, 3000)
    >>> last = np.arange(np.count_nonzero(received)) * 8 + 7
    >>> lost = find_unreported_losses(last - 7, last, arrival_s[received])
    >>> 8 * int(np.count_nonzero(~received)), int(lost.before.sum())
    (560, 560)
    """
    none = np.zeros(len(last), dtype=np.int64)
    waited = waited_in_stall(last, time_s, nominal_sampling_rate_hz=nominal_sampling_rate_hz)
    in_time = ~waited
    if np.count_nonzero(in_time) < UNREPORTED_LOSS.least_packets:
        return UnreportedLosses.of(none)
    # What is lost during a stall is found by the arrivals on either side, once the rate is known.
    begins = (first[1:] != last[:-1] + 1) | (waited[1:] & in_time[:-1])
    group = np.cumsum(np.concatenate(([False], begins)))[in_time]
    packets = _Packets(
        last=last[in_time],
        time_s=time_s[in_time],
        reported=np.concatenate(([False], np.diff(group) > 0)),
        size=int(np.median(last - first + 1)),
    )
    found = _lost_in_time(packets, nominal_sampling_rate_hz)
    before = none.copy()
    before[in_time] = found.before
    return replace(found, before=before)


def _lost_in_time(packets: _Packets, nominal_hz: float | None) -> UnreportedLosses:
    """Find the losses before each packet; zero throughout where they are not beyond doubt."""
    none = np.zeros(len(packets.last), dtype=np.int64)
    least_period_s = _least_period_s(packets, nominal_hz)
    periods_s = [_most_frequent_period_s(packets, span_s) for span_s in UNREPORTED_LOSS.spans_s]
    if nominal_hz is not None:
        periods_s.append(1.0 / nominal_hz)
    without_loss = _Fit.of(packets, none)
    starts: list[float] = []
    for period_s in periods_s:
        is_new = all(abs(period_s / one - 1.0) > UNREPORTED_LOSS.same_period for one in starts)
        if period_s > least_period_s and is_new:
            starts.append(period_s)
    fits = [_search(packets, period_s) for period_s in starts]
    able = [one for one in fits if one.period_s > least_period_s]
    best = min([without_loss, *able], key=lambda fit: fit.scatter_s)
    most_scatter_s = UNREPORTED_LOSS.most_scatter * without_loss.scatter_s
    if not (best.scatter_s < most_scatter_s and _is_plausible(best, packets)):
        return UnreportedLosses.of(none)
    if nominal_hz is None:
        return UnreportedLosses.of(best.lost)
    return _determined(packets, able, nominal_hz)


def _determined(packets: _Packets, fits: list[_Fit], nominal_hz: float) -> UnreportedLosses:
    """Return the losses of the best fit, or those at the nominal rate where others are as good."""
    shares = UNREPORTED_LOSS.rates_beside_nominal
    beside = [_at(packets, 1.0 / (nominal_hz * (1.0 + share))) for share in shares]
    fits = [*fits, *(one for one in beside if one.period_s > 0.0)]
    best = min(fits, key=lambda fit: fit.merit)
    alike = [
        one
        for one in fits
        if one.merit < UNREPORTED_LOSS.as_good * best.merit
        and one.n_losses <= UNREPORTED_LOSS.most_more_losses * best.n_losses
    ]
    if all(
        abs(one.period_s / best.period_s - 1.0) < UNREPORTED_LOSS.most_period_spread
        for one in alike
    ):
        return UnreportedLosses.of(best.lost)
    lost = _lost_at_rate(packets, nominal_hz)
    # What is lost in a stall depends on the rate as well: the whole span counts.
    span_s = float(packets.time_s[-1] - packets.time_s[0])
    more = [round(span_s * (1.0 / one.period_s - nominal_hz)) for one in alike]
    n_lost = int(lost.sum())
    return UnreportedLosses(lost, n_lost + min(0, *more), n_lost + max(0, *more))


def _lost_at_rate(packets: _Packets, rate_hz: float) -> Indices:
    """Compute the samples lost before each packet with which the sensor has a rate that is given.

    The level is the earliest arrival ahead; each packet by which it rises above that of the begin
    is lost.
    """
    packet_s = packets.size / rate_hz
    late_s = packets.time_s - packets.last / rate_hz
    reach = max(UNREPORTED_LOSS.least_packets, round(UNREPORTED_LOSS.levels_s[-1] / packet_s))
    begins = [0, *np.flatnonzero(packets.reported).tolist(), len(late_s)]
    lost = np.zeros(len(late_s), dtype=np.int64)
    for begin, end in itertools.pairwise(dict.fromkeys(begins)):
        at = np.arange(begin, end)
        level_s = _least_of(late_s, at, np.minimum(at + reach, end))
        risen = np.maximum.accumulate(np.round((level_s - level_s[0]) / packet_s))
        lost[begin:end] = np.diff(risen, prepend=risen[0])
    return packets.size * lost


def _least_period_s(packets: _Packets, nominal_hz: float | None) -> float:
    """Compute the shortest period that losses may lead to, s; 0 where nothing is known."""
    if nominal_hz is None:
        return 0.0
    span_s = float(packets.time_s[-1] - packets.time_s[0])
    received_hz = float(packets.last[-1] - packets.last[0]) / span_s if span_s > 0.0 else 0.0
    return 1.0 / ((1.0 + UNREPORTED_LOSS.most_above_nominal) * max(nominal_hz, received_hz))


@dataclass(frozen=True, eq=False, slots=True)
class _Fit:
    """Losses between the packets, and the line fitted with them.

    Parameters
    ----------
    lost : ndarray of int64, shape (n,)
        Samples lost before each packet.
    period_s : float
        Slope of the line, s; NaN where each group is a single packet.
    scatter_s : float
        Standard deviation of the arrivals about it, s.
    """

    lost: Indices
    period_s: float
    scatter_s: float

    @classmethod
    def of(cls, packets: _Packets, lost: Indices) -> _Fit:
        group = np.cumsum(packets.reported, dtype=np.int64)
        x = centre((packets.last + np.cumsum(lost)).astype(np.float64), group)
        y = centre(packets.time_s, group)
        period_s = fit_slope(x, y)
        residual_s = y if np.isnan(period_s) else y - period_s * x
        return cls(lost, period_s, float(residual_s.std()))

    @property
    def n_losses(self) -> int:
        """Return how many times something is lost."""
        return int(np.count_nonzero(self.lost))

    @property
    def merit(self) -> float:
        """Return the scatter, s, raised by the criterion of Schwarz for the number of losses."""
        n = len(self.lost)
        return self.scatter_s * math.exp(0.5 * math.log(n) * self.n_losses / n)


def _search(packets: _Packets, period_s: float) -> _Fit:
    """Estimate losses and period in turn, starting from a first period."""
    fit: _Fit | None = None
    rounds = zip(UNREPORTED_LOSS.levels_s, UNREPORTED_LOSS.least_rises, strict=True)
    for level_s, min_rise in rounds:
        fit = _Fit.of(packets, _lost_at(packets, period_s, level_s, min_rise))
        if not fit.period_s > 0.0:
            break
        period_s = fit.period_s
    assert fit is not None
    return fit


def _at(packets: _Packets, period_s: float) -> _Fit:
    """Find the losses at a period that is given, and the line with them."""
    return _Fit.of(packets, _lost_at(packets, period_s, UNREPORTED_LOSS.levels_s[-1]))


def _lost_at(
    packets: _Packets,
    period_s: float,
    level_s: float,
    min_rise: float = UNREPORTED_LOSS.least_rises[-1],
) -> Indices:
    """Compute the samples lost before each packet at a period that is given."""
    packet_s = packets.size * period_s
    reach = max(UNREPORTED_LOSS.least_packets, round(level_s / packet_s))
    late_s = packets.time_s - period_s * packets.last
    return packets.size * _lost_packets(late_s, packets.reported, reach, packet_s, min_rise)


def _most_frequent_period_s(packets: _Packets, span_s: float) -> float:
    """Estimate the mode of the periods over a time span, s; 0 where there is none.

    Spans with a loss have a longer period. The half-sample mode (Bickel and Fruehwirth 2006,
    doi:10.1016/j.csda.2005.07.011) ignores them.
    """
    last, time_s = packets.last, packets.time_s
    n = len(last)
    n_span = round((n - 1) * span_s / max(float(time_s[-1] - time_s[0]), span_s))
    n_span = min(max(n_span, UNREPORTED_LOSS.least_packets), n // 2)
    group = np.cumsum(packets.reported)
    same_group = group[n_span:] == group[:-n_span]
    periods_s = (time_s[n_span:] - time_s[:-n_span]) / (last[n_span:] - last[:-n_span])
    periods_s = np.sort(periods_s[same_group])
    while len(periods_s) > 2:
        half = (len(periods_s) + 1) // 2
        width = periods_s[half - 1 :] - periods_s[: len(periods_s) - half + 1]
        narrowest = int(np.argmin(width))
        periods_s = periods_s[narrowest : narrowest + half]
    return float(periods_s.mean()) if len(periods_s) else 0.0


def _lost_packets(
    late_s: Floats, reported: Bools, reach: int, packet_s: float, min_rise: float
) -> Indices:
    """Compute the number of packets lost before each one from the rises of the level."""
    n = len(late_s)
    lost = np.zeros(n, dtype=np.int64)
    steps = np.diff(late_s, prepend=late_s[0])
    min_step_s = UNREPORTED_LOSS.least_step_share * min_rise * packet_s
    examined = np.append(0, np.flatnonzero((steps[1:] > min_step_s) | reported[1:]) + 1)
    groups_end = np.append(np.flatnonzero(reported), n)
    end = groups_end[np.searchsorted(groups_end, examined, side="right")]
    end = np.minimum(end, examined + reach)
    is_able = ~reported[examined] & (end - examined >= UNREPORTED_LOSS.least_packets)
    rows = zip(
        examined.tolist(),
        is_able.tolist(),
        reported[examined].tolist(),
        _least_of(late_s, examined, end).tolist(),
        _least_of(late_s, np.maximum(examined - reach, 0), np.maximum(examined, 1)).tolist(),
        np.minimum.reduceat(late_s, examined).tolist(),  # up to the next that is examined
        strict=True,
    )
    last_loss, level_s, since_s = 0, math.inf, math.inf
    for at, may_begin, begins_group, ahead_s, behind_s, until_next_s in rows:
        if begins_group:
            last_loss, level_s, since_s = at, math.inf, math.inf
        elif may_begin and at != last_loss:
            # Few packets since the last loss: their level is that after it.
            before_s = behind_s if at - last_loss >= reach else min(since_s, level_s)
            rise = (ahead_s - before_s) / packet_s
            if rise > min_rise:
                lost[at] = n_lost = max(1, round(rise))
                last_loss, level_s, since_s = at, before_s + n_lost * packet_s, math.inf
        since_s = min(since_s, until_next_s)
    return lost


def _least_of(values: Floats, begin: Indices, end: Indices) -> Floats:
    """Return the least of the values of each stretch, none of them empty.

    Two stretches that are as long as a power of two, and may overlap, cover any other.
    """
    least = np.empty(len(begin))
    level = np.frexp(end - begin)[1] - 1
    of_power = values
    for power in range(int(level.max()) + 1):
        length = 1 << power
        (rows,) = np.nonzero(level == power)
        least[rows] = np.minimum(of_power[begin[rows]], of_power[end[rows] - length])
        of_power = np.minimum(of_power[:-length], of_power[length:])
    return least


def _is_plausible(fit: _Fit, packets: _Packets) -> bool:
    """Check whether losses are too many to be chance, and too irregular to be a radio's rhythm.

    A lasting rise that is longer than the interval of any radio link is neither.
    """
    at = np.flatnonzero(fit.lost)
    if not len(at):
        return False
    usual_s = _usual(fit.lost[at]) * fit.period_s
    is_long = usual_s >= UNREPORTED_LOSS.long_s
    if is_long and fit.scatter_s < UNREPORTED_LOSS.long_scatter * usual_s:
        return True
    least_lost = UNREPORTED_LOSS.least_lost_share * float(packets.last[-1] - packets.last[0])
    if len(at) < UNREPORTED_LOSS.least_losses or fit.lost.sum() < least_lost:
        return False
    distances = np.diff(at)
    return bool(distances.std() > UNREPORTED_LOSS.least_irregularity * distances.mean())


def _usual(lost: Indices) -> float:
    """Return the loss to which most of the lost samples belong, samples."""
    lost = np.sort(lost)
    total = np.cumsum(lost)
    return float(lost[np.searchsorted(total, 0.5 * total[-1])])
