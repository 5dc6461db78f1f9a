"""JSON lists of objects with a time stamp and three axes, as mPower and ResearchKit write.

The objects of mPower are ``timestamp``, s, with ``x``, ``y``, ``z`` in g; those of its motion of
the device have ``userAcceleration`` and ``gravity`` in the place of the axes.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import numpy as np

from tremor.arrays import Floats
from tremor.decisions import ReadingDecision
from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.time_units import UnitOfTime, guess_unit, typical_step
from tremor.formats.decoders.decoding import DecodedCapture
from tremor.formats.decoders.json_text import (
    AXIS_KEYS,
    Vector,
    load_json,
    number_of,
    vector_of,
)
from tremor.notes import Note, note
from tremor.recording import Gravity
from tremor.units import TIME_UNIT_S

__all__ = ["claims_timed_vectors", "decode_timed_vectors"]

_INNERMOST: Final = re.compile(rb"\{[^{}]{0,1000}\}")
_STAMP: Final = "timestamp"
#: What a row may hold besides its stamp and axes; other names are those of other shapes.
_ROW: Final = AXIS_KEYS | {_STAMP}
_ROW_FURTHER: Final = frozenset({"accuracy"})
_MOTION: Final = re.compile(rb'"userAcceleration"\s*:\s*\{')


def claims_timed_vectors(head: bytes, _: CaptureFile) -> bool:
    """Check for a row of a stamp with three axes, or of the motion of the device."""
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"[", b"{")):
        return False
    if _MOTION.search(head):
        return b'"timestamp"' in head
    found = _INNERMOST.search(head)
    if found is None:
        return False
    try:
        row = json.loads(found[0])
    except ValueError:
        return False
    return bool(_ROW <= row.keys() <= _ROW | _ROW_FURTHER)


def decode_timed_vectors(capture: CaptureFile) -> DecodedCapture:
    """Decode a list of rows with stamps and axes.

    Parameters
    ----------
    capture : CaptureFile
        The JSON file.

    Returns
    -------
    DecodedCapture
        Its unit is found from gravity, for the rows name none.

    Raises
    ------
    CaptureReadError
        If it is damaged, has no rows, a value of a wrong kind, or stamps of an unknown unit.
    """
    found = _Found()
    load_json(capture, found.take)
    if not found.vectors:
        raise CaptureReadError(
            f"{capture.name} holds no rows of {_STAMP}, x, y, z; export it again"
        )
    stamps = np.array(found.stamps)
    if not np.isfinite(stamps).all():
        row = int(np.argmin(np.isfinite(stamps))) + 1
        raise CaptureReadError(f"row {row} of {capture.name} has no time stamp; export it again")
    told, decision = _unit_of_time(stamps, capture)
    unit_s = TIME_UNIT_S[told.unit]
    warnings: tuple[Note, ...] = ()
    if decision.why is not None and told.unit != "s" and not told.is_date:
        warnings = (note("TIME_UNIT_GUESSED", unit=told.unit, **decision.why.values),)
    return DecodedCapture(
        values=np.array(found.vectors, dtype=np.float64),
        stamps_s=(stamps - stamps[0]) * unit_s,
        epoch_s=float(stamps[0]) * unit_s if told.is_date else None,
        time_unit=decision,
        unit="" if found.gravity == "included" else "g",
        gravity=found.gravity,
        warnings=warnings,
        history=(found.step,),
    )


class _Found:
    """Rows in their order."""

    def __init__(self) -> None:
        self.stamps: list[float] = []
        self.vectors: list[Vector] = []
        self.gravity: Gravity = "included"
        self.step = f"rows of {_STAMP}, x, y, z"

    def take(self, record: dict[str, Any]) -> object:
        """Take a row, and return what stands in its place."""
        if record.keys() == AXIS_KEYS:
            return vector_of(record, "a vector")
        where = f"row {len(self.vectors) + 1}"
        if _STAMP in record and isinstance(record.get("userAcceleration"), tuple):
            vector = record["userAcceleration"]
            if isinstance(record.get("gravity"), tuple):
                x, y, z = (a + b for a, b in zip(vector, record["gravity"], strict=True))
                vector = (x, y, z)
                self.step = "user acceleration and gravity added, row by row"
            else:
                self.gravity, self.step = "removed", "rows of user acceleration"
        elif record.keys() >= _ROW:
            vector = vector_of(record, where)
        else:
            return record
        self.stamps.append(number_of(record[_STAMP], f"{_STAMP} of {where}"))
        self.vectors.append(vector)
        return None


def _unit_of_time(stamps: Floats, capture: CaptureFile) -> tuple[UnitOfTime, ReadingDecision]:
    """Return the unit of the stamps, and how it was told."""
    found = guess_unit(stamps)
    if not found.unit:
        raise CaptureReadError(
            f"the unit of time of {capture.name} cannot be told: "
            f"{found.why_not or 'no unit makes a possible sampling rate'}; write its rows to a CSV "
            "whose header names it, such as time_ms,x,y,z"
        )
    if found.is_date:
        return found, ReadingDecision("time_unit", found.unit, "told", note("BY_DATE"))
    rate_hz = 1.0 / (typical_step(stamps) * TIME_UNIT_S[found.unit])
    how = note("BY_RATE", rate_hz=rate_hz)
    return found, ReadingDecision("time_unit", found.unit, "guessed", how)
