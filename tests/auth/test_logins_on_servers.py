"""Accounts on PostgreSQL: tables, permissions, log-in, sessions, tokens, the log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.auth.people import PASSWORD, add_views, settings, sign_in

from spruce import App, db
from spruce.auth import Group, Permission, User
from spruce.auth.apitokens import create_token, token_of
from spruce.auth.models import AuditEvent
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
