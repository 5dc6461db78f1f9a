"""A recorded phone: the bodies of a packet log come again as they came then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from devices.link.options import HostClocks, LinkTimeouts
from devices.network.source import PhoneSource
from devices.profile import RequestedSettings, SensorProfile, Started, StreamSettings
from tremor.errors import CaptureReadError
from tremor.packets import LinkEvent, Packet

if TYPE_CHECKING:
    from tremor.formats.folder.packet_log import StreamGranted

__all__ = ["LoggedSource"]

_Tap: TypeAlias = Callable[[Packet | LinkEvent], None]

#: Packets that may wait for a slow reader, and for how long before another look, s.
_MOST_WAITING: Final = 64
_LOOK_S: Final = 0.01


class LoggedSource(PhoneSource):
    """Samples of a phone, played from the packet log of a recording.

    Parameters
    ----------
    profile : SensorProfile
        Kind of the phone.
    granted : StreamGranted
        Settings of the recording.
    records : iterable
        Records of its packet log.
    speed : float
        Playback speed, times real time.
    tap, timeouts
        As for `PhoneSource`.

    Raises
    ------
    CaptureReadError
        If there are no packets of a stream in the log.
    """

    def __init__(
        self,
        profile: SensorProfile,
        granted: StreamGranted,
        records: Iterable[object],
        *,
        speed: float,
        tap: _Tap | None = None,
        timeouts: LinkTimeouts | None = None,
    ) -> None:
        timer = HostClocks().timer
        began_s = timer()
        clocks = HostClocks(monotonic=lambda: began_s + (timer() - began_s) * speed)
        super().__init__(profile, RequestedSettings(), tap=tap, timeouts=timeouts, clocks=clocks)
        played = [one for one in records if isinstance(one, Packet | LinkEvent)]
        first = next((at for at, one in enumerate(played) if _is(one, "started")), None)
        self._records = [] if first is None else played[first + 1 :]
        if not any(isinstance(one, Packet) for one in self._records):
            raise CaptureReadError(f"the packet log of {profile.name} holds no packets")
        known = dict(granted.settings)
        options = known.get("options")
        self._granted = StreamSettings(
            sampling_rate_hz=float(known["sampling_rate_hz"]),  # type: ignore[arg-type]
            range_g=known.get("range_g"),  # type: ignore[arg-type]
            options=MappingProxyType(dict(options) if isinstance(options, dict) else {}),
        )
        self._speed = speed

    async def _open(self) -> None:
        self._report("connected", self.name)
        self._begin(Started(settings=self._granted))

    async def _follow(self) -> None:
        began_s, first_s = self._clocks.monotonic(), self._records[0].arrival_s
        for one in self._records:
            due_s = began_s + (one.arrival_s - first_s)
            while (wait_s := due_s - self._clocks.monotonic()) > 0.0:
                await asyncio.sleep(wait_s / self._speed)
            while self.n_waiting > _MOST_WAITING:  # the reader is behind
                await asyncio.sleep(_LOOK_S)
            packet = Packet(due_s, self._clocks.wall(), "", b"")
            if _is(one, "stopped"):
                break
            if _is(one, "lost"):
                self._lose("as in the recording")
            elif _is(one, "restarted"):
                self._find_again(packet)
            elif isinstance(one, Packet) and self._is_linked:
                self._receive(replace(packet, characteristic=one.characteristic, data=one.data))
        self._lose("the recording ends here")
        self._stream.end()

    async def _close(self) -> None:
        """Nothing is open."""


def _is(record: Packet | LinkEvent, kind: str) -> bool:
    return isinstance(record, LinkEvent) and record.kind == kind
