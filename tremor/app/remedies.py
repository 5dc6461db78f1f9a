"""Sentences as a page says them: its fields stand where the options of the command would.

A sentence names what settles it as the command does, such as ``--unit``; on the page the same is a
field of the form below.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Final

from tremor.formats.readers import ReadOptions
from tremor.report.messages import text

__all__ = ["on_page"]

#: Fields by the option of the command that says the same.
_FIELDS: Final = {
    "--" + one.name.removesuffix("_hz").replace("_", "-"): one.name for one in fields(ReadOptions)
}
#: The folder of a recording is that in which the program was started.
_OUT: Final = "with --out"
#: An option, and the same with a value as an example of it.
_OPTION: Final = re.compile(r"--[a-z]+(?:-[a-z]+)*(?![\w-])")
_EXAMPLE: Final = re.compile(rf"such as ({_OPTION.pattern}) ([^\s;)]*[^\s;),.])")


def on_page(sentence: str) -> str:
    """Return a sentence with the names of fields in place of those of options.

    Parameters
    ----------
    sentence : str
        As a command says it.

    Returns
    -------
    str
        The same, where it names no option that the page has.

    Examples
    --------
    >>> on_page("no unit is named; give --unit")
    'no unit is named; give “Unit”'
    >>> on_page("say what the columns are, such as --columns time_s,x,y,z")
    'say what the columns are, such as time_s,x,y,z under “Columns”'
    >>> on_page("give --units, or see --help")
    'give --units, or see --help'
    """
    said = sentence.replace(_OUT, text("app", "elsewhere"))
    return _OPTION.sub(_named, _EXAMPLE.sub(_example, said))


def _example(found: re.Match[str]) -> str:
    option, value = found[1], found[2]
    if option not in _FIELDS:
        return found[0]
    return text("app", "such_as", value=value, option=option)


def _named(option: re.Match[str]) -> str:
    field = _FIELDS.get(option[0])
    if field is None:
        return option[0]
    return text("app", "in_words", name=text("app", f"choice.{field}"))
