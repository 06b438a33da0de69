"""Logging a user in to a test client without a password, as Django's client does."""

from typing import TYPE_CHECKING, Any

from spruce.web import request

if TYPE_CHECKING:
    from spruce.web.client import Client

__all__ = ["force_login"]


def force_login(client: "Client", user: Any, backend: str | None = None) -> None:
    """Let the next requests of `client` be by `user`: no form, no hash, no code; signals and the audit log are told.

    `backend` is the dotted name of a backend, where there are several in AUTHENTICATION_BACKENDS.
    """
    from spruce.auth import logins  # tests of apps without accounts don't load it

    with client.session_transaction():
        current = request._get_current_object()  # type: ignore[attr-defined] # a proxy's own method
        logins.login(current, user, backend)
        logins.note_second_factor(current)
