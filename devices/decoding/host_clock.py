"""Running estimates of a sampling rate and of the scatter of time stamps and arrivals.

Pure Python, constant memory. The sample index is `devices.decoding.sample_count`; the clock of a
whole recording is fitted in `tremor.clock`.
"""

from __future__ import annotations

import math
from typing import Final

from tremor.errors import InvalidInputError

__all__ = ["HostClock", "RateEstimator", "TimestampJitter"]

#: Standard deviation of true rates about the nominal one, relative.
_NOMINAL_RELATIVE_SD: Final = 0.01
#: Time constant of the estimate, s: rates drift with temperature.
_MEMORY_S: Final = 300.0
#: An interval without packets ages earlier measurements by no more than this, s.
_MAX_AGEING_S: Final = 1.0
#: Standard deviation of the latency of a packet over the radio, s.
_ARRIVAL_SD_S: Final = 0.1
#: Time constant of the mean latency, s.
_LATENCY_MEMORY_S: Final = 2.0
#: Prior standard deviation of time stamps, as a share of a packet, and its weight in packets.
_PRIOR_JITTER: Final = 1.0 / 18.0
_PRIOR_JITTER_PACKETS: Final = 8.0
#: Number of packets over which the jitter is averaged.
_MAX_JITTER_PACKETS: Final = 256.0


class RateEstimator:
    """Sampling rate from the times of samples, by exponentially weighted least squares.

    The samples may come in segments, each with an unknown offset of its time; all segments share
    one slope. The nominal rate is a prior with a standard deviation of 1 %, so that there is an
    estimate from the first packet on.

    Parameters
    ----------
    nominal_hz : float
        Nominal sampling rate, Hz.
    noise_s : float
        Standard deviation of a time, s.

    Raises
    ------
    InvalidInputError
        If the nominal rate is not a positive number.
    """

    def __init__(self, nominal_hz: float, noise_s: float) -> None:
        if not (math.isfinite(nominal_hz) and nominal_hz > 0.0):
            raise InvalidInputError(
                f"nominal sampling rate is {nominal_hz} Hz; give a positive number of hertz"
            )
        self._nominal_hz = nominal_hz
        self._noise_s = noise_s
        self._prior_s2 = (noise_s / _NOMINAL_RELATIVE_SD) ** 2
        self._weight = self._mean_s = self._mean_index = self._last_s = 0.0
        self._square_s2 = self._product_s = 0.0

    @property
    def hz(self) -> float:
        """Estimated sampling rate, Hz."""
        total_s = self._product_s + self._prior_s2 * self._nominal_hz
        return total_s / (self._square_s2 + self._prior_s2)

    @property
    def relative_sd(self) -> float:
        """Relative standard deviation of the estimate."""
        return self._noise_s / math.sqrt(self._square_s2 + self._prior_s2)

    def add(self, time_s: float, index: float) -> None:
        """Add the time of a sample, s, by its index; samples come in order."""
        if self._weight == 0.0:
            self._last_s = time_s
        age_s = min(max(0.0, time_s - self._last_s), _MAX_AGEING_S)
        decay = math.exp(-age_s / _MEMORY_S)
        self._last_s = time_s
        self._weight = self._weight * decay + 1.0
        ahead_s = time_s - self._mean_s
        self._mean_s += ahead_s / self._weight
        self._mean_index += (index - self._mean_index) / self._weight
        if self._weight > 1.0:
            self._square_s2 = self._square_s2 * decay + ahead_s * (time_s - self._mean_s)
            self._product_s = self._product_s * decay + ahead_s * (index - self._mean_index)

    def begin_segment(self) -> None:
        """Begin a segment with another offset and the same slope."""
        self._weight = 0.0


class TimestampJitter:
    """Running RMS of the difference between time stamps and sample index, in samples."""

    def __init__(self) -> None:
        self._n_packets = _PRIOR_JITTER_PACKETS
        self._mean_square: float | None = None

    def rms(self, n_samples: int) -> float:
        """Return the RMS, samples; before any packet a prior for packets of ``n_samples``."""
        if self._mean_square is None:
            return _PRIOR_JITTER * n_samples
        return math.sqrt(self._mean_square)

    def add(self, ahead: float, n_samples: int) -> None:
        """Add by how many samples a time stamp is ahead, for a packet without a loss before it."""
        square = (
            (_PRIOR_JITTER * n_samples) ** 2 if self._mean_square is None else self._mean_square
        )
        self._n_packets = min(self._n_packets + 1.0, _MAX_JITTER_PACKETS)
        self._mean_square = square + (ahead * ahead - square) / self._n_packets


class HostClock:
    """Sample index as a function of arrival time: measured rate and mean latency.

    Parameters
    ----------
    nominal_hz : float
        Nominal sampling rate, Hz.
    """

    def __init__(self, nominal_hz: float) -> None:
        self._rate = RateEstimator(nominal_hz, _ARRIVAL_SD_S)
        self._last_s = math.nan
        self._mean_s = self._mean_index = self._weight = 0.0
        self._begins_segment = False

    @property
    def rate_hz(self) -> float:
        """Estimated sampling rate, Hz."""
        return self._rate.hz

    def elapsed_s(self, arrival_s: float) -> float:
        """Return the time since the previous packet, s; 0 for the first one."""
        elapsed_s = arrival_s - self._last_s
        return elapsed_s if elapsed_s > 0.0 and math.isfinite(elapsed_s) else 0.0

    def index_at(self, arrival_s: float) -> float:
        """Return the index of a sample that arrives at this time with the mean latency."""
        since_s = self.elapsed_s(arrival_s) + (self._last_s - self._mean_s)
        return self._mean_index + (since_s if math.isfinite(since_s) else 0.0) * self.rate_hz

    def add(self, arrival_s: float, last_index: int) -> None:
        """Add the arrival of a packet, s, by the index of its last sample."""
        if not math.isfinite(arrival_s):
            return
        if self._begins_segment:
            self._rate.begin_segment()
            self._weight = 0.0
            self._begins_segment = False
        self._rate.add(arrival_s, last_index)
        decay = math.exp(-self.elapsed_s(arrival_s) / _LATENCY_MEMORY_S)
        self._weight = self._weight * decay + 1.0
        self._mean_s += (arrival_s - self._mean_s) / self._weight
        self._mean_index += (last_index - self._mean_index) / self._weight
        self._last_s = arrival_s

    def begin_segment(self) -> None:
        """Begin a segment with another offset at the next packet."""
        self._begins_segment = True
