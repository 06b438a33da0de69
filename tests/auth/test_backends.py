"""Backends: names and passwords, hashes that are always made, permissions of objects, users of other servers."""

from typing import Any

import pytest
from tests.auth.people import PASSWORD, CountingHasher

from spruce import App
from spruce.auth import User, authenticate
from spruce.auth.backends import (
    AllowAllUsersModelBackend,
    AllowAllUsersRemoteUserBackend,
    BaseBackend,
    EmailBackend,
    ModelBackend,
    RemoteUserBackend,
)
from spruce.errors import PermissionDenied


@pytest.fixture(autouse=True)
def _in_the_app(app: App, anna: Any) -> Any:
    with app.app_context():
        yield


def use(app: App, *backends: Any) -> None:
    app.config["AUTHENTICATION_BACKENDS"] = list(backends)


@pytest.mark.parametrize("username", ["anna", "nobody", "gone", "without", "x" * 500])
def test_an_unknown_user_costs_one_hash_as_a_known_one_does_asvs_6_3_8(username: str) -> None:
    """Nor does it matter whether it is active, or has a password at all; queries are alike, too."""
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    User.objects.create_user("without")
    CountingHasher.calls = 0
    assert authenticate(username=username, password="wrong") is None
    assert CountingHasher.calls == 1


def test_only_active_users_come_in(app: App, anna: Any) -> None:
    User.objects.update(is_active=False)
    assert authenticate(username="anna", password=PASSWORD) is None
    assert ModelBackend().get_user(anna.pk) is None
    use(app, AllowAllUsersModelBackend())
    assert authenticate(username="anna", password=PASSWORD) == anna


def test_the_name_may_be_given_as_the_model_calls_it(anna: Any) -> None:
    assert authenticate(username="anna", password=PASSWORD) == anna
    assert ModelBackend().authenticate(None, username=None, password=PASSWORD) is None
    assert ModelBackend().get_user(anna.pk) == anna
    assert ModelBackend().get_user(99) is None


def test_an_address_stands_for_the_name_if_one_user_has_it(app: App, anna: Any) -> None:
    use(app, EmailBackend())
    assert authenticate(username="ANNA@example.com", password=PASSWORD) == anna
    assert authenticate(username="anna", password=PASSWORD) == anna
    User.objects.create_user("other", "anna@example.com", PASSWORD)
    assert authenticate(username="anna@example.com", password=PASSWORD) is None


class Owners(BaseBackend):
    """Who is named in an object may change it."""

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return {"notes.change"} if obj is not None and obj.owner == user_obj.username else set()


class Refusing(BaseBackend):
    """Says no for all that come after it."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        raise PermissionDenied

    has_module_perms = has_perm


def test_permissions_may_be_those_of_an_object_asvs_8_2_2(app: App, anna: Any) -> None:
    use(app, ModelBackend(), Owners())
    note = type("Note", (), {"owner": "anna"})()
    assert anna.has_perm("notes.change", note)
    assert not anna.has_perm("notes.change")
    assert anna.get_all_permissions(note) == {"notes.change"}
    note.owner = "other"
    assert not anna.has_perm("notes.change", note)
    use(app, Refusing(), Owners())
    note.owner = "anna"
    assert not anna.has_perm("notes.change", note)
    assert not anna.has_module_perms("notes")


def test_users_of_a_server_in_front_are_made_at_their_first_visit(app: App, anna: Any) -> None:
    class Domain(RemoteUserBackend):
        def clean_username(self, username: str) -> str:
            return username.partition("@")[0]

    use(app, Domain())
    assert authenticate(remote_user="anna@FIRM") == anna
    made = authenticate(remote_user="bo@FIRM")
    assert made.username == "bo"
    assert not made.has_usable_password()
    assert authenticate(remote_user="") is None
    User.objects.update(is_active=False)
    assert authenticate(remote_user="anna") is None
    use(app, AllowAllUsersRemoteUserBackend())
    assert authenticate(remote_user="anna") == anna


def test_or_have_to_be_there(app: App, anna: Any) -> None:
    class Known(RemoteUserBackend):
        create_unknown_user = False

    use(app, Known())
    assert authenticate(remote_user="anna") == anna
    assert authenticate(remote_user="bo") is None


def test_a_backend_alone_knows_nobody(anna: Any) -> None:
    assert BaseBackend().authenticate(None) is None
    assert BaseBackend().get_user(1) is None
    assert BaseBackend().get_all_permissions(anna) == set()
    assert not BaseBackend().has_perm(anna, "a.b")
