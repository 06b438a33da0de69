"""A live server: an app on a port of this machine, in a thread beside the test, for browsers and HTTP clients."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from spruce import green
from spruce.http import Handler
from spruce.server import start
from spruce.web import App

__all__ = ["LiveServer"]


class LiveServer:
    """Serves an app, or any handler, on a free port from `start` to `stop`: `with LiveServer(app) as server:`.

    It runs in a thread of the operating system with a loop of its own. `url` has no slash at the end.
    """

    def __init__(self, app: App | Handler, host: str = "127.0.0.1", port: int = 0) -> None:
        self.handler: Handler = app.handle if isinstance(app, App) else app
        self.host = host
        self.port = port
        self._stop: Callable[[], object] = lambda: None
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it is, as `http://127.0.0.1:41234`."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> "LiveServer":
        """Begin to serve; return self once connections are accepted. Raises what keeps it from listening."""
        self._thread = threading.Thread(target=self._run, name="spruce live server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def stop(self) -> None:
        """Let requests in flight finish, for five seconds at most, and end the thread."""
        if self._thread is not None:
            self._stop()
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        try:
            green.run(self._serve)
        except BaseException as error:
            self._failure = error
            self._ready.set()

    def _serve(self) -> None:
        loop = green.get_hub().loop
        told = green.Event()
        server = start(self.handler, green.listen((self.host, self.port)))
        self.host, self.port = _address(server.address)
        self._stop = lambda: loop.call_soon_threadsafe(told.send)
        self._ready.set()
        told.wait()
        server.stop(grace=5)

    def __enter__(self) -> "LiveServer":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def _address(address: Any) -> tuple[str, int]:
    host, port = address
    return host, port
