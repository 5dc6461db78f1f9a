"""Packets that came in several notifications, and may be pieced together from two packets.

Where notifications begin and end anywhere in a stream, lost ones can take the end of one packet
and the beginning of a later one with them. If they are as long as whole packets, what is left
reads as one packet, although it is two halves. Only the gap beside it shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from devices.decoding.sample_count import SamplePosition

__all__ = ["PieceCheck"]

_Item = TypeVar("_Item")


class PieceCheck(Generic[_Item]):
    """Holds a packet that came in pieces until the next one shows that it is a whole one.

    Parameters
    ----------
    is_pieced : callable
        Whether a packet came in several notifications, and has a time or number that tells its
        position.
    n_samples : callable
        Number of samples of a packet.
    position_leads : bool
        Whether the time or number comes before the samples in a packet. Then that of a pieced
        packet is that of its beginning, and the gap is behind it; else it may be before it.

    Attributes
    ----------
    n_rejected : int
        Packets that were discarded.

    Examples
    --------
    >>> check = PieceCheck(lambda item: item.isupper(), len, position_leads=True)
    >>> def added(item, first):
    ...     return [one[0] for one in check.add([(item, SamplePosition(first), 0.0)])]
    >>> added("a", 0), added("B", 1), added("C", 2), added("d", 9)
    (['a'], [], ['B'], ['d'])
    >>> check.n_rejected
    1
    """

    def __init__(
        self,
        is_pieced: Callable[[_Item], bool],
        n_samples: Callable[[_Item], int],
        *,
        position_leads: bool,
    ) -> None:
        self._is_pieced = is_pieced
        self._n_samples = n_samples
        self._position_leads = position_leads
        self._held: tuple[_Item, SamplePosition, float] | None = None
        self._next_index: int | None = None
        self.n_rejected = 0

    def restart(self) -> None:
        """Discard what is held: after a lost link nothing shows whether it is whole."""
        self.n_rejected += self._held is not None
        self._held = self._next_index = None

    def add(
        self, packets: Sequence[tuple[_Item, SamplePosition, float]]
    ) -> list[tuple[_Item, SamplePosition, float]]:
        """Add packets, each with its position and arrival, s; return those that are whole."""
        whole = []
        for one in packets:
            item, position, _ = one
            is_after_gap = self._next_index not in (None, position.first_index)
            self._next_index = position.first_index + self._n_samples(item)
            held, self._held = self._held, None
            if held is not None:
                if is_after_gap:
                    self.n_rejected += 1
                else:
                    whole.append(held)
            if not self._is_pieced(item):
                whole.append(one)
            elif is_after_gap and not self._position_leads:
                self.n_rejected += 1
            else:
                self._held = one
        return whole

    def finish(self) -> list[tuple[_Item, SamplePosition, float]]:
        """Return what is held: the stream has ended, and nothing is missing behind it."""
        held, self._held = self._held, None
        return [] if held is None else [held]
