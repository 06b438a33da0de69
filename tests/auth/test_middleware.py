"""Middleware of accounts: a log-in for everything, and users whom a server in front knows."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.auth.people import PASSWORD, sign_in

from spruce import App, Blueprint, Response
from spruce.auth import User, login_not_required, login_required
from spruce.auth.backends import RemoteUserBackend
from spruce.web.client import Client

LOGIN_REQUIRED = "spruce.auth.middleware.LoginRequiredMiddleware"


@pytest.fixture
def closed(make_app: Callable[..., App]) -> App:
    """An app in which everything needs a log-in, but for a page and a blueprint."""
    app = make_app(MIDDLEWARE=[LOGIN_REQUIRED])
    with app.app_context():
        User.objects.create_user("anna", password=PASSWORD)
    open_part = login_not_required(Blueprint("open", __name__, url_prefix="/open"))
    open_part.get("/a")(lambda: "open a")
    app.register_blueprint(open_part)
    app.get("/about")(login_not_required(lambda: "about"))
    login_not_required(app.view_functions["sign_in"])
    app.mount("/other", lambda request: Response("mounted"))
    return app


def test_everything_is_closed_that_is_not_said_to_be_open_asvs_8_3_1(closed: App) -> None:
    """Pages, mounted apps, the documentation of the API, and addresses that don't exist."""
    client = closed.test_client()
    for path in ("/who", "/other/x", "/docs", "/openapi.json", "/nothing", "/accounts/password_change/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/accounts/login/?next={path}")
    assert client.post("/out").headers["Location"] == "/accounts/login/"
    assert client.get("/about").text == "about"
    assert client.get("/open/a").text == "open a"
    sign_in(client)
    assert client.get("/who").text == "anna"
    assert client.get("/other/x").text == "mounted"
    assert client.get("/nothing").status_code == 404


def test_static_files_are_open(make_app: Callable[..., App], tmp_path: Any) -> None:
    tmp_path.joinpath("a.css").write_text("a {}")
    app = App(
        "shop", static_folder=str(tmp_path), static_url_path="/files", SECRET_KEY="x" * 40,
        INSTALLED_APPS=["spruce.auth"], MIDDLEWARE=[LOGIN_REQUIRED],
    )  # fmt: skip
    assert app.test_client().get("/files/a.css").text == "a {}"
    assert app.test_client().get("/files/b.css").status_code == 404


REMOTE = {"MIDDLEWARE": ["spruce.auth.middleware.RemoteUserMiddleware"]}


def remote_app(make_app: Callable[..., App], **more: Any) -> Client:
    backends = [RemoteUserBackend(), "spruce.auth.backends.ModelBackend"]
    app = make_app(**{**REMOTE, "AUTHENTICATION_BACKENDS": backends, **more})
    with app.app_context():
        User.objects.create_user("anna", password=PASSWORD)
    return app.test_client()


def test_a_server_in_front_says_who_it_is(make_app: Callable[..., App]) -> None:
    client = remote_app(make_app)
    assert client.get("/who").text == "AnonymousUser"
    assert client.get("/who", headers={"X-Remote-User": "anna"}).text == "anna"
    kept = client.get_cookie("session")
    assert client.get("/who", headers={"X-Remote-User": "anna"}).text == "anna"
    assert client.get_cookie("session") == kept
    assert client.get("/who", headers={"X-Remote-User": "bo"}).text == "bo"
    assert client.get("/who").text == "AnonymousUser"


def test_who_logged_in_by_a_password_stays(make_app: Callable[..., App]) -> None:
    client = remote_app(make_app)
    sign_in(client)
    assert client.get("/who").text == "anna"


def test_somebody_whom_no_backend_takes_is_nobody(make_app: Callable[..., App]) -> None:
    class Known(RemoteUserBackend):
        create_unknown_user = False

    client = remote_app(make_app, AUTHENTICATION_BACKENDS=[Known()])
    assert client.get("/who", headers={"X-Remote-User": "anna"}).text == "anna"
    assert client.get("/who", headers={"X-Remote-User": "bo"}).text == "AnonymousUser"
    assert client.get("/who").text == "AnonymousUser"


def test_the_header_may_come_with_the_log_in_only(make_app: Callable[..., App]) -> None:
    client = remote_app(make_app, MIDDLEWARE=["spruce.auth.middleware.PersistentRemoteUserMiddleware"])
    assert client.get("/who", headers={"X-Remote-User": "anna"}).text == "anna"
    assert client.get("/who").text == "anna"


def test_a_view_with_a_page_of_its_own_leads_there(closed: App) -> None:
    """Not to the one of all others."""
    closed.get("/steps", endpoint="steps")(
        login_required(login_url="/in/", redirect_field_name="step")(lambda: "steps")
    )
    assert closed.test_client().get("/steps").headers["Location"] == "/in/?step=/steps"
