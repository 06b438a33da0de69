"""A mail: who it is for, its texts, attachments and pictures, and the bytes that go over the wire. Names are Django's.

The standard library's `email` makes the MIME (RFC 2045, RFC 5322). Headers with a line break are refused, so that no
text which a visitor typed becomes a header; domains in other scripts are written as IDNA (RFC 5890).
"""

import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import Any, NamedTuple

from spruce import config, db
from spruce.errors import BadHeaderError, MailError
from spruce.mail.connections import EmailBackend, get_connection

__all__ = ["Attachment", "EmailAlternative", "EmailMessage", "EmailMultiAlternatives", "address_of", "envelope_of"]

_POLICY = SMTP.clone(cte_type="7bit")  # which every server takes
_BREAKS = frozenset("\r\n\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
"""What `str.splitlines`, and so the standard library's `email`, takes for the end of a line."""

_UNKNOWN = "application/octet-stream"
_HEADERS_OF_ITS_OWN = ("from", "to", "cc", "reply-to", "subject", "date", "message-id")


class Attachment(NamedTuple):
    """A file in a mail; `content_id` is set for a picture that stands in the HTML."""

    filename: str | None
    content: bytes
    mimetype: str
    content_id: str = ""


class EmailAlternative(NamedTuple):
    """The same mail in another format, such as HTML."""

    content: str
    mimetype: str


class EmailMessage:
    """A mail of plain text. `to`, `cc`, `bcc` and `reply_to` are lists of addresses: `li@b.c` or `Li Lei <li@b.c>`.

    `from_email` is DEFAULT_FROM_EMAIL unless given. `headers` are further ones, or other values for usual ones.
    """

    content_subtype = "plain"

    def __init__(
        self,
        subject: Any = "",
        body: Any = "",
        from_email: str | None = None,
        to: Sequence[str] | None = None,
        bcc: Sequence[str] | None = None,
        connection: EmailBackend | None = None,
        attachments: Iterable[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        cc: Sequence[str] | None = None,
        reply_to: Sequence[str] | None = None,
    ) -> None:
        self.subject = subject
        self.body = body
        self.from_email = from_email or config.current()["DEFAULT_FROM_EMAIL"]
        self.to = _listed("to", to)
        self.cc = _listed("cc", cc)
        self.bcc = _listed("bcc", bcc)
        self.reply_to = _listed("reply_to", reply_to)
        self.connection = connection
        self.extra_headers = dict(headers or {})
        self.attachments: list[Attachment] = []
        for one in attachments or ():
            self.attach(*one)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self.subject)!r} to {', '.join(self.recipients()) or 'nobody'}>"

    def recipients(self) -> list[str]:
        """Return everybody that it goes to."""
        return [one for one in (*self.to, *self.cc, *self.bcc) if one]

    # What is in it

    def attach(self, filename: str | None, content: str | bytes, mimetype: str | None = None) -> None:
        """Put a file into it; its type is guessed by the name unless given."""
        kind = mimetype or mimetypes.guess_type(filename or "")[0] or _UNKNOWN
        data = content.encode() if isinstance(content, str) else bytes(content)
        self.attachments.append(Attachment(filename, data, kind))

    def attach_file(self, path: str | Path, mimetype: str | None = None) -> None:
        """Put a file of the disk into it. Blocks to read it."""
        self.attach(Path(path).name, Path(path).read_bytes(), mimetype)

    def attach_inline(self, filename: str, content: bytes, mimetype: str | None = None) -> str:
        """Put a picture into it for the HTML, and return its address there: `cid:…`."""
        kind = mimetype or mimetypes.guess_type(filename)[0] or _UNKNOWN
        content_id = make_msgid(domain="spruce.invalid")[1:-1]
        self.attachments.append(Attachment(filename, bytes(content), kind, content_id))
        return f"cid:{content_id}"

    # The bytes

    def message(self) -> MimeMessage:
        """Return it as the standard library's. Raises: BadHeaderError, MailError for addresses that cannot be."""
        made = MimeMessage(policy=_POLICY)
        self._fill(made)
        for one in self.attachments:
            if not one.content_id:
                _add_file(made, one)
        for name, value in self._headers():
            made[name] = _checked(name, value)
        return made

    def _fill(self, made: MimeMessage) -> None:
        made.set_content(_text(self.body), subtype=self.content_subtype)
        _add_pictures(made, self.attachments)

    def _headers(self) -> Iterable[tuple[str, Any]]:
        given = {name.lower(): value for name, value in self.extra_headers.items()}
        from_email = given.get("from", self.from_email)
        yield "Subject", given.get("subject", str(self.subject))
        yield "From", _addresses("From", from_email)
        for name, everybody in (("To", self.to), ("Cc", self.cc), ("Reply-To", self.reply_to)):
            text = given.get(name.lower(), everybody)
            if text:
                yield name, _addresses(name, text)
        yield "Date", given.get("date") or format_datetime(datetime.now(UTC))
        yield "Message-ID", given.get("message-id") or make_msgid(domain=address_of(from_email).domain or "localhost")
        for name, value in self.extra_headers.items():
            if name.lower() not in _HEADERS_OF_ITS_OWN:
                yield name, value

    # Sending

    def get_connection(self, fail_silently: bool = False) -> EmailBackend:
        """Return what sends it."""
        if self.connection is None:
            self.connection = get_connection(fail_silently=fail_silently)
        return self.connection

    def send(self, fail_silently: bool = False, *, on_commit: bool = False, using: str = "default") -> int:
        """Send it, and return how many mails were: 0 or 1. Blocks until the server has it.

        With `on_commit` it is sent once the transaction on the database `using` has committed, and not at all if that
        is rolled back; then 0 is returned, and only its headers are looked at now. Raises: MailError.
        """
        if not self.recipients():
            return 0
        if on_commit:
            self.message()
            db.on_commit(lambda: self._deliver(fail_silently), using=using)
            return 0
        return self._deliver(fail_silently)

    def _deliver(self, fail_silently: bool) -> int:
        return self.get_connection(fail_silently).send_messages([self])


class EmailMultiAlternatives(EmailMessage):
    """A mail of plain text with the same as HTML: `attach_alternative(html, "text/html")`."""

    def __init__(self, *args: Any, alternatives: Iterable[tuple[str, str]] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.alternatives = [EmailAlternative(*one) for one in alternatives or ()]

    def attach_alternative(self, content: str, mimetype: str = "text/html") -> None:
        """Put the same in another format into it."""
        self.alternatives.append(EmailAlternative(str(content), mimetype))

    def _fill(self, made: MimeMessage) -> None:
        if not self.alternatives:
            super()._fill(made)
            return
        made.set_content(_text(self.body), subtype=self.content_subtype)
        for one in self.alternatives:
            main, _, sub = one.mimetype.partition("/")
            if main != "text":
                made.add_alternative(one.content.encode(), main, sub)
                continue
            made.add_alternative(_text(one.content), subtype=sub)
            if sub == "html":
                _add_pictures(list(made.iter_parts())[-1], self.attachments)


def _listed(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        raise TypeError(f'"{name}" argument must be a list or tuple')
    return list(value or ())


def _text(body: Any) -> str:
    return str(body).replace("\r\n", "\n").replace("\r", "\n")


def _add_pictures(part: Any, attachments: Iterable[Attachment]) -> None:
    for one in attachments:
        if one.content_id:
            main, _, sub = _checked("Content-Type", one.mimetype).partition("/")
            name = _checked("filename", one.filename)
            part.add_related(one.content, main, sub, cid=f"<{one.content_id}>", filename=name, disposition="inline")


def _add_file(made: MimeMessage, one: Attachment) -> None:
    main, _, sub = _checked("Content-Type", one.mimetype).partition("/")
    name = None if one.filename is None else _checked("filename", one.filename)
    if one.mimetype == "message/rfc822":
        made.add_attachment(message_from_bytes(one.content, policy=_POLICY), filename=name)
        return
    made.add_attachment(one.content, main, sub or "octet-stream", filename=name)


def _checked(name: str, value: Any) -> Any:
    """A header's value, or a refusal of one that would begin another header."""
    text = str(value)
    if not _BREAKS.isdisjoint(text) or not _BREAKS.isdisjoint(name) or ":" in name or " " in name:
        raise BadHeaderError(
            f"Header values can't contain newlines (got {text!r} for header {name!r})",
            hint="Take line breaks out of what a visitor may write there.",
        )
    return value if isinstance(value, list | tuple) else text


def _addresses(name: str, given: Any) -> Any:
    """One or several addresses for a header."""
    if isinstance(given, str):
        _checked(name, given)
        return str(address_of(given)) if "," not in given else given
    return [address_of(_checked(name, one)) for one in given]


def address_of(text: str) -> Address:
    """Return what `Li Lei <li@example.com>` stands for, its domain as IDNA. Raises: MailError, BadHeaderError."""
    _checked("address", text)
    name, spec = parseaddr(text)
    local, at, domain = spec.rpartition("@")
    if not at:
        local, domain = spec, ""
    try:
        bare = "<" not in text and '"' not in text
        if not local or (bare and len(text.split()) != 1):
            raise ValueError("a part of it is missing, or has a space")
        plain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        return Address(name, local, plain)
    except (ValueError, UnicodeError) as error:
        raise MailError(
            f"{text!r} is no mail address", hint="Write 'li@example.com' or 'Li Lei <li@example.com>'."
        ) from error


def envelope_of(message: EmailMessage) -> tuple[str, list[str]]:
    """Return the plain addresses of the sender and of everybody that it goes to, each once."""
    everybody = [address_of(one).addr_spec for one in message.recipients()]
    return address_of(message.from_email).addr_spec, list(dict.fromkeys(everybody))
