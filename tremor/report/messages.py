"""From codes to sentences: the only place where the sentences of a result are made.

A language is one file in the folder `languages`. The code of a note is looked up and its values
are filled in; nothing is computed here.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from tremor.errors import InvalidInputError
from tremor.notes import Note
from tremor.report.numbers import number, percent
from tremor.results.verdicts import REASON_NAMES

if TYPE_CHECKING:
    from tremor.results.windows import WindowTable

__all__ = [
    "LANGUAGES",
    "catalogue",
    "section",
    "sentence",
    "sentences",
    "text",
    "use_language",
    "window_reasons",
]

_FOLDER: Final = "languages"

#: The languages that there is a catalogue for.
LANGUAGES: Final = tuple(
    sorted(
        entry.name.removesuffix(".toml")
        for entry in files("tremor.report").joinpath(_FOLDER).iterdir()
        if entry.name.endswith(".toml")
    )
)
_LANGUAGE: Final = ContextVar("tremor_language", default="en")


def use_language(language: str) -> None:
    """Make all further sentences of this context in a language.

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
    """Return all messages of a language, by section and name."""
    path = files("tremor.report").joinpath(_FOLDER, f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def section(name: str) -> Mapping[str, Any]:
    """Return one section of the catalogue, such as the words of the verdicts."""
    found: Mapping[str, Any] = catalogue(_LANGUAGE.get())[name]
    return found


def text(section_name: str, name: str, /, **values: object) -> str:
    """Fill in a message.

    Parameters
    ----------
    section_name, name : str
        Where it stands in the catalogue.
    **values
        What its template names.

    Returns
    -------
    str
        The message.

    Examples
    --------
    >>> text("note", "GAPS", n_gaps=2, n_lost=40, longest_s=0.31, longest_at_s=12.0)
    'gaps: 2, samples lost: 40, the longest 0.31 s at 12 s'
    """
    template = section(section_name)[name]
    if not isinstance(template, str):
        chosen = str(values[template["by"]])
        template = template.get(chosen, template["other"])
    return _FORMATTER.vformat(template, (), values)


def sentence(note: Note | None) -> str:
    """Make the sentence of a note.

    Parameters
    ----------
    note : Note or None
        None stands for nothing to say.

    Returns
    -------
    str
        Without a capital letter and a full stop, so that it can stand within another; the code
        itself where the catalogue does not know it, as in a result of a later version.

    Examples
    --------
    >>> sentence(Note("RATE_NOMINAL", {"nominal_hz": 52.0, "why": Note("TOO_FEW_PACKETS")}))
    'the nominal 52 Hz is taken as the sampling rate: too few packets to tell it; 1 % of rate is \
1 % of frequency'
    """
    if note is None:
        return ""
    for name in ("note", "window"):
        if note.code in section(name):
            return text(name, note.code, **note.values)
    return note.code


def window_reasons(table: WindowTable) -> list[str]:
    """Make the sentence of each window of a table, which tells what decided.

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
        templates[reason].format(score=score, threshold=threshold)
        for reason, score, threshold in zip(
            table.reason.tolist(), table.score.tolist(), table.threshold.tolist(), strict=True
        )
    ]


def sentences(notes: Iterable[Note]) -> str:
    """Make the sentences of notes, joined by semicolons."""
    return "; ".join(map(sentence, notes))


def _and(words: Sequence[str]) -> str:
    return " and ".join(words)


#: Formats of templates beside those of Python.
_FORMATS: Final[Mapping[str, Callable[[Any], str]]] = {
    "number": number,
    "percent": percent,
    "and": _and,
}


class _Formatter(string.Formatter):
    """Fills in notes as their sentences, lists with commas, and formats of `_FORMATS`."""

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - as in the base
        if isinstance(value, Note):
            value = sentence(value)
        elif format_spec in _FORMATS:
            return _FORMATS[format_spec](value)
        elif isinstance(value, (tuple, list)):
            value = ", ".join(map(str, value))
        formatted: str = super().format_field(value, format_spec)
        return formatted


_FORMATTER: Final = _Formatter()
