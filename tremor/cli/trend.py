"""``tremor trend``: one leg over weeks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from tremor.cli.comparison_output import page_path, show
from tremor.cli.options import (
    common_options,
    overwrite_option,
    placement_option,
    read_settings,
    settings_options,
)
from tremor.cli.paths import PATH
from tremor.cli.progress import Progress

__all__ = ["trend"]

_EPILOG: Final = """\b
Examples:
  tremor trend sessions
  tremor trend sessions --placement left-calf --html trend.html

\b
Exit codes:
  0  done, also where no trend can be told yet
  2  wrong usage: no folder, no session in it, or several placements
  8  refused: would overwrite a file
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="FOLDER", type=PATH)
@placement_option("Which leg, such as left-calf; also of captures that do not say.")
@click.option("--force", is_flag=True, help="Keep sessions of another posture or band.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--html", type=PATH, metavar="PATH", help="Write the trend as one page.")
@settings_options
@overwrite_option
@common_options
def trend(
    *,
    folder: Path,
    placement: str | None,
    force: bool,
    as_json: bool,
    html: Path | None,
    settings_file: Path | None,
    pairs: tuple[str, ...],
    overwrite: bool,
) -> None:
    """Follow one leg over weeks: what changed by more than chance.

    FOLDER holds recordings, captures, or results of tremor analyze --json.
    """
    from tremor.sessions import captures_of
    from tremor.sessions import trend as trend_of_sessions

    settings = read_settings(settings_file, pairs)
    page = page_path(html, folder, overwrite=overwrite)
    n_captures = len(captures_of(folder))
    with Progress.shown(n_captures) as progress:
        found = trend_of_sessions(
            folder,
            placement=placement,
            force=force,
            settings=settings,
            progress=lambda name, index, _: progress.at(name, index),
        )
    show(found, page, as_json=as_json)
