"""Which hosts and schemes the app answers for, and what it tells browsers with each response.

NUL in an address, which databases and file systems cannot take, is answered by 400.

Hosts: with ALLOWED_HOSTS, a request for another one is answered by 400; a host that is none (`a/b`, `a@b`) always is.
HTTPS: SECURE_PROXY_SSL_HEADER believes a proxy, SECURE_SSL_REDIRECT sends HTTP on, HSTS keeps browsers there. The other
fields go with every response that doesn't have them itself; a plain response stays one the server has a head ready for.
"""

import re
from collections.abc import Collection, Iterable
from logging import getLogger
from urllib.parse import quote

from spruce import config
from spruce.errors import BadRequest, ConfigError, DisallowedHost, HTTPException, nearest
from spruce.http import Handler, Peer, Request, Response, StandingHeaders
from spruce.middleware.origins import SAFE_METHODS
from spruce.web import current_app, redirect
from spruce.web.failures import answer_error

__all__ = ["REFERRER_POLICIES", "SecurityMiddleware", "is_loopback"]

REFERRER_POLICIES = frozenset(
    {
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    }
)
_OPENER_POLICIES = frozenset({"same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"})
_FRAMES = {"DENY": "'none'", "SAMEORIGIN": "'self'"}
"""What X-Frame-Options says in the words of a policy, which is what browsers of today go by."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE).fullmatch
_MOST_KNOWN = 1000
_log = getLogger("spruce.security.hosts")


class SecurityMiddleware:
    """Refuses foreign hosts, sends HTTP on to HTTPS, and adds the fields that protect pages."""

    def __init__(self, get_response: Handler) -> None:
        settings = config.current()
        self.get_response = get_response
        self._hosts = _hosts(settings)
        self._known: set[str] = set()
        self._proxy_header = _proxy_header(settings["SECURE_PROXY_SSL_HEADER"])
        self._redirects = settings["SECURE_SSL_REDIRECT"] and not settings["DEBUG"]
        self._ssl_host = settings["SECURE_SSL_HOST"]
        self._exempt = [re.compile(pattern) for pattern in settings["SECURE_REDIRECT_EXEMPT"]]
        fields = dict(_fields(settings))
        self._fields = StandingHeaders(fields)
        self._secure_fields = StandingHeaders({**fields, **dict(_hsts(settings))})

    def __call__(self, request: Request) -> Response:
        """Handle `request`, if its host is ours and its scheme is to stay."""
        if self._proxy_header is not None:
            self._believe_proxy(request, *self._proxy_header)
        secure = request.peer.scheme == "https"
        if request.host not in self._known and not self._is_ours(request):
            response = _refusal(request, DisallowedHost())
        elif "%00" in request.target:
            response = _refusal(request, BadRequest("The address has a character that no text has (NUL)."))
        elif self._redirects and not secure and self._must_redirect(request):
            response = self._to_https(request)
        else:
            response = self.get_response(request)
        response.add_standing(self._secure_fields if secure else self._fields)
        return response

    def _believe_proxy(self, request: Request, name: bytes, value: str) -> None:
        said = request.header(name)
        if said is not None:
            scheme = "https" if said.partition(",")[0].strip() == value else "http"
            peer = request.peer
            request.peer = Peer(scheme, peer.client, peer.server, peer.certificate)

    def _is_ours(self, request: Request) -> bool:
        host = request.host
        if not _HOST(host) or not (self._hosts is None or any(_fits(host, pattern) for pattern in self._hosts)):
            _log.warning("refused a request for the host %.100r, which ALLOWED_HOSTS doesn't have", host)
            return False
        if len(self._known) < _MOST_KNOWN:
            self._known.add(host)
        return True

    def _must_redirect(self, request: Request) -> bool:
        path = request.path.lstrip("/")
        return not is_loopback(request.host) and not any(pattern.search(path) for pattern in self._exempt)

    def _to_https(self, request: Request) -> Response:
        host = self._ssl_host or request.host.removesuffix(":80")
        target = request.root_path + quote(request.path, safe="/!$&'()*+,;=:@~")
        query = request.query_string.decode("latin-1")
        location = f"https://{host}{target}{'?' if query else ''}{query}"
        return redirect(location, 301 if request.method in SAFE_METHODS else 308)


def _refusal(request: Request, error: HTTPException) -> Response:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own method
    return answer_error(app, request, error)


def is_loopback(host: str) -> bool:
    """Whether a host, with or without port, is this machine itself, which no other machine's browser gets to."""
    name = host.lower()
    return (name if name in _LOOPBACK else name.rpartition(":")[0]) in _LOOPBACK


def _hosts(settings: config.Settings) -> list[str] | None:
    """The patterns of hosts, None for all; a test client asks localhost, so that is one while testing."""
    patterns = [str(one).lower() for one in settings["ALLOWED_HOSTS"]]
    for pattern in patterns:
        if "/" in pattern or ("*" in pattern and pattern != "*"):
            raise ConfigError(
                f"ALLOWED_HOSTS has {pattern!r}, which is no host",
                hint="Write 'shop.example', '.shop.example' for all below it too, or '*'.",
            )
    if not patterns or "*" in patterns:
        return None
    return [*patterns, *(_LOOPBACK if settings["TESTING"] or settings["DEBUG"] else ())]


def _fits(host: str, pattern: str) -> bool:
    """Whether a host, with or without port, is that of a pattern, or below it when that begins with a dot."""
    host = host.lower()
    if host != pattern:
        name, colon, port = host.rpartition(":")
        host = (name if colon and port.isdigit() else host).rstrip(".")
    return host == pattern or (pattern[:1] == "." and (host.endswith(pattern) or host == pattern[1:]))


def _proxy_header(setting: Iterable[str] | None) -> tuple[bytes, str] | None:
    if setting is None:
        return None
    pair = list(setting)
    if len(pair) != 2:
        raise ConfigError(
            f"SECURE_PROXY_SSL_HEADER is {setting!r}",
            hint="It is a header and its value: ['X-Forwarded-Proto', 'https'].",
        )
    name = pair[0].removeprefix("HTTP_").replace("_", "-").lower()
    return name.encode("latin-1"), pair[1]


def _fields(settings: config.Settings) -> Iterable[tuple[str, str]]:
    if settings["SECURE_CONTENT_TYPE_NOSNIFF"]:
        yield "X-Content-Type-Options", "nosniff"
    policy = settings["SECURE_REFERRER_POLICY"]
    policies = [one.strip() for one in (policy.split(",") if isinstance(policy, str) else policy) if one.strip()]
    for one in policies:
        _check_word("SECURE_REFERRER_POLICY", one, REFERRER_POLICIES)
    if policies:
        yield "Referrer-Policy", ", ".join(policies)
    opener = settings["SECURE_CROSS_ORIGIN_OPENER_POLICY"]
    if opener:
        _check_word("SECURE_CROSS_ORIGIN_OPENER_POLICY", opener, _OPENER_POLICIES)
        yield "Cross-Origin-Opener-Policy", opener
    frames = settings["X_FRAME_OPTIONS"].upper()
    if frames:
        _check_word("X_FRAME_OPTIONS", frames, _FRAMES)
        yield "X-Frame-Options", frames
        if not settings["SECURE_CSP"]:
            yield "Content-Security-Policy", f"frame-ancestors {_FRAMES[frames]}"


def _hsts(settings: config.Settings) -> Iterable[tuple[str, str]]:
    if settings["SECURE_HSTS_SECONDS"]:
        value = f"max-age={settings['SECURE_HSTS_SECONDS']}"
        value += "; includeSubDomains" if settings["SECURE_HSTS_INCLUDE_SUBDOMAINS"] else ""
        yield "Strict-Transport-Security", value + ("; preload" if settings["SECURE_HSTS_PRELOAD"] else "")


def _check_word(setting: str, word: str, words: Collection[str]) -> None:
    if word not in words:
        raise ConfigError(f"{setting} is {word!r}{nearest(word, words)}", hint=f"It is {', '.join(sorted(words))}.")
