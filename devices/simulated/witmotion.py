"""Simulated WitMotion WT901BLE."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.sensors import witmotion
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel

__all__ = ["WitMotion"]

_RATES: Final = {0x06: 10.0, 0x07: 20.0, 0x08: 50.0, 0x09: 100.0, 0x0B: 200.0}
_RATE, _BATTERY, _READ = 0x03, 0x64, 0x27
_PER_G: Final = 32768.0 / 16.0


class WitMotion(SensorModel):
    """Frames of 20 bytes, 8 in a notification, while notifications are enabled."""

    slug = "witmotion"
    default_name = "WT901BLE68"
    advertised = (witmotion.SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        witmotion.SERVICE: (
            (witmotion.DATA, ("notify",)),
            (witmotion.COMMAND, ("write", "write-without-response")),
        ),
    }
    n_samples = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.registers = {_RATE: 0x06, _BATTERY: 402}
        self.is_unlocked = False
        self.sampling_rate_hz = _RATES[self.registers[_RATE]]

    def subscription_changed(self, now_s: float) -> None:
        """Stream while notifications are enabled."""
        if witmotion.DATA in self.subscribed and self.started_s is None:
            self.start(now_s)
        elif witmotion.DATA not in self.subscribed:
            self.stop()

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Handle a command.

        Raises
        ------
        AttError
            If the sensor does not take the write.
        """
        if uuid != witmotion.COMMAND or len(data) != 5 or data[:2] != b"\xff\xaa":
            raise AttError(WRITE_NOT_PERMITTED)
        register, value = data[2], int.from_bytes(data[3:], "little")
        if register == 0x69:
            self.is_unlocked = value == 0xB588
        elif register == _READ:
            known = self.registers.get(value, 0)
            reply = struct.pack("<HHH12x", 0x7155, value, known)
            self.reply(witmotion.DATA, reply + bytes(20 - len(reply)))
        elif register == _RATE and self.is_unlocked and value in _RATES:
            self.registers[_RATE] = value
            self._set_rate(_RATES[value], now_s)

    def _set_rate(self, rate_hz: float, now_s: float) -> None:
        if rate_hz != self.sampling_rate_hz and self.started_s is not None:
            # The index restarts with the rate: the frames do not show when it changed.
            self.sampling_rate_hz = rate_hz
            self.first_started_s = self.started_s = now_s
            self.next_index = 0
            self.sent.clear()
            self.lost.clear()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one notification of frames."""
        counts = self.counts(first, n, per_g=_PER_G)
        frames = (
            struct.pack("<2s9h", b"\x55\x61", *counts[3 * row : 3 * row + 3], *(0,) * 6)
            for row in range(n)
        )
        return [(witmotion.DATA, b"".join(frames))]
