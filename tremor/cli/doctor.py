"""``tremor doctor``: whether this computer can record, a line for each requirement."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

import click

from tremor.cli.options import check_devices, common_options
from tremor.cli.paths import PATH
from tremor.cli.streams import echo, print_json
from tremor.errors import InvalidInputError, LinkError
from tremor.printable import printable

__all__ = ["SCHEMA", "Check", "doctor"]

SCHEMA: Final = "tremor.doctor/1"

_EPILOG: Final = """\b
Examples:
  tremor doctor
  tremor doctor --out recordings
  tremor doctor --json

\b
Exit codes:
  0  this computer can record
  2  wrong usage
  5  it cannot, and the lines say why and what to do
"""
_CANNOT: Final = 5
State = Literal["ok", "weak", "fail", "skipped"]

_PYTHON: Final = (3, 11)
#: Packages that recording and analysis need, and the supported versions of bleak.
_PACKAGES: Final = ("numpy", "scipy", "pandas", "bleak", "rich")
_BLEAK: Final = ((3, 1), (4, 0))
_REINSTALL: Final = "install anew: 'pip install --force-reinstall tremor-analyzer'"
#: An hour at 416 Hz with six channels: rows of 91 bytes are 136 MB, the packets about 25.
_HOUR_MB: Final = 160
_LEAST_MB: Final = 50
#: How long to listen for advertisements, s.
_LISTEN_S: Final = 0.5
_LIMIT_S: Final = 20.0

#: Parts of Bluetooth, each depending on those before: name, troubles that are its own, what is
#: shown if there is none, and whether only Linux has it.
_PARTS: Final[tuple[tuple[str, frozenset[str], str, bool], ...]] = (
    ("D-Bus", frozenset({"no bus"}), "the system bus answers", True),
    ("daemon", frozenset({"no daemon", "old daemon"}), "the Bluetooth daemon answers", True),
    ("permission", frozenset({"denied"}), "Bluetooth is allowed", False),
    ("adapter", frozenset({"no adapter", "no central role", "off"}), "there and on", False),
)


@dataclass(frozen=True, slots=True)
class Check:
    """Result for one requirement.

    Parameters
    ----------
    name : str
        The requirement.
    state : {"ok", "weak", "fail", "skipped"}
        ``weak`` is enough for now; ``skipped`` if one that it depends on fails.
    detail : str
        What was found.
    remedy : str
        What to do; empty if nothing.
    """

    name: str
    state: State
    detail: str
    remedy: str = ""


@click.command(epilog=_EPILOG)
@click.option(
    "--out",
    type=PATH,
    default=Path(),
    metavar="DIR",
    help="Folder that recordings are to go to; the present one otherwise.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@common_options
@click.pass_context
def doctor(ctx: click.Context, *, out: Path, as_json: bool) -> None:
    """Check whether this computer can record: versions, Bluetooth, disk, folders.

    Nothing is changed; no sensor is needed.
    """
    checks = [
        _python(),
        _packages(),
        _own_devices(),
        *_bluetooth(),
        _folder(out),
        _disk(out),
        _log_folder(),
    ]
    is_ready = all(check.state != "fail" for check in checks)
    if as_json:
        document = {
            "schema": SCHEMA,
            "ready": is_ready,
            "checks": [asdict(check) for check in checks],
        }
        print_json(document)
    else:
        for check in checks:
            for line in _lines(check):
                echo(line)
        echo("")
        echo(_conclusion(checks))
    if not is_ready:
        ctx.exit(_CANNOT)


def _lines(check: Check) -> Iterator[str]:
    text = f"{check.detail}; {check.remedy}" if check.remedy else check.detail
    label = f"{check.state:<7}  {check.name:<10}  "
    yield from textwrap.wrap(
        text,
        80,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _conclusion(checks: list[Check]) -> str:
    failed = [check.name for check in checks if check.state == "fail"]
    if not failed:
        return "This computer can record; 'tremor scan' lists the sensors in reach."
    return f"This computer cannot record from a sensor yet: {', '.join(failed)}."


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.release()}"
    if sys.version_info[:2] >= _PYTHON:
        return Check("Python", "ok", found)
    return Check(
        "Python", "fail", found, "install Python 3.11 or newer"
    )  # unreachable if installed


def _packages() -> Check:
    from tremor import __version__

    versions, missing = [f"tremor-analyzer {__version__}"], []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("packages", "fail", f"{', '.join(missing)} missing", _REINSTALL)
    bleak = tuple(int(part) for part in version("bleak").split(".")[:2])
    if not _BLEAK[0] <= bleak < _BLEAK[1]:
        return Check(
            "packages",
            "fail",
            f"bleak {version('bleak')} is not one of 3.1 to below 4",
            "install it: pip install 'bleak>=3.1,<4'",
        )
    return Check("packages", "ok", ", ".join(versions))


def _own_devices() -> Check:
    try:
        check_devices()
    except InvalidInputError as error:
        what, _, remedy = str(error).partition("; ")
        return Check("devices", "fail", what, remedy)
    from devices import PROFILES
    from devices.catalog import problems

    if problems():
        update = "update or uninstall the package that brings it"
        return Check("devices", "weak", printable("; ".join(problems())), update)
    return Check("devices", "ok", f"{len(PROFILES)} kinds of sensors; 'tremor sensors' lists them")


def _bluetooth() -> Iterator[Check]:
    trouble, message = _trouble()
    is_linux = sys.platform == "linux"
    parts = [part for part in _PARTS if is_linux or not part[3]]
    failed = False
    for name, troubles, well, _ in parts:
        if failed:
            yield Check(name, "skipped", "not looked at: see above")
        elif trouble in troubles:
            failed = True
            what, _, remedy = message.partition("; ")
            yield Check(name, "fail", what, remedy)
        elif message and not trouble:
            yield Check(name, "skipped", "cannot be told: see below")
        else:
            yield Check(name, "ok", well)
    if failed:
        yield Check("listening", "skipped", "not looked at: see above")
    elif message:
        what, _, remedy = message.partition("; ")
        yield Check("listening", "fail", what, remedy)
    else:
        yield Check("listening", "ok", "advertisements can be listened to")


def _trouble() -> tuple[str, str]:
    """Try Bluetooth; return what is wrong, as a key of the remedies and in words."""
    try:
        asyncio.run(_try_bluetooth())
    except LinkError as error:
        return error.trouble, str(error)
    except TimeoutError:
        from devices.link.remedies import remedy

        return "", f"Bluetooth did not answer within {_LIMIT_S:g} s; {remedy('busy')}"
    except ImportError as error:
        return "", f"bleak cannot be loaded: {error}; {_REINSTALL}"
    return "", ""


async def _try_bluetooth() -> None:
    from contextlib import aclosing, suppress

    from devices.link.radio import connected_devices, received_advertisements

    async with asyncio.timeout(_LIMIT_S):
        await connected_devices()
        async with aclosing(received_advertisements()) as stream:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LISTEN_S):
                    async for _ in stream:
                        return


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    return next(one for one in (folder, *folder.parents) if one.exists())


def _folder(out: Path) -> Check:
    there = _existing(out)
    try:
        _try_to_write(there)
    except OSError as error:
        return Check(
            "folder",
            "fail",
            f"{there} cannot be written ({error.strerror or error})",
            "choose another folder with --out, or change its permissions",
        )
    return Check("folder", "ok", f"recordings can be written to {out.absolute()}")


def _disk(out: Path) -> Check:
    free_mb = shutil.disk_usage(_existing(out)).free // 1_000_000
    hours = free_mb / _HOUR_MB
    detail = f"{free_mb:,} MB free: {hours:,.0f} h at the highest rate"
    if free_mb < _LEAST_MB:
        return Check("disk", "fail", f"{free_mb} MB free", f"free {_LEAST_MB} MB at least")
    if hours < 1.0:
        return Check("disk", "weak", f"{free_mb} MB free: less than an hour", "free some room")
    return Check("disk", "ok", detail)


def _log_folder() -> Check:
    try:
        folder = Path(tempfile.gettempdir())
        _try_to_write(folder)
    except OSError as error:
        return Check("log", "weak", f"no log can be written ({error.strerror})", "set TMPDIR")
    return Check("log", "ok", f"what goes wrong is logged to {folder}")


def _try_to_write(folder: Path) -> None:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".tremor-")
    os.close(handle)
    Path(name).unlink()
