"""`serve`: from a handler and some addresses to processes that answer, until they are told to stop."""

import gc
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from spruce.errors import ConfigError
from spruce.http import Handler, Request, Response
from spruce.server import generations
from spruce.server.accesslog import open_log
from spruce.server.binds import Listener, close_listeners, open_listeners
from spruce.server.failurepage import failure_page
from spruce.server.forwarded import Trust, forwarded
from spruce.server.generations import FATAL, Generations, inherited
from spruce.server.instances import Facts, StatusSocket, make_folder
from spruce.server.limits import Limits
from spruce.server.notify import ServiceManager, activated_binds
from spruce.server.processes import EarlyEnd, Post
from spruce.server.reload import Changes
from spruce.server.supervisor import Supervisor, Watch
from spruce.server.tls import TLS, Contexts
from spruce.server.worker import Options, work

__all__ = ["LoadError", "serve"]

_DEFAULT = "127.0.0.1:5000"
_PATIENCE_SECONDS = 5.0  # that an idle connection is kept when newer code serves


class LoadError(Exception):
    """What `load` may raise: the application cannot be loaded, `text` says why. If `final`, a change won't help."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.final = final


def serve(
    handler: Handler | None = None,
    *,
    load: Callable[[], Handler] | None = None,
    binds: Sequence[str] = (),
    workers: int = 1,
    loop: str | None = None,
    reload: bool = False,
    watch: Sequence[Path] = (),
    access_log: bool | str = False,
    grace: float = 30,
    limits: Limits | None = None,
    tls: TLS | None = None,
    trust: Trust | None = None,
    max_requests: int | None = None,
    max_memory: int | None = None,
    hang_seconds: float | None = 10,
    health: str | None = None,
    liveness: str | None = None,
    notice: float = 0,
    reuse_port: bool = False,
) -> None:
    """Serve `handler`, or what `load` returns, until SIGTERM or SIGINT. Blocks; call it in the main thread.

    `binds` are `host:port`, `[::1]:port`, `unix:/path?mode=660` or `fd://3`; without any it is 127.0.0.1:5000, or what
    systemd has opened. With `reuse_port` other servers may have the same ports.

    With `load`, with several `workers`, or with anything else that needs it, this process serves by children: it keeps
    the sockets open, replaces workers that die, and begins with new ones on SIGHUP. `load` is called in such a child,
    so that new workers have new code; a program that gives its `handler` is run again by its own command. With 0
    workers, or a handler and 1, this process serves by itself.

    With `reload` that happens when a file changes here, below the program's folder or those in `watch`.
    `loop` names an event loop, as `green.run` takes it. With `tls`, every bind speaks HTTPS only. `trust` names the
    proxies that are believed who the client is. A worker is replaced when it has answered `max_requests`, and up to a
    tenth more; when it has more than `max_memory` bytes; and when its loop has stood still for `hang_seconds`.

    `access_log` is True for a line for each answer, or its format: a name of `accesslog.FORMATS` or a text with fields.
    The path `health` gets 200 while requests are taken, else 503; the path `liveness` gets 200 while anything is
    answered. When told to stop, health says so for `notice` seconds; then requests get `grace` seconds to finish.

    Raises PortInUse, ServerError or ConfigError, and SystemExit when what it started could not serve.
    """
    _check(workers, max_requests)
    if (handler is None) == (load is None):
        raise ConfigError("serve() needs a handler, or a function that loads one", hint="Give one of the two.")
    if trust is not None:
        forwarded(handler or _nothing, trust)  # so that what is wrong with it is told here, and once
    open_log(access_log)
    contexts = None if tls is None else Contexts(tls)
    patience = 0 if reload else _PATIENCE_SECONDS
    given = limits or Limits()
    options = Options(loop, grace, access_log, given, contexts, trust, max_requests, workers > 1, patience)
    options = replace(options, ready_path=health, live_path=liveness, notice=notice)
    service = _Service(handler, load, workers, options, Watch(grace + notice, hang_seconds, max_memory), reload)
    if status := service.run(binds or activated_binds() or [_DEFAULT], watch, reuse_port):
        sys.exit(status)


def _check(workers: int, max_requests: int | None) -> None:
    if workers < 0:
        raise ConfigError(f"workers={workers} would serve nothing", hint="Give 1 or more, or 0 for this process.")
    if max_requests is not None and max_requests < 1:
        raise ConfigError(f"max_requests={max_requests} would answer nothing", hint="Give 1 or more.")
    if (workers > 1 or max_requests) and not hasattr(os, "fork"):
        raise ConfigError("this system has no fork, so it runs one worker", hint="Leave workers and max_requests.")


def _keep_memory_shared() -> None:
    """Let what is there now stay: collections need not look at it, nor touch its memory in forks."""
    gc.collect()
    gc.freeze()


def _nothing(request: Request) -> Response:
    return Response("", 503)


class _Service:
    """What is served, and by how many processes."""

    def __init__(
        self,
        handler: Handler | None,
        load: Callable[[], Handler] | None,
        workers: int,
        options: Options,
        watch: Watch,
        reload: bool,
    ) -> None:
        self.handler = handler
        self.load = load
        self.workers = workers
        self.options = options
        self.watch = watch
        self.reload = reload
        self.started = time.time()
        self.manager = ServiceManager()

    def run(self, binds: Sequence[str], folders: Sequence[Path], reuse_port: bool) -> int:
        """Open the sockets and serve on them; return the status to exit with."""
        child = inherited()
        if child is not None:
            binds = [f"fd://{number}" for number in child[0]]
        listeners = open_listeners(binds, reuse_port=reuse_port)
        folder = make_folder() if child is None else child[2]
        self.options = replace(self.options, folder=folder)
        try:
            if child is not None:
                return self.serve(listeners, child[1])
            if self._needs_children():
                return self.keep_serving(listeners, folders)
            return self.serve_alone(listeners)
        finally:
            close_listeners(listeners)
            if child is None and folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _needs_children(self) -> bool:
        if not self.workers:
            return False
        wanted = self.load or self.workers > 1 or self.reload or self.options.max_requests or self.watch.max_memory
        return bool(wanted)

    def keep_serving(self, listeners: Sequence[Listener], folders: Sequence[Path]) -> int:
        """Serve by generations of processes; return the status to exit with."""
        folder = self.options.folder
        changes = [Changes(folders)] if self.reload else []
        options = generations.Options(
            serve=partial(self.serve, listeners),
            explain=partial(self.explain, listeners),
            descriptors=[listener.sock.fileno() for listener in listeners],
            grace=self.watch.grace,
            restart=self.reload,
            command=None if self.handler is None else [sys.executable, *sys.orig_argv[1:]],
            folder=folder,
            announce=partial(self._announce, listeners, changes),
            stop_listening=lambda: close_listeners(listeners),
        )
        kept = Generations(options, self.manager)
        kept.sources += changes
        if folder is not None:
            with suppress(OSError):
                kept.sources.append(StatusSocket(folder, lambda _: self._facts(listeners) | kept.facts()))
        _keep_memory_shared()
        try:
            return kept.run()
        finally:
            for source in kept.sources:
                source.close()
            for one in changes:
                with suppress(ChildProcessError):
                    os.waitpid(one.pid, 0)

    def _facts(self, listeners: Sequence[Listener]) -> Facts:
        return {
            "command": sys.orig_argv[1:],
            "addresses": [listener.url for listener in listeners],
            "started": self.started,
            "workers": self.workers,
        }

    def _announce(self, listeners: Sequence[Listener], changes: Sequence[Changes] = ()) -> None:
        for one in changes:
            one.wait_until_begun()
        urls = " and ".join(listener.url for listener in listeners)
        if self.options.tls is not None:
            urls = urls.replace("http://", "https://")
        crew = f" with {self.workers} workers" if self.workers > 1 else ""
        sys.stdout.write(f"Serving on {urls}{crew} (Ctrl+C stops it)\n")
        sys.stdout.flush()

    def serve(self, listeners: Sequence[Listener], post: Post) -> int:
        """Be a generation: load the handler and serve it; say why not, if that fails."""
        try:
            return self._serve(listeners, post)
        except LoadError as error:
            sys.stderr.write(error.text)
            post.say(f"{FATAL if error.final else ''}{error.text}")
        except Exception:
            text = traceback.format_exc()
            sys.stderr.write(text)
            post.say(text)
        return 1

    def _serve(self, listeners: Sequence[Listener], post: Post) -> int:
        """Serve by workers or, where code changes all the time, in this process."""
        handler = self._loaded()
        if self.workers <= 1 and self.reload:
            work(handler, listeners, self.options, post)
            return 0
        return Supervisor(
            lambda own: work(handler, listeners, self.options, own),
            self.workers,
            self.watch,
            lambda: close_listeners(listeners),
            post,
        ).run()

    def explain(self, listeners: Sequence[Listener], post: Post, text: str) -> int:
        """Be a generation that shows why there is no other."""
        work(failure_page(text), listeners, replace(self.options, max_requests=None, shared=False), post)
        return 0

    def serve_alone(self, listeners: Sequence[Listener]) -> int:
        """Serve in this process and no other."""
        with EarlyEnd():
            handler = self._loaded()
            self._announce(listeners)
            self.manager.tell(READY=1)
            work(handler, listeners, replace(self.options, manager=self.manager))
        self.manager.tell(STOPPING=1)
        return 0

    def _loaded(self) -> Handler:
        """Load the handler, which all workers then share."""
        handler = self.handler if self.load is None else self.load()
        assert handler is not None, "serve() has seen to that"  # noqa: S101 - for the type checker
        _keep_memory_shared()
        return handler
