"""Names of units in headers: those of acceleration, and those of other quantities.

What is in a unit of another quantity is no acceleration, however its columns are named.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["UNIT_NAMES", "foreign_quantity", "unit_named"]

#: Forms of m/s^2 with {m} for the short name of the length and {metre} for the long one.
_METRE_FORMS: Final = (
    "{m}/s^2", "{m}/s2", "{m}s2", "{m}s^-2", "{m}/(s^2)", "{m}/(s2)", "{m}/s/s", "{m}s-2",
    "{m}/s**2", "{m}s**-2", "{m}ps2", "{m}ps^2", "{m}pss", "{m}*s^-2", "{m}*s-2", "{m}.s^-2",
    "{m}.s-2", "{m}/s^-2", "{m}/sec^2", "{m}/sec2", "{m}/sec/sec", "{m}/(s*s)", "{m}/s*s",
    "{metre}/s^2", "{metre}/s2", "{metre}/sec^2", "{metre}/second^2", "{metre}/second2",
    "{metre}persecondsquared", "{metre}persecond^2", "{metre}persecondpersecond",
    "{metre}/secondsquared", "{metre}/second/second",
)  # fmt: skip
_METRES: Final = (("", "", "m/s^2"), ("c", "centi", "cm/s^2"), ("m", "milli", "mm/s^2"))


def _metre_names() -> dict[str, str]:
    """Return all forms of the units that contain a length."""
    return {
        form.format(m=f"{short}m", metre=f"{long}{metre}"): unit
        for short, long, unit in _METRES
        for metre in ("meter", "meters", "metre", "metres")
        for form in _METRE_FORMS
    }


_GRAVITIES: Final = ("g", "gs", "g's", "gee", "gees", "gravity", "gravities", "gforce", "g-force")
#: How headers spell the units of acceleration, as `_spelt` leaves them.
UNIT_NAMES: Final[dict[str, str]] = {
    **_metre_names(),
    "gal": "cm/s^2", "gals": "cm/s^2",
    "g": "g", "gs": "g", "g's": "g", "gforce": "g", "g-force": "g", "g_force": "g", "gn": "g",
    "g0": "g", "gee": "g", "gees": "g", "gravity": "g", "gravities": "g", "standardgravity": "g",
    "mg": "mg", "mgs": "mg", "mg's": "mg", "mgn": "mg", "mg0": "mg", "mgee": "mg", "mgees": "mg",
    **{f"milli{sign}{name}": "mg" for sign in ("", "-", "_") for name in _GRAVITIES},
    "g/1000": "mg", "10^-3g": "mg", "1e-3g": "mg", "0.001g": "mg", "g/64": "g/64", "1/64g": "g/64",
}  # fmt: skip

_FOREIGN: Final[tuple[tuple[str, str], ...]] = (
    (r"rads?/s(ec)?(ond)?|rads?[*.]?s\^?-1|rads?ps|rads|radians?/s(ec)?(ond)?", "angular velocity"),
    (
        r"(m|milli)?(dps|deg/s(ec)?(ond)?|degs?/s|degrees?/s(ec)?(ond)?|°/s(ec)?)",
        "angular velocity",
    ),
    (r"deg[*.]?s\^?-1|°[*.]?s\^?-1|rpm|rev/s", "angular velocity"),
    (r"(rad|deg|°)/s(ec)?(\^?2|/s)", "angular acceleration"),
    (r"rad|radians?|deg|degs|degrees?|°", "an angle"),
    (r"(u|n|m|micro|nano|milli)?(t|tesla)|m?(gauss)", "a magnetic field"),
    (r"m/s(ec)?(ond)?|km/h|mps|kmh|cm/s|mm/s|ms\^?-1|m[*]s\^?-1", "a velocity"),
    (r"[cm]?m/s(\^3|3|/s/s)", "a jerk"),
    (r"lsb|lsbs|counts?|digits?|adc|ticks|lsb/g|adu|bits?", "numbers without a known size"),
    (r"[mu]?v|volts?|millivolts?", "a voltage"),
    (r"[kmh]?n|newtons?|n[*]?m|kgf|lbf", "a force"),
    (r"h?pa|kpa|mbar|bar|psi", "a pressure"),
    (r"[cmk]?m|meters?|metres?|inch(es)?|ft|feet", "a length"),
    (r"(°|deg)c|celsius|lux|lx|%|hz|db|bpm", "another quantity"),
)
#: Suffixes after _ or a blank that name a unit for certain; shorter ones may name a side or a part.
_SUFFIXES: Final = re.compile(
    r"rads?_?s|rads?ps|m?dps|degs?|lsb|ut|utesla|gauss|rad/s|deg/s|rad|°/s"
)


def _spelt(unit: str) -> str:
    """Return a unit in one spelling: lower case, ASCII, without spaces."""
    unit = unit.strip().strip("\"'").lower().translate(_SIGNS)
    return re.sub(r"\s+", "", unit)


_SIGNS: Final = str.maketrans(
    {"²": "^2", "³": "^3", "⁻": "^-", "¹": "1", "·": "*", "⋅": "*", "\u2212": "-", "µ": "u",
     "μ": "u", "º": "°", "[": "", "]": ""}
)  # fmt: skip


def unit_named(unit: str) -> str:
    """Return the standard name of a unit of acceleration; empty if it is none.

    Parameters
    ----------
    unit : str
        As a header spells it.

    Returns
    -------
    str
        Key of `tremor.units.ACCELERATION_UNIT_MS2`, or empty.

    Examples
    --------
    >>> unit_named("m/s²"), unit_named("milli-g"), unit_named("rad/s")
    ('m/s^2', 'mg', '')
    """
    spelt = _spelt(unit)
    return UNIT_NAMES.get(spelt) or UNIT_NAMES.get(spelt.replace("^-^", "^-"), "")


def foreign_quantity(unit: str, *, is_suffix: bool = False) -> str | None:
    """Return the quantity that a unit measures if that is no acceleration.

    Parameters
    ----------
    unit : str
        As a header spells it.
    is_suffix : bool
        Whether it follows a name without brackets, where a single letter means nothing.

    Returns
    -------
    str or None
        Such as "angular velocity"; None for acceleration and for what is not known.

    Examples
    --------
    >>> foreign_quantity("rad/s"), foreign_quantity("m/s^2")
    ('angular velocity', None)
    """
    spelt = _spelt(unit)
    if unit_named(unit) or (is_suffix and not _SUFFIXES.fullmatch(spelt)):
        return None
    spelt = spelt.replace("_", "/") if is_suffix else spelt
    for pattern, quantity in _FOREIGN:
        if re.fullmatch(pattern, spelt):
            return quantity
    return None
