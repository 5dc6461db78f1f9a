"""The Bluetooth of this computer: what is in reach, and a link to one sensor.

The only file that calls bleak; what bleak raises is put into words by `devices.link.bleak_errors`.
Which sensor is wanted, what is said to it and what becomes of its bytes is not known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bleak import BleakAdapter, BleakClient, BleakScanner

from devices.link.bleak_errors import in_words
from devices.link.remedies import remedy
from devices.profile import Advertisement
from tremor.errors import LinkError

if TYPE_CHECKING:
    from bleak.backends.adapter import BaseBleakAdapter
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

__all__ = ["Backend", "Connection", "Peripheral", "advertised", "connected"]

#: Generic services that every sensor has, so that one that is connected is found by them.
_GENERIC_SERVICES: Final = ("1800", "1801")
#: An RSSI that bleak fills in where there is none, dBm.
_NO_RSSI_DBM: Final = -127
#: What a link may take beyond its own limit before it is given up from outside, s.
_MARGIN_S: Final = 10.0
_ATT_HEADER: Final = 3


@dataclass(frozen=True, slots=True)
class Backend:
    """Classes that bleak takes in place of those of the operating system.

    Parameters
    ----------
    scanner, client, adapter : type or None
        As bleak's ``backend=`` takes them; None for the system's own. A foreign scanner or client
        without an adapter has no sensors that are connected already.
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
        Its address; on macOS a UUID that holds on this computer only.
    advertisement : Advertisement
        What it says of itself.
    rssi_dbm : int or None
        Strength of the last advertisement, dBm; None where nothing was received.
    is_connected : bool
        Whether this computer holds a link to it already.
    device : BLEDevice
        Handle of bleak.
    """

    address: str
    advertisement: Advertisement
    rssi_dbm: int | None
    is_connected: bool
    device: BLEDevice = field(repr=False, compare=False)


async def connected(
    services: tuple[str, ...] = (), *, backend: Backend | None = None
) -> list[Peripheral]:
    """List devices that this computer holds a link to: a scan never shows them.

    A program that was killed leaves its sensor so.

    Parameters
    ----------
    services : tuple of str
        Service UUIDs to look for, besides the generic ones.
    backend : Backend, optional
        In place of the system's own.

    Returns
    -------
    list of Peripheral
        Also those that are no sensors. Empty where the system cannot tell.

    Raises
    ------
    LinkError
        Where there is no Bluetooth.
    """
    backend = backend or Backend()
    if backend.adapter is None and (backend.scanner or backend.client):
        return []
    with in_words("look for connected sensors"):
        try:
            adapter = await BleakAdapter.get(backend=backend.adapter)
            found = await adapter.get_connected_devices([*_GENERIC_SERVICES, *services])
        except NotImplementedError:
            return []
    return [
        Peripheral(
            address=device.address,
            advertisement=_remembered(device),
            rssi_dbm=None,
            is_connected=True,
            device=device,
        )
        for device in found
    ]


def _remembered(device: BLEDevice) -> Advertisement:
    # Only BlueZ keeps more than the name of a connected device; where it is kept is not promised.
    details = device.details
    known: Any = details.get("props", {}) if isinstance(details, dict) else {}
    return Advertisement(
        name=device.name or "",
        service_uuids=tuple(str(uuid).lower() for uuid in known.get("UUIDs", ())),
        manufacturer_ids=tuple(int(number) for number in known.get("ManufacturerData", ())),
    )


async def advertised(*, backend: Backend | None = None) -> AsyncGenerator[Peripheral, None]:
    """Scan, and give each device whenever an advertisement of it comes; without end.

    Parameters
    ----------
    backend : Backend, optional
        In place of the system's own.

    Yields
    ------
    Peripheral
        The same device again when it is heard again.

    Raises
    ------
    LinkError
        Where there is no Bluetooth.
    """
    heard: asyncio.Queue[Peripheral] = asyncio.Queue()
    # The callback is there from the start: bleak's own iterator misses what comes before it.
    scanner = BleakScanner(
        detection_callback=lambda device, data: heard.put_nowait(_heard(device, data)),
        backend=(backend or Backend()).scanner,
    )
    with in_words("scan"):
        await scanner.start()
    try:
        while True:
            yield await heard.get()
    finally:
        # A scan that does not end ends with this program; what was found counts.
        with suppress(LinkError), in_words("end the scan"):
            await scanner.stop()


def _heard(device: BLEDevice, data: AdvertisementData) -> Peripheral:
    return Peripheral(
        address=device.address,
        advertisement=Advertisement(
            name=data.local_name or device.name or "",
            service_uuids=tuple(uuid.lower() for uuid in data.service_uuids),
            manufacturer_ids=tuple(data.manufacturer_data),
        ),
        rssi_dbm=None if data.rssi == _NO_RSSI_DBM else data.rssi,
        is_connected=False,
        device=device,
    )


class Connection:
    """A link to one device, for one attempt: it is opened once and closed once.

    bleak's client objects can stay stuck after a failed attempt, so each attempt has its own.

    Parameters
    ----------
    peripheral : Peripheral
        Whom to connect to.
    on_packet : callable
        Gets the UUID and the bytes of each notification, in the event loop, and must return at
        once.
    on_lost : callable
        Called when the link ends, also when it is closed.
    pair : bool
        Whether to pair first.
    connect_s, step_s : float
        Limits for connecting with discovery, and for one read or write, s.
    backend : Backend, optional
        In place of the system's own.
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
        backend: Backend | None = None,
    ) -> None:
        self._name = peripheral.advertisement.name or peripheral.address
        self._on_packet = on_packet
        self._connect_s = connect_s
        self._step_s = step_s
        self._subscribed: set[str] = set()
        self._client = BleakClient(
            peripheral.device,
            disconnected_callback=lambda _: on_lost(),
            timeout=connect_s,
            pair=pair,
            backend=(backend or Backend()).client,
        )

    @property
    def is_open(self) -> bool:
        """Tell whether the link stands; a dead one may say so for some seconds."""
        return self._client.is_connected

    async def open(self) -> None:
        """Connect and discover.

        Raises
        ------
        LinkError
            Where that fails.
        """
        with in_words(f"connect to {self._name}"):
            async with asyncio.timeout(self._connect_s + _MARGIN_S):
                await self._client.connect()

    async def close(self) -> None:
        """Disconnect; also after the link was lost, to free what it held.

        Raises
        ------
        LinkError
            Where that fails.
        """
        with in_words(f"disconnect from {self._name}"):
            await self._client.disconnect()

    def has(self, characteristic: str) -> bool:
        """Tell whether it has a characteristic."""
        return self._find(characteristic) is not None

    def mtu(self, characteristic: str) -> int | None:
        """Give the negotiated MTU, bytes; None where the characteristic is missing."""
        found = self._find(characteristic)
        return None if found is None else found.max_write_without_response_size + _ATT_HEADER

    def _find(self, characteristic: str) -> BleakGATTCharacteristic | None:
        with in_words(f"look into {self._name}"):
            return self._client.services.get_characteristic(characteristic)

    async def subscribe(self, characteristic: str) -> None:
        """Turn notifications or indications on; nothing happens where they are on."""
        uuid = characteristic.lower()
        if uuid in self._subscribed:
            return  # bleak would replace the first callback without a word
        with in_words(f"turn on notifications of {self._name}"):
            async with asyncio.timeout(self._step_s):
                await self._client.start_notify(
                    uuid,
                    partial(self._pass_on, uuid),
                    # The other way loses notifications without a word behind a slow program.
                    bluez={"use_start_notify": True},
                )
        self._subscribed.add(uuid)

    def _pass_on(self, uuid: str, _: BleakGATTCharacteristic, data: bytearray) -> None:
        self._on_packet(uuid, bytes(data))

    async def unsubscribe(self, characteristic: str) -> None:
        """Turn notifications off, where they are on."""
        uuid = characteristic.lower()
        if uuid not in self._subscribed:
            return
        with in_words(f"turn off notifications of {self._name}"):
            async with asyncio.timeout(self._step_s):
                await self._client.stop_notify(uuid)
        self._subscribed.discard(uuid)

    async def write(self, characteristic: str, data: bytes, *, response: bool) -> None:
        """Write; wait for the confirmation where ``response`` and where the sensor gives one."""
        found = self._find(characteristic)
        confirmed = response and (found is None or "write" in found.properties)
        try:
            with in_words(f"write to {self._name}"):
                async with asyncio.timeout(self._step_s):
                    await self._client.write_gatt_char(characteristic, data, response=confirmed)
        except LinkError as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise
            raise LinkError(
                f"{self._name} did not confirm a write within {self._step_s:g} s; come nearer, or, "
                f"where it wants to be paired, {remedy('pairing')}"
            ) from error

    async def read(self, characteristic: str) -> bytes:
        """Read."""
        with in_words(f"read from {self._name}"):
            async with asyncio.timeout(self._step_s):
                return bytes(await self._client.read_gatt_char(characteristic))
