"""Captures of every way in, made from the table of formats, and what holds of all that is read."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tremor.formats.csv.dialects import FORMATS
from tremor.formats.readers import ReadOptions, open_capture
from tremor.recorder import Recorder, StreamDescription, Zero
from tremor.recording import SampleBlock, SensorInfo

__all__ = ["ROWS", "Case", "ContradictionError", "examine", "plain", "seeds", "write"]

ROWS = 60
RATE_HZ = 100.0
_TIME = re.compile(r"time|epoc|elapsed|seconds|stamp|^t$|clock", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """A capture as files: one alone, the members of an archive, or those of a folder."""

    kind: str
    files: dict[str, bytes] = field(default_factory=dict)


class ContradictionError(Exception):
    """What was read cannot be."""


def examine(path: Path, options: dict[str, Any]) -> None:
    """Read a capture as the commands do, and check what must hold of any recording."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with open_capture(path, ReadOptions(**options)) as recording:
            whole = recording.in_memory()
    samples = whole.acceleration_ms2
    rate_hz = whole.sampling_rate_hz
    if not (np.isfinite(rate_hz) and rate_hz > 0.0):
        raise ContradictionError(f"a rate of {rate_hz} Hz")
    if samples.ndim != 2 or samples.shape[1] != 3:
        raise ContradictionError(f"samples of shape {samples.shape}")
    if np.isinf(samples).any():
        raise ContradictionError("infinite samples")
    if not np.isfinite(samples).any():
        raise ContradictionError("no sample at all")
    for one in whole.warnings:
        json.dumps(one.to_dict(), allow_nan=False)
    if not "".join((*whole.history, whole.unit_in)).isprintable():
        raise ContradictionError("text that is not printable in the history")


def write(case: Case, folder: Path) -> Path:
    """Write a case into a folder, and return the path to read."""
    folder.mkdir(parents=True, exist_ok=True)
    if case.kind == "file":
        ((name, content),) = case.files.items()
        path = folder / _file_name(name)
        path.write_bytes(content)
        return path
    if case.kind == "zip":
        path = folder / "leg.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in case.files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        return path
    path = folder / "leg"
    path.mkdir(exist_ok=True)
    for name, content in case.files.items():
        (path / _file_name(name)).write_bytes(content)
    return path


def _file_name(name: str) -> str:
    return re.sub(r"[/\x00]", "_", name)[:100] or "leg.csv"


def grown(lines: tuple[str, ...], n_rows: int = ROWS) -> str:
    """Repeat the last line of an example with stamps that go on and samples that move."""
    *head, row = lines
    delimiter = max(",;\t|", key=row.count)
    names = head[-1].split(delimiter) if head else []
    cells = row.split(delimiter)
    rng = np.random.default_rng(7)
    rows = []
    for number in range(n_rows):
        made = []
        for column, cell in enumerate(cells):
            name = names[column] if column < len(names) else ""
            is_time = bool(_TIME.search(name)) or (not names and column == 0)
            made.append(_moved(cell, number, is_time=is_time, rng=rng))
        rows.append(delimiter.join(made))
    return "\n".join([*head, *rows]) + "\n"


def _moved(cell: str, number: int, *, is_time: bool, rng: np.random.Generator) -> str:
    if not re.fullmatch(r"\s*-?\d+([.,]\d+)?\s*", cell):
        return cell
    digits = len(re.split("[.,]", cell)[1].strip()) if re.search("[.,]", cell) else 0
    value = float(cell.replace(",", "."))
    if is_time:
        tick = 1e9 if value > 1e17 else 1e6 if value > 1e14 else 1e3 if digits == 0 else 1.0
        if digits == 0:
            return str(int(cell) + round(number * tick / RATE_HZ))
        value += number * tick / RATE_HZ
        digits = max(digits, 2)
    else:
        value += round(float(rng.normal(0.0, 2.0))) * 10.0**-digits
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if "," in cell else text


def plain(n_rows: int = ROWS) -> str:
    """Return the text of a table that every reader knows."""
    return grown(
        ("time_s,acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2)", "0.01,0.12,-0.33,9.78"), n_rows
    )


def seeds() -> Iterator[Case]:
    """Yield a small capture of every way in."""
    for entry in FORMATS:
        if example := getattr(entry, "example", ()):
            name = entry.members[0][0] if entry.members else f"{entry.slug}.csv"
            yield Case("file", {name: grown(tuple(example)).encode()})
    text = plain()
    yield Case("file", {"leg.csv": text.encode()})
    yield Case("file", {"leg.txt": text.replace(",", ";").replace(".", ",").encode()})
    yield Case("file", {"leg.tsv": text.replace(",", "\t").encode("utf-16")})
    yield Case("file", {"leg.csv": ("\ufeff" + text.replace("\n", "\r\n")).encode()})
    yield Case("file", {"numbers.csv": text.partition("\n")[2].encode()})
    yield Case("file", {"times.csv": _with_dates(text).encode()})
    logger = "time,seconds_elapsed,z,y,x\n" + "".join(
        f"{1700000000000000000 + i * 10**7},{i / 100},0.1,{0.2 + i % 3 / 100},0.3\n"
        for i in range(1, ROWS)
    )
    device = '"event","experiment time","system time"\n"START",0.0,1700000000.0\n'
    yield Case("zip", {"Accelerometer.csv": logger.encode(), "Gravity.csv": logger.encode()})
    yield Case("zip", {"Raw Data.csv": text.encode(), "meta/time.csv": device.encode()})
    yield Case("folder", {"Accelerometer.csv": logger.encode(), "Gravity.csv": logger.encode()})
    for name, document in _documents().items():
        yield Case("file", {f"{name}.json": json.dumps(document).encode()})
    for closed in (True, False):
        yield Case("folder", recorded(closed=closed))


def _with_dates(text: str) -> str:
    head, *rows = text.splitlines()
    dated = [
        f"2024-05-01 10:00:{number // 100:02d}.{number % 100:02d}0,{row.partition(',')[2]}"
        for number, row in enumerate(rows)
    ]
    return "\n".join([head.replace("time_s", "time"), *dated]) + "\n"


def _documents() -> dict[str, object]:
    points = [{"x": 0.1 * (i % 5), "y": 0.2, "z": 9.8} for i in range(8)]
    return {
        "movesense": {
            "Meas": {"IMU9": [{"ArrayAcc": points, "Timestamp": 75 * i} for i in range(10)]}
        },
        "sensor_logger": [
            {"sensor": "Accelerometer", "time": str(10**18 + i * 10**7), "x": "0.1",
             "seconds_elapsed": str(i / 100), "y": str(0.1 * (i % 4)), "z": "0.3"}
            for i in range(ROWS)
        ],
        "edge_impulse": {
            "payload": {
                "interval_ms": 10,
                "sensors": [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"],
                "values": [[0.1, 0.2 * (i % 3), 9.8] for i in range(ROWS)],
            }
        },
    }  # fmt: skip


def recorded(*, closed: bool) -> dict[str, bytes]:
    """Return the files of a recording folder."""
    stream = StreamDescription(
        sensor=SensorInfo("Movesense 1", "movesense"),
        sampling_rate_hz=104.0,
        range_g=8.0,
        detects_loss=True,
    )

    async def record(folder: Path) -> None:
        zero = Zero(500.0, 1.8e9)
        async with Recorder(folder, stream=stream, zero=zero, placement="left-calf") as recorder:
            for number in range(12):
                index = np.arange(8 * number, 8 * number + 8)
                samples = np.column_stack((0.1 * (index % 5), 0.01 * index, 9.8 + 0.0 * index))
                arrival_s = 500.1 + index[-1] / 103.0
                recorder.take(
                    SampleBlock(int(index[0]), samples, arrival_s, None, 77.0 + index / 103.0)
                )

    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "leg")
        asyncio.run(record(folder))
        files = {one.name: one.read_bytes() for one in sorted(folder.iterdir()) if one.is_file()}
    if not closed:
        files = {name: content[: -len(content) // 3] for name, content in files.items()}
    return files
