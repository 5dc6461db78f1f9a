"""Where the samples of an analysis come from: a recording in memory, or a capture in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats, Recording

if TYPE_CHECKING:
    from tremor.formats.capture import Capture

__all__ = ["CaptureFacts", "RecordingSource", "SampleSource"]

#: What is known of a capture besides its samples has the same names in both.
CaptureFacts: TypeAlias = Union[Recording, "Capture"]


class SampleSource(Protocol):
    """Samples on an even grid, in pieces of any size, from any thread."""

    @property
    def facts(self) -> CaptureFacts:
        """Give what is known of the capture."""

    @property
    def n_places(self) -> int:
        """Count the places of the grid, lost samples included."""

    def samples(self, begin: int, end: int) -> Floats:
        """Give the acceleration at places ``begin`` to ``end``, m/s^2, NaN where lost, (n, 3)."""

    def clipped(self, begin: int, end: int) -> npt.NDArray[np.bool_]:
        """Tell at which of these places a sample is at the rail of the sensor, shape (n,)."""


@dataclass(frozen=True, eq=False, slots=True)
class RecordingSource:
    """A recording in memory as a source of samples."""

    facts: Recording

    @property
    def n_places(self) -> int:
        """Count the places of the grid, lost samples included."""
        return len(self.facts.acceleration_ms2)

    def samples(self, begin: int, end: int) -> Floats:
        """Give the acceleration at places ``begin`` to ``end``, m/s^2, shape (n, 3)."""
        return self.facts.acceleration_ms2[begin:end]

    def clipped(self, begin: int, end: int) -> npt.NDArray[np.bool_]:
        """Tell at which of these places a sample is at the rail of the sensor, shape (n,)."""
        return self.facts.clipped[begin:end]
