"""``tremor sensors``: the supported sensors, or everything about one of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import click

from tremor.cli.options import check_devices, common_options
from tremor.cli.streams import echo, print_json, warn
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from devices.profile import SensorProfile

__all__ = ["SCHEMA", "sensors"]

SCHEMA: Final = "tremor.sensors/1"

_EPILOG: Final = """\b
Examples:
  tremor sensors
  tremor sensors polar-verity-sense
  tremor sensors nordic-uart
  tremor sensors --json

\b
Exit codes:
  0  done
  2  wrong usage, or a sensor that is not known
"""
_WIDTH: Final = 80
_LABEL: Final = 13
_OPTION: Final = 18
#: Heading and width of each column of the table, two blanks apart.
_COLUMNS: Final = (
    ("sensor", 18),
    ("its name", 20),
    ("Hz", 14),
    ("g", 7),
    ("stamps", 7),
    ("loss", 4),
)
_FOOT: Final = (
    "Hz and g: rates and ranges, * unless told otherwise. stamps: unit of the sensor's own time. "
    "loss: whether lost samples can be told from late ones. More of one: tremor sensors NAME"
)


@click.command(epilog=_EPILOG)
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@common_options
def sensors(*, name: str | None, as_json: bool) -> None:
    """Show the sensors that can be recorded from.

    NAME is one of the first column; with it, all that is known of that sensor is shown.
    """
    check_devices()
    from devices import PROFILES
    from devices.catalog import problems

    for problem in problems():
        warn(problem)
    shown = list(PROFILES.values()) if name is None else [_profile(name, PROFILES.values())]
    if as_json:
        document = {"schema": SCHEMA, "sensors": [_document(profile) for profile in shown]}
        print_json(document)
        return
    for line in _table(shown) if name is None else _page(shown[0]):
        echo(line)


def _profile(name: str, profiles: Iterable[SensorProfile]) -> SensorProfile:
    by_name = {key.lower(): one for one in profiles for key in (one.name, one.slug)}
    wanted = name.strip().lower()
    if wanted in by_name:
        return by_name[wanted]
    near = get_close_matches(wanted, by_name, n=1)
    known = ", ".join(dict.fromkeys(one.slug for one in by_name.values()))
    hint = f"did you mean {by_name[near[0]].slug}?" if near else f"known: {known}"
    raise InvalidInputError(f"there is no sensor {name!r}; {hint}")


def _table(profiles: Sequence[SensorProfile]) -> Iterator[str]:
    yield from _row([heading for heading, _ in _COLUMNS])
    yield "-" * _WIDTH
    for profile in profiles:
        yield from _row(_cells(profile))
    yield ""
    yield from textwrap.wrap(_FOOT, _WIDTH)


def _row(cells: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a row whose cells are wrapped to their columns."""
    wrapped = [_wrapped(cell, width) for cell, (_, width) in zip(cells, _COLUMNS, strict=True)]
    for index in range(max(map(len, wrapped))):
        texts = [lines[index] if index < len(lines) else "" for lines in wrapped]
        padded = [f"{text:<{width}}" for text, (_, width) in zip(texts, _COLUMNS, strict=True)]
        yield "  ".join(padded).rstrip()


def _wrapped(cell: str, width: int) -> list[str]:
    """Wrap a cell; a comma begins a new line."""
    return [
        line
        for part in cell.split(", ")
        for line in textwrap.wrap(part, width, break_long_words=False) or [""]
    ]


def _cells(profile: SensorProfile) -> list[str]:
    return [
        profile.slug,
        profile.name_pattern,
        _numbers(profile.rates_hz, profile.default_rate_hz) or "as its program",
        _numbers(profile.ranges_g, profile.default_range_g) or "its own",
        _stamps(profile.device_time),
        "yes" if profile.detects_loss else "no",
    ]


def _numbers(values: Sequence[float], chosen: float | None) -> str:
    several = len(values) > 1
    return " ".join(f"{one:g}*" if several and one == chosen else f"{one:g}" for one in values)


def _stamps(device_time: str) -> str:
    unit, stamp, _ = device_time.partition(" stamp")
    if not device_time:
        return "none"
    return unit if stamp else "if sent"


def _page(profile: SensorProfile) -> Iterator[str]:
    yield f"{profile.name} ({profile.slug})"
    yield ""
    facts = {
        "its name": profile.name_pattern,
        "rates": _list(profile.rates_hz, profile.default_rate_hz, "Hz")
        or f"as its program is; {profile.default_rate_hz:g} Hz is assumed until it is measured",
        "ranges": _list(profile.ranges_g, profile.default_range_g, "g") or "its own",
        "gyroscope": "yes" if profile.has_gyro else "no",
        "time stamps": profile.device_time or "none",
        "loss": profile.loss,
        "battery": "told by the sensor, in percent" if profile.battery_characteristic else "",
    }
    for label, text in facts.items():
        yield from _labelled(label, text)
    for number, service in enumerate(profile.services):
        yield from _labelled("" if number else "services", service)
    if profile.options:
        yield ""
        yield "Options"
        for option, text in profile.options.items():
            yield from _labelled(f"  {option}", text, indent=_OPTION)
    if profile.remarks:
        yield ""
        yield "To know"
        for remark in profile.remarks:
            yield from textwrap.wrap(
                remark, _WIDTH, initial_indent="  - ", subsequent_indent="    "
            )
    if profile.manual:
        yield ""
        yield from profile.manual.splitlines()


def _list(values: Sequence[float], chosen: float | None, unit: str) -> str:
    listed = ", ".join(f"{one:g}" for one in values)
    if len(values) < 2:
        return f"{listed} {unit}" if listed else ""
    return f"{listed} {unit}; {chosen:g} {unit} unless told otherwise"


def _labelled(label: str, text: str, *, indent: int = _LABEL) -> Iterator[str]:
    if text:
        yield from textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=f"{label:<{indent}}",
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _document(profile: SensorProfile) -> dict[str, Any]:
    return {
        "slug": profile.slug,
        "name": profile.name,
        "name_pattern": profile.name_pattern,
        "services": list(profile.services),
        "address_form": profile.address_form or None,
        "rates_hz": list(profile.rates_hz),
        "default_rate_hz": profile.default_rate_hz,
        "ranges_g": list(profile.ranges_g),
        "default_range_g": profile.default_range_g,
        "has_gyro": profile.has_gyro,
        "device_time": profile.device_time or None,
        "tells_loss": profile.detects_loss,
        "loss": profile.loss,
        "tells_battery": profile.battery_characteristic is not None,
        "options": dict(profile.options or {}),
        "remarks": list(profile.remarks),
    }
