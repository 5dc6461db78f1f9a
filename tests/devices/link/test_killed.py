"""A program that is killed, as a process of its own, and the next run of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

#: Streams until so many samples came, and says on stdout what happened.
PROGRAM = """
import asyncio, sys
from devices import open_source
from devices.link.options import LinkTimeouts
from tremor.packets import LinkEvent

def tap(item):
    if isinstance(item, LinkEvent) and item.kind not in ("wrote", "read"):
        print(item.kind, flush=True)

async def main():
    n = 0
    timeouts = LinkTimeouts(find_s=60.0, settle_s=0.2)
    async with open_source("polar-h10", tap=tap, timeouts=timeouts) as source:
        async for block in source:
            n += len(block.acceleration_ms2)
            print("samples", n, flush=True)
            if n >= int(sys.argv[1]):
                break

asyncio.run(main())
"""


def start(rig, n):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(n)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **rig.environment, "PYTHONPATH": str(ROOT)},
    )


def wait_for(process, word):
    for line in process.stdout:
        if line.startswith(word):
            return
    raise AssertionError(f"ended without {word!r}: {process.stderr.read()}")


def test_killed_program_leaves_the_sensor_and_the_next_run_takes_it_up(bluetooth):
    rig = bluetooth({"h10": {"speed": 4.0}})
    with start(rig, 10**9) as first:
        wait_for(first, "samples")
        first.kill()
    seen = rig.look("h10")
    assert seen["connected"]
    assert seen["started"]

    with start(rig, 100) as second:
        out, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert err == ""
    assert out.split()[:2] == ["connected", "started"]
    seen = rig.look("h10")
    assert seen["calls"].count("Connect") == 1  # attached to, not connected anew
    assert not seen["connected"]
    assert not seen["started"]


@pytest.mark.parametrize("number", [signal.SIGINT], ids=["Ctrl-C"])
def test_interrupted_program_stops_the_sensor(bluetooth, number):
    rig = bluetooth({"h10": {"speed": 4.0, "disconnect_s": 1.0}})
    with start(rig, 10**9) as process:
        wait_for(process, "samples")
        process.send_signal(number)
        process.communicate(timeout=60)
    seen = rig.look("h10")
    assert not seen["connected"]
    assert not seen["started"]
