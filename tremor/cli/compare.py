"""``tremor compare``: sessions of one leg side by side, or the left leg beside the right."""

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

__all__ = ["compare"]

_EPILOG: Final = """\b
Examples:
  tremor compare monday.csv friday.csv
  tremor compare before.json after.json --html change.html
  tremor compare recording-20260503-180709        (both legs)
  tremor compare first second third --side left
  tremor compare mon/raw.csv tue/raw.csv --placement left-calf

\b
Exit codes:
  0  compared
  2  wrong usage, or it is not clear which leg is meant
  3  a session is missing, unreadable or not recognised
  8  refused: unlike sessions without --force, or would overwrite a file
"""


@click.command(epilog=_EPILOG)
@click.argument("sessions", metavar="SESSION...", nargs=-1, required=True, type=PATH)
@click.option("--side", type=click.Choice(["left", "right"]), help="Leg of sessions with both.")
@placement_option("Of sessions that do not say where the sensor was worn.")
@click.option("--force", is_flag=True, help="Compare what is unlike: placement, posture, band, ...")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--html", type=PATH, metavar="PATH", help="Write the comparison as one page.")
@settings_options
@overwrite_option
@common_options
def compare(
    *,
    sessions: tuple[Path, ...],
    side: str | None,
    placement: str | None,
    force: bool,
    as_json: bool,
    html: Path | None,
    settings_file: Path | None,
    pairs: tuple[str, ...],
    overwrite: bool,
) -> None:
    """Put sessions side by side: what changed, and whether that is more than chance.

    SESSION is a capture, the folder of a recording, or a result of tremor analyze --json. Later
    sessions are held against the first; a session of two sensors is compared left with right.
    """
    from tremor.sessions import compare as compare_sessions

    settings = read_settings(settings_file, pairs)
    page = page_path(html, sessions[0], overwrite=overwrite)
    with Progress.shown(len(sessions)) as progress:
        found = compare_sessions(
            *sessions,
            side=side,
            placement=placement,
            force=force,
            settings=settings,
            progress=lambda name, index, _: progress.at(name, index),
        )
    show(found, page, as_json=as_json)
