"""The second factor of a user: codes from an app (TOTP), and recovery codes for who has lost it.

A code counts once, and one that came before the last that counted never does. Recovery codes have 120 bits, so their
SHA-256 is all that is kept, and each counts once. A try counts as one at a password does, see `throttling`.
"""

import secrets
from datetime import UTC, datetime
from hashlib import sha256
from time import time
from typing import Any

from spruce import db
from spruce.auth.auditing import record
from spruce.auth.models import RecoveryCode, SecondFactor, key_of
from spruce.auth.throttling import throttle
from spruce.auth.totp import matching_step
from spruce.http import Request

__all__ = [
    "RECOVERY_CODES",
    "check_code",
    "factor_of",
    "new_recovery_codes",
    "recovery_codes_left",
    "turn_off",
    "turn_on",
]

RECOVERY_CODES = 10
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_GROUPS, _LETTERS = 6, 4


def factor_of(user: Any) -> SecondFactor | None:
    """Return the second factor of a user; None for who has none."""
    return SecondFactor.objects.filter(user_key=key_of(user)).first()


def turn_on(user: Any, secret: str, step: int, request: Request | None = None) -> list[str]:
    """Let a log-in of the user want a code from now on; return the recovery codes, which nobody sees again.

    `step` is that of the code which has shown that the app of the user has the secret.
    """
    with db.atomic():
        SecondFactor.objects.filter(user_key=key_of(user)).delete()
        SecondFactor.objects.create(user_key=key_of(user), secret=secret, last_step=step, created=datetime.now(UTC))
        codes = _make_codes(user)
    record("second_factor_on", request, user)
    return codes


def turn_off(user: Any, request: Request | None = None) -> bool:
    """Let a log-in of the user want no code; whether it did."""
    with db.atomic():
        RecoveryCode.objects.filter(user_key=key_of(user)).delete()
        there = SecondFactor.objects.filter(user_key=key_of(user)).delete()[0] > 0
    if there:
        record("second_factor_off", request, user)
    return there


def new_recovery_codes(user: Any, request: Request | None = None) -> list[str]:
    """Return new recovery codes, in place of those that there were."""
    with db.atomic():
        codes = _make_codes(user)
    record("recovery_codes_made", request, user)
    return codes


def recovery_codes_left(user: Any) -> int:
    """Return how many recovery codes still count."""
    return RecoveryCode.objects.filter(user_key=key_of(user)).count()


def check_code(request: Request, user: Any, code: str) -> bool:
    """Whether this is a code of the user's app, or one of the recovery codes; it is used up by that.

    Raises: TooManyAttempts, whose `seconds` say how long to wait.
    """
    attempt = throttle().attempt(request, key_of(user), "code")
    plain = "".join(code.split()).replace("-", "").upper()
    right = _is_of_app(user, plain) if plain.isdecimal() else _is_recovery_code(request, user, plain)
    if right:
        attempt.succeeded()
    else:
        record("second_step_failed", request, user)
    return right


def _is_of_app(user: Any, code: str) -> bool:
    factor = factor_of(user)
    step = matching_step(factor.secret, code, time()) if factor is not None else None
    if step is None:
        return False
    return SecondFactor.objects.filter(user_key=key_of(user), last_step__lt=step).update(last_step=step) == 1


def _is_recovery_code(request: Request, user: Any, code: str) -> bool:
    used = RecoveryCode.objects.filter(user_key=key_of(user), digest=_digest(code)).delete()[0] == 1
    if used:
        record("recovery_code_used", request, user, left=recovery_codes_left(user))
    return used


def _make_codes(user: Any) -> list[str]:
    RecoveryCode.objects.filter(user_key=key_of(user)).delete()
    plain = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUPS * _LETTERS)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user_key=key_of(user), digest=_digest(one)) for one in plain])
    return ["-".join(one[at : at + _LETTERS] for at in range(0, len(one), _LETTERS)) for one in plain]


def _digest(code: str) -> str:
    return sha256(code.encode()).hexdigest()
