"""Text to tables of cells, in chunks; the blocks of a long file are parsed in parallel.

What the cells mean is `tremor.formats.csv.rows`.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

import numpy as np

from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import BLANKS, quoted
from tremor.formats.csv.cut_line import without_cut_line
from tremor.formats.csv.sniffing import TableLayout
from tremor.formats.csv.widths import refuse_wide_lines
from tremor.parallel import run_jobs
from tremor.settings import TABLE_BOUNDS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Block", "Ending", "SplitInQuotesError", "parse_chunks", "split_blocks"]

#: The text and the numbers of a block stay in the cache of a processor: blocks of 4 MiB take a
#: seventh more time.
_BLOCK_BYTES: Final = 1024 * 1024
#: The blocks of a shorter file are parsed one after the other.
_LEAST_BLOCKS: Final = 32
#: A shorter remainder at the end joins the block before.
_LEAST_BYTES: Final = 4096
#: A block whose last bytes are all among these is first parsed as numbers only.
_NUMERIC: Final = b"0123456789+-.eE,;\t\r\n"
_TAIL_BYTES: Final = 4096
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")

_Result = TypeVar("_Result")


class SplitInQuotesError(Exception):
    """A line ends within quotes, so that the file cannot be split there."""


@dataclass(slots=True)
class Ending:
    """How the text ends, known when all of it is parsed.

    Parameters
    ----------
    is_cut : bool
        Whether its last line may be cut, and was left out.
    """

    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive lines of a file.

    Parameters
    ----------
    begin, end : int
        Byte positions in the file.
    at_row : int
        Row position of the block in a `RowStore`, chosen so that blocks never overlap.
    """

    begin: int
    end: int
    at_row: int


def split_blocks(capture: CaptureFile, layout: TableLayout) -> list[Block]:
    """Split a long file into blocks that end with a line.

    Parameters
    ----------
    capture : CaptureFile
        Where the bytes are.
    layout : TableLayout
        Number of cells in a line.

    Returns
    -------
    list of Block
        Empty for a short file, and for one that must be read from its start.
    """
    if not capture.is_a_file or layout.encoding == "utf-16":
        return []
    size = capture.path.stat().st_size
    if size < _LEAST_BLOCKS * _BLOCK_BYTES:
        return []
    blocks: list[Block] = []
    with capture.open() as stream:
        begin = 0
        while begin < size:
            stream.seek(begin + _BLOCK_BYTES)
            line = stream.readline(TABLE_BOUNDS.longest_line_bytes)
            if len(line) == TABLE_BOUNDS.longest_line_bytes:
                return []  # too long, or ended by a carriage return: read from the start
            end = stream.tell() if size - stream.tell() > _LEAST_BYTES else size
            # A line has at least one byte a cell: the delimiters and its end.
            blocks.append(Block(begin, end, begin // layout.n_fields))
            begin = end
        last = blocks[-1]
        stream.seek(last.begin)
        n_whole = len(without_cut_line(stream.read(last.end - last.begin), layout))
    return [*blocks[:-1], replace(last, end=last.begin + n_whole)]


def parse_chunks(
    capture: CaptureFile,
    layout: TableLayout,
    blocks: Sequence[Block],
    *,
    convert: Callable[[pd.DataFrame, int | None], _Result],
    ending: Ending,
    progress: Callable[[float], object] | None = None,
) -> Iterator[_Result]:
    """Parse the columns of time and acceleration.

    Parameters
    ----------
    capture : CaptureFile
        Where the bytes are.
    layout : TableLayout
        Which columns hold what, and how numbers are written.
    blocks : sequence of Block
        Result of `split_blocks`.
    convert : callable
        Called with the parsed rows and the row position of their block, maybe in another process.
        Columns are named by their number in the file; one with a cell that is no number holds
        text.
    ending : Ending
        How the text ends is noted in it.
    progress : callable, optional
        Called with the share of the blocks that is parsed.

    Yields
    ------
    object
        Result of `convert`, in the order of the file.

    Raises
    ------
    CaptureReadError
        If a line has more cells than the table.
    SplitInQuotesError
        If the file cannot be split into these blocks.
    """
    if blocks:
        jobs = [partial(_parse_block, capture, layout, one, convert) for one in blocks]
        yield from run_jobs(jobs, progress=progress)
        ending.is_cut = blocks[-1].end < capture.path.stat().st_size
        return
    with capture.open() as stream:
        is_first = True
        for text, is_last in _split_stream(_pieces(stream, layout.encoding), capture):
            kept = without_cut_line(text, layout) if is_last else text
            ending.is_cut = len(kept) < len(text)
            yield convert(_parse_text(capture, layout, kept, is_first), None)
            is_first = False


def _parse_block(
    capture: CaptureFile,
    layout: TableLayout,
    block: Block,
    convert: Callable[[pd.DataFrame, int | None], _Result],
) -> _Result:
    with capture.open() as stream:
        stream.seek(block.begin)
        text = stream.read(block.end - block.begin)
    # Counting takes seven times as long as searching for one.
    if b'"' in text and text.count(b'"') % 2:
        raise SplitInQuotesError
    return convert(_parse_text(capture, layout, text, block.begin == 0), block.at_row)


def _pieces(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Yield the bytes of a stream, UTF-16 as UTF-8, so that an ASCII sign is one byte."""
    if encoding != "utf-16":
        yield from iter(partial(stream.read, _BLOCK_BYTES), b"")
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for piece in iter(partial(stream.read, _BLOCK_BYTES), b""):
        yield decoder.decode(piece).encode(errors="replace")


def _split_stream(pieces: Iterable[bytes], capture: CaptureFile) -> Iterator[tuple[bytes, bool]]:
    """Split a stream into texts that end with a line, and never within quotes; tell the last.

    Raises
    ------
    CaptureReadError
        If a line, or what follows a quotation mark, is longer than it may be.
    """
    ready = held = b""
    for piece in pieces:
        end = piece.rfind(b"\n") + 1 or piece.rfind(b"\r") + 1
        # Each byte is copied once.
        text, rest = b"".join((held, memoryview(piece)[:end])), piece[end:]
        if len(rest) > TABLE_BOUNDS.longest_line_bytes:
            raise CaptureReadError(
                f"{capture.name} has a line of more than {TABLE_BOUNDS.longest_line_bytes} bytes, "
                "as no row of samples is; export it again"
            )
        if not end or (b'"' in text and text.count(b'"') % 2):
            held = text + rest
            if len(held) > TABLE_BOUNDS.longest_quoted_bytes:
                raise CaptureReadError(
                    f"{capture.name} has a quotation mark that none closes; take it out or export "
                    "it again"
                )
            continue
        if ready:
            yield ready, False
        ready, held = text, rest
    # A truncated last line by itself would not parse as a row of the table.
    if ready and len(held) > _LEAST_BYTES:
        yield ready, False
        ready = b""
    if (ready + held).strip():
        yield ready + held, True


def _without_lines(text: bytes, n_lines: int) -> bytes:
    """Return a text without its first lines, whatever quotation marks are in them."""
    if not n_lines:
        return text
    last = next(islice(_LINE_END.finditer(text), n_lines - 1, None), None)
    return text[last.end() :] if last else b""


def _parse_text(
    capture: CaptureFile, layout: TableLayout, text: bytes, is_first: bool
) -> pd.DataFrame:
    import pandas as pd

    text = _without_lines(text, layout.n_lines_before) if is_first else text
    # Looking for spaces and comments costs the parser a third of its time.
    numbers_only = not (b" " in text or b"#" in text)
    numbers_only = numbers_only and not text[-_TAIL_BYTES:].translate(None, _NUMERIC)
    try:
        if numbers_only:
            frame = _frame(text, layout, numbers_only=True)
            if all(dtype.kind in "iuf" for dtype in frame.dtypes):
                # Counting is fast, and nearly all texts have as many as rows of full width do.
                is_sign = np.frombuffer(text, dtype=np.uint8) == ord(layout.delimiter)
                if np.count_nonzero(is_sign) != (layout.n_fields - 1) * len(frame):
                    _refuse_wide(capture, layout, text)
                return _of_source(frame, layout)
        _refuse_wide(capture, layout, text)
        return _of_source(_frame(text, layout), layout)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        _refuse_wide(capture, layout, text)
        raise _unreadable(capture, error) from error


def _refuse_wide(capture: CaptureFile, layout: TableLayout, text: bytes) -> None:
    if not layout.format.declares_facts and layout.delimiter != BLANKS:
        refuse_wide_lines(capture, text, delimiter=layout.delimiter, most=layout.n_fields)


def _source_column(layout: TableLayout) -> tuple[int, ...]:
    return () if layout.source is None else (layout.source[0],)


def _of_source(frame: pd.DataFrame, layout: TableLayout) -> pd.DataFrame:
    """Return the rows of the chosen device, without the column that names it."""
    if layout.source is None:
        return frame
    column, source = layout.source
    of_it = frame[column].astype("string").str.strip() == source
    return frame[of_it.fillna(value=False)].drop(columns=column)


def _unreadable(capture: CaptureFile, error: Exception) -> CaptureReadError:
    return CaptureReadError(
        f"{capture.name} cannot be read as a table: {quoted(str(error), 120)}; "
        "repair that line or export it again"
    )


def _frame(text: bytes, layout: TableLayout, *, numbers_only: bool = False) -> pd.DataFrame:
    """Parse a table; ``numbers_only`` excludes spaces, comments and empty cells."""
    import pandas as pd

    matched = layout.columns
    counted = () if matched.counter is None else (matched.counter,)
    timed = () if matched.time is None else (matched.time,)
    # Whatever could change a number is stated, so that no default of pandas decides it.
    parsed: pd.DataFrame = pd.read_csv(
        io.BytesIO(text),
        sep=r"\s+" if layout.delimiter == BLANKS else layout.delimiter,
        decimal=layout.decimal,
        header=None,
        names=list(range(layout.n_fields)),
        usecols=sorted({*timed, *counted, *matched.axes, *matched.added, *_source_column(layout)}),
        index_col=False,
        skip_blank_lines=True,
        skipinitialspace=not numbers_only,
        comment=None if numbers_only else layout.format.comment,
        na_filter=not numbers_only,
        encoding="utf-8" if layout.encoding == "utf-16" else layout.encoding,
        encoding_errors="replace",
        low_memory=False,
        engine="c",
    )
    return parsed
