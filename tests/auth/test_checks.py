"""What `spruce check` says of accounts."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.auth.people import CountingHasher

from spruce import App, db
from spruce.auth import AbstractBaseUser
from spruce.auth.managers import BaseUserManager
from spruce.web.checks import check


class Odd(AbstractBaseUser):
    name = db.CharField(max_length=20, unique=True)
    USERNAME_FIELD = "name"
    REQUIRED_FIELDS = ("e_mail",)

    objects = BaseUserManager()

    class Meta:
        db_table = "t_auth_odd"


def said(app: App, deploy: bool = False) -> list[str]:
    return [str(one) for one in check(app, deploy)]


def test_an_app_as_it_comes_is_fine(app: App) -> None:
    assert said(app) == []


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"AUTH_REGISTRATION": "all"},
            "error: AUTH_REGISTRATION is 'all'; it is one of ('closed', 'confirm', 'open').",
        ),
        ({"PASSWORD_HASHERS": []}, "error: PASSWORD_HASHERS is empty, so no password can be kept"),
        ({"AUTH_USER_MODEL": Odd}, "error: Odd.REQUIRED_FIELDS has 'e_mail', which is no field of it."),
        ({"AUTHENTICATION_BACKENDS": []}, "error: AUTHENTICATION_BACKENDS is empty, so nobody can log in"),
    ],
)
def test_wrong_settings_are_errors(make_app: Callable[..., App], settings: dict[str, Any], text: str) -> None:
    assert said(make_app(**settings)) == [text]


@pytest.mark.parametrize(
    ("settings", "beginning"),
    [
        (
            {"SESSION_ENGINE": "cookie"},
            "warning: SESSION_ENGINE is 'cookie': a copy of a session's cookie counts after",
        ),
        ({"AUTH_PASSWORD_VALIDATORS": []}, "warning: AUTH_PASSWORD_VALIDATORS is empty: any password will do."),
        ({"PASSWORD_HASHERS": [CountingHasher()]}, "warning: PASSWORD_HASHERS begins with an Argon2 below 19 MiB"),
        ({}, "warning: the cache 'default' is in the memory of each process, so failed log-ins are counted by each"),
        ({}, "warning: EMAIL_HOST is not set: mails, such as links for new passwords, go to the terminal."),
    ],
)
def test_what_is_unfit_for_production_is_told(
    make_app: Callable[..., App], settings: dict[str, Any], beginning: str
) -> None:
    assert [text for text in said(make_app(**settings), deploy=True) if text.startswith(beginning)]


def test_a_good_set_up_has_nothing_of_that(make_app: Callable[..., App]) -> None:
    app = make_app(
        PASSWORD_HASHERS=["spruce.auth.hashers.Argon2PasswordHasher"],
        CACHES={"default": "database://"},
        EMAIL_HOST="mail.example.com",
    )
    words = ("PASSWORD", "SESSION_ENGINE", "cache", "EMAIL", "AUTH")
    assert [text for text in said(app, deploy=True) if any(word in text for word in words)] == []
