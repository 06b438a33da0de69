"""Jobs as transactions, in the trace of the request that wanted them."""

from typing import Any

from spruce.apm.recorder import Recorder
from spruce.apm.spans import begin_span, current, transaction_here
from spruce.apm.traceparent import trace_parent_from_headers
from spruce.apm.what import What
from spruce.events import Event

__all__ = ["Jobs"]

_OUTCOMES = {"SUCCESSFUL": "success", "FAILED": "failure", "READY": "failure"}


class Jobs:
    """Subscribes to jobs on behalf of a client."""

    def __init__(self, client: Recorder) -> None:
        self.client = client

    def enqueued(self, event: Event) -> None:
        """Let the job know in which trace it was wanted, and note that."""
        told: Any = event.attributes
        here = current.get()
        if here is None or here.transaction.ended:
            return
        place: Any = here
        if here.transaction.sampled:
            queue = told["queue"]
            context = {
                "message": {"queue": {"name": queue}},
                "destination": {"service": {"resource": f"tasks/{queue}", "name": "", "type": ""}},
                "service": {"target": {"type": "tasks", "name": queue}},
            }
            name = f"SEND {told['name']} to {queue}"
            span = begin_span(here, What(name, "messaging", "tasks", "send", True, True, f"tasks/{queue}", context))
            place = span if span.kept else here
            parent = place.trace_parent
            span.end(0.0)
        else:
            parent = place.trace_parent
        told["headers"]["traceparent"] = parent.to_string()
        if parent.tracestate:
            told["headers"]["tracestate"] = parent.tracestate

    def started(self, event: Event) -> None:
        """Begin the transaction of a job."""
        told: Any = event.attributes
        transaction = self.client.begin_transaction("messaging", trace_parent_from_headers(told["headers"] or {}))
        if transaction is not None:
            transaction.name = told["name"]
            transaction.custom = {
                "job": {
                    "id": str(told["id"]),
                    "queue": told["queue"],
                    "attempt": told["attempt"],
                    "waited_ms": (told["waited"] or 0.0) * 1000,
                }
            }

    def finished(self, event: Event) -> None:
        """End it; what the job raised is recorded."""
        told: Any = event.attributes
        transaction = transaction_here()
        if transaction is None or transaction.type != "messaging":
            return
        if told["exception"] is not None:
            self.client.capture_exception(told["exception"], handled=False)
        if transaction.outcome is None:
            transaction.outcome = _OUTCOMES.get(told["status"], "unknown")
        self.client.end_transaction(told["name"], told["status"].lower())
