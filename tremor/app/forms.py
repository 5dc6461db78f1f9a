"""Forms of the page as they arrive, bounded and decoded; names as parts of an address."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, unquote

from starlette.requests import Request

from tremor.errors import InvalidInputError
from tremor.report.messages import text
from tremor.settings import APP_BOUNDS

__all__ = ["decoded", "encoded", "first_values", "form_of"]

#: A rate for each sensor in reach, and what is asked once.
_MOST_FIELDS = 256


async def form_of(request: Request) -> dict[str, list[str]]:
    """Read a form.

    Parameters
    ----------
    request : Request
        With a body in the form of a query.

    Returns
    -------
    dict
        Values by the name of their field.

    Raises
    ------
    InvalidInputError
        If it is too large, or no form.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > APP_BOUNDS.most_form_bytes:
            raise InvalidInputError(text("app", "form_too_large"))
    try:
        return parse_qs(body.decode("utf-8"), max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:  # also what is not UTF-8
        raise InvalidInputError(text("app", "no_form")) from None


def first_values(form: dict[str, list[str]]) -> dict[str, str]:
    """Return the first value of each field."""
    return {name: values[0] for name, values in form.items()}


def encoded(name: str) -> str:
    """Return a name as one part of an address."""
    return quote(name, safe="")


def decoded(name: str) -> str:
    """Return the name that `encoded` was given."""
    return unquote(name)
