"""Simulated sensor of `devices.sensors.simulated`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from devices.decoding.uuids import BATTERY_LEVEL, BATTERY_SERVICE
from devices.sensors import simulated as own
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel

__all__ = ["OwnSensor"]


class OwnSensor(SensorModel):
    """Sensor of `devices.sensors.simulated`, with sample index and time."""

    slug = "simulated"
    default_name = "Simulated leg"
    advertised = (own.SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        own.SERVICE: ((own.CONTROL, ("write", "indicate")), (own.DATA, ("notify",))),
    }
    n_samples = 13

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Start or stop the stream.

        Raises
        ------
        AttError
            If the sensor does not take the write.
        """
        if uuid != own.CONTROL:
            raise AttError(WRITE_NOT_PERMITTED)
        request = own.read_request(data)
        if request is None:
            self.stop()
        elif self.started_s is None:
            self.sampling_rate_hz, self.range_g = request
            self.start(now_s)
        self.reply(own.CONTROL, own.OK + data[:1])

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one packet."""
        counts = self.counts(first, n, per_g=32768.0 / self.range_g)
        return [(own.DATA, own.packet(first, round(1e6 * self.stamp_s(first)), counts))]
