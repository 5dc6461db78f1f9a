"""Formats of research devices, and of data sets whose files others follow."""

from __future__ import annotations

from typing import Final

from tremor.formats.csv.format_records import CaptureFormat, Columns, Rows, TimeColumn

__all__ = ["RESEARCH"]

_TEXT: Final = TimeColumn("", "text")
_DATED: Final = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.:,]\d+"
_ACTIGRAPH_LINES: Final = (
    r"(?i)date format (?P<date_form>[dMy/.\-]+)",
    r"(?i)\bat (?P<rate_hz>\d+(\.\d+)?) Hz",
)

RESEARCH: Final[tuple[CaptureFormat, ...]] = (
    CaptureFormat(
        slug="actigraph",
        name="ActiGraph raw CSV",
        signature=r"(?i)created by actigraph",
        columns=(
            Columns(
                "accelerometer {axis}",
                (TimeColumn("timestamp", "text"),),
                unit="g",
                gravity="included",
            ),
            Columns("accelerometer {axis}", unit="g", gravity="included"),
            Columns("axis ?{axis}", (TimeColumn("timestamp", "text"),), unit="g"),
        ),
        rows=(Rows("x_g,y_g,z_g"),),
        preamble=_ACTIGRAPH_LINES,
        seen="real file",
        example=(
            "--- Data File Created By ActiGraph GT3X+ ... date format M/d/yyyy at 40 Hz ---",
            "Timestamp,Accelerometer X,Accelerometer Y,Accelerometer Z",
            "6/14/2018 12:08:39.725,-0.009,-0.053,-0.988",
        ),
        remark="Its first line says rate and form of the date; files of counts are refused.",
    ),
    CaptureFormat(
        slug="axivity",
        name="Axivity AX3/AX6 CSV",
        columns=(
            Columns(
                r"accel-{axis} \(g\)",
                (TimeColumn("time", "text"),),
                unit="g",
                gravity="included",
            ),
        ),
        rows=(
            Rows("time,x_g,y_g,z_g", time=_TEXT, cells=((0, _DATED),)),
            Rows("time,x_g,y_g,z_g,_,_,_", time=_TEXT, cells=((0, _DATED),)),
        ),
        delimiters=",",
        example=("2014-05-07 16:29:30.000,-0.0156,0.2656,0.9844",),
        remark="As OmGui exports it, without a header, or with one as cwa-convert writes it.",
    ),
    CaptureFormat(
        slug="geneactiv",
        name="GENEActiv raw CSV",
        signature=r"(?im)^\W*device type\W+geneactiv",
        rows=(
            Rows("time,x_g,y_g,z_g,_,_,_", time=_TEXT, cells=((0, _DATED),)),
            Rows("time,x_g,y_g,z_g", time=_TEXT, cells=((0, _DATED),)),
        ),
        preamble=(r"(?im)^\W*measurement frequency\W+(?P<rate_hz>\d+(\.\d+)?)",),
        delimiters=",",
        example=(
            "Device Type,GENEActiv",
            "Measurement Frequency,100 Hz",
            "2013-05-21 16:47:50:000,-0.0156,0.2656,0.9844,12,0,23.5",
        ),
        remark="Some hundred lines about the device, then rows without a header.",
    ),
    CaptureFormat(
        slug="mhealth",
        name="mHealth specification",
        columns=(
            Columns(
                r"({axis}|{axis}_acceleration_meters_per_second_squared)",
                (TimeColumn("header_time_stamp", "text"),),
            ),
        ),
        seen="real file",
        example=("HEADER_TIME_STAMP,X,Y,Z", "2017-03-16 12:25:50.000,0.396,1.249,0.161"),
        remark="Its rows are in g; some tables of that name hold m/s^2, so gravity decides.",
    ),
    CaptureFormat(
        slug="oxford-step-counter",
        name="Oxford step counter data",
        rows=(
            Rows(
                "time_ns,_,x_ms2,y_ms2,z_ms2",
                cells=((1, "[0-3]"),),
            ),
            Rows(
                "time_ns,x_ms2,y_ms2,z_ms2,_,_,_",
                cells=((4, r"\d+"), (5, r"\d+"), (6, r"\d+")),
            ),
        ),
        delimiters=",",
        seen="real file",
        example=("584065454762638,3,-2.0381618,4.157754,8.53585",),
        remark="Nanoseconds since the start of the phone, its accuracy flag, then the axes.",
    ),
    CaptureFormat(
        slug="cloudupdrs",
        name="CloudUPDRS",
        rows=(Rows("time_ns,x_ms2,y_ms2,z_ms2,_", cells=((4, r"\d{1,2}"),)),),
        delimiters=",",
        seen="real file",
        example=("1254654693282883,-1.7788919,4.286818,-8.580819,3",),
        remark="Nanoseconds since the start of the phone, the axes, a label.",
    ),
    CaptureFormat(
        slug="wisdm",
        name="WISDM",
        rows=(
            *(
                Rows(
                    f"_,_,time_{unit},x_ms2,y_ms2,z_ms2",
                    cells=((0, r"\d+"), (1, r"[A-Za-z]+")),
                    sources=(0,),
                )
                for unit in ("ns", "ms")
            ),
        ),
        comment=";",
        delimiters=",",
        example=("33,Jogging,49105962326000,-0.6946377,12.680544,0.50395286;",),
        remark="A file of several people is refused: choose one with --source.",
    ),
    CaptureFormat(
        slug="uci-har",
        name="UCI HAR raw signals",
        rows=(Rows("x_g,y_g,z_g"),),
        file_name=r"(?i)\bacc_exp\d+_user\d+",
        delimiters=" ",
        example=("0.9180555898766518 -0.1124999994242935 0.5097222514293852",),
        remark="Without stamps: give --sampling-rate 50.",
    ),
    CaptureFormat(
        slug="daphnet",
        name="Daphnet freezing of gait",
        rows=(
            Rows(
                "time_ms,x_mg,y_mg,z_mg,_,_,_,_,_,_,_",
                cells=((4, r"-?\d+"), (9, r"-?\d+"), (10, "[0-2]")),
            ),
        ),
        delimiters=" ,",
        seen="real file",
        example=("15 70 39 -970 0 0 0 0 0 0 0",),
        remark="Ankle, thigh and trunk: the ankle is read.",
    ),
    CaptureFormat(
        slug="realworld-har",
        name="RealWorld HAR and Android loggers like it",
        columns=(
            Columns(
                "attr_{axis}",
                (TimeColumn("attr_time", "ms"),),
                unit="m/s^2",
            ),
        ),
        seen="real file",
        example=("id,attr_time,attr_x,attr_y,attr_z", "1,1435988871513,0.55,9.70,0.42"),
    ),
    CaptureFormat(
        slug="user-acceleration",
        name="user acceleration and gravity in columns apart",
        columns=(
            Columns(
                "ua{axis}",
                (TimeColumn("t|time"),),
                gravity="included",
                added_axes="g{axis}",
            ),
        ),
        seen="real file",
        example=("t,uax,uay,uaz,gx,gy,gz", "0.0,0.01,-0.02,0.00,0.1,-0.2,-0.97"),
    ),
)
