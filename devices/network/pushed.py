"""A phone that pushes messages to this computer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, TypeAlias

from devices.link.options import HostClocks, LinkTimeouts
from devices.network.receiver import LONGEST_MESSAGE, HttpReceiver, own_address
from devices.network.source import PhoneSource, converse
from devices.profile import RequestedSettings, SensorProfile
from devices.sensors.sensor_logger import MESSAGES, read_message
from tremor.errors import PacketError, SensorNotFoundError
from tremor.packets import LinkEvent, Packet

__all__ = ["PushedSource"]

_Tap: TypeAlias = Callable[[Packet | LinkEvent], None]

#: How long the first message is awaited, s: somebody has to enter an address into the phone.
_FIRST_S: Final = 180.0
#: How often it is looked whether messages still come, s.
_LOOK_S: Final = 0.25
#: A phone counts as silent after this multiple of the longest interval between its messages.
_SILENT_INTERVALS: Final = 3.0
#: Why requests are refused, by the status of the answer.
_NOT_OURS: Final = (
    "something that is no message of Sensor Logger came to this port, and was refused"
)
_REFUSALS: Final[Mapping[int, str]] = MappingProxyType(
    {
        HTTPStatus.CONFLICT: "another phone pushes to this port, too; it is refused",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
            f"a message of more than {LONGEST_MESSAGE / 1e6:.0f} MB came and was refused; choose a "
            "shorter batch period in the app, and fewer sensors"
        ),
        HTTPStatus.METHOD_NOT_ALLOWED: (
            "a browser, or another program, reached this port without pushing; it was answered"
        ),
    }
)


class PushedSource(PhoneSource):
    """Samples of a phone with Sensor Logger.

    Parameters
    ----------
    profile, settings
        As for `PhoneSource`.
    host : str
        Address of this computer at which to listen; empty for that of its network.
    port : int
        Port; 0 for any that is free.
    tap, timeouts, clocks
        As for `PhoneSource`.
    first_s : float
        How long the first message is awaited, s.

    Notes
    -----
    The phone that pushes first is the sensor; others are refused.
    """

    def __init__(
        self,
        profile: SensorProfile,
        settings: RequestedSettings,
        *,
        host: str,
        port: int,
        tap: _Tap | None = None,
        timeouts: LinkTimeouts | None = None,
        clocks: HostClocks | None = None,
        first_s: float = _FIRST_S,
    ) -> None:
        super().__init__(profile, settings, tap=tap, timeouts=timeouts, clocks=clocks)
        self._receiver = HttpReceiver(
            host or own_address(), port, on_body=self._on_body, on_refused=self._on_refused
        )
        self._first_s = first_s
        self._device: str | None = None
        #: Why requests were refused so far.
        self._refusals: set[str] = set()
        #: Messages of the start; None once the stream has begun.
        self._setup: asyncio.Queue[Packet] | None = asyncio.Queue()
        self._last_s = self._clocks.timer()
        self._longest_interval_s = 0.0

    @property
    def address(self) -> str:
        """Address and port to enter into the phone."""
        return self._receiver.address

    async def _open(self) -> None:
        await self._receiver.start()
        self._begin(await converse(self.profile.start(self._settings), self._next))
        # What came meanwhile, in this step of the loop: no message is lost or reordered.
        setup, self._setup = self._setup, None
        while setup is not None and not setup.empty():
            self._receive(setup.get_nowait())
        self._last_s = self._clocks.timer()

    async def _next(self, path: str) -> bytes:
        assert path == MESSAGES
        assert self._setup is not None
        try:
            async with asyncio.timeout(self._first_s):
                packet = await self._setup.get()
        except TimeoutError as error:
            refused = "".join(f"; {why}" for why in sorted(self._refusals))
            raise SensorNotFoundError(
                f"no phone pushed to http://{self.address} within {self._first_s:g} s{refused}; "
                "enter that as Push URL in Sensor Logger and begin a recording there; is the phone "
                "in the same Wi-Fi, and does the firewall of this computer let the port through?"
            ) from error
        self._hand_to_tap(packet)
        return packet.data

    def _on_body(self, body: bytes) -> int:
        """Take a message; return the status of the answer."""
        try:
            message = read_message(body)
        except PacketError:
            return HTTPStatus.BAD_REQUEST
        if self._device is None:
            self._device = message.device
            self._report("connected", self.name)
        if message.device != self._device:
            return HTTPStatus.CONFLICT
        packet = self._packet(MESSAGES, body)
        if self._setup is not None:
            self._setup.put_nowait(packet)
            return HTTPStatus.OK
        now_s = self._clocks.timer()
        if self._is_linked:
            self._longest_interval_s = max(self._longest_interval_s, now_s - self._last_s)
        self._last_s = now_s
        self._find_again(packet)
        self._receive(packet)
        return HTTPStatus.OK

    def _on_refused(self, status: int) -> None:
        """Note why a request was refused, each reason once."""
        why = _REFUSALS.get(status, _NOT_OURS)
        if why not in self._refusals:
            self._refusals.add(why)
            self._report("shared", why)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            silent_s = self._clocks.timer() - self._last_s
            limit_s = max(self._timeouts.silence_s, _SILENT_INTERVALS * self._longest_interval_s)
            if silent_s > limit_s:
                self._lose("the phone pushes no more", silent_s=silent_s)
            if not self._is_linked and silent_s >= self._timeouts.give_up_s:
                raise self._given_up("it pushed no more", silent_s)

    async def _close(self) -> None:
        await self._receiver.close()
