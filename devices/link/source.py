"""A sensor as a source of samples: found, connected, started, watched, reconnected, stopped.

This module decides when each of these happens. The radio is `devices.link.radio`, one connection
is `devices.link.connection`, and decoding is `devices.link.stream`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, Self, TypeAlias
from weakref import WeakKeyDictionary

from devices.catalog import PROFILES
from devices.link.cancellation import finish_despite_cancellation
from devices.link.claim import SensorClaim
from devices.link.connection import SensorConnection
from devices.link.discovery import DiscoveredDevice, SensorSelector, find
from devices.link.options import LEAST_MTU, HostClocks, LinkOptions
from devices.link.remedies import remedy
from devices.link.stream import PacketStream
from devices.link.streamed import StreamedSource
from devices.profile import RequestedSettings, SensorProfile, Started, StreamSettings
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
    pass

__all__ = ["SensorSource", "Tap"]

Tap: TypeAlias = Callable[[Packet | LinkEvent], None]

_FULL_CHARGE_PERCENT: Final = 100
#: Time between two looks whether another run asks for the sensor, s.
_CLAIM_TICK_S: Final = 1.0
_SHARED: Final = (
    "another program listens to this sensor too; what arrives twice for that is kept once. End "
    "that program: another recorder, one that was stopped with Ctrl-Z, or a tool for Bluetooth"
)

#: Scanning and connecting disturb the other links of an adapter, and a program cannot run two
#: scans at once; hence one lock for each event loop.
_ADAPTER_LOCKS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class SensorSource(StreamedSource):
    """Samples of a sensor over Bluetooth.

    Entering finds, connects and starts the sensor; leaving stops and disconnects it, whatever the
    reason. A lost or silent link is reconnected and the sensor started again until ``give_up_s``
    have passed; the gap is a jump of ``first_index``.

    Parameters
    ----------
    sensor : str
        Slug of a profile, an address, or a name or a part of one; empty for the only known
        sensor in reach.
    settings : RequestedSettings, optional
        Rate, range and options to request; by default those of the profile.
    profile : SensorProfile, optional
        Kind of sensor to assume, for devices whose name does not identify them.
    tap : callable, optional
        Called with every notification as received and every link event, in order, in the event
        loop; it must return at once. An exception that it raises ends the stream.
    link : LinkOptions, optional
        Pairing, timeouts and Bluetooth backend.
    clocks : HostClocks, optional
        Clocks for stamping packets and for timeouts.
    rng : random.Random, optional
        Source of the jitter of reconnection waits.

    Raises
    ------
    InvalidInputError
        If the sensor does not support the settings.

    Notes
    -----
    The packets of the stream are those between the event ``started`` or ``restarted`` and the
    next ``lost`` or ``stopped``; at ``restarted`` the decoder restarts. Decoding the tapped
    packets accordingly therefore reproduces the samples. `started` is set when either event is
    tapped.
    """

    def __init__(
        self,
        sensor: str = "",
        settings: RequestedSettings | None = None,
        *,
        profile: SensorProfile | None = None,
        tap: Tap | None = None,
        link: LinkOptions | None = None,
        clocks: HostClocks | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._selector = SensorSelector(sensor, profile)
        self._requested = settings or RequestedSettings()
        self._tap = tap
        self._link = link or LinkOptions()
        self._timeouts = self._link.timeouts
        stream = PacketStream(longest_s=self._timeouts.queue_s, on_event=self._on_event)
        super().__init__(stream, clocks or HostClocks())
        self._rng = rng or random.Random()
        self._device: DiscoveredDevice | None = None
        self._settings: StreamSettings | None = None
        self._connection: SensorConnection | None = None
        self._connected_s = 0.0
        self._watcher: asyncio.Task[None] | None = None
        self._claim: SensorClaim | None = None
        self._claim_watcher: asyncio.Task[None] | None = None
        self._has_told_mtu = False
        #: Whether another program listens to the sensor too; None before the first subscription.
        self._is_shared: bool | None = None
        #: Connections in a row that streamed for a moment only.
        self._n_fruitless = 0
        known = profile or PROFILES.get(sensor.strip().lower())
        if known is not None:
            self._settings = self._requested.resolve(known)

    @property
    def profile(self) -> SensorProfile:
        """Kind of the sensor."""
        profile = self._require_device().profile
        assert profile is not None
        return profile

    @property
    def name(self) -> str:
        """Advertised name of the sensor, or the name of its kind if it advertises none."""
        return self._require_device().peripheral.advertisement.name or self.profile.name

    @property
    def address(self) -> str:
        """Address; on macOS an identifier that is valid on this computer only."""
        return self._require_device().peripheral.address

    @property
    def rssi_dbm(self) -> int | None:
        """Signal strength of its advertisement before the connection, dBm."""
        return self._require_device().peripheral.rssi_dbm

    @property
    def is_linked(self) -> bool:
        """Whether the sensor is connected and streams; false during a reconnection."""
        return self._connection is not None and self._connection.is_streaming

    def _require_device(self) -> DiscoveredDevice:
        if self._device is None:
            raise InvalidInputError("the source is closed; use it inside of 'async with'")
        return self._device

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException as error:
            await finish_despite_cancellation(self.stop())
            if isinstance(error, PacketError):  # a malformed reply
                raise LinkError(
                    f"{self._selector} answered what cannot be read: {error}"
                ) from error
            raise
        self._is_open = True
        self._watcher = asyncio.create_task(self._watch())
        if self._claim is not None:
            self._claim_watcher = asyncio.create_task(self._watch_claim(self._claim))
        return self

    async def battery_percent(self) -> int | None:
        """Read the charge of the battery; possible while streaming.

        Returns
        -------
        int or None
            Charge, percent; None if the sensor does not report it.
        """
        uuid, connection = self.profile.battery_characteristic, self._connection
        if uuid is None or connection is None:
            return None
        value = await connection.read(uuid)
        # In a value of two bytes the second one is the state of the charger.
        if value is None or len(value) not in (1, 2) or value[0] > _FULL_CHARGE_PERCENT:
            return None
        return value[0]

    async def stop(self) -> None:
        """Stop and disconnect the sensor; packets that are waiting can still be read."""
        self._is_open = False
        watchers = {one for one in (self._watcher, self._claim_watcher) if one is not None}
        self._watcher = self._claim_watcher = None
        for watcher in watchers:
            watcher.cancel()
        if watchers:
            await asyncio.wait(watchers)
        try:
            await self._disconnect()
        finally:
            claim, self._claim = self._claim, None
            if claim is not None:
                claim.release()
        self._stream.end()

    # Opening

    async def _open(self) -> None:
        for n_left in range(self._timeouts.attempts - 1, -1, -1):
            try:
                await self._connect(self._selector)
            except SensorRefusedError:
                raise
            except LinkError:
                # Without a device there is no sensor in reach, or no Bluetooth: do not retry.
                if self._device is None or not n_left:
                    raise
                await asyncio.sleep(self._timeouts.first_wait_s)
            else:
                return

    async def _connect(self, selector: SensorSelector) -> None:
        """Find, connect and start the sensor, one attempt."""
        async with _ADAPTER_LOCKS.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            self._device = await find(
                selector,
                timeout_s=self._timeouts.find_s,
                settle_s=self._timeouts.settle_s,
                backend=self._link.backend,
            )
            if self._started is None or self._settings is None:
                advertisement = self._device.peripheral.advertisement
                self._settings = self._requested.resolve(self.profile, advertisement)
            if self._claim is None and self._link.backend is None:
                self._claim = SensorClaim(self.address, self.name)
            connection = self._connection = SensorConnection(
                self._device,
                receive=self._receive,
                options=self._link,
                clocks=self._clocks,
                shared=self._is_shared,
            )
            try:
                await connection.open()
            except BaseException:
                await finish_despite_cancellation(self._disconnect())
                raise
        try:
            # Without the address: tapped events are kept, and recordings are passed on.
            mtu = connection.mtu
            known = f", MTU {mtu}" if mtu and mtu > LEAST_MTU else ""
            self._connected_s = self._report_event("connected", self.name + known)
            try:
                granted = await connection.start(self._settings)
            finally:
                self._note_shared(connection)
            self._check_granted(granted)
        except BaseException as error:
            # A sensor whose control point is locked would not take the stop either.
            is_locked = isinstance(error, SensorRefusedError) and bool(error.trouble)
            await finish_despite_cancellation(self._disconnect(stop=not is_locked))
            raise
        self._begin_stream(connection, granted)

    def _note_shared(self, connection: SensorConnection) -> None:
        if connection.is_shared and not self._is_shared:
            self._report_event("shared", _SHARED)
        self._is_shared = connection.is_shared

    def _check_granted(self, granted: Started) -> None:
        before = self._started
        if before is not None and granted.settings != before.settings:
            raise SensorRefusedError(
                f"{self.name} came back with other settings: {granted.settings} after "
                f"{before.settings}; begin a new recording"
            )

    def _begin_stream(self, connection: SensorConnection, granted: Started) -> None:
        # No await in here: a notification in between would be tapped out of order.
        setup, stream = connection.begin_stream()
        self._tap_all(setup)
        rate_hz = granted.settings.sampling_rate_hz
        detail = "; ".join((f"{rate_hz:g} Hz nominal", *granted.notes))
        is_first, self._started = self._started is None, granted
        if is_first:
            self._stream.begin(self.profile.make_decoder(granted.settings))
        else:
            self._stream.restart(self._connected_s)
        # The event must not be stamped later than the packets that follow it.
        stamp = (stream[0].arrival_s, stream[0].wall_s) if stream else None
        self._report_event("started" if is_first else "restarted", detail, stamp=stamp)
        for packet in stream:
            self._receive(packet)

    # Streaming

    def _receive(self, packet: Packet) -> None:
        self._stream.put(packet)
        self._tap_all((packet,))
        if not self._is_shared and self._connection is not None:
            self._note_shared(self._connection)

    def _on_event(self, kind: str, detail: str) -> None:
        """Report what the decoder met; packets that are refused may have been cut by the link."""
        self._report_event(kind, detail)
        connection = self._connection
        if kind != "refused" or self._has_told_mtu or connection is None or not connection.is_cut:
            return
        self._has_told_mtu = True
        self._report_event(
            "mtu",
            f"the Bluetooth link passes no more than {connection.longest_packet} bytes of a "
            f"packet, and {self.profile.name} sends longer ones; {remedy('short packets')}",
        )

    def _report_event(
        self, kind: str, detail: str = "", *, stamp: tuple[float, float] | None = None
    ) -> float:
        """Report an event, and return when it was, s."""
        arrival_s, wall_s = stamp or (self._clocks.monotonic(), self._clocks.wall())
        self._tap_all((LinkEvent(arrival_s, wall_s, kind, detail),))
        return arrival_s

    def _tap_all(self, items: Sequence[Packet | LinkEvent]) -> None:
        if self._tap is None:
            return
        try:
            for item in items:
                self._tap(item)
        except Exception as error:  # bleak would only log it, and the stream would go on untapped
            self._tap = None
            self._stream.end(error)

    async def _watch_claim(self, claim: SensorClaim) -> None:
        """Report other runs that ask for the sensor."""
        while True:
            await asyncio.sleep(_CLAIM_TICK_S)
            number = claim.asked_by()
            if number is not None:
                self._report_event(
                    "claimed",
                    f"another run of this program (process {number}) asked for this sensor and was "
                    "turned away",
                )

    async def _watch(self) -> None:
        """Watch the link and reconnect it, until the sensor is given up."""
        last_streamed_s = self._clocks.timer()
        try:
            while True:
                connection = self._connection
                assert connection is not None
                failure = await connection.wait_for_failure(self.nominal_sampling_rate_hz)
                if failure.silent_s is not None:
                    self._report_event("silent", f"no packet for {failure.silent_s:.1f} s")
                self._report_event("lost", failure.reason)
                if connection.has_streamed:
                    last_streamed_s = self._clocks.timer()
                await self._disconnect(stop=False)
                self._require_fruit(connection, failure.reason)
                await self._reconnect(failure.reason, last_streamed_s)
        except Exception as error:  # raised to the reader, whatever it is
            self._stream.end(error)

    def _require_fruit(self, connection: SensorConnection, reason: str) -> None:
        """Raise where a sensor streams a moment and drops, time after time."""
        if connection.streamed_s >= self._timeouts.fruitful_s:
            self._n_fruitless = 0
            return
        self._n_fruitless += 1
        if self._n_fruitless > self._timeouts.most_fruitless:
            raise SensorLostError(
                f"{self.name} was lost ({reason}) {self._n_fruitless} times in a row, each time "
                f"within {self._timeouts.fruitful_s:g} s; charge it, come nearer, close other "
                "programs that use it, and record again"
            )

    async def _reconnect(self, reason: str, last_streamed_s: float) -> None:
        """Reconnect; the time until giving up runs from when the sensor last streamed."""
        selector = SensorSelector(self.address, self.profile)
        last_error: TremorError | None = None
        # After connections that were of no use the waits are as long as if they had failed.
        n_waited = max(0, self._n_fruitless - 1)
        for wait_s in islice(self._timeouts.backoff_s(self._rng), n_waited, None):
            lost_s = self._clocks.timer() - last_streamed_s
            if lost_s >= self._timeouts.give_up_s:
                cause = f": {last_error}" if last_error is not None else ""
                raise SensorLostError(
                    f"{self.name} was lost ({reason}) and did not come back within "
                    f"{lost_s:.0f} s{cause}"
                ) from last_error
            await asyncio.sleep(wait_s)
            try:
                await self._connect(selector)
            except TremorError as error:
                last_error = error
            else:
                return

    # Ending

    async def _disconnect(self, *, stop: bool = True) -> None:
        """Close the connection, if there is one; stop the sensor first if it can be reached."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if stop and connection.is_open and self._settings is not None:
            self._tap_all(connection.take_remaining())
            self._report_event("stopped")
            await connection.stop(self._settings)
        await connection.close()
        self._tap_all(connection.take_remaining())
