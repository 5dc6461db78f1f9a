"""A session of two sensors as folders: what their packets tell of their clocks, and who leads."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.recorder import Recorder, StreamDescription
from tremor.recorder.counts import Zero
from tremor.recording import SampleBlock, SensorInfo
from tremor.report.comparison_text import coherence_texts, render
from tremor.results.comparison import ClockDifference, LegCoherence
from tremor.sessions import Session, captures_of, compare

FS = 100.0
DURATION_S = 90.0
PACKET = 10


def narrow_line(rng, n, fs):
    pole = np.exp((-np.pi * 0.4 + 2j * np.pi * 7.0) / fs)
    noise = rng.normal(size=n) + 1j * rng.normal(size=n)
    state, out = 0.0, np.empty(n)
    for index in range(n):
        state = pole * state + noise[index]
        out[index] = state.real
    return out / out.std()


def record(folder, moved, rng, *, lag_s, zero, begin_s, is_stamped, side):
    """Record a leg; its packets wait for the radio, the first one longer than any other."""
    stream = StreamDescription(
        sensor=SensorInfo("Leg", "polar-h10"), sampling_rate_hz=FS, detects_loss=True
    )

    async def main():
        async with Recorder(folder, stream=stream, placement=f"{side}-calf", zero=zero) as recorder:
            for first in range(0, round(DURATION_S * FS), PACKET):
                true_s = begin_s + np.arange(first, first + PACKET) / FS
                samples = np.outer(0.3 * moved(true_s - lag_s), [0.0, 0.6, 0.8])
                samples[:, 2] += 9.81
                samples += rng.normal(0.0, 0.01, samples.shape)
                wait_s = 0.08 if not first else rng.uniform(0.0, 0.03)
                arrival_s = zero.arrival_s + true_s[-1] + wait_s
                stamps = 700.0 + true_s if is_stamped else None
                recorder.take(SampleBlock(first, samples, arrival_s, None, stamps))

    asyncio.run(main())


@pytest.fixture(params=[True, False], ids=["stamped", "by arrival"])
def session(request, tmp_path):
    rng = np.random.default_rng(1)
    fine = narrow_line(rng, round((DURATION_S + 4.0) * 500), 500.0)

    def moved(at_s):
        return np.interp(at_s, np.arange(len(fine)) / 500.0 - 1.0, fine)

    zero = Zero(500.0, 1.8e9)
    record(
        tmp_path / "s" / "left", moved, rng, lag_s=0.0, zero=zero, begin_s=0.0, is_stamped=True,
        side="left",
    )  # fmt: skip
    record(
        tmp_path / "s" / "right", moved, rng, lag_s=0.030, zero=zero, begin_s=0.37,
        is_stamped=request.param, side="right",
    )  # fmt: skip
    return tmp_path / "s"


def test_the_leg_that_leads_is_told_across_clocks(session):
    found = Session.read(session).coherence
    # Without the arrivals the first packets would decide: they waited 80 ms, and a recording
    # without stamps begins when its first packet is complete.
    assert found.lag_s.low <= 0.030 <= found.lag_s.high
    assert found.lag_s.low > 0.0
    assert found.clocks.offset_s.high - found.clocks.offset_s.low < 0.012
    text = " ".join(render(compare(Session.read(session))).split())
    assert "left leads: right follows by" in text
    assert "by the arrivals of their packets" in text


def test_recordings_of_two_computers_have_no_common_clock(session):
    path = session / "right" / "recording.json"
    manifest = json.loads(path.read_text())
    manifest["started_monotonic_s"] += 1.0
    path.write_text(json.dumps(manifest))
    found = Session.read(session).coherence
    assert found.clocks is None
    assert found.lag_s.reason.code == "CLOCKS_NOT_MEASURED"
    text = " ".join(render(compare(Session.read(session))).split())
    assert "Which leg leads cannot be told: the recordings do not show" in text


@pytest.mark.parametrize(
    ("offset_s", "lag_s", "reach_s", "says"),
    [
        (
            0.020,
            0.030,
            0.01,
            ("clock of b is 20 ms ahead of that of a", "a leads: b follows by 30"),
        ),
        (-0.020, -0.030, 0.01, ("clock of a is 20 ms ahead of that of b", "b leads: a follows")),
        (
            0.020,
            0.005,
            0.01,
            ("(10 to 30 ms)", "told: b follows a by 5 ms (-5 to 15 ms)"),
        ),
        (
            0.020,
            -0.005,
            0.01,
            ("(10 to 30 ms)", "told: a follows b by 5 ms (-5 to 15 ms)"),
        ),
    ],
)
def test_the_leg_that_is_ahead_is_named_first(offset_s, lag_s, reach_s, says):
    def estimate(value):
        return Estimate(value, value - reach_s, value + reach_s)

    coherence = LegCoherence(
        frequency_hz=8.0,
        coherence=Estimate(0.9, 0.8, 0.95),
        chance_level=0.1,
        overlap_s=60.0,
        lag_s=estimate(lag_s),
        clocks=ClockDifference(
            offset_s=estimate(offset_s),
            drift_ppm=Estimate(1.0, -2.0, 3.0),
            middle_s=30.0,
            unknown_s=0.003,
        ),
    )
    rows = [SimpleNamespace(name=name) for name in "ab"]
    told = " ".join(coherence_texts(SimpleNamespace(coherence=coherence, sessions=rows)))
    for one in says:
        assert one in told


@pytest.mark.parametrize(
    ("apart_s", "sensors", "placements", "is_one"),
    [
        (3.0, ("a", "b"), ("left-calf", "right-calf"), True),
        (3.0, ("a", "a"), ("left-calf", "left-calf"), False),
        (86400.0, ("a", "b"), ("left-calf", "right-calf"), False),
        (700.0, ("a", "a"), ("left-calf", "left-calf"), False),
    ],
)
def test_two_recordings_are_one_session_only_if_made_at_once(
    tmp_path, apart_s, sensors, placements, is_one
):
    for number, (sensor, placement) in enumerate(zip(sensors, placements, strict=True)):
        folder = tmp_path / f"recording{number}"
        folder.mkdir()
        started = datetime(2026, 5, 3, 18, tzinfo=UTC) + timedelta(seconds=number * apart_s)
        document = {
            "schema": "tremor.recording/1", "started_at": started.isoformat(),
            "placement": placement, "sensor": {"name": sensor},
        }  # fmt: skip
        (folder / "recording.json").write_text(json.dumps(document))
    if is_one:
        with pytest.raises(InvalidInputError, match="is one session"):
            captures_of(tmp_path)
    else:
        assert [one.name for one in captures_of(tmp_path)] == ["recording0", "recording1"]
