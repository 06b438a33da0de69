"""The log of what happens to accounts: a row in `auth_event`, a line of the logger `spruce.accounts`, and an event.

What was typed as a name is written down only if a user has that name: people type passwords there by mistake.
"""

from datetime import UTC, datetime
from logging import getLogger
from typing import Any

from spruce import config
from spruce.auth.authentication import user_logged_in, user_logged_out, user_login_failed
from spruce.auth.models import AuditEvent, key_of
from spruce.auth.usermodel import get_user_model
from spruce.errors import DatabaseError
from spruce.events import account_event
from spruce.http import Request
from spruce.middleware.ratelimits import client_of

__all__ = ["clear_events", "listen", "record"]

_MOST_OF_AGENT = 200
_log = getLogger("spruce.accounts")


def record(kind: str, request: Request | None = None, user: Any = None, username: str = "", **details: Any) -> None:
    """Write down that something happened to an account. A database that fails loses the row, not the request."""
    values = {
        "kind": kind,
        "user_key": key_of(user),
        "username": (user.get_username() if user is not None else username)[:254],
        "address": (client_of(request) or "")[:64] if request is not None else "",
        "agent": request.user_agent[:_MOST_OF_AGENT] if request is not None else "",
        "details": details,
    }
    _log.info("%s: user %r (%r) from %r %r", kind, values["username"], values["user_key"], values["address"], details)
    if account_event.subscribers:
        account_event.emit(**values)
    if config.current()["AUTH_AUDIT"]:
        try:
            AuditEvent.objects.create(at=datetime.now(UTC), **values)
        except DatabaseError as error:
            _log.error("the event %r of an account could not be written down: %s", kind, error)


def clear_events(before: datetime) -> int:
    """Remove the rows of a time; return how many."""
    return AuditEvent.objects.filter(at__lt=before).delete()[0]


def listen() -> None:
    """Write down who logs in and out, from now on."""
    user_logged_in.connect(_logged_in)
    user_logged_out.connect(_logged_out)
    user_login_failed.connect(_login_failed)


def _logged_in(request: Request, user: Any, **more: Any) -> None:
    if hasattr(user, "last_login"):
        user.last_login = datetime.now(UTC)
        user.save(update_fields=["last_login"])
    record("login", request, user)


def _logged_out(request: Request, user: Any, **more: Any) -> None:
    if user is not None:
        record("logout", request, user)


def _login_failed(credentials: dict[str, Any], request: Request | None, **more: Any) -> None:
    typed = str(credentials.get("username", ""))
    model = get_user_model()
    user = model._default.filter(**{model.USERNAME_FIELD: model.normalize_username(typed)[:254]}).first()
    record("login_failed", request, None, user.get_username() if user is not None else "", known=user is not None)
