"""Settings of the process change no result."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CAPTURE = Path(__file__).parents[2] / "sample_data" / "post_run_calf.csv"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def analyze(**environment):
    unset = {key: value for key, value in os.environ.items() if key not in THREADS}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tremor.cli.main import main; main()",
            "analyze",
            "--json",
            CAPTURE,
        ],
        capture_output=True,
        env=unset | environment,
        check=True,
        timeout=120,
    )
    return done.stdout


@pytest.fixture(scope="module")
def unset():
    return analyze()


@pytest.mark.parametrize("n_threads", ["1", "2"])
@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
def test_the_number_of_threads_of_the_linear_algebra_changes_no_digit(unset, name, n_threads):
    assert analyze(**{name: n_threads}) == unset
