"""Bytes of Polar's measurement service into numbers: data frames and the difference coding in them.

Which units the numbers have depends on what the sensor answered when it was started; that is
`devices.sensors.polar_control`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from tremor.errors import PacketError

__all__ = ["ACCELERATION", "ANGULAR_VELOCITY", "Frame", "decode_frame", "undo_differences"]

#: Kinds of measurement, by their number in a frame and in a request.
ACCELERATION: Final = 2
ANGULAR_VELOCITY: Final = 5

Triple: TypeAlias = tuple[float, float, float]

_HEADER: Final = struct.Struct("<BQB")
#: The upper bits of a kind tell where it comes from and not what it is.
_KIND: Final = 0x3F
#: Kinds that the sensors know beside the two that are decoded.
_OTHER_KINDS: Final = frozenset(range(16)) - {ACCELERATION, ANGULAR_VELOCITY}
_AXES: Final = 3
_MOST_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class Frame:
    """One notification of the data characteristic.

    Parameters
    ----------
    kind : int
        `ACCELERATION` or `ANGULAR_VELOCITY`; another one has no samples.
    stamp_ns : int
        Of the last sample, ns since 2000-01-01 by a clock that nobody need have set.
    frame_type : int
        As sent; bit 7 tells that differences were sent.
    samples : tuple of triples
        x, y, z as numbers of the frame.
    """

    kind: int
    stamp_ns: int
    frame_type: int
    samples: tuple[Triple, ...] = ()


def decode_frame(data: bytes) -> Frame:
    """Decode a notification.

    Parameters
    ----------
    data : bytes
        As received.

    Returns
    -------
    Frame
        Without samples where it is of a measurement that is not of movement.

    Raises
    ------
    PacketError
        Where it is cut or of an unknown kind. The stamp is that of the last sample, so nothing
        of a cut frame can be placed in time.

    Examples
    --------
    >>> frame = decode_frame(bytes.fromhex("02 0094357700000000 01 f7ff ffff e703"))
    >>> frame.stamp_ns, frame.samples
    (2000000000, ((-9, -1, 999),))
    """
    if len(data) < _HEADER.size:
        raise PacketError(f"a Polar frame of {len(data)} bytes ends within its header")
    kind, stamp_ns, frame_type = _HEADER.unpack_from(data)
    kind &= _KIND
    if kind in _OTHER_KINDS:
        return Frame(kind, stamp_ns, frame_type)
    decode = _DECODERS.get((kind, frame_type))
    if decode is None:
        raise PacketError(f"no Polar frame of movement is of kind {kind}, type {frame_type:#04x}")
    return Frame(kind, stamp_ns, frame_type, decode(data[_HEADER.size :]))


def undo_differences(data: bytes, *, n_channels: int, n_bits: int) -> list[tuple[int, ...]]:
    """Undo difference coding: a reference sample, then blocks of differences of few bits.

    Parameters
    ----------
    data : bytes
        Reference sample, each channel in whole bytes; then blocks of width, count and
        ``count * n_channels`` differences, lowest bit first, to the end.
    n_channels : int
        Channels of a sample.
    n_bits : int
        Resolution of the reference.

    Returns
    -------
    list of tuple of int
        Samples, the reference first.

    Raises
    ------
    PacketError
        Where the data end within a sample or a block.

    Examples
    --------
    One sample of three channels and one block of 4 bits with one difference, (1, -2, 3):

    >>> undo_differences(bytes.fromhex("0a00 1400 1e00 04 01 e1 03"), n_channels=3, n_bits=16)
    [(10, 20, 30), (11, 18, 33)]
    """
    width = -(-n_bits // 8)
    place = width * n_channels
    if len(data) < place:
        raise PacketError(f"a Polar frame with {len(data)} bytes of samples ends in the first one")
    last = [
        int.from_bytes(data[first : first + width], "little", signed=True)
        for first in range(0, place, width)
    ]
    samples = [tuple(last)]
    while place < len(data):
        if place + 1 == len(data):
            raise PacketError(f"a Polar frame is cut after {len(samples)} samples, in a block")
        bits, count = data[place], data[place + 1]
        n_fields = count * n_channels
        end = place + 2 + -(-bits * n_fields // 8)
        if bits > _MOST_BITS:
            raise PacketError(f"a Polar frame has differences of {bits} bits; it is damaged")
        if end > len(data):
            raise PacketError(
                f"a Polar frame is cut after {len(samples)} samples: a block of {n_fields} "
                f"differences of {bits} bits is {end - len(data)} bytes longer than the packet"
            )
        field = int.from_bytes(data[place + 2 : end], "little")
        sign, mask = 1 << bits >> 1, (1 << bits) - 1
        for _ in range(count):
            for channel in range(n_channels):
                last[channel] += ((field & mask) ^ sign) - sign
                field >>= bits
            samples.append(tuple(last))
        place = end
    return samples


def _plain(n_bytes: int) -> Callable[[bytes], tuple[Triple, ...]]:
    """Give a decoder of samples as they are, so many bytes a channel."""

    def decode(data: bytes) -> tuple[Triple, ...]:
        size = n_bytes * _AXES
        if not data or len(data) % size:
            raise PacketError(
                f"{len(data)} bytes are no whole number of samples of {size} bytes; the Polar "
                f"frame is cut"
            )
        numbers = [
            int.from_bytes(data[first : first + n_bytes], "little", signed=True)
            for first in range(0, len(data), n_bytes)
        ]
        return tuple(zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=True))

    return decode


def _differences(data: bytes) -> tuple[Triple, ...]:
    samples = undo_differences(data, n_channels=_AXES, n_bits=16)
    if any(not -0x8000 <= number <= 0x7FFF for sample in samples for number in sample):
        raise PacketError("a Polar frame leaves the 16 bits of its samples; it is damaged")
    return tuple((x, y, z) for x, y, z in samples)


def _differences_of_floats(data: bytes) -> tuple[Triple, ...]:
    """Undo differences of the bit patterns of 32-bit floats."""
    samples = undo_differences(data, n_channels=_AXES, n_bits=32)
    floats = [
        struct.unpack("<3f", struct.pack("<3I", *(number & 0xFFFFFFFF for number in sample)))
        for sample in samples
    ]
    if not all(math.isfinite(number) for sample in floats for number in sample):
        raise PacketError("a Polar frame holds numbers that are none; it is damaged")
    return tuple((x, y, z) for x, y, z in floats)


_DECODERS: Final[Mapping[tuple[int, int], Callable[[bytes], tuple[Triple, ...]]]] = (
    MappingProxyType(
        {
            (ACCELERATION, 0x00): _plain(1),
            (ACCELERATION, 0x01): _plain(2),
            (ACCELERATION, 0x02): _plain(3),
            (ACCELERATION, 0x80): _differences,
            (ACCELERATION, 0x81): _differences,
            (ANGULAR_VELOCITY, 0x80): _differences,
            (ANGULAR_VELOCITY, 0x81): _differences_of_floats,
        }
    )
)
