"""``tremor app``: a local page in place of a terminal."""

from __future__ import annotations

import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tremor.cli.options import check_devices, common_options, is_quiet
from tremor.cli.streams import echo, say
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from tremor.app.guard import Access

__all__ = ["app"]

_EPILOG: Final = """\b
Examples:
  tremor app
  tremor app --port 8080 --no-browser
  tremor app --lan

\b
Exit codes:
  0    done: stopped by Ctrl-C or SIGTERM; a recording that ran is saved
  2    wrong usage: a port that is taken, no network, or the extra is missing
  130  interrupted again, while it saved
"""
_NEEDED: Final = ("starlette", "uvicorn", "segno")
_DEFAULT_PORT: Final = 8017
_INTERRUPTED: Final = 130


@click.command(epilog=_EPILOG)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_DEFAULT_PORT,
    show_default=True,
    metavar="N",
    help="Port on this computer; 0 for any that is free.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--lan", is_flag=True, help="Serve the local network as well, to who has the token.")
@common_options
def app(*, port: int, no_browser: bool, lan: bool) -> None:
    """Record, watch, answer and read on a page of this computer.

    Recordings are made in the folder it is started in. The page is for this computer alone unless
    --lan, and sends nothing anywhere. Ctrl-C ends it.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise InvalidInputError(
            f"tremor app needs the extra app ({', '.join(missing)} missing); "
            "pip install 'tremor-analyzer[app]'"
        )
    check_devices()
    from tremor.app.server import lan_address, serve

    def ready(access: Access) -> None:
        echo(access.local_url)
        sys.stdout.flush()
        if lan:
            _show_token(access)
        if not no_browser:
            click.launch(access.local_url)

    try:
        saved = serve(
            Path.cwd(),
            port=port,
            lan=lan_address() if lan else "",
            on_ready=ready,
            on_join=_show_token,
        )
    except KeyboardInterrupt:
        _leave_work(_INTERRUPTED)
        raise
    for sentence in saved:
        say(sentence)
    _leave_work(0)


def _leave_work(exit_code: int) -> None:
    """End the process at once where a dropped capture is still read: nobody waits for it.

    The threads of its analysis would be waited for otherwise, which takes minutes of a long one.
    """
    from tremor.app.desk import WORKER

    if any(one.name == WORKER for one in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def _show_token(access: Access) -> None:
    """Show the address for the next device, also as a code that a phone reads."""
    from tremor.app.server import qr_lines

    say(f"for one other device in this network: {access.join_url}")
    if not is_quiet():
        echo(qr_lines(access.join_url), err=True)
