"""`spruce run`: find an app and serve it."""

import importlib.util
import os
from collections.abc import Sequence
from typing import Literal

import click

from spruce import server
from spruce.cli.target import Found, find
from spruce.errors import ConfigError, nearest
from spruce.green import LOOPS
from spruce.http import Handler
from spruce.web.debugtoken import announce

__all__ = ["address", "check_loop", "handler_for", "run", "tls_for"]


@click.command()
@click.argument("target", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 is every one.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--bind", "binds", multiple=True, metavar="ADDRESS", help="host:port or unix:/path; may be repeated.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="How many processes serve.")
@click.option("--loop", default=LOOPS[0], show_default=True, help=f"The event loop, one of {', '.join(LOOPS)}.")
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
@click.option("--limit-requests", type=click.IntRange(1), help="In flight in each worker; more get 503 at once.")
@click.option("--limit-connections", type=click.IntRange(1), help="Of each worker; more get 503 at once.")
@click.option("--access-log", is_flag=True, help="Write a line for each request.")
def run(
    target: str | None,
    host: str,
    port: int,
    binds: tuple[str, ...],
    workers: int,
    loop: str,
    reload: bool | None,
    debug: bool | None,
    certs: tuple[str, ...],
    keys: tuple[str, ...],
    client_ca: str | None,
    trust: tuple[str, ...],
    trust_header: Literal["x-forwarded", "forwarded"],
    max_requests: int | None,
    limit_requests: int | None,
    limit_connections: int | None,
    access_log: bool,
) -> None:
    """Serve an app.

    TARGET is a file (hello.py), a module with the app's name behind a colon (hello:app), or with a call
    (shop:create_app('dev')). Without one, SPRUCE_APP names it, or it is in app.py or wsgi.py. WSGI and ASGI apps of
    other frameworks are served too.
    """
    check_loop(loop)
    if debug is not None:
        os.environ["SPRUCE_DEBUG"] = "1" if debug else "0"
    found = find(target)
    click.echo(f"Found {found}")
    if found.kind == "Spruce" and found.app.debug:
        announce(found.app)
    server.serve(
        handler_for(found),
        binds=list(binds) or [address(host, port)],
        workers=workers,
        loop=loop,
        reload=bool(debug) if reload is None else reload,
        access_log=access_log,
        limits=server.Limits(requests=limit_requests, connections=limit_connections),
        tls=tls_for(certs, keys, client_ca),
        max_requests=max_requests,
        trust=server.Trust(trust, trust_header) if trust else None,
    )


def handler_for(found: Found) -> Handler:
    """Return what the server calls for each request of an app."""
    if found.kind == "Spruce":
        handler: Handler = found.app.handle
        return handler
    return server.wsgi(found.app) if found.kind == "WSGI" else server.asgi(found.app)


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


def check_loop(name: str) -> None:
    """Raise ConfigError when there is no such loop, or it is not installed: before anything is started."""
    if name not in LOOPS:
        raise ConfigError(f"there is no loop {name!r}{nearest(name, LOOPS)}", hint=f"Choose one of {', '.join(LOOPS)}.")
    if name == "uvloop" and importlib.util.find_spec("uvloop") is None:
        raise ConfigError(
            "uvloop is not installed", hint="Install it: pip install 'spruce[uvloop]', or leave --loop out."
        )
