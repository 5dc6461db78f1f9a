"""Acceleration of a simulated sensor: a leg of known truth, or samples that encode their index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    from tremor.synthesis import Rendered

__all__ = ["IndexMovement", "LegMovement", "Movement", "Triple", "index_of"]

Triple: TypeAlias = tuple[float, float, float]

#: Step of the values that encode an index, g; no sensor has a coarser resolution.
_STEP_G: Final = 0.002
_SPAN: Final = 500


class Movement(Protocol):
    """Acceleration as a function of the sample index."""

    def __call__(self, first: int, n: int) -> list[Triple]:
        """Return the acceleration of samples ``first`` to ``first + n``, g, shape (n, 3)."""


class IndexMovement:
    """Samples that encode their index, so that a test can identify them.

    Examples
    --------
    >>> [index_of(one) for one in IndexMovement()(123456, 3)]
    [123456, 123457, 123458]
    """

    def __call__(self, first: int, n: int) -> list[Triple]:
        """Return the acceleration of samples ``first`` to ``first + n``, g, shape (n, 3)."""
        return [
            (_STEP_G * (index % _SPAN), _STEP_G * (index // _SPAN % _SPAN), 1.0)
            for index in range(first, first + n)
        ]


def index_of(acceleration_g: Triple) -> int:
    """Decode the index of a sample of `IndexMovement`; it repeats after 250 000 samples."""
    x, y, _ = acceleration_g
    return round(x / _STEP_G) + _SPAN * round(y / _STEP_G)


class LegMovement:
    """Leg of `tremor.synthesis`, repeated from the start after its end.

    Parameters
    ----------
    acceleration_g : ndarray, shape (n, 3)
        Acceleration at the sensor, g.
    """

    def __init__(self, acceleration_g: np.typing.NDArray[np.float64]) -> None:
        self._acceleration_g = acceleration_g

    @classmethod
    def from_rendered(cls, rendered: Rendered) -> LegMovement:
        """Make a movement of the samples of a rendered scene."""
        from tremor.units import STANDARD_GRAVITY_MS2

        return cls(rendered.acceleration_ms2 / STANDARD_GRAVITY_MS2)

    def __call__(self, first: int, n: int) -> list[Triple]:
        """Return the acceleration of samples ``first`` to ``first + n``, g, shape (n, 3)."""
        size = len(self._acceleration_g)
        begin = first % size
        rows = self._acceleration_g[begin : begin + n].tolist()
        while len(rows) < n:
            rows += self._acceleration_g[: n - len(rows)].tolist()
        return [(x, y, z) for x, y, z in rows]
