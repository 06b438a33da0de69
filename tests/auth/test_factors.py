"""The second factor of a user, and recovery codes."""

from time import time
from typing import Any

import pytest

from spruce import App, Request
from spruce.auth import User
from spruce.auth.factors import (
    check_code,
    factor_of,
    new_recovery_codes,
    recovery_codes_left,
    turn_off,
    turn_on,
)
from spruce.auth.models import AuditEvent, RecoveryCode
from spruce.auth.totp import code_of, new_secret
from spruce.errors import TooManyAttempts

REQUEST = Request("POST", "/", client=("127.0.0.1", 1))


@pytest.fixture(autouse=True)
def _in_the_app(app: App) -> Any:
    with app.app_context():
        yield


def now() -> int:
    return int(time()) // 30


def test_a_code_counts_once_asvs_6_5_1(anna: Any) -> None:
    """And none that came before it."""
    secret = new_secret()
    turn_on(anna, secret, 0)
    step = now()
    assert check_code(REQUEST, anna, code_of(secret, step))
    assert not check_code(REQUEST, anna, code_of(secret, step))
    assert not check_code(REQUEST, anna, code_of(secret, step - 1))
    assert [each.kind for each in AuditEvent.objects.filter(kind="second_step_failed")] == ["second_step_failed"] * 2


def test_the_code_that_turned_it_on_is_used_up(anna: Any) -> None:
    secret = new_secret()
    step = now()
    turn_on(anna, secret, step)
    assert not check_code(REQUEST, anna, code_of(secret, step))


def test_recovery_codes_count_once_and_are_kept_as_hashes_asvs_6_5_2(anna: Any) -> None:
    """However they are typed."""
    codes = turn_on(anna, new_secret(), now())
    assert len({*codes}) == recovery_codes_left(anna) == 10
    assert all(len(code.replace("-", "")) == 24 for code in codes)  # 120 bits
    assert not RecoveryCode.objects.filter(digest__in=codes).exists()
    assert check_code(REQUEST, anna, codes[0])
    assert not check_code(REQUEST, anna, codes[0])
    assert check_code(REQUEST, anna, f" {codes[1].replace('-', ' ').lower()} ")
    assert recovery_codes_left(anna) == 8
    assert AuditEvent.objects.filter(kind="recovery_code_used").count() == 2


def test_new_ones_take_the_place_of_old_ones(anna: Any) -> None:
    old = turn_on(anna, new_secret(), 0)
    new = new_recovery_codes(anna)
    assert not check_code(REQUEST, anna, old[0])
    assert check_code(REQUEST, anna, new[0])


def test_nobody_uses_anothers(anna: Any) -> None:
    ben = User.objects.create_user("ben")
    secret = new_secret()
    codes = turn_on(anna, secret, 0)
    turn_on(ben, new_secret(), 0)
    assert not check_code(REQUEST, ben, codes[0])
    assert not check_code(REQUEST, ben, code_of(secret, now()))


def test_it_can_be_turned_off(anna: Any) -> None:
    codes = turn_on(anna, new_secret(), 0)
    assert turn_off(anna)
    assert factor_of(anna) is None
    assert not check_code(REQUEST, anna, codes[0])
    assert not turn_off(anna)


def test_who_guesses_has_to_wait_asvs_6_3_1(app: App, anna: Any) -> None:
    """A million codes are few, if one may try them all."""
    turn_on(anna, new_secret(), 0)
    app.config["AUTH_THROTTLE_FREE"] = -8  # the first wait is 2 to the power of 9 seconds
    assert not check_code(REQUEST, anna, "x")
    with pytest.raises(TooManyAttempts) as refused:
        check_code(REQUEST, anna, "x")
    assert refused.value.seconds > 400
