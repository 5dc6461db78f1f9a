"""Numbers with units as people write them: ``1h05``, ``12 miles``, ``11 st 3``, ``half a litre``.

Text in, a number in the unit of the question out. What is out of range is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["Quantity", "read_quantities", "read_quantity"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the unit of its question.

    Parameters
    ----------
    value : float
        The number.
    converted : bool
        Whether it was written in units of another kind, such as miles for kilometres.
    """

    value: float
    converted: bool = False


_HOUR_MIN: Final = 60.0
_DAY_MIN: Final = 24.0 * _HOUR_MIN
_TIMES_MIN: Final = {
    "s sec secs second seconds": 1.0 / 60.0,
    "m min mins minute minutes '": 1.0,
    "h hr hrs hour hours": _HOUR_MIN,
    "d day days": _DAY_MIN,
    "w week weeks": 7.0 * _DAY_MIN,
    "month months": 365.25 / 12.0 * _DAY_MIN,
    "y year years": 365.25 * _DAY_MIN,
}


def _table(words: Mapping[str, float], per: float = 1.0) -> Mapping[str, float]:
    """Spread words between commas or spaces over their factor."""
    return MappingProxyType(
        {
            word.strip(): factor / per
            for line, factor in words.items()
            for word in (line.split(",") if "," in line else line.split())
        }
    )


#: The unit of a question, the words for it and for others of its kind, and what each is worth.
#: Pounds, stones, miles and fluid ounces (US) are exact. A cup is 240 ml, a glass 200 ml, a bottle
#: 500 ml; coffee as the question says it, the other drinks by EFSA's opinion on caffeine (2015).
_UNITS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "km": _table(
            {
                "km,kms,k,kilometre,kilometres,kilometer,kilometers": 1.0,
                "metre,metres,meter,meters": 0.001,
                "mi,mile,miles": 1.609344,
                "marathon,marathons": 42.195,
                "half marathon,half marathons": 21.0975,
            }
        ),
        "min": _table(_TIMES_MIN),
        "h": _table(_TIMES_MIN, per=_HOUR_MIN),
        "days": _table(_TIMES_MIN, per=_DAY_MIN),
        "kg": _table(
            {
                "kg kgs kilo kilos kilogram kilograms": 1.0,
                "lb lbs pound pounds": 0.45359237,
                "st stone stones": 14.0 * 0.45359237,
            }
        ),
        "ml": _table(
            {
                "ml,millilitre,millilitres,milliliter,milliliters": 1.0,
                "cl": 10.0,
                "dl": 100.0,
                "l,litre,litres,liter,liters": 1000.0,
                "oz,fl oz,fl. oz,fluid ounce,fluid ounces,ounce,ounces": 29.5735295625,
                "cup,cups,cup of water,cups of water": 240.0,
                "glass,glasses,glass of water,glasses of water": 200.0,
                "bottle,bottles,bottle of water,bottles of water": 500.0,
            }
        ),
        "mg": _table(
            {
                "mg,milligram,milligrams": 1.0,
                "g": 1000.0,
                "cup,cups,coffee,coffees,cup of coffee,cups of coffee": 80.0,
                "espresso,espressos": 80.0,
                "tea,teas,cup of tea,cups of tea": 50.0,
                "cola,colas,can of cola,cans of cola": 40.0,
                "energy drink,energy drinks": 80.0,
            }
        ),
        "°C": _table({"°c,c,celsius,degrees,degrees c,degrees celsius,°,deg c": 1.0}),
        "%": _table({"%,percent,per cent": 1.0}),
        "": _table({"of 10,/10,/ 10,out of 10": 1.0}),
    }
)
_FAHRENHEIT: Final = frozenset(
    {"f", "°f", "fahrenheit", "degrees f", "degrees fahrenheit", "deg f"}
)
#: Units that the plain number of a question is said in, whichever of them it was written in.
_TIMES: Final = frozenset({"min", "h", "days"})
#: What a number without unit means after one with this unit, as the 05 of ``1h05``.
_NEXT: Final = {"h": "min", "min": "s", "st": "lb"}
_COUNTED: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBER_WORDS: Final = {
    "half": 0.5,
    "a quarter": 0.25,
    **dict.fromkeys(("a", "an", "one"), 1.0),
    **dict(zip(_COUNTED, range(2, 11), strict=True)),
}
_NOTHING: Final = frozenset({"none", "nothing", "no", "zero", "nil"})
_ABOUT: Final = re.compile(r"^(?:about|around|roughly|approximately|approx\.?|circa|ca\.?|~)\s*")
_HALF: Final = re.compile(r"\bhalf (?:a|an) |\ba half |\bhalf (?!marathon)")
_PLAIN: Final = r"\d+(?:[.,]\d*)?|[.,]\d+"
_PART: Final = re.compile(rf"\s*({_PLAIN})\s*([^\d.,]*)")
_CLOCK: Final = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d))?\s*(?:h|hr|hours?|min|minutes?)?")
_FRACTION: Final = re.compile(r"(?:(\d+) )?(\d{1,2})/(\d{1,2})(?!\d)")
#: With a comma and three digits after it a number can be thousands as well.
_THOUSANDS: Final = re.compile(r"\b[1-9]\d{0,2},\d{3}\b")
#: ``7:30`` to ``14:30`` can be hours and minutes, or minutes and seconds.
_HOURS_UP_TO: Final = 6
#: Of a number in the unit of its question: a metre, a gram.
_DECIMALS: Final = 3
_MINUTES_FROM: Final = 15


def read_quantity(text: str, unit: str, *, least: float = 0.0) -> Quantity | None:
    """Read one number with or without a unit.

    Parameters
    ----------
    text : str
        What was written.
    unit : str
        Unit of the question, which a number without one is taken in.
    least : float
        Lowest number allowed; where it is 0, ``none`` is 0.

    Returns
    -------
    Quantity or None
        The number in `unit`; None where it is not understood or can mean two things.

    Examples
    --------
    >>> read_quantity("1h05", "min"), read_quantity("1:05:00", "min")
    (Quantity(value=65.0, converted=False), Quantity(value=65.0, converted=False))
    >>> read_quantity("10,5", "km"), read_quantity("12 miles", "kg")
    (Quantity(value=10.5, converted=False), None)
    >>> read_quantity("86 F", "°C").value, read_quantity("11 st 3", "kg").value
    (30.0, 71.214)
    """
    text = " ".join(text.replace("½", " 1/2").replace("\u2212", "-").split()).lower()
    if text in _NOTHING:
        return Quantity(0.0) if least == 0.0 else None
    text = _ABOUT.sub("", text)
    if _THOUSANDS.search(text):
        return None
    clock = _CLOCK.fullmatch(text)
    if clock:
        return _clock(clock, unit)
    sign = -1.0 if text.startswith("-") else 1.0
    parts = _parts(_digits(text.lstrip("+-" if text[:1] in ("+", "-") else "")))
    if parts is None:
        return None
    found = _fahrenheit(parts, unit, sign) or _sum(parts, unit)
    return found if found is None or sign > 0.0 else _negative(found, parts, unit)


def _digits(text: str) -> str:
    """Replace fractions and words for numbers by digits."""
    text = _FRACTION.sub(
        lambda match: (
            str(int(match[1] or 0) + int(match[2]) / max(int(match[3]), 1))
            if match[3] != "10"
            else match[0]
        ),
        text,
    )
    text = _HALF.sub("0.5 ", text)
    word, _, rest = text.partition(" ")
    if word in _NUMBER_WORDS and rest:
        return f"{_NUMBER_WORDS[word]} {rest}"
    return f"1 {text}" if text.startswith(("marathon", "half marathon")) else text


def _parts(text: str) -> list[tuple[float, str]] | None:
    """Split text into numbers and the words after them; None where it is not made of those."""
    found: list[tuple[float, str]] = []
    place = 0
    if text.endswith(("/10", "/ 10", "of 10")):
        number, _, _ = text.partition("/") if "/" in text else text.partition("o")
        match = re.fullmatch(_PLAIN, number.strip())
        return [(float(match[0].replace(",", ".")), "of 10")] if match else None
    while place < len(text):
        match = _PART.match(text, place)
        if match is None:
            return None
        words = re.sub(r"\s*\band$", "", match[2].strip()).strip()
        found.append((float(match[1].replace(",", ".")), words))
        place = match.end()
    return found or None


def _sum(parts: list[tuple[float, str]], unit: str) -> Quantity | None:
    """Add up parts of falling units, such as hours and minutes."""
    known = _UNITS[unit]
    factors: list[float] = []
    for place, (_, words) in enumerate(parts):
        word = words
        if not word and place:
            before = parts[place - 1][1]
            word = next((last for first, last in _NEXT.items() if _same(first, before, unit)), "?")
        if not word:
            factors.append(1.0)
        elif word in known:
            factors.append(known[word])
        else:
            return None
    if len(parts) > 1 and not parts[0][1]:
        return None
    amounts = [number * factor for (number, _), factor in zip(parts, factors, strict=True)]
    if any(amount >= larger for larger, amount in zip(factors, amounts[1:], strict=False)):
        return None
    converted = unit not in _TIMES and any(one != 1.0 for one in factors)
    return Quantity(round(sum(amounts), _DECIMALS), converted)


def _same(one: str, other: str, unit: str) -> bool:
    """Check whether two words are the same unit."""
    known = _UNITS[unit]
    return one in known and known[one] == known.get(other)


def _fahrenheit(parts: list[tuple[float, str]], unit: str, sign: float) -> Quantity | None:
    (number, words), *more = parts
    if unit != "°C" or more or words not in _FAHRENHEIT:
        return None
    return Quantity(sign * round((sign * number - 32.0) / 1.8, _DECIMALS), converted=True)


def _negative(found: Quantity, parts: list[tuple[float, str]], unit: str) -> Quantity | None:
    return Quantity(-found.value, found.converted) if len(parts) == 1 and unit == "°C" else None


def _clock(match: re.Match[str], unit: str) -> Quantity | None:
    """Read a time with colons: h:mm:ss, h:mm, or mm:ss where it cannot be hours."""
    if unit not in _TIMES:
        return None
    first, second, third = int(match[1]), int(match[2]), match[3]
    if second >= 60 or (third is not None and int(third) >= 60):
        return None
    if third is not None:
        minutes = first * _HOUR_MIN + second + int(third) / 60.0
    elif first <= _HOURS_UP_TO or unit != "min":
        minutes = first * _HOUR_MIN + second
    elif first >= _MINUTES_FROM:
        minutes = first + second / 60.0
    else:
        return None
    return Quantity(round(minutes * _UNITS[unit]["min"], _DECIMALS))


def read_quantities(text: str, unit: str, n: int) -> tuple[Quantity, ...] | None:
    """Read several numbers of one unit from one line, such as two weights.

    Parameters
    ----------
    text : str
        What was written; between the numbers a space, a comma with a space, ``and`` or ``to``.
    unit : str
        Unit of the question.
    n : int
        How many there must be.

    Returns
    -------
    tuple of Quantity or None
        The numbers in `unit`; None where the text cannot be split in exactly one way. A unit after
        the last one counts for those that have none.

    Examples
    --------
    >>> [round(one.value, 1) for one in read_quantities("154 lb, 152 lb", "kg", 2)]
    [69.9, 68.9]
    >>> [one.value for one in read_quantities("70,5 69", "kg", 2)]
    [70.5, 69.0]
    """
    words = [one.rstrip(",;") for one in re.split(r"[\s;]+|/", text) if one.rstrip(",;")]
    words = [one for one in words if one.lower() not in ("and", "to", "then", "->", "-")]
    read: list[tuple[Quantity, ...]] = []
    for groups in _groups(words, n):
        found = [_read_group(one, groups[-1], unit) for one in groups]
        known = tuple(one for one in found if one is not None)
        if len(known) == n:
            read.append(known)
    return read[0] if len(read) == 1 else None


def _groups(words: list[str], n: int) -> Iterator[list[str]]:
    """Iterate over the ways to split words into `n` groups, each one or more words."""
    if n == 1:
        if words:
            yield [" ".join(words)]
        return
    for size in range(1, len(words) - n + 2):
        for rest in _groups(words[size:], n - 1):
            yield [" ".join(words[:size]), *rest]


def _read_group(text: str, last: str, unit: str) -> Quantity | None:
    is_bare = re.fullmatch(_PLAIN, text) is not None
    words = re.sub(rf"^({_PLAIN})", "", last).strip()
    if is_bare and words.isalpha():
        return read_quantity(f"{text} {words}", unit)
    return read_quantity(text, unit)
