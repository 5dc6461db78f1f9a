"""A batch whose every system call fails in its turn: old or new files, one line, and it goes on."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import time
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner
from rigs.failing_calls import Calls, open_handles

from tremor.batch import one_capture
from tremor.cli.main import cli
from tremor.report import as_html

OUTPUTS = {
    "summary.csv", "quality.csv", "long.csv", "subjects.csv", "groups.csv",
    "dictionary.csv", "index.html", "batch.json", "summary.parquet", "bids",
}  # fmt: skip


def run(*words):
    done = CliRunner().invoke(cli, [str(one) for one in words])
    assert "internal error" not in done.stderr
    return done


def write_capture(path, frequency_hz):
    time_s = np.arange(1200) / 50.0
    samples = np.random.default_rng(1).normal(0, 0.01, (len(time_s), 3)) + np.array([0, 0, 9.81])
    samples[:, 0] += 0.4 * np.sin(2 * np.pi * frequency_hz * time_s)
    table = np.column_stack([time_s, samples])
    np.savetxt(path, table, delimiter=",", header="time_s,x,y,z", comments="", fmt="%.5f")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Return a folder with captures, an old batch of the first, and a whole one of both."""
    folder = tmp_path_factory.mktemp("base")
    rows = ["path,subject,group", "anna.csv,anna,a", "ben.csv,ben,b"]
    for name, frequency_hz in (("anna", 7.0), ("ben", 9.0)):
        write_capture(folder / f"{name}.csv", frequency_hz)
    (folder / "old.csv").write_text("\n".join(rows[:2]) + "\n", encoding="utf-8")
    (folder / "new.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Analyse each capture once, draw each page once, and wait for no disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    known, analyze = {}, one_capture._analyze

    def once(item, *others):
        if item.path not in known:
            known[item.path] = analyze(item, *others)
        return known[item.path]

    monkeypatch.setattr(one_capture, "_analyze", once)
    monkeypatch.setattr(as_html, "render", cache(lambda analysis: f"a page of {analysis.status}"))


def batch(base, out, which, *, forms):
    return run("batch", base / f"{which}.csv", "--out", out, "--resume", "--pages", *forms)


def content_of(out):
    """Return the content of each output; the dataset is one; the journal and parts are none."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_dir() or name.startswith(("rows-", ".")):
            continue
        top = name.partition("/")[0]
        if top == "bids":
            found["bids"] = (*found.get("bids", ()), (name, path.read_bytes()))
        else:
            found[name] = path.read_bytes()
    return found


def require_old_or_new(now, old, new, key):
    for name in now.keys() | old.keys():
        allowed = (old.get(name), new.get(name))
        assert now.get(name) in allowed, (key, name)


@pytest.fixture(scope="module")
def forms():
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return ("--bids",)
    return ("--bids", "--parquet")


def are_closed(n_open):
    """Wait until no more files are open; the reader of Parquet closes its own in a thread."""
    until_s = time.monotonic() + 10.0
    while open_handles() > n_open and time.monotonic() < until_s:
        gc.collect()
        time.sleep(0.01)
    return open_handles() <= n_open


def failing_in_turn(work, tmp_path, monkeypatch):
    """Yield each system call of some work that turns an old folder into a new one, as it fails."""
    out, kept = tmp_path / "out", tmp_path / "kept"
    shutil.copytree(out, kept)
    old = content_of(out)
    with monkeypatch.context() as patched:
        calls = Calls(patched, out / "x")
        assert work().exit_code == 0
    gc.collect()  # what other tests left open is none of what is counted
    new, n_open = content_of(out), open_handles()
    for number, key in enumerate(sorted(calls.counts)):
        shutil.rmtree(out)
        shutil.copytree(kept, out)
        error = (errno.ENOSPC, errno.EIO)[number % 2]
        with monkeypatch.context() as patched:
            failing = Calls(patched, out / "x")
            failing.failing, failing.error = (key, 0), error
            done = work()
        assert failing.was_hit, key
        # Of the page of an earlier result, and of what is replaced, it is no matter.
        is_no_matter = key[0] in {"remove", "remove_tree"}
        assert done.exit_code == 2 or is_no_matter, (key, done.stderr)
        if done.exit_code:
            (line,) = done.stderr.splitlines()[-1:]
            assert line.startswith("tremor: ")
            assert os.strerror(error) in line, key
        require_old_or_new(content_of(out), old, new, key)
        assert not list(out.glob(".*.part")) or is_no_matter, key
        assert are_closed(n_open), key
        assert work().exit_code == 0
        assert content_of(out) == new, key
        yield key


def test_each_output_is_the_old_or_the_new_one_and_a_rerun_completes_it(
    base, forms, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    assert batch(base, out, "old", forms=forms).exit_code == 0
    keys = set(failing_in_turn(lambda: batch(base, out, "new", forms=forms), tmp_path, monkeypatch))
    assert {name.partition("/")[0] for name in content_of(out)} >= OUTPUTS - {"summary.parquet"}
    journal = "rows-1-of-1.jsonl"
    assert {(name, journal) for name in ("open_append", "lock", "write", "sync")} < keys
    assert {("replace", name) for name in ("summary.csv", "index.html", "bids")} < keys


def test_so_is_each_of_a_merge(base, tmp_path, monkeypatch):
    out, share = tmp_path / "out", tmp_path / "share"
    assert batch(base, out, "old", forms=()).exit_code == 0
    assert batch(base, share, "new", forms=()).exit_code == 0
    keys = set(
        failing_in_turn(lambda: run("merge", share, "--out", out, "--bids"), tmp_path, monkeypatch)
    )
    assert {("replace", name) for name in ("summary.csv", "index.html", "bids")} < keys
