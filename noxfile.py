"""One session for each task. Run ``nox --list`` to see them, ``nox -s NAME`` to run one.

Sessions use the environment that nox is installed in, which holds the extra ``dev``; only `lowest`
and `recipes` make one of their own. `.ci/run` runs the same sessions.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PYTHON = sys.executable
PACKAGES = ("tremor", "devices")

#: Part of the suite that meets every dependency.
LOWEST_TESTS = (
    "tests/cli/test_analyze.py",
    "tests/cli/test_context.py",
    "tests/devices/link/test_bleak.py",
    "tests/devices/link/test_source.py",
    "tests/dsp",
    "tests/formats",
    "tests/measures/test_line.py",
    "tests/report",
    "tests/results",
    "tests/test_face.py",
    "tests/test_notebooks.py",
)

#: Those that are skipped, whole or in part, without the packages of the extras.
EXTRAS_TESTS = (
    "tests/batch/test_tables.py::test_parquet_holds_what_the_csv_holds",
    "tests/cli/test_convert.py::test_a_capture_is_converted_and_reads_the_same",
    "tests/devices/network/test_lsl.py",
    "tests/formats/decoders",
    "tests/formats/test_bids_reading.py",
    "tests/formats/test_mcap.py",
    "tests/formats/test_readers.py::test_every_reader_opens_what_it_claims",
    "tests/formats/test_verification.py",
    "tests/formats/test_write_read.py",
    "tests/formats/test_writers.py",
    "tests/laws/test_segments.py::test_facts_that_are_damaged_are_refused",
    "tests/laws/test_segments.py::test_what_is_written_is_read_back_the_same",
)

nox.options.default_venv_backend = "none"
nox.options.error_on_external_run = False
nox.options.sessions = ["lint", "types", "contracts", "docstrings", "doctests", "docs", "tests"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.run(PYTHON, "-m", "ruff", "check", ".")
    session.run(PYTHON, "-m", "ruff", "format", "--check", ".")


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Repair what can be repaired of style and formatting."""
    session.run(PYTHON, "-m", "ruff", "check", "--fix", ".")
    session.run(PYTHON, "-m", "ruff", "format", ".")


@nox.session
def browser(session: nox.Session) -> None:
    """Look at the pages in Chromium: accessible, quiet, within the screen, printed."""
    session.run(
        PYTHON,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "tests/report/test_browser.py",
        "tests/app/test_browser.py",
    )


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    session.run(PYTHON, "-m", "mypy")


@nox.session
def contracts(session: nox.Session) -> None:
    """Check which room may import which."""
    session.run(str(Path(PYTHON).with_name("lint-imports")))


@nox.session
def docstrings(session: nox.Session) -> None:
    """Check the form of docstrings."""
    files = [str(path) for package in PACKAGES for path in sorted(Path(package).rglob("*.py"))]
    session.run(PYTHON, "-m", "numpydoc", "lint", *files, silent=True)


@nox.session
def doctests(session: nox.Session) -> None:
    """Run the examples in docstrings."""
    session.run(PYTHON, "-m", "pytest", "--doctest-modules", *PACKAGES)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation in docs/_build; a warning of Sphinx is an error."""
    session.run(PYTHON, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "docs", "docs/_build")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on all cores; arguments after ``--`` go to pytest."""
    session.run(PYTHON, "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests, and fail where they reach less of the code than they used to."""
    session.run(PYTHON, "-m", "pytest", "-n", "auto", "--cov", *session.posargs)


@nox.session
def extras(session: nox.Session) -> None:
    """Run the tests that are skipped where the optional packages are not installed."""
    session.run(PYTHON, "-m", "pytest", "-rs", *EXTRAS_TESTS)


@nox.session(venv_backend="venv")
def recipes(session: nox.Session) -> None:
    """Run the recipes for clusters with the tools that they are for; build the image if asked."""
    session.install("snakemake==9.27.1", ".[cluster,test]")
    session.run("pytest", "-q", "-rs", "tests/batch/test_recipes.py", "tests/batch/test_cluster.py")


@nox.session
def notebooks(session: nox.Session) -> None:
    """Run the notebooks and write their outputs; names after ``--`` choose some."""
    session.run(PYTHON, "notebooks/run.py", *session.posargs)


@nox.session(venv_backend="venv")
def lowest(session: nox.Session) -> None:
    """Run a part of the tests on the lowest version of each dependency that is declared."""
    if sys.version_info >= (3, 13):
        session.skip("the lower bounds have no wheels for this Python; use 3.11 or 3.12")
    # Matplotlib of that time calls functions that later versions of pyparsing warn about.
    session.install("--only-binary", ":all:", "pyparsing<3.3", *_lowest_versions())
    session.install("--no-deps", ".")
    session.run("pytest", *(session.posargs or LOWEST_TESTS))


@nox.session
def bench(session: nox.Session) -> None:
    """Run the short form of each benchmark."""
    for path in sorted(Path("tests/bench").glob("*.py")):
        if "--short" in path.read_text(encoding="utf-8"):
            # As in the tests: threads of BLAS stand still on a busy computer.
            session.run(PYTHON, str(path), "--short", env={"OPENBLAS_NUM_THREADS": "1"})


def _lowest_versions() -> list[str]:
    """Return all declared dependencies, each pinned to its lower bound."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["parquet"], *extras["test"]]
    return [requirement.split(",")[0].replace(">=", "==") for requirement in declared]
