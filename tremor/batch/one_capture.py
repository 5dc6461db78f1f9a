"""The work on one capture of a batch, in whatever process; it never raises for a bad capture."""

from __future__ import annotations

import gzip
import math
import time
import traceback
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from tremor import pipeline
from tremor.batch.items import Item
from tremor.batch.request import BatchRequest, key_of
from tremor.batch.rows import CaptureRow
from tremor.batch.urls import local_copy
from tremor.errors import CaptureNotFoundError, TremorError
from tremor.explanation.answers.context import Context
from tremor.files import whole_file, write_text
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
    """
    begin_s = time.perf_counter()
    key = ""
    try:
        with local_copy(item.path) as path:
            _require(path)
            key = key_of(item, request, path)
            if known is not None and known.key == key and _is_whole(known, request):
                return known.for_item(item)
            analysis = _analyze(item, request, path)
        row = _row(item, key, analysis)
        _write(request.out / row.result, analysis)
        if request.with_pages:
            _write_page(request.out / row.page, analysis)
        return replace(row, spent_s=time.perf_counter() - begin_s)
    except (TremorError, OSError, MemoryError) as error:
        row = failed_row(item, error, key=key)
    except Exception as error:
        row = failed_row(item, error, key=key)
        trace = request.out / "errors" / f"{item.id}.txt"
        trace.parent.mkdir(exist_ok=True)
        trace.write_text(traceback.format_exc(), encoding="utf-8")
    return replace(row, spent_s=time.perf_counter() - begin_s)


def failed_row(item: Item, error: BaseException, *, key: str = "") -> CaptureRow:
    """Return the row of a capture without a result.

    Parameters
    ----------
    item : Item
        The capture.
    error : BaseException
        Why there is no result.
    key : str
        Key of the capture, if it could be read; a capture that fails again is not tried again.

    Returns
    -------
    CaptureRow
        With the first line of the error.
    """
    is_known = isinstance(error, TremorError | OSError | MemoryError)
    text = " ".join(str(error).split()) or type(error).__name__
    return CaptureRow(
        item=item,
        key=key,
        outcome="failed",
        error_kind=type(error).__name__ if is_known else INTERNAL_ERROR,
        error=text if is_known else f"{type(error).__name__}: {text}",
    )


def _require(path: Path) -> None:
    if not path.exists():
        raise CaptureNotFoundError(f"{path} does not exist; check the name")


def _is_whole(known: CaptureRow, request: BatchRequest) -> bool:
    if known.outcome == "failed":
        return known.error_kind not in {INTERNAL_ERROR, "MemoryError", "OSError"}
    return (request.out / known.result).is_file()


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


def _write_page(path: Path, analysis: Analysis) -> None:
    from tremor.report.as_html import render  # with it comes all that draws

    write_text(path, render(analysis))


def _write(path: Path, analysis: Analysis) -> None:
    """Write a result; equal results make equal files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        whole_file(path) as stream,
        gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed,
    ):
        packed.write(analysis.to_json().encode())
