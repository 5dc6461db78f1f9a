"""The table of text formats: which there are, in the order in which they are tried.

To add a format, add an entry to the list of its writers in `tremor.formats.csv.table`; what an
entry may say is `tremor.formats.csv.format_records.CaptureFormat`. No code asks for a format by its
name. ``tremor formats`` prints the table.
"""

from __future__ import annotations

import re
from typing import Final

from tremor.formats.csv.format_records import (
    CaptureFormat,
    Columns,
    FileName,
    Refusal,
    TimeColumn,
)
from tremor.formats.csv.native import ACCELERATION_COLUMNS, FIRST_LINE, TIME_COLUMN
from tremor.formats.csv.table.phone_apps import PHONE_APPS
from tremor.formats.csv.table.research import RESEARCH
from tremor.formats.csv.table.sensors import SENSORS

__all__ = ["ANY_HEADER", "DECLARED", "FORMATS", "REFUSALS"]

#: Between what a line above the samples states and its number.
_SAYS: Final = r"""[ \t"']{0,9}([(\[](hz|khz|ms)[)\]])?[ \t"':=,;]{0,20}"""
_NUMBER: Final = r"\d+([.,]\d+)?"
#: How files of no known program state rate and unit above their samples.
_RATE: Final = (
    r"(?im)\b(sampl(e|ing)|data|output|acquisition|measurement|update|odr|nominal|logging)"
    rf"[ _-]?(rate|freq(uency)?)(_hz)?\b{_SAYS}(?P<rate_hz>{_NUMBER})"
    r"(?![.,]?\d)[ \t]*(hz\b|samples|sps|1/s|[,;\t ]*$)"
)
_RATE_ALONE: Final = (
    rf"(?im)(^|[,;#%/])[ \t]*(fs|odr|rate|frequency|freq|hz)\b{_SAYS}(?P<rate_hz>{_NUMBER})"
    r"(?![.,]?\d)([ \t]*hz\b|[,;\t ]*$)"
)
_RATE_KHZ: Final = rf"(?im)\b(rate|freq(uency)?|odr|fs)\b{_SAYS}(?P<rate_khz>{_NUMBER})[ \t]*khz\b"
_PERIOD: Final = (
    r"(?im)\b(sampl(e|ing)|logging)[ _-]?(period|interval|rate|time)(_ms)?\b"
    rf"{_SAYS}(?P<period_ms>{_NUMBER})[ \t]*(ms|msec|milliseconds)\b"
)
_UNIT: Final = (
    r"(?im)^\W*(acc\w*[ _-])?units?( of acc\w*)?\s*[:=,;\t]\s*(?P<unit>[^\s,;]{1,12})[,;\t ]*$"
)
_START: Final = (
    r"(?im)^\W*(start(ed)?([ _-]?(time|at|date))?|recording start)\s*[:=,;\t]\s*"
    r"(?P<start>\d{4}-\d\d-\d\d[T ][\d:.]+ ?(Z|[+-]\d\d:?\d\d))[,;\t ]*$"
)

ANY_HEADER: Final = CaptureFormat(
    slug="headed-csv",
    name="any CSV with a header",
    generic=True,
    preamble=(_RATE, _PERIOD, _RATE_ALONE, _RATE_KHZ, _UNIT, _START),
    file_names=(FileName(r"(?<![a-z0-9])lacm(?![a-z0-9])", "removed"),),
    example=("time_s,acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2)", "0.01,0.12,-0.33,9.78"),
    seen="real file",
    remark="Columns named as time and as x, y, z of an acceleration, in any order.",
)
DECLARED: Final = CaptureFormat(
    slug="declared-columns",
    name="columns declared by --columns",
    generic=True,
    preamble=ANY_HEADER.preamble,
    seen="real file",
    remark="Whatever holds numbers in columns: say what they are with --columns.",
)

FORMATS: Final[tuple[CaptureFormat, ...]] = (
    CaptureFormat(
        slug="tremor-csv",
        name="native CSV",
        signature=r"\A(\ufeff)?" + re.escape(FIRST_LINE) + r"[ \t,]*(\n|\Z)",
        columns=(
            Columns(
                ACCELERATION_COLUMNS[0].replace("_x_", "_{axis}_"),
                (TimeColumn(TIME_COLUMN, "s"),),
                unit="m/s^2",
            ),
        ),
        members=(("samples.csv", None),),
        declares_facts=True,
        seen="real file",
        example=(
            FIRST_LINE,
            f"{TIME_COLUMN},{','.join(ACCELERATION_COLUMNS)}",
            "0.010000,0.12000,-0.33000,9.78000",
        ),
        remark="What tremor record and tremor convert write.",
    ),
    *PHONE_APPS,
    *SENSORS,
    *RESEARCH,
    ANY_HEADER,
    DECLARED,
)

_COUNTS: Final = "holds activity counts, which cannot carry tremor; export the raw acceleration"

REFUSALS: Final[tuple[Refusal, ...]] = (
    Refusal(
        r"Epoch Period \(hh:mm:ss\) (?!00:00:00)\d\d:\d\d:\d\d",
        "ActiGraph counts per epoch",
        "holds activity counts per epoch, which cannot carry tremor; export the raw acceleration",
    ),
    Refusal(r"(?i)\bactivity \([xyz]\)", "ActiGraph counts", _COUNTS),
    Refusal(
        r"(?i)\braw_tp9\b",
        "Muse Monitor",
        "is a Muse Monitor table, whose rows follow the clock of the EEG and repeat the "
        "acceleration; export the accelerometer by itself",
    ),
    Refusal(r"(?im)^(?=.*\baxis1\b)(?=.*\baxis2\b)(?=.*\baxis3\b)", "ActiGraph counts", _COUNTS),
    Refusal(
        r"\A\s*\d\d:\d\d:\d\d\.\d+ -> ",
        "log of a serial monitor with an arrow behind the time",
        "is the log of a serial monitor, with an arrow behind the time; replace each ' -> ' by a "
        "comma and say what the columns are, such as --columns time,x,y,z",
    ),
    Refusal(
        r"(?i)\A\s*(acc\w*[ _])?x ?[:=] ?-?[\d.]+[,;\t ]+(acc\w*[ _])?y ?[:=] ?-?[\d.]+",
        "log with the names of the axes in each row",
        "has the names of the axes in each row; take them out, leaving a name and a comma between "
        "the columns of a header, and numbers alone below it",
    ),
    Refusal(
        r"\A\s*\d{5}\.\d{6,}[,;]\d{1,4}[,;]\d{1,4}[,;]\d{1,4}\s*\n",
        "activPAL",
        "is an activPAL table of counts of 8 or 10 bits, which have no known size; export the "
        "acceleration in g",
    ),
)
