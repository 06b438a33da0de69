"""Logging in and out: what a session holds of a user, and how the user is found by it again. Names are Django's.

At a log-in the session gets another key, so that a key which somebody planted before is worth nothing. It holds the
user's key, the backend, and a keyed hash of the password's hash: a session of the time before the password was changed
is nobody's.
"""

import hmac
from datetime import UTC, datetime
from typing import Any

from spruce import config, web
from spruce.auth.authentication import backend_name, get_backends, load_backend, user_logged_in, user_logged_out
from spruce.auth.usermodel import get_user_model
from spruce.auth.users import AnonymousUser
from spruce.errors import ConfigError
from spruce.http import Request
from spruce.middleware.csrf import rotate_token
from spruce.middleware.ratelimits import client_of
from spruce.middleware.sessions import OWNER

__all__ = [
    "SESSION_INFO",
    "get_user",
    "login",
    "logout",
    "note_second_factor",
    "showed_second_factor",
    "update_session_auth_hash",
]

SESSION_KEY = OWNER
BACKEND_SESSION_KEY = "_auth_user_backend"
HASH_SESSION_KEY = "_auth_user_hash"
SESSION_INFO = "_auth_session"
_FACTOR_SESSION_KEY = "_auth_second_factor"
_MOST_OF_AGENT = 200


def login(request: Request, user: Any, backend: str | None = None) -> None:
    """Let `request`, and those that its browser sends later, be by `user`, whom `authenticate` has returned.

    For a user from elsewhere `backend` is the dotted name of a backend, unless there is only one. What the session of a
    visitor held stays; that of another user goes.
    """
    session = _session_of(request)
    new_hash = user.get_session_auth_hash() if hasattr(user, "get_session_auth_hash") else ""
    if SESSION_KEY in session:
        same = str(session[SESSION_KEY]) == str(user.pk)
        if not same or (new_hash and not _equal(session.get(HASH_SESSION_KEY, ""), new_hash)):
            session.flush()
    session.cycle_key()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = _backend_for(user, backend)
    session[HASH_SESSION_KEY] = new_hash
    session.pop(_FACTOR_SESSION_KEY, None)
    session[SESSION_INFO] = {
        "at": datetime.now(UTC),
        "address": client_of(request) or "",
        "agent": request.user_agent[:_MOST_OF_AGENT],
    }
    request.user = user
    if config.current()["CSRF_MODE"] == "token":
        rotate_token(request)
    user_logged_in.send(type(user), request=request, user=user)


def note_second_factor(request: Request) -> None:
    """Let the session of `request` be one whose user has shown a second factor; until somebody logs in anew."""
    session = _session_of(request)
    session[_FACTOR_SESSION_KEY] = session[SESSION_KEY]


def showed_second_factor(request: Request) -> bool:
    """Whether the user of the session of `request` has shown a second factor in it."""
    session = _session_of(request)
    return SESSION_KEY in session and session.get(_FACTOR_SESSION_KEY) == session[SESSION_KEY]


def _backend_for(user: Any, backend: str | None) -> str:
    if backend is not None:
        return backend
    found: str | None = getattr(user, "backend", None)
    if found is None:
        every = get_backends()
        if len(every) > 1:
            raise ValueError(
                "login() has to be told the backend: the user comes from none, and there are several in "
                "AUTHENTICATION_BACKENDS; give its dotted name as `backend`"
            )
        found = backend_name(every[0])
    return found


def logout(request: Request) -> None:
    """Let the browser of `request` be nobody's: its session goes, on the server too."""
    user = request.user
    known = user if getattr(user, "is_authenticated", False) else None
    user_logged_out.send(type(known) if known is not None else None, request=request, user=known)
    _session_of(request).flush()
    request.user = AnonymousUser()


def get_user(request: Request) -> Any:
    """Return the user of the session of `request`, an AnonymousUser when there is none; asks the database."""
    session = _session_of(request)
    key, path = session.get(SESSION_KEY), session.get(BACKEND_SESSION_KEY)
    backend = load_backend(path) if key is not None and path else None
    user = backend.get_user(_key(key)) if backend is not None else None
    if user is None:
        return AnonymousUser()
    if hasattr(user, "get_session_auth_hash") and not _still_counts(session, user):
        session.flush()
        return AnonymousUser()
    user.backend = path
    return user


def _key(text: str) -> Any:
    """The key of a user, out of the text that a session has."""
    return get_user_model()._meta.pk.comparable(text)


def _still_counts(session: Any, user: Any) -> bool:
    """Whether the session is of the time of the password; one that a former SECRET_KEY made is made anew."""
    kept = session.get(HASH_SESSION_KEY, "")
    wanted = user.get_session_auth_hash()
    if kept and _equal(kept, wanted):
        return True
    former = user.get_session_auth_fallback_hash() if hasattr(user, "get_session_auth_fallback_hash") else ()
    if kept and any(_equal(kept, one) for one in former):
        session.cycle_key()
        session[HASH_SESSION_KEY] = wanted
        return True
    return False


def update_session_auth_hash(request: Request, user: Any) -> None:
    """Let this session go on when its user's password was changed; the user's others end."""
    session = _session_of(request)
    session.cycle_key()
    if hasattr(user, "get_session_auth_hash") and str(session.get(SESSION_KEY)) == str(user.pk):
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _session_of(request: Request) -> Any:
    if request.session is None:
        if web.has_request_context() and web.request.path == request.path:
            _ = web.session.accessed  # opens it, where a context was entered by hand
        if request.session is None:
            raise ConfigError(
                "the request has no session, so nobody can be logged in",
                hint="'spruce.middleware.sessions.SessionMiddleware' belongs into DEFAULT_MIDDLEWARE or MIDDLEWARE.",
            )
    return request.session
