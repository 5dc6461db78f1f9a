"""The table of decoders: captures that are no table of text but hold one.

To add one, write a module with a function that claims a capture by its first bytes and one that
decodes it, and add an entry to `DECODERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tremor.formats.capture_file import CaptureFile
from tremor.formats.decoders.decoding import DecodedCapture
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
    is_from_description : bool
        Whether it was built from a description of the format, not from a real capture.
    """

    slug: str
    name: str
    claims: Callable[[bytes, CaptureFile], bool]
    decode: Callable[[CaptureFile], DecodedCapture]
    is_from_description: bool = False


DECODERS: Final[tuple[Decoder, ...]] = (
    Decoder("movesense-json", "Movesense JSON", claims_movesense, decode_movesense),
    Decoder(
        "sensor-logger-json",
        "Sensor Logger JSON",
        claims_sensor_logger,
        decode_sensor_logger,
        is_from_description=True,
    ),
    Decoder(
        "edge-impulse-json",
        "Edge Impulse JSON",
        claims_edge_impulse,
        decode_edge_impulse,
        is_from_description=True,
    ),
    Decoder(
        "timed-vectors-json",
        "JSON rows of timestamp, x, y, z (mPower)",
        claims_timed_vectors,
        decode_timed_vectors,
        is_from_description=True,
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
