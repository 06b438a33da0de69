"""Mails that a worker sends: `send_later(mail)` puts one into the app's tasks, where it waits for the mail server.

The job is part of the transaction that it is made in, so a mail about what is rolled back is never sent. It is tried
again while the server is down, for some hours. What is kept is the mail as it goes over the wire. Import the name at
the top of a module, so that workers know the task.
"""

from collections.abc import Sequence
from email import message_from_string
from email.message import EmailMessage as MimeMessage
from email.policy import SMTP
from typing import Any

from spruce.mail.connections import get_connection
from spruce.mail.messages import EmailMessage, envelope_of
from spruce.tasks import TaskResult, task

__all__ = ["ReadyMail", "deliver", "send_later"]

_TRIES = 12
_SECONDS = 20.0


class ReadyMail(EmailMessage):
    """A mail that is written already: what a worker hands on."""

    def __init__(self, sender: str, recipients: Sequence[str], text: str) -> None:
        self._made: Any = message_from_string(text, policy=SMTP)
        super().__init__(self._made["Subject"], "", sender, recipients)

    def message(self) -> MimeMessage:
        """Return it as it was written."""
        return self._made  # type: ignore[no-any-return] # what the policy makes


@task(retries=_TRIES, backoff=_SECONDS)
def deliver(sender: str, recipients: list[str], text: str) -> int:
    """Send a mail that is written already; how many were sent. Raises: MailError, and then the job is tried again."""
    return get_connection().send_messages([ReadyMail(sender, recipients, text)])


def send_later(mail: EmailMessage) -> TaskResult[int] | None:
    """Have a worker send a mail; return what is known of the job, None for a mail to nobody.

    Raises: BadHeaderError and MailError for a mail that cannot be written.
    """
    if not mail.recipients():
        return None
    sender, recipients = envelope_of(mail)
    return deliver.enqueue(sender, recipients, mail.message().as_bytes().decode("ascii"))
