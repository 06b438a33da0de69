"""Mails that go nowhere: kept in `mail.outbox` for tests, or forgotten."""

from collections.abc import Iterable
from copy import copy

from spruce.mail.connections import EmailBackend
from spruce.mail.messages import EmailMessage

__all__ = ["DummyBackend", "MemoryBackend", "outbox"]

outbox: list[EmailMessage] = []
"""Mails that were sent while EMAIL_BACKEND is `memory`, as it is when TESTING; tests clear it."""


class MemoryBackend(EmailBackend):
    """Keeps mails in `outbox`."""

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        """Keep copies of mails; how many."""
        mails = [one for one in email_messages if one.recipients()]
        for one in mails:
            one.message()  # raises what is wrong with it
        outbox.extend(copy(one) for one in mails)
        return len(mails)


class DummyBackend(EmailBackend):
    """Forgets mails."""

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        """Forget mails; how many."""
        return len(list(email_messages))
