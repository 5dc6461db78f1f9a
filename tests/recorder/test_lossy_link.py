"""Packets lost and links lost: every sample that came is where it was taken."""

from __future__ import annotations

import asyncio
import struct

import numpy as np
import pytest

import tremor
from devices import PROFILES
from tremor.errors import PacketError
from tremor.packets import LinkEvent, Packet
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import SensorInfo

#: Acceleration of a sample carries its index: its thousands in y, the rest of it in x.
BASE = 1000


def witmotion(index):
    rows = [(n % BASE, n // BASE, 2048, 0, 0, 0, 0, 0, 0) for n in index.tolist()]
    return b"".join(b"\x55\x61" + struct.pack("<9h", *row) for row in rows)


def movesense(index, rate_hz):
    floats = [value / 100.0 for n in index.tolist() for value in (n % BASE, n // BASE, 981.0)]
    stamp_ms = round(1000.0 * index[0] / rate_hz) + 123_456
    return b"\x02\x63" + struct.pack(f"<I{len(floats)}f", stamp_ms, *floats)


def h10(index, rate_hz):
    samples = [value for n in index.tolist() for value in (n % BASE, n // BASE, 1000)]
    stamp_ns = round(1e9 * index[-1] / rate_hz) + 599_616_000_000_000_000
    return struct.pack(f"<BQB{len(samples)}h", 2, stamp_ns, 1, *samples)


#: Samples of a packet, true over nominal rate, how it is made, and the unit of a sample, m/s^2.
SENSORS = {
    "witmotion": (8, 0.9945, lambda index, _: witmotion(index), 16 * 9.80665 / 32768),
    "movesense": (8, 1.021, movesense, 0.01),
    "polar-h10": (36, 1.009, h10, 9.80665e-3),
}


def record(folder, slug, *, minutes, share, outages):
    """Record packets that arrive up to 10 ms late; give the true rate, and what came of them."""
    size, off, encode, _ = SENSORS[slug]
    profile = PROFILES[slug]
    settings = profile.settings()
    rate_hz = off * settings.sampling_rate_hz
    decoder = profile.make_decoder(settings)
    rng = np.random.default_rng(0)
    stream = StreamDescription(
        sensor=SensorInfo(profile.name, slug),
        sampling_rate_hz=settings.sampling_rate_hz,
        range_g=settings.range_g,
        detects_loss=profile.detects_loss,
    )
    came = []

    async def main():
        away = False
        async with Recorder(folder, stream=stream) as recorder:
            recorder.tap(LinkEvent(1000.0, 1.8e9, "started"))
            for first in range(0, round(60 * minutes * rate_hz), size):
                index = np.arange(first, first + size)
                taken_s = float(index[-1]) / rate_hz
                arrival_s = 1000.0 + taken_s + rng.uniform(0.0, 0.01)
                was_away, away = away, any(begin <= taken_s < end for begin, end in outages)
                if away != was_away:
                    kind = "lost" if away else "restarted"
                    recorder.tap(LinkEvent(arrival_s, 1.8e9 + taken_s, kind))
                    if not away:
                        decoder.restart()
                if away or rng.random() < share:
                    continue
                data = encode(index, rate_hz)
                uuid = profile.data_characteristics[0]
                recorder.tap(Packet(arrival_s, 1.8e9 + taken_s, uuid, data))
                came.append(index)
                try:
                    for block in decoder.feed(uuid, data, arrival_s):
                        recorder.take(block)
                except PacketError:
                    pytest.fail("a whole packet was refused")

    asyncio.run(main())
    return rate_hz, np.concatenate(came)


@pytest.mark.parametrize("slug", SENSORS)
def test_every_sample_that_came_lies_where_it_was_taken(tmp_path, slug):
    outages = ((100.0, 103.0), (250.0, 262.0), (400.0, 401.5))
    rate_hz, came = record(tmp_path / "a", slug, minutes=10, share=0.02, outages=outages)
    recording = tremor.read(tmp_path / "a")
    np.testing.assert_allclose(recording.sampling_rate_hz, rate_hz, rtol=5e-5)
    counts = np.rint(recording.acceleration_ms2 / SENSORS[slug][3])
    place = np.flatnonzero(~np.isnan(counts[:, 0]))
    index = (counts[place, 0] + BASE * counts[place, 1]).astype(int)
    # A frame that is not closed by the next one is not decoded.
    assert index.tolist() == came[: len(index)].tolist()
    assert len(came) - len(index) <= SENSORS[slug][0]
    late_s = place / recording.sampling_rate_hz - index / rate_hz
    late_s -= np.median(late_s)
    assert np.abs(late_s).max() < 0.5 / rate_hz
    gaps = np.diff(index)[np.diff(index) > 1] - 1
    assert [gap.n_lost for gap in recording.gaps] == gaps.tolist()
    assert len(gaps) > 50
