"""Whole pages in the cache: `cache_page` around a view, CacheMiddleware around all; headers about caching.

Kept are answers to GET with status 200 that are alike for everybody who sends the same request headers as far as
`Vary` names them. Not kept: streams, what sets cookies, what says `private`, `no-store` or `no-cache`, pages with a
CSRF token or a CSP nonce, answers to requests with Authorization unless they say `public` (RFC 9111 section 3.5). A
session that was looked into counts as `Vary: Cookie`; the active language is part of the key.

A page with `depends="auto"` is dropped by the next commit that changes what it was made from, so browsers may not keep
it without asking: unless its view says otherwise, it gets `Cache-Control: max-age=0, must-revalidate` and an ETag.

Of many who miss a page at once one makes it, as with `Cache.get_or_set`. Where a page turns out not to be for all,
those who waited make their own, and for some seconds nobody waits for it.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import lru_cache, partial, wraps
from typing import Any

from spruce import config
from spruce.cache import Cache, caches
from spruce.cache.dependencies import Depends, Recording
from spruce.http import Handler, Request, Response, StandingHeaders
from spruce.i18n import get_language
from spruce.web import make_response, request

__all__ = ["CacheMiddleware", "cache_control", "cache_page", "never_cache", "vary_on_cookie", "vary_on_headers"]

View = Callable[..., Any]

_PASS_SECONDS = 5  # for which nobody waits for a page that isn't for all
_VARY, _PAGE, _PASS = "vary", "page", "pass"
_NOT_ALIKE = ("spruce.csrf", "spruce.csp_nonce")  # in a request's state: what a page has for one response only
_REFUSING = ("private", "no-store", "no-cache")


def cache_page(
    timeout: float,
    *,
    cache: str = "default",
    key_prefix: str = "",
    stale: float = 0,
    tags: Iterable[str] = (),
    depends: Depends = None,
) -> Callable[[View], View]:
    """Keep the answers of the decorated view for `timeout` seconds: `@cache_page(60 * 2)`, below the route.

    Answers get Cache-Control, Expires and an ETag, and are 304 for who has them. `stale`, `tags` and
    `depends` are as those of `Cache.get_or_set`; `cache` is the alias of the cache.
    """
    pages = _Pages(cache, timeout, key_prefix, stale, list(tags), depends=depends)

    def decorate(view: View) -> View:
        @wraps(view)
        def call(*args: Any, **kwargs: Any) -> Response:
            asked = request._get_current_object()  # type: ignore[attr-defined]  # a proxy's own method
            return pages.answer(asked, lambda: make_response(view(*args, **kwargs)))

        return call

    return decorate


class CacheMiddleware:
    """Keeps the pages of all views, in MIDDLEWARE. An answer's own max-age goes before CACHE_MIDDLEWARE_SECONDS.

    Further settings: CACHE_MIDDLEWARE_ALIAS and CACHE_MIDDLEWARE_KEY_PREFIX.
    """

    def __init__(self, get_response: Handler) -> None:
        settings = config.current()
        self._get_response = get_response
        self._pages = _Pages(
            settings["CACHE_MIDDLEWARE_ALIAS"],
            settings["CACHE_MIDDLEWARE_SECONDS"],
            settings["CACHE_MIDDLEWARE_KEY_PREFIX"],
            0,
            [],
            own_age=True,
        )

    def __call__(self, request: Request) -> Response:
        """Answer from the cache, or with what comes from further in."""
        return self._pages.answer(request, lambda: self._get_response(request))


class _NotForAll(Exception):
    """The page was made, but `get_or_set` is not to keep it."""


class _Pages:
    """Pages in a cache, by what their requests have in common."""

    def __init__(
        self,
        alias: str,
        timeout: float,
        prefix: str,
        stale: float,
        tags: list[str],
        own_age: bool = False,
        depends: Depends = None,
    ) -> None:
        self._alias = alias
        self.timeout = timeout
        self._prefix = prefix
        self._stale = stale
        self._tags = tags
        self._own_age = own_age
        self.depends = depends

    def answer(self, request: Request, make: Callable[[], Response]) -> Response:
        """The page, from the cache or made and kept."""
        if request.method not in ("GET", "HEAD") or request.header(b"range") is not None:
            return make()
        cache = caches[self._alias]
        key = (
            f"page:{self._prefix}:{get_language()}:{request.scheme}://{request.host}{request.root_path}{request.target}"
        )
        kept = cache.get(key)
        if kept is not None:
            if kept[0] == _PAGE:
                return _response(kept, request)
            if kept[0] == _PASS:
                return make()
        return make() if request.method == "HEAD" else _Making(self, cache, request, make).answer(key)

    def keep(self, cache: Cache, key: str, make: Callable[[], Any], recording: Recording | None) -> Any:
        """What is kept under a key, or what `make` returns, which is kept then."""
        return cache.get_or_set(key, make, self.timeout, stale=self._stale, tags=self._tags, depends=recording)

    def seconds(self, response: Response) -> float | None:
        """For how long an answer may be kept; None: not at all."""
        if response.status_code != 200 or response.is_streamed:
            return None
        headers = response.headers
        control = response.cache_control
        if "Set-Cookie" in headers or any(word in control.directives() for word in _REFUSING):
            return None
        age = control.s_maxage if control.s_maxage is not None else control.max_age
        seconds = self.timeout if age is None or not self._own_age else age
        return seconds if seconds > 0 and age != 0 else None


class _Making:
    """One request's way to its page."""

    def __init__(self, pages: _Pages, cache: Cache, request: Request, make: Callable[[], Response]) -> None:
        self._pages = pages
        self._cache = cache
        self._request = request
        self._make = make
        self._made: Response | None = None  # by this request
        self._seconds: float | None = None  # for which that may be kept
        self._recording = cache.recording() if pages.depends == "auto" else None

    def answer(self, url_key: str) -> Response:
        """The page for the request."""
        key, names = url_key, list[str]()
        for _ in range(3):  # the page; or first what it depends on, which may turn out otherwise once
            try:
                kept = self._pages.keep(self._cache, key, partial(self._entry, key, names), self._recording)
            except _NotForAll:
                kept = None if self._made else self._cache.get(key)  # another's, who may have kept it all the same
            if self._made is None and kept is not None and kept[0] == _PAGE:
                return _response(kept, self._request)
            if kept is None or kept[0] != _VARY:
                break
            names = kept[1]
            key = _varied_key(url_key, names, self._request)
        return self._make() if self._made is None else self._made.make_conditional(self._request)

    def _entry(self, key: str, names: list[str]) -> Any:
        """Make the page, unless this request has made it already; what is to be kept of it under `key`."""
        response = self._made
        if response is None:
            response = self._made = self._make()
            self._seconds = None if _is_for_one(self._request, response) else self._pages.seconds(response)
            if self._seconds is not None:
                _describe(self._request, response, 0 if self._recording is not None else self._seconds)
        vary = sorted(name.lower() for name in response.vary)
        if self._seconds is None or "*" in vary:
            self._cache.set(key, (_PASS,), _PASS_SECONDS)
            raise _NotForAll
        if vary != names:
            return _VARY, vary
        page = _PAGE, time.time(), tuple(response.headers), response.data
        if self._seconds != self._pages.timeout:
            self._cache.set(key, page, self._seconds)
            raise _NotForAll
        return page


def _describe(request: Request, response: Response, seconds: float) -> None:
    """Tell those who get the page for how long it holds, and what it depends on."""
    if request.session is not None and request.session.accessed:
        response.vary.add("Cookie")
    response.add_etag()
    if response.cache_control.max_age is None:
        response.cache_control.max_age = int(seconds)
        response.cache_control.must_revalidate = not seconds
    response.headers.setdefault("Expires", formatdate(time.time() + seconds, usegmt=True))


def _is_for_one(request: Request, response: Response) -> bool:
    if request.session is not None and request.session.modified:
        return True
    if request.header(b"authorization") is not None and not response.cache_control.public:
        return True
    return any(name in request.state for name in _NOT_ALIKE)


def _varied_key(key: str, names: Iterable[str], request: Request) -> str:
    values = "\n".join(f"{name}:{request.headers.get(name, '')}" for name in names)
    return f"{key}:{hashlib.sha256(values.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _response(page: Any, request: Request) -> Response:
    _, made, fields, body = page
    content_type, standing = _standing(fields, max(int(time.time() - made), 0))
    response = Response(body, 200, None, None, content_type)
    response.add_standing(standing)
    if request.header(b"if-none-match") is not None or request.header(b"if-modified-since") is not None:
        return response.make_conditional(request)
    return response


@lru_cache(1000)
def _standing(fields: tuple[tuple[str, str], ...], age: int) -> tuple[str, StandingHeaders]:
    """The content type, and the other fields as a server sends them fastest: made once a second for each page."""
    others = [(name, value) for name, value in fields if name.lower() != "content-type"]
    content_type = next((value for name, value in fields if name.lower() == "content-type"), "")
    return content_type, StandingHeaders([*others, ("Age", str(age))])


# Headers


def cache_control(**directives: Any) -> Callable[[View], View]:
    """Give the decorated view's answers these directives: `@cache_control(public=True, max_age=3600)`."""
    return _finishing(lambda response: _add_directives(response, directives))


def never_cache(view: View) -> View:
    """Tell everybody not to keep the decorated view's answers."""
    return _finishing(
        lambda response: _add_directives(
            response,
            {"max_age": 0, "no_cache": True, "no_store": True, "must_revalidate": True, "private": True},
        )
    )(view)


def vary_on_headers(*names: str) -> Callable[[View], View]:
    """Say that the decorated view's answers depend on these request headers."""
    return _finishing(lambda response: response.vary.update(names))


def vary_on_cookie(view: View) -> View:
    """Say that the decorated view's answers depend on the Cookie header."""
    return vary_on_headers("Cookie")(view)


def _add_directives(response: Response, directives: dict[str, Any]) -> None:
    for name, value in directives.items():
        setattr(response.cache_control, name, value)


def _finishing(finish: Callable[[Response], object]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def call(*args: Any, **kwargs: Any) -> Response:
            response = make_response(view(*args, **kwargs))
            finish(response)
            return response

        return call

    return decorate
