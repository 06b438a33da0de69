"""Who somebody is: credentials are given to the backends of AUTHENTICATION_BACKENDS, and the first that knows decides.

The names and rules are Django's. A backend is an object with `authenticate(request, **credentials)` and
`get_user(key)`, and for permissions with what `ModelBackend` has.
"""

import inspect
from importlib import import_module
from typing import Any

from spruce import config
from spruce.db.signals import Signal
from spruce.errors import ConfigError, PermissionDenied
from spruce.http import Request

__all__ = [
    "authenticate",
    "backend_name",
    "get_backends",
    "load_backend",
    "user_logged_in",
    "user_logged_out",
    "user_login_failed",
]

_RESOURCE = "spruce.auth.backends"
_HIDDEN = "********************"
_SECRETS = ("password", "secret", "token", "key", "signature", "api")

user_logged_in = Signal()
"""Somebody has logged in. Sender: the model; request, user."""

user_logged_out = Signal()
"""Somebody has logged out. Sender: the model, None for nobody; request, user."""

user_login_failed = Signal()
"""Credentials were wrong. Sender: this module's name; credentials, whose secrets are starred out, and request."""


def get_backends() -> list[Any]:
    """Return the backends, made once for the settings that hold here. Raises: ConfigError when there are none."""
    settings = config.current()
    named = tuple(settings["AUTHENTICATION_BACKENDS"])
    kept: Any = settings.resources.get(_RESOURCE)
    if kept is None or kept[0] != named:
        if not named:
            raise ConfigError("AUTHENTICATION_BACKENDS is empty, so nobody can log in")
        kept = settings.resources[_RESOURCE] = (named, [_made(one) for one in named])
    found: list[Any] = kept[1]
    return found


def load_backend(name: str) -> Any:
    """Return the backend of a dotted name, as a session has it; None when it is not in use any more."""
    return next((one for one in get_backends() if backend_name(one) == name), None)


def backend_name(backend: Any) -> str:
    """Return the dotted name of a backend's class."""
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _made(named: Any) -> Any:
    if not isinstance(named, str):
        return named() if inspect.isclass(named) else named
    try:
        module, _, name = named.rpartition(".")
        return getattr(import_module(module), name)()
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"AUTHENTICATION_BACKENDS has {named!r}, which cannot be found", hint="Write 'package.module.Class'."
        ) from error


def authenticate(request: Request | None = None, **credentials: Any) -> Any:
    """Return the user to whom the credentials belong, with the backend that said so as `user.backend`; None: nobody.

    A backend whose `authenticate` doesn't take these keywords is passed over; one that raises PermissionDenied ends it.
    Blocks for a hash. It counts no attempts: the log-in page does, see `throttling`.
    """
    for backend in get_backends():
        try:
            inspect.signature(backend.authenticate).bind(request, **credentials)
        except TypeError:
            continue
        try:
            user = backend.authenticate(request, **credentials)
        except PermissionDenied:
            break
        if user is not None:
            user.backend = backend_name(backend)
            return user
    shown = {
        name: _HIDDEN if any(word in name.lower() for word in _SECRETS) else value
        for name, value in credentials.items()
    }
    user_login_failed.send(__name__, credentials=shown, request=request)
    return None
