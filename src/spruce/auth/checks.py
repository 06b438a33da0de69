"""Checks of accounts, which `spruce check` makes: what is wrong with their settings, and unfit for production."""

from collections.abc import Iterator
from typing import Any

from spruce.auth.authentication import get_backends
from spruce.auth.hashers import Argon2PasswordHasher
from spruce.auth.hashing import hashers
from spruce.auth.passwords import get_default_password_validators
from spruce.auth.secondsteps import WHO
from spruce.auth.usermodel import get_user_model
from spruce.errors import SpruceError
from spruce.web.checks import Finding

__all__ = ["check_accounts"]

_KINDS = ("closed", "confirm", "open")


def check_accounts(app: Any, deploy: bool) -> Iterator[Finding]:
    """Yield what is wrong with the settings of accounts, and with `deploy` what is unfit for production."""
    for look in (get_user_model, get_backends, hashers, get_default_password_validators):
        try:
            look()
        except SpruceError as error:
            yield Finding("error", str(error))
            return
    settings = app.config
    if settings["AUTH_REGISTRATION"] not in _KINDS:
        yield Finding("error", f"AUTH_REGISTRATION is {settings['AUTH_REGISTRATION']!r}; it is one of {_KINDS}.")
    wanted = settings["AUTH_SECOND_FACTOR"]
    if not callable(wanted) and wanted not in WHO:
        yield Finding("error", f"AUTH_SECOND_FACTOR is {wanted!r}; it is one of {tuple(WHO)}, or a callable.")
    elif wanted != "optional" and "auth.second_factor" not in app.view_functions:
        yield Finding("error", "AUTH_SECOND_FACTOR wants pages where people turn it on. Set AUTH_URL_PREFIX.")
    for name in (model := get_user_model()).REQUIRED_FIELDS:
        if name not in model._meta.paths:
            yield Finding("error", f"{model.__name__}.REQUIRED_FIELDS has {name!r}, which is no field of it.")
    if deploy:
        yield from (Finding("warning", text) for text in _of_deployment(settings))


def _of_deployment(settings: Any) -> Iterator[str]:
    if settings["SESSION_ENGINE"] == "cookie":
        yield (
            "SESSION_ENGINE is 'cookie': a copy of a session's cookie counts after the log-out, since the server keeps "
            "nothing that it could end. Leave it unset, or set it to 'database'."
        )
    if not settings["AUTH_PASSWORD_VALIDATORS"]:
        yield "AUTH_PASSWORD_VALIDATORS is empty: any password will do. Leave it unset."
    first = hashers()[0]
    if isinstance(first, Argon2PasswordHasher) and (first.memory_cost < 19 * 1024 or first.time_cost < 2):
        yield "PASSWORD_HASHERS begins with an Argon2 below 19 MiB and 2 passes, which OWASP asks for at least."
    alias = settings["AUTH_THROTTLE_CACHE_ALIAS"]
    described = settings["CACHES"].get(alias, "memory://")
    if isinstance(described, str) and described.startswith("memory:"):
        yield (
            f"the cache {alias!r} is in the memory of each process, so failed log-ins are counted by each worker by "
            "itself. Set CACHES to a Redis, or to 'database://'."
        )
    if settings["EMAIL_BACKEND"] is None and not settings["EMAIL_HOST"]:
        yield "EMAIL_HOST is not set: mails, such as links for new passwords, go to the terminal."
