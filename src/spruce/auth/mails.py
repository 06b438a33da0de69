"""The mails of accounts: a link for a new password, one to confirm an address, word of a new password.

Whether an address is known must not be seen, nor measured: all that depends on it happens in a green thread of its own,
after the answer was decided. With TESTING it happens at once, so that tests find the mails.
"""

import unicodedata
from collections.abc import Callable
from logging import getLogger
from typing import Any

from spruce import config, green
from spruce.auth.auditing import record
from spruce.auth.resettokens import confirmation_for, default_token_generator, uid_of
from spruce.auth.throttling import account_of
from spruce.auth.usermodel import get_user_model
from spruce.http import Request
from spruce.mail import send_template
from spruce.middleware.ratelimits import Limiter, client_of
from spruce.web import url_for

__all__ = ["send_confirmation", "send_reset", "tell_of_new_password", "users_with"]

_log = getLogger("spruce.accounts")
_RESOURCE = "spruce.auth.mails"
_RATE_OF_ADDRESS, _RATE_OF_CLIENT = "5/hour", "30/hour"


def users_with(email: str) -> list[Any]:
    """Return the active users with an address, whatever its capitals; letters that only look alike don't count."""
    model = get_user_model()
    field = model.get_email_field_name()
    wanted = unicodedata.normalize("NFKC", email).casefold()
    found = model._default.filter(**{f"{field}__iexact": email, "is_active": True})
    return [one for one in found if unicodedata.normalize("NFKC", getattr(one, field)).casefold() == wanted]


def send_reset(request: Request, email: str) -> None:
    """Send a link for a new password to each user with an address that has a password now."""
    base = _base(request)

    def send() -> None:
        for user in users_with(email):
            if user.has_usable_password():
                path = url_for(
                    "auth.password_reset_confirm", uid=uid_of(user), token=default_token_generator.make_token(user)
                )
                to = getattr(user, user.get_email_field_name())
                send_template("auth/mail/password_reset", [to], user=user, link=base + path, site=request.host)
                record("password_reset_sent", request, user)

    _behind_the_answer(request, email, send)


def send_confirmation(request: Request, email: str) -> None:
    """Send a link to make an account; to an address that has one, word that it has."""
    base = _base(request)

    def send() -> None:
        known = users_with(email)
        name = "registered_already" if known else "confirm_address"
        path = (
            url_for("auth.password_reset") if known else url_for("auth.register_confirm", token=confirmation_for(email))
        )
        send_template(f"auth/mail/{name}", [email], link=base + path, site=request.host)

    _behind_the_answer(request, email, send)


def tell_of_new_password(request: Request, user: Any) -> None:
    """Tell a user by mail that the password was changed, in case somebody else has done it."""
    to = getattr(user, user.get_email_field_name(), "")
    if to:
        link = _base(request) + url_for("auth.password_reset")
        _run(lambda: send_template("auth/mail/password_changed", [to], user=user, link=link, site=request.host))


def _base(request: Request) -> str:
    """The address of the site. A host that only the request names may be an attacker's: SERVER_NAME goes before it."""
    settings = config.current()
    if settings["SERVER_NAME"]:
        return f"{settings['PREFERRED_URL_SCHEME']}://{settings['SERVER_NAME']}"
    return request.host_url.rstrip("/")


def _behind_the_answer(request: Request, email: str, send: Callable[[], object]) -> None:
    """Send, if this client, and anybody for this address, hasn't had many mails sent already."""
    resources: Any = config.current().resources
    limits = resources.setdefault(
        _RESOURCE, (Limiter(_RATE_OF_ADDRESS, "auth-address"), Limiter(_RATE_OF_CLIENT, "auth-client"))
    )
    if limits[0].take(account_of(email)) or limits[1].take(client_of(request) or "local"):
        _log.warning("too many mails were asked for: one is not sent")
        return
    _run(send)


def _run(send: Callable[[], object]) -> None:
    if config.current()["TESTING"]:
        send()
    else:
        green.spawn_detached(_logged, send)


def _logged(send: Callable[[], object]) -> None:
    try:
        send()
    except Exception:  # whoever waits for the mail sees that it doesn't come; the log says why
        _log.exception("a mail of accounts could not be sent")
