"""Sensor Logger recordings as JSON: a list of rows, each of which names its sensor.

The same sensors, units and rules as in the CSV export, see `tremor.formats.csv.dialects`.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, Final

import numpy as np

from tremor.arrays import Floats
from tremor.decisions import ReadingDecision
from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import quoted
from tremor.formats.decoders.decoding import DecodedCapture, TimedText
from tremor.formats.decoders.json_text import Vector, load_json, number_of, vector_of
from tremor.recording import Gravity, SensorInfo
from tremor.settings import PACKET_STAMPS

__all__ = ["claims_sensor_logger", "decode_sensor_logger"]

_ROW: Final = re.compile(rb'"seconds_elapsed"\s*:')
_GRAVITY: Final = "Gravity"
#: Sensors of acceleration, best first: name, whether it includes gravity, unit without gravity.
_SENSORS: Final[tuple[tuple[str, Gravity, str], ...]] = (
    ("TotalAcceleration", "included", ""),
    ("Accelerometer", "removed", "m/s^2"),
    ("AccelerometerUncalibrated", "included", ""),
)
_TAKEN: Final = frozenset({name for name, *_ in _SENSORS} | {_GRAVITY})


def claims_sensor_logger(head: bytes, _: CaptureFile) -> bool:
    """Check for the first rows of a list."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[" and bool(_ROW.search(head))


def decode_sensor_logger(capture: CaptureFile) -> DecodedCapture:
    """Decode the acceleration of a Sensor Logger recording.

    Parameters
    ----------
    capture : CaptureFile
        The JSON file; if its rows name no sensor, the name of the file does.

    Returns
    -------
    DecodedCapture
        With gravity, if the recording has it.

    Raises
    ------
    CaptureReadError
        If it is damaged, holds no acceleration, or a value of a wrong kind.
    """
    found = _Found(PurePath(capture.name.rpartition(":")[2]).stem)
    load_json(capture, found.take)
    for name, gravity, unit in _SENSORS:
        if name in found.times_ns:
            return _decoded(found, name, gravity, unit)
    raise CaptureReadError(
        f"{capture.name} is JSON of Sensor Logger without acceleration; record the accelerometer"
    )


def _decoded(found: _Found, name: str, gravity: Gravity, unit: str) -> DecodedCapture:
    times_ns = found.times_ns[name]
    stamps_s = _seconds(times_ns, times_ns[0])
    values = np.array(found.vectors[name], dtype=np.float64)
    history = [f"rows of {name}"]
    summed = None
    if gravity == "removed" and _GRAVITY in found.times_ns:
        other_s = _seconds(found.times_ns[_GRAVITY], times_ns[0])
        summed = _with_gravity(stamps_s, values, other_s, np.array(found.vectors[_GRAVITY]))
        history.append(
            "gravity of another time, not added" if summed is None else f"{_GRAVITY} added by time"
        )
    return DecodedCapture(
        values=values if summed is None else summed,
        stamps_s=stamps_s,
        epoch_s=times_ns[0] / 1e9,
        time_unit=ReadingDecision("time_unit", "ns", "named"),
        unit_without_gravity=unit,
        gravity=gravity if summed is None else "included",
        sensor=SensorInfo(found.device) if found.device else None,
        texts=tuple(found.texts),
        history=tuple(history),
    )


def _seconds(times_ns: list[int], zero_ns: int) -> Floats:
    # Exact: a float of ns since 1970 would be rounded to 256 ns.
    return np.array([time_ns - zero_ns for time_ns in times_ns], dtype=np.float64) / 1e9


def _with_gravity(
    time_s: Floats, values: Floats, other_s: Floats, gravity: Floats
) -> Floats | None:
    """Return the sums; None if gravity is of another time."""
    within = (time_s >= other_s[0]) & (time_s <= other_s[-1])
    if np.array_equal(time_s, other_s):
        return np.asarray(values + gravity)
    if within.mean() < PACKET_STAMPS.least_gravity_overlap or (np.diff(other_s) < 0.0).any():
        return None
    added = [np.interp(time_s, other_s, gravity[:, axis]) for axis in range(gravity.shape[1])]
    return np.asarray(values + np.column_stack(added))


class _Found:
    """Rows by their sensor, and what the recording says of itself."""

    def __init__(self, sensor_of_file: str) -> None:
        self.sensor_of_file = sensor_of_file
        self.times_ns: dict[str, list[int]] = {}
        self.vectors: dict[str, list[Vector]] = {}
        self.texts: list[TimedText] = []
        self.device = ""

    def take(self, record: dict[str, Any]) -> object:
        """Take a row, and return what stands in its place."""
        sensor = record.get("sensor", self.sensor_of_file)
        name = sensor if isinstance(sensor, str) else None
        if name is None:
            raise ValueError(f"the name of a sensor is {quoted(str(sensor), 30)}")
        if name in _TAKEN and "time" in record:
            where = f"sample {len(self.vectors.get(name, ())) + 1} of {name}"
            vector = vector_of(record, where)
            self.times_ns.setdefault(name, []).append(_nanoseconds(record["time"], where))
            self.vectors.setdefault(name, []).append(vector)
            return None
        if name == "Annotation" and isinstance(record.get("text"), str):
            moment_s = _nanoseconds(record.get("time"), "an annotation") / 1e9
            self.texts.append(TimedText(moment_s, record["text"].strip()))
        if isinstance(record.get("device name"), str):
            self.device = record["device name"].strip()
        return None if "seconds_elapsed" in record else record


def _nanoseconds(value: object, what: str) -> int:
    """Return ns since 1970 as a whole number, exact where it is one."""
    text = value if isinstance(value, str) else str(value)
    try:
        return int(text)
    except ValueError:
        moment = number_of(value, f"time of {what}")
        if not np.isfinite(moment):
            raise ValueError(f"time of {what} is missing") from None
        return int(moment)
