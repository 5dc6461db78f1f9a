"""Notifications that arrive once more because another program listens to the sensor too.

The Bluetooth daemon of Linux announces each notification once for every program that subscribed,
and each of them hears every announcement.
"""

from __future__ import annotations

from typing import Final

__all__ = ["RepeatFilter"]

#: Time from a notification to its repeat, at most, s: the announcements follow one another at once,
#: while a sensor needs 5 ms for a sample at 200 Hz.
_LONGEST_S: Final = 0.004


class RepeatFilter:
    """Recognises the repeats of a characteristic that another program is subscribed to.

    Attributes
    ----------
    n_repeats : int
        Repeats so far.

    Examples
    --------
    >>> repeats = RepeatFilter()
    >>> [repeats.is_repeat(data, at_s) for data, at_s in ((b"a", 0.0), (b"a", 0.001), (b"a", 0.1))]
    [False, True, False]
    """

    def __init__(self) -> None:
        self._last: tuple[bytes, float] | None = None
        self.n_repeats = 0

    def is_repeat(self, data: bytes, arrival_s: float) -> bool:
        """Check whether a notification is that before once more, and count it.

        Parameters
        ----------
        data : bytes
            Value.
        arrival_s : float
            Arrival on a clock of real time, s.

        Returns
        -------
        bool
            True where it has the same bytes and came at once after the one before.
        """
        last, self._last = self._last, (data, arrival_s)
        if last is None or last[0] != data or arrival_s - last[1] > _LONGEST_S:
            return False
        self.n_repeats += 1
        return True
