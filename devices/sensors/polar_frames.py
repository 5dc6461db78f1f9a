"""Polar's data frames: bytes to numbers, delta compression included.

The unit of the numbers depends on the start of the stream, see `devices.sensors.polar_stream`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from tremor.errors import PacketError

__all__ = [
    "ACCELERATION",
    "ANGULAR_VELOCITY",
    "SDK_MODE",
    "Frame",
    "decode_deltas",
    "decode_frame",
]

#: Kinds of measurement, as numbered in frames and requests; the SDK mode is one in requests only.
ACCELERATION: Final = 2
ANGULAR_VELOCITY: Final = 5
SDK_MODE: Final = 9

Triple: TypeAlias = tuple[float, float, float]

_HEADER: Final = struct.Struct("<BQB")
#: Bits of the kind of measurement; the upper ones encode where it is recorded.
_KIND_MASK: Final = 0x3F
#: Kinds of measurement that are not decoded.
_OTHER_KINDS: Final = frozenset(range(16)) - {ACCELERATION, ANGULAR_VELOCITY}
_N_AXES: Final = 3
_MAX_DELTA_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class Frame:
    """One notification of the data characteristic.

    Parameters
    ----------
    kind : int
        Kind of measurement; only `ACCELERATION` and `ANGULAR_VELOCITY` have samples.
    stamp_ns : int
        Time of the last sample, ns since 2000-01-01 on the clock of the sensor, which may be
        unset.
    frame_type : int
        Type of the frame; bit 7 is set if it is compressed.
    samples : tuple of tuple, shape (n, 3)
        x, y, z in units of the frame.
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
        Notification as received.

    Returns
    -------
    Frame
        Without samples if it is not a measurement of motion.

    Raises
    ------
    PacketError
        If the frame is truncated or of an unknown kind. The time is that of the last sample, so
        a truncated frame cannot be located.

    Examples
    --------
    >>> frame = decode_frame(bytes.fromhex("02 0094357700000000 01 f7ff ffff e703"))
    >>> frame.stamp_ns, frame.samples
    (2000000000, ((-9, -1, 999),))
    """
    if len(data) < _HEADER.size:
        raise PacketError(f"a Polar frame of {len(data)} bytes ends within its header")
    kind, stamp_ns, frame_type = _HEADER.unpack_from(data)
    kind &= _KIND_MASK
    if kind in _OTHER_KINDS:
        return Frame(kind, stamp_ns, frame_type)
    decode = _DECODERS.get((kind, frame_type))
    if decode is None:
        raise PacketError(f"no Polar frame of movement is of kind {kind}, type {frame_type:#04x}")
    return Frame(kind, stamp_ns, frame_type, decode(data[_HEADER.size :]))


def decode_deltas(data: bytes, *, n_channels: int, n_bits: int) -> list[tuple[int, ...]]:
    """Decode delta compression: a reference sample, then blocks of differences of few bits.

    Parameters
    ----------
    data : bytes
        Reference sample, each channel in whole bytes; then blocks of a width (bits), a count and
        ``count * n_channels`` differences, least significant bit first.
    n_channels : int
        Number of channels of a sample.
    n_bits : int
        Resolution of the reference sample, bits.

    Returns
    -------
    list of tuple of int, shape (n, n_channels)
        Samples, the reference first.

    Raises
    ------
    PacketError
        If the data end within a sample or a block.

    Examples
    --------
    One sample of three channels and one block of 4 bits with one difference, (1, -2, 3):

    >>> decode_deltas(bytes.fromhex("0a00 1400 1e00 04 01 e1 03"), n_channels=3, n_bits=16)
    [(10, 20, 30), (11, 18, 33)]
    """
    width = -(-n_bits // 8)
    offset = width * n_channels
    if len(data) < offset:
        raise PacketError(f"a Polar frame with {len(data)} bytes of samples ends in the first one")
    last = [
        int.from_bytes(data[first : first + width], "little", signed=True)
        for first in range(0, offset, width)
    ]
    samples = [tuple(last)]
    while offset < len(data):
        if offset + 1 == len(data):
            raise PacketError(f"a Polar frame is cut after {len(samples)} samples, in a block")
        bits, count = data[offset], data[offset + 1]
        n_fields = count * n_channels
        end = offset + 2 + -(-bits * n_fields // 8)
        if bits > _MAX_DELTA_BITS:
            raise PacketError(f"a Polar frame has differences of {bits} bits; it is damaged")
        if end > len(data):
            raise PacketError(
                f"a Polar frame is cut after {len(samples)} samples: a block of {n_fields} "
                f"differences of {bits} bits is {end - len(data)} bytes longer than the packet"
            )
        field = int.from_bytes(data[offset + 2 : end], "little")
        sign, mask = 1 << bits >> 1, (1 << bits) - 1
        for _ in range(count):
            for channel in range(n_channels):
                last[channel] += ((field & mask) ^ sign) - sign
                field >>= bits
            samples.append(tuple(last))
        offset = end
    return samples


def _uncompressed(n_bytes: int) -> Callable[[bytes], tuple[Triple, ...]]:
    """Return a decoder of uncompressed samples with ``n_bytes`` per channel."""

    def decode(data: bytes) -> tuple[Triple, ...]:
        size = n_bytes * _N_AXES
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


def _int_deltas(data: bytes) -> tuple[Triple, ...]:
    samples = decode_deltas(data, n_channels=_N_AXES, n_bits=16)
    if any(not -0x8000 <= number <= 0x7FFF for sample in samples for number in sample):
        raise PacketError("a Polar frame leaves the 16 bits of its samples; it is damaged")
    return tuple((x, y, z) for x, y, z in samples)


def _float_deltas(data: bytes) -> tuple[Triple, ...]:
    """Decode deltas of the bit patterns of 32-bit floats."""
    samples = decode_deltas(data, n_channels=_N_AXES, n_bits=32)
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
            (ACCELERATION, 0x00): _uncompressed(1),
            (ACCELERATION, 0x01): _uncompressed(2),
            (ACCELERATION, 0x02): _uncompressed(3),
            (ACCELERATION, 0x80): _int_deltas,
            (ACCELERATION, 0x81): _int_deltas,
            (ANGULAR_VELOCITY, 0x80): _int_deltas,
            (ANGULAR_VELOCITY, 0x81): _float_deltas,
        }
    )
)
