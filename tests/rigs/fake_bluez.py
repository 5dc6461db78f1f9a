"""A fake BlueZ daemon: owns ``org.bluez`` on a private bus and presents simulated sensors.

Run in a process of its own: ``python -m rigs.fake_bluez CONFIG``, with ``DBUS_SYSTEM_BUS_ADDRESS``
set. It prints ``ready``, then carries out one command per line of stdin, a JSON object with
``do``, and replies with a line of JSON. The order of events is that of bluetoothd 5.66 with Linux
6.1. Devices are `rigs.fake_device`.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from rigs.fake_device import (
    ADAPTER,
    ADAPTER_1,
    CHARACTERISTIC_1,
    DEVICE_1,
    FAILED,
    IN_PROGRESS,
    OBJECT_MANAGER,
    PROPERTIES,
    UNKNOWN_OBJECT,
    BluezError,
    Device,
    Hang,
    att_error,
    make_device,
    variants,
)
from rigs.models import AttError, NoAnswer

TICK_S = 0.01
#: Name on the bus of a program that is not there.
OTHER_PROGRAM = ":9.99"


class FakeBluez:
    """The daemon."""

    def __init__(self, bus: MessageBus, config: dict[str, Any]) -> None:
        self.bus = bus
        self.tasks: set[asyncio.Task[None]] = set()
        self.set_up(config)

    def set_up(self, config: dict[str, Any]) -> None:
        """Reset everything."""
        self.devices = {
            name: make_device(name, fields) for name, fields in config["sensors"].items()
        }
        self.adapter: bool = config["adapter"]
        self.powered: bool = config["powered"]
        self.scanning: set[str] = set()
        self.discovery_error = ""
        self.discovery_delay_s = 0.0
        self.discoveries_in_progress = 0

    # What goes out

    async def emit(self, path: str, interface: str, member: str, kind: str, body: list) -> None:
        # The bus of dbus_fast breaks where the socket is full, as it is of a bus that gets no time.
        while not select.select([], [self.bus._fd], [], 0.0)[1]:
            await asyncio.sleep(TICK_S)
        await self.bus.send(
            Message.new_signal(
                path=path, interface=interface, member=member, signature=kind, body=body
            )
        )

    async def change(
        self, path: str, interface: str, changed: dict[str, Any], gone: tuple[str, ...] = ()
    ) -> None:
        await self.emit(
            path,
            PROPERTIES,
            "PropertiesChanged",
            "sa{sv}as",
            [interface, variants(changed), list(gone)],
        )

    async def added(self, path: str, interface: str, properties: dict[str, Any]) -> None:
        await self.emit(
            "/",
            OBJECT_MANAGER,
            "InterfacesAdded",
            "oa{sa{sv}}",
            [path, {interface: variants(properties)}],
        )

    async def removed(self, path: str, interface: str) -> None:
        await self.emit("/", OBJECT_MANAGER, "InterfacesRemoved", "oas", [path, [interface]])

    def adapter_properties(self) -> dict[str, Any]:
        return {
            "Address": "00:11:22:33:44:55",
            "Name": "rig",
            "Alias": "rig",
            "Powered": self.powered,
            "Discovering": bool(self.scanning),
            "Roles": ["central", "peripheral"],
            "UUIDs": [],
        }

    # What comes in

    def handle(self, message: Message) -> Message | bool | None:
        if message.message_type is MessageType.SIGNAL:
            if message.member == "NameOwnerChanged" and message.body[2] == "":
                self.client_gone(message.body[0])
            return None
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if message.interface == "org.freedesktop.DBus.Peer":
            return None
        task = asyncio.ensure_future(self.answer(message))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return True

    async def answer(self, message: Message) -> None:
        try:
            after = await self.dispatch(message)
        except BluezError as error:
            await self.bus.send(Message.new_error(message, error.name, str(error)))
            return
        except Hang:
            return
        if after is not None:
            await after()

    async def reply(self, message: Message, kind: str = "", body: tuple = (), fds=()) -> None:
        await self.bus.send(
            Message.new_method_return(message, kind, list(body), unix_fds=list(fds))
        )

    async def dispatch(self, message: Message) -> Callable | None:
        member, path = message.member, message.path
        if member == "GetManagedObjects":
            await self.reply(message, "a{oa{sa{sv}}}", (self.managed(),))
            return None
        if message.interface == PROPERTIES:
            return await self.dispatch_properties(message)
        if path == ADAPTER:
            return await getattr(self, f"adapter_{member}")(message)
        device = self.device_at(path)
        if device is None:
            raise BluezError(UNKNOWN_OBJECT, f"no object {path}")
        if path == device.path:
            device.calls.append(member)
            return await getattr(self, f"device_{member}")(message, device)
        if path not in device.objects:
            raise BluezError(UNKNOWN_OBJECT, f"no object {path}")
        if not device.connected:
            raise BluezError("org.bluez.Error.Failed", "Not connected")
        return await getattr(self, f"gatt_{member}")(message, device)

    def managed(self) -> dict[str, dict[str, dict[str, Variant]]]:
        found: dict[str, dict[str, dict[str, Variant]]] = {"/org/bluez": {}}
        if self.adapter:
            found[ADAPTER] = {ADAPTER_1: variants(self.adapter_properties())}
        for device in self.devices.values():
            if device.known:
                found[device.path] = {DEVICE_1: variants(device.properties())}
                for path, (interface, properties) in device.objects.items():
                    found[path] = {interface: variants(properties)}
        return found

    def device_at(self, path: str) -> Device | None:
        return next(
            (
                one
                for one in self.devices.values()
                if one.known and (path == one.path or path.startswith(one.path + "/"))
            ),
            None,
        )

    async def dispatch_properties(self, message: Message) -> None:
        if message.member == "Set":
            device = self.device_at(message.path)
            if device is not None and message.body[1] == "Trusted":
                device.trusted = bool(message.body[2].value)
            await self.reply(message)
            return
        raise BluezError("org.freedesktop.DBus.Error.UnknownMethod", message.member)

    # Adapter

    async def adapter_SetDiscoveryFilter(self, message: Message) -> None:  # noqa: N802
        await self.reply(message)

    async def adapter_StartDiscovery(self, message: Message) -> None:  # noqa: N802
        if not self.powered:
            raise BluezError("org.bluez.Error.NotReady", "Resource Not Ready")
        if self.discovery_error:
            raise BluezError(self.discovery_error, "fault of the rig")
        if self.discoveries_in_progress > 0:
            self.discoveries_in_progress -= 1
            raise BluezError(IN_PROGRESS, "Operation already in progress")
        await asyncio.sleep(self.discovery_delay_s)
        if message.sender in self.scanning:
            raise BluezError(IN_PROGRESS, "Operation already in progress")
        self.scanning.add(message.sender)
        await self.reply(message)

    async def adapter_StopDiscovery(self, message: Message) -> None:  # noqa: N802
        if message.sender not in self.scanning:
            raise BluezError(FAILED, "No discovery started")
        self.scanning.discard(message.sender)
        await self.reply(message)
        for device in self.devices.values():
            if device.known and device.rssi is not None:
                device.rssi = None
                await self.change(device.path, DEVICE_1, {}, ("RSSI",))

    async def advertise(self) -> None:
        if not (self.scanning and self.powered):
            return
        for device in self.devices.values():
            if device.connected or not (device.in_reach and device.sensor.is_in_reach):
                continue
            device.rssi = device.sensor.rssi
            if not device.known:
                device.known = True
                await self.added(device.path, DEVICE_1, device.properties())
                continue
            had_name = device.has_name
            device.late_name -= 1
            changed: dict[str, Any] = {"RSSI": device.rssi}
            if device.has_name and not had_name:
                changed |= {"Name": device.sensor.name, "Alias": device.sensor.name}
            await self.change(device.path, DEVICE_1, changed)

    # Device

    async def device_Connect(self, message: Message, device: Device) -> Callable | None:  # noqa: N802
        fault = device.connect_faults.pop(0) if device.connect_faults else ""
        if fault == "hang" or not device.in_reach:
            raise Hang
        if fault == "vanish":
            await self.vanish(device)
            raise BluezError(UNKNOWN_OBJECT, "the device is gone")
        if fault == "InProgress":
            raise BluezError(IN_PROGRESS, "In Progress")
        if fault == "le-connection-abort-by-local":
            await self.change(device.path, DEVICE_1, {"Connected": True})
            await self.change(device.path, DEVICE_1, {"Connected": False})
            raise BluezError(FAILED, fault)
        if fault:
            raise BluezError(FAILED, fault)
        await self.link_up(device)
        await self.reply(message)
        return lambda: self.resolve(device)

    async def link_up(self, device: Device) -> None:
        device.connected = True
        device.sensor.linked(time.monotonic())
        device.rssi = None
        await self.change(device.path, DEVICE_1, {"Connected": True})

    async def resolve(self, device: Device) -> None:
        if device.never_resolves > 0:
            device.never_resolves -= 1
            return
        if not device.objects:
            device.build_objects()
            for path, (interface, properties) in list(device.objects.items()):
                await self.added(path, interface, properties)
        device.resolved = True
        shown: dict[str, Any] = {"UUIDs": list(device.sensor.table), "ServicesResolved": True}
        if device.gap_name:
            shown |= {"Name": device.name, "Alias": device.name}
        await self.change(device.path, DEVICE_1, shown)

    async def device_Pair(self, message: Message, device: Device) -> Callable | None:  # noqa: N802
        if device.pairing_fails:
            raise BluezError("org.bluez.Error.AuthenticationFailed", "Authentication Failed")
        await self.link_up(device)
        device.paired = device.sensor.paired = True
        await self.change(device.path, DEVICE_1, {"Paired": True})
        await self.reply(message)
        return lambda: self.resolve(device)

    async def device_Disconnect(self, message: Message, device: Device) -> None:  # noqa: N802
        if not device.connected:
            raise BluezError("org.bluez.Error.NotConnected", "Not Connected")
        await asyncio.sleep(device.disconnect_s)
        self.let_go(device)
        if device.resolved:
            device.resolved = False
            await self.change(device.path, DEVICE_1, {"ServicesResolved": False})
        await self.reply(message)
        device.connected = False
        await self.change(device.path, DEVICE_1, {"Connected": False})

    def let_go(self, device: Device) -> None:
        for path in device.listeners:
            device.objects[path][1]["Notifying"] = False
        device.listeners.clear()
        for end in device.sockets.values():
            end.close()
        device.sockets.clear()
        for uuid in list(device.sensor.subscribed):
            device.sensor.notify(uuid, False, time.monotonic())
        device.sensor.waiting.clear()

    async def lose(self, device: Device) -> None:
        """Cut the link as a radio does: what is in flight is lost."""
        if not device.connected:
            return
        self.let_go(device)
        device.connected = device.resolved = False
        await self.change(device.path, DEVICE_1, {"ServicesResolved": False})
        await self.change(device.path, DEVICE_1, {"Connected": False})

    async def vanish(self, device: Device) -> None:
        self.let_go(device)
        for path, (interface, _) in device.objects.items():
            await self.removed(path, interface)
        device.objects.clear()
        device.connected = device.resolved = device.known = False
        await self.removed(device.path, DEVICE_1)

    # GATT

    async def gatt_ReadValue(self, message: Message, device: Device) -> None:  # noqa: N802
        if device.reads_in_progress > 0:
            device.reads_in_progress -= 1
            raise BluezError(IN_PROGRESS, "In Progress")
        uuid = device.uuid_of[message.path]
        try:
            value = device.sensor.read(uuid)
        except AttError as error:
            raise att_error(error, "Read not permitted") from error
        await self.reply(message, "ay", (value,))
        if device.listeners.get(message.path):  # also told as if it were a notification
            await self.change(message.path, CHARACTERISTIC_1, {"Value": value})

    async def gatt_WriteValue(self, message: Message, device: Device) -> None:  # noqa: N802
        data, options = message.body
        uuid = device.uuid_of[message.path]
        confirmed = options["type"].value == "request"
        flags = device.objects[message.path][1]["Flags"]
        if ("write" if confirmed else "write-without-response") not in flags:
            raise BluezError("org.bluez.Error.NotSupported", "Operation is not supported")
        try:
            device.sensor.write(uuid, bytes(data), time.monotonic())
        except AttError as error:
            raise att_error(error, "Write not permitted") from error
        except NoAnswer as error:
            raise Hang from error
        await self.reply(message)

    async def gatt_StartNotify(self, message: Message, device: Device) -> None:  # noqa: N802
        if not {"notify", "indicate"} & set(device.objects[message.path][1]["Flags"]):
            raise BluezError("org.bluez.Error.NotSupported", "Operation is not supported")
        listeners = device.listeners.setdefault(message.path, set())
        if message.sender in listeners:
            raise BluezError(IN_PROGRESS, "Already notifying")
        await self.reply(message)
        await self.listen(device, message.path, message.sender)

    async def listen(self, device: Device, path: str, client: str) -> None:
        """Subscribe a client; the sensor learns of the first one only."""
        listeners = device.listeners.setdefault(path, set())
        listeners.add(client)
        if len(listeners) > 1:
            return
        device.objects[path][1]["Notifying"] = True
        await self.change(path, CHARACTERISTIC_1, {"Notifying": True})
        device.sensor.notify(device.uuid_of[path], True, time.monotonic())

    async def gatt_StopNotify(self, message: Message, device: Device) -> None:  # noqa: N802
        listeners = device.listeners.get(message.path, set())
        if message.sender not in listeners:
            raise BluezError(FAILED, "No notify session started")
        self.stop_listening(device, message.path, message.sender)
        await self.reply(message)

    async def gatt_AcquireNotify(self, message: Message, device: Device) -> None:  # noqa: N802
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        device.sockets[message.path] = ours
        await self.reply(message, "hq", (0, device.mtu), fds=(theirs.fileno(),))
        theirs.close()
        device.sensor.notify(device.uuid_of[message.path], True, time.monotonic())

    def stop_listening(self, device: Device, path: str, client: str) -> None:
        device.listeners[path].discard(client)
        if not device.listeners[path]:
            del device.listeners[path]
            device.objects[path][1]["Notifying"] = False
            device.sensor.notify(device.uuid_of[path], False, time.monotonic())

    def client_gone(self, client: str) -> None:
        """Discard the subscriptions of a client; its links stay, as in bluetoothd."""
        self.scanning.discard(client)
        for device in self.devices.values():
            for path in [path for path, names in device.listeners.items() if client in names]:
                self.stop_listening(device, path, client)

    async def notify_all(self) -> None:
        now_s = time.monotonic()
        for device in self.devices.values():
            items = device.sensor.due(now_s)
            if not device.connected:
                continue
            if device.sensor.breaks():
                await self.lose(device)
                continue
            for uuid, data in items:
                cut = data[: device.mtu - 3]
                for path in [path for path, one in device.uuid_of.items() if one == uuid]:
                    if path in device.sockets:
                        try:
                            device.sockets[path].send(cut)
                        except BlockingIOError:
                            device.n_dropped += 1  # bluetoothd drops it silently too
                    # Announced once for each subscribed client, and each of them hears them all.
                    for _ in device.listeners.get(path, ()):
                        await self.change(path, CHARACTERISTIC_1, {"Value": cut})

    # Commands of the test

    async def carry_out(self, command: dict[str, Any]) -> Any:
        what = command.pop("do")
        if what == "reset":
            command.pop("device")
            self.set_up(command)
            return None
        device = self.devices.get(command.pop("device", ""))
        if what == "power":
            self.powered = command["on"]
            if not self.powered:
                for one in self.devices.values():
                    await self.lose(one)
            await self.change(ADAPTER, ADAPTER_1, {"Powered": self.powered})
            return None
        if what == "discovery_error":
            self.discovery_error = command["name"]
            return None
        if what == "slow_discovery":
            self.discovery_delay_s = command["delay_s"]
            self.discoveries_in_progress = command["in_progress"]
            return None
        assert device is not None
        if what == "lose":
            return await self.lose(device)
        if what == "vanish":
            return await self.vanish(device)
        if what == "connect":  # as if another program had done so
            device.known = True
            await self.link_up(device)
            return await self.resolve(device)
        if what == "listen":  # as another program does, to all that notifies
            for path, (_, properties) in list(device.objects.items()):
                if {"notify", "indicate"} & set(properties.get("Flags", ())):
                    await self.listen(device, path, OTHER_PROGRAM)
            return None
        if what == "stop_listening":
            return self.client_gone(OTHER_PROGRAM)
        if what == "set":
            for name, value in command.items():
                owner = device if hasattr(device, name) else device.sensor
                assert hasattr(owner, name), name
                setattr(owner, name, value)
            return None
        if what == "look":
            return {
                "connected": device.connected,
                "paired": device.paired,
                "calls": device.calls,
                "writes": device.sensor.log,
                "started": device.sensor.streaming,
                "subscribed": sorted(device.sensor.subscribed),
                "truth": device.sensor.truth(),
                "n_dropped": device.n_dropped,
                "acquired": sorted(device.uuid_of[path] for path in device.sockets),
            }
        raise ValueError(what)


async def main(config: dict[str, Any]) -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True).connect()
    fake = FakeBluez(bus, config)
    bus.add_message_handler(fake.handle)
    await bus.call(
        Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="AddMatch",
            signature="s",
            body=["type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'"],
        )
    )
    await bus.request_name("org.bluez")
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )

    async def serve() -> None:
        beat = 0
        while True:
            await fake.notify_all()
            if beat % 5 == 0:
                await fake.advertise()
            beat += 1
            await asyncio.sleep(TICK_S)

    serving = asyncio.ensure_future(serve())
    print("ready", flush=True)  # noqa: T201 - the rig waits for it
    while line := await commands.readline():
        if serving.done():
            serving.result()
        result = await fake.carry_out(json.loads(line))
        print(json.dumps(result), flush=True)  # noqa: T201 - the answer
    os._exit(0)  # the test has ended


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
