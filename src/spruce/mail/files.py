"""Mails as files, while one develops: each an .eml that mail programs open."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from spruce import config
from spruce.mail.connections import EmailBackend
from spruce.mail.messages import EmailMessage

__all__ = ["FileBackend"]


class FileBackend(EmailBackend):
    """Writes each mail into a file of its own in a folder: EMAIL_FILE_PATH unless given."""

    def __init__(self, fail_silently: bool = False, file_path: str | Path | None = None, **options: Any) -> None:
        super().__init__(fail_silently)
        settings = config.current()
        chosen = file_path or settings["EMAIL_FILE_PATH"] or Path(settings["INSTANCE_PATH"] or "instance", "mails")
        self.folder = Path(chosen)

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        """Write mails; how many. Blocks."""
        mails = [one.message().as_bytes() for one in email_messages if one.recipients()]
        self.folder.mkdir(parents=True, exist_ok=True)
        for data in mails:
            path = self.folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(4)}.eml"
            path.touch(mode=0o600)
            path.write_bytes(data)
        return len(mails)
