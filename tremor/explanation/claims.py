"""The claims of the article, by id. What speaks for or against them is in `evidence`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from tremor.errors import InvalidInputError

__all__ = ["Article", "Claim", "article", "read_article"]

SCHEMA: Final = "tremor.article/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that the article says.

    Parameters
    ----------
    id : str
        What it is cited by, such as ``F3``.
    section : str
        Heading of the article under which it stands.
    text : str
        The claim in words of our own.
    attributed_to : str
        Whom the article names for it; empty where nobody.
    disputed : str
        Who disputes it, and on what ground; empty where nobody does.
    """

    id: str
    section: str
    text: str
    attributed_to: str = ""
    disputed: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the form that the JSON holds."""
        return {
            "id": self.id,
            "section": self.section,
            "text": self.text,
            "attributed_to": self.attributed_to,
            "disputed": self.disputed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The article: where it stands, and its claims by id in their order."""

    title: str
    publisher: str
    claims: Mapping[str, Claim]


@cache
def article() -> Article:
    """Return the article whose claims the explanations rest on.

    Returns
    -------
    Article
        As it ships.

    Examples
    --------
    >>> article().claims["F4"].section
    'Muscle Fatigue'
    """
    text = files("tremor.explanation").joinpath("article.toml").read_text(encoding="utf-8")
    return read_article(tomllib.loads(text))


def read_article(table: Mapping[str, Any]) -> Article:
    """Build the article from its table.

    Parameters
    ----------
    table : mapping
        What the file holds.

    Returns
    -------
    Article
        With every claim.

    Raises
    ------
    InvalidInputError
        If the schema is another one, a claim lacks something, or an id stands twice.
    """
    if table.get("schema") != SCHEMA:
        raise InvalidInputError(
            f"the claims have schema {table.get('schema')!r}; this version reads {SCHEMA!r}"
        )
    claims: dict[str, Claim] = {}
    for row in table["claim"]:
        try:
            claim = Claim(**row)
        except TypeError as error:
            raise InvalidInputError(f"claim {row.get('id', '?')}: {error}") from error
        if claim.id in claims:
            raise InvalidInputError(f"claim {claim.id} stands twice; give each its own id")
        claims[claim.id] = claim
    return Article(
        title=table["title"], publisher=table["publisher"], claims=MappingProxyType(claims)
    )
