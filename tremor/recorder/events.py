"""What happened during a recording: gaps, events of the link, markers of the runner."""

from __future__ import annotations

from typing import Final

from tremor.packets import LinkEvent

__all__ = ["MARKERS", "EventLog"]

#: Kinds of events that the runner sets.
MARKERS: Final = ("marker", "pain")
#: Gaps and events that are listed; further ones are only counted.
_MOST_LISTED: Final = 10_000


class EventLog:
    """Gaps and events for the manifest, in lists of bounded length."""

    def __init__(self) -> None:
        self.extra: dict[str, object] = {}
        self._gaps: list[dict[str, object]] = []
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
        if len(self._gaps) >= _MOST_LISTED:
            return
        period_s = 1.0 / sampling_rate_hz if sampling_rate_hz else None
        self._gaps.append(
            {
                "start_s": round(last_s + (period_s or 0.0), 6),
                "duration_s": None if period_s is None else round(n_lost * period_s, 6),
                "n_lost": n_lost,
                "first_index": first_index,
                "told_by": detected_by,
                "cause": cause,
            }
        )

    def to_manifest(self) -> dict[str, object]:
        """Return the keys of the manifest that list them, as of now."""
        return {
            "gaps": list(self._gaps),
            "events": list(self._events),
            "markers": list(self._markers),
            "extra": dict(self.extra),
        }
