"""The Bluetooth radio of this computer: devices in reach, and a connection to one of them.

The only module that calls bleak; `devices.link.bleak_errors` translates its exceptions. Which
device is the sensor and what its bytes mean is not known here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bleak import BleakAdapter, BleakClient, BleakScanner

from devices.decoding.uuids import GENERIC_ACCESS_SERVICE, GENERIC_ATTRIBUTE_SERVICE
from devices.link.bleak_errors import translated_errors
from devices.link.remedies import remedy
from devices.link.repeats import RepeatFilter
from devices.profile import Advertisement
from tremor.errors import LinkError, SensorRefusedError

if TYPE_CHECKING:
    from bleak.backends.adapter import BaseBleakAdapter
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

__all__ = [
    "ATT_HEADER_SIZE",
    "Backend",
    "GattConnection",
    "Peripheral",
    "connected_devices",
    "received_advertisements",
]

#: Every device has these services, so that any connected one is found by them.
_GENERIC_SERVICES: Final = (GENERIC_ACCESS_SERVICE, GENERIC_ATTRIBUTE_SERVICE)
#: RSSI that bleak reports if the system has none, dBm.
_MISSING_RSSI_DBM: Final = -127
#: Grace period beyond bleak's own connection timeout, s.
_CONNECT_GRACE_S: Final = 10.0
#: Time that the start of a scan may take, and the wait before it is tried again, s.
_SCAN_START_S: Final = 30.0
_SCAN_RETRY_S: Final = 0.5
#: Header of an ATT write or notification, bytes.
ATT_HEADER_SIZE: Final = 3


@dataclass(frozen=True, slots=True)
class Backend:
    """Bluetooth backend: the classes that bleak uses instead of those for the operating system.

    Parameters
    ----------
    scanner, client, adapter : type or None
        Arguments of bleak's ``backend=``; None for that of the operating system. A custom scanner
        or client without an adapter has no connected devices.
    """

    scanner: type[BaseBleakScanner] | None = None
    client: type[BaseBleakClient] | None = None
    adapter: type[BaseBleakAdapter] | None = None


@dataclass(frozen=True, slots=True)
class Peripheral:
    """A Bluetooth device in reach.

    Parameters
    ----------
    address : str
        Address; on macOS a UUID that is valid on this computer only.
    advertisement : Advertisement
        Advertised name, services and company identifiers.
    rssi_dbm : int or None
        Signal strength of the latest advertisement, dBm; None if unknown.
    is_connected : bool
        Whether this computer is connected to it.
    device : BLEDevice
        bleak's handle.
    """

    address: str
    advertisement: Advertisement
    rssi_dbm: int | None
    is_connected: bool
    device: BLEDevice = field(repr=False, compare=False)


async def connected_devices(
    services: tuple[str, ...] = (), *, backend: Backend | None = None
) -> list[Peripheral]:
    """List devices that this computer is connected to; a scan does not report them.

    A program that was killed leaves its sensor connected.

    Parameters
    ----------
    services : tuple of str
        Service UUIDs to look for, besides the generic ones.
    backend : Backend, optional
        Bluetooth backend; by default that of the operating system.

    Returns
    -------
    list of Peripheral
        All connected devices, sensors or not; empty if the system cannot list them.

    Raises
    ------
    LinkError
        If Bluetooth is not available.
    """
    backend = backend or Backend()
    if backend.adapter is None and (backend.scanner or backend.client):
        return []
    with translated_errors("look for connected sensors"):
        try:
            adapter = await BleakAdapter.get(backend=backend.adapter)
            found = await adapter.get_connected_devices([*_GENERIC_SERVICES, *services])
        except NotImplementedError:
            return []
    return [
        Peripheral(
            address=device.address,
            advertisement=_cached_advertisement(device),
            rssi_dbm=None,
            is_connected=True,
            device=device,
        )
        for device in found
    ]


def _cached_advertisement(device: BLEDevice) -> Advertisement:
    # Only BlueZ keeps more than the name; bleak does not document where it stores that.
    details = device.details
    properties: Any = details.get("props", {}) if isinstance(details, dict) else {}
    return Advertisement(
        name=device.name or "",
        service_uuids=tuple(str(uuid).lower() for uuid in properties.get("UUIDs", ())),
        manufacturer_ids=tuple(int(number) for number in properties.get("ManufacturerData", ())),
    )


async def received_advertisements(
    *, backend: Backend | None = None
) -> AsyncGenerator[Peripheral | None, None]:
    """Scan, and yield a device for every advertisement that is received, without end.

    A daemon that is slow or busy is waited for; a start that is cancelled would keep it busy.

    Parameters
    ----------
    backend : Backend, optional
        Bluetooth backend; by default that of the operating system.

    Yields
    ------
    Peripheral or None
        None once, when the scan has begun; then the sender of each advertisement, the same device
        any number of times.

    Raises
    ------
    LinkError
        If Bluetooth is not available.
    """
    received: asyncio.Queue[Peripheral] = asyncio.Queue()
    # Not bleak's own iterator: it misses the advertisements before its first step.
    scanner = BleakScanner(
        detection_callback=lambda device, data: received.put_nowait(_peripheral(device, data)),
        backend=(backend or Backend()).scanner,
    )
    await _begin_scan(scanner)
    try:
        yield None
        while True:
            yield await received.get()
    finally:
        # A scan that cannot be stopped ends with this program; the results are valid.
        with suppress(LinkError), translated_errors("end the scan"):
            await scanner.stop()


async def _begin_scan(scanner: BleakScanner) -> None:
    """Begin a scan; while the daemon is busy with another one, try again."""
    until_s = time.monotonic() + _SCAN_START_S
    while True:
        try:
            with translated_errors("scan"):
                async with asyncio.timeout(_SCAN_START_S):
                    await scanner.start()
                return
        except LinkError as error:
            if error.trouble != "busy" or time.monotonic() >= until_s:
                raise
        await asyncio.sleep(_SCAN_RETRY_S)


def _peripheral(device: BLEDevice, data: AdvertisementData) -> Peripheral:
    return Peripheral(
        address=device.address,
        advertisement=Advertisement(
            name=data.local_name or device.name or "",
            service_uuids=tuple(uuid.lower() for uuid in data.service_uuids),
            manufacturer_ids=tuple(data.manufacturer_data),
        ),
        rssi_dbm=None if data.rssi == _MISSING_RSSI_DBM else data.rssi,
        is_connected=False,
        device=device,
    )


class GattConnection:
    """A GATT connection to one device, opened and closed once.

    A client of bleak may be unusable after a failed attempt, so every attempt needs a new one.

    Parameters
    ----------
    peripheral : Peripheral
        Device to connect to.
    on_packet : callable
        Called with UUID and bytes of each notification, in the event loop; must return at once.
    on_lost : callable
        Called when the connection ends, also by `close`.
    pair : bool
        Whether to pair first.
    connect_s, step_s : float
        Timeouts for connecting, service discovery included, and for one read or write, s.
    shared : bool, optional
        Whether another program listens too, where that is known. By default it is found out, which
        works before the first subscription of this run only: BlueZ may keep that over lost links.
    backend : Backend, optional
        Bluetooth backend; by default that of the operating system.
    """

    def __init__(
        self,
        peripheral: Peripheral,
        *,
        on_packet: Callable[[str, bytes], None],
        on_lost: Callable[[], None],
        pair: bool = False,
        connect_s: float = 20.0,
        step_s: float = 10.0,
        shared: bool | None = None,
        backend: Backend | None = None,
    ) -> None:
        self._name = peripheral.advertisement.name or peripheral.address
        self._on_packet = on_packet
        self._connect_s = connect_s
        self._step_s = step_s
        self._subscribed: set[str] = set()
        self._repeats: dict[str, RepeatFilter] = {}
        self._shared = shared
        self._finds_out = shared is None
        self._client = BleakClient(
            peripheral.device,
            disconnected_callback=lambda _: on_lost(),
            timeout=connect_s,
            pair=pair,
            backend=(backend or Backend()).client,
        )

    @property
    def is_shared(self) -> bool | None:
        """Whether another program listens too; None before the first subscription."""
        return any(one.is_shared for one in self._repeats.values()) or self._shared

    @property
    def is_open(self) -> bool:
        """Whether the connection is open; a lost one may still count as open for some seconds."""
        return self._client.is_connected

    async def open(self) -> None:
        """Connect and discover the services.

        Raises
        ------
        LinkError
            If that fails.
        """
        with translated_errors(f"connect to {self._name}"):
            async with asyncio.timeout(self._connect_s + _CONNECT_GRACE_S):
                await self._client.connect()

    async def close(self) -> None:
        """Disconnect; needed after a lost link as well, to release its resources.

        Raises
        ------
        LinkError
            If that fails.
        """
        with translated_errors(f"disconnect from {self._name}"):
            await self._client.disconnect()

    def has(self, characteristic: str) -> bool:
        """Check whether the device has a characteristic."""
        return self._find(characteristic) is not None

    def mtu(self, characteristic: str) -> int | None:
        """Return the negotiated MTU, bytes; None if the characteristic does not exist."""
        found = self._find(characteristic)
        return None if found is None else found.max_write_without_response_size + ATT_HEADER_SIZE

    def _find(self, characteristic: str) -> BleakGATTCharacteristic | None:
        with translated_errors(f"look into {self._name}"):
            return self._client.services.get_characteristic(characteristic)

    async def subscribe(self, characteristic: str) -> None:
        """Enable notifications or indications, unless they are enabled already."""
        uuid = characteristic.lower()
        if uuid in self._subscribed:
            return  # bleak would silently replace the callback
        was_there = self._is_notifying(uuid) if self._finds_out else bool(self._shared)
        self._repeats[uuid] = RepeatFilter(is_shared=was_there, is_subscribed=False)
        self._shared = bool(self._shared) or was_there
        with translated_errors(f"turn on notifications of {self._name}"):
            async with asyncio.timeout(self._step_s):
                await self._client.start_notify(
                    uuid,
                    partial(self._on_notification, uuid),
                    # The default, AcquireNotify, drops notifications if this program is slow.
                    bluez={"use_start_notify": True},
                )
        self._repeats[uuid].begin()
        self._subscribed.add(uuid)

    def _is_notifying(self, uuid: str) -> bool:
        """Check whether another program is subscribed already; only BlueZ knows."""
        found = self._find(uuid)
        details = None if found is None else found.obj
        properties = details[1] if isinstance(details, tuple) and len(details) > 1 else None
        return isinstance(properties, dict) and properties.get("Notifying") is True

    def _on_notification(self, uuid: str, _: BleakGATTCharacteristic, data: bytearray) -> None:
        value = bytes(data)
        repeats = self._repeats.get(uuid)
        if repeats is None or not repeats.is_repeat(value, time.monotonic()):
            self._on_packet(uuid, value)

    async def unsubscribe(self, characteristic: str) -> None:
        """Disable notifications, if they are enabled."""
        uuid = characteristic.lower()
        if uuid not in self._subscribed:
            return
        with translated_errors(f"turn off notifications of {self._name}"):
            async with asyncio.timeout(self._step_s):
                await self._client.stop_notify(uuid)
        self._subscribed.discard(uuid)

    async def write(self, characteristic: str, data: bytes, *, response: bool) -> None:
        """Write a value.

        Parameters
        ----------
        characteristic : str
            UUID.
        data : bytes
            Value.
        response : bool
            Whether to wait for a confirmation, if the characteristic supports it.

        Raises
        ------
        SensorRefusedError
            If it is not confirmed in time although the link holds, as a locked sensor does.
        LinkError
            If the write fails otherwise.
        """
        found = self._find(characteristic)
        confirmed = response and (found is None or "write" in found.properties)
        try:
            with translated_errors(f"write to {self._name}"):
                async with asyncio.timeout(self._step_s):
                    await self._client.write_gatt_char(characteristic, data, response=confirmed)
        except LinkError as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise
            unconfirmed = SensorRefusedError if self._client.is_connected else LinkError
            silent = unconfirmed(
                f"{self._name} did not confirm a write within {self._step_s:g} s; come nearer, or, "
                f"where it wants to be paired, {remedy('pairing')}"
            )
            silent.trouble = "pairing"
            raise silent from error

    async def read(self, characteristic: str) -> bytes:
        """Read a value.

        Raises
        ------
        LinkError
            If the read fails.
        """
        with translated_errors(f"read from {self._name}"):
            async with asyncio.timeout(self._step_s):
                return bytes(await self._client.read_gatt_char(characteristic))
