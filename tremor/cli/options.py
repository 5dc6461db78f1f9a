"""What the commands have in common: options, streams, and how files are written.

No numpy and nothing of the analysis is imported here.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.files import refuse_existing, require_parent, whole_file

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = [
    "Progress",
    "capture_options",
    "check_devices",
    "common_options",
    "is_input_allowed",
    "is_quiet",
    "output_paths",
    "overwrite_option",
    "say",
    "shows_unicode",
    "verbosity",
    "warn",
    "write_text",
]

_META: Final = "tremor.cli."
_DISTRIBUTION: Final = "tremor-analyzer"
#: A bar is drawn anew no more often, s.
_DRAWN_EVERY_S: Final = 0.1
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _remember(ctx: click.Context, param: click.Parameter, value: int) -> None:
    key = f"{_META}{param.name}"
    ctx.meta[key] = max(int(value), ctx.meta.get(key, 0))


def common_options(command: _Command) -> _Command:
    """Give a command ``-q``, ``-v`` and ``--no-input``.

    Parameters
    ----------
    command : callable
        The function of the command; it gets no argument from these options.

    Returns
    -------
    callable
        The same.
    """
    for option in (
        click.option(
            "--no-input",
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Never ask; take what is given.",
        ),
        click.option(
            "-v",
            "--verbose",
            count=True,
            expose_value=False,
            callback=_remember,
            help="Say more; -vv adds the traceback of an error.",
        ),
        click.option(
            "-q",
            "--quiet",
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="No warnings and no progress on stderr.",
        ),
    ):
        command = option(command)
    return command


def overwrite_option(command: _Command) -> _Command:
    """Give a command that writes files ``--overwrite``."""
    return click.option(
        "--overwrite", is_flag=True, help="Replace output files that exist; refused otherwise."
    )(command)


def capture_options(command: _Command) -> _Command:
    """Give a command what a capture cannot tell of itself."""
    for option in (
        click.option(
            "--placement",
            metavar="SIDE-SITE",
            help="Where the sensor was worn, such as left-calf.",
        ),
        click.option(
            "--gravity",
            type=click.Choice(["included", "removed"]),
            help="Whether gravity is in the samples. Told from the samples otherwise.",
        ),
        click.option(
            "--sampling-rate",
            "sampling_rate_hz",
            type=click.FloatRange(min=0.0, min_open=True),
            metavar="HZ",
            help="For captures without time stamps. 1 % of rate is 1 % of frequency.",
        ),
        click.option("--unit", metavar="UNIT", help="Unit of the samples: m/s^2, g, mg, ..."),
        click.option(
            "--columns",
            metavar="NAMES",
            help="What the columns are, such as time_ns,x,y,z,_ (_ is left out).",
        ),
    ):
        command = option(command)
    return command


def _level(name: str) -> int:
    context = click.get_current_context(silent=True)
    return 0 if context is None else int(context.meta.get(_META + name, 0))


def is_input_allowed() -> bool:
    """Tell whether questions may be asked: ``--no-input`` was not given."""
    return _level("no_input") == 0


def shows_unicode() -> bool:
    """Tell whether stdout takes more than ASCII."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"


def check_devices() -> None:
    """Make sure that the package ``devices`` is the one of this distribution.

    Raises
    ------
    InvalidInputError
        Where it is another one of that name.
    """
    import devices

    if getattr(devices, "DISTRIBUTION", "") != _DISTRIBUTION:
        raise InvalidInputError(
            f"the package devices at {devices.__path__[0]} is another one; install "
            f"{_DISTRIBUTION} into an environment of its own"
        )


def is_quiet() -> bool:
    """Tell whether ``-q`` was given."""
    return _level("quiet") > 0


def verbosity() -> int:
    """Count the ``-v``."""
    return _level("verbose")


def say(message: str) -> None:
    """Write one line on stderr, with the name of the tool."""
    click.echo("tremor: " + " ".join(message.split()), err=True)


def warn(message: str) -> None:
    """Write one warning on stderr, unless ``-q`` was given."""
    if not is_quiet():
        click.echo("warning: " + " ".join(message.split()), err=True)


def output_paths(
    target: Path, captures: Sequence[Path], *, suffix: str, overwrite: bool
) -> list[Path]:
    """Name the output file of each capture, and refuse before anything is computed.

    Parameters
    ----------
    target : Path
        A file for one capture; a folder for one or several.
    captures : sequence of Path
        The captures.
    suffix : str
        Ending of the output files, such as ``.html``.
    overwrite : bool
        Whether files that exist may be replaced. A capture never is.

    Returns
    -------
    list of Path
        One a capture.

    Raises
    ------
    InvalidInputError
        Where a folder is needed and none was given, or two captures would share a file.
    WouldOverwriteError
        Where a file exists already.
    """
    to_folder = target.is_dir() or len(captures) > 1
    if len(captures) > 1 and not target.is_dir() and target.suffix:
        raise InvalidInputError(
            f"{len(captures)} captures need a folder and {target} is a file; "
            f"give a folder, such as {target.with_suffix('')}"
        )
    if to_folder:
        paths = [target / f"{capture.stem}{suffix}" for capture in captures]
    else:
        paths = [target]
        require_parent(target)
    seen: set[Path] = set()
    sources = {capture.resolve() for capture in captures}
    for path in paths:
        resolved = path.resolve()
        if resolved in seen:
            raise InvalidInputError(
                f"two captures of the same name would both write {path}; analyze them apart"
            )
        seen.add(resolved)
        if resolved in sources:
            raise WouldOverwriteError(
                f"{path} is the capture itself and is never replaced; give another path"
            )
        refuse_existing(path, overwrite=overwrite, option="--overwrite")
    return paths


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : Path
        Where to; its folder is made if it is missing.
    text : str
        What; UTF-8.

    Raises
    ------
    InvalidInputError
        Where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as stream:
            stream.write(text.encode())
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be written: {error.strerror or error}; give another path"
        ) from error


class Progress:
    """A bar on stderr, drawn only where stderr is a terminal and ``-q`` was not given."""

    def __init__(self, bar: RichProgress | None, total: int, *, pulses: bool) -> None:
        self._bar = bar
        self._task = None if bar is None else bar.add_task("", total=None if pulses else total)
        self._done = 0
        self._drawn_s = -_DRAWN_EVERY_S

    @classmethod
    @contextmanager
    def shown(cls, total: int, *, pulses: bool = False) -> Iterator[Progress]:
        """Show a bar for so many captures, or one that only pulses."""
        if is_quiet() or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            yield cls(None, total, pulses=pulses)
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        # The streams stay as they are: results on stdout may go to a file. Only a bar that pulses
        # has a thread: with one, a long capture could not be worked on by several processes.
        with RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            auto_refresh=pulses,
        ) as bar:
            yield cls(bar, total, pulses=pulses)

    def at(self, name: str, done: int) -> None:
        """Name the capture at work and how many are done."""
        self._done = done
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=name, completed=done, refresh=True)

    def part(self, begin: float, end: float) -> Callable[[float], None]:
        """Give what is told how much is done of a part of the capture at work."""

        def tell(share: float) -> None:
            now_s = time.monotonic()
            if self._bar is None or self._task is None or now_s - self._drawn_s < _DRAWN_EVERY_S:
                return
            self._drawn_s = now_s
            completed = self._done + begin + (end - begin) * share
            self._bar.update(self._task, completed=completed, refresh=True)

        return tell

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar away while lines are written."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()
