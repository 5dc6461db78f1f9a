"""The result as JSON, and the schema that it follows. The document itself is made by `Analysis`."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tremor.analysis.results import Analysis

__all__ = ["render", "schema", "schema_text"]


def render(analysis: Analysis, *, one_line: bool = False) -> str:
    """Give the document of an analysis as text.

    Parameters
    ----------
    analysis : Analysis
        The result.
    one_line : bool
        One line for a stream of results; indented otherwise.

    Returns
    -------
    str
        JSON.
    """
    return analysis.to_json(indent=None if one_line else 2)


def schema_text() -> str:
    """Give the JSON Schema of the document as it ships."""
    path = files("tremor.report").joinpath("analysis.schema.json")
    return path.read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """Give the JSON Schema of the document."""
    loaded: dict[str, Any] = json.loads(schema_text())
    return loaded
