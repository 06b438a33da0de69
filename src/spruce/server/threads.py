"""WSGI applications that block, in a few threads of the operating system; green threads wait for them.

The application is called, iterated and closed in one OS thread. What passes between it and the request's green thread:

* the body of the request: a small one is there before the application is called, so that no thread waits for a slow
  client; a large one is asked for block by block.
* the response, and the pieces of a streamed one through a short queue, which makes the application wait for the client.

Requests get their thread in the order in which they came. One whose client leaves while it waits is not run; later, the
application is told at its next piece.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from io import BufferedReader, BytesIO, RawIOBase
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, Final

from spruce.green import ThreadQueue, get_hub, spawn_detached
from spruce.http import EMPTY_STREAM, FilePart, Request, Response
from spruce.server.sender import ClientDisconnected

__all__ = ["Exchange", "ThreadPool", "body_across"]

_log = logging.getLogger("spruce.server")
_BLOCK: Final = 64 * 1024
_PIECES: Final = 4  # that the application may be ahead of its client


class ThreadPool:
    """At most `size` OS threads, started when they are first needed, that run jobs in the order of `submit`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def submit(self, job: Callable[[], object]) -> None:
        """Run a job, which handles its own errors, as soon as a thread is free. Never blocks."""
        self._jobs.put(job)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self.size:
            number = len(self._threads) + 1
            thread = threading.Thread(
                target=_work, args=(self._jobs, self._idle), name=f"spruce-wsgi-{number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Let the threads end when they have no job left."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads = []

    def __del__(self) -> None:
        self.close()


def _work(jobs: "SimpleQueue[Callable[[], object] | None]", idle: threading.Semaphore) -> None:
    """What each thread runs; it doesn't know its pool, which ends it when nobody needs that any more."""
    while (job := jobs.get()) is not None:
        job()
        del job
        idle.release()


class Exchange:
    """One request between its green thread and the OS thread of the application; `make` is called in the latter."""

    def __init__(self, make: Callable[[], Response]) -> None:
        self._make: Callable[[], Response] | None = make
        self._parts: ThreadQueue[Any] = ThreadQueue(_PIECES)
        self._over = False
        self.os_thread: int | None = None
        """Which one runs the application now; None before and afterwards."""

    def answer(self, pool: ThreadPool) -> Response:
        """Return the response; waits for it. Raises what the application raised."""
        pool.submit(partial(copy_context().run, self._run))
        try:
            made = self._parts.get()
        except BaseException:
            self._leave()
            raise
        if isinstance(made, BaseException):
            raise made
        if isinstance(made.response, bytes | FilePart):
            return made  # type: ignore[no-any-return] # what is no exception here is a response
        response = Response(self._pieces(), made.status)
        response.plain_type = None
        response.headers = made.headers
        response.call_on_close(self._leave)
        return response

    def _pieces(self) -> Iterator[bytes]:
        while (piece := self._parts.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    def _leave(self) -> None:
        """Nobody wants what is still to come: let the application know when it gives it."""
        self._over = True
        try:
            while True:
                part = self._parts.get_nowait()
                if isinstance(part, Response) and isinstance(part.response, FilePart):
                    part.close()
        except Empty:
            pass

    # In the OS thread

    def frames(self) -> list[FrameType]:
        """The calls of the application now, the outermost first; from any OS thread. Empty while it doesn't run."""
        frame = None if self.os_thread is None else sys._current_frames().get(self.os_thread)
        found: list[FrameType] = []
        while frame is not None and frame.f_code is not _PERFORM:
            found.append(frame)
            frame = frame.f_back
        return [] if frame is None or frame.f_locals["self"] is not self else found[::-1]

    def _run(self) -> None:
        make, self._make = self._make, None  # which holds the request, that this is known to
        if self._over or make is None:
            return
        self.os_thread = threading.get_ident()
        try:
            self._perform(make)
        finally:
            self.os_thread = None

    def _perform(self, make: Callable[[], Response]) -> None:
        try:
            made = make()
        except BaseException as error:
            with suppress(ClientDisconnected):
                self._give(error)
            return
        streamed = not isinstance(made.response, bytes | FilePart)
        try:
            self._give(made)
            if streamed:
                self._give_pieces(made)
        except ClientDisconnected:
            pass
        finally:
            if streamed or self._over:
                _close(made)

    def _give_pieces(self, made: Response) -> None:
        try:
            for piece in made.iter_encoded():
                if piece:
                    self._give(piece)
            self._give(None)
        except ClientDisconnected:
            raise
        except BaseException as error:
            self._give(error)

    def _give(self, part: object) -> None:
        if not self._over:
            self._parts.put(part)
        if self._over:
            raise ClientDisconnected("the client has gone")


_PERFORM = Exchange._perform.__code__


def _close(response: Response) -> None:
    try:
        response.close()
    except Exception:
        _log.exception("closing the response of a WSGI application failed")


def body_across(request: Request) -> Any:
    """Return the body of a request as a file for another OS thread; waits for a small one to be there."""
    stream = request.stream
    if stream is EMPTY_STREAM:
        return BytesIO()
    length = request.content_length
    if length is not None and length <= _BLOCK:
        return BytesIO(stream.read())
    return BufferedReader(_Across(stream), _BLOCK)


class _Across(RawIOBase):
    """A stream that belongs to a hub, read from another OS thread."""

    def __init__(self, stream: Any) -> None:
        self._read = getattr(stream, "read1", stream.read)
        self._loop = get_hub().loop

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer with what is there; waits until it is something. Raises what the stream raises."""
        outcome: Future[bytes] = Future()
        self._loop.call_soon_threadsafe(spawn_detached, self._fetch, outcome, len(buffer))
        data = outcome.result()
        buffer[: len(data)] = data
        return len(data)

    def _fetch(self, outcome: "Future[bytes]", size: int) -> None:
        try:
            outcome.set_result(self._read(size))
        except BaseException as error:
            outcome.set_exception(error)
