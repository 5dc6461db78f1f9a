"""Formats of the programs that belong to wearable sensors and loggers."""

from __future__ import annotations

from typing import Final

from tremor.formats.csv.format_records import (
    CaptureFormat,
    Columns,
    Companion,
    FileName,
    Rows,
    TimeColumn,
)

__all__ = ["SENSORS"]

_SQUARED: Final = r"\(m/s(\^2|²|2)\)"
#: Where 32 bits of microseconds start again, every 71.6 minutes.
_WRAP_32_BITS: Final = 2.0**32
_ISO: Final = TimeColumn("", "text")
_SINCE_BOOT_US: Final = TimeColumn("sampletimefine", "us", wraps_at=_WRAP_32_BITS)

SENSORS: Final[tuple[CaptureFormat, ...]] = (
    CaptureFormat(
        slug="metabase",
        name="MbientLab MetaBase",
        columns=(
            Columns(
                r"{axis}-axis \(g\)",
                (
                    TimeColumn(r"epoch? \(ms\)", "ms"),
                    TimeColumn(r"elapsed \(s\)", "s"),
                ),
                unit="g",
                gravity="included",
            ),
        ),
        file_names=(
            FileName(r"_Accelerometer_(?P<rate_hz>\d+(\.\d+)?)Hz"),
            FileName(r"_Linear Acceleration_(?P<rate_hz>\d+(\.\d+)?)Hz", "removed"),
            FileName(r"_Gravity_\d", quantity="gravity alone"),
        ),
        seen="real file",
        example=(
            "epoc (ms),timestamp (-0700),elapsed (s),x-axis (g),y-axis (g),z-axis (g)",
            "1533151962547,2018-08-01T12.32.42.547,0.000,-0.035,0.058,1.003",
        ),
    ),
    CaptureFormat(
        slug="witmotion",
        name="WitMotion",
        columns=(
            Columns(
                r"(acceleration |acc){axis} ?\(g\)",
                (
                    TimeColumn(r"time", "text"),
                    TimeColumn(r"chip ?time ?(\(\))?", "text"),
                ),
                unit="g",
                gravity="included",
            ),
        ),
        required_column=r"device ?name",
        example=(
            "Time,Device name,Chip Time(),Acceleration X(g),Acceleration Y(g),Acceleration Z(g)",
            "16:44:16.689,WT901BLE68(d2c4a1),2024-3-19 16:44:16:689,-0.010,0.021,0.998",
        ),
    ),
    CaptureFormat(
        slug="xsens-mtw",
        name="Xsens MTw text export",
        signature=r"(?im)^(//|#)?\s*(acquisition frequency|start time|update rate)\b",
        columns=(
            Columns(
                "acc_{axis}",
                (_SINCE_BOOT_US,),
                unit="m/s^2",
                gravity="included",
                counter="packetcounter|counter",
            ),
            Columns(
                "acc_{axis}",
                unit="m/s^2",
                gravity="included",
                counter="packetcounter|counter",
            ),
        ),
        required_column="packetcounter|counter",
        preamble=(
            r"(?i)(acquisition frequency|update rate|sample rate)\s*:?\s*"
            r"(?P<rate_hz>\d+(\.\d+)?)\s*Hz",
        ),
        delimiters="\t",
        seen="real file",
        example=(
            "Acquisition frequency: 100 Hz",
            "PacketCounter\tAcc_X\tAcc_Y\tAcc_Z",
            "00001\t0.1021\t-0.3312\t9.7810",
        ),
        remark="Without stamps: the first line says the rate, the counter what is lost.",
    ),
    CaptureFormat(
        slug="movella-dot",
        name="Movella DOT",
        columns=(
            Columns(
                "acc_{axis}",
                (_SINCE_BOOT_US,),
                unit="m/s^2",
                gravity="included",
                counter="packetcounter",
            ),
            Columns(
                "freeacc_{axis}",
                (_SINCE_BOOT_US,),
                unit="m/s^2",
                gravity="removed",
                counter="packetcounter",
            ),
            Columns("acc_{axis}", unit="m/s^2", gravity="included", counter="packetcounter"),
        ),
        required_column="packetcounter",
        delimiters=",;",
        preamble=(r"(?i)output ?rate:?[ ,;\t]*(?P<rate_hz>\d+(\.\d+)?)",),
        example=(
            "DeviceTag:,12",
            "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z",
            "1,1200016667,1.947626,3.059994,9.110860",
        ),
        remark="FreeAcc is without gravity; choose a mode with Acc.",
    ),
    CaptureFormat(
        slug="movesense",
        name="Movesense",
        columns=(
            Columns(
                r"{axis}: ?" + _SQUARED,
                (TimeColumn(r"timestamp \(ms\)", "ms"),),
                unit="m/s^2",
                gravity="included",
            ),
        ),
        example=(
            "Timestamp (ms),X: (m/s^2),Y: (m/s^2),Z: (m/s^2)",
            "11237,0.12,-0.33,9.78, ",
        ),
        remark="Some programs write one sample of each packet; the stamps show the rate.",
    ),
    CaptureFormat(
        slug="shimmer",
        name="Shimmer Consensys",
        columns=(
            # The low-noise sensor is the finer one; the wide-range one is for impacts.
            *(
                Columns(
                    rf"(.+_)?accel_{sensor}_{{axis}}_cal",
                    (
                        TimeColumn(r"(.+_)?timestamp(sync)?_unix_cal", "ms"),
                        TimeColumn(r"(.+_)?timestamp(sync)?_formattedunix_cal", "text"),
                        TimeColumn(r"(.+_)?timestamp(sync)?_cal", "ms"),
                    ),
                    gravity="included",
                )
                for sensor in ("ln", "wr")
            ),
        ),
        seen="real file",
        example=(
            "Shimmer_40AC_Timestamp_Unix_CAL;Shimmer_40AC_Accel_LN_X_CAL;"
            "Shimmer_40AC_Accel_LN_Y_CAL;Shimmer_40AC_Accel_LN_Z_CAL",
            "ms;m/(s^2);m/(s^2);m/(s^2);",
            "1.595933810034E12;-1.4348;10.0000;0.5543",
        ),
    ),
    CaptureFormat(
        slug="x-imu",
        name="x-IMU",
        columns=(
            Columns(
                r"accelerometer {axis} \(g\)",
                unit="g",
                gravity="included",
                counter="packet number",
            ),
        ),
        required_column="packet number",
        example=(
            "Packet number,Gyroscope X (deg/s),Gyroscope Y (deg/s),Gyroscope Z (deg/s),"
            "Accelerometer X (g),Accelerometer Y (g),Accelerometer Z (g)",
            "1,0.1,-0.2,0.0,-0.010,0.021,0.998",
        ),
        remark="Its CalInertialAndMag.csv has no stamps: give --sampling-rate, 256 as it comes.",
    ),
    CaptureFormat(
        slug="ngimu",
        name="NGIMU",
        columns=(
            Columns(
                r"accelerometer {axis} \(g\)",
                (TimeColumn(r"time \(s\)", "s"),),
                unit="g",
                gravity="included",
            ),
        ),
        example=(
            "Time (s),Gyroscope X (deg/s),Gyroscope Y (deg/s),Gyroscope Z (deg/s),"
            "Accelerometer X (g),Accelerometer Y (g),Accelerometer Z (g)",
            "0.0025,0.1,-0.2,0.0,-0.010,0.021,0.998",
        ),
    ),
    CaptureFormat(
        slug="picoquake",
        name="PicoQuake",
        signature=r"(?im)^# (PLab )?PicoQuake|^# Config: data_rate",
        columns=(Columns("a_{axis}", unit="g", gravity="included", counter="count"),),
        preamble=(
            r"data_rate = (?P<rate_hz>\d+(\.\d+)?) Hz",
            r"acc_range = (?P<range_g>\d+(\.\d+)?) g",
        ),
        required_column="count",
        seen="real file",
        example=(
            "# Config: data_rate = 2000.0 Hz, filter = 488 Hz, acc_range = 4 g",
            "count,a_x,a_y,a_z,g_x,g_y,g_z",
            "1,0.012,-0.021,0.998,0.1,-0.2,0.0",
        ),
        remark="Without stamps: the line of its configuration says the rate.",
    ),
    CaptureFormat(
        slug="klipper",
        name="Klipper",
        columns=(Columns("accel_{axis}", (TimeColumn("time", "s"),), unit="mm/s^2"),),
        signature=r"(?m)^#time,accel_x,accel_y,accel_z",
        example=("#time,accel_x,accel_y,accel_z", "39.200000,147.6,-59.9,9810.8"),
    ),
    CaptureFormat(
        slug="microbit",
        name="micro:bit data log",
        columns=(
            Columns(
                r"(acceleration|accelerometer)?[ ._]?{axis}",
                (
                    TimeColumn(r"time \((seconds|s)\)", "s"),
                    TimeColumn(r"time \((milliseconds|ms)\)", "ms"),
                ),
            ),
        ),
        required_column=r"time \((seconds|milliseconds)\)",
        example=("Time (seconds),x,y,z", "0.02,-16,40,-1004"),
        remark="Its clock counts hundredths of a second: log at 20 to 50 Hz.",
    ),
    CaptureFormat(
        slug="brainflow",
        name="BrainFlow",
        remark=(
            "No header, and columns that depend on the board: give --columns with _ for the others."
        ),
        example=("1.0\t0.012\t-0.021\t0.998\t...\t1700000000.123",),
    ),
    CaptureFormat(
        slug="empatica-e4",
        name="Empatica E4",
        rows=(Rows("x_g/64,y_g/64,z_g/64", n_head_rows=2),),
        signature=r"\A\s*\d{9,10}(\.\d+)?([,;\t ]+\d{9,10}(\.\d+)?){2}\s*\n\s*\d+(\.\d+)?[,;\t ]",
        preamble=(
            r"\A\s*(?P<start_s>\d{9,10}(\.\d+)?)",
            r"\A[^\n]*\n\s*(?P<rate_hz>\d+(\.\d+)?)",
        ),
        members=(("ACC.csv", None),),
        companions=("BVP.csv", "EDA.csv", "HR.csv", "IBI.csv", "TEMP.csv", "tags.csv"),
        seen="real file",
        example=(
            "1560279825.000000, 1560279825.000000, 1560279825.000000",
            "32.000000, 32.000000, 32.000000",
            "-61,25,6",
        ),
        remark="ACC.csv: the first row is the start, the second the rate.",
    ),
    CaptureFormat(
        slug="embraceplus",
        name="Empatica EmbracePlus",
        columns=(
            Columns(
                "{axis}",
                (TimeColumn("unix_timestamp(_us)?"),),
            ),
        ),
        required_column="unix_timestamp(_us)?",
        example=("unix_timestamp,x,y,z", "1764754394388530,0.198603,0.312033,0.929049"),
        remark="Converted from its Avro files, which are refused.",
    ),
    CaptureFormat(
        slug="garmin-research",
        name="Garmin research export",
        rows=(Rows("time,x_mg,y_mg,z_mg", time=_ISO, cells=((0, r"\d{4}-\d\d-\d\dT.+"),)),),
        delimiters=";",
        seen="real file",
        example=("2019-10-16T12:09:01.702+02:00;-36;620;-824",),
    ),
    CaptureFormat(
        slug="faros",
        name="Bittium Faros",
        columns=(Columns("{axis}", unit="mg", gravity="included"),),
        file_name=r"(?i)(faros\w*|\b)acc\.csv",
        described_by=(Companion("faros-metadata", r"\1meta.json", of=r"(.*)ACC\.csv"),),
        seen="real file",
        example=("X,Y,Z", "308.5,-645.0,-523.5"),
        remark="Without stamps: its meta.json beside it says the rate, or give --sampling-rate.",
    ),
)
