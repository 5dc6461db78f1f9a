"""The fit check: is the sensor on, is its strap tight, and will it last? Pure.

The limits of the ringing are judgement: a sensor on a strap swings at some 10-40 Hz, and the worse
it is held the lower and the longer; above 0.25 s of ringing a knock reaches into a quarter of a
window of tremor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final, Literal

import numpy as np

from tremor.measures.taps import TapResponse
from tremor.recording import Floats
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["FitCheck", "FitFacts", "FitWord", "Posture", "judge_fit", "posture_of"]

FitWord = Literal["good", "usable", "re-strap"]

_FIRM_S: Final = 0.12
_LOOSE_S: Final = 0.25
_GRAVITY_OFF: Final = 0.1
_LOW_BATTERY_PERCENT: Final = 15
_CLIPPED: Final = 0.001
#: Strongest acceleration that a leg at rest needs room for, g: knocks and taps included.
_LEAST_RANGE_G: Final = 2.0
_AXES: Final = ("x", "y", "z")


@dataclass(frozen=True, slots=True)
class Posture:
    """How the sensor lies.

    Parameters
    ----------
    gravity_ms2 : float
        Length of the mean acceleration, m/s^2.
    up_axis : str
        Axis that is nearest to upwards, such as ``+y``.
    tilt_deg : float
        Angle between that axis and upwards, degrees.
    """

    gravity_ms2: float
    up_axis: str
    tilt_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FitFacts:
    """What is known of the fit.

    Parameters
    ----------
    taps : tuple of TapResponse or None
        What was felt; None where nobody was asked to tap.
    posture : Posture or None
        None where the leg did not rest, so that it cannot be told.
    clipped_share : float
        Share of the samples at the rail.
    range_g : float or None
        Full scale, g.
    battery_percent : int or None
        Charge; None where the sensor does not tell.
    free_bytes, needed_bytes : int
        Of the disk; of the recording, with room to spare.
    """

    taps: tuple[TapResponse, ...] | None
    posture: Posture | None
    clipped_share: float
    range_g: float | None
    battery_percent: int | None
    free_bytes: int
    needed_bytes: int


@dataclass(frozen=True, slots=True)
class FitCheck:
    """What the fit check came to.

    Parameters
    ----------
    word : {"good", "usable", "re-strap"}
        The worst that was found.
    reasons : tuple of str
        Why, the worst first; also what could not be told.
    facts : FitFacts
        What it rests on.
    """

    word: FitWord
    reasons: tuple[str, ...]
    facts: FitFacts

    def to_dict(self) -> dict[str, object]:
        """Give the form that ``recording.json`` holds."""
        return {"word": self.word, "reasons": list(self.reasons), "facts": asdict(self.facts)}


_Finding = tuple[FitWord, str]


def _strap(facts: FitFacts) -> _Finding | None:
    if facts.taps is None:
        return "good", "the strap was not checked: nobody was asked to tap"
    if not facts.taps:
        return "usable", "no tap was felt, so the strap was not checked"
    ring_ms = 1e3 * median(tap.ring_s for tap in facts.taps)
    told = f"it rings for {ring_ms:.0f} ms after a tap"
    if ring_ms > 1e3 * _LOOSE_S:
        return "re-strap", f"{told}: the strap is loose; tighten it over skin, not over cloth"
    if ring_ms > 1e3 * _FIRM_S:
        return "usable", f"{told}; firm contact is below {1e3 * _FIRM_S:.0f} ms: tighten the strap"
    return "good", f"{told}: firm contact"


def _orientation(facts: FitFacts) -> _Finding | None:
    posture = facts.posture
    if posture is None:
        return "good", "the leg moved, so how the sensor lies cannot be told"
    off = posture.gravity_ms2 / STANDARD_GRAVITY_MS2 - 1.0
    if abs(off) > _GRAVITY_OFF:
        return (
            "usable",
            f"gravity reads {posture.gravity_ms2:.2f} m/s^2, {100 * off:+.0f} %: wrong range, or "
            "a sensor out of order",
        )
    return "good", f"up is {posture.up_axis}, {posture.tilt_deg:.0f} degrees off"


def _range(facts: FitFacts) -> _Finding | None:
    if facts.clipped_share > _CLIPPED:
        return "usable", "samples are at the rail of the sensor; take a larger --range"
    if facts.range_g is not None and facts.range_g < _LEAST_RANGE_G:
        return "usable", f"the range is {facts.range_g:g} g; a knock needs {_LEAST_RANGE_G:g} g"
    return None


def _battery(facts: FitFacts) -> _Finding | None:
    percent = facts.battery_percent
    if percent is not None and percent < _LOW_BATTERY_PERCENT:
        return "usable", f"the battery is at {percent} %; charge it soon"
    return None


def _disk(facts: FitFacts) -> _Finding | None:
    if facts.free_bytes < facts.needed_bytes:
        return (
            "usable",
            f"{facts.free_bytes / 1e6:.0f} MB of disk are free and {facts.needed_bytes / 1e6:.0f} "
            "MB may be needed; free some room",
        )
    return None


_CHECKS: Final[tuple[Callable[[FitFacts], _Finding | None], ...]] = (
    _strap,
    _orientation,
    _range,
    _battery,
    _disk,
)
_WORST_FIRST: Final[tuple[FitWord, ...]] = ("re-strap", "usable", "good")


def judge_fit(facts: FitFacts) -> FitCheck:
    """Say whether the sensor is worn well enough.

    Parameters
    ----------
    facts : FitFacts
        What was found.

    Returns
    -------
    FitCheck
        ``re-strap`` where the strap is loose; ``usable`` where something takes from the recording.

    Examples
    --------
    >>> facts = FitFacts(
    ...     taps=(TapResponse(1.0, 20.0, 0.03), TapResponse(2.0, 20.0, 0.05)), posture=None,
    ...     clipped_share=0.0, range_g=8.0, battery_percent=9, free_bytes=10**9, needed_bytes=10**6)
    >>> check = judge_fit(facts)
    >>> check.word, check.reasons[0]
    ('usable', 'the battery is at 9 %; charge it soon')
    """
    found = [finding for check in _CHECKS if (finding := check(facts)) is not None]
    found.sort(key=lambda finding: _WORST_FIRST.index(finding[0]))
    return FitCheck(found[0][0], tuple(reason for _, reason in found), facts)


def posture_of(acceleration_ms2: Floats) -> Posture | None:
    """Say how a sensor at rest lies.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        A leg at rest, gravity included, m/s^2; NaN where samples are missing.

    Returns
    -------
    Posture or None
        None without samples, or where gravity is not in them.

    Examples
    --------
    >>> posture_of(np.tile([0.0, -9.81, 0.0], (50, 1)))
    Posture(gravity_ms2=9.81, up_axis='-y', tilt_deg=0.0)
    """
    there = acceleration_ms2[np.isfinite(acceleration_ms2).all(axis=1)]
    if not len(there):
        return None
    mean = there.mean(axis=0)
    size = float(np.linalg.norm(mean))
    if size < 1.0:
        return None
    axis = int(np.argmax(np.abs(mean)))
    cosine = min(1.0, abs(float(mean[axis])) / size)
    return Posture(
        size,
        ("+" if mean[axis] > 0.0 else "-") + _AXES[axis],
        float(np.degrees(np.arccos(cosine))),
    )
