"""Records to JSON and back: one codec for all of them, made from their own declarations.

What a record holds is declared once, in its dataclass. How it is written and read, with its types
checked by `msgspec`, and its JSON Schema follow from the types of its fields and its docstring.
Beyond plain values:

- an `Estimate` is an object; or null, and then its reason stands as a sentence in ``reasons`` and
  as code and values in ``missing``, and the first of them in ``reason``;
- a `Note` is its sentence, with its code and values beside it in ``<name>_code``; several that
  make one text have ``<name>_codes``;
- a list of notes is a list of ``{code, values, message}``.

Sentences are written and never read, except that a document which has no codes yet is read with
its sentences in the note ``TEXT``. They are made by the caller's speaker.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    NamedTuple,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.notes import Note, note
from tremor.recording import Placement, SensorInfo, read_only
from tremor.results.windows import WindowAnalysis, WindowTable
from tremor.settings import AnalysisSettings

__all__ = ["JOINED", "Speaker", "read", "schema_of", "write"]

_Record = TypeVar("_Record")

#: Metadata of a field whose notes make one text, joined by semicolons.
JOINED: Final[Mapping[str, bool]] = {"joined": True}


class Speaker(Protocol):
    """Who makes the sentences; the module `tremor.report.messages` does."""

    def sentence(self, note: Note | None) -> str:
        """Return the sentence of a note."""

    def window_reasons(self, table: WindowTable) -> list[str]:
        """Return the sentence of each window of a table."""


def write(record: object, speaker: Speaker) -> dict[str, Any]:
    """Return a record as JSON holds it.

    Parameters
    ----------
    record : dataclass
        Any record of `tremor.results`.
    speaker : Speaker
        Makes the sentences.

    Returns
    -------
    dict
        Plain numbers, texts, lists and dictionaries.
    """
    kind = _record_kind(type(record))
    written: dict[str, Any] = kind.write(record, speaker)
    return written


def read(cls: type[_Record], document: object) -> _Record:
    """Read what `write` returned.

    Parameters
    ----------
    cls : type
        The dataclass that was written.
    document : dict
        Unknown keys are left out.

    Returns
    -------
    dataclass
        The record as it was.

    Raises
    ------
    InvalidInputError
        If something is missing, of the wrong type or outside of what is allowed.
    """
    kind = _record_kind(cls)
    try:
        record: _Record = kind.read(msgspec.convert(document, kind.wire))
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidInputError(str(error)) from error
    return record


def schema_of(cls: type) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a record, its parts under ``$defs``."""
    (root,), parts = msgspec.json.schema_components(
        [_record_kind(cls).wire], ref_template="#/$defs/{name}"
    )
    top = parts.pop(root["$ref"].rsplit("/", 1)[1])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": parts}


class _Kind(NamedTuple):
    """How values of one type are written and read, and the type that `msgspec` checks."""

    wire: Any
    write: Callable[[Any, Speaker], Any]
    read: Callable[[Any], Any]


class _EstimateRecord(msgspec.Struct):
    """A number with its interval; a limit is null where only the other can be stated."""

    value: float
    low: float | None
    high: float | None
    level: float
    method: str


class _NoteRecord(msgspec.Struct):
    """A code and its values."""

    code: str
    values: dict[str, Any] = {}


class _MessageRecord(_NoteRecord):
    """A code with its values and its sentence."""

    message: str = ""


def _same(value: Any, _: object = None) -> Any:  # noqa: ANN401 - whatever is written or read
    return value


def _write_estimate(estimate: Estimate, _: Speaker) -> dict[str, Any] | None:
    if estimate.value is None:
        return None
    return {name: getattr(estimate, name) for name in _EstimateRecord.__struct_fields__}


def _read_note(record: _NoteRecord) -> Note:
    return Note.from_dict({"code": record.code, "values": record.values})


def _write_messages(notes: tuple[Note, ...], speaker: Speaker) -> list[dict[str, Any]]:
    return [one.to_dict() | {"message": speaker.sentence(one)} for one in notes]


def _read_messages(records: list[_MessageRecord]) -> tuple[Note, ...]:
    return tuple(
        _read_note(one) if one.values or not one.message else _spoken(one.message, one.code)
        for one in records
    )


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is not a time in ISO 8601") from error


def _spoken(sentence: str, code: str = "TEXT") -> Note:
    """Return a note for a sentence whose code or values were not saved."""
    return note("TEXT", text=sentence) if code == "TEXT" else Note(code, {"text": sentence})


def _write_windows(table: WindowTable, speaker: Speaker) -> list[dict[str, Any]]:
    return table.to_dicts(speaker.window_reasons(table))


def _read_windows(records: list[Any]) -> WindowTable:
    kind = _record_kind(WindowAnalysis)
    return WindowTable.from_windows([kind.read(one) for one in records])


#: Types that are written in a way of their own.
_SPECIAL: Final[Mapping[object, _Kind]] = {
    Estimate: _Kind(_EstimateRecord | None, _write_estimate, _same),
    datetime: _Kind(str, lambda time, _: time.isoformat(), _read_time),
    Placement: _Kind(str, lambda one, _: str(one), Placement.from_text),
    SensorInfo: _Kind(str, lambda one, _: str(one) or None, lambda text: SensorInfo(name=text)),
    AnalysisSettings: _Kind(
        dict[str, float], lambda one, _: one.to_dict(), AnalysisSettings.from_mapping
    ),
    tuple[Note, ...]: _Kind(list[_MessageRecord], _write_messages, _read_messages),
}


def _kind_of(hint: Any) -> _Kind:  # noqa: ANN401 - any type
    """Return how values of a type are written and read."""
    if hint in _SPECIAL:
        return _SPECIAL[hint]
    if hint is WindowTable:
        return _Kind(_list_of(_record_kind(WindowAnalysis).wire), _write_windows, _read_windows)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType) and NoneType in arguments:
        return _optional(hint, tuple(one for one in arguments if one is not NoneType))
    if origin is tuple:
        inner = _kind_of(arguments[0])
        return _Kind(
            _list_of(inner.wire),
            lambda values, speaker: [inner.write(one, speaker) for one in values],
            lambda values: tuple(inner.read(one) for one in values),
        )
    if origin is np.ndarray:
        return _Kind(list[float], lambda array, _: array.tolist(), read_only)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _Kind(dict.__class_getitem__(arguments), lambda one, _: dict(one), _same)
    if dataclasses.is_dataclass(hint):
        return _record_kind(hint)
    return _Kind(hint, _same, _same)


def _list_of(wire: Any) -> Any:  # noqa: ANN401 - a type made at run time
    return list.__class_getitem__(wire)


def _optional(hint: object, arguments: tuple[Any, ...]) -> _Kind:
    inner = _kind_of(arguments[0]) if len(arguments) == 1 else _Kind(hint, _same, _same)
    return _Kind(
        inner.wire | None,
        lambda value, speaker: None if value is None else inner.write(value, speaker),
        lambda value: None if value is None else inner.read(value),
    )


class _Field(NamedTuple):
    """A field of a record and what it holds: values, an estimate, a note, or joined notes."""

    name: str
    holds: str
    kind: _Kind
    is_required: bool
    description: str


def _fields_of(cls: Any) -> list[_Field]:  # noqa: ANN401 - a dataclass
    hints, described = get_type_hints(cls), _descriptions(cls)
    found = []
    for item in dataclasses.fields(cls):
        if item.metadata.get("written", True):
            hint = hints[item.name]
            holds = "value"
            if hint is Estimate:
                holds = "estimate"
            elif hint in (Note, Note | None):
                holds = "note"
            elif item.metadata.get("joined"):
                holds = "joined"
            is_required = (
                item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
            )
            meaning = item.metadata.get("meaning")
            text = f"{meaning}, {item.metadata['unit']}." if meaning else described.get(item.name)
            kind = _Kind(str, _same, _same) if holds in ("note", "joined") else _kind_of(hint)
            found.append(_Field(item.name, holds, kind, is_required, text or ""))
    # What a record itself says comes first, what it shares with others after it.
    return sorted(found, key=lambda one: one.holds == "estimate")


def _make_record_kind(cls: Any) -> _Kind:  # noqa: ANN401 - a dataclass
    """Return how a dataclass is written and read."""
    fields = _fields_of(cls)
    estimates = [one.name for one in fields if one.holds == "estimate"]
    is_window = cls is WindowAnalysis

    def write_record(record: object, speaker: Speaker) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for name, holds, kind, _, _ in fields:
            value = getattr(record, name)
            if holds == "note":
                written[name] = speaker.sentence(value)
                written[f"{name}_code"] = None if value is None else value.to_dict()
            elif holds == "joined":
                written[name] = "; ".join(map(speaker.sentence, value))
                written[f"{name}_codes"] = [one.to_dict() for one in value]
            else:
                written[name] = kind.write(value, speaker)
        if is_window:
            written["reason"] = speaker.sentence(record.reason)  # type: ignore[attr-defined]
        elif estimates:
            reasons = {name: getattr(record, name).reason for name in estimates}
            reasons = {name: why for name, why in reasons.items() if why is not None}
            sentences = {name: speaker.sentence(why) for name, why in reasons.items()}
            written["reason"] = written.get("reason") or next(iter(sentences.values()), "")
            written["reasons"] = sentences
            written["missing"] = {name: why.to_dict() for name, why in reasons.items()}
        return written

    def read_record(record: Any) -> Any:  # noqa: ANN401 - the struct made below
        values: dict[str, Any] = {}
        for name, holds, kind, _, _ in fields:
            value = getattr(record, name)
            if holds == "note":
                values[name] = _note_of(getattr(record, f"{name}_code"), value)
            elif holds == "joined":
                values[name] = _notes_of(getattr(record, f"{name}_codes"), value)
            elif holds == "estimate":
                values[name] = value
            elif value is not UNSET:
                values[name] = kind.read(value)
        for name in estimates:
            values[name] = _estimate_of(name, record, values.get("decided_by"))
        return cls(**values)

    return _Kind(_struct(cls, fields), write_record, read_record)


_record_kind: Final[Callable[[Any], _Kind]] = lru_cache(_make_record_kind)


def _note_of(code: _NoteRecord | UnsetType | None, sentence: object) -> Note | None:
    if isinstance(code, _NoteRecord):
        return _read_note(code)
    return _spoken(sentence) if code is UNSET and isinstance(sentence, str) and sentence else None


def _notes_of(codes: list[_NoteRecord] | UnsetType, sentence: object) -> tuple[Note, ...]:
    if isinstance(codes, list):
        return tuple(map(_read_note, codes))
    return (_spoken(sentence),) if isinstance(sentence, str) and sentence else ()


def _estimate_of(name: str, record: Any, decided_by: Any) -> Estimate:  # noqa: ANN401 - a struct
    found = getattr(record, name)
    if found is not None:
        return Estimate(**msgspec.structs.asdict(found))
    if decided_by is not None:
        return Estimate.missing(decided_by.note)
    if record.missing is not UNSET and name in record.missing:
        return Estimate.missing(_read_note(record.missing[name]))
    sentences = {} if record.reasons is UNSET else record.reasons
    said = sentences.get(name) or (record.reason if record.reason is not UNSET else "")
    return Estimate.missing(_spoken(said or "not estimated"))


def _struct(cls: Any, fields: list[_Field]) -> type[msgspec.Struct]:  # noqa: ANN401 - a dataclass
    """Make the type that `msgspec` checks a record of a document against."""
    made: list[Any] = []

    def add(name: str, wire: Any, description: str = "", *, is_required: bool = False) -> None:  # noqa: ANN401
        wire = wire if is_required else wire | UnsetType
        hint = Annotated[wire, msgspec.Meta(description=description)] if description else wire
        made.append((name, hint) if is_required else (name, hint, UNSET))

    for name, holds, kind, is_required, description in fields:
        is_said = holds in ("note", "joined")
        add(name, kind.wire, description, is_required=is_required and not is_said)
        if holds == "note":
            add(f"{name}_code", _NoteRecord | None)
        elif holds == "joined":
            add(f"{name}_codes", list[_NoteRecord])
    names = {one.name for one in fields}
    if any(one.holds == "estimate" for one in fields):
        if "reason" not in names:
            add("reason", str, "Why an estimate is null, or what decided, as a sentence.")
        if cls is not WindowAnalysis:
            add("reasons", dict[str, str], "Why an estimate is null, by its name.")
            add("missing", dict[str, _NoteRecord], "The same as codes with values.")
    summary = (cls.__doc__ or "").strip().split("\n", 1)[0]
    return msgspec.defstruct(cls.__name__, made, kw_only=True, namespace={"__doc__": summary})


_ENTRY: Final = re.compile(r"^(\w[\w, ]*) : .*$")


def _descriptions(cls: Any) -> dict[str, str]:  # noqa: ANN401 - a dataclass
    """Return what the docstring of a dataclass says of each of its fields."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (cls.__doc__ or "").splitlines():
        entry = _ENTRY.match(line.strip()) if line[4:5].strip() else None
        if entry:
            names = [name.strip() for name in entry[1].split(",")]
        elif line.startswith(" " * 8):
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
        else:
            names = []
    return found
