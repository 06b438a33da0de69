"""What one process that serves does, from its listening sockets to its end."""

import random
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from spruce import config
from spruce.errors import ConfigError
from spruce.events import server_started, server_stopped, server_stopping
from spruce.green import Waiter, debug, get_hub, run, sentinel
from spruce.http import Handler, Request, Response
from spruce.server.accesslog import open_log
from spruce.server.binds import Listener
from spruce.server.forwarded import Trust, forwarded
from spruce.server.health import Health
from spruce.server.limits import Limits
from spruce.server.listener import Server
from spruce.server.notify import ServiceManager
from spruce.server.processes import HAND_OVER, PULSE_SECONDS, Post
from spruce.server.status import Status
from spruce.server.tls import Contexts

__all__ = ["Lifespan", "Options", "counted", "work"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a worker serves. `grace` is in seconds; `loop` is the name of an event loop, as `green.run` takes it.

    After `max_requests`, and up to a tenth more, chosen at random, a worker ends to be replaced. None: it goes on.
    """

    loop: str | None = None
    grace: float = 30
    access_log: bool | str = False
    limits: Limits = field(default_factory=Limits)
    tls: Contexts | None = None
    trust: Trust | None = None
    max_requests: int | None = None
    shared: bool = False
    """Whether other processes accept on the same sockets."""
    patience: float = 5
    """How long an idle connection is kept when another process has taken over."""
    folder: Path | None = None
    """Where this process can be asked what it does."""
    ready_path: str | None = None
    """The path that tells whether this process takes requests."""
    live_path: str | None = None
    """The path that tells that it lives."""
    notice: float = 0
    """For how long it goes on when told to stop, so that those who ask for health notice."""
    manager: ServiceManager | None = None
    """Who wants to be told that the loop turns, where no other process does that."""


@runtime_checkable
class Lifespan(Protocol):
    """A handler that wants to know when the server starts and stops; both run in a green thread and may block."""

    def startup(self) -> None:
        """Get ready; an error here keeps the server from starting."""
        ...

    def shutdown(self) -> None:
        """Clean up."""
        ...


def work(handler: Handler, listeners: Sequence[Listener], options: Options, post: Post | None = None) -> bool:
    """Serve until SIGTERM, then stop listening and finish what is in flight. Blocks.

    Return whether it is to be replaced: it has ended by itself, after `max_requests`.

    With a `post` a supervisor is told when it serves, and that it goes on; when the supervisor has gone, this ends. On
    `HAND_OVER` it ends, too, but another process accepts what comes. Without a post, SIGINT ends it as SIGTERM does.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ConfigError(
            "the server was started outside of the main thread, where no signal could stop it",
            hint="Call serve() from the main thread, or server.start() inside a green thread.",
        )
    worker = _Worker(handler, listeners, options, post)
    run(worker.main, loop=options.loop)
    return worker.has_enough


def counted(handler: Handler, most: int, enough: Callable[[], object]) -> Handler:
    """Return a handler that calls `enough()` once, with the request that is number `most`, and goes on all the same."""
    count = 0

    def answer(request: Request) -> Response:
        nonlocal count
        count += 1
        if count == most:
            enough()
        return handler(request)

    return answer


class _Worker:
    def __init__(self, handler: Handler, listeners: Sequence[Listener], options: Options, post: Post | None) -> None:
        self.handler = handler
        candidate: object = getattr(handler, "__self__", handler)  # an app, where the handler is its method
        self.lifespan = candidate if isinstance(candidate, Lifespan) else None
        self.listeners = listeners
        self.options = options
        self.post = post
        self.stopping: Waiter | None = None
        self.status: Status | None = None
        self.health: Health | None = None
        self.next_word = 0.0
        self.has_enough = self.is_replaced = False

    def main(self) -> None:
        server = self._server()
        listens = self.health is not None and self.lifespan is not None and (self.post is None or self.post.first)
        if listens:  # nobody else could say yet that the application starts
            self._listen(server)
        if self.lifespan is not None:
            self.lifespan.startup()
        watch = self._observe()
        try:
            self._serve(server, listens)
        finally:
            if watch is not None:
                watch.stop()
            if self.lifespan is not None:
                self.lifespan.shutdown()

    def _server(self) -> Server:
        options = self.options
        handler = self.handler if options.trust is None else forwarded(self.handler, options.trust)
        if options.max_requests is not None:
            most = options.max_requests + random.randint(0, options.max_requests // 10)  # noqa: S311 - no secret
            handler = counted(handler, most, self._enough)
        server = Server(handler, options.limits, open_log(options.access_log))
        if options.ready_path or options.live_path:
            server.handler = self.health = Health(server.handler, options.ready_path, options.live_path)
        return server

    def _listen(self, server: Server) -> None:
        for listener in self.listeners:
            server.listen(listener.sock, shared=self.options.shared, tls=self.options.tls)

    def _observe(self) -> sentinel | None:
        """Have this process tell what its green threads do when it gets SIGUSR1, and what holds up its loop."""
        debug.report_on_signal()
        milliseconds = config.current()["BLOCKED_AFTER"]
        if not milliseconds:
            return None
        watch = sentinel(milliseconds / 1000)
        watch.start()
        return watch

    def _serve(self, server: Server, listens: bool) -> None:
        options = self.options
        self.stopping = stopping = Waiter()
        self._on_signals(stopping.wake, self._hand_over)  # before the first connection, which a signal would cut
        if not listens:
            self._listen(server)
        if self.health is not None:
            self.health.begin()
        urls = [listener.url for listener in self.listeners]
        if server_started.subscribers:
            server_started.emit(addresses=urls)
        self.status = None if options.folder is None else Status(server, options.folder)
        if self.post is not None:
            self.post.answer_for_stacks()
        self._beat(get_hub().loop.time())
        stopping.wait()
        self._stop(server)
        if self.status is not None:
            self.status.close()
        if server_stopped.subscribers:
            server_stopped.emit(addresses=urls)

    def _stop(self, server: Server) -> None:
        """Finish what is in flight; before, where that is wanted, give those who ask for health time to notice."""
        options = self.options
        server_stopping.emit(grace=options.grace)
        if self.is_replaced:
            self._on_signals(server.hurry, lambda: None)
            server.stop(options.grace, replaced=True, quiet=options.patience)
            return
        if self.health is not None:
            self.health.stop()
        if options.notice:
            noticing = Waiter()
            self._on_signals(noticing.wake, lambda: None)
            noticing.wait(options.notice)
        self._on_signals(server.hurry, lambda: None)
        server.stop(options.grace)

    def _enough(self) -> None:
        self.has_enough = self.is_replaced = True
        if self.post is not None:
            self.post.leave()
        if self.stopping is not None:
            self.stopping.wake()

    def _hand_over(self) -> None:
        self.is_replaced = True
        if self.stopping is not None:
            self.stopping.wake()

    def _beat(self, due: float) -> None:
        """Show twice a second that the loop turns; it should have been now at the time `due`."""
        now = get_hub().loop.time()
        if self.post is not None:
            self.post.beat()
        if self.status is not None:
            self.status.beat(now - due)
        manager = self.options.manager
        if manager is not None and manager.interval is not None and now >= self.next_word:
            self.next_word = now + manager.interval
            manager.tell(WATCHDOG=1)
        get_hub().call_later(PULSE_SECONDS, self._beat, now + PULSE_SECONDS)

    def _on_signals(self, act: "Callback", hand_over: "Callback") -> None:
        loop = get_hub().loop
        loop.add_signal_handler(signal.SIGTERM, act)
        if self.post is None:
            loop.add_signal_handler(signal.SIGINT, act)
        else:
            loop.add_signal_handler(HAND_OVER, hand_over)
            loop.remove_reader(self.post.life)
            loop.add_reader(self.post.life, self._orphaned, self.post.life, act)

    def _orphaned(self, life: int, act: "Callback") -> None:
        get_hub().loop.remove_reader(life)
        act()


class Callback(Protocol):
    """What a signal calls."""

    def __call__(self) -> object:
        """Do it."""
        ...
