"""All facts of a recording as JSON, and the recording of facts and samples, without loss.

Forms that are read back whole keep the facts beside their samples, such as
`tremor.formats.parquet` and `tremor.formats.bids`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from tremor.arrays import Floats, Indices
from tremor.decisions import ReadingDecision
from tremor.errors import CaptureReadError, InvalidInputError
from tremor.integrity import find_clipped
from tremor.notes import Note
from tremor.recording import CaptureInfo, Recording, Source
from tremor.segments import Segment, require_order, sample_of
from tremor.settings import SEGMENTS
from tremor.storage import ArraySamples

__all__ = ["facts_of", "recording_of", "rows_of"]


def facts_of(recording: Recording) -> dict[str, Any]:
    """Return all facts of a recording as a JSON object.

    Parameters
    ----------
    recording : Recording
        Its samples are only counted.

    Returns
    -------
    dict
        The fields of `CaptureInfo`, and ``n_places``, the number of samples with lost ones.
    """
    info = recording.info
    facts: dict[str, Any] = msgspec.to_builtins(replace(info, warnings=(), decisions=()))
    return facts | {
        "n_places": len(recording.samples),
        "warnings": [warning.to_dict() for warning in info.warnings],
        "decisions": [decision.to_dict() for decision in info.decisions],
    }


def recording_of(facts: Mapping[str, Any], samples: Floats, path: Path, slug: str) -> Recording:
    """Make a recording of its facts and its samples.

    Parameters
    ----------
    facts : mapping
        What `facts_of` returned.
    samples : ndarray, shape (n, 3)
        m/s^2; NaN where lost.
    path : Path
        File of the samples, for its name and digest.
    slug : str
        Name of the form, for the source and the history.

    Returns
    -------
    Recording
        As it was written, with a further step in its history; its source is this file.

    Raises
    ------
    CaptureReadError
        If the facts are not those of a recording.
    """
    # Files of before version 0.2 have no facts that follow from the samples.
    derived = {"duration_s": 0.0, "n_samples": 0}
    try:
        info = msgspec.convert({**derived, **facts, "warnings": [], "decisions": []}, CaptureInfo)
        warnings = tuple(Note.from_dict(warning) for warning in facts["warnings"])
        decisions = tuple(map(ReadingDecision.from_dict, facts.get("decisions", ())))
    except (msgspec.ValidationError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise _damaged(path, error) from error
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    info = replace(
        info,
        warnings=warnings,
        decisions=decisions,
        history=(*info.history, f"read {path.name} as {slug}"),
        source=Source(path.name, digest, slug),
    )
    range_ms2 = info.sensor.range_ms2 if info.sensor else None
    stored = ArraySamples(samples, find_clipped(samples, range_ms2=range_ms2))
    try:
        return Recording.of(info, stored)
    except InvalidInputError as error:
        raise _damaged(path, error) from error


def rows_of(facts: Mapping[str, Any], index: Indices, path: Path) -> Indices:
    """Return the samples at places of the even grid.

    Parameters
    ----------
    facts : mapping
        What `facts_of` returned.
    index : ndarray of int, shape (n,)
        Places on the even grid, in which long gaps count.
    path : Path
        File of the samples, for its name.

    Returns
    -------
    ndarray of int, shape (n,)
        Numbers of samples, below ``n_places``.

    Raises
    ------
    CaptureReadError
        If the facts are not those of a recording with these samples.
    """
    try:
        segments = msgspec.convert(facts.get("segments", ()), tuple[Segment, ...])
        rate_hz, n_places = float(facts["sampling_rate_hz"]), int(facts["n_places"])
        require_order(segments, sampling_rate_hz=rate_hz)
        rows = sample_of(segments, index, sampling_rate_hz=rate_hz)
    except (
        msgspec.ValidationError,
        LookupError,
        TypeError,
        ValueError,
        ZeroDivisionError,
    ) as error:
        raise _damaged(path, error) from error
    least = len(rows) and int(rows.max()) + 1
    most = SEGMENTS.least_in_holes + SEGMENTS.most_holes * len(rows)
    if not (least <= n_places <= most and (not len(rows) or rows.min() >= 0)):
        raise _damaged(path, f"{n_places} samples for {len(rows)} rows")
    return rows


def _damaged(path: Path, why: object) -> CaptureReadError:
    return CaptureReadError(
        f"{path} holds facts that are damaged ({why}); write it again with tremor convert"
    )
