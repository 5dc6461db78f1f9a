"""The text of a capture, cut into blocks of lines; a long file's are parsed side by side.

Bytes in, tables of cells out, in order; what the cells mean is `tremor.formats.csv.rows`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar, cast

from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import quoted
from tremor.formats.csv.sniffing import Sniffed
from tremor.parallel import side_by_side

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Block", "CutInQuotesError", "chunks", "cut"]

_CHUNK_ROWS: Final = 250_000
_BLOCK_BYTES: Final = 4 * 1024 * 1024
#: A file of fewer blocks is parsed one after the other.
_LEAST_BLOCKS: Final = 8
#: What is left at the end and is no longer than this goes with the block before.
_LEAST_BYTES: Final = 4096
#: A block whose last bytes are these is taken for one of numbers only.
_NUMERIC: Final = b"0123456789+-.eE,;\t\r\n"
_LOOKED_AT_BYTES: Final = 4096

_Result = TypeVar("_Result")


class CutInQuotesError(Exception):
    """A line ends within quotes, so that a file cannot be cut there."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a file.

    Parameters
    ----------
    begin, end : int
        Bytes of the file.
    at_row : int
        A row of the capture that is certainly not before the first of the block, and so that
        there is room for its rows until the next block's.
    """

    begin: int
    end: int
    at_row: int


def cut(capture: CaptureFile, found: Sniffed) -> list[Block]:
    """Cut a long file into blocks that end with a line.

    Parameters
    ----------
    capture : CaptureFile
        Where the bytes are.
    found : Sniffed
        How many cells a line has.

    Returns
    -------
    list of Block
        None of a short file or of what has to be read from its start.
    """
    if not capture.is_a_file or found.encoding == "utf-16":
        return []
    size = capture.path.stat().st_size
    if size < _LEAST_BLOCKS * _BLOCK_BYTES:
        return []
    blocks: list[Block] = []
    with capture.open() as stream:
        begin = 0
        while begin < size:
            stream.seek(begin + _BLOCK_BYTES)
            stream.readline()
            end = stream.tell() if size - stream.tell() > _LEAST_BYTES else size
            # A line has a byte a cell at least: the delimiters and its end.
            blocks.append(Block(begin, end, begin // found.n_fields))
            begin = end
    return blocks


def chunks(
    capture: CaptureFile,
    found: Sniffed,
    blocks: Sequence[Block],
    *,
    then: Callable[[pd.DataFrame, int | None], _Result],
    progress: Callable[[float], object] | None = None,
) -> Iterator[_Result]:
    """Parse the columns of time and acceleration, in the order of the file.

    Parameters
    ----------
    capture : CaptureFile
        Where the bytes are.
    found : Sniffed
        Which columns hold what, and how numbers are written.
    blocks : sequence of Block
        As `cut` gives them.
    then : callable
        What is done with the next rows, and with the row that their block may begin at, where they
        were parsed: maybe in another process. Columns are called by their number in the file; one
        with a cell that is no number holds text.
    progress : callable, optional
        Told the share of the blocks that is parsed.

    Yields
    ------
    object
        What `then` gives, in the order of the rows.

    Raises
    ------
    CaptureReadError
        Where a line has more cells than the table.
    CutInQuotesError
        Where `blocks` must not be used.
    """
    import pandas as pd

    if blocks:
        jobs = [partial(_of_block, capture, found, one, then) for one in blocks]
        yield from side_by_side(jobs, progress=progress)
        return
    with capture.open() as stream:
        if found.encoding == "utf-16":
            frames = _frames(stream, found, skip=found.n_lines_before, rows=_CHUNK_ROWS)
            try:
                for frame in cast("Iterator[pd.DataFrame]", frames):
                    yield then(frame, None)
            except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
                raise _unreadable(capture, error) from error
            return
        is_first = True
        for text in _texts(stream):
            yield then(_table_of(capture, found, text, is_first), None)
            is_first = False


def _of_block(
    capture: CaptureFile,
    found: Sniffed,
    block: Block,
    then: Callable[[pd.DataFrame, int | None], _Result],
) -> _Result:
    with capture.open() as stream:
        stream.seek(block.begin)
        text = stream.read(block.end - block.begin)
    if text.count(b'"') % 2:
        raise CutInQuotesError
    return then(_table_of(capture, found, text, block.begin == 0), block.at_row)


def _texts(stream: BinaryIO) -> Iterator[bytes]:
    """Cut a stream into texts that end with a line, and never within quotes."""
    held = b""
    n_quotes = 0
    while piece := b"".join((stream.read(_BLOCK_BYTES), stream.readline())):
        # The last line may be cut off, and alone would not be a line of the table.
        if held and n_quotes % 2 == 0 and len(piece) > _LEAST_BYTES:
            yield held
            held = b""
        held = held + piece if held else piece
        n_quotes += piece.count(b'"')
    if held.strip():
        yield held


def _table_of(capture: CaptureFile, found: Sniffed, text: bytes, is_first: bool) -> pd.DataFrame:
    import pandas as pd

    skip = found.n_lines_before if is_first else 0
    # To look for what is not there costs the parser a third of its time.
    is_plain = not (b" " in text or b"#" in text)
    is_plain = is_plain and not text[-_LOOKED_AT_BYTES:].translate(None, _NUMERIC)
    try:
        if is_plain:
            frame = cast("pd.DataFrame", _frames(io.BytesIO(text), found, skip=skip, plain=True))
            if all(dtype.kind in "iuf" for dtype in frame.dtypes):
                return frame
        return cast("pd.DataFrame", _frames(io.BytesIO(text), found, skip=skip))
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _unreadable(capture, error) from error


def _unreadable(capture: CaptureFile, error: Exception) -> CaptureReadError:
    return CaptureReadError(
        f"{capture.name} cannot be read as a table: {quoted(str(error), 120)}; "
        "repair that line or export it again"
    )


def _frames(
    stream: BinaryIO, found: Sniffed, *, skip: int, rows: int | None = None, plain: bool = False
) -> pd.DataFrame | Iterable[pd.DataFrame]:
    """Parse a table; a plain one has neither spaces nor comments, and no cell is empty."""
    import pandas as pd

    matched = found.columns
    timed = () if matched.time is None else (matched.time,)
    parsed: pd.DataFrame | Iterable[pd.DataFrame] = pd.read_csv(
        stream,
        sep=found.delimiter,
        decimal=found.decimal,
        header=None,
        names=list(range(found.n_fields)),
        usecols=sorted({*timed, *matched.axes, *matched.added}),
        index_col=False,
        skiprows=skip,
        skip_blank_lines=True,
        skipinitialspace=not plain,
        comment=None if plain else "#",
        na_filter=not plain,
        encoding=found.encoding,
        encoding_errors="replace",
        chunksize=rows,
        low_memory=False,
        engine="c",
    )
    return parsed
