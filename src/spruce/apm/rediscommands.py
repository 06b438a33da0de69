"""Commands to Redis as spans, for programs that use redis-py themselves; what a cache of Spruce sends is in its own."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any

from spruce import cache
from spruce.apm.libraries import Libraries
from spruce.apm.spans import Span, begin_span, current
from spruce.apm.what import What

__all__ = ["RedisCommands"]

_CACHE = os.path.dirname(os.path.abspath(cache.__file__)) + os.sep
_DEPTH = 12  # frames between a cache and the client that it uses


class RedisCommands:
    """Puts spans around what redis-py does, by plain and by async calls."""

    def add_to(self, libraries: Libraries) -> None:
        """Say what is to be put around what."""
        for module, around in (("redis.client", self._around), ("redis.asyncio.client", self._around_async)):
            libraries.around(module, "Redis.execute_command", around)
            libraries.around(module, "Pipeline.execute", around)

    def _around(self, run: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run)
        def call(client: Any, *args: Any, **kwargs: Any) -> Any:
            span = _begin(client, args)
            if span is None:
                return run(client, *args, **kwargs)
            token = current.set(span)
            try:
                return run(client, *args, **kwargs)
            except BaseException:
                span.outcome = "failure"
                raise
            finally:
                current.reset(token)
                span.end()

        return call

    def _around_async(self, run: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run)
        async def call(client: Any, *args: Any, **kwargs: Any) -> Any:
            span = _begin(client, args)
            if span is None:
                return await run(client, *args, **kwargs)
            token = current.set(span)
            try:
                return await run(client, *args, **kwargs)
            except BaseException:
                span.outcome = "failure"
                raise
            finally:
                current.reset(token)
                span.end()

        return call


def _begin(client: Any, args: tuple[Any, ...]) -> Span | None:
    here = current.get()
    if here is None or here.transaction.ended or not here.transaction.sampled:
        return None
    if (isinstance(here, Span) and here.leaf) or _for_a_cache(sys._getframe(2)):
        return None
    name = str(args[0]).upper() if args and isinstance(args[0], str | bytes) else "PIPELINE"
    options = getattr(getattr(client, "connection_pool", None), "connection_kwargs", {})
    host, port = str(options.get("host", "")), options.get("port")
    context: dict[str, Any] = {
        "db": {"type": "redis"},
        "destination": {"service": {"resource": "redis", "name": "", "type": ""}},
        "service": {"target": {"type": "redis", "name": ""}},
    }
    if host and isinstance(port, int):
        context["destination"] |= {"address": host, "port": port}
    span = begin_span(here, What(name, "db", "redis", "query", True, True, "redis", context))
    return span if span.kept else None


def _for_a_cache(frame: FrameType | None) -> bool:
    for _ in range(_DEPTH):
        if frame is None:
            return False
        if frame.f_code.co_filename.startswith(_CACHE):
            return True
        frame = frame.f_back
    return False
