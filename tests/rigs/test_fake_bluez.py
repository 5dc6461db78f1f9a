"""The fake BlueZ keeps the order of events that was observed on bluetoothd 5.66."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

from bleak import BleakClient, BleakScanner
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

from rigs.fake_bluez import ADAPTER, ADAPTER_1, DEVICE_1
from rigs.models import BATTERY_LEVEL, PMD_CONTROL, PMD_DATA

PATH = f"{ADAPTER}/dev_A0_9E_1A_00_00_01"


class Ear:
    """Calls the daemon and records its signals and replies, in order."""

    def __init__(self, bus):
        self.bus = bus
        self.heard = []
        self.asked = {}
        bus.add_message_handler(self.note)

    def note(self, message):
        if message.reply_serial in self.asked:
            self.heard.append((self.asked[message.reply_serial], message.error_name))
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.member == "PropertiesChanged":
            _, changed, gone = message.body
            self.heard += [(name, one.value) for name, one in changed.items() if name != "RSSI"]
            self.heard += [("invalidated", name) for name in gone]
        elif message.member == "InterfacesAdded":
            path, interfaces = message.body
            self.heard += [(name.rpartition(".")[2], path) for name in interfaces]

    async def call(self, path, interface, member, signature="", *body):
        message = Message(
            destination="org.bluez", path=path, interface=interface, member=member,
            signature=signature, body=list(body), serial=self.bus.next_serial(),
        )  # fmt: skip
        self.asked[message.serial] = member
        await self.bus.call(message)

    async def until(self, event):
        await until(lambda: event in self.heard)


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def listen(work):
    async def main():
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        for rule in ("type='signal',sender='org.bluez'",):
            await bus.call(
                Message(
                    destination="org.freedesktop.DBus", path="/org/freedesktop/DBus",
                    interface="org.freedesktop.DBus", member="AddMatch", signature="s", body=[rule],
                )
            )  # fmt: skip
        ear = Ear(bus)
        await ear.call(ADAPTER, ADAPTER_1, "StartDiscovery")
        await ear.until(("Device1", PATH))
        await ear.call(ADAPTER, ADAPTER_1, "StopDiscovery")
        await work(ear)
        bus.disconnect()
        return ear.heard

    return asyncio.run(main())


def test_order_of_a_connection(bluetooth):
    bluetooth({"h10": {}})

    async def work(ear):
        await ear.call(PATH, DEVICE_1, "Connect")
        await ear.until(("ServicesResolved", True))
        await ear.call(PATH, DEVICE_1, "Disconnect")
        await ear.until(("Connected", False))

    heard = listen(work)
    order = [
        ("StartDiscovery", None),
        ("Device1", PATH),
        ("StopDiscovery", None),
        ("Connected", True),
        ("Connect", None),
        ("GattService1", f"{PATH}/service0001"),
        ("ServicesResolved", True),
        ("ServicesResolved", False),
        ("Disconnect", None),
        ("Connected", False),
    ]
    assert [one for one in heard if one in order] == order
    assert ("invalidated", "RSSI") in heard
    names = [name for name, _ in heard]
    assert names.index("UUIDs") == names.index("ServicesResolved") - 1  # in one signal
    assert names.count("GattCharacteristic1") == 4


def test_notifications_can_be_acquired_where_they_are_no_indications(bluetooth):
    bluetooth({"h10": {}})

    async def main():
        device = await BleakScanner.find_device_by_name("Polar H10 1A2B3C4D")
        async with BleakClient(device) as client:
            return {
                uuid: "NotifyAcquired" in client.services.get_characteristic(uuid).obj[1]
                for uuid in (PMD_DATA, PMD_CONTROL)
            }

    assert asyncio.run(main()) == {PMD_DATA: True, PMD_CONTROL: False}


def test_reading_what_notifies_is_told_as_a_notification_too(bluetooth):
    bluetooth({"h10": {}})
    heard = []

    async def main():
        device = await BleakScanner.find_device_by_name("Polar H10 1A2B3C4D")
        async with BleakClient(device) as client:
            await client.start_notify(BATTERY_LEVEL, lambda _, data: heard.append(bytes(data)))
            assert await client.read_gatt_char(BATTERY_LEVEL) == b"\x51"
            await until(lambda: heard)

    asyncio.run(main())
    assert heard == [b"\x51"]


def test_acquired_notifications_are_lost_behind_a_program_that_stands_still(bluetooth):
    """Why `devices.link.radio` does not use them: a socket holds a limited number."""
    rig = bluetooth({"h10": {"speed": 80.0}})
    stamps = []

    async def main():
        device = await BleakScanner.find_device_by_name("Polar H10 1A2B3C4D")
        async with BleakClient(device) as client:
            await client.start_notify(PMD_CONTROL, lambda *_: None)
            await client.start_notify(
                PMD_DATA,
                lambda _, data: stamps.append(int.from_bytes(data[1:9], "little")),
                bluez={"use_start_notify": False},
            )
            start = bytes.fromhex("0202020108000001C80001011000")
            await client.write_gatt_char(PMD_CONTROL, start, response=True)
            await until(lambda: len(stamps) > 10)
            while rig.look("h10")["n_dropped"] < 100:
                time.sleep(0.05)  # the event loop stands still
            await until(lambda: max(steps()) > 1)

    def steps():
        return [round((b - a) / 180e6) for a, b in pairwise(stamps)]

    asyncio.run(main())
    assert set(steps()[:10]) == {1}
    assert max(steps()) > 100
