"""The same sensors and faults on two rigs: a fake BlueZ under bleak's own Linux backend, and the
simulated backend inside of this program. Both must pass the same test.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from devices import PROFILES
from devices.link.options import HostClocks, LinkOptions
from devices.link.source import SensorSource
from devices.simulated.backend import backend_of
from devices.simulated.movement import index_of
from devices.simulated.opening import model_of
from devices.simulated.pacing import PacedClock
from tremor.packets import LinkEvent
from tremor.units import STANDARD_GRAVITY_MS2

from .conftest import QUICK

#: Speed of each sensor, times real time. One takes time to start, and one sends so many short
#: notifications that the bus cannot take more.
LIKES = {
    "polar-verity-sense": 40.0,
    "polar-h10": 40.0,
    "witmotion": 20.0,
    "movesense": 40.0,
    "nordic-uart": 10.0,
}
OPTIONS = {"scene": "index", "loss": "2%", "disconnects": "6;15", "away": "1"}
UNTIL_S = 24.0  # of the sensor's time


@pytest.fixture(params=["daemon", "program"])
def air(request):
    """Return a function that makes a sensor: its backend, and a function that returns the truth."""

    def in_program(like):
        model = model_of({**options_of(like), "like": like}, sampling_rate_hz=None)
        return backend_of(model), lambda: {"sent": model.sent, "lost": model.lost}

    def on_daemon(like):
        start = request.getfixturevalue("bluetooth")
        rig = start({"one": {"model": f"simulated:{like}", "options": options_of(like)}})
        return None, lambda: rig.look("one")["truth"]

    return {"daemon": on_daemon, "program": in_program}[request.param]


def options_of(like):
    return {**OPTIONS, "speed": f"{LIKES[like]:g}"}


@pytest.mark.parametrize("like", LIKES)
def test_every_sample_that_came_is_in_its_place_and_every_gap_is_true(air, like):
    backend, truth = air(like)
    profile = PROFILES[like]
    kinds, pairs = [], []

    def tap(item):
        if isinstance(item, LinkEvent) and item.kind not in ("wrote", "read"):
            kinds.append(item.kind)

    async def main():
        source = SensorSource(
            "C0:00:00:00:00:01",
            profile=profile,
            tap=tap,
            link=LinkOptions(timeouts=QUICK, backend=backend),
            clocks=HostClocks(monotonic=PacedClock(LIKES[like]).host_s),
        )
        n_wanted = UNTIL_S * profile.default_rate_hz
        async with asyncio.timeout(60), source:
            async for block in source:
                for k, row in enumerate(block.acceleration_ms2.tolist()):
                    carried = index_of(tuple(value / STANDARD_GRAVITY_MS2 for value in row))
                    pairs.append((block.first_index + k, carried))
                if pairs[-1][1] >= n_wanted:
                    break
        return source.counts

    counts = asyncio.run(main())
    assert kinds.count("lost") == kinds.count("restarted") >= 1
    assert kinds.count("connected") >= 2  # one that is slow to start may be lost meanwhile
    assert counts.n_dropped == 0
    carried = [one for _, one in pairs]
    assert carried == sorted(set(carried))
    told = json.loads(json.dumps(truth()))
    gone = {first + k for first, n in told["lost"] for k in range(n)}
    assert not set(carried) & gone
    assert len(gone) > 20
    if profile.detects_loss:
        offset = pairs[0][1] - pairs[0][0]
        assert [one - place for place, one in pairs] == [offset] * len(pairs)
