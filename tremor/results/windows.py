"""The windows of a capture: as records to read, and as columns to keep.

A day has more than forty thousand windows; a `WindowAnalysis` is made of one when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, Self, overload

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError
from tremor.estimate import LEVEL, Estimate
from tremor.notes import Note
from tremor.recording import Floats, read_only
from tremor.results.estimates import ESTIMATE_NAMES, TremorEstimates
from tremor.results.verdicts import METHODS, REASON_NAMES, REASONS, Verdict

__all__ = ["Decision", "WindowAnalysis", "WindowTable"]

#: By the index of a reason.
_VERDICTS: Final = np.array([REASONS[name].verdict for name in REASON_NAMES])


@lru_cache(maxsize=16)
def _is_one_of(verdicts: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Return which reasons lead to one of some verdicts."""
    return read_only(np.isin(_VERDICTS, verdicts), np.bool_)


@dataclass(frozen=True, slots=True)
class Decision:
    """The score that decided the verdict on a window.

    Parameters
    ----------
    key : str
        Name of the reason in `tremor.results.verdicts.REASONS`.
    value, threshold : float
        The score and its threshold, in the unit of that reason.

    Raises
    ------
    InvalidInputError
        If there is no such reason.
    """

    key: str
    value: float
    threshold: float

    def __post_init__(self) -> None:
        if self.key not in REASONS:
            raise InvalidInputError(f"{self.key!r} is not a reason for a verdict")

    @property
    def note(self) -> Note:
        """The decision as a code with its values."""
        return Note(self.key, {"score": self.value, "threshold": self.threshold})


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAnalysis(TremorEstimates):
    """One window: its verdict with the reason, and the estimates if there is tremor.

    Parameters
    ----------
    start_s, end_s : float
        Limits of the window, s from the start of the capture.
    verdict : str
        One of `tremor.results.verdicts.VERDICTS`.
    decided_by : Decision
        The score that decided, and its threshold.
    polarisation : float or None
        Share of the in-band power that moves along one direction (1/3 to 1).
    scores : mapping of str to float
        The statistics that the verdict is based on, as in `tremor.results.scores.SCORES`; levels
        only for a window that holds next to nothing.
    """

    start_s: float
    end_s: float
    verdict: Verdict
    decided_by: Decision
    polarisation: float | None = field(metadata={"key": "coherence"})
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def reason(self) -> Note:
        """What decided, as a code with its values."""
        return self.decided_by.note


_COLUMNS: Final = ("start_s", "end_s", "score", "threshold", "polarisation")
_CODES: Final = ("reason", "method")
_PLAIN: Final = (*_COLUMNS, *_CODES, "segment")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class WindowTable(Sequence[WindowAnalysis]):
    """All windows of a capture, as columns of one length, ``n_windows``.

    Parameters
    ----------
    start_s, end_s : ndarray, shape (n_windows,)
        Limits, s.
    reason : ndarray of uint8, shape (n_windows,)
        Index into ``REASON_NAMES``, which also gives the verdict.
    score, threshold : ndarray, shape (n_windows,)
        The score that decided and its threshold.
    method : ndarray of uint8, shape (n_windows,)
        Index into ``METHODS``.
    polarisation : ndarray, shape (n_windows,)
        Share of the in-band power that moves along one direction; NaN where not estimated.
    estimates : mapping of str to ndarray, shape (n_windows, 3)
        Value, low and high of each estimate of the table; NaN where not estimated.
    scores : mapping of str to ndarray, shape (n_windows,)
        The statistics that the verdicts are based on; NaN where not measured.
    segment : ndarray of int64, shape (n_windows,)
        Number of the segment that a window lies in; all in one if not given.
    """

    start_s: Floats
    end_s: Floats
    reason: npt.NDArray[np.uint8]
    score: Floats
    threshold: Floats
    method: npt.NDArray[np.uint8]
    polarisation: Floats
    estimates: Mapping[str, Floats]
    scores: Mapping[str, Floats] = field(default_factory=dict)
    segment: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        segment = self.segment if len(self.segment) else np.zeros(len(self.start_s))
        object.__setattr__(self, "segment", read_only(segment, np.int64))
        for name in _COLUMNS:
            object.__setattr__(self, name, read_only(getattr(self, name)))
        for name in _CODES:
            object.__setattr__(self, name, read_only(getattr(self, name), np.uint8))
        for name in ("estimates", "scores"):
            columns = {key: read_only(column) for key, column in getattr(self, name).items()}
            object.__setattr__(self, name, columns)

    @classmethod
    def concatenate(cls, parts: Sequence[WindowTable]) -> WindowTable:
        """Join tables, one after the other; no tables make an empty one.

        Parameters
        ----------
        parts : sequence of WindowTable
            In order of time, all with the same scores.

        Returns
        -------
        WindowTable
            All their windows.
        """
        parts = [part for part in parts if len(part)]
        if not parts:
            none: dict[str, Any] = {name: np.zeros(0) for name in _PLAIN}
            return cls(**none, estimates={name: np.zeros((0, 3)) for name in ESTIMATE_NAMES})

        def joined(name: str) -> dict[str, Floats]:
            columns = [getattr(part, name) for part in parts]
            return {key: np.concatenate([each[key] for each in columns]) for key in columns[0]}

        return cls(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in _PLAIN},
            estimates=joined("estimates"),
            scores=joined("scores"),
        )

    def select(self, rows: slice | npt.NDArray[np.int64]) -> WindowTable:
        """Return some windows as a table.

        Parameters
        ----------
        rows : slice or ndarray of int, shape (n,)
            Which, in order of time.

        Returns
        -------
        WindowTable
            These windows alone.
        """
        return WindowTable(
            **{name: getattr(self, name)[rows] for name in _PLAIN},
            estimates={name: column[rows] for name, column in self.estimates.items()},
            scores={name: column[rows] for name, column in self.scores.items()},
        )

    def in_segments(self, start_s: Sequence[float]) -> WindowTable:
        """Return the windows with the segments that they lie in.

        Parameters
        ----------
        start_s : sequence of float
            Starts of the segments, in order of time, s.

        Returns
        -------
        WindowTable
            The same windows.
        """
        if len(start_s) < 2:
            return self
        return replace(self, segment=np.searchsorted(start_s, self.start_s, side="right") - 1)

    def parts(self) -> list[slice]:
        """Return the rows of each segment that holds windows, in order of time."""
        edges = np.flatnonzero(np.diff(self.segment)) + 1
        limits = [0, *edges.tolist(), len(self)]
        return [slice(first, end) for first, end in pairwise(limits) if first < end]

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
        name = REASON_NAMES[self.reason[index]]
        decided_by = Decision(name, float(self.score[index]), float(self.threshold[index]))
        method = METHODS[self.method[index]]
        polarisation = float(self.polarisation[index])
        return WindowAnalysis(
            start_s=float(self.start_s[index]),
            end_s=float(self.end_s[index]),
            verdict=REASONS[name].verdict,
            decided_by=decided_by,
            polarisation=None if np.isnan(polarisation) else polarisation,
            scores={
                name: float(column[index])
                for name, column in self.scores.items()
                if np.isfinite(column[index])
            },
            **{
                name: _estimate(column[index], method, decided_by.note)
                for name, column in self.estimates.items()
            },
        )

    def __iter__(self) -> Iterator[WindowAnalysis]:
        return (self[index] for index in range(len(self)))

    @property
    def verdict(self) -> npt.NDArray[np.str_]:
        """The verdicts, shape (n_windows,)."""
        return _VERDICTS[self.reason]

    def where(self, *verdicts: str) -> npt.NDArray[np.bool_]:
        """Find the windows of some verdicts.

        Parameters
        ----------
        *verdicts : str
            Of `tremor.results.verdicts.VERDICTS`.

        Returns
        -------
        ndarray of bool, shape (n_windows,)
            True for the windows of one of them.
        """
        return _is_one_of(verdicts)[self.reason]

    def to_dicts(self, sentences: Sequence[str]) -> list[dict[str, Any]]:
        """Convert the windows to JSON objects, column by column.

        This is what `tremor.results.codec.write` returns for each window, only faster.

        Parameters
        ----------
        sentences : sequence of str, length n_windows
            What `tremor.report.messages.window_reasons` returns.

        Returns
        -------
        list of dict
            In order of time.
        """
        reasons = self.reason.tolist()
        verdicts = [REASONS[name].verdict for name in REASON_NAMES]
        records: list[dict[str, Any]] = [
            {
                "start_s": start,
                "end_s": end,
                "verdict": verdicts[reason],
                "decided_by": {
                    "key": REASON_NAMES[reason],
                    "value": score,
                    "threshold": threshold,
                },
                "coherence": None if polarisation != polarisation else polarisation,
                "scores": {},
                "reason": sentence,
            }
            for start, end, reason, score, threshold, polarisation, sentence in zip(
                self.start_s.tolist(),
                self.end_s.tolist(),
                reasons,
                self.score.tolist(),
                self.threshold.tolist(),
                self.polarisation.tolist(),
                sentences,
                strict=True,
            )
        ]
        methods = [METHODS[code] for code in self.method.tolist()]
        for name, column in self.estimates.items():
            for record, estimate in zip(records, _estimate_dicts(column, methods), strict=True):
                record[name] = estimate
        for name, column in self.scores.items():
            values = column.tolist()
            for row in np.flatnonzero(np.isfinite(column)).tolist():
                records[row]["scores"][name] = values[row]
        return records

    @classmethod
    def from_windows(cls, windows: Sequence[WindowAnalysis]) -> Self:
        """Make a table of windows.

        Parameters
        ----------
        windows : sequence of WindowAnalysis
            In order of time.

        Returns
        -------
        WindowTable
            The same windows as columns.
        """
        names = _names_in_order([window.scores for window in windows])
        decided = [window.decided_by for window in windows]
        # A record: one argument for each field.
        return cls(
            start_s=_column([window.start_s for window in windows]),
            end_s=_column([window.end_s for window in windows]),
            reason=np.array([REASON_NAMES.index(one.key) for one in decided], dtype=np.uint8),
            score=_column([one.value for one in decided]),
            threshold=_column([one.threshold for one in decided]),
            method=np.array([_method_of(window) for window in windows], dtype=np.uint8),
            polarisation=_column([window.polarisation for window in windows]),
            estimates={
                name: _triples([getattr(window, name) for window in windows])
                for name in ESTIMATE_NAMES
            },
            scores={
                name: _column([window.scores.get(name) for window in windows]) for name in names
            },
        )


def _estimate(triple: Floats, method: str, why_not: Note) -> Estimate:
    value, low, high = (float(number) for number in triple)
    if np.isnan(value):
        return Estimate.missing(why_not)
    return Estimate(
        value,
        None if np.isnan(low) else low,
        None if np.isnan(high) else high,
        method=method,
    )


def _estimate_dicts(triples: Floats, methods: list[str]) -> list[dict[str, Any] | None]:
    estimates: list[dict[str, Any] | None] = [None] * len(triples)
    rows = np.flatnonzero(~np.isnan(triples[:, 0]))
    for row, (value, low, high) in zip(rows.tolist(), triples[rows].tolist(), strict=True):
        estimates[row] = {
            "value": value,
            "low": None if low != low else low,
            "high": None if high != high else high,
            "level": LEVEL,
            "method": methods[row],
        }
    return estimates


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _triples(estimates: Sequence[Estimate]) -> Floats:
    rows = [(one.value, one.low, one.high) for one in estimates]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 3)


def _method_of(window: WindowAnalysis) -> int:
    estimates = (getattr(window, name) for name in ESTIMATE_NAMES)
    return next((METHODS.index(one.method) for one in estimates if one.value is not None), 0)


def _names_in_order(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Merge the names of all rows, each row in its own order."""
    names: list[str] = []
    for keys in dict.fromkeys(tuple(row) for row in rows):
        position = 0
        for name in keys:
            if name not in names:
                names.insert(position, name)
            position = names.index(name) + 1
    return names
