"""MCAP files as their own reader sees them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tremor.errors import InvalidInputError
from tremor.formats.mcap import write_recording_mcap
from tremor.recording import Marker, Recording

BEGIN = datetime(2026, 5, 3, 18, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def recording():
    samples = np.random.default_rng(0).normal(0.0, 0.1, (400, 3))
    samples[:, 2] += 9.81
    samples[50:60] = np.nan
    made = Recording.from_arrays(samples, sampling_rate_hz=101.0, started_at=BEGIN)
    return replace(made, markers=(Marker(1.5, "pain", "7"),))


@pytest.mark.parametrize("started_at", [BEGIN, None])
def test_every_sample_is_at_its_time(tmp_path, recording, started_at):
    reader = pytest.importorskip("mcap.reader", reason="the extra mcap is not installed")
    recording = replace(recording, started_at=started_at)
    path = tmp_path / "some.mcap"
    write_recording_mcap(path, recording)
    with path.open("rb") as stream:
        found = list(reader.make_reader(stream, validate_crcs=True).iter_messages())
        stream.seek(0)
        (metadata,) = reader.make_reader(stream).iter_metadata()
    samples = [json.loads(one.data) for _, channel, one in found if channel.topic[1:2] == "a"]
    times_ns = [one.log_time for _, channel, one in found if channel.topic == "/acceleration"]
    is_there = np.isfinite(recording.acceleration_ms2).all(axis=1)
    rows = [[one["x"], one["y"], one["z"]] for one in samples]
    assert np.array_equal(rows, recording.acceleration_ms2[is_there])  # to the last bit
    first_ns = int(started_at.timestamp()) * 10**9 + 250_000_000 if started_at else 0
    expected = np.flatnonzero(is_there) / 101.0 * 1e9
    np.testing.assert_allclose(np.array(times_ns) - first_ns, expected, atol=1.0)
    stamp = samples[-1]["timestamp"]
    assert stamp["sec"] * 10**9 + stamp["nsec"] == times_ns[-1]
    (marker,) = [json.loads(one.data) for _, channel, one in found if channel.topic == "/markers"]
    assert (marker["kind"], marker["text"]) == ("pain", "7")
    assert {schema.encoding for schema, _, _ in found} == {"jsonschema"}
    facts = json.loads(metadata.metadata["facts"])
    assert facts["schema"] == "tremor.mcap/1"


def test_without_mcap_the_way_to_install_it_is_said(tmp_path, recording, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcap.writer", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'tremor-analyzer\[mcap\]'"):
        write_recording_mcap(tmp_path / "some.mcap", recording)
