"""How a number of a settings table is declared: with its unit, its reason and its source.

Values and tables are not declared here.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Final

__all__ = ["DETECTION_BENCH", "JUDGEMENT", "calibrated", "setting"]

#: Source of a number that rests on no measurement and no publication.
JUDGEMENT: Final = "judgement"
#: Source of a number that was set on the synthetic scenes of the detection benchmark.
DETECTION_BENCH: Final = "measured: tests/bench/detection.py, synthetic scenes"


def setting(default: float, unit: str, reason: str, *, source: str, low: float, high: float) -> Any:  # noqa: ANN401 - dataclasses.field returns Any
    """Declare a number that a user may change.

    Parameters
    ----------
    default : float
        Its value.
    unit : str
        Unit, ``1`` for a pure number.
    reason : str
        Why this value.
    source : str
        Citation, or ``measured:`` and on what, or ``derived:``, or ``specification:``, or
        `JUDGEMENT`.
    low, high : float
        Limits that a user's value must keep.

    Returns
    -------
    dataclasses.Field
        With all of it in its metadata.
    """
    return field(
        default=default,
        metadata={"unit": unit, "reason": reason, "source": source, "low": low, "high": high},
    )


def calibrated(default: float | tuple[float, ...], unit: str, reason: str, *, source: str) -> Any:  # noqa: ANN401 - dataclasses.field returns Any
    """Declare a number, or several, that is calibrated together with others of its table.

    Parameters
    ----------
    default : float or tuple of float
        Value.
    unit, reason, source : str
        As for `setting`.

    Returns
    -------
    dataclasses.Field
        With all of it in its metadata.
    """
    return field(default=default, metadata={"unit": unit, "reason": reason, "source": source})
