"""What is fuzzed: each way in, the small files it is fuzzed with, and what must hold of the result.

`tests/bench/fuzz_reading.py` mutates the files of a target; `tests/formats/test_fuzz_corpus.py`
reads what once broke one. Captures are in `formats.seeds`.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from formats import seeds
from formats.seeds import Case, ContradictionError

import tremor
from devices import PROFILES
from devices.simulated.opening import MODELS, model_of
from rigs.captures import FOLDER
from rigs.fit import fit_bytes
from tremor.errors import PacketError, TremorError
from tremor.explanation.answers.context import Context
from tremor.formats.activity_file import read_activity
from tremor.opening import open_recording
from tremor.packets import LinkEvent, Packet
from tremor.printable import printable
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import SensorInfo
from tremor.redecoding import redecode
from tremor.report import as_html, as_text
from tremor.results.analysis import Analysis
from tremor.settings import AnalysisSettings

__all__ = ["TARGETS", "Target"]

#: Longest value of an attribute of Bluetooth, bytes.
_MOST_BYTES = 512
_NOT_HEX = re.compile("[^0-9a-fA-F]")


@dataclass(frozen=True)
class Target:
    """A way in.

    Parameters
    ----------
    seeds : callable
        Make the files.
    examine : callable
        Read one; takes its path and options, and raises whatever is wrong.
    folders : tuple of str
        Where the code under test is.
    """

    seeds: Callable[[], Iterator[Case]]
    examine: Callable[[Path, Mapping[str, Any]], None]
    folders: tuple[str, ...]
    options: tuple[Mapping[str, Any], ...] = ({},)


# Packets: a line each, of the time it came, its characteristic and its bytes.


def _packet_seeds() -> Iterator[Case]:
    for slug in MODELS:
        lines = [
            f"{arrival_s:.3f},{uuid},{data.hex()}" for arrival_s, uuid, data in _sent(slug, 2.0)
        ]
        yield Case("file", {f"{slug}.packets": "\n".join(lines).encode()})
    for path in sorted(FOLDER.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        lines = [
            f"{number / 10:.3f},{one['characteristic']},{one['hex']}"
            for number, one in enumerate(document["packets"])
        ]
        for slug in document["examples"]:
            yield Case("file", {f"{slug}.packets": "\n".join(lines).encode()})


def _sent(slug: str, seconds: float) -> Iterator[tuple[float, str, bytes]]:
    model = model_of({"scene": "index", "like": slug}, sampling_rate_hz=None)
    model.subscribed.update(PROFILES[slug].data_characteristics)
    model.start(0.0)
    for step in range(1, int(20 * seconds)):
        for uuid, data in model.due(step / 20.0):
            yield step / 20.0, uuid, data


def _decode(path: Path, options: Mapping[str, Any]) -> None:
    slug = path.name.partition(".")[0]
    if slug not in PROFILES:
        return
    decoder = PROFILES[slug].decoder(**options)
    arrival_s, end = 0.0, 0
    for line in path.read_bytes().decode("utf-8", "replace").splitlines()[:2000]:
        stamp, _, rest = line.partition(",")
        uuid, _, digits = rest.partition(",")
        digits = _NOT_HEX.sub("", digits)[: 2 * _MOST_BYTES]
        data = bytes.fromhex(digits[: len(digits) // 2 * 2])
        arrival_s = max(arrival_s, _time(stamp, arrival_s))  # the clock of the host runs forward
        try:
            blocks = decoder.feed(uuid, data, arrival_s)
        except PacketError as error:
            if printable(error) != str(error):
                raise ContradictionError(f"text that is not printable: {error}") from error
            continue
        for block in blocks:
            if not np.isfinite(block.acceleration_ms2).all():
                raise ContradictionError("samples that are not finite")
            if block.first_index < end:
                raise ContradictionError("samples that come back")
            end = block.first_index + len(block.acceleration_ms2)
            if end > 2**53:
                raise ContradictionError("an index beyond all counting")


def _time(text: str, otherwise: float) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return otherwise
    return seconds if math.isfinite(seconds) and 0.0 <= seconds < otherwise + 1e5 else otherwise


# Folders of recordings: the rows, the packets and the manifest, each against the others.


def _recording_seeds() -> Iterator[Case]:
    for slug in ("simulated", "movesense", "witmotion", "polar-h10"):
        yield Case("folder", _recorded(slug))


def _recorded(slug: str) -> dict[str, bytes]:
    profile = PROFILES[slug]
    settings = profile.settings()
    stream = StreamDescription(
        sensor=SensorInfo(profile.name, slug),
        sampling_rate_hz=settings.sampling_rate_hz,
        range_g=settings.range_g,
        loss=profile.loss,
        detects_loss=profile.detects_loss,
    )

    async def record(folder: Path) -> None:
        decoder = profile.decoder()
        async with Recorder(folder, stream=stream, placement="left-calf") as recorder:
            recorder.tap(LinkEvent(0.0, 1.7e9, "started"))
            for arrival_s, uuid, data in _sent(slug, 3.0):
                recorder.tap(Packet(arrival_s, 1.7e9 + arrival_s, uuid, data))
                for block in decoder.feed(uuid, data, arrival_s):
                    recorder.take(block)
            recorder.marker("stood up", arrival_s=1.0)

    with tempfile.TemporaryDirectory() as parent:
        asyncio.run(record(Path(parent, "leg")))
        return {
            one.name: one.read_bytes()
            for one in sorted(Path(parent, "leg").iterdir())
            if one.is_file()
        }


def _open_and_redecode(path: Path, options: Mapping[str, Any]) -> None:
    del options
    try:
        with open_recording(path) as recording:
            recording.in_memory()
            for one in recording.warnings:
                json.dumps(one.to_dict(), allow_nan=False)
    except TremorError as error:
        if printable(error) != str(error):
            raise ContradictionError(f"text that is not printable: {error}") from error
    redecode(path)


# Answers, settings, activities and results.

_ANSWERS = """schema = "tremor.context/1"
[run]
distance_km = "13 miles"
duration_min = "1h05"
rpe = 8
load = "harder"
kind = "intervals"
minutes_since_stop = 4
[environment]
temperature_c = "86 F"
sun = "full"
[body]
mass_before_kg = "154 lb"
mass_after_kg = 69.2
[intake]
fluid_ml = 250
salt = false
[health]
medicines = ["diuretic", "other"]
autoimmune = false
[today]
other_muscles = ["eyelid"]
cramp = true
[warning]
signs = ["dark_urine"]
"""


def _answer_seeds() -> Iterator[Case]:
    yield Case("file", {"answers.toml": _ANSWERS.encode()})
    answers = {"run": {"rpe": 8, "distance_km": 12.5}, "health": {"medicines": ["diuretic"]}}
    yield Case("file", {"answers.json": json.dumps(answers, indent=1).encode()})


def _read_answers(path: Path, options: Mapping[str, Any]) -> None:
    del options
    Context.from_file(path).to_dict()


def _setting_seeds() -> Iterator[Case]:
    text = "# of a study\nband_high_hz = 12\nband_low_hz = 3.5\n"
    yield Case("file", {"settings.toml": text.encode()})


def _read_settings(path: Path, options: Mapping[str, Any]) -> None:
    del options
    AnalysisSettings.from_file(path)


def _activity_seeds() -> Iterator[Case]:
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    records = [
        (
            "record",
            {
                "timestamp": start + timedelta(seconds=10 * number),
                "heart_rate": 120 + number,
                "distance": 33.0 * number,
                "temperature": 21,
            },
        )
        for number in range(40)
    ]
    session = {
        "timestamp": start + timedelta(seconds=400),
        "start_time": start,
        "sport": 1,
        "total_elapsed_time": 400.0,
        "total_timer_time": 390.0,
        "total_distance": 1320.0,
        "avg_heart_rate": 141,
        "max_heart_rate": 160,
    }
    head = ("file_id", {"type": 4})
    stop = ("event", {"timestamp": start + timedelta(seconds=400), "event": 0, "event_type": 4})
    for messages in ((head, *records, stop, ("session", session)), (head, *records)):
        yield Case("file", {"run.fit": fit_bytes(*messages)})


def _read_activity(path: Path, options: Mapping[str, Any]) -> None:
    del options
    activity = read_activity(path)
    numbers = (activity.distance_m, activity.mean_heart_rate_bpm, activity.max_temperature_c)
    if not all(one is None or math.isfinite(one) for one in numbers):
        raise ContradictionError("a summary that is not finite")


def _result_seeds() -> Iterator[Case]:
    rng = np.random.default_rng(5)
    samples = 0.01 * rng.standard_normal((3000, 3)) + (0.0, 0.0, 9.80665)
    samples[:, 0] += 0.5 * np.sin(2.0 * np.pi * 8.0 * np.arange(3000) / 100.0)
    context = {"run": {"rpe": 9}, "warning": {"signs": ["dark_urine"]}}
    result = tremor.analyze(samples, sampling_rate_hz=100.0, context=context)
    yield Case("file", {"result.json": result.to_json(indent=1).encode()})


def _read_result(path: Path, options: Mapping[str, Any]) -> None:
    del options
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    result = Analysis.from_json(text)
    as_text.render(result, unicode=True)
    as_html.render(result)


def _capture_examine(path: Path, options: Mapping[str, Any]) -> None:
    seeds.examine(path, dict(options))


_CAPTURE_OPTIONS: tuple[Mapping[str, Any], ...] = (
    {},
    {},
    {},
    {"columns": "time_s,x,y,z"},
    {"columns": "time,x_g,y_g,z_g"},
    {"columns": "x,y,z", "sampling_rate_hz": 100.0},
    {"unit": "g", "gravity": "included"},
    {"sampling_rate_hz": 1.0},
)
TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "captures": Target(seeds.seeds, _capture_examine, ("tremor/formats",), _CAPTURE_OPTIONS),
        "packets": Target(_packet_seeds, _decode, ("devices/decoding", "devices/sensors")),
        "recordings": Target(
            _recording_seeds,
            _open_and_redecode,
            ("tremor/formats/folder", "tremor/redecoding", "tremor/opening", "tremor/clock"),
        ),
        "answers": Target(_answer_seeds, _read_answers, ("tremor/explanation/answers",)),
        "settings": Target(_setting_seeds, _read_settings, ("tremor/settings", "tremor/files")),
        "activities": Target(_activity_seeds, _read_activity, ("tremor/formats/activity",)),
        "results": Target(_result_seeds, _read_result, ("tremor/results", "tremor/report")),
    }
)
