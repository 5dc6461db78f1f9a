"""What was decided while a capture was read, and how each decision was reached.

Readers note decisions as they make them (`tremor.formats.table`); the recording carries them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, get_args

from tremor.errors import InvalidInputError
from tremor.notes import Note

__all__ = ["ABOUT", "About", "How", "ReadingDecision"]

About = Literal[
    "format",
    "capture",
    "encoding",
    "delimiter",
    "decimal",
    "time_column",
    "time_unit",
    "date_form",
    "started_at",
    "sampling_rate",
    "unit",
    "gravity",
    "placement",
]
How = Literal["said", "named", "told", "guessed"]

#: What decisions are about, in the order in which they are listed.
ABOUT: Final[tuple[About, ...]] = get_args(About)


@dataclass(frozen=True, slots=True)
class ReadingDecision:
    """A decision on how a capture was read.

    Parameters
    ----------
    about : {"format", "capture", "encoding", "delimiter", "decimal", "time_column", "time_unit", \
"date_form", "started_at", "sampling_rate", "unit", "gravity", "placement"}
        What was decided.
    value : str
        What it was decided to be, as a name or a number with its unit.
    how : {"said", "named", "told", "guessed"}
        How it was reached: said by the user, named by the file, told by the data, or guessed.
    why : Note or None
        The grounds, such as columns that were passed over.

    Raises
    ------
    InvalidInputError
        If ``about`` or ``how`` is none of these.

    Examples
    --------
    >>> ReadingDecision("unit", "g", "named").how
    'named'
    """

    about: About
    value: str
    how: How
    why: Note | None = None

    def __post_init__(self) -> None:
        for name, kind in (("about", About), ("how", How)):
            if getattr(self, name) not in get_args(kind):
                raise InvalidInputError(
                    f"{name} is {getattr(self, name)!r}; give one of {', '.join(get_args(kind))}"
                )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON object of the decision, its grounds as a code with values."""
        why = None if self.why is None else self.why.to_dict()
        return {"about": self.about, "value": self.value, "how": self.how, "why": why}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_dict` returned."""
        why = record.get("why")
        return cls(
            record["about"],
            record["value"],
            record["how"],
            None if why is None else Note.from_dict(why),
        )
