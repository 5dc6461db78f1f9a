"""``tremor record``: a session from the leg, guided, kept safe, and analysed."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tremor.cli import process
from tremor.cli.options import (
    check_devices,
    common_options,
    is_input_allowed,
    lsl_option,
    overwrite_option,
)
from tremor.cli.paths import PATH
from tremor.cli.placements import known_placement
from tremor.cli.streams import say
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from devices.profile import SensorProfile
    from tremor.baselines import LevelBefore
    from tremor.session.plan import Plan, SessionOutcome

__all__ = ["parse_duration", "record"]

_EPILOG: Final = """\b
Examples:
  tremor record --placement left-calf
  tremor record --sensor polar-verity-sense --duration 10m
  tremor record --sensor left=polar-h10 --sensor right=movesense
  tremor record --sensor phyphox:192.168.1.20 --placement left-calf
  tremor record --baseline --out before
  tremor record --baseline before --out after
  tremor record --sensor simulated --option speed=20 --out rehearsal

\b
Exit codes:
  0    done; also when stopped by q, Ctrl-C or SIGTERM: saved and analysed
  2    wrong usage, or a folder that cannot be written
  3    context or baseline missing, unreadable or not recognised
  4    recorded, but not enough good data (the result is still written), or
       not a single sample
  5    no Bluetooth, no permission, or no sensor
  6    sensor lost and not recovered (what was recorded is saved and named)
  8    refused: would overwrite
  130  interrupted: before a sensor streamed, and nothing is left behind; or
       again, while it saved or analysed what is in the folder that it names
"""
_INSUFFICIENT: Final = 4
_LOST: Final = 6
_INTERRUPTED: Final = 130
_DEFAULT_S: Final = 300.0
_BASELINE_S: Final = 60.0
_SHORTEST_S: Final = 5.0
_LONGEST_S: Final = 24 * 3600.0
_PARTS: Final = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
#: Between a number and its unit, and between the parts; two numbers are not made one.
_BLANKS: Final = re.compile(r"(?<=[hms])\s+|\s+(?=[hms])")
#: ``--baseline`` without a folder: record one.
_RECORD_ONE: Final = True


def parse_duration(text: str, *, least_s: float = _SHORTEST_S, name: str = "duration") -> float:
    """Parse ``90``, ``90s``, ``5m``, ``1h30m``.

    Parameters
    ----------
    text : str
        Hours, minutes, seconds; a number alone is seconds.
    least_s : float
        Shortest duration allowed, s.
    name : str
        What it is the duration of, for an error.

    Returns
    -------
    float
        Duration, s.

    Raises
    ------
    InvalidInputError
        If it is no duration, shorter than that, or longer than a day.

    Examples
    --------
    >>> parse_duration("90"), parse_duration("5m"), parse_duration("1h30m")
    (90.0, 300.0, 5400.0)
    """
    compact = _BLANKS.sub("", text.strip().lower())
    match = _PARTS.fullmatch(compact)
    if not compact or match is None:
        raise InvalidInputError(f"{name} is {text!r}; give seconds, or such as 90s, 5m, 1h30m")
    hours, minutes, seconds = (float(part or 0.0) for part in match.groups())
    duration_s = 3600.0 * hours + 60.0 * minutes + seconds
    if not least_s <= duration_s <= _LONGEST_S:
        raise InvalidInputError(
            f"{name} is {duration_s:g} s; give {least_s:g} s to {_LONGEST_S / 3600.0:g} h"
        )
    return duration_s


def _parse_options(pairs: Sequence[str]) -> dict[str, str]:
    options = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise InvalidInputError(
                f"invalid option {pair!r}: expected KEY=VALUE; see: tremor sensors"
            )
        options[name.strip()] = value.strip()
    return options


@click.command(epilog=_EPILOG)
@click.option(
    "--sensor",
    "sensors",
    multiple=True,
    metavar="NAME",
    help="Kind, name or address; phyphox:HOST; sensor-logger[:PORT]; simulated[:KIND]; "
    "replay:FOLDER; LABEL=NAME of several.",
)
@click.option(
    "--option",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="What only this sensor knows, see tremor sensors; repeatable.",
)
@click.option(
    "--profile", "profile_slug", metavar="KIND", help="What it speaks like, if not by its name."
)
@click.option("--rate", "sampling_rate_hz", type=float, metavar="HZ", help="Rate to ask for.")
@click.option("--range", "range_g", type=float, metavar="G", help="Full scale to ask for, g.")
@click.option("--gyro", is_flag=True, help="Record angular velocity as well.")
@click.option("--duration", metavar="TIME", help="Such as 90s, 5m, 1h.  [default: 5m]")
@click.option(
    "--placement", default="", metavar="SIDE-SITE", help="Where it is worn, such as left-calf."
)
@click.option("--out", type=PATH, metavar="DIR", help="Folder of the recording; named by the time.")
@click.option(
    "--baseline",
    type=PATH,
    is_flag=False,
    flag_value=_RECORD_ONE,
    metavar="[FOLDER]",
    help="Alone: record a minute at rest before the run. With FOLDER: use that one.",
)
@click.option(
    "--context", "context_file", type=PATH, metavar="FILE", help="Answers that are known already."
)
@click.option("--pair", is_flag=True, help="Pair with the sensor first.")
@click.option(
    "--give-up",
    "give_up",
    default="5m",
    show_default=True,
    metavar="TIME",
    help="For how long a lost sensor is sought.",
)
@lsl_option
@click.option("--no-analyze", is_flag=True, help="Record only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an event on stdout.")
@overwrite_option
@common_options
@click.pass_context
def record(
    ctx: click.Context,
    *,
    sensors: tuple[str, ...],
    pairs: tuple[str, ...],
    profile_slug: str | None,
    sampling_rate_hz: float | None,
    range_g: float | None,
    gyro: bool,
    duration: str | None,
    placement: str,
    out: Path | None,
    baseline: Path | bool | None,
    context_file: Path | None,
    pair: bool,
    give_up: str,
    lsl: str | None,
    no_analyze: bool,
    as_json: bool,
    overwrite: bool,
) -> None:
    """Record the leg after a run.

    Finds the sensor, checks its fit, waits until you sit still, records, shows loss and tremor
    meanwhile, and never loses what it has received. Then it asks what is not known, analyses, and
    writes the report into the folder.
    """
    from tremor.baselines import LevelBefore
    from tremor.cli import after_recording
    from tremor.explanation.answers.context import Context
    from tremor.pipeline import RestInfo, baseline_rms_ms2
    from tremor.report.messages import text
    from tremor.session.folders import default_folder, require_room
    from tremor.session.plan import Plan
    from tremor.session.sensor_choice import parse_sensors
    from tremor.settings import AnalysisSettings

    # A shell lets what runs in the background ignore SIGINT; a recording obeys it all the same.
    ctx.with_resource(process.signals_interrupt("SIGINT"))
    check_devices()
    settings = AnalysisSettings()
    placement = known_placement(placement)
    is_baseline = baseline is _RECORD_ONE
    default_s = _BASELINE_S if is_baseline else _DEFAULT_S
    plan = Plan(
        sensors=parse_sensors(sensors, has_profile=profile_slug is not None),
        folder=out or default_folder(datetime.now(), placement=placement, is_baseline=is_baseline),
        placement=placement,
        duration_s=default_s if duration is None else parse_duration(duration),
        sampling_rate_hz=sampling_rate_hz,
        range_g=range_g,
        gyro=gyro,
        options=_parse_options(pairs),
        profile=_profile(profile_slug),
        pair=pair,
        asks=is_input_allowed(),
        give_up_s=parse_duration(give_up, least_s=1.0, name="--give-up"),
        overwrite=overwrite,
        lsl=lsl,
        is_baseline=is_baseline,
    )
    context = Context() if context_file is None else Context.from_file(context_file)
    level = None
    if isinstance(baseline, Path):
        level_ms2 = baseline_rms_ms2(baseline, settings=settings)
        level = LevelBefore(name=baseline.name, rms_ms2=level_ms2)
    plan = _with_level(plan, level, is_known=level is not None or not no_analyze)
    require_room(plan.folder, overwrite=overwrite)
    outcome = _recorded(ctx, plan, as_json=as_json)
    try:
        with process.interrupts_surface():
            if is_baseline:
                is_done = after_recording.print_baselines(outcome, settings, as_json=as_json)
            else:
                rest = RestInfo() if level is None else level.rest
                is_done = no_analyze or after_recording.print_analyses(
                    plan, outcome, context, settings, rest, as_json=as_json
                )
    except (KeyboardInterrupt, click.Abort):
        for one in outcome.recorded:
            say(text("session", "interrupted", folder=one.folder))
        ctx.exit(_INTERRUPTED)
    _exit_with_outcome(ctx, outcome, is_done=is_done)


def _with_level(plan: Plan, level: LevelBefore | None, *, is_known: bool) -> Plan:
    """Let the recordings note what they are held against, so that a trend does the same."""
    if not is_known:
        return plan
    folders = [] if level is None else [plan.folder_of(one) for one in plan.sensors]
    return replace(plan, levels_before={one: level for one in folders if level is not None})


def _recorded(ctx: click.Context, plan: Plan, *, as_json: bool) -> SessionOutcome:
    """Record, and say what was saved; leave if nothing was, or if it was broken off."""
    from tremor.cli import after_recording
    from tremor.report.messages import text
    from tremor.session.folders import was_begun

    since_s = time.time()
    try:
        with process.interrupts_surface():
            outcome = _record(plan, as_json=as_json)
        if outcome is None:
            say("stopped before a sensor streamed; nothing was recorded")
            ctx.exit(_INTERRUPTED)
        if outcome.was_cut_short:
            process.drop_lost_terminal()
        for one in outcome.recorded:
            after_recording.print_saved(one, as_json=as_json)
        if outcome.kept is not None:
            say(text("session", "kept", folder=plan.folder, kept=outcome.kept))
    except (KeyboardInterrupt, click.Abort):
        folders = [plan.folder_of(one) for one in plan.sensors]
        begun = [folder for folder in folders if was_begun(folder, since_s=since_s)]
        for folder in begun:
            say(text("session", "broken_off", folder=folder))
        if not begun:
            say("stopped before a sensor streamed; nothing was recorded")
        ctx.exit(_INTERRUPTED)
    return outcome


def _exit_with_outcome(ctx: click.Context, outcome: SessionOutcome, *, is_done: bool) -> None:
    """Leave with the exit code of the worst that happened, and say what it was."""
    from tremor.report.messages import text
    from tremor.session.outcome import require_written

    lost = [one for one in outcome.recorded if one.lost is not None]
    for one in lost:
        say(text("session", "cut_short", folder=one.folder, why=one.lost))
    if lost:
        ctx.exit(_LOST)
    require_written(outcome)
    if not is_done and not outcome.was_cut_short:
        ctx.exit(_INSUFFICIENT)


def _profile(slug: str | None) -> SensorProfile | None:
    from devices import PROFILES

    if slug is None:
        return None
    if slug not in PROFILES:
        raise InvalidInputError(f"there is no kind {slug!r}; known: {', '.join(PROFILES)}")
    return PROFILES[slug]


def _emit_nothing(event: str, content: Mapping[str, object]) -> None:
    pass


def _record(plan: Plan, *, as_json: bool) -> SessionOutcome | None:
    """Record; None if it was stopped before a sensor streamed."""
    import asyncio

    from tremor.cli.after_recording import emit
    from tremor.cli.keyboard import Keyboard
    from tremor.cli.screen import screen_for_stderr
    from tremor.session.session import record_session
    from tremor.session.stopping import Stop, StoppedError, signals_stop

    async def main() -> SessionOutcome:
        stop = Stop()
        screen = screen_for_stderr()
        with (
            signals_stop(stop),
            # Only a block shows what the keys do.
            Keyboard(is_wanted=plan.asks and screen.is_block) as keyboard,
            screen,
        ):
            return await record_session(
                plan,
                screen=screen,
                controls=keyboard,
                stop=stop,
                emit=emit if as_json else _emit_nothing,
            )

    try:
        return asyncio.run(main())
    except StoppedError:
        return None
    except asyncio.CancelledError as error:  # Ctrl-C again
        raise click.Abort from error
