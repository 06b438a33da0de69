"""Rate limits: how often one client may ask, for all views together or one; what is more gets a 429 with Retry-After.

Each client has a bucket of tokens: a request takes one, and they come back evenly. `10/minute` is a bucket of ten that
is full again after a minute, so ten at once are fine, and then one in six seconds. Buckets are kept in the memory of
each worker process: with four workers a client may get four times as much. A client is an address; of IPv6 a network of
64 bits, which is what one subscriber has. Behind a proxy say `spruce run --trust`, or all visitors are one client.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import wraps
from ipaddress import IPv6Network, ip_address
from logging import getLogger
from math import ceil
from time import monotonic, time
from typing import Any

from spruce import config
from spruce.errors import CacheUnavailable, ConfigError, LockNotHeld, MiddlewareNotUsed, TooManyRequests
from spruce.http import Handler, Request, Response
from spruce.web import request

__all__ = ["Limiter", "RateLimitMiddleware", "client_of", "parse_rate", "rate_limit"]

Key = Callable[[Request], str | None]
View = Callable[..., Any]

_SECONDS = {"s": 1, "second": 1, "m": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}
_RATE = re.compile(r"\s*(\d+)\s*/\s*(\d*)\s*([a-z]+?)s?\s*", re.IGNORECASE).fullmatch
_MOST_CLIENTS = 100_000
_LOCKED_SECONDS = 2.0
_log = getLogger("spruce.security.ratelimits")


class Limiter:
    """Buckets of one rate, such as `10/minute` or `100/5m`; in RATE_LIMIT_CACHE_ALIAS under `name`, where that is set.

    Of those in memory the ones that were not used for longest are given up first. `clock` gives their seconds, which
    only go on; buckets that several processes share go by the time of day.
    """

    def __init__(
        self,
        rate: str,
        name: str = "",
        *,
        clock: Callable[[], float] = monotonic,
        most_clients: int = _MOST_CLIENTS,
    ) -> None:
        self.size, self.seconds = parse_rate(rate)
        self.name = name
        self._clock = clock
        self._most = most_clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take a token from the bucket of `key`; return 0.0, or the seconds until there is one if it is empty."""
        alias = config.current()["RATE_LIMIT_CACHE_ALIAS"]
        if alias is not None and self.name:
            try:
                return self._take_shared(alias, f"rate:{self.name}:{key}")
            except (CacheUnavailable, LockNotHeld) as error:
                _log.warning("the cache %r cannot count requests, so each worker does by itself: %s", alias, error)
        now = self._clock()
        tokens, wait = self._next(self._buckets.pop(key, None), now)
        self._buckets[key] = (tokens, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait

    def _take_shared(self, alias: str, key: str) -> float:
        from spruce.cache import caches  # apps that don't share their limits don't load it

        cache = caches[alias].strict
        with cache.lock(key, _LOCKED_SECONDS, blocking_timeout=_LOCKED_SECONDS):
            now = time()
            tokens, wait = self._next(cache.get(key), now)
            cache.set(key, [tokens, now], timeout=self.seconds)
        return wait

    def _next(self, bucket: Sequence[float] | None, now: float) -> tuple[float, float]:
        """What is in a bucket once a token was asked for, and how long to wait for it; None is a full bucket."""
        tokens, since = bucket if bucket is not None else (float(self.size), now)
        tokens = min(self.size, tokens + max(0.0, now - since) * self.size / self.seconds)
        return (tokens - 1, 0.0) if tokens >= 1 else (tokens, (1 - tokens) * self.seconds / self.size)

    def check(self, key: str | None) -> None:
        """Take a token. Raises: TooManyRequests when there is none; a key of None is never limited."""
        wait = self.take(key) if key is not None else 0.0
        if wait:
            raise TooManyRequests(retry_after=max(1, ceil(wait)))

    def stats(self) -> dict[str, int]:
        """How many clients have a bucket."""
        return {"clients": len(self._buckets)}


def parse_rate(rate: str) -> tuple[int, float]:
    """Return how many requests in how many seconds: `10/minute`, `100/5m`, `1/s`. Raises: ConfigError."""
    found = _RATE(rate)
    if not found or found[3].lower() not in _SECONDS or not int(found[1]) or found[2] == "0":
        raise ConfigError(f"{rate!r} is no rate", hint="Write '10/minute', '100/5 minutes', '5/s' or '1000/day'.")
    return int(found[1]), float(int(found[2] or 1) * _SECONDS[found[3].lower()])


def client_of(request: Request) -> str | None:
    """Return who asks: the address, of IPv6 its network of 64 bits; None where there is none, as over a Unix socket."""
    address = request.remote_addr
    if address is None or ":" not in address:
        return address
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(known, "ipv4_mapped", None)
    return str(mapped) if mapped is not None else str(IPv6Network((int(known), 64), strict=False))


def rate_limit(rate: str, *, key: Key = client_of) -> Callable[[View], View]:
    """Let each client ask for the decorated view only so often: `@rate_limit("5/minute")`, below the route.

    `key(request)` tells who a client is; for None there is no limit. Raises: ConfigError for what is no rate.
    """
    parse_rate(rate)

    def decorate(view: View) -> View:
        limiter = Limiter(rate, f"{view.__module__}.{getattr(view, '__qualname__', repr(view))}")

        @wraps(view)
        def call(*args: Any, **kwargs: Any) -> Any:
            limiter.check(key(request._get_current_object()))  # type: ignore[attr-defined] # a proxy's own method
            return view(*args, **kwargs)

        return call

    return decorate


class RateLimitMiddleware:
    """Lets each client ask only as often as RATE_LIMIT says, whatever for; without it there is nothing to do."""

    def __init__(self, get_response: Handler) -> None:
        rate = config.current()["RATE_LIMIT"]
        if rate is None:
            raise MiddlewareNotUsed("RATE_LIMIT is not set")
        self.get_response = get_response
        self.limiter = Limiter(rate, "app")

    def __call__(self, request: Request) -> Response:
        """Handle `request`. Raises: TooManyRequests."""
        self.limiter.check(client_of(request))
        return self.get_response(request)
