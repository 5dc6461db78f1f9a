"""The one session that runs in this process, from the start button to its report.

It is a task of the server: it goes on whether a page is open or not, and ends by its time, by the
stop button, or with the program.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from tremor.app.front_end import (
    Feed,
    PageControls,
    PageScreen,
    WindowSeries,
    sensor_state,
    session_state,
)
from tremor.app.results import HeldResult
from tremor.errors import InvalidInputError, LinkError, TremorError
from tremor.pipeline import RestInfo
from tremor.report.messages import text
from tremor.session.folders import default_folder, require_room
from tremor.session.interface import Command
from tremor.session.outcome import (
    analyze_recording,
    explain_recording,
    keep_answers,
    saved_text,
)
from tremor.session.plan import Plan, SensorOutcome, SessionOutcome
from tremor.session.sensor_choice import RequestedSensor
from tremor.session.session import record_session
from tremor.session.stopping import Stop, StoppedError
from tremor.settings import AnalysisSettings

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.analysis import Analysis

__all__ = ["Phase", "Run", "Wish"]

#: What the session is at: none yet, recording, analysing, asking, its report is there, or failed.
Phase = Literal["idle", "recording", "working", "asking", "done", "failed"]

#: Where a page goes when a phase begins.
_PLACES: Final[Mapping[Phase, str]] = {"asking": "/questions", "done": "/report"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a runner asks for at the start.

    Parameters
    ----------
    sensor : str
        Address of a sensor that was found, or ``simulated``.
    placement : str
        Where it is worn, such as ``left-calf``; empty if not known.
    duration_s : float
        Duration of the measurement, s.
    options : mapping of str to str
        Options of this kind of sensor.
    """

    sensor: str
    placement: str = ""
    duration_s: float = 300.0
    options: Mapping[str, str] = field(default_factory=dict)


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
        self.result: HeldResult | None = None
        self.folder: Path | None = None
        self._screen = PageScreen(self.feed)
        self._controls = PageControls(self.feed)
        self._series = WindowSeries()
        self._stop = Stop()
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
        name = default_folder(datetime.now(), placement=wish.placement, is_baseline=False)
        plan = Plan(
            sensors=(RequestedSensor("", wish.sensor),),
            folder=self.root / name,
            placement=wish.placement,
            duration_s=wish.duration_s,
            options=wish.options,
        )
        require_room(plan.folder, overwrite=False)
        self._screen, self._controls = PageScreen(self.feed), PageControls(self.feed)
        self._series, self._stop = WindowSeries(), Stop()
        self.result, self.folder, self.trouble = None, plan.folder, ""
        self._go_to("recording")
        self._task = asyncio.create_task(self._carry_out(plan))

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
        notes = self._screen.notes
        return {"words": notes[-1]} if self._screen.view is None and notes else {}

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

    async def _carry_out(self, plan: Plan) -> None:
        try:
            outcome = await record_session(
                plan,
                screen=self._screen,
                controls=self._controls,
                stop=self._stop,
                emit=self._emit,
            )
            await self._measure(outcome)
        except StoppedError:
            self._fail(text("app", "stopped_early"))
        except (TremorError, LinkError, OSError) as error:
            self._fail(str(error))
        except BaseException:
            self._fail(text("app", "internal"))
            raise

    async def _measure(self, outcome: SessionOutcome) -> None:
        for one in outcome.recorded:
            self._screen.note(saved_text(one))
        if outcome.was_cut_short:
            self.saved_at_end = tuple(map(saved_text, outcome.recorded))
            self._fail(text("app", "cut_short"))
            return
        self._go_to("working")
        (recorded,) = outcome.recorded
        analysis = await asyncio.to_thread(
            analyze_recording, recorded, settings=AnalysisSettings(), rest=RestInfo()
        )
        self.result = await asyncio.to_thread(_held, recorded, analysis)
        self._go_to("asking")


def _held(recorded: SensorOutcome, analysis: Analysis) -> HeldResult:
    def explain(analysis: Analysis, context: Context) -> Analysis:
        keep_answers(context, recorded.folder)
        return explain_recording(recorded, analysis, context).analysis

    return HeldResult(recorded.folder.name, analysis, explain=explain)
