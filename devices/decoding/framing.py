"""Finds frames in a byte stream whose notifications may begin and end anywhere.

A frame starts with a header, has a fixed length and no checksum, and its data may contain the
header too. The meaning of the frames is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["Frame", "Framer"]

#: Consecutive frames that establish synchronisation.
_N_TO_SYNC: Final = 3
#: Fewer suffice if they end with the notification, as complete frames do.
_N_TO_SYNC_AT_END: Final = 2
#: Bytes kept while there is no synchronisation.
_MAX_BUFFERED: Final = 1024

_NO_REPLIES: Final[Mapping[bytes, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a stream.

    Parameters
    ----------
    data : bytes
        Complete frame, header included.
    n_skipped : int
        Bytes between the previous frame and this one that belong to no frame; 0 for the first
        frame of a connection.
    is_pieced : bool
        Whether it began in an earlier notification than the one it ends in.
    """

    data: bytes
    n_skipped: int = 0
    is_pieced: bool = False


class Framer:
    """Splits a byte stream into frames, and resynchronises after damage.

    Parameters
    ----------
    header : bytes
        First bytes of every frame.
    sizes : sequence of int
        Possible lengths of a frame, bytes, ascending; constant during a connection. The data of
        a longer frame begin like those of a shorter one.
    plausible : callable
        Whether consecutive frames can be real. The second argument is whether they start with a
        notification, as frames of an undamaged stream mostly do.
    replies : mapping of bytes to int
        Headers and lengths of other messages in the stream, which are skipped.

    Attributes
    ----------
    n_skipped_bytes : int
        Bytes that belonged to no frame.

    Notes
    -----
    Frames that fill a notification exactly are accepted at once. Otherwise synchronisation needs
    three consecutive frames, or two that end with a notification. From then on each header must
    follow the previous frame; if it does not, the previous frame is truncated and discarded, and
    the search starts again. Bytes received meanwhile are kept and split once it succeeds.

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
        """Discard buffered bytes and the length of a frame: a new connection begins."""
        self._buffer = b""
        self._size: int | None = None
        self._is_confirmed = False
        self._n_consecutive = 0
        self._has_frame = False
        self._n_skipped = 0

    @property
    def size(self) -> int | None:
        """Length of a frame on this connection, bytes; None while it is unknown."""
        return self._size

    def feed(self, data: bytes) -> list[Frame]:
        """Add a notification.

        Parameters
        ----------
        data : bytes
            Notification as received.

        Returns
        -------
        list of Frame
            Frames that are complete now.
        """
        self._notification_start = len(self._buffer)
        self._buffer += data
        frames: list[Frame] = []
        while self._advance(frames):
            pass
        return frames

    def _advance(self, frames: list[Frame]) -> bool:
        """Process one frame, reply or search; return whether to continue."""
        if len(self._buffer) < len(self._header):
            return False
        if self._skip_reply():
            return True
        if self._size is None:
            return self._synchronise()
        if self._buffer.startswith(self._header):
            if len(self._buffer) < self._size:
                return False
            if self._is_confirmed and not self._may_continue_at(self._size):
                self._size = None  # it was truncated and contains bytes of the next frame
                return self._synchronise()
            self._is_confirmed = self._is_confirmed or self._n_consecutive > 0
            self._n_consecutive += 1
            is_pieced = 0 < self._notification_start < self._size
            frames.append(Frame(self._buffer[: self._size], self._n_skipped, is_pieced))
            self._n_skipped = 0
            self._has_frame = True
            self._drop(self._size)
            return True
        return self._try_longer_size()

    def _may_continue_at(self, at: int) -> bool:
        """Check whether the bytes there, as far as received, can start a frame or a reply."""
        return any(
            start.startswith(self._buffer[at : at + len(start)])
            for start in (self._header, *self._replies)
        )

    def _skip_reply(self) -> bool:
        # Replies come between frames: where a frame may start, or alone in a notification.
        if self._size is None and not (self._notification_start == 0 and self._is_reply_alone()):
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

    def _try_longer_size(self) -> bool:
        """Handle a missing header: after a single frame, the frames may be longer ones."""
        assert self._size is not None
        if self._reply_size() is not None:
            return False  # an incomplete reply
        if not self._is_confirmed:
            for size in self._sizes:
                extra = size - self._size
                if extra <= 0:
                    continue
                if len(self._buffer) < extra + len(self._header):
                    return False
                if self._buffer.startswith(self._header, extra):
                    self._size, self._is_confirmed = size, True
                    self._drop(extra)
                    return True
        self._size = None
        return True

    def _synchronise(self) -> bool:
        found = self._find_aligned() or self._find_consecutive()
        if found is None:
            self._skip(max(0, len(self._buffer) - _MAX_BUFFERED))
            return False
        start, self._size = found
        self._is_confirmed, self._n_consecutive = False, 0
        self._skip(start)
        return True

    def _find_aligned(self) -> tuple[int, int] | None:
        start = self._notification_start
        n_bytes = len(self._buffer) - start
        if start < 0 or not n_bytes:
            return None
        for size in self._sizes:
            if n_bytes % size == 0 and self._n_frames_at(start, size) == n_bytes // size:
                frames = self._frames(start, size, n_bytes // size)
                if self._plausible(frames, True):
                    return self._first_buffered(start, size), size
        return None

    def _first_buffered(self, start: int, size: int) -> int:
        """Return the start of the buffered frames that end where these frames start."""
        while start >= size and self._buffer.startswith(self._header, start - size):
            start -= size
        return start

    def _find_consecutive(self) -> tuple[int, int] | None:
        start = self._buffer.find(self._header)
        while start >= 0:
            for size in self._sizes:
                n = self._n_frames_at(start, size)
                at_end = start + n * size == len(self._buffer)
                if n >= (_N_TO_SYNC_AT_END if at_end else _N_TO_SYNC) and self._plausible(
                    self._frames(start, size, n), start == self._notification_start
                ):
                    return start, size
            start = self._buffer.find(self._header, start + 1)
        return None

    def _n_frames_at(self, start: int, size: int) -> int:
        """Count the complete frames of this length from here on."""
        n = 0
        while start + size <= len(self._buffer) and self._buffer.startswith(self._header, start):
            n += 1
            start += size
        return n

    def _frames(self, start: int, size: int, n: int) -> list[bytes]:
        return [self._buffer[start + k * size : start + (k + 1) * size] for k in range(n)]

    def _skip(self, n_bytes: int) -> None:
        self.n_skipped_bytes += n_bytes
        if self._has_frame:
            self._n_skipped += n_bytes
        self._drop(n_bytes)

    def _drop(self, n_bytes: int) -> None:
        self._buffer = self._buffer[n_bytes:]
        self._notification_start -= n_bytes
