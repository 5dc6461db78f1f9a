"""Movesense logbooks and recordings as JSON.

A packet is an object with ``Timestamp``, ms since power-on, and ``ArrayAcc``, some vectors in m/s^2
that include gravity. Where packets stand differs from program to program (``Meas`` of a logbook,
``data`` or ``Samples`` of an app, one message a line), so that they are taken wherever they are.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from tremor.decisions import ReadingDecision
from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.decoders.decoding import DecodedCapture
from tremor.formats.decoders.json_text import AXIS_KEYS, Vector, load_json, number_of, vector_of
from tremor.formats.decoders.packet_stamps import spread_packets
from tremor.recording import SensorInfo

__all__ = ["claims_movesense", "decode_movesense"]

_PACKET: Final = re.compile(rb'"ArrayAcc"\s*:\s*\[')
_STREAM: Final = re.compile(r"Array\w+")
#: Names of the unit of the sensor, the first known one is used.
_SERIALS: Final = ("serial", "Serial", "serialNumber")


def claims_movesense(head: bytes, _: CaptureFile) -> bool:
    """Check for a packet of acceleration in the first bytes."""
    return bool(_PACKET.search(head))


def decode_movesense(capture: CaptureFile) -> DecodedCapture:
    """Decode the packets of a Movesense capture.

    Parameters
    ----------
    capture : CaptureFile
        The JSON file.

    Returns
    -------
    DecodedCapture
        Each sample with a stamp of its own.

    Raises
    ------
    CaptureReadError
        If it is damaged, holds packets of several sensors, or a value of a wrong kind.
    InsufficientDataError
        If there are fewer than two packets.
    """
    found = _Found()
    load_json(capture, found.take)
    if not found.streams:
        raise CaptureReadError(
            f"{capture.name} is JSON of Movesense without acceleration that has stamps; export it "
            "again with Acc, IMU6 or IMU9"
        )
    kind = max(
        found.streams, key=lambda one: sum(len(vectors) for _, vectors in found.streams[one])
    )
    packets = [(stamp, vectors) for stamp, vectors in found.streams[kind] if vectors]
    stamps_s = np.array([stamp for stamp, _ in packets]) / 1e3
    if (np.diff(stamps_s) < 0.0).any():
        packet = int(np.argmax(np.diff(stamps_s) < 0.0)) + 2
        raise CaptureReadError(
            f"the stamps of {capture.name} go back at packet {packet} of {kind}, as if it held "
            "several sensors or recordings; export each by itself"
        )
    values = np.array([vector for _, vectors in packets for vector in vectors], dtype=np.float64)
    counts = np.array([len(vectors) for _, vectors in packets], dtype=np.int64)
    others = ", ".join(sorted(set(found.streams) - {kind}))
    zero_s = found.utc_zero_s
    return DecodedCapture(
        values=values,
        stamps_s=spread_packets(stamps_s, counts),
        time_unit=ReadingDecision("time_unit", "ms", "named"),
        unit="m/s^2",
        gravity="included",
        epoch_s=None if zero_s is None else zero_s + float(stamps_s[0]),
        sensor=SensorInfo(f"Movesense {found.serial}".strip()),
        history=(
            f"{len(packets)} packets of {kind}, their samples spread over them"
            + (f"; not used: {others}" if others else ""),
        ),
    )


class _Found:
    """Packets by the names of their arrays, and what is said of the sensor."""

    def __init__(self) -> None:
        self.streams: dict[str, list[tuple[float, list[Vector]]]] = {}
        self.serial = ""
        self.utc_zero_s: float | None = None

    def take(self, record: dict[str, Any]) -> object:
        """Take a packet, and return what stands in the place of an object."""
        if record.keys() == AXIS_KEYS:
            return vector_of(record, "a sample")
        if "Timestamp" in record and isinstance(record.get("ArrayAcc"), list):
            arrays = " + ".join(sorted(key for key in record if _STREAM.fullmatch(key)))
            vectors = record["ArrayAcc"]
            if not all(isinstance(one, tuple) for one in vectors):
                raise ValueError("ArrayAcc holds something other than x, y and z")
            stamp = number_of(record["Timestamp"], "Timestamp")
            self.streams.setdefault(arrays, []).append((stamp, vectors))
            return None
        if "utcTime" in record and "relativeTime" in record:  # us since 1970, and ms on the clock
            utc_s = number_of(record["utcTime"], "utcTime") / 1e6
            self.utc_zero_s = utc_s - number_of(record["relativeTime"], "relativeTime") / 1e3
        for name in _SERIALS:
            if isinstance(record.get(name), str | int) and not self.serial:
                self.serial = str(record[name])
        return record
