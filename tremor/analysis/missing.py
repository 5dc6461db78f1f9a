"""Missing samples of a capture: where they are, what takes their place in a run, what they cost.

How they are interpolated is in `tremor.dsp.missing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from tremor.dsp.missing import fill_missing
from tremor.estimate import Estimate
from tremor.measures.band import slow_cutoff_hz
from tremor.measures.intervals import widened_for_missing
from tremor.measures.pooled import PooledLine
from tremor.recording import AXES, CaptureInfo, Floats
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.segments import sample_of

__all__ = ["LostSamples", "filled", "widened"]

Indices = npt.NDArray[np.int64]

#: Windows that are kept after they were filled, as several pictures and measures read them: those
#: of a quarter of an hour.
_MOST_KEPT: Final = 512
#: Longer stretches are not kept: all that are take 25 MB.
_MOST_SAMPLES_KEPT: Final = 1000


@dataclass(frozen=True, eq=False, slots=True)
class LostSamples:
    """Which samples of a capture are lost.

    Parameters
    ----------
    first : ndarray of int, shape (n_gaps,)
        Index of the first sample of each gap.
    n_before : ndarray of int, shape (n_gaps + 1,)
        Number of samples that are lost before each gap, and in all.
    """

    first: Indices
    n_before: Indices

    @classmethod
    def of(cls, info: CaptureInfo) -> Self:
        """Return those of the gaps of a capture; a long gap holds no samples.

        Parameters
        ----------
        info : CaptureInfo
            With its gaps.

        Returns
        -------
        LostSamples
            In order of time.
        """
        rate_hz, holes = info.sampling_rate_hz, info.holes
        places = np.array([round(gap.start_s * rate_hz) for gap in holes], dtype=np.int64)
        n_lost = [gap.n_lost for gap in holes]
        return cls(
            sample_of(info.segments, places, sampling_rate_hz=rate_hz),
            np.concatenate(([0], np.cumsum(n_lost, dtype=np.int64))),
        )

    def count(self, begin: Indices, end: Indices) -> Indices:
        """Count the samples that are lost within stretches of the capture.

        Parameters
        ----------
        begin, end : ndarray of int, shape (n,)
            First sample of each stretch, and the one after its last.

        Returns
        -------
        ndarray of int, shape (n,)
            Number of lost samples.

        Examples
        --------
        >>> import numpy as np
        >>> lost = LostSamples(np.array([10, 50]), np.array([0, 5, 7]))
        >>> lost.count(np.array([0, 12, 15]), np.array([100, 51, 50])).tolist()
        [7, 4, 0]
        """
        return self._before(end) - self._before(begin)

    def _before(self, index: Indices) -> Indices:
        if not len(self.first):
            return np.zeros(len(index), dtype=np.int64)
        gap = np.searchsorted(self.first, index) - 1
        last = np.maximum(gap, 0)
        inside = np.minimum(index - self.first[last], np.diff(self.n_before)[last])
        return np.where(gap >= 0, self.n_before[last] + inside, 0)


def filled(samples: Floats, *, fs: float, band_hz: tuple[float, float]) -> Floats:
    """Interpolate the missing samples of a stretch of a capture.

    Parameters
    ----------
    samples : ndarray, shape (n, 3)
        m/s^2; NaN where samples are missing.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    ndarray, shape (n, 3)
        m/s^2, read-only; the samples as they are if none is missing.
    """
    if not np.isnan(samples[:, 0]).any():
        return samples
    fill = _filled if len(samples) > _MOST_SAMPLES_KEPT else _filled_before
    return fill(samples.tobytes(), fs, band_hz)


def _filled(content: bytes, fs: float, band_hz: tuple[float, float]) -> Floats:
    """Interpolate the samples that an array of shape (n, 3) holds in the order of C."""
    samples = np.frombuffer(content).reshape(-1, len(AXES))
    cutoff_hz = slow_cutoff_hz(band_hz)
    whole = fill_missing(samples.T[None], fs=fs, cutoff_hz=cutoff_hz, band_hz=band_hz)
    whole.samples.flags.writeable = False
    return np.asarray(whole.samples[0].T)


#: Its key is what is filled, not where it lies: no change of the samples can make it wrong.
_filled_before: Final = lru_cache(maxsize=_MOST_KEPT)(_filled)


def widened(line: PooledLine | None, missing_share: float) -> PooledLine | None:
    """Widen the intervals of a line for the samples that are missing.

    Parameters
    ----------
    line : PooledLine or None
        The line, fitted to interpolated samples.
    missing_share : float
        Share of its samples that is missing.

    Returns
    -------
    PooledLine or None
        The same values; None without a line.
    """
    if line is None or missing_share == 0.0:
        return line
    wider: dict[str, Any] = {
        name: _widened(getattr(line, name), name, missing_share) for name in ESTIMATE_NAMES
    }
    return replace(line, **wider)


def _widened(estimate: Estimate, name: str, missing_share: float) -> Estimate:
    if estimate.value is None:
        return estimate
    row = np.array([[estimate.value, estimate.low, estimate.high]], dtype=np.float64)
    _, low, high = widened_for_missing(
        row,
        np.array([missing_share]),
        is_sine=np.array([estimate.method == "least_squares"]),
        name=name,
    )[0].tolist()
    return replace(
        estimate,
        low=None if estimate.low is None else low,
        high=None if estimate.high is None else high,
    )
