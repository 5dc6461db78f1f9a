"""Messages as codes with values, and the table of all codes.

Warnings and reasons are notes wherever they are stored. Their sentences are made by
`tremor.report.messages` from the catalogue of a language; there is no text here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any, Final, Self

from tremor.errors import InvalidInputError

__all__ = ["CODES", "WARNINGS", "Note", "note"]


@dataclass(frozen=True, slots=True)
class Note:
    """A message as a code with its values.

    Parameters
    ----------
    code : str
        One of `CODES`.
    values : mapping of str to object
        Numbers, words and other notes; the names end with the units. A number with an interval is
        a mapping of ``value``, ``low`` and ``high``; several notes are a tuple.

    Examples
    --------
    >>> note("DUPLICATES", n_rows=3)
    Note(code='DUPLICATES', values={'n_rows': 3})
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON object of the code and its values."""
        return {
            "code": self.code,
            "values": {key: _as_json(one) for key, one in self.values.items()},
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_dict` returned; in files from before version 0.2 there are no values."""
        values = record.get("values", {})
        return cls(record["code"], {key: cls._read(one) for key, one in values.items()})

    @classmethod
    def _read(cls, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
        if isinstance(value, list):
            return tuple(cls._read(one) for one in value)
        if isinstance(value, dict) and set(value) == {"code", "values"}:
            return cls.from_dict(value)
        return value


def _as_json(value: Any) -> Any:  # noqa: ANN401 - whatever a note holds
    if isinstance(value, Note):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _as_json(one) for key, one in value.items()}
    return [_as_json(one) for one in value] if isinstance(value, (tuple, list)) else value


#: What weakens a capture or a result that remains valid, with the names of the values.
WARNINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # The capture as it was read.
        "GAPS": ("n_gaps", "n_lost", "longest_s", "longest_at_s"),
        "DEAD_AXIS": ("axes",),
        "SINGLE_AXIS": (),
        "UNIT_FROM_GRAVITY": ("unit", "length", "at_rest"),
        "UNIT_CONTRADICTED": ("unit", "how", "length", "fits", "factor"),
        "UNIT_FACTOR": ("unit", "how", "length", "size", "factor"),
        "UNIT_AGAINST_FILE": ("unit", "in_file"),
        "UNIT_NOT_SHOWN": ("unit", "why"),
        "UNIT_IMPOSSIBLE": ("unit", "peak_g"),
        "GRAVITY_BETWEEN": ("share", "gravity"),
        "GRAVITY_NOT_SHOWN": ("share", "gravity"),
        "GRAVITY_SAID_AGAINST": ("declared", "share"),
        "GRAVITY_PRESENT": ("share",),
        "GRAVITY_ABSENT": ("share",),
        "GRAVITY_FILE_ELSEWHERE": ("file",),
        "SCALE_NOT_CORRECTED": ("share",),
        "TIME_UNIT_GUESSED": ("unit", "rate_hz"),
        "TIME_ZONE_UNKNOWN": (),
        "DATE_FORM_GUESSED": ("form", "other"),
        "CLOCK_WRAPPED": ("n_wraps", "bits", "tick", "span_s"),
        "SUMMER_TIME": ("hours", "at_s"),
        "REPEATED_HEADER": ("n_rows",),
        "NO_STAMP": ("n_rows",),
        "LOST_CELLS": ("n_rows", "first_line"),
        "LAST_LINE_CUT": (),
        "CODES_LOST": ("value", "n_rows", "first_row"),
        "ZEROS_LOST": ("n_rows", "n_runs", "first_row"),
        "HELD_LOST": ("n_rows", "n_runs", "first_row"),
        "LOST_SAMPLES": ("n_rows", "first_row"),
        "PARTS_UNREADABLE": ("n_parts", "first"),
        "PAUSED": ("n_pauses", "total_s"),
        "COMPANION_UNUSED": ("file", "why"),
        # The clock.
        "RATE_DECLARED": ("rate_hz",),
        "RATE_NOMINAL": ("nominal_hz", "why"),
        "RATE_OFF_NOMINAL": ("rate_hz", "off_percent", "nominal_hz"),
        "RESAMPLED": ("spread_percent", "rate_hz"),
        "LATE_STAMPS": ("share", "late_s", "least_loss_s"),
        "LOSS_BY_ARRIVAL": ("n_losses",),
        "LOSS_UNSURE": ("n_least", "n_most"),
        "FIRST_ROW": ("away_s",),
        "STRAY_STAMPS": ("n_rows", "first_row", "away_s"),
        "BACKWARD": ("n_steps",),
        "STAMPS_GO_BACK": ("n_steps", "most_s"),
        "CLOCK_SET_BACK": ("n_steps", "most_s", "first_row", "at_s"),
        "CLOCK_SET": ("jump_s", "at_s"),
        "DUPLICATES": ("n_rows",),
        # The recording folder.
        "DAMAGED_ROWS": ("n_rows",),
        "LOSS_NOT_TOLD": (),
        "MANIFEST_DAMAGED": ("file", "keys"),
        "RECORDING_CUT": ("why", "last_s"),
        "FILE_LENGTH": ("file", "n_bytes", "n_bytes_expected"),
        "FILE_CHANGED": ("file",),
        "FILE_MISSING": ("file",),
        "SAMPLES_MENDED": ("n_rows", "n_samples"),
        "DISK_DROPPED": ("n_samples",),
    }
)

#: What weakens a result, with the names of the values.
_CAUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "BAND_LIMITED": ("low_hz", "high_hz", "rate_hz", "asked_high_hz"),
    "BROADER_THAN_TREMOR": ("bandwidth_hz", "widest_hz"),
    "STRAP_LOOSE": ("above_ms2", "inside_ms2"),
    "MACHINE_LIKE": ("even_share", "frequency_hz"),
    "MACHINE_POSSIBLE": ("even_share", "frequency_hz"),
    "BOUNCED": ("size_mm", "frequency_hz"),
    "HEART_BESIDE": ("ratio",),
    "ONE_LINE_MISFIT": ("why",),
    "COARSE_STEPS": ("step_ms2",),
    "SAMPLES_MISSING": ("share",),
    "SHAKEN_ALL_WAYS": ("band_ms2", "share"),
    "VEHICLE_LIKE": ("slow_ms2", "band_ms2"),
}

#: Why there is no number, or what decided a verdict, with the names of the values.
_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    # A sentence of a document from before codes were written.
    "TEXT": ("text",),
    # Of a decision while a capture is read.
    "PASSED_OVER": ("columns",),
    "COLUMN_PASSED_OVER": ("column", "why"),
    "BY_FILE_NAME": (),
    "BY_DATE": (),
    "BY_RATE": ("rate_hz",),
    "MEAN_VECTOR": ("length", "unit", "at_rest"),
    "MEAN_VECTOR_G": ("share", "at_rest"),
    "OF_THE_FORMAT": (),
    # Within a warning.
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
    "QUALITY_WINDOWS_LOST": ("n_lost", "n_windows"),
    "QUALITY_CLIPPED": ("share",),
    "QUALITY_SCALE": ("factor",),
    "QUALITY_CAUTION": ("caution",),
    # Of a session or an episode without numbers.
    "NO_EPISODE": (),
    "TREMOR_UNSURE": ("n_tremor", "n_judged"),
    "NOT_SAVED": (),
    "EPISODE_STILL": (),
    # Of the model of a line.
    "MODEL_MISFIT": ("at_hz", "factor"),
    "FIT_CONTRADICTS_WINDOWS": ("fit_hz", "windows_hz", "share"),
    "TOO_BROAD": ("frequency_hz", "bandwidth_hz"),
    "CAPTURE_TOO_SHORT": ("duration_s", "least_s"),
    "BAND_ABOVE_NYQUIST": ("low_hz", "high_hz", "nyquist_hz", "rate_hz"),
    "BEYOND_BAND": ("where", "frequency_hz", "rms_ms2", "share"),
    "TOO_LITTLE_STILL": ("still_s", "least_s", "verdict", "why"),
    # Of sessions that are compared.
    "NOT_POSITIVE": (),
    "TOO_FEW_SESSIONS": ("n_sessions", "least"),
    "TOO_FEW_SEGMENTS": ("n_segments", "least"),
    "CLOCKS_NOT_MEASURED": (),
    "LEGS_NOT_IN_STEP": (),
    "LEVEL_SHAKING": (),
    "CLOCKS_TOO_FAR_APART": ("clocks_ms", "most_ms"),
    "LEGS_IN_TURN": ("half_period_ms",),
    "UNLIKE_PLACEMENT": ("first", "other", "before", "after"),
    "UNLIKE_BAND": ("first", "other", "low_hz", "high_hz", "other_low_hz", "other_high_hz"),
    "UNLIKE_POSTURE": ("first", "other", "angle_deg"),
    "UNLIKE_GRAVITY": ("first", "other", "before", "after"),
    "UNLIKE_SETTINGS": ("first", "other", "before", "after"),
    "UNLIKE_DURATION": ("first", "other", "before_s", "after_s"),
    "UNLIKE_SINCE_STOP": ("first", "other", "before_min", "after_min"),
    "SESSION_UNREADABLE": ("name", "why"),
    "SESSION_WITHOUT_TIME": ("name",),
    "SESSION_TWICE": ("name", "other"),
    "SESSION_UNLIKE": ("name", "why"),
    # Of a recovery.
    "NEVER_STILL": (),
    "REST_AFTER_END": ("rest_start_s", "end_s"),
    "TOO_FEW_TREMOR_WINDOWS": ("n_tremor", "n_still", "least"),
    "REST_TOO_SHORT": ("n_points", "observed_s", "least_points", "least_s"),
    "VALUES_LEFT_OUT": ("n_values",),
    "DECAY_LIKELIER": ("rest_s", "odds"),
    "DECAY_FAR_LIKELIER": ("rest_s", "odds"),
    "PERSISTS": ("gone_percent", "rest_s"),
    "STEADY_SO_FAR": ("gone_percent", "rest_s", "least_s"),
    "UNDECIDED": ("rest_s", "gone_low_percent", "gone_high_percent"),
    "GREW": ("times", "rest_s"),
    "GREW_FAR": ("times", "rest_s"),
    "TREMOR_GREW": (),
    "FREQUENCY_CHANGED": ("at_s", "from_hz", "to_hz"),
    "RECOVERY_IN_BURSTS": (),
    "NO_DECAY_SHOWN": (),
    "DECAY_TOO_FAST": ("half_life_high_s",),
    "REST_SHORT_FOR_HALF_LIFE": ("rest_s", "half_life_low_s"),
    "NO_MORE_REST": (),
    "ANSWER_CLEAR": (),
    "MORE_REST_FUTILE": ("rest_min",),
    "MORE_REST": ("minutes",),
    "BASELINE_NOT_USED": ("level_ms2",),
    "NO_PLATEAU": (),
    "FADES_LATER": ("onset_s",),
    "GREW_AGAIN": ("turn_s", "times"),
    "REST_TOO_SHORT_FOR_ENDS": ("n_points",),
    "FREQUENCY_DRIFTS": ("from_hz", "to_hz", "over_s"),
    "POSTURE_TURNED": ("at_s", "angle_deg"),
    "POSTURE_NOT_SEEN": (),
    "RESTS_JOINED": ("n_rests",),
    "CLOCK_SET_IN_REST": ("start_s", "end_s"),
    # Of a quantity computed from answers.
    "NOT_ANSWERED": ("questions",),
    "AIR_TOO_COLD": ("temperature_c",),
    "SWEAT_NEGATIVE": ("volume_l",),
    "RUN_OF_ZERO_MIN": (),
}

#: Facts that the explanations weigh, with the names of the values.
_FINDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    # Of the sensor.
    "FINDING_FREQUENCY": ("frequency_hz",),
    "FINDING_AMPLITUDE": ("rms_ms2",),
    "FINDING_LINE_WIDTH": ("bandwidth_hz",),
    "WIDTH_BESIDE_FATIGUE": ("bandwidth_hz", "frequency_hz", "low_hz", "high_hz"),
    "FINDING_DIRECTION": ("aligned_share",),
    "FINDING_PULSES": ("n_pulses", "n_still"),
    "FINDING_OCCUPANCY": ("tremor_share",),
    "FINDING_DECAYS": ("half_life", "gone"),
    "HALF_LIFE": ("half_life_s",),
    "GONE_AFTER": ("rest_s", "gone_share"),
    "FINDING_PERSISTS": ("rest_s", "gone"),
    "GONE_AT_MOST": ("gone_share",),
    "FINDING_SLOW_LINE": ("frequency_hz", "work"),
    "FINDING_NO_SLOW_LINE": ("frequency_hz",),
    # Of the run.
    "FINDING_EFFORT": ("effort", "grounds"),
    "EFFORT_RPE": ("rpe",),
    "EFFORT_LOAD": ("load",),
    "FINDING_DURATION": ("duration_min",),
    "FINDING_DISTANCE": ("distance_km", "least_min"),
    "FINDING_KIND": ("kind",),
    "FINDING_INTERVALS": ("minutes_since_stop",),
    "FINDING_NO_INTERVALS": ("kind",),
    # Of heat, water and salt.
    "FINDING_HEAT": ("temperature_c", "humidity_pct", "sun", "wbgt_c"),
    "FINDING_HEAT_ANY_HUMIDITY": ("temperature_c", "lowest_wbgt_c", "highest_wbgt_c"),
    "FINDING_MASS_LOST": ("mass_loss_pct",),
    "FINDING_MASS_NOT_LOST": ("mass_gain_pct",),
    "FINDING_MASS_GAIN": ("mass_gain_kg", "duration_min"),
    "FINDING_MASS_GAIN_BY_DISTANCE": ("mass_gain_kg", "run"),
    "FINDING_NO_MASS_GAIN": (),
    "FINDING_SWEAT": ("sweat",),
    "FINDING_SALT": (),
    "FINDING_SODIUM": ("sodium_g",),
    # Of the body and the day.
    "FINDING_ANSWER": ("finding", "answer"),
    "FINDING_DAYS_LASTING": ("days_lasting",),
    "FINDING_CAFFEINE": ("caffeine_mg", "per_mass"),
    "CAFFEINE_PER_MASS": ("caffeine_mg_per_kg",),
    "FINDING_MEAL": ("hours_since_meal",),
    "FINDING_STRESS": ("stress",),
    # Of what cautions and answers lower.
    "NOT_COUNTED": ("statement", "why"),
    "COUNTED_LESS": ("statement", "why", "kept_share"),
    "COUNTED_IN_FULL": ("statement",),
    "CAUTION_GIVEN": ("caution",),
    "CAUTION_CONFIRMED": ("caution",),
    "WEIGHED_INSTEAD": (),
    # Of what is not known.
    "NOT_MEASURED": ("finding", "why"),
    "NOT_DETERMINED": ("finding", "why"),
    "NOT_COMPUTED": ("finding", "why"),
    "QUESTION_NOT_ANSWERED": ("question",),
    "NO_TREMOR_SEEN": (),
    "LITTLE_STILL_TIME": (),
    # Of what would change the result.
    "LEADS": ("leader", "second", "how", "lead_log_odds"),
    "ANSWER_COULD_CHANGE": ("question", "leader"),
    "ANSWER_WOULD_NOT_CHANGE": ("question",),
    "ANSWER_TELLS_MOST": ("question",),
    "NO_ANSWER_MISSING": (),
    "LONGER_REST_COULD_CHANGE": ("verdict", "leader", "minutes"),
    "LONGER_REST_WOULD_NOT_CHANGE": (),
    "SURER_RECORDING_COULD_CHANGE": ("leader",),
    "NOTHING_RECORDED": (),
    "RECORD_WITHOUT_SHAKING": (),
    # Of numbers that follow from answers.
    "RACE_FLAG": ("flag",),
    "SWEAT_RATE_TOO_HIGH": ("sweat_rate_l_per_h", "highest_l_per_h"),
}

#: Texts in the tables of the explanations, with the keys that select them.
_TABLE_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "EVIDENCE_REASON": ("entry", "bin"),
    "EVIDENCE_SOURCE": ("entry",),
    "LOWERED_BY_ANSWER": ("answer", "finding"),
    "OPEN_QUESTION": ("question",),
    # Of the interview: why a question is asked now, and why none is asked any more.
    "ASKED_FOR_SIGNS": (),
    "ASKED_FOR_WARNING": (),
    "ASKED_FOR_LEADER": ("leader", "n_others", "first", "second"),
    "ASKED_WITH_OTHERS": ("leader",),
    "INTERVIEW_ENOUGH": (),
    "INTERVIEW_LIMIT": ("n_questions",),
    "WARNING_SIGN": ("sign",),
    "ADVICE": ("advice", "sweat"),
    "DRINK_AT_MOST": ("short_l",),
    "DRINK_AT_MOST_SWEAT": (),
    "DRINK_NOTHING_SHORT": (),
    "CLAIM_DISPUTED": ("claim",),
}

#: The names of a number with its interval.
_INTERVAL: Final = frozenset({"value", "low", "high"})

#: All codes, with the names of their values.
CODES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {**WARNINGS, **_CAUTIONS, **_REASONS, **_FINDINGS, **_TABLE_TEXTS}
)


def note(code: str, /, **values: object) -> Note:
    """Make a note, and check its values against the table.

    Parameters
    ----------
    code : str
        One of `CODES`.
    **values
        All values that the table names, and no others.

    Returns
    -------
    Note
        The code with its values. A number that is not finite is None, and its sentence says that
        it is unknown: a file may make any number of a computation, and JSON holds no other.

    Raises
    ------
    InvalidInputError
        If the code is unknown, or the values are not those that the table names.
    """
    if code not in CODES:
        raise InvalidInputError(f"{code!r} is not a code of tremor.notes")
    if set(values) != set(CODES[code]):
        raise InvalidInputError(
            f"{code} takes the values {', '.join(CODES[code]) or 'none'}; "
            f"given: {', '.join(values) or 'none'}"
        )
    return Note(code, {key: _told(one) for key, one in values.items()})


def _told(value: object) -> object:
    """Return a value with None in place of each number that is not finite, however deep.

    Of a number with an interval nothing can be told if one of the three is not finite.
    """
    if isinstance(value, Note):
        return Note(value.code, {key: _told(one) for key, one in value.values.items()})
    if isinstance(value, Mapping):
        told = {key: _told(one) for key, one in value.items()}
        return None if told.keys() == _INTERVAL and None in told.values() else told
    if isinstance(value, tuple | list):
        return tuple(_told(one) for one in value)
    if isinstance(value, Real) and not isinstance(value, Integral):
        return value if isfinite(value) else None
    return value
