"""`instrument`: from now on requests, queries, pages and calls to other services are recorded by themselves."""

from collections.abc import Callable

from spruce import events
from spruce.apm.client import Client, get_client
from spruce.apm.webrequests import WebRequests
from spruce.errors import ContextError

__all__ = ["instrument", "uninstrument"]


class _Process:
    """What ends the instrumentation of this process, in the order of its beginning."""

    leaving: tuple[Callable[[], object], ...] = ()
    of: Client | None = None


def instrument(client: Client | None = None) -> None:
    """Record by itself what Spruce and the libraries do, for the client of the process; a second time changes nothing.

    Raises ContextError when there is no client.
    """
    client = client or get_client()
    if client is None:
        raise ContextError("there is no client to record for", hint="Make one first: apm.Client(service_name='shop').")
    if _Process.of is client:
        return
    uninstrument()
    _Process.of = client
    if not client.recording:
        return
    _Process.leaving = tuple(_begin(client))
    client.closing.append(uninstrument)


def uninstrument() -> None:
    """End what `instrument` began."""
    leaving, _Process.leaving = _Process.leaving, ()
    _Process.of = None
    for leave in reversed(leaving):
        leave()


def _begin(client: Client) -> list[Callable[[], object]]:
    web = WebRequests(client)
    return [
        events.request_started.subscribe(web.started),
        events.request_finished.subscribe(web.finished),
        events.request_aborted.subscribe(web.aborted),
        events.request_failed.subscribe(web.failed),
    ]
