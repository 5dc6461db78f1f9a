"""Recordings as MCAP files, for the viewers and tools of robotics; the only importer of mcap.

Channel ``/acceleration`` has a message for each sample that is not lost, and ``/markers`` one for
each marker, as JSON with a schema. Their times are the wall times of the recording, or count from
zero where it has none. All facts of the capture are JSON in the metadata record ``tremor``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from tremor._version import __version__
from tremor.errors import InvalidInputError
from tremor.files import refuse_existing, require_parent, whole_file
from tremor.formats.capture_facts import facts_of
from tremor.recording import Recording

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["ACCELERATION_TOPIC", "MARKER_TOPIC", "write_recording_mcap"]

ACCELERATION_TOPIC: Final = "/acceleration"
MARKER_TOPIC: Final = "/markers"
_METADATA: Final = "tremor"
_SCHEMA: Final = "tremor.mcap/1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Samples that are read at once.
_BLOCK: Final = 65_536
_NS: Final = 10**9

_TIME_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}},
}
#: Schemas of the messages by topic: name, and properties beside the time.
_SCHEMAS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    ACCELERATION_TOPIC: (
        "tremor.Acceleration",
        {
            axis: {"type": "number", "description": f"along {axis} of the sensor, m/s^2"}
            for axis in "xyz"
        },
    ),
    MARKER_TOPIC: (
        "tremor.Marker",
        {"kind": {"type": "string"}, "text": {"type": "string"}},
    ),
}


def write_recording_mcap(
    path: str | os.PathLike[str], recording: Recording, *, overwrite: bool = False
) -> None:
    """Write a recording as an MCAP file, whole or not at all.

    Parameters
    ----------
    path : path
        File to write.
    recording : Recording
        Its lost samples are left out.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    WouldOverwriteError
        If the file exists and may not be replaced.
    InvalidInputError
        If mcap is not installed, or the folder does not exist.
    """
    mcap = _mcap()
    path = Path(path)
    refuse_existing(path, overwrite=overwrite)
    require_parent(path)
    start_ns = 0
    if recording.started_at is not None:
        start_ns = (recording.started_at - _EPOCH) // timedelta(microseconds=1) * 1000
    with whole_file(path) as stream:
        writer = mcap.Writer(stream)
        writer.start(library=f"tremor-analyzer {__version__}")
        facts = msgspec.json.encode({"schema": _SCHEMA, **facts_of(recording)}).decode()
        writer.add_metadata(_METADATA, {"facts": facts})
        channels = {topic: _channel(writer, topic) for topic in _SCHEMAS}
        messages = {MARKER_TOPIC: _markers(recording), ACCELERATION_TOPIC: _samples(recording)}
        for topic, found in messages.items():
            for number, (time_ns, content) in enumerate(found):
                at_ns = start_ns + time_ns
                stamp = {"sec": at_ns // _NS, "nsec": at_ns % _NS}
                writer.add_message(
                    channels[topic],
                    log_time=max(at_ns, 0),
                    publish_time=max(at_ns, 0),
                    data=msgspec.json.encode({"timestamp": stamp, **content}),
                    sequence=number,
                )
        writer.finish()


def _channel(writer: Any, topic: str) -> int:  # noqa: ANN401 - mcap has no types
    name, properties = _SCHEMAS[topic]
    schema = {"type": "object", "properties": {"timestamp": _TIME_SCHEMA, **properties}}
    schema_id = writer.register_schema(
        name=name, encoding="jsonschema", data=msgspec.json.encode(schema)
    )
    channel: int = writer.register_channel(
        topic=topic, message_encoding="json", schema_id=schema_id
    )
    return channel


def _samples(recording: Recording) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield time, ns from the first sample, and content of each sample that is there."""
    for begin in range(0, len(recording.samples), _BLOCK):
        end = min(begin + _BLOCK, len(recording.samples))
        rows = recording.samples.read(begin, end)
        times_ns = np.rint(recording.times(begin, end) * _NS).astype(np.int64)
        is_there = ~np.isnan(rows).any(axis=1)
        for time_ns, (x, y, z) in zip(
            times_ns[is_there].tolist(), rows[is_there].tolist(), strict=True
        ):
            yield time_ns, {"x": x, "y": y, "z": z}


def _markers(recording: Recording) -> Iterator[tuple[int, dict[str, Any]]]:
    for one in recording.markers:
        yield round(one.time_s * _NS), {"kind": one.kind, "text": one.text}


def _mcap() -> ModuleType:
    try:
        import mcap.writer
    except ImportError as error:
        raise InvalidInputError(
            "MCAP needs the package mcap, which is not installed; "
            "install it with: pip install 'tremor-analyzer[mcap]'"
        ) from error
    return mcap.writer
