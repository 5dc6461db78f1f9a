"""What a simulated sensor feels: a leg of known truth, or samples that carry their own index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import numpy as np

    from tremor.synthesis import Rendered

__all__ = ["IndexMovement", "LegMovement", "Movement", "Triple", "index_of"]

Triple = tuple[float, float, float]

#: Step of the numbers that carry an index, g: no sensor rounds it away.
_STEP_G: Final = 0.002
_SPAN: Final = 500


class Movement(Protocol):
    """Acceleration at places of a sensor's own count."""

    def __call__(self, first: int, n: int) -> list[Triple]:
        """Give acceleration at places ``first`` to ``first + n``, g."""


class IndexMovement:
    """Every sample carries its own index: a test can tell which ones have come.

    Examples
    --------
    >>> [index_of(one) for one in IndexMovement()(123456, 3)]
    [123456, 123457, 123458]
    """

    def __call__(self, first: int, n: int) -> list[Triple]:
        """Give acceleration at places ``first`` to ``first + n``, g."""
        return [
            (_STEP_G * (index % _SPAN), _STEP_G * (index // _SPAN % _SPAN), 1.0)
            for index in range(first, first + n)
        ]


def index_of(acceleration_g: Triple) -> int:
    """Read the index of a sample of `IndexMovement`; it starts anew every 250 000 samples."""
    x, y, _ = acceleration_g
    return round(x / _STEP_G) + _SPAN * round(y / _STEP_G)


class LegMovement:
    """A leg of `tremor.synthesis`; when its scene is over, it is played again.

    Parameters
    ----------
    acceleration_g : ndarray, shape (n, 3)
        What the sensor feels, g.
    """

    def __init__(self, acceleration_g: np.typing.NDArray[np.float64]) -> None:
        self._acceleration_g = acceleration_g

    @classmethod
    def of(cls, rendered: Rendered) -> LegMovement:
        """Take the samples of a rendered scene."""
        from tremor.units import STANDARD_GRAVITY_MS2

        return cls(rendered.acceleration_ms2 / STANDARD_GRAVITY_MS2)

    def __call__(self, first: int, n: int) -> list[Triple]:
        """Give acceleration at places ``first`` to ``first + n``, g."""
        size = len(self._acceleration_g)
        begin = first % size
        rows = self._acceleration_g[begin : begin + n].tolist()
        while len(rows) < n:
            rows += self._acceleration_g[: n - len(rows)].tolist()
        return [(x, y, z) for x, y, z in rows]
