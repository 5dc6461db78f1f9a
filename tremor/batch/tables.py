"""The tables of a batch, written row by row from the journals, and their data dictionary."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from tremor.batch.manifests import MANIFEST_COLUMNS
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
    "table_file",
    "write_cells",
    "write_parquet",
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
_OWN_NAMES: Final = frozenset(one.name for one in (*SUMMARY_TABLE, *QUALITY_TABLE))


def other_columns(names: Iterable[str]) -> tuple[TableColumn, ...]:
    """Return the columns of manifests that have no meaning here, by name."""
    return tuple(TableColumn(_told_as(name), "", "As in the manifest") for name in sorted(names))


def _told_as(name: str) -> str:
    """Return the name of a column of a manifest, which may be that of a column of our own."""
    return f"manifest_{name}" if name in _OWN_NAMES else name


@contextmanager
def table_file(
    path: Path, columns: Sequence[TableColumn]
) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Open a CSV table that appears under its name when it is complete.

    Parameters
    ----------
    path : Path
        File to write.
    columns : sequence of TableColumn
        Its columns, which make the header.

    Yields
    ------
    callable
        Adds a row of cells by the names of the columns; missing ones are empty. Equal rows make
        equal files.
    """
    names = [column.name for column in columns]
    with whole_file(path) as stream:
        writer = csv.writer(_Encoded(stream), lineterminator="\n")
        writer.writerow(names)

        def add(cells: Mapping[str, Any]) -> None:
            found = map(cells.get, names)
            writer.writerow([str(one).lower() if one.__class__ is bool else one for one in found])

        yield add


def write_cells(
    path: Path, columns: Sequence[TableColumn], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Write rows of cells as CSV.

    Parameters
    ----------
    path, columns
        As in `table_file`.
    rows : iterable of mapping
        Cells by the names of the columns; missing ones are empty.
    """
    with table_file(path, columns) as add:
        for row in rows:
            add(row)


class _Encoded:
    """What `csv.writer` writes to; names of files that are no text are written with escapes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text as UTF-8."""
        return self._stream.write(text.encode(errors="backslashreplace"))


def cells_of(row: CaptureRow) -> dict[str, Any]:
    """Return the cells of a row for all tables."""
    item = row.item
    return {
        **{_told_as(name): text for name, text in item.other.items()},
        "id": item.id,
        "path": item.path,
        "subject": item.subject,
        "group": item.group,
        "session": item.session,
        "placement": item.placement,
        "outcome": row.outcome,
        "error_kind": row.error_kind,
        "error": row.error,
        "result": row.result,
        "key": row.key,
        **row.quality,
        **row.summary,
    }


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
        Its columns; those with a unit hold numbers, all others text.

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
