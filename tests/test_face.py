from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tremor

HEAVY = {"numpy", "scipy", "pandas", "matplotlib", "bleak", "rich", "jinja2", "click"}


def test_import_of_the_package_loads_nothing_heavy():
    code = "import json, sys, tremor; dir(tremor); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=True,
        timeout=60,
    )
    assert not set(json.loads(done.stdout)) & HEAVY


@pytest.mark.parametrize("name", tremor.__all__)
def test_every_public_name_is_there(name):
    assert getattr(tremor, name) is not None


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'qqq'"):
        _ = tremor.qqq
