"""Telling of requests that a hosted application answers, as an app of Spruce does, while somebody listens."""

from collections.abc import Callable
from time import perf_counter

from spruce.events import request_aborted, request_finished, request_started
from spruce.http import Request, Response

__all__ = ["announced", "is_heard"]


def is_heard() -> bool:
    """Whether anybody wants to know of requests."""
    return bool(request_started.subscribers or request_finished.subscribers)


def announced(request: Request, answer: Callable[[], Response], route: Callable[[], str | None]) -> Response:
    """Return what `answer()` returns, and tell of its beginning and its end; `route()` names the route then, if any."""
    start = perf_counter()
    request_started.emit(request=request)
    try:
        response = answer()
    except BaseException as error:
        request_aborted.emit(request=request, exception=error)
        raise
    request_finished.emit(request=request, response=response, seconds=perf_counter() - start, route=route())
    return response
