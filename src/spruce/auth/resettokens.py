"""Tokens for links in mails: a new password, and an address to be confirmed. Each counts once, and for a time.

The first kind is Django's: a keyed hash over what changes when it is used, so nothing has to be kept.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from time import time
from typing import Any

from spruce import config
from spruce.auth.usermodel import get_user_model
from spruce.errors import BadSignature, DataError
from spruce.middleware import signing

__all__ = [
    "PasswordResetTokenGenerator",
    "confirmation_for",
    "confirmed_address",
    "default_token_generator",
    "uid_of",
    "user_of",
]

_SALT = b"spruce.auth.reset"
_CONFIRM_SALT = "spruce.auth.confirm"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class PasswordResetTokenGenerator:
    """Makes tokens that count until the password, the address or the last log-in changes, and for a time."""

    key_salt = _SALT

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock

    def make_token(self, user: Any) -> str:
        """Return a token for the user."""
        return self._token(user, int(self._clock()), signing.secret_keys()[0])

    def check_token(self, user: Any, token: str | None) -> bool:
        """Whether the token is this user's, of less than PASSWORD_RESET_TIMEOUT seconds ago, and not used."""
        stamp, dash, _ = (token or "").partition("-")
        if user is None or not dash or not stamp or len(stamp) > 13 or set(stamp) - set(_DIGITS):
            return False
        made = int(stamp, 36)
        known = any(
            hmac.compare_digest(self._token(user, made, key).encode(), str(token).encode())
            for key in signing.secret_keys()
        )
        return known and self._clock() - made <= config.current()["PASSWORD_RESET_TIMEOUT"]

    def _token(self, user: Any, made: int, key: str | bytes) -> str:
        secret = hmac.digest(key.encode() if isinstance(key, str) else key, self.key_salt, "sha256")
        return f"{_base36(made)}-{hmac.new(secret, self._value(user, made).encode(), 'sha256').hexdigest()[:40]}"

    def _value(self, user: Any, made: int) -> str:
        login = getattr(user, "last_login", None)
        at = "" if login is None else login.replace(microsecond=0).isoformat()
        email = getattr(user, user.get_email_field_name(), "") or ""
        return f"{user.pk}\n{user.password}\n{at}\n{made}\n{email}"


default_token_generator = PasswordResetTokenGenerator()


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"


def uid_of(user: Any) -> str:
    """Return the user's key as a link has it."""
    return base64.urlsafe_b64encode(str(user.pk).encode()).decode().rstrip("=")


def user_of(uid: str) -> Any:
    """Return the active user of a link's key; None for nonsense."""
    try:
        key = base64.urlsafe_b64decode(uid + "=" * (-len(uid) % 4)).decode()
        model = get_user_model()
        return model._default.filter(pk=model._meta.pk.comparable(key), is_active=True).first()
    except (binascii.Error, ValueError, DataError):
        return None


def confirmation_for(email: str) -> str:
    """Return a token that says who opens its link reads the mail of an address."""
    return signing.dumps(email, salt=_CONFIRM_SALT)


def confirmed_address(token: str) -> str | None:
    """Return the address of a token, of less than PASSWORD_RESET_TIMEOUT seconds ago; None."""
    try:
        found = signing.loads(token, salt=_CONFIRM_SALT, max_age=config.current()["PASSWORD_RESET_TIMEOUT"])
    except (BadSignature, ValueError):
        return None
    return str(found)
