"""`serve`: from a handler and some addresses to processes that answer, until they are told to stop."""

import gc
import os
import sys
from collections.abc import Sequence

from spruce.errors import ConfigError
from spruce.http import Handler
from spruce.server.accesslog import open_log
from spruce.server.binds import Listener, close_listeners, open_listeners
from spruce.server.forwarded import Trust, forwarded
from spruce.server.limits import Limits
from spruce.server.reload import inherited_binds, inherited_life, run_and_restart
from spruce.server.supervisor import Supervisor
from spruce.server.tls import TLS, Contexts
from spruce.server.worker import Options, work

__all__ = ["serve"]


def serve(
    handler: Handler,
    *,
    binds: Sequence[str] = ("127.0.0.1:5000",),
    workers: int = 1,
    loop: str | None = None,
    reload: bool = False,
    access_log: bool | str = False,
    grace: float = 30,
    limits: Limits | None = None,
    tls: TLS | None = None,
    trust: Trust | None = None,
    max_requests: int | None = None,
) -> None:
    """Serve `handler` until SIGTERM or SIGINT. Blocks; call it in the main thread.

    `binds` are `host:port`, `[::1]:port`, `unix:/path` or `fd://3`. With several `workers` this process forks them and
    replaces those that die. With `reload` it runs its own command again in a child, anew when a source file changes.
    `loop` names an event loop, as `green.run` takes it. With `tls`, every bind speaks HTTPS only.
    `trust` names the proxies that are believed who the client is. A worker that has answered `max_requests`, and up to
    a tenth more, is replaced by a fresh one.
    `access_log` is True for a line for each answer, or its format: a name of `accesslog.FORMATS` or a text with fields.
    When told to stop, requests in flight get `grace` seconds to finish. Raises PortInUse, ServerError or ConfigError.
    """
    if workers < 1:
        raise ConfigError(f"workers={workers} would serve nothing", hint="Give 1 or more.")
    if max_requests is not None and max_requests < 1:
        raise ConfigError(f"max_requests={max_requests} would answer nothing", hint="Give 1 or more.")
    if (workers > 1 or max_requests) and not hasattr(os, "fork"):
        raise ConfigError("this system has no fork, so it runs one worker", hint="Leave workers and max_requests.")
    if trust is not None:
        forwarded(handler, trust)  # so that what is wrong with it is told here, and once
    open_log(access_log)
    contexts = None if tls is None else Contexts(tls)
    inherited = inherited_binds()
    listeners = open_listeners(binds if inherited is None else inherited)
    try:
        if inherited is None:
            _announce(listeners, workers, tls is not None)
        if reload and inherited is None:
            run_and_restart(listeners, grace)
        else:
            _serve(
                handler,
                listeners,
                workers,
                Options(loop, grace, access_log, limits or Limits(), contexts, trust, max_requests),
            )
    finally:
        close_listeners(listeners)


def _serve(handler: Handler, listeners: Sequence[Listener], workers: int, options: Options) -> None:
    gc.collect()
    gc.freeze()  # what was loaded up to now stays: collections need not look at it, nor touch its memory after a fork
    parent = inherited_life()
    if workers == 1 and options.max_requests is None:
        work(handler, listeners, options, parent)
    else:
        Supervisor(
            lambda life: work(handler, listeners, options, life),
            workers,
            options.grace,
            lambda: close_listeners(listeners),
            parent,
        ).run()


def _announce(listeners: Sequence[Listener], workers: int, secure: bool) -> None:
    urls = " and ".join(listener.url for listener in listeners)
    if secure:
        urls = urls.replace("http://", "https://")
    crew = f" with {workers} workers" if workers > 1 else ""
    sys.stdout.write(f"Serving on {urls}{crew} (Ctrl+C stops it)\n")
    sys.stdout.flush()
