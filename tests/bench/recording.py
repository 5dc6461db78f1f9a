"""What recording costs: processor time and memory, 416 Hz, six channels, with live analysis.

    python tests/bench/recording.py [--short]

(a) the whole session in real time, as ``tremor record`` runs it, with its status block drawn four
times a second: processor time over time, all threads; the simulated sensor runs in the same
process, so its own share is measured beside it. (b) an hour of the sensor's time, as fast as it
goes: packets decoded, recorded, analysed and shown; memory after each tenth of it.

Fails where recording takes 15 % of one core or more, or where memory grows.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from devices import PROFILES
from devices.profile import Started
from devices.simulated.opening import model_of
from tremor.cli.keyboard import Keyboard
from tremor.cli.screen import BlockScreen
from tremor.packets import LinkEvent, Packet
from tremor.session.plan import Plan
from tremor.session.sensor_choice import RequestedSensor
from tremor.session.session import record_session
from tremor.session.stopping import Stop
from tremor.session.track import Track, warm_up
from tremor.session.view import SessionView, status_block

RATE_HZ = 416.0
PROFILE = PROFILES["movesense"]
OPTIONS = {"like": "movesense", "scene": "fading", "length": "120"}
MOST_SHARE = 0.15
MOST_GROWTH_MB = 8.0
TICK_S = 0.005
#: How often the hour is looked at by the status block, s of the sensor.
SHOWN_S = 0.25
MOST_WAITING = 5000


def new_model():
    model = model_of(OPTIONS, sampling_rate_hz=RATE_HZ)
    model.has_gyro, model.reference = True, 1
    model.subscribed.update(PROFILE.data_characteristics)
    return model


# (a)


async def whole_session(folder, duration_s):
    """Return the share of a core that a session takes while it measures, and its counts."""
    plan = Plan(
        sensors=(RequestedSensor("", "simulated:movesense"),),
        folder=folder,
        duration_s=duration_s,
        sampling_rate_hz=RATE_HZ,
        gyro=True,
        options={name: value for name, value in OPTIONS.items() if name != "like"},
        asks=False,
    )
    marks = {}

    def emit(event, content):
        if event == "stage":
            marks[content["stage"]] = time.process_time(), time.monotonic()

    with Keyboard(is_wanted=False) as keyboard, BlockScreen(unicode=True) as screen:
        outcome = await record_session(
            plan, screen=screen, controls=keyboard, stop=Stop(), emit=emit
        )
    (cpu_s, begin_s), (cpu_end_s, end_s) = marks["measure"], marks["save"]
    counts = outcome.recorded[0].counts
    assert counts.n_lost == 0, counts
    return (cpu_end_s - cpu_s) / (end_s - begin_s), counts


async def sensor_alone(duration_s):
    """Return the share of a core that the simulated sensor takes by itself, polled as by a link."""
    model = new_model()
    model.start(time.monotonic())
    cpu_s, begin_s = time.process_time(), time.monotonic()
    while time.monotonic() < begin_s + duration_s:
        model.due(time.monotonic())
        await asyncio.sleep(TICK_S)
    return (time.process_time() - cpu_s) / (time.monotonic() - begin_s)


def processor_time(duration_s):
    with tempfile.TemporaryDirectory() as parent, quiet_stderr():
        share, counts = asyncio.run(whole_session(Path(parent) / "x", duration_s))
        sensor = asyncio.run(sensor_alone(min(duration_s, 20.0)))
    print(f"(a) {duration_s:g} s in real time, {counts.n_samples} samples, none lost")
    print(f"    session with simulated sensor  {100 * share:5.1f} % of one core")
    print(f"    simulated sensor alone         {100 * sensor:5.1f} %")
    print(f"    recording                      {100 * (share - sensor):5.1f} %")
    return share - sensor


class quiet_stderr:  # noqa: N801 - used like a function
    """The block is drawn to nowhere: what a terminal makes of it is not measured."""

    def __enter__(self):
        self._before, self._file = sys.stderr, open(os.devnull, "w")  # noqa: PTH123
        sys.stderr = self._file

    def __exit__(self, *_):
        sys.stderr = self._before
        self._file.close()


# (b)


class FastSource:
    """A sensor whose time goes as fast as its packets can be dealt with."""

    profile = PROFILE
    name = "made up"
    rssi_dbm = None

    def __init__(self, tap, duration_s, on_time):
        self._model = new_model()
        settings = PROFILE.settings(sampling_rate_hz=RATE_HZ, gyro=True)
        self.started = Started(settings=settings)
        self._decoder = PROFILE.make_decoder(settings)
        self._tap, self._duration_s, self._on_time = tap, duration_s, on_time
        self._now_s = 0.0
        self.sensor_cpu_s = 0.0
        self.nominal_sampling_rate_hz = RATE_HZ

    def now_s(self):
        return self._now_s

    async def stop(self):
        pass

    def __aiter__(self):
        return self._blocks()

    async def _blocks(self):
        model = self._model
        model.start(0.0)
        self._tap(LinkEvent(0.0, time.time(), "started"))
        while self._now_s < self._duration_s:
            self._now_s += 8.0 / RATE_HZ
            before_s = time.process_time()
            due = model.due(self._now_s)
            self.sensor_cpu_s += time.process_time() - before_s
            for uuid, data in due:
                self._tap(Packet(self._now_s, 1.7e9 + self._now_s, uuid, data))
                for block in self._decoder.feed(uuid, data, self._now_s):
                    yield block
            self._on_time(self._now_s)
            await asyncio.sleep(0)
            while self.track.recorder.counts.n_waiting > MOST_WAITING:
                await asyncio.sleep(0.01)


async def fast_hour(folder, duration_s):
    track = Track("left-calf", folder, placement="left-calf")
    marks, shown = [], [0.0]

    def on_time(now_s):
        if now_s >= shown[0]:
            shown[0] += SHOWN_S
            track.is_still()
            view = SessionView(
                stage="measure", time_s=now_s, duration_s=duration_s, sensors=(track.view(),)
            )
            status_block(view)
        if now_s >= (len(marks) + 1) * duration_s / 10.0:
            marks.append((now_s, resident_mb()))

    source = FastSource(track.tap, duration_s, on_time)
    source.track = track
    track.source = source
    begin_s = time.process_time()
    track.begin(None)
    while not track.is_over:
        await asyncio.sleep(0.1)
    await track.end()
    fault = track.fault()
    if fault is not None:
        raise fault
    return marks, time.process_time() - begin_s - source.sensor_cpu_s, track.counts


def resident_mb():
    """Return the resident memory, MB; None where there is no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory(duration_s):
    with tempfile.TemporaryDirectory() as parent:
        marks, cpu_s, counts = asyncio.run(fast_hour(Path(parent) / "x", duration_s))
    share = cpu_s / duration_s
    print(f"\n(b) {duration_s / 60:g} min of the sensor, {counts.n_samples} samples, "
          f"{counts.n_packets} packets, {counts.n_lost} lost")  # fmt: skip
    print(f"    processor time, sensor left out  {100 * share:5.1f} % of the time of the sensor")
    if marks[0][1] is None:
        print("    memory is not told by this system")
        return share, 0.0
    print("    minute  " + "".join(f"{now_s / 60:7.1f}" for now_s, _ in marks))
    print("    MB      " + "".join(f"{used_mb:7.1f}" for _, used_mb in marks))
    # The first tenths fill the lines in which things wait.
    return share, marks[-1][1] - marks[1][1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a minute, for a quick look")
    short = parser.parse_args().short
    warm_up()
    real = processor_time(10.0 if short else 60.0)
    fast, growth_mb = memory(120.0 if short else 3600.0)
    print(f"\nrecording takes {100 * max(real, fast):.1f} % of one core (limit "
          f"{100 * MOST_SHARE:g} %); memory grew by {growth_mb:.1f} MB (limit "
          f"{MOST_GROWTH_MB:g} MB)")  # fmt: skip
    if max(real, fast) >= MOST_SHARE or growth_mb > MOST_GROWTH_MB:
        sys.exit("a limit is not kept")


if __name__ == "__main__":
    main()
