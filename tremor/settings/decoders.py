"""Numbers that decide how captures are read that are no table of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "COMPANIONS",
    "JSON_BOUNDS",
    "PACKET_STAMPS",
    "CompanionCalibration",
    "JsonBounds",
    "PacketStampCalibration",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonBounds:
    """How much JSON is read in one piece."""

    most_bytes: int = calibrated(
        256_000_000,
        "B",
        "largest JSON capture: five hours of a sensor at 100 Hz, which take some 0.7 GB of memory",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketStampCalibration:
    """Samples that share the stamp of their packet."""

    most_over_median: float = calibrated(
        1.5,
        "1",
        "a step from packet to packet longer than this many median steps holds a lost packet: "
        "without loss it is one step, with a loss at least two",
        source="measured: tests/formats/decoders/test_packet_stamps.py, one packet in five lost",
    )
    least_gravity_overlap: float = calibrated(
        0.95,
        "1",
        "share of the samples that stamps of gravity must surround before gravity is added: an app "
        "starts and stops both sensors within a second",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionCalibration:
    """Files that an app writes beside a capture."""

    most_bytes: int = calibrated(
        1_000_000,
        "B",
        "largest companion that is read: a day of notes and pauses is shorter",
        source=JUDGEMENT,
    )
    least_pause_s: float = calibrated(
        0.1,
        "s",
        "a shorter pause between two starts is how long it takes to start",
        source=JUDGEMENT,
    )
    most_apart_s: float = calibrated(
        60.0,
        "s",
        "start or end of a capture and of its companion at most so far apart: sensors start late, "
        "and two recordings in one folder are minutes apart",
        source=JUDGEMENT,
    )


COMPANIONS: Final = CompanionCalibration()
JSON_BOUNDS: Final = JsonBounds()
PACKET_STAMPS: Final = PacketStampCalibration()
