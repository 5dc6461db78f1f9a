"""Table of development boards and watches with a documented stream, each with its source.

They are the presets of `devices.sensors.nordic_uart`. If a sketch uses other scales, the layout
can be given instead.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from devices.decoding.uuids import assigned_uuid
from devices.profile import Advertisement

__all__ = ["BOARDS", "NUS_DATA", "NUS_SERVICE", "NUS_WRITE", "Board", "preset_of"]

NUS_SERVICE: Final = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
NUS_WRITE: Final = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
NUS_DATA: Final = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"

#: Writes for a sampling rate, Hz, in order: characteristic and bytes.
_Writes: TypeAlias = Callable[[float], tuple[tuple[str, bytes], ...]]


def _no_writes(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:  # noqa: ARG001
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board, or a program for one, whose stream is documented: a row of `BOARDS`.

    Parameters
    ----------
    name : str
        Name for people.
    source : str
        Where the format is documented.
    layout : str
        Layout of binary packets, for `devices.decoding.packet_layout.parse_layout`; empty for
        lines of text.
    fields, acc_unit, time_unit : str
        Format of lines of text, as the options of the same names.
    characteristic : str
        UUID of the characteristic that carries the samples.
    start, stop : callable
        Writes that start and stop the stream, given the sampling rate, Hz.
    pause_s : float
        Wait after each write, s.
    names : tuple of str
        Beginnings of its names, in lower case.
    service : str
        Service that no other device has; empty if it has none, or shares it with others.
    company_id : int or None
        Company identifier of its manufacturer data.
    remark : str
        What a user should know, a sentence; may be empty.
    """

    name: str
    source: str
    layout: str = ""
    fields: str = ""
    acc_unit: str = ""
    time_unit: str = ""
    characteristic: str = NUS_DATA
    start: _Writes = _no_writes
    stop: _Writes = _no_writes
    pause_s: float = 0.1
    names: tuple[str, ...] = ()
    service: str = ""
    company_id: int | None = None
    remark: str = ""

    def has_sent(self, advertisement: Advertisement) -> bool:
        """Check whether an advertisement is that of such a board.

        Parameters
        ----------
        advertisement : Advertisement
            Advertisement, with the services of a device that is connected.

        Returns
        -------
        bool
            By its own service; or by its name or company, unless the board also has the serial
            port and its stream is not there, so that another program runs on it.
        """
        if self.service and self.service in advertisement.service_uuids:
            return True
        is_named = bool(self.names) and advertisement.name.lower().startswith(self.names)
        is_of_company = self.company_id in advertisement.manufacturer_ids
        has_serial_port = NUS_SERVICE in advertisement.service_uuids
        return (is_named or is_of_company) and (
            self.characteristic == NUS_DATA or not has_serial_port
        )


def _period_ms(sampling_rate_hz: float) -> int:
    return max(1, round(1000.0 / sampling_rate_hz))


def _adafruit(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:
    period = _period_ms(sampling_rate_hz).to_bytes(4, "little")
    return (("adaf0001-c332-42a8-93bd-25e905756cb8", period),)


_OPENEARABLE_CONFIG: Final = "34c2e3bd-34aa-11eb-adc1-0242ac120002"


def _openearable(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:
    return ((_OPENEARABLE_CONFIG, struct.pack("<BfI", 0, min(sampling_rate_hz, 50.0), 0)),)


def _openearable_stop(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:  # noqa: ARG001
    return ((_OPENEARABLE_CONFIG, struct.pack("<BfI", 0, 0.0, 0)),)


_SENSORTAG: Final = "f000aa8{}-0451-4000-b000-000000000000"


def _sensortag(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:
    period_10_ms = min(255, max(10, round(100.0 / sampling_rate_hz)))
    # Gyroscope, accelerometer and magnetometer on, 8 g.
    return (
        (_SENSORTAG.format(2), b"\x7f\x02"),
        (_SENSORTAG.format(3), bytes((period_10_ms,))),
    )


def _sensortag_stop(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:  # noqa: ARG001
    return ((_SENSORTAG.format(2), b"\x00\x00"),)


def _espruino(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:
    code = (
        "\x03\x10if(1){"
        f"Bangle.setPollInterval({max(10, _period_ms(sampling_rate_hz))});"
        'Bangle.on("accel",a=>Bluetooth.println("A,"+[getTime()*1000,a.x*1000,a.y*1000,a.z*1000]'
        '.map(Math.round).join(",")))}\n'
    )
    return (*_espruino_reset(sampling_rate_hz), (NUS_WRITE, code.encode("ascii")))


def _espruino_reset(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:  # noqa: ARG001
    return ((NUS_WRITE, b"reset();\n"),)


#: Rates of the chip that the link of a Puck.js keeps up with, Hz.
_PUCK_RATES_HZ: Final = (12.5, 26.0, 52.0)


def _puck(sampling_rate_hz: float) -> tuple[tuple[str, bytes], ...]:
    rate_hz = min(_PUCK_RATES_HZ, key=lambda one: abs(one - sampling_rate_hz))
    code = (
        f"\x03\x10if(1){{Puck.accelOn({rate_hz:g});"
        'Puck.on("accel",a=>Bluetooth.println("A,"+[Math.round(getTime()*1000),a.acc.x,a.acc.y,'
        'a.acc.z].join(",")))}\n'
    )
    return (*_espruino_reset(sampling_rate_hz), (NUS_WRITE, code.encode("ascii")))


BOARDS: Final[Mapping[str, Board]] = MappingProxyType(
    {
        "arduino-nano33": Board(
            name="Arduino Nano 33 BLE, the common sketch of 24 bytes",
            source="public sketches with service 13012f00-f8c3-4f4a-a8f4-15cd926da146",
            layout="f32 ax ay az g, f32 gx gy gz deg/s",
            characteristic="13012f01-f8c3-4f4a-a8f4-15cd926da146",
            # Other sketches, such as those that switch lamps, have the same service.
            names=("nano 33", "nano33", "arduino nano 33"),
            remark="Sketches differ; one with a time sends 28 bytes and needs its own layout.",
        ),
        "esp32-mpu6050": Board(
            name="ESP32 with MPU6050, packets of 21 bytes",
            source="nkolban/esp32-snippets, number 603",
            layout="skip 1, u32 n, skip 4, i16 ax ay az /16384 g, i16 gx gy gz /131 deg/s",
            remark="The scales are those of the chip at power-on, 2 g and 250 deg/s.",
        ),
        "m5-grayblue": Board(
            name="M5Stick with GrayBlue, 13 numbers",
            source="naninunenoy/GrayBlue",
            layout="f32 ax ay az mg, f32 gx gy gz deg/s, skip 28",
            characteristic="c87ad148-3523-11e9-b210-d663bd873d93",
            names=("m5stick",),
            service="c87ace96-3523-11e9-b210-d663bd873d93",
        ),
        "bangle": Board(
            name="Bangle.js, told to send time and thousandths of g",
            source="espruino/EspruinoDocs, Bangle.js Data Streaming",
            fields="_,t,ax,ay,az",
            acc_unit="mg",
            time_unit="ms",
            start=_espruino,
            stop=_espruino_reset,
            pause_s=1.5,
            names=("bangle.js",),
            remark="The watch is reset at start and at the end; no watch was at hand to try it.",
        ),
        "bangle-demo": Board(
            name="Bangle.js with the demo of its tutorial: 0.01 g, no time",
            source="espruino/EspruinoDocs, Bangle.js Data Streaming",
            fields="_,ax,ay,az",
            acc_unit="/100 g",
            remark="Steps of 0.01 g hide a small tremor; the preset bangle sends finer ones.",
        ),
        "puck": Board(
            name="Puck.js, told to send time and raw numbers",
            source="espruino/EspruinoDocs, Puck.js and number 604",
            fields="_,t,ax,ay,az",
            acc_unit="/8192 g",
            time_unit="ms",
            start=_puck,
            stop=_espruino_reset,
            pause_s=1.5,
            names=("puck.js",),
            remark="It is reset at start and at the end, and sends 52 Hz at most; no Puck.js was "
            "at hand to try it.",
        ),
        "puckjs": Board(
            name="Puck.js that sends batches of raw numbers",
            source="espruino/EspruinoDocs, number 604",
            layout="| i16 ax ay az /8192 g",
        ),
        "openearable": Board(
            name="OpenEarable v1",
            source="OpenEarable/open-earable",
            layout="header 0024, u32 t_ms, f32 ax ay az m/s2, f32 gx gy gz deg/s, skip 12",
            characteristic="34c2e3bc-34aa-11eb-adc1-0242ac120002",
            start=_openearable,
            stop=_openearable_stop,
            names=("openearable-",),
            service="34c2e3bb-34aa-11eb-adc1-0242ac120002",
            remark="It is worn in the ear and sends 50 Hz at most.",
        ),
        "sensortag": Board(
            name="TI SensorTag CC2650 at 8 g",
            source="IanHarvey/bluepy, sensortag.py",
            layout="i16 gx gy gz /131.072 deg/s, i16 ax ay az /4096 g, skip 6",
            characteristic=_SENSORTAG.format(1),
            start=_sensortag,
            stop=_sensortag_stop,
            names=("cc2650 sensortag", "sensortag 2.0"),
            service=assigned_uuid(0xAA80),
            remark="It sends 10 Hz at most: tremor above 5 Hz cannot be seen.",
        ),
        "adafruit": Board(
            name="Adafruit Bluefruit and Circuit Playground",
            source="adafruit/Adafruit_CircuitPython_BLE_Adafruit",
            layout="f32 ax ay az m/s2",
            characteristic="adaf0201-c332-42a8-93bd-25e905756cb8",
            start=_adafruit,
            service="adaf0200-c332-42a8-93bd-25e905756cb8",
            company_id=0x0822,
        ),
        "infinitime": Board(
            name="PineTime with InfiniTime",
            source="InfiniTimeOrg/InfiniTime, pull request 1950",
            layout="i16 ax ay az /1024 g",
            characteristic="00030002-78fc-48fe-8e23-433b3a1942d0",
            remark="It sends 10 Hz and only what changed: it is not fit for tremor.",
        ),
    }
)


def preset_of(advertisement: Advertisement) -> str | None:
    """Return the preset of the board that sent an advertisement.

    Parameters
    ----------
    advertisement : Advertisement
        Advertisement as received.

    Returns
    -------
    str or None
        Name of a preset; None if the advertisement does not tell the board.
    """
    return next((name for name, one in BOARDS.items() if one.has_sent(advertisement)), None)
