"""What we lean on in bleak is there, and is called as we call it. Nothing is mocked."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import pytest
from bleak import BleakAdapter, BleakClient, BleakScanner
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from devices.link.bleak_errors import UNAVAILABLE, translated_errors
from tremor.errors import LinkError, SensorRefusedError

DEVICE = BLEDevice("AA:BB:CC:DD:EE:FF", "Strap", {"path": "/org/bluez/hci0/dev_0"})


def test_version_is_one_that_this_was_written_for():
    major, minor = (int(part) for part in version("bleak").split(".")[:2])
    assert (3, 1) <= (major, minor) < (4, 0)


@pytest.mark.parametrize(
    ("function", "arguments", "named"),
    [
        (BleakScanner.__init__, 1, {"detection_callback", "backend"}),
        (BleakScanner.start, 1, set()),
        (BleakScanner.stop, 1, set()),
        (BleakAdapter.get, 0, {"backend"}),
        (BleakAdapter.get_connected_devices, 2, set()),
        (BleakClient.__init__, 2, {"disconnected_callback", "timeout", "pair", "backend"}),
        (BleakClient.connect, 1, set()),
        (BleakClient.disconnect, 1, set()),
        (BleakClient.start_notify, 3, {"bluez"}),
        (BleakClient.stop_notify, 2, set()),
        (BleakClient.write_gatt_char, 3, {"response"}),
        (BleakClient.read_gatt_char, 2, set()),
    ],
)
def test_functions_take_what_they_are_given(function, arguments, named):
    inspect.signature(function).bind(*[None] * arguments, **dict.fromkeys(named))


def test_stop_of_the_links_is_awaited_and_their_state_is_not():
    for name in ("connect", "disconnect", "start_notify", "stop_notify", "read_gatt_char"):
        assert inspect.iscoroutinefunction(getattr(BleakClient, name))
    assert isinstance(BleakClient.is_connected, property)
    assert isinstance(BleakClient.services, property)


def test_data_has_the_fields_that_are_read():
    assert {"local_name", "service_uuids", "manufacturer_data", "rssi"} <= set(
        AdvertisementData._fields
    )
    assert (DEVICE.address, DEVICE.name) == ("AA:BB:CC:DD:EE:FF", "Strap")
    assert isinstance(DEVICE.details, dict)
    for name in ("uuid", "properties", "max_write_without_response_size"):
        assert isinstance(getattr(BleakGATTCharacteristic, name), property)


def test_errors_are_a_family_and_carry_what_is_read():
    unavailable = BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.POWERED_OFF)
    assert unavailable.reason in UNAVAILABLE
    known = set(UNAVAILABLE) | {BleakBluetoothNotAvailableReason.UNKNOWN}
    assert known == set(BleakBluetoothNotAvailableReason)
    assert BleakGATTProtocolError(5).code == BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION
    assert "Insufficient Authentication" in BleakGATTProtocolError(5).args[1]
    assert BleakCharacteristicNotFoundError("abc").char_specifier == "abc"
    error = BleakDBusError("org.bluez.Error.Failed", ["why"])
    assert (error.dbus_error, error.dbus_error_details) == ("org.bluez.Error.Failed", "why")
    assert issubclass(BleakDeviceNotFoundError, BleakError)


def test_backends_can_be_classes_of_our_own():
    class Scanner(BaseBleakScanner):
        def __init__(self, detection_callback, service_uuids, scanning_mode, *, bluez, cb):  # noqa: ARG002
            super().__init__(detection_callback, service_uuids)

        async def start(self):
            pass

        async def stop(self):
            pass

    assert BleakScanner(backend=Scanner).backend_id == "Scanner"
    assert {
        name for name, member in vars(BaseBleakClient).items()
        if getattr(member, "__isabstractmethod__", False)
    } == {
        "mtu_size", "connect", "disconnect", "pair", "unpair", "is_connected", "read_gatt_char",
        "read_gatt_descriptor", "write_gatt_char", "write_gatt_descriptor", "start_notify",
        "stop_notify",
    }  # fmt: skip
    assert {"get", "get_connected_devices"} <= set(vars(BaseBleakAdapter))


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("Could not get GATT services: Unreachable", LinkError, "asleep, out of reach"),
        ("Could not pair with device: 19: FAILED", SensorRefusedError, "pairing failed; "),
        ("Could not write value: AccessDenied", SensorRefusedError, "wants to be paired; "),
        ("Encryption is insufficient.", SensorRefusedError, "wants to be paired first; "),
    ],
)
def test_what_windows_and_macos_say_is_put_in_words(said, kind, words):
    with pytest.raises(kind, match=words) as caught, translated_errors("connect to Strap"):
        raise BleakError(said)
    assert said not in str(caught.value)
