"""Whole batches: what is found in each capture, and that nothing depends on who does the work."""

import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from rigs.deadly import square_or_die

from tremor.batch.executors import SerialExecutor, processes, results_of
from tremor.batch.items import Shard, gather_items
from tremor.batch.request import BatchRequest
from tremor.batch.rows import Journal
from tremor.batch.run import Workers, merge_batches, run_batch
from tremor.errors import CaptureNotFoundError, InvalidInputError, WouldOverwriteError
from tremor.results.analysis import Analysis
from tremor.settings import AnalysisSettings

RATE_HZ = 52.0
BAD = {
    "cut.csv": b"time_s,x,y,z\n0,0,0,9.81\n",
    "letter.csv": b"Dear Sir,\n",
    "noise.csv": b"\xff\0\x81" * 99,
}
TABLES = ("summary.csv", "quality.csv", "long.csv", "subjects.csv", "groups.csv", "index.html")


def write_capture(path: Path, *, frequency_hz: float, seed: int, peak_ms2: float = 0.4) -> None:
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(40 * RATE_HZ)) / RATE_HZ
    samples = rng.normal(0, 0.01, (len(time_s), 3)) + np.array([0, 0, 9.80665])
    samples[:, 0] += peak_ms2 * np.sin(2 * np.pi * frequency_hz * time_s)
    rows = [
        f"{t:.6f},{x:.5f},{y:.5f},{z:.5f}" for t, (x, y, z) in zip(time_s, samples, strict=True)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["time_s,x,y,z", *rows]) + "\n")


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    """Nine captures of three subjects, in folders, with three bad ones among them."""
    folder = tmp_path_factory.mktemp("captures")
    for number in range(9):
        write_capture(
            folder / f"subject{number % 3}" / f"rest{number}.csv",
            frequency_hz=6.0 + 0.5 * (number % 3),
            seed=number,
            peak_ms2=0.2 + 0.1 * number,
        )
    for name, content in BAD.items():
        (folder / name).write_bytes(content)
    (folder / "notes.md").write_text("none of it is a capture")
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def run(captures, out, **options):
    return run_batch(gather_items([str(captures)]), BatchRequest(out=out), **options)


@pytest.fixture(scope="module")
def serial(captures, tmp_path_factory):
    out = tmp_path_factory.mktemp("serial")
    return run(captures, out), out


def test_each_capture_has_a_row_with_what_was_put_in(serial):
    report, out = serial
    assert report.counts == {"measured": 9, "failed": 3}
    found = {Path(row["path"]).name: row for row in rows_of(out / "summary.csv")}
    for number in range(9):
        row = found[f"rest{number}.csv"]
        assert float(row["frequency_hz"]) == pytest.approx(6.0 + 0.5 * (number % 3), abs=0.02)
        assert float(row["rms_ms2"]) == pytest.approx((0.2 + 0.1 * number) / 2**0.5, rel=0.05)
        assert float(row["rms_ms2_low"]) < float(row["rms_ms2"]) < float(row["rms_ms2_high"])
    for name in BAD:
        assert found[name]["outcome"] == "failed"
        assert name in found[name]["error"]
        assert found[name]["error_kind"].endswith("Error")


def test_a_result_is_that_of_analyze(serial):
    _, out = serial
    row = next(row for row in rows_of(out / "summary.csv") if row["outcome"] == "measured")
    result = Analysis.from_json(gzip.decompress((out / row["result"]).read_bytes()).decode())
    assert result.summary.frequency_hz.value == float(row["frequency_hz"])


@pytest.mark.parametrize("n_shards", [1, 2, 5, 20])
def test_tables_do_not_depend_on_shares(captures, serial, tmp_path, n_shards):
    for i in range(n_shards):
        run(captures, tmp_path, shard=Shard(i + 1, n_shards))
    merge_batches([tmp_path], tmp_path)
    for name in TABLES:
        assert (tmp_path / name).read_bytes() == (serial[1] / name).read_bytes(), name


def test_tables_do_not_depend_on_workers(captures, serial, tmp_path):
    report = run(captures, tmp_path, workers=Workers(n_processes=2))
    assert report.counts == serial[0].counts
    for name in TABLES:
        assert (tmp_path / name).read_bytes() == (serial[1] / name).read_bytes(), name


def test_shares_in_folders_of_their_own_are_merged(captures, serial, tmp_path):
    folders = [tmp_path / f"share{i}" for i in (1, 2)]
    for i, folder in enumerate(folders, start=1):
        run(captures, folder, shard=Shard(i, 2))
    merge_batches(folders, tmp_path / "all")
    assert (tmp_path / "all" / "summary.csv").read_bytes() == (
        serial[1] / "summary.csv"
    ).read_bytes()
    page = (tmp_path / "all" / "index.html").read_text()
    assert "../share1/results/" in page


def test_a_folder_without_a_batch_is_not_merged(tmp_path):
    with pytest.raises(CaptureNotFoundError, match="holds no batch"):
        merge_batches([tmp_path], tmp_path)


def test_an_old_batch_is_not_replaced_unasked(captures, serial):
    with pytest.raises(WouldOverwriteError, match="--resume"):
        run(captures, serial[1])


class TestResume:
    @pytest.fixture
    def out(self, serial, tmp_path):
        return shutil.copytree(serial[1], tmp_path / "out")

    def test_nothing_is_done_again(self, captures, out):
        before = {one: one.stat().st_mtime_ns for one in out.rglob("*.json.gz")}
        report = run(captures, out, resume=True)
        assert report.n_kept == 12
        assert {one: one.stat().st_mtime_ns for one in out.rglob("*.json.gz")} == before

    def test_what_changed_is_done_again(self, captures, out):
        changed = captures / "subject0" / "rest0.csv"
        old = changed.read_bytes()
        try:
            write_capture(changed, frequency_hz=9.0, seed=0)
            assert run(captures, out, resume=True).n_kept == 11
            found = {row["path"]: row for row in rows_of(out / "summary.csv")}
            assert float(found[str(changed)]["frequency_hz"]) == pytest.approx(9.0, abs=0.02)
        finally:
            changed.write_bytes(old)

    def test_another_setting_does_all_anew(self, captures, out):
        request = BatchRequest(out=out, settings=AnalysisSettings(band_high_hz=11.0))
        report = run_batch(gather_items([str(captures)]), request, resume=True)
        # What cannot be read is read again, too: its key holds the settings.
        assert report.n_kept == 0

    def test_a_missing_result_is_made_again(self, captures, out):
        next(iter(out.rglob("*.json.gz"))).unlink()
        assert run(captures, out, resume=True).n_kept == 11

    def test_a_page_of_an_earlier_result_is_not_shown(self, captures, out):
        result = next(iter(out.rglob("*.json.gz")))
        result.with_name(result.name.replace(".json.gz", ".html")).write_text("of before")
        result.unlink()
        run(captures, out, resume=True)
        assert result.exists()
        assert not list((out / "results").rglob("*.html"))

    def test_a_torn_line_costs_one_capture(self, captures, serial, out):
        journal = out / "rows-1-of-1.jsonl"
        journal.write_bytes(journal.read_bytes()[:-40])
        assert run(captures, out, resume=True).n_kept == 11
        assert (out / "summary.csv").read_bytes() == (serial[1] / "summary.csv").read_bytes()


def test_what_was_killed_goes_on(captures, serial, tmp_path):
    command = [
        sys.executable,
        "-m",
        "tremor",
        "batch",
        str(captures),
        "--out",
        str(tmp_path / "out"),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    journal = tmp_path / "out" / "rows-1-of-1.jsonl"
    while process.poll() is None and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.005)
    process.kill()
    process.wait()
    report = run(captures, tmp_path / "out", resume=True)
    assert report.n_kept >= 1
    for name in TABLES:
        assert (tmp_path / "out" / name).read_bytes() == (serial[1] / name).read_bytes(), name


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are listed in /proc")
def test_no_worker_outlives_a_batch_that_is_killed(captures, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tremor", "batch", str(captures), "--out", str(out)]
    process = subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.DEVNULL)
    journal = out / "rows-1-of-1.jsonl"
    while process.poll() is None and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.01)
    started = _descendants(process.pid)
    process.kill()
    process.wait()
    assert started
    for _ in range(1000):
        if not any(_is_running(pid) for pid in started):
            break
        time.sleep(0.05)
    assert not [pid for pid in started if _is_running(pid)]


def _descendants(pid: int) -> list[int]:
    children = [
        int(word)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for word in task.read_text().split()
    ]
    return [one for child in children for one in (child, *_descendants(child))]


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_of_several_rows_the_latest_counts_whatever_the_journal(captures, tmp_path):
    changed = captures / "subject0" / "rest0.csv"
    old = changed.read_bytes()
    for i in (1, 2):
        run(captures, tmp_path, shard=Shard(i, 2))
    try:
        write_capture(changed, frequency_hz=9.0, seed=0)
        assert run(captures, tmp_path, resume=True).n_kept == 11
        merge_batches([tmp_path], tmp_path)
        found = {row["path"]: row for row in rows_of(tmp_path / "summary.csv")}
        assert float(found[str(changed)]["frequency_hz"]) == pytest.approx(9.0, abs=0.02)
    finally:
        changed.write_bytes(old)


def test_going_on_adds_nothing_to_the_journal(captures, tmp_path):
    for _ in range(2):
        run(captures, tmp_path, resume=True)
    assert len((tmp_path / "rows-1-of-1.jsonl").read_bytes().splitlines()) == 12


def test_merge_tells_what_is_missing(captures, tmp_path):
    run(captures, tmp_path, shard=Shard(1, 3))
    run(captures, tmp_path, shard=Shard(3, 3))
    assert merge_batches([tmp_path], tmp_path).n_missing == 4
    run(captures, tmp_path, shard=Shard(2, 3))
    assert merge_batches([tmp_path], tmp_path).n_missing == 0


def test_what_was_taken_out_of_the_list_is_in_no_table(captures, tmp_path):
    listed = sorted(captures.rglob("rest*.csv"))
    for paths in (listed, listed[1:-1]):
        manifest = tmp_path / "list.csv"
        manifest.write_text("path\n" + "".join(f"{one}\n" for one in paths))
        for i in (1, 2):
            run(manifest, tmp_path / "out", shard=Shard(i, 2), resume=True)
        report = merge_batches([tmp_path / "out"], tmp_path / "out")
        found = [row["path"] for row in rows_of(tmp_path / "out" / "summary.csv")]
        assert found == list(map(str, paths))
        assert report.n_missing == 0


@pytest.mark.skipif(os.name == "nt", reason="no locks on journals there")
def test_a_second_writer_is_kept_out(captures, tmp_path):
    run(captures, tmp_path)
    with (
        closing(Journal(tmp_path / "rows-1-of-1.jsonl")),
        pytest.raises(WouldOverwriteError, match="another batch"),
    ):
        run(captures, tmp_path, resume=True)
    assert run(captures, tmp_path, resume=True).n_kept == 12


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_full_disk_stops_the_batch(captures, tmp_path, n_workers):
    (tmp_path / "results").write_text("no folder can be made here")
    with pytest.raises(InvalidInputError, match=r"cannot be written.*--resume"):
        run(captures, tmp_path, workers=Workers(n_processes=n_workers))
    (tmp_path / "results").unlink()
    assert run(captures, tmp_path, resume=True).counts == {"measured": 9, "failed": 3}


def test_columns_of_a_manifest_do_not_hide_those_of_the_tables(captures, tmp_path):
    manifest = tmp_path / "list.csv"
    capture = captures / "subject0" / "rest0.csv"
    manifest.write_text(f"path,id,outcome,odd,arm\n{capture},007,well,x,2\n")
    run(manifest, tmp_path / "out")
    header, row = (
        next(csv.reader([(tmp_path / "out/summary.csv").read_text().partition("\n")[0]])),
        (rows_of(tmp_path / "out" / "summary.csv")[0]),
    )
    assert len(set(header)) == len(header)
    assert (row["manifest_id"], row["manifest_outcome"], row["arm"]) == ("007", "well", "2")
    assert row["outcome"] == "measured"
    said = {(one["table"], one["column"]) for one in rows_of(tmp_path / "out" / "dictionary.csv")}
    assert {("summary.csv", name) for name in header} <= said


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text")
def test_a_name_that_is_no_text_is_no_trouble(captures, tmp_path):
    source = captures / "subject0" / "rest0.csv"
    strange = Path(os.fsdecode(bytes(tmp_path / "caf") + b"\xe9.csv"))
    strange.write_bytes(source.read_bytes())
    for _ in range(2):
        report = run(strange, tmp_path / "out", resume=True)
        assert report.counts == {"measured": 1}
    assert report.n_kept == 1
    assert "caf\\udce9.csv" in (tmp_path / "out" / "summary.csv").read_text()


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders")
def test_a_pipe_fails_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    report = run(tmp_path / "pipe.csv", tmp_path / "out")
    assert report.counts == {"failed": 1}
    assert "neither a file nor a folder" in rows_of(tmp_path / "out" / "summary.csv")[0]["error"]


def test_a_worker_that_dies_takes_one_task_with_it():
    found = dict(
        results_of(range(8), square_or_die, make_executor=lambda: processes(2), n_workers=2)
    )
    assert {n: found[n] for n in (0, 1, 2, 4, 6, 7)} == {n: n * n for n in (0, 1, 2, 4, 6, 7)}
    assert "Broken" in type(found[3]).__name__
    assert isinstance(found[5], ValueError)


def test_tasks_are_not_taken_ahead_without_end():
    taken = []

    def tasks():
        for number in range(1000):
            taken.append(number)
            yield number

    found = results_of(tasks(), abs, make_executor=SerialExecutor, n_workers=1)
    next(found)
    found.close()
    assert len(taken) < 10


def test_an_internal_fault_is_a_failed_row_with_its_traceback(captures, tmp_path, monkeypatch):
    from tremor.batch import one_capture

    def broken(*_, **__):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(one_capture.pipeline, "analyze", broken)
    report = run(captures, tmp_path)
    assert report.counts == {"failed": 12}
    row = next(
        row for row in rows_of(tmp_path / "summary.csv") if row["error_kind"] == "InternalError"
    )
    assert row["error"] == "ZeroDivisionError: division by zero"
    assert "in broken" in (tmp_path / "errors" / f"{row['id']}.txt").read_text()


def test_the_dictionary_has_every_column(serial):
    _, out = serial
    said = {(row["table"], row["column"]) for row in rows_of(out / "dictionary.csv")}
    for name in ("summary.csv", "quality.csv", "subjects.csv", "groups_long.csv", "long.csv"):
        header = (out / name).read_text().splitlines()[0].split(",")
        assert {(name, column) for column in header} <= said


def test_the_request_stands_beside_the_tables(serial):
    _, out = serial
    document = json.loads((out / "batch.json").read_text())
    assert document["settings"]["band_high_hz"] == AnalysisSettings().band_high_hz
