"""A sensor as a source of samples: found, started, watched, started again, stopped.

What goes over the air is `devices.link.radio`, what is said is the sensor file, and what becomes
of the bytes is `devices.link.stream`. Here it is decided when each of them has its turn.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final, Self
from weakref import WeakKeyDictionary

from devices.catalog import PROFILES
from devices.link.connection import LinkTimes, Session, to_the_end
from devices.link.discovery import Found, Wanted, find
from devices.link.radio import Backend
from devices.link.stream import PacketStream, StreamCounts
from devices.profile import SensorProfile, Started, StreamSettings
from tremor.errors import (
    InvalidInputError,
    LinkError,
    PacketError,
    SensorLostError,
    SensorRefusedError,
    TremorError,
)
from tremor.packets import LinkEvent, Packet

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["LinkTimes", "SensorSource", "Tap"]

Tap = Callable[[Packet | LinkEvent], None]

_FULL_PERCENT: Final = 100

# Scanning and connecting hold up the other links of an adapter, and two scans of one program
# cannot go on at once; one lock for each event loop.
_LOCKS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class SensorSource:
    """Samples of a sensor over Bluetooth.

    Parameters
    ----------
    sensor : str
        Slug of a profile, an address, or a name or a part of one; empty for the only one in
        reach that is known.
    sampling_rate_hz, range_g, gyro, options
        What is asked of it, as in `SensorProfile.settings`.
    profile : SensorProfile, optional
        What it speaks like, where its name does not tell.
    pair : bool
        Whether to pair with it first.
    tap : callable, optional
        Gets every notification as received, and every event, in order. It is called in the event
        loop, when the notification comes: it must put it away and return. What it raises ends the
        stream.
    times : LinkTimes, optional
        How long to wait for what.
    backend : Backend, optional
        Bluetooth other than the system's own.
    now, wall : callable
        Monotonic clock and wall clock that packets are stamped with, s.
    timer : callable
        Monotonic clock by which it waits, s; that of a simulated sensor may run faster.
    rng : random.Random, optional
        For the jitter of the waits.

    Raises
    ------
    InvalidInputError
        Where the sensor cannot do what is asked.

    Notes
    -----
    Packets between the events ``started`` or ``restarted`` and the next ``lost`` or ``stopped``
    are those that are decoded, and at ``restarted`` the decoder starts anew: whoever keeps what
    is tapped can decode it again and finds the same samples. What the sensor granted is in
    ``started`` when either of them is tapped.

    Entering finds, connects and starts the sensor; leaving stops and disconnects it, however it
    is left. A link that is lost or silent is made again, with new settings sent, until
    ``give_up_s`` have passed; the gap is a jump of ``first_index``.
    """

    def __init__(
        self,
        sensor: str = "",
        *,
        sampling_rate_hz: float | None = None,
        range_g: float | None = None,
        gyro: bool = False,
        options: Mapping[str, str] = MappingProxyType({}),
        profile: SensorProfile | None = None,
        pair: bool = False,
        tap: Tap | None = None,
        times: LinkTimes | None = None,
        backend: Backend | None = None,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._wanted = Wanted(sensor, profile)
        self._asked = (sampling_rate_hz, range_g, gyro, dict(options))
        self._pair = pair
        self._tap = tap
        self._times = times or LinkTimes()
        self._backend = backend
        self._now = now
        self._timer = timer
        self._wall = wall
        self._rng = rng or random.Random()
        self._stream = PacketStream(longest_s=self._times.queue_s, event=self._tell)
        self._found: Found | None = None
        self._settings: StreamSettings | None = None
        self._started: Started | None = None
        self._session: Session | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._is_open = False
        known = profile or PROFILES.get(sensor.strip().lower())
        if known is not None:
            self._settings = self._settings_for(known)

    def _settings_for(self, profile: SensorProfile) -> StreamSettings:
        rate_hz, range_g, gyro, options = self._asked
        return profile.settings(sampling_rate_hz=rate_hz, range_g=range_g, gyro=gyro, **options)

    @property
    def profile(self) -> SensorProfile:
        """Give the kind of sensor."""
        profile = self._there().profile
        assert profile is not None
        return profile

    @property
    def name(self) -> str:
        """Give the name that the sensor advertises, else that of its kind."""
        return self._there().peripheral.advertisement.name or self.profile.name

    @property
    def address(self) -> str:
        """Give its address; on macOS one that holds on this computer only."""
        return self._there().peripheral.address

    @property
    def rssi_dbm(self) -> int | None:
        """Give the strength of its advertisement before it was connected, dBm."""
        return self._there().peripheral.rssi_dbm

    @property
    def started(self) -> Started:
        """Give what the sensor granted."""
        if self._started is None:
            raise InvalidInputError("the source is closed; use it inside of 'async with'")
        return self._started

    @property
    def nominal_sampling_rate_hz(self) -> float:
        """Give the rate that the sensor granted, Hz; the true one is off by up to some percent."""
        return self.started.settings.sampling_rate_hz

    @property
    def counts(self) -> StreamCounts:
        """Give what the stream has brought so far."""
        return self._stream.counts

    @property
    def n_rejected(self) -> int:
        """Count what the decoder left out of a byte stream as damaged."""
        return self._stream.n_rejected

    def now_s(self) -> float:
        """Give this moment on the clock that packets are stamped with, s."""
        return self._now()

    @property
    def is_linked(self) -> bool:
        """Tell whether the sensor is linked and streams; not so while it is sought again."""
        return self._session is not None and self._session.is_streaming

    def is_open(self) -> bool:
        """Tell whether it may be read."""
        return self._is_open

    def _there(self) -> Found:
        if self._found is None:
            raise InvalidInputError("the source is closed; use it inside of 'async with'")
        return self._found

    async def __aenter__(self) -> Self:
        try:
            await self._begin()
        except BaseException as error:
            await to_the_end(self.stop())
            if isinstance(error, PacketError):  # a reply that makes no sense
                raise LinkError(f"{self._wanted} answered what cannot be read: {error}") from error
            raise
        self._is_open = True
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await to_the_end(self.stop())

    async def __aiter__(self) -> AsyncIterator[SampleBlock]:
        """Give blocks as they come, until `stop`; a link that does not come back raises."""
        if not self._is_open:
            raise InvalidInputError("the source is closed; use it inside of 'async with'")
        async for block in self._stream.blocks():
            yield block

    def decode_waiting(self) -> list[SampleBlock]:
        """Decode what came and was not read: the last samples when reading was cut off.

        Returns
        -------
        list of SampleBlock
            In order.
        """
        return list(self._stream.decode_waiting())

    async def battery_percent(self) -> int | None:
        """Read the charge; possible while it streams.

        Returns
        -------
        int or None
            Percent; None where the sensor does not tell.
        """
        uuid, session = self.profile.battery_characteristic, self._session
        if uuid is None or session is None:
            return None
        value = await session.read(uuid)
        # Of two bytes the second tells whether it is being charged.
        is_one = value is not None and len(value) in (1, 2)
        return value[0] if value and is_one and value[0] <= _FULL_PERCENT else None

    async def stop(self) -> None:
        """Stop the sensor, end the link, and close the stream after what waits in it."""
        self._is_open = False
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait({keeper})
        await self._hang_up()
        self._stream.end()

    # Beginning

    async def _begin(self) -> None:
        for left in range(self._times.attempts - 1, -1, -1):
            try:
                await self._attempt(self._wanted)
            except SensorRefusedError:
                raise
            except LinkError:
                # Not even heard, or no Bluetooth: more of the same would not help.
                if self._found is None or not left:
                    raise
                await asyncio.sleep(self._times.first_wait_s)
            else:
                return

    async def _attempt(self, wanted: Wanted) -> None:
        """Find, connect and start, once."""
        async with _LOCKS.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            found = await find(
                wanted,
                timeout_s=self._times.find_s,
                settle_s=self._times.settle_s,
                backend=self._backend,
            )
            self._found = found
            if self._settings is None:
                self._settings = self._settings_for(self.profile)
            session = self._session = Session(
                found,
                receive=self._receive,
                times=self._times,
                pair=self._pair,
                backend=self._backend,
                now=self._now,
                timer=self._timer,
                wall=self._wall,
            )
            try:
                await session.open()
            except BaseException:
                await to_the_end(self._hang_up())
                raise
        try:
            mtu = session.mtu
            # No address: what is tapped is kept, and a recording is handed on.
            self._tell("connected", self.name + (f", MTU {mtu}" if mtu else ""))
            granted = await session.start(self._settings)
            self._check_granted(granted)
        except BaseException:
            await to_the_end(self._hang_up())
            raise
        self._take_up(session, granted)

    def _check_granted(self, granted: Started) -> None:
        before = self._started
        if before is not None and granted.settings != before.settings:
            raise SensorRefusedError(
                f"{self.name} came back with other settings: {granted.settings} after "
                f"{before.settings}; begin a new recording"
            )

    def _take_up(self, session: Session, granted: Started) -> None:
        """Let the stream begin, without letting anything come between."""
        before, stream = session.take_up()
        self._tap_all(before)
        at = (stream[0].arrival_s, stream[0].wall_s) if stream else (self._now(), self._wall())
        rate_hz = granted.settings.sampling_rate_hz
        detail = "; ".join((f"{rate_hz:g} Hz nominal", *granted.notes))
        is_first, self._started = self._started is None, granted
        if is_first:
            self._stream.begin(self.profile.make_decoder(granted.settings))
        else:
            self._stream.restart()
        self._tell("started" if is_first else "restarted", detail, at=at)
        for packet in stream:
            self._receive(packet)

    # While it streams

    def _receive(self, packet: Packet) -> None:
        self._stream.put(packet)
        self._tap_all((packet,))

    def _tell(self, kind: str, detail: str = "", *, at: tuple[float, float] | None = None) -> None:
        arrival_s, wall_s = at or (self._now(), self._wall())
        self._tap_all((LinkEvent(arrival_s, wall_s, kind, detail),))

    def _tap_all(self, items: Sequence[Packet | LinkEvent]) -> None:
        if self._tap is None:
            return
        try:
            for item in items:
                self._tap(item)
        except Exception as error:  # bleak would log it and go on, and nobody would know
            self._tap = None
            self._stream.end(error)

    async def _keep(self) -> None:
        """Watch the link, and make it again, until it is lost for good."""
        since_s = self._timer()
        try:
            while True:
                session = self._session
                assert session is not None
                trouble = await session.trouble(self.nominal_sampling_rate_hz)
                if trouble.silent_s is not None:
                    self._tell("silent", f"no packet for {trouble.silent_s:.1f} s")
                self._tell("lost", trouble.why)
                if session.has_streamed:
                    since_s = self._timer()
                await self._hang_up(stop=False)
                await self._get_back(trouble.why, since_s)
        except Exception as error:  # whatever it is, whoever reads must learn of it
            self._stream.end(error)

    async def _get_back(self, why: str, since_s: float) -> None:
        """Make the link again; ``since_s`` is when it was lost, or began and never streamed."""
        wanted = Wanted(self.address, self.profile)
        last: TremorError | None = None
        for wait_s in self._times.waits_s(self._rng):
            lost_s = self._timer() - since_s
            if lost_s >= self._times.give_up_s:
                reason = f": {last}" if last is not None else ""
                raise SensorLostError(
                    f"{self.name} was lost ({why}) and did not come back within "
                    f"{lost_s:.0f} s{reason}"
                ) from last
            await asyncio.sleep(wait_s)
            try:
                await self._attempt(wanted)
            except TremorError as error:
                last = error
            else:
                return

    # Ending

    async def _hang_up(self, *, stop: bool = True) -> None:
        """End what there is of a connection; the sensor is told to stop where it can hear."""
        session, self._session = self._session, None
        if session is None:
            return
        if stop and session.is_open and self._settings is not None:
            self._tap_all(session.leftover())
            self._tell("stopped")
            await session.stop(self._settings)
        await session.close()
        self._tap_all(session.leftover())
