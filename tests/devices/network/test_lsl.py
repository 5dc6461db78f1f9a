"""LSL over loopback, in processes of its own: what is sent comes back, to the last bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import tremor
from devices.network.lsl_outlet import StampSmoother
from tremor.formats.csv.native import write_recording_csv
from tremor.recording import Recording
from tremor.redecoding import redecode

#: Streams are only looked for on this computer.
CONFIGURATION = """
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
[lab]
KnownPeers = {127.0.0.1}
[log]
level = -3
"""


@pytest.fixture
def environment(tmp_path):
    path = tmp_path / "lsl_api.cfg"
    path.write_text(CONFIGURATION, encoding="utf-8")
    found = {**os.environ, "LSLAPICFG": str(path), "PYTHONPATH": os.pathsep.join(sys.path)}
    probe = subprocess.run(
        [sys.executable, "-c", "import pylsl; pylsl.local_clock()"],
        capture_output=True,
        env=found,
        check=False,
    )
    if probe.returncode:
        pytest.skip("pylsl or its library is not installed")
    return found


def start(environment, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "tremor", *map(str, arguments)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process):
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def test_a_recording_is_sent_and_recorded_again_bit_for_bit(environment, tmp_path):
    name = f"tremor-test-{os.getpid()}"
    sender = start(
        environment, "record", "--sensor", "simulated", "--no-input", "--no-analyze",
        "--lsl", name, "--out", tmp_path / "sent", "--placement", "left-calf",
    )  # fmt: skip
    receiver = start(
        environment, "record", "--sensor", f"lsl:{name}", "--duration", "6s", "--no-analyze",
        "--out", tmp_path / "got", "--placement", "left-calf",
    )  # fmt: skip
    try:
        finished(receiver)
        sender.send_signal(signal.SIGINT)  # it records until then
        finished(sender)
    finally:
        for one in (sender, receiver):
            if one.poll() is None:
                one.kill()
    sent, got = tremor.read(tmp_path / "sent"), tremor.read(tmp_path / "got")
    assert got.sensor.profile == "lsl"
    assert got.sampling_rate_hz == pytest.approx(sent.sampling_rate_hz, rel=2e-3)
    rows = got.acceleration_ms2
    assert len(rows) > 5 * 104
    assert not np.isnan(rows).any()
    # The rows of the one are consecutive rows of the other.
    at = int(np.flatnonzero((sent.acceleration_ms2 == rows[0]).all(axis=1))[0])
    assert np.array_equal(sent.acceleration_ms2[at : at + len(rows)], rows)
    assert np.array_equal(redecode(tmp_path / "got").recording.acceleration_ms2, rows)
    # Nothing in the folder names the computer.
    packets = (tmp_path / "got" / "packets.bin").read_bytes()
    name = os.uname().nodename.encode()
    assert b"hostname" not in packets
    assert len(name) < 6 or name not in packets  # a short name may be in numbers by chance


def test_a_capture_is_played_as_a_stream(environment, tmp_path):
    name = f"tremor-play-{os.getpid()}"
    samples = np.random.default_rng(0).normal(0.0, 0.2, (3000, 3))
    samples[:, 2] += 9.81
    capture = tmp_path / "capture.csv"
    write_recording_csv(capture, Recording.from_arrays(samples, sampling_rate_hz=100.0))
    sender = start(environment, "replay", capture, "--speed", "1", "--lsl", name)
    receiver = start(
        environment, "record", "--sensor", f"lsl:{name}", "--duration", "5s", "--no-analyze",
        "--out", tmp_path / "got", "--placement", "left-calf",
    )  # fmt: skip
    try:
        finished(receiver)
    finally:
        for one in (sender, receiver):
            if one.poll() is None:
                one.kill()
        sender.communicate()
    got = tremor.read(tmp_path / "got")
    assert [one.code for one in got.warnings] == []
    rows = got.acceleration_ms2
    whole = tremor.read(capture).acceleration_ms2
    gaps = [np.abs(whole[at : at + len(rows)] - rows).max() for at in range(3000 - len(rows))]
    assert min(gaps) < 1e-6


@pytest.mark.parametrize("rate_hz", [99.0, 100.0, 101.0])
def test_stamps_rise_evenly_though_arrivals_jump(rate_hz):
    # Counted samples whose nominal rate is off by 1 %, packets that are late by up to 50 ms.
    rng, smoother = np.random.default_rng(1), StampSmoother()
    found, true = [], []
    for first in range(0, 12_000, 10):
        index = first + np.arange(10)
        true_s = index / rate_hz
        found.append(smoother.stamps_s(index / 100.0, true_s[-1] + rng.uniform(0.0, 0.05)))
        true.append(true_s)
    stamps_s, true_s = np.concatenate(found), np.concatenate(true)
    steps = np.diff(stamps_s)
    assert steps.min() > 0.004
    assert steps.max() < 0.02
    assert np.abs(stamps_s - true_s)[2000:].max() < 0.05


def test_a_clock_that_is_set_does_not_turn_the_stamps_back():
    smoother = StampSmoother()
    before = smoother.stamps_s(np.array([700.0, 700.1]), 5.0)
    after = smoother.stamps_s(np.array([1.0, 1.1]), 5.2)
    assert before[-1] < after[0] < after[1] == pytest.approx(5.2)
    same = smoother.stamps_s(np.array([1.0, 1.1]), 5.2)
    assert same[0] > after[-1]


def test_a_stream_that_is_not_there_is_an_error_with_a_reason(environment):
    code = (
        "import asyncio\n"
        "from devices import open_source\n"
        "from devices.link.options import LinkTimeouts\n"
        "async def main():\n"
        "    async with open_source('lsl:nobody', timeouts=LinkTimeouts(find_s=1.0, attempts=1)):\n"
        "        pass\n"
        "asyncio.run(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert "no LSL stream 'nobody' was found within 1 s" in done.stderr
