"""Names of units in headers: those of acceleration, and those of other quantities.

What is in a unit of another quantity is no acceleration, however its columns are named.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["UNIT_NAMES", "foreign_quantity", "unit_named"]

#: How headers spell the units of acceleration, as `_spelt` leaves them.
UNIT_NAMES: Final[dict[str, str]] = {
    "m/s^2": "m/s^2", "m/s2": "m/s^2", "ms2": "m/s^2", "ms^-2": "m/s^2", "m/(s^2)": "m/s^2",
    "m/s/s": "m/s^2", "ms-2": "m/s^2", "m/s**2": "m/s^2", "mps2": "m/s^2", "m*s^-2": "m/s^2",
    "m/sec^2": "m/s^2", "m/sec2": "m/s^2", "meters/second^2": "m/s^2", "m*s-2": "m/s^2",
    "mm/s^2": "mm/s^2", "mm/s2": "mm/s^2", "mm/s/s": "mm/s^2", "mms-2": "mm/s^2",
    "mms2": "mm/s^2", "mm/s**2": "mm/s^2", "mms^-2": "mm/s^2", "mm/sec^2": "mm/s^2",
    "cm/s^2": "cm/s^2", "cm/s2": "cm/s^2", "cm/s/s": "cm/s^2", "cms-2": "cm/s^2",
    "cms2": "cm/s^2", "cm/s**2": "cm/s^2", "cms^-2": "cm/s^2", "cm/sec^2": "cm/s^2",
    "gal": "cm/s^2",
    "g": "g", "gs": "g", "g's": "g", "gforce": "g", "g-force": "g", "gn": "g", "g0": "g",
    "mg": "mg", "mgs": "mg", "milli-g": "mg", "millig": "mg", "milli-gs": "mg", "milligs": "mg",
    "milli_g": "mg", "mg's": "mg", "g/1000": "mg", "g/64": "g/64",
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
