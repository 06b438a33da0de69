"""Checks for production of what this package does; `spruce check --deploy` makes them, beside those of web.

They cover what Django's deployment checks do; a setting that is wrong in itself is an error at start-up already.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from spruce import config
from spruce.web import App
from spruce.web.checks import Finding
from spruce.web.outline import middleware_of_app, name_of

__all__ = ["check_deployment"]

_SHORTEST_KEY = 32
_NEEDED = {
    "spruce.middleware.security.SecurityMiddleware": "hosts are not checked, and no header protects pages",
    "spruce.middleware.sessions.SessionMiddleware": "no request has a session",
    "spruce.middleware.csrf.CsrfViewMiddleware": "forms of other sites are taken",
}


def check_deployment(app: App) -> list[Finding]:
    """Return what is unfit for production in the middleware of `app` and in their settings."""
    return [Finding("warning", text) for look in _LOOKS for text in look(app, app.config)]


def _middleware(app: App, settings: config.Settings) -> Iterator[str]:
    names = {name_of(one) for one in middleware_of_app(app)}
    for name, without in _NEEDED.items():
        if name not in names:
            yield f"{name} is not in use: {without}. It belongs into DEFAULT_MIDDLEWARE or MIDDLEWARE."


def _hosts(app: App, settings: config.Settings) -> Iterator[str]:
    hosts = settings["ALLOWED_HOSTS"]
    if not hosts:
        yield (
            "ALLOWED_HOSTS is empty: the app answers whatever host a request names, and links to it. "
            """Set SPRUCE_ALLOWED_HOSTS='["shop.example"]'."""
        )
    elif "*" in hosts:
        yield "ALLOWED_HOSTS has '*': the app answers whatever host a request names, and links to it."


def _https(app: App, settings: config.Settings) -> Iterator[str]:
    if not settings["SECURE_SSL_REDIRECT"]:
        yield "SECURE_SSL_REDIRECT is off: pages, forms and cookies can be asked for by HTTP, and read on the way."
    if not settings["SECURE_HSTS_SECONDS"]:
        yield (
            "SECURE_HSTS_SECONDS is 0: a visitor's first request goes by HTTP each time. Begin with an hour, 3600; "
            "once HTTPS is sure to stay, a year."
        )
        return
    for name, what in (
        ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "whether all subdomains are HTTPS only too"),
        ("SECURE_HSTS_PRELOAD", "whether browsers may ship with this rule"),
    ):
        if settings[name] is None:
            yield f"{name} is undecided: {what}. Set it to True or False."


def _keys(app: App, settings: config.Settings) -> Iterator[str]:
    for number, key in enumerate(settings["SECRET_KEY_FALLBACKS"]):
        if len(key) < _SHORTEST_KEY or len(set(key)) < _SHORTEST_KEY // 4:
            yield f"SECRET_KEY_FALLBACKS[{number}] can be guessed, and still counts for reading: take it out."


def _cookies(app: App, settings: config.Settings) -> Iterator[str]:
    if settings["SESSION_COOKIE_SECURE"] is False:
        yield "SESSION_COOKIE_SECURE is off: the session's cookie goes over HTTP too. Leave it unset, or set it True."
    if not settings["SESSION_COOKIE_HTTPONLY"]:
        yield "SESSION_COOKIE_HTTPONLY is off: a script that got into a page can take the session away."
    if settings["SESSION_COOKIE_SAMESITE"].title() == "None":
        yield "SESSION_COOKIE_SAMESITE is 'None': the session's cookie comes with requests of other sites."
    if settings["CSRF_COOKIE_SECURE"] is False and settings["CSRF_MODE"] == "token":
        yield "CSRF_COOKIE_SECURE is off: the secret of forms goes over HTTP too. Leave it unset, or set it True."


def _stores(app: App, settings: config.Settings) -> Iterator[str]:
    engine, alias = settings["SESSION_ENGINE"], settings["SESSION_CACHE_ALIAS"]
    described: Any = settings["CACHES"].get(alias, "memory://")
    place = described if isinstance(described, str) else f"{described.get('BACKEND')} {described.get('LOCATION')}"
    if engine in ("cache", "cached_database") and re.search("^memory:| memory:|MemoryCache|LocMemCache", place):
        yield (
            f"SESSION_ENGINE is {engine!r}, and the cache {alias!r} is in the memory of each process: a visitor is "
            "logged in and out in one worker only. Set CACHES to a Redis, or SESSION_ENGINE to 'database'."
        )


def _headers(app: App, settings: config.Settings) -> Iterator[str]:
    if not settings["SECURE_CONTENT_TYPE_NOSNIFF"]:
        yield "SECURE_CONTENT_TYPE_NOSNIFF is off: browsers may take an uploaded file for a page or a script."
    if not settings["SECURE_REFERRER_POLICY"]:
        yield "SECURE_REFERRER_POLICY is empty: links may tell other sites the whole address of a page."
    if not settings["X_FRAME_OPTIONS"] and "frame-ancestors" not in settings["SECURE_CSP"]:
        yield "X_FRAME_OPTIONS is empty: other sites can frame pages, and make visitors click in them."


def _cors(app: App, settings: config.Settings) -> Iterator[str]:
    everybody = settings["CORS_ALLOW_ALL_ORIGINS"] or settings["CORS_ORIGIN_ALLOW_ALL"]
    if everybody and settings["CORS_ALLOW_CREDENTIALS"]:
        yield (
            "CORS_ALLOW_ALL_ORIGINS with CORS_ALLOW_CREDENTIALS: every site's scripts read what a visitor may. "
            "List the sites in CORS_ALLOWED_ORIGINS."
        )


_LOOKS: tuple[Callable[[App, Any], Iterator[str]], ...] = (
    _middleware,
    _hosts,
    _https,
    _keys,
    _cookies,
    _stores,
    _headers,
    _cors,
)
