"""What the docstrings of all public functions state; their form is for numpydoc to check."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import devices
import tremor

#: A shape, such as "(n,)", "(n_samples, 3)" or "array of 3".
_SHAPE = re.compile(r"\([\w ,.*+-]+,[\w ,.*+-]*\)|\bshape\b|\barray of\b")
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_ARRAY = re.compile(r"\bNDArray\b|\bArrayLike\b|\bndarray\b")


def _modules():
    for package in (tremor, devices):
        root = Path(package.__file__).parent
        for path in sorted(root.rglob("*.py")):
            yield pytest.param(path, id=path.relative_to(root.parent).with_suffix("").as_posix())


_MODULES = list(_modules())


@cache
def _parsed(path):
    """Parse a module when a test asks for it: each process collects the tests, and runs a few."""
    return ast.parse(path.read_text(encoding="utf-8"))


def _public_functions(module):
    """Yield (name, function) of what a module exports, with the public methods of its classes."""
    exported = {
        constant.value
        for node in module.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for constant in ast.walk(node.value)
        if isinstance(constant, ast.Constant)
    }
    for node in module.body:
        if getattr(node, "name", "") not in exported:
            continue
        if isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, _FUNCTION)]
            yield from ((f"{node.name}.{m.name}", m) for m in methods if m.name[0] != "_")
        elif isinstance(node, _FUNCTION) and not _is_command(node):
            yield node.name, node


def _is_command(function):
    """Check whether the docstring is the help of a command, which users read."""
    return any("click.command" in ast.unparse(one) for one in function.decorator_list)


def _raised(function):
    """Yield the names of the exceptions that are raised in the body of a function."""
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = ast.unparse(node.exc.func)
            if re.fullmatch(r"[A-Z]\w+(Error|Exit)", name):
                yield name


@pytest.mark.parametrize("path", _MODULES)
def test_what_a_public_function_raises_is_documented(path):
    missing = [
        f"{name}: {error}"
        for name, function in _public_functions(_parsed(path))
        for error in sorted(set(_raised(function)))
        if error not in (ast.get_docstring(function) or "").partition("Raises\n---")[2]
    ]
    assert missing == []


@pytest.mark.parametrize("path", _MODULES)
def test_shapes_of_arrays_are_documented(path):
    missing = [
        f"{name}: {argument.arg}"
        for name, function in _public_functions(_parsed(path))
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if argument.annotation is not None
        and _ARRAY.search(ast.unparse(argument.annotation))
        and not _SHAPE.search(ast.get_docstring(function) or "")
    ]
    assert missing == []


@pytest.mark.parametrize("path", _MODULES)
def test_summaries_begin_with_the_verbs_of_numpydoc(path):
    docstrings = [
        ast.get_docstring(node) or ""
        for node in ast.walk(_parsed(path))
        if isinstance(node, _FUNCTION)
    ]
    assert [one for one in docstrings if re.match(r"(Give|Tell|Say)\b", one)] == []
