"""How fast a count goes: its rate by stamps or arrivals, and how far both scatter.

Running estimates of a few numbers each, pure Python. Which sample has which index is
`devices.decoding.sample_count`; the clock of a recording is fitted in `tremor.dsp`.
"""

from __future__ import annotations

import math
from typing import Final

from tremor.errors import InvalidInputError

__all__ = ["HostClock", "Rate", "Scatter"]

#: True rates lie this close to the nominal one, as a share; a measured one counts more at once.
_NOMINAL_OFF: Final = 0.01
#: Rates wander with temperature: what is older than this counts less, s.
_MEMORY_S: Final = 300.0
#: A silence does not make what was measured before it older than this, s.
_SILENCE_AGES_S: Final = 1.0
#: How late a packet usually is over the radio, more or less, s.
_ARRIVAL_NOISE_S: Final = 0.1
#: Mean lateness of arrivals is taken over about this time, s.
_LATENESS_S: Final = 2.0
#: Until it is known, stamps are taken to scatter by this share of a packet; it weighs as much as
#: so many packets.
_SCATTER: Final = 1.0 / 18.0
_SCATTER_PACKETS: Final = 8.0
#: The scatter is that of so many packets.
_MOST_SCATTER_PACKETS: Final = 256.0


class Rate:
    """Slope of a count over time by least squares; each stretch has a phase of its own.

    The nominal rate is one more witness, off by 1 % or so, so that there is a slope from the
    first packet on and the measured one takes over as soon as it is better.

    Parameters
    ----------
    nominal_hz : float
        Hz.
    noise_s : float
        How exact a time is, s.
    """

    def __init__(self, nominal_hz: float, noise_s: float) -> None:
        if not (math.isfinite(nominal_hz) and nominal_hz > 0.0):
            raise InvalidInputError(
                f"nominal sampling rate is {nominal_hz} Hz; give a positive number of hertz"
            )
        self._nominal_hz = nominal_hz
        self._noise_s = noise_s
        self._prior_s2 = (noise_s / _NOMINAL_OFF) ** 2
        self._weight = self._mean_s = self._mean_index = self._last_s = 0.0
        self._square_s2 = self._product_s = 0.0

    @property
    def hz(self) -> float:
        """Give it, Hz."""
        total_s = self._product_s + self._prior_s2 * self._nominal_hz
        return total_s / (self._square_s2 + self._prior_s2)

    @property
    def relative_sd(self) -> float:
        """Give its standard deviation as a share of it."""
        return self._noise_s / math.sqrt(self._square_s2 + self._prior_s2)

    def add(self, time_s: float, index: float) -> None:
        """Take the time of a sample, in order."""
        if self._weight == 0.0:
            self._last_s = time_s
        ages_s = min(max(0.0, time_s - self._last_s), _SILENCE_AGES_S)
        keep = math.exp(-ages_s / _MEMORY_S)
        self._last_s = time_s
        self._weight = self._weight * keep + 1.0
        ahead_s = time_s - self._mean_s
        self._mean_s += ahead_s / self._weight
        self._mean_index += (index - self._mean_index) / self._weight
        if self._weight > 1.0:
            self._square_s2 = self._square_s2 * keep + ahead_s * (time_s - self._mean_s)
            self._product_s = self._product_s * keep + ahead_s * (index - self._mean_index)

    def part(self) -> None:
        """Begin a stretch of another phase; the slope is the same."""
        self._weight = 0.0


class Scatter:
    """By how many samples stamps usually differ from the count, over the latest packets."""

    def __init__(self) -> None:
        self._n_packets = _SCATTER_PACKETS
        self._mean_square: float | None = None

    def usual(self, n: int) -> float:
        """Give it, for packets of so many samples where there were none yet."""
        return _SCATTER * n if self._mean_square is None else math.sqrt(self._mean_square)

    def add(self, ahead: float, n: int) -> None:
        """Take how far a stamp was ahead of the count of a packet after which none is missing."""
        square = (_SCATTER * n) ** 2 if self._mean_square is None else self._mean_square
        self._n_packets = min(self._n_packets + 1.0, _MOST_SCATTER_PACKETS)
        self._mean_square = square + (ahead * ahead - square) / self._n_packets


class HostClock:
    """The count by the arrivals of packets: rate, and where it stands on the mean.

    Parameters
    ----------
    nominal_hz : float
        Hz.
    """

    def __init__(self, nominal_hz: float) -> None:
        self._rate = Rate(nominal_hz, _ARRIVAL_NOISE_S)
        self._last_s = math.nan
        self._mean_s = self._mean_index = self._weight = 0.0
        self._parted = False

    @property
    def rate_hz(self) -> float:
        """Give the rate, Hz."""
        return self._rate.hz

    def elapsed_s(self, arrival_s: float) -> float:
        """Give the time since the packet before, s; 0 where there was none."""
        elapsed_s = arrival_s - self._last_s
        return elapsed_s if elapsed_s > 0.0 and math.isfinite(elapsed_s) else 0.0

    def index_at(self, arrival_s: float) -> float:
        """Give the index that a sample has which arrives now, as late as usual."""
        since_s = self.elapsed_s(arrival_s) + (self._last_s - self._mean_s)
        return self._mean_index + (since_s if math.isfinite(since_s) else 0.0) * self.rate_hz

    def add(self, arrival_s: float, last_index: int) -> None:
        """Take the arrival of a packet, s, by the index of its last sample."""
        if not math.isfinite(arrival_s):
            return
        if self._parted:
            self._rate.part()
            self._weight = 0.0
            self._parted = False
        self._rate.add(arrival_s, last_index)
        keep = math.exp(-self.elapsed_s(arrival_s) / _LATENESS_S)
        self._weight = self._weight * keep + 1.0
        self._mean_s += (arrival_s - self._mean_s) / self._weight
        self._mean_index += (last_index - self._mean_index) / self._weight
        self._last_s = arrival_s

    def part(self) -> None:
        """Let the next packet begin a stretch of another phase."""
        self._parted = True
