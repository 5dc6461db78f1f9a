"""The application: routes, files that do not change, and what is said of errors."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tremor.app import capture_pages, session_pages, shelf_pages
from tremor.app.desk import Desk
from tremor.app.guard import Access, Guard
from tremor.errors import TremorError
from tremor.report.messages import text

__all__ = ["application"]

#: Files that do not change, with the package that holds them and their kind.
_FILES: Final = {
    "style.css": ("tremor.report", "templates/style.css", "text/css"),
    "app.css": ("tremor.app", "static/app.css", "text/css"),
    "app.js": ("tremor.app", "static/app.js", "text/javascript"),
    "uPlot.min.js": ("tremor.app", "static/uPlot.min.js", "text/javascript"),
    "uPlot.min.css": ("tremor.app", "static/uPlot.min.css", "text/css"),
}
#: What is said where no route takes a request, by the words of the router.
_UNROUTED: Final = {"Not Found": "not_there", "Method Not Allowed": "no_form"}
_BAD: Final = 400
_FAILED: Final = 500


def application(desk: Desk, access: Access) -> ASGIApp:
    """Return the application that answers requests.

    Parameters
    ----------
    desk : Desk
        What its pages are about.
    access : Access
        Who may use it.

    Returns
    -------
    ASGI application
        Guarded.
    """

    async def failed(_request: Request, _error: Exception) -> Response:
        return desk.page("trouble", status=_FAILED, trouble=text("app", "failed_page"))

    async def gone(_request: Request, _error: Exception) -> Response:
        return Response(status_code=_BAD)  # nobody is there to read it

    async def said(_: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            words = text("app", _UNROUTED[error.detail]) if error.detail in _UNROUTED else ""
            return desk.page("trouble", status=error.status_code, trouble=words or error.detail)
        return desk.page("trouble", status=_BAD, trouble=str(error))

    app = Starlette(
        routes=[
            *session_pages.routes(desk),
            *shelf_pages.routes(desk),
            *capture_pages.routes(desk),
            Route("/static/{name}", _static),
        ],
        exception_handlers={
            HTTPException: said,
            TremorError: said,
            ClientDisconnect: gone,
            Exception: failed,
        },
    )
    return Guard(app, access)


async def _static(request: Request) -> Response:
    package, path, kind = _FILES.get(request.path_params["name"], ("", "", ""))
    if not package:
        raise HTTPException(404, text("app", "not_there"))
    return Response(files(package).joinpath(path).read_bytes(), media_type=kind)
