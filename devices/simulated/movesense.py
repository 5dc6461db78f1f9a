"""Simulated Movesense sensor."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar

from devices.decoding.uuids import BATTERY_LEVEL, BATTERY_SERVICE, assigned_uuid
from devices.sensors import movesense
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["Movesense"]


class Movesense(SensorModel):
    """Supports subscriptions to ``/Meas/Acc/<rate>`` and ``/Meas/IMU6/<rate>``."""

    slug = "movesense"
    default_name = "Movesense 214530002123"
    advertised = (assigned_uuid(0xFDF3),)
    manufacturer: ClassVar[Mapping[int, bytes]] = {0x009F: b"\x00"}
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        movesense.SERVICE: (
            (movesense.WRITE, ("write", "write-without-response")),
            (movesense.NOTIFY, ("notify",)),
        ),
    }
    n_samples = 8
    _RATES: ClassVar[tuple[int, ...]] = (13, 26, 52, 104, 208, 416, 833, 1666)
    #: Longest payload of a notification; a longer one is sent in two parts.
    _MAX_BYTES: ClassVar[int] = 158

    def __post_init__(self) -> None:
        super().__post_init__()
        self.reference = 0
        self.has_gyro = False

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Subscribe or unsubscribe.

        Raises
        ------
        AttError
            If the sensor does not take the write.
        """
        if uuid != movesense.WRITE or len(data) < 2:
            raise AttError(WRITE_NOT_PERMITTED)
        command, reference = data[0], data[1]
        status = 200
        if command == 1:
            _, measurement, what, rate = (data[2:].decode("ascii", "replace") + "///").split("/")[
                :4
            ]
            is_known = measurement == "Meas" and what in ("Acc", "IMU6") and rate.isdigit()
            if not is_known or int(rate) not in self._RATES:
                status = 404
            elif self.started_s is not None:
                status = 507
            else:
                self.reference, self.has_gyro = reference, what == "IMU6"
                self.sampling_rate_hz = float(rate)
                self.start(now_s)
        elif command == 2:
            self.stop()
        self.reply(movesense.NOTIFY, struct.pack("<BBH", 1, reference, status))

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one packet, in two parts if it is long."""
        values = [STANDARD_GRAVITY_MS2 * value for row in self.movement(first, n) for value in row]
        values += [0.0] * (3 * n if self.has_gyro else 0)
        stamp_ms = round(1000.0 * self.stamp_s(first)) % 2**32
        payload = struct.pack(f"<I{len(values)}f", stamp_ms, *values)
        parts = (payload[: self._MAX_BYTES], payload[self._MAX_BYTES :])
        return [
            (movesense.NOTIFY, bytes((kind, self.reference)) + part)
            for kind, part in zip((2, 3), parts, strict=True)
            if part
        ]
