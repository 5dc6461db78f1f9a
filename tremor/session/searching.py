"""From a requested sensor to its source: listened for, chosen, and not opened yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tremor.packets import LinkEvent, Packet
from tremor.report.messages import text
from tremor.session.interface import Controls
from tremor.session.plan import Plan
from tremor.session.sensor_choice import RequestedSensor, candidate_text, find_sensor

if TYPE_CHECKING:
    from devices.link.discovery import DiscoveredDevice
    from devices.sources import Source

__all__ = ["Search"]

Tap = Callable[[Packet | LinkEvent], None]

_TICK_S: Final = 0.05
#: How a sensor in the network is reached, by its kind: name of the sentence.
_REACHING: Final = {
    "phyphox": "phone_polled",
    "sensor-logger": "phone_pushed",
    "lsl": "lsl_stream",
}
#: Longest and shortest search for a sensor whose link was lost, s.
_FIND_S: Final = 10.0
_LEAST_FIND_S: Final = 2.0


class Search:
    """Finds the sensors of a plan, one after the other.

    Parameters
    ----------
    plan : Plan
        What is to be recorded.
    say : callable
        Called with sentences about what is being done.
    controls : Controls
        To choose with.
    """

    def __init__(self, plan: Plan, *, say: Callable[[str], None], controls: Controls) -> None:
        self._plan = plan
        self._say = say
        self._controls = controls
        self._taken: list[str] = []

    def check_settings(self) -> None:
        """Refuse what a sensor cannot do, before anybody looks for it.

        Raises
        ------
        InvalidInputError
            If a sensor that is named by its kind has no such rate, range or option.
        """
        from devices import PROFILES
        from devices.catalog import network_profile

        plan = self._plan
        for sensor in plan.sensors:
            kind = sensor.text.strip().lower()
            known = plan.profile or network_profile(kind) or PROFILES.get(kind)
            if known is not None and not sensor.is_simulated:
                known.settings(
                    sampling_rate_hz=plan.sampling_rate_hz,
                    range_g=plan.range_g,
                    gyro=plan.gyro,
                    **plan.options,
                )

    async def source_of(self, sensor: RequestedSensor, *, tap: Tap) -> Source:
        """Find a sensor that has not been found for another request.

        Parameters
        ----------
        sensor : RequestedSensor
            Which.
        tap : callable
            Gets its packets and events.

        Returns
        -------
        Source
            Not opened yet.

        Raises
        ------
        SensorNotFoundError
            If it is not in reach, or was not chosen.
        LinkError
            If there is no Bluetooth.
        """
        if sensor.is_simulated:
            return self._source(sensor.text, tap=tap, defaults=self._legs_of_their_own(sensor))
        if sensor.is_networked:
            return self._phone(sensor, tap=tap)
        what = f"'{sensor.text}'" if sensor.text else text("session", "any_sensor")
        self._say_of(sensor, text("session", "looking", what=what))
        found = await find_sensor(
            sensor, profile=self._plan.profile, taken=self._taken, choose=self.choose
        )
        self._taken.append(found.peripheral.address)
        self._say_of(sensor, text("session", "connecting", sensor=candidate_text(found)))
        return self._source(found.peripheral.address, tap=tap, found=found)

    def _phone(self, sensor: RequestedSensor, *, tap: Tap) -> Source:
        from devices.network.source import PhoneSource

        source = self._source(sensor.text, tap=tap)
        assert isinstance(source, PhoneSource)
        reaching = text("session", _REACHING[source.profile.slug], address=source.address)
        self._say_of(sensor, reaching)
        return source

    def _legs_of_their_own(self, sensor: RequestedSensor) -> Mapping[str, str]:
        """Return the seed of a simulated sensor: two of them are no copies of one leg."""
        at = self._plan.sensors.index(sensor)
        return {"seed": str(at)} if at and sensor.kind == "simulated" else {}

    def _say_of(self, sensor: RequestedSensor, words: str) -> None:
        """Call back with words about a sensor, with its label if there are several."""
        self._say(f"{sensor.label}: {words}" if len(self._plan.sensors) > 1 else words)

    async def choose(self, candidates: Sequence[DiscoveredDevice]) -> DiscoveredDevice | None:
        """Ask which of several sensors is meant; take the strongest if nobody can be asked.

        Parameters
        ----------
        candidates : sequence of DiscoveredDevice
            The strongest first.

        Returns
        -------
        DiscoveredDevice or None
            None if none of them is.
        """
        n_sensors = len(candidates)
        if not (self._plan.asks and self._controls.is_there):
            strongest = candidate_text(candidates[0])
            self._say(text("session", "strongest", n_sensors=n_sensors, sensor=strongest))
            return candidates[0]
        self._say(text("session", "choose", n_sensors=n_sensors))
        for number, one in enumerate(candidates, 1):
            self._say(text("session", "choice", number=number, sensor=candidate_text(one)))
        while True:
            await asyncio.sleep(_TICK_S)
            for command in self._controls.take():
                if command.kind == "choose" and 1 <= int(command.detail) <= n_sensors:
                    return candidates[int(command.detail) - 1]
                if command.kind == "stop":
                    return None

    def _source(
        self,
        address: str,
        *,
        tap: Tap,
        found: DiscoveredDevice | None = None,
        defaults: Mapping[str, str] = MappingProxyType({}),
    ) -> Source:
        from devices import open_source
        from devices.link.options import LinkTimeouts

        plan = self._plan
        # All that was asked of the sensor, each by its name.
        return open_source(
            address,
            sampling_rate_hz=plan.sampling_rate_hz,
            range_g=plan.range_g,
            gyro=plan.gyro,
            options={**defaults, **plan.options},
            profile=plan.profile or (found.profile if found is not None else None),
            pair=plan.pair,
            tap=tap,
            # One search for a lost sensor is no longer than all of them may take.
            timeouts=LinkTimeouts(
                give_up_s=plan.give_up_s, find_s=min(_FIND_S, max(_LEAST_FIND_S, plan.give_up_s))
            ),
        )
