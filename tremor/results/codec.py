"""Records to JSON and back: one codec for all dataclasses of `tremor.results`.

What a record holds is declared once, in its dataclass. How it is written, checked and read, and its
JSON Schema, follow from the types of the fields, their metadata and the docstring. For `msgspec`,
which checks and describes, each dataclass gets a struct of the keys that it has in JSON.

Most fields are one key. Those that need a sentence beside the fact have more:

===============================  ================================================================
field                            keys in JSON
===============================  ================================================================
``x: Note``                      ``x``, its sentence; ``x_code``, its code and values
``x: tuple[Note, ...]`` with     ``x``, the sentences joined by semicolons; ``x_codes``, their codes
the metadata `JOINED`            and values
any other ``tuple[Note, ...]``   ``x``, a list of ``{code, values, message}``
``x: Estimate``                  ``x``, an object, or null where there is no number; then the reason
                                 is in ``reasons`` (sentences) and ``missing`` (codes and values)
                                 under the name of the estimate, and the first one in ``reason``
===============================  ================================================================

Sentences are written and not read back, unless an earlier version wrote one without its code, which
is then read as the note ``TEXT``, or without the values of its code.
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
    TypeAlias,
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
from tremor.notes import CODES, Note, note
from tremor.recording import Placement, SensorInfo, read_only
from tremor.results.windows import Decision, WindowAnalysis, WindowTable
from tremor.settings import AnalysisSettings

__all__ = ["JOINED", "Messages", "read", "schema_of", "write"]

_Record = TypeVar("_Record")
#: A value or a type that is known at run time only: the codec walks the fields of any dataclass.
_Value: TypeAlias = Any
_Type: TypeAlias = Any

#: Metadata of a field whose notes are one text in JSON, joined by semicolons.
JOINED: Final[Mapping[str, bool]] = {"joined": True}


class Messages(Protocol):
    """The catalogue that makes the sentences; `tremor.report.messages` is one."""

    def sentence(self, note: Note | None) -> str:
        """Return the sentence of a note."""

    def window_reasons(self, table: WindowTable) -> list[str]:
        """Return the sentence of each window of a table."""


def write(record: object, messages: Messages) -> dict[str, Any]:
    """Convert a record to a JSON object.

    Parameters
    ----------
    record : dataclass
        Any record of `tremor.results`.
    messages : Messages
        Makes the sentences.

    Returns
    -------
    dict
        Numbers, strings, lists and dictionaries only.
    """
    written: dict[str, Any] = _record_codec(type(record)).write(record, messages)
    return written


def read(cls: type[_Record], document: object) -> _Record:
    """Read what `write` returned.

    Parameters
    ----------
    cls : type
        The dataclass that was written.
    document : dict
        The JSON object; unknown keys are ignored.

    Returns
    -------
    dataclass
        The record as it was.

    Raises
    ------
    InvalidInputError
        If a key is missing, or a value has the wrong type or is not allowed.
    """
    codec = _record_codec(cls)
    try:
        record: _Record = codec.read(msgspec.convert(document, codec.json_type))
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidInputError(str(error)) from error
    return record


def schema_of(cls: type) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a record, its parts under ``$defs``."""
    (root,), parts = msgspec.json.schema_components(
        [_record_codec(cls).json_type], ref_template="#/$defs/{name}"
    )
    top = parts.pop(root["$ref"].rsplit("/", 1)[1])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": parts}


# Values


class _Codec(NamedTuple):
    """How values of one type are written and read, and their type in JSON."""

    json_type: _Type
    write: Callable[[_Value, Messages], _Value]
    read: Callable[[_Value], _Value]


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


def _unchanged(value: _Value, _: Messages | None = None) -> _Value:
    return value


def _write_estimate(estimate: Estimate, _: Messages) -> dict[str, Any] | None:
    if estimate.value is None:
        return None
    return {name: getattr(estimate, name) for name in _EstimateRecord.__struct_fields__}


def _read_note(record: _NoteRecord) -> Note:
    return Note.from_dict({"code": record.code, "values": record.values})


def _text_note(sentence: str) -> Note:
    """Return the note of a sentence whose code is not known."""
    return note("TEXT", text=sentence)


def _write_messages(notes: tuple[Note, ...], messages: Messages) -> list[dict[str, Any]]:
    return [one.to_dict() | {"message": messages.sentence(one)} for one in notes]


def _read_message(record: _MessageRecord) -> Note:
    """Return the note, with its sentence if its values were not saved."""
    if record.message and not record.values and CODES.get(record.code) != ():
        return Note(record.code, {"text": record.message})
    return _read_note(record)


def _read_messages(records: list[_MessageRecord]) -> tuple[Note, ...]:
    return tuple(map(_read_message, records))


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is not a time in ISO 8601") from error


def _write_windows(table: WindowTable, messages: Messages) -> list[dict[str, Any]]:
    return table.to_dicts(messages.window_reasons(table))


def _read_windows(records: list[_Value]) -> WindowTable:
    codec = _record_codec(WindowAnalysis)
    return WindowTable.from_windows([codec.read(one) for one in records])


def _read_settings(values: Mapping[str, float]) -> AnalysisSettings:
    """Return saved settings; those that this version no longer has are left out."""
    known = {item.name for item in dataclasses.fields(AnalysisSettings)}
    return AnalysisSettings.from_mapping(
        {name: value for name, value in values.items() if name in known}
    )


#: Types that are written in a way of their own.
_SPECIAL: Final[Mapping[object, _Codec]] = {
    Estimate: _Codec(_EstimateRecord | None, _write_estimate, _unchanged),
    datetime: _Codec(str, lambda time, _: time.isoformat(), _read_time),
    Placement: _Codec(str, lambda one, _: str(one), Placement.from_text),
    SensorInfo: _Codec(str, lambda one, _: str(one) or None, lambda text: SensorInfo(name=text)),
    AnalysisSettings: _Codec(dict[str, float], lambda one, _: one.to_dict(), _read_settings),
    tuple[Note, ...]: _Codec(list[_MessageRecord], _write_messages, _read_messages),
}


def _codec_of(hint: _Type) -> _Codec:
    """Return the codec of a type, as a field of a dataclass declares it."""
    if hint in _SPECIAL:
        return _SPECIAL[hint]
    if hint is WindowTable:
        window = _record_codec(WindowAnalysis)
        return _Codec(_list_of(window.json_type), _write_windows, _read_windows)
    origin: object = get_origin(hint)
    arguments = get_args(hint)
    if origin in (Union, UnionType) and NoneType in arguments:
        return _optional_codec(hint)
    if origin is tuple:
        item = _codec_of(arguments[0])
        return _Codec(
            _list_of(item.json_type),
            lambda values, messages: [item.write(one, messages) for one in values],
            lambda values: tuple(item.read(one) for one in values),
        )
    if origin is np.ndarray:
        return _Codec(list[float], lambda array, _: array.tolist(), read_only)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _Codec(dict.__class_getitem__(arguments), lambda one, _: dict(one), _unchanged)
    if dataclasses.is_dataclass(hint):
        return _record_codec(hint)
    return _Codec(hint, _unchanged, _unchanged)


def _list_of(json_type: _Type) -> _Type:
    return list.__class_getitem__(json_type)


def _optional_codec(hint: _Type) -> _Codec:
    others = [one for one in get_args(hint) if one is not NoneType]
    inner = _codec_of(others[0]) if len(others) == 1 else _Codec(hint, _unchanged, _unchanged)
    return _Codec(
        inner.json_type | None,
        lambda value, messages: None if value is None else inner.write(value, messages),
        lambda value: None if value is None else inner.read(value),
    )


# Fields


class _Key(NamedTuple):
    """A key of the JSON object of a record, as `msgspec` checks it."""

    name: str
    json_type: _Type
    description: str = ""
    is_required: bool = False

    def definition(self) -> tuple[str, _Type] | tuple[str, _Type, UnsetType]:
        """Return it as `msgspec.defstruct` takes it; an optional key may be unset."""
        hint = self.json_type if self.is_required else self.json_type | UnsetType
        if self.description:
            hint = Annotated[hint, msgspec.Meta(description=self.description)]
        return (self.name, hint) if self.is_required else (self.name, hint, UNSET)


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    """A field that is one key in JSON."""

    name: str
    key: str
    codec: _Codec
    is_required: bool
    description: str

    def json_keys(self) -> list[_Key]:
        """Return its keys in JSON."""
        return [_Key(self.key, self.codec.json_type, self.description, self.is_required)]

    def write(self, value: _Value, messages: Messages) -> dict[str, Any]:
        """Return its keys with their values."""
        return {self.key: self.codec.write(value, messages)}

    def read(self, struct: _Value) -> _Value:
        """Return its value from the struct of a record; UNSET stands for the default."""
        value = getattr(struct, self.key)
        return UNSET if value is UNSET else self.codec.read(value)


class _NoteField(_Field):
    """A note: its sentence, and its code beside it."""

    def json_keys(self) -> list[_Key]:
        return [
            _Key(self.key, str, self.description),
            _Key(f"{self.key}_code", _NoteRecord | None),
        ]

    def write(self, value: Note | None, messages: Messages) -> dict[str, Any]:
        code = None if value is None else value.to_dict()
        return {self.key: messages.sentence(value), f"{self.key}_code": code}

    def read(self, struct: _Value) -> Note | None:
        code, sentence = getattr(struct, f"{self.key}_code"), getattr(struct, self.key)
        if code is not UNSET:
            return None if code is None else _read_note(code)
        return _text_note(sentence) if sentence else None


class _JoinedNotesField(_Field):
    """Notes that are one text: their sentences, and their codes beside it."""

    def json_keys(self) -> list[_Key]:
        return [
            _Key(self.key, str, self.description),
            _Key(f"{self.key}_codes", list[_NoteRecord]),
        ]

    def write(self, value: tuple[Note, ...], messages: Messages) -> dict[str, Any]:
        return {
            self.key: "; ".join(map(messages.sentence, value)),
            f"{self.key}_codes": [one.to_dict() for one in value],
        }

    def read(self, struct: _Value) -> tuple[Note, ...]:
        codes, sentence = getattr(struct, f"{self.key}_codes"), getattr(struct, self.key)
        if codes is not UNSET:
            return tuple(map(_read_note, codes))
        return (_text_note(sentence),) if sentence else ()


class _EstimateField(_Field):
    """An estimate; the reason why there is none is in a key that the estimates share."""

    def read(self, struct: _Value) -> Estimate | UnsetType:
        found: _EstimateRecord | UnsetType | None = getattr(struct, self.key)
        if isinstance(found, UnsetType):
            return found
        if found is not None:
            return Estimate(**msgspec.structs.asdict(found))
        return Estimate.missing(self.reason(struct))

    def reason(self, struct: _Value) -> Note:
        """Return why there is none."""
        if struct.missing and self.key in struct.missing:
            return _read_note(struct.missing[self.key])
        sentences = struct.reasons or {}
        return _text_note(sentences.get(self.key) or struct.reason or "not estimated")


class _WindowEstimateField(_EstimateField):
    """An estimate of a window; what decided the verdict is also why there is none."""

    def reason(self, struct: _Value) -> Note:
        decided_by = struct.decided_by
        return Decision(decided_by.key, decided_by.value, decided_by.threshold).note


def _fields_of(cls: _Type) -> list[_Field]:
    """Return the fields of a dataclass that are written, the estimates last."""
    hints, described = get_type_hints(cls), _descriptions(cls)
    fields = []
    for item in dataclasses.fields(cls):
        metadata, hint = item.metadata, hints[item.name]
        if not metadata.get("written", True):
            continue
        kind, codec = _Field, _SPECIAL.get(hint)
        if hint is Estimate:
            kind = _WindowEstimateField if cls is WindowAnalysis else _EstimateField
        elif hint in (Note, Note | None):
            kind, codec = _NoteField, _Codec(str, _unchanged, _unchanged)
        elif metadata.get("joined"):
            kind = _JoinedNotesField
        fields.append(
            kind(
                name=item.name,
                key=metadata.get("key", item.name),
                codec=codec or _codec_of(hint),
                is_required=item.default is item.default_factory is dataclasses.MISSING,
                description=f"{metadata['meaning']}, {metadata['unit']}."
                if "meaning" in metadata
                else described.get(item.name, ""),
            )
        )
    return sorted(fields, key=lambda field: isinstance(field, _EstimateField))


#: The line that names one or more parameters in a numpydoc docstring.
_PARAMETER_LINE: Final = re.compile(r"^(\w[\w, ]*) : .*$")


def _descriptions(cls: _Type) -> dict[str, str]:
    """Return the description of each parameter in the docstring of a dataclass."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (cls.__doc__ or "").splitlines():
        entry = _PARAMETER_LINE.match(line.strip()) if line[4:5].strip() else None
        if entry:
            names = [name.strip() for name in entry[1].split(",")]
        elif line.startswith(" " * 8):
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
        else:
            names = []
    return found


# Records


def _make_record_codec(cls: _Type) -> _Codec:
    fields = _fields_of(cls)
    estimates = [field.name for field in fields if isinstance(field, _EstimateField)]

    def write_record(record: _Value, messages: Messages) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for field in fields:
            written |= field.write(getattr(record, field.name), messages)
        if cls is WindowAnalysis:
            written["reason"] = messages.sentence(record.reason)
        elif estimates:
            reasons = {name: getattr(record, name).reason for name in estimates}
            reasons = {name: reason for name, reason in reasons.items() if reason is not None}
            sentences = {name: messages.sentence(reason) for name, reason in reasons.items()}
            written["reason"] = written.get("reason") or next(iter(sentences.values()), "")
            written["reasons"] = sentences
            written["missing"] = {name: reason.to_dict() for name, reason in reasons.items()}
        return written

    def read_record(struct: _Value) -> _Value:
        values = {field.name: field.read(struct) for field in fields}
        return cls(**{name: value for name, value in values.items() if value is not UNSET})

    return _Codec(_struct_of(cls, fields), write_record, read_record)


#: The codec of a dataclass, made once.
_record_codec: Final[Callable[[_Type], _Codec]] = lru_cache(_make_record_codec)


def _struct_of(cls: _Type, fields: list[_Field]) -> type[msgspec.Struct]:
    """Make the struct that `msgspec` checks the JSON object of a record against."""
    keys = [key for field in fields for key in field.json_keys()]
    if any(isinstance(field, _EstimateField) for field in fields):
        if "reason" not in {key.name for key in keys}:
            meaning = "Why an estimate is null, or what decided, as a sentence."
            keys.append(_Key("reason", str, meaning))
        if cls is not WindowAnalysis:
            keys.append(_Key("reasons", dict[str, str], "Why an estimate is null, by its name."))
            meaning = "The same as codes with values."
            keys.append(_Key("missing", dict[str, _NoteRecord], meaning))
    return msgspec.defstruct(
        cls.__name__,
        [key.definition() for key in keys],
        kw_only=True,
        namespace={"__doc__": (cls.__doc__ or "").strip().split("\n", 1)[0]},
    )
