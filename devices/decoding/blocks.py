"""From numbers of a packet to a block of samples; the one place where decoders meet numpy."""

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
    """Scale the numbers of a packet to SI.

    Parameters
    ----------
    first_index : int
        Place of the first sample.
    acceleration : sequence of triples
        Counts, or whatever the sensor sends.
    arrival_s : float
        s on the host's monotonic clock.
    unit_ms2 : float
        What one of them is, m/s^2.
    angular_velocity : sequence of triples, optional
        Likewise.
    unit_deg_s : float
        What one of those is, deg/s.
    device_time_s : sequence of float, optional
        The sensor's stamp of each sample, s.

    Returns
    -------
    SampleBlock
        In m/s^2 and deg/s.
    """
    import numpy as np  # here, so that a list of sensors does not load it

    from tremor.recording import SampleBlock

    def scaled(numbers: Sequence[Sequence[float]], unit: float) -> np.typing.NDArray[np.float64]:
        return np.array(numbers, dtype=np.float64).reshape(len(numbers), 3) * unit

    return SampleBlock(
        first_index=first_index,
        acceleration_ms2=scaled(acceleration, unit_ms2),
        arrival_s=arrival_s,
        angular_velocity_deg_s=(
            None if angular_velocity is None else scaled(angular_velocity, unit_deg_s)
        ),
        device_time_s=None if device_time_s is None else np.array(device_time_s, dtype=np.float64),
    )
