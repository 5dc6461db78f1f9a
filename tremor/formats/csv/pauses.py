"""Pauses of a recording that its stamps do not count, from a file beside its samples.

Which file lists them is in the table of formats.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from tremor.arrays import Floats
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import is_number
from tremor.formats.csv.sniffing import TableLayout
from tremor.settings import STAMP_ORDER

__all__ = ["Pauses", "read_pauses"]

#: A longer list is none of starts and pauses.
_MOST_BYTES: Final = 256 * 1024


@dataclass(frozen=True, eq=False, slots=True)
class Pauses:
    """When a recording went on, and how long it had paused.

    Parameters
    ----------
    resumed_s : ndarray, shape (n,)
        Stamps at which it went on, s.
    paused_s : ndarray, shape (n,)
        Length of the pause before, s.
    started_s : float
        Wall time of stamp 0, s since 1970.
    """

    resumed_s: Floats
    paused_s: Floats
    started_s: float

    def added_s(self, stamps_s: Floats) -> Floats:
        """Return how long the recording had paused before each stamp, s.

        Parameters
        ----------
        stamps_s : ndarray, shape (n,)
            As the file writes them, s.
        """
        total_s = np.concatenate(([0.0], np.cumsum(self.paused_s)))
        return np.asarray(total_s[np.searchsorted(self.resumed_s, stamps_s, side="right")])


def read_pauses(capture: CaptureFile, layout: TableLayout) -> Pauses | None:
    """Read the list of starts and pauses beside a capture.

    Parameters
    ----------
    capture : CaptureFile
        The samples, in a folder, an archive, or a file of its own.
    layout : TableLayout
        Its format names the list.

    Returns
    -------
    Pauses or None
        None if there is no list, or it cannot be understood.
    """
    member = layout.format.pauses_member
    text = _text_beside(capture, member) if member else None
    if text is None:
        return None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    events = []
    for row in csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True):
        if len(row) >= 3 and is_number(row[1]) and is_number(row[2]):
            at_s, wall_s = (float(cell.replace(",", ".")) for cell in row[1:3])
            events.append((row[0].strip().upper(), at_s, wall_s))
    starts = [event for event in events if event[0] == "START"]
    if not starts:
        return None
    resumed, paused = [], []
    for before, event in pairwise(events):
        if before[0] == "PAUSE" and event[0] == "START":
            length_s = (event[2] - before[2]) - (event[1] - before[1])
            if length_s > STAMP_ORDER.least_pause_s:
                resumed.append(event[1])
                paused.append(length_s)
    return Pauses(np.array(resumed), np.array(paused), starts[0][2] - starts[0][1])


def _text_beside(capture: CaptureFile, member: str) -> str | None:
    """Return the text of a file beside a capture; None if there is none."""
    try:
        if capture.path.is_dir():
            text = (capture.path / member).read_bytes()[:_MOST_BYTES]
        elif capture.is_a_file:
            text = (capture.path.parent / member).read_bytes()[:_MOST_BYTES]
        else:
            own = PurePosixPath(capture.name.removeprefix(f"{capture.path.name}:"))
            beside = str(own.parent / member)
            with zipfile.ZipFile(capture.path) as archive, archive.open(beside) as stream:
                text = stream.read(_MOST_BYTES)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    return text.decode("utf-8-sig", errors="replace")
