"""CORS: which other sites' scripts may read what the app answers (Fetch standard); settings of django-cors-headers.

A browser asks beforehand ("preflight") where a form could not have sent the request; that is answered here, before
sessions and log-ins, as it carries no cookies. `@cors(...)` gives one view a policy of its own. Nothing here tells who
may *send*: that is CSRF_TRUSTED_ORIGINS'.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any, TypeVar

from spruce import config
from spruce.errors import ConfigError, MiddlewareNotUsed
from spruce.http import Handler, Request, Response
from spruce.middleware.origins import split_origin
from spruce.web import Blueprint, current_app, note_of

__all__ = ["CorsMiddleware", "CorsPolicy", "cors"]

View = TypeVar("View", bound=Callable[..., Any] | Blueprint)

_NOTE = "cors_policy"
_log = getLogger("spruce.security.cors")


@dataclass(frozen=True, slots=True)
class CorsPolicy:
    """What scripts of other sites may do; "*" among headers and methods is whatever they ask for."""

    origins: Sequence[str] = ()
    origin_regexes: Sequence[str | re.Pattern[str]] = ()
    allow_all_origins: bool = False
    allow_credentials: bool = False
    allow_headers: Sequence[str] = ()
    allow_methods: Sequence[str] = ()
    expose_headers: Sequence[str] = ()
    max_age: int = 0
    allow_private_network: bool = False
    _exact: frozenset[str] = field(init=False, default=frozenset())
    _patterns: tuple[re.Pattern[str], ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        """Check the origins. Raises: ConfigError for one that is none."""
        for origin in self.origins:
            parts = split_origin(origin)
            if origin != "null" and (parts is None or not parts.netloc or parts.path or parts.query or "*" in origin):
                raise ConfigError(f"{origin!r} is no origin that CORS could allow", hint=_how_to_write(origin))
        object.__setattr__(self, "_exact", frozenset(origin.lower() for origin in self.origins))
        object.__setattr__(self, "_patterns", tuple(re.compile(one) for one in self.origin_regexes))

    def allows(self, origin: str) -> bool:
        """Whether scripts of pages of an origin may read."""
        if self.allow_all_origins or origin.lower() in self._exact:
            return True
        return any(pattern.fullmatch(origin) for pattern in self._patterns)

    def answer(self, request: Request, response: Response, *, preflight: bool) -> None:
        """Add what `response` has to tell the browser about `request`."""
        headers = response.headers
        response.vary.add("Origin")
        origin = request.header(b"origin")
        if not origin or not self.allows(origin):
            return
        everybody = self.allow_all_origins and not self.allow_credentials
        headers.set("Access-Control-Allow-Origin", "*" if everybody else origin)
        if self.allow_credentials:
            headers.set("Access-Control-Allow-Credentials", "true")
        if not preflight:
            if self.expose_headers:
                headers.set("Access-Control-Expose-Headers", ", ".join(self.expose_headers))
            return
        for name, words, asked in (
            ("Access-Control-Allow-Headers", self.allow_headers, b"access-control-request-headers"),
            ("Access-Control-Allow-Methods", self.allow_methods, b"access-control-request-method"),
        ):
            value = (request.header(asked) or "") if "*" in words else ", ".join(words)
            if value:
                headers.set(name, value)
        if self.max_age:
            headers.set("Access-Control-Max-Age", self.max_age)
        if self.allow_private_network and request.header(b"access-control-request-private-network") == "true":
            headers.set("Access-Control-Allow-Private-Network", "true")


class CorsMiddleware:
    """Answers preflights, and tells browsers which pages' scripts may read a response.

    With no CORS setting and no view with a policy of its own it leaves itself out.
    """

    def __init__(self, get_response: Handler) -> None:
        settings = config.current()
        self.get_response = get_response
        self.policy = _policy_of(settings)
        self._urls = re.compile(settings["CORS_URLS_REGEX"])
        self._noted = _has_notes()
        if self.policy is None and not self._noted:
            raise MiddlewareNotUsed("no CORS setting allows anything")

    def __call__(self, request: Request) -> Response:
        """Answer a preflight; handle any other request, and say who may read the response."""
        preflight = request.method == "OPTIONS" and request.header(b"access-control-request-method") is not None
        policy = self._policy_for(request, preflight)
        response = Response(b"", 200) if preflight and policy is not None else self.get_response(request)
        if policy is not None:
            policy.answer(request, response, preflight=preflight)
        return response

    def _policy_for(self, request: Request, preflight: bool) -> CorsPolicy | None:
        if self._noted:
            method = request.header(b"access-control-request-method") if preflight else None
            noted: CorsPolicy | None = note_of(request, _NOTE, method)
            if noted is not None:
                return noted
        return self.policy if self.policy is not None and self._urls.match(request.path) else None


def cors(
    *,
    origins: Sequence[str] = (),
    origin_regexes: Sequence[str] = (),
    allow_all_origins: bool = False,
    allow_credentials: bool = False,
    allow_headers: Sequence[str] | None = None,
    allow_methods: Sequence[str] | None = None,
    expose_headers: Sequence[str] = (),
    max_age: int | None = None,
) -> Callable[[View], View]:
    """Give a view, or all of a blueprint, a policy of its own; what isn't given is as the settings say.

    Raises: ConfigError for an origin that is none.
    """
    settings = config.current()

    def decorate(view: View) -> View:
        policy = CorsPolicy(
            tuple(origins),
            tuple(origin_regexes),
            allow_all_origins,
            allow_credentials,
            _words(allow_headers if allow_headers is not None else settings["CORS_ALLOW_HEADERS"], "allow_headers"),
            _words(allow_methods if allow_methods is not None else settings["CORS_ALLOW_METHODS"], "allow_methods"),
            _words(expose_headers, "expose_headers"),
            settings["CORS_PREFLIGHT_MAX_AGE"] if max_age is None else max_age,
        )
        setattr(view, _NOTE, policy)
        return view

    return decorate


def _has_notes() -> bool:
    """Whether a view or blueprint of the app has a policy of its own."""
    return any(hasattr(one, _NOTE) for one in (*current_app.view_functions.values(), *current_app.blueprints.values()))


def _policy_of(settings: config.Settings) -> CorsPolicy | None:
    """The policy of the settings, the old names among them; None when it allows nothing."""
    origins = (*settings["CORS_ALLOWED_ORIGINS"], *settings["CORS_ORIGIN_WHITELIST"])
    regexes = (*settings["CORS_ALLOWED_ORIGIN_REGEXES"], *settings["CORS_ORIGIN_REGEX_WHITELIST"])
    everybody = settings["CORS_ALLOW_ALL_ORIGINS"] or settings["CORS_ORIGIN_ALLOW_ALL"]
    if not (origins or regexes or everybody):
        return None
    credentials = settings["CORS_ALLOW_CREDENTIALS"]
    exposed = _words(settings["CORS_EXPOSE_HEADERS"], "CORS_EXPOSE_HEADERS")
    if credentials and "*" in exposed:
        _log.warning("CORS_EXPOSE_HEADERS has '*', which browsers don't take with CORS_ALLOW_CREDENTIALS: name them")
    return CorsPolicy(
        origins,
        regexes,
        everybody,
        credentials,
        _words(settings["CORS_ALLOW_HEADERS"], "CORS_ALLOW_HEADERS"),
        _words(settings["CORS_ALLOW_METHODS"], "CORS_ALLOW_METHODS"),
        exposed,
        settings["CORS_PREFLIGHT_MAX_AGE"],
        settings["CORS_ALLOW_PRIVATE_NETWORK"],
    )


def _words(value: str | Iterable[str], name: str) -> tuple[str, ...]:
    """The words of a list; of one text too, which isn't what the setting wants, and can only have meant that."""
    if not isinstance(value, str):
        return tuple(value)
    words = tuple(word for word in re.split(r"[,\s]+", value) if word)
    _log.warning("%s is the text %r; it is read as %r. Write a list.", name, value, list(words))
    return words


def _how_to_write(origin: str) -> str:
    if origin == "*":
        return "Every site: CORS_ALLOW_ALL_ORIGINS = True."
    if "*" in origin:
        return "A pattern belongs into CORS_ALLOWED_ORIGIN_REGEXES."
    return "An origin is a scheme and a host, with a port if it isn't the usual one: https://app.example."
