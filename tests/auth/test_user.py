"""The model of users that comes with Spruce."""

from spruce.auth import get_user_model
from spruce.auth.user import User


def test_its_table_is_named_as_djangos() -> None:
    assert User._meta.db_table == "auth_user"
    assert User.groups.through is None or User._meta.many["groups"].between._meta.db_table == "auth_user_groups"


def test_it_is_the_one_of_a_program_that_says_nothing() -> None:
    assert get_user_model() is User
