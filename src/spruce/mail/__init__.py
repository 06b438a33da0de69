"""Mail: `send_mail`, messages with HTML, files and pictures, over SMTP, into files, to the terminal, or into memory.

Names are Django's. A name is imported from its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spruce.errors import BadHeaderError, MailError
    from spruce.mail.connections import EmailBackend, get_connection
    from spruce.mail.later import send_later
    from spruce.mail.memory import outbox
    from spruce.mail.messages import EmailMessage, EmailMultiAlternatives
    from spruce.mail.sending import (
        from_template,
        mail_admins,
        mail_managers,
        send_mail,
        send_mass_mail,
        send_template,
    )

_HOMES = {
    "BadHeaderError": "spruce.errors",
    "EmailBackend": "spruce.mail.connections",
    "EmailMessage": "spruce.mail.messages",
    "EmailMultiAlternatives": "spruce.mail.messages",
    "MailError": "spruce.errors",
    "from_template": "spruce.mail.sending",
    "get_connection": "spruce.mail.connections",
    "mail_admins": "spruce.mail.sending",
    "mail_managers": "spruce.mail.sending",
    "outbox": "spruce.mail.memory",
    "send_later": "spruce.mail.later",
    "send_mail": "spruce.mail.sending",
    "send_mass_mail": "spruce.mail.sending",
    "send_template": "spruce.mail.sending",
}

__all__ = [
    "BadHeaderError",
    "EmailBackend",
    "EmailMessage",
    "EmailMultiAlternatives",
    "MailError",
    "from_template",
    "get_connection",
    "mail_admins",
    "mail_managers",
    "outbox",
    "send_later",
    "send_mail",
    "send_mass_mail",
    "send_template",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value
    raise AttributeError(f"module 'spruce.mail' has no attribute {name!r}")
