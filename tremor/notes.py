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
    # A sentence of a document that has no codes yet.
    "TEXT": ("text",),
    # Of a warning.
    "TOO_FEW_PACKETS": (),
    "ARRIVALS_UNSURE": ("unsure_percent",),
    "MANIFEST_CUT": ("file",),
    "NOT_CLOSED": (),
    # Of the quality of a capture.
    "QUALITY_NYQUIST": ("nyquist_hz", "band_high_hz"),
    "QUALITY_SHORT": ("duration_s", "window_s"),
    "QUALITY_NOTHING_MOVES": (),
    "QUALITY_DEAD_AXES": ("axes",),
    "QUALITY_GAPS": ("n_gaps", "lost_s"),
    "QUALITY_CLIPPED": ("share",),
    "QUALITY_SCALE": ("factor",),
    # Of a session or an episode without numbers.
    "NO_EPISODE": (),
    "EPISODE_STILL": (),
    "CAPTURE_TOO_SHORT": ("duration_s", "least_s"),
    "BAND_ABOVE_NYQUIST": ("low_hz", "high_hz", "nyquist_hz", "rate_hz"),
    "TOO_LITTLE_STILL": ("still_s", "least_s", "verdict", "why"),
    # Of a recovery.
    "NEVER_STILL": (),
    "REST_AFTER_END": ("rest_start_s", "end_s"),
    "TOO_FEW_TREMOR_WINDOWS": ("n_tremor", "n_still", "least"),
    "REST_TOO_SHORT": ("n_points", "observed_s", "least_points", "least_s"),
    "VALUES_LEFT_OUT": ("n_values",),
    "DECAY_LIKELIER": ("rest_s", "odds"),
    "DECAY_FAR_LIKELIER": ("rest_s", "odds"),
    "PERSISTS": ("gone_percent", "rest_s"),
    "UNDECIDED": ("rest_s", "gone_low_percent", "gone_high_percent"),
    "GREW": ("times", "rest_s"),
    "GREW_FAR": ("times", "rest_s"),
    "TREMOR_GREW": (),
    "NO_DECAY_SHOWN": (),
    "DECAY_TOO_FAST": ("half_life_high_s",),
    "REST_SHORT_FOR_HALF_LIFE": ("rest_s", "half_life_low_s"),
    "NO_MORE_REST": (),
    "ANSWER_CLEAR": (),
    "MORE_REST_FUTILE": ("rest_min",),
    "MORE_REST": ("minutes",),
    "BASELINE_NOT_USED": ("level_ms2",),
    # Of a quantity computed from answers.
    "NOT_ANSWERED": ("questions",),
    "AIR_TOO_COLD": ("temperature_c",),
    "SWEAT_NEGATIVE": ("volume_l",),
    "RUN_OF_ZERO_MIN": (),
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
