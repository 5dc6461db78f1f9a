"""The pages of a session: its start, the live view, the questions, the report, earlier ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tremor.app.desk import Desk, go_to, report
from tremor.app.forms import encoded, first_values, form_of
from tremor.app.interview import prompt_of
from tremor.app.run import Wish
from tremor.app.sensors import host_of
from tremor.errors import InvalidInputError
from tremor.explanation.interview import Finished
from tremor.report.messages import text
from tremor.session.interface import Command

if TYPE_CHECKING:
    from tremor.app.interview import Interview

__all__ = ["question_page", "reply_number", "routes"]

#: Durations that are offered, s, and where a sensor is worn most.
_DURATIONS_S: Final = (60, 180, 300, 600)
_USUAL_S: Final = 300
_PLACEMENTS: Final = (
    "left-calf", "right-calf", "left-thigh", "right-thigh", "left-shin", "right-shin",
)  # fmt: skip
#: A line that nobody reads, so that a connection which is gone is noticed, after so many s.
_QUIET_S: Final = 10.0
_NO_CONTENT: Final = 204
_NOT_FOUND: Final = 404
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
        Route("/sessions", pages.sessions),
        Route("/sessions/{name}", pages.session),
        Route("/sessions/{name}/report", pages.session_report),
        Route("/trend", pages.trend),
        Route("/trend/report", pages.trend_report),
    ]


def question_page(
    desk: Desk, interview: Interview, *, action: str, refusal: str = "", typed: str = ""
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
    """
    step = interview.step
    return desk.page(
        "questions",
        prompt=None if isinstance(step, Finished) else prompt_of(step),
        said_back=interview.said_back,
        warnings=interview.warnings,
        action=action,
        refusal=refusal,
        typed=typed,
    )


class _SessionPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def home(self, _: Request) -> Response:
        return self._home()

    def _home(self, trouble: str = "") -> Response:
        desk = self._desk
        return desk.page(
            "home",
            status=400 if trouble else 200,
            trouble=trouble,
            sensors=desk.sensors.entries(),
            usual_sensor=desk.sensors.usual,
            said=desk.sensors.said,
            durations=[(one, text("app", "minutes", n=one // 60)) for one in _DURATIONS_S],
            usual=_USUAL_S,
            placements=[(one, one.replace("-", " ")) for one in _PLACEMENTS],
            n_sessions=len(desk.shelf.sessions()),
        )

    async def look(self, _: Request) -> Response:
        if not self._desk.run.is_busy:
            await self._desk.sensors.listen()
        return go_to("/")

    async def start(self, request: Request) -> Response:
        desk = self._desk
        try:
            wish = self._wish(first_values(await form_of(request)))
            desk.require_idle()
            await desk.run.finish()  # a session before it gets its report, also without answers
            desk.run.start(wish)
        except InvalidInputError as error:
            return self._home(str(error))
        return go_to("/live")

    def _wish(self, form: dict[str, str]) -> Wish:
        """Return what a form asks for; what it may hold is what was offered, and nothing else."""
        sensor = self._desk.sensors.find(form.get("sensor", ""))
        duration, placement = form.get("duration", ""), form.get("placement", "")
        if sensor is None:
            raise InvalidInputError(text("app", "no_sensor"))
        if duration not in map(str, _DURATIONS_S) or placement not in ("", *_PLACEMENTS):
            raise InvalidInputError(text("app", "no_form"))
        address = sensor.address
        if sensor.asks_for_host:
            address = f"{address}:{host_of(form.get('host', ''))}"
        return Wish(
            sensor=address,
            placement=placement,
            duration_s=float(duration),
            options=sensor.options,
        )

    async def live(self, _: Request) -> Response:
        if self._desk.run.phase == "idle":
            return go_to("/")
        return self._desk.page("live", ratings=range(10))

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
        return question_page(
            desk, result.interview, action="/questions", refusal=refusal, typed=typed
        )

    async def last(self, _: Request) -> Response:
        run = self._desk.run
        if run.phase != "done" or run.folder is None:
            return go_to("/live")
        return go_to(f"/sessions/{encoded(run.folder.name)}")

    async def sessions(self, _: Request) -> Response:
        found = [
            (one.name, f"/sessions/{encoded(one.name)}", one.report is not None)
            for one in self._desk.shelf.sessions()
        ]
        return self._desk.page("sessions", sessions=found)

    async def session(self, request: Request) -> Response:
        found = self._desk.shelf.find(request.path_params["name"])
        if found is None:
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        place = f"/sessions/{encoded(found.name)}/report"
        return self._desk.page("report", name=found.name, place=place if found.report else "")

    async def session_report(self, request: Request) -> Response:
        found = self._desk.shelf.find(request.path_params["name"])
        if found is None or found.report is None:
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        return report(found.report.read_text(encoding="utf-8"))

    async def trend(self, request: Request) -> Response:
        desk, chosen = self._desk, request.query_params.get("placement")
        placements = await desk.work(desk.shelf.placements)
        if chosen not in placements:
            chosen = placements[0] if placements else None
        trouble = ""
        try:
            await desk.work(lambda: desk.shelf.trend_page(chosen))
        except InvalidInputError as error:
            trouble = str(error)
        query = "" if chosen is None else f"?placement={encoded(chosen)}"
        return desk.page(
            "trend", placements=placements, chosen=chosen, trouble=trouble,
            place=f"/trend/report{query}",
        )  # fmt: skip

    async def trend_report(self, request: Request) -> Response:
        desk, chosen = self._desk, request.query_params.get("placement")
        if chosen is not None and chosen not in await desk.work(desk.shelf.placements):
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        return report(await desk.work(lambda: desk.shelf.trend_page(chosen)))


def reply_number(form: dict[str, list[str]]) -> int:
    """Return which question a form replies to; 0 for none."""
    number = form.get("number", ["0"])[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
