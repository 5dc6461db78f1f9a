"""Packets that were lost without a word, told by the arrivals of those that came.

A packet can be late and never early. After a loss all that follows arrives later by the length of
a packet, for good, while a delay is made up for. Where that is as regular as the rhythm of a radio
link, or arrivals fall as often as they rise, nothing is told.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats

__all__ = ["find_silent_losses"]

Indices = npt.NDArray[np.int64]

#: Levels of the arrivals are the earliest of so much time: at first little, since the period is
#: known to a percent only, then enough to outlast a stall.
_LEVELS_S: Final = (0.5, 0.5, 2.0, 2.0)
#: A rise of the level is a loss from this share of a packet on; first while the period is rough.
_LEAST_RISE: Final = (0.7, 0.7, 0.85, 0.85)
#: Spans over which a first period is taken, s: short ones hold no loss, long ones little lateness.
_SPANS_S: Final = (0.25, 0.5, 1.0, 2.0)
#: First periods that differ by less than this share lead to the same.
_ALIKE: Final = 2e-4
#: What is found must leave no more than this share of the scatter.
_MOST_SCATTER: Final = 0.5
#: Packets that must follow, and as many that a level is made of, at least.
_LEAST_PACKETS: Final = 4
#: Losses that are believed: so many, such a share, and so irregular.
_LEAST_LOSSES: Final = 8
_LEAST_SHARE: Final = 2e-3
_LEAST_IRREGULAR: Final = 0.4


def find_silent_losses(first: Indices, last: Indices, time_s: Floats) -> Indices:
    """Find how many samples are lost before each packet, beyond those that the count tells.

    Parameters
    ----------
    first, last : ndarray of int64, shape (n,)
        Count of the first and the last sample of each packet.
    time_s : ndarray, shape (n,)
        When each arrived, s, in order.

    Returns
    -------
    ndarray of int64, shape (n,)
        Zero throughout where no loss is beyond doubt. Losses are of whole packets of usual size.

    Notes
    -----
    The level before a packet is the earliest of the arrivals since the last loss, less their
    count times the period; the level after it is the earliest of those that follow. A rise by
    about a packet, or a multiple of it, is a loss. The period comes from the commonest pace over
    a second, and is then fitted through all packets with the losses found so far.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> came = rng.random(3000) > 0.02
    >>> sent_s = np.arange(3000) * 0.04 + rng.uniform(0.0, 0.02, 3000)
    >>> last = np.arange(np.count_nonzero(came)) * 8 + 7
    >>> lost = find_silent_losses(last - 7, last, sent_s[came])
    >>> 8 * int(np.count_nonzero(~came)), int(lost.sum())
    (560, 560)
    """
    nothing = np.zeros(len(last), dtype=np.int64)
    size = int(np.median(last - first + 1))
    if len(last) < 4 * _LEAST_LOSSES:
        return nothing
    told = np.concatenate(([False], first[1:] != last[:-1] + 1))
    tried = [_Line(nothing, last, time_s, told)]
    for span_s in _SPANS_S:
        period_s = _common_period_s(last, time_s, told, span_s)
        if period_s > 0.0 and all(abs(period_s / one.begun_s - 1.0) > _ALIKE for one in tried[1:]):
            tried.append(_search(last, time_s, told, size, period_s))
    best = min(tried, key=lambda one: one.scatter_s)
    if best.scatter_s < _MOST_SCATTER * tried[0].scatter_s and _is_believed(best, last):
        return best.lost
    return nothing


class _Line:
    """One slope through all packets with some losses between them, and the scatter about it."""

    def __init__(
        self,
        lost: Indices,
        last: Indices,
        time_s: Floats,
        told: npt.NDArray[np.bool_],
        begun_s: float = np.inf,
    ) -> None:
        self.lost, self.begun_s = lost, begun_s
        group = np.cumsum(told)
        size = np.bincount(group)
        place = last + np.cumsum(lost)
        x = place - (np.bincount(group, place) / size)[group]
        y = time_s - (np.bincount(group, time_s) / size)[group]
        norm = float(x @ x)
        self.period_s = float(x @ y) / norm if norm > 0.0 else 0.0
        self.rest_s = y - self.period_s * x
        self.scatter_s = float(self.rest_s.std())


def _search(
    last: Indices, time_s: Floats, told: npt.NDArray[np.bool_], size: int, period_s: float
) -> _Line:
    """Find losses and period in turn, from a first period on."""
    line, begun_s = None, period_s
    for level_s, least in zip(_LEVELS_S, _LEAST_RISE, strict=True):
        reach = max(_LEAST_PACKETS, round(level_s / (size * period_s)))
        rises = _rises(time_s - period_s * last, told, reach, size * period_s, least)
        line = _Line(rises * size, last, time_s, told, begun_s)
        if not line.period_s > 0.0:
            break
        period_s = line.period_s
    assert line is not None
    return line


def _common_period_s(
    last: Indices, time_s: Floats, told: npt.NDArray[np.bool_], span_s: float
) -> float:
    """Give the commonest pace over so much time, s a sample: that of spans without a loss."""
    n = len(last)
    n_span = round((n - 1) * span_s / max(float(time_s[-1] - time_s[0]), span_s))
    n_span = min(max(n_span, _LEAST_PACKETS), n // 2)
    whole = np.cumsum(told)
    same = whole[n_span:] == whole[:-n_span]
    pace_s = (time_s[n_span:] - time_s[:-n_span]) / (last[n_span:] - last[:-n_span])
    pace_s = np.sort(pace_s[same])
    while len(pace_s) > 2:  # the half of the values that lies closest together, again and again
        half = (len(pace_s) + 1) // 2
        width = pace_s[half - 1 :] - pace_s[: len(pace_s) - half + 1]
        at = int(np.argmin(width))
        pace_s = pace_s[at : at + half]
    return float(pace_s.mean()) if len(pace_s) else 0.0


def _rises(
    late_s: Floats, told: npt.NDArray[np.bool_], reach: int, packet_s: float, least: float
) -> Indices:
    """Give the packets lost before each one."""
    lost = np.zeros(len(late_s), dtype=np.int64)
    since, floor_s = 0, np.inf
    steps = np.diff(late_s, prepend=late_s[0])
    for at in np.flatnonzero((steps > 0.5 * least * packet_s) | told).tolist():
        if told[at]:
            since, floor_s = at, np.inf
            continue
        ahead = late_s[at : at + reach]
        ends = np.flatnonzero(told[at : at + reach])
        ahead = ahead[: int(ends[0])] if len(ends) else ahead
        if len(ahead) < _LEAST_PACKETS or at == since:
            continue
        before_s = float(late_s[max(since, at - reach) : at].min())
        if at - since < reach:  # few packets since the last loss: what it left is a level, too
            before_s = min(before_s, floor_s)
        rise = (float(ahead.min()) - before_s) / packet_s
        if rise > least:
            lost[at] = max(1, round(rise))
            since, floor_s = at, before_s + lost[at] * packet_s
    return lost


def _is_believed(line: _Line, last: Indices) -> bool:
    """Tell losses from the rhythm of a link, and from chance."""
    lost = line.lost
    at = np.flatnonzero(lost)
    if len(at) < _LEAST_LOSSES or lost.sum() < _LEAST_SHARE * float(last[-1] - last[0]):
        return False
    apart = np.diff(at)
    return bool(apart.std() > _LEAST_IRREGULAR * apart.mean())
