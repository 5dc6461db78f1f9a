"""Which captures of a batch are unlike the others, by robust distance from the median."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from tremor.settings.batches import ODD

__all__ = ["odd_columns"]

#: Numbers that are compared; positive ones as factors, so that twice and half are as far.
_NUMBERS: Final = (
    "frequency_hz", "rms_ms2", "bandwidth_hz", "half_life_s", "duration_s", "sampling_rate_hz",
    "scale_correction", "lost_fraction", "clipped_fraction", "beyond_band_rms_ms2",
)  # fmt: skip
#: Texts of which nearly all captures have the same.
_TEXTS: Final = ("format", "unit_in", "gravity", "dead_axes")


def odd_columns(rows: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Find the columns in which each row is unlike the others.

    Parameters
    ----------
    rows : sequence of dict
        Cells of summary and quality.

    Returns
    -------
    list of tuple of str
        For each row the names of its odd columns, the oddest first.

    Notes
    -----
    A number is odd beyond 3.5 robust standard deviations from the median, of which one is 1.4826
    times the median distance from it (Iglewicz and Hoaglin, How to Detect and Handle Outliers,
    1993). A text is odd where few captures have it.
    """
    found: list[dict[str, float]] = [{} for _ in rows]
    if len(rows) >= ODD.least_captures:
        for name in _NUMBERS:
            _add_numbers(name, rows, found)
        for name in _TEXTS:
            _add_texts(name, rows, found)
    return [tuple(sorted(odd, key=lambda name: -odd[name])) for odd in found]


def _add_numbers(name: str, rows: Sequence[dict[str, Any]], found: list[dict[str, float]]) -> None:
    values = np.array([_number(row.get(name)) for row in rows])
    there = np.isfinite(values)
    if np.count_nonzero(there) < ODD.least_captures:
        return
    if (values[there] > 0.0).all():
        values = np.log(values, where=there, out=np.full(len(values), np.nan))
    distance = np.abs(values - np.median(values[there]))
    spread = max(1.4826 * float(np.median(distance[there])), ODD.least_spread)
    for row in np.flatnonzero(there & (distance > ODD.most_deviations * spread)):
        found[row][name] = float(distance[row] / spread)


def _add_texts(name: str, rows: Sequence[dict[str, Any]], found: list[dict[str, float]]) -> None:
    texts = [row.get(name) for row in rows]
    counts = Counter(text for text in texts if text is not None)
    n_there = sum(counts.values())
    for odd, text in zip(found, texts, strict=True):
        if text is not None and counts[text] < ODD.rare_share * n_there:
            odd[name] = n_there / counts[text]


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, float | int) else np.nan
