"""Middleware of accounts: who sends a request, a log-in for everything, and users whom a server in front knows."""

from logging import getLogger
from typing import Any

from spruce.auth.authentication import authenticate, load_backend
from spruce.auth.backends import RemoteUserBackend
from spruce.auth.decorators import redirect_to_login
from spruce.auth.logins import BACKEND_SESSION_KEY, get_user, login, logout
from spruce.auth.secondsteps import reached_without_factor, second_step_first
from spruce.http import Handler, Request, Response
from spruce.middleware.ratelimits import client_of
from spruce.web import current_app, note_of

__all__ = [
    "AuthenticationMiddleware",
    "LoginRequiredMiddleware",
    "PersistentRemoteUserMiddleware",
    "RemoteUserMiddleware",
]

_log = getLogger("spruce.accounts")


class AuthenticationMiddleware:
    """Lets `request.user` be who is logged in; nothing is asked before somebody reads that.

    `spruce.auth` in INSTALLED_APPS puts it behind the session's middleware by itself. What is refused with 403 is told
    the logger `spruce.accounts`: who wanted what. Who has to show a second factor first (AUTH_SECOND_FACTOR) is led
    there; static files are open.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        for endpoint, view in current_app.view_functions.items():
            if endpoint.rpartition(".")[2] == "static":
                reached_without_factor(view)

    def __call__(self, request: Request) -> Response:
        """Handle `request`."""
        request.find_user = get_user
        response = second_step_first(request) or self.get_response(request)
        if response.status_code == 403:
            user = request.user
            name = user.get_username() if user.is_authenticated else ""
            _log.info("refused: %s %.200r to user %r from %r", request.method, request.path, name, client_of(request))
        return response


class LoginRequiredMiddleware:
    """Sends everybody who isn't logged in to the log-in page, but for views that are `login_not_required`.

    That holds for all that the app answers: pages, mounted apps, addresses that don't exist. Static files are open.
    A view with `login_required(login_url=…)` of its own is led to that page.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        for endpoint, view in current_app.view_functions.items():
            if endpoint.rpartition(".")[2] == "static":
                view.login_required = False  # type: ignore[attr-defined] # a note, as login_not_required makes it

    def __call__(self, request: Request) -> Response:
        """Handle `request`, or answer with the way to the log-in page."""
        if note_of(request, "login_required") is False or request.user.is_authenticated:
            return self.get_response(request)
        return redirect_to_login(request, *(note_of(request, "login_page") or ()))


class RemoteUserMiddleware:
    """Logs in whom a server in front has authenticated, by the header of `header`; logs out when that is missing.

    The server in front must take that header away from what clients send, and nobody may reach the app past it.
    """

    header = "X-Remote-User"
    force_logout_if_no_header = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self._field = self.header.lower().encode("latin-1")

    def __call__(self, request: Request) -> Response:
        """Handle `request`."""
        request.find_user = self._find
        return self.get_response(request)

    def _find(self, request: Request) -> Any:
        name = request.header(self._field)
        user = get_user(request)
        if not name:
            if self.force_logout_if_no_header and user.is_authenticated and self._is_remote(request):
                request.user = user
                logout(request)
                return request.user
            return user
        if user.is_authenticated and user.get_username() == self._clean(request, name):
            return user
        found = authenticate(request, remote_user=name)
        if found is None:
            return user if not user.is_authenticated else self._left(request, user)
        login(request, found)
        return found

    def _left(self, request: Request, user: Any) -> Any:
        """Nobody, where the header names another one whom no backend takes."""
        request.user = user
        logout(request)
        return request.user

    def _is_remote(self, request: Request) -> bool:
        backend = load_backend(request.session.get(BACKEND_SESSION_KEY, ""))
        return isinstance(backend, RemoteUserBackend)

    def _clean(self, request: Request, name: str) -> str:
        backend = load_backend(request.session.get(BACKEND_SESSION_KEY, ""))
        clean = getattr(backend, "clean_username", None)
        return str(clean(name)) if clean is not None else name


class PersistentRemoteUserMiddleware(RemoteUserMiddleware):
    """RemoteUserMiddleware for servers that send the header with the log-in only."""

    force_logout_if_no_header = False
