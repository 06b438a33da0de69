"""The mails of accounts: a link for a new password, one to confirm an address, word of a new password.

Whether an address is known must not be seen, nor measured: all that depends on it happens in a green thread of its own,
after the answer was decided. With TESTING it happens at once, so that tests find the mails.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from logging import getLogger
from typing import Any

from spruce import config, green
from spruce.auth.auditing import record
from spruce.auth.resettokens import PasswordResetTokenGenerator, confirmation_for, default_token_generator, uid_of
from spruce.auth.throttling import account_of
from spruce.auth.usermodel import get_user_model
from spruce.http import Request
from spruce.mail import EmailMultiAlternatives, from_template, send_template
from spruce.middleware.ratelimits import Limiter, client_of
from spruce.web import render_template, url_for

__all__ = [
    "CONFIRM_ENDPOINT",
    "RESET_TEMPLATE",
    "ResetMail",
    "send_confirmation",
    "send_reset",
    "site_of",
    "tell_of_new_password",
    "users_to_reset",
    "users_with",
]

RESET_TEMPLATE = "auth/mail/password_reset.txt"
CONFIRM_ENDPOINT = "auth.password_reset_confirm"
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


@dataclass(frozen=True, slots=True)
class ResetMail:
    """What the mail with a link for a new password is made of; names are Django's.

    Without `subject_template_name` the text begins with a line `Subject: …`, and is a template whose name ends in
    `.txt`. `confirm_endpoint` is the view that the link leads to, with `uidb64` and `token`. `base` is the address of
    the site, before the path of the link.
    """

    base: str
    email_template_name: str = RESET_TEMPLATE
    subject_template_name: str | None = None
    html_email_template_name: str | None = None
    from_email: str | None = None
    extra_email_context: Mapping[str, Any] | None = None
    token_generator: PasswordResetTokenGenerator = default_token_generator
    confirm_endpoint: str = CONFIRM_ENDPOINT

    def to(self, user: Any) -> EmailMultiAlternatives:
        """Return the mail to a user."""
        address = getattr(user, user.get_email_field_name())
        context = self._context(user, address)
        if self.subject_template_name is None:
            mail = from_template(self.email_template_name.removesuffix(".txt"), [address], **context)
            mail.from_email = self.from_email or mail.from_email
        else:
            subject = " ".join(render_template(self.subject_template_name, **context).split())
            text = render_template(self.email_template_name, **context)
            mail = EmailMultiAlternatives(subject, text, self.from_email, [address])
        if self.html_email_template_name:
            mail.attach_alternative(render_template(self.html_email_template_name, **context))
        return mail

    def _context(self, user: Any, address: str) -> dict[str, Any]:
        uid, token = uid_of(user), self.token_generator.make_token(user)
        host = _host_of(self.base)
        return {
            "user": user,
            "email": address,
            "uid": uid,
            "token": token,
            "link": self.base + url_for(self.confirm_endpoint, uidb64=uid, token=token),
            "protocol": self.base.partition("://")[0],
            "site": host,
            "domain": host,
            "site_name": host,
            **(self.extra_email_context or {}),
        }


def users_to_reset(email: str) -> list[Any]:
    """Return the users who may have a link for a new password sent to an address: those that have a password now."""
    return [user for user in users_with(email) if user.has_usable_password()]


def send_reset(
    request: Request,
    email: str,
    mail: ResetMail | None = None,
    find: Callable[[str], Iterable[Any]] = users_to_reset,
) -> None:
    """Send a link for a new password to each user whom `find` returns for an address."""
    made = ResetMail(site_of(request)) if mail is None else mail

    def send() -> None:
        for user in find(email):
            made.to(user).send()
            record("password_reset_sent", request, user)

    _behind_the_answer(request, email, send)


def send_confirmation(request: Request, email: str) -> None:
    """Send a link to make an account; to an address that has one, word that it has."""
    base = site_of(request)

    def send() -> None:
        known = users_with(email)
        name = "registered_already" if known else "confirm_address"
        path = (
            url_for("auth.password_reset") if known else url_for("auth.register_confirm", token=confirmation_for(email))
        )
        send_template(f"auth/mail/{name}", [email], link=base + path, site=_host_of(base))

    _behind_the_answer(request, email, send)


def tell_of_new_password(request: Request, user: Any) -> None:
    """Tell a user by mail that the password was changed, in case somebody else has done it."""
    to = getattr(user, user.get_email_field_name(), "")
    if to:
        base = site_of(request)
        link = base + url_for("auth.password_reset")
        _run(lambda: send_template("auth/mail/password_changed", [to], user=user, link=link, site=_host_of(base)))


def site_of(request: Request) -> str:
    """Return the address of the site, without a path: that of SERVER_NAME, or the host of the request.

    A host that only the request names may be an attacker's.
    """
    settings = config.current()
    if settings["SERVER_NAME"]:
        return f"{settings['PREFERRED_URL_SCHEME']}://{settings['SERVER_NAME']}"
    return request.host_url.rstrip("/")


def _host_of(base: str) -> str:
    return base.partition("://")[2]


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
