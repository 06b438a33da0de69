"""Sending: a bounded queue of encoded events, and an OS thread that posts them to a collector.

Why a thread, and not a green one: it must send from programs that have no loop as well, under other servers, and while
a view blocks the loop. It is left nothing to do but to wait for the network: events come encoded, and are compressed as
they come, some ten thousand bytes at a time. A thread that computes would hold the interpreter's lock whenever the loop
wants it back from a system call. (Under `spruce run --patch` it is a green thread in fact, as all threads are.)

Rules:

* `add` never waits. What would exceed the bound is dropped and counted, and so is what the collector refuses.
* A request that fails is not repeated: what it had is lost and counted. The next one waits for 0, 1, 4, 9 … 36 s.
* In a forked child the queue is empty, and the thread is another one.
"""

import os
import random
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from logging import getLogger
from time import monotonic
from urllib.parse import urlsplit
from weakref import WeakSet

from spruce.apm.packing import Packer, Plain, packer
from spruce.apm.settings import ApmSettings

__all__ = ["Sender", "tls_context"]

_log = getLogger("spruce.apm")
_MOST_FAILURES = 6  # that make the next wait longer
_CLOSING_SECONDS = 5.0
_PIECE = 32768  # bytes that are compressed at once
_senders: "WeakSet[Sender]" = WeakSet()


def _forget() -> None:
    for sender in list(_senders):
        sender.begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class Sender:
    """Posts what `add` gets to `url`, at most `SERVER_TIMEOUT` for a request, in batches by size and age.

    `head` makes what each body begins with; `rest` adds what was kept back, before one is sent for its age, or since
    somebody waits. `stats` tells how much was sent, dropped and is waiting.
    """

    def __init__(
        self,
        settings: ApmSettings,
        url: str,
        headers: Mapping[str, str],
        *,
        head: Callable[[], bytes] = bytes,
        rest: Callable[[], object] = bytes,
    ) -> None:
        self.settings = settings
        self.url = urlsplit(url)
        self.headers = {"User-Agent": f"spruce ({settings.service_name})", **headers}
        if not isinstance(self._new_packer(), Plain):
            self.headers["Content-Encoding"] = "gzip"
        self._head, self._rest = head, rest
        self.dropped = self.sent = self.failures = 0
        self.begin()
        _senders.add(self)

    def __repr__(self) -> str:
        return f"<Sender to {self.url.geturl()}, {self._waiting} waiting, {self.dropped} dropped>"

    def _must_hurry(self) -> bool:
        return self._ending or self._flushing

    def begin(self) -> None:
        """Begin with nothing, as in a forked child."""
        self._lock = threading.Lock()
        self._bodies: deque[tuple[bytes, int]] = deque()  # each with how many events it has
        self._packer: Packer | None = None  # of the body that is being made
        self._raw: list[bytes] = []  # of it, not compressed yet
        self._pieces: list[bytes] = []  # of it, compressed
        self._raw_size = self._size = self._events = 0  # of it: bytes not yet compressed, bytes in all, and events
        self._bytes = self._waiting = 0  # of all that waits: bytes, compressed, and events
        self._thread: threading.Thread | None = None
        self._news = threading.Event()  # there is enough for a request, or it is to end
        self._idle = threading.Event()  # nothing waits and nothing is being sent
        self._idle.set()
        self._ending = self._flushing = False
        self._connection: HTTPConnection | None = None

    def _new_packer(self) -> Packer:
        return packer(self.url.hostname or "")

    @property
    def full(self) -> bool:
        """Whether nothing more is taken for now; then it need not even be encoded."""
        return self._bytes >= self.settings.max_queue_size

    def stats(self) -> dict[str, int]:
        """Events that were `sent` and `dropped`, and that are `waiting`; requests that failed one after another."""
        return {"sent": self.sent, "dropped": self.dropped, "waiting": self._waiting, "failures": self.failures}

    def add(self, data: bytes, count: int) -> None:
        """Have so many events sent, which are all of `data`; never waits."""
        if self._bytes >= self.settings.max_queue_size or self._ending:
            self.drop(count)
            return
        size = len(data)
        with self._lock:
            if not self._waiting:
                self._idle.clear()
            self._raw.append(data)
            self._raw_size += size
            self._size += size
            self._events += count
            self._waiting += count
            enough = self._size >= self.settings.api_request_size
            if enough:
                self._finish_body()
            elif self._raw_size >= _PIECE:
                self._pack()
        if self._thread is None:
            self.start()
        elif enough:
            self._news.set()

    def _pack(self) -> None:
        """Compress what has come."""
        made = self._packer
        if made is None:
            made = self._packer = self._new_packer()
            self._raw.insert(0, self._head())
        self._keep(made.compress(b"".join(self._raw)))
        self._raw, self._raw_size = [], 0

    def _keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._bytes += len(piece)

    def _finish_body(self) -> None:
        """Have what has come sent as one body."""
        if self._events:
            self._pack()
            if self._packer is not None:
                self._keep(self._packer.flush())
            self._bodies.append((b"".join(self._pieces), self._events))
            self._packer, self._pieces, self._size, self._events = None, [], 0, 0

    def drop(self, count: int) -> None:
        """Count events that are not taken, as those that were not even made since the queue is full."""
        with self._lock:
            self.dropped += count

    def start(self) -> None:
        """Begin to look after what comes, unless that has begun."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run, name="spruce-apm", daemon=True)
        self._thread.start()

    def flush(self, seconds: float = _CLOSING_SECONDS) -> bool:
        """Send now what waits; return whether that was done within `seconds`. Blocks."""
        if self._thread is None:
            self._rest()
        if self._thread is None:
            return True
        self._idle.clear()
        self._flushing = True
        self._news.set()
        return self._idle.wait(seconds)

    def close(self, seconds: float = _CLOSING_SECONDS) -> None:
        """Send what waits, for so long, and end; what is left is dropped. Blocks."""
        done = self.flush(seconds)
        self._ending = True
        self._news.set()
        thread, self._thread = self._thread, None
        if thread is not None and done:
            thread.join(seconds)

    # ---- in the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._is_over():
                if not self._bodies:
                    self._news.wait(self.settings.api_request_time)
                self._news.clear()
                if not self._bodies:
                    self._rest()
                with self._lock:
                    self._finish_body()
                while self._bodies and not self._is_over():
                    self._send(*self._next())
                    if self.failures:
                        self._pause()
                with self._lock:
                    if not self._waiting:
                        self._flushing = False
                        self._idle.set()
        finally:
            self._disconnect()
            self._idle.set()

    def _is_over(self) -> bool:
        return self._ending

    def _next(self) -> tuple[bytes, int]:
        """Take a body off the queue; it is counted as waiting until it was sent."""
        with self._lock:
            body, count = self._bodies.popleft()
            self._bytes -= len(body)
        return body, count

    def _send(self, body: bytes, count: int) -> None:
        try:
            status, answer = self._post(body)
        except (OSError, HTTPException, ValueError) as error:
            self._disconnect()
            self._failed(count, f"cannot be reached: {error!r}")
            return
        if status < 300:
            if self.failures:
                _log.info("the collector %s takes events again", self.url.geturl())
            self.failures = 0
            self._done(sent=count)
        else:
            self._failed(count, f"answered {status}: {answer[:500].decode('utf-8', 'replace')}")

    def _done(self, sent: int = 0, dropped: int = 0) -> None:
        with self._lock:
            self.sent += sent
            self.dropped += dropped
            self._waiting -= sent + dropped

    def _post(self, body: bytes) -> tuple[int, bytes]:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._connect()
        connection.request("POST", self.url.path or "/", body, self.headers)
        response: HTTPResponse = connection.getresponse()
        answer = response.read()
        if response.will_close:
            self._disconnect()
        return response.status, answer

    def _connect(self) -> HTTPConnection:
        host, port, timeout = self.url.hostname or "", self.url.port, self.settings.server_timeout
        if self.url.scheme == "https":
            return HTTPSConnection(host, port, timeout=timeout, context=tls_context(self.settings))
        return HTTPConnection(host, port, timeout=timeout)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _failed(self, count: int, why: str) -> None:
        if self.failures == 0:
            _log.warning("the collector %s %s; events are dropped until it does", self.url.geturl(), why)
        self.failures += 1
        self._done(dropped=count)

    def _pause(self) -> None:
        """Leave the collector alone for a while, longer each time."""
        seconds = min(self.failures - 1, _MOST_FAILURES) ** 2 * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
        due = monotonic() + seconds
        while not self._must_hurry() and (left := due - monotonic()) > 0:
            self._news.wait(left)
            self._news.clear()
        if self._must_hurry():  # somebody waits for the end: one failure is enough
            while self._bodies:
                self._done(dropped=self._next()[1])


def tls_context(settings: ApmSettings) -> ssl.SSLContext:
    """How a collector is trusted: by the usual authorities, or by SERVER_CA_CERT_FILE or SERVER_CERT, or unseen."""
    context = ssl.create_default_context(cafile=settings.server_ca_cert_file or settings.server_cert)
    if not settings.verify_server_cert or settings.server_cert:
        context.check_hostname = False  # a pinned certificate is known by itself
    if not settings.verify_server_cert:
        context.verify_mode = ssl.CERT_NONE
    return context
