"""The notebooks run from a clean state, and what they show is what they compute."""

from __future__ import annotations

import ast
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tremor

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EACH = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

#: Largest figure that is worth its place in the repository, bytes.
LARGEST_FIGURE = 60_000
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
#: In a kernel, raises where a cell reaches for the network.
_NO_NETWORK = """\
import socket, sys

def _refuse(event, arguments):
    if event == "socket.getaddrinfo":
        raise RuntimeError("a notebook looks up a name")
    if event in ("socket.connect", "socket.sendto") and arguments[0].family != socket.AF_UNIX:
        raise RuntimeError("a notebook reaches for the network")

if sys.platform != "win32":
    sys.addaudithook(_refuse)
"""


def cells_of(path, kind="code"):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == kind]


def shown(cell):
    """Return the kinds of outputs of a cell, and their text."""
    kinds, texts = [], []
    for output in cell["outputs"]:
        data = output.get("data", {})
        kinds.append((output["output_type"], output.get("name"), sorted(data)))
        texts += output.get("text", []) + data.get("text/plain", [])
    return kinds, "".join(texts)


def agree(text, other):
    """Check whether texts are equal but for the last digit of their numbers."""
    words, other_words = (" ".join(_NUMBER.sub("#", one).split()) for one in (text, other))
    pairs = zip(_NUMBER.findall(text), _NUMBER.findall(other), strict=False)
    return words == other_words and all(_same_number(*pair) for pair in pairs)


def _same_number(text, other):
    digits = len(text.partition(".")[2])
    return (
        digits == len(other.partition(".")[2])
        and abs(float(text) - float(other)) < 1.5 * 10.0**-digits
    )


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("8.39 Hz, 57 of 60", True),
        ("8.40  Hz, 57 of 60", True),
        ("8.41 Hz, 57 of 60", False),
        ("8.4 Hz, 57 of 60", False),
        ("8.39 Hz, 57 of 62", False),
        ("8.39 Hz, 57 out of 60", False),
        ("8.39 Hz, 57 of", False),
    ],
)
def test_agreement_is_up_to_the_last_digit(other, same):
    assert agree("8.39 Hz, 57 of 60", other) is same


def run(folder, name):
    """Run a notebook of a folder by its script, with no settings of this user and no network."""
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "no_network.py").write_text(_NO_NETWORK, encoding="utf-8")
    places = {f"JUPYTER_{one}_DIR": str(folder / one) for one in ("CONFIG", "DATA", "RUNTIME")}
    return subprocess.run(
        [sys.executable, str(folder / "notebooks" / "run.py"), name],
        cwd=folder,
        env={**os.environ, **places, "IPYTHONDIR": str(folder / "ipython")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@EACH
def test_a_notebook_runs_and_shows_what_is_committed(path, tmp_path):
    for name in ("notebooks", "sample_data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    before = sorted((tmp_path / "notebooks").rglob("*"))
    ran = run(tmp_path, path.stem)
    assert ran.returncode == 0, ran.stderr
    fresh_path = tmp_path / "notebooks" / path.name
    for cell, fresh in zip(cells_of(path), cells_of(fresh_path), strict=True):
        kinds, text = shown(cell)
        fresh_kinds, fresh_text = shown(fresh)
        assert kinds == fresh_kinds, f"{cell['id']} is out of date; run: nox -s notebooks"
        assert agree(text, fresh_text), (
            f"{cell['id']} is out of date; run: nox -s notebooks\n{text}\nnow\n{fresh_text}"
        )
    assert sorted((tmp_path / "notebooks").rglob("*")) == before, "it leaves files behind"


@pytest.mark.skipif(sys.platform == "win32", reason="an event loop needs the loopback interface")
def test_a_notebook_that_reaches_for_the_network_fails(tmp_path):
    cell = {"cell_type": "code", "id": "one", "metadata": {}, "outputs": []}
    source = "import socket\nsocket.create_connection(('::1', 9))"
    cell |= {"execution_count": None, "source": source}
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "run.py", tmp_path / "notebooks")
    (tmp_path / "notebooks" / "bad.ipynb").write_text(json.dumps(book), encoding="utf-8")
    ran = run(tmp_path, "bad")
    assert ran.returncode != 0
    assert "a notebook looks up a name" in ran.stderr


@EACH
def test_outputs_are_committed_as_one_run_from_top_to_bottom_left_them(path):
    cells = cells_of(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = [kind for cell in cells for kind in shown(cell)[0]]
    assert kinds
    assert not [kind for kind in kinds if kind[0] == "error" or kind[1] == "stderr"]
    assert any("image/png" in kind[2] for kind in kinds) or path.stem.startswith("03")


@EACH
def test_figures_are_small_and_nothing_tells_of_the_computer(path):
    book = json.loads(path.read_text(encoding="utf-8"))
    assert book["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in book["cells"]:
        assert cell["metadata"] == {}
        for output in cell.get("outputs", []):
            figure = output.get("data", {}).pop("image/png", "")
            assert len(base64.b64decode("".join(figure))) < LARGEST_FIGURE, cell["id"]
    without_figures = json.dumps(book)
    for private in (str(ROOT), str(Path.home()) + os.sep, "/tmp/", "0x7f", "site-packages"):
        assert private not in without_figures


@EACH
def test_a_notebook_opens_with_its_question_and_ends_with_the_answer(path):
    first, *_, last = ("".join(cell["source"]) for cell in cells_of(path, "markdown"))
    assert first.startswith("# ")
    assert "\n**Question.** " in first
    assert last.startswith("## Answer\n")


@EACH
def test_a_notebook_uses_the_public_names_alone(path):
    public = {"tremor": {*tremor.__all__, "synthesis"}, "devices": {"PROFILES", "open_source"}}
    for cell in cells_of(path):
        # Cells may hold `await`.
        tree = compile(
            "".join(cell["source"]),
            cell["id"],
            "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for one in node.names:
                    assert not one.name.startswith(("tremor.", "devices.")), cell["id"]
            if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] in public:
                assert {one.name for one in node.names} <= public[node.module], cell["id"]
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_"), cell["id"]
                if isinstance(node.value, ast.Name) and node.value.id in public:
                    assert node.attr in public[node.value.id], cell["id"]


@EACH
def test_a_notebook_is_listed_in_the_readme(path):
    assert f"(notebooks/{path.name})" in (ROOT / "README.md").read_text(encoding="utf-8")
