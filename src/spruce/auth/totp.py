"""Codes that an app on a telephone shows, of six digits and for 30 seconds (TOTP, RFC 6238), by HMAC alone.

Nothing here knows users or the time: `now` are seconds since 1970.
"""

import hmac
from base64 import b32decode, b32encode
from secrets import token_bytes
from urllib.parse import quote, urlencode

__all__ = ["DIGITS", "SECONDS", "code_of", "matching_step", "new_secret", "uri_of"]

DIGITS = 6
SECONDS = 30
_SECRET_BYTES = 20
_DRIFT = 1
"""Steps by which a clock may be wrong, either way."""


def new_secret() -> str:
    """Return a secret of 160 bits, as apps take it (base32)."""
    return b32encode(token_bytes(_SECRET_BYTES)).decode()


def code_of(secret: str, step: int) -> str:
    """Return the code of a step of 30 seconds (RFC 4226, section 5.3)."""
    mac = hmac.digest(b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: str, code: str, now: float) -> int | None:
    """Return the step to which a code belongs, if that is the present one or its neighbour; else None."""
    present = int(now) // SECONDS
    found = None
    for step in range(max(0, present - _DRIFT), present + _DRIFT + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), code.encode()):
            found = step
    return found


def uri_of(secret: str, issuer: str, account: str) -> str:
    """Return what is in the picture that an app reads: `otpauth://totp/…`."""
    label = f"{quote(issuer)}:{quote(account)}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
