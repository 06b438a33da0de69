"""The managers of users: names and addresses as they are kept."""

from collections.abc import Callable

import pytest
from tests.auth.people import PASSWORD

from spruce import App
from spruce.auth import AbstractEmailUser, User
from spruce.auth.managers import BaseUserManager, EmailUserManager


class Guest(AbstractEmailUser):
    class Meta:
        db_table = "t_auth_guest"


def test_a_name_is_wanted(app: App) -> None:
    with app.app_context(), pytest.raises(ValueError, match=r"^The given username must be set$"):
        User.objects.create_user("")


@pytest.mark.parametrize(
    ("given", "normal"),
    [("A@B.COM", "A@b.com"), ("\tA@B.Com ", "A@b.com"), (r"A\@B@C.D", r"A\@B@c.d"), (None, ""), ("x", "x")],
)
def test_the_domain_of_an_address_is_in_lower_case(given: str | None, normal: str) -> None:
    assert BaseUserManager.normalize_email(given) == normal


def test_users_by_mail_need_an_address(make_app: Callable[..., App]) -> None:
    """A superuser is one of them."""
    with make_app(AUTH_USER_MODEL=Guest).app_context():
        with pytest.raises(ValueError, match=r"^The given email must be set$"):
            Guest.objects.create_user("")
        assert Guest.objects.create_superuser("root@b.c", PASSWORD).is_superuser
        assert EmailUserManager.normalize_email(None) == ""
