"""What simulated sensors have in common: GATT table, subscriptions, time, faults on request.

A model knows what it answers to a write and which notifications are due at a moment. How they
travel is not known here: `devices.simulated.backend` carries them inside of this program.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from devices.decoding.uuids import BATTERY_LEVEL
from devices.simulated.movement import IndexMovement, Movement

__all__ = [
    "AttError",
    "Characteristic",
    "Faults",
    "NoAnswer",
    "SensorModel",
]


_CHARGE: Final = 81
_READ_NOT_PERMITTED: Final = 0x02

#: UUID and flags as BlueZ names them.
Characteristic = tuple[str, tuple[str, ...]]


class AttError(Exception):
    """An error code of the attribute protocol is the answer.

    Parameters
    ----------
    code : int
        As in the Bluetooth core specification.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class NoAnswer(Exception):  # noqa: N818 - to the sensor nothing went wrong
    """There is never an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong, in the time of the sensor.

    Parameters
    ----------
    loss : float
        Share of notifications that are lost on the way.
    disconnects_s : tuple of float
        When the link breaks, s from the first start.
    away_s : float
        For how long the sensor is out of reach then, s.
    silent_from_s : float or None
        From when on it is connected and says nothing, until it is connected anew.
    mtu : int
        Longer notifications are cut, as a link does.
    seed : int
        Of what is lost.
    """

    loss: float = 0.0
    disconnects_s: tuple[float, ...] = ()
    away_s: float = 2.0
    silent_from_s: float | None = None
    mtu: int = 247
    seed: int = 0


@dataclass
class SensorModel:
    """A sensor without a radio.

    Parameters
    ----------
    movement : Movement
        What it feels.
    sampling_rate_hz : float
        Rate that it claims, Hz; some take another one when they are started.
    rate_error : float
        True rate over that rate, less one.
    range_g : float
        Full scale, g.
    speed : float
        How much faster than real its time goes.
    faults : Faults
        What goes wrong.
    name, address, rssi
        As it advertises them.
    """

    #: What a family fills in: advertised services and company data, and the GATT table.
    slug: ClassVar[str] = ""
    default_name: ClassVar[str] = "Sensor"
    advertised: ClassVar[tuple[str, ...]] = ()
    manufacturer: ClassVar[Mapping[int, bytes]] = {}
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {}
    #: Samples in a notification.
    n_samples: ClassVar[int] = 1

    movement: Movement = field(default_factory=IndexMovement)
    sampling_rate_hz: float = 100.0
    rate_error: float = 0.0
    range_g: float = 8.0
    speed: float = 1.0
    faults: Faults = field(default_factory=Faults)
    name: str = ""
    address: str = "C0:00:00:00:00:01"
    rssi: int = -58

    def __post_init__(self) -> None:
        self.name = self.name or self.default_name
        self.subscribed: set[str] = set()
        self.started_s: float | None = None
        self.first_started_s: float | None = None
        #: Index of the next sample to send, and of the first of each notification that was sent
        #: or lost, with its length: the truth that a test compares with.
        self.next_index = 0
        self.sent: list[tuple[int, int]] = []
        self.lost: list[tuple[int, int]] = []
        self.log: list[tuple[str, bytes]] = []
        self._replies: list[tuple[str, bytes]] = []
        self._rng = random.Random(self.faults.seed)
        self._is_silent = self._was_silent = False
        self._n_breaks = 0

    @property
    def true_rate_hz(self) -> float:
        """Give the rate at which it really samples, Hz."""
        return self.sampling_rate_hz * (1.0 + self.rate_error)

    def clock_s(self, now_s: float) -> float:
        """Give the time of the sensor, s since it was first started."""
        begin_s = now_s if self.first_started_s is None else self.first_started_s
        return (now_s - begin_s) * self.speed

    def stamp_s(self, index: int) -> float:
        """Give the time of a sample on the sensor's own clock, s."""
        return index / self.true_rate_hz

    def connected(self, now_s: float) -> None:
        """Take a new link; what was subscribed is forgotten, what was sampled meanwhile is lost."""
        self.subscribed.clear()
        self._replies.clear()
        self._is_silent = False
        self._skip(now_s)

    def read(self, uuid: str) -> bytes:
        """Answer a read.

        Raises
        ------
        AttError
            Where there is nothing to read.
        """
        if uuid == BATTERY_LEVEL:
            return bytes([_CHARGE])
        raise AttError(_READ_NOT_PERMITTED)

    def write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Do what a write asks for; answers are among what is due next."""
        self.log.append((uuid, data))
        self.take(uuid, data, now_s)

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Do what a write asks for, as this family does."""

    def notify(self, uuid: str, *, on: bool, now_s: float) -> None:
        """Turn the notifications of a characteristic on or off."""
        (self.subscribed.add if on else self.subscribed.discard)(uuid)
        self.subscription_changed(now_s)

    def subscription_changed(self, now_s: float) -> None:
        """Start or stop, where this family does so by a subscription."""

    def reply(self, uuid: str, data: bytes) -> None:
        """Answer by a notification."""
        self._replies.append((uuid, data))

    def start(self, now_s: float) -> None:
        """Begin to stream; it samples on meanwhile, so that what was not sent is missing."""
        if self.first_started_s is None:
            self.first_started_s = now_s
        self.started_s = now_s
        self._skip(now_s)

    def _skip(self, now_s: float) -> None:
        n = self.n_sampled(now_s) - self.next_index
        if n > 0:
            self.lost.append((self.next_index, n))
            self.next_index += n

    def stop(self) -> None:
        """End the stream."""
        self.started_s = None

    def n_sampled(self, now_s: float) -> int:
        """Count the samples that it has taken since it was first started."""
        return int(self.clock_s(now_s) * self.true_rate_hz)

    def link_breaks(self, now_s: float) -> bool:
        """Tell, once for each time, whether the link breaks now."""
        times_s = self.faults.disconnects_s
        if self._n_breaks >= len(times_s) or self.clock_s(now_s) < times_s[self._n_breaks]:
            return False
        self._n_breaks += 1
        return True

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """Give what is to be notified now, faults applied."""
        items, self._replies = self._replies, []
        silent_s = self.faults.silent_from_s
        if silent_s is not None and not self._was_silent and self.clock_s(now_s) >= silent_s:
            self._is_silent = self._was_silent = True
        while self.started_s is not None:
            if self.next_index + self.n_samples > self.n_sampled(now_s):
                break
            first = self.next_index
            self.next_index += self.n_samples
            packets = self.packets(first, self.n_samples)
            is_lost = self._is_silent or self._rng.random() < self.faults.loss
            (self.lost if is_lost else self.sent).append((first, self.n_samples))
            if not is_lost:
                items += packets
        longest = self.faults.mtu - 3
        return [(uuid, data[:longest]) for uuid, data in items if uuid in self.subscribed]

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give the notifications that hold samples ``first`` to ``first + n``."""
        raise NotImplementedError

    def counts(self, first: int, n: int, *, per_g: float, most: int = 32767) -> list[int]:
        """Give samples as the whole numbers of a converter, x y z x y z ..."""
        return [
            max(-most - 1, min(most, round(value * per_g)))
            for row in self.movement(first, n)
            for value in row
        ]
