"""WebSockets: the handshake is a request, and what a view does with each message is a transaction of its own.

A conversation may last for days, so it is none itself. A message's transaction lasts until the view wants the next one;
it has a link to the handshake.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from spruce.apm.recorder import Recorder
from spruce.apm.spans import transaction_here
from spruce.apm.traceparent import TraceParent
from spruce.apm.webrequests import WebRequests, route_of
from spruce.events import Event

__all__ = ["Conversations"]

_SWITCHING = 101


class _Talk(NamedTuple):
    """What is known of a WebSocket from its handshake."""

    name: str
    handshake: TraceParent | None


class Conversations:
    """Subscribes to WebSockets on behalf of a client."""

    def __init__(self, client: Recorder, web: WebRequests) -> None:
        self.client = client
        self.web = web
        self._talks: WeakKeyDictionary[Any, _Talk] = WeakKeyDictionary()

    def accepted(self, event: Event) -> None:
        """End the transaction of the handshake."""
        request: Any = event["request"]
        route = route_of(request) or "unknown route"
        transaction = transaction_here()
        handshake = None
        if transaction is not None and transaction.type == "request":
            handshake = transaction.trace_parent
            if not transaction.named:
                transaction.name = f"{request.method} {route}"
            self.web.end(transaction, request, _SWITCHING, None)
        self._talks[event["websocket"]] = _Talk(f"WS {route}", handshake)

    def received(self, event: Event) -> None:
        """Begin the transaction of a message."""
        talk = self._talks.get(event["websocket"])
        if talk is None or transaction_here() is not None:
            return
        links = [] if talk.handshake is None else [talk.handshake]
        transaction = self.client.begin_transaction("websocket", links=links)
        if transaction is not None:
            transaction.name = talk.name
            transaction.custom = {"message": {"size": event["size"]}}

    def waiting(self, event: Event) -> None:
        """End it: the view wants the next message."""
        self._end("success")

    def ended(self, told: Mapping[str, Any]) -> None:
        """End it with the view."""
        self._end("success" if told.get("exception") is None else "failure")

    def _end(self, outcome: str) -> None:
        transaction = transaction_here()
        if transaction is not None and transaction.type == "websocket":
            if transaction.outcome is None:
                transaction.outcome = outcome
            self.client.end_transaction()
