"""Logging in to a test client without a password."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spruce import App, Request, db
from spruce.auth import User, login_required
from spruce.testing import force_login


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = App(
        "shop", static_folder=None, TESTING=True, SECRET_KEY="k" * 40, INSTALLED_APPS=["spruce.auth"],
        DATABASES={"default": f"sqlite:///{tmp_path}/test.db"},
    )  # fmt: skip

    @app.get("/mine")
    @login_required
    def mine(request: Request) -> str:
        return str(request.user)

    with app.app_context():
        db.create_all()
        yield app
        db.databases.current().close()


def test_the_next_requests_are_by_the_user(app: App) -> None:
    client = app.test_client()
    assert client.get("/mine").status_code == 302
    force_login(client, User.objects.create_user("anna"))
    assert client.get("/mine").text == "anna"
    force_login(client, User.objects.create_user("bo"), "spruce.auth.backends.ModelBackend")
    assert client.get("/mine").text == "bo"
    assert app.test_client().get("/mine").status_code == 302
