"""Self-made sensors over the Nordic UART service or another one: text, or a declared layout.

ESP32, M5, Arduino, Espruino and the like. Text is decoded by `devices.decoding.text_decoder`,
binary packets by `devices.decoding.packet_decoder`; known boards are in
`devices.decoding.boards`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from devices.decoding.boards import (
    BOARDS,
    NUS_DATA,
    NUS_SERVICE,
    NUS_WRITE,
    Board,
    preset_of,
)
from devices.decoding.packet_decoder import PacketDecoder
from devices.decoding.packet_layout import (
    ACCELERATION_UNITS,
    ANGULAR_UNITS,
    GRAMMAR,
    PacketLayout,
    parse_layout,
    parse_scale,
)
from devices.decoding.text_decoder import TextDecoder, parse_fields
from devices.profile import (
    Advertisement,
    Conversation,
    Decoder,
    LossRule,
    Pause,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
    Subscribe,
    Unsubscribe,
    Write,
)
from tremor.errors import InvalidInputError
from tremor.units import TIME_UNIT_S

__all__ = ["OPTIONS", "PROFILE"]

#: Options and their descriptions.
OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "preset": "a board that is known: " + ", ".join(BOARDS),
        "fields": "of a line, such as t,ax,ay,az; _ is left out; default t,ax,ay,az[,gx,gy,gz]",
        "acc_unit": "of a line: g, mg, m/s2, or with a scale such as /2048 g",
        "gyro_unit": "of a line: deg/s, mdeg/s, rad/s, or with a scale; default deg/s",
        "time_unit": "of a line: s, ms, us or ns",
        "layout": "of binary packets, such as u32 t_us, i16 ax ay az /2048 g",
        "characteristic": "UUID that the data come from, where it is not that of Nordic UART",
        "write": "UUID to write start and stop to; that of Nordic UART without it",
        "start": "text to write at the start; \\n is a line end, \\x03 a byte",
        "stop": "text to write at the end",
    }
)
_TEXT_ONLY: Final = ("fields", "acc_unit", "gyro_unit", "time_unit")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ESCAPE: Final = re.compile(r"\\(n|r|t|\\|x[0-9a-fA-F]{2})")
_ESCAPED: Final = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\"}
#: Longest write with the default MTU, bytes.
_MAX_WRITE_SIZE: Final = 20
_PAGE_WIDTH: Final = 80
_INDENT: Final = 18
_LOSS_BY_LINE_TIMES: Final = LossRule(
    detects_loss=True, loss="Lost lines are told by their times, where every line begins with one."
)
_LOSS_NOT_DETECTABLE: Final = LossRule(
    detects_loss=False,
    loss="The data hold neither a time nor a counter: a loss cannot be told from a delay.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TextFormat:
    """Format of lines of text; None is inferred."""

    fields: tuple[str, ...] | None
    unit_ms2: float | None
    unit_deg_s: float
    time_unit_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _StreamFormat:
    """Parsed options."""

    layout: PacketLayout | None
    text: _TextFormat
    characteristic: str
    start: tuple[tuple[str, bytes], ...]
    stop: tuple[tuple[str, bytes], ...]
    pause_s: float

    @property
    def loss_rule(self) -> LossRule:
        if self.layout is not None and self.layout.count is not None:
            return LossRule(
                detects_loss=True, loss="Lost packets are told by the packets' counter."
            )
        if self.layout is not None and self.layout.stamp is not None:
            return LossRule(detects_loss=True, loss="Lost packets are told by their time stamps.")
        if self.layout is None and (self.text.fields is None or "t" in self.text.fields):
            return _LOSS_BY_LINE_TIMES
        return _LOSS_NOT_DETECTABLE


def _format_of(settings: StreamSettings) -> _StreamFormat:
    options = settings.options
    board = _board_of(options)
    layout = options.get("layout") or board.layout
    text_only = next((name for name in _TEXT_ONLY if name in options), None)
    if layout and text_only is not None:
        raise InvalidInputError(
            f"the option {text_only} is for lines of text and a layout is for binary packets; "
            "give one of them"
        )
    acc_unit = options.get("acc_unit") or board.acc_unit
    gyro_unit = options.get("gyro_unit")
    fields = options.get("fields") or board.fields
    write = _uuid("write", options.get("write", NUS_WRITE))
    rate_hz = settings.sampling_rate_hz
    return _StreamFormat(
        layout=parse_layout(layout) if layout else None,
        text=_TextFormat(
            fields=parse_fields(fields) if fields else None,
            unit_ms2=parse_scale(acc_unit, ACCELERATION_UNITS) if acc_unit else None,
            unit_deg_s=parse_scale(gyro_unit, ANGULAR_UNITS) if gyro_unit else 1.0,
            time_unit_s=_time_unit_s(options.get("time_unit") or board.time_unit),
        ),
        characteristic=_uuid("characteristic", options.get("characteristic", board.characteristic)),
        start=_writes(write, options.get("start")) or board.start(rate_hz),
        stop=_writes(write, options.get("stop")) or board.stop(rate_hz),
        pause_s=board.pause_s,
    )


def _board_of(options: Mapping[str, str]) -> Board:
    name = options.get("preset")
    if name is None:
        return Board(name="", source="")
    if name not in BOARDS:
        raise InvalidInputError(f"there is no preset {name!r}; choose one of {', '.join(BOARDS)}")
    return BOARDS[name]


def _time_unit_s(text: str) -> float | None:
    if text and text not in TIME_UNIT_S:
        raise InvalidInputError(f"time_unit is {text!r}; give one of {', '.join(TIME_UNIT_S)}")
    return TIME_UNIT_S[text] if text else None


def _uuid(option: str, text: str) -> str:
    uuid = text.strip().lower()
    if not _UUID.fullmatch(uuid):
        raise InvalidInputError(
            f"{option} is {text!r}; give a full UUID such as {NUS_DATA}, which a scan of the "
            "sensor or its sketch shows"
        )
    return uuid


def _writes(characteristic: str, text: str | None) -> tuple[tuple[str, bytes], ...]:
    if not text:
        return ()
    data = b""
    end = 0
    for match in _ESCAPE.finditer(text):
        data += text[end : match.start()].encode()
        code = match[1]
        data += bytes.fromhex(code[1:]) if code.startswith("x") else _ESCAPED[code]
        end = match.end()
    return ((characteristic, data + text[end:].encode()),)


def _recognises(advertisement: Advertisement) -> bool:
    # Boards do not always advertise the service, for lack of room, and some have another one.
    return NUS_SERVICE in advertisement.service_uuids or preset_of(advertisement) is not None


def _options_by_advertisement(advertisement: Advertisement) -> Mapping[str, str]:
    preset = preset_of(advertisement)
    return {} if preset is None else {"preset": preset}


def _start(settings: StreamSettings) -> Conversation:
    stream = _format_of(settings)
    yield Subscribe(stream.characteristic)
    yield from _write_all(stream.start, stream.pause_s)
    rate = f"the rate is that of the sensor's own program; {settings.sampling_rate_hz:g} Hz is"
    notes = [f"{rate} assumed until it is measured"]
    remark = _board_of(settings.options).remark
    if remark:
        notes.append(remark.rstrip("."))
    rule = stream.loss_rule
    if not rule.detects_loss:
        notes.append(rule.loss.rstrip("."))
    return Started(settings=settings, notes=tuple(notes))


def _stop(settings: StreamSettings) -> StopConversation:
    stream = _format_of(settings)
    yield from _write_all(stream.stop, stream.pause_s)
    yield Unsubscribe(stream.characteristic)


def _write_all(writes: tuple[tuple[str, bytes], ...], pause_s: float) -> StopConversation:
    for characteristic, data in writes:
        for start in range(0, len(data), _MAX_WRITE_SIZE):
            yield Write(characteristic, data[start : start + _MAX_WRITE_SIZE])
        yield Pause(pause_s)


def _make_decoder(settings: StreamSettings) -> Decoder:
    stream = _format_of(settings)
    rate_hz = settings.sampling_rate_hz
    if stream.layout is not None:
        return PacketDecoder(stream.layout, stream.characteristic, rate_hz)
    return TextDecoder(
        stream.characteristic,
        rate_hz,
        fields=stream.text.fields,
        unit_ms2=stream.text.unit_ms2,
        unit_deg_s=stream.text.unit_deg_s,
        time_unit_s=stream.text.time_unit_s,
    )


def _manual() -> str:
    lines = ["Presets"]
    for name, board in BOARDS.items():
        lines.append(f"  {name:<16}{board.name}")
        layout = board.layout or f"lines of {board.fields}"
        names = f"Known by its name: {', '.join(board.names)}." if board.names else ""
        for text in (layout, board.remark, names, f"Source: {board.source}."):
            lines += textwrap.wrap(
                text,
                _PAGE_WIDTH,
                initial_indent=" " * _INDENT,
                subsequent_indent=" " * _INDENT,
                break_on_hyphens=False,
            )
    lines += ["", "Layouts of binary packets", *GRAMMAR.splitlines()]
    return "\n".join(lines)


PROFILE: Final = SensorProfile(
    slug="nordic-uart",
    name="Nordic UART",
    name_pattern="any with the UART service",
    services=(NUS_SERVICE, *(one.service for one in BOARDS.values() if one.service)),
    recognises=_recognises,
    rates_hz=(),
    default_rate_hz=100.0,
    ranges_g=(),
    default_range_g=None,
    has_gyro=True,
    device_time="t of a line or packet, where there is one",
    default_loss_rule=_LOSS_BY_LINE_TIMES,
    data_characteristics=(NUS_DATA,),
    remarks=(
        "Lines are t,ax,ay,az, with or without gx,gy,gz; the option fields describes other ones.",
        "Units that are not given are inferred: from gravity at rest, and from the time step.",
        "Text has no checksum: a line that lost its middle can read as another number, above all "
        "where numbers are whole; fixed decimals, or binary packets with a counter, are safer.",
        "Binary packets need a layout or a preset; a preset also starts the stream. Boards that "
        "are known by name or service get theirs, unless an option is given.",
        "Many sketches use Bluetooth Classic, which cannot be reached.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=_make_decoder,
    loss_by_settings=lambda settings: _format_of(settings).loss_rule,
    options=OPTIONS,
    options_by_advertisement=_options_by_advertisement,
    check=_format_of,
    manual=_manual(),
)
