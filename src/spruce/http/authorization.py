"""The Authorization header (RFC 9110 section 11.6.2): basic credentials, bearer tokens and others."""

from base64 import b64decode
from binascii import Error
from dataclasses import dataclass, field

from spruce.http.media import parse_options

__all__ = ["Authorization"]


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a client says who it is.

    `type` is the scheme in lower case. Basic has `username` and `password`, schemes with one token (Bearer) `token`,
    others (Digest) `parameters`.
    """

    type: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    parameters: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, header: str | None) -> "Authorization | None":
        """Read the header; None when it is missing or its basic credentials cannot be decoded."""
        if not header:
            return None
        scheme, _, rest = header.partition(" ")
        scheme, rest = scheme.lower(), rest.strip()
        if scheme == "basic":
            return cls._basic(rest)
        if "=" in rest.rstrip("="):
            return cls(scheme, parameters=parse_options(";" + rest.replace(",", ";"))[1])
        return cls(scheme, token=rest)

    @classmethod
    def _basic(cls, credentials: str) -> "Authorization | None":
        try:
            username, separator, password = b64decode(credentials, validate=True).decode().partition(":")
        except (Error, UnicodeDecodeError, ValueError):
            return None
        return cls("basic", username, password) if separator else None
