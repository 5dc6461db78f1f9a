"""The first lines of a text table: its encoding, lines, and the kinds that hold no acceleration.

Which format they are of is `tremor.formats.csv.sniffing`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tremor.errors import CaptureNotRecognisedError, CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import BLANKS, is_number, split_line
from tremor.formats.csv.dialects import REFUSALS
from tremor.formats.csv.native import FIRST_LINE
from tremor.formats.foreign import refuse_bytes
from tremor.printable import printable
from tremor.recording import AXES
from tremor.settings import TABLE_BOUNDS

__all__ = ["MOST_LINES_BEFORE", "Head", "header_lines", "keys_of", "read_head", "rows_of"]

#: A header or a preamble ends within so many lines; that of a GENEActiv has a hundred.
MOST_LINES_BEFORE: Final = 120
#: Of a longer line, only the beginning is searched by patterns.
_LONGEST_SEARCHED: Final = 1000
#: So much of the first lines tells kinds of files apart.
_SIGNATURE_LINES: Final = 40
_KEY: Final = re.compile(r"[\w ]+")


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of a text table.

    Parameters
    ----------
    lines : list of str
        Whole lines, without their ends.
    encoding : str
        Encoding of the text.
    """

    lines: list[str]
    encoding: str

    def above(self, n_lines: int) -> str:
        """Return the text of so many lines, each of a length that can be searched by patterns."""
        shown = self.lines[: min(n_lines, MOST_LINES_BEFORE)]
        return "\n".join(line[:_LONGEST_SEARCHED] for line in shown)

    @property
    def signature(self) -> str:
        """Return the text in which formats are told apart."""
        return self.above(_SIGNATURE_LINES)


def read_head(capture: CaptureFile) -> Head:
    """Read the first lines of a text table.

    Parameters
    ----------
    capture : CaptureFile
        Where its bytes are.

    Returns
    -------
    Head
        From its first 64 kB.

    Raises
    ------
    CaptureReadError
        If it is empty.
    CaptureNotRecognisedError
        If it is no table of text, or of a kind that holds no acceleration.
    """
    with capture.open() as stream:
        head = stream.read(TABLE_BOUNDS.head_bytes)
    if not head.strip():
        raise CaptureReadError(f"{capture.name} is empty; record or export it again")
    foreign = refuse_bytes(head)
    if foreign is not None:
        raise CaptureNotRecognisedError(f"{capture.name} {foreign}")
    text, encoding = _decode(head, capture)
    if not text.strip():
        raise CaptureReadError(f"{capture.name} is empty; record or export it again")
    lines = _lines_of(text)
    if len(head) == TABLE_BOUNDS.head_bytes:
        lines = lines[:-1]  # the last one may be truncated
    if not lines:
        raise CaptureNotRecognisedError(
            f"{capture.name} is not recognised: its first line has more than "
            f"{TABLE_BOUNDS.head_bytes} bytes; export it as CSV with a row a line"
        )
    found = Head(lines, encoding)
    for refusal in REFUSALS:
        if re.search(refusal.pattern, found.signature):
            raise CaptureNotRecognisedError(f"{capture.name} {refusal.reason}")
    return found


def _lines_of(text: str) -> list[str]:
    """Split a text at the ends of lines that the parser knows, and at no other sign."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def _decode(head: bytes, capture: CaptureFile) -> tuple[str, str]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="ignore"), "utf-16"
    if head.startswith(FIRST_LINE.encode()):
        head = head.replace(b"\x00", b"")  # a power cut leaves zeros in the place of the last rows
    control = sum(head.count(bytes([code])) for code in (*range(9), *range(14, 32)))
    if b"\x00" in head or control > 0.01 * len(head):
        raise CaptureNotRecognisedError(
            f"{capture.name} is binary, not a table of text (first bytes {head[:8].hex(' ')}); "
            "export it as CSV"
        )
    try:
        return head.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4 and len(head) == TABLE_BOUNDS.head_bytes:
            return head.decode("utf-8-sig", errors="ignore"), "utf-8-sig"
    try:
        return head.decode("gbk"), "gbk"
    except UnicodeDecodeError:
        return head.decode("latin-1"), "latin-1"


def keys_of(lines: list[str]) -> dict[str, str]:
    """Return the ``# key: value`` lines among the first ones."""
    keys: dict[str, str] = {}
    for line in lines[:MOST_LINES_BEFORE]:
        # Cut at fixed signs: one pattern for a whole line tries every way to share out its blanks.
        key, colon, value = line.partition(":")
        key, value = key.removeprefix("#").strip(), value.rstrip(" \t,;").lstrip()
        if colon and value and line.startswith("#") and _KEY.fullmatch(key):
            keys[key] = printable(value)
    return keys


def header_lines(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield lines that could be a header: three or more names, few of them numbers.

    Parameters
    ----------
    lines : list of str
        The first lines.
    delimiter : str
        Separator of cells.

    Yields
    ------
    tuple of (int, list of str)
        Number of the line from 0, and its cells.
    """
    for number, line in enumerate(lines[:MOST_LINES_BEFORE]):
        if delimiter not in line:
            continue
        if line.startswith("#"):
            if not _is_above_numbers(lines, number, delimiter):
                continue
            line = line.lstrip("# ")
        try:
            names = split_line(line, delimiter)
        except csv.Error:
            continue
        named = [name for name in names if name.strip() and not is_number(name)]
        if len(named) >= len(AXES) and len(named) >= 0.8 * len([n for n in names if n.strip()]):
            yield number, names


def _is_above_numbers(lines: list[str], number: int, delimiter: str) -> bool:
    """Check whether the next line has as many cells as a line, and all are numbers."""
    if number + 1 >= len(lines):
        return False
    cells = split_line(lines[number + 1], delimiter)
    n_names = len(split_line(lines[number].lstrip("# "), delimiter))
    return len(cells) == n_names and all(map(is_number, cells))


def rows_of(lines: list[str], delimiter: str, *, comment: str = "") -> list[list[str]]:
    """Return the cells of lines that are neither empty nor a comment.

    Parameters
    ----------
    lines : list of str
        Lines of a table.
    delimiter : str
        Separator of cells.
    comment : str
        What begins a comment, also behind the cells of a row; empty if nothing does.

    Returns
    -------
    list of list of str
        Up to the first line that cannot be split.
    """
    rows: list[list[str]] = []
    for line in lines:
        text = line.split(comment, 1)[0] if comment else line
        if not text.strip():
            continue
        try:
            rows.append(split_line(text.strip() if delimiter == BLANKS else text, delimiter))
        except csv.Error:
            break
    return rows
