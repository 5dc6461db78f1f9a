"""The work on one capture of a batch, in whatever process; it never raises for a bad capture."""

from __future__ import annotations

import gzip
import io
import math
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from tremor import pipeline, system_calls
from tremor.batch.items import Item
from tremor.batch.request import BatchRequest, digest_of, key_of
from tremor.batch.rows import CaptureRow
from tremor.batch.urls import is_url, local_copy, store_digest, without_credentials
from tremor.batch.writing import OutputsError, writing
from tremor.errors import CaptureNotFoundError, CaptureReadError, TremorError
from tremor.explanation.answers.context import Context
from tremor.files import whole_file
from tremor.report.messages import sentence
from tremor.results.analysis import Analysis
from tremor.results.summary_columns import QUALITY_COLUMNS, SUMMARY_COLUMNS, row_of

__all__ = ["INTERNAL_ERROR", "analyze_capture", "failed_row"]

#: Kind of an error that is a fault of this software and not of the capture.
INTERNAL_ERROR: Final = "InternalError"
#: Points of the small picture of the strength over time.
_PICTURE_POINTS: Final = 60


def analyze_capture(item: Item, request: BatchRequest, known: CaptureRow | None) -> CaptureRow:
    """Analyse one capture, and write its result.

    Parameters
    ----------
    item : Item
        The capture.
    request : BatchRequest
        What is asked of all alike.
    known : CaptureRow or None
        Row of an earlier run, which is kept if nothing that it depends on has changed.

    Returns
    -------
    CaptureRow
        Also for a capture that cannot be read.

    Raises
    ------
    OutputsError
        If its result cannot be written.
    """
    begin_s = time.perf_counter()
    try:
        row = _kept_or_done(item, request, known)
    except OutputsError:
        raise
    except (TremorError, OSError, MemoryError) as error:
        row = failed_row(item, error)
    except Exception as error:
        row = failed_row(item, error)
        trace = without_credentials(traceback.format_exc()).encode(errors="backslashreplace")
        _write(request.out, f"errors/{item.id}.txt", trace)
    return row if row.is_kept else replace(row, spent_s=time.perf_counter() - begin_s)


def _kept_or_done(item: Item, request: BatchRequest, known: CaptureRow | None) -> CaptureRow:
    """Return the row of an earlier run if it still holds, or do the work."""
    source = item.source or item.path
    digest = store_digest(source) if is_url(source) else ""
    if known is not None and digest and _holds(known, key_of(item, request, digest), request):
        return known.for_item(item)
    with local_copy(source) as path:
        _require(path, item)
        key = key_of(item, request, digest or digest_of(path))
        if known is not None and _holds(known, key, request):
            return known.for_item(item)
        try:
            analysis = _analyze(item, request, path)
        except TremorError as error:
            return failed_row(item, error, key=key)
    row = _row(item, key, analysis)
    # A page of an earlier result would be linked to this one.
    with writing(request.out), suppress(FileNotFoundError):
        system_calls.remove(request.out / row.page)
    _write(request.out, row.result, _packed(analysis))
    if request.with_pages:
        from tremor.report.as_html import render  # with it comes all that draws

        _write(request.out, row.page, render(analysis).encode(errors="backslashreplace"))
    return row


def failed_row(item: Item, error: BaseException, *, key: str = "") -> CaptureRow:
    """Return the row of a capture without a result.

    Parameters
    ----------
    item : Item
        The capture.
    error : BaseException
        Why there is no result.
    key : str
        Key of the capture, if what failed depends on nothing else: it is not tried again.

    Returns
    -------
    CaptureRow
        With the first line of the error.
    """
    is_known = isinstance(error, TremorError | OSError | MemoryError)
    text = without_credentials(" ".join(str(error).split())) or type(error).__name__
    return CaptureRow(
        item=item,
        key=key,
        outcome="failed",
        error_kind=type(error).__name__ if is_known else INTERNAL_ERROR,
        error=text if is_known else f"{type(error).__name__}: {text}",
    )


def _require(path: Path, item: Item) -> None:
    if not path.exists():
        raise CaptureNotFoundError(f"{item.path} does not exist; check the name")
    if not path.is_file() and not path.is_dir():
        raise CaptureReadError(f"{item.path} is neither a file nor a folder; take it out")


def _holds(known: CaptureRow, key: str, request: BatchRequest) -> bool:
    """Check whether nothing has changed since a row was made, and its result is still there."""
    is_there = known.outcome == "failed" or (request.out / known.result).is_file()
    return known.key == key and is_there


def _analyze(item: Item, request: BatchRequest, path: Path) -> Analysis:
    answers = item.context or request.context
    reading = request.reading
    if item.placement:
        reading = replace(reading, placement=item.placement)
    return pipeline.analyze(
        path,
        settings=request.settings,
        context=Context.from_file(Path(answers)) if answers else None,
        rest=pipeline.RestInfo(start_s=request.rest_start_s, baseline=_baseline(item)),
        reading=reading,
    )


def _baseline(item: Item) -> float | str | None:
    try:
        return float(item.baseline) if item.baseline else None
    except ValueError:
        return item.baseline


def _row(item: Item, key: str, analysis: Analysis) -> CaptureRow:
    return CaptureRow(
        item=item,
        key=key,
        outcome=analysis.status,
        error=_why_not(analysis),
        summary=_cells(row_of(analysis, SUMMARY_COLUMNS)),
        quality=_cells(row_of(analysis, QUALITY_COLUMNS)),
        strength=_strength(analysis),
        result=f"results/{item.id[-2:]}/{item.id}.json.gz",
    )


def _why_not(analysis: Analysis) -> str:
    """Return why a capture is not good enough; empty if it is."""
    reason = analysis.summary.reason
    return "" if analysis.status != "insufficient" or reason is None else sentence(reason)


def _cells(row: dict[str, object]) -> dict[str, object]:
    """Return cells as JSON has them."""
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: object) -> object:
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _strength(analysis: Analysis) -> tuple[float | None, ...]:
    """Return the RMS of the tremor in parts of the capture, each the greatest of its windows."""
    windows = analysis.windows
    if not len(windows):
        return ()
    rms_ms2 = np.where(
        np.asarray(windows.verdict) == "tremor", windows.estimates["rms_ms2"][:, 0], np.nan
    )
    parts = np.array_split(rms_ms2, min(_PICTURE_POINTS, len(rms_ms2)))
    return tuple(
        round(float(np.nanmax(part)), 4) if np.isfinite(part).any() else None for part in parts
    )


def _packed(analysis: Analysis) -> bytes:
    """Return a result as compressed JSON; equal results are equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as packed:
        packed.write(analysis.to_json().encode())
    return buffer.getvalue()


def _write(out: Path, name: str, data: bytes) -> None:
    with writing(out):
        path = out / name
        system_calls.make_folder(path.parent)
        with whole_file(path) as stream:
            stream.write(data)
