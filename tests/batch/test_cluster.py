"""A batch on a real Dask cluster, one of whose two workers is killed in the middle."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RIG = Path(__file__).parents[1] / "rigs" / "cluster.py"
SAMPLES = Path(__file__).parents[2] / "sample_data"


@pytest.mark.skipif(sys.platform == "win32", reason="workers are killed by a signal")
def test_every_result_is_found_when_a_worker_is_killed(tmp_path):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    captures = tmp_path / "captures"
    captures.mkdir()
    for number in range(4):
        for sample in ("quiet_leg.csv", "walking_no_tremor.csv"):
            (captures / f"{number}_{sample}").write_bytes((SAMPLES / sample).read_bytes())
    command = [sys.executable, str(RIG), str(captures), str(tmp_path / "out")]
    found = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert found.stdout, found.stderr
    told = json.loads(found.stdout.splitlines()[-1])
    assert told["counts"] == {"no_tremor": 4, "insufficient": 4}
    assert told["killer"] == {"0": 0, "1": 1, "2": 4, "3": "KilledWorker", "4": 16, "5": 25}
    assert len((tmp_path / "out" / "summary.csv").read_text().splitlines()) == 9
