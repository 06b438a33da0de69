"""Content-Security-Policy: what a page may load and run, kept by browsers (CSP level 3). Settings as in Django 6.

    SECURE_CSP = {"default-src": [CSP.SELF], "script-src": [CSP.SELF, CSP.NONCE]}

`CSP.NONCE` stands for a number of its own for each response that asks for one: `<script nonce="{{ csp_nonce() }}">`. A
page without such a script doesn't have it in its policy. Browsers report violations to SECURE_CSP_REPORT_URL, where
each kind is logged once, and told to subscribers of `events.csp_violation`. They are asked to by `report-uri`, which
all of them know and obey at once; `report-to` makes Chromium wait for a minute, and forget it without HTTPS. The path
takes the reports of both.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from logging import getLogger
from secrets import token_urlsafe
from typing import Any, Final

import msgspec

from spruce import config
from spruce.errors import ConfigError, HTTPException, MiddlewareNotUsed
from spruce.events import csp_violation
from spruce.http import Handler, Request, Response, StandingHeaders
from spruce.web import after_this_request, request

__all__ = [
    "CSP",
    "ContentSecurityPolicyMiddleware",
    "csp_nonce",
    "csp_override",
    "csp_report_only_override",
    "make_policy",
]

View = Callable[..., Any]
Policy = Mapping[str, Any]

_HEADERS = {False: "Content-Security-Policy", True: "Content-Security-Policy-Report-Only"}
_NONCE = "spruce.csp_nonce"
_OWN = {False: "spruce.csp", True: "spruce.csp_report_only"}
_DIRECTIVE = re.compile(r"[a-z][a-z0-9-]*").fullmatch
_SOURCE = re.compile(r"[\x21-\x2b\x2d-\x3a\x3c-\x7e]+").fullmatch
_MOST_REPORT_BYTES = 64 * 1024
_MOST_KINDS = 1000
_log = getLogger("spruce.security.csp")


class CSP:
    """The keywords of sources."""

    SELF: Final = "'self'"
    NONE: Final = "'none'"
    NONCE: Final = "<nonce>"
    UNSAFE_INLINE: Final = "'unsafe-inline'"
    UNSAFE_EVAL: Final = "'unsafe-eval'"
    UNSAFE_HASHES: Final = "'unsafe-hashes'"
    WASM_UNSAFE_EVAL: Final = "'wasm-unsafe-eval'"
    STRICT_DYNAMIC: Final = "'strict-dynamic'"
    REPORT_SAMPLE: Final = "'report-sample'"


def csp_nonce() -> str:
    """Return the nonce of the response that is made now, for a `nonce` attribute; the same at each call."""
    state = request.state
    nonce: str | None = state.get(_NONCE)
    if nonce is None:
        nonce = state[_NONCE] = token_urlsafe(16)
    return nonce


def make_policy(policy: Policy, nonce: str | None = None, report_url: str = "") -> str:
    """Return a policy as its header's value.

    A directive's value is a list of sources, one source, True for a directive without sources, or False or None to
    leave it out. Raises: ConfigError for a directive or source that cannot stand there.
    """
    parts = []
    for directive, value in policy.items():
        if value is None or value is False:
            continue
        if not _DIRECTIVE(directive):
            raise ConfigError(f"a CSP has the directive {directive!r}", hint="Directives are words: 'default-src'.")
        sources = [] if value is True else [value] if isinstance(value, str) else list(value)
        shown = [source for one in sources if (source := _source(directive, one, nonce))]
        if shown or value is True:
            parts.append(" ".join([directive, *shown]))
    if report_url:
        parts.append(f"report-uri {report_url}")
    return "; ".join(parts)


def _source(directive: str, source: Any, nonce: str | None) -> str:
    if source == CSP.NONCE:
        return f"'nonce-{nonce}'" if nonce else ""
    if not isinstance(source, str) or not _SOURCE(source):
        raise ConfigError(
            f"the CSP directive {directive!r} has the source {source!r}",
            hint="Each source is an item of the list, without blanks, commas and semicolons.",
        )
    if source in ("self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic"):
        raise ConfigError(
            f"the CSP directive {directive!r} has {source!r}, which would be a host of that name",
            hint=f"Write \"'{source}'\", or CSP.{source.upper().replace('-', '_')}.",
        )
    return source


def csp_override(policy: Policy) -> Callable[[View], View]:
    """Let the decorated view's responses have another policy; {} is none."""
    return _overriding(policy, report_only=False)


def csp_report_only_override(policy: Policy) -> Callable[[View], View]:
    """Let the decorated view's responses have another policy that is only reported against; {} is none."""
    return _overriding(policy, report_only=True)


def _overriding(policy: Policy, *, report_only: bool) -> Callable[[View], View]:
    make_policy(policy)

    def send(response: Response) -> Response:
        url = config.current()["SECURE_CSP_REPORT_URL"]
        value = make_policy(policy, request.state.get(_NONCE), url) if policy else ""
        if value:
            response.headers.setdefault(_HEADERS[report_only], value)
        return response

    def decorate(view: View) -> View:
        @wraps(view)
        def call(*args: Any, **kwargs: Any) -> Any:
            request.state[_OWN[report_only]] = True
            after_this_request(send)
            return view(*args, **kwargs)

        return call

    return decorate


class ContentSecurityPolicyMiddleware:
    """Sends the policies SECURE_CSP and SECURE_CSP_REPORT_ONLY, but where a response has one itself."""

    def __init__(self, get_response: Handler) -> None:
        settings = config.current()
        self.get_response = get_response
        self.report_url: str = settings["SECURE_CSP_REPORT_URL"]
        self.policies: dict[bool, Policy] = {False: settings["SECURE_CSP"], True: settings["SECURE_CSP_REPORT_ONLY"]}
        if not (any(self.policies.values()) or self.report_url):
            raise MiddlewareNotUsed("there is no policy")
        self._usual = StandingHeaders(self._fields(self.policies, None))
        self._seen: set[tuple[str, str]] = set()

    def __call__(self, request: Request) -> Response:
        """Handle `request`, and send the policies; take a report of a browser."""
        if self.report_url and request.method == "POST" and request.path == self.report_url:
            return self._take_report(request)
        response = self.get_response(request)
        state = request.state if "state" in request.__dict__ else {}
        policies = {only: policy for only, policy in self.policies.items() if _OWN[only] not in state}
        if len(policies) < 2 or _NONCE in state:
            for name, value in self._fields(policies, state.get(_NONCE)):
                response.headers.setdefault(name, value)
        else:
            response.add_standing(self._usual)
        return response

    def _fields(self, policies: Mapping[bool, Policy], nonce: str | None) -> Iterable[tuple[str, str]]:
        fields = []
        for report_only, policy in policies.items():
            value = make_policy(policy, nonce, self.report_url) if policy else ""
            if value:
                fields.append((_HEADERS[report_only], value))
        return fields

    # Reports

    def _take_report(self, request: Request) -> Response:
        """Note what browsers report, in the old form (one report) or the new one (a list)."""
        request.max_content_length = min(request.max_content_length or _MOST_REPORT_BYTES, _MOST_REPORT_BYTES)
        try:
            found = msgspec.json.decode(request.get_data())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, HTTPException):
            return Response(b"", 400)
        for report in found if isinstance(found, list) else [found]:
            body = report.get("body", report.get("csp-report")) if isinstance(report, dict) else None
            if isinstance(body, dict):
                self._note(body)
        return Response(b"", 204)

    def _note(self, body: Mapping[str, Any]) -> None:
        def said(*names: str) -> str:
            return next((str(body[name])[:200] for name in names if body.get(name)), "")

        directive = said("effectiveDirective", "effective-directive", "violated-directive")
        blocked, page = said("blockedURL", "blocked-uri"), said("documentURL", "document-uri")
        if csp_violation.subscribers:
            csp_violation.emit(directive=directive, blocked=blocked, page=page, report=body)
        if (directive, blocked) not in self._seen and len(self._seen) < _MOST_KINDS:
            self._seen.add((directive, blocked))
            _log.warning("a page broke its policy: %r blocked %r on %r", directive, blocked, page)
