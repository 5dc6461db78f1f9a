"""The records of a comparison and of a trend, which text, page and JSON render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from tremor._version import __version__
from tremor.estimate import Estimate
from tremor.notes import Note, note
from tremor.recording import Placement
from tremor.results import codec
from tremor.settings import AnalysisSettings

__all__ = [
    "QUANTITIES",
    "Change",
    "ChangeVerdict",
    "ClockDifference",
    "Comparison",
    "LegCoherence",
    "QuantityTrend",
    "Repeating",
    "SessionRow",
    "Trend",
]

#: What is compared, and its unit, in the order of rows.
QUANTITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "initial_rms_ms2": "m/s^2",
        "final_rms_ms2": "m/s^2",
        "rms_ms2": "m/s^2",
        "frequency_hz": "Hz",
        "half_life_s": "s",
    }
)

ChangeVerdict = Literal["rose", "fell", "no_reliable_change", "cannot_tell"]
#: What the least change that counts rests on.
Basis = Literal["own_sessions", "literature", "measurement", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One leg in one session, as far as it is compared.

    Parameters
    ----------
    name : str
        Name of the capture; with the folders that tell it apart where another has the same.
    sha256 : str
        Hash of its bytes; empty if it came from arrays.
    started_at : datetime or None
        Wall time of its first sample.
    placement : Placement or None
        Where the sensor was worn.
    status : {"measured", "no_tremor", "insufficient"}
        Kind of result.
    version : str
        Version of the software that measured it.
    initial_rms_ms2, final_rms_ms2, rms_ms2 : Estimate
        RMS of the tremor at the beginning and at the end of the rest, and of the session, m/s^2.
    frequency_hz : Estimate
        Frequency, Hz.
    half_life_s : Estimate
        Time in which the fading part halves, s.
    """

    name: str
    sha256: str
    started_at: datetime | None
    placement: Placement | None
    status: Literal["measured", "no_tremor", "insufficient"]
    version: str
    initial_rms_ms2: Estimate
    final_rms_ms2: Estimate
    rms_ms2: Estimate
    frequency_hz: Estimate
    half_life_s: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The change of one quantity from one session to another.

    Parameters
    ----------
    quantity : str
        One of `QUANTITIES`.
    before, after : int
        Numbers of the sessions, from 0.
    factor : Estimate
        Value after over value before; its interval is that of the two measurements alone.
    detectable_factor : float or None
        Least factor, above 1, that is more than chance in either direction; None if it is not
        known.
    basis : {"own_sessions", "literature", "measurement", "none"}
        What it rests on.
    verdict : {"rose", "fell", "no_reliable_change", "cannot_tell"}
        The answer.
    """

    quantity: str
    before: int
    after: int
    factor: Estimate
    detectable_factor: float | None
    basis: Basis
    verdict: ChangeVerdict


def _clocks_not_measured() -> Estimate:
    return Estimate.missing(note("CLOCKS_NOT_MEASURED"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDifference:
    """How far the clocks of two recordings differ, by when their packets arrived.

    Parameters
    ----------
    offset_s : Estimate
        By how much the clock of the second is ahead of that of the first, s.
    drift_ppm : Estimate
        How fast that grows, millionths.
    middle_s : float
        When the offset holds, s from the start of the first recording.
    unknown_s : float
        Part of the interval of the offset that more time would not lessen, s: what the firmware
        and the radio may delay every packet.
    """

    offset_s: Estimate
    drift_ppm: Estimate
    middle_s: float
    unknown_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LegCoherence:
    """How far two legs, measured at once, move in step at the frequency of the tremor.

    Parameters
    ----------
    frequency_hz : float
        Where, Hz.
    coherence : Estimate
        Magnitude-squared coherence along the main direction of each leg, 0 to 1.
    chance_level : float
        Coherence that legs which have nothing to do with each other exceed in 5 %.
    overlap_s : float
        Time that both were recorded and used, s.
    lag_s : Estimate
        By how much the second leg follows the first at that frequency, s, up to half a period.
    clocks : ClockDifference or None
        How far the clocks of the recordings differ, which the lag takes into account; None where
        the recordings do not show it.
    """

    frequency_hz: float
    coherence: Estimate
    chance_level: float
    overlap_s: float
    lag_s: Estimate = field(default_factory=_clocks_not_measured)
    clocks: ClockDifference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeating:
    """How a comparison or a trend was asked for; the command that repeats it is made of this.

    Parameters
    ----------
    given : tuple of str
        What was compared, or the folder: names, with no more folders than tell them apart.
    options : mapping of str to str
        Options by name without dashes; empty for a flag.
    settings : AnalysisSettings
        Those of the first session.
    version : str
        Version of the software that compared.
    """

    given: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    settings: AnalysisSettings
    version: str = __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Sessions side by side.

    Parameters
    ----------
    kind : {"sessions", "legs"}
        Sessions of one leg, or two legs of one session.
    sessions : tuple of SessionRow
        In the order given.
    changes : tuple of Change
        Of every later session against the first one, in the order of sessions and `QUANTITIES`.
    unlike : tuple of Note
        In what the sessions are unlike; without force, a comparison of such is refused.
    coherence : LegCoherence or None
        Of two legs that were measured at once.
    repeating : Repeating
        How it was asked for.
    """

    kind: Literal["sessions", "legs"]
    sessions: tuple[SessionRow, ...]
    changes: tuple[Change, ...]
    repeating: Repeating
    unlike: tuple[Note, ...] = ()
    coherence: LegCoherence | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the document of schema ``tremor.comparison/1``."""
        return _document("tremor.comparison/1", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityTrend:
    """How one quantity changes over sessions.

    Parameters
    ----------
    quantity : str
        One of `QUANTITIES`.
    n_sessions : int
        Number of sessions that have it.
    factor_per_week : Estimate
        Factor by which it changes in a week, from a straight line through its logarithms.
    factor_in_all : Estimate
        Factor from the first session to the last on that line.
    between_sessions_share : float or None
        Standard deviation of a session about the line, as a share of the value.
    detectable_factor : float or None
        Least factor between two sessions that is more than chance; None if it is not known.
    basis : {"own_sessions", "literature", "measurement", "none"}
        What that rests on.
    verdict : {"rose", "fell", "no_reliable_change", "cannot_tell"}
        The answer.
    """

    quantity: str
    n_sessions: int
    factor_per_week: Estimate
    factor_in_all: Estimate
    between_sessions_share: float | None
    detectable_factor: float | None
    basis: Basis
    verdict: ChangeVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One leg over weeks.

    Parameters
    ----------
    sessions : tuple of SessionRow
        In order of time.
    trends : tuple of QuantityTrend
        In the order of `QUANTITIES`.
    left_out : tuple of Note
        Captures of the folder that do not belong to the leg or could not be used.
    repeating : Repeating
        How it was asked for.
    """

    sessions: tuple[SessionRow, ...]
    trends: tuple[QuantityTrend, ...]
    repeating: Repeating
    left_out: tuple[Note, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the document of schema ``tremor.trend/1``."""
        return _document("tremor.trend/1", self)


def _document(schema: str, record: Comparison | Trend) -> dict[str, Any]:
    from importlib import import_module

    messages = import_module("tremor.report.messages")  # a higher floor makes the sentences
    return {"schema": schema, **codec.write(record, messages)}
