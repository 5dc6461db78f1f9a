"""A sensor over bleak's own Linux backend into a folder: what came is there, gaps are gaps."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from click.testing import CliRunner
from rigs.models import GRAVITY_MG, index_of

import tremor
from devices import PROFILES, open_source
from devices.link.options import LinkTimeouts
from tremor.cli.main import cli
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import SensorInfo
from tremor.units import STANDARD_GRAVITY_MS2

TIMEOUTS = LinkTimeouts(
    find_s=8.0, settle_s=0.3, connect_s=8.0, step_s=5.0, silence_s=1.5, first_wait_s=0.1,
    longest_wait_s=0.5, give_up_s=60.0, stop_s=5.0, disconnect_s=10.0,
)  # fmt: skip


def record(folder, slug, *, n, lose=None):
    """Record so many samples; after half of them the link is lost by a function."""
    profile = PROFILES[slug]

    async def main():
        async with Recorder(folder) as recorder:
            source = open_source(slug, tap=recorder.tap, timeouts=TIMEOUTS)
            async with asyncio.timeout(60), source:
                settings = source.started.settings
                recorder.describe(
                    StreamDescription(
                        sensor=SensorInfo(source.name, slug),
                        sampling_rate_hz=settings.sampling_rate_hz,
                        range_g=settings.range_g,
                        gyro=settings.gyro,
                        options=settings.options,
                        loss=profile.loss,
                        detects_loss=profile.detects_loss,
                    )
                )
                is_lost = lose is None
                async for _ in recorder.through(source):
                    if not is_lost and recorder.counts.n_samples >= n // 2:
                        is_lost = True
                        lose()
                    back = lose is None or source.counts.n_restarts > 0
                    if recorder.counts.n_samples >= n and back:
                        break
        return recorder.counts

    return asyncio.run(main())


def carried(recording):
    """Index that each sample carries; -1 where it is lost."""
    samples = recording.acceleration_ms2 / STANDARD_GRAVITY_MS2 * GRAVITY_MG
    return np.array([-1 if np.isnan(x) else index_of(x, y) for x, y, _ in samples])


@pytest.mark.parametrize("slug", ["polar-h10", "nordic-uart"])
def test_every_sample_of_a_sensor_is_in_the_folder(bluetooth, tmp_path, slug):
    bluetooth({{"polar-h10": "h10", "nordic-uart": "uart"}[slug]: {"speed": 4.0}})
    counts = record(tmp_path / "session", slug, n=800)
    recording = tremor.read(tmp_path / "session")
    found = carried(recording)
    assert (np.diff(found) == 1).all()
    assert len(found) == counts.n_samples >= 800
    assert (counts.n_lost, counts.n_dropped_packets) == (0, 0)
    assert counts.disk.n_bytes_unwritten == 0
    for name in ("recording.json", "samples.csv"):  # an address tells who wears it
        assert "A0:9E" not in (tmp_path / "session" / name).read_text().upper()


def test_losses_and_a_lost_link_are_gaps_of_their_length(bluetooth, tmp_path):
    rig = bluetooth({"h10": {"speed": 4.0, "lose_every": 12}})
    folder = tmp_path / "session"
    counts = record(folder, "polar-h10", n=1800, lose=lambda: rig.do("lose", "h10"))
    found = carried(tremor.read(folder))
    there = found >= 0
    place = np.arange(len(found))
    assert (found[there] - place[there] == found[0]).all()
    manifest = json.loads((folder / "recording.json").read_text())
    assert min(gap["n_lost"] for gap in manifest["gaps"] if gap["cause"] != "link") == 36
    assert (
        sum(gap["n_lost"] for gap in manifest["gaps"]) == np.count_nonzero(~there) == counts.n_lost
    )
    assert [gap["cause"] for gap in manifest["gaps"]].count("link") == 1
    kinds = [
        event["kind"] for event in manifest["events"] if event["kind"] not in ("wrote", "read")
    ]
    assert kinds == ["connected", "started", "lost", "connected", "restarted", "stopped"]


def test_the_packets_hold_what_was_recorded(bluetooth, tmp_path):
    bluetooth({"h10": {"speed": 4.0}})
    record(tmp_path / "session", "polar-h10", n=800)
    arguments = [str(tmp_path / "session"), "--redecode", "--to", "csv", str(tmp_path / "x.csv")]
    result = CliRunner().invoke(cli, ["convert", *arguments])
    assert result.exit_code == 0, result.stderr
    again, recording = tremor.read(tmp_path / "x.csv"), tremor.read(tmp_path / "session")
    n = len(recording.acceleration_ms2)
    assert (again.acceleration_ms2[:n] == recording.acceleration_ms2).all()
    assert len(again.acceleration_ms2) - n <= 3 * 36  # came while it was told to stop
