"""What load balancers and orchestrators ask: whether this process takes requests, and whether it lives.

The server answers by itself, without the application, and does not count these requests. While the application gets
ready, other requests wait until it is.
"""

from enum import Enum

from spruce.green import Event
from spruce.http import Handler, Request, Response

__all__ = ["Health", "State"]


class State(Enum):
    """What a process does; the value is what it answers."""

    STARTING = "starting\n"
    READY = "ready\n"
    STOPPING = "stopping\n"


class Health:
    """A handler around a handler, which answers two paths by itself; None turns one off.

    `ready` gets 200 while the state is READY and 503 otherwise, `live` gets 200 as long as anything is answered.
    """

    def __init__(self, handler: Handler, ready: str | None, live: str | None) -> None:
        self.handler = handler
        self.ready = ready
        self.live = live
        self.state = State.STARTING
        self._begun = Event()

    def __call__(self, request: Request) -> Response:
        """Answer; requests of others wait while the application starts."""
        path = request.target.partition("?")[0]
        if path == self.ready:
            return self._answer(200 if self.state is State.READY else 503)
        if path == self.live:
            return self._answer(200)
        if self.state is State.STARTING:
            self._begun.wait()
        return self.handler(request)

    def begin(self) -> None:
        """The application is ready."""
        self.state = State.READY
        self._begun.send()

    def stop(self) -> None:
        """From now on, be asked no more."""
        self.state = State.STOPPING

    def _answer(self, status: int) -> Response:
        headers = {"Cache-Control": "no-store"}
        return Response(self.state.value, status, headers, content_type="text/plain; charset=utf-8")
