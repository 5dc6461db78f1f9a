"""``tremor scan``: the sensors in reach."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from tremor.cli.options import check_devices, common_options, is_quiet
from tremor.cli.progress import Progress
from tremor.cli.streams import echo, print_json, say
from tremor.errors import SensorNotFoundError
from tremor.printable import printable

if TYPE_CHECKING:
    from devices.link.discovery import DiscoveredDevice

__all__ = ["SCHEMA", "scan"]

SCHEMA: Final = "tremor.scan/1"

_EPILOG: Final = """\b
Examples:
  tremor scan
  tremor scan --timeout 20
  tremor scan --all --json

\b
Exit codes:
  0  a sensor is in reach
  2  wrong usage
  5  no sensor, no Bluetooth, or no permission
"""
_DEFAULT_S: Final = 8.0
#: Widths of all columns but the last, two blanks apart.
_WIDTHS: Final = (18, 28, 9)


def _seconds(ctx: click.Context, param: click.Parameter, value: float) -> float:
    from tremor.settings.bounds import OPTION_BOUNDS

    least_s, most_s = OPTION_BOUNDS.listening_s
    if not least_s <= value <= most_s:
        raise click.BadParameter(
            f"{value:g} is no time; give {least_s:g} to {most_s:g} s", ctx, param
        )
    return value


@click.command(epilog=_EPILOG)
@click.option(
    "--timeout",
    "timeout_s",
    type=float,
    callback=_seconds,
    default=_DEFAULT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to listen.",
)
@click.option("--all", "shows_all", is_flag=True, help="Also list devices that are no sensor.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@common_options
def scan(*, timeout_s: float, shows_all: bool, as_json: bool) -> None:
    """List the sensors in reach: kind, name, signal strength, address.

    A sensor that this computer is connected to already is listed as well. Sensors sleep until
    they are worn or moved, and most have one link only: close the phone app.
    """
    check_devices()
    with Progress.shown(1, pulses=True) as progress:
        if not is_quiet():
            with progress.paused():
                say(
                    f"listening for {timeout_s:g} s; a phone is not heard but named, by "
                    f"{_phones()}: see 'tremor sensors phyphox'"
                )
        found = asyncio.run(_listen(timeout_s, progress))
    sensors = [one for one in found if one.profile is not None]
    others = [one for one in found if one.profile is None]
    shown = found if shows_all else sensors
    if as_json:
        document = {
            "schema": SCHEMA,
            "sensors": [_document(one) for one in shown],
            "n_others": len(others),
        }
        print_json(document)
    elif shown:
        for line in _table(shown):
            echo(line)
    if others and not shows_all and not is_quiet():
        n_others = _n_devices(len(others))
        say(f"{n_others} in reach that no known sensor calls itself; --all lists them")
    if not sensors:
        raise SensorNotFoundError(
            f"no known sensor was heard within {timeout_s:g} s; wear or shake it so that it "
            "wakes, charge it, close the phone app that may hold its link, come nearer; "
            "'tremor doctor' checks this computer, 'tremor sensors' lists what is known"
        )


def _phones() -> str:
    from devices import PROFILES

    forms = [one.address_form for one in PROFILES.values() if one.address_form]
    return " or ".join(f"--sensor {form}" for form in forms)


async def _listen(timeout_s: float, progress: Progress) -> Sequence[DiscoveredDevice]:
    from devices.link.discovery import scan as listen

    heard: set[str] = set()

    def show(one: DiscoveredDevice) -> None:
        if one.profile is not None:
            heard.add(one.peripheral.address)
            progress.at(f"{len(heard)} found, last {one.label}", 0)

    progress.at("no sensor yet", 0)
    return await listen(timeout_s, on_found=show)


def _n_devices(number: int) -> str:
    return "1 device is" if number == 1 else f"{number} devices are"


def _table(found: Sequence[DiscoveredDevice]) -> Iterator[str]:
    rows = [("sensor", "its name", "signal", "address"), *(_cells(one) for one in found)]
    for number, row in enumerate(rows):
        padded = [f"{cell:<{width}}" for cell, width in zip(row, _WIDTHS, strict=False)]
        yield "  ".join((*padded, row[-1])).rstrip()
        if not number:
            yield "-" * 80


def _cells(one: DiscoveredDevice) -> tuple[str, str, str, str]:
    peripheral = one.peripheral
    return (
        one.profile.slug if one.profile is not None else "-",
        _shown(peripheral.advertisement.name) or "-",
        _signal(one),
        peripheral.address,
    )


def _shown(name: str) -> str:
    # Anybody can choose the name of a device: no control characters on a terminal.
    kept = printable(name)
    width = _WIDTHS[1]
    return kept if len(kept) <= width else f"{kept[: width - 3]}..."


def _signal(one: DiscoveredDevice) -> str:
    if one.peripheral.is_connected:
        return "connected"
    return "-" if one.peripheral.rssi_dbm is None else f"{one.peripheral.rssi_dbm} dBm"


def _document(one: DiscoveredDevice) -> dict[str, Any]:
    peripheral = one.peripheral
    return {
        "profile": None if one.profile is None else one.profile.slug,
        "name": peripheral.advertisement.name,
        "address": peripheral.address,
        "rssi_dbm": peripheral.rssi_dbm,
        "connected": peripheral.is_connected,
    }
