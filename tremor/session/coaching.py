"""What is said to the runner while it records, and how often. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tremor.report.numbers import clock, percent

__all__ = ["Coach", "Moment"]

_MANY_LOST: Final = 0.05
_LOW_BATTERY_PERCENT: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the coach looks at.

    Parameters
    ----------
    time_s : float
        Since the measurement began, s.
    left_s : float
        To its end, s.
    is_still : bool or None
        Whether the leg rests; None where nothing is received.
    is_linked : bool
        Whether the sensor is linked.
    lost_share : float
        Share of samples lost lately.
    battery_percent : int or None
        Charge.
    disk_trouble : str
        Why the disk takes nothing; empty where it does.
    """

    time_s: float
    left_s: float
    is_still: bool | None
    is_linked: bool = True
    lost_share: float = 0.0
    battery_percent: int | None = None
    disk_trouble: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """When to say what: ``applies`` compares this moment with the one before.

    It is not said again within ``pause_s``; ``is_urgent`` does not wait for other words.
    """

    applies: Callable[[Moment, Moment], bool]
    words: Callable[[Moment], str]
    pause_s: float
    is_urgent: bool = False


_RULES: Final[tuple[_Rule, ...]] = (
    _Rule(
        lambda was, now: was.is_linked and not now.is_linked,
        lambda _: "The link is lost. The recording goes on, and this gap is marked; come nearer.",
        0.0,
        is_urgent=True,
    ),
    _Rule(
        lambda was, now: now.is_linked and not was.is_linked,
        lambda _: "The sensor is back.",
        0.0,
        is_urgent=True,
    ),
    _Rule(
        lambda _, now: bool(now.disk_trouble),
        lambda now: f"{now.disk_trouble[:1].upper()}{now.disk_trouble[1:]}.",
        30.0,
        is_urgent=True,
    ),
    _Rule(
        lambda was, now: bool(was.is_still) and now.is_still is False,
        lambda _: "You moved; that is fine, hold still again.",
        15.0,
    ),
    _Rule(
        lambda _, now: now.is_still is False,
        lambda _: "Still moving. Let the leg rest, and let go of it.",
        30.0,
    ),
    _Rule(
        lambda was, now: was.is_still is False and bool(now.is_still),
        lambda _: "Good. Stay like this.",
        15.0,
    ),
    _Rule(
        lambda _, now: now.lost_share > _MANY_LOST,
        lambda now: f"{percent(now.lost_share)} of the samples are lost just now; come nearer.",
        30.0,
    ),
    _Rule(
        lambda _, now: (
            now.battery_percent is not None and now.battery_percent < _LOW_BATTERY_PERCENT
        ),
        lambda now: f"The battery is at {now.battery_percent} %; charge it afterwards.",
        600.0,
    ),
    _Rule(
        lambda was, now: was.left_s > 60.0 >= now.left_s and now.time_s > 60.0,
        lambda now: f"{clock(now.left_s)} left. Stay like this.",
        60.0,
    ),
)
#: Words that are not urgent keep this distance, s.
_PAUSE_S: Final = 6.0


@dataclass(slots=True)
class Coach:
    """Says what helps, and not too much of it.

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

    _was: Moment | None = None
    _said_s: dict[int, float] = field(default_factory=dict)

    def at(self, moment: Moment) -> str:
        """Give what is to be said now; mostly nothing.

        Parameters
        ----------
        moment : Moment
            Never earlier than the one before.

        Returns
        -------
        str
            A sentence or two; empty for silence.
        """
        was, self._was = self._was, moment
        if was is None:
            return ""
        latest_s = max(self._said_s.values(), default=-_PAUSE_S)
        for number, rule in enumerate(_RULES):
            if not rule.applies(was, moment):
                continue
            pauses = moment.time_s - self._said_s.get(number, -rule.pause_s) < rule.pause_s
            too_soon = not rule.is_urgent and moment.time_s - latest_s < _PAUSE_S
            if pauses or too_soon:
                continue
            self._said_s[number] = moment.time_s
            return rule.words(moment)
        return ""
