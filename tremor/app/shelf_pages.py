"""The pages of what lies in the folder: sessions so far, their reports, and how a leg changed."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tremor.app.desk import Desk, go_to, report
from tremor.app.forms import encoded
from tremor.app.shelf import ShelvedSession, level_texts
from tremor.errors import InvalidInputError
from tremor.report.messages import text

__all__ = ["routes"]

_NOT_FOUND: Final = 404


def routes(desk: Desk) -> list[Route]:
    """Return the routes of what lies in the folder.

    Parameters
    ----------
    desk : Desk
        What they are about.
    """
    pages = _ShelfPages(desk)
    return [
        Route("/sessions", pages.sessions),
        Route("/sessions/{name}", pages.session),
        Route("/sessions/{name}/report", pages.report),
        Route("/sessions/{name}/measure", pages.measure, methods=["POST"]),
        Route("/trend", pages.trend),
        Route("/trend/report", pages.trend_report),
    ]


class _ShelfPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def _found(self, request: Request) -> ShelvedSession:
        found = self._desk.shelf.find(request.path_params["name"])
        if found is None:
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        return found

    def _is_running(self, session: ShelvedSession) -> bool:
        run = self._desk.run
        return run.is_busy and run.folder is not None and run.folder.name == session.name

    async def sessions(self, _: Request) -> Response:
        found = []
        for one in self._desk.shelf.sessions():
            place = f"/sessions/{encoded(one.name)}"
            pages = [(page.label, f"{place}?page={encoded(page.key)}") for page in one.pages]
            found.append((one, place, pages, self._is_running(one)))
        return self._desk.page("sessions", sessions=found)

    async def session(self, request: Request) -> Response:
        desk, found = self._desk, self._found(request)
        if self._is_running(found):
            return go_to("/live")
        page = found.page(request.query_params.get("page", ""))
        is_last = desk.run.folder is not None and desk.run.folder.name == found.name
        return desk.page(
            "session",
            session=found,
            place=f"/sessions/{encoded(found.name)}",
            shown=page,
            levels=await desk.work(lambda: level_texts(found)) if found.is_baseline else (),
            trouble=desk.run.trouble if is_last else "",
            is_asking=is_last and desk.run.phase == "asking",
        )

    async def report(self, request: Request) -> Response:
        page = self._found(request).page(request.query_params.get("page", ""))
        if page is None:
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        return report(page.path.read_text(encoding="utf-8"))

    async def measure(self, request: Request) -> Response:
        """Measure a recording that has no report, such as one that ended with the program."""
        desk, found = self._desk, self._found(request)
        desk.require_idle()
        if found.is_baseline:
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        await desk.run.finish()
        desk.run.measure(found)
        return go_to("/live")

    async def trend(self, request: Request) -> Response:
        desk, chosen = self._desk, request.query_params.get("placement")
        desk.require_no_session()
        placements = desk.shelf.placements()
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
        if chosen is not None and chosen not in desk.shelf.placements():
            raise HTTPException(_NOT_FOUND, text("app", "not_there"))
        return report(await desk.work(lambda: desk.shelf.trend_page(chosen)))
