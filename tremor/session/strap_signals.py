"""What the strap check looks at, gathered from a sensor that streams.

It is judged in `tremor.session.strap_check`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tremor.measures.taps import TapResponse, find_taps
from tremor.session.folders import free_bytes, needed_bytes
from tremor.session.plan import Plan
from tremor.session.strap_check import StrapFacts, posture_of
from tremor.session.track import Track
from tremor.settings import TAPS

__all__ = ["CHECK_S", "strap_facts", "with_new_taps"]

#: Length of a check without taps, s.
CHECK_S: Final = 3.0
#: How far back taps are searched each time, and over what the posture is averaged, s.
_TAPS_OVER_S: Final = 4.0
_POSTURE_S: Final = 2.0


def with_new_taps(
    taps: Sequence[TapResponse], track: Track, *, elapsed_s: float
) -> tuple[TapResponse, ...]:
    """Return the taps so far, and those detected since.

    Parameters
    ----------
    taps : sequence of TapResponse
        Taps so far; their times count from the beginning of the check.
    track : Track
        The sensor.
    elapsed_s : float
        Time since the beginning of the check, s.

    Returns
    -------
    tuple of TapResponse
        In order of time.
    """
    found = list(taps)
    recent = track.recent(_TAPS_OVER_S)
    begin_s = elapsed_s - len(recent) / track.rate_hz
    for tap in find_taps(recent, fs=track.rate_hz):
        at_s = begin_s + tap.time_s
        # The same tap is found again, at a time that is off by the delay of its packet.
        if at_s > 0.0 and (not found or at_s - found[-1].time_s > 0.8 * TAPS.response_s):
            found.append(replace(tap, time_s=at_s))
    return tuple(found)


def strap_facts(track: Track, plan: Plan, *, taps: tuple[TapResponse, ...] | None) -> StrapFacts:
    """Gather what is known of how a sensor is worn.

    Parameters
    ----------
    track : Track
        The sensor.
    plan : Plan
        What is to be recorded.
    taps : tuple of TapResponse or None
        Detected taps; None if the runner was not asked to tap.

    Returns
    -------
    StrapFacts
        Input of `tremor.session.strap_check.check_strap`.
    """
    assert track.source is not None
    settings = track.source.started.settings
    counts = track.recorder.counts if track.recorder is not None else track.counts
    one = needed_bytes(
        duration_s=plan.duration_s,
        sampling_rate_hz=settings.sampling_rate_hz,
        gyro=settings.gyro,
    )
    return StrapFacts(
        taps=taps,
        posture=posture_of(track.recent(_POSTURE_S)) if track.is_still() else None,
        clipped_share=track.clipped_share(CHECK_S),
        range_g=settings.range_g,
        battery_percent=track.battery_percent,
        free_bytes=free_bytes(plan.folder),
        needed_bytes=one * len(plan.sensors),
        n_packets=counts.n_packets,
        n_refused=counts.n_refused,
        n_samples=counts.n_samples,
        has_gravity=track.source.profile.includes_gravity(settings.options),
    )
