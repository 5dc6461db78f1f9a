"""Bluetooth backend for bleak that reaches simulated sensors instead of real ones.

bleak accepts a scanner, a client and an adapter as classes. Everything above them is the code
that drives a real sensor, on every operating system.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError

from devices.link.radio import Backend
from devices.simulated.model import AttError, NoAnswer, SensorModel
from devices.simulated.pacing import MOST_WAITING, STEP_S, PacedClock

__all__ = ["SimulatedRadio", "backend_of", "backend_over"]

#: Interval between advertisements, and between checks for notifications, s.
_ADVERTISING_INTERVAL_S: Final = 0.05
_TICK_S: Final = 0.005


@dataclass
class SimulatedRadio:
    """Simulated sensors in reach, and the clients that are connected to them.

    Parameters
    ----------
    models : sequence of SensorModel
        The sensors.
    now : callable
        Monotonic clock, s.
    clock : PacedClock or None
        Where ``now`` comes from, if it can be held.
    n_waiting : callable
        Returns how many packets wait for the reader; only with a clock that can be held.
    """

    models: Sequence[SensorModel]
    now: Callable[[], float] = time.monotonic
    clock: PacedClock | None = None
    n_waiting: Callable[[], int] = lambda: 0
    _clients: dict[str, _Client] = field(default_factory=dict)
    _away_until_s: dict[str, float] = field(default_factory=dict)

    def model(self, address: str) -> SensorModel | None:
        """Return the sensor with an address, if there is one."""
        return next((one for one in self.models if one.address == address), None)

    def in_reach(self, model: SensorModel) -> bool:
        """Check whether a sensor is in reach now."""
        return self.now() >= self._away_until_s.get(model.address, -1.0)

    def is_advertising(self, model: SensorModel) -> bool:
        """Check whether a sensor advertises: in reach and not connected."""
        return self.in_reach(model) and model.address not in self._clients

    def connected(self) -> list[SensorModel]:
        """Return the connected sensors."""
        return [one for one in self.models if one.address in self._clients]

    def connect(self, model: SensorModel, client: _Client) -> None:
        """Connect a client to a sensor."""
        if self.clock is not None:
            self.clock.allow(model.address)
        self._clients[model.address] = client
        model.connected(self.now())

    def disconnect(self, model: SensorModel) -> None:
        """Disconnect the client of a sensor."""
        self._clients.pop(model.address, None)

    def breaks_now(self, model: SensorModel) -> bool:
        """Check whether the link breaks now; if so, put the sensor out of reach."""
        if not model.link_breaks(self.now()):
            return False
        self._away_until_s[model.address] = self.now() + model.faults.away_s / model.speed
        return True


def backend_of(*models: SensorModel, now: Callable[[], float] = time.monotonic) -> Backend:
    """Make a Bluetooth backend with the given sensors and nothing else.

    Parameters
    ----------
    *models : SensorModel
        Sensors with different addresses.
    now : callable
        Monotonic clock, s.

    Returns
    -------
    Backend
        For `devices.open_source`.
    """
    return backend_over(SimulatedRadio(models, now))


def backend_over(radio: SimulatedRadio) -> Backend:
    """Make a Bluetooth backend that reaches the sensors of a radio and nothing else."""
    return Backend(
        scanner=type("SimulatedScanner", (_Scanner,), {"radio": radio}),
        client=type("SimulatedClient", (_Client,), {"radio": radio}),
        adapter=type("SimulatedAdapter", (_Adapter,), {"radio": radio}),
    )


class _Scanner(BaseBleakScanner):
    radio: ClassVar[SimulatedRadio]

    def __init__(
        self,
        detection_callback: Any,  # noqa: ANN401 - the type of bleak's base class
        service_uuids: list[str] | None,
        scanning_mode: str,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.seen_devices = {}
        self._task = asyncio.create_task(self._advertise())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _advertise(self) -> None:
        while True:
            for model in self.radio.models:
                uuids = list(model.advertised)
                if not self.radio.is_advertising(model) or not self.is_allowed_uuid(uuids):
                    continue
                data = AdvertisementData(
                    local_name=model.name,
                    manufacturer_data=dict(model.manufacturer),
                    service_data={},
                    service_uuids=uuids,
                    tx_power=None,
                    rssi=model.rssi,
                    platform_data=(),
                )
                device = self.create_or_update_device(
                    model.address, model.address, model.name, None, data
                )
                self.call_detection_callbacks(device, data)
            await asyncio.sleep(_ADVERTISING_INTERVAL_S)


class _Adapter(BaseBleakAdapter):
    radio: ClassVar[SimulatedRadio]

    @classmethod
    async def get(cls, **_: Any) -> _Adapter:  # noqa: ANN401
        return cls()

    async def get_connected_devices(self, service_uuids: frozenset[str]) -> list[BLEDevice]:  # noqa: ARG002
        return [BLEDevice(one.address, one.name, None) for one in self.radio.connected()]


class _Client(BaseBleakClient):
    radio: ClassVar[SimulatedRadio]

    def __init__(self, address_or_ble_device: BLEDevice | str, **known: Any) -> None:  # noqa: ANN401
        super().__init__(
            address_or_ble_device,
            disconnected_callback=known["disconnected_callback"],
            timeout=known["timeout"],
        )
        self._model = self.radio.model(self.address)
        self._callbacks: dict[str, Callable[[bytearray], None]] = {}
        self._delivery: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self._sensor.name

    @property
    def _sensor(self) -> SensorModel:
        if self._model is None:
            raise BleakDeviceNotFoundError(self.address, f"{self.address} is not there")
        return self._model

    @property
    def mtu_size(self) -> int:
        return self._sensor.faults.mtu

    @property
    def is_connected(self) -> bool:
        return self._delivery is not None

    async def connect(self, pair: bool, **_: Any) -> None:  # noqa: ANN401, ARG002
        model = self._sensor
        if not self.radio.in_reach(model):
            await asyncio.sleep(min(self._timeout, model.faults.away_s / model.speed))
            raise TimeoutError
        self.services = self._service_table(model)
        self.radio.connect(model, self)
        self._delivery = asyncio.create_task(self._deliver(model))

    def _service_table(self, model: SensorModel) -> BleakGATTServiceCollection:
        services, handle = BleakGATTServiceCollection(), 1
        for uuid, characteristics in model.table.items():
            service = BleakGATTService(None, handle, uuid)
            services.add_service(service)
            for characteristic, flags in characteristics:
                handle += 2
                services.add_characteristic(
                    BleakGATTCharacteristic(
                        None,
                        handle,
                        characteristic,
                        list(flags),  # type: ignore[arg-type]  # the names are those of BlueZ
                        lambda: model.faults.mtu - 3,
                        service,
                    )
                )
            handle += 2
        return services

    async def _deliver(self, model: SensorModel) -> None:
        while not self.radio.breaks_now(model):
            for uuid, data in model.due(self.radio.now()):
                callback = self._callbacks.get(uuid)
                if callback is not None:
                    callback(bytearray(data))
            await self._let_read(model)
        self._on_link_end(model)

    async def _let_read(self, model: SensorModel) -> None:
        """Wait for a tick, and until the reader is not far behind; the clock waits as well."""
        clock = self.radio.clock
        if clock is None:
            await asyncio.sleep(_TICK_S)
            return
        before = None
        while (n_waiting := self.radio.n_waiting()) > MOST_WAITING:
            clock.hold(model.address)
            await asyncio.sleep(_TICK_S if n_waiting == before else 0.0)
            before = n_waiting
        clock.allow(model.address)
        # A tick of a fast clock may be longer than the step that it is allowed.
        await asyncio.sleep(min(_TICK_S, STEP_S / clock.speed))

    def _on_link_end(self, model: SensorModel) -> None:
        if self.radio.clock is not None:
            self.radio.clock.release(model.address)
        self._delivery = None
        self._callbacks.clear()
        self.radio.disconnect(model)
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        if self._delivery is None:
            return
        self._delivery.cancel()
        with suppress(asyncio.CancelledError):
            await self._delivery
        self._on_link_end(self._sensor)

    async def pair(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        return

    async def unpair(self) -> None:
        return

    def _connected_sensor(self) -> SensorModel:
        if self._delivery is None:
            raise BleakError("Not connected")
        return self._sensor

    async def read_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        *,
        use_cached: bool = False,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> bytearray:
        try:
            return bytearray(self._connected_sensor().read(characteristic.uuid))
        except AttError as error:
            raise BleakGATTProtocolError(error.code) from error

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: Any,  # noqa: ANN401 - any object with a buffer
        response: bool,
    ) -> None:
        try:
            self._connected_sensor().write(characteristic.uuid, bytes(data), self.radio.now())
        except AttError as error:
            if response:
                raise BleakGATTProtocolError(error.code) from error
        except NoAnswer:
            if response:
                await asyncio.Event().wait()

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: Callable[[bytearray], None],
        **_: Any,  # noqa: ANN401
    ) -> None:
        self._callbacks[characteristic.uuid] = callback
        self._connected_sensor().notify(characteristic.uuid, on=True, now_s=self.radio.now())

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        self._callbacks.pop(characteristic.uuid, None)
        self._connected_sensor().notify(characteristic.uuid, on=False, now_s=self.radio.now())

    async def read_gatt_descriptor(self, *_: Any, **__: Any) -> bytearray:  # noqa: ANN401
        raise BleakGATTProtocolError(0x01)

    async def write_gatt_descriptor(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        raise BleakGATTProtocolError(0x01)
