"""The pages of a session: its start, the live view, the questions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tremor.app.desk import Desk, go_to
from tremor.app.forms import encoded, first_values, form_of
from tremor.app.interview import prompt_of
from tremor.app.sensors import NO_SENSOR
from tremor.app.wish import DURATIONS_S, PLACEMENTS, RATE, USUAL, rate_field, wish_of
from tremor.baselines import baselines_in
from tremor.errors import InvalidInputError
from tremor.explanation.interview import Finished
from tremor.report.messages import text
from tremor.session.interface import Command
from tremor.settings import APP_BOUNDS

if TYPE_CHECKING:
    from tremor.app.interview import Interview

__all__ = ["question_page", "reply_number", "routes"]

#: Fields of the start before anything is filled in.
_BLANK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sensor_2": NO_SENSOR, "host": "", "host_2": "", "placement": "", "placement_2": "",
        "when": "after", "duration": USUAL, "baseline": "yes",
    }
)  # fmt: skip
_NO_FORM: Final[Mapping[str, str]] = MappingProxyType({})
#: A line that nobody reads, so that a connection which is gone is noticed, after so many s.
_QUIET_S: Final = 10.0
_NO_CONTENT: Final = 204
_TOO_MANY: Final = 503


def routes(desk: Desk) -> list[Route]:
    """Return the routes of a session.

    Parameters
    ----------
    desk : Desk
        What they are about.
    """
    pages = _SessionPages(desk)
    return [
        Route("/", pages.home),
        Route("/look", pages.look, methods=["POST"]),
        Route("/start", pages.start, methods=["POST"]),
        Route("/live", pages.live),
        Route("/events", pages.events),
        Route("/command", pages.command, methods=["POST"]),
        Route("/questions", pages.questions, methods=["GET", "POST"]),
        Route("/report", pages.last),
    ]


def question_page(
    desk: Desk,
    interview: Interview,
    *,
    action: str,
    refusal: str = "",
    typed: str = "",
    troubles: Sequence[str] = (),
) -> Response:
    """Return the page of the question that is next.

    Parameters
    ----------
    desk : Desk
        What the pages share.
    interview : Interview
        The questions.
    action : str
        Where the form is sent to.
    refusal, typed : str
        Why the last reply was not taken, and what it was.
    troubles : sequence of str
        What went wrong with the recording, a sentence each.
    """
    step = interview.step
    return desk.page(
        "questions",
        prompt=None if isinstance(step, Finished) else prompt_of(step),
        said_back=interview.said_back,
        warnings=interview.warnings,
        troubles=troubles,
        action=action,
        refusal=refusal,
        typed=typed if refusal else "",  # else it is the reply to the question before
    )


#: What is filled in as it was the last time: a runner wears the same sensor in the same place.
_REMEMBERED: Final = ("sensor", "host", "placement", "sensor_2", "host_2", "placement_2")


class _SessionPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._last: dict[str, str] = {}

    async def home(self, _: Request) -> Response:
        return self._home()

    def _home(self, trouble: str = "", form: Mapping[str, str] = _NO_FORM) -> Response:
        desk = self._desk
        return desk.page(
            "home",
            status=400 if trouble else 200,
            trouble=trouble,
            form={**_BLANK, "sensor": desk.sensors.usual, **self._last, **form},
            sensors=desk.sensors,
            rate_field=rate_field,
            durations=[
                (USUAL, text("app", "home.usual")),
                *((str(one), text("app", "minutes", n=one // 60)) for one in DURATIONS_S),
            ],
            placements=[(one, one.replace("-", " ")) for one in PLACEMENTS],
            baselines=self._baselines(),
        )

    def _baselines(self) -> list[str]:
        """Return the newest recording from before a run of each leg: where and when."""
        newest: dict[str, datetime] = {}
        for one in baselines_in(self._desk.run.root):
            newest.setdefault(one.placement.replace("-", " "), one.started_at.astimezone())
        return [
            text("app", "baseline_of", leg=leg, when=f"{begun:%Y-%m-%d %H:%M}")
            for leg, begun in newest.items()
        ]

    async def look(self, _: Request) -> Response:
        if not self._desk.run.is_busy:
            await self._desk.sensors.listen()
        return go_to("/")

    async def start(self, request: Request) -> Response:
        desk, form = self._desk, dict[str, str]()
        try:
            form = first_values(await form_of(request))
            wish = wish_of(form, desk.sensors)
            desk.require_idle()
            await desk.run.finish()  # a session before it gets its report, also without answers
            desk.run.start(wish)
            self._last = {
                name: value
                for name, value in form.items()
                if name in _REMEMBERED or name.startswith(RATE)
            }
        except InvalidInputError as error:
            return self._home(str(error), {**_BLANK, "baseline": "", **form})
        return go_to("/live")

    async def live(self, _: Request) -> Response:
        if self._desk.run.phase == "idle":
            return go_to("/")
        return self._desk.page("live", ratings=range(10), bounds=APP_BOUNDS)

    async def events(self, _: Request) -> Response:
        if self._desk.run.feed.is_full:
            raise HTTPException(_TOO_MANY, text("app", "too_many_pages"))
        return StreamingResponse(self._states(), media_type="text/event-stream")

    async def _states(self) -> AsyncIterator[str]:
        """Yield the state as it changes, all of it at first."""
        run, known = self._desk.run, dict[str, int]()
        with run.feed.listening() as news:
            while not run.feed.is_closed:
                news.clear()
                state = run.state(known)
                known = {
                    one["label"]: one["first"] + len(one["points"]) for one in state["sensors"]
                }
                said = json.dumps(state, allow_nan=False).replace("m/s^2", "m/s²")
                yield f"data: {said}\n\n"
                while not news.is_set():
                    try:
                        await asyncio.wait_for(news.wait(), _QUIET_S)
                    except TimeoutError:
                        yield ":\n\n"

    async def command(self, request: Request) -> Response:
        form = first_values(await form_of(request))
        kind, detail = form.get("kind", ""), form.get("detail", "")
        if kind == "pain" and len(detail) == 1 and detail in "0123456789":
            self._desk.run.give(Command("pain", detail))
        elif kind == "marker":
            self._desk.run.give(Command("marker"))
        elif kind == "stop":
            self._desk.run.give(Command("stop"))
        elif kind == "go_on":
            self._desk.run.give(Command("go_on"))
        elif kind == "check_again":
            self._desk.run.give(Command("check_again"))
        else:
            raise InvalidInputError(text("app", "no_form"))
        if request.headers.get("sec-fetch-mode") == "navigate":  # a browser without scripts
            return go_to("/live")
        return Response(status_code=_NO_CONTENT)

    async def questions(self, request: Request) -> Response:
        desk, result = self._desk, self._desk.run.result
        if result is None or desk.run.phase != "asking":
            return go_to("/live")
        refusal, typed = "", ""
        if request.method == "POST":
            form = await form_of(request)
            if "end" in form:
                await desk.run.finish()
                return go_to("/report")
            typed = ", ".join(form.get("reply", []))
            refusal = await desk.work(lambda: result.interview.reply(reply_number(form), [typed]))
            if not refusal:  # the way back leads to a page, not to a form that is sent again
                return go_to("/questions")
        return question_page(
            desk,
            result.interview,
            action="/questions",
            refusal=refusal,
            typed=typed,
            troubles=result.troubles,
        )

    async def last(self, _: Request) -> Response:
        run = self._desk.run
        if run.phase != "done" or run.folder is None:
            return go_to("/live")
        return go_to(f"/sessions/{encoded(run.folder.name)}")


def reply_number(form: dict[str, list[str]]) -> int:
    """Return which question a form replies to; 0 for none."""
    number = form.get("number", ["0"])[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
