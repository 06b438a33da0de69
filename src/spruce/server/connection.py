"""One connection: an asyncio protocol between the parser, the application and the transport.

How a request goes:

* `data_received` feeds the parser and starts the application in the same callback, as a green thread. One that never
  waits has been answered, with one write, when the callback returns: no task, no future, no timer, no loop turn.
* Requests are answered one at a time and in order. While one waits, others queue in the parser; when too many do, or a
  body is not read, the connection stops reading.
* There are no timers: the server looks once a second whether something has taken too long (`timeouts`).
* A client that leaves stops the view of a GET or HEAD request at its next wait: nobody will see what it does.
* When the answer says that the connection ends, what follows is dropped; the transport closes once all is written.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, Protocol, cast

from spruce.errors.http import HTTPException
from spruce.green import GreenletExit, GreenThread, iterate
from spruce.http import EMPTY_STREAM, AsyncBody, FilePart, Handler, Peer, Request, Response
from spruce.server.accesslog import AccessLog
from spruce.server.failures import answer_failure, close_response
from spruce.server.heads import Framing, Head, Heads, refusal_message
from spruce.server.limits import Limits
from spruce.server.parser import RequestParser
from spruce.server.sender import AT_ONCE, KEPT, ClientDisconnected, Sender, unsent
from spruce.server.websocket import Upgradable
from spruce.server.wire import WireWebSocket, shake_hands

__all__ = ["Connection", "Owner"]

_READ_SIZE: Final = 64 * 1024
_LENGTHS: Final = tuple(b"%d\r\n\r\n" % length for length in range(2048))  # what ends the head of a small response


class Hub(Protocol):
    """What a connection asks of the hub that it runs on."""

    loop: asyncio.AbstractEventLoop

    def dispatch(self, function: Callable[..., Any], *args: Any) -> GreenThread:
        """Run it as a green thread right now, until it parks or ends."""

    def call(self, function: Callable[[], Any]) -> None:
        """Call it soon, outside of all green threads."""


class Owner(Protocol):
    """What a connection needs of the server that it belongs to.

    `now` is the loop's time, as of the last tick; `answered` counts the requests of connections that have ended.
    """

    access_log: AccessLog | None
    cpu: Callable[[], float]
    connections: "set[Connection]"
    handler: Handler
    heads: Heads
    limits: Limits
    now: float
    answered: int

    @property
    def hub(self) -> Hub:
        """Where it runs."""


class Connection(asyncio.Protocol):
    """The server's side of one client's connection."""

    __slots__ = (
        "_client_ended",
        "_full",
        "_head_begun",
        "_head_sent",
        "_held_back",
        "_pumping",
        "began",
        "current",
        "dispatch",
        "handler",
        "heads",
        "lingering",
        "lost",
        "parser",
        "refusal",
        "sender",
        "served",
        "server",
        "since",
        "taken",
        "thread",
        "transport",
        "unsent",
        "websocket",
        "write",
    )

    def __init__(self, server: Owner) -> None:
        self.server = server
        self.handler = server.handler
        self.heads = server.heads
        self.dispatch = server.hub.dispatch
        self.current: Request | None = None
        self.refusal: HTTPException | None = None
        self.since = server.now
        self.served = 0
        self.unsent = 0  # bytes that the client had not taken when it took some for the last time
        self.taken = 0.0  # when that was
        self.lost = False
        self._pumping = False
        self._head_sent = False
        self._held_back = False
        self._full = False
        self._head_begun = False
        self._client_ended = False
        self.lingering = False
        self.sender: Sender | None = None
        self.thread: GreenThread | None = None  # of the view that waits
        self.websocket: WireWebSocket | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self.transport = transport = cast(asyncio.Transport, transport)
        self.write: Callable[[bytes], None] = transport.write
        if hasattr(transport, "max_size"):
            transport.max_size = _READ_SIZE  # asyncio's 256 KiB make malloc map and unmap memory at most reads
        transport.set_write_buffer_limits(KEPT)
        self.parser = RequestParser(self.server.limits, _peer(transport), self._body_wanted, self._upgradable)
        self.server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came: answer the requests that are complete with them."""
        parser = self.parser
        try:
            parser.feed(data)
        except HTTPException as refusal:
            self.refusal = refusal
        if self.current is None and (parser.requests or parser.last):
            self._answer_next()
        if parser.partial or self.current is not None or parser.body is not None or parser.requests:
            self._wait_for_more()

    def eof_received(self) -> bool:
        """The client has closed its side: keep ours open while there is something to answer."""
        self._client_ended = True
        self.parser.end()
        if self.server.limits.stop_abandoned:
            self._stop_view()
        busy = self.current is not None or bool(self.parser.requests)
        return busy and not self.lingering and self.transport.can_write_eof()  # over TLS both sides end together

    def connection_lost(self, error: Exception | None) -> None:
        """The connection has gone."""
        self.lost = True
        self.write = _nowhere
        self.parser.requests.clear()
        self.parser.end()
        self.server.connections.discard(self)
        self.server.answered += self.served
        if self.sender is not None:
            self.sender.lose()
        self._stop_view()

    def pause_writing(self) -> None:
        """The client does not take what was written."""
        self._full = True
        if self.sender is not None:
            self.sender.pause()

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        self._full = False
        if self.sender is not None:
            self.sender.resume()
        elif self.current is None:
            self._answer_next()

    # Requests in their order

    def _answer_next(self) -> None:
        """Answer the requests that wait, until one of them has to wait itself."""
        requests = self.parser.requests
        self._pumping = True
        while requests and not self._full:
            self.current = requests.popleft()
            thread = self.dispatch(self._answer, self.current)
            if self.current is not None:
                self.thread = thread
                self.began = self.server.hub.loop.time()
                break
        self._pumping = False
        if self.current is None and not requests:
            if self.parser.last:
                self._end()
            else:
                self.since = self.server.now
                self._head_begun = False
                if self._held_back:
                    self._read_on()

    def _answer(self, request: Request) -> None:
        """Call the application and send what it returns; runs in a green thread of its own.

        A plain response, as most are, is sent right here with a head that is ready: this is the server's hottest path.
        """
        log = self.server.access_log
        start = cpu = 0.0
        if log is not None:
            start, cpu = perf_counter(), self.server.cpu()
        response: Response | None = None
        try:
            response = self.handler(request)
            body, plain, parser = response.response, response.plain_type, self.parser
            head: bytes | None = None
            if (
                body.__class__ is bytes
                and plain is not None
                and len(body) <= AT_ONCE
                and not response.close_calls
                and not parser.last
                and parser.body is None
                and request.method != "HEAD"
                and request.http_version == "1.1"
            ):
                head = self.heads.ready.get((response.status_code, plain, response.standing))
                if head is None:
                    head = self.heads.make_ready(response.status_code, plain, response.standing)
                if head is not None:
                    length = len(body)
                    self.served += 1
                    self.write(head + (_LENGTHS[length] if length < 2048 else b"%d\r\n\r\n" % length) + body)
            if head is None:
                self._send(request, response)
        except BaseException as error:
            response = self._recover(request, error)
        if log is not None:
            log.write(request, response, perf_counter() - start, self.server.cpu() - cpu)
        if request.stream is not EMPTY_STREAM:
            self._drop_body(request)
            request.close()
        self.current = None
        if self.websocket is not None:
            self._websocket_over()
        elif not self._pumping:
            self.thread = None
            self.server.hub.call(self._go_on)

    def _go_on(self) -> None:
        if self.current is None and not self.lost:
            self._answer_next()

    # Sending

    def _send(self, request: Request, response: Response) -> None:
        """Send any response; waits while the client does not take it."""
        try:
            if self.websocket is not None:
                return
            parser = self.parser
            keep_alive = not parser.last or bool(parser.requests) or self.refusal is not None
            if isinstance(response.response, AsyncBody):
                response.response = iterate(response.response.source)
            if isinstance(response.response, bytes) and self._is_body_in_the_way(request):
                keep_alive = False
            head = Head(request, response, keep_alive, self.heads.date)
            if not head.keep_alive:
                self._drop_what_follows()
            self.served += 1
            self._head_sent = True
            body = response.response
            if head.framing is Framing.NONE:
                self.write(head.data)
            elif isinstance(body, bytes) and len(body) <= AT_ONCE:
                self.write(head.data + body)
            else:
                self._stream(response, head)
        finally:
            close_response(request, response)
        self._head_sent = False

    def _stream(self, response: Response, head: Head) -> None:
        self.sender = sender = Sender(self.transport, self._clock, full=self._full)
        if self.lost:
            sender.lose()
        try:
            if isinstance(response.response, FilePart):
                sender.send_file(response.response, head)
            elif isinstance(response.response, bytes):
                sender.send_bytes(response.response, head)
            else:
                sender.stream(response.iter_encoded(), head, head.data)
        finally:
            self.sender = None
            response.sent = sender.sent

    def _clock(self) -> float:
        return self.server.now

    def _recover(self, request: Request, error: BaseException) -> Response | None:
        """Answer what the application raised as well as still possible; return that answer."""
        if isinstance(error, GreenletExit | KeyboardInterrupt | ClientDisconnected):
            self._abort()
            if isinstance(error, KeyboardInterrupt):
                raise error
            return None
        response = answer_failure(request, error, begun=self._head_sent or self.websocket is not None)
        if response is None:
            self._head_sent = False
            if self.websocket is None:
                self._abort()
            else:
                self.websocket.fail(1011, "the server failed")
            return None
        try:
            self._send(request, response)
        except Exception:
            self._abort()
        return response

    def _stop_view(self) -> None:
        """The client has gone: stop the view that works for it, at the wait it is in, unless it is to run on."""
        request, thread = self.current, self.thread
        if request is not None and thread is not None and self.websocket is None:
            stops = request.stops_with_client
            if stops is None:
                stops = self.server.limits.stop_abandoned and request.method in ("GET", "HEAD")
            if stops:
                self.thread = None
                self.server.hub.call(lambda: thread.interrupt(GreenletExit("the client has gone")))

    def _abort(self) -> None:
        """End the connection at once, so that the client can tell that something is missing."""
        self._drop_what_follows()
        self.transport.abort()

    def _drop_what_follows(self) -> None:
        self.parser.last = True
        self.parser.requests.clear()
        self.refusal = None

    # Bodies of requests

    def _body_wanted(self) -> None:
        """The application waits for a body."""
        self.since = self.server.now
        if self.parser.expects_continue:
            self.parser.expects_continue = False
            if not self._head_sent:
                self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._held_back:
            self._read_on()

    def _is_body_in_the_way(self, request: Request) -> bool:
        """Whether so much of the body is left that the connection is better ended than read on."""
        body = self.parser.body
        if body is None or body is not request.stream:
            return False
        return self.parser.expects_continue or (body.expected or 0) - body.received > self.server.limits.unread

    def _drop_body(self, request: Request) -> None:
        """Drop what the application has left of the body, now that its response is complete."""
        body = self.parser.body
        if body is not None and body is request.stream:
            if self._is_body_in_the_way(request):
                self._drop_what_follows()
            body.abandon()
            if self._held_back:
                self.server.hub.call(self._read_on)

    def _wait_for_more(self) -> None:
        """Something is not complete: note since when, and stop reading where there is enough."""
        parser, limits = self.parser, self.server.limits
        body = parser.body
        if self.current is None and not parser.requests:
            if body is not None and body.abandoned and body.received > limits.unread + (body.expected or 0):
                self._end()
            elif body is not None or not self._head_begun:
                self.since = self.server.now
            self._head_begun = parser.partial
            return
        if body is not None and body.waiting:
            self.since = self.server.now
        too_much = body is not None and body.buffered > limits.buffered and not body.waiting  # who waits has asked
        if (too_much or len(parser.requests) > limits.pipelined) and not self._held_back:
            self._held_back = True
            self.transport.pause_reading()

    def _read_on(self) -> None:
        self._held_back = False
        if not self.lost and not self.transport.is_closing():
            self.transport.resume_reading()

    # WebSockets

    def _upgradable(self) -> Upgradable:
        return Upgradable(lambda request, options: shake_hands(request, options, self._switch, self._clock))

    def _switch(self, websocket: WireWebSocket, head: bytes) -> None:
        """Let a WebSocket have the connection; this one stays with the server until the view has returned."""
        if self.lost:
            raise ClientDisconnected("the client has gone")
        self.parser.last = True
        self.parser.requests.clear()
        self.websocket = websocket
        websocket.on_lost = self._websocket_over
        websocket.begin(self.transport, head)

    def _websocket_over(self) -> None:
        """Go when both the view and the connection have ended."""
        websocket = self.websocket
        if websocket is not None and self.current is None:
            self.thread = None
            websocket.close()
            if websocket.lost:
                self.server.connections.discard(self)

    # The end

    def _end(self) -> None:
        """Send the refusal if there is one, and close: nothing else will be answered."""
        refusal, self.refusal = self.refusal, None
        if self.websocket is not None:
            return
        if refusal is None and self.parser.body is None:
            self.close()
            return
        if refusal is not None and not self.lost:
            self.write(refusal_message(refusal, self.heads.date))
        self.linger()

    def linger(self) -> None:
        """Close our side, and the whole connection when the client has closed its own or a moment later.

        To close at once while the client is still sending would reset the connection, and the client might never see
        the answer (RFC 9112 section 9.6).
        """
        self.parser.last = True
        self.parser.body = None
        if self.lost or self.lingering:
            return
        self.lingering = True
        self.since = self.server.now
        if self._held_back:
            self._read_on()
        if self._client_ended or not self.transport.can_write_eof():
            self.close()
        else:
            self.transport.write_eof()

    def close(self) -> None:
        """Close when all is written. TLS says goodbye within a second, so it waits for its client (`timeouts`)."""
        if self.transport.can_write_eof() or not unsent(self.transport):
            self.transport.close()
        else:
            self.lingering = True
            self.since = self.server.now

    def refuse(self, refusal: HTTPException) -> None:
        """Answer with a refusal instead of waiting for the rest of a request; only while none is being answered."""
        self.refusal = refusal
        self.parser.last = True
        self._end()


def _nowhere(data: bytes) -> None:
    """Where writes go when the connection has gone."""


def _peer(transport: asyncio.Transport) -> Peer:
    client, server = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    scheme = "https" if transport.get_extra_info("sslcontext") else "http"
    return Peer(
        scheme,
        (client[0], client[1]) if isinstance(client, tuple) else None,
        (server[0], server[1]) if isinstance(server, tuple) else server or None,
        transport.get_extra_info("peercert") or None,
    )
