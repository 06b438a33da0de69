"""The body of a request as a stream: the parser puts bytes in, the application's green thread reads them or waits."""

from collections import deque
from collections.abc import Callable, Iterator

from spruce.errors.http import BadRequest
from spruce.green import Waiter

__all__ = ["BodyIncomplete", "BodyStream"]


class BodyIncomplete(BadRequest):
    """The client has gone before the body of its request was complete."""

    description = "The connection was closed before the body was complete."


class BodyStream:
    """A file-like object, read once from start to end; reading waits until the bytes are there.

    `wanted()` is called when a reader is about to wait, so that the connection can ask the client for the body and go
    on reading. A body that ends early raises what `fail` was given, after the bytes that came before have been read.
    """

    __slots__ = ("_chunks", "_error", "_waiter", "abandoned", "buffered", "complete", "expected", "received", "wanted")

    def __init__(self, expected: int | None, wanted: Callable[[], object]) -> None:
        self.expected = expected
        self.wanted = wanted
        self.received = 0
        self.buffered = 0
        self.complete = False
        self.abandoned = False
        self._chunks: deque[bytes] = deque()
        self._error: BaseException | None = None
        self._waiter: Waiter | None = None

    # What the parser does

    def feed(self, data: bytes) -> None:
        """Add bytes; dropped when nobody will read them."""
        self.received += len(data)
        if not self.abandoned:
            self._chunks.append(data)
            self.buffered += len(data)
            self._wake()

    def finish(self) -> None:
        """Say that the body is there to its end."""
        self.complete = True
        self._wake()

    def fail(self, error: BaseException) -> None:
        """Raise `error` in whoever reads beyond what is there; nothing once the body is complete or has failed."""
        if not self.complete and self._error is None:
            self._error = error
            self._wake()

    def abandon(self) -> None:
        """Drop what is there and what will come."""
        self.abandoned = True
        self._chunks.clear()
        self.buffered = 0

    @property
    def waiting(self) -> bool:
        """Whether a green thread waits for bytes."""
        return self._waiter is not None

    # What the application does

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes, fewer only at the end; all that is left when it is negative or None."""
        if size is None or size < 0:
            while self._more():
                pass
            return self._take(self.buffered)
        while self.buffered < size and self._more():
            pass
        return self._take(size)

    def read1(self, size: int = -1, /) -> bytes:
        """Return what is there, at most `size` bytes, waiting only when there is nothing yet."""
        while not self.buffered and self._more():
            pass
        return self._take(self.buffered if size < 0 else size)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return up to and with the next line break, at most `size` bytes when it is not negative."""
        limit = -1 if size is None else size
        searched = 0
        while True:
            chunk = b"".join(self._chunks)
            self._chunks = deque([chunk])
            end = chunk.find(b"\n", searched) + 1
            if end or 0 <= limit <= len(chunk) or not self._more():
                line = end or self.buffered
                return self._take(line if limit < 0 else min(line, limit))
            searched = len(chunk)

    def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """Return the lines that are left, or when `hint` is positive as many as make that many bytes."""
        lines = []
        total = 0
        while line := self.readline():
            lines.append(line)
            total += len(line)
            if hint and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def __repr__(self) -> str:
        state = "complete" if self.complete else "open"
        return f"<BodyStream {state}, {self.received} bytes received, {self.buffered} unread>"

    def _more(self) -> bool:
        """Wait for more bytes; False at the end."""
        if self.complete:
            return False
        if self._error is not None:
            raise self._error
        self._waiter = Waiter()
        try:
            self.wanted()
            self._waiter.wait()
        finally:
            self._waiter = None
        return True

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.wake()

    def _take(self, size: int) -> bytes:
        chunks = self._chunks
        if len(chunks) == 1 and size >= self.buffered:
            self.buffered = 0
            return chunks.popleft()
        pieces = []
        while size > 0 and chunks:
            chunk = chunks.popleft()
            if len(chunk) > size:
                chunks.appendleft(chunk[size:])
                chunk = chunk[:size]
            pieces.append(chunk)
            size -= len(chunk)
            self.buffered -= len(chunk)
        return b"".join(pieces)
