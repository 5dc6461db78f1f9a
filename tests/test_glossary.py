"""The glossary says what the tables of the code say."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_glossary_is_that_of_the_tables():
    page = runpy.run_path(str(DOCS / "make_glossary.py"))["page"]()
    assert (DOCS / "glossary.md").read_text(encoding="utf-8") == page, (
        "the glossary is out of date; run: python docs/make_glossary.py"
    )


def test_glossary_defines_every_key():
    page = (DOCS / "glossary.md").read_text(encoding="utf-8")
    for key in ("still_s", "half_life_s", "gaps", "statement_code", "sum_limit"):
        assert f"| `{key}` |" in page
