"""Views of WebSockets: `@app.websocket("/chat/<room>")` on a function whose first parameter is the WebSocket."""

import inspect
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

from spruce.errors import ViewError
from spruce.green import await_
from spruce.http import Request, Response
from spruce.server import WebSocketClosed, WebSocketOptions, accept

__all__ = ["websocket_view"]


def websocket_view(
    view: Callable[..., Any], origins: Sequence[str] | None = None, subprotocols: Sequence[str] = ()
) -> Callable[..., Response]:
    """Return the view function that accepts a WebSocket and hands it to `view`, with the other parameters.

    It is closed when `view` returns: with 1000, or with 1011 when it raised. That the client has gone is no error.
    Raises: ViewError when `view` takes nothing.
    """
    signature = inspect.signature(view)
    first, *others = signature.parameters.values() or (None,)
    if first is None or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        raise ViewError(
            f"the view {view.__qualname__}() has no parameter for its WebSocket",
            hint=f"Write def {view.__name__}(ws, ...): it comes first.",
        )
    options = WebSocketOptions(origins=origins, subprotocols=tuple(subprotocols))
    takes_request = "request" in signature.parameters
    awaited = inspect.iscoroutinefunction(view)

    def upgrade(request: Request, **values: Any) -> Response:
        websocket = accept(request, options)
        if takes_request:
            values["request"] = request
        try:
            result = view(websocket, **values)
            if awaited:
                await_(result)
        except WebSocketClosed:
            pass
        except Exception:
            websocket.fail(1011, "the server failed")
            raise
        return Response(b"", 101)

    made: Any = update_wrapper(upgrade, view)
    made.non_atomic_requests = {None}  # a transaction as long as a conversation would hold up others
    parameter = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    made.__signature__ = signature.replace(
        parameters=[parameter, *(one for one in others if one.name != "request")], return_annotation=Response
    )
    return upgrade
