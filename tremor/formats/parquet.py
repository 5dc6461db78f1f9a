"""Recordings as Parquet files, and back without loss; the only importer of pyarrow.

A row is a sample that is there: ``index`` on the even grid, ``time_s`` from the first place of it,
and the acceleration, as numbers of 64 bits. All else that a recording knows is JSON in the
metadata of the file under the key ``tremor``, schema ``tremor.parquet/1``.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tremor.errors import CaptureReadError, InvalidInputError
from tremor.files import refuse_existing, require_parent, whole_file
from tremor.formats.csv.native import ACCELERATION_COLUMNS, TIME_COLUMN
from tremor.formats.folder.samples import INDEX_COLUMN
from tremor.integrity import find_clipped
from tremor.notes import Note
from tremor.recording import (
    AXES,
    Floats,
    Gap,
    Gravity,
    Placement,
    Recording,
    SensorInfo,
    Source,
)
from tremor.storage import ArraySamples

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["is_parquet", "read_recording_parquet", "write_recording_parquet"]

_MAGIC: Final = b"PAR1"
_SCHEMA: Final = "tremor.parquet/1"
_KEY: Final = b"tremor"
_FORMAT: Final = "tremor-parquet"


def write_recording_parquet(
    path: str | os.PathLike[str], recording: Recording, *, overwrite: bool = False
) -> None:
    """Write a recording as a Parquet file, whole or not at all.

    Parameters
    ----------
    path : path
        File to write.
    recording : Recording
        Its lost samples become absent rows.
    overwrite : bool
        Whether a file that exists may be replaced.

    Raises
    ------
    WouldOverwriteError
        Where the file exists and ``overwrite`` is not given.
    InvalidInputError
        Where pyarrow is not installed, or there is no such folder.
    """
    arrow, parquet = _arrow()
    path = Path(path)
    refuse_existing(path, overwrite=overwrite)
    require_parent(path)
    samples = recording.acceleration_ms2
    index = np.flatnonzero(~np.isnan(samples).any(axis=1)).astype(np.int64)
    columns = {INDEX_COLUMN: index, TIME_COLUMN: index / recording.sampling_rate_hz}
    columns |= {
        name: np.ascontiguousarray(samples[index, axis])
        for axis, name in enumerate(ACCELERATION_COLUMNS)
    }
    table = arrow.table(columns).replace_schema_metadata({_KEY: json.dumps(_facts(recording))})
    with whole_file(path) as stream:
        parquet.write_table(table, stream, compression="zstd")


def is_parquet(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is that of a Parquet file, by its first bytes."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:  # a folder, or nothing: others say so
        return False


def read_recording_parquet(
    path: str | os.PathLike[str],
    *,
    gravity: Gravity | None = None,
    placement: Placement | str | None = None,
) -> Recording:
    """Read a recording that `write_recording_parquet` wrote.

    Parameters
    ----------
    path : path
        Parquet file.
    gravity, placement
        Count before what the file says.

    Returns
    -------
    Recording
        As it was written; its history has a step more, and its source is the file.

    Raises
    ------
    CaptureReadError
        Where the file is damaged, or was written by another tool.
    InvalidInputError
        Where pyarrow is not installed.
    """
    arrow, parquet = _arrow()
    path = Path(path)
    try:
        table = parquet.read_table(path)
    except (arrow.ArrowException, OSError) as error:
        raise CaptureReadError(f"{path} is a damaged Parquet file; write it again") from error
    said = (table.schema.metadata or {}).get(_KEY)
    facts = json.loads(said) if said else {}
    if facts.get("schema") != _SCHEMA:
        raise CaptureReadError(
            f"{path} was not written by tremor convert, so nothing tells what its columns are; "
            "export it as CSV"
        )
    index = table[INDEX_COLUMN].to_numpy()
    samples = np.full((facts["n_places"], len(AXES)), np.nan)
    for axis, name in enumerate(ACCELERATION_COLUMNS):
        samples[index, axis] = table[name].to_numpy()
    recording = _recording(facts, samples, path)
    if isinstance(placement, str):
        placement = Placement.from_text(placement)
    return replace(
        recording,
        gravity=gravity or recording.gravity,
        placement=placement or recording.placement,
    )


def _facts(recording: Recording) -> dict[str, object]:
    started_at, placement, source = recording.started_at, recording.placement, recording.source
    return {
        "schema": _SCHEMA,
        "n_places": len(recording.acceleration_ms2),
        "sampling_rate_hz": recording.sampling_rate_hz,
        "sampling_rate_sd_hz": recording.sampling_rate_sd_hz,
        "nominal_sampling_rate_hz": recording.nominal_sampling_rate_hz,
        "started_at": None if started_at is None else started_at.isoformat(),
        "sensor": None if recording.sensor is None else asdict(recording.sensor),
        "placement": None if placement is None else asdict(placement),
        "gaps": [asdict(gap) for gap in recording.gaps],
        "dead_axes": list(recording.dead_axes),
        "gravity": recording.gravity,
        "unit_in": recording.unit_in,
        "scale_correction": recording.scale_correction,
        "warnings": [warning.to_dict() for warning in recording.warnings],
        "history": list(recording.history),
        "source": None if source is None else asdict(source),
    }


def _recording(facts: dict[str, Any], samples: Floats, path: Path) -> Recording:
    started_at, placement = facts["started_at"], facts["placement"]
    sensor = None if facts["sensor"] is None else SensorInfo(**facts["sensor"])
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    clipped = find_clipped(samples, range_ms2=sensor.range_ms2 if sensor else None)
    return Recording(
        samples=ArraySamples(samples, clipped),
        sampling_rate_hz=facts["sampling_rate_hz"],
        sampling_rate_sd_hz=facts["sampling_rate_sd_hz"],
        nominal_sampling_rate_hz=facts["nominal_sampling_rate_hz"],
        started_at=None if started_at is None else datetime.fromisoformat(started_at),
        sensor=sensor,
        placement=None if placement is None else Placement(**placement),
        gaps=tuple(Gap(**gap) for gap in facts["gaps"]),
        dead_axes=tuple(facts["dead_axes"]),
        gravity=facts["gravity"],
        unit_in=facts["unit_in"],
        scale_correction=facts["scale_correction"],
        warnings=tuple(Note.from_dict(warning) for warning in facts["warnings"]),
        history=(*facts["history"], f"read {path.name} as {_FORMAT}"),
        source=Source(path.name, digest, _FORMAT),
    )


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
