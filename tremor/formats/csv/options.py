"""What the user says of the layout of a table; it takes precedence over what the table shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypedDict, get_args

from tremor.errors import InvalidInputError
from tremor.formats.csv.cells import BLANKS
from tremor.formats.csv.format_records import TimeUnit

__all__ = ["DELIMITER_NAMES", "LayoutKeywords", "LayoutOptions"]

#: What ``--delimiter`` takes beside the sign itself.
DELIMITER_NAMES: Final[dict[str, str]] = {
    "comma": ",", "semicolon": ";", "tab": "\t", r"\t": "\t", "pipe": "|", "colon": ":",
    "blank": BLANKS, "blanks": BLANKS, "space": BLANKS,
}  # fmt: skip
_DECIMAL_NAMES: Final = {"comma": ",", "point": ".", "dot": "."}


class LayoutKeywords(TypedDict, total=False):
    """Keywords of `tremor.read` that are about the layout of a table."""

    time_unit: str | None
    delimiter: str | None
    decimal: str | None
    format: str | None
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutOptions:
    """What the user says of the layout of a table.

    Parameters
    ----------
    columns : str or None
        What the columns are, such as ``time_ns,x,y,z,_``.
    time_unit : str or None
        Unit of the time stamps: ``s``, ``ms``, ``us``, ``ns`` or ``text``.
    delimiter : str or None
        What separates the cells: a sign, or one of `DELIMITER_NAMES`.
    decimal : str or None
        Decimal sign: ``.`` or ``,``.
    format : str or None
        Name of a format of the table of formats.
    source : str or None
        One of several devices whose rows or columns are in the table.

    Raises
    ------
    InvalidInputError
        If one of them is not usable.

    Examples
    --------
    >>> LayoutOptions(delimiter="semicolon", decimal="comma").delimiter
    ';'
    """

    columns: str | None = None
    time_unit: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    format: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not isinstance(value, str | None):
                raise InvalidInputError(f"{name} is a {type(value).__name__}; give text")
        for name in ("columns", "format"):
            if getattr(self, name) == "":
                raise InvalidInputError(f"{name} is empty; leave it out, or give names")
        object.__setattr__(self, "delimiter", _delimiter(self.delimiter))
        object.__setattr__(self, "decimal", _decimal(self.decimal))
        units = [unit for unit in get_args(TimeUnit) if unit]
        if self.time_unit is not None and self.time_unit not in units:
            raise InvalidInputError(
                f"unit of time {self.time_unit!r} is not known; give one of {', '.join(units)}"
            )
        if self.decimal is not None and self.decimal == self.delimiter:
            raise InvalidInputError(
                f"{self.decimal!r} cannot separate cells and be the decimal sign; give one of them"
            )


def _delimiter(text: str | None) -> str | None:
    if text is None:
        return None
    sign = DELIMITER_NAMES.get(text.strip().lower(), text)
    if len(sign) != 1 or sign.isalnum() or not sign.isascii() or sign in "+-.\"'\r\n":
        raise InvalidInputError(
            f"delimiter {text!r} separates no cells; give a sign such as , or ; or one of "
            f"{', '.join(name for name in DELIMITER_NAMES if name.isalpha())}"
        )
    return sign


def _decimal(text: str | None) -> str | None:
    if text is None:
        return None
    sign = _DECIMAL_NAMES.get(text.strip().lower(), text)
    if sign not in _DECIMAL_NAMES.values():
        raise InvalidInputError(f"decimal sign {text!r} is not known; give . or ,")
    return sign
