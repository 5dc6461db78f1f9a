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
#: Values after which it is known.
_N_TO_LEARN: Final = 16
#: Values in a row that came equally often, more often than before: another program began to listen.
#: A sensor at rest repeats values as well, but not each of so many equally often.
_N_TO_JOIN: Final = 24
#: Values that came once each, at least, before that: a sensor that sends each twice does so always.
_N_SINGLE: Final = 48


class RepeatFilter:
    """Recognises the repeats of a characteristic that other programs are subscribed to.

    Parameters
    ----------
    is_shared : bool
        Whether another program was subscribed before.
    is_subscribed : bool
        Whether this program is subscribed already. Before, it hears the announcements for the
        others alone, which do not tell how many there will be.

    Attributes
    ----------
    n_repeats : int
        Repeats so far.

    Notes
    -----
    Every notification is announced equally often, so the value stays the same for a multiple of
    that number. The shortest time that it stayed the same is taken for it, and what is the same
    for longer was sent more than once. A program that begins to listen later is recognised by many
    values in a row that come twice where they came once.

    Examples
    --------
    >>> repeats = RepeatFilter(is_shared=True)
    >>> [repeats.is_repeat(data, at_s) for data, at_s in ((b"a", 0.0), (b"a", 0.001), (b"a", 0.9))]
    [False, True, False]
    """

    def __init__(self, *, is_shared: bool, is_subscribed: bool = True) -> None:
        self._is_subscribed = is_subscribed
        self._value: bytes | None = None
        self._last_s = 0.0
        #: Times that the present value came, that each is announced (None while that is not
        #: known), and number of values.
        self._n_same = 0
        self._n_each: int | None = None if is_shared else 1
        self._n_values = 0
        #: Latest number of times that a value came, for how many values in a row, and values that
        #: came once.
        self._run = (0, 0)
        self._n_single = 0
        self.n_repeats = 0

    @property
    def is_shared(self) -> bool:
        """Whether another program listens as well."""
        return self._n_each is None or self._n_each > 1

    def begin(self) -> None:
        """Count announcements from now on: this program is subscribed."""
        self._is_subscribed = True

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
            self._learn()
            self._value, self._n_same = data, 1
            self._n_values += self._is_subscribed
            return False
        self._n_same += 1
        if self._n_each is not None and self._n_values >= _N_TO_LEARN:
            is_repeat = self._n_same % self._n_each != 1 % self._n_each
        else:
            is_repeat = self.is_shared and since_s <= _LONGEST_S
        self.n_repeats += is_repeat
        return is_repeat

    def _learn(self) -> None:
        """Learn from a value that has ended how often each is announced."""
        n_same = self._n_same
        if self._n_values < 2:  # the first one may have been joined halfway
            return
        self._n_single += n_same == 1
        before, n_in_row = self._run
        self._run = n_same, n_in_row + 1 if n_same == before else 1
        self._n_each = min(n_same, self._n_each or n_same)
        if self._run[1] >= _N_TO_JOIN and self._n_single >= _N_SINGLE:
            self._n_each = n_same
