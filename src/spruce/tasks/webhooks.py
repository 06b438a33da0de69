"""Webhooks: `webhook(url, payload)` has a worker POST JSON to somebody else's address, signed, until it is taken.

    from spruce.tasks.webhooks import key_of, webhook

    with db.atomic():
        order.save()
        webhook(partner.url, {"type": "order.paid", "order": order.pk})

The job is part of the transaction that it is made in. Headers and signature are those of Standard Webhooks
(standardwebhooks.com), for which there are libraries in most languages; the id stays the same through all attempts, so
that a receiver knows what it has had. Each receiver has a key of its own, `key_of(url)`, made of the app's SECRET_KEY.

Addresses come from users. So a host is looked up once, what is not on the public Internet is refused, and the
connection goes to the address that was checked; redirects are not followed.
"""

import hashlib
import hmac
import json
import re
import socket
import ssl
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from io import BufferedReader, RawIOBase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit

from spruce import config
from spruce.errors import BadSignature, ConfigError, InvalidTask, TaskException
from spruce.tasks.definitions import task
from spruce.tasks.embedded import new_id
from spruce.tasks.results import TaskResult

__all__ = ["deliver", "key_of", "signature", "verify", "webhook"]

_TRIES, _SECONDS = 12, 5.0  # the last one about four hours after the first
_PATIENCE = 15.0
_TOLERANCE = 300.0
_GONE = 410
_PREFIX = "whsec_"
_TIME = re.compile("[0-9]{1,12}")
_VISIBLE = re.compile("[!-~]+")
_CHUNK = 16384  # a record of TLS
_UNICAST, _NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")


def webhook(url: str, payload: Mapping[str, Any] | Sequence[Any]) -> TaskResult[int]:
    """Have a worker POST `payload` as JSON; the value of the job is the status of the answer.

    It is tried for about four hours, until an answer is 2xx, or 410: then the receiver wants no more. Raises
    InvalidTask for what is no URL of http or https in ASCII, and for what JSON does not carry.
    """
    if not _is_address(url):
        raise InvalidTask(f"{url!r} is no address for a webhook", hint="As in https://partner.example/hooks")
    return deliver.enqueue(url, f"msg_{new_id()}", payload)


def key_of(url: str) -> str:
    """The key with which the receiver at a URL's host checks signatures; give it to nobody else.

    Raises ConfigError without SECRET_KEY.
    """
    return _keys(url)[0]


def signature(key: str, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - the name in the standard
    """The signature of a message, as it stands in the header `webhook-signature`."""
    secret = b64decode(key.removeprefix(_PREFIX))
    signed = hmac.digest(secret, f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{b64encode(signed).decode()}"


def verify(key: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> Any:
    """What a webhook that has come here says. Raises BadSignature unless it was signed with `key`, just now."""
    id_, stamp, given = (headers.get(f"webhook-{name}") or "" for name in ("id", "timestamp", "signature"))
    if not _TIME.fullmatch(stamp) or abs((time() if now is None else now) - int(stamp)) > _TOLERANCE:
        raise BadSignature(f"the webhook is of {stamp[:20] or 'no time'}, and not of the last five minutes")
    expected = signature(key, id_, int(stamp), body)
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given.split()):
        raise BadSignature("the webhook was not signed with this key", hint="It is that of key_of(url) at the sender.")
    return json.loads(body)


@task(retries=_TRIES, backoff=_SECONDS, thread=True)
def deliver(url: str, id: str, payload: Any) -> int:  # noqa: A002 - the same
    """POST a webhook; return the status of the answer. Raises TaskException, and then the job is tried again."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    now = int(time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "spruce-webhooks",
        "webhook-id": id,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(signature(key, id, now, body) for key in _keys(url)),
    }
    try:
        status = _post(url, body, headers)
    except TimeoutError as error:
        raise TaskException(f"{url} did not take the webhook: it took longer than {_PATIENCE:g} s") from error
    except (OSError, HTTPException) as error:
        raise TaskException(f"{url} did not take the webhook: {error}") from error
    if 200 <= status < 300 or status == _GONE:
        return status
    raise TaskException(f"{url} did not take the webhook: it answered {status}")


def _is_address(url: str) -> bool:
    """Whether a request can be sent there: visible ASCII, and no name or password in it."""
    try:
        parts = urlsplit(url)
        named = parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:  # of a port that is none, or a bracket that is not closed
        return False
    return bool(named) and parts.scheme in ("http", "https") and _VISIBLE.fullmatch(url) is not None


def _keys(url: str) -> list[str]:
    """The keys of a receiver, of SECRET_KEY and of those that it replaces."""
    settings = config.current()
    if not settings["SECRET_KEY"]:
        raise ConfigError("webhooks are signed, and there is no SECRET_KEY", hint="Set it to a long random text.")
    origin = f"spruce.webhooks {urlsplit(url).netloc.lower()}".encode()
    secrets = [settings["SECRET_KEY"], *settings["SECRET_KEY_FALLBACKS"]]
    made = [hmac.digest(s.encode() if isinstance(s, str) else s, origin, hashlib.sha256) for s in secrets]
    return [f"{_PREFIX}{b64encode(key).decode()}" for key in made]


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a body and return the status of the answer, by a connection to an address that was looked at before."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    connection = HTTPConnection(host, port, timeout=_PATIENCE)
    connection.default_port = 443 if parts.scheme == "https" else 80  # which the header Host leaves out
    try:
        until = monotonic() + _PATIENCE
        connection.sock = socket.create_connection((_address(host, port), port), _PATIENCE)
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        connection.sock = _Hurried(connection.sock, until)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


class _Hurried(RawIOBase):
    """A socket that is used up to a moment, however little at a time comes and goes before it."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self.sock = sock
        self.until = until

    def _hurry(self) -> None:
        left = self.until - monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)

    def sendall(self, data: bytes) -> None:
        for start in range(0, len(data), _CHUNK):
            self._hurry()
            self.sock.sendall(data[start : start + _CHUNK])

    def makefile(self, _: str) -> BufferedReader:
        return BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._hurry()
        return self.sock.recv_into(buffer)

    def close(self) -> None:
        self.sock.close()
        super().close()


def _address(host: str, port: int) -> str:
    """An address of a host. Raises TaskException for one that is not on the public Internet."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise TaskException(f"the host {host!r} of a webhook cannot be found: {error}") from error
    if not config.current()["WEBHOOK_ALLOW_PRIVATE"]:
        for address in found:
            if not _is_public(address):
                raise TaskException(
                    f"the host {host!r} of a webhook is {address}, which is not on the public Internet",
                    hint="Where such receivers are meant, set WEBHOOK_ALLOW_PRIVATE.",
                )
    return found[0]


def _is_public(text: str) -> bool:
    """Whether an address is on the public Internet; one of IPv6 that stands for one of IPv4 is what that is."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            address = IPv4Address(int(address) & 0xFFFFFFFF)
        elif address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address not in _UNICAST or address.sixtofour is not None:
            return False
    return address.is_global and not address.is_multicast
