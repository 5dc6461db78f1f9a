"""Every simulated sensor over the real link: each sample carries its index, so nothing can hide."""

from __future__ import annotations

import asyncio

import pytest
from rigs.loop_clock import LoopClock

from devices import PROFILES
from devices.link.options import HostClocks, LinkOptions, LinkTimeouts
from devices.link.source import SensorSource
from devices.sensors.simulated import OPTIONS
from devices.simulated import opening
from devices.simulated.backend import backend_of
from devices.simulated.model import Faults
from devices.simulated.movement import index_of
from devices.simulated.opening import MODELS, model_of
from devices.simulated.polar import delta_frame
from tremor.errors import InvalidInputError
from tremor.packets import LinkEvent
from tremor.units import STANDARD_GRAVITY_MS2

#: Speed of the sensors on an idle machine, times real time.
SPEED = 25.0
#: Sensors that tell a loss by a counter or a stamp of their own.
TELLING = [slug for slug in MODELS if PROFILES[slug].detects_loss]


async def record(like, duration_s, *, timeouts=None, **options):
    """Return pairs of decoded index and index in the sample, the model, and the kinds of events."""
    events, pairs = [], []
    model = model_of({"scene": "index", **options, "like": like}, sampling_rate_hz=None)
    clock = LoopClock(SPEED)
    source = SensorSource(
        model.address,
        profile=PROFILES[like],
        tap=lambda one: events.append(one) if isinstance(one, LinkEvent) else None,
        link=LinkOptions(
            timeouts=timeouts or LinkTimeouts(), backend=backend_of(model, now=clock.now)
        ),
        clocks=HostClocks(monotonic=clock.now),
    )
    async with clock, source:
        n_samples = duration_s * source.started.settings.sampling_rate_hz
        async for block in source:
            carried = [
                index_of(tuple(value / STANDARD_GRAVITY_MS2 for value in row))
                for row in block.acceleration_ms2.tolist()
            ]
            pairs += zip(
                range(block.first_index, block.first_index + len(carried)), carried, strict=True
            )
            if len(pairs) >= n_samples:
                break
    return pairs, model, [one.kind for one in events if one.kind not in ("wrote", "read")]


@pytest.mark.parametrize("like", MODELS)
def test_every_sample_comes_once_and_in_order(like):
    pairs, model, kinds = asyncio.run(record(like, 15.0))
    offset = pairs[0][1] - pairs[0][0]
    assert [carried - place for place, carried in pairs] == [offset] * len(pairs)
    assert [carried for _, carried in pairs] == list(range(offset, offset + len(pairs)))
    assert kinds == ["connected", "started", "stopped"]
    assert model.started_s is None


@pytest.mark.parametrize("like", TELLING)
def test_losses_and_lost_links_are_jumps_of_the_count(like):
    pairs, model, kinds = asyncio.run(
        record(like, 36.0, loss="4%", disconnects="10;22", away="1.5")
    )
    # A text that is cut by a lost notification can lose a line more; nothing may be misplaced.
    offset = pairs[0][1] - pairs[0][0]
    misplaced = [pair for pair in pairs if pair[1] - pair[0] != offset]
    assert misplaced == []
    assert kinds.count("lost") == kinds.count("restarted") == 2
    there = {carried for _, carried in pairs}
    gone = {first + k for first, n in model.lost for k in range(n)}
    assert not there & gone
    assert len(gone) > 100


def test_a_silent_sensor_is_connected_anew():
    timeouts = LinkTimeouts(silence_s=1.5)
    _, _, kinds = asyncio.run(record("simulated", 7.0, silent="3", timeouts=timeouts))
    assert "silent" in kinds
    assert "restarted" in kinds


def test_the_leg_of_a_scene_is_what_arrives():
    model = model_of({"scene": "steady", "length": "20", "seed": "3"}, sampling_rate_hz=104.0)
    again = model_of({"scene": "steady", "length": "20", "seed": "3"}, sampling_rate_hz=104.0)
    rows = model.movement(0, 2000)
    assert rows == again.movement(0, 2000)
    assert abs(sum(z * z + y * y + x * x for x, y, z in rows) / 2000 - 1.0) < 0.02
    # After its end it starts anew.
    size = round(20 * model.true_rate_hz)
    assert model.movement(size, 3) == model.movement(0, 3)


def test_faults_are_those_of_their_seed():
    first, second = (
        model_of({"scene": "index", "loss": "0.2", "seed": "5"}, sampling_rate_hz=104.0)
        for _ in range(2)
    )
    for model in (first, second):
        model.start(0.0)
        model.due(60.0)
    assert first.lost == second.lost
    n_lost, n_sent = (sum(n for _, n in runs) for runs in (first.lost, first.sent))
    assert 0.1 < n_lost / (n_lost + n_sent) < 0.3


def test_what_was_sent_is_remembered_in_runs():
    model = model_of({"scene": "index"}, sampling_rate_hz=104.0)
    model.start(0.0)
    for second in range(1, 601):
        model.due(float(second))
    ((first, n),) = model.sent
    assert first == 0
    assert n > 600 * 100
    assert model.lost == []


def test_a_small_mtu_cuts_notifications():
    model = MODELS["polar-h10"](faults=Faults(mtu=100))
    for uuid, _ in model.table["fb005c80-02e7-f387-1cad-8acd2d8df0c8"]:
        model.notify(uuid, on=True, now_s=0.0)
    model.start(0.0)
    lengths = {len(data) for _, data in model.due(10.0)}
    assert lengths == {97}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sceen": "steady"}, "did you mean scene"),
        ({"scene": "stedy"}, "did you mean steady"),
        ({"like": "polar"}, "polar-h10"),
        ({"loss": "1.5"}, "share of packets"),
        ({"seed": "one"}, "whole number"),
        ({"disconnects": "10;-3"}, "moments"),
    ],
)
def test_nonsense_is_told(options, message):
    with pytest.raises(InvalidInputError, match=message):
        model_of(options, sampling_rate_hz=104.0)


def test_every_option_can_be_read_and_says_what_it_means():
    assert set(opening._PARSERS) == set(OPTIONS)
    assert all(OPTIONS.values())


def test_a_compressed_frame_is_what_the_decoder_reads():
    counts = [0, 0, 1000]
    for k in range(1, 200):
        counts += [k * 7 % 300 - 150, -k, 1000 + (k % 3)]
    frame = bytes([2]) + (10**9).to_bytes(8, "little") + b"\x81" + delta_frame(counts)
    decoder = PROFILES["polar-verity-sense"].decoder(sampling_rate_hz=104.0)
    (block,) = decoder.feed("fb005c82-02e7-f387-1cad-8acd2d8df0c8", frame, 1.0)
    found = (block.acceleration_ms2 / STANDARD_GRAVITY_MS2 * 1000.0).round().astype(int)
    assert found.reshape(-1).tolist() == counts
