"""A batch from its captures to its tables."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tremor import system_calls
from tremor._version import __version__
from tremor.batch.executors import SerialExecutor, dask_executor, processes, results_of
from tremor.batch.items import Item, Shard, gather_items, parse_shard
from tremor.batch.one_capture import analyze_capture, failed_row
from tremor.batch.outputs import REQUEST_FILE, Forms, write_outputs
from tremor.batch.request import BatchRequest
from tremor.batch.rows import CaptureRow, Journal, StoredRows, journal_name, journals_in
from tremor.batch.writing import OutputsError, writing
from tremor.errors import CaptureNotFoundError, InvalidInputError, WouldOverwriteError
from tremor.files import write_text
from tremor.formats.readers import ReadOptions
from tremor.settings import AnalysisSettings

__all__ = [
    "BatchReport",
    "Workers",
    "analyze_many",
    "merge_batches",
    "run_batch",
]

#: Called with the row of each capture when it is done, and how many are done of how many.
Progress = Callable[[CaptureRow, int, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Who does the work.

    Parameters
    ----------
    n_processes : int
        Worker processes; 1 for this process alone.
    scheduler : str
        Address of a Dask scheduler, which takes precedence; empty without.
    """

    n_processes: int = 1
    scheduler: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What came of a batch.

    Parameters
    ----------
    counts : mapping of str to int
        Number of captures by outcome.
    n_missing : int
        Captures of the list that have no row yet: a share has not been run, or was stopped.
    n_kept : int
        Captures whose result of an earlier run was kept.
    spent_s : float
        Time of the work on all others, in all workers together, s.
    """

    counts: Mapping[str, int]
    n_missing: int = 0
    n_kept: int = 0
    spent_s: float = 0.0

    @property
    def n_failed(self) -> int:
        """Return the number of captures without a result."""
        return self.counts.get("failed", 0)


def run_batch(
    items: Iterable[Item],
    request: BatchRequest,
    *,
    workers: Workers | None = None,
    shard: Shard | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    forms: Forms | None = None,
) -> BatchReport:
    """Analyse many captures; a bad one never stops the others.

    Parameters
    ----------
    items : iterable of Item
        All captures of the batch, from `tremor.batch.items.gather_items`.
    request : BatchRequest
        What is asked of all alike; its folder is made.
    workers : Workers, optional
        Who does the work; this process without.
    shard : Shard, optional
        Share of the captures that is done here; all without.
    resume : bool
        Whether to keep the results in the folder of which nothing has changed: neither capture,
        answers, baseline, settings, options, nor version.
    progress : callable, optional
        Called after each capture.
    forms : Forms, optional
        Further forms of the tables; those of shares are written by `merge_batches`.

    Returns
    -------
    BatchReport
        How many came to what. Tables, results and index page are in the folder.

    Raises
    ------
    WouldOverwriteError
        If the folder holds a batch already and ``resume`` is not set.
    InvalidInputError
        If there is no such scheduler, or the folder cannot be written.
    """
    shard, items = shard or Shard(), tuple(items)
    mine = [item for item in items if shard.holds(item)]
    journal_path = request.out / journal_name(shard)
    if journal_path.exists() and not resume:
        raise WouldOverwriteError(
            f"{request.out} holds a batch already; go on with --resume, or give another folder"
        )
    _make_folder(request, len(items))
    with writing(request.out):
        with closing(Journal(journal_path)) as journal:
            known = StoredRows(journals_in(request.out) if resume else ())
            report = _work(mine, request, known, workers or Workers(), journal, progress)
        if shard.n == 1:  # shares are put together by `merge_batches`
            asked = {item.id: item for item in mine}
            write_outputs(request.out, [request.out], asked=asked, forms=forms)
    return report


def _make_folder(request: BatchRequest, n_captures: int) -> None:
    document = {
        "software": {"name": "tremor-analyzer", "version": __version__},
        "settings": json.loads(json.dumps(request.settings.to_dict(), default=str)),
        "context": request.context,
        "rest_start_s": request.rest_start_s,
        "n_captures": n_captures,
    }
    try:
        system_calls.make_folder(request.out)
    except OSError as error:
        raise InvalidInputError(
            f"{request.out} cannot be made: {error.strerror or error}; give another folder"
        ) from error
    write_text(request.out / REQUEST_FILE, json.dumps(document, indent=2) + "\n")


def _work(
    mine: list[Item],
    request: BatchRequest,
    known: StoredRows,
    workers: Workers,
    journal: Journal,
    progress: Progress | None,
) -> BatchReport:
    counts: Counter[str] = Counter()
    n_kept, spent_s = 0, 0.0
    with ExitStack() as stack:
        for row, is_new in _rows(mine, request, known, workers, stack):
            if is_new:
                journal.add(row)
            counts[row.outcome] += 1
            n_kept += row.is_kept
            spent_s += 0.0 if row.is_kept else row.spent_s
            if progress is not None:
                progress(row, sum(counts.values()), len(mine))
    return BatchReport(counts=counts, n_kept=n_kept, spent_s=spent_s)


def _do(task: tuple[Item, CaptureRow | None], request: BatchRequest) -> CaptureRow:
    item, known = task
    return analyze_capture(item, request, known)


def _rows(
    mine: list[Item],
    request: BatchRequest,
    known: StoredRows,
    workers: Workers,
    stack: ExitStack,
) -> Iterator[tuple[CaptureRow, bool]]:
    n_workers = workers.n_processes
    make: Callable[[], Any]
    if workers.scheduler:
        make, n_workers = dask_executor(workers.scheduler, stack)
    elif n_workers > 1:
        make = partial(processes, n_workers)
    else:
        make = SerialExecutor
    tasks = ((item, known.get(item.id)) for item in mine)
    found = results_of(
        tasks, partial(_do, request=request), make_executor=make, n_workers=n_workers
    )
    for (item, before), outcome in found:
        if isinstance(outcome, OutputsError):
            raise outcome
        row = failed_row(item, outcome) if isinstance(outcome, Exception) else outcome
        # A kept row is in a journal already, unless more has become known of its capture.
        yield row, not row.is_kept or before is None or before.item != row.item


def analyze_many(
    *sources: str | os.PathLike[str],
    out: str | os.PathLike[str],
    settings: AnalysisSettings | Mapping[str, float] | None = None,
    reading: ReadOptions | None = None,
    context: str | os.PathLike[str] | None = None,
    workers: int = 1,
    shard: str = "1/1",
    resume: bool = False,
) -> BatchReport:
    """Analyse many captures, as ``tremor batch`` does; a bad one never stops the others.

    Parameters
    ----------
    *sources : path
        Captures, folders, patterns, URLs, and manifests: CSV files with a column ``path``.
    out : path
        Folder for tables, results and index page.
    settings, reading
        As in `tremor.analyze`, for all captures alike.
    context : path, optional
        File of answers for captures without one of their own.
    workers : int
        Number of worker processes.
    shard : str
        Share of the captures, such as ``3/40``; `merge_batches` puts shares together.
    resume : bool
        Whether to keep the results in ``out`` of which nothing has changed.

    Returns
    -------
    BatchReport
        How many captures came to what.

    Raises
    ------
    CaptureNotFoundError, CaptureReadError
        If a source does not exist, or a manifest cannot be read.
    InvalidInputError
        If an option is not usable.
    WouldOverwriteError
        If ``out`` holds a batch already and ``resume`` is not set.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import pandas as pd
    >>> folder = tempfile.TemporaryDirectory()
    >>> time_s = np.arange(3000) / 100.0
    >>> noise = np.random.default_rng(0).normal(0, 0.01, (3000, 3))
    >>> for name, rate_hz in (("anna", 7.0), ("ben", 9.0)):
    ...     samples = noise + [0, 0, 9.81]
    ...     samples[:, 0] += 0.3 * np.sin(2 * np.pi * rate_hz * time_s)
    ...     table = pd.DataFrame(samples, columns=["x", "y", "z"])
    ...     table.insert(0, "time_s", time_s)
    ...     table.to_csv(Path(folder.name, f"{name}.csv"), index=False)
    >>> report = analyze_many(folder.name, out=Path(folder.name, "results"))
    >>> report.counts["measured"]
    2
    >>> summary = Path(folder.name, "results", "summary.csv").read_text().splitlines()
    >>> column = summary[0].split(",").index("frequency_hz")
    >>> [round(float(row.split(",")[column]), 1) for row in summary[1:]]
    [7.0, 9.0]
    >>> folder.cleanup()
    """
    if settings is not None and not isinstance(settings, AnalysisSettings):
        settings = AnalysisSettings.from_mapping(settings)
    request = BatchRequest(
        out=Path(out),
        settings=settings or AnalysisSettings(),
        reading=reading or ReadOptions(),
        context="" if context is None else os.fspath(context),
    )
    return run_batch(
        gather_items([os.fspath(source) for source in sources]),
        request,
        workers=Workers(n_processes=workers),
        shard=parse_shard(shard),
        resume=resume,
    )


def merge_batches(
    folders: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    parquet: bool = False,
    bids: bool = False,
) -> BatchReport:
    """Put the shares of a batch together to one set of tables and one index page.

    Parameters
    ----------
    folders : sequence of path
        Folders of batches; one folder may hold several shares.
    out : path
        Folder of the tables, which may be one of them; results stay where they are.
    parquet, bids : bool
        Whether to write the summary as Parquet, and a BIDS derivative dataset, too.

    Returns
    -------
    BatchReport
        How many captures came to what.

    Raises
    ------
    CaptureNotFoundError
        If a folder holds no batch, or does not exist.
    InvalidInputError
        If the tables cannot be written.
    """
    places, target = [Path(folder) for folder in folders], Path(out)
    for folder in places:
        if not journals_in(folder):
            raise CaptureNotFoundError(
                f"{folder} holds no batch; give what was --out of tremor batch --shard I/N"
            )
    try:
        system_calls.make_folder(target)
    except OSError as error:
        raise InvalidInputError(
            f"{target} cannot be made: {error.strerror or error}; give another folder"
        ) from error
    with writing(target):
        written = write_outputs(target, places, forms=Forms(parquet=parquet, bids=bids))
    return BatchReport(counts=written.counts, n_missing=written.n_missing)
