"""serve: accept connections and handle each in a green thread of its own; eventlet's name and semantics."""

from collections.abc import Callable
from functools import partial
from typing import Any

from spruce.green.greenthread import GreenThread
from spruce.green.pool import GreenPool
from spruce.green.runtime import get_hub
from spruce.green.sockets import GreenSocket
from spruce.green.threads import GreenletExit, getcurrent

__all__ = ["StopServe", "serve"]


class StopServe(Exception):
    """Raised by a handler, it ends `serve`."""


def serve(sock: GreenSocket, handle: Callable[[GreenSocket, Any], object], concurrency: int = 1000) -> None:
    """Accept on `sock` and call `handle(connection, address)` for each in a green thread, `concurrency` at a time.

    Blocks until a handler raises StopServe; those that run then go on. Any other exception of a handler is raised here
    too. A connection is closed when its handler ends.
    """
    pool, server = GreenPool(concurrency), getcurrent()
    try:
        while True:
            connection, address = sock.accept()
            try:
                thread = pool.spawn(handle, connection, address)
            except BaseException:
                connection.close()
                raise
            thread.link(_ended, server, connection)
    except StopServe:
        return


def _ended(thread: GreenThread, server: GreenThread, connection: GreenSocket) -> None:
    connection.close()
    try:
        thread.wait()
    except GreenletExit:
        pass
    except Exception as exc:
        get_hub().call(partial(server.interrupt, exc))
