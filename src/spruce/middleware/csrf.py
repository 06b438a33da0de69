"""Forms that another site's page lets a visitor's browser send (CSRF) are refused; names are Django's.

CSRF_MODE `origin`, the default, needs nothing in forms: browsers say where a request comes from; see `origins`. With
`token` each unsafe request also carries a secret that only one's own pages hold, in a form by `{{ csrf_token() }}` or
`{% csrf_token %}`, from scripts in a header. CORS never widens what is trusted: that is CSRF_TRUSTED_ORIGINS alone.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from logging import getLogger
from typing import Any, TypeVar

from spruce import config
from spruce.errors import BadRequest, ConfigError, CsrfError, RequestEntityTooLarge
from spruce.http import Handler, Request, Response
from spruce.middleware.origins import SAFE_METHODS, TrustedOrigins, foreign_origin
from spruce.middleware.sessions import cookie_name
from spruce.middleware.tokens import BadToken, is_match, mask, new_secret, unmask
from spruce.web import Blueprint, after_this_request, note_of, request
from spruce.web.results import respond

__all__ = [
    "CsrfViewMiddleware",
    "csrf_exempt",
    "csrf_field",
    "csrf_protect",
    "csrf_token",
    "ensure_csrf_cookie",
    "get_token",
    "requires_csrf_token",
    "rotate_token",
]

Exempt = TypeVar("Exempt", bound=Callable[..., Any] | Blueprint)
View = Callable[..., Any]

_SESSION_KEY = "_csrftoken"
_RESOURCE = "spruce.csrf"
_STATE = "spruce.csrf"
_log = getLogger("spruce.security.csrf")


class _State:
    """What one request has to do with tokens."""

    __slots__ = ("checked", "secret", "to_send")

    def __init__(self, secret: str | None) -> None:
        self.secret = secret
        self.to_send = False
        self.checked = False


class _Protection:
    """The checks, as the settings want them; one for an app."""

    def __init__(self, settings: config.Settings) -> None:
        self.mode: str = settings["CSRF_MODE"]
        if self.mode not in ("origin", "token"):
            raise ConfigError(f"CSRF_MODE is {self.mode!r}", hint="It is 'origin' or 'token'.")
        self.trusted = TrustedOrigins(settings["CSRF_TRUSTED_ORIGINS"], "CSRF_TRUSTED_ORIGINS")
        self.failure_view = _failure_view(settings["CSRF_FAILURE_VIEW"])
        self.header: str = settings["CSRF_HEADER_NAME"]
        self.field: str = settings["CSRF_FIELD_NAME"]
        self.in_session: bool = settings["CSRF_USE_SESSIONS"]
        self._settings = settings

    # Checking

    def check(self, request: Request) -> None:
        """Raises: CsrfError when an unsafe request comes from another site's page, or lacks its token."""
        state = _state_of(request)
        if request.method in SAFE_METHODS or state.checked:
            return
        reason = foreign_origin(request, self.trusted)
        if self.mode == "token":
            reason = reason or self._hides(request) or self._bad_token(request)
        if reason is not None:
            raise CsrfError(reason)
        state.checked = True

    def _hides(self, request: Request) -> str | None:
        """Under HTTPS something has to say where a request comes from, as Django has it.

        Somebody between may have planted the cookie by HTTP, and then knows the token.
        """
        said = any(request.header(name) for name in (b"sec-fetch-site", b"origin", b"referer"))
        return None if said or not request.is_secure else "it came by HTTPS with neither Origin nor Referer"

    def _bad_token(self, request: Request) -> str | None:
        try:
            secret = self.secret_of(request)
        except BadToken as error:
            return f"its CSRF cookie {error}"
        if secret is None:
            return "it has no CSRF cookie" if not self.in_session else "its session has no CSRF secret"
        token, place = self._given_token(request)
        if not token:
            return "it has no CSRF token"
        try:
            return None if is_match(token, secret) else f"the CSRF token in its {place} is not the right one"
        except BadToken as error:
            return f"the CSRF token in its {place} {error}"

    def _given_token(self, request: Request) -> tuple[str, str]:
        if request.method == "POST":
            try:
                token = request.form.get(self.field, "")
            except (BadRequest, RequestEntityTooLarge, OSError):
                token = ""  # a form that cannot be read has no token
            if token:
                return token, "form"
        return request.header(self.header.lower().encode("latin-1")) or "", f"header {self.header}"

    # The secret

    def cookie_of(self, request: Request) -> tuple[str, bool]:
        """Return the name of the cookie with the secret, and whether it is for HTTPS only."""
        wanted = self._settings["CSRF_COOKIE_SECURE"]
        secure = request.is_secure if wanted is None else bool(wanted)
        path, domain = self._settings["CSRF_COOKIE_PATH"], self._settings["CSRF_COOKIE_DOMAIN"]
        return cookie_name(self._settings["CSRF_COOKIE_NAME"], secure=secure, path=path, domain=domain), secure

    def secret_of(self, request: Request) -> str | None:
        """Return the secret that the browser, or the session, has; None without one. Raises: BadToken."""
        found = self._session(request).get(_SESSION_KEY) if self.in_session else None
        if not self.in_session:
            found = request.cookies.get(self.cookie_of(request)[0])
        return unmask(found) if found else None

    def token_for(self, request: Request) -> str:
        """Return a token for the pages of this request's browser, which gets a secret with the response if need be."""
        state = _state_of(request)
        if state.secret is None:
            try:
                state.secret = self.secret_of(request) or new_secret()
            except BadToken:
                state.secret = new_secret()
        state.to_send = True
        return mask(state.secret)

    def rotate(self, request: Request) -> None:
        """Give the browser another secret with the response."""
        state = _state_of(request)
        state.secret, state.to_send = new_secret(), True

    def finish(self, request: Request, response: Response) -> None:
        """Send the secret by `response`, or keep it in the session, if a page of it holds a token."""
        state = request.state.get(_STATE)
        if state is None or not state.to_send:
            return
        state.to_send = False
        if self.in_session:
            session = self._session(request)
            if session.get(_SESSION_KEY) != state.secret:
                session[_SESSION_KEY] = state.secret
            return
        name, secure = self.cookie_of(request)
        setting = self._settings.__getitem__
        response.set_cookie(
            name,
            state.secret,
            setting("CSRF_COOKIE_AGE"),
            None,
            setting("CSRF_COOKIE_PATH"),
            setting("CSRF_COOKIE_DOMAIN"),
            secure,
            setting("CSRF_COOKIE_HTTPONLY"),
            setting("CSRF_COOKIE_SAMESITE"),
        )
        response.vary.add("Cookie")

    def _session(self, request: Request) -> Any:
        if request.session is None:
            raise ConfigError(
                "CSRF_USE_SESSIONS is on, and the request has no session",
                hint="SessionMiddleware has to stand outside of CsrfViewMiddleware.",
            )
        return request.session


class CsrfViewMiddleware:
    """Refuses unsafe requests of other sites' pages, but for views that are `csrf_exempt`, with 403."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        settings = config.current()
        self.protection = settings.resources[_RESOURCE] = _Protection(settings)

    def __call__(self, request: Request) -> Response:
        """Check `request`, handle it, and send the secret of the tokens in its page."""
        if request.method not in SAFE_METHODS:
            refused = self._check(request)
            if refused is not None:
                return refused
        response = self.get_response(request)
        if "state" in request.__dict__:
            self.protection.finish(request, response)
        return response

    def _check(self, request: Request) -> Response | None:
        """The answer to a request that is refused. An exempt view's body isn't looked at, which could use it up."""
        if self.protection.mode == "token" and _is_exempt(request):
            return None
        try:
            self.protection.check(request)
        except CsrfError as error:
            return None if _is_exempt(request) else _refused(self.protection, request, error)
        return None


def get_token(request: Request) -> str:
    """Return a CSRF token for the pages of this request's browser; another one at each call, all of them count."""
    return _protection().token_for(request)


def rotate_token(request: Request) -> None:
    """Give the browser another secret; to be called when a visitor logs in. Tokens in older pages count no more."""
    _protection().rotate(request)


def csrf_token() -> str:
    """Return a token for a form of the page that is made now; "" in the mode `origin`, in which forms need none."""
    return get_token(_current()) if _protection().mode == "token" else ""


def csrf_field() -> str:
    """Return the hidden field with a token for a form, which `{% csrf_token %}` is; "" in the mode `origin`."""
    token = csrf_token()
    return f'<input type="hidden" name="{_protection().field}" value="{token}">' if token else ""


def csrf_exempt(view: Exempt) -> Exempt:
    """Let a view, or all of a blueprint, take what other sites' pages send: for web hooks, and APIs without cookies."""
    view.csrf_exempt = True  # type: ignore[union-attr] # a note for the middleware
    return view


def csrf_protect(view: View) -> View:
    """Check the requests of one view, where the middleware isn't around all of them."""
    return _around(view, lambda request: _protection().check(request))


def requires_csrf_token(view: View) -> View:
    """Let the tokens in the view's page count, where the middleware isn't around it; nothing is checked."""
    return _around(view, lambda request: None)


def ensure_csrf_cookie(view: View) -> View:
    """Give the browser the secret with the view's response, even if its page holds no token."""
    return _around(view, get_token)


def _around(view: View, before: Callable[[Request], object]) -> View:
    @wraps(view)
    def call(*args: Any, **kwargs: Any) -> Any:
        protection, current = _protection(), _current()
        try:
            before(current)
        except CsrfError as error:
            return _refused(protection, current, error)

        @after_this_request
        def finish(response: Response) -> Response:
            protection.finish(current, response)
            return response

        return view(*args, **kwargs)

    if not inspect.isfunction(view):
        call.__signature__ = inspect.signature(view)  # type: ignore[attr-defined] # tells what is to be passed
    return call


def _refused(protection: _Protection, request: Request, error: CsrfError) -> Response:
    _log.warning("refused %s %r: %s", request.method, request.path, error.reason)
    view = protection.failure_view
    if view is None:
        raise error
    response = respond(view(request, reason=error.reason), "CSRF_FAILURE_VIEW")
    if response.status_code == 200:
        response.status_code = 403
    return response


def _is_exempt(request: Request) -> bool:
    return bool(note_of(request, "csrf_exempt"))


def _current() -> Request:
    found: Request = request._get_current_object()  # type: ignore[attr-defined] # a proxy's own method
    return found


def _state_of(request: Request) -> _State:
    state: _State | None = request.state.get(_STATE)
    if state is None:
        state = request.state[_STATE] = _State(None)
    return state


def _protection() -> _Protection:
    """The protection of the settings that hold here, made once for them."""
    settings = config.current()
    found = settings.resources.get(_RESOURCE)
    if not isinstance(found, _Protection):
        found = settings.resources[_RESOURCE] = _Protection(settings)
    return found


def _failure_view(named: Any) -> Callable[..., Any] | None:
    if not isinstance(named, str):
        view: Callable[..., Any] | None = named
        return view
    module, _, name = named.rpartition(".")
    try:
        view = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"CSRF_FAILURE_VIEW is {named!r}, which cannot be found", hint="Write 'package.module.name'."
        ) from error
    return view
