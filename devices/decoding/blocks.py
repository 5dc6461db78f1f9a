"""Makes blocks of samples; the only module of the decoders that loads numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["make_block"]


def make_block(
    first_index: int,
    acceleration: Sequence[Sequence[float]],
    arrival_s: float,
    *,
    unit_ms2: float,
    angular_velocity: Sequence[Sequence[float]] | None = None,
    unit_deg_s: float = 1.0,
    device_time_s: Sequence[float] | None = None,
) -> SampleBlock:
    """Make a block of samples from the values of a packet.

    Parameters
    ----------
    first_index : int
        Index of the first sample.
    acceleration : sequence, shape (n, 3)
        Acceleration in units of the sensor.
    arrival_s : float
        Arrival time on the monotonic clock of the host, s.
    unit_ms2 : float
        One unit of acceleration, m/s^2.
    angular_velocity : sequence, shape (n, 3), optional
        Angular velocity in units of the sensor.
    unit_deg_s : float
        One unit of angular velocity, deg/s.
    device_time_s : sequence of float, shape (n,), optional
        Time of each sample on the clock of the sensor, s.

    Returns
    -------
    SampleBlock
        In m/s^2 and deg/s.
    """
    import numpy as np  # not at import: listing the sensors does not need it

    from tremor.recording import SampleBlock

    def scaled(values: Sequence[Sequence[float]], unit: float) -> np.typing.NDArray[np.float64]:
        return np.array(values, dtype=np.float64).reshape(len(values), 3) * unit

    return SampleBlock(
        first_index=first_index,
        acceleration_ms2=scaled(acceleration, unit_ms2),
        arrival_s=arrival_s,
        angular_velocity_deg_s=(
            None if angular_velocity is None else scaled(angular_velocity, unit_deg_s)
        ),
        device_time_s=None if device_time_s is None else np.array(device_time_s, dtype=np.float64),
    )
