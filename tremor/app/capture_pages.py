"""The pages of a capture that is dropped: what was decided, other choices, questions, report."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tremor.app.captures import CHOICES, Capture
from tremor.app.desk import Desk, go_to, report
from tremor.app.forms import decoded, first_values, form_of
from tremor.app.results import HeldResult
from tremor.app.session_pages import question_page, reply_number
from tremor.errors import InvalidInputError
from tremor.report.messages import text
from tremor.settings import APP_BOUNDS

__all__ = ["routes"]

_NOT_FOUND: Final = 404
_BAD: Final = 400
#: Choices of which one is taken, by name; the others are written.
_OFFERED: Final = {
    "gravity": ("included", "removed"),
    "time_unit": ("s", "ms", "us", "ns", "text"),
}


def routes(desk: Desk) -> list[Route]:
    """Return the routes of captures.

    Parameters
    ----------
    desk : Desk
        What they are about.
    """
    pages = _CapturePages(desk)
    return [
        Route("/drop", pages.drop),
        Route("/drop", pages.receive, methods=["POST"]),
        Route("/captures/{key}", pages.capture),
        Route("/captures/{key}", pages.check, methods=["POST"]),
        Route("/captures/{key}/analyze", pages.analyze, methods=["POST"]),
        Route("/captures/{key}/questions", pages.questions, methods=["GET", "POST"]),
        Route("/captures/{key}/report", pages.report),
        Route("/captures/{key}/page", pages.page),
    ]


class _CapturePages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def drop(self, _: Request) -> Response:
        return self._desk.page("drop", bounds=APP_BOUNDS)

    async def receive(self, request: Request) -> Response:
        """Take a file, and answer where its page is."""
        desk = self._desk
        try:
            desk.require_idle()
            name = decoded(request.headers.get("x-file-name", ""))
            capture = await desk.captures.receive(name, request.stream())
            await desk.work(lambda: capture.check({}))
        except InvalidInputError as error:
            return JSONResponse({"trouble": str(error)}, status_code=_BAD)
        return JSONResponse({"go": f"/captures/{capture.key}"})

    def _capture(self, request: Request) -> Capture:
        found = self._desk.captures.find(request.path_params["key"])
        if found is None:
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        return found

    def _result(self, request: Request) -> tuple[Capture, HeldResult]:
        capture = self._capture(request)
        if capture.result is None:
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        return capture, capture.result

    async def capture(self, request: Request) -> Response:
        capture = self._capture(request)
        return self._desk.page("capture", capture=capture, choices=CHOICES, offered=_OFFERED)

    async def check(self, request: Request) -> Response:
        capture, form = self._capture(request), first_values(await form_of(request))
        await self._desk.work(lambda: capture.check(form))
        return go_to(f"/captures/{capture.key}")

    async def analyze(self, request: Request) -> Response:
        capture = self._capture(request)
        await self._desk.work(capture.analyze)
        there = "/questions" if capture.result is not None else ""
        return go_to(f"/captures/{capture.key}{there}")

    async def questions(self, request: Request) -> Response:
        capture, result = self._result(request)
        refusal, typed = "", ""
        if request.method == "POST":
            form = await form_of(request)
            if "end" in form:
                await self._desk.work(result.finish)
                return go_to(f"/captures/{capture.key}/report")
            typed = ", ".join(form.get("reply", []))
            refusal = await self._desk.work(
                lambda: result.interview.reply(reply_number(form), [typed])
            )
            if not refusal:
                return go_to(f"/captures/{capture.key}/questions")
        return question_page(
            self._desk,
            result.interview,
            action=f"/captures/{capture.key}/questions",
            refusal=refusal,
            typed=typed,
        )

    async def report(self, request: Request) -> Response:
        capture, result = self._result(request)
        place = f"/captures/{capture.key}/page" if result.page else ""
        return self._desk.page("report", name=capture.name, place=place)

    async def page(self, request: Request) -> Response:
        _, result = self._result(request)
        if result.page is None:
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        return report(result.page)
