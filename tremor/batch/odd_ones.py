"""Which captures of a batch are unlike the others, by robust distance from the median."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from tremor.settings.batches import ODD

__all__ = ["COMPARED", "OddSearch"]

#: Numbers that are compared; positive ones as factors, so that twice and half are as far.
_NUMBERS: Final = (
    "frequency_hz", "rms_ms2", "bandwidth_hz", "half_life_s", "duration_s", "sampling_rate_hz",
    "scale_correction", "lost_fraction", "clipped_fraction", "beyond_band_rms_ms2",
)  # fmt: skip
#: Texts of which nearly all captures have the same.
_TEXTS: Final = ("format", "unit_in", "gravity", "dead_axes")
#: All columns in which a capture can be unlike the others.
COMPARED: Final = (*_NUMBERS, *_TEXTS)
#: Median distance from the median to standard deviation, for a normal distribution.
_TO_SD: Final = 1.4826


class OddSearch:
    """Finds the columns in which each row of a batch is unlike the others.

    Notes
    -----
    A number is odd beyond 3.5 robust standard deviations from the median, of which one is 1.4826
    times the median distance from it (Iglewicz and Hoaglin, How to Detect and Handle Outliers,
    1993). A text is odd where few captures have it. Only what is compared is held in memory.
    """

    def __init__(self) -> None:
        self._numbers = {name: array("d") for name in _NUMBERS}
        self._texts: dict[str, list[str | None]] = {name: [] for name in _TEXTS}

    def add(self, row: Mapping[str, Any]) -> None:
        """Add the cells of the next row, of summary and quality."""
        for name, values in self._numbers.items():
            values.append(_number(row.get(name)))
        for name, words in self._texts.items():
            word = row.get(name)
            words.append(None if word is None else sys.intern(str(word)))

    def found(self) -> dict[int, tuple[str, ...]]:
        """Compare the rows.

        Returns
        -------
        dict of int to tuple of str
            Names of the odd columns, the oddest first, by the place of the row; rows without are
            left out.
        """
        found: dict[int, dict[str, float]] = {}
        if len(self._texts[_TEXTS[0]]) < ODD.least_captures:
            return {}
        for name, values in self._numbers.items():
            for at, far in _odd_numbers(np.asarray(values)):
                found.setdefault(at, {})[name] = far
        for name, words in self._texts.items():
            for at, far in _odd_texts(words):
                found.setdefault(at, {})[name] = far
        return {at: tuple(sorted(odd, key=lambda name: -odd[name])) for at, odd in found.items()}


def _odd_numbers(values: np.ndarray[Any, np.dtype[np.float64]]) -> Iterable[tuple[int, float]]:
    there = np.isfinite(values)
    if np.count_nonzero(there) < ODD.least_captures:
        return []
    if (values[there] > 0.0).all():
        values = np.log(values, where=there, out=np.full(len(values), np.nan))
    distance = np.abs(values - np.median(values[there]))
    spread = max(_TO_SD * float(np.median(distance[there])), ODD.least_spread)
    rows = np.flatnonzero(there & (distance > ODD.most_deviations * spread))
    return [(int(at), float(distance[at] / spread)) for at in rows]


def _odd_texts(words: list[str | None]) -> Iterable[tuple[int, float]]:
    counts = Counter(word for word in words if word is not None)
    n_there = sum(counts.values())
    rare = {word: n_there / n for word, n in counts.items() if n < ODD.rare_share * n_there}
    return [(at, rare[word]) for at, word in enumerate(words) if word in rare] if rare else []


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, float | int) else float("nan")
