"""Formats of apps that record with the sensors of a phone or a watch."""

from __future__ import annotations

from typing import Final

from tremor.formats.csv.format_records import (
    EPOCH_2000_S,
    CaptureFormat,
    Columns,
    Companion,
    FileName,
    TimeColumn,
)

__all__ = ["PHONE_APPS"]

#: In Latin or Cyrillic letters.
_SQUARED: Final = r"\([m\u043c]/[s\u0441](\^2|²|2)\)"
_SECONDS: Final = r"\([s\u0441]\)"
#: One to four words of any language.
_WORDS: Final = r"[^\W\d_]+( [^\W\d_]+){0,3}"
#: Words for "linear" in the languages of phyphox: with them, the app has taken gravity out.
_LINEAR: Final = (
    r"(linea\w*|linéa\w*|lineá\w*|lineer\w*|linjär\w*|liniow\w*|линей\w*|лінійн\w*|линеар\w*|"
    r"γραμμικ\w*|doğrusal|tuyến tính|线性|線性|線形|直線|선형)"
)
_SYSTEM_CLOCK: Final = TimeColumn("time", "ns")

PHONE_APPS: Final[tuple[CaptureFormat, ...]] = (
    CaptureFormat(
        slug="sensor-logger",
        name="Sensor Logger",
        columns=(
            # Accelerometer.csv is without gravity and TotalAcceleration.csv with it. Only the
            # file name tells them apart; in a renamed file the samples decide.
            Columns("{axis}", (_SYSTEM_CLOCK,)),
            Columns(
                r"accelerometer {axis} " + _SQUARED,
                (_SYSTEM_CLOCK,),
                unit="m/s^2",
            ),
            # Of a watch: g, unless the app was told to standardise units.
            Columns(
                "acceleration{axis}",
                (_SYSTEM_CLOCK,),
                gravity="included",
                added_axes="gravity{axis}",
            ),
        ),
        members=(
            ("TotalAcceleration.csv", "included"),
            ("Accelerometer.csv", "removed"),
            ("AccelerometerUncalibrated.csv", "included"),
        ),
        added_member="Gravity.csv",
        companions=("WristMotion.csv", "WatchAccelerometerUncalibrated.csv", "Headphone.csv"),
        described_by=(
            Companion("sensor-logger-metadata", "Metadata.csv"),
            Companion("sensor-logger-annotations", "Annotation.csv"),
        ),
        required_column="seconds_elapsed",
        unit_without_gravity="m/s^2",
        seen="real file",
        example=(
            "time,seconds_elapsed,z,y,x",
            "1700000000123456789,0.0098,0.0083,-0.0511,0.0408",
        ),
        remark="Name the zip archive, so that gravity is found beside the acceleration.",
    ),
    CaptureFormat(
        slug="phyphox",
        name="phyphox",
        columns=(
            # Column names follow the language of the app; the unit does not always.
            Columns(
                rf"({_WORDS} )?{_LINEAR}( {_WORDS})? {{axis}} {_SQUARED}",
                (TimeColumn(rf"{_WORDS} {_SECONDS}", "s"),),
                unit="m/s^2",
                gravity="removed",
            ),
            Columns(
                rf"({_WORDS} )?{{axis}} {_SQUARED}",
                (TimeColumn(rf"{_WORDS} {_SECONDS}", "s"),),
                unit="m/s^2",
            ),
            Columns(
                rf"{{axis}} {_WORDS} {_SQUARED}",
                (TimeColumn(rf"{_WORDS} {_SECONDS}", "s"),),
                unit="m/s^2",
            ),
        ),
        members=(
            ("Accelerometer.csv", None),
            ("Raw Data.csv", None),
            ("Beschleunigung.csv", None),
            ("Beschleunigungssensor.csv", None),
            ("Rohdaten.csv", None),
            ("Linear Acceleration.csv", "removed"),
            ("Linear Accelerometer.csv", "removed"),
            ("Lineare Beschleunigung.csv", "removed"),
        ),
        described_by=(
            Companion("phyphox-times", "meta/time.csv"),
            Companion("phyphox-device", "meta/device.csv"),
        ),
        seen="real file",
        example=(
            '"Time (s)","Acceleration x (m/s^2)","Acceleration y (m/s^2)","Acceleration z (m/s^2)"',
            "1.948000000E-3,4.788403000E-1,1.196800000E-2,9.804255000E0",
        ),
        remark="Any language and any of its separators; its Excel export is refused: choose CSV.",
    ),
    CaptureFormat(
        slug="sensorlog",
        name="SensorLog (iOS)",
        columns=(
            Columns(
                r"accelerometeracceleration{axis}(\(g\))?",
                (
                    TimeColumn(r"accelerometertimestamp_sincereboot(\(s\))?", "s"),
                    TimeColumn(r"loggingtime(\(txt\))?", "text"),
                ),
                unit="g",
                gravity="included",
            ),
            Columns(
                r"motionuseracceleration{axis}(\(g\))?",
                (
                    TimeColumn(r"motiontimestamp_sincereboot(\(s\))?", "s"),
                    TimeColumn(r"loggingtime(\(txt\))?", "text"),
                ),
                unit="g",
                gravity="included",
                added_axes=r"motiongravity{axis}(\(g\))?",
            ),
        ),
        example=(
            "loggingTime(txt),loggingSample(N),accelerometerTimestamp_sinceReboot(s),"
            "accelerometerAccelerationX(G),accelerometerAccelerationY(G),"
            "accelerometerAccelerationZ(G)",
            "2023-06-23 15:42:42.000 +0200,0,62608.000,-0.199,-0.312,-0.929",
        ),
    ),
    CaptureFormat(
        slug="physics-toolbox",
        name="Physics Toolbox (g-force)",
        columns=(
            Columns(
                r"gf{axis}",
                (TimeColumn("time"),),
                unit="g",
                gravity="included",
            ),
        ),
        seen="real file",
        example=("time,gFx,gFy,gFz", "0.007,-0.0107,0.0512,1.0021"),
        remark="Where the linear acceleration is there too, the g-force is read.",
    ),
    CaptureFormat(
        slug="physics-toolbox-linear",
        name="Physics Toolbox (linear accelerometer)",
        columns=(
            Columns(r"a{axis} " + _SQUARED, (TimeColumn("time"),), unit="m/s^2"),
            Columns(r"a{axis}", (TimeColumn("time"),), unit="m/s^2"),
        ),
        required_column=r"at( " + _SQUARED + ")?",
        seen="real file",
        example=("time,ax (m/s^2),ay (m/s^2),az (m/s^2),aT (m/s^2)", "0.007,0.01,-0.02,0.05,0.06"),
        remark="Without gravity; the g-force meter of the app is the better choice.",
    ),
    CaptureFormat(
        slug="sensor-kinetics",
        name="Sensor Kinetics",
        columns=(Columns("{axis}_value", (TimeColumn("time", "s"),), unit="m/s^2"),),
        file_names=(
            FileName(r"_accm\b", "included"),
            FileName(r"_lacm\b", "removed"),
            FileName(r"_gyrm\b", quantity="angular velocity"),
            FileName(r"_magm\b", quantity="a magnetic field"),
            FileName(r"_grvm\b", quantity="gravity alone"),
            FileName(r"_rotm\b", quantity="orientation"),
        ),
        seen="real file",
        example=("time,X_value,Y_value,Z_value", "0.0049,0.2131,-0.5722,9.7830"),
        remark="The end of the file name says what it holds: _accm with gravity, _lacm without.",
    ),
    CaptureFormat(
        slug="androsensor",
        name="AndroSensor",
        columns=(
            Columns(
                r"accelerometer {axis} " + _SQUARED,
                (
                    TimeColumn(r"time since start in ms", "ms"),
                    TimeColumn(r"yyyy-mo-dd hh-mi-ss_sss", "text"),
                ),
                unit="m/s^2",
                gravity="included",
            ),
            Columns(
                r"linear acceleration {axis} " + _SQUARED,
                (TimeColumn(r"time since start in ms", "ms"),),
                unit="m/s^2",
                gravity="removed",
            ),
        ),
        example=(
            "ACCELEROMETER X (m/s²);ACCELEROMETER Y (m/s²);ACCELEROMETER Z (m/s²);"
            "Time since start in ms;YYYY-MO-DD HH-MI-SS_SSS",
            "0.4788;0.0120;9.8043;13;2016-03-05 15:29:48:129",
        ),
    ),
    CaptureFormat(
        slug="hyperimu",
        name="HyperIMU",
        columns=(
            Columns(
                r"([\w ]+ )?accelerometer\.{axis}",
                (TimeColumn(r"time_?stamp"),),
            ),
        ),
        comment="@",
        example=(
            "Timestamp,Accelerometer.x,Accelerometer.y,Accelerometer.z",
            "1518819953744,0.0928,0.1481,9.7741",
        ),
        remark="Lines that begin with @ say the sampling rate; the stamps decide.",
    ),
    CaptureFormat(
        slug="powersense",
        name="PowerSense (iOS)",
        remark=(
            "The names of its columns were not at hand: it is read where its header names time and "
            "axes, else with --columns."
        ),
    ),
    CaptureFormat(
        slug="polar-sensor-logger",
        name="Polar Sensor Logger",
        columns=(
            Columns(
                r"{axis} \[mg\]",
                (
                    TimeColumn(r"sensor timestamp \[ns\]", "ns", epoch_s=EPOCH_2000_S),
                    TimeColumn(r"timestamp \[ms\]", "ms"),
                    # When the packet came: its samples share it.
                    TimeColumn("phone timestamp", "text"),
                ),
                unit="mg",
                gravity="included",
            ),
        ),
        required_column="phone timestamp",
        example=(
            "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]",
            "2026-04-24T14:10:20.058;599616065136175104;-36;620;-824",
        ),
    ),
)
