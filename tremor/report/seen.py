"""What was seen where nothing could be measured, and how to do better; in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tremor.report.messages import text
from tremor.report.numbers import span
from tremor.results.verdicts import VERDICTS

if TYPE_CHECKING:
    from tremor.results.windows import WindowTable

__all__ = ["better_text", "is_rest_enough", "rest_text", "seen_text", "still_s"]

#: Still time with which a tremor can be measured, and with which its fading can, s.
_ENOUGH_S: Final = 30.0
_ENOUGH_TO_FADE_S: Final = 180.0
#: Shares of the windows from which on it is all the time, and most of it.
_ALL_FROM: Final = 0.95
_MOST_FROM: Final = 0.5
_JUDGED: Final = ("tremor", "no_tremor")


def seen_text(table: WindowTable) -> str:
    """Return why most windows could not be judged.

    Parameters
    ----------
    table : WindowTable
        All windows of a capture.

    Returns
    -------
    str
        One sentence; empty if no window was refused.

    Examples
    --------
    >>> from tremor.analysis.offline import analyze
    >>> from tremor.recording import Recording
    >>> t = np.arange(2000) / 100.0
    >>> swing = 6.0 * np.sin(2 * np.pi * 1.0 * t)[:, None] * [1.0, 0.1, 0.3]
    >>> moving = Recording.from_arrays([0, 0, 9.81] + swing, sampling_rate_hz=100.0)
    >>> seen_text(analyze(moving).windows)
    'The leg was moving all the time.'
    """
    verdict, share = _commonest_refusal(table)
    if not verdict:
        return ""
    extent = "all" if share >= _ALL_FROM else "most" if share >= _MOST_FROM else "part"
    return text("seen", verdict, extent=text("seen", extent))


def better_text(table: WindowTable) -> str:
    """Return how to record so that more can be judged; empty if no window was refused."""
    verdict, _ = _commonest_refusal(table)
    return text("better", verdict) if verdict else ""


def still_s(table: WindowTable) -> float:
    """Return the time that windows cover in which the leg was still, overlaps counted once, s."""
    still = table.where("tremor") | table.where("no_tremor")
    start_s, end_s = table.start_s[still], table.end_s[still]
    if not len(start_s):
        return 0.0
    # Windows are in order of time: each adds what the one before has not covered.
    return float(np.sum(end_s - np.maximum(start_s, np.append(-np.inf, end_s[:-1]))))


def is_rest_enough(table: WindowTable) -> bool:
    """Check whether the leg was still for long enough to measure a tremor."""
    return still_s(table) >= _ENOUGH_S


def rest_text(table: WindowTable, *, duration_s: float) -> str:
    """Return how long the leg was still, and what to do where that is too short.

    Parameters
    ----------
    table : WindowTable
        All windows of a capture.
    duration_s : float
        Length of the capture, long gaps left out, s.

    Returns
    -------
    str
        One to three sentences.
    """
    if not len(table):
        return text("better", "short")
    still = still_s(table)
    told = text("seen", "still", still=span(still), whole=span(duration_s))
    if still < _ENOUGH_S:
        return " ".join(filter(None, (told, seen_text(table), better_text(table))))
    if still < _ENOUGH_TO_FADE_S:
        return f"{told} {text('better', 'longer')}"
    return told


def _commonest_refusal(table: WindowTable) -> tuple[str, float]:
    """Return the commonest verdict of windows that were refused, and its share of all windows."""
    counts = {
        verdict: int(np.count_nonzero(table.where(verdict)))
        for verdict in VERDICTS
        if verdict not in _JUDGED
    }
    verdict = max(counts, key=lambda name: counts[name])
    return (verdict, counts[verdict] / len(table)) if counts[verdict] else ("", 0.0)
