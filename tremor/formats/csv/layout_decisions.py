"""The decisions on a text table, from its layout and the form of its stamps.

Those on unit, gravity and sampling rate are made where these are determined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tremor.decisions import How
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.dialects import DECLARED
from tremor.formats.csv.sniffing import TableLayout
from tremor.formats.table import Table
from tremor.notes import note

if TYPE_CHECKING:
    from tremor.formats.csv.stamps import Stamps

__all__ = ["note_layout", "note_stamps"]

#: Encodings in which any bytes are text, so that nothing tells them apart.
_ANY_BYTES: Final = frozenset({"gbk", "latin-1"})


def note_layout(table: Table, layout: TableLayout, capture: CaptureFile) -> None:
    """Note the decisions on format, member, encoding, delimiter and decimal sign.

    Parameters
    ----------
    table : Table
        They are added to its decisions.
    layout : TableLayout
        What was found.
    capture : CaptureFile
        Its name.
    """
    said = layout.said
    is_said = layout.format is DECLARED or said.format is not None
    # A format with a first line of its own names itself; the others are told by their columns.
    how: How = "said" if is_said else "named" if layout.format.signature else "told"
    table.decide("format", layout.format.slug, how)
    if layout.source is not None:
        table.decide("capture", f"{capture.name}, {layout.source[1]}", "said")
    elif not capture.is_a_file:
        table.decide("capture", capture.name, "told" if said.source is None else "said")
    table.decide(
        "encoding", layout.encoding, "guessed" if layout.encoding in _ANY_BYTES else "told"
    )
    table.decide("delimiter", layout.delimiter, "told" if said.delimiter is None else "said")
    table.decide("decimal", layout.decimal, "told" if said.decimal is None else "said")


def note_stamps(table: Table, layout: TableLayout, stamps: Stamps) -> None:
    """Note the decisions on time column, unit of time and form of dates.

    Parameters
    ----------
    table : Table
        They are added to its decisions.
    layout : TableLayout
        The time column, and the unit that it names.
    stamps : Stamps
        Unit and form as they were found.
    """
    columns, is_said = layout.columns, layout.format is DECLARED
    assert columns.time is not None
    name = layout.names[columns.time].strip() if columns.time < len(layout.names) else ""
    how: How = "said" if is_said else "told" if layout.passed_over else "named"
    table.decide("time_column", name or str(columns.time + 1), how, layout.passed_over)
    guessed = next((one for one in stamps.warnings if one.code == "TIME_UNIT_GUESSED"), None)
    if stamps.dates is not None:
        forms = stamps.dates.forms
        form = forms[0].shown or "ISO 8601"
        table.decide("date_form", form, "told" if len(forms) == 1 else "guessed")
    elif stamps.unit == "time of day":
        table.decide("date_form", "HH:MM:SS", "told")
    elif columns.time_unit:
        is_said = is_said or layout.said.time_unit is not None
        table.decide("time_unit", stamps.unit, "said" if is_said else "named")
    elif guessed is not None:
        why = note("BY_RATE", rate_hz=guessed.values["rate_hz"])
        table.decide("time_unit", stamps.unit, "guessed", why)
    else:
        table.decide("time_unit", stamps.unit, "told", note("BY_DATE"))
