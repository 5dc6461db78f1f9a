"""Edge Impulse samples: JSON with a fixed interval, the names and units of channels, and rows.

The format is the data acquisition format of Edge Impulse; its CBOR form is not read. Samples have
no stamps, and the time in the file is that of the upload.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from tremor.arrays import Floats
from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import quoted
from tremor.formats.csv.headers import foreign_axes, match_any_header
from tremor.formats.csv.time_units import is_possible_rate
from tremor.formats.decoders.decoding import DecodedCapture
from tremor.formats.decoders.json_text import load_json, number_of
from tremor.recording import SensorInfo

__all__ = ["claims_edge_impulse", "decode_edge_impulse"]

_INTERVAL: Final = re.compile(rb'"interval_ms"\s*:')
#: What stands in the place of an unknown unit.
_NO_UNIT: Final = frozenset({"", "n/a", "na", "none", "-"})


def claims_edge_impulse(head: bytes, _: CaptureFile) -> bool:
    """Check for the interval in the first bytes of an object."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and bool(_INTERVAL.search(head))


def decode_edge_impulse(capture: CaptureFile) -> DecodedCapture:
    """Decode the rows of a sample of Edge Impulse.

    Parameters
    ----------
    capture : CaptureFile
        The JSON file.

    Returns
    -------
    DecodedCapture
        Without stamps, with the rate that the interval declares.

    Raises
    ------
    CaptureReadError
        If it is damaged, has no channels of acceleration, or a value of a wrong kind.
    """
    content = load_json(capture)
    payload = content.get("payload", content) if isinstance(content, dict) else None
    if not isinstance(payload, dict):
        raise CaptureReadError(f"{capture.name} has no payload of Edge Impulse; export it again")
    names = _channels(payload, capture)
    matched = match_any_header(names)
    if isinstance(matched, str):
        foreign = foreign_axes(names)
        raise CaptureReadError(
            f"{capture.name} is JSON of Edge Impulse without acceleration: {foreign or matched}; "
            "export a sample of the accelerometer"
        )
    try:
        period_s = number_of(payload.get("interval_ms"), "interval_ms") / 1e3
        values = _rows(payload.get("values"), len(names))[:, list(matched.axes)]
    except ValueError as error:
        raise CaptureReadError(f"{capture.name}: {error}; export it again") from error
    if not is_possible_rate(period_s):
        raise CaptureReadError(
            f"{capture.name} says an interval of {1e3 * period_s:g} ms, which no accelerometer "
            "has; export it as CSV and give its rate with --sampling-rate"
        )
    device = next(
        (
            text
            for key in ("device_name", "device_type")
            if isinstance(text := payload.get(key), str)
        ),
        "",
    )
    return DecodedCapture(
        values=values,
        stamps_s=None,
        unit=matched.unit,
        gravity=matched.gravity,
        nominal_sampling_rate_hz=1.0 / period_s,
        sensor=SensorInfo(device) if device else None,
        history=(f"channels {', '.join(names[axis] for axis in matched.axes)}",),
    )


def _channels(payload: dict[str, Any], capture: CaptureFile) -> list[str]:
    """Return the names of the channels with their units, as a header has them."""
    sensors = payload.get("sensors")
    if not isinstance(sensors, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in sensors
    ):
        raise CaptureReadError(f"{capture.name} names no sensors; export it again")
    names = []
    for sensor in sensors:
        unit = str(sensor.get("units", "")).strip()
        named = unit.lower() not in _NO_UNIT
        names.append(f"{sensor['name']} ({unit})" if named else sensor["name"])
    return names


def _rows(rows: object, n_channels: int) -> Floats:
    """Return the values, shape (n, n_channels).

    Raises
    ------
    ValueError
        If a row has another length, or holds something other than numbers.
    """
    listed = rows if isinstance(rows, list) else []
    if not listed:
        raise ValueError("it has no list of values")
    values = np.empty((len(listed), n_channels))
    for number, row in enumerate(listed):
        if not isinstance(row, list) or len(row) != n_channels:
            raise ValueError(
                f"row {number + 1} is {quoted(str(row), 30)}, but there are {n_channels} sensors"
            )
        values[number] = [number_of(cell, f"a value of row {number + 1}") for cell in row]
    return values
