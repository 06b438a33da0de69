"""Accounts on PostgreSQL: tables, permissions, log-in, sessions, tokens, the log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.auth.people import PASSWORD, add_views, settings, sign_in

from spruce import App, db
from spruce.auth import Group, Permission, User
from spruce.auth.apitokens import create_token, token_of
from spruce.auth.models import AuditEvent
from spruce.db.signals import pre_save
from spruce.middleware.databasestore import StoredSession


@pytest.fixture
def app(postgres: str, tmp_path: Path) -> Iterator[App]:
    """An app with accounts in an empty database."""
    app = App("shop", static_folder=None, **settings(tmp_path, DATABASES={"default": postgres}))
    add_views(app)
    with app.app_context():
        db.drop_all()
        db.create_all()
        yield app
        db.drop_all()
        db.databases.current().close()


def test_all_of_it_works_there_too(app: App) -> None:
    user = User.objects.create_user("anna", "anna@example.com", PASSWORD)
    group = Group.objects.create(name="editors")
    group.permissions.add(Permission.objects.by_name("auth.add_user"))
    user.groups.add(group)
    assert user.has_perm("auth.add_user")
    assert list(User.objects.with_perm("auth.add_user")) == [user]
    client = app.test_client()
    assert client.post("/in", data={"username": "anna", "password": "wrong"}).status_code == 400
    sign_in(client)
    assert client.get("/mine").text == "anna"
    assert StoredSession.objects.get().owner == str(user.pk)
    found = token_of(create_token(user, "robot", ["a:b"]).text)
    assert found is not None
    assert found[1] == user
    assert client.post("/out").text == "out"
    assert StoredSession.objects.count() == 0
    kinds = [one.kind for one in AuditEvent.objects.order_by("id")]
    assert kinds == ["login_failed", "login", "token_created", "logout"]
    assert client.post("/accounts/login/", data={"username": "anna", "password": PASSWORD}).status_code == 303


def test_a_name_that_somebody_takes_at_the_same_moment_is_told_within_a_transaction_too(app: App) -> None:
    """The page is still made where each view is a transaction, which a failed statement would end."""
    app.config.update(AUTH_REGISTRATION="open", ATOMIC_REQUESTS=True)

    def be_faster(instance: User, **more: object) -> None:
        if instance._state.adding and not User.objects.filter(username="bo").exists():
            User.objects.bulk_create([User(username="bo", password="x")])

    pre_save.connect(be_faster, sender=User)
    try:
        password = "another battery staple"
        data = {"username": "bo", "password1": password, "password2": password}
        answer = app.test_client().post("/accounts/register/", data=data)
    finally:
        pre_save.disconnect(be_faster, sender=User)
    assert (answer.status_code, "This name is taken. Choose another one." in answer.text) == (422, True)
