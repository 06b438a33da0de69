"""Tokens against forged forms: a secret of the browser's own, shown under another mask in each page.

A secret is 32 hexadecimal characters, 128 bits. A token is a random mask of the same length with the secret behind it,
combined with the mask, so that compressed pages don't tell it by their length (BREACH).
"""

import re
from hmac import compare_digest
from secrets import token_hex

__all__ = ["BadToken", "check_format", "is_match", "mask", "new_secret", "unmask"]

_BYTES = 16
_LENGTH = 2 * _BYTES
_HEXADECIMAL = re.compile(r"[0-9a-f]+").fullmatch


class BadToken(ValueError):
    """A text that can be neither secret nor token; says how."""


def new_secret() -> str:
    """Return a new secret."""
    return token_hex(_BYTES)


def mask(secret: str) -> str:
    """Return a token for a secret, another one each time."""
    cover = token_hex(_BYTES)
    return cover + _combined(cover, secret)


def unmask(token: str) -> str:
    """Return the secret of a token; a secret is returned as it is. Raises: BadToken."""
    check_format(token)
    return token if len(token) == _LENGTH else _combined(token[:_LENGTH], token[_LENGTH:])


def is_match(token: str, secret: str) -> bool:
    """Whether a token, or the secret itself, is of this secret. Raises: BadToken."""
    return compare_digest(unmask(token), secret)


def check_format(text: str) -> None:
    """Raises: BadToken when a text can be neither secret nor token."""
    if len(text) not in (_LENGTH, 2 * _LENGTH):
        raise BadToken("has the wrong length")
    if not _HEXADECIMAL(text):
        raise BadToken("has characters that don't belong there")


def _combined(one: str, other: str) -> str:
    return f"{int(one, 16) ^ int(other, 16):0{_LENGTH}x}"
