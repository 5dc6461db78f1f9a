"""Text to tables of cells, in chunks; the blocks of a long file are parsed in parallel.

What the cells mean is `tremor.formats.csv.rows`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar, cast

from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import BLANKS, quoted
from tremor.formats.csv.sniffing import TableLayout
from tremor.formats.csv.widths import refuse_wide_lines
from tremor.parallel import run_jobs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Block", "SplitInQuotesError", "parse_chunks", "split_blocks"]

_CHUNK_ROWS: Final = 250_000
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

_Result = TypeVar("_Result")


class SplitInQuotesError(Exception):
    """A line ends within quotes, so that the file cannot be split there."""


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
    size = capture.n_bytes
    if size < _LEAST_BLOCKS * _BLOCK_BYTES:
        return []
    blocks: list[Block] = []
    with capture.open() as stream:
        begin = 0
        while begin < size:
            stream.seek(begin + _BLOCK_BYTES)
            stream.readline()
            end = stream.tell() if size - stream.tell() > _LEAST_BYTES else size
            # A line has at least one byte a cell: the delimiters and its end.
            blocks.append(Block(begin, end, begin // layout.n_fields))
            begin = end
    return blocks


def parse_chunks(
    capture: CaptureFile,
    layout: TableLayout,
    blocks: Sequence[Block],
    *,
    convert: Callable[[pd.DataFrame, int | None], _Result],
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
    import pandas as pd

    if blocks:
        jobs = [partial(_parse_block, capture, layout, one, convert) for one in blocks]
        yield from run_jobs(jobs, progress=progress)
        return
    with capture.open() as stream:
        if layout.encoding == "utf-16":
            frames = _frames(stream, layout, skip=layout.n_lines_before, rows=_CHUNK_ROWS)
            try:
                for frame in cast("Iterator[pd.DataFrame]", frames):
                    yield convert(_of_source(frame, layout), None)
            except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
                raise _unreadable(capture, error) from error
            return
        is_first = True
        for text in _split_stream(stream):
            yield convert(_parse_text(capture, layout, text, is_first), None)
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


def _split_stream(stream: BinaryIO) -> Iterator[bytes]:
    """Split a stream into texts that end with a line, and never within quotes."""
    held = b""
    n_quotes = 0
    while lines := b"".join((stream.read(_BLOCK_BYTES), stream.readline())):
        # A truncated last line by itself would not parse as a row of the table.
        if held and n_quotes % 2 == 0 and len(lines) > _LEAST_BYTES:
            yield held
            held = b""
        held = held + lines if held else lines
        n_quotes += lines.count(b'"') if b'"' in lines else 0
    if held.strip():
        yield held


def _parse_text(
    capture: CaptureFile, layout: TableLayout, text: bytes, is_first: bool
) -> pd.DataFrame:
    import pandas as pd

    skip = layout.n_lines_before if is_first else 0
    if not layout.format.declares_facts and layout.delimiter != BLANKS:
        refuse_wide_lines(
            capture, text, skip=skip, delimiter=layout.delimiter, most=layout.n_fields
        )
    # Looking for spaces and comments costs the parser a third of its time.
    numbers_only = not (b" " in text or b"#" in text)
    numbers_only = numbers_only and not text[-_TAIL_BYTES:].translate(None, _NUMERIC)
    try:
        if numbers_only:
            frame = cast(
                "pd.DataFrame", _frames(io.BytesIO(text), layout, skip=skip, numbers_only=True)
            )
            if all(dtype.kind in "iuf" for dtype in frame.dtypes):
                return _of_source(frame, layout)
        frame = cast("pd.DataFrame", _frames(io.BytesIO(text), layout, skip=skip))
        return _of_source(frame, layout)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _unreadable(capture, error) from error


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


def _frames(
    stream: BinaryIO,
    layout: TableLayout,
    *,
    skip: int,
    rows: int | None = None,
    numbers_only: bool = False,
) -> pd.DataFrame | Iterable[pd.DataFrame]:
    """Parse a table; ``numbers_only`` excludes spaces, comments and empty cells."""
    import pandas as pd

    matched = layout.columns
    counted = () if matched.counter is None else (matched.counter,)
    timed = () if matched.time is None else (matched.time,)
    # Whatever could change a number is stated, so that no default of pandas decides it.
    parsed: pd.DataFrame | Iterable[pd.DataFrame] = pd.read_csv(
        stream,
        sep=r"\s+" if layout.delimiter == BLANKS else layout.delimiter,
        decimal=layout.decimal,
        header=None,
        names=list(range(layout.n_fields)),
        usecols=sorted({*timed, *counted, *matched.axes, *matched.added, *_source_column(layout)}),
        index_col=False,
        skiprows=skip,
        skip_blank_lines=True,
        skipinitialspace=not numbers_only,
        comment=None if numbers_only else layout.format.comment,
        na_filter=not numbers_only,
        encoding=layout.encoding,
        encoding_errors="replace",
        chunksize=rows,
        low_memory=False,
        engine="c",
    )
    return parsed
