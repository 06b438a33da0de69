"""Connections: how mails leave, as EMAIL_BACKEND says, and what each way has in common."""

from collections.abc import Iterable
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any

from spruce import config
from spruce.errors import ConfigError, nearest

if TYPE_CHECKING:
    from typing import Self

__all__ = ["EmailBackend", "get_connection"]

_KINDS = {
    "smtp": "spruce.mail.smtp.SMTPBackend",
    "console": "spruce.mail.console.ConsoleBackend",
    "file": "spruce.mail.files.FileBackend",
    "memory": "spruce.mail.memory.MemoryBackend",
    "dummy": "spruce.mail.memory.DummyBackend",
}


class EmailBackend:
    """A way for mails to leave. `with get_connection() as connection:` sends many over one connection."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        self.fail_silently = fail_silently

    def open(self) -> bool:
        """Connect, if it isn't; return whether that was needed. Blocks."""
        return False

    def close(self) -> None:
        """End the connection. Blocks."""

    def send_messages(self, email_messages: Iterable[Any]) -> int:
        """Send mails; return how many were sent. Blocks. Raises: MailError unless `fail_silently`."""
        raise NotImplementedError("a subclass of EmailBackend has to have send_messages()")

    def __enter__(self) -> "Self":
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def get_connection(backend: Any = None, fail_silently: bool = False, **options: Any) -> EmailBackend:
    """Return a connection, not opened yet: of EMAIL_BACKEND, or of another class or name. Raises: ConfigError.

    `options` are the backend's, such as `host` and `username` of SMTP.
    """
    settings = config.current()
    chosen = backend or settings["EMAIL_BACKEND"]
    if chosen is None:
        chosen = "memory" if settings["TESTING"] else "smtp" if settings["EMAIL_HOST"] else "console"
    kind = _class(chosen) if isinstance(chosen, str) else chosen
    made: EmailBackend = kind(fail_silently=fail_silently, **options)
    return made


def _class(named: str) -> Any:
    module, _, name = _KINDS.get(named, named).rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"EMAIL_BACKEND is {named!r}, which cannot be found{nearest(named, _KINDS)}",
            hint=f"It is {', '.join(map(repr, _KINDS))}, or 'package.module.Class'.",
        ) from error
