"""A sensor as the fake BlueZ presents it: properties and GATT objects on the bus, faults."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any

from dbus_fast import Variant

from devices.decoding.uuids import (
    CLIENT_CHARACTERISTIC_CONFIGURATION,
    GENERIC_ACCESS_SERVICE,
)
from rigs.models import MODELS, AttError, Sensor

ADAPTER = "/org/bluez/hci0"
ADAPTER_1, DEVICE_1 = "org.bluez.Adapter1", "org.bluez.Device1"
SERVICE_1, CHARACTERISTIC_1 = "org.bluez.GattService1", "org.bluez.GattCharacteristic1"
DESCRIPTOR_1 = "org.bluez.GattDescriptor1"
PROPERTIES, OBJECT_MANAGER = (
    "org.freedesktop.DBus.Properties",
    "org.freedesktop.DBus.ObjectManager",
)
FAILED, IN_PROGRESS = "org.bluez.Error.Failed", "org.bluez.Error.InProgress"
UNKNOWN_OBJECT = "org.freedesktop.DBus.Error.UnknownObject"
#: bluetoothd does not export this service.
HIDDEN_SERVICE = GENERIC_ACCESS_SERVICE


class BluezError(Exception):
    """Error reply."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


class Hang(Exception):  # noqa: N818 - not an error
    """No reply."""


def variants(properties: dict[str, Any]) -> dict[str, Variant]:
    kinds = {bool: "b", str: "s", int: "n"}
    special = {
        "Adapter": "o", "Device": "o", "Service": "o", "Characteristic": "o", "UUIDs": "as",
        "Flags": "as", "Roles": "as", "Value": "ay", "MTU": "q", "Handle": "q",
        "ManufacturerData": "a{qv}", "Class": "u",
    }  # fmt: skip
    found = {}
    for name, value in properties.items():
        if name == "ManufacturerData":
            value = {key: Variant("ay", data) for key, data in value.items()}
        found[name] = Variant(special.get(name) or kinds[type(value)], value)
    return found


@dataclass
class Device:
    """A model, and its state in the daemon."""

    sensor: Sensor
    known: bool = False  # has an object on the bus
    in_reach: bool = True
    connected: bool = False
    resolved: bool = False
    paired: bool = False
    trusted: bool = False
    rssi: int | None = None
    #: Name of the generic access service, which BlueZ shows once it was connected; "" for the same.
    gap_name: str = ""
    late_name: int = 0  # number of advertisements without a name
    mtu: int = 247
    #: Outcome of the next calls of Connect: the text of an error, "hang", or "vanish".
    connect_faults: list[str] = field(default_factory=list)
    never_resolves: int = 0
    reads_in_progress: int = 0
    pairing_fails: bool = False
    disconnect_s: float = 0.0
    calls: list[str] = field(default_factory=list)
    #: Names of the subscribed clients by path of the characteristic.
    listeners: dict[str, set[str]] = field(default_factory=dict)
    sockets: dict[str, socket.socket] = field(default_factory=dict)
    #: Notifications dropped because the socket of a client was full.
    n_dropped: int = 0
    objects: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    uuid_of: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{ADAPTER}/dev_{self.sensor.address.replace(':', '_')}"

    @property
    def name(self) -> str:
        """Name that the daemon shows."""
        return self.gap_name if self.gap_name and self.objects else self.sensor.name

    @property
    def has_name(self) -> bool:
        return self.late_name <= 0

    def properties(self) -> dict[str, Any]:
        dashes = self.sensor.address.replace(":", "-")
        uuids = self.sensor.table if self.objects else self.sensor.advertised
        found: dict[str, Any] = {
            "Address": self.sensor.address,
            "AddressType": "random",
            "Alias": self.name if self.has_name else dashes,
            "Paired": self.paired,
            "Trusted": self.trusted,
            "Blocked": False,
            "Connected": self.connected,
            "ServicesResolved": self.resolved,
            "UUIDs": list(uuids),
            "Adapter": ADAPTER,
        }
        if self.has_name:
            found["Name"] = self.name
        if self.sensor.manufacturer:
            found["ManufacturerData"] = self.sensor.manufacturer
        if self.rssi is not None:
            found["RSSI"] = self.rssi
        return found

    def build_objects(self) -> None:
        """Make the objects of the GATT table, as bluetoothd does when services are resolved."""
        handle = 1
        for service, characteristics in self.sensor.table.items():
            service_path = f"{self.path}/service{handle:04x}"
            handle += 1
            self.objects[service_path] = (
                SERVICE_1,
                {"UUID": service, "Device": self.path, "Primary": True},
            )
            for uuid, flags in characteristics:
                path = f"{service_path}/char{handle:04x}"
                self.uuid_of[path] = uuid
                properties = {
                    "UUID": uuid,
                    "Service": service_path,
                    "Flags": list(flags),
                    "MTU": self.mtu,
                    "Notifying": False,
                }
                if "notify" in flags:
                    properties["NotifyAcquired"] = False
                self.objects[path] = (CHARACTERISTIC_1, properties)
                handle += 2
                if {"notify", "indicate"} & set(flags):
                    self.objects[f"{path}/desc{handle:04x}"] = (
                        DESCRIPTOR_1,
                        {"UUID": CLIENT_CHARACTERISTIC_CONFIGURATION, "Characteristic": path},
                    )
                    handle += 1
        self.objects = {
            path: entry
            for path, entry in self.objects.items()
            if entry[1].get("UUID") != HIDDEN_SERVICE
        }


def att_error(error: AttError, not_permitted: str) -> BluezError:
    """Return the D-Bus error of an ATT error code, as bluetoothd words it."""
    if error.code in (0x02, 0x03):
        return BluezError("org.bluez.Error.NotPermitted", not_permitted)
    if error.code == 0x08:
        return BluezError("org.bluez.Error.NotAuthorized", "Operation not authorized")
    if error.code == 0xFD:
        return BluezError("org.bluez.Error.ImproperlyConfigured", "not configured")
    return BluezError(FAILED, f"Operation failed with ATT error: {error.code:#04x}")


def make_device(name: str, fields: dict[str, Any]) -> Device:
    """Make a device; fields that its model does not have are set on the device."""
    known = {one.name for one in dataclass_fields(Sensor)}
    model, _, like = fields.pop("model", name).partition(":")
    if like:
        from rigs.imitated import Imitated

        device, known = Device(Imitated(like, fields.pop("options", {}))), set()
    else:
        made = {key: value for key, value in fields.items() if key in known}
        device = Device(MODELS[model](**made))
    for key in fields.keys() - known:
        assert hasattr(device, key), key
        setattr(device, key, fields[key])
    return device
