"""The page of vignettes says what their table says."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_page_is_that_of_the_table():
    page = runpy.run_path(str(DOCS / "make_vignettes.py"))["page"]()
    assert (DOCS / "vignettes.md").read_text(encoding="utf-8") == page, (
        "the vignettes are out of date; run: python docs/make_vignettes.py"
    )
