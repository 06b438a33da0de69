"""Sending in one call: a mail, many, one to the admins, one of templates. Names are Django's."""

from collections.abc import Iterable, Sequence
from typing import Any

from spruce import config
from spruce.errors import MailError, TemplateNotFound
from spruce.i18n import override
from spruce.mail.connections import EmailBackend, get_connection
from spruce.mail.messages import EmailMessage, EmailMultiAlternatives
from spruce.web import render_template

__all__ = ["from_template", "mail_admins", "mail_managers", "send_mail", "send_mass_mail", "send_template"]

_SUBJECT = "Subject:"


def send_mail(
    subject: Any,
    message: Any,
    from_email: str | None,
    recipient_list: Sequence[str],
    fail_silently: bool = False,
    auth_user: str | None = None,
    auth_password: str | None = None,
    connection: EmailBackend | None = None,
    html_message: str | None = None,
    *,
    on_commit: bool = False,
) -> int:
    """Send a mail to everybody of a list, who see each other; return how many mails were sent, 0 or 1.

    `on_commit` as for `EmailMessage.send`. Raises: MailError, BadHeaderError.
    """
    named = {"username": auth_user, "password": auth_password} if auth_user else {}
    chosen = connection or get_connection(fail_silently=fail_silently, **named)
    mail = EmailMultiAlternatives(subject, message, from_email, recipient_list, connection=chosen)
    if html_message:
        mail.attach_alternative(html_message)
    return mail.send(fail_silently, on_commit=on_commit)


def send_mass_mail(
    datatuple: Iterable[tuple[Any, Any, str | None, Sequence[str]]],
    fail_silently: bool = False,
    connection: EmailBackend | None = None,
) -> int:
    """Send mails, each of subject, text, sender and recipients, over one connection; return how many were sent."""
    mails = [EmailMessage(subject, text, sender, to) for subject, text, sender, to in datatuple]
    return (connection or get_connection(fail_silently=fail_silently)).send_messages(mails)


def mail_admins(subject: str, message: str, fail_silently: bool = False, html_message: str | None = None) -> None:
    """Send a mail to ADMINS, EMAIL_SUBJECT_PREFIX before its subject; without any nothing is sent."""
    _mail_to("ADMINS", subject, message, fail_silently, html_message)


def mail_managers(subject: str, message: str, fail_silently: bool = False, html_message: str | None = None) -> None:
    """Send a mail to MANAGERS, as `mail_admins` does to ADMINS."""
    _mail_to("MANAGERS", subject, message, fail_silently, html_message)


def _mail_to(setting: str, subject: str, message: str, fail_silently: bool, html_message: str | None) -> None:
    settings = config.current()
    everybody = [one if isinstance(one, str) else one[1] for one in settings[setting]]
    if everybody:
        mail = EmailMultiAlternatives(
            settings["EMAIL_SUBJECT_PREFIX"] + subject, message, settings["SERVER_EMAIL"], everybody
        )
        if html_message:
            mail.attach_alternative(html_message)
        mail.send(fail_silently)


def from_template(
    name: str, to: Sequence[str], /, *, language: str | None = None, from_email: str | None = None, **context: Any
) -> EmailMultiAlternatives:
    """Return the mail that the templates `name.txt` and, where there is one, `name.html` make of `context`.

    The text begins with the line `Subject: …`, and an empty one behind it. `language` is the one to write in; without
    it that which holds here. An app has to be entered. Raises: TemplateNotFound, MailError without a subject.
    """
    if language is not None:
        with override(language):
            return from_template(name, to, from_email=from_email, **context)
    head, _, text = render_template(f"{name}.txt", **context).lstrip().partition("\n")
    if not head.startswith(_SUBJECT):
        raise MailError(f"the template {name!r} has no subject", hint=f"Let {name}.txt begin with a line 'Subject: …'.")
    mail = EmailMultiAlternatives(head.removeprefix(_SUBJECT).strip(), text.strip() + "\n", from_email, to)
    try:
        mail.attach_alternative(render_template(f"{name}.html", **context))
    except TemplateNotFound:
        pass  # the text alone will do
    return mail


def send_template(name: str, to: Sequence[str], /, *, on_commit: bool = False, **options: Any) -> int:
    """Send the mail of `from_template`; return how many mails were sent, 0 or 1. Raises: MailError."""
    return from_template(name, to, **options).send(on_commit=on_commit)
