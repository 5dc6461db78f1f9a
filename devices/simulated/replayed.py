"""A recorded link as a sensor: what came then comes again, to whoever asks as was asked then.

The packet log of a recording holds every notification, and what was written and read. Played back
through the same link, a session with a real sensor can be gone through again without it, and a
program that asks for something else is found out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from devices.catalog import PROFILES
from devices.profile import RequestedSettings, SensorProfile
from devices.simulated.model import AttError, Characteristic, Faults, SensorModel
from devices.simulated.opening import scaled_clock
from tremor.errors import CaptureReadError
from tremor.packets import LinkEvent, Packet

if TYPE_CHECKING:
    from devices.link.source import SensorSource
    from devices.request import Request

__all__ = ["ReplayedSensor", "open_replayed"]

_UNLIKELY: Final = 0x0E
_FLAGS: Final = ("read", "write", "write-without-response", "notify")
#: Kinds of steps of a log.
_WROTE, _READ, _NOTIFIED, _LOST = "wrote", "read", "notified", "lost"
_ENDS: Final = (_LOST, "silent")


@dataclass(frozen=True, slots=True)
class _Step:
    kind: str
    time_s: float
    uuid: str = ""
    data: bytes = b""


def _steps_of(records: Iterable[object]) -> list[_Step]:
    steps = []
    for one in records:
        if isinstance(one, Packet):
            steps.append(_Step(_NOTIFIED, one.arrival_s, one.characteristic, one.data))
        elif isinstance(one, LinkEvent) and one.kind in (_WROTE, _READ):
            uuid, _, digits = one.detail.partition(" ")
            steps.append(_Step(one.kind, one.arrival_s, uuid, bytes.fromhex(digits)))
        elif isinstance(one, LinkEvent) and one.kind in _ENDS:
            steps.append(_Step(_LOST, one.arrival_s))
    # What came before the stream began is logged when it begins.
    return sorted(steps, key=lambda step: step.time_s)


class ReplayedSensor(SensorModel):
    """Plays a packet log back, write by write.

    Parameters
    ----------
    profile : SensorProfile
        Kind of the sensor that was recorded.
    records : iterable
        Of its packet log.
    name : str
        Its name.
    speed : float
        Times real time.
    """

    def __init__(
        self, profile: SensorProfile, records: Iterable[object], *, name: str, speed: float = 1.0
    ) -> None:
        self._steps: Sequence[_Step] = _steps_of(records)
        if not any(step.kind == _NOTIFIED for step in self._steps):
            raise CaptureReadError(f"the packet log of {name} holds no packets")
        super().__init__(name=name, speed=speed, faults=Faults(mtu=517))
        self._place = 0
        self._anchor = (0.0, self._steps[0].time_s)
        #: Writes that were not what was written then: time of the program and bytes.
        self.unexpected: list[tuple[str, bytes]] = []
        uuids = dict.fromkeys(step.uuid for step in self._steps if step.uuid)
        self._table: dict[str, Sequence[Characteristic]] = {
            profile.services[0]: tuple((uuid, _FLAGS) for uuid in uuids)
        }
        self._services = profile.services

    @property
    def table(self) -> dict[str, Sequence[Characteristic]]:  # type: ignore[override]
        """Give every characteristic that was used, in one service."""
        return self._table

    @property
    def advertised(self) -> tuple[str, ...]:  # type: ignore[override]
        """Give the services of its kind."""
        return self._services

    @property
    def has_ended(self) -> bool:
        """Tell whether all of the log was played."""
        return all(step.kind != _NOTIFIED for step in self._steps[self._place :])

    def connected(self, now_s: float) -> None:
        """Take a new link: what comes after the next loss of the log is played to it."""
        super().connected(now_s)
        if self._place:
            rest = range(self._place, len(self._steps))
            lost = next((at for at in rest if self._steps[at].kind == _LOST), len(self._steps))
            self._place = min(lost + 1, len(self._steps))
        self._anchor_at(now_s)

    def _anchor_at(self, now_s: float) -> None:
        if self._place < len(self._steps):
            self._anchor = (now_s, self._steps[self._place].time_s)

    def read(self, uuid: str) -> bytes:
        """Answer as it was answered next."""
        for at in range(self._place, len(self._steps)):
            step = self._steps[at]
            if step.kind == _READ and step.uuid == uuid:
                return step.data
        raise AttError(_UNLIKELY)

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Go on behind the write of the log that this is."""
        for at in range(self._place, len(self._steps)):
            step = self._steps[at]
            if step.kind == _LOST:
                break
            if (step.kind, step.uuid, step.data) == (_WROTE, uuid, data):
                self._place = at + 1
                self._anchor = (now_s, step.time_s)
                return
        self.unexpected.append((uuid, data))

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """Give what came until now, up to where something was written."""
        begin_s, begun_s = self._anchor
        until_s = begun_s + (now_s - begin_s) * self.speed
        items = []
        while self._place < len(self._steps):
            step = self._steps[self._place]
            if step.kind in (_WROTE, _LOST) or step.time_s > until_s:
                break
            if step.kind == _NOTIFIED and step.uuid in self.subscribed:
                items.append((step.uuid, step.data))
            self._place += 1
        return items

    def link_breaks(self, now_s: float) -> bool:  # noqa: ARG002
        """Tell whether the link was lost here."""
        return self._place < len(self._steps) and self._steps[self._place].kind == _LOST


def open_replayed(request: Request) -> SensorSource:
    """Open the packet log of a recording as if its sensor were there again.

    Parameters
    ----------
    request : Request
        ``replay:FOLDER``.

    Returns
    -------
    SensorSource
        Over the same link as a real one, asking for what was granted then.
    """
    from devices.link.options import HostClocks, LinkOptions
    from devices.link.source import SensorSource
    from devices.simulated.backend import backend_of
    from tremor.formats.folder.packet_log import StreamGranted, read_packet_log

    folder = Path(request.sensor.partition(":")[2])
    path = folder / "packets.bin" if folder.is_dir() else folder
    records = read_packet_log(path).records
    granted = next((one for one in records if isinstance(one, StreamGranted)), None)
    if granted is None or granted.profile not in PROFILES:
        raise CaptureReadError(f"{path} does not say which sensor its packets are from")
    profile, speed = PROFILES[granted.profile], request.speed or 1.0
    model = ReplayedSensor(profile, records, name=profile.name, speed=speed)
    known: dict[str, Any] = dict(granted.settings)
    settings = RequestedSettings(
        sampling_rate_hz=known["sampling_rate_hz"],
        range_g=known.get("range_g"),
        gyro=bool(known.get("gyro")),
        options=known.get("options") or {},
    )
    return SensorSource(
        model.address,
        settings,
        profile=profile,
        tap=request.tap,
        link=LinkOptions(timeouts=request.link.timeouts, backend=backend_of(model)),
        clocks=HostClocks(monotonic=scaled_clock(speed)),
    )
