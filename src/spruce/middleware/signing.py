"""Signing: texts and values that come back from a browser unchanged, or are refused. Names are Django's.

What is signed can be read by everybody, and written by nobody who hasn't the key: the setting SECRET_KEY. Each purpose
has a salt of its own, so that what was signed for one does not count for another. Keys in SECRET_KEY_FALLBACKS still
count for reading. The cryptography is itsdangerous': HMAC with SHA-256, keys derived by HMAC.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import itsdangerous
from itsdangerous.encoding import base64_decode, base64_encode

from spruce import config
from spruce.errors import BadSignature, ConfigError, SignatureExpired

__all__ = ["HOW_TO_MAKE_A_KEY", "Signer", "TimestampSigner", "dumps", "loads", "secret_keys"]

HOW_TO_MAKE_A_KEY = (
    'Make one: python -c "import secrets; print(secrets.token_urlsafe(48))", and set it as SPRUCE_SECRET_KEY.'
)
_SALT = "spruce.signing"
_COMPRESSED = "."

Key = str | bytes


def secret_keys() -> list[Key]:
    """Return the keys of the settings that hold here, the one to sign with first.

    Raises: ConfigError when SECRET_KEY is not set.
    """
    settings = config.current()
    if not settings["SECRET_KEY"]:
        raise ConfigError("SECRET_KEY is not set, so nothing can be signed", hint=HOW_TO_MAKE_A_KEY)
    return [settings["SECRET_KEY"], *settings["SECRET_KEY_FALLBACKS"]]


class Signer:
    """Signs texts: `sign("me")` is `"me:…"`, and `unsign` gives back `"me"`.

    `key` is SECRET_KEY unless given; `fallback_keys`, SECRET_KEY_FALLBACKS unless given, count for reading only.
    """

    _made_of: type[itsdangerous.Signer] = itsdangerous.Signer

    def __init__(
        self,
        *,
        key: Key | None = None,
        sep: str = ":",
        salt: str | None = None,
        algorithm: str = "sha256",
        fallback_keys: Iterable[Key] | None = None,
    ) -> None:
        keys = secret_keys() if key is None else [key]
        if fallback_keys is not None:
            keys = [keys[0], *fallback_keys]
        raw = [one.encode() if isinstance(one, str) else one for one in keys[::-1]]
        self.sep = sep
        self._signer = self._made_of(
            raw,
            salt=salt or _SALT,
            sep=sep,
            key_derivation="hmac",
            digest_method=getattr(hashlib, algorithm),
        )

    def sign(self, value: str) -> str:
        """Return `value` with its signature behind it."""
        return self._signer.sign(value).decode()

    def unsign(self, signed_value: str) -> str:
        """Return what was signed. Raises: BadSignature."""
        try:
            return self._signer.unsign(signed_value).decode()
        except (itsdangerous.BadSignature, UnicodeDecodeError) as error:
            raise _refused(error) from None

    def sign_object(self, value: Any, compress: bool = False) -> str:
        """Return `value`, which JSON can hold, as text for URLs and cookies; compressed where asked and less."""
        return self.sign_bytes(json.dumps(value, separators=(",", ":")).encode("latin-1"), compress)

    def unsign_object(self, signed_object: str, **options: Any) -> Any:
        """Return what `sign_object` was given; options as for `unsign`. Raises: BadSignature."""
        return json.loads(self.unsign_bytes(signed_object, **options))

    def sign_bytes(self, value: bytes, compress: bool = False) -> str:
        """`sign_object` for bytes."""
        smaller = zlib.compress(value) if compress else value
        if len(smaller) < len(value) - 1:
            return self.sign(_COMPRESSED + base64_encode(smaller).decode())
        return self.sign(base64_encode(value).decode())

    def unsign_bytes(self, signed_bytes: str, **options: Any) -> bytes:
        """Return what `sign_bytes` was given; options as for `unsign`. Raises: BadSignature."""
        text = self.unsign(signed_bytes, **options)
        try:
            data = base64_decode(text.removeprefix(_COMPRESSED))
            return zlib.decompress(data) if text.startswith(_COMPRESSED) else data
        except (itsdangerous.BadData, zlib.error) as error:
            raise _refused(error) from None


class TimestampSigner(Signer):
    """A Signer that also signs when it did so, to the second."""

    _made_of = itsdangerous.TimestampSigner

    def unsign(self, signed_value: str, max_age: int | float | timedelta | None = None) -> str:
        """Return what was signed, `max_age` seconds ago at most. Raises: SignatureExpired, BadSignature."""
        return self.unsign_with_time(signed_value, max_age)[0]

    def unsign_with_time(
        self, signed_value: str, max_age: int | float | timedelta | None = None
    ) -> tuple[str, datetime]:
        """`unsign`, and when it was signed."""
        seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        try:
            made: Any = self._signer
            value, signed_at = made.unsign(signed_value, return_timestamp=True)
            text: str = value.decode()
        except (itsdangerous.BadSignature, UnicodeDecodeError) as error:
            raise _refused(error) from None
        age = (datetime.now(UTC) - signed_at).total_seconds()
        if seconds is not None and (age > seconds or age < -_CLOCKS_DIFFER):
            raise SignatureExpired(f"the signature is {age:.0f} seconds old, and {seconds:.0f} are allowed")
        return text, signed_at


_CLOCKS_DIFFER = 60
"""Seconds that the clocks of two servers may be apart."""


def dumps(
    value: Any,
    key: Key | None = None,
    salt: str = _SALT,
    compress: bool = False,
    fallback_keys: Iterable[Key] | None = None,
) -> str:
    """Return `value`, which JSON can hold, signed with the time, as text for URLs: for links in mails."""
    return TimestampSigner(key=key, salt=salt, fallback_keys=fallback_keys).sign_object(value, compress)


def loads(
    signed: str,
    key: Key | None = None,
    salt: str = _SALT,
    max_age: int | float | timedelta | None = None,
    fallback_keys: Iterable[Key] | None = None,
) -> Any:
    """Return what `dumps` was given, `max_age` seconds ago at most. Raises: SignatureExpired, BadSignature."""
    return TimestampSigner(key=key, salt=salt, fallback_keys=fallback_keys).unsign_object(signed, max_age=max_age)


def _refused(error: Exception) -> BadSignature:
    return BadSignature(
        "the signature is wrong or missing",
        hint="The text was changed or cut, or signed with another key or salt; a former key belongs into "
        "SECRET_KEY_FALLBACKS.",
    )
