"""The recipes of the documentation, run as they stand, or read where their tool is not there."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "recipes"


@pytest.fixture
def place(tmp_path):
    """A folder with six captures and a bad one, and a `tremor` on the path."""
    captures = tmp_path / "captures"
    captures.mkdir()
    for number in range(6):
        shutil.copy(ROOT / "sample_data" / "walking_no_tremor.csv", captures / f"{number}.csv")
    (captures / "bad.csv").write_text("none\n")
    command = tmp_path / "bin" / "tremor"
    command.parent.mkdir()
    paths = os.pathsep.join(sys.path)
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{paths}" exec "{sys.executable}" -m tremor "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def run(place, *command, **variables):
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=place,
        env=os.environ | {"PATH": path} | variables,
        text=True,
        capture_output=True,
    )


def assert_is_whole(place):
    rows = (place / "results" / "summary.csv").read_text().splitlines()
    assert len(rows) == 8
    assert sum(",failed," in row for row in rows) == 1


#: What schedulers call the number of a task and of tasks, and whether they pass arguments.
SCHEDULERS = {
    "slurm": ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", True),
    "lsf": ("LSB_JOBINDEX", "LSB_JOBINDEX_END", True),
    "sge": ("SGE_TASK_ID", "SGE_TASK_LAST", True),
    "pbs": ("PBS_ARRAY_INDEX", "", False),
}


def run_tasks(place, scheduler):
    """Run the three tasks of an array as a scheduler would."""
    number, of, passes = SCHEDULERS[scheduler]
    script = place / "array.sh"
    text = (RECIPES / "slurm_array.sh").read_text()
    script.write_text(text if of else text.replace("SGE_TASK_LAST:-40", "SGE_TASK_LAST:-3"))
    asked = ("captures", "results") if passes else ()
    variables = {of: "3"} if of else {"CAPTURES": "captures", "OUT": "results"}
    for task in ("1", "2", "3"):
        done = run(place, "bash", str(script), *asked, **variables, **{number: task})
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_the_job_array(place):
    run_tasks(place, "slurm")
    assert run(place, "tremor", "merge", "results").returncode == 7
    assert_is_whole(place)


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_the_job_array_asks_for_the_same_shares_under_every_scheduler(place, scheduler):
    """What the command makes of them is the same: it is not run, and its words are noted."""
    told = place / "told"
    (place / "bin" / "tremor").write_text(f'#!/bin/sh\necho "$@" >>"{told}"\nexit 7\n')
    run_tasks(place, scheduler)
    assert told.read_text().splitlines() == [
        f"batch captures --out results --shard {task}/3 --resume -q" for task in (1, 2, 3)
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_job_that_cannot_work_fails(place):
    done = run(
        place, "bash", str(RECIPES / "slurm_array.sh"), "nothing", "results",
        SLURM_ARRAY_TASK_ID="1", SLURM_ARRAY_TASK_COUNT="1",
    )  # fmt: skip
    assert done.returncode == 3


def test_the_snakefile(place):
    snakemake = shutil.which("snakemake") or shutil.which(
        "snakemake", path=Path(sys.executable).parent
    )
    if snakemake is None:
        pytest.skip("snakemake is not installed; nox -s recipes installs it")
    manifest = place / "all of them.csv"
    names = sorted(one.name for one in (place / "captures").iterdir())
    for listed in (names[:3], names):  # what is added to the manifest is found
        manifest.write_text("path\n" + "".join(f"captures/{one}\n" for one in listed))
        done = run(
            place, snakemake, "--snakefile", str(RECIPES / "Snakefile"), "--cores", "2",
            "--config", f"captures={manifest.name}", "shares=3", "--quiet",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert_is_whole(place)


def test_the_image_is_built_or_read():
    recipe = RECIPES / "Containerfile"
    builder = next(filter(None, map(shutil.which, ("podman", "buildah", "docker"))), None)
    if builder and os.environ.get("TREMOR_BUILD_IMAGE"):
        tag = "localhost/tremor-recipe-test"
        built = subprocess.run(
            [builder, "build", "-f", recipe, "-t", tag, ROOT], capture_output=True, text=True
        )
        assert built.returncode == 0, built.stderr
        return
    lines = re.sub(r"\\\n", " ", recipe.read_text()).splitlines()
    found = [line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#")]
    known = {"FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in found} <= known
    images = [rest for name, rest in found if name == "FROM"]
    assert all(re.match(r"\S+/\S+:[\w.-]+( AS \w+)?$", image) for image in images)
    stages = {image.split(" AS ")[1] for image in images if " AS " in image}
    assert stages >= set(re.findall(r"--from=(\w+)", recipe.read_text()))
    assert ["USER", "1000"] in found
    extras = re.search(r"\[([\w,]+)\]", recipe.read_text())[1].split(",")
    declared = (ROOT / "pyproject.toml").read_text()
    assert all(re.search(rf"^{extra} = \[", declared, re.MULTILINE) for extra in extras)
