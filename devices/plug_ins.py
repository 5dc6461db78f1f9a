"""Sensors of other packages, found by the entry points of the group `GROUP`.

An entry point names a `SensorProfile`. One that is broken is left out with a sentence that says
why; it never hides another sensor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from devices.profile import Advertisement, SensorProfile

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "PlugIns", "load"]

GROUP: Final = "tremor_analyzer.sensors"

#: Slugs are names of options, and stand in the files of recordings.
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class PlugIns:
    """Sensors of other packages.

    Parameters
    ----------
    profiles : tuple of SensorProfile
        Those that can be used, in the order of the names of their entry points.
    problems : tuple of str
        One line for each that was left out.
    """

    profiles: tuple[SensorProfile, ...] = ()
    problems: tuple[str, ...] = ()


def load(taken: Collection[str]) -> PlugIns:
    """Load the sensors of all installed packages.

    Parameters
    ----------
    taken : collection of str
        Slugs of the sensors of this package, which no other package can replace.

    Returns
    -------
    PlugIns
        Those that can be used, and why others cannot.
    """
    from importlib.metadata import entry_points

    profiles: dict[str, SensorProfile] = {}
    problems = []
    # A package that is found twice on the search path has the same entry point twice.
    unique = {(one.name, one.value): one for one in entry_points(group=GROUP)}
    for _, one in sorted(unique.items()):
        try:
            profile = _profile(one, taken=(*taken, *profiles))
        except Exception as error:  # whatever another package does
            problems.append(_problem(one, error))
        else:
            profiles[profile.slug] = replace(profile, recognises=_guarded(profile.recognises))
    return PlugIns(tuple(profiles.values()), tuple(problems))


def _profile(entry_point: EntryPoint, *, taken: Collection[str]) -> SensorProfile:
    profile = entry_point.load()
    if not isinstance(profile, SensorProfile):
        raise TypeError(f"it is a {type(profile).__name__}, not a SensorProfile")
    if not _SLUG.fullmatch(profile.slug):
        raise ValueError(f"the slug {profile.slug!r} is not lower case words joined by hyphens")
    if profile.slug in taken:
        raise ValueError(f"the slug {profile.slug} is taken")
    if not (profile.services and profile.data_characteristics):
        raise ValueError("it names no service, or no characteristic with samples")
    if profile.check is None:  # with a check, the defaults alone may not be enough
        profile.settings()
    return profile


def _problem(entry_point: EntryPoint, error: Exception) -> str:
    package = entry_point.dist.name if entry_point.dist is not None else "a package"
    why = " ".join(str(error).split()) or type(error).__name__
    return f"the sensor {entry_point.name!r} of {package} is left out: {why}"


def _guarded(recognises: Callable[[Advertisement], bool]) -> Callable[[Advertisement], bool]:
    """Return the same test, which fails where the other package raises an error."""

    def is_recognised(advertisement: Advertisement) -> bool:
        try:
            return bool(recognises(advertisement))
        except Exception:  # one sensor must not end a scan
            return False

    return is_recognised
