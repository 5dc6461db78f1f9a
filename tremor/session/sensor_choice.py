"""Which sensor is meant: those in reach, strongest first, and the choice between several."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tremor.errors import InvalidInputError, SensorNotFoundError

if TYPE_CHECKING:
    from devices.link.discovery import DiscoveredDevice
    from devices.profile import SensorProfile

__all__ = ["Wish", "candidate_text", "candidates", "find_sensor", "read_wishes"]

#: Listening goes on in rounds until a sensor was heard, s each; a round more for others.
_ROUNDS_S: Final = (1.5, 3.5, 5.0)
_MOST_LISTED: Final = 9


#: Sensors that need no radio: a made-up one, and that of a recording.
_MADE_UP: Final = ("simulated", "replay")


@dataclass(frozen=True, slots=True)
class Wish:
    """A sensor that is asked for.

    Parameters
    ----------
    label : str
        What it is called in the session, such as ``left``; empty for the only one.
    text : str
        As `devices.open_source` takes it.
    """

    label: str
    text: str

    @property
    def is_simulated(self) -> bool:
        """Tell whether it is made up."""
        return self.text.strip().lower().partition(":")[0] in _MADE_UP


def read_wishes(texts: Sequence[str]) -> tuple[Wish, ...]:
    """Read what was given with ``--sensor``.

    Parameters
    ----------
    texts : sequence of str
        ``polar-h10``, or ``left=polar-h10`` for one of several; none for any sensor.

    Raises
    ------
    InvalidInputError
        Where several have no labels, or share one.

    Examples
    --------
    >>> read_wishes(["left=polar-h10", "right=A0:9E:1A:00:00:02"])[0]
    Wish(label='left', text='polar-h10')
    """
    wishes = tuple(_wish(text) for text in texts) or (Wish("", ""),)
    for wish in wishes:
        if wish.text.strip() and Path(wish.text).is_file():
            raise InvalidInputError(
                f"{wish.text} is a file and no sensor; to play it: tremor replay {wish.text}"
            )
    labels = [wish.label for wish in wishes]
    if len(wishes) > 1 and (not all(labels) or len(set(labels)) < len(labels)):
        raise InvalidInputError(
            f"{len(wishes)} sensors need a name each; give --sensor left=NAME --sensor right=NAME"
        )
    return wishes


def _wish(text: str) -> Wish:
    label, equals, rest = text.partition("=")
    if not equals:
        return Wish("", text)
    label = label.strip().lower()
    if not label or not all(char.isalnum() or char in "-_" for char in label):
        raise InvalidInputError(
            f"sensor {text!r} has no usable label; give letters and digits, such as left=NAME"
        )
    return Wish(label, rest)


def candidates(
    found: Sequence[DiscoveredDevice], text: str, *, profile: SensorProfile | None
) -> tuple[DiscoveredDevice, ...]:
    """Give the sensors that may be meant, in the order in which they were found.

    Parameters
    ----------
    found : sequence of DiscoveredDevice
        What is in reach, the strongest first.
    text : str
        What was asked for; empty for any known sensor.
    profile : SensorProfile or None
        What it speaks like, where its name does not tell.
    """
    from devices.link.discovery import SensorSelector

    wanted = SensorSelector(text, profile)
    fitting = [
        one for one in found if wanted.matches(one) and (one.profile or (profile and text.strip()))
    ]
    exact = [one for one in fitting if text.strip() and wanted.matches_exactly(one)]
    return tuple(exact[:1] or fitting)


def candidate_text(one: DiscoveredDevice) -> str:
    """Give kind, name, signal and address of a sensor in a line."""
    peripheral = one.peripheral
    signal = (
        "connected"
        if peripheral.is_connected
        else "-"
        if peripheral.rssi_dbm is None
        else f"{peripheral.rssi_dbm} dBm"
    )
    kind = one.profile.name if one.profile is not None else "-"
    # Whoever makes a device chooses its name: no control characters on a terminal.
    label = "".join(char if char.isprintable() else "?" for char in one.label)
    return f"{kind}, {label}, {signal}"


async def find_sensor(
    wish: Wish,
    *,
    profile: SensorProfile | None,
    taken: Sequence[str],
    choose: Callable[[Sequence[DiscoveredDevice]], Awaitable[DiscoveredDevice | None]],
) -> DiscoveredDevice:
    """Listen until the sensor that is meant was heard; ask where it may be several.

    Parameters
    ----------
    wish : Wish
        What is asked for.
    profile : SensorProfile or None
        What it speaks like.
    taken : sequence of str
        Addresses of sensors that belong to somebody else already.
    choose : callable
        Called with several, the strongest first; None for none of them.

    Returns
    -------
    DiscoveredDevice
        The sensor.

    Raises
    ------
    SensorNotFoundError
        Where it was not heard, or none was chosen.
    LinkError
        Where there is no Bluetooth.
    """
    from devices.link.discovery import scan

    fitting: tuple[DiscoveredDevice, ...] = ()
    for duration_s in _ROUNDS_S:
        found = [one for one in await scan(duration_s) if one.peripheral.address not in taken]
        fitting = candidates(found, wish.text, profile=profile)
        if fitting:
            break
    if not fitting:
        what = f"'{wish.text}'" if wish.text else "a known sensor"
        raise SensorNotFoundError(
            f"{what} was not heard within {sum(_ROUNDS_S):g} s; wear or shake it so that it "
            "wakes, charge it, close the phone app that may hold its link, come nearer; 'tremor "
            "scan' lists what is in reach, 'tremor doctor' checks this computer, and --sensor "
            "simulated needs neither"
        )
    if len(fitting) == 1:
        return fitting[0]
    chosen = await choose(fitting[:_MOST_LISTED])
    if chosen is None:
        raise SensorNotFoundError("no sensor was chosen; name one with --sensor")
    return chosen
