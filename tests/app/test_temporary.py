"""What a killed program leaves is removed at the next start, and what a running one has is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tremor import system_calls
from tremor.app.temporary import HeldFolder

HOLDER = """
import signal
from tremor.app.temporary import HeldFolder
held = HeldFolder()
(held.path / "leg.csv").write_text("t,x,y,z")
print(held.path, flush=True)
signal.pause()
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="waits for a signal")
def test_what_a_killed_program_left_is_removed_at_the_next_start(place):
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as holder:
        left = Path(holder.stdout.readline().strip())
        second = HeldFolder()
        assert (left / "leg.csv").is_file()  # its program runs
        holder.send_signal(signal.SIGKILL)
        holder.wait(30)
    assert (left / "leg.csv").is_file()
    third = HeldFolder()
    assert not left.exists()
    assert second.path.is_dir()
    for one in (second, third):
        one.close()
    assert list(place.iterdir()) == []


def test_what_is_of_somebody_else_is_left(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".lock").touch()
    (place / "tremor-app-link").symlink_to(elsewhere)
    (place / "tremor-app-notes").mkdir()  # without a lock: being made just now
    (place / "tremor-app-file").write_text("x", encoding="utf-8")
    before = set(place.iterdir())
    HeldFolder().close()
    assert set(place.iterdir()) == before
    assert (elsewhere / ".lock").exists()


def test_without_locks_nothing_is_removed(place, monkeypatch):
    def lock(_):
        raise OSError(38, "no locks")

    monkeypatch.setattr(system_calls, "lock", lock)
    first, second = HeldFolder(), HeldFolder()
    assert first.path.is_dir()
    first.close()
    second.close()
    assert list(place.iterdir()) == []


def test_a_folder_that_another_start_took_is_made_anew(place, monkeypatch):
    lock, taken = system_calls.lock, []

    def take(handle):
        if not taken:
            (place / taken_name()).joinpath(".lock").unlink()
            taken.append(handle)
        lock(handle)

    def taken_name():
        (only,) = place.iterdir()
        return only.name

    monkeypatch.setattr(system_calls, "lock", take)
    held = HeldFolder()
    assert taken
    assert (held.path / ".lock").exists()
    held.close()
