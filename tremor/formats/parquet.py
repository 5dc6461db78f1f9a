"""Recordings as Parquet files, and back without loss; the only importer of pyarrow.

A row is a sample that is not lost: its ``index`` on the even grid, in which long gaps count, its
``time_s`` from index 0, and the acceleration, as 64-bit numbers. All facts of the capture are JSON
in the metadata of the file under the key ``tremor``, schema ``tremor.parquet/1``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from tremor.errors import CaptureReadError, InvalidInputError
from tremor.files import refuse_existing, require_parent, whole_file
from tremor.formats.capture_facts import facts_of, recording_of, rows_of
from tremor.formats.csv.native import ACCELERATION_COLUMNS, TIME_COLUMN
from tremor.formats.decoders.decoding import Description
from tremor.formats.folder.samples import INDEX_COLUMN
from tremor.recording import AXES, Recording
from tremor.segments import sample_places

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "PARQUET",
    "PARQUET_SLUG",
    "is_parquet",
    "read_recording_parquet",
    "write_recording_parquet",
]

PARQUET_SLUG: Final = "tremor-parquet"
PARQUET: Final = Description(
    told_by="first bytes",
    time="the index of each sample and the true rate",
    units=("m/s^2",),
    gravity="as it was written",
    seen="real file",
    example="session.parquet",
    remark="It needs pip install 'tremor-analyzer[parquet]'; that of others is refused.",
)
_MAGIC: Final = b"PAR1"
_SCHEMA: Final = "tremor.parquet/1"
_KEY: Final = b"tremor"


def write_recording_parquet(
    path: str | os.PathLike[str], recording: Recording, *, overwrite: bool = False
) -> None:
    """Write a recording as a Parquet file, whole or not at all.

    Parameters
    ----------
    path : path
        File to write.
    recording : Recording
        Its lost samples are left out.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    WouldOverwriteError
        If the file exists and may not be replaced.
    InvalidInputError
        If pyarrow is not installed, or the folder does not exist.
    """
    arrow, parquet = _arrow()
    path = Path(path)
    refuse_existing(path, overwrite=overwrite)
    require_parent(path)
    samples = recording.acceleration_ms2
    rows = np.flatnonzero(~np.isnan(samples).any(axis=1)).astype(np.int64)
    rate_hz = recording.sampling_rate_hz
    index = sample_places(recording.segments, rows, sampling_rate_hz=rate_hz)
    columns = {INDEX_COLUMN: index, TIME_COLUMN: index / rate_hz}
    columns |= {
        name: np.ascontiguousarray(samples[rows, axis])
        for axis, name in enumerate(ACCELERATION_COLUMNS)
    }
    table = arrow.table(columns).replace_schema_metadata({_KEY: _facts(recording)})
    with whole_file(path) as stream:
        parquet.write_table(table, stream, compression="zstd")


def is_parquet(path: str | os.PathLike[str]) -> bool:
    """Check whether a path is that of a Parquet file, by its first bytes."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:  # a folder, or nothing: left to the next reader
        return False


def read_recording_parquet(path: str | os.PathLike[str]) -> Recording:
    """Read a recording that `write_recording_parquet` wrote.

    Parameters
    ----------
    path : path
        Parquet file.

    Returns
    -------
    Recording
        As it was written, with a further step in its history; its source is this file.

    Raises
    ------
    CaptureReadError
        If the file is damaged, or was written by another tool.
    InvalidInputError
        If pyarrow is not installed.
    """
    arrow, parquet = _arrow()
    path = Path(path)
    try:
        table = parquet.read_table(path)
    except (arrow.ArrowException, OSError) as error:
        raise CaptureReadError(f"{path} is a damaged Parquet file; write it again") from error
    metadata = (table.schema.metadata or {}).get(_KEY)
    facts = msgspec.json.decode(metadata) if metadata else {}
    if facts.get("schema") != _SCHEMA:
        raise CaptureReadError(
            f"{path} was not written by tremor convert, so nothing tells what its columns are; "
            "export it as CSV"
        )
    rows = rows_of(facts, table[INDEX_COLUMN].to_numpy(), path)
    samples = np.full((facts["n_places"], len(AXES)), np.nan)
    for axis, name in enumerate(ACCELERATION_COLUMNS):
        samples[rows, axis] = table[name].to_numpy()
    return recording_of(facts, samples, path, PARQUET_SLUG)


def _facts(recording: Recording) -> bytes:
    return msgspec.json.encode({"schema": _SCHEMA, **facts_of(recording)})


def _arrow() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InvalidInputError(
            "Parquet needs pyarrow, which is not installed; "
            "install it with: pip install 'tremor-analyzer[parquet]'"
        ) from error
    return pyarrow, pyarrow.parquet
