"""What an analysis found: records that are written to JSON and read back. Nothing is computed here.

Windows are kept as columns, because a day holds more than forty thousand of them; each is given
as a `WindowAnalysis` when it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.estimate import INTERVAL_TARGETS, Estimate
from tremor.notes import Note
from tremor.recording import Floats, Gap, read_only
from tremor.results.explanations import Advice, Explanation, Sensitivity, WarningSign
from tremor.results.recovery import Recovery
from tremor.settings import AnalysisSettings

if TYPE_CHECKING:
    import pandas as pd

    from tremor.analysis.source import CaptureFacts

__all__ = [
    "REASONS",
    "SCHEMA",
    "VERDICTS",
    "Analysis",
    "Episode",
    "Reason",
    "RecordingFacts",
    "SpectrumView",
    "Status",
    "Summary",
    "WindowAnalysis",
    "WindowTable",
]

SCHEMA: Final = "tremor.analysis/1"
Status = Literal["measured", "no_tremor", "insufficient"]

#: In the order in which a window is judged: the first that holds names it.
VERDICTS: Final = (
    "tremor",
    "no_tremor",
    "moving",
    "gait",
    "impact",
    "heartbeat",
    "settling",
    "gap",
    "clipped",
    "dead",
)

#: How the line of a window was fitted; 0 where it was not.
METHODS: Final = ("", "whittle", "least_squares")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a window got its verdict.

    Parameters
    ----------
    verdict : str
        The verdict that it leads to.
    text : str
        Sentence with ``{score}`` and ``{threshold}``, both with their unit.
    """

    verdict: str
    text: str


#: Every reason that a window can be given, by name.
REASONS: Final[Mapping[str, Reason]] = {
    "line": Reason(
        "tremor", "a peak {score:.3g} times the floor of the band (limit {threshold:.3g})"
    ),
    "weak": Reason(
        "no_tremor",
        "RMS in the band is {score:.2g} m/s^2, below the gate of {threshold:.2g} m/s^2",
    ),
    "flat": Reason(
        "no_tremor",
        "the peak is {score:.2g} times the floor of the band; a line needs {threshold:.2g}",
    ),
    "spread": Reason(
        "no_tremor",
        "the peak holds {score:.2g} of the power of the band; a line needs {threshold:.2g}",
    ),
    "edge": Reason(
        "no_tremor",
        "the maximum lies {score:.2g} Hz from an edge of the band; a line lies {threshold:.2g} Hz "
        "or more inside of it",
    ),
    "no_valley": Reason(
        "no_tremor",
        "the peak is {score:.2g} times the lowest power between it and slower movement; "
        "a line needs {threshold:.2g}",
    ),
    "moving": Reason(
        "moving", "RMS in 0.5-3 Hz is {score:.2g} m/s^2; still is below {threshold:.2g} m/s^2"
    ),
    "gait": Reason(
        "gait",
        "the spectrum is a comb of a stride or step rate: its teeth stand {score:.2g} decades "
        "above the gaps (limit {threshold:.2g})",
    ),
    "impact": Reason(
        "impact",
        "impacts fill {score:.2g} of the window; at most {threshold:.2g} can be left out",
    ),
    "event": Reason(
        "impact",
        "the peak of either half lies {score:.2g} Hz from that of the window; a line stays "
        "within {threshold:.2g} Hz",
    ),
    "burst": Reason(
        "impact",
        "the line is gone for {score:.2g} of the window; tremor for at most {threshold:.2g}",
    ),
    "with_movement": Reason(
        "moving",
        "the line comes and goes with slower movement: correlation {score:.2g}, "
        "limit {threshold:.2g}",
    ),
    "only_impacts": Reason(
        "impact",
        "without its impacts the window holds {score:.2g} m/s^2, below the gate of "
        "{threshold:.2g} m/s^2",
    ),
    "heartbeat": Reason(
        "heartbeat",
        "what drives the line strikes and returns like a heartbeat: score {score:.2g}, "
        "limit {threshold:.2g}",
    ),
    "heartbeats": Reason(
        "heartbeat",
        "over the last windows what drives the line strikes and returns like a heartbeat: median "
        "score {score:.2g}, limit {threshold:.2g}",
    ),
    "settling": Reason(
        "settling",
        "{score:.2g} s after a movement or the start; the leg settles for {threshold:.2g} s",
    ),
    "gap": Reason(
        "gap", "{score:.3g} s of the window are missing; at most {threshold:.2g} s may be"
    ),
    "clipped": Reason(
        "clipped",
        "{score:.2g} of the samples are at the rail of the sensor; at most {threshold:.2g} may be",
    ),
    "dead": Reason(
        "dead", "axes that do not move at all: {score:.0f}; allowed are {threshold:.0f}"
    ),
}
REASON_NAMES: Final = tuple(REASONS)


@dataclass(frozen=True, slots=True)
class WindowAnalysis:
    """One window: its verdict, the reason, and the numbers where there is tremor.

    Parameters
    ----------
    start_s, end_s : float
        Limits of the window, s from the start of the capture.
    verdict : str
        One of `VERDICTS`.
    reason : str
        The number that decided, and its threshold, as a sentence.
    decided_by : str
        Name of that reason in `REASONS`.
    score, threshold : float
        That number and that threshold, in the unit that the sentence gives.
    frequency_hz, bandwidth_hz, rms_ms2, displacement_pp_mm : Estimate
        Missing, with the reason, unless the verdict is ``tremor``.
    coherence : float or None
        Share of the in-band power that moves along one direction (1/3 to 1).
    scores : mapping of str to float
        The statistics that the verdict looked at; of a window that holds next to nothing these
        are levels alone.
    """

    start_s: float
    end_s: float
    verdict: str
    reason: str
    decided_by: str
    score: float
    threshold: float
    frequency_hz: Estimate
    bandwidth_hz: Estimate
    rms_ms2: Estimate
    displacement_pp_mm: Estimate
    coherence: float | None
    scores: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds."""
        return {
            "start_s": self.start_s,
            "end_s": self.end_s,
            "verdict": self.verdict,
            "reason": self.reason,
            "decided_by": {
                "key": self.decided_by,
                "value": self.score,
                "threshold": self.threshold,
            },
            "frequency_hz": self.frequency_hz.to_dict(),
            "bandwidth_hz": self.bandwidth_hz.to_dict(),
            "rms_ms2": self.rms_ms2.to_dict(),
            "displacement_pp_mm": self.displacement_pp_mm.to_dict(),
            "coherence": self.coherence,
            "scores": dict(self.scores),
        }


_ESTIMATED: Final = ("frequency_hz", "bandwidth_hz", "rms_ms2", "displacement_pp_mm")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class WindowTable(Sequence[WindowAnalysis]):
    """All windows of a capture, as columns of one length, ``n_windows``.

    Parameters
    ----------
    start_s, end_s : ndarray, shape (n_windows,)
        Limits, s.
    reason : ndarray of uint8, shape (n_windows,)
        Index into the names of `REASONS`, which also gives the verdict.
    score, threshold : ndarray, shape (n_windows,)
        The number that decided and its limit.
    frequency_hz, bandwidth_hz, rms_ms2, displacement_pp_mm : ndarray, shape (n_windows, 3)
        Value, low, high; NaN where not estimated.
    method : ndarray of uint8, shape (n_windows,)
        Index into `METHODS`.
    coherence : ndarray, shape (n_windows,)
        NaN where not estimated.
    scores : mapping of str to ndarray, shape (n_windows,)
        The statistics that the verdicts looked at; NaN where there was nothing to look at.
    """

    start_s: Floats
    end_s: Floats
    reason: npt.NDArray[np.uint8]
    score: Floats
    threshold: Floats
    frequency_hz: Floats
    bandwidth_hz: Floats
    rms_ms2: Floats
    displacement_pp_mm: Floats
    method: npt.NDArray[np.uint8]
    coherence: Floats
    scores: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("start_s", "end_s", "score", "threshold", "coherence", *_ESTIMATED):
            object.__setattr__(self, name, read_only(getattr(self, name)))
        for name in ("reason", "method"):
            object.__setattr__(self, name, read_only(getattr(self, name), np.uint8))
        object.__setattr__(
            self, "scores", {name: read_only(column) for name, column in self.scores.items()}
        )

    @classmethod
    def concatenate(cls, parts: Sequence[WindowTable]) -> WindowTable:
        """Put tables one after the other; no tables give an empty one.

        Parameters
        ----------
        parts : sequence of WindowTable
            In order of time, all with the same scores.

        Returns
        -------
        WindowTable
            All their windows.
        """
        names = [item.name for item in fields(cls) if item.name != "scores"]
        parts = [part for part in parts if len(part)]
        if not parts:
            empty: dict[str, Any] = {
                name: np.zeros((0, 3) if name in _ESTIMATED else 0) for name in names
            }
            return cls(**empty)
        return cls(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
            scores={
                name: np.concatenate([part.scores[name] for part in parts])
                for name in parts[0].scores
            },
        )

    def __len__(self) -> int:
        return len(self.start_s)

    @overload
    def __getitem__(self, index: int) -> WindowAnalysis: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[WindowAnalysis]: ...
    def __getitem__(self, index: int | slice) -> WindowAnalysis | Sequence[WindowAnalysis]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"window {index} of {len(self)}")
        reason = REASONS[REASON_NAMES[self.reason[index]]]
        text = reason.text.format(score=self.score[index], threshold=self.threshold[index])
        why_not = f"{reason.verdict}: {text}"
        method = METHODS[self.method[index]]
        coherence = float(self.coherence[index])
        return WindowAnalysis(
            start_s=float(self.start_s[index]),
            end_s=float(self.end_s[index]),
            verdict=reason.verdict,
            reason=text,
            decided_by=REASON_NAMES[self.reason[index]],
            score=float(self.score[index]),
            threshold=float(self.threshold[index]),
            frequency_hz=_estimate(self.frequency_hz[index], method, why_not),
            bandwidth_hz=_estimate(self.bandwidth_hz[index], method, why_not),
            rms_ms2=_estimate(self.rms_ms2[index], method, why_not),
            displacement_pp_mm=_estimate(self.displacement_pp_mm[index], method, why_not),
            coherence=None if np.isnan(coherence) else coherence,
            scores={
                name: float(column[index])
                for name, column in self.scores.items()
                if np.isfinite(column[index])
            },
        )

    def __iter__(self) -> Iterator[WindowAnalysis]:
        return (self[index] for index in range(len(self)))

    @property
    def verdict(self) -> npt.NDArray[np.str_]:
        """Give the verdicts as text, shape (n_windows,)."""
        return np.array([REASONS[name].verdict for name in REASON_NAMES])[self.reason]

    def where(self, verdict: str) -> npt.NDArray[np.bool_]:
        """Tell which windows got a verdict.

        Parameters
        ----------
        verdict : str
            One of `VERDICTS`.

        Returns
        -------
        ndarray of bool, shape (n_windows,)
            True where the window got it.
        """
        found = np.array([REASONS[name].verdict == verdict for name in REASON_NAMES])
        return found[self.reason]

    def reason_texts(self) -> list[str]:
        """Give the sentence of every window, as in `WindowAnalysis.reason`."""
        texts = [REASONS[name].text for name in REASON_NAMES]
        return [
            texts[reason].format(score=score, threshold=threshold)
            for reason, score, threshold in zip(
                self.reason.tolist(), self.score.tolist(), self.threshold.tolist(), strict=True
            )
        ]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Give what `WindowAnalysis.to_dict` gives for every window, from whole columns.

        Returns
        -------
        list of dict
            One a window, in order of time.
        """
        n = len(self)
        reasons = self.reason.tolist()
        names, verdicts = REASON_NAMES, [REASONS[name].verdict for name in REASON_NAMES]
        methods = [METHODS[code] for code in self.method.tolist()]
        estimates = [_estimate_dicts(getattr(self, name), methods) for name in _ESTIMATED]
        scores: list[dict[str, float]] = [{} for _ in range(n)]
        for name, column in self.scores.items():
            values = column.tolist()
            for row in np.flatnonzero(np.isfinite(column)).tolist():
                scores[row][name] = values[row]
        return [
            {
                "start_s": start,
                "end_s": end,
                "verdict": verdicts[reason],
                "reason": text,
                "decided_by": {"key": names[reason], "value": score, "threshold": threshold},
                "frequency_hz": frequency,
                "bandwidth_hz": bandwidth,
                "rms_ms2": rms,
                "displacement_pp_mm": displacement,
                "coherence": coherence,
                "scores": row_scores,
            }
            for (
                start,
                end,
                reason,
                text,
                score,
                threshold,
                frequency,
                bandwidth,
                rms,
                displacement,
                coherence,
                row_scores,
            ) in zip(
                self.start_s.tolist(),
                self.end_s.tolist(),
                reasons,
                self.reason_texts(),
                self.score.tolist(),
                self.threshold.tolist(),
                *estimates,
                _none_for_nan(self.coherence),
                scores,
                strict=True,
            )
        ]

    @classmethod
    def from_dicts(cls, records: Sequence[Mapping[str, Any]]) -> Self:
        """Read what `to_dicts` gave.

        Parameters
        ----------
        records : sequence of mapping
            One a window, in order of time.

        Returns
        -------
        WindowTable
            The windows as they were.
        """
        decided = [record["decided_by"] for record in records]
        rows = [record["scores"] for record in records]
        names = _names_in_order(rows)
        return cls(
            start_s=_column([record["start_s"] for record in records]),
            end_s=_column([record["end_s"] for record in records]),
            reason=np.array([REASON_NAMES.index(by["key"]) for by in decided], dtype=np.uint8),
            score=_column([by["value"] for by in decided]),
            threshold=_column([by["threshold"] for by in decided]),
            frequency_hz=_triples([record["frequency_hz"] for record in records]),
            bandwidth_hz=_triples([record["bandwidth_hz"] for record in records]),
            rms_ms2=_triples([record["rms_ms2"] for record in records]),
            displacement_pp_mm=_triples([record["displacement_pp_mm"] for record in records]),
            method=np.array([_method_of(record) for record in records], dtype=np.uint8),
            coherence=_column([record["coherence"] for record in records]),
            scores={name: _column([row.get(name) for row in rows]) for name in names},
        )


def _estimate(triple: Floats, method: str, reason: str) -> Estimate:
    value, low, high = (float(number) for number in triple)
    if np.isnan(value):
        return Estimate.missing(reason)
    return Estimate(
        value,
        None if np.isnan(low) else low,
        None if np.isnan(high) else high,
        method=method,
    )


def _none_for_nan(column: Floats) -> list[float | None]:
    return [None if number != number else number for number in column.tolist()]


def _estimate_dicts(triples: Floats, methods: list[str]) -> list[dict[str, Any] | None]:
    estimates: list[dict[str, Any] | None] = [None] * len(triples)
    rows = np.flatnonzero(~np.isnan(triples[:, 0]))
    for row, (value, low, high) in zip(rows.tolist(), triples[rows].tolist(), strict=True):
        estimates[row] = {
            "value": value,
            "low": None if low != low else low,
            "high": None if high != high else high,
            "level": 0.95,
            "method": methods[row],
        }
    return estimates


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _triples(estimates: Sequence[Mapping[str, Any] | None]) -> Floats:
    missing = (None, None, None)
    rows = [
        missing if one is None else (one["value"], one["low"], one["high"]) for one in estimates
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 3)


def _method_of(window: Mapping[str, Any]) -> int:
    estimates = (window[name] for name in _ESTIMATED)
    return next((METHODS.index(one["method"]) for one in estimates if one is not None), 0)


def _estimates_of(record: Mapping[str, Any]) -> dict[str, Estimate]:
    return {name: Estimate.from_dict(record[name], record.get("reason", "")) for name in _ESTIMATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A stretch of tremor, and the numbers from all its samples in one likelihood."""

    start_s: float
    end_s: float
    frequency_hz: Estimate
    bandwidth_hz: Estimate
    rms_ms2: Estimate
    displacement_pp_mm: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds."""
        return {
            "start_s": self.start_s,
            "end_s": self.end_s,
            **{name: getattr(self, name).to_dict() for name in _ESTIMATED},
            "reason": _first_reason(self),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds."""
        return cls(start_s=record["start_s"], end_s=record["end_s"], **_estimates_of(record))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The session in few numbers.

    Parameters
    ----------
    tremor_detected : bool
        Whether there is at least one episode.
    still_s, tremor_s : float
        Time that could be judged (verdict ``tremor`` or ``no_tremor``), and that in episodes, s.
    occupancy : float or None
        Their ratio; None where nothing could be judged.
    frequency_hz, bandwidth_hz, rms_ms2, displacement_pp_mm : Estimate
        From all samples of all episodes in one likelihood.
    reason : str
        Why there are no numbers, or what weakens them.
    """

    tremor_detected: bool
    still_s: float
    tremor_s: float
    occupancy: float | None
    frequency_hz: Estimate
    bandwidth_hz: Estimate
    rms_ms2: Estimate
    displacement_pp_mm: Estimate
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds."""
        return {
            "tremor_detected": self.tremor_detected,
            "still_s": self.still_s,
            "tremor_s": self.tremor_s,
            "occupancy": self.occupancy,
            **{name: getattr(self, name).to_dict() for name in _ESTIMATED},
            "reason": self.reason or _first_reason(self),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds."""
        return cls(
            tremor_detected=record["tremor_detected"],
            still_s=record["still_s"],
            tremor_s=record["tremor_s"],
            occupancy=record["occupancy"],
            **_estimates_of(record),
            reason=record["reason"],
        )


def _names_in_order(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give the names of all rows in one order that keeps that of each row."""
    names: list[str] = []
    for keys in dict.fromkeys(tuple(row) for row in rows):
        place = 0
        for name in keys:
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
    return names


def _first_reason(record: Episode | Summary) -> str:
    return next((e.reason for e in (getattr(record, n) for n in _ESTIMATED) if e.reason), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFacts:
    """The capture, without its samples; names as in `tremor.recording.Recording`."""

    started_at: str | None
    duration_s: float
    n_samples: int
    sampling_rate_hz: float
    nominal_sampling_rate_hz: float | None
    sampling_rate_sd_hz: float | None
    unit_in: str
    gravity: str
    scale_correction: float
    gaps: tuple[Gap, ...]
    clipped_fraction: float
    dead_axes: tuple[str, ...]
    sensor: str | None
    placement: str | None
    warnings: tuple[Note, ...]
    history: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        capture: CaptureFacts,
        *,
        n_clipped: int,
        warnings: Sequence[Note] | None = None,
    ) -> Self:
        """Take the facts of a recording, or of a capture in pieces.

        Parameters
        ----------
        capture : Recording or Capture
            The capture.
        n_clipped : int
            How many of its samples are at a rail.
        warnings : sequence of Note, optional
            In the place of its own.

        Returns
        -------
        RecordingFacts
            What is known of it.
        """
        n_there = capture.n_samples
        started_at, sensor, placement = capture.started_at, capture.sensor, capture.placement
        return cls(
            started_at=None if started_at is None else started_at.isoformat(),
            duration_s=capture.duration_s,
            n_samples=n_there,
            sampling_rate_hz=capture.sampling_rate_hz,
            nominal_sampling_rate_hz=capture.nominal_sampling_rate_hz,
            sampling_rate_sd_hz=capture.sampling_rate_sd_hz,
            unit_in=capture.unit_in,
            gravity=capture.gravity,
            scale_correction=capture.scale_correction,
            gaps=capture.gaps,
            clipped_fraction=n_clipped / max(1, n_there),
            dead_axes=capture.dead_axes,
            sensor=(sensor.name or sensor.profile or None) if sensor else None,
            placement=None if placement is None else str(placement),
            warnings=tuple(capture.warnings if warnings is None else warnings),
            history=capture.history,
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds."""
        return {
            "started_at": self.started_at,
            "duration_s": self.duration_s,
            "n_samples": self.n_samples,
            "sampling_rate_hz": self.sampling_rate_hz,
            "nominal_sampling_rate_hz": self.nominal_sampling_rate_hz,
            "sampling_rate_sd_hz": self.sampling_rate_sd_hz,
            "unit_in": self.unit_in,
            "gravity": self.gravity,
            "scale_correction": self.scale_correction,
            "gaps": [
                {"start_s": gap.start_s, "duration_s": gap.duration_s, "n_lost": gap.n_lost}
                for gap in self.gaps
            ],
            "clipped_fraction": self.clipped_fraction,
            "dead_axes": list(self.dead_axes),
            "sensor": self.sensor,
            "placement": self.placement,
            "warnings": [one.to_dict() | {"message": _sentence(one)} for one in self.warnings],
            "history": list(self.history),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds."""
        return cls(
            started_at=record["started_at"],
            duration_s=record["duration_s"],
            n_samples=record["n_samples"],
            sampling_rate_hz=record["sampling_rate_hz"],
            nominal_sampling_rate_hz=record["nominal_sampling_rate_hz"],
            sampling_rate_sd_hz=record["sampling_rate_sd_hz"],
            unit_in=record["unit_in"],
            gravity=record["gravity"],
            scale_correction=record["scale_correction"],
            gaps=tuple(
                Gap(gap["start_s"], gap["duration_s"], gap["n_lost"]) for gap in record["gaps"]
            ),
            clipped_fraction=record["clipped_fraction"],
            dead_axes=tuple(record["dead_axes"]),
            sensor=record["sensor"],
            placement=record["placement"],
            warnings=tuple(Note.from_dict(one) for one in record["warnings"]),
            history=tuple(record.get("history", ())),
        )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SpectrumView:
    """The mean spectrum of the tremor (or of the still time), for looking at.

    Parameters
    ----------
    of : {"tremor", "still"}
        Which windows were averaged.
    n_windows : int
        How many.
    frequency_hz : ndarray, shape (m,)
        Hz.
    psd_ms2sq_per_hz : ndarray, shape (m,)
        PSD summed over the axes, (m/s^2)^2/Hz.
    line_ms2sq_per_hz : ndarray, shape (m,), or None
        The fitted line with its floor on the same grid.
    """

    of: str
    n_windows: int
    frequency_hz: Floats
    psd_ms2sq_per_hz: Floats
    line_ms2sq_per_hz: Floats | None

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds."""
        line = self.line_ms2sq_per_hz
        return {
            "of": self.of,
            "n_windows": self.n_windows,
            "frequency_hz": self.frequency_hz.tolist(),
            "psd_ms2sq_per_hz": self.psd_ms2sq_per_hz.tolist(),
            "line_ms2sq_per_hz": None if line is None else line.tolist(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds."""
        line = record["line_ms2sq_per_hz"]
        return cls(
            of=record["of"],
            n_windows=record["n_windows"],
            frequency_hz=read_only(record["frequency_hz"]),
            psd_ms2sq_per_hz=read_only(record["psd_ms2sq_per_hz"]),
            line_ms2sq_per_hz=None if line is None else read_only(line),
        )


def _sentence(note: Note) -> str:
    text: str = import_module("tremor.report.messages").sentence(note)
    return text


_Record = TypeVar("_Record")


def _each(
    document: Mapping[str, Any], key: str, read: Callable[[Mapping[str, Any]], _Record]
) -> tuple[_Record, ...]:
    """Read the records under a key that older documents do not have."""
    return tuple(read(one) for one in document.get(key) or ())


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Analysis:
    """Everything that was found in one capture; every output renders this and nothing else.

    Parameters
    ----------
    status : {"measured", "no_tremor", "insufficient"}
        What kind of result it is.
    software : mapping of str to str
        Name and versions.
    source : mapping of str to str
        Name, sha256 and format of the capture; empty texts where it came from arrays.
    settings : AnalysisSettings
        Every setting used.
    recording : RecordingFacts
        The capture.
    windows : WindowTable
        All windows.
    episodes : tuple of Episode
        In order of time.
    summary : Summary
        The session in few numbers.
    spectrum : SpectrumView or None
        None where no window could be judged.
    recovery : Recovery or None
        How the tremor fades with rest; None in documents written before it was measured.
    explanations : tuple of Explanation
        The three explanations of the article, strongest first; empty where none were weighed.
    sensitivity : Sensitivity or None
        How much their order hangs on the weights; None where none were weighed.
    warning_signs : tuple of WarningSign
        Signs that the runner ticked; never from the sensor.
    advice : tuple of Advice
        What goes with the leading explanations first, general advice last.
    """

    status: Status
    software: Mapping[str, str]
    source: Mapping[str, str]
    settings: AnalysisSettings
    recording: RecordingFacts
    windows: WindowTable
    episodes: tuple[Episode, ...]
    summary: Summary
    spectrum: SpectrumView | None = None
    recovery: Recovery | None = None
    explanations: tuple[Explanation, ...] = ()
    sensitivity: Sensitivity | None = None
    warning_signs: tuple[WarningSign, ...] = ()
    advice: tuple[Advice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the document of schema ``tremor.analysis/1``.

        Returns
        -------
        dict
            Plain numbers, texts, lists and dictionaries; no NaN anywhere.
        """
        return {
            "schema": SCHEMA,
            "status": self.status,
            "software": dict(self.software),
            "source": dict(self.source),
            "settings": self.settings.to_dict(),
            "recording": self.recording.to_dict(),
            "windows": self.windows.to_dicts(),
            "episodes": [episode.to_dict() for episode in self.episodes],
            "summary": self.summary.to_dict(),
            "intervals": dict(INTERVAL_TARGETS),
            "spectrum": None if self.spectrum is None else self.spectrum.to_dict(),
            "recovery": None if self.recovery is None else self.recovery.to_dict(),
            "explanations": [one.to_dict() for one in self.explanations],
            "sensitivity": None if self.sensitivity is None else self.sensitivity.to_dict(),
            "warning_signs": [one.to_dict() for one in self.warning_signs],
            "advice": [one.to_dict() for one in self.advice],
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Give the document as text.

        Parameters
        ----------
        indent : int, optional
            Spaces per level; one line without it.

        Returns
        -------
        str
            JSON.
        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read a document of schema ``tremor.analysis/1``.

        Parameters
        ----------
        document : mapping
            What `to_dict` gave. Keys that are not known are left out.

        Returns
        -------
        Analysis
            The analysis as it was.

        Raises
        ------
        InvalidInputError
            Where the schema is another one, or something of it is missing or not as it should be.
        """
        if document.get("schema") != SCHEMA:
            raise InvalidInputError(
                f"the document has schema {document.get('schema')!r}; this version reads {SCHEMA!r}"
            )
        try:
            spectrum = document.get("spectrum")
            recovery = document.get("recovery")
            sensitivity = document.get("sensitivity")
            return cls(
                status=document["status"],
                software=dict(document["software"]),
                source=dict(document["source"]),
                settings=AnalysisSettings.from_mapping(document["settings"]),
                recording=RecordingFacts.from_dict(document["recording"]),
                windows=WindowTable.from_dicts(document["windows"]),
                episodes=tuple(Episode.from_dict(one) for one in document["episodes"]),
                summary=Summary.from_dict(document["summary"]),
                spectrum=None if spectrum is None else SpectrumView.from_dict(spectrum),
                recovery=None if recovery is None else Recovery.from_dict(recovery),
                explanations=_each(document, "explanations", Explanation.from_dict),
                sensitivity=None if sensitivity is None else Sensitivity.from_dict(sensitivity),
                warning_signs=_each(document, "warning_signs", WarningSign.from_dict),
                advice=_each(document, "advice", Advice.from_dict),
            )
        except InvalidInputError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInputError(
                f"the document is not a whole {SCHEMA}: {type(error).__name__} at {error}; "
                "write it anew with: tremor analyze --json"
            ) from error

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` gave.

        Parameters
        ----------
        text : str
            JSON of one analysis.

        Returns
        -------
        Analysis
            The analysis as it was.

        Raises
        ------
        InvalidInputError
            Where the text is not JSON or not an analysis.
        """
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidInputError(f"the text is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise InvalidInputError(f"the JSON is not an analysis of schema {SCHEMA}")
        return cls.from_dict(document)

    def windows_frame(self) -> pd.DataFrame:
        """Give the windows as a table, one row each, units in the names of the columns.

        Returns
        -------
        pandas.DataFrame
            Limits, verdict and reason, and value, low and high of each estimate.
        """
        import pandas as pd

        table = self.windows
        columns: dict[str, Any] = {
            "start_s": table.start_s,
            "end_s": table.end_s,
            "verdict": table.verdict,
            "reason": table.reason_texts(),
        }
        for name in _ESTIMATED:
            triple = getattr(table, name)
            columns[name] = triple[:, 0]
            columns[f"{name}_low"] = triple[:, 1]
            columns[f"{name}_high"] = triple[:, 2]
        columns["coherence"] = table.coherence
        return pd.DataFrame(columns | dict(table.scores))
