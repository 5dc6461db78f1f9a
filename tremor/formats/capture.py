"""A capture that was read: what is known of it, and its samples in pieces of any size.

`tremor.formats.readers.open_capture` makes one. A long capture never is in memory as a whole; its
samples lie in a temporary file until the capture is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tremor.integrity import Rails, find_rails
from tremor.notes import Note
from tremor.recording import (
    AXES,
    Floats,
    Gap,
    Gravity,
    Placement,
    Recording,
    SensorInfo,
    Source,
)
from tremor.storage import Spool

__all__ = ["Capture", "pieces_of"]

_PIECE_ROWS: Final = 100_000


def pieces_of(spool: Spool, factor: float, multiple: int) -> Iterator[Floats]:
    """Give all rows times a factor, in pieces of a multiple of so many rows."""
    size = max(1, _PIECE_ROWS // multiple) * multiple
    for begin in range(0, len(spool), size):
        piece = spool.read(begin, begin + size)
        if factor != 1.0:
            piece *= factor
        yield piece


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Capture:
    """A capture on an even grid; names and meanings as in `tremor.recording.Recording`.

    To be closed after use, best with ``with``.

    Parameters
    ----------
    spool : Spool
        One row for each place of the grid, in the unit of the capture.
    unit_ms2 : float
        What one of that unit is, m/s^2.
    rails : Rails
        From where on samples are clipped.
    """

    spool: Spool
    unit_ms2: float
    rails: Rails
    n_lost: int
    sampling_rate_hz: float
    sampling_rate_sd_hz: float | None
    nominal_sampling_rate_hz: float | None
    started_at: datetime | None
    sensor: SensorInfo | None
    placement: Placement | None
    gaps: tuple[Gap, ...]
    dead_axes: tuple[str, ...]
    gravity: Gravity
    unit_in: str
    scale_correction: float
    warnings: tuple[Note, ...]
    history: tuple[str, ...]
    source: Source

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """Take a recording that is in memory, as a capture.

        Parameters
        ----------
        recording : Recording
            From a file.

        Returns
        -------
        Capture
            With the same samples and facts.
        """
        samples, sensor = recording.acceleration_ms2, recording.sensor
        spool = Spool(len(AXES), in_memory_rows=len(samples))
        spool.append(samples)

        def pieces(multiple: int) -> Iterator[Floats]:
            return pieces_of(spool, 1.0, multiple)

        return cls(
            spool=spool,
            unit_ms2=1.0,
            rails=find_rails(pieces, range_ms2=sensor.range_ms2 if sensor else None),
            n_lost=int(np.isnan(samples[:, 0]).sum()),
            sampling_rate_hz=recording.sampling_rate_hz,
            sampling_rate_sd_hz=recording.sampling_rate_sd_hz,
            nominal_sampling_rate_hz=recording.nominal_sampling_rate_hz,
            started_at=recording.started_at,
            sensor=sensor,
            placement=recording.placement,
            gaps=recording.gaps,
            dead_axes=recording.dead_axes,
            gravity=recording.gravity,
            unit_in=recording.unit_in,
            scale_correction=recording.scale_correction,
            warnings=recording.warnings,
            history=recording.history,
            source=recording.source or Source("", "", ""),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def facts(self) -> Self:
        """Give what is known of the capture: the capture itself."""
        return self

    @property
    def n_places(self) -> int:
        """Count the places of the grid, lost samples included."""
        return len(self.spool)

    @property
    def n_samples(self) -> int:
        """Count the samples that are there."""
        return self.n_places - self.n_lost

    @property
    def duration_s(self) -> float:
        """Give the time from the first sample to the end of the last one, gaps included, s."""
        return self.n_places / self.sampling_rate_hz

    def samples(self, begin: int, end: int) -> Floats:
        """Give the acceleration at places ``begin`` to ``end``, m/s^2, shape (n, 3)."""
        rows = self.spool.read(begin, end)
        if self.unit_ms2 != 1.0:
            rows *= self.unit_ms2
        return rows

    def clipped(self, begin: int, end: int) -> npt.NDArray[np.bool_]:
        """Tell at which of these places a sample is at the rail of the sensor, shape (n,)."""
        if not (np.isfinite(self.rails.low_ms2) | np.isfinite(self.rails.high_ms2)).any():
            return np.zeros(max(0, min(end, self.n_places) - begin), dtype=np.bool_)
        return self.rails.reached(self.samples(begin, end))

    def to_recording(self) -> Recording:
        """Give the whole capture, in memory."""
        samples = self.samples(0, self.n_places)
        samples.flags.writeable = False
        return Recording(
            acceleration_ms2=samples,
            sampling_rate_hz=self.sampling_rate_hz,
            sampling_rate_sd_hz=self.sampling_rate_sd_hz,
            nominal_sampling_rate_hz=self.nominal_sampling_rate_hz,
            started_at=self.started_at,
            sensor=self.sensor,
            placement=self.placement,
            gaps=self.gaps,
            clipped=self.rails.reached(samples),
            dead_axes=self.dead_axes,
            gravity=self.gravity,
            unit_in=self.unit_in,
            scale_correction=self.scale_correction,
            warnings=self.warnings,
            history=self.history,
            source=self.source,
        )

    def close(self) -> None:
        """Give memory and temporary file back."""
        self.spool.close()
