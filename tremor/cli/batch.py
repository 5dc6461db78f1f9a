"""``tremor batch``: many captures, a table with a row each; and ``tremor merge`` for its shares."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tremor.cli.options import (
    CaptureOptions,
    capture_options,
    common_options,
    is_quiet,
    read_settings,
    rest_start_option,
    settings_options,
)
from tremor.cli.paths import PATH, PATH_TEXT
from tremor.cli.progress import Progress
from tremor.cli.streams import echo, say

if TYPE_CHECKING:
    from tremor.batch.rows import CaptureRow
    from tremor.batch.run import BatchReport

__all__ = ["batch", "merge"]

_EPILOG: Final = """\b
Examples:
  tremor batch captures/ --out results --workers 4
  tremor batch 'data/*/walk*.csv' --out results --resume
  tremor batch manifest.csv --out results --shard 3/40
  tremor merge results --out results
  tremor batch manifest.csv --out results --scheduler tcp://node1:8786

A manifest is a CSV with a column path, and where known: subject, group,
placement, side, session, context (file of answers), baseline (capture or RMS).

\b
Exit codes:
  0  done
  2  wrong usage, or a folder that cannot be written
  3  a source or the manifest is missing or unreadable
  7  some captures failed (summary.csv says why), or are not done yet
  8  refused: the folder holds a batch already, and --resume was not given
"""
_SOME_FAILED: Final = 7
#: Failures that are told one by one; of thousands, the first are enough to see what is wrong.
_MOST_TOLD: Final = 20


def _tables(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for further forms of the tables."""
    for option in (
        click.option("--bids", is_flag=True, help="Write a BIDS derivative dataset, too."),
        click.option("--parquet", is_flag=True, help="Write the summary as Parquet, too."),
    ):
        command = option(command)
    return command


@click.command(epilog=_EPILOG)
@click.argument("sources", metavar="PATH...", nargs=-1, required=True, type=PATH_TEXT)
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Folder for the outputs.")
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that work side by side.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Dask cluster that does the work instead.")
@click.option("--shard", metavar="I/N", help="Every N-th capture from the I-th; merge joins them.")
@click.option("--resume", is_flag=True, help="Keep results of which nothing has changed.")
@click.option("--pages", "with_pages", is_flag=True, help="Write the report of each, too.")
@_tables
@click.option("--context", type=PATH, metavar="FILE", help="Answers for captures without own.")
@rest_start_option
@settings_options
@capture_options
@common_options
@click.pass_context
def batch(
    ctx: click.Context,
    *,
    sources: tuple[str, ...],
    out: Path,
    workers: int,
    scheduler: str | None,
    shard: str | None,
    resume: bool,
    with_pages: bool,
    parquet: bool,
    bids: bool,
    context: Path | None,
    rest_start_s: float | None,
    settings_file: Path | None,
    pairs: tuple[str, ...],
    given: CaptureOptions,
) -> None:
    """Analyse many captures: one row each in summary.csv, one result each, an index page.

    PATH is a capture, a folder that is searched, a pattern in quotes, a URL of an object store, or
    a manifest. A bad capture never stops the others.
    """
    from tremor.batch.items import gather_items, parse_shard
    from tremor.batch.outputs import Forms
    from tremor.batch.request import BatchRequest
    from tremor.batch.run import Workers, run_batch

    if scheduler is not None and not scheduler.strip():
        raise click.BadParameter("the scheduler has no address; give such as tcp://node1:8786")
    items = gather_items(sources)
    request = BatchRequest(
        out=out,
        settings=read_settings(settings_file, pairs),
        reading=given.for_reading(),
        context="" if context is None else str(context),
        rest_start_s=rest_start_s,
        with_pages=with_pages,
    )
    share = None if shard is None else parse_shard(shard)
    n_mine = sum(map(share.holds, items)) if share else len(items)
    with Progress.shown(n_mine) as bar:
        try:
            report = run_batch(
                items,
                request,
                workers=Workers(n_processes=workers, scheduler=scheduler or ""),
                shard=share,
                resume=resume,
                progress=_shown_on(bar),
                forms=Forms(parquet=parquet, bids=bids),
            )
        except KeyboardInterrupt:
            say(f"stopped; what is done is in {out}, and --resume goes on from there")
            raise
    _tell(ctx, report, out, is_share=share is not None)


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=PATH)
@click.option("--out", type=PATH, metavar="DIR", help="Folder for the tables; the first without.")
@_tables
@common_options
@click.pass_context
def merge(
    ctx: click.Context,
    *,
    folders: tuple[Path, ...],
    out: Path | None,
    parquet: bool,
    bids: bool,
) -> None:
    """Join the shares of a batch to one set of tables and one index page.

    DIR was --out of tremor batch --shard; one folder may hold several shares.
    """
    from tremor.batch.run import merge_batches

    target = out or folders[0]
    report = merge_batches(folders, target, parquet=parquet, bids=bids)
    _tell(ctx, report, target, is_share=False)


def _shown_on(bar: Progress) -> Any:  # noqa: ANN401 - a function of a row and two numbers
    begin_s = time.monotonic()
    n_failed = 0

    def show(row: CaptureRow, n_done: int, n_all: int) -> None:
        from tremor.report.numbers import clock

        nonlocal n_failed
        rate_hz = n_done / max(time.monotonic() - begin_s, 1e-3)
        left = clock((n_all - n_done) / rate_hz)
        bar.at(f"{n_done} of {n_all}, {rate_hz:.3g}/s, {left} left", n_done)
        if row.outcome == "failed" and not is_quiet():
            n_failed += 1
            with bar.paused():
                _tell_failure(row, n_failed)

    return show


def _tell_failure(row: CaptureRow, n_failed: int) -> None:
    """Print why a capture failed, if not too many have."""
    if n_failed <= _MOST_TOLD:
        is_named = row.error.startswith(row.item.path)
        say(row.error if is_named else f"{row.item.path}: {row.error}")
    elif n_failed == _MOST_TOLD + 1:
        say("more captures fail; summary.csv will say which and why")


def _tell(ctx: click.Context, report: BatchReport, out: Path, *, is_share: bool) -> None:
    """Print what came of it, and leave with 7 if some failed."""
    from tremor.report.messages import text

    counts = [text("batch", f"n_{name}", n=n) for name, n in sorted(report.counts.items()) if n]
    kept = [text("batch", "n_kept", n=report.n_kept)] if report.n_kept else []
    echo(", ".join((*counts, *kept)))
    if report.n_missing:
        say(text("batch", "n_missing", n=report.n_missing))
    where = "share_done" if is_share else "tables_in"
    echo(text("batch", where, out=str(out)))
    if report.n_failed or report.n_missing:
        ctx.exit(_SOME_FAILED)
