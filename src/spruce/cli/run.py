"""`spruce run`: find an app and serve it."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import click

from spruce import config, server
from spruce.apm.startup import is_wanted, start
from spruce.cli import options
from spruce.cli.failures import told
from spruce.cli.sizes import SIZE
from spruce.cli.target import Found, find
from spruce.errors import AppNotFound, ConfigError, SpruceError
from spruce.http import Handler
from spruce.patching import monkey_patch
from spruce.server.notify import activated_binds
from spruce.server.processes import EarlyEnd
from spruce.web.debugtoken import announce

__all__ = ["address", "handler_for", "run", "tls_for"]


@click.command()
@click.argument("target", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--bind",
    "binds",
    multiple=True,
    metavar="ADDRESS",
    help="host:port, unix:/path?mode=660 or fd://3; may be repeated.",
)
@click.option("--reuse-port", is_flag=True, help="Share the port with other servers that say so, too.")
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(0),
    help="How many processes serve; 0 serves in this very one, for debuggers.",
)
@options.loop
@click.option("--threads", type=click.IntRange(0), help="Let a WSGI app block in so many threads a worker; Django: 8.")
@click.option("--patch", is_flag=True, help="Let blocking libraries (requests, redis, psycopg …) share a worker.")
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="PATH=URL",
    help="Pass on what the app doesn't route: /=http://127.0.0.1:5173; for development.",
)
@click.option("--reload/--no-reload", default=None, help="Restart when code changes; on in debug mode.")
@click.option("--debug/--no-debug", default=None, help="Show tracebacks in the browser; never in production.")
@click.option("--cert", "certs", multiple=True, metavar="FILE", help="Serve HTTPS with this; repeat for more names.")
@click.option("--key", "keys", multiple=True, metavar="FILE", help="The key of each --cert, unless it is in its file.")
@click.option("--client-ca", metavar="FILE", help="Let in only clients with a certificate of these authorities.")
@click.option("--trust", multiple=True, metavar="NETWORK", help="Proxies to believe who the client is; or unix.")
@click.option(
    "--trust-header", type=click.Choice(["x-forwarded", "forwarded"]), default="x-forwarded", show_default=True
)
@click.option("--max-requests", type=click.IntRange(1), help="Replace a worker after this many, and up to 10% more.")
@click.option("--max-memory", type=SIZE, help="Replace a worker that has more: 512M, 2G.")
@options.seconds("--hang", 10.0, "Replace a worker in which nothing has moved for so long; 0: never.")
@options.seconds("--grace", 30.0, "What requests get to finish when a worker ends.")
@click.option("--health", metavar="PATH", help="Answer this path: 200 while requests are taken, else 503.")
@click.option("--live", "liveness", metavar="PATH", help="Answer this path with 200 as long as a worker lives.")
@options.seconds("--notice", 0.0, "When told to stop, go on for so long while --health says 503.")
@click.option("--limit-requests", type=click.IntRange(1), help="In flight in each worker; more get 503 at once.")
@click.option("--limit-connections", type=click.IntRange(1), help="Of each worker; more get 503 at once.")
@click.option(
    "--stop-abandoned/--run-abandoned",
    default=True,
    help="Whether the view of a GET stops when its client leaves.",
)
@click.option("--access-log/--no-access-log", default=None, help="Write a line for each request; on in debug mode.")
@click.option("--access-log-format", metavar="FORMAT", help="common, combined, json, or one's own.")
def run(target: str | None, **given: Any) -> None:
    """Serve an app.

    TARGET is a file (hello.py), a module with the app's name behind a colon (hello:app), or with a call
    (shop:create_app('dev')). Without one, SPRUCE_APP names it, or it is in app.py or wsgi.py. WSGI and ASGI apps of
    other frameworks are served too.
    """
    debug = given["debug"]
    if debug is not None:
        os.environ["SPRUCE_DEBUG"] = "1" if debug else "0"
    workers, threads, patch = given["workers"], given["threads"], given["patch"]
    if threads and patch:
        raise ConfigError(
            "--threads lets an app block, --patch lets it wait without blocking: both together do not work",
            hint="Choose one; --threads serves any app.",
        )
    passing = _passing(given["proxies"])
    reload = bool(debug) and bool(workers) if given["reload"] is None else given["reload"]
    with EarlyEnd():
        server.serve(
            passing(_load(target, None, patch, threads)) if not workers else None,
            load=partial(_load_in_child, target, token_urlsafe(12), patch, threads, passing) if workers else None,
            binds=list(given["binds"]) or activated_binds() or [address(given["host"], given["port"])],
            workers=workers,
            loop=given["loop"],
            reload=reload,
            watch=_folders(target),
            access_log=given["access_log_format"]
            or (bool(debug) if given["access_log"] is None else given["access_log"]),
            grace=given["grace"],
            limits=server.Limits(
                requests=given["limit_requests"],
                connections=given["limit_connections"],
                stop_abandoned=given["stop_abandoned"],
            ),
            tls=tls_for(given["certs"], given["keys"], given["client_ca"]),
            max_requests=given["max_requests"],
            max_memory=given["max_memory"],
            hang_seconds=given["hang"] or None,
            health=given["health"],
            liveness=given["liveness"],
            notice=given["notice"],
            reuse_port=given["reuse_port"],
            trust=server.Trust(given["trust"], given["trust_header"]) if given["trust"] else None,
        )


def _load(target: str | None, token: str | None, patch: bool, threads: int | None) -> Handler:
    """Find the app, say what it is and how it runs, and return its handler; `patch` the standard library first."""
    if patch:
        monkey_patch()
    found = find(target)
    click.echo(f"Found {found}")
    if found.kind == "Spruce" and found.app.debug:
        announce(found.app, token)
    if found.kind == "WSGI":
        threads = server.usual_threads() if threads is None and not patch else threads or 0
        click.echo(_way(threads, patch))
    return handler_for(found, threads) if found.kind == "Spruce" else _viewed(found, token, threads)


def _viewed(found: Found, token: str | None, threads: int | None) -> Handler:
    """Return the handler of another framework's app, behind the viewer where one is wanted."""
    viewer = os.environ.keys() & {"SPRUCE_DEBUG", "SPRUCE_VIEWER", "SPRUCE_VIEWER_AUTHORIZE"}
    if not viewer:
        return handler_for(found, threads)
    from spruce.apm.hostedviewer import HostedViewer, viewer_app  # not loaded where nobody wants it

    app = viewer_app(token)
    handler = handler_for(found, threads)
    if app is None:
        return handler
    if app.debug:
        door = f"/_debug?token={app.config['DEBUG_TOKEN']}&next=/_spruce/"
        click.echo(f"Requests and errors as they happen: {door}")
    return HostedViewer(handler, app)


def _way(threads: int, patch: bool) -> str:
    """Say how a WSGI app runs, since that decides whether it may block."""
    if threads:
        return f"It runs in {threads} thread{'s' if threads > 1 else ''} of the operating system in each worker"
    if patch:
        return "It runs in green threads, and the standard library waits without blocking them"
    return "It runs in green threads: one that blocks stops its worker, unless you give it --threads"


def _passing(rules: Sequence[str]) -> Callable[[Handler], Handler]:
    """Return what makes a handler pass on what the app doesn't route. Raises ConfigError for a rule that is none."""
    if not rules:
        return lambda handler: handler
    from spruce.server.proxy import Proxy, upstream  # here, since production has no use for it

    upstreams = [upstream(rule) for rule in rules]
    return lambda handler: Proxy(handler, upstreams)


def _load_in_child(
    target: str | None, token: str, patch: bool, threads: int | None, passing: Callable[[Handler], Handler]
) -> Handler:
    """Do that in a process that was forked to serve; all that are have one token for the debug page."""
    try:
        return passing(_load(target, token, patch, threads))
    except SpruceError as error:
        raise server.LoadError(told(error), final=isinstance(error, AppNotFound)) from error


def _folders(target: str | None) -> list[Path]:
    """Return the folder of the file that is to be served, for `--reload`."""
    path = Path((target or os.environ.get("SPRUCE_APP") or "").rpartition(":")[0] or target or "")
    return [path.parent if path.is_file() else path] if path.name and path.exists() else []


def handler_for(found: Found, threads: int | None = None) -> Handler:
    """Return what the server calls for each request of an app. Raises ConfigError for threads that it can't use."""
    if threads and found.kind != "WSGI":
        raise ConfigError(
            f"--threads is for WSGI apps, and this is one of {found.kind}",
            hint='Give the views that block a thread of their own: @app.get("/report", thread=True).'
            if found.kind == "Spruce"
            else "An ASGI app runs what blocks in threads by itself.",
        )
    if found.kind == "Spruce":
        handler: Handler = found.app.handle
        return handler
    if is_wanted(config.current()):
        start(config.current())
    return server.wsgi(found.app, threads) if found.kind == "WSGI" else server.asgi(found.app)


def tls_for(certs: Sequence[str], keys: Sequence[str], client_ca: str | None) -> server.TLS | None:
    """Return what `--cert`, `--key` and `--client-ca` ask for; None without any. Raises ConfigError."""
    if not certs:
        if keys or client_ca:
            raise ConfigError("--key and --client-ca are for HTTPS, which needs --cert", hint="Give --cert FILE.")
        return None
    if keys and len(keys) != len(certs):
        raise ConfigError(
            f"there are {len(certs)} --cert and {len(keys)} --key",
            hint="Give one --key for each --cert, in their order.",
        )
    pairs = zip(certs, keys, strict=True) if keys else ((cert, None) for cert in certs)
    return server.TLS([server.Certificate(cert, key) for cert, key in pairs], client_ca)


def address(host: str, port: int) -> str:
    """Return host and port as one text; an IPv6 address gets its brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
