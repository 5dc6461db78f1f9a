"""The catalogue of messages: makes sentences from codes and values, and computes nothing.

A language is one file in the folder `languages`. The English texts are in ``en.toml`` and, next to
the weights and limits that they explain, in the tables of `tremor.explanation`. The file of another
language may override any of them; where it does not, the English text is used.

A template refers to values as `str.format` does, with these formats besides those of Python:

==========================  ===================================================================
``{x:duration}``            seconds in words, as `tremor.report.numbers.span`
``{x:clock}``               seconds as a time, as `tremor.report.numbers.clock`
``{x:counted THING}``       a number of things, as `tremor.counted.counted`
``{x:figure}``              three significant digits, whole numbers in full
``{x:interval UNIT}``       a number with its interval and unit, for a mapping of value, low, high
``{x:share}``               a share in whole per cent, with its interval for such a mapping
``{x:text SECTION.NAME}``   another text of the catalogue; ``*`` in its name is the value
``{x:brief}``               a note in few words, as `brief` makes it
``{x:joined}``              the sentences of several notes, joined by semicolons
``{x:number}``              as `tremor.report.numbers.number`
``{x:percent}``             as `tremor.report.numbers.percent`
``{x:and}``                 words joined by "and"
==========================  ===================================================================

Without a format a note is its sentence, several are joined by commas, and None is empty; with one
of a number None is "unknown".
"""

from __future__ import annotations

import math
import string
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Self

from tremor.counted import counted
from tremor.errors import InvalidInputError
from tremor.notes import Note
from tremor.report.numbers import clock, figure, number, percent, span
from tremor.results.verdicts import REASON_NAMES

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from tremor.results.windows import WindowTable

__all__ = [
    "LANGUAGES",
    "brief",
    "catalogue",
    "interval_text",
    "section",
    "sentence",
    "sentences",
    "share_text",
    "text",
    "use_language",
    "window_reasons",
]

#: One file for each language.
_FOLDER: Final[Traversable] = files("tremor.report").joinpath("languages")
#: The sections whose English texts stand in the tables of `tremor.explanation`.
_IN_TABLES: Final = frozenset(
    {
        "advice",
        "answer",
        "claim",
        "evidence",
        "explanation",
        "lowering",
        "question",
        "question_list",
        "rule",
        "warning_sign",
    }
)

#: The languages that there is a catalogue for.
LANGUAGES: Final = tuple(
    sorted(
        entry.name.removesuffix(".toml")
        for entry in _FOLDER.iterdir()
        if entry.name.endswith(".toml")
    )
)
#: Of a template and values that do not go together, as of a result of another version.
_UNFIT: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_LANGUAGE: Final = ContextVar("tremor_language", default="en")


def use_language(language: str) -> None:
    """Set the language of all further sentences of this context.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.

    Raises
    ------
    InvalidInputError
        If there is no catalogue for it.
    """
    if language not in LANGUAGES:
        raise InvalidInputError(
            f"there is no language {language!r}; available are {', '.join(LANGUAGES)}"
        )
    _LANGUAGE.set(language)


@lru_cache
def catalogue(language: str = "en") -> Mapping[str, Mapping[str, Any]]:
    """Return the messages of the file of a language, by section and name.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.

    Returns
    -------
    mapping
        Sections; the keys of a table within a section have dotted names: ``recovery.looks_at``.
    """
    path = _FOLDER.joinpath(f"{language}.toml")
    sections = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: dict(_dotted(table)) for name, table in sections.items()}


def _dotted(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and "by" not in value:
            yield from _dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def section(name: str) -> Mapping[str, Any]:
    """Return one section of the catalogue, such as the words of the verdicts.

    Parameters
    ----------
    name : str
        Name of the section.

    Returns
    -------
    mapping
        Texts by name, in English where the language has none.
    """
    return _section(_LANGUAGE.get(), name)


@lru_cache
def _section(language: str, name: str) -> Mapping[str, Any]:
    found = dict(catalogue("en").get(name, {}))
    if name in _IN_TABLES:
        from tremor.report.table_texts import texts_of

        found |= texts_of(name)
    if language != "en":
        found |= catalogue(language).get(name, {})
    return found


def text(section_name: str, name: str, /, **values: object) -> str:
    """Make a message of the catalogue.

    Parameters
    ----------
    section_name, name : str
        Its place in the catalogue.
    **values
        The values that its template refers to.

    Returns
    -------
    str
        The message.

    Raises
    ------
    KeyError
        If the catalogue does not have it.

    Examples
    --------
    >>> text("note", "GAPS", n_gaps=2, n_lost=40, longest_s=0.31, longest_at_s=12.0)
    'gaps: 2, samples lost: 40, the longest 0.31 s at 12 s'
    >>> text("evidence", "recovery.looks_at")
    'whether the tremor fades with rest'
    """
    template = section(section_name)[name]
    if not isinstance(template, str):
        chosen = str(values[template["by"]])
        template = template.get(chosen, template["other"])
    return _Formatter(values).vformat(template, (), values)


def sentence(note: Note | None) -> str:
    """Make the sentence of a note.

    Parameters
    ----------
    note : Note or None
        None makes an empty string.

    Returns
    -------
    str
        A clause without capital letter and full stop if it can be part of another sentence. A note
        that the catalogue cannot fill in, as one of another version, is its saved text or its code.

    Examples
    --------
    >>> sentence(Note("RATE_NOMINAL", {"nominal_hz": 52.0, "why": Note("TOO_FEW_PACKETS")}))
    'the nominal 52 Hz is taken as the sampling rate: too few packets to tell it; 1 % of rate is \
1 % of frequency'
    >>> sentence(Note("FINDING_AMPLITUDE", {"rms_ms2": {"value": 0.3, "low": 0.28, "high": 0.33}}))
    'Its RMS acceleration is 0.300 m/s^2 (0.280 to 0.330 m/s^2).'
    """
    if note is None:
        return ""
    for name in ("note", "window"):
        if note.code in section(name):
            with suppress(*_UNFIT):
                told = _told_apart(**note.values) if name == "window" else note.values
                return text(name, note.code, **told)
    return str(note.values.get("text", note.code))


def window_reasons(table: WindowTable) -> list[str]:
    """Make the sentence for the reason of the verdict of each window.

    Parameters
    ----------
    table : WindowTable
        Windows of a capture.

    Returns
    -------
    list of str
        In order of time.
    """
    templates = [section("window")[name] for name in REASON_NAMES]
    return [
        templates[reason].format(**_told_apart(score, threshold))
        for reason, score, threshold in zip(
            table.reason.tolist(), table.score.tolist(), table.threshold.tolist(), strict=True
        )
    ]


#: Numbers alike in so many digits are shown alike.
_MOST_DIGITS: Final = 8


class _Beside(float):
    """A number that is told apart from another: with more digits where both would read alike."""

    __slots__ = ("_other",)
    _other: float

    def __new__(cls, value: float, other: float) -> Self:
        made = super().__new__(cls, value)
        made._other = other
        return made

    def __format__(self, spec: str) -> str:
        digits = spec.removeprefix(".").removesuffix("g")
        if not digits.isdigit() or float(self) == self._other:
            return format(float(self), spec)
        texts = (
            (f"{float(self):.{n}g}", f"{self._other:.{n}g}")
            for n in range(int(digits), _MOST_DIGITS)
        )
        return next((own for own, other in texts if own != other), format(float(self), spec))


def _told_apart(score: float, threshold: float) -> dict[str, _Beside]:
    """Return the two numbers of a reason as values of its sentence.

    Examples
    --------
    >>> "{score:.2g}, not {threshold:.2g}".format(**_told_apart(0.4183, 0.42))
    '0.418, not 0.42'
    """
    return {"score": _Beside(score, threshold), "threshold": _Beside(threshold, score)}


def sentences(notes: Iterable[Note]) -> str:
    """Make the sentences of notes, joined by semicolons."""
    return "; ".join(map(sentence, notes))


def brief(note: Note) -> str:
    """Make the short form of a note, for a list of what is missing.

    Parameters
    ----------
    note : Note
        Any note.

    Returns
    -------
    str
        Its text in section ``missing``; its sentence where there is none.

    Examples
    --------
    >>> brief(Note("NOT_MEASURED", {"finding": "recovery", "why": Note("NO_TREMOR_SEEN")}))
    'whether it fades with rest (not measured)'
    """
    if note.code in section("missing"):
        with suppress(*_UNFIT):
            return text("missing", note.code, **note.values)
    return sentence(note)


def interval_text(value: float, low: float | None, high: float | None, unit: str) -> str:
    """Format a number with its interval, both with their unit, for a sentence.

    Parameters
    ----------
    value : float
        The number, in `unit`.
    low, high : float or None
        Limits of its interval, in `unit`.
    unit : str
        Unit.

    Returns
    -------
    str
        With the decimals at which the width of the interval has two significant digits.

    Examples
    --------
    >>> interval_text(82.49, 61.6, 123.3, "s")
    '82 s (62 to 123 s)'
    """
    if low is not None and high is not None and high > low:
        decimals = max(1 - math.floor(math.log10(high - low)), 0)
        shown = {"value": value, "low": low, "high": high}
        rounded = {name: f"{one:.{decimals}f}" for name, one in shown.items()}
        return text("number", "between", unit=unit, **rounded)
    if low is not None and high is None:
        return text("number", "at_least", value=figure(value), low=figure(low), unit=unit)
    if high is not None and low is None:
        return text("number", "at_most", value=figure(value), high=figure(high), unit=unit)
    return f"{figure(value)} {unit}"


def share_text(share: float | Mapping[str, float]) -> str:
    """Format a share in whole per cent, with its interval where it has one.

    Examples
    --------
    >>> share_text(0.034), share_text({"value": 0.92, "low": 0.88, "high": 0.95})
    ('3 %', '92 % (88 to 95 %)')
    """
    if isinstance(share, Mapping):
        percents = {name: 100.0 * share[name] for name in ("value", "low", "high")}
        return text("number", "share", **percents)
    return f"{100.0 * share:.0f} %"


def _interval(value: Mapping[str, float], unit: str) -> str:
    return interval_text(value["value"], value["low"], value["high"], unit)


#: Formats of templates besides those of Python, called with the value and the rest of the format.
_FORMATS: Final[Mapping[str, Callable[[Any, str], str]]] = {
    "and": lambda words, _: text("number", "and").join(words),
    "brief": lambda note, _: brief(note),
    "clock": lambda seconds, _: clock(seconds),
    "counted": counted,
    "duration": lambda seconds, _: span(seconds),
    "figure": lambda value, _: figure(value),
    "interval": _interval,
    "joined": lambda notes, _: sentences(notes),
    "number": lambda value, _: number(value),
    "percent": lambda share, _: percent(share),
    "share": lambda share, _: share_text(share),
}


#: Formats of what is no number, of which None is empty.
_OF_WORDS: Final = frozenset({"and", "brief", "joined", "text"})


class _Formatter(string.Formatter):
    """Formats one message, with the formats of the catalogue."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - as in the base
        name, _, argument = format_spec.partition(" ")
        if value is None:
            return text("number", "unknown") if format_spec and name not in _OF_WORDS else ""
        if name == "text":
            return self._other_message(argument.replace("*", str(value)), str(value))
        if name in _FORMATS:
            return _FORMATS[name](value, argument)
        if isinstance(value, Note):
            value = sentence(value)
        elif isinstance(value, tuple | list):
            value = ", ".join(sentence(one) if isinstance(one, Note) else str(one) for one in value)
        formatted: str = super().format_field(value, format_spec)
        return formatted

    def _other_message(self, path: str, value: str) -> str:
        """Return another message with the same values; the value itself if there is none."""
        section_name, _, name = path.partition(".")
        return text(section_name, name, **self._values) if name in section(section_name) else value
