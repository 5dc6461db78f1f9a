"""The table of decoders: captures that are no table of text but hold one.

To add one, write a module with a function that claims a capture by its first bytes and one that
decodes it, and add an entry to `DECODERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tremor.formats.capture_file import CaptureFile
from tremor.formats.decoders.decoding import DecodedCapture, Description
from tremor.formats.decoders.edge_impulse import claims_edge_impulse, decode_edge_impulse
from tremor.formats.decoders.movesense import claims_movesense, decode_movesense
from tremor.formats.decoders.sensor_logger import claims_sensor_logger, decode_sensor_logger
from tremor.formats.decoders.timed_vectors import claims_timed_vectors, decode_timed_vectors

__all__ = ["DECODERS", "Decoder", "decoder_of"]

#: First bytes by which a capture is claimed.
_HEAD_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Decoder:
    """A kind of capture that is no table of text.

    Parameters
    ----------
    slug : str
        Short name, used in results.
    name : str
        Name for people.
    claims : callable
        Takes the first bytes and the capture; returns whether it is of this kind.
    decode : callable
        Takes the capture; returns its samples and what it declares, or raises `TremorError`.
    description : Description
        What is known of it for people.
    """

    slug: str
    name: str
    claims: Callable[[bytes, CaptureFile], bool]
    decode: Callable[[CaptureFile], DecodedCapture]
    description: Description


DECODERS: Final[tuple[Decoder, ...]] = (
    Decoder(
        "movesense-json",
        "Movesense JSON",
        claims_movesense,
        decode_movesense,
        Description(
            told_by="JSON",
            time="the stamp of each packet, over which its samples are spread",
            units=("m/s^2",),
            gravity="included",
            seen="real file",
            example='{"Meas": {"IMU9": [{"ArrayAcc": [{"x": 0.12, "y": -0.33, "z": 9.78}]',
            remark="A logbook or what an app wrote, with Acc, IMU6 or IMU9; one sensor a file.",
        ),
    ),
    Decoder(
        "sensor-logger-json",
        "Sensor Logger JSON",
        claims_sensor_logger,
        decode_sensor_logger,
        Description(
            told_by="JSON",
            time="stamps",
            units=("m/s^2",),
            gravity="added from the rows of Gravity, or removed",
            seen="description",
            example='[{"sensor": "Accelerometer", "time": "1700000000123456789", "x": "0.0408"',
            remark="All sensors are in one file; those of acceleration are chosen as in its CSV.",
        ),
    ),
    Decoder(
        "edge-impulse-json",
        "Edge Impulse JSON",
        claims_edge_impulse,
        decode_edge_impulse,
        Description(
            told_by="JSON",
            time="the interval that is stated",
            units=(),
            gravity="told by its names and by the samples",
            seen="description",
            example='{"payload": {"interval_ms": 10, "sensors": [{"name": "accX", "units": "m/s2"}',
            remark="It has no stamps, so that lost samples are not seen; CBOR is not read.",
        ),
    ),
    Decoder(
        "timed-vectors-json",
        "JSON rows of timestamp, x, y, z (mPower)",
        claims_timed_vectors,
        decode_timed_vectors,
        Description(
            told_by="JSON",
            time="stamps",
            units=(),
            gravity="included, or added from the gravity of the same row",
            seen="description",
            example='[{"timestamp": 48123.25, "x": 0.01, "y": -0.03, "z": 0.99}',
            remark="Accelerometer or motion of the device, as mPower and ResearchKit write them.",
        ),
    ),
)


def decoder_of(capture: CaptureFile) -> Decoder | None:
    """Return the decoder of a capture; None if it may be a table of text.

    Parameters
    ----------
    capture : CaptureFile
        It is opened, and its first bytes are read.

    Returns
    -------
    Decoder or None
        The first that claims it.
    """
    with capture.open() as stream:
        head = stream.read(_HEAD_BYTES)
    return next((one for one in DECODERS if one.claims(head, capture)), None)
