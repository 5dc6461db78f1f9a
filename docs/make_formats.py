"""Write the table of formats into the README, from the table that the code reads by.

Run ``python docs/make_formats.py`` after a change of that table; a test fails where it was
forgotten. The documentation itself prints ``tremor formats``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tremor.formats.catalog import FormatFacts, readable_formats

__all__ = ["README", "table", "with_table"]

README: Final = Path(__file__).parents[1] / "README.md"
BEGIN: Final = "<!-- formats: begin -->"
END: Final = "<!-- formats: end -->"
_LONGEST: Final = 60


def table() -> str:
    """Return the table as Markdown."""
    rows = ["| format | its first line, or a row | to be given |", "|---|---|---|"]
    rows += [f"| {_name(one)} | {_line(one)} | {_given(one)} |" for one in readable_formats()]
    return "\n".join(rows)


def with_table(text: str) -> str:
    """Return a text with the table between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _name(one: FormatFacts) -> str:
    return one.name if one.seen == "real file" else f"{one.name} *"


def _line(one: FormatFacts) -> str:
    if not one.example:
        return ""
    text = one.example[0].replace("|", "\\|").replace("\t", " ")
    return f"`{text if len(text) <= _LONGEST else text[: _LONGEST - 3] + '...'}`"


def _given(one: FormatFacts) -> str:
    return " ".join(f"`{option}`" for option in one.to_give)


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
