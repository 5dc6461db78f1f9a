"""Each entry of the table of formats reads a file of its own, and no other entry claims it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import tremor
from tremor.formats.capture_file import CaptureFile, opener_of
from tremor.formats.catalog import readable_formats
from tremor.formats.csv.claims import claim_of
from tremor.formats.csv.dialects import FORMATS
from tremor.formats.csv.head import read_head
from tremor.opening import read
from tremor.units import ACCELERATION_UNIT_MS2

G = 9.80665
N_ROWS = 600
START = datetime(2024, 3, 19, 16, 44, 16, 689000, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """One sample: number, time from the first, and acceleration in the unit of the file."""

    n: int
    t: float
    x: float
    y: float
    z: float

    @property
    def at(self) -> datetime:
        return START + timedelta(seconds=self.t)

    @property
    def ns(self) -> int:
        return 1_700_000_000_123_456_789 + round(self.t * 1e9)

    @property
    def xyz(self) -> str:
        return f"{self.x:.6f},{self.y:.6f},{self.z:.6f}"

    def split(self, delimiter: str) -> str:
        return self.xyz.replace(",", delimiter)


@dataclass(frozen=True)
class Sample:
    """A file of a format, and what it is read as."""

    above: str
    row: Callable[[Row], str]
    unit: str
    rate_hz: float = 100.0
    gravity: str = "included"
    name: str = "capture.csv"
    options: dict[str, object] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        scale = 1.0 / ACCELERATION_UNIT_MS2[self.unit]
        rows = []
        for n in range(N_ROWS):
            t = n / self.rate_hz
            shake = 0.4 * np.sin(2 * np.pi * 6.0 * t)
            up = 0.0 if self.gravity == "removed" else 1.0
            vector = (shake + 3.0 * up, 0.3 * shake - 2.0 * up, 9.12 * up - 0.5 * shake)
            rows.append(self.row(Row(n, t, *(scale * part for part in vector))))
        path = folder / self.name
        path.write_text(self.above + "\n".join(rows) + "\n", encoding="utf-8")
        return path


def iso(moment: datetime, spec: str = "milliseconds") -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec=spec)


ACTIGRAPH = (
    "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 Firmware v2.5.0 date "
    "format M/d/yyyy at 40 Hz  Filter Normal -----------\nSerial Number: X\nStart Time 11:27:00\n"
    "Start Date 6/14/2018\nEpoch Period (hh:mm:ss) 00:00:00\nDownload Time 15:16:42\n"
    "--------------------------------------------------\n"
)
GENEACTIV = (
    "Device Type,GENEActiv\nDevice Model,1.1\n" + "\n" * 6 + "Measurement Frequency,50 Hz\n"
    "Start Time,2013-05-21 16:47:50:000\n" + "Subject Notes,\n" * 88
)
PHYPHOX = '"{t} (s)","{a} x (m/s^2)","{a} y (m/s^2)","{a} z (m/s^2)"\n'


def phyphox(t: str, a: str, gravity: str = "included") -> Sample:
    above = PHYPHOX.format(t=t, a=a)
    return Sample(above, lambda r: f"{r.t:.9E},{r.xyz}", "m/s^2", gravity=gravity)


def headed(header: str, row: Callable[[Row], str], unit: str, **more: object) -> Sample:
    return Sample(header + "\n", row, unit, **more)  # type: ignore[arg-type]


SAMPLES: dict[str, tuple[Sample, ...]] = {
    "tremor-csv": (
        headed(
            "# tremor-csv 1\n# gravity: included\ntime_s,acc_x_ms2,acc_y_ms2,acc_z_ms2",
            lambda r: f"{r.t:.6f},{r.xyz}",
            "m/s^2",
        ),
    ),
    "sensor-logger": (
        headed(
            "time,seconds_elapsed,z,y,x",
            lambda r: f"{r.ns},{r.t:.6f},{r.z:.6f},{r.y:.6f},{r.x:.6f}",
            "m/s^2",
            name="TotalAcceleration.csv",
        ),
        headed(
            "time,seconds_elapsed,rotationRateX,rotationRateY,rotationRateZ,gravityX,gravityY,"
            "gravityZ,accelerationX,accelerationY,accelerationZ,quaternionW",
            lambda r: f"{r.ns},{r.t:.6f},0,0,0,{r.xyz},0,0,0,1",
            "g",
            name="WristMotion.csv",
        ),
    ),
    "phyphox": (
        phyphox("Time", "Acceleration"),
        phyphox("Čas", "Zrychlení"),
        phyphox("Idő", "Gyorsulás"),
        phyphox("Czas", "Przyspieszenie"),
        phyphox("Время", "Ускорение"),
        phyphox("Χρόνος", "Επιτάχυνση"),
        phyphox("Tid", "Acceleration"),
        phyphox("Zaman", "İvme"),
        phyphox("Thời gian", "Gia tốc"),
        phyphox("Time", "Linear Acceleration", "removed"),
        phyphox("Zeit", "Lineare Beschleunigung", "removed"),
        phyphox("Čas", "Lineární zrychlení", "removed"),
        phyphox("Idő", "Lineáris gyorsulás", "removed"),
        phyphox("Czas", "Przyspieszenie liniowe", "removed"),
        phyphox("Время", "Линейное ускорение", "removed"),
        phyphox("Χρόνος", "Γραμμική επιτάχυνση", "removed"),
        phyphox("Tid", "Linjär acceleration", "removed"),
        phyphox("Zaman", "Doğrusal ivme", "removed"),
        phyphox("Thời gian", "Gia tốc tuyến tính", "removed"),
        headed(
            "Время (\u0441);Ускорение x (м/с²);Ускорение y (м/с²);Ускорение z (м/с²)",
            lambda r: f"{r.t:.9E};{r.split(';')}".replace(".", ","),
            "m/s^2",
        ),
    ),
    "sensorlog": (
        headed(
            "loggingTime(txt),loggingSample(N),locationTimestamp_since1970(s),"
            "accelerometerTimestamp_sinceReboot(s),accelerometerAccelerationX(G),"
            "accelerometerAccelerationY(G),accelerometerAccelerationZ(G)",
            lambda r: f"{iso(r.at)} +0200,{r.n},1687527762.0,{62608 + r.t:.6f},{r.xyz}",
            "g",
        ),
        headed(
            "loggingTime(txt);motionTimestamp_sinceReboot(s);motionUserAccelerationX(G);"
            "motionUserAccelerationY(G);motionUserAccelerationZ(G);motionGravityX(G);"
            "motionGravityY(G);motionGravityZ(G)",
            lambda r: f"{iso(r.at)} +0200;{62608 + r.t:.6f};0;0;0;{r.split(';')}",
            "g",
        ),
    ),
    "physics-toolbox": (
        headed("time,gFx,gFy,gFz", lambda r: f"{r.t:.4f},{r.xyz}", "g"),
        headed(
            "time,gFx,gFy,gFz,ax,ay,az,wx,wy,wz",
            lambda r: f"{r.t:.4f},{r.xyz},0.1,0.2,0.3,0,0,0",
            "g",
        ),
    ),
    "physics-toolbox-linear": (
        headed("time,ax,ay,az,aT", lambda r: f"{r.t:.4f},{r.xyz},0.2", "m/s^2", gravity="removed"),
        headed(
            "time,ax (m/s^2),ay (m/s^2),az (m/s^2),aT (m/s^2)",
            lambda r: f"{r.t:.4f},{r.xyz},0.2",
            "m/s^2",
            gravity="removed",
        ),
    ),
    "sensor-kinetics": (
        headed(
            "time,X_value,Y_value,Z_value",
            lambda r: f"{r.t:.4f},{r.xyz}",
            "m/s^2",
            name="leg_accm.csv",
        ),
        headed(
            "time;X_value;Y_value;Z_value",
            lambda r: f"{r.t:.4f};{r.split(';')}".replace(".", ","),
            "m/s^2",
            gravity="removed",
            name="leg_lacm.csv",
        ),
    ),
    "androsensor": (
        headed(
            "ACCELEROMETER X (m/s²);ACCELEROMETER Y (m/s²);ACCELEROMETER Z (m/s²);GRAVITY X (m/s²);"
            "LINEAR ACCELERATION X (m/s²);LINEAR ACCELERATION Y (m/s²);"
            "LINEAR ACCELERATION Z (m/s²);Time since start in ms ;YYYY-MO-DD HH-MI-SS_SSS",
            lambda r: (
                f"{r.split(';')};0;0;0;0;{round(r.t * 1e3)};"
                f"{r.at:%Y-%m-%d %H:%M:%S}:{r.at.microsecond // 1000:03d}"
            ),
            "m/s^2",
        ),
    ),
    "hyperimu": (
        headed(
            "@HyperIMU\n@Sampling rate: 10 ms\n"
            "Timestamp,Accelerometer.x,Accelerometer.y,Accelerometer.z",
            lambda r: f"{r.ns // 10**6},{r.xyz}",
            "m/s^2",
        ),
    ),
    "polar-sensor-logger": (
        headed(
            "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]",
            lambda r: (
                f"{START.replace(tzinfo=None).isoformat()};{599616065136175104 + round(r.t * 1e9)};"
                + ";".join(f"{part:.0f}" for part in (r.x, r.y, r.z))
            ),
            "mg",
            name="Polar_H10_ACC.txt",
        ),
    ),
    "metabase": (
        headed(
            "epoc (ms),timestamp (-0700),elapsed (s),x-axis (g),y-axis (g),z-axis (g)",
            lambda r: f"{r.ns // 10**6},{r.at:%Y-%m-%dT%H.%M.%S.%f},{r.t:.3f},{r.xyz}",
            "g",
            name="a_MetaWear_2018-08-01T12.32.42.547_D8_Accelerometer_100.000Hz_1.4.4.csv",
        ),
    ),
    "witmotion": (
        headed(
            "Time,Device name,Chip Time(),Acceleration X(g),Acceleration Y(g),Acceleration Z(g),"
            "Angular velocity X(°/s)",
            lambda r: f"{r.at:%H:%M:%S.%f},WT901,,{r.xyz},0.1",
            "g",
        ),
    ),
    "xsens-mtw": (
        headed(
            "Acquisition frequency: 100 Hz\nPacketCounter\tAcc_X\tAcc_Y\tAcc_Z",
            lambda r: f"{r.n:05d}\t{r.split(chr(9))}",
            "m/s^2",
            name="MT_012.txt",
        ),
    ),
    "movella-dot": (
        headed(
            "sep=,\nDeviceTag:,12\nOutputRate:,60Hz\n\n"
            "PacketCounter,SampleTimeFine,Euler_X,FreeAcc_X,FreeAcc_Y,FreeAcc_Z,"
            "Acc_X,Acc_Y,Acc_Z,Status",
            lambda r: f"{r.n},{1_200_000_000 + round(r.t * 1e6)},1.0,0,0,0,{r.xyz},0",
            "m/s^2",
            rate_hz=60.0,
        ),
        headed(
            "DeviceTag:,12\n\nPacketCounter,SampleTimeFine,FreeAcc_X,FreeAcc_Y,FreeAcc_Z",
            lambda r: f"{r.n},{1_200_000_000 + round(r.t * 1e6)},{r.xyz}",
            "m/s^2",
            rate_hz=60.0,
            gravity="removed",
        ),
    ),
    "movesense": (
        headed(
            "Timestamp (ms),X: (m/s^2),Y: (m/s^2),Z: (m/s^2)",
            lambda r: f"{round(r.t * 1e3)},{r.xyz}, ",
            "m/s^2",
        ),
    ),
    "shimmer": (
        headed(
            '"sep=;"\nShimmer_40AC_Timestamp_Unix_CAL;Shimmer_40AC_Accel_LN_X_CAL;'
            "Shimmer_40AC_Accel_LN_Y_CAL;Shimmer_40AC_Accel_LN_Z_CAL;Shimmer_40AC_Battery_CAL\n"
            "ms;m/(s^2);m/(s^2);m/(s^2);mV;",
            lambda r: f"{(r.ns / 1e6):.3f};{r.split(';')};4139.1;",
            "m/s^2",
        ),
    ),
    "x-imu": (
        headed(
            "Packet number,Gyroscope X (deg/s),Gyroscope Y (deg/s),Gyroscope Z (deg/s),"
            "Accelerometer X (g),Accelerometer Y (g),Accelerometer Z (g),Magnetometer X (G)",
            lambda r: f"{r.n},0,0,0,{r.xyz},0.1",
            "g",
            rate_hz=256.0,
            options={"sampling_rate_hz": 256.0},
        ),
    ),
    "ngimu": (
        headed(
            "Time (s),Gyroscope X (deg/s),Gyroscope Y (deg/s),Gyroscope Z (deg/s),"
            "Accelerometer X (g),Accelerometer Y (g),Accelerometer Z (g),Barometer (hPa)",
            lambda r: f"{r.t:.6f},0,0,0,{r.xyz},1013",
            "g",
        ),
    ),
    "picoquake": (
        headed(
            "# PLab PicoQuake Data\n# Time: 2024-04-21 15:54:46.333682, Device: D4E9\n"
            "# Config: data_rate = 400.0 Hz, filter = 84 Hz, acc_range = 4 g\n"
            "count,a_x,a_y,a_z,g_x,g_y,g_z",
            lambda r: f"{r.n},{r.xyz},0,0,0",
            "g",
            rate_hz=400.0,
        ),
    ),
    "klipper": (
        headed(
            "#time,accel_x,accel_y,accel_z", lambda r: f"{39.2 + r.t:.6f},{r.xyz}", "mm/s^2"
        ),
    ),
    "microbit": (
        headed(
            "Time (seconds),x,y,z",
            lambda r: f"{r.t:.2f},{r.x:.0f},{r.y:.0f},{r.z:.0f}",
            "mg",
            rate_hz=50.0,
        ),
    ),
    "empatica-e4": (
        headed(
            "1560279825.000000, 1560279825.000000, 1560279825.000000\n"
            "32.000000, 32.000000, 32.000000",
            lambda r: f"{r.x:.0f},{r.y:.0f},{r.z:.0f}",
            "g/64",
            rate_hz=32.0,
            name="ACC.csv",
        ),
    ),
    "embraceplus": (
        headed("unix_timestamp,x,y,z", lambda r: f"{r.ns // 1000},{r.xyz}", "g", rate_hz=64.0),
    ),
    "garmin-research": (
        Sample(
            "",
            lambda r: f"{r.at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"+02:00;{r.x:.0f};{r.y:.0f};{r.z:.0f}",
            "mg",
            rate_hz=25.0,
        ),
    ),
    "faros": (
        headed(
            "X,Y,Z",
            lambda r: r.xyz,
            "mg",
            name="ACC.csv",
            rate_hz=25.0,
            options={"sampling_rate_hz": 25.0},
        ),
    ),
    "actigraph": (
        Sample(
            ACTIGRAPH + "Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z\n",
            lambda r: f"{r.at.month}/{r.at.day}/{r.at:%Y %H:%M:%S.%f}"[:-3] + f",{r.xyz}",
            "g",
            rate_hz=40.0,
        ),
        Sample(
            ACTIGRAPH + "Accelerometer X,Accelerometer Y,Accelerometer Z\n",
            lambda r: r.xyz,
            "g",
            rate_hz=40.0,
        ),
        Sample(ACTIGRAPH, lambda r: r.xyz, "g", rate_hz=40.0),
    ),
    "axivity": (
        Sample("", lambda r: f"{iso(r.at)},{r.xyz}", "g"),
        Sample("", lambda r: f"{iso(r.at)},{r.xyz},0.1,-0.2,3.0", "g"),
        Sample(
            "Time,Accel-X (g), Accel-Y (g), Accel-Z (g)\n", lambda r: f"{iso(r.at)},{r.xyz}", "g"
        ),
    ),
    "geneactiv": (
        Sample(
            GENEACTIV,
            lambda r: f"{r.at:%Y-%m-%d %H:%M:%S}:{r.at.microsecond // 1000:03d},{r.xyz},12,0,23.5",
            "g",
            rate_hz=50.0,
        ),
    ),
    "mhealth": (
        headed("HEADER_TIME_STAMP,X,Y,Z", lambda r: f"{iso(r.at)},{r.xyz}", "g", rate_hz=80.0),
    ),
    "oxford-step-counter": (
        Sample("", lambda r: f"{584065454762638 + round(r.t * 1e9)},3,{r.xyz}", "m/s^2"),
        Sample("", lambda r: f"{1245907240064 + round(r.t * 1e9)},{r.xyz},0,0,1", "m/s^2"),
    ),
    "cloudupdrs": (
        Sample("", lambda r: f"{1254654693282883 + round(r.t * 1e9)},{r.xyz},3", "m/s^2"),
    ),
    "wisdm": (
        Sample("", lambda r: f"33,Jogging,{49105962326000 + round(r.t * 1e9)},{r.xyz};", "m/s^2"),
        Sample("", lambda r: f"1600,A,{90426708196641 + round(r.t * 1e9)},{r.xyz};", "m/s^2"),
    ),
    "uci-har": (
        Sample(
            "",
            lambda r: f" {r.split('  ')}",
            "g",
            rate_hz=50.0,
            name="acc_exp01_user01.txt",
            options={"sampling_rate_hz": 50.0},
        ),
    ),
    "daphnet": (
        Sample(
            "",
            lambda r: f"{round(r.t * 1e3)} {r.x:.0f} {r.y:.0f} {r.z:.0f} 0 0 1 5 6 7 0",
            "mg",
            rate_hz=64.0,
            name="S01R01.txt",
        ),
    ),
    "realworld-har": (
        headed(
            "id,attr_time,attr_x,attr_y,attr_z",
            lambda r: f"{r.n},{r.ns // 10**6},{r.xyz}",
            "m/s^2",
        ),
    ),
    "user-acceleration": (
        headed("t,uax,uay,uaz,gx,gy,gz", lambda r: f"{r.t:.4f},0,0,0,{r.xyz}", "g"),
    ),
}  # fmt: skip
#: Nothing tells these apart: what can be read of them is declared.
WITHOUT_SAMPLE = {"brainflow", "powersense", "headed-csv", "declared-columns"}
EVERY = pytest.mark.parametrize(
    ("slug", "number"),
    [(slug, number) for slug, samples in SAMPLES.items() for number in range(len(samples))],
)


def test_every_entry_has_a_sample() -> None:
    assert set(SAMPLES) == {entry.slug for entry in FORMATS} - WITHOUT_SAMPLE


@EVERY
def test_a_file_of_each_format_is_read(tmp_path: Path, slug: str, number: int) -> None:
    sample = SAMPLES[slug][number]
    recording = read(sample.write(tmp_path), **sample.options)  # type: ignore[arg-type]
    assert recording.source is not None
    assert recording.source.format == slug
    assert recording.sampling_rate_hz == pytest.approx(sample.rate_hz, rel=2e-3)
    assert (recording.unit_in, recording.gravity) == (sample.unit, sample.gravity)
    assert recording.n_samples == N_ROWS
    length = np.median(np.linalg.norm(recording.acceleration_ms2, axis=1))
    assert length == pytest.approx(0.32 if sample.gravity == "removed" else G, rel=0.2)


@EVERY
def test_exactly_one_format_claims_it(tmp_path: Path, slug: str, number: int) -> None:
    path = SAMPLES[slug][number].write(tmp_path)
    head = read_head(CaptureFile(path, path.name, opener_of(path)))
    claims = [entry.slug for entry in FORMATS if claim_of(entry, head, path.name) is not None]
    assert claims == [slug]


def test_each_entry_shows_an_example_and_what_it_was_made_from() -> None:
    for one in readable_formats():
        assert one.seen in ("real file", "description")
        assert one.example or not one.told_by, one.slug
        assert not one.remark or one.remark.endswith("."), one.slug


def test_no_code_asks_for_a_format_by_its_name() -> None:
    package = Path(tremor.__file__).parent
    table = {"dialects.py", "phone_apps.py", "research.py", "sensors.py"}
    names = re.compile("|".join(f"[\"']{re.escape(entry.slug)}[\"']" for entry in FORMATS))
    asking = [
        f"{path.name}: {line.strip()}"
        for path in sorted((package / "formats").rglob("*.py"))
        if path.name not in table
        for line in path.read_text(encoding="utf-8").splitlines()
        if names.search(line) or re.search(r"slug\s*[!=]=", line)
    ]
    assert asking == []


@pytest.mark.parametrize(
    ("header", "per_s", "unit"),
    [
        ("unix_timestamp,x,y,z", 1e3, "m/s^2"),
        ("unix_timestamp,x,y,z", 1e6, "g"),
        ("timestamp,Accelerometer.x,Accelerometer.y,Accelerometer.z", 1e9, "g"),
        ("time (seconds),x,y,z", 1.0, "m/s^2"),
    ],
)
def test_a_table_that_is_headed_alike_keeps_its_own_units(
    tmp_path: Path, header: str, per_s: float, unit: str
) -> None:
    zero = 0.0 if per_s == 1.0 else 1.7e9 * per_s
    digits = 3 if per_s == 1.0 else 0
    sample = headed(header, lambda r: f"{zero + r.t * per_s:.{digits}f},{r.xyz}", unit)
    recording = read(sample.write(tmp_path))
    assert recording.sampling_rate_hz == pytest.approx(100.0, rel=1e-3)
    assert recording.unit_in == unit
