"""Base of all simulated sensors: GATT table, subscriptions, clock, and faults on request.

A model replies to writes and knows which notifications are due at a given time;
`devices.simulated.backend` delivers them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, TypeAlias

from devices.decoding.uuids import BATTERY_LEVEL
from devices.simulated.movement import IndexMovement, Movement

__all__ = [
    "WRITE_NOT_PERMITTED",
    "AttError",
    "Characteristic",
    "Faults",
    "NoAnswer",
    "SensorModel",
]


_CHARGE: Final = 81
_READ_NOT_PERMITTED: Final = 0x02
#: Error code of a write that the sensor does not accept.
WRITE_NOT_PERMITTED: Final = 0x03

#: UUID and flags, with the names of BlueZ.
Characteristic: TypeAlias = tuple[str, tuple[str, ...]]


class AttError(Exception):
    """The sensor replies with an error code of the attribute protocol.

    Parameters
    ----------
    code : int
        Code of the Bluetooth Core Specification, volume 3, part F, section 3.4.1.1.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class NoAnswer(Exception):  # noqa: N818 - not an error of the sensor
    """The sensor never replies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Faults of a simulated sensor; times on its own clock.

    Parameters
    ----------
    loss : float
        Share of notifications that are lost.
    disconnects_s : tuple of float
        Times at which the link breaks, s since the first start.
    away_s : float
        Time out of reach after each of them, s.
    silent_from_s : float or None
        Time from which the sensor is connected but sends nothing, s, until it is connected again.
    mtu : int
        MTU, bytes; longer notifications are truncated.
    seed : int
        Seed of the losses.
    """

    loss: float = 0.0
    disconnects_s: tuple[float, ...] = ()
    away_s: float = 2.0
    silent_from_s: float | None = None
    mtu: int = 247
    seed: int = 0


@dataclass
class SensorModel:
    """Simulated sensor without a radio.

    Parameters
    ----------
    movement : Movement
        Acceleration that it measures.
    sampling_rate_hz : float
        Nominal sampling rate, Hz; a start may change it.
    rate_error : float
        Relative error of the nominal sampling rate: true rate over nominal rate, less one.
    range_g : float
        Full scale, g.
    speed : float
        Speed of its clock, times real time.
    faults : Faults
        Faults.
    name, address, rssi
        Advertised name, address and signal strength, dBm.

    Attributes
    ----------
    sent, lost : list of tuple of int
        First index and number of the samples of each run that was sent or lost: the truth for a
        test. A run grows as long as nothing interrupts it, so hours take no memory.
    log : list of tuple of str and bytes
        Writes that were received: characteristic and value.
    """

    #: Set by each family: advertised services and company data, and the GATT table.
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
        """True sampling rate, Hz."""
        return self.sampling_rate_hz * (1.0 + self.rate_error)

    def clock_s(self, now_s: float) -> float:
        """Return the time on the clock of the sensor, s since it was first started."""
        begin_s = now_s if self.first_started_s is None else self.first_started_s
        return (now_s - begin_s) * self.speed

    def stamp_s(self, index: int) -> float:
        """Return the time of a sample on the clock of the sensor, s."""
        return index / self.true_rate_hz

    def connected(self, now_s: float) -> None:
        """Accept a connection; subscriptions are reset, and samples taken meanwhile are lost."""
        self.subscribed.clear()
        self._replies.clear()
        self._is_silent = False
        self._skip(now_s)

    def read(self, uuid: str) -> bytes:
        """Reply to a read.

        Raises
        ------
        AttError
            If the characteristic cannot be read.
        """
        if uuid == BATTERY_LEVEL:
            return bytes([_CHARGE])
        raise AttError(_READ_NOT_PERMITTED)

    def write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Handle a write; replies are part of the next `due`."""
        self.log.append((uuid, data))
        self.handle_write(uuid, data, now_s)

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Handle a write; implemented by each family."""

    def notify(self, uuid: str, *, on: bool, now_s: float) -> None:
        """Enable or disable the notifications of a characteristic."""
        (self.subscribed.add if on else self.subscribed.discard)(uuid)
        self.subscription_changed(now_s)

    def subscription_changed(self, now_s: float) -> None:
        """Start or stop; implemented by families that do so by a subscription."""

    def reply(self, uuid: str, data: bytes) -> None:
        """Queue a notification as a reply."""
        self._replies.append((uuid, data))

    def start(self, now_s: float) -> None:
        """Start the stream; samples taken since the first start but not sent are lost."""
        if self.first_started_s is None:
            self.first_started_s = now_s
        self.started_s = now_s
        self._skip(now_s)

    def _skip(self, now_s: float) -> None:
        n = self.n_sampled(now_s) - self.next_index
        if n > 0:
            _extend(self.lost, self.next_index, n)
            self.next_index += n

    def stop(self) -> None:
        """Stop the stream."""
        self.started_s = None

    def n_sampled(self, now_s: float) -> int:
        """Return the number of samples taken since the first start."""
        return int(self.clock_s(now_s) * self.true_rate_hz)

    def link_breaks(self, now_s: float) -> bool:
        """Check whether the link breaks now; true once for each fault."""
        times_s = self.faults.disconnects_s
        if self._n_breaks >= len(times_s) or self.clock_s(now_s) < times_s[self._n_breaks]:
            return False
        self._n_breaks += 1
        return True

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """Return the notifications that are due, after faults."""
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
            _extend(self.lost if is_lost else self.sent, first, self.n_samples)
            if not is_lost:
                items += packets
        longest = self.faults.mtu - 3
        return [(uuid, data[:longest]) for uuid, data in items if uuid in self.subscribed]

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return the notifications that contain samples ``first`` to ``first + n``."""
        raise NotImplementedError

    def counts(self, first: int, n: int, *, per_g: float, most: int = 32767) -> list[int]:
        """Return samples as counts of a converter, x y z x y z ..."""
        return [
            max(-most - 1, min(most, round(value * per_g)))
            for row in self.movement(first, n)
            for value in row
        ]


def _extend(runs: list[tuple[int, int]], first: int, n: int) -> None:
    """Add samples to the last run, or begin another one."""
    begin, length = runs[-1] if runs else (first, 0)
    if begin + length == first:
        runs[max(0, len(runs) - 1) :] = [(begin, length + n)]
    else:
        runs.append((first, n))
