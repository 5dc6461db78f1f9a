"""The sensors of ``--sensor simulated`` as the made-up daemon takes them."""

from __future__ import annotations

from typing import Any

from devices.simulated.backend import SimulatedRadio
from devices.simulated.model import AttError as ModelAttError
from devices.simulated.opening import model_of
from rigs.models import AttError, Sensor


class Imitated(Sensor):
    """A sensor of `devices.simulated`; ``options`` are those of the program."""

    def __init__(self, like: str, options: dict[str, str]) -> None:
        self.model = model_of({"scene": "index", **options, "like": like}, sampling_rate_hz=None)
        self.radio = SimulatedRadio([self.model])
        super().__init__(
            name=self.model.name,
            address=self.model.address,
            rssi=self.model.rssi,
            manufacturer=dict(self.model.manufacturer),
            advertised=tuple(self.model.advertised),
            table={service: tuple(rows) for service, rows in self.model.table.items()},
        )
        self.subscribed = self.model.subscribed

    @property
    def is_in_reach(self) -> bool:
        return self.radio.in_reach(self.model)

    def breaks(self) -> bool:
        return self.radio.breaks_now(self.model)

    def linked(self, now_s: float) -> None:
        self.model.connected(now_s)

    def read(self, uuid: str) -> bytes:
        try:
            return self.model.read(uuid)
        except ModelAttError as error:
            raise AttError(error.code) from error

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        try:
            self.model.write(uuid, data, now_s)
        except ModelAttError as error:
            raise AttError(error.code) from error

    def notify(self, uuid: str, on: bool, now_s: float) -> None:
        self.model.notify(uuid, on=on, now_s=now_s)

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        self.streaming = self.model.started_s is not None
        return self.model.due(now_s)

    def truth(self) -> dict[str, Any]:
        return {"sent": self.model.sent, "lost": self.model.lost}
