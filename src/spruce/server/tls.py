"""TLS: contexts out of files, chosen by the name that a client asks for, and made anew when the files change.

The names of a certificate are read out of it (its subjectAltName, RFC 5280 section 4.2.1.6). The first certificate
serves whoever asks for a name that none has. A file that cannot be read when it has changed is logged, and the old
certificates stay: the next change is another try.
"""

import logging
import os
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spruce.errors import ConfigError

__all__ = ["TLS", "Certificate", "Contexts"]

_log = logging.getLogger("spruce.server")
_SUBJECT_ALT_NAME = bytes.fromhex("0603551d11")  # the object identifier 2.5.29.17, in DER
_BOOLEAN, _DNS_NAME = 0x01, 0x82


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate chain and its private key, as paths of PEM files; without `key` it is in the file of the chain."""

    cert: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class TLS:
    """How the server speaks TLS. Of several certificates, each serves the names that it was made for.

    `client_ca` is a PEM file of authorities whose client certificates are asked for and shown to the application as
    `request.peer.certificate`; one is needed to get in unless `client_optional`.
    """

    certificates: Sequence[Certificate]
    client_ca: str | None = None
    client_optional: bool = False

    def files(self) -> list[str]:
        """Return the paths of all files that are read."""
        paths = [path for one in self.certificates for path in (one.cert, one.key)]
        return [path for path in (*paths, self.client_ca) if path is not None]


class Contexts:
    """The contexts of the certificates; `current` is the one to shake hands with. Raises ConfigError."""

    def __init__(self, tls: TLS) -> None:
        if not tls.certificates:
            raise ConfigError("TLS needs a certificate", hint="Give at least one Certificate(cert, key).")
        self.tls = tls
        self._seen = _signature(tls)
        self.current = _load(tls)

    def refresh(self) -> None:
        """Read the files again if they have changed."""
        signature = _signature(self.tls)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            self.current = _load(self.tls)
        except ConfigError as error:
            _log.error("The changed certificates cannot be used, the old ones stay: %s", error)
        else:
            _log.info("The certificates have changed and are in use")


def _signature(tls: TLS) -> list[tuple[int, int, int]]:
    found = []
    for path in tls.files():
        try:
            status = os.stat(path)
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return found


def _load(tls: TLS) -> ssl.SSLContext:
    """Make a context for each certificate, and let the first choose among them by name."""
    contexts = [_context(tls, one) for one in tls.certificates]
    by_name: dict[str, ssl.SSLContext] = {}
    for one, context in zip(tls.certificates, contexts, strict=True):
        for name in _names(one.cert):
            by_name.setdefault(name, context)

    def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        wanted = (name or "").lower()
        found = by_name.get(wanted) or by_name.get(f"*.{wanted.partition('.')[2]}")
        if found is not None:
            connection.context = found

    if len(contexts) > 1:
        contexts[0].sni_callback = choose
    return contexts[0]


def _context(tls: TLS, certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate.cert, certificate.key)
    except (OSError, ValueError) as error:
        files = f"{certificate.cert!r}" + (f" and the key {certificate.key!r}" if certificate.key else "")
        raise ConfigError(
            f"the certificate {files} cannot be used: {_reason(error)}",
            hint="Give PEM files: the certificate with its chain, and the key that belongs to it, without a password.",
        ) from error
    if tls.client_ca is not None:
        try:
            context.load_verify_locations(tls.client_ca)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"the client authorities in {tls.client_ca!r} cannot be used: {_reason(error)}",
                hint="Give a PEM file with the certificates of those who sign your clients' certificates.",
            ) from error
        context.verify_mode = ssl.CERT_OPTIONAL if tls.client_optional else ssl.CERT_REQUIRED
    return context


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _names(path: str) -> list[str]:
    """Return the DNS names of the first certificate in a PEM file, in lower case."""
    with open(path, encoding="ascii", errors="replace") as file:
        text = file.read()
    begin = text.index(ssl.PEM_HEADER)
    der = ssl.PEM_cert_to_DER_cert(text[begin : text.index(ssl.PEM_FOOTER, begin) + len(ssl.PEM_FOOTER)])
    position = der.find(_SUBJECT_ALT_NAME)
    if position < 0:
        return []
    position += len(_SUBJECT_ALT_NAME)
    tag, start, end = _element(der, position)
    if tag == _BOOLEAN:  # critical
        tag, start, end = _element(der, end)
    _, start, end = _element(der, start)  # the sequence inside of the octet string
    return [
        der[first:last].decode("ascii").lower() for tag, first, last in _elements(der, start, end) if tag == _DNS_NAME
    ]


def _elements(der: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    while position < end:
        found = _element(der, position)
        yield found
        position = found[2]


def _element(der: bytes, position: int) -> tuple[int, int, int]:
    """Return the tag of the DER element at a position, and where its content begins and ends (X.690 section 8.1)."""
    length = der[position + 1]
    start = position + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[position + 2 : start], "big")
    return der[position], start, start + length
