"""What is installed to check the code is pinned, so that a commit passes or fails on any day."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
EXTRAS = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
PINNED = {
    one.partition("==")[0] for one in (*EXTRAS["dev"], *EXTRAS["docs"]) if "==" in one
}  # fmt: skip


@pytest.mark.parametrize("extra", ["dev", "docs"])
def test_every_tool_is_pinned(extra):
    others = [one for one in EXTRAS[extra] if "==" not in one]
    assert all(one.startswith("tremor-analyzer[") for one in others), others


@pytest.mark.parametrize("extra", sorted({*EXTRAS} - {"dev", "docs"}))
def test_what_an_extra_brings_is_pinned_for_the_checks(extra):
    names = {re.split(r"[\[<>=!~; ]", one)[0] for one in EXTRAS[extra]}
    assert names <= PINNED, "pin it in the extra dev"
    assert any(extra in one for one in EXTRAS["dev"] if one.startswith("tremor-analyzer["))
