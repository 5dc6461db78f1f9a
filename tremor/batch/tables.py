"""The tables of a batch, written row by row from the journals, and their data dictionary."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tremor.batch.items import MANIFEST_COLUMNS, Item
from tremor.batch.rows import CaptureRow
from tremor.errors import InvalidInputError
from tremor.files import whole_file
from tremor.results.summary_columns import QUALITY_COLUMNS, SUMMARY_COLUMNS

__all__ = [
    "DICTIONARY_TABLE",
    "QUALITY_TABLE",
    "SUMMARY_TABLE",
    "TableColumn",
    "cells_of",
    "dictionary_rows",
    "other_columns",
    "write_cells",
    "write_parquet",
    "write_table",
]


class TableColumn(NamedTuple):
    """A column of a table: name, unit (empty for text), meaning."""

    name: str
    unit: str
    meaning: str


_IDENTITY: Final = (
    TableColumn("id", "", "Name of the capture's files, unique in the batch"),
    TableColumn("path", "", "Path or URL of the capture"),
    *(TableColumn(name, "", MANIFEST_COLUMNS[name]) for name in ("subject", "group", "session")),
)
_END: Final = (
    TableColumn("result", "", "File of the whole result, relative to the folder of the batch"),
    TableColumn("key", "", "Digest of capture, answers, settings and version"),
)
_OUTCOME: Final = (
    TableColumn("outcome", "", "measured, no_tremor, insufficient or failed"),
    TableColumn("error_kind", "", "Name of the error; empty without"),
    TableColumn("error", "", "What it says"),
)


def _table(columns: Iterable[Any]) -> tuple[TableColumn, ...]:
    return tuple(TableColumn(one.name, one.unit, one.meaning) for one in columns)


#: Columns of ``summary.csv``: a row a capture, what was found.
SUMMARY_TABLE: Final = (*_IDENTITY, *_OUTCOME, *_table(SUMMARY_COLUMNS), *_END)
#: Columns of ``quality.csv``: a row a capture, how good it is.
QUALITY_TABLE: Final = (
    *_IDENTITY,
    *_OUTCOME,
    *_table(QUALITY_COLUMNS),
    TableColumn("odd", "", "Columns in which the capture is unlike the others, the oddest first"),
)


def other_columns(rows: Iterable[CaptureRow]) -> tuple[TableColumn, ...]:
    """Return the columns of manifests that have no meaning here, by name."""
    names = dict.fromkeys(name for row in rows for name in row.item.other)
    return tuple(TableColumn(name, "", "As in the manifest") for name in sorted(names))


def write_table(
    path: Path,
    columns: Sequence[TableColumn],
    rows: Iterable[CaptureRow],
    *,
    odd: Mapping[int, tuple[str, ...]] = MappingProxyType({}),
) -> None:
    """Write a table of captures as CSV, row by row; equal rows make equal files.

    Parameters
    ----------
    path : Path
        File, which is replaced when the new one is whole.
    columns : sequence of TableColumn
        `SUMMARY_TABLE` or `QUALITY_TABLE`, and `other_columns`.
    rows : iterable of CaptureRow
        In order.
    odd : mapping of int to tuple of str
        Columns in which captures are unlike the others, by their place.
    """
    cells = ({**cells_of(row), "odd": " ".join(odd.get(at, ()))} for at, row in enumerate(rows))
    write_cells(path, columns, cells)


def write_cells(path: Path, columns: Sequence[TableColumn], rows: Iterable[dict[str, Any]]) -> None:
    """Write rows of cells as CSV.

    Parameters
    ----------
    path, columns
        As in `write_table`.
    rows : iterable of dict
        Cells by the names of the columns; missing ones are empty.
    """
    with whole_file(path) as stream:
        for line in csv_lines(columns, rows):
            stream.write(line.encode())


def csv_lines(columns: Sequence[TableColumn], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a table as lines of CSV.

    Yields
    ------
    str
        The header, then a line for each row.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [column.name for column in columns]
    writer.writerow(names)
    for row in rows:
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_text(row.get(name)) for name in names])
    yield buffer.getvalue()


def cells_of(row: CaptureRow) -> dict[str, Any]:
    """Return the cells of a row for all tables."""
    item = row.item
    own = {name: getattr(item, name) for name in Item.__dataclass_fields__ if name != "other"}
    return {
        **item.other,
        **own,
        "outcome": row.outcome,
        "error_kind": row.error_kind,
        "error": row.error,
        "result": row.result,
        "key": row.key,
        **row.quality,
        **row.summary,
    }


def _text(cell: Any) -> str:  # noqa: ANN401 - what JSON holds
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    return repr(cell) if isinstance(cell, float) else str(cell)


def dictionary_rows(tables: dict[str, Sequence[TableColumn]]) -> list[dict[str, Any]]:
    """Return the data dictionary: a row for each column of each table."""
    return [
        {"table": table, "column": one.name, "unit": one.unit, "meaning": one.meaning}
        for table, columns in tables.items()
        for one in columns
    ]


DICTIONARY_TABLE: Final = (
    TableColumn("table", "", "File"),
    TableColumn("column", "", "Name of the column"),
    TableColumn("unit", "", "Unit; empty for text"),
    TableColumn("meaning", "", "What it holds"),
)


def write_parquet(path: Path, source: Path, columns: Sequence[TableColumn]) -> None:
    """Write a table as Parquet, from its CSV, part by part.

    Parameters
    ----------
    path : Path
        File to write.
    source : Path
        The table as CSV.
    columns : sequence of TableColumn
        Its columns; those with a unit hold numbers.

    Raises
    ------
    InvalidInputError
        If the extra is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise InvalidInputError(
            "Parquet needs the extra parquet; pip install 'tremor-analyzer[parquet]'"
        ) from error
    types = {
        one.name: pa.float64() if one.unit and one.unit != "ISO 8601" else pa.string()
        for one in columns
    }
    convert = arrow_csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    with (
        arrow_csv.open_csv(source, convert_options=convert) as reader,
        whole_file(path) as stream,
        ParquetWriter(stream, reader.schema) as writer,
    ):
        for part in reader:
            writer.write_batch(part)
