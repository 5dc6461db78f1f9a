"""What the pages share: the session, the shelf, the captures, and how a page is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, Final, TypeVar

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tremor.app.captures import Captures
from tremor.app.guard import REPORT_POLICY
from tremor.app.run import Run
from tremor.app.sensors import Sensors
from tremor.app.shelf import Shelf
from tremor.errors import InvalidInputError
from tremor.report.messages import text

__all__ = ["WORKER", "Desk", "go_to", "report"]

_SEE_OTHER: Final = 303
#: Name of the threads that the end of the program does not wait for.
WORKER: Final = "tremor-work"
_Found = TypeVar("_Found")


class Desk:
    """Everything that the pages are about.

    Parameters
    ----------
    root : Path
        Folder in which recordings are made.
    """

    def __init__(self, root: Path) -> None:
        self.run = Run(root)
        self.shelf = Shelf(root)
        self.sensors = Sensors()
        self.captures = Captures()
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader("tremor.app"), PackageLoader("tremor.report")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._work = asyncio.Lock()

    def require_no_session(self) -> None:
        """Check that nothing is recorded or measured.

        Raises
        ------
        InvalidInputError
            If a session runs.
        """
        if self.run.is_busy:
            raise InvalidInputError(text("app", "busy"))

    def require_idle(self) -> None:
        """Check that nothing takes the processor that a recording needs.

        Raises
        ------
        InvalidInputError
            If a recording runs, or something is being measured.
        """
        self.require_no_session()
        if self._work.locked():
            raise InvalidInputError(text("app", "working"))

    async def work(self, task: Callable[[], _Found]) -> _Found:
        """Do something that takes a processor for seconds, one thing at a time.

        The program ends without waiting for it.

        Raises
        ------
        InvalidInputError
            If a recording runs: it would have to wait for packets.
        """
        self.require_no_session()
        async with self._work:
            return await _in_daemon(task)

    def page(self, name: str, /, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - whatever the template shows
        """Render a page.

        Parameters
        ----------
        name : str
            Name of its template.
        status : int
            Status of the response.
        **values
            What the template shows.
        """
        template = self._templates.get_template(f"{name}.html.j2")
        shared = {"t": partial(text, "app"), "here": name, "places": self._places()}
        html = template.render(**shared, **values).replace("m/s^2", "m/s²")
        return HTMLResponse(html, status_code=status)

    def _places(self) -> tuple[tuple[str, str], ...]:
        """Return the places that a page leads to now: path and name."""
        busy = ("/live", "live") if self.run.is_busy else ("/", "home")
        asks = (("/questions", "questions"),) if self.run.phase == "asking" else ()
        return (busy, *asks, ("/sessions", "sessions"), ("/drop", "drop"))

    async def close(self) -> None:
        """Save what is being recorded, and leave nothing behind."""
        await self.run.close()
        self.run.feed.close()
        self.captures.close()


async def _in_daemon(task: Callable[[], _Found]) -> _Found:
    """Do something in a thread that the end of the program does not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_Found] = loop.create_future()

    def hand_over(deliver: Callable[[], None]) -> None:
        if not done.done():  # its request was broken off
            deliver()

    def work() -> None:
        try:
            deliver = partial(done.set_result, task())
        except BaseException as error:
            deliver = partial(done.set_exception, error)
        with suppress(RuntimeError):  # the program has ended
            loop.call_soon_threadsafe(hand_over, deliver)

    Thread(target=work, name=WORKER, daemon=True).start()
    return await done


def go_to(place: str) -> Response:
    """Return the answer to a form: where the browser goes next."""
    return RedirectResponse(place, _SEE_OTHER)


def report(html: str) -> Response:
    """Return a report, which holds its styles and runs nothing."""
    return HTMLResponse(html, headers={"content-security-policy": REPORT_POLICY})
