"""From a sensor that is asked for to its source: listened for, chosen, and not yet opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tremor.cli.keyboard import Keyboard
from tremor.packets import LinkEvent, Packet
from tremor.session.choosing import Wish, candidate_text, find_sensor
from tremor.session.plan import Plan

if TYPE_CHECKING:
    from devices.link.discovery import DiscoveredDevice
    from devices.sources import Source

__all__ = ["Search"]

Tap = Callable[[Packet | LinkEvent], None]

_TICK_S: Final = 0.05
_FIND_S: Final = 10.0
_LEAST_FIND_S: Final = 2.0


class Search:
    """Finds the sensors of a plan, one after the other.

    Parameters
    ----------
    plan : Plan
        What is to be recorded.
    say : callable
        Told what is being done.
    keyboard : Keyboard
        To choose with.
    """

    def __init__(self, plan: Plan, *, say: Callable[[str], None], keyboard: Keyboard) -> None:
        self._plan = plan
        self._say = say
        self._keyboard = keyboard
        self._taken: list[str] = []

    def check_settings(self) -> None:
        """Refuse what a sensor cannot do before anybody looks for it."""
        from devices import PROFILES

        plan = self._plan
        for wish in plan.wishes:
            known = plan.profile or PROFILES.get(wish.text.strip().lower())
            if known is not None and not wish.is_simulated:
                known.settings(
                    sampling_rate_hz=plan.sampling_rate_hz,
                    range_g=plan.range_g,
                    gyro=plan.gyro,
                    **plan.options,
                )

    async def source_of(self, wish: Wish, *, tap: Tap) -> Source:
        """Find a sensor that no other wish has.

        Parameters
        ----------
        wish : Wish
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
            Where it is not in reach, or was not chosen.
        LinkError
            Where there is no Bluetooth.
        """
        if wish.is_simulated:
            return self._open(wish.text, tap=tap)
        what = f"'{wish.text}'" if wish.text else "a sensor"
        self._say(f"looking for {what}; wear it and close its phone app")
        found = await find_sensor(
            wish, profile=self._plan.profile, taken=self._taken, choose=self.choose
        )
        self._taken.append(found.peripheral.address)
        self._say(f"connecting to {candidate_text(found)}")
        return self._open(found.peripheral.address, tap=tap, found=found)

    async def choose(self, several: Sequence[DiscoveredDevice]) -> DiscoveredDevice | None:
        """Ask which of several is meant; the strongest where nobody can be asked.

        Parameters
        ----------
        several : sequence of DiscoveredDevice
            The strongest first.

        Returns
        -------
        DiscoveredDevice or None
            None where none of them is.
        """
        if not (self._plan.asks and self._keyboard.is_there):
            strongest = several[0]
            self._say(
                f"{len(several)} sensors are in reach; taking the strongest, "
                f"{candidate_text(strongest)}; --sensor names another"
            )
            return strongest
        self._say(f"{len(several)} sensors are in reach; press the number of yours:")
        for number, one in enumerate(several, 1):
            self._say(f"  {number}  {candidate_text(one)}")
        while True:
            await asyncio.sleep(_TICK_S)
            for key in self._keyboard.take():
                if key in "123456789" and int(key) <= len(several):
                    return several[int(key) - 1]
                if key == "q":
                    return None

    def _open(self, text: str, *, tap: Tap, found: DiscoveredDevice | None = None) -> Source:
        from devices import open_source
        from devices.link.options import LinkTimeouts

        plan = self._plan
        return open_source(
            text,
            sampling_rate_hz=plan.sampling_rate_hz,
            range_g=plan.range_g,
            gyro=plan.gyro,
            options=plan.options,
            profile=plan.profile or (found.profile if found is not None else None),
            pair=plan.pair,
            tap=tap,
            # Each look for a lost sensor is no longer than it is sought at all.
            timeouts=LinkTimeouts(
                give_up_s=plan.give_up_s, find_s=min(_FIND_S, max(_LEAST_FIND_S, plan.give_up_s))
            ),
        )
