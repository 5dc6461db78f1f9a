"""Paths as arguments and options of the commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

__all__ = ["PATH", "PATH_TEXT"]

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:  # of early versions it takes no type
    _ParamType = click.ParamType


class _PathType(_ParamType):
    """Path of a file or folder that need not exist; an empty text is none.

    `pathlib` takes an empty text for the present folder. A variable of a shell that is not set
    must not become one.

    Parameters
    ----------
    as_text : bool
        Keep the text as it is: it may be a pattern or an address as well.
    """

    name = "path"

    def __init__(self, *, as_text: bool = False) -> None:
        self._as_text = as_text

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - click's signature
        """Return the path; what is no text is a default, and stays."""
        if not isinstance(value, str):
            return value
        if not value.strip():
            self.fail("the path is empty; give a file or a folder (. is this folder)", param, ctx)
        return value if self._as_text else Path(value)


PATH: Final = _PathType()
PATH_TEXT: Final = _PathType(as_text=True)
