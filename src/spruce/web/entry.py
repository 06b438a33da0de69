"""Entering a context by hand: `with app.app_context():` and `with app.test_request_context("/path"):`."""

from contextvars import Token
from types import TracebackType

from spruce import config
from spruce.http import Request
from spruce.web.context import Context, Globals, slot
from spruce.web.site import Site
from spruce.web.stack import tear_down

__all__ = ["Entry"]


class Entry:
    """A context that is entered and left: `with entry:`, or `entry.push()` and `entry.pop()` in the same place.

    Leaving it runs the functions of teardown_appcontext, and of teardown_request when there is a request.
    """

    def __init__(self, app: Site, request: Request | None = None) -> None:
        self.app = app
        self.request = request
        self._context = Context(app, request)
        self._tokens: list[tuple[Token[Context | None], Token[config.Settings | None]]] = []

    @property
    def g(self) -> Globals:
        """The namespace `g` of this context."""
        return self._context.g

    def push(self) -> None:
        """Enter the context."""
        self._tokens.append((slot.set(self._context), config.use(self.app.config)))

    def pop(self, exception: BaseException | None = None) -> None:
        """Leave the context; `exception` is what the functions of teardown are told."""
        token, settings = self._tokens.pop()
        try:
            tear_down(self.app, self._context, exception)
        finally:
            slot.reset(token)
            config.leave(settings)

    def __enter__(self) -> "Entry":
        self.push()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.pop(exception)
