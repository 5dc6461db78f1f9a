"""Frames out of a stream of bytes that is cut into notifications anywhere.

A frame starts with a header, has a fixed length and no checksum, and its header may turn up
inside its data as well. What frames mean is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["Frame", "Framer"]

#: Frames in a row, at one distance, that make a cadence.
_CADENCE: Final = 3
#: So many suffice where they end with the notification, as whole frames do.
_CADENCE_AT_END: Final = 2
#: Bytes that are held while no cadence is found.
_MOST_HELD: Final = 1024

_NO_REPLIES: Final[Mapping[bytes, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a stream.

    Parameters
    ----------
    data : bytes
        All of it, header included.
    n_skipped : int
        Bytes between the frame before and this one that belong to no frame; 0 for the first frame
        of a connection, which nothing was before.
    """

    data: bytes
    n_skipped: int = 0


class Framer:
    """Cuts a stream into frames, and finds its way again after damage.

    Parameters
    ----------
    header : bytes
        What each frame starts with.
    sizes : sequence of int
        Lengths that a frame can have, bytes, shortest first; a connection has one of them, and
        the data of a longer frame begin as those of a shorter one.
    plausible : callable
        Whether some frames in a row can be real. Its second argument is whether they start with
        a notification, as frames of an undamaged stream mostly do.
    replies : mapping of bytes to int
        Headers and lengths of what else comes in the stream and is left out.

    Notes
    -----
    Frames that fill a notification from its start to its end are believed at once. Else three
    must follow each other at one distance, or two up to the end of a notification. After that
    each header must be where it belongs. Where it is not, the frame before lost its end and is
    left out, the search begins anew, and what was held back is cut into frames as soon as a
    cadence is found.

    Examples
    --------
    >>> framer = Framer(b"U", (4,), lambda frames, aligned: True)
    >>> [frame.data for frame in framer.feed(b"U123U1")]
    []
    >>> [frame.data for frame in framer.feed(b"56U789")]
    [b'U123', b'U156', b'U789']
    """

    def __init__(
        self,
        header: bytes,
        sizes: Sequence[int],
        plausible: Callable[[Sequence[bytes], bool], bool],
        *,
        replies: Mapping[bytes, int] = _NO_REPLIES,
    ) -> None:
        self._header = header
        self._sizes = tuple(sizes)
        self._plausible = plausible
        self._replies = replies
        self.n_skipped_bytes = 0
        self.restart()

    def restart(self) -> None:
        """Forget what is held and how long a frame is: another connection begins."""
        self._buffer = b""
        self._size: int | None = None
        self._is_sure = False
        self._n_in_row = 0
        self._any = False
        self._skipped_since = 0

    @property
    def size(self) -> int | None:
        """Give the length of a frame on this connection; None while it is unknown."""
        return self._size

    def feed(self, data: bytes) -> list[Frame]:
        """Take a notification.

        Parameters
        ----------
        data : bytes
            As received.

        Returns
        -------
        list of Frame
            Those that are whole now.
        """
        self._notified = len(self._buffer)
        self._buffer += data
        frames: list[Frame] = []
        while self._advance(frames):
            pass
        return frames

    def _advance(self, frames: list[Frame]) -> bool:
        """Do one step; whether another may follow."""
        if len(self._buffer) < len(self._header):
            return False
        if self._at_reply():
            return True
        if self._size is None:
            return self._find()
        if self._buffer.startswith(self._header):
            if len(self._buffer) < self._size:
                return False
            if self._is_sure and not self._goes_on(self._size):
                self._size = None  # it lost its end, and what fills it is of the frame after
                return self._find()
            self._is_sure = self._is_sure or self._n_in_row > 0
            self._n_in_row += 1
            frames.append(Frame(self._buffer[: self._size], self._skipped_since))
            self._skipped_since = 0
            self._any = True
            self._drop(self._size)
            return True
        return self._longer()

    def _goes_on(self, at: int) -> bool:
        """Whether what follows, if it is there already, can be the next frame or a reply."""
        return any(
            start.startswith(self._buffer[at : at + len(start)])
            for start in (self._header, *self._replies)
        )

    def _at_reply(self) -> bool:
        # Replies come between frames: where a frame may start, or alone in a notification.
        if self._size is None and not (self._notified == 0 and self._is_reply_alone()):
            return False
        size = self._reply_size()
        if size is None or len(self._buffer) < size:
            return False
        self._drop(size)
        return True

    def _reply_size(self) -> int | None:
        return next(
            (size for header, size in self._replies.items() if self._buffer.startswith(header)),
            None,
        )

    def _is_reply_alone(self) -> bool:
        return len(self._buffer) == self._reply_size()

    def _longer(self) -> bool:
        """Where only one length was seen at work once, the frames may be longer ones."""
        assert self._size is not None
        if self._reply_size() is not None:
            return False  # the rest of a reply is still to come
        if not self._is_sure:
            for size in self._sizes:
                extra = size - self._size
                if extra <= 0:
                    continue
                if len(self._buffer) < extra + len(self._header):
                    return False
                if self._buffer.startswith(self._header, extra):
                    self._size, self._is_sure = size, True
                    self._drop(extra)
                    return True
        self._size = None
        return True

    def _find(self) -> bool:
        found = self._aligned() or self._cadence()
        if found is None:
            self._skip(max(0, len(self._buffer) - _MOST_HELD))
            return False
        start, self._size = found
        self._is_sure, self._n_in_row = False, 0
        self._skip(start)
        return True

    def _aligned(self) -> tuple[int, int] | None:
        start = self._notified
        n_bytes = len(self._buffer) - start
        if start < 0 or not n_bytes:
            return None
        for size in self._sizes:
            if n_bytes % size == 0 and self._run(start, size) == n_bytes // size:
                frames = self._frames(start, size, n_bytes // size)
                if self._plausible(frames, True):
                    return self._back(start, size), size
        return None

    def _back(self, start: int, size: int) -> int:
        """Give where frames begin that were held back and end where these start."""
        while start >= size and self._buffer.startswith(self._header, start - size):
            start -= size
        return start

    def _cadence(self) -> tuple[int, int] | None:
        start = self._buffer.find(self._header)
        while start >= 0:
            for size in self._sizes:
                run = self._run(start, size)
                at_end = start + run * size == len(self._buffer)
                if run >= (_CADENCE_AT_END if at_end else _CADENCE) and self._plausible(
                    self._frames(start, size, run), start == self._notified
                ):
                    return start, size
            start = self._buffer.find(self._header, start + 1)
        return None

    def _run(self, start: int, size: int) -> int:
        """Count whole frames of this length that follow each other from here on."""
        run = 0
        while start + size <= len(self._buffer) and self._buffer.startswith(self._header, start):
            run += 1
            start += size
        return run

    def _frames(self, start: int, size: int, n: int) -> list[bytes]:
        return [self._buffer[start + k * size : start + (k + 1) * size] for k in range(n)]

    def _skip(self, n_bytes: int) -> None:
        self.n_skipped_bytes += n_bytes
        if self._any:
            self._skipped_since += n_bytes
        self._drop(n_bytes)

    def _drop(self, n_bytes: int) -> None:
        self._buffer = self._buffer[n_bytes:]
        self._notified -= n_bytes
