"""Which requests are answered: those of this computer, and with ``--lan`` of who holds the token.

A page of another site can send requests to an address of this computer, also under a name of its
own that it lets point here. So the name in ``Host`` must be one that this program listens under,
and whatever changes something must come from one of its own pages.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tremor.report.messages import text

__all__ = ["PAGE_POLICY", "REPORT_POLICY", "Access", "Guard"]

#: Nothing is loaded from, sent to, or framed by anybody else.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'self'; "
    "base-uri 'none'"
)
#: A report holds its styles and figures, and runs nothing.
REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
_HEADERS: Final = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    # With none at all, a browser names no origin for its forms either.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_COOKIE: Final = "tremor"
_JOIN: Final = "/join"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_FORBIDDEN: Final = 403
_SEE_OTHER: Final = 303


class Access:
    """Who may use the page.

    Parameters
    ----------
    port : int
        Port on this computer.
    lan : str
        Address in the local network; empty if only this computer is served.
    on_join : callable, optional
        Called when a device has joined, as the token is a new one then.
    """

    def __init__(
        self, port: int, *, lan: str = "", on_join: Callable[[], None] = lambda: None
    ) -> None:
        self.port = port
        self.lan = lan
        self.on_join = on_join
        self.token = secrets.token_urlsafe(16)
        self._cookie = secrets.token_urlsafe(32)

    @property
    def local_url(self) -> str:
        """Address for a browser of this computer."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def join_url(self) -> str:
        """Address for one other device; it holds until it is used."""
        return f"http://{self.lan}:{self.port}{_JOIN}?token={self.token}"

    def hosts(self, *, is_local: bool) -> frozenset[str]:
        """Return the values of ``Host`` that are answered."""
        names = ("127.0.0.1", "localhost", "[::1]") if is_local else (self.lan,)
        return frozenset(f"{name}:{self.port}" for name in names if name)

    def join(self, token: str) -> str | None:
        """Return the cookie for a token, which is used up; None if it is wrong."""
        if not self.lan or not secrets.compare_digest(token.encode(), self.token.encode()):
            return None
        self.token = secrets.token_urlsafe(16)
        self.on_join()
        return self._cookie

    def knows(self, cookies: str) -> bool:
        """Check whether a device has joined."""
        held = cookie_parser(cookies).get(_COOKIE, "")
        return secrets.compare_digest(held.encode(), self._cookie.encode())


class Guard:
    """Answers what may be answered, with headers that let nothing in or out.

    Parameters
    ----------
    app : ASGI application
        What it guards.
    access : Access
        Who may use it.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":  # no page opens a web socket
            return
        with_headers = _sender(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that goes no further; None if it does."""
        headers = Headers(scope=scope)
        server: Any = scope.get("server")
        is_local = server is not None and server[0] in _LOOPBACK
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._access.hosts(is_local=is_local):
            return PlainTextResponse(text("app", "wrong_host"), _FORBIDDEN)
        if scope["method"] not in _SAFE_METHODS and headers.get("origin") != f"http://{hosts[0]}":
            return PlainTextResponse(text("app", "wrong_origin"), _FORBIDDEN)
        if is_local or self._access.knows(headers.get("cookie", "")):
            return None
        return self._joined(scope) or PlainTextResponse(text("app", "no_token"), _FORBIDDEN)

    def _joined(self, scope: Scope) -> Response | None:
        if scope["path"] != _JOIN or scope["method"] != "GET":
            return None
        cookie = self._access.join(QueryParams(scope["query_string"]).get("token", ""))
        if cookie is None:
            return None
        response = RedirectResponse("/", _SEE_OTHER)
        response.set_cookie(_COOKIE, cookie, httponly=True, samesite="strict")
        return response


def _sender(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers
