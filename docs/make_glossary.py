"""Write docs/glossary.md: every key, verdict and code of the JSON, from the tables of the code.

Run ``python docs/make_glossary.py`` after a change of a table; a test fails where the page is out
of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any, Final

from tremor.notes import CODES, WARNINGS
from tremor.report.messages import section
from tremor.results.analysis import Analysis
from tremor.results.scores import SCORES
from tremor.results.verdicts import REASONS

PAGE: Final = Path(__file__).with_name("glossary.md")
_WIDTH: Final = 100

_NAMES: Final = {
    "_EstimateRecord": "Estimate",
    "_MessageRecord": "Warning",
    "_NoteRecord": "Code",
}
#: What the schema has no room for: keys that records share.
_SHARED: Final = {
    "schema": "Name and version of this form.",
    "value": "The estimate, in the unit that ends the name of its key.",
    "low": "Lower limit of the interval.",
    "high": "Upper limit of the interval.",
    "level": "Share of intervals that hold the true value.",
    "method": "How the number was made.",
    "code": "One of the codes below.",
    "values": "What stands in its sentence; units end the names.",
    "message": "Its sentence.",
}


def page() -> str:
    """Return the whole page, as Markdown."""
    schema = Analysis.schema()
    lines = [
        "# Glossary of the result",
        "",
        fill(
            "Every key of `tremor analyze --json`, every verdict and every code. The page is made "
            "by `python docs/make_glossary.py`. `tremor analyze --schema` prints the JSON Schema.",
            _WIDTH,
        ),
        "",
        fill(schema["description"], _WIDTH),
        "",
        "## Result",
        "",
        *_keys(schema["properties"]),
    ]
    for name, part in schema["$defs"].items():
        lines += [
            "",
            f"## {_NAMES.get(name, name)}",
            "",
            fill(_text(part["description"]), _WIDTH),
            "",
        ]
        lines += _keys(part["properties"])
    reasons, verdicts = section("window"), section("verdict")
    lines += ["", "## Verdicts and what decides them", ""]
    lines += _table(
        ("verdict", "in words", "`decided_by.key`", "unit", "sentence"),
        (
            (f"`{row.verdict}`", verdicts[row.verdict], f"`{name}`", row.unit, _form(reasons[name]))
            for name, row in REASONS.items()
        ),
    )
    lines += ["", "## Scores of a window", ""]
    lines += _table(
        ("key", "unit", "meaning"),
        ((f"`{name}`", row.unit, row.meaning) for name, row in SCORES.items()),
    )
    lines += ["", "## Codes of warnings", "", *_codes(WARNINGS)]
    lines += ["", "## Other codes", "", *_codes(code for code in CODES if code not in WARNINGS)]
    return "\n".join(lines) + "\n"


def _keys(properties: Mapping[str, Any]) -> list[str]:
    rows = ((f"`{key}`", _type(one), _meaning(key, one)) for key, one in properties.items())
    return _table(("key", "type", "meaning"), rows)


def _codes(codes: Iterable[str]) -> list[str]:
    sentences = section("note")
    return _table(
        ("code", "values", "sentence"),
        (
            (f"`{code}`", ", ".join(f"`{name}`" for name in CODES[code]), _form(sentences[code]))
            for code in codes
        ),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    def lines() -> Iterator[str]:
        for cells in (head, ("---",) * len(head), *rows):
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    return list(lines())


def _meaning(key: str, one: Mapping[str, Any]) -> str:
    if "description" in one:
        return _text(one["description"])
    if key.endswith(("_code", "_codes")):
        return f"`{key.rsplit('_', 1)[0]}` as codes with values."
    return _SHARED[key]


def _text(text: str) -> str:
    return re.sub(r"\bNone\b", "null", text.replace("``", "`"))


def _type(one: Mapping[str, Any]) -> str:
    if "anyOf" in one:
        return " or ".join(_type(each) for each in one["anyOf"])
    if "enum" in one:
        return ", ".join(f"`{word}`" for word in one["enum"])
    if "const" in one:
        return f"`{one['const']}`"
    if "$ref" in one:
        name: str = one["$ref"].rsplit("/", 1)[-1]
        return _NAMES.get(name, name)
    if one["type"] == "array":
        return f"list of {_type(one['items'])}"
    if one["type"] == "object" and "additionalProperties" in one:
        return f"{_type(one['additionalProperties'])} by name"
    return str(one["type"])


def _form(template: str | Mapping[str, str]) -> str:
    """Return a message with the names of its values alone, without their formats."""
    text = template if isinstance(template, str) else template["other"]
    return re.sub(r"\{(\w+)[^{}]*\}", r"{\1}", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
