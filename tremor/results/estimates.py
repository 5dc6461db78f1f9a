"""The table of estimates that windows, episodes and sessions have in common.

A new estimate is one field here. Codec, schema, text, page, CSV and tests iterate over the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple

from tremor.estimate import Estimate

__all__ = [
    "BY_RANK",
    "ESTIMATES",
    "ESTIMATE_NAMES",
    "EstimateEntry",
    "TremorEstimates",
    "estimates_of",
]


class EstimateEntry(NamedTuple):
    """One row of the table of estimates; the one with the lowest rank is shown first."""

    name: str
    unit: str
    meaning: str
    rank: int


def _row(unit: str, rank: int, meaning: str) -> dict[str, str | int]:
    return {"unit": unit, "rank": rank, "meaning": meaning}


@dataclass(frozen=True, slots=True, kw_only=True)
class TremorEstimates:
    """The estimates of a tremor; base class of the records that hold them."""

    frequency_hz: Estimate = field(metadata=_row("Hz", 1, "Centre of the line"))
    bandwidth_hz: Estimate = field(metadata=_row("Hz", 4, "Half-power bandwidth of the line"))
    rms_ms2: Estimate = field(
        metadata=_row(
            "m/s^2",
            2,
            "RMS of the tremor's acceleration vector over the three axes, floor removed",
        )
    )
    displacement_pp_mm: Estimate = field(
        metadata=_row("mm", 3, "Typical peak-to-peak displacement")
    )


ESTIMATES: Final = tuple(
    EstimateEntry(item.name, **item.metadata) for item in fields(TremorEstimates)
)
ESTIMATE_NAMES: Final = tuple(entry.name for entry in ESTIMATES)
#: The same in the order in which they are shown.
BY_RANK: Final = tuple(sorted(ESTIMATES, key=lambda entry: entry.rank))


def estimates_of(record: TremorEstimates | None, *, otherwise: Estimate) -> dict[str, Any]:
    """Return the estimates of a record by name.

    Parameters
    ----------
    record : TremorEstimates or None
        None where nothing was estimated.
    otherwise : Estimate
        Stands for each estimate where there is no record.

    Returns
    -------
    dict
        One `Estimate` for each row of the table, as keywords for another record.
    """
    return {name: getattr(record, name) if record else otherwise for name in ESTIMATE_NAMES}
