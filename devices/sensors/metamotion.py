"""Mbientlab MetaMotion (MetaWear): acceleration of its BMI160 or BMI270.

Up to 100 Hz each sample passes through an accounter, a processor on the board that prefixes a time
or a count; faster streams use packets of three samples without either. Source: the vendor's SDK.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from devices.decoding.blocks import make_block
from devices.decoding.sample_count import (
    SamplePosition,
    SequenceNumberCount,
    TimestampCount,
    UnstampedCount,
)
from devices.decoding.uuids import BATTERY_LEVEL
from devices.profile import (
    Advertisement,
    Ask,
    Conversation,
    LossRule,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
    Subscribe,
    Unsubscribe,
    Write,
)
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError
from tremor.units import STANDARD_GRAVITY_MS2

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["COMMAND", "NOTIFY", "OPTIONS", "PROFILE", "SERVICE", "MetaMotionDecoder"]

SERVICE: Final = "326a9000-85cb-9195-d9dd-464cfbbae75a"
COMMAND: Final = "326a9001-85cb-9195-d9dd-464cfbbae75a"
NOTIFY: Final = "326a9006-85cb-9195-d9dd-464cfbbae75a"


@dataclass(frozen=True, slots=True)
class _Chip:
    name: str
    #: Bits to combine with the rate code: filter and averaging as set by the vendor's SDK.
    rate_bits: int
    range_codes: tuple[int, ...]
    packed_register: int


#: By the implementation number that module 3 reports.
_CHIPS: Final = {
    0x01: _Chip("BMI160", 0x20, (0x03, 0x05, 0x08, 0x0C), 0x1C),
    0x04: _Chip("BMI270", 0xA0, (0x00, 0x01, 0x02, 0x03), 0x05),
}
_RANGES_G: Final = (2.0, 4.0, 8.0, 16.0)
_DEFAULT_RANGE_G: Final = 8.0
_RATE_CODES: Final = {12.5 * 2**step: 0x05 + step for step in range(7)}

_ACCELEROMETER, _PROCESSOR = 0x03, 0x09
_IDENTIFY: Final = b"\x03\x80"
_STANDBY, _POWER_ON = b"\x03\x01\x00", b"\x03\x01\x01"
_SAMPLING_OFF, _SAMPLING_ON = b"\x03\x02\x00\x01", b"\x03\x02\x01\x00"
_SINGLE_OFF, _SINGLE_ON = b"\x03\x04\x00", b"\x03\x04\x01"
_REMOVE_PROCESSORS: Final = b"\x09\x08"
_PROCESSORS_ON: Final = b"\x09\x03\x01"
_SOFT_RESET: Final = b"\xfe\x01"
#: Command that creates an accounter on the acceleration: 6 bytes of register 4 of module 3.
_ACCOUNTERS: Final = {
    "time": bytes.fromhex("09020304ffa0113103"),
    "count": bytes.fromhex("09020304ffa0113003"),
}
_CREATED: Final = b"\x09\x02"
_TICK_S: Final = 48.0 / 32768.0

#: Highest rate at which the link carries one notification per sample, Hz.
_MAX_SINGLE_SAMPLE_HZ: Final = 100.0

_HEADER_SIZE: Final = 2
_ACCOUNTED: Final = (_PROCESSOR, 0x03)
#: Length of a packet by module and register, bytes.
_SIZES: Final[dict[tuple[int, ...], int]] = {
    (_ACCELEROMETER, 0x04): 8,
    **{(_ACCELEROMETER, chip.packed_register): 20 for chip in _CHIPS.values()},
    _ACCOUNTED: 13,
}
_SAMPLE: Final = struct.Struct("<3h")

OPTIONS: Final = MappingProxyType(
    {
        "stamps": "time, count or none: what the board puts before each sample; "
        "default time up to 100 Hz, none above",
        "chip": "BMI160 or BMI270; asked of the board",
    }
)


def _recognises(advertisement: Advertisement) -> bool:
    return SERVICE in advertisement.service_uuids or advertisement.name.startswith(
        ("MetaWear", "MetaMotion")
    )


def _prefix_of(settings: StreamSettings) -> str:
    default = "time" if settings.sampling_rate_hz <= _MAX_SINGLE_SAMPLE_HZ else "none"
    prefix = settings.options.get("stamps", default)
    if prefix not in _LOSS_RULES:
        raise InvalidInputError(f"stamps is {prefix!r}; give one of {', '.join(_LOSS_RULES)}")
    return prefix


def _chip_of(reply: bytes | None) -> tuple[_Chip, int]:
    if reply is None or len(reply) < 4 or reply[2] not in _CHIPS:
        number = f"of kind {reply[2]}" if reply is not None and len(reply) > 2 else "missing"
        raise SensorRefusedError(
            f"the accelerometer of this board is {number}; only those of MetaMotion R, RL, C "
            "and S (BMI160, BMI270) are known"
        )
    return _CHIPS[reply[2]], reply[3]


def _start(settings: StreamSettings) -> Conversation:
    prefix = _prefix_of(settings)
    yield Subscribe(NOTIFY)
    reply = yield Ask(
        COMMAND,
        _IDENTIFY,
        NOTIFY,
        lambda data: data.startswith(_IDENTIFY),
        "identify the accelerometer",
    )
    chip, revision = _chip_of(reply)
    settings = replace(settings, options=MappingProxyType({**settings.options, "chip": chip.name}))
    # Routes left over from an earlier run would send every sample twice.
    yield from _tear_down(settings)
    yield Write(COMMAND, _configuration(chip, settings))
    notes = [f"accelerometer {chip.name}"]
    if prefix != "none":
        created = yield Ask(
            COMMAND,
            _ACCOUNTERS[prefix],
            NOTIFY,
            lambda data: data.startswith(_CREATED) and len(data) == len(_CREATED) + 1,
            "create an accounter",
            optional=True,
        )
        if created is None:
            prefix = "none"
            notes.append("the board gives no time stamps: a loss cannot be told from a delay")
        else:
            yield Write(COMMAND, bytes((_PROCESSOR, 0x07, created[-1], 0x01)))
            yield Write(COMMAND, _PROCESSORS_ON)
    if prefix == "none":
        if settings.sampling_rate_hz > _MAX_SINGLE_SAMPLE_HZ and revision >= 1:
            yield Write(COMMAND, bytes((_ACCELEROMETER, chip.packed_register, 0x01)))
        else:
            yield Write(COMMAND, _SINGLE_ON)
    yield Write(COMMAND, _SAMPLING_ON)
    yield Write(COMMAND, _POWER_ON)
    options = MappingProxyType({**settings.options, "stamps": prefix})
    return Started(settings=replace(settings, options=options), notes=tuple(notes))


def _configuration(chip: _Chip, settings: StreamSettings) -> bytes:
    rate = chip.rate_bits | _RATE_CODES[settings.sampling_rate_hz]
    full_scale = chip.range_codes[_RANGES_G.index(_range_g(settings))]
    return bytes((_ACCELEROMETER, 0x03, rate, full_scale))


def _range_g(settings: StreamSettings) -> float:
    return _DEFAULT_RANGE_G if settings.range_g is None else settings.range_g


def _tear_down(settings: StreamSettings) -> StopConversation:
    yield Write(COMMAND, _STANDBY)
    yield Write(COMMAND, _SAMPLING_OFF)
    yield Write(COMMAND, _SINGLE_OFF)
    for chip in _CHIPS.values():
        if chip.name == settings.options.get("chip"):
            yield Write(COMMAND, bytes((_ACCELEROMETER, chip.packed_register, 0x00)))
    yield Write(COMMAND, _REMOVE_PROCESSORS)


def _stop(settings: StreamSettings) -> StopConversation:
    yield from _tear_down(settings)
    yield Unsubscribe(NOTIFY)
    # The board reboots and drops the link, which removes everything. At the start that would be
    # a lost link, so the start removes leftovers one by one instead.
    yield Write(COMMAND, _SOFT_RESET, response=False)


#: By the option ``stamps``.
_LOSS_RULES: Final = MappingProxyType(
    {
        "time": LossRule(
            detects_loss=True, loss="Lost samples are told by the time the board puts before each."
        ),
        "count": LossRule(
            detects_loss=True, loss="Lost samples are told by the count the board puts before each."
        ),
        "none": LossRule(
            detects_loss=False,
            loss="Packets hold neither a counter nor a time: a loss cannot be told from a delay.",
        ),
    }
)


class MetaMotionDecoder:
    """Decoder of MetaMotion packets.

    Parameters
    ----------
    settings : StreamSettings
        Granted settings.

    Notes
    -----
    A board sends one kind of packet: single samples, three samples, or a sample with a time or a
    count. A packet of another kind than the first comes from a stale route, which sends the same
    samples again, and is discarded.
    """

    def __init__(self, settings: StreamSettings) -> None:
        rate_hz = settings.sampling_rate_hz
        self._unit_ms2 = _range_g(settings) * STANDARD_GRAVITY_MS2 / 32768.0
        self._unstamped = UnstampedCount(rate_hz)
        self._numbered: SequenceNumberCount | None = None
        self._stamped: TimestampCount | None = None
        if _prefix_of(settings) == "count":
            self._numbered = SequenceNumberCount(rate_hz, n_bits=32, survives_restart=True)
        else:
            self._stamped = TimestampCount(rate_hz, tick_s=_TICK_S, stamped="first", n_bits=32)
        self._header: tuple[int, ...] | None = None
        self._n_rejected = 0

    @property
    def n_rejected(self) -> int:
        """Number of packets of stale routes."""
        return self._n_rejected

    def restart(self, began_s: float | None = None) -> None:
        """Continue by the time or count of the board, or by the clock of the host."""
        for count in (self._unstamped, self._numbered, self._stamped):
            if count is not None:
                count.restart(began_s)

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Characteristic that sent it.
        data : bytes
            One packet.
        arrival_s : float
            Arrival time on a monotonic clock, s.

        Returns
        -------
        list of SampleBlock
            One block; none for replies and for other modules.

        Raises
        ------
        PacketError
            If a packet of acceleration is truncated, repeated or out of order.
        """
        if characteristic_uuid.lower() != NOTIFY:
            return []
        header = tuple(data[:_HEADER_SIZE])
        size = _SIZES.get(header)
        if size is None:
            return []
        if len(data) != size:
            raise PacketError(
                f"a packet {data[:_HEADER_SIZE].hex()} of {len(data)} bytes; MetaMotion sends "
                f"{size}"
            )
        if self._header is not None and header != self._header:
            self._n_rejected += 1
            return []
        start = size - _SAMPLE.size if header == _ACCOUNTED else _HEADER_SIZE
        samples = list(_SAMPLE.iter_unpack(data[start:]))
        position = self._locate(header, data, len(samples), arrival_s)
        self._header = header
        return [self._block(position, samples, arrival_s)]

    def _locate(
        self, header: tuple[int, ...], data: bytes, n_samples: int, arrival_s: float
    ) -> SamplePosition:
        if header != _ACCOUNTED:
            return self._unstamped.locate(n_samples, arrival_s)
        number = int.from_bytes(data[3:7], "little")
        if self._numbered is not None:
            return self._numbered.locate(number, n_samples, arrival_s)
        assert self._stamped is not None
        return self._stamped.locate(number, n_samples, arrival_s)

    def _block(
        self, position: SamplePosition, samples: Sequence[tuple[int, ...]], arrival_s: float
    ) -> SampleBlock:
        return make_block(
            position.first_index,
            samples,
            arrival_s,
            unit_ms2=self._unit_ms2,
            device_time_s=position.device_time_s or None,
        )


PROFILE: Final = SensorProfile(
    slug="metamotion",
    name="MetaMotion",
    name_pattern="MetaWear (can be renamed)",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=tuple(_RATE_CODES),
    default_rate_hz=100.0,
    ranges_g=_RANGES_G,
    default_range_g=_DEFAULT_RANGE_G,
    has_gyro=False,
    device_time="1.46 ms stamp of each sample, up to 100 Hz",
    default_loss_rule=_LOSS_RULES["time"],
    data_characteristics=(NOTIFY,),
    battery_characteristic=BATTERY_LEVEL,
    remarks=(
        "Above 100 Hz three samples come in a packet without a time: a loss then cannot be told "
        "from a delay.",
        "Above 200 Hz the link of many computers loses packets.",
        "Processors that an earlier program left on the board are removed at the start, and the "
        "board is restarted at the end.",
        "Its gyroscope is a stream of its own that cannot be paired sample by sample; it is not "
        "recorded.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=MetaMotionDecoder,
    loss_by_settings=lambda settings: _LOSS_RULES[_prefix_of(settings)],
    options=OPTIONS,
    check=_prefix_of,
)
