"""Dates as text: their form, and the moments that they name.

Whether the day or the month comes first is told by the whole column: a day over 12, and a form in
which time goes on. Numbers are `tremor.formats.csv.time_units`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from tremor.formats.csv.even_dates import parse_even_dates
from tremor.notes import Note, note

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DateForm",
    "RunningDates",
    "Zone",
    "date_forms",
    "has_zone",
    "named_order",
    "named_zone",
    "read_moment",
    "zone_in_name",
]

_TIME: Final = (
    r"(?P<hour>\d{1,2}):\d{2}(?P<seconds>:\d{2})?(?P<fraction>[.,:]\d{1,9})?"
    r"(?P<noon>\s*[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_SEPARATOR: Final = r"(?P<between>[ T_,]+)"
#: Orders of day, month and year by the look of a date, the likeliest first.
_LOOKS: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = tuple(
    (re.compile(date + _SEPARATOR + _TIME), orders)
    for date, orders in (
        (r"\d{4}(?P<sign>[-/.])\d{1,2}(?P=sign)\d{1,2}", ("Ymd",)),
        (r"\d{1,2}(?P<sign>\.)\d{1,2}(?P=sign)\d{4}", ("dmY", "mdY")),
        (r"\d{1,2}(?P<sign>/)\d{1,2}(?P=sign)\d{4}", ("mdY", "dmY")),
        (r"\d{1,2}(?P<sign>-)\d{1,2}(?P=sign)\d{4}", ("dmY", "mdY")),
        (r"\d{1,2}(?P<sign>\.)\d{1,2}(?P=sign)\d{2}", ("dmy", "ymd", "mdy")),
        (r"\d{1,2}(?P<sign>/)\d{1,2}(?P=sign)\d{2}", ("mdy", "dmy", "ymd")),
        (r"\d{1,2}(?P<sign>-)\d{1,2}(?P=sign)\d{2}", ("ymd", "dmy", "mdy")),
        (r"\d{1,2}(?P<sign>[- ])[A-Za-z]{3}(?P=sign)\d{4}", ("dbY",)),
        (r"\d{1,2}(?P<sign>[- ])[A-Za-z]{3}(?P=sign)\d{2}", ("dby",)),
        (r"[A-Za-z]{3}(?P<sign> )\d{1,2},? \d{4}", ("bdY",)),
    )
)
_COMPACT: Final = re.compile(
    r"\d{8}(?P<between>[T_ -])\d{6}(?P<fraction>[.,]?\d{1,9})?(?P<zone>Z)?"
)
_SHOWN: Final = {"d": "d", "m": "M", "Y": "yyyy", "y": "yy", "b": "MMM"}
_ORDER_NAMED: Final = re.compile(
    r"(?<![A-Za-z])(d{1,2}|M{1,2}|y{2,4})[/.\-](d{1,2}|M{1,2})[/.\-](d{1,2}|y{2,4})(?![A-Za-z])",
    re.IGNORECASE,
)
_BEFORE_ZONE: Final = r"\s+(?=[+-]\d\d(?::?\d\d)?$)"
_ZONE_IN_NAME: Final = re.compile(
    r"[(\[_ ]((?:UTC|GMT)?[+-]?\d{1,2}:?\d{2}|UTC|GMT)[)\]]?$", re.IGNORECASE
)
_ZONE_AT_END: Final = re.compile(r":\d\d([.,:]\d+)?\s*(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$")
_NO_MOMENT: Final = np.iinfo(np.int64).min
_ZONE_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-]?)(\d{1,2}):?(\d{2})?")


@dataclass(frozen=True, slots=True)
class DateForm:
    """How dates are written.

    Parameters
    ----------
    order : str
        Order of day, month and year as their `strptime` letters; empty for ISO 8601.
    date_format, time_format, end_format : str
        `strptime` formats of date, time of day to whole seconds, and what follows their fraction;
        those of ISO 8601 are not used.
    sign : str
        What separates day, month and year.
    fraction : str
        What separates the fraction of a second; empty if the first date has none.
    is_named : bool
        Whether the capture names the form.
    whole : str
        `strptime` format of dates without any separator; empty for others.
    is_zone_apart : bool
        Whether a blank stands before the offset from UTC.
    """

    order: str
    date_format: str
    time_format: str
    end_format: str = ""
    sign: str = ""
    fraction: str = ""
    is_named: bool = False
    whole: str = ""
    is_zone_apart: bool = False

    @property
    def shown(self) -> str:
        """Return the form as people write it, such as d/M/yyyy."""
        return self.sign.join(_SHOWN[letter] for letter in self.order)

    def parse(self, cells: pd.Series) -> npt.NDArray[np.int64]:
        """Convert dates to ns since 1970, as if all were UTC that name no zone.

        Parameters
        ----------
        cells : Series
            Text.

        Returns
        -------
        ndarray of int64, shape (n,)
            The least number of 64 bits for a cell that is no date of this form.
        """
        import pandas as pd

        if self.order and not (self.end_format or self.whole):
            even = parse_even_dates(cells, self.date_format + self.time_format)
            if even is not None:
                return even
        text = _tidy(cells.astype("string"), self)
        if self.whole:
            moments = pd.to_datetime(text, format=self.whole, utc=True, errors="coerce")
        elif not self.order:
            moments = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
        else:
            formats = (f"{self.time_format}.%f", self.time_format)
            in_turn = formats if self.fraction else formats[::-1]
            first, second = (self.date_format + one + self.end_format for one in in_turn)
            moments = pd.to_datetime(text, format=first, utc=True, errors="coerce")
            rest = moments.isna()
            if rest.any():  # whole seconds are written without a fraction by some
                moments[rest] = pd.to_datetime(text[rest], format=second, utc=True, errors="coerce")
        nanoseconds = moments.dt.tz_localize(None).to_numpy().astype("datetime64[ns]")
        return np.asarray(nanoseconds.astype(np.int64))


def _tidy(text: pd.Series, form: DateForm) -> pd.Series:
    """Write fractions with a point, noon as AM and PM, and no name of a zone."""
    text = text.str.strip()
    if form.fraction in (",", ":"):
        text = text.str.replace(r"(:\d{2}:\d{2})[,:](\d+)", r"\1.\2", regex=True)
    if "%p" in form.end_format:
        text = text.str.replace(r"\s*([AaPp])\.?[Mm]\.?", r" \1M", regex=True).str.upper()
    if form.is_zone_apart:
        text = text.str.replace(_BEFORE_ZONE, "", regex=True)
    if form.order or text.str.endswith(("UTC", "GMT")).any():
        text = text.str.replace(r"\s*(?:Z|UTC|GMT)$", "", regex=True)
    return text


def date_forms(first: str, declared: str = "") -> tuple[DateForm, ...]:
    """Return the forms that a date can have, the likeliest first.

    Parameters
    ----------
    first : str
        A date and time.
    declared : str
        Order of day, month and year that the capture names, such as ``dm``; empty if it names none.

    Returns
    -------
    tuple of DateForm
        Empty if the text is no date in a known form.

    Examples
    --------
    >>> [form.shown for form in date_forms("6/5/2018 11:59:30 PM")]
    ['M/d/yyyy', 'd/M/yyyy']
    >>> [form.shown for form in date_forms("14-Nov-2023 10:22:33.000")]
    ['d-MMM-yyyy']
    """
    first = first.strip()
    forms: list[DateForm] = []
    for pattern, orders in _LOOKS:
        found = pattern.fullmatch(first)
        if found is None or not (found["seconds"] or not found["fraction"]):
            continue
        fraction = (found["fraction"] or "")[:1]
        is_apart = bool(re.search(_BEFORE_ZONE, first))
        is_iso = re.match(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}", first) and not found["noon"]
        if is_iso:
            return (DateForm("", "", "", "", "-", fraction, is_zone_apart=is_apart),)
        clock = "%I:%M" if found["noon"] else "%H:%M"
        clock += "%S".join((":", "")) if found["seconds"] else ""
        end = " %p" if found["noon"] else ""
        end += "%z" if found["zone"] and found["zone"][0] in "+-" else ""
        for order in orders:
            signs = [*(found["sign"] * 2), ""]
            if order == "bdY":
                signs = [" ", ", " if "," in first else " ", ""]
            date = "".join(f"%{letter}{sign}" for letter, sign in zip(order, signs, strict=True))
            is_named = bool(declared) and _letters(order).startswith(declared)
            date += found["between"]
            sign = found["sign"]
            form = DateForm(order, date, clock, end, sign, fraction, is_named)
            forms.append(replace(form, is_zone_apart=is_apart))
        break
    else:
        compact = _COMPACT.fullmatch(first)
        if compact:
            fraction = (compact["fraction"] or "")[:1]
            form = DateForm("Ymd", f"%Y%m%d{compact['between']}", "%H%M%S", "", "", fraction)
            whole = f"{form.date_format}%H%M%S%f" if fraction.isdigit() else ""
            forms = [replace(form, whole=whole)]
    usable = [form for form in forms if read_moment(first, form) is not None]
    return tuple(sorted(usable, key=lambda form: not form.is_named))


def _letters(order: str) -> str:
    """Return the order of day and month alone, with the year where it comes first."""
    lower = order.lower().replace("b", "m")
    return lower if lower.startswith("y") else lower.replace("y", "")


def named_order(texts: Iterable[str]) -> str:
    """Return the order of day and month that a text names, such as ``date format M/d/yyyy``.

    Parameters
    ----------
    texts : iterable of str
        Lines of the preamble.

    Returns
    -------
    str
        ``dm``, ``md`` or ``ymd``; empty if none is named.

    Examples
    --------
    >>> named_order(["Firmware v2.5.0 date format dd.MM.yyyy at 40 Hz"])
    'dm'
    """
    for text in texts:
        found = _ORDER_NAMED.search(text)
        if found:
            letters = "".join(part[0].lower() for part in found.groups())
            if sorted(letters) == ["d", "m", "y"]:
                return letters if letters.startswith("y") else letters.replace("y", "")
    return ""


def read_moment(text: str, form: DateForm) -> datetime | None:
    """Return the moment that one date names; None if it has another form.

    Parameters
    ----------
    text : str
        A date and time.
    form : DateForm
        Its form.

    Returns
    -------
    datetime or None
        Of UTC if the text names no zone.
    """
    text = re.sub(_BEFORE_ZONE, "", text.strip())
    try:
        if not form.order:
            tidy = re.sub(r"(:\d{2}:\d{2})[,:](\d+)", r"\1.\2", text)
            tidy = re.sub(r"\s*(UTC|GMT)$", "", tidy)
            moment = datetime.fromisoformat(tidy)
        else:
            tidy = re.sub(r"\s*(?:Z|UTC|GMT)$", "", text)
            tidy = re.sub(r"(:\d{2}:\d{2})[.,:]\d+", r"\1", tidy)
            if form.time_format == "%H%M%S":
                tidy = tidy[:15]
            if "%p" in form.end_format:
                tidy = re.sub(r"\s*([AaPp])\.?[Mm]\.?", r" \1M", tidy)
            full = form.date_format + form.time_format + form.end_format
            moment = datetime.strptime(tidy, full)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(slots=True)
class RunningDates:
    """Conversion of dates to seconds, while it is found which form they have.

    Parameters
    ----------
    forms : tuple of DateForm
        Forms that all dates so far can have, the likeliest first.
    zeros_ns : dict
        First date in each form, ns since 1970.
    day : str
        Beginning of the first date: up to another day, time passes alike in all forms.
    last_ns : dict
        Last date so far in each form.
    zone : Zone or None
        That of local dates, if it is known.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.Series(["6/5/2018 23:59:59.900", "7/5/2018 0:00:00.100"])
    >>> dates = RunningDates.of(date_forms(cells[0]), cells[0])
    >>> dates.seconds(cells).round(3).tolist(), dates.forms[0].shown
    ([0.0, 0.2], 'd/M/yyyy')
    """

    forms: tuple[DateForm, ...]
    zeros_ns: dict[DateForm, int]
    day: str
    last_ns: dict[DateForm, int]
    zone: Zone | None = None

    @classmethod
    def of(cls, forms: tuple[DateForm, ...], first: str) -> RunningDates:
        """Begin with the first date."""
        import pandas as pd

        zeros_ns = {form: int(form.parse(pd.Series([first]))[0]) for form in forms}
        return cls(forms, zeros_ns, _day(first), dict(zeros_ns))

    def seconds(self, cells: pd.Series) -> npt.NDArray[np.float64]:
        """Convert the dates of a chunk.

        Parameters
        ----------
        cells : Series
            Text.

        Returns
        -------
        ndarray, shape (n,)
            s from the first date of the capture; NaN for cells that are none.
        """
        if len(self.forms) > 1 and {_day(cells.iloc[0]), _day(cells.iloc[-1])} != {self.day}:
            moments = self._decide(cells)
        else:
            moments = self.forms[0].parse(cells)
        form = self.forms[0]
        self.last_ns[form] = int(moments[-1])
        seconds = np.asarray((moments - self.zeros_ns[form]) / 1e9, np.float64)
        seconds[moments == _NO_MOMENT] = np.nan
        return seconds

    def _decide(self, cells: pd.Series) -> npt.NDArray[np.int64]:
        """Keep the form in which all cells are dates, and time goes on by the shortest steps."""
        ranked = []
        for form in self.forms:
            moments = form.parse(cells)
            steps = np.diff(moments, prepend=self.last_ns[form])
            n_bad = int(np.count_nonzero(moments == _NO_MOMENT))
            ranked.append((n_bad, float(np.abs(steps).max()), form, moments))
        best = min(ranked, key=lambda one: one[:2])
        alike = [form for n_bad, step, form, _ in ranked if (n_bad, step) == best[:2]]
        self.forms = tuple(alike)
        return best[3]

    def epoch_s(self) -> float:
        """Return the first date, s since 1970; as if local time were UTC without a zone."""
        local_s = self.zeros_ns[self.forms[0]] / 1e9
        return local_s if self.zone is None else self.zone.to_utc(local_s)

    def notes(self) -> list[Note]:
        """Return what is not known of the form of the dates."""
        first = self.forms[0]
        others = [form for form in self.forms if self.zeros_ns[form] != self.zeros_ns[first]]
        if first.is_named or not others:
            return []
        return [note("DATE_FORM_GUESSED", form=first.shown, other=others[0].shown)]


def _day(cell: object) -> str:
    """Return what of a date does not change within a day."""
    return str(cell).strip()[:10].split(" ")[0]


# --- zones -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Zone:
    """The time zone of local dates.

    Parameters
    ----------
    offset_s : float
        s that local time is ahead of UTC.
    name : str
        Name in the time zone database, in which the offset depends on the date; empty if none.
    """

    offset_s: float = 0.0
    name: str = ""

    def to_utc(self, local_s: float) -> float:
        """Convert local time, s since 1970, to UTC."""
        if not self.name:
            return local_s - self.offset_s
        local = datetime(1970, 1, 1, tzinfo=ZoneInfo(self.name)) + timedelta(seconds=local_s)
        return local.timestamp()


def named_zone(text: str) -> Zone | None:
    """Return the time zone that a text names.

    Parameters
    ----------
    text : str
        Such as ``UTC``, ``+0200``, ``01:00`` or ``Europe/Berlin``.

    Returns
    -------
    Zone or None
        None if it is no zone.

    Examples
    --------
    >>> named_zone("-07:00").offset_s
    -25200.0
    """
    text = text.strip()
    if text.upper() in {"UTC", "GMT", "Z"}:
        return Zone()
    found = _ZONE_OFFSET.fullmatch(text)
    if found and (found[1] or found[3]):
        seconds = 3600.0 * int(found[2]) + 60.0 * int(found[3] or 0)
        return Zone(-seconds if found[1] == "-" else seconds)
    if re.fullmatch(r"[A-Za-z]+(/[A-Za-z_\-+0-9]+)+", text):
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError):
            return None
        return replace(Zone(), name=text)
    return None


def zone_in_name(name: str) -> Zone | None:
    """Return the time zone that the name of a column ends with, such as time (01:00)."""
    found = _ZONE_IN_NAME.search(name.strip())
    return named_zone(found[1]) if found else None


def has_zone(cell: str) -> bool:
    """Check whether a date ends with its time zone."""
    return bool(_ZONE_AT_END.search(cell.strip()))
