"""Acceleration as a stream of the Lab Streaming Layer, for other programs while it is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from devices.network.lsl_library import lsl_library
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from tremor.arrays import Floats
    from tremor.recording import SampleBlock

__all__ = ["LslOutlet", "StampSmoother"]

_TYPE: Final = "ACC"
_AXES: Final = ("x", "y", "z")
#: How long samples are kept for a reader that is behind, s.
_KEPT_S: Final = 360
#: The offset moves by this share of the time that passes at most, and the least late arrival is
#: forgotten by the other share: a rate that is off by a percent is followed.
_MOST_SLEW: Final = 0.05
_RELAX: Final = 0.02
#: An offset that is off by more is that of another clock, s.
_OTHER_CLOCK_S: Final = 2.0
_LEAST_STEP_S: Final = 1e-6


class StampSmoother:
    """Puts times of a sensor on the clock of a reader; they never step back.

    The offset between the two follows the least late arrivals, by no more than a twentieth of the
    time that passes: the jitter of arrivals is no jitter of the stamps.

    Examples
    --------
    >>> smoother = StampSmoother()
    >>> smoother.stamps_s(np.array([7.0, 7.1]), 100.0).round(3).tolist()
    [99.9, 100.0]
    >>> smoother.stamps_s(np.array([7.2, 7.3]), 100.25).round(3).tolist()
    [100.104, 100.204]
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._target_s = 0.0
        self._last_s = -np.inf
        self._last_time_s = 0.0

    def stamps_s(self, times_s: Floats, arrival_s: float) -> Floats:
        """Return the stamps of a block.

        Parameters
        ----------
        times_s : ndarray, shape (n,)
            Times of its samples on the clock of the sensor, s; rising.
        arrival_s : float
            When it arrived, on the clock of the reader, s.

        Returns
        -------
        ndarray, shape (n,)
            Rising, also from block to block.
        """
        now_s = arrival_s - float(times_s[-1])
        elapsed_s = float(times_s[-1]) - self._last_time_s
        if self._offset_s is None or abs(now_s - self._offset_s) > _OTHER_CLOCK_S:
            self._offset_s = self._target_s = now_s
        else:
            self._target_s = min(self._target_s + _RELAX * elapsed_s, now_s)
            reach_s = _MOST_SLEW * max(elapsed_s, 0.0)
            step_s = self._target_s - self._offset_s
            self._offset_s += min(reach_s, max(-reach_s, step_s))
        self._last_time_s = float(times_s[-1])
        stamps_s = times_s + self._offset_s
        if stamps_s[0] <= self._last_s:  # the clock of the sensor was set back
            self._offset_s += self._last_s - stamps_s[0] + _LEAST_STEP_S
            stamps_s = times_s + self._offset_s
        self._last_s = float(stamps_s[-1])
        return np.asarray(stamps_s)


class LslOutlet:
    """Outlet of acceleration, m/s^2, along x, y and z of the sensor.

    Parameters
    ----------
    name : str
        Name of the stream.
    sampling_rate_hz : float
        Nominal sampling rate, Hz.
    source : str
        What is streamed, such as the name of the sensor; a reader finds the stream again by it.

    Raises
    ------
    InvalidInputError
        If pylsl is not installed, or the name is empty.

    Notes
    -----
    Times are those of `StampSmoother`. Lost samples are not sent; the times jump.
    """

    def __init__(self, name: str, *, sampling_rate_hz: float, source: str) -> None:
        if not name.strip():
            raise InvalidInputError("the LSL stream has no name; give one, or leave it out")
        self._lsl = lsl_library()
        self._rate_hz = sampling_rate_hz
        self._stamps = StampSmoother()
        info = self._lsl.StreamInfo(
            name.strip(),
            _TYPE,
            len(_AXES),
            sampling_rate_hz,
            self._lsl.cf_double64,
            f"tremor-analyzer {name.strip()} {source}",
        )
        self._describe(info, source)
        self._outlet: Any = self._lsl.StreamOutlet(info, 0, _KEPT_S)

    def _describe(self, info: Any, source: str) -> None:  # noqa: ANN401 - pylsl has no types
        info.desc().append_child_value("manufacturer", "tremor-analyzer")
        info.desc().append_child_value("sensor", source)
        channels = info.desc().append_child("channels")
        for axis in _AXES:
            channel = channels.append_child("channel")
            for key, value in (("label", f"acc_{axis}"), ("unit", "m/s^2"), ("type", _TYPE)):
                channel.append_child_value(key, value)

    def push(self, block: SampleBlock, *, late_s: float = 0.0) -> None:
        """Send the samples of a block.

        Parameters
        ----------
        block : SampleBlock
            Samples.
        late_s : float
            How long ago the block arrived, s.
        """
        n = len(block.acceleration_ms2)
        if not n:
            return
        times_s = block.device_time_s
        if times_s is None:
            times_s = (block.first_index + np.arange(n)) / self._rate_hz
        stamps_s = self._stamps.stamps_s(times_s, self._lsl.local_clock() - late_s)
        self._outlet.push_chunk(block.acceleration_ms2.tolist(), stamps_s.tolist())

    def close(self) -> None:
        """End the stream; its readers are told."""
        self._outlet = None
