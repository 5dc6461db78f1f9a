"""Layout of binary packets, declared in one line of text: what each byte holds, in which unit.

The grammar is `GRAMMAR`. Finding packets in a byte stream is `devices.decoding.framing`.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from types import MappingProxyType
from typing import Final, Literal

from tremor.errors import InvalidInputError, PacketError
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2, TIME_UNIT_S

__all__ = [
    "ACCELERATION_UNITS",
    "ANGULAR_UNITS",
    "GRAMMAR",
    "MAX_ACCELERATION_MS2",
    "Field",
    "PacketLayout",
    "Readings",
    "parse_layout",
    "parse_scale",
]

#: Grammar of a layout, for the help text.
GRAMMAR: Final = """\
layout   parts with commas between: little | big, header HEX, numbers, skip N, |
numbers  TYPE NAMES [/DIVISOR or *FACTOR] UNIT, in the order of the bytes
TYPE     i8 u8 i16 u16 i24 u24 i32 u32 i64 u64 f32 f64, little-endian unless big
NAMES    ax ay az   acceleration, in g, mg or m/s2
         gx gy gz   angular velocity, in deg/s, mdeg/s or rad/s
         t_s t_ms t_us t_ns   time of the first sample of the packet; no UNIT
         t          the same in ticks of any length: t *8 ms, or t /32768 s
         n          counts packets; no UNIT
skip N   N bytes that hold nothing of this
header   bytes in hexadecimal that each packet starts with
|        what follows is one sample, and is repeated to the end of the packet
example  u32 t_us, i16 ax ay az /2048 g, i16 gx gy gz /16.4 deg/s
example  header A55A, u16 n, | i16 ax ay az *0.122 mg
example  u16 t *8 ms, i16 ax ay az mg"""

#: One unit of acceleration, m/s^2.
ACCELERATION_UNITS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "g": STANDARD_GRAVITY_MS2,
        "mg": ACCELERATION_UNIT_MS2["mg"],
        "m/s2": 1.0,
        "m/s^2": 1.0,
    }
)
#: One unit of angular velocity, deg/s.
ANGULAR_UNITS: Final[Mapping[str, float]] = MappingProxyType(
    {"deg/s": 1.0, "dps": 1.0, "mdeg/s": 1e-3, "rad/s": math.degrees(1.0)}
)
#: Beyond the range of any body-worn sensor (400 g): not an acceleration.
MAX_ACCELERATION_MS2: Final = 400.0 * STANDARD_GRAVITY_MS2
_MAX_ANGULAR_DEG_S: Final = 1e5
#: Largest time, s, and largest count; no clock runs for 30 000 years.
_MAX_TIME_OR_COUNT: Final = 1e12

_ACCELERATION: Final = ("ax", "ay", "az")
_ANGULAR: Final = ("gx", "gy", "gz")
_TIMES: Final[Mapping[str, float]] = MappingProxyType(
    {f"t_{unit}": seconds for unit, seconds in TIME_UNIT_S.items()}
)
#: A time in ticks of its own.
_TICKS: Final = "t"
_STAMPS: Final = (*_TIMES, _TICKS)
_COUNT: Final = "n"
_TYPE: Final = re.compile(r"([iuf])(8|16|24|32|64)")
#: Units that look like names.
_UNIT_WORDS: Final = frozenset({"g", "mg", "dps", *TIME_UNIT_S})
_FLOATS: Final = {4: "f", 8: "d"}
#: Longest value of an attribute, bytes.
_MAX_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Field:
    """A number in a packet.

    Parameters
    ----------
    name : str
        Name, such as ``ax``.
    kind : {"i", "u", "f"}
        Signed integer, unsigned integer or floating point.
    offset, size : int
        Offset from the start of its part of the packet, and length, bytes.
    scale : float
        One count, m/s^2, deg/s or s.
    """

    name: str
    kind: Literal["i", "u", "f"]
    offset: int
    size: int
    scale: float = 1.0

    def read(self, data: bytes, start: int, byte_order: Literal["little", "big"]) -> int | float:
        """Read the unscaled number from the part that begins at ``start``."""
        raw = data[start + self.offset : start + self.offset + self.size]
        if self.kind == "f":
            sign = "<" if byte_order == "little" else ">"
            number: float = struct.unpack(sign + _FLOATS[self.size], raw)[0]
            return number
        return int.from_bytes(raw, byte_order, signed=self.kind == "i")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Values of a packet.

    Parameters
    ----------
    acceleration_ms2 : list of tuple of float, shape (n, 3)
        Acceleration of each sample, m/s^2.
    angular_velocity_deg_s : list of tuple of float, shape (n, 3), or None
        Angular velocity of each sample, deg/s.
    stamp : int, float or None
        Time of the first sample, in units of the sensor.
    count : int or None
        Sequence number of the packet.
    """

    acceleration_ms2: list[tuple[float, ...]]
    angular_velocity_deg_s: list[tuple[float, ...]] | None
    stamp: int | float | None
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketLayout:
    """Layout of a packet: an optional head, then one sample or several.

    Parameters
    ----------
    byte_order : {"little", "big"}
        Byte order of all numbers.
    header : bytes
        First bytes of every packet; may be empty.
    head, sample : tuple of Field
        Numbers of the head, and those of each sample.
    head_size, sample_size : int
        Length of head, header included, and of a sample, bytes.
    repeated : bool
        Whether samples repeat to the end of the packet.
    """

    byte_order: Literal["little", "big"]
    header: bytes
    head: tuple[Field, ...]
    sample: tuple[Field, ...]
    head_size: int
    sample_size: int
    repeated: bool

    @property
    def size(self) -> int:
        """Length of a packet with one sample, bytes."""
        return self.head_size + self.sample_size

    @property
    def stamp(self) -> Field | None:
        """Field of the time stamp, if there is one."""
        return next((field for field in self._fields if field.name in _STAMPS), None)

    @property
    def count(self) -> Field | None:
        """Field of the sequence number, if there is one."""
        return next((field for field in self._fields if field.name == _COUNT), None)

    @property
    def position_leads(self) -> bool:
        """Whether sequence number or time stamp come before the samples."""
        position = self.count or self.stamp
        first = min(self.sample, key=lambda field: field.offset)
        return position is not None and (position in self.head or position == first)

    @property
    def has_gyro(self) -> bool:
        """Whether a sample contains angular velocity."""
        return any(field.name in _ANGULAR for field in self._fields)

    @property
    def _fields(self) -> tuple[Field, ...]:
        return self.head + self.sample

    def read(self, data: bytes) -> Readings:
        """Read a complete packet.

        Parameters
        ----------
        data : bytes
            One packet, header included.

        Returns
        -------
        Readings
            Values in m/s^2 and deg/s.

        Raises
        ------
        PacketError
            If length or header are wrong, or a value is impossible.
        """
        n_samples, rest = divmod(len(data) - self.head_size, self.sample_size)
        if n_samples < 1 or rest or (n_samples > 1 and not self.repeated):
            wanted = f"{self.size}"
            if self.repeated:
                wanted = f"{self.head_size} and a multiple of {self.sample_size}"
            raise PacketError(f"a packet of {len(data)} bytes; the layout has {wanted}")
        if not data.startswith(self.header):
            raise PacketError(
                f"a packet starts with {data[: len(self.header)].hex().upper()}; "
                f"the layout has {self.header.hex().upper()}"
            )
        starts = range(self.head_size, len(data), self.sample_size)
        acceleration = [
            self._triple(data, start, _ACCELERATION, MAX_ACCELERATION_MS2) for start in starts
        ]
        angular = (
            [self._triple(data, start, _ANGULAR, _MAX_ANGULAR_DEG_S) for start in starts]
            if self.has_gyro
            else None
        )
        stamp = self._single(data, self.stamp)
        count = self._single(data, self.count)
        return Readings(
            acceleration_ms2=acceleration,
            angular_velocity_deg_s=angular,
            stamp=stamp,
            count=None if count is None else int(count),
        )

    def _single(self, data: bytes, field: Field | None) -> int | float | None:
        if field is None:
            return None
        number = field.read(data, 0 if field in self.head else self.head_size, self.byte_order)
        if not abs(number * field.scale) <= _MAX_TIME_OR_COUNT:
            raise PacketError(f"{field.name} of a packet cannot be: {number}")
        return number

    def _triple(
        self, data: bytes, start: int, names: tuple[str, ...], limit: float
    ) -> tuple[float, ...]:
        values = tuple(
            field.read(data, start, self.byte_order) * field.scale
            for name in names
            for field in self.sample
            if field.name == name
        )
        if not all(abs(value) <= limit for value in values):  # also false for NaN
            raise PacketError(f"{' '.join(names)} of a packet cannot be: {values}")
        return values


def parse_scale(text: str, units: Mapping[str, float]) -> float:
    """Parse a scale such as ``/2048 g``, ``*0.122 mg`` or ``m/s2``.

    Parameters
    ----------
    text : str
        Optional divisor or factor, then a unit.
    units : mapping of str to float
        Known units, in SI units or degrees.

    Returns
    -------
    float
        One count, in SI units or degrees.

    Raises
    ------
    InvalidInputError
        If the text is not a scale.

    Examples
    --------
    >>> parse_scale("/2048 g", ACCELERATION_UNITS) * 2048
    9.80665
    """
    match = re.fullmatch(r"(?:([/*])\s*([0-9.eE+-]+)\s*)?(\S+)", text.strip())
    if match is None or match[3] not in units:
        raise InvalidInputError(f"{text.strip()!r} is no unit; choose one of {', '.join(units)}")
    scale = units[match[3]]
    if match[1] is None:
        return scale
    try:
        number = float(match[2])
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0.0):
        raise InvalidInputError(f"{match[2]!r} scales nothing; give a positive number")
    return scale / number if match[1] == "/" else scale * number


def parse_layout(text: str) -> PacketLayout:
    """Parse a layout in the grammar of `GRAMMAR`.

    Parameters
    ----------
    text : str
        Layout, such as ``u32 t_us, i16 ax ay az /2048 g``.

    Returns
    -------
    PacketLayout
        Valid layout: every axis exactly once.

    Raises
    ------
    InvalidInputError
        If a part is wrong; the message says which, and what is allowed.

    Examples
    --------
    >>> layout = parse_layout("u32 t_us, i16 ax ay az /2048 g")
    >>> layout.size
    10
    >>> layout.read(bytes.fromhex("10270000" "0000" "0000" "0008")).acceleration_ms2
    [(0.0, 0.0, 9.80665)]
    """
    parser = _LayoutParser()
    for part in _parts(text):
        parser.add(part)
    return parser.layout()


def _parts(text: str) -> list[str]:
    # The bar is a part of its own, with or without commas around it.
    parts = [part.strip() for part in text.replace("|", ",|,").split(",")]
    return [part for part in parts if part]


class _LayoutParser:
    """Adds up the parts of a layout."""

    def __init__(self) -> None:
        self._byte_order: Literal["little", "big"] = "little"
        self._header = b""
        self._head: list[Field] = []
        self._sample: list[Field] = []
        self._head_size: int | None = None
        self._size = 0

    def add(self, part: str) -> None:
        word, _, rest = part.partition(" ")
        if part == "little":
            self._byte_order = "little"
        elif part == "big":
            self._byte_order = "big"
        elif part == "|":
            self._end_head()
        elif word == "header":
            self._add_header(rest)
        elif word == "skip":
            self._add_padding(rest)
        else:
            self._add_numbers(part)
        if self._size + (self._head_size or 0) > _MAX_BYTES:
            raise InvalidInputError(
                f"the layout is longer than {_MAX_BYTES} bytes; no notification is"
            )

    def _end_head(self) -> None:
        if self._head_size is not None:
            raise InvalidInputError("a layout has one |: between what is there once and the sample")
        self._head, self._sample = self._sample, []
        self._head_size, self._size = self._size, 0

    def _add_header(self, rest: str) -> None:
        try:
            header = bytes.fromhex(rest)
        except ValueError:
            header = b""
        if not header or self._size or self._header or self._head_size is not None:
            raise InvalidInputError(
                f"header {rest!r} cannot be; give bytes in hexadecimal, before all numbers, "
                "such as: header A55A"
            )
        self._header, self._size = header, len(header)

    def _add_padding(self, rest: str) -> None:
        if not (rest.strip().isdecimal() and 0 < int(rest) <= _MAX_BYTES):
            raise InvalidInputError(f"skip {rest!r} cannot be; give a number of bytes: skip 4")
        self._size += int(rest)

    def _add_numbers(self, part: str) -> None:
        word, _, rest = part.partition(" ")
        kind = _TYPE.fullmatch(word)
        if kind is None or word in {"f8", "f16", "f24"}:
            raise InvalidInputError(
                f"{part!r} starts with no type of number; give one of i8, u8, i16, u16, i24, u24, "
                "i32, u32, i64, u64, f32, f64, or skip, header, little, big"
            )
        words = rest.split()
        names = list(takewhile(_is_name, words))
        scale_text = " ".join(words[len(names) :])
        scale = _group_scale(part, names, scale_text)
        size = int(kind[2]) // 8
        for name in names:
            self._sample.append(Field(name, kind[1], self._size, size, scale))  # type: ignore[arg-type]
            self._size += size

    def layout(self) -> PacketLayout:
        repeated = self._head_size is not None
        named = [field.name for field in self._head + self._sample]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise InvalidInputError(f"{', '.join(twice)} is in the layout twice; name it once")
        in_sample = {field.name for field in self._sample}
        missing = [name for name in _ACCELERATION if name not in in_sample]
        if missing:
            where = " behind the |" if repeated else ""
            raise InvalidInputError(
                f"the layout has no {' '.join(missing)}{where}; it needs ax ay az, such as: "
                "u32 t_us, i16 ax ay az /2048 g"
            )
        if any(name in named for name in _ANGULAR) and not set(_ANGULAR) <= in_sample:
            raise InvalidInputError("the layout has a part of gx gy gz; give all three beside ax")
        if repeated and _COUNT in in_sample:
            raise InvalidInputError("n counts packets; move it before the |")
        stamps = [name for name in named if name in _STAMPS]
        if len(stamps) > 1:
            raise InvalidInputError(f"{' and '.join(stamps)} are both times; keep one")
        return PacketLayout(
            byte_order=self._byte_order,
            header=self._header,
            head=tuple(self._head),
            sample=tuple(self._sample),
            head_size=self._head_size or 0,
            sample_size=self._size,
            repeated=repeated,
        )


def _is_name(word: str) -> bool:
    return re.fullmatch(r"[a-z_]+", word) is not None and word not in _UNIT_WORDS


def _group_scale(part: str, names: list[str], scale_text: str) -> float:
    known = (*_ACCELERATION, *_ANGULAR, *_STAMPS, _COUNT)
    if not names or any(name not in known for name in names):
        strange = next((name for name in names if name not in known), part)
        raise InvalidInputError(
            f"{strange!r} in {part!r} is no name; give some of {' '.join(known)}, then a unit"
        )
    units = _units_of(names[0])
    if any(_units_of(name) is not units for name in names):
        raise InvalidInputError(f"{part!r} mixes quantities; give each its own part and unit")
    if units is None:
        if scale_text:
            raise InvalidInputError(f"{part!r} has a unit; a time has it in its name, n has none")
        return _TIMES.get(names[0], 1.0)
    if not scale_text:
        raise InvalidInputError(
            f"{part!r} has no unit; end it with one of {', '.join(units)}, such as /2048 g"
        )
    return parse_scale(scale_text, units)


def _units_of(name: str) -> Mapping[str, float] | None:
    if name in _ACCELERATION:
        return ACCELERATION_UNITS
    if name == _TICKS:
        return TIME_UNIT_S
    return ANGULAR_UNITS if name in _ANGULAR else None
