"""Requests as transactions: named by their route, with result and outcome, and what may be told of them.

What is mounted in an app answers within the transaction of the app's request, and gives it the name of its own route.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spruce.apm.recorder import Recorder
from spruce.apm.settings import ApmSettings
from spruce.apm.spans import Transaction, current, transaction_here
from spruce.apm.traceparent import TraceParent, trace_parent_from_string
from spruce.apm.tracing import outcome_of_status
from spruce.apm.what import Answered, Asked
from spruce.apm.wildcards import Patterns
from spruce.events import Event
from spruce.http import Request, Response
from spruce.web.redaction import HIDDEN

__all__ = ["WebRequests", "route_of"]

_ENDS = {status: (f"HTTP {status // 100}xx", outcome_of_status(status), Answered(status)) for status in range(1000)}
"""The result and the outcome of each status, and what is told of a response with it."""
_PARENTS = {11: b"traceparent", 23: b"elastic-apm-traceparent"}
"""By their lengths: comparing these is the cheapest way to see that a request has neither."""
_LONGEST_BODY = 2048


def route_of(request: Request) -> str | None:
    """The rule that answers a request, with what it is mounted below; None when none does."""
    rule = request.url_rule
    return None if rule is None else f"{request.root_path}{rule.rule}"


class WebRequests:
    """Subscribes to requests on behalf of a client."""

    def __init__(self, client: Recorder) -> None:
        self.client = client
        self.change(client.settings)
        client.changing.append(self.change)
        self.otherwise: Callable[[Mapping[str, Any]], object] = bool
        """What gets the ends of requests that are not transactions any more, as those of WebSockets."""

    def change(self, settings: ApmSettings) -> None:
        """Keep to these settings from now on."""
        self.settings = settings
        self._ignored: Patterns | None = settings.transaction_ignore_urls or None
        self._with_headers = settings.capture_headers
        self._with_bodies = settings.capture_body in ("transactions", "all")

    def started(self, told: dict[str, Any]) -> None:
        """Begin the transaction of a request; a plain subscriber."""
        request: Any = told["request"]
        here = current.get()
        if here is not None and not here.transaction.ended and here.transaction.type == "request":
            here.transaction.depth += 1
            return
        if self._ignored is not None and self._ignored.match(request.path):
            return
        self.client.begin_transaction("request", _parent_of(request.raw_headers))

    def finished(self, told: dict[str, Any]) -> None:
        """End the transaction of a request that was answered; a plain subscriber."""
        here = current.get()
        transaction = here if type(here) is Transaction else transaction_here()
        if transaction is None or transaction.type != "request":
            self.otherwise(told)
            return
        request: Any = told["request"]
        response: Any = told["response"]
        if not transaction.named:
            rule = request.url_rule
            route = told.get("route") if rule is None else rule.rule
            if route is not None:
                transaction.name = f"{request.method} {request.root_path}{route}"
            elif not transaction.name:
                transaction.name = f"{request.method} unknown route"
        if transaction.depth:
            transaction.depth -= 1
            return
        self.end(transaction, request, response.status_code, response)

    def aborted(self, event: Event) -> None:
        """End the transaction of a request that nobody answered: its exception goes on to the server."""
        transaction = transaction_here()
        if transaction is None or transaction.type != "request":
            self.otherwise(event.attributes)
            return
        if transaction.depth:
            transaction.depth -= 1
            return
        request: Any = event.attributes["request"]
        error: Any = event["exception"]
        if not transaction.name:
            transaction.name = f"{request.method} {route_of(request) or 'unknown route'}"
        self.client.capture_exception(error, handled=False)
        self.end(transaction, request, 500 if isinstance(error, Exception) else None, None)

    def failed(self, event: Event) -> None:
        """Record what no error handler took."""
        error: Any = event["exception"]
        transaction = transaction_here()
        if transaction is not None and transaction.type == "request":
            request: Any = event.attributes["request"]
            if not transaction.name:  # errors are put together by it
                transaction.name = f"{request.method} {route_of(request) or 'unknown route'}"
            if transaction.request is None and transaction.sampled:
                with_body = self.settings.capture_body in ("errors", "all")
                transaction.request = self._asked(request, with_body=with_body)
        self.client.capture_exception(error, handled=False)

    def end(self, transaction: Transaction, request: Request, status: int | None, response: Response | None) -> None:
        """End the transaction of a request, with the status and what may be told of both."""
        current.set(transaction.outer)
        if status is not None:
            result, outcome, answered = _ENDS.get(status) or ("HTTP", outcome_of_status(status), Answered(status))
            transaction.result = transaction.result or result
            transaction.outcome = transaction.outcome or outcome
            transaction.response = answered
        if transaction.sampled:
            if transaction.request is None:
                transaction.request = self._asked(request, with_body=self._with_bodies)
            if self._with_headers and response is not None:
                transaction.response = Answered(status, self._clean(response.headers.items()))
        self.client.finish(transaction)

    def _asked(self, request: Any, *, with_body: bool) -> Asked:
        peer = request.peer
        headers = cookies = body = None
        if self._with_headers:
            headers = self._clean((name, value) for name, value in request.headers.items() if name.lower() != "cookie")
            cookies = self._clean(request.cookies.items())
        if with_body:
            body = self._body(request)
        return Asked(
            request.method,
            peer.scheme,
            request.host,
            request.target,
            request.http_version,
            peer.client[0] if peer.client else None,
            headers,
            cookies,
            body,
        )

    def _body(self, request: Any) -> str | None:
        """What has been read of a body, without its secrets; never reads any of it."""
        form = request.__dict__.get("_form")
        if form is not None:
            return repr(self._clean(form.fields.items()))[:_LONGEST_BODY]
        data = request.__dict__.get("data")
        return data[:_LONGEST_BODY].decode("utf-8", "replace") if data else None

    def _clean(self, pairs: Any) -> dict[str, str]:
        hidden = self.settings.sanitize_field_names
        return {str(name): HIDDEN if hidden.match(str(name)) else str(value) for name, value in pairs}


def _parent_of(headers: Sequence[tuple[bytes, bytes]]) -> TraceParent | None:
    found = [(name, value) for name, value in headers if len(name) in _PARENTS and name.lower() == _PARENTS[len(name)]]
    if not found:
        return None
    state = [value.decode("latin-1") for name, value in headers if name.lower() == b"tracestate"]
    for wanted in _PARENTS.values():
        for name, value in found:
            if name.lower() == wanted:
                parent = trace_parent_from_string(value.decode("latin-1"), state[0] if state else None)
                if parent is not None:
                    return parent
                break
    return None
