"""A stream of the Lab Streaming Layer: samples of another program, each with its time.

A packet is what came at once: the number of channels, then for each sample its time and all
channels, as 64-bit numbers. Which channels are x, y, z, and their unit, is settled at the start.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from devices.decoding.packet_layout import ACCELERATION_UNITS, parse_scale
from devices.decoding.stamped_rows import Row, StampedRows
from devices.profile import (
    LOSS_BY_TIME_STAMPS,
    Conversation,
    Read,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
)
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["DATA", "INFO", "PROFILE", "encode_info", "encode_samples"]

#: Stand for what a Bluetooth sensor has characteristics for.
DATA: Final = "/samples"
INFO: Final = "/info"
_HEAD: Final = struct.Struct("<H")
_MOST_CHANNELS: Final = 256
_AXES: Final = 3
#: Units as streams write them.
_SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"m/s^2": "m/s2", "m/s²": "m/s2", "ms-2": "m/s2", "m s-2": "m/s2", "mps2": "m/s2"}
)


def encode_info(*, rate_hz: float, labels: Sequence[str], units: Sequence[str]) -> bytes:
    """Encode what a stream says of itself; no name of a computer is in it.

    Parameters
    ----------
    rate_hz : float
        Nominal sampling rate, Hz; 0 for none.
    labels, units : sequence of str
        Of each channel; empty where the stream does not say them.

    Returns
    -------
    bytes
        JSON.
    """
    return json.dumps({"rate_hz": rate_hz, "labels": [*labels], "units": [*units]}).encode()


def encode_samples(times_s: Sequence[float], rows: Sequence[Sequence[float]]) -> bytes:
    """Encode samples as a packet.

    Parameters
    ----------
    times_s : sequence of float, shape (n,)
        Their times on the clock of LSL, s.
    rows : sequence of sequence of float, shape (n, n_channels)
        Values of all channels.

    Returns
    -------
    bytes
        One packet.
    """
    n_channels = len(rows[0])
    values = [one for time_s, row in zip(times_s, rows, strict=True) for one in (time_s, *row)]
    return _HEAD.pack(n_channels) + struct.pack(f"<{len(values)}d", *values)


@dataclass(frozen=True, slots=True)
class _Channels:
    """Which channels are x, y, z, from 0, and one unit of them, m/s^2."""

    numbers: tuple[int, ...]
    unit_ms2: float


def _channels_of(settings: StreamSettings) -> _Channels:
    """Read the options; without them the first three channels, in m/s^2."""
    options = settings.options
    text = options.get("channels", "1,2,3")
    try:
        numbers = tuple(int(part) - 1 for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(set(numbers)) != _AXES or not all(0 <= one < _MOST_CHANNELS for one in numbers):
        raise InvalidInputError(
            f"channels is {text!r}; give the numbers of x, y, z from 1, such as 1,2,3"
        )
    return _Channels(numbers, parse_scale(options.get("unit", "m/s2"), ACCELERATION_UNITS))


def _start(settings: StreamSettings) -> Conversation:
    info = _info((yield Read(INFO)))
    labels, units = info["labels"], info["units"]
    options = dict(settings.options)
    if "channels" not in options:
        options["channels"] = ",".join(str(one + 1) for one in _acceleration_among(labels))
    chosen = [int(part) - 1 for part in options["channels"].split(",")]
    if max(chosen) >= len(labels):
        raise SensorRefusedError(
            f"the stream has {len(labels)} channels; choose x, y, z with --option channels=1,2,3"
        )
    if "unit" not in options:
        options["unit"] = _unit_among([units[one] for one in chosen])
    rate_hz = info["rate_hz"] if info["rate_hz"] > 0.0 else settings.sampling_rate_hz
    granted = replace(settings, sampling_rate_hz=rate_hz, options=MappingProxyType(options))
    _channels_of(granted)
    note = f"channels {options['channels']} in {options['unit']}"
    return Started(settings=granted, notes=(note,))


def _info(data: bytes | None) -> dict[str, Any]:
    try:
        info = json.loads(data or b"")
        labels = [str(one) for one in info["labels"]]
        units = [str(one) for one in info["units"]]
        rate_hz = float(info["rate_hz"])
    except (ValueError, TypeError, KeyError) as error:
        raise PacketError(f"the stream describes itself by {data!r}") from error
    if len(labels) != len(units) or not 0.0 <= rate_hz < math.inf:
        raise PacketError(f"the stream describes itself by {data!r}")
    return {"rate_hz": rate_hz, "labels": labels, "units": units}


def _acceleration_among(labels: Sequence[str]) -> list[int]:
    """Return the channels that are named for acceleration, or all of three."""
    if len(labels) == _AXES:
        return list(range(_AXES))
    named = [at for at, label in enumerate(labels) if "acc" in label.lower()]
    if len(named) != _AXES:
        raise SensorRefusedError(
            f"the stream has {len(labels)} channels ({', '.join(labels)}), and which three are "
            "acceleration is not clear; choose x, y, z with --option channels=1,2,3"
        )
    return named


def _unit_among(units: Sequence[str]) -> str:
    known = {_SPELLINGS.get(unit.strip().lower(), unit.strip().lower()) for unit in units}
    unit = known.pop() if len(known) == 1 else ""
    if unit not in ACCELERATION_UNITS:
        raise SensorRefusedError(
            f"the stream names its unit as {', '.join(units) or 'nothing'}; say it with --option "
            "unit=g, mg or m/s2"
        )
    return unit


def _stop(_: StreamSettings) -> StopConversation:
    yield from ()


class _Decoder:
    def __init__(self, settings: StreamSettings) -> None:
        self._channels = _channels_of(settings)
        self._rows = StampedRows(settings.sampling_rate_hz)

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one packet, see `devices.profile.Decoder`."""
        if characteristic_uuid != DATA:
            return []
        if len(data) < _HEAD.size:
            raise PacketError(f"a packet of {len(data)} bytes; it is cut")
        (n_channels,) = _HEAD.unpack_from(data)
        row = struct.Struct(f"<{1 + n_channels}d")
        body = data[_HEAD.size :]
        if not body or len(body) % row.size or n_channels <= max(self._channels.numbers):
            raise PacketError(f"a packet of {len(data)} bytes of {n_channels} channels; it is cut")
        values = [row.unpack_from(body, at) for at in range(0, len(body), row.size)]
        if not all(math.isfinite(one[0]) and abs(one[0]) < 1e9 for one in values):
            raise PacketError("a sample has a time that cannot be")
        x, y, z = (one + 1 for one in self._channels.numbers)
        unit = self._channels.unit_ms2
        rows = [Row(one[0], (one[x] * unit, one[y] * unit, one[z] * unit)) for one in values]
        return self._rows.blocks(rows, arrival_s)

    def restart(self, began_s: float | None = None) -> None:
        """Continue after the stream was lost; its times tell what is missing."""
        self._rows.restart(began_s)

    @property
    def n_rejected(self) -> int:
        """Number of samples with impossible values, or out of order."""
        return self._rows.n_rejected


PROFILE: Final = SensorProfile(
    slug="lsl",
    name="LSL stream",
    name_pattern="lsl:NAME",
    address_form="lsl:NAME",
    services=(),
    recognises=lambda _: False,
    rates_hz=(),
    default_rate_hz=100.0,
    ranges_g=(),
    default_range_g=None,
    has_gyro=False,
    device_time="us stamp of each sample",
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(DATA,),
    remarks=(
        "Another program sends it: a stream of the Lab Streaming Layer, by its name.",
        "It needs pip install 'tremor-analyzer[lsl]'.",
        "Its times are those of the sender: one that stamps its samples unevenly, or all of a "
        "block alike, makes losses uncertain.",
        "Where its channels or their unit are not named, say them with the options.",
    ),
    options=MappingProxyType(
        {
            "channels": "numbers of x, y, z from 1, such as 1,2,3; those named for acceleration",
            "unit": "g, mg or m/s2; the one that the stream names",
        }
    ),
    check=_channels_of,
    start=_start,
    stop=_stop,
    make_decoder=_Decoder,
)
