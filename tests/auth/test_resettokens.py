"""Links in mails: each counts once, for a time, and for one user."""

from datetime import UTC, datetime
from typing import Any

import pytest

from spruce import App
from spruce.auth import User
from spruce.auth.resettokens import (
    PasswordResetTokenGenerator,
    confirmation_for,
    confirmed_address,
    uid_of,
    user_of,
)


@pytest.fixture(autouse=True)
def _in_the_app(app: App, anna: Any) -> Any:
    with app.app_context():
        yield


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_counts_for_its_user_and_an_hour(anna: Any) -> None:
    clock = Clock()
    tokens = PasswordResetTokenGenerator(clock)
    token = tokens.make_token(anna)
    assert tokens.check_token(anna, token)
    assert not tokens.check_token(User.objects.create_user("bo", "anna@example.com"), token)
    clock.now += 3600
    assert tokens.check_token(anna, token)
    clock.now += 1
    assert not tokens.check_token(anna, token)


@pytest.mark.parametrize("change", ["password", "email", "last_login"])
def test_it_counts_no_more_once_something_has_changed_asvs_6_4_3(anna: Any, change: str) -> None:
    tokens = PasswordResetTokenGenerator()
    token = tokens.make_token(anna)
    if change == "password":
        anna.set_password("another battery staple")
    else:
        setattr(anna, change, {"email": "b@c.d", "last_login": datetime.now(UTC)}[change])
    assert not tokens.check_token(anna, token)


@pytest.mark.parametrize("token", [None, "", "-", "x-", "-x", "zzzzzzzzzzzzzzzz-x", "1-ü", "A-x", "kf12oi-" + "0" * 40])
def test_nonsense_is_no_token(anna: Any, token: str | None) -> None:
    assert not PasswordResetTokenGenerator().check_token(anna, token)
    assert not PasswordResetTokenGenerator().check_token(None, token)


def test_a_former_key_still_counts(app: App, anna: Any) -> None:
    tokens = PasswordResetTokenGenerator()
    token = tokens.make_token(anna)
    app.config.update(SECRET_KEY_FALLBACKS=[app.config["SECRET_KEY"]], SECRET_KEY="another key that is long enough too")
    assert tokens.check_token(anna, token)
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert not tokens.check_token(anna, token)


def test_a_link_names_the_user_by_its_key(anna: Any) -> None:
    assert user_of(uid_of(anna)) == anna
    for nonsense in ("", "%%%", "eA", "ü", "____", "OTk5", "a" * 5000):
        assert user_of(nonsense) is None
    User.objects.update(is_active=False)
    assert user_of(uid_of(anna)) is None


def test_an_address_is_confirmed_for_a_time(app: App) -> None:
    token = confirmation_for("li@b.c")
    assert confirmed_address(token) == "li@b.c"
    assert confirmed_address(token[:-2]) is None
    assert confirmed_address("") is None
    app.config["PASSWORD_RESET_TIMEOUT"] = -1
    assert confirmed_address(token) is None
