"""Facts that are worth a sentence, as a code and its values; and the table of all codes.

Results, warnings and reasons hold notes. Their sentences are made by `tremor.report.messages`, in
one catalogue for each language; nothing here is prose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Self

from tremor.errors import InvalidInputError

__all__ = ["CODES", "WARNINGS", "Note", "note"]


@dataclass(frozen=True, slots=True)
class Note:
    """A fact as a code and the values that go with it.

    Parameters
    ----------
    code : str
        One of `CODES`.
    values : mapping of str to object
        Numbers, words and other notes; units end the names.

    Examples
    --------
    >>> note("DUPLICATES", n_rows=3)
    Note(code='DUPLICATES', values={'n_rows': 3})
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the code and its values as JSON holds them."""
        return {"code": self.code, "values": {key: _plain(one) for key, one in self.values.items()}}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_dict` returned; files of before version 0.2 have no values."""
        values = record.get("values", {})
        return cls(record["code"], {key: cls._read(one) for key, one in values.items()})

    @classmethod
    def _read(cls, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        if isinstance(value, list):
            return tuple(value)
        if isinstance(value, dict) and set(value) == {"code", "values"}:
            return cls.from_dict(value)
        return value


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a note holds
    if isinstance(value, Note):
        return value.to_dict()
    return list(value) if isinstance(value, tuple) else value


#: What makes a capture or a result weaker and leaves it valid, and the values of each.
WARNINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # The capture as it was read.
        "GAPS": ("n_gaps", "n_lost", "longest_s", "longest_at_s"),
        "DEAD_AXIS": ("axes",),
        "SINGLE_AXIS": (),
        "UNIT_FROM_GRAVITY": ("unit", "median_norm"),
        "TIME_ZONE_UNKNOWN": (),
        "REPEATED_HEADER": ("n_rows",),
        "NO_STAMP": ("n_rows",),
        "LOST_CELLS": ("n_rows", "first_line"),
        # The clock.
        "RATE_DECLARED": ("rate_hz",),
        "RATE_NOMINAL": ("nominal_hz", "why"),
        "RATE_OFF_NOMINAL": ("rate_hz", "off_percent", "nominal_hz"),
        "RESAMPLED": ("spread_percent", "rate_hz"),
        "LATE_STAMPS": ("share", "late_s", "least_loss_s"),
        "LOSS_BY_ARRIVAL": ("n_losses",),
        "FIRST_ROW": ("away_s",),
        "BACKWARD": ("n_steps", "limit_s"),
        "DUPLICATES": ("n_rows",),
        # The recording folder.
        "DAMAGED_ROWS": ("n_rows",),
        "LOSS_NOT_TOLD": (),
        "RECORDING_CUT": ("why",),
        "SAMPLES_CHANGED": ("file", "n_bytes", "n_bytes_expected"),
        "DISK_DROPPED": ("n_samples",),
        # The analysis.
        "BAND_LIMITED": ("low_hz", "high_hz", "rate_hz", "asked_high_hz"),
        "STRAP_LOOSE": ("above_ms2", "inside_ms2"),
        "MACHINE_LIKE": ("widest_hz", "tremor_s"),
    }
)

#: Why there is no number, or what decided a verdict, and the values of each.
_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    # Of a warning.
    "TOO_FEW_PACKETS": (),
    "ARRIVALS_UNSURE": ("unsure_percent",),
    "MANIFEST_CUT": ("file",),
    "NOT_CLOSED": (),
}

#: Every code, with the names of its values.
CODES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({**WARNINGS, **_REASONS})


def note(code: str, /, **values: object) -> Note:
    """Make a note whose values are those of its code.

    Parameters
    ----------
    code : str
        One of `CODES`.
    **values
        Every value that the table names, and no other.

    Returns
    -------
    Note
        The code with its values.

    Raises
    ------
    InvalidInputError
        If the code is unknown, or its values are others than the table names.
    """
    if code not in CODES:
        raise InvalidInputError(f"{code!r} is not a code of tremor.notes")
    if set(values) != set(CODES[code]):
        raise InvalidInputError(
            f"{code} takes the values {', '.join(CODES[code]) or 'none'}; "
            f"given: {', '.join(values) or 'none'}"
        )
    return Note(code, values)
