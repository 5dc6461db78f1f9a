"""The messages to the runner during the measurement, and how often they come.

The sentences are in the catalogue of `tremor.report.messages`, section ``coaching``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tremor.report.messages import text
from tremor.report.numbers import percent
from tremor.settings import STRAP

__all__ = ["Coach", "Moment"]

#: Share of lost samples from which the runner is asked to come nearer.
_HIGH_LOSS: Final = 0.05
#: Shortest time between two messages that are not urgent, s.
_PAUSE_S: Final = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """State of a measurement at one time.

    Parameters
    ----------
    time_s : float
        Since the measurement began, s.
    left_s : float
        To its end, s.
    is_still : bool or None
        Whether the leg rests; None if nothing is received.
    lost : tuple of str
        Sensors whose link is lost: labels such as ``left-calf`` where several are worn, an empty
        one for the only sensor.
    paused : tuple of str
        Those of them that are reached, and measure nothing.
    lost_share : float
        Share of recent samples that were lost.
    battery_percent : int or None
        Charge, per cent.
    disk_trouble : str
        Why the disk cannot be written; empty if it can.
    """

    time_s: float
    left_s: float
    is_still: bool | None
    lost: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    lost_share: float = 0.0
    battery_percent: int | None = None
    disk_trouble: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A message and when it is due.

    ``applies`` compares the previous moment with this one. The message is not repeated within
    ``pause_s``; one that ``is_urgent`` does not wait for others. ``values`` takes the same two.
    """

    name: str
    applies: Callable[[Moment, Moment], bool]
    pause_s: float
    is_urgent: bool = False
    values: Callable[[Moment, Moment], Mapping[str, object]] = lambda *_: {}

    def words(self, was: Moment, now: Moment) -> str:
        return text("coaching", self.name, **self.values(was, now))


def _sensors(phrase: str, lost: Sequence[str], before: Sequence[str]) -> Mapping[str, object]:
    """Return which sensors are newly lost, or back; nothing where only one is worn."""
    names = [label.replace("-", " ") for label in lost if label and label not in before]
    return {"sensors": text("coaching", phrase, sensors=names) if names else ""}


_RULES: Final[tuple[_Rule, ...]] = (
    _Rule(
        "link_lost",
        lambda was, now: not set(now.lost) <= {*was.lost, *now.paused},
        0.0,
        is_urgent=True,
        values=lambda was, now: _sensors("to_sensors", now.lost, was.lost),
    ),
    _Rule(
        "paused",
        lambda was, now: not set(now.paused) <= set(was.paused),
        0.0,
        is_urgent=True,
        values=lambda was, now: _sensors("of_sensors", now.paused, was.paused),
    ),
    _Rule(
        "link_back",
        lambda was, now: not set(was.lost) <= set(now.lost),
        0.0,
        is_urgent=True,
        values=lambda was, now: _sensors("of_sensors", was.lost, now.lost),
    ),
    _Rule(
        "disk",
        lambda _, now: bool(now.disk_trouble),
        30.0,
        is_urgent=True,
        values=lambda _, now: {"trouble": f"{now.disk_trouble[:1].upper()}{now.disk_trouble[1:]}"},
    ),
    _Rule("moved", lambda was, now: bool(was.is_still) and now.is_still is False, 15.0),
    _Rule("still_moving", lambda _, now: now.is_still is False, 30.0),
    _Rule("at_rest", lambda was, now: was.is_still is False and bool(now.is_still), 15.0),
    _Rule(
        "many_lost",
        lambda _, now: now.lost_share > _HIGH_LOSS,
        30.0,
        values=lambda _, now: {"share": percent(now.lost_share)},
    ),
    _Rule(
        "battery",
        lambda _, now: (
            now.battery_percent is not None and now.battery_percent < STRAP.low_battery_percent
        ),
        600.0,
        values=lambda _, now: {"percent": now.battery_percent},
    ),
    _Rule(
        "a_minute_left",
        lambda was, now: was.left_s > 60.0 >= now.left_s and now.time_s > 60.0,
        60.0,
    ),
)


@dataclass(slots=True)
class Coach:
    """Chooses the messages, and keeps them rare.

    Examples
    --------
    >>> coach = Coach()
    >>> coach.at(Moment(time_s=0.0, left_s=60.0, is_still=True))
    ''
    >>> coach.at(Moment(time_s=8.0, left_s=52.0, is_still=False))
    'You moved; that is fine, hold still again.'
    >>> coach.at(Moment(time_s=9.0, left_s=51.0, is_still=False))
    ''
    """

    _previous: Moment | None = None
    _sent_s: dict[str, float] = field(default_factory=dict)

    def at(self, moment: Moment) -> str:
        """Return the message for a moment; empty if none is due.

        Parameters
        ----------
        moment : Moment
            Never earlier than that of the last call.

        Returns
        -------
        str
            A sentence or two; empty most of the time.
        """
        previous, self._previous = self._previous, moment
        if previous is None:
            return ""
        for rule in _RULES:
            if rule.applies(previous, moment) and not self._must_wait(rule, moment.time_s):
                self._sent_s[rule.name] = moment.time_s
                return rule.words(previous, moment)
        return ""

    def _must_wait(self, rule: _Rule, time_s: float) -> bool:
        if time_s - self._sent_s.get(rule.name, -rule.pause_s) < rule.pause_s:
            return True
        latest_s = max(self._sent_s.values(), default=-_PAUSE_S)
        return not rule.is_urgent and time_s - latest_s < _PAUSE_S
