"""What the fit check looks at, taken from a sensor that streams; it is judged in `fit`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tremor.measures.taps import TapResponse, find_taps
from tremor.session.folders import free_bytes, needed_bytes
from tremor.session.plan import Plan
from tremor.session.strap_check import FitFacts, posture_of
from tremor.session.track import Track
from tremor.settings import TAPS

__all__ = ["FIT_S", "facts_of", "with_new_taps"]

#: What is looked at, and how far back taps are sought each time, s.
FIT_S: Final = 3.0
_TAPS_OVER_S: Final = 4.0
_POSTURE_S: Final = 2.0


def with_new_taps(
    taps: Sequence[TapResponse], track: Track, *, elapsed_s: float
) -> tuple[TapResponse, ...]:
    """Give the taps so far with those that were felt since.

    Parameters
    ----------
    taps : sequence of TapResponse
        So far; times count from the beginning of the check.
    track : Track
        The sensor.
    elapsed_s : float
        Since the beginning of the check, s.
    """
    found = list(taps)
    recent = track.recent(_TAPS_OVER_S)
    begin_s = elapsed_s - len(recent) / track.rate_hz
    for tap in find_taps(recent, fs=track.rate_hz):
        at_s = begin_s + tap.time_s
        # The same tap is seen again, at a time that is off by how late its packet was.
        if at_s > 0.0 and (not found or at_s - found[-1].time_s > 0.8 * TAPS.response_s):
            found.append(replace(tap, time_s=at_s))
    return tuple(found)


def facts_of(track: Track, plan: Plan, *, taps: tuple[TapResponse, ...] | None) -> FitFacts:
    """Gather what is known of the fit.

    Parameters
    ----------
    track : Track
        The sensor.
    plan : Plan
        What is to be recorded.
    taps : tuple of TapResponse or None
        What was felt; None where nobody was asked.
    """
    assert track.source is not None
    settings = track.source.started.settings
    one = needed_bytes(
        duration_s=plan.duration_s,
        sampling_rate_hz=settings.sampling_rate_hz,
        gyro=settings.gyro,
    )
    return FitFacts(
        taps=taps,
        posture=posture_of(track.recent(_POSTURE_S)) if track.is_still() else None,
        clipped_share=track.clipped_share(FIT_S),
        range_g=settings.range_g,
        battery_percent=track.battery_percent,
        free_bytes=free_bytes(plan.folder),
        needed_bytes=one * len(plan.wishes),
    )
