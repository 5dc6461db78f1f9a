"""The text of a capture, cut into blocks of lines that are parsed side by side.

Bytes in, tables of cells out, in order; what the cells mean is `tremor.formats.rows`.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.cells import quoted
from tremor.formats.sniffing import Sniffed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["chunks"]

_CHUNK_ROWS: Final = 250_000
#: Blocks of text that are parsed at the same time as others.
_BLOCK_BYTES: Final = 4 * 1024 * 1024
_PARSERS: Final = 2


def chunks(capture: CaptureFile, found: Sniffed) -> Iterator[pd.DataFrame]:
    """Parse the columns of time and acceleration, in the order of the file.

    Parameters
    ----------
    capture : CaptureFile
        Where the bytes are.
    found : Sniffed
        Which columns hold what, and how numbers are written.

    Yields
    ------
    DataFrame
        The next rows; columns are called by their number in the file. A column with a cell that
        is no number holds text.

    Raises
    ------
    CaptureReadError
        Where a line has more cells than the table.
    """
    import pandas as pd

    try:
        if found.encoding == "utf-16":
            with capture.open() as stream:
                frames = _frames(stream, found, skip=found.n_lines_before, rows=_CHUNK_ROWS)
                yield from cast("Iterator[pd.DataFrame]", frames)
        else:
            yield from _parsed_together(capture, found)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CaptureReadError(
            f"{capture.name} cannot be read as a table: {quoted(str(error), 120)}; "
            "repair that line or export it again"
        ) from error


def _parsed_together(capture: CaptureFile, found: Sniffed) -> Iterator[pd.DataFrame]:
    """Parse blocks of lines in threads, and give them in order."""

    def parse(block: bytes, is_first: bool) -> pd.DataFrame:
        skip = found.n_lines_before if is_first else 0
        # To look for spaces costs the parser a sixth of its time.
        spaced = b" " in block
        frame = _frames(io.BytesIO(block), found, skip=skip, rows=None, spaced=spaced)
        return cast("pd.DataFrame", frame)

    waiting: deque[Future[pd.DataFrame]] = deque()
    with ThreadPoolExecutor(_PARSERS) as parsers, capture.open() as stream:
        for number, block in enumerate(_blocks(stream)):
            waiting.append(parsers.submit(parse, block, number == 0))
            if len(waiting) > _PARSERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Cut a file into blocks that end with a line, and never within quotes."""
    held: list[bytes] = []
    n_quotes = 0
    while piece := stream.read(_BLOCK_BYTES):
        at = piece.rfind(b"\n") + 1
        has_quotes = b'"' in piece
        n_within = piece.count(b'"', 0, at) if has_quotes else 0
        if not at or (n_quotes + n_within) % 2:
            held.append(piece)
            n_quotes += piece.count(b'"')
            continue
        yield b"".join([*held, piece[:at]])
        held = [piece[at:]]
        n_quotes = piece.count(b'"', at) if has_quotes else 0
    rest = b"".join(held)
    if rest.strip():
        yield rest


def _frames(
    stream: BinaryIO, found: Sniffed, *, skip: int, rows: int | None, spaced: bool = True
) -> pd.DataFrame | Iterable[pd.DataFrame]:
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
        skipinitialspace=spaced,
        comment="#",
        encoding=found.encoding,
        encoding_errors="replace",
        chunksize=rows,
        low_memory=False,
        engine="c",
    )
    return parsed
