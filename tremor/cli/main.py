"""The commands by name, and the one place where errors become exit codes.

Nothing heavy is imported before a command runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final, NamedTuple, NoReturn

import click

from tremor.cli import process
from tremor.cli.failures import EXIT_CODES, exit_code_of, say_error
from tremor.cli.options import common_options
from tremor.cli.streams import echo, fit_terminal, say

__all__ = ["EXIT_CODES", "cli", "exit_code_of", "main"]

_INTERRUPTED: Final = 130


class _Command(NamedTuple):
    module: str
    attribute: str
    help: str


_COMMANDS: Final = {
    "analyze": _Command("tremor.cli.analyze", "analyze", "Measure the tremor in captures."),
    "app": _Command("tremor.cli.app", "app", "Record, watch and read on a local page."),
    "batch": _Command("tremor.cli.batch", "batch", "Analyse many captures, a row each."),
    "check": _Command("tremor.cli.check", "check", "Check how good captures are, nothing else."),
    "compare": _Command("tremor.cli.compare", "compare", "Put sessions or legs side by side."),
    "context": _Command("tremor.cli.context", "context", "Ask the runner, or show the answers."),
    "convert": _Command(
        "tremor.cli.convert", "convert", "Write a capture as CSV, Parquet or BIDS."
    ),
    "doctor": _Command("tremor.cli.doctor", "doctor", "Check whether this computer can record."),
    "explain": _Command(
        "tremor.cli.explain", "explain", "Show what the explanations rest on, or weigh anew."
    ),
    "formats": _Command("tremor.cli.formats", "formats", "Show what can be read, and how."),
    "merge": _Command("tremor.cli.batch", "merge", "Join the shares of a batch."),
    "record": _Command("tremor.cli.record", "record", "Record the leg after a run."),
    "replay": _Command("tremor.cli.replay", "replay", "Play a capture through the live path."),
    "scan": _Command("tremor.cli.scan", "scan", "List the sensors in reach."),
    "sensors": _Command("tremor.cli.sensors", "sensors", "Show the sensors that are supported."),
    "simulate": _Command("tremor.cli.simulate", "simulate", "Make captures of known truth."),
    "trend": _Command("tremor.cli.trend", "trend", "Follow one leg over weeks."),
}

_EPILOG: Final = """\b
Examples:
  tremor analyze capture.csv
  tremor analyze capture.csv --html report.html
  tremor check capture.csv

\b
Exit codes:
  0  done
  1  internal error
  2  wrong usage
  3  capture or answers missing, unreadable or not recognised
  4  readable, but not enough good data (the result is still written)
  5  no Bluetooth, no permission, or no sensor
  6  sensor lost and not recovered
  7  some of several captures failed
  8  refused: would overwrite a file

Describes movement and weighs explanations. Cannot establish a cause or an
illness. Not a medical device.
"""


class _LazyGroup(click.Group):
    """Group that knows its commands by name and help, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(import_module(entry.module), entry.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            near = get_close_matches(name, _COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(_COMMANDS)}"
            raise click.UsageError(f"there is no command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            _drop_stdout()
            ctx.exit(0)
        except Exception as error:
            if process.was_interrupted():  # and a library made this error of it
                raise process.Interrupted from error
            _end_with(error, ctx)

    def main(  # type: ignore[override]  # it always leaves, whatever standalone_mode says
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: Any,  # noqa: ANN401 - click's signature
    ) -> NoReturn:
        """Run a command and exit with its code."""
        extra["standalone_mode"] = False
        process.prepare()
        fit_terminal()
        try:
            with process.signals_interrupt():
                result = super().main(
                    list(sys.argv[1:] if args is None else args),
                    prog_name=prog_name or self.name,
                    **extra,
                )
            if sys.stdout is not None:  # closed by whoever started the command
                sys.stdout.flush()
        except click.ClickException as error:
            _usage(error)
        except (click.Abort, KeyboardInterrupt):
            say("interrupted; nothing more was written")
            sys.exit(_INTERRUPTED)
        except BrokenPipeError:
            _drop_stdout()
            result = 0
        sys.exit(result if isinstance(result, int) else 0)


def _drop_stdout() -> None:
    # The reader closed the pipe; Python must not complain when it flushes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: click.ClickException) -> NoReturn:
    if type(error).__name__ == "NoArgsIsHelpError":  # click 8.2 and later; its message is the help
        echo(error.format_message(), err=True)
        sys.exit(error.exit_code)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "tremor"
    message = error.format_message().rstrip(".")
    say(f"{message[:1].lower()}{message[1:]}; see: {path} --help")
    sys.exit(exit_code_of(error) if isinstance(error, click.UsageError) else error.exit_code)


def _end_with(error: Exception, ctx: click.Context) -> NoReturn:
    say_error(error)
    ctx.exit(exit_code_of(error))


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if not value or ctx.resilient_parsing:
        return
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from tremor import __version__

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "missing"

    echo(
        f"tremor-analyzer {__version__} (Python {platform.python_version()}, "
        f"numpy {installed('numpy')}, scipy {installed('scipy')})"
    )
    ctx.exit()


@click.group(
    "tremor",
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog=_EPILOG,
    invoke_without_command=True,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions and leave.",
)
@common_options
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Measure leg tremor from a wearable accelerometer.

    How fast it is, how strong, how it fades, and how sure that is.
    """
    if ctx.invoked_subcommand is None:
        echo(ctx.get_help())


def main() -> None:
    """Run the tool; the entry point of the distribution."""
    try:
        cli.main()
    finally:
        process.ignore_signals()
        process.prepare_to_leave()
