"""The one session that runs in this process, from the start button to its report.

It is a task of the server: it goes on whether a page is open or not, and ends by its time, by the
stop button, or with the program.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from tremor.app.front_end import (
    Feed,
    PageControls,
    PageScreen,
    WindowSeries,
    sensor_state,
    session_state,
    spoken,
)
from tremor.app.remedies import on_page
from tremor.app.results import RecordedResult, measured_legs
from tremor.app.shelf import ShelvedSession
from tremor.app.wish import Wish
from tremor.baselines import Baseline, LevelBefore, level_before, newest_baseline
from tremor.errors import InvalidInputError, LinkError, TremorError
from tremor.pipeline import RestInfo
from tremor.report.messages import text
from tremor.session.folders import require_room
from tremor.session.interface import Command
from tremor.session.outcome import require_written, saved_text
from tremor.session.plan import Plan, SessionOutcome
from tremor.session.session import record_session
from tremor.session.stopping import Stop, StoppedError

__all__ = ["Phase", "Run"]

#: What the session is at: none yet, recording, analysing, asking, its report is there, or failed.
Phase = Literal["idle", "recording", "working", "asking", "done", "failed"]

#: Where a page goes when a phase begins.
_PLACES: Final[Mapping[Phase, str]] = {"idle": "/", "asking": "/questions", "done": "/report"}


class Run:
    """The session that runs or ran last.

    Parameters
    ----------
    root : Path
        Folder in which recordings are made.

    Attributes
    ----------
    saved_at_end : tuple of str
        What was saved of a recording that ended with the program, a sentence for each sensor.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.saved_at_end: tuple[str, ...] = ()
        self.feed = Feed()
        self.phase: Phase = "idle"
        self.trouble = ""
        self.result: RecordedResult | None = None
        self.folder: Path | None = None
        self._screen = PageScreen(self.feed)
        self._controls = PageControls(self.feed)
        self._series = WindowSeries()
        self._stop = Stop()
        self._baselines: dict[Path, Baseline] = {}
        self._levels: dict[Path, LevelBefore] = {}
        self._unused_baselines: list[str] = []
        self._n_sensors = 1
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether it records or analyses, so that nothing else may take the processor."""
        return self.phase in ("recording", "working")

    def start(self, wish: Wish) -> None:
        """Begin a session.

        Parameters
        ----------
        wish : Wish
            What to record.

        Raises
        ------
        InvalidInputError
            If one runs already, or the folder cannot be written.
        """
        if self.is_busy:
            raise InvalidInputError(text("app", "busy"))
        now = datetime.now().astimezone()
        plan = wish.plan(self.root, now)
        require_room(plan.folder, overwrite=False)
        self._begin(plan.folder, "recording")
        self._n_sensors = len(plan.sensors)
        if wish.uses_baseline:
            worn = {plan.folder_of(one): plan.placement_of(one) for one in plan.sensors}
            self._look_for_baselines(worn, now)
        self._task = asyncio.create_task(self._watched(self._record(plan)))

    def measure(self, session: ShelvedSession) -> None:
        """Measure a recording that is there already, as one that has just ended.

        Parameters
        ----------
        session : ShelvedSession
            The recording.

        Raises
        ------
        InvalidInputError
            If a session runs.
        """
        if self.is_busy:
            raise InvalidInputError(text("app", "busy"))
        self._begin(session.folder, "working")
        folders = [one.folder for one in session.legs]
        self._task = asyncio.create_task(self._watched(self._measure_anew(folders)))

    def _begin(self, folder: Path, phase: Phase) -> None:
        self._screen, self._controls = PageScreen(self.feed), PageControls(self.feed)
        self._series, self._stop = WindowSeries(), Stop()
        self._baselines, self._levels, self._unused_baselines = {}, {}, []
        self.result, self.folder, self.trouble = None, folder, ""
        self._go_to(phase)

    def _look_for_baselines(self, worn: Mapping[Path, str], before: datetime) -> None:
        """Find what each leg is held against, by the folder of its recording, and note it."""
        for folder, placement in worn.items():
            found = newest_baseline(self.root, placement, before=before)
            if found is not None:
                self._baselines[folder] = found
                when = f"{found.started_at.astimezone():%Y-%m-%d %H:%M}"
                leg = placement.replace("-", " ")
                self._screen.note(text("app", "held_against", leg=leg, when=when))

    def give(self, command: Command) -> None:
        """Hand a command of the runner to the session, if one runs."""
        if self.phase == "recording":
            self._controls.give(command)
            if command.kind == "stop":  # also before there is anything to take commands
                self._stop.ask("key")

    async def close(self) -> None:
        """End the session because the program ends; what was received is saved."""
        self._stop.ask("terminated")
        if self._task is not None:
            await asyncio.wait({self._task})

    async def finish(self) -> None:
        """Explain with the answers there are, and write the report."""
        if self.phase != "asking" or self.result is None:
            return
        self._go_to("working")
        try:
            await asyncio.to_thread(self.result.finish)
        except TremorError as error:
            self._fail(str(error))
        else:
            self.trouble = "\n".join(self.result.troubles)
            self._go_to("done")

    def state(self, known: Mapping[str, int]) -> dict[str, Any]:
        """Return what a page shows.

        Parameters
        ----------
        known : mapping of str to int
            How many windows of each sensor the page knows already.

        Returns
        -------
        dict
            Texts and numbers that JSON can hold.
        """
        view = self._screen.view
        sensors = [] if view is None else view.sensors
        return {
            "phase": self.phase,
            "go": _PLACES.get(self.phase, ""),
            **session_state(view),
            **self._before(),
            **self._after(),
            "spoken": spoken(sensors) if self.phase == "recording" else "",
            "notes": list(self._screen.notes),
            "sensors": [
                {
                    "label": one.label,
                    **sensor_state(one),
                    "first": known.get(one.label, 0),
                    "points": self._series.since(one.label, known.get(one.label, 0)),
                }
                for one in sensors
            ],
        }

    def _before(self) -> dict[str, str]:
        """Return the words before a sensor sends: what is done, and where a phone sends to."""
        if self._screen.view is not None:
            return {}
        return {"words": "\n".join([*self._screen.notes][-self._n_sensors :])}

    def _after(self) -> dict[str, str]:
        """Return the heading and the words of what follows a recording."""
        if self.phase == "recording" or self.phase == "idle":
            return {}
        return {
            "stage": self.phase,
            "heading": text("app", f"phase.{self.phase}"),
            "time": "",
            "words": self.trouble,
        }

    def _go_to(self, phase: Phase) -> None:
        self.phase = phase
        self.feed.publish()

    def _fail(self, why: str) -> None:
        self.trouble = why
        self._go_to("failed")

    def _emit(self, event: str, content: Mapping[str, Any]) -> None:
        if event == "window":
            self._series.add(content["sensor"], content["window"])
            self._screen.hurry()
        elif event == "marker":
            self._screen.note(text("session", "marked"))
        elif event == "pain":
            self._screen.note(text("session", "pain_marked", rating=content["detail"]))

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something, and tell the page what it ends with."""
        try:
            await work
        except StoppedError:
            self._fail(text("app", "stopped_early"))
        except (TremorError, LinkError, OSError) as error:
            self._fail(str(error))
        except BaseException:
            self._fail(text("app", "internal"))
            raise

    async def _record(self, plan: Plan) -> None:
        await asyncio.to_thread(self._measure_levels)  # before anything streams
        for words in self._unused_baselines:
            self._screen.note(words)
        outcome = await record_session(
            replace(plan, levels_before=self._levels),
            screen=self._screen,
            controls=self._controls,
            stop=self._stop,
            emit=self._emit,
        )
        for one in outcome.recorded:
            self._screen.note(saved_text(one))
        if outcome.was_cut_short:
            self.saved_at_end = tuple(map(saved_text, outcome.recorded))
            self._fail(text("app", "cut_short"))
        elif plan.is_baseline:
            require_written(outcome)
            self._go_to("done")
        else:
            folders = [one.folder for one in outcome.recorded]
            await self._measure(folders, _troubles(outcome))

    async def _measure(self, folders: Sequence[Path], troubles: Sequence[str] = ()) -> None:
        self._go_to("working")
        assert self.folder is not None
        legs, more = await asyncio.to_thread(measured_legs, folders, self._rest_of)
        told = (*troubles, *more, *self._unused_baselines)
        if not legs:
            self._fail("\n".join(told))
            return
        self.result = await asyncio.to_thread(RecordedResult, self.folder, legs, told)
        self._go_to("asking")

    async def _measure_anew(self, folders: Sequence[Path]) -> None:
        for one in folders:
            with self._noting_unused():
                level = await asyncio.to_thread(level_before, one, self.root)
                if level is not None:
                    self._levels[one] = level
        await self._measure(folders)

    def _measure_levels(self) -> None:
        """Measure the levels before the run; what cannot be used is told."""
        for folder, baseline in self._baselines.items():
            with self._noting_unused():
                self._levels[folder] = baseline.level()

    @contextmanager
    def _noting_unused(self) -> Iterator[None]:
        try:
            yield
        except TremorError as error:
            self._unused_baselines.append(text("app", "not_held_against", why=str(error)))

    def _rest_of(self, folder: Path) -> RestInfo:
        """Return what is known of the rest of a leg: its level before the run."""
        level = self._levels.get(folder)
        return RestInfo() if level is None else level.rest


def _troubles(outcome: SessionOutcome) -> tuple[str, ...]:
    """Return what went wrong with the sensors and the disk, a sentence each."""
    told = [
        text("session", "cut_short", folder=one.folder.name, why=one.lost)
        for one in outcome.recorded
        if one.lost is not None
    ]
    try:
        require_written(outcome)
    except TremorError as error:
        told.append(on_page(str(error)))
    return tuple(told)
