"""``tremor record``: a session from the leg, guided, kept safe, and analysed."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tremor.cli.options import (
    check_devices,
    common_options,
    is_input_allowed,
    is_quiet,
    overwrite_option,
    say,
)
from tremor.errors import InvalidInputError, TremorError

if TYPE_CHECKING:
    from devices.profile import SensorProfile
    from tremor.explanation.answers.context import Context
    from tremor.session.plan import Plan, Recorded, SessionOutcome
    from tremor.settings import AnalysisSettings

__all__ = ["read_duration", "record"]

_EPILOG: Final = """\b
Examples:
  tremor record --placement left-calf
  tremor record --sensor polar-verity-sense --duration 10m
  tremor record --sensor left=polar-h10 --sensor right=movesense
  tremor record --baseline --out before
  tremor record --baseline before --out after
  tremor record --sensor simulated --option speed=20 --out rehearsal

\b
Exit codes:
  0    done; also when stopped by q, Ctrl-C or SIGTERM: saved and analysed
  2    wrong usage, or a folder that cannot be written
  3    context or baseline missing, unreadable or not recognised
  4    recorded, but not enough good data (the result is still written)
  5    no Bluetooth, no permission, or no sensor
  6    sensor lost and not recovered (what was recorded is saved and named)
  8    refused: would overwrite
  130  stopped before a sensor streamed; nothing is left behind
"""
_INSUFFICIENT: Final = 4
_LOST: Final = 6
_INTERRUPTED: Final = 130
_DEFAULT_S: Final = 300.0
_BASELINE_S: Final = 60.0
_SHORTEST_S: Final = 5.0
_LONGEST_S: Final = 24 * 3600.0
_PARTS: Final = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
#: ``--baseline`` without a folder: record one.
_RECORD_ONE: Final = ""


def read_duration(text: str, *, least_s: float = _SHORTEST_S) -> float:
    """Read ``90``, ``90s``, ``5m``, ``1h30m``.

    Parameters
    ----------
    text : str
        Hours, minutes, seconds; a number alone is seconds.
    least_s : float
        Shortest that is taken, s.

    Returns
    -------
    float
        s.

    Raises
    ------
    InvalidInputError
        Where it is no time, shorter than that or longer than a day.

    Examples
    --------
    >>> read_duration("90"), read_duration("5m"), read_duration("1h30m")
    (90.0, 300.0, 5400.0)
    """
    plain = "".join(text.lower().split())
    match = _PARTS.fullmatch(plain)
    if not plain or match is None:
        raise InvalidInputError(f"duration is {text!r}; give seconds, or such as 90s, 5m, 1h30m")
    hours, minutes, seconds = (float(part or 0.0) for part in match.groups())
    duration_s = 3600.0 * hours + 60.0 * minutes + seconds
    if not least_s <= duration_s <= _LONGEST_S:
        raise InvalidInputError(
            f"duration is {duration_s:g} s; give {least_s:g} s to {_LONGEST_S / 3600.0:g} h"
        )
    return duration_s


def _read_options(pairs: Sequence[str]) -> dict[str, str]:
    options = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise InvalidInputError(f"option {pair!r} is no KEY=VALUE; see: tremor sensors")
        options[name.strip()] = value.strip()
    return options


@click.command(epilog=_EPILOG)
@click.option(
    "--sensor",
    "sensors",
    multiple=True,
    metavar="NAME",
    help="Kind, name or address; simulated[:KIND]; replay:FOLDER; LABEL=NAME of several.",
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
@click.option("--out", type=Path, metavar="DIR", help="Folder of the recording; named by the time.")
@click.option(
    "--baseline",
    is_flag=False,
    flag_value=_RECORD_ONE,
    metavar="[FOLDER]",
    help="Alone: record a minute at rest before the run. With FOLDER: use that one.",
)
@click.option(
    "--context", "context_file", type=Path, metavar="FILE", help="Answers that are known already."
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
    baseline: str | None,
    context_file: Path | None,
    pair: bool,
    give_up: str,
    no_analyze: bool,
    as_json: bool,
    overwrite: bool,
) -> None:
    """Record the leg after a run.

    Finds the sensor, checks its fit, waits until you sit still, records, shows loss and tremor
    meanwhile, and never loses what it has received. Then it asks what is not known, analyses, and
    writes the report into the folder.
    """
    from tremor.explanation.answers.context import Context
    from tremor.session.choosing import read_wishes
    from tremor.session.folders import default_folder, make_room
    from tremor.session.outcome import rest_level_ms2
    from tremor.session.plan import Plan
    from tremor.settings import AnalysisSettings

    check_devices()
    settings = AnalysisSettings()
    is_baseline = baseline == _RECORD_ONE
    usual_s = _BASELINE_S if is_baseline else _DEFAULT_S
    plan = Plan(
        wishes=read_wishes(sensors),
        folder=out or default_folder(datetime.now(), placement=placement, is_baseline=is_baseline),
        placement=placement.strip().lower(),
        duration_s=usual_s if duration is None else read_duration(duration),
        sampling_rate_hz=sampling_rate_hz,
        range_g=range_g,
        gyro=gyro,
        options=_read_options(pairs),
        profile=_profile(profile_slug),
        pair=pair,
        asks=is_input_allowed(),
        give_up_s=read_duration(give_up, least_s=1.0),
    )
    context = Context() if context_file is None else Context.from_file(context_file)
    level_ms2 = rest_level_ms2(Path(baseline), settings=settings) if baseline else None
    make_room(plan.folder, overwrite=overwrite)
    outcome = _record(plan, as_json=as_json)
    if outcome is None:
        say("stopped before a sensor streamed; nothing was recorded")
        ctx.exit(_INTERRUPTED)
    for one in outcome.recorded:
        _tell_saved(one, as_json=as_json)
    is_done = True
    if is_baseline:
        is_done = _baseline(outcome, settings, as_json=as_json)
    elif not no_analyze:
        is_done = _analysis(plan, outcome, context, settings, level_ms2, as_json=as_json)
    lost = [one for one in outcome.recorded if one.lost is not None]
    for one in lost:
        say(f"{one.folder}: saved up to there: {one.lost}")
    if lost:
        ctx.exit(_LOST)
    _require_written(outcome)
    if not is_done and not outcome.was_cut_short:
        ctx.exit(_INSUFFICIENT)


def _profile(slug: str | None) -> SensorProfile | None:
    from devices import PROFILES

    if slug is None:
        return None
    if slug not in PROFILES:
        raise InvalidInputError(f"there is no kind {slug!r}; known: {', '.join(PROFILES)}")
    return PROFILES[slug]


def _emit(event: str, content: Mapping[str, object]) -> None:
    try:
        click.echo(json.dumps({"event": event, **content}, ensure_ascii=False, allow_nan=False))
    except BrokenPipeError:
        # Whoever read has seen enough; the recording goes on.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _emit_nothing(event: str, content: Mapping[str, object]) -> None:
    pass


def _record(plan: Plan, *, as_json: bool) -> SessionOutcome | None:
    """Record; None where it was stopped before there was anything."""
    import asyncio

    from tremor.cli.keyboard import Keyboard
    from tremor.cli.screen import screen_for_stderr
    from tremor.session.session import record_session
    from tremor.session.stopping import Stop, StoppedError, signals_stop

    async def main() -> SessionOutcome:
        stop = Stop()
        shown = screen_for_stderr()
        with (
            signals_stop(stop),
            # What keys do stands in the block: without it nobody knows.
            Keyboard(is_wanted=plan.asks and shown.is_block) as keyboard,
            shown as screen,
        ):
            return await record_session(
                plan,
                screen=screen,
                keyboard=keyboard,
                stop=stop,
                emit=_emit if as_json else _emit_nothing,
            )

    try:
        return asyncio.run(main())
    except StoppedError:
        return None
    except asyncio.CancelledError as error:  # Ctrl-C again
        raise click.Abort from error


def _tell_saved(one: Recorded, *, as_json: bool) -> None:
    from tremor.session.outcome import saved_text

    if as_json:
        counts = {
            "n_samples": one.counts.n_samples,
            "n_lost": one.counts.n_lost,
            "n_gaps": one.counts.n_gaps,
        }
        lost = None if one.lost is None else str(one.lost)
        _emit("saved", {"sensor": one.label, "folder": str(one.folder), **counts, "lost": lost})
    if not is_quiet():
        say(saved_text(one))


def _require_written(outcome: SessionOutcome) -> None:
    for one in outcome.recorded:
        disk = one.counts.disk
        if disk.n_bytes_unwritten:
            raise InvalidInputError(
                f"{one.folder}: the last {disk.n_bytes_unwritten} bytes are lost: the disk did not "
                f"take them ({disk.trouble.partition(';')[0]}); what is before them is saved"
            )


def _baseline(outcome: SessionOutcome, settings: AnalysisSettings, *, as_json: bool) -> bool:
    """Say what the leg does at rest; tell whether that could be measured."""
    from tremor.session.outcome import rest_level_ms2, tell_baseline

    try:
        for one in outcome.recorded:
            if as_json:
                level_ms2 = rest_level_ms2(one.folder, settings=settings)
                _emit("baseline", {"folder": str(one.folder), "rms_ms2": level_ms2})
            else:
                tell_baseline(one, settings=settings)
    except TremorError as error:
        say(str(error))
        return False
    return True


def _analysis(
    plan: Plan,
    outcome: SessionOutcome,
    context: Context,
    settings: AnalysisSettings,
    level_ms2: float | None,
    *,
    as_json: bool,
) -> bool:
    """Ask, analyse, and write; tell whether there was enough good data."""
    from tremor.report.messages import sentence
    from tremor.session.outcome import (
        analyze_recording,
        ask_open,
        document_of,
        tell_analysis,
        tell_nothing,
    )

    if plan.asks and not outcome.was_cut_short:
        context = ask_open(context, plan.folder)
    is_enough = True
    for number, one in enumerate(outcome.recorded):
        try:
            written = analyze_recording(
                one, context=context, settings=settings, baseline_rms_ms2=level_ms2
            )
        except TremorError as error:
            tell_nothing(one, str(error))
            is_enough = False
            continue
        if as_json:
            _emit("analysis", document_of(written, one))
        else:
            if number:
                click.echo()
            tell_analysis(written, one)
        if written.analysis.status == "insufficient":
            tell_nothing(one, sentence(written.analysis.summary.reason))
            is_enough = False
    return is_enough
