"""Options that several commands share, and the flags among them that hold for a whole run.

No numpy and nothing of the analysis is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from tremor.cli.paths import PATH
from tremor.cli.placements import known_placement
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from tremor.formats.readers import ReadOptions
    from tremor.recording import Gravity, Recording
    from tremor.settings import AnalysisSettings

__all__ = [
    "CaptureOptions",
    "capture_options",
    "check_devices",
    "common_options",
    "is_input_allowed",
    "is_quiet",
    "lsl_option",
    "overwrite_option",
    "placement_option",
    "read_settings",
    "rest_start_option",
    "settings_options",
    "verbosity",
]

_META: Final = "tremor.cli."
_DISTRIBUTION: Final = "tremor-analyzer"
_DEFAULT_LANGUAGE: Final = "en"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _remember(ctx: click.Context, param: click.Parameter, value: int) -> None:
    key = f"{_META}{param.name}"
    ctx.meta[key] = max(int(value), ctx.meta.get(key, 0))


def _use_language(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is None or ctx.resilient_parsing:
        return
    from tremor.report.messages import use_language

    try:
        use_language(value.strip().lower())
    except InvalidInputError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    # A process may run several commands, as the tests do.
    ctx.find_root().call_on_close(lambda: use_language(_DEFAULT_LANGUAGE))


def common_options(command: _Command) -> _Command:
    """Add ``-q``, ``-v``, ``--no-input`` and ``--lang`` to a command.

    Parameters
    ----------
    command : callable
        Function of the command; it gets no argument from these options.

    Returns
    -------
    callable
        The same function.
    """
    for option in (
        click.option(
            "--lang",
            metavar="CODE",
            expose_value=False,
            callback=_use_language,
            help="Language of the sentences.  [default: en]",
        ),
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
    """Add ``--overwrite`` to a command that writes files."""
    return click.option(
        "--overwrite", is_flag=True, help="Replace output files that exist; refused otherwise."
    )(command)


def rest_start_option(command: _Command) -> _Command:
    """Add ``--rest-start`` to a command, s from the start of a capture."""
    return click.option(
        "--rest-start",
        "rest_start_s",
        type=float,
        callback=_time_within_capture,
        metavar="SECONDS",
        help="When the rest began; found from the capture without it.",
    )(command)


def _time_within_capture(
    ctx: click.Context, param: click.Parameter, value: float | None
) -> float | None:
    from tremor.settings.bounds import OPTION_BOUNDS

    most_s = OPTION_BOUNDS.longest_capture_s
    if value is not None and not 0.0 <= value <= most_s:
        raise click.BadParameter(
            f"{value:g} s is no time of a capture; give 0 to {most_s:.0f} s", ctx, param
        )
    return value


def lsl_option(command: _Command) -> _Command:
    """Add ``--lsl`` to a command that plays or records."""
    return click.option(
        "--lsl",
        is_flag=False,
        flag_value="tremor",
        metavar="[NAME]",
        help="Send the samples as an LSL stream meanwhile, named tremor or NAME.",
    )(command)


def settings_options(command: _Command) -> _Command:
    """Add ``--settings`` and ``--set`` to a command; see `read_settings`."""
    for option in (
        click.option(
            "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="One setting; repeatable."
        ),
        click.option(
            "--settings",
            "settings_file",
            type=PATH,
            metavar="FILE",
            help="TOML with settings such as band_high_hz = 12.",
        ),
    ):
        command = option(command)
    return command


def read_settings(settings_file: Path | None, pairs: Sequence[str]) -> AnalysisSettings:
    """Return the settings that the options of `settings_options` give.

    Parameters
    ----------
    settings_file : Path or None
        TOML file.
    pairs : sequence of str
        ``KEY=VALUE``; takes precedence over the file.

    Raises
    ------
    InvalidInputError
        If the file cannot be read, or a setting is unknown or out of range.
    """
    from tremor.settings import AnalysisSettings

    settings = (
        AnalysisSettings() if settings_file is None else AnalysisSettings.from_file(settings_file)
    )
    return settings.with_overrides(pairs)


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """The options for facts that a capture may lack; see `capture_options`."""

    columns: str | None
    unit: str | None
    sampling_rate_hz: float | None
    gravity: Gravity | None
    placement: str | None
    time_unit: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    format: str | None = None
    source: str | None = None

    def given(self) -> tuple[str, ...]:
        """Return the names of the options that were given."""
        names = {one.name: one.name.removesuffix("_hz") for one in fields(self)}
        return tuple(
            f"--{name.replace('_', '-')}"
            for attribute, name in names.items()
            if getattr(self, attribute) is not None
        )

    def read(self, file: Path) -> Recording:
        """Read a capture with these options; raises as `tremor.read`."""
        from tremor.opening import open_recording

        with open_recording(file, self.for_reading()) as recording:
            return recording.in_memory()

    def for_reading(self) -> ReadOptions:
        """Return them as reading takes them, checked."""
        from tremor.formats.readers import ReadOptions

        return ReadOptions(**asdict(self))


def capture_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for facts that a capture may lack.

    Parameters
    ----------
    command : callable
        Function of the command; it gets them as one argument, ``given`` of `CaptureOptions`.

    Returns
    -------
    callable
        Function for click, with an argument for each option.
    """

    @wraps(command)
    def grouped(*args: Any, **values: Any) -> Any:  # noqa: ANN401 - whatever click passes
        given = CaptureOptions(**{one.name: values.pop(one.name) for one in fields(CaptureOptions)})
        return command(*args, given=given, **values)

    for option in (
        placement_option("Where the sensor was worn, such as left-calf."),
        click.option(
            "--gravity",
            type=click.Choice(["included", "removed"]),
            help="Whether gravity is in the samples. Told from the samples otherwise.",
        ),
        click.option(
            "--source",
            metavar="NAME",
            callback=lambda _, __, value: value or None,
            help="One of several devices in a table, or captures in a zip archive or folder.",
        ),
        click.option(
            "--format", metavar="NAME", help="Name of the format; tremor formats lists them."
        ),
        click.option("--decimal", metavar="SIGN", help="Decimal sign: . or comma."),
        click.option(
            "--delimiter",
            metavar="SIGN",
            help="Between the cells: comma, semicolon, tab, pipe, blank, or the sign itself.",
        ),
        click.option(
            "--time-unit",
            type=click.Choice(["s", "ms", "us", "ns", "text"]),
            help="Unit of the time stamps.",
        ),
        click.option(
            "--sampling-rate",
            "--rate-hz",
            "sampling_rate_hz",
            type=float,
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
        grouped = option(grouped)
    return grouped


def placement_option(text: str) -> Callable[[_Command], _Command]:
    """Return an option ``--placement`` that takes known places of the body only."""
    return click.option(
        "--placement",
        metavar="SIDE-SITE",
        callback=lambda _, __, value: known_placement(value) or None if value else None,
        help=text,
    )


def _level(name: str) -> int:
    context = click.get_current_context(silent=True)
    return 0 if context is None else int(context.meta.get(_META + name, 0))


def is_input_allowed() -> bool:
    """Check whether questions may be asked: ``--no-input`` was not given."""
    return _level("no_input") == 0


def check_devices() -> None:
    """Check that the package ``devices`` is the one of this distribution.

    Raises
    ------
    InvalidInputError
        If it is another package of that name.
    """
    import devices

    if getattr(devices, "DISTRIBUTION", "") != _DISTRIBUTION:
        raise InvalidInputError(
            f"the package devices at {devices.__path__[0]} is another one; install "
            f"{_DISTRIBUTION} into an environment of its own"
        )


def is_quiet() -> bool:
    """Check whether ``-q`` was given."""
    return _level("quiet") > 0


def verbosity() -> int:
    """Return how many times ``-v`` was given."""
    return _level("verbose")
