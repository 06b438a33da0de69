"""Calls to other services as spans, with the trace told to them: httpx, aiohttp, requests, urllib3 and urllib.

A call that a library makes by way of another one is one span, the outer one's.
"""

from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from spruce.apm.libraries import Libraries
from spruce.apm.settings import ApmSettings
from spruce.apm.spans import Span, begin_span, current
from spruce.apm.what import What

__all__ = ["Calling", "Outgoing"]

_FIRST_FAILURE = 400
_PORTS = {"http": 80, "https": 443}


class Calling:
    """A call that is being made: for `with`. `headers` go with it; `status` is to be set to that of the answer."""

    __slots__ = ("_span", "_token", "headers", "status")

    def __init__(self, method: str, url: str, settings: ApmSettings) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self._span: Span | None = None
        self._token: Any = None
        here = current.get()
        if here is None or here.transaction.ended or (isinstance(here, Span) and here.leaf):
            return
        place = here
        if here.transaction.sampled:
            span = begin_span(here, _described(method, url))
            if span.kept:
                place = self._span = span
        self.headers = _headers(place.trace_parent, settings)

    def __enter__(self) -> "Calling":
        if self._span is not None:
            self._token = current.set(self._span)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        span = self._span
        if span is None:
            return
        current.reset(self._token)
        if self.status is not None:
            span.update_context("http", {"status_code": self.status})
        failed = error is not None or (self.status is not None and self.status >= _FIRST_FAILURE)
        span.outcome = "failure" if failed else "success"
        span.end()


def _headers(parent: Any, settings: ApmSettings) -> dict[str, str]:
    value = parent.to_string()
    headers = {"traceparent": value}
    if parent.tracestate:
        headers["tracestate"] = parent.tracestate
    if settings.use_elastic_traceparent_header:
        headers["elastic-apm-traceparent"] = value
    return headers


def _described(method: str, url: str) -> What:
    """What a call is; its URL without name and password."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme, 0)
    shown = f"[{host}]" if ":" in host else host
    place = shown if port == _PORTS.get(parts.scheme) else f"{shown}:{port}"
    resource = f"{shown}:{port}"
    context = {
        "http": {"url": urlunsplit(parts._replace(netloc=place)), "method": method.upper()},
        "destination": {"address": host, "port": port, "service": {"resource": resource, "name": "", "type": ""}},
        "service": {"target": {"type": "http", "name": resource}},
    }
    return What(f"{method.upper()} {place}", "external", "http", None, True, True, resource, context)


class Outgoing:
    """Puts `Calling` around what libraries do."""

    def __init__(self, settings: ApmSettings) -> None:
        self.settings = settings

    def add_to(self, libraries: Libraries) -> None:
        """Say what is to be put around what."""
        libraries.around("httpx", "Client.send", self._around_send)
        libraries.around("httpx", "AsyncClient.send", self._around_async_send)
        libraries.around("requests.sessions", "Session.send", self._around_send)
        libraries.around("urllib3.connectionpool", "HTTPConnectionPool.urlopen", self._around_urlopen)
        libraries.around("urllib.request", "AbstractHTTPHandler.do_open", self._around_do_open)
        libraries.around("aiohttp.client", "ClientSession._request", self._around_request)

    def _calling(self, method: Any, url: Any) -> Calling:
        return Calling(str(method or "GET"), str(url), self.settings)

    def _around_send(self, send: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(send)
        def call(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            with self._calling(request.method, request.url) as calling:
                request.headers.update(calling.headers)
                response = send(client, request, *args, **kwargs)
                calling.status = response.status_code
                return response

        return call

    def _around_async_send(self, send: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(send)
        async def call(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            with self._calling(request.method, request.url) as calling:
                request.headers.update(calling.headers)
                response = await send(client, request, *args, **kwargs)
                calling.status = response.status_code
                return response

        return call

    def _around_urlopen(self, urlopen: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(urlopen)
        def call(
            pool: Any, method: str, url: str, body: Any = None, headers: Any = None, *args: Any, **kwargs: Any
        ) -> Any:
            full = url if "://" in url else f"{pool.scheme}://{pool.host}:{pool.port or _PORTS.get(pool.scheme)}{url}"
            with self._calling(method, full) as calling:
                if calling.headers:
                    headers = {**(pool.headers if headers is None else headers), **calling.headers}
                response = urlopen(pool, method, url, body, headers, *args, **kwargs)
                calling.status = response.status
                return response

        return call

    def _around_do_open(self, do_open: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(do_open)
        def call(handler: Any, http_class: Any, request: Any, **kwargs: Any) -> Any:
            with self._calling(request.get_method(), request.full_url) as calling:
                for name, value in calling.headers.items():
                    request.add_unredirected_header(name.capitalize(), value)
                response = do_open(handler, http_class, request, **kwargs)
                calling.status = response.status
                return response

        return call

    def _around_request(self, request: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(request)
        async def call(session: Any, method: str, url: Any, **kwargs: Any) -> Any:
            with self._calling(method, session._build_url(url) if hasattr(session, "_build_url") else url) as calling:
                if calling.headers:
                    kwargs["headers"] = _with(kwargs.get("headers"), calling.headers)
                response = await request(session, method, url, **kwargs)
                calling.status = response.status
                return response

        return call


def _with(headers: Any, more: dict[str, str]) -> list[tuple[str, str]]:
    """Headers as pairs, of which there may be several of one name, and more of them."""
    pairs = headers.items() if hasattr(headers, "items") else headers or ()
    return [*((str(name), value) for name, value in pairs), *more.items()]
