"""How much a page in a browser may ask of the program that serves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["APP_BOUNDS", "AppBounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppBounds:
    """What the local page may send, and how much of it is kept."""

    most_upload_bytes: int = calibrated(
        512 * 1024 * 1024,
        "bytes",
        "size of a capture that is dropped: an hour at 400 Hz as text has 100 MB",
        source=JUDGEMENT,
    )
    most_captures: int = calibrated(
        8,
        "1",
        "dropped captures that are kept at once; the oldest gives way to the next",
        source=JUDGEMENT,
    )
    most_form_bytes: int = calibrated(
        64 * 1024,
        "bytes",
        "size of a form: an answer is a line, and a layout names some columns",
        source=JUDGEMENT,
    )
    most_listeners: int = calibrated(
        16,
        "1",
        "pages that are kept up to date at once: a computer and some telephones",
        source=JUDGEMENT,
    )
    most_commands: int = calibrated(
        32,
        "1",
        "commands that wait for the session, which takes them 20 times a second",
        source=JUDGEMENT,
    )
    most_notes: int = calibrated(
        60,
        "1",
        "sentences of a session that the page repeats after it is loaded again",
        source=JUDGEMENT,
    )
    show_interval_s: float = calibrated(
        0.25,
        "s",
        "between two states that are sent; a new window is sent at once",
        source="derived: as often as the block on a terminal is drawn",
    )
    words_interval_s: float = calibrated(
        4.0,
        "s",
        "between two sentences for a screen reader: as long as one takes to say",
        source=JUDGEMENT,
    )
    values_interval_s: float = calibrated(
        20.0,
        "s",
        "between two times that a screen reader says the values, where no sentence is to be said",
        source=JUDGEMENT,
    )
    away_s: float = calibrated(
        10.0,
        "s",
        "a page that is loaded again is back by then; after it nobody can be asked",
        source=JUDGEMENT,
    )


APP_BOUNDS: Final = AppBounds()
