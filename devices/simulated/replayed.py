"""Replays the packet log of a recording as a sensor: the same notifications to the same requests.

The log contains every notification, read and write. Replaying it through the link repeats a
session with a real sensor without that sensor, and detects a program that sends other requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from devices.catalog import PROFILES
from devices.profile import RequestedSettings, SensorProfile
from devices.simulated.model import AttError, Characteristic, Faults, SensorModel
from devices.simulated.opening import paced_source
from tremor.errors import CaptureReadError, InvalidInputError
from tremor.packets import LinkEvent, Packet

if TYPE_CHECKING:
    from devices.link.source import SensorSource
    from devices.network.source import PhoneSource
    from devices.request import Request

__all__ = ["ReplayedSensor", "open_replayed"]

_UNLIKELY_ERROR: Final = 0x0E
_FLAGS: Final = ("read", "write", "write-without-response", "notify")
#: Kinds of entries of a log.
_WROTE, _READ, _NOTIFIED, _LOST = "wrote", "read", "notified", "lost"
_LOSS_EVENTS: Final = (_LOST, "silent")


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    time_s: float
    uuid: str = ""
    data: bytes = b""


def _entries_of(records: Iterable[object]) -> list[_Entry]:
    entries = []
    for one in records:
        if isinstance(one, Packet):
            entries.append(_Entry(_NOTIFIED, one.arrival_s, one.characteristic, one.data))
        elif isinstance(one, LinkEvent) and one.kind in (_WROTE, _READ):
            uuid, _, digits = one.detail.partition(" ")
            entries.append(_Entry(one.kind, one.arrival_s, uuid, bytes.fromhex(digits)))
        elif isinstance(one, LinkEvent) and one.kind in _LOSS_EVENTS:
            entries.append(_Entry(_LOST, one.arrival_s))
    # Packets from before the stream are logged when it begins, hence not in order.
    return sorted(entries, key=lambda entry: entry.time_s)


class ReplayedSensor(SensorModel):
    """Simulated sensor that replays a packet log.

    Parameters
    ----------
    profile : SensorProfile
        Kind of the recorded sensor.
    records : iterable
        Records of the packet log.
    name : str
        Name of the sensor.
    speed : float
        Playback speed, times real time.

    Attributes
    ----------
    unexpected : list of tuple of str and bytes
        Writes that are not in the log: characteristic and value.

    Raises
    ------
    CaptureReadError
        If the log contains no packets.
    """

    def __init__(
        self, profile: SensorProfile, records: Iterable[object], *, name: str, speed: float = 1.0
    ) -> None:
        self._entries: Sequence[_Entry] = _entries_of(records)
        if not any(entry.kind == _NOTIFIED for entry in self._entries):
            raise CaptureReadError(f"the packet log of {name} holds no packets")
        super().__init__(name=name, speed=speed, faults=Faults(mtu=517))
        self._position = 0
        #: Time of the program and time of the log that correspond to each other, s.
        self._anchor = (0.0, self._entries[0].time_s)
        self.unexpected: list[tuple[str, bytes]] = []
        uuids = dict.fromkeys(entry.uuid for entry in self._entries if entry.uuid)
        self._table: dict[str, Sequence[Characteristic]] = {
            profile.services[0]: tuple((uuid, _FLAGS) for uuid in uuids)
        }
        self._services = profile.services

    @property
    def table(self) -> dict[str, Sequence[Characteristic]]:  # type: ignore[override]
        """All characteristics in the log, in one service."""
        return self._table

    @property
    def advertised(self) -> tuple[str, ...]:  # type: ignore[override]
        """Services of this kind of sensor."""
        return self._services

    @property
    def has_ended(self) -> bool:
        """Whether all notifications of the log were replayed."""
        return all(entry.kind != _NOTIFIED for entry in self._entries[self._position :])

    def connected(self, now_s: float) -> None:
        """Accept a connection; replay continues after the next lost link of the log."""
        super().connected(now_s)
        if self._position:
            rest = range(self._position, len(self._entries))
            lost = next((at for at in rest if self._entries[at].kind == _LOST), len(self._entries))
            self._position = min(lost + 1, len(self._entries))
        self._anchor_at(now_s)

    def _anchor_at(self, now_s: float) -> None:
        if self._position < len(self._entries):
            self._anchor = (now_s, self._entries[self._position].time_s)

    def read(self, uuid: str) -> bytes:
        """Reply with the next value that was read in the log.

        Raises
        ------
        AttError
            If the recording holds no reading of it.
        """
        for at in range(self._position, len(self._entries)):
            entry = self._entries[at]
            if entry.kind == _READ and entry.uuid == uuid:
                return entry.data
        raise AttError(_UNLIKELY_ERROR)

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Continue after this write of the log."""
        for at in range(self._position, len(self._entries)):
            entry = self._entries[at]
            if entry.kind == _LOST:
                break
            if (entry.kind, entry.uuid, entry.data) == (_WROTE, uuid, data):
                self._position = at + 1
                self._anchor = (now_s, entry.time_s)
                return
        self.unexpected.append((uuid, data))

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """Return the notifications that are due, up to the next write of the log."""
        anchor_s, anchor_log_s = self._anchor
        until_s = anchor_log_s + (now_s - anchor_s) * self.speed
        items = []
        while self._position < len(self._entries):
            entry = self._entries[self._position]
            if entry.kind in (_WROTE, _LOST) or entry.time_s > until_s:
                break
            if entry.kind == _NOTIFIED and entry.uuid in self.subscribed:
                items.append((entry.uuid, entry.data))
            self._position += 1
        return items

    def link_breaks(self, now_s: float) -> bool:  # noqa: ARG002
        """Check whether the link was lost at this point of the log."""
        return self._position < len(self._entries) and self._entries[self._position].kind == _LOST


def open_replayed(request: Request) -> SensorSource | PhoneSource:
    """Open the packet log of a recording as a sensor.

    Parameters
    ----------
    request : Request
        Sensor ``replay:FOLDER``.

    Returns
    -------
    SensorSource or PhoneSource
        Source over the same link as for a real sensor, which requests the settings that were
        granted in the recording; or the bodies of a phone as they came.

    Raises
    ------
    InvalidInputError
        If no recording is named.
    CaptureReadError
        If the log contains no packets, or not the kind of sensor.
    """
    from devices.link.options import LinkOptions
    from tremor.formats.folder.packet_log import StreamGranted, read_packet_log

    name = request.sensor.partition(":")[2].strip()
    if not name:
        raise InvalidInputError(
            "'replay:' names no recording; give its folder, as in replay:recording-of-the-leg"
        )
    folder = Path(name)
    path = folder / "packets.bin" if folder.is_dir() else folder
    records = read_packet_log(path).records
    granted = next((one for one in records if isinstance(one, StreamGranted)), None)
    if granted is None or granted.profile not in PROFILES:
        raise CaptureReadError(f"{path} does not say which sensor its packets are from")
    profile, speed = PROFILES[granted.profile], request.speed or 1.0
    if profile.address_form:
        from devices.network.logged import LoggedSource

        return LoggedSource(
            profile,
            granted,
            records,
            speed=speed,
            tap=request.tap,
            timeouts=request.link.timeouts,
        )
    model = ReplayedSensor(profile, records, name=profile.name, speed=speed)
    known: dict[str, Any] = dict(granted.settings)
    settings = RequestedSettings(
        sampling_rate_hz=known["sampling_rate_hz"],
        range_g=known.get("range_g"),
        gyro=bool(known.get("gyro")),
        options=known.get("options") or {},
    )
    return paced_source(
        model,
        settings,
        # The settings are those that were granted, whatever the model of it advertises.
        profile=replace(profile, options_by_advertisement=None),
        tap=request.tap,
        link=LinkOptions(timeouts=request.link.timeouts),
    )
