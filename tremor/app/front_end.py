"""The screen and the controls of a session where its front end is a page.

The session shows itself to `PageScreen`; pages listen to a `Feed` and read the present state, so
that one that is loaded again has all of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

from tremor.report.messages import text
from tremor.report.numbers import clock, number, percent
from tremor.report.view import verdict_word
from tremor.session.interface import Command
from tremor.session.view import SensorView, SessionView
from tremor.settings import APP_BOUNDS

__all__ = [
    "Feed",
    "PageControls",
    "PageScreen",
    "WindowSeries",
    "sensor_state",
    "session_state",
    "spoken",
]

#: Stands where there is no number.
_NOTHING: Final = "-"
#: Buttons by the kind of their command.
_BUTTONS: Final = ("marker", "pain", "stop", "go_on", "check_again")


class Feed:
    """Wakes the pages that listen, and knows when one last did.

    Parameters
    ----------
    now : callable
        Monotonic clock, s.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._listeners: set[asyncio.Event] = set()
        self._left_s = -float("inf")
        self.is_closed = False

    def close(self) -> None:
        """Let all listeners go, as the program ends."""
        self.is_closed = True
        self.publish()

    @property
    def is_full(self) -> bool:
        """Whether no further page can listen."""
        return len(self._listeners) >= APP_BOUNDS.most_listeners

    @property
    def is_watched(self) -> bool:
        """Whether a page listens, or did until a moment ago."""
        return bool(self._listeners) or self._now() - self._left_s < APP_BOUNDS.away_s

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Listen; the event is set when there is something new, and the listener clears it.

        Yields
        ------
        asyncio.Event
            Of this listener.
        """
        news = asyncio.Event()
        self._listeners.add(news)
        try:
            yield news
        finally:
            self._listeners.discard(news)
            self._left_s = self._now()

    def publish(self) -> None:
        """Wake all listeners."""
        for news in self._listeners:
            news.set()


class WindowSeries:
    """End, strength and frequency of the windows of each sensor since the session began."""

    def __init__(self) -> None:
        self._points: dict[str, list[tuple[float, float | None, float | None]]] = {}

    def add(self, sensor: str, window: Mapping[str, Any]) -> None:
        """Take the window of an event ``window``.

        Parameters
        ----------
        sensor : str
            Label of the sensor.
        window : mapping
            The window as JSON holds it.
        """
        shakes = window["verdict"] == "tremor"
        strength, frequency = (
            window[name]["value"] if shakes and window[name] else None
            for name in ("rms_ms2", "frequency_hz")
        )
        self._points.setdefault(sensor, []).append((window["end_s"], strength, frequency))

    def since(self, sensor: str, n_known: int) -> list[tuple[float, float | None, float | None]]:
        """Return the points of a sensor that a page does not know yet: s, m/s^2, Hz."""
        return self._points.get(sensor, [])[n_known:]


class PageScreen:
    """Screen of a session whose state pages read.

    Parameters
    ----------
    feed : Feed
        Wakes the pages.
    now : callable
        Monotonic clock, s.
    """

    def __init__(self, feed: Feed, *, now: Callable[[], float] = time.monotonic) -> None:
        self._feed = feed
        self._now = now
        self._due_s = now()
        self.view: SessionView | None = None
        self.notes: deque[str] = deque(maxlen=APP_BOUNDS.most_notes)
        self._last_note, self._n_times = "", 0

    def show(self, make: Callable[[], SessionView], *, at_once: bool = False) -> None:
        """Take the present state if it is time to, or at once."""
        if self._now() < self._due_s and not at_once:
            return
        self._due_s = self._now() + APP_BOUNDS.show_interval_s
        self.view = make()
        self._feed.publish()

    def hurry(self) -> None:
        """Take the state at the next call, as there is a new window in it."""
        self._due_s = self._now()

    def note(self, words: str) -> None:
        """Keep a sentence for the pages; one that is repeated is counted."""
        if words == self._last_note:
            self._n_times += 1
            self.notes[-1] = text("app", "times", words=words, n=self._n_times)
        else:
            self._last_note, self._n_times = words, 1
            self.notes.append(words)
        self._feed.publish()


class PageControls:
    """Controls of a session: buttons of a page, whose commands wait here for the session.

    Parameters
    ----------
    feed : Feed
        Knows whether a page is open.
    """

    hint = ""
    prompt = ""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._given: deque[Command] = deque(maxlen=APP_BOUNDS.most_commands)

    @property
    def is_there(self) -> bool:
        """Whether a page is open, or was until a moment ago."""
        return self._feed.is_watched

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the buttons, by command, as messages call them."""
        return MappingProxyType(
            {kind: text("app", "in_words", name=text("app", f"button.{kind}")) for kind in _BUTTONS}
        )

    def give(self, command: Command) -> None:
        """Hand a command to the session."""
        self._given.append(command)

    def take(self) -> Sequence[Command]:
        """Return the commands given since the last call."""
        given = tuple(self._given)
        self._given.clear()
        return given


def session_state(view: SessionView | None) -> dict[str, Any]:
    """Return what a page shows of a session, as texts.

    Parameters
    ----------
    view : SessionView or None
        Its present state; None before there is one.

    Returns
    -------
    dict
        Texts for the elements of the page.
    """
    if view is None:
        return {"stage": "find", "heading": text("app", "stage.find"), "time": "", "words": ""}
    is_measuring = view.stage in ("measure", "recover")
    return {
        "stage": view.stage,
        "heading": text("app", f"stage.{view.stage}"),
        "time": text("app", "time", gone=clock(view.time_s), whole=clock(view.duration_s))
        if is_measuring
        else "",
        "words": view.words,
    }


def sensor_state(view: SensorView) -> dict[str, Any]:
    """Return what a page shows of one sensor, as texts.

    Parameters
    ----------
    view : SensorView
        Its present state.

    Returns
    -------
    dict
        Texts for the elements of the page.
    """
    trouble = view.ended
    if not trouble and view.lost_for_s is not None:
        why = "paused" if view.is_paused else "link_lost"
        trouble = text("app", why, duration=clock(view.lost_for_s))
    battery = view.battery_percent
    return {
        "name": view.label.replace("-", " "),
        **_now_texts(view),
        "still": text("app", f"state.{view.rest_state}"),
        "loss": text("app", "not_told") if view.lost_share is None else percent(view.lost_share),
        "battery": text("app", "not_told") if battery is None else f"{battery} %",
        "rate": text("app", "not_told") if view.rate_hz is None else f"{view.rate_hz:.1f} Hz",
        "trouble": trouble,
        "plot": text("app", "live.plot", leg=view.label.replace("-", " ")),
    }


def _now_texts(view: SensorView) -> dict[str, str]:
    """Return strength and frequency of the last window, and why where there are none."""
    now = view.now
    if now is None:
        return {"strength": _NOTHING, "frequency": _NOTHING, "why": text("app", "state.waiting")}
    if now.verdict == "tremor" and now.frequency_hz is not None:
        return {
            "strength": text("app", "strength", rms=number(now.rms_ms2)),
            "frequency": text("app", "frequency", frequency=number(now.frequency_hz, 1)),
            "why": "",
        }
    too_small = now.verdict in ("tremor", "no_tremor")
    why = text("status", "too_small") if too_small else verdict_word(now.verdict)
    return {"strength": _NOTHING, "frequency": _NOTHING, "why": why}


def spoken(views: Sequence[SensorView]) -> str:
    """Return what a screen reader says of the sensors now and then; empty before a value.

    Parameters
    ----------
    views : sequence of SensorView
        Present state of each.
    """
    told = []
    for view in views:
        now, leg = _now_texts(view), view.label.replace("-", " ")
        if view.now is not None:
            words = now["why"] or text("app", "both_values", **now)
            told.append(text("app", "of_leg", leg=leg, words=words))
    return " ".join(told)
