"""What is known of a stream ahead, and the counts of what it brought.

The windows of a stream are made in `tremor.analysis.live`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.recording import Recording, read_only

__all__ = ["LiveCounts", "StreamFacts"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class StreamFacts:
    """What is known of a stream before its samples arrive.

    Parameters
    ----------
    range_ms2 : float or None
        Full scale of one axis, m/s^2: samples at it are clipped. Without it each window is searched
        for rails by itself, as in `tremor.analyze_window`.
    scale_correction : float
        Factor that makes gravity read 9.80665 m/s^2.
    n_dead_axes : int or None
        Axes that are dead throughout; None to count those that have been constant so far.
    first_index : int or None
        Index of the first sample of the first window; None for that of the first block.
    clipped : ndarray of bool, shape (n,), or None
        Samples at the rail from ``first_index`` on, if they are known; it takes precedence over
        ``range_ms2``.

    Raises
    ------
    InvalidInputError
        If the scale correction or the range is not positive.
    """

    range_ms2: float | None = None
    scale_correction: float = 1.0
    n_dead_axes: int | None = None
    first_index: int | None = None
    clipped: Bools | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale_correction) and self.scale_correction > 0.0):
            raise InvalidInputError(
                f"scale correction is {self.scale_correction}; give a positive number"
            )
        if self.range_ms2 is not None and not self.range_ms2 > 0.0:
            raise InvalidInputError(
                f"range is {self.range_ms2} m/s^2; give a positive number or none"
            )
        if self.clipped is not None:
            object.__setattr__(self, "clipped", read_only(self.clipped, np.bool_))

    @classmethod
    def of(cls, recording: Recording) -> Self:
        """Return the facts that only a whole recording shows.

        Parameters
        ----------
        recording : Recording
            The samples of the stream; its first row has index 0.

        Returns
        -------
        StreamFacts
            With them a stream gives the windows of `tremor.analyze`.
        """
        return cls(
            range_ms2=recording.sensor.range_ms2 if recording.sensor else None,
            scale_correction=recording.scale_correction,
            n_dead_axes=len(recording.dead_axes),
            first_index=0,
            clipped=recording.clipped,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCounts:
    """Numbers of samples, gaps and windows of a stream so far.

    Parameters
    ----------
    n_samples : int
        Samples received.
    n_lost : int
        Samples missing between them.
    n_repeated : int
        Samples dropped because their index had been received before.
    n_gaps : int
        Jumps of the index.
    n_windows : int
        Windows finished.
    """

    n_samples: int = 0
    n_lost: int = 0
    n_repeated: int = 0
    n_gaps: int = 0
    n_windows: int = 0
