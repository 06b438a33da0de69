"""Mails over SMTP (RFC 5321): aiosmtplib speaks it, and a green thread waits, so that nothing else does.

A connection belongs to the green thread that uses it. TLS is what EMAIL_USE_SSL or EMAIL_USE_TLS says and nothing less:
a server that doesn't offer it, or has the wrong certificate, gets no mail and no password.
"""

import ssl
from collections.abc import Awaitable, Iterable
from logging import getLogger
from typing import Any, TypeVar

import aiosmtplib

from spruce import config
from spruce.errors import ConfigError, MailError
from spruce.green import await_
from spruce.mail.connections import EmailBackend
from spruce.mail.messages import EmailMessage, envelope_of

__all__ = ["SMTPBackend"]

T = TypeVar("T")

_log = getLogger("spruce.mail")
_FAILURES = (aiosmtplib.SMTPException, OSError, ssl.SSLError)


class SMTPBackend(EmailBackend):
    """Gives mails to a server; what isn't given is as the settings say (`EMAIL_HOST` and the others)."""

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        username: str | None = None,
        password: str | None = None,
        use_tls: bool | None = None,
        use_ssl: bool | None = None,
        timeout: float | None = None,
        fail_silently: bool = False,
        ssl_cafile: Any = None,
        ssl_certfile: Any = None,
        ssl_keyfile: Any = None,
    ) -> None:
        super().__init__(fail_silently)
        settings = config.current()
        self.host = host or settings["EMAIL_HOST"] or "localhost"
        self.use_tls = settings["EMAIL_USE_TLS"] if use_tls is None else use_tls
        self.use_ssl = settings["EMAIL_USE_SSL"] if use_ssl is None else use_ssl
        if self.use_tls and self.use_ssl:
            raise ConfigError(
                "EMAIL_USE_TLS and EMAIL_USE_SSL are both on",
                hint="The first begins TLS on a plain connection (port 587), the second at once (port 465): set one.",
            )
        self.port = port or settings["EMAIL_PORT"] or (465 if self.use_ssl else 587 if self.use_tls else 25)
        self.username = settings["EMAIL_HOST_USER"] if username is None else username
        self.password = settings["EMAIL_HOST_PASSWORD"] if password is None else password
        self.timeout = settings["EMAIL_TIMEOUT"] if timeout is None else timeout
        self._files = (
            ssl_cafile or settings["EMAIL_SSL_CAFILE"],
            ssl_certfile or settings["EMAIL_SSL_CERTFILE"],
            ssl_keyfile or settings["EMAIL_SSL_KEYFILE"],
        )
        self._client: aiosmtplib.SMTP | None = None

    def _context(self) -> ssl.SSLContext | None:
        if not (self.use_tls or self.use_ssl):
            return None
        cafile, certfile, keyfile = self._files
        context = ssl.create_default_context(cafile=cafile)
        if certfile:
            context.load_cert_chain(certfile, keyfile)
        return context

    def open(self) -> bool:
        """Connect, and log in where there is a name; whether that was needed. Raises: MailError unless silent."""
        if self._client is not None:
            return False
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username or None,
            password=self.password or None,
            timeout=self.timeout,
            use_tls=bool(self.use_ssl),
            start_tls=bool(self.use_tls),
            tls_context=self._context(),
        )
        try:
            self._wait(client.connect())
        except MailError:
            client.close()
            if not self.fail_silently:
                raise
            return False
        self._client = client
        return True

    def close(self) -> None:
        """Say goodbye; a connection that is broken is dropped."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            await_(client.quit())
        except _FAILURES:
            client.close()

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        """Send mails over one connection, which is ended if it was made for them; how many were sent."""
        mails = list(email_messages)
        if not mails:
            return 0
        opened = self.open()
        if self._client is None:
            return 0
        try:
            return sum(self._send(self._client, one) for one in mails)
        finally:
            if opened:
                self.close()

    def _send(self, client: aiosmtplib.SMTP, mail: EmailMessage) -> bool:
        if not mail.recipients():
            return False
        sender, recipients = envelope_of(mail)
        data = mail.message().as_bytes()
        try:
            refused, _ = self._wait(client.sendmail(sender, recipients, data))
        except MailError:
            if not self.fail_silently:
                raise
            return False
        if refused:
            _log.warning("the mail server refused some of those that a mail was for: %s", ", ".join(map(repr, refused)))
        return True

    def _wait(self, awaitable: Awaitable[T]) -> T:
        try:
            return await_(awaitable)
        except _FAILURES as error:
            raise MailError(
                f"the mail server {self.host}:{self.port} did not take it: {error or type(error).__name__}",
                hint="See EMAIL_HOST and the settings beside it; `fail_silently=True` goes on without the mail.",
            ) from error
