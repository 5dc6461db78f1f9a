"""Which sensor is meant: the request, the candidates in reach, and the choice between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tremor.errors import InvalidInputError, SensorNotFoundError
from tremor.printable import printable

if TYPE_CHECKING:
    from devices.link.discovery import DiscoveredDevice
    from devices.profile import SensorProfile

__all__ = [
    "RequestedSensor",
    "candidate_text",
    "candidates",
    "find_sensor",
    "parse_sensors",
    "unknown_sensors",
]

#: Lengths of the rounds of listening, s; the first in which a sensor is heard is the last.
_ROUNDS_S: Final = (1.5, 3.5, 5.0)
_MOST_LISTED: Final = 9
#: Sensors that need no radio: a simulated one, and that of a recording.
_WITHOUT_RADIO: Final = ("simulated", "replay")
#: Likeness, 0 to 1, from which a word that is no kind of sensor is taken for a misspelt one.
_MISSPELT: Final = 0.8


@dataclass(frozen=True, slots=True)
class RequestedSensor:
    """A sensor as the runner names it.

    Parameters
    ----------
    label : str
        Its label in the session, such as ``left``; empty for the only one.
    text : str
        Kind, name or address, as `devices.open_source` takes it; empty for any sensor.
    """

    label: str
    text: str

    @property
    def kind(self) -> str:
        """What stands before the colon, or all of it."""
        return self.text.strip().lower().partition(":")[0]

    @property
    def is_simulated(self) -> bool:
        """Whether it is simulated or replayed."""
        return self.kind in _WITHOUT_RADIO

    @property
    def is_networked(self) -> bool:
        """Whether it is a phone, which is reached over the network and not searched for."""
        from devices.catalog import network_profile

        return network_profile(self.text) is not None


def parse_sensors(texts: Sequence[str], *, has_profile: bool) -> tuple[RequestedSensor, ...]:
    """Parse the values of ``--sensor``.

    Parameters
    ----------
    texts : sequence of str
        ``polar-h10``, or ``left=polar-h10`` for one of several; none for any sensor.
    has_profile : bool
        Whether the kind is given apart, so that a text is a name or an address.

    Returns
    -------
    tuple of RequestedSensor
        At least one.

    Raises
    ------
    InvalidInputError
        If several have no labels or share one, or if one is empty, a file, or a misspelt kind.

    Examples
    --------
    >>> texts = ["left=polar-h10", "right=A0:9E:1A:00:00:02"]
    >>> parse_sensors(texts, has_profile=False)[0]
    RequestedSensor(label='left', text='polar-h10')
    """
    sensors = tuple(_parsed(text) for text in texts) or (RequestedSensor("", ""),)
    for one in sensors:
        if Path(one.text).is_file():
            raise InvalidInputError(
                f"{one.text} is a file and no sensor; to play it: tremor replay {one.text}"
            )
        if not has_profile:
            _refuse_misspelt(one)
    labels = [one.label for one in sensors]
    if len(sensors) > 1 and (not all(labels) or len(set(labels)) < len(labels)):
        raise InvalidInputError(
            f"{len(sensors)} sensors need a name each; give --sensor left=NAME --sensor right=NAME"
        )
    return sensors


def _parsed(text: str) -> RequestedSensor:
    label, equals, rest = text.partition("=")
    if not (rest if equals else text).strip():
        raise InvalidInputError(
            f"--sensor {text!r} names none; give a kind, a name or an address, or leave it out for "
            "any sensor in reach"
        )
    if not equals:
        return RequestedSensor("", text)
    label = label.strip().lower()
    if not label or not all(char.isalnum() or char in "-_" for char in label):
        raise InvalidInputError(
            f"sensor {text!r} has no usable label; give letters and digits, such as left=NAME"
        )
    return RequestedSensor(label, rest)


def _refuse_misspelt(sensor: RequestedSensor) -> None:
    """Refuse a word that is nearly a kind of sensor, and by which no sensor calls itself."""
    from devices.catalog import PROFILES

    word = sensor.kind
    if word in PROFILES or any(blank in word for blank in " \t"):
        return
    kinds = (*PROFILES, *_WITHOUT_RADIO)
    is_name = any(word in one.name.lower() for one in PROFILES.values())
    if is_name or any(word.startswith(one) for one in kinds):
        return
    near = get_close_matches(word, kinds, n=1, cutoff=_MISSPELT)
    if near:
        raise InvalidInputError(
            f"there is no sensor {sensor.text!r}; did you mean {near[0]}? If it is the name of "
            "one, give its kind with --profile"
        )


def candidates(
    found: Sequence[DiscoveredDevice], text: str, *, profile: SensorProfile | None
) -> tuple[DiscoveredDevice, ...]:
    """Return the sensors that may be meant, in the order in which they were found.

    Parameters
    ----------
    found : sequence of DiscoveredDevice
        Sensors in reach, the strongest first.
    text : str
        Kind, name or address; empty for any known sensor.
    profile : SensorProfile or None
        Protocol of the sensor, if its name does not show it.

    Returns
    -------
    tuple of DiscoveredDevice
        One alone if the name or address is exactly that of a sensor.
    """
    from devices.link.discovery import SensorSelector

    wanted = SensorSelector(text, profile)
    matching = [
        one for one in found if wanted.matches(one) and (one.profile or (profile and text.strip()))
    ]
    exact = [one for one in matching if text.strip() and wanted.matches_exactly(one)]
    return tuple(exact[:1] or matching)


def unknown_sensors(found: Sequence[DiscoveredDevice], text: str) -> tuple[DiscoveredDevice, ...]:
    """Return the devices that are meant by name or address and are no known kind of sensor.

    Parameters
    ----------
    found : sequence of DiscoveredDevice
        Devices in reach, the strongest first.
    text : str
        Name or address; empty for any known sensor, which none of them is.

    Returns
    -------
    tuple of DiscoveredDevice
        In the same order.
    """
    from devices.link.discovery import SensorSelector

    if not text.strip():
        return ()
    wanted = SensorSelector(text)
    return tuple(one for one in found if one.profile is None and wanted.matches(one))


def _others(found: Sequence[DiscoveredDevice]) -> str:
    """Return the clause about devices in reach that no known sensor calls itself."""
    n_others = sum(one.profile is None for one in found)
    if not n_others:
        return ""
    were = "1 device of no known kind was" if n_others == 1 else f"{n_others} of no known kind were"
    return f" ({were} heard: with --all, and --profile says what it speaks like)"


def _unknown(strangers: Sequence[DiscoveredDevice]) -> str:
    """Return the sentence about devices that were heard and are of no known kind."""
    names = "; ".join(candidate_text(one).partition(", ")[2] for one in strangers[:_MOST_LISTED])
    return (
        f"heard, but of no known kind: {names}; say which kind it speaks like with --profile "
        "('tremor sensors' lists them), or name its bytes with --profile nordic-uart and --option"
    )


def candidate_text(one: DiscoveredDevice) -> str:
    """Return kind, name, address and signal of a sensor in a line."""
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
    return f"{kind}, {printable(one.label)}, {signal}"


async def find_sensor(
    sensor: RequestedSensor,
    *,
    profile: SensorProfile | None,
    taken: Sequence[str],
    choose: Callable[[Sequence[DiscoveredDevice]], Awaitable[DiscoveredDevice | None]],
) -> DiscoveredDevice:
    """Listen until the requested sensor is heard; ask if it may be one of several.

    Parameters
    ----------
    sensor : RequestedSensor
        Which.
    profile : SensorProfile or None
        Protocol of the sensor, if its name does not show it.
    taken : sequence of str
        Addresses of sensors that have been found for another request.
    choose : callable
        Called with several candidates, the strongest first; returns one, or None for none.

    Returns
    -------
    DiscoveredDevice
        The sensor.

    Raises
    ------
    SensorNotFoundError
        If it was not heard, or none was chosen.
    LinkError
        If there is no Bluetooth.
    """
    from devices.link.discovery import scan

    heard: tuple[DiscoveredDevice, ...] = ()
    found: list[DiscoveredDevice] = []
    for duration_s in _ROUNDS_S:
        found = [one for one in await scan(duration_s) if one.peripheral.address not in taken]
        heard = candidates(found, sensor.text, profile=profile)
        if heard:
            break
    if not heard:
        strangers = unknown_sensors(found, sensor.text)
        if strangers:
            raise SensorNotFoundError(_unknown(strangers))
        what = f"'{sensor.text}'" if sensor.text else "a known sensor"
        raise SensorNotFoundError(
            f"{what} was not heard within {sum(_ROUNDS_S):g} s; wear or shake it so that it "
            "wakes, charge it, close the phone app that may hold its link, come nearer; 'tremor "
            f"scan' lists what is in reach{_others(found)}, 'tremor doctor' checks this computer, "
            "and --sensor simulated needs neither"
        )
    if len(heard) == 1:
        return heard[0]
    chosen = await choose(heard[:_MOST_LISTED])
    if chosen is None:
        raise SensorNotFoundError("no sensor was chosen; name one with --sensor")
    return chosen
