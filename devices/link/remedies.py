"""Remedies for trouble with Bluetooth, by operating system; texts only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["REMEDIES", "Remedy", "remedy"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """Remedy for each operating system, a clause that can follow a semicolon.

    Parameters
    ----------
    linux, macos, windows : str
        What to do on that system.
    """

    linux: str
    macos: str
    windows: str


#: By kind of trouble.
REMEDIES: Final[Mapping[str, Remedy]] = MappingProxyType(
    {
        "no adapter": Remedy(
            linux="plug in a Bluetooth 4.0 adapter or newer; 'rfkill list' shows a blocked one",
            macos="this Mac shows no Bluetooth radio; restart it, or plug in an adapter",
            windows="plug in a Bluetooth 4.0 adapter, or enable it in the Device Manager",
        ),
        "no central role": Remedy(
            linux="this adapter cannot open Low Energy links; plug in a Bluetooth 4.0 one",
            macos="this radio cannot open Low Energy links; use another computer",
            windows="this adapter cannot open Low Energy links; plug in a Bluetooth 4.0 one",
        ),
        "off": Remedy(
            linux="turn it on: 'rfkill unblock bluetooth', then 'bluetoothctl power on'",
            macos="turn it on in Control Centre or System Settings > Bluetooth",
            windows="turn it on in Settings > Bluetooth & devices",
        ),
        "denied": Remedy(
            linux="add yourself to the group: 'sudo usermod -aG bluetooth $USER', log in anew",
            macos="allow the terminal in System Settings > Privacy & Security > Bluetooth",
            windows="allow it in Settings > Privacy & security > Radios",
        ),
        "no daemon": Remedy(
            linux="install bluez and start it: 'sudo systemctl enable --now bluetooth'",
            macos="restart the computer",
            windows="start 'Bluetooth Support Service' in the list of services",
        ),
        "no bus": Remedy(
            linux="start it: 'sudo systemctl start dbus'; a container needs /run/dbus of its host",
            macos="restart the computer",
            windows="restart the computer",
        ),
        "old daemon": Remedy(
            linux="update bluez to 5.55 or newer",
            macos="update the system",
            windows="update the system",
        ),
        "pairing": Remedy(
            linux="pair it: give --pair, with 'bluetoothctl' open and 'agent on' for its code",
            macos="give --pair and confirm what the system asks",
            windows="give --pair, or pair it in Settings > Bluetooth & devices",
        ),
        "pairing failed": Remedy(
            linux="open 'bluetoothctl' beside it, type 'agent on' and 'default-agent', and record "
            "again with --pair; a sensor that was paired elsewhere must forget that first",
            macos="remove it in System Settings > Bluetooth, confirm what the system asks, and "
            "record again with --pair",
            windows="remove it in Settings > Bluetooth & devices, and pair it there anew",
        ),
        "unreachable": Remedy(
            linux="wake it, come nearer, and close the phone app that may hold its link",
            macos="wake it, come nearer, and close the phone app that may hold its link",
            windows="wake it, come nearer, and close the phone app that may hold its link; where "
            "it was paired, remove it in Settings > Bluetooth & devices and record again",
        ),
        "short packets": Remedy(
            linux="disconnect it ('bluetoothctl disconnect'), and record again; an adapter of "
            "Bluetooth 4.2 or newer passes long packets",
            macos="turn Bluetooth off and on, and record again",
            windows="turn Bluetooth off and on, and record again; Windows 10 before 1709 and "
            "adapters older than Bluetooth 4.2 pass short packets only",
        ),
        "busy": Remedy(
            linux="wait some seconds and try again; else 'sudo systemctl restart bluetooth'",
            macos="wait some seconds and try again; else turn Bluetooth off and on",
            windows="wait some seconds and try again; else turn Bluetooth off and on",
        ),
    }
)
#: By prefix of `sys.platform`; anything else is treated as Linux.
_SYSTEMS: Final = {"darwin": "macos", "win": "windows", "cygwin": "windows"}


def remedy(trouble: str, *, platform: str = sys.platform) -> str:
    """Return the remedy for a kind of trouble on this system.

    Parameters
    ----------
    trouble : str
        A key of `REMEDIES`.
    platform : str
        Value of `sys.platform`.

    Returns
    -------
    str
        Clause that can follow a semicolon.

    Examples
    --------
    >>> remedy("off", platform="darwin")
    'turn it on in Control Centre or System Settings > Bluetooth'
    """
    system = next((name for start, name in _SYSTEMS.items() if platform.startswith(start)), "linux")
    return str(getattr(REMEDIES[trouble], system))
