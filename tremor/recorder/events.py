"""What happened during a recording: gaps, events of the link, markers of the runner."""

from __future__ import annotations

import math
from array import array
from typing import Final

from tremor.packets import LinkEvent

__all__ = ["MARKERS", "EventLog"]

#: Kinds of events that the runner sets.
MARKERS: Final = ("marker", "pain")
#: Gaps and events that are listed; further ones are only counted.
_MOST_LISTED: Final = 10_000
#: Of them, those in the manifest of a recording that runs.
_MOST_WHILE_RUNNING: Final = 100


class EventLog:
    """Gaps and events for the manifest, in lists of bounded length."""

    def __init__(self) -> None:
        self.extra: dict[str, object] = {}
        #: Gaps as numbers, one after the other: at 2 % loss there are thousands in an hour.
        self._gaps = array("d")
        self._told_by: list[tuple[str, str]] = []
        self._events: list[dict[str, object]] = []
        self._markers: list[dict[str, object]] = []

    def add_event(self, event: LinkEvent, *, time_s: float) -> None:
        """List an event at a time, s from the start of the recording."""
        listed = self._markers if event.kind in MARKERS else self._events
        if len(listed) < _MOST_LISTED:
            listed.append({"time_s": round(time_s, 6), "kind": event.kind, "detail": event.detail})

    def add_gap(
        self,
        *,
        first_index: int,
        n_lost: int,
        last_s: float,
        sampling_rate_hz: float | None,
        detected_by: str,
        cause: str,
    ) -> None:
        """List a gap.

        Parameters
        ----------
        first_index : int
            Index of the first lost sample.
        n_lost : int
            Number of lost samples.
        last_s : float
            Time of the last sample before, s.
        sampling_rate_hz : float or None
            Hz; without it the gap has no duration.
        detected_by : str
            ``sensor`` or ``host clock``.
        cause : str
            ``link``, or empty.
        """
        if len(self._told_by) >= _MOST_LISTED:
            return
        period_s = 1.0 / sampling_rate_hz if sampling_rate_hz else math.nan
        start_s = last_s if math.isnan(period_s) else last_s + period_s
        self._gaps.extend((start_s, n_lost * period_s, n_lost, first_index))
        how = (detected_by, cause)
        # Mostly as the one before, which is then kept once.
        is_same = bool(self._told_by) and self._told_by[-1] == how
        self._told_by.append(self._told_by[-1] if is_same else how)

    def to_manifest(self, *, is_final: bool) -> dict[str, object]:
        """Return the keys of the manifest that list them, as of now.

        Until the end it holds the latest gaps only: it is written again and again, and the index of
        the samples shows them all.
        """
        n_gaps = len(self._told_by)
        first = 0 if is_final else max(0, n_gaps - _MOST_WHILE_RUNNING)
        return {
            "gaps": [self._gap(at) for at in range(first, n_gaps)],
            "events": list(self._events),
            "markers": list(self._markers),
            "extra": dict(self.extra),
        }

    def _gap(self, at: int) -> dict[str, object]:
        start_s, duration_s, n_lost, first_index = self._gaps[4 * at : 4 * at + 4]
        told_by, cause = self._told_by[at]
        return {
            "start_s": round(start_s, 6),
            "duration_s": None if math.isnan(duration_s) else round(duration_s, 6),
            "n_lost": int(n_lost),
            "first_index": int(first_index),
            "told_by": told_by,
            "cause": cause,
        }
