"""Notifications that arrive more than once because another program listens to the sensor too.

The Bluetooth daemon of Linux announces each notification once for every program that subscribed,
and each of them hears every announcement.
"""

from __future__ import annotations

from typing import Final

__all__ = ["RepeatFilter"]

#: Until it is known how often each notification is announced: time from one to its repeat, at most,
#: s. The announcements follow one another at once, but a program that begins hears them late.
_LONGEST_S: Final = 0.5
#: Changes of the value after which it is known.
_N_TO_LEARN: Final = 16


class RepeatFilter:
    """Recognises the repeats of a characteristic that other programs are subscribed to.

    Attributes
    ----------
    n_repeats : int
        Repeats so far.

    Notes
    -----
    Every notification is announced equally often, so the value stays the same for a multiple of
    that number. The shortest time that it stayed the same is taken for it, and what is the same
    for longer was sent more than once.

    Examples
    --------
    >>> repeats = RepeatFilter()
    >>> [repeats.is_repeat(data, at_s) for data, at_s in ((b"a", 0.0), (b"a", 0.001), (b"a", 0.9))]
    [False, True, False]
    """

    def __init__(self) -> None:
        self._value: bytes | None = None
        self._last_s = 0.0
        #: Times that the present value came, times in a row that any value came at least, and
        #: number of values.
        self._n_same = 0
        self._n_each: int | None = None
        self._n_values = 0
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
            True where it has been announced before.
        """
        since_s, self._last_s = arrival_s - self._last_s, arrival_s
        if data != self._value:
            if self._n_values > 1:  # the first one may have been joined halfway
                self._n_each = min(self._n_same, self._n_each or self._n_same)
            self._value, self._n_same = data, 1
            self._n_values += 1
            return False
        self._n_same += 1
        if self._n_each is not None and self._n_values >= _N_TO_LEARN:
            is_repeat = self._n_same % self._n_each != 1 % self._n_each
        else:
            is_repeat = since_s <= _LONGEST_S
        self.n_repeats += is_repeat
        return is_repeat
