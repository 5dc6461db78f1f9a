"""Phones from the documented protocols, with their traps: phyphox and Sensor Logger.

A phone samples on a grid of its own clock, and each sample carries the index of its place on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
from urllib.parse import unquote

import numpy as np

#: Of the first sample of a phone, s since 1970: its clock.
EPOCH_S = 1_790_000_000.0
_CODE = 1000
_STEP_MS2 = 0.01
GRAVITY_MS2 = 9.81


def coded(index):
    """Return the acceleration that carries an index, m/s^2."""
    low, high = index % _CODE, index // _CODE
    return (_STEP_MS2 * (low - 500), _STEP_MS2 * (high - 500), GRAVITY_MS2)


def at_rest(index):
    """Return the acceleration of a leg at rest, with the noise of a sensor, m/s^2."""
    noise = random.Random(index)
    return tuple(noise.gauss(mean, 0.01) for mean in (0.3, 2.0, 9.59))


def index_of(row):
    """Return the index that a sample carries."""
    low, high = (round(value / _STEP_MS2) + 500 for value in row[:2])
    return high * _CODE + low


def assert_alike(found, expected):
    """Check that two long lists of numbers are the same; a difference is told in a few lines."""
    np.testing.assert_array_equal(np.array(found), np.array(expected))


def indices_of(blocks):
    return [index_of(row) for block in blocks for row in block.acceleration_ms2.tolist()]


def positions_of(blocks):
    return [block.first_index + k for block in blocks for k in range(len(block.acceleration_ms2))]


def eight_digits(value):
    """Write a number as phyphox does: 8 digits and an exponent; null where there is none."""
    if value is None or not math.isfinite(value):
        return "null"
    digits, exponent = f"{value:.7E}".split("E")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits}E{int(exponent)}"


class PhyphoxPhone:
    """phyphox with an experiment open; times of calls are s on the phone's clock."""

    def __init__(
        self,
        *,
        rate_hz=99.7,
        source="accelerometer",
        names=("accX", "accY", "accZ", "acc_time"),
        range_ms2="78.45346",
        has_time=True,
        unequal=True,
        renews_session=True,
        forces_full=True,
        nulls=(),
        measured=None,
        seed=0,
    ):
        self.measured = measured or coded
        self.rate_hz, self.source, self.names = rate_hz, source, names
        self.range_ms2, self.has_time, self.unequal = range_ms2, has_time, unequal
        self.renews_session, self.forces_full = renews_session, forces_full
        self.nulls = frozenset(nulls)
        self.rng = random.Random(seed)
        self.now_s = 0.0
        self.session = "a1b2c3"
        self.events = []  # of starts and pauses: kind, time in the experiment, time of the phone
        self.runs = []  # begin in the experiment, begin and end on the phone's clock
        self.commands = []
        self.full_is_forced = False

    # What its user does

    @property
    def is_measuring(self):
        return bool(self.runs) and self.runs[-1][2] is None

    @property
    def experiment_s(self):
        if not self.runs:
            return 0.0
        begun_s, clock_s, end_s = self.runs[-1]
        return begun_s + (self.now_s if end_s is None else end_s) - clock_s

    def start(self):
        if not self.is_measuring:
            at_s = self.experiment_s
            self.runs.append((at_s, self.now_s, None))
            self.events.append(("START", at_s, self.now_s))

    def pause(self):
        if self.is_measuring:
            self.events.append(("PAUSE", self.experiment_s, self.now_s))
            begun_s, clock_s, _ = self.runs[-1]
            self.runs[-1] = (begun_s, clock_s, self.now_s)

    def clear(self):
        was = self.is_measuring
        self.runs, self.events = [], []
        self.full_is_forced = self.forces_full
        if self.renews_session:
            self.session = f"{self.rng.getrandbits(24):06x}"
        if was:
            self.start()

    # What it measured

    def rows(self, since_s):
        """Yield index, time in the experiment and values of all samples about or after a time."""
        for begun_s, clock_s, end_s in self.runs:
            until_s = self.now_s if end_s is None else end_s
            from_s = max(clock_s, clock_s + since_s - begun_s - 0.1)
            for index in range(
                math.ceil(from_s * self.rate_hz), math.floor(until_s * self.rate_hz) + 1
            ):
                yield index, begun_s + index / self.rate_hz - clock_s, self.measured(index)

    # What it answers

    def answer(self, target):
        """Return status and body for a path with its query."""
        path, _, query = target.partition("?")
        handler = {
            "/config": self._config,
            "/meta": self._meta,
            "/time": self._time,
            "/get": lambda: self._get(query),
            "/control": lambda: self._control(query),
        }.get(path)
        if handler is None or (path == "/time" and not self.has_time):
            return 404, b"<html>not found</html>"
        return 200, handler().encode()

    def _config(self):
        outputs = [{axis: name} for axis, name in zip("xyzt", self.names, strict=True)]
        return json.dumps(
            {
                "title": "Acceleration (with g)",
                "buffers": [{"name": name, "size": 0} for name in self.names],
                "inputs": [{"source": self.source, "outputs": outputs}],
            }
        )

    def _meta(self):
        return json.dumps(
            {
                "deviceModel": "Pixel 9",
                "version": "1.2.0",
                "sensors": {"accelerometer": {"Range": self.range_ms2}},
            }
        )

    def _time(self):
        return json.dumps(
            [
                {
                    "event": kind,
                    "experimentTime": at_s,
                    "systemTime": round(EPOCH_S + clock_s, 3),
                }
                for kind, at_s, clock_s in self.events
            ]
        )

    def _control(self, query):
        self.commands.append(query)
        command = query.partition("cmd=")[2]
        {"start": self.start, "stop": self.pause, "clear": self.clear}[command]()
        return '{"result": true}'

    def _get(self, query):
        asked = [one.partition("=")[2] for one in query.split("&")]
        rows = list(self.rows(self._since_s(asked)))
        times = [t for _, t, _ in rows]
        columns = {
            name: [None if (index, axis) in self.nulls else row[axis] for index, _, row in rows]
            for axis, name in enumerate(self.names[:3])
        }
        columns[self.names[3]] = times
        forced, self.full_is_forced = self.full_is_forced, False
        parts = []
        for request in query.split("&"):
            name, _, value = unquote(request).partition("=")
            if name in columns:
                parts.append(self._buffer(name, value, columns[name], times, forced=forced))
        status = {"session": self.session, "measuring": self.is_measuring}
        status |= {"timedRun": False, "countDown": 0}
        return '{"buffer":{\n' + ",\n".join(parts) + '\n},\n"status":' + json.dumps(status) + "}\n"

    def _since_s(self, asked):
        if self.full_is_forced or "full" in asked:
            return -math.inf
        return float(asked[0]) if asked[0] else self.experiment_s

    def _buffer(self, name, value, column, times, *, forced):
        # Samples come while the buffers are read, one after the other.
        n = len(column) - (self.rng.randrange(3) if self.unequal and self.is_measuring else 0)
        if not value:
            mode, shown = "single", column[-1:] or [None]
        elif value == "full" or forced:
            mode, shown = "full", column[: max(0, n)]
        else:
            threshold, _, reference = value.partition("|")
            assert reference in ("", self.names[3])
            least = float(threshold)
            least += 10.0 ** math.floor(math.log10(abs(least) / 1e7)) if least else 0.0
            mode = "partial"
            shown = [column[k] for k in range(max(0, n)) if times[k] > least]
        texts = ",".join(map(eight_digits, shown))
        return f'"{name}":{{"size":0,"updateMode":"{mode}", "buffer":[{texts}]}}'


@contextlib.asynccontextmanager
async def serving(phone, *, clock, away=(), chunked=False):
    """Serve a phone on the loopback interface; yields the port.

    It answers one request a connection, and none while it is away: for some time it says nothing,
    and then it refuses.
    """

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        phone.now_s = clock()
        for number, (begin_s, end_s) in enumerate(away):
            if begin_s <= phone.now_s < end_s:
                if number % 2:
                    writer.transport.abort()
                    return
                await asyncio.sleep(3600.0)
        target = head.split(b" ")[1].decode()
        status, body = phone.answer(target)
        kind = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        writer.write(f"HTTP/1.1 {status} X\r\n{kind}\r\nConnection: keep-alive\r\n\r\n".encode())
        if chunked:
            pieces = [body[k : k + 1000] for k in range(0, len(body), 1000)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"
        writer.write(body)
        await writer.drain()
        await reader.read()  # a second request over the same connection is never answered

    async with listening(serve) as port:
        yield port


@contextlib.asynccontextmanager
async def listening(serve):
    """Listen on the loopback interface; yields the port. Whatever is open is closed at the end."""
    tasks = set()

    async def tracked(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()
            tasks.discard(asyncio.current_task())

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        waiting = tuple(tasks)
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
        await asyncio.sleep(0.01)


class SensorLoggerPhone:
    """Sensor Logger while it records; messages are made one after the other."""

    def __init__(
        self,
        *,
        rate_hz=100.3,
        batch_s=1.0,
        sends=("accelerometer", "gravity"),
        gravity_rate_hz=None,
        device="phone-1",
        seed=0,
    ):
        self.rate_hz, self.batch_s, self.sends = rate_hz, batch_s, sends
        self.gravity_rate_hz = gravity_rate_hz or rate_hz
        self.device = device
        self.rng = random.Random(seed)
        self.session = "session-1"
        self.number = 0
        self.now_s = 0.0

    def restart(self):
        """Begin another recording in the app."""
        self.session, self.number = f"session-{self.rng.getrandbits(20)}", 0

    def message(self):
        """Return the number of the next message and its body; time passes."""
        begin_s, self.now_s = self.now_s, self.now_s + self.batch_s
        payload = [{"name": "battery", "time": 1, "values": {"batteryLevel": 0.5}}]
        for index in _between(begin_s, self.now_s, self.rate_hz):
            x, y, z = coded(index)
            time_s = index / self.rate_hz
            tilt = _tilt(time_s)
            if "totalacceleration" in self.sends:
                payload.append(_item("TotalAcceleration", time_s, (x, y, z)))
            if "accelerometer" in self.sends:
                linear = (x - tilt[0], y - tilt[1], z - tilt[2])
                payload.append(_item("accelerometer", time_s, linear))
        if "gravity" in self.sends:
            for index in _between(begin_s, self.now_s, self.gravity_rate_hz):
                time_s = index / self.gravity_rate_hz
                payload.append(_item("gravity", time_s, _tilt(time_s)))
        self.rng.shuffle(payload)
        document = {
            "messageId": self.number,
            "sessionId": self.session,
            "deviceId": self.device,
            "payload": payload,
        }
        self.number += 1
        return document["messageId"], json.dumps(document).encode()


def _between(begin_s, end_s, rate_hz):
    return range(math.ceil(begin_s * rate_hz), math.ceil(end_s * rate_hz))


def _tilt(time_s):
    """Return gravity of a phone that turns slowly, m/s^2."""
    angle = 0.2 * math.sin(0.3 * time_s)
    return (GRAVITY_MS2 * math.sin(angle), 0.0, GRAVITY_MS2 * math.cos(angle))


def _item(name, time_s, row):
    time_ns = round((EPOCH_S + time_s) * 1e6) * 1000
    return {"name": name, "time": time_ns, "values": dict(zip("xyz", row, strict=True))}


async def push(port, body, *, method="POST", fields=("Content-Type: application/json",)):
    """Send a body as the app does; returns the status of the answer, or None without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (f"{method} / HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *fields)
    try:
        writer.write("\r\n".join((*head, "", "")).encode() + body)
        await writer.drain()
        line = await reader.readline()
        return int(line.split()[1]) if line else None
    except OSError:
        return None
    finally:
        writer.transport.abort()
