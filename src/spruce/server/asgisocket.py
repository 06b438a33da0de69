"""WebSockets of hosted ASGI applications (the `websocket` scope of ASGI 3)."""

from collections.abc import Awaitable, Callable
from typing import Any

from spruce.errors import HostedAppError
from spruce.green import await_, spawn
from spruce.http import Headers, Request, Response
from spruce.server.websocket import WebSocket, WebSocketClosed, WebSocketOptions, accept
from spruce.server.wire import WireWebSocket

__all__ = ["serve_websocket"]

_SCHEMES = {"http": "ws", "https": "wss"}
_DENIAL = "websocket.http.response"  # the extension with which an application refuses by a response of its own


def serve_websocket(app: Callable[..., Awaitable[None]], request: Request, scope: dict[str, Any]) -> Response:
    """Let the application have the WebSocket that a request asks for; blocks until it has returned.

    `scope` is that of the request. One that closes instead of accepting answers by 403, or by a response of its own.
    """
    del scope["method"], scope["extensions"]
    scope["type"] = "websocket"
    scope["scheme"] = _SCHEMES[scope["scheme"]]
    scope["extensions"] = {_DENIAL: {}}
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    scope["subprotocols"] = [name.strip() for name in offered.split(",") if name.strip()]
    exchange = _Exchange(request)
    try:
        await_(app(scope, exchange.receive, exchange.send))
    except WebSocketClosed:
        pass
    return exchange.denial or Response(b"", 403 if exchange.websocket is None else 101)


class _Exchange:
    def __init__(self, request: Request) -> None:
        self.request = request
        self.websocket: WebSocket | None = None
        self.told = False
        self.refused = False
        self.denial: Response | None = None

    async def receive(self) -> dict[str, Any]:
        """Give the next event. A call that was cancelled loses nothing."""
        if not self.told:
            self.told = True
            return {"type": "websocket.connect"}
        if self.websocket is None:
            return {"type": "websocket.disconnect", "code": 1006, "reason": ""}
        websocket = self.websocket
        try:
            while (message := websocket.poll()) is None:
                await websocket.arrival()
        except WebSocketClosed as end:
            return {"type": "websocket.disconnect", "code": end.code, "reason": end.reason}
        if isinstance(message, str):
            return {"type": "websocket.receive", "text": message, "bytes": None}
        return {"type": "websocket.receive", "bytes": message, "text": None}

    async def send(self, event: dict[str, Any]) -> None:
        """Take an event; waits while the client takes too little. Raises WebSocketClosed, which is an OSError."""
        kind, websocket = event["type"], self.websocket
        if kind == "websocket.accept" and websocket is None and not self.refused:
            chosen, fields = event.get("subprotocol"), event.get("headers", ())
            headers = [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in fields]
            options = WebSocketOptions(["*"], [chosen] if chosen else [], headers=headers)
            self.websocket = accept(self.request, options)
        elif kind == f"{_DENIAL}.start" and websocket is None and not self.refused:
            self.refused = True
            self.denial = Response(b"", event["status"])
            self.denial.plain_type = None
            self.denial.headers = Headers.from_raw(event.get("headers", ()))
        elif kind == f"{_DENIAL}.body" and self.denial is not None:
            self.denial.response = self.denial.data + bytes(event.get("body", b""))
        elif kind == "websocket.close":
            self.refused = websocket is None
            if websocket is not None:
                websocket.close(event.get("code", 1000), event.get("reason") or "")
        elif kind == "websocket.send" and websocket is not None:
            text = event.get("text")
            await _send(websocket, text if text is not None else event["bytes"])
        else:
            raise HostedAppError(
                f"the ASGI application sent {kind!r} at a time when it cannot be sent",
                hint="Send websocket.accept first, then websocket.send, and websocket.close at the end.",
            )


async def _send(websocket: WebSocket, message: str | bytes) -> None:
    if not isinstance(websocket, WireWebSocket):
        await spawn(websocket.send, message)
    elif not websocket.put(message):
        await spawn(websocket.wait_until_taken)
