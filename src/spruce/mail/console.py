"""Mails on the terminal, while one develops: headers and texts as people read them, attachments by name."""

import sys
from collections.abc import Iterable
from email.message import EmailMessage as MimeMessage
from threading import Lock
from typing import Any

from spruce.mail.connections import EmailBackend
from spruce.mail.messages import EmailMessage

__all__ = ["ConsoleBackend", "shown"]

_SHOWN = ("From", "To", "Cc", "Reply-To", "Subject")
_LINE = "-" * 79
_lock = Lock()


class ConsoleBackend(EmailBackend):
    """Writes mails to `stream`, the standard output unless given."""

    def __init__(self, fail_silently: bool = False, stream: Any = None, **options: Any) -> None:
        super().__init__(fail_silently)
        self._stream = stream

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        """Write mails; how many."""
        texts = [shown(one.message()) for one in email_messages if one.recipients()]
        stream = self._stream or sys.stdout
        with _lock:
            for text in texts:
                stream.write(text)
            stream.flush()
        return len(texts)


def shown(message: MimeMessage) -> str:
    """Return a mail as people read it: of alternatives the plain text."""
    lines = [_LINE, *(f"{name}: {message[name]}" for name in _SHOWN if message[name])]
    body = message.get_body(("plain", "html"))
    lines += ["", str(body.get_content()).rstrip() if body is not None else ""]
    lines += [f"[attached: {part.get_filename()}, {part.get_content_type()}]" for part in message.iter_attachments()]
    return "\n".join([*lines, _LINE, ""])
