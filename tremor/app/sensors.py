"""The sensors that a page can begin with: heard in reach, phones, and the simulated one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from tremor.errors import InvalidInputError, LinkError
from tremor.measures.band import usable_band
from tremor.report.messages import text
from tremor.session.sensor_choice import candidate_text
from tremor.settings import AnalysisSettings

if TYPE_CHECKING:
    from devices.profile import SensorProfile

__all__ = ["NO_SENSOR", "SensorEntry", "Sensors", "host_of"]

#: What a form calls it that there is no second sensor.
NO_SENSOR: Final = "none"
#: A second phone with Sensor Logger sends to the port after that of the first.
_SECOND_PORT: Final = 8001

#: How long to listen for sensors, s, and how much faster than life a quick rehearsal is.
_LISTEN_S: Final = 5.0
_QUICK: Final = 20
#: Lost packets and a link that breaks, to rehearse that as well.
_BAD_LINK: Final = {"loss": "0.03", "disconnects": "90", "away": "30"}
_LOGGER: Final = "sensor-logger"
_LAST_PORT: Final = 65535
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,252})(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class SensorEntry:
    """A sensor that can be chosen.

    Parameters
    ----------
    key : str
        What a form calls it.
    address : str
        As `tremor.session.sensor_choice.RequestedSensor` takes it.
    label : str
        What the page calls it.
    options : mapping of str to str
        Options of this kind of sensor.
    asks_for_host : bool
        Whether the address of a phone belongs to it.
    is_simulated : bool
        Whether it is made up.
    profile : SensorProfile or None
        Its kind; None if a form says nothing of its rate.
    """

    key: str
    address: str
    label: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    asks_for_host: bool = False
    is_simulated: bool = False
    profile: SensorProfile | None = None

    @property
    def rates(self) -> tuple[tuple[str, str], ...]:
        """Rates to choose from, each as a form has it and in words; the usual one first.

        Empty if the sensor leaves no choice. A rate at which no tremor can be seen is not offered.
        """
        if self.profile is None or len(self.profile.rates_hz) < 2:
            return ()
        usual_hz = self.profile.default_rate_hz
        others = (one for one in self.profile.rates_hz if one != usual_hz)
        offered = [("", text("app", "usual_rate", rate=f"{usual_hz:g}"))]
        offered += [(f"{one:g}", words) for one in others if (words := _rate_text(one))]
        return tuple(offered)


def _rate_text(rate_hz: float) -> str:
    """Return a rate in words, with what it leaves unseen; empty if it shows no tremor."""
    settings = AnalysisSettings()
    rate = f"{rate_hz:g}"
    try:
        _, high_hz = usable_band((settings.band_low_hz, settings.band_high_hz), fs=rate_hz)
    except InvalidInputError:
        return ""
    if high_hz < settings.band_high_hz:
        return text("app", "slow_rate", rate=rate, high_hz=high_hz)
    return rate


def host_of(typed: str) -> str:
    """Return the address of a phone as it was typed or copied from its app.

    Raises
    ------
    InvalidInputError
        If it is none.

    Examples
    --------
    >>> host_of(" http://192.168.1.20:8080/ ")
    '192.168.1.20:8080'
    """
    host = typed.strip().lower().removeprefix("http://").rstrip("/")
    port = host.partition(":")[2] or "80"
    if not _HOST.fullmatch(host) or not 0 < int(port) <= _LAST_PORT:
        raise InvalidInputError(text("app", "no_host"))
    return host


class Sensors:
    """The sensors heard lately, and those for a rehearsal.

    Attributes
    ----------
    said : str
        What came of listening; empty before.
    none : str
        Key for no second sensor.
    """

    none: ClassVar[str] = NO_SENSOR

    def __init__(self) -> None:
        self.said = ""
        self._found: tuple[SensorEntry, ...] = ()

    def entries(self) -> tuple[SensorEntry, ...]:
        """Return all that can be chosen, sensors in reach first."""
        quick = {"speed": str(_QUICK)}
        return (
            *self._found,
            *_phones(),
            _simulated("simulated", text("app", "simulated")),
            _simulated("quick", text("app", "quick", speed=_QUICK), quick),
            _simulated("bad_link", text("app", "bad_link", speed=_QUICK), quick | _BAD_LINK),
        )

    def second_entries(self) -> tuple[SensorEntry, ...]:
        """Return all that can be chosen as a second sensor, none of them first."""
        return (
            SensorEntry(self.none, "", text("app", "home.no_second")),
            *self._found,
            *_phones(),
            _simulated("simulated", text("app", "simulated_too")),
        )

    @property
    def usual(self) -> str:
        """Key of the sensor that is chosen at first: the strongest in reach, or a rehearsal."""
        return self._found[0].key if self._found else "simulated"

    def find(self, key: str) -> SensorEntry | None:
        """Return the entry of a key; None if there is none."""
        return _of_key(self.entries(), key)

    def find_second(self, key: str, first: SensorEntry) -> SensorEntry | None:
        """Return the second sensor of a key; None if there is none.

        Parameters
        ----------
        key : str
            What the form calls it.
        first : SensorEntry
            The first sensor; two phones with Sensor Logger send to a port each.
        """
        second = _of_key(self.second_entries(), key)
        if second == first and second.address == _LOGGER:
            return replace(second, address=f"{_LOGGER}:{_SECOND_PORT}")
        return second

    async def listen(self) -> None:
        """Listen for sensors, and keep those of a known kind."""
        from devices.link.discovery import scan

        try:
            heard = await scan(_LISTEN_S)
        except LinkError as error:
            self._found, self.said = (), str(error)
            return
        self._found = tuple(
            SensorEntry(
                one.peripheral.address,
                one.peripheral.address,
                candidate_text(one),
                profile=one.profile,
            )
            for one in heard
            if one.profile is not None
        )
        self.said = text("app", "heard", n=len(self._found))


def _of_key(entries: Iterable[SensorEntry], key: str) -> SensorEntry | None:
    return next((one for one in entries if one.key == key), None)


def _phones() -> tuple[SensorEntry, ...]:
    return (
        SensorEntry("phyphox", "phyphox", text("app", "phyphox"), asks_for_host=True),
        SensorEntry("sensor_logger", _LOGGER, text("app", "sensor_logger")),
    )


def _simulated(
    key: str, label: str, options: Mapping[str, str] = MappingProxyType({})
) -> SensorEntry:
    from devices.sensors.simulated import PROFILE

    return SensorEntry(key, "simulated", label, options, is_simulated=True, profile=PROFILE)
