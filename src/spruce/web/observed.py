"""What a request did, for the debug page: its queries to databases, as events tell; and streamed pages that fail.

Only debug mode loads this. A page that is streamed has been begun when it fails, so the debug page is put behind what
the browser has already.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from logging import getLogger
from threading import Lock
from types import GeneratorType
from weakref import WeakKeyDictionary

from spruce.events import Event, db_query, request_failed
from spruce.http import Handler, Request, Response
from spruce.web import debugpage, debugtoken
from spruce.web.context import slot
from spruce.web.redaction import HIDDEN, is_secret, show
from spruce.web.site import Site

__all__ = ["MOST_QUERIES", "Query", "observing", "queries_of"]

MOST_QUERIES = 200
"""So many queries of a request are kept; later ones are only counted."""

_WORD = re.compile(r"\w+")
_log = getLogger("spruce.web")


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it is shown. `times`: how often the request has sent this SQL, with whatever parameters."""

    sql: str
    parameters: str
    milliseconds: str
    rows: str
    database: str
    times: int = 1


class _Seen:
    """The queries of one request."""

    def __init__(self) -> None:
        self.kept: list[Query] = []
        self.times: Counter[str] = Counter()


_seen: "WeakKeyDictionary[Request, _Seen]" = WeakKeyDictionary()


def observing(app: Site, handler: Handler) -> Handler:
    """Return `handler` with what the debug page needs around it."""

    def handle(request: Request) -> Response:
        unsubscribe = _subscribed()
        try:
            response = handler(request)
        finally:
            unsubscribe()
        body = response.response
        if isinstance(body, GeneratorType) and response.mimetype == "text/html":
            response.response = _told(app, request, body)
        return response

    return handle


def queries_of(request: Request) -> Sequence[Query]:
    """Return the queries that `request` has sent so far, in their order; at most MOST_QUERIES."""
    seen = _seen.get(request)
    if seen is None:
        return ()
    return [
        Query(one.sql, one.parameters, one.milliseconds, one.rows, one.database, seen.times[one.sql])
        for one in seen.kept
    ]


def _subscribed() -> Callable[[], None]:
    """Listen to queries once for all the requests that are under way; return what ends that for one of them."""
    with _Listening.lock:
        _Listening.requests += 1
        if _Listening.requests == 1:
            _Listening.end = db_query.subscribe(_note)

    def unsubscribe() -> None:
        with _Listening.lock:
            _Listening.requests -= 1
            if _Listening.requests == 0:
                _Listening.end()

    return unsubscribe


class _Listening:
    """How many requests are under way in this process, and what ends the listening."""

    lock = Lock()
    requests = 0
    end: Callable[[], None] = staticmethod(lambda: None)


def _note(event: Event) -> None:
    context = slot.get()
    if context is None or context.request is None or not context.app.debug:
        return
    seen = _seen.setdefault(context.request, _Seen())
    sql = str(event["sql"])
    seen.times[sql] += 1
    if len(seen.kept) < MOST_QUERIES:
        secret = any(map(is_secret, _WORD.findall(sql)))
        seen.kept.append(
            Query(
                sql,
                HIDDEN if secret else show("", event["parameters"]),
                f"{float(str(event['seconds'])) * 1000:.2f}",
                str(event["rows"]),
                str(event["database"]),
            )
        )


def _told(app: Site, request: Request, pieces: Iterator[str | bytes]) -> Iterator[str | bytes]:
    """The pieces of a page; and, where making one fails, the debug page for the browser that may see it."""
    unsubscribe = _subscribed()
    try:
        yield from pieces
    except Exception as error:
        if app.testing or not (debugpage.may_see(request) and debugtoken.is_known(app, request)):
            raise
        request_failed.emit(request=request, exception=error)
        _log.error("%s %r failed while its page was sent: %r", request.method, request.path, error, exc_info=error)
        yield debugpage.render(app, request, error, queries_of(request)).text
    finally:
        unsubscribe()
