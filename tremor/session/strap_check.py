"""The strap check: whether the sensor is held firmly, lies well, and lasts. Pure functions.

Its limits are `tremor.settings.STRAP`. What is looked at is gathered in
`tremor.session.strap_signals`; the sentences are in the catalogue of `tremor.report.messages`,
section ``strap_check``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final, Literal

import numpy as np

from tremor.measures.taps import TapResponse
from tremor.recording import Floats
from tremor.report.messages import text
from tremor.settings import STRAP
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["Posture", "StrapCheck", "StrapFacts", "StrapGrade", "check_strap", "posture_of"]

StrapGrade = Literal["good", "usable", "re-strap", "cannot tell"]

_AXES: Final = ("x", "y", "z")


@dataclass(frozen=True, slots=True)
class Posture:
    """Orientation of a sensor at rest.

    Parameters
    ----------
    gravity_ms2 : float
        Length of the mean acceleration, m/s^2.
    up_axis : str
        Axis that is closest to vertical, with the sign that points up, such as ``+y``.
    tilt_deg : float
        Angle between that axis and the vertical, degrees.
    """

    gravity_ms2: float
    up_axis: str
    tilt_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StrapFacts:
    """What a strap check looks at.

    Parameters
    ----------
    taps : tuple of TapResponse or None
        Detected taps; None if the runner was not asked to tap.
    posture : Posture or None
        None if the leg did not rest, so that it is not known.
    clipped_share : float
        Share of clipped samples.
    range_g : float or None
        Full scale, g.
    battery_percent : int or None
        Charge, per cent; None if the sensor does not report it.
    free_bytes, needed_bytes : int
        Free on the disk; needed for the recording, with a reserve.
    n_packets, n_refused : int
        Packets received so far, and those that the decoder refused.
    n_samples : int or None
        Samples so far; None if not known.
    has_gravity : bool
        Whether the acceleration includes gravity.
    """

    taps: tuple[TapResponse, ...] | None
    posture: Posture | None
    clipped_share: float
    range_g: float | None
    battery_percent: int | None
    free_bytes: int
    needed_bytes: int
    n_packets: int = 0
    n_refused: int = 0
    n_samples: int | None = None
    has_gravity: bool = True


@dataclass(frozen=True, slots=True)
class StrapCheck:
    """Result of a strap check.

    Parameters
    ----------
    word : {"good", "usable", "re-strap", "cannot tell"}
        Grade of the worst finding; ``cannot tell`` without a sample.
    reasons : tuple of str
        All findings as sentences, the worst first; also what could not be checked.
    facts : StrapFacts
        What they rest on.
    """

    word: StrapGrade
    reasons: tuple[str, ...]
    facts: StrapFacts

    @property
    def is_checked(self) -> bool:
        """Whether more is known than that nothing is wrong."""
        return self.facts.taps is not None or self.word != "good"

    def to_dict(self) -> dict[str, object]:
        """Return the form that ``recording.json`` holds."""
        return {"word": self.word, "reasons": list(self.reasons), "facts": asdict(self.facts)}


_Finding = tuple[StrapGrade, str]


def _said(name: str, **values: object) -> str:
    return text("strap_check", name, **values)


def _stream(facts: StrapFacts) -> _Finding | None:
    values = {"n_packets": facts.n_packets, "n_refused": facts.n_refused}
    if facts.n_samples == 0:
        return "cannot tell", _said("all_refused" if facts.n_refused else "no_sample", **values)
    return ("usable", _said("refused", **values)) if facts.n_refused else None


def _contact(facts: StrapFacts) -> _Finding | None:
    if facts.taps is None:
        return "good", _said("not_asked")
    if not facts.taps:
        return "usable", _said("no_tap")
    ring_s = median(tap.ring_s for tap in facts.taps)
    values = {"ring_ms": 1e3 * ring_s, "firm_ms": 1e3 * STRAP.firm_ringing_s}
    if ring_s > STRAP.loose_ringing_s:
        return "re-strap", _said("loose", **values)
    if ring_s > STRAP.firm_ringing_s:
        return "usable", _said("not_firm", **values)
    return "good", _said("firm", **values)


def _orientation(facts: StrapFacts) -> _Finding | None:
    posture = facts.posture
    if facts.n_samples == 0:
        return None
    if not facts.has_gravity:
        return "good", _said("no_gravity")
    if posture is None:
        return "good", _said("moved")
    error = posture.gravity_ms2 / STANDARD_GRAVITY_MS2 - 1.0
    if abs(error) > STRAP.gravity_tolerance:
        return "usable", _said(
            "gravity", gravity_ms2=posture.gravity_ms2, error_percent=100.0 * error
        )
    return "good", _said("orientation", up_axis=posture.up_axis, tilt_deg=posture.tilt_deg)


def _range(facts: StrapFacts) -> _Finding | None:
    if facts.clipped_share > STRAP.most_clipped_share:
        return "usable", _said("clipped")
    if facts.range_g is not None and facts.range_g < STRAP.least_range_g:
        return "usable", _said("range", range_g=facts.range_g, least_g=STRAP.least_range_g)
    return None


def _battery(facts: StrapFacts) -> _Finding | None:
    percent = facts.battery_percent
    if percent is not None and percent < STRAP.low_battery_percent:
        return "usable", _said("battery", percent=percent)
    return None


def _disk(facts: StrapFacts) -> _Finding | None:
    if facts.free_bytes >= facts.needed_bytes:
        return None
    return "usable", _said(
        "disk", free_mb=facts.free_bytes / 1e6, needed_mb=facts.needed_bytes / 1e6
    )


_CHECKS: Final[tuple[Callable[[StrapFacts], _Finding | None], ...]] = (
    _stream,
    _contact,
    _orientation,
    _range,
    _battery,
    _disk,
)
_WORST_FIRST: Final[tuple[StrapGrade, ...]] = ("cannot tell", "re-strap", "usable", "good")


def check_strap(facts: StrapFacts) -> StrapCheck:
    """Check whether the sensor is worn well enough to record.

    Parameters
    ----------
    facts : StrapFacts
        What is known.

    Returns
    -------
    StrapCheck
        ``re-strap`` if the strap is loose; ``usable`` if something weakens the recording.

    Examples
    --------
    >>> facts = StrapFacts(
    ...     taps=(TapResponse(1.0, 20.0, 0.03), TapResponse(2.0, 20.0, 0.05)), posture=None,
    ...     clipped_share=0.0, range_g=8.0, battery_percent=9, free_bytes=10**9, needed_bytes=10**6)
    >>> check = check_strap(facts)
    >>> check.word, check.reasons[0]
    ('usable', 'the battery is at 9 %; charge it soon')
    """
    found = [finding for check in _CHECKS if (finding := check(facts)) is not None]
    found.sort(key=lambda finding: _WORST_FIRST.index(finding[0]))
    return StrapCheck(found[0][0], tuple(reason for _, reason in found), facts)


def posture_of(acceleration_ms2: Floats) -> Posture | None:
    """Return the orientation of a sensor at rest.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        A leg at rest, gravity included, m/s^2; NaN where samples are missing.

    Returns
    -------
    Posture or None
        None without samples, or if gravity is not in them.

    Examples
    --------
    >>> posture_of(np.tile([0.0, -9.81, 0.0], (50, 1)))
    Posture(gravity_ms2=9.81, up_axis='-y', tilt_deg=0.0)
    """
    valid = acceleration_ms2[np.isfinite(acceleration_ms2).all(axis=1)]
    if not len(valid):
        return None
    mean = valid.mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < STRAP.least_gravity_ms2:
        return None
    axis = int(np.argmax(np.abs(mean)))
    cosine = min(1.0, abs(float(mean[axis])) / length)
    return Posture(
        length,
        ("+" if mean[axis] > 0.0 else "-") + _AXES[axis],
        float(np.degrees(np.arccos(cosine))),
    )
