"""The tremors of a session: episodes of one frequency belong together, others do not.

An average over tremors of different frequencies is the frequency of none of them. How a line is
fitted to the samples of several episodes is in `tremor.measures.pooled`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tremor.analysis.bursts import Bursts
from tremor.analysis.turns import shares_of_turns
from tremor.analysis.window_agreement import checked_by_windows, with_strength_of_windows
from tremor.estimate import Estimate
from tremor.measures.pooled import PooledLine
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.lines import TremorLine
from tremor.results.windows import WindowTable
from tremor.settings import EPISODES

__all__ = [
    "SessionLine",
    "all_lines",
    "group_by_frequency",
    "of_full_bursts",
    "tremor_lines",
]

Bools = npt.NDArray[np.bool_]

#: Shares of turns add up to one but for rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class SessionLine:
    """A tremor of the session.

    Parameters
    ----------
    line : PooledLine
        Fitted to all samples in which it was found.
    share : float
        Share of the tremor time in which it was found, 0 to 1.
    members : ndarray of bool, shape (n_windows,)
        Windows whose samples were fitted.
    bursts : Bursts
        How the longest of its episodes is filled.
    at_once : bool
        Whether another tremor is there at the same time.
    """

    line: PooledLine
    share: float
    members: Bools
    bursts: Bursts = field(default_factory=lambda: Bursts(1, 1.0))
    at_once: bool = False

    def checked(self, table: WindowTable) -> SessionLine:
        """Return the line checked against its windows.

        Parameters
        ----------
        table : WindowTable
            All windows, judged.

        Returns
        -------
        SessionLine
            As `tremor.analysis.window_agreement.checked_by_windows` returns it, of the strength of
            full bursts, and with the share of each of its lines in the time.
        """
        line = checked_by_windows(self.line, table, self.members) or self.line
        lines = [of_full_bursts(one, self.bursts) for one in (line, *line.further)]
        shares = shares_of_turns(line, table, self.members)
        if shares is not None:
            lines = [
                replace(with_strength_of_windows(one, table, self.members), share=share)
                for one, share in zip(lines, shares, strict=True)
            ]
        first, *further = lines
        at_once = bool(further) and sum(one.share for one in lines) > 1.0 + _ROUNDING
        return replace(self, line=replace(first, further=tuple(further)), at_once=at_once)


def group_by_frequency(
    lines: Sequence[PooledLine | None], durations_s: Sequence[float]
) -> list[list[int]]:
    """Group episodes whose lines may be one tremor.

    Parameters
    ----------
    lines : sequence of PooledLine or None
        The line of each episode; those without one belong to the largest group.
    durations_s : sequence of float
        Time with tremor in each episode, s.

    Returns
    -------
    list of list of int
        Indices of the episodes, in order of time; the group with most time first.

    Notes
    -----
    Groups part where the sorted frequencies leave a gap wider than one tremor wanders, half of the
    intervals of both neighbours added.
    """
    known = [index for index, line in enumerate(lines) if line and line.frequency_hz.value]
    if not known:
        return [list(range(len(lines)))] if lines else []
    frequency_hz = np.array([_frequency_hz(lines[index]) for index in known])
    order = np.argsort(frequency_hz, kind="stable")
    half_hz = np.array([_half_hz(lines[index]) for index in known])[order]
    apart_hz = EPISODES.lines_apart_hz + np.hypot(half_hz[1:], half_hz[:-1])
    cuts = np.flatnonzero(np.diff(frequency_hz[order]) > apart_hz) + 1
    groups = [sorted(known[row] for row in part.tolist()) for part in np.split(order, cuts)]
    groups.sort(key=lambda group: -sum(durations_s[index] for index in group))
    groups[0] = sorted({*groups[0], *range(len(lines))} - {i for g in groups[1:] for i in g})
    return groups


def all_lines(groups: Sequence[SessionLine]) -> tuple[SessionLine, ...]:
    """Return the tremors of a session, those that are there at the same time included.

    Parameters
    ----------
    groups : sequence of SessionLine
        Of the groups of episodes, with the share of their time.

    Returns
    -------
    tuple of SessionLine
        That with the largest share first; a further line that is also one of another group adds
        to its share.
    """
    found: list[SessionLine] = []
    for group in groups:
        own = group.line.share if group.line.further else 1.0
        found.append(replace(group, share=group.share * own))
    for group in groups:
        for line in group.line.further:
            share = group.share * line.share
            # A fit that holds both has told them apart, however near they are.
            at = next(
                (
                    k
                    for k, one in enumerate(found)
                    if one.members is not group.members and _is_same(one.line, line)
                ),
                None,
            )
            if at is None:
                found.append(replace(group, line=line, share=share))
            else:
                found[at] = replace(
                    found[at],
                    share=min(1.0, found[at].share + share),
                    at_once=found[at].at_once or group.at_once,
                )
    return tuple(sorted(found, key=lambda one: -one.share))


def of_full_bursts(line: PooledLine, bursts: Bursts) -> PooledLine:
    """Return the line of a tremor that comes and goes, with the strength of its bursts.

    Parameters
    ----------
    line : PooledLine
        Fitted to windows that the bursts fill in part.
    bursts : Bursts
        How much of them they fill.

    Returns
    -------
    PooledLine
        The same if the tremor is not intermittent.
    """
    if not bursts.is_intermittent or not 0.0 < bursts.filled < 1.0:
        return line
    # How much a window holds of a burst is known to about half of what it lacks.
    factor, unsure = bursts.filled**-0.5, 0.5 * (1.0 - bursts.filled)

    def scaled(estimate: Estimate) -> Estimate:
        value, low, high = estimate.value, estimate.low, estimate.high
        if not value or not low or not high:
            return estimate
        below, above = math.hypot(math.log(value / low), unsure), math.log(high / value)
        value *= factor
        return replace(
            estimate,
            value=value,
            low=value * math.exp(-below),
            high=value * math.exp(math.hypot(above, unsure)),
        )

    return replace(
        line,
        rms_ms2=scaled(line.rms_ms2),
        displacement_pp_mm=scaled(line.displacement_pp_mm),
    )


def tremor_lines(tremors: Sequence[SessionLine]) -> tuple[TremorLine, ...]:
    """Return the tremors of a session as records of a result.

    Parameters
    ----------
    tremors : sequence of SessionLine
        What `all_lines` returned.

    Returns
    -------
    tuple of TremorLine
        In the same order.
    """
    return tuple(
        TremorLine(
            share=one.share,
            at_once=one.at_once,
            fit=one.line.fit,
            **{name: getattr(one.line, name) for name in ESTIMATE_NAMES},
        )
        for one in tremors
    )


def _is_same(one: PooledLine, other: PooledLine) -> bool:
    return abs(_frequency_hz(one) - _frequency_hz(other)) <= EPISODES.lines_apart_hz


def _frequency_hz(line: PooledLine | None) -> float:
    value = line.frequency_hz.value if line else None
    return float("nan") if value is None else value


def _half_hz(line: PooledLine | None) -> float:
    low, high = (line.frequency_hz.low, line.frequency_hz.high) if line else (None, None)
    return 0.0 if low is None or high is None else 0.5 * (high - low)
