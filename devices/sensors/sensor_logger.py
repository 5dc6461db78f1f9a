"""Sensor Logger on a phone: messages that it pushes over HTTP.

The protocol is documented by its maker in github.com/tszheichoi/awesome-sensor-logger,
``PUSHING.md``. Bodies of messages in, samples out; they are received in `devices.network`.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from devices.decoding.stamped_rows import Row, StampedRows, measured_rate_hz
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

__all__ = ["MESSAGES", "PROFILE", "Message", "read_message"]

#: Stands for a message where a Bluetooth sensor has a characteristic.
MESSAGES: Final = "/message"

#: Names in a message.
_TOTAL, _LINEAR, _GRAVITY = "totalacceleration", "accelerometer", "gravity"
_BATTERY: Final = "battery"
#: Signals, and the names that each needs; the first whose names all come is taken.
_SIGNALS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"total": (_TOTAL,), "sum": (_LINEAR, _GRAVITY), "linear": (_LINEAR,)}
)
_ANY: Final = "auto"
_NO_GRAVITY: Final = (
    "it sends acceleration without gravity; switch on 'Gravity' or 'Total Acceleration' in the app"
)
#: Messages that wait for one before them, which another connection may still bring.
_MOST_HELD: Final = 3
#: Gravity changes slowly, but is not known for longer than this about its samples, s.
_GRAVITY_HOLDS_S: Final = 1.0
#: Messages that are awaited for gravity to come, too.
_FOR_GRAVITY: Final = 4
#: By how much the clock of the phone was set back if messages in order say so, s.
_SET_BACK_S: Final = 1.0
#: Runs of numbers that did not come and are remembered, so that what comes late is known as such.
_MOST_SKIPPED: Final = 64
#: Messages at the start in which the signals and their rate must show.
_MOST_AT_START: Final = 60
#: No clock of a phone is earlier, s since 1970: the year 2001.
_EARLIEST_S: Final = 1e9
#: Names of other measurements that are listed, and their longest part that is shown.
_MOST_NAMES: Final = 6
_LONGEST_NAME: Final = 30
_NS: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Parameters
    ----------
    number : int
        Rises by one from one message of a session to the next.
    session, device : str
        Identifiers of the recording and of the phone.
    rows : mapping of str to tuple of Row
        Samples by the name of what was measured, in order of time; only known names.
    others : frozenset of str
        Names of what else was measured, which is left out; the charge of the phone is none.
    """

    number: int
    session: str
    device: str
    rows: Mapping[str, tuple[Row, ...]]
    others: frozenset[str] = frozenset()


def read_message(body: bytes) -> Message:
    """Read a message.

    Parameters
    ----------
    body : bytes
        As received.

    Returns
    -------
    Message
        Its contents.

    Raises
    ------
    PacketError
        If it is none.
    """
    try:
        document = json.loads(body)
        number = document["messageId"]
        session, device = str(document["sessionId"]), str(document["deviceId"])
        items = document["payload"]
        rows: dict[str, list[Row]] = {_TOTAL: [], _LINEAR: [], _GRAVITY: []}
        others = set()
        for item in items:
            name = str(item["name"]).lower()
            if name in rows:
                rows[name].append(_row(item))
            elif name != _BATTERY:
                others.add(name)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise PacketError(f"this is no message of Sensor Logger: {error}") from error
    if not isinstance(number, int) or not isinstance(items, list):
        raise PacketError("this is no message of Sensor Logger: its messageId is no whole number")
    return Message(
        number,
        session,
        device,
        {name: tuple(sorted(some, key=lambda one: one.time_s)) for name, some in rows.items()},
        frozenset(others),
    )


def _row(item: Mapping[str, Any]) -> Row:
    values = item["values"]
    x, y, z = (float(values[axis]) for axis in "xyz")
    # Nanoseconds since 1970 do not fit a float; microseconds do, and more is not measured.
    return Row(round(int(item["time"]) / 1000) / 1e6, (x, y, z))


def _signal_in(names: Sequence[str], wanted: str) -> str:
    """Return the best signal for which there are names; empty if there is none."""
    for signal, needed in _SIGNALS.items():
        if wanted in (_ANY, signal) and all(name in names for name in needed):
            return signal
    return ""


def _check(settings: StreamSettings) -> None:
    signal = settings.options.get("signal", _ANY)
    if signal not in (_ANY, *_SIGNALS):
        known = ", ".join((_ANY, *_SIGNALS))
        raise InvalidInputError(f"signal is {signal!r}; choose one of {known}")


def _start(settings: StreamSettings) -> Conversation:
    wanted = settings.options.get("signal", _ANY)
    times_s: dict[str, list[float]] = {}
    others: set[str] = set()
    for n_before in range(_MOST_AT_START):
        message = read_message((yield Read(MESSAGES)) or b"")
        others |= message.others
        for name, rows in message.rows.items():
            times_s.setdefault(name, []).extend(row.time_s for row in rows)
        signal = _signal_in([name for name, some in times_s.items() if some], wanted)
        awaits_gravity = wanted == _ANY and signal == "linear" and n_before + 1 < _FOR_GRAVITY
        if not signal or awaits_gravity:
            continue
        rate_hz = measured_rate_hz(sorted(set(times_s[_SIGNALS[signal][0]])))
        if rate_hz is not None:
            notes = [f"measured at {rate_hz:g} Hz"]
            notes += [_NO_GRAVITY] if signal == "linear" else []
            notes += [f"left out of what it sends: {_listed(others)}"] if others else []
            granted = replace(
                settings,
                sampling_rate_hz=rate_hz,
                options=MappingProxyType({"signal": signal}),  # no address: recordings are kept
            )
            return Started(settings=granted, notes=tuple(notes))
    raise SensorRefusedError(_not_enough(_SIGNALS.get(wanted, (_TOTAL,)), times_s, others))


def _not_enough(
    needed: Sequence[str], times_s: Mapping[str, Sequence[float]], others: Collection[str]
) -> str:
    """Return why what came at the start is no measurement, and what helps."""
    came_s = [one for some in times_s.values() for one in some]
    if came_s and max(came_s) < _EARLIEST_S:
        return (
            "Sensor Logger pushes, but the times of its samples are not in nanoseconds since 1970; "
            "update the app, or record in the app and export a CSV"
        )
    instead = f" (it sends {_listed(others)})" if others else ""
    return (
        f"Sensor Logger pushes, but not enough of {' and '.join(needed)}{instead}; switch on "
        "'Total Acceleration' in the app, at 100 Hz or more, and begin its recording anew"
    )


def _listed(names: Collection[str]) -> str:
    """Return the first names in alphabetical order; whoever pushes may send any."""
    shown = [name[:_LONGEST_NAME] for name in sorted(names)[:_MOST_NAMES]]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")


def _stop(_: StreamSettings) -> StopConversation:
    yield from ()


class _Decoder:
    """Decoder of messages; one that comes before its turn waits for the others."""

    def __init__(self, settings: StreamSettings) -> None:
        self._signal = settings.options.get("signal", _ANY)
        self._rows = StampedRows(settings.sampling_rate_hz)
        self._device: str | None = None
        self._session: str | None = None
        self._ended: set[str] = set()
        self._expected: int | None = None
        self._held: dict[int, Message] = {}
        #: First number of the session, and runs of numbers that are not awaited any longer: what
        #: is below the expected one, and in neither, came before.
        self._first = 0
        self._skipped: deque[range] = deque(maxlen=_MOST_SKIPPED)
        self._arrival_s = -math.inf
        self._gravity: list[Row] = []
        self._last_s = -math.inf
        self._n_without_gravity = 0

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one message, see `devices.profile.Decoder`."""
        if characteristic_uuid != MESSAGES:
            return []
        message = read_message(data)
        if self._device not in (None, message.device):
            raise PacketError("a message of another phone came; it is left out")
        self._device = message.device
        ready: list[Message] = []
        if message.session != self._session:
            ready += self._begin(message.session)
        if self._expected is None:
            self._expected = self._first = message.number
        self._arrival_s = arrival_s
        is_skipped = any(message.number in run for run in self._skipped)
        if message.number < self._first or is_skipped:
            raise PacketError(f"message {message.number} came too late; it is left out")
        if message.number >= self._expected:  # else it came before: the phone sent it again
            self._held[message.number] = message
        ready += self._take_ready()
        return [block for one in ready for block in self._blocks(one, arrival_s)]

    def _blocks(self, message: Message, arrival_s: float) -> list[SampleBlock]:
        rows = self._rows_of(message)
        if not rows:
            return []
        if rows[-1].time_s < self._last_s - _SET_BACK_S:
            # Messages are in order here: the phone has set its clock, and that of the host counts.
            self._rows.restart()
        self._last_s = rows[-1].time_s
        return self._rows.blocks(rows, arrival_s)

    def _begin(self, session: str) -> list[Message]:
        """Begin a recording of the app; return the messages of the last one that still wait."""
        if session in self._ended:
            raise PacketError("a message of a recording that has ended came; it is left out")
        if self._session is not None:
            self._ended.add(self._session)
        rest = [self._held[number] for number in sorted(self._held)]
        self._session, self._expected, self._held = session, None, {}
        self._skipped.clear()
        return rest

    def _take_ready(self) -> list[Message]:
        ready = []
        assert self._expected is not None
        while self._held:
            if self._expected not in self._held:
                if len(self._held) <= _MOST_HELD:
                    break
                self._skipped.append(range(self._expected, min(self._held)))
                self._expected = min(self._held)
            ready.append(self._held.pop(self._expected))
            self._expected += 1
        return ready

    def _rows_of(self, message: Message) -> list[Row]:
        signal = self._signal
        if signal == _ANY:
            signal = _signal_in([name for name, some in message.rows.items() if some], _ANY)
        if signal == "total":
            return list(message.rows[_TOTAL])
        rows = message.rows[_LINEAR]
        if signal != "sum":
            return list(rows)
        self._gravity = [*self._gravity[-1:], *message.rows[_GRAVITY]]
        times_s = [one.time_s for one in self._gravity]
        added = [self._with_gravity(row, bisect_left(times_s, row.time_s)) for row in rows]
        self._n_without_gravity += added.count(None)
        return [row for row in added if row is not None]

    def _with_gravity(self, row: Row, at: int) -> Row | None:
        """Add gravity by its samples about a position; None if none is near the row in time."""
        first = max(0, min(at - 1, len(self._gravity) - 2))
        near = [
            one
            for one in self._gravity[first : first + 2]
            if abs(one.time_s - row.time_s) <= _GRAVITY_HOLDS_S
        ]
        if not near:
            return None
        before, after = near[0], near[-1]
        span_s = after.time_s - before.time_s
        # Before the first and after the last of a message the line through two of them goes on.
        share = (row.time_s - before.time_s) / span_s if span_s > 0.0 else 0.0
        share = min(2.0, max(-1.0, share))
        x, y, z = (
            one + (1.0 - share) * low + share * high
            for one, low, high in zip(
                row.acceleration_ms2,
                before.acceleration_ms2,
                after.acceleration_ms2,
                strict=True,
            )
        )
        return Row(row.time_s, (x, y, z))

    def finish(self) -> list[SampleBlock]:
        """Decode what still waits for a message before it, see `devices.profile.HoldingDecoder`."""
        rest = [self._held[number] for number in sorted(self._held)]
        self._held = {}
        if rest:
            self._expected = rest[-1].number + 1
        return [block for one in rest for block in self._blocks(one, self._arrival_s)]

    def restart(self, began_s: float | None = None) -> None:
        """Continue after a drop-out: the messages and their times tell what is missing."""

    @property
    def n_rejected(self) -> int:
        """Number of samples with impossible values, out of order, or without their gravity."""
        return self._rows.n_rejected + self._n_without_gravity


PROFILE: Final = SensorProfile(
    slug="sensor-logger",
    name="Phone with Sensor Logger",
    name_pattern="sensor-logger[:PORT]",
    address_form="sensor-logger[:PORT]",
    services=(),
    recognises=lambda _: False,
    rates_hz=(),
    default_rate_hz=100.0,
    ranges_g=(),
    default_range_g=None,
    has_gyro=False,
    device_time="ns stamp of each sample",
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(MESSAGES,),
    remarks=(
        "In the app, switch on Total Acceleration, and in its settings HTTP Push.",
        "As push URL enter the address that tremor record shows, then begin a recording.",
        "The phone must be in the same Wi-Fi, and the firewall must let the port through.",
        "Its 'accelerometer' is without gravity: that is added from 'gravity' if that comes.",
        "Where this computer has several addresses: sensor-logger:HOST:PORT.",
        "What it pushes during a drop-out is lost, and the times of the samples show the gap.",
        "Its rate is set in the app: it is measured, and --rate does not change it.",
        "Its gyroscope is left out: it is sampled at other moments than the acceleration.",
    ),
    options=MappingProxyType(
        {
            "signal": "total, sum (of accelerometer and gravity) or linear (no gravity); the best",
        }
    ),
    check=_check,
    start=_start,
    stop=_stop,
    make_decoder=_Decoder,
    gravity_by_options=lambda options: options.get("signal") != "linear",
)
