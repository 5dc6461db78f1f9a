"""A phone that is asked, a few times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from devices.link.options import HostClocks, LinkTimeouts
from devices.network.client import HttpClient
from devices.network.source import PhoneSource, converse
from devices.profile import RequestedSettings, SensorProfile, Started
from devices.sensors.phyphox import DATA, TIME, Answer, Poll
from tremor.errors import LinkError, PacketError, SensorRefusedError
from tremor.packets import LinkEvent, Packet

__all__ = ["PolledSource"]

_Tap: TypeAlias = Callable[[Packet | LinkEvent], None]

#: Interval between two requests, s: an answer is a fifth of a second old at most.
_INTERVAL_S: Final = 0.2
#: Limit for a request, s.
_REQUEST_S: Final = 3.0
#: What it may take longer for each second without an answer, s.
_MORE_PER_S: Final = 0.1
#: Answers that are kept as packets before the stream, to see later how it began.
_KEPT_AT_START: Final = ("/config", DATA)


class PolledSource(PhoneSource):
    """Samples of a phone with phyphox.

    Parameters
    ----------
    profile, settings
        As for `PhoneSource`.
    host : str
        Name or address of the phone.
    ports : sequence of int
        Ports to try at the start, in order.
    tap, timeouts, clocks
        As for `PhoneSource`.

    Notes
    -----
    During a drop-out the phone goes on measuring, and the first answer afterwards holds what it
    measured meanwhile. A pause is no drop-out: nothing is measured then. Either ends the stream by
    ``lost``, and ``restarted`` begins it anew.
    """

    def __init__(
        self,
        profile: SensorProfile,
        settings: RequestedSettings,
        *,
        host: str,
        ports: Sequence[int],
        tap: _Tap | None = None,
        timeouts: LinkTimeouts | None = None,
        clocks: HostClocks | None = None,
    ) -> None:
        super().__init__(profile, settings, tap=tap, timeouts=timeouts, clocks=clocks)
        request_s = min(_REQUEST_S, self._timeouts.step_s)
        self._clients = [HttpClient(host, port, timeout_s=request_s) for port in ports]
        self._client = self._clients[0]
        self._poll: Poll | None = None
        #: When the last answer came, and the last that held samples, s on the clock of timeouts.
        self._answered_s = self._streamed_s = self._clocks.timer()

    @property
    def address(self) -> str:
        """Host and port of the phone."""
        return self._client.address

    async def _open(self) -> None:
        for n_left in range(self._timeouts.attempts - 1, -1, -1):
            try:
                started = await self._start()
            except SensorRefusedError:
                raise
            except LinkError:
                if not n_left:
                    raise
                await asyncio.sleep(self._timeouts.first_wait_s)
            else:
                break
        self._poll = Poll(started.settings)
        self._begin(started)
        self._answered_s = self._streamed_s = self._clocks.timer()

    async def _start(self) -> Started:
        await self._find_port()
        self._report("connected", self.name)

        async def read(path: str) -> bytes:
            body = await self._client.get(path)
            packet = self._packet(path, body)
            if packet.characteristic in _KEPT_AT_START:
                self._hand_to_tap(packet)
            return body

        return await converse(self.profile.start(self._settings), read)

    async def _find_port(self) -> None:
        first: LinkError | None = None
        for client in self._clients:
            try:
                await client.get("/config")
            except LinkError as error:
                first = first or error
            else:
                self._client = client
                return
        assert first is not None
        raise first

    async def _close(self) -> None:
        if self._started is None:
            return
        with suppress(LinkError, PacketError, TimeoutError):
            async with asyncio.timeout(self._timeouts.stop_s):
                await converse(self.profile.stop(self._started.settings), self._client.get)

    async def _follow(self) -> None:
        waits = self._timeouts.backoff_s(self._rng)
        while True:
            began_s = self._clocks.timer()
            try:
                is_measuring = await self._ask()
            except (LinkError, PacketError) as error:
                self._note_failure(error)
                wait_s = _INTERVAL_S if self._is_linked else next(waits)
            else:
                waits = self._timeouts.backoff_s(self._rng)
                if not is_measuring:
                    self._pause("the measurement on the phone is paused")
                wait_s = _INTERVAL_S
            if not self._is_linked:
                self._give_up_in_time()
            await asyncio.sleep(max(0.0, began_s + wait_s - self._clocks.timer()))

    def _note_failure(self, error: Exception) -> None:
        unseen_s = self._clocks.timer() - self._answered_s
        if isinstance(error, PacketError) and self._is_linked:
            self._stream.counts.n_refused += 1
            self._report("refused", str(error))
        if unseen_s > self._timeouts.silence_s:
            self._lose("the phone does not answer")  # no address: recordings are passed on

    def _give_up_in_time(self) -> None:
        lost_s = self._clocks.timer() - self._streamed_s
        if lost_s >= self._timeouts.give_up_s:
            raise self._given_up("no answer, or its measurement was paused", lost_s)

    async def _ask(self) -> bool:
        """Ask once, and for all of it if only that is of use; return whether it measures."""
        poll = self._poll
        assert poll is not None
        answer, packet = await self._answer(poll)
        if not poll.is_usable(answer):
            poll.forget(answer)
            answer, packet = await self._answer(poll)
        has_new = poll.is_usable(answer) and poll.has_new(answer)
        has_ended = self._is_linked and not answer.is_measuring
        if has_new or has_ended:
            asks_time = poll.needs_time(answer, packet.arrival_s)
            times = await self._times() if asks_time else None
            if times is not None:
                later = poll.read(await self._client.get(poll.newest_path))
                if not poll.goes_on(answer, later):  # cleared since: they are of another experiment
                    times, asks_time = None, False
            poll.accept(answer, packet.arrival_s, asked_time=asks_time)
            self._take(packet, times)
        self._answered_s = self._clocks.timer()
        if self._answered_s - self._streamed_s > self._timeouts.silence_s:
            self._pause("the phone answers, and has no new samples")
        return answer.is_measuring

    def _take(self, packet: Packet, times: bytes | None) -> None:
        # No await in here: nothing may come between the packets.
        self._find_again(packet)
        if times is not None:
            self._receive(Packet(packet.arrival_s, packet.wall_s, TIME, times))
        self._receive(packet)
        self._streamed_s = self._clocks.timer()

    async def _answer(self, poll: Poll) -> tuple[Answer, Packet]:
        path = poll.path()
        # What was measured during a drop-out comes at once, and takes its time.
        unseen_s = self._clocks.timer() - self._answered_s
        body = await self._client.get(path, more_s=_MORE_PER_S * unseen_s)
        packet = self._packet(path, body)
        return poll.read(body), packet

    async def _times(self) -> bytes | None:
        """Ask for the moments of start and pause; None if the phone does not have them."""
        try:
            return await self._client.get(TIME)
        except SensorRefusedError:  # an app that is older than them
            return None
