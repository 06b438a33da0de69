"""Sessions of users: new keys, what ends them, and that nobody is asked for who isn't needed."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.auth.people import PASSWORD, counted, sign_in

from spruce import App, Request
from spruce.auth import Group, User, login, logout, update_session_auth_hash
from spruce.auth.authentication import user_logged_in, user_logged_out
from spruce.auth.backends import ModelBackend
from spruce.auth.hashers import PBKDF2PasswordHasher
from spruce.errors import ConfigError
from spruce.middleware.databasestore import StoredSession
from spruce.web.client import Client

OTHER = "another battery staple"


def test_who_logs_in_is_known_until_the_log_out_asvs_7_4_1(client: Client) -> None:
    """And the session is gone from the server, so that a copy of the cookie is worth nothing."""
    assert client.get("/who").text == "AnonymousUser"
    sign_in(client)
    assert client.get("/mine").text == "anna"
    kept = client.get_cookie("session") or ""
    assert client.post("/out").text == "out"
    assert client.get("/who").text == "AnonymousUser"
    client.set_cookie("session", kept)
    assert client.get("/who").text == "AnonymousUser"


def test_sessions_are_kept_on_the_server_asvs_7_2_1_7_2_2(app: App, client: Client) -> None:
    """With accounts the default is the database: the browser has a random key and nothing else."""
    sign_in(client)
    assert app.config["SESSION_ENGINE"] == "database"
    with app.app_context():
        assert StoredSession.objects.count() == 1


def test_a_log_in_gives_the_session_a_new_key_asvs_7_2_4(app: App, client: Client) -> None:
    """192 bits of it (7.2.3); what somebody planted before is nobody's."""

    @app.get("/basket")
    def basket(request: Request) -> str:
        request.session["basket"] = request.session.get("basket", 0) + 1
        return str(request.session["basket"])

    client.get("/basket")
    planted = client.get_cookie("session") or ""
    sign_in(client)
    first = client.get_cookie("session") or ""
    assert first != planted
    assert len(first) == 32
    assert client.get("/basket").text == "2"
    sign_in(client)
    assert client.get_cookie("session") not in (first, planted)
    thief = app.test_client()
    for stolen in (planted, first):
        thief.set_cookie("session", stolen)
        assert thief.get("/who").text == "AnonymousUser"


def test_another_user_finds_nothing_of_the_first(app: App, client: Client) -> None:
    with app.app_context():
        User.objects.create_user("bo", password=PASSWORD)

    @app.get("/note")
    def note(request: Request) -> str:
        return str(request.session.setdefault("note", str(request.user)))

    sign_in(client)
    assert client.get("/note").text == "anna"
    sign_in(client, "bo")
    assert client.get("/note").text == "bo"


@pytest.mark.parametrize("engine", ["database", "cookie"])
def test_a_new_password_ends_all_other_sessions_asvs_7_4_3(make_app: Callable[..., App], engine: str) -> None:
    app = make_app(SESSION_ENGINE=engine)
    with app.app_context():
        User.objects.create_user("anna", password=PASSWORD)

    @app.post("/change")
    def change(request: Request) -> str:
        request.user.set_password(OTHER)
        request.user.save()
        update_session_auth_hash(request, request.user)
        return "changed"

    here, there = app.test_client(), app.test_client()
    sign_in(here)
    sign_in(there)
    before = here.get_cookie("session")
    assert here.post("/change").text == "changed"
    assert here.get_cookie("session") != before
    assert here.get("/who").text == "anna"
    assert there.get("/who").text == "AnonymousUser"


def test_a_user_who_is_gone_or_not_active_any_more_is_nobody_asvs_7_4_2(app: App, client: Client) -> None:
    sign_in(client)
    with app.app_context():
        User.objects.update(is_active=False)
    assert client.get("/who").text == "AnonymousUser"
    with app.app_context():
        User.objects.update(is_active=True)
    assert client.get("/who").text == "anna"
    with app.app_context():
        User.objects.all().delete()
    assert client.get("/who").text == "AnonymousUser"


def test_all_sessions_of_a_user_can_be_ended_asvs_7_4_5(app: App, client: Client) -> None:
    sign_in(client)
    with app.app_context():
        User.objects.get().end_sessions()
    assert client.get("/who").text == "AnonymousUser"


def test_a_backend_that_is_not_in_use_any_more_knows_nobody(app: App, client: Client) -> None:
    sign_in(client)
    app.config["AUTHENTICATION_BACKENDS"] = ["spruce.auth.backends.EmailBackend"]
    assert client.get("/who").text == "AnonymousUser"


def test_a_former_secret_key_still_counts_and_is_replaced(app: App, client: Client) -> None:
    sign_in(client)
    app.config["SECRET_KEY_FALLBACKS"] = [app.config["SECRET_KEY"]]
    app.config["SECRET_KEY"] = "a newer key for tests that is long enough"
    assert client.get("/who").text == "anna"
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert client.get("/who").text == "anna"


def test_a_page_that_needs_no_user_asks_for_none(app: App, client: Client) -> None:
    @app.get("/plain")
    def plain() -> str:
        return "plain"

    sign_in(client)
    with counted() as queries:
        assert client.get("/plain").text == "plain"
    assert queries == []
    with counted() as queries:
        assert client.get("/mine").text == "anna"
    assert len(queries) == 2  # the session and the user


def test_signals_tell_who_came_and_went(client: Client) -> None:
    told: list[tuple[str, str]] = []

    def came(user: Any, **more: Any) -> None:
        told.append(("in", str(user)))

    def went(user: Any, **more: Any) -> None:
        told.append(("out", str(user)))

    user_logged_in.connect(came)
    user_logged_out.connect(went)
    sign_in(client)
    client.post("/out")
    client.post("/out")
    user_logged_in.disconnect(came)
    user_logged_out.disconnect(went)
    assert told == [("in", "anna"), ("out", "anna"), ("out", "None")]


def test_a_user_from_elsewhere_needs_a_backend_where_there_are_several(app: App, anna: Any) -> None:
    with app.test_request_context("/"):
        request = Request("GET", "/")
        request.session = app.session_interface.open_session(request) if app.session_interface else None
        if request.session is None:
            app.prepare()
            assert app.session_interface is not None
            request.session = app.session_interface.open_session(request)
        login(request, anna)
        assert request.session["_auth_user_backend"] == "spruce.auth.backends.ModelBackend"
        assert request.user is anna
        app.config["AUTHENTICATION_BACKENDS"] = [ModelBackend(), "spruce.auth.backends.EmailBackend"]
        with pytest.raises(ValueError, match=r"^login\(\) has to be told the backend"):
            login(request, anna)
        login(request, anna, "spruce.auth.backends.EmailBackend")
        assert request.session["_auth_user_backend"] == "spruce.auth.backends.EmailBackend"


def test_without_sessions_nobody_can_be_logged_in(anna: Any, app: App) -> None:
    with (
        app.app_context(),
        pytest.raises(ConfigError, match=r"^the request has no session, so nobody can be logged in"),
    ):
        login(Request("GET", "/"), anna)
    with app.app_context(), pytest.raises(ConfigError):
        logout(Request("GET", "/"))


def test_there_are_no_accounts_that_nobody_made_asvs_6_3_2(app: App) -> None:
    """No `admin` with a password that everybody knows: the tables are empty, and so are the groups."""
    with app.app_context():
        assert User.objects.count() == Group.objects.count() == 0


def test_a_password_kept_in_another_way_is_kept_anew_at_the_log_in_asvs_11_4_2(app: App, client: Client) -> None:
    """Of Django's PBKDF2, say; the session in which that happens goes on."""
    old = PBKDF2PasswordHasher().encode(PASSWORD, "abcdefghijklmnopqrstuv", 1000)
    app.config["PASSWORD_HASHERS"] = [*app.config["PASSWORD_HASHERS"], PBKDF2PasswordHasher()]
    with app.app_context():
        User.objects.update(password=old)
    sign_in(client)
    assert client.get("/who").text == "anna"
    with app.app_context():
        assert User.objects.get().password.startswith("argon2$argon2id$")
    assert client.get("/who").text == "anna"
