"""Who has typed the right password, and waits for a code; and who must have a second factor."""

import re
from collections.abc import Callable
from datetime import timedelta
from time import time
from typing import Any

import pytest
from tests.auth.people import PASSWORD, sign_in

from spruce import App, Request, errors
from spruce.auth import User
from spruce.auth.apitokens import create_token, token_required
from spruce.auth.factors import factor_of, turn_on
from spruce.auth.secondsteps import (
    end_waiting,
    factors_are_offered,
    lacks_factor,
    must_have_factor,
    reached_without_factor,
    wait_for_code,
    waiting_user,
    wants_code,
)
from spruce.auth.totp import code_of, new_secret
from spruce.testing import force_login
from spruce.web import request, session
from spruce.web.checks import check
from spruce.web.client import Client

SECRET = new_secret()
PAGE = "/accounts/second_factor/"
BACKEND = "spruce.auth.backends.ModelBackend"


def opened() -> Any:
    """The request of this context, with its session."""
    _ = session.accessed
    return request._get_current_object()  # type: ignore[attr-defined] # a proxy's own method


def waiting(going_to: str, user: Any, trusted: bool = False) -> tuple[Any, str]:
    """Who waits in the session of this request, and where to go on."""
    user.backend = BACKEND
    current = opened()
    answer = wait_for_code(current, user, going_to, trusted=trusted)
    assert answer.headers["Location"] == "/accounts/login/code/"
    return waiting_user(current), end_waiting(current)


def test_a_code_is_wanted_of_who_has_a_second_factor(app: App, anna: Any) -> None:
    with app.test_request_context("/"):
        turn_on(anna, new_secret(), 0)
        assert not wants_code(anna)
        app.config["AUTH_TOTP"] = True
        assert wants_code(anna)


@pytest.mark.parametrize(
    ("going_to", "trusted", "goes"),
    [
        ("/a?b=1", False, "/a?b=1"),
        ("", False, ""),
        ("https://evil.example/", False, ""),
        ("//evil.example", False, ""),
        ("https://shop.example/", True, "https://shop.example/"),
    ],
)
def test_who_waits_is_known_with_the_backend_and_goes_where_that_is_allowed(
    app: App, anna: Any, going_to: str, trusted: bool, goes: str
) -> None:
    app.config["AUTH_TOTP"] = True
    with app.test_request_context("/"):
        user, target = waiting(going_to, anna, trusted)
        assert (user.pk, user.backend, target) == (anna.pk, BACKEND, goes)


def test_nobody_waits_with_a_password_that_was_changed(app: App, anna: Any) -> None:
    app.config["AUTH_TOTP"] = True
    with app.test_request_context("/"):
        anna.backend = BACKEND
        current = opened()
        wait_for_code(current, anna)
        anna.set_password("another")
        anna.save()
        assert waiting_user(current) is None


def log_in(client: Client, **more: str) -> Any:
    return client.post("/accounts/login/", data={"username": "anna", "password": PASSWORD, **more})


def set_up(client: Client, **more: str) -> Any:
    """Turn on the second factor of who is logged in."""
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", client.get(PAGE).text)
    assert secret is not None
    given = {"old_password": PASSWORD, "code": code_of(secret[1], int(time()) // 30), **more}
    return client.post(PAGE, data=given)


class TestRequired:
    @pytest.fixture
    def app(self, make_app: Callable[..., App]) -> App:
        """An app in which everybody must have a second factor."""
        app = make_app(AUTH_SECOND_FACTOR="required", AUTH_TOKEN_SCOPES=["read"])

        @app.post("/orders")
        def orders() -> str:
            return "ordered"

        @app.get("/help")
        @reached_without_factor
        def for_all(request: Request) -> str:
            return f"help for {request.user}"

        @app.get("/api")
        @token_required("read")
        def api() -> str:
            return "data"

        return app

    def test_who_has_none_is_led_to_set_it_up_and_then_on_asvs_6_3_3(self, app: App, client: Client) -> None:
        assert log_in(client, next="/who?a=1").headers["Location"] == "/who?a=1"
        led = client.get("/who?a=1")
        assert (led.status_code, led.headers["Location"]) == (303, PAGE + "?next=%2Fwho%3Fa%3D1")
        assert led.headers["Cache-Control"] == "no-store"
        page = client.get(PAGE + "?next=%2Fwho%3Fa%3D1").text
        assert "Your account needs a second factor before you can go on." in page
        assert '<input type="hidden" name="next" value="/who?a=1">' in page
        codes = set_up(client, next="/who?a=1")
        assert (codes.status_code, '<a href="/who?a=1">' in codes.text) == (201, True)
        assert client.get("/who?a=1").text == "anna"

    def test_that_leads_nowhere_else_asvs_3_7_2(self, client: Client) -> None:
        log_in(client)
        assert "evil" not in client.get(PAGE + "?next=//evil.example").text
        assert "evil" not in set_up(client, next="https://evil.example").text

    @pytest.mark.parametrize("path", ["/who", "/mine", "/nowhere", "/accounts/tokens/", "/accounts/password_change/"])
    def test_until_then_nothing_else_can_be_seen(self, client: Client, path: str) -> None:
        log_in(client)
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, PAGE)

    def test_until_then_nothing_else_can_be_done(self, client: Client) -> None:
        log_in(client)
        answer = client.post("/orders")
        assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
        assert client.post("/accounts/tokens/", data={"name": "x"}).headers["Location"] == PAGE

    def test_one_can_log_out_and_see_the_looks_and_what_is_said_to_be_open(self, client: Client) -> None:
        log_in(client)
        assert client.get("/help").text == "help for anna"
        assert client.get("/accounts/auth.css").status_code == 200
        assert client.post("/accounts/logout/").status_code == 200
        assert client.get("/who").text == "AnonymousUser"

    def test_who_is_nobody_sees_what_is_open(self, client: Client) -> None:
        assert client.get("/who").text == "AnonymousUser"
        assert client.get("/mine").headers["Location"] == "/accounts/login/?next=/mine"

    def test_a_session_of_the_time_before_sets_it_up_too(self, app: App, client: Client) -> None:
        app.config["AUTH_SECOND_FACTOR"] = "optional"
        sign_in(client)
        assert client.get("/who").text == "anna"
        app.config["AUTH_SECOND_FACTOR"] = "required"
        assert client.get("/who").headers["Location"] == PAGE + "?next=%2Fwho"
        set_up(client)
        assert client.get("/who").text == "anna"

    def test_a_session_that_showed_none_is_asked_for_the_code(self, app: App, client: Client, anna: Any) -> None:
        """As one by a log-in of the app's own that forgot to ask: not even the factor's page is there."""
        with app.app_context():
            turn_on(anna, SECRET, 0)
        for path in ("/who", PAGE):
            sign_in(client)
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts/login/code/")
        app.config["AUTH_SECOND_FACTOR"] = "optional"
        assert client.get("/who").text == "AnonymousUser"
        app.config["AUTH_SECOND_FACTOR"] = "required"
        answer = client.post("/accounts/login/code/", data={"code": code_of(SECRET, int(time()) // 30)})
        assert answer.headers["Location"] == PAGE
        assert client.get("/who").text == "anna"

    def test_a_log_in_anew_has_to_show_it_anew(self, app: App, client: Client) -> None:
        """Also in the same session, and for the same user."""
        log_in(client)
        set_up(client)
        assert client.get("/who").text == "anna"
        app.config["AUTH_SECOND_FACTOR"] = "optional"
        sign_in(client)
        app.config["AUTH_SECOND_FACTOR"] = "required"
        assert client.get("/who").headers["Location"] == "/accounts/login/code/"

    def test_it_cannot_be_turned_off(self, app: App, client: Client, anna: Any) -> None:
        log_in(client)
        set_up(client)
        assert 'value="off"' not in client.get(PAGE).text
        assert client.post(PAGE, data={"old_password": PASSWORD, "do": "off"}).status_code == 303
        with app.app_context():
            assert factor_of(anna) is not None

    def test_tokens_of_the_time_before_count_no_more_but_those_of_programs_do(self, app: App, client: Client) -> None:
        """A program has no password, so it never logs in."""
        with app.app_context():
            robot = User.objects.create_user("robot")
            tokens = [create_token(one, "x", ["read"], timedelta(days=1)).text for one in (User.objects.first(), robot)]
        answers = [client.get("/api", headers={"Authorization": f"Bearer {text}"}) for text in tokens]
        assert [answer.status_code for answer in answers] == [403, 200]
        assert "The user of the token has to turn on a second factor first, by logging in." in answers[0].text
        with app.app_context():
            turn_on(User.objects.first(), SECRET, 0)
        assert client.get("/api", headers={"Authorization": f"Bearer {tokens[0]}"}).text == "data"

    def test_tests_need_no_code(self, client: Client, anna: Any) -> None:
        force_login(client, anna)
        assert client.get("/who").text == "anna"


def test_staff_only(make_app: Callable[..., App]) -> None:
    app = make_app(AUTH_SECOND_FACTOR="staff")
    with app.app_context():
        for name, more in (("anna", {}), ("bo", {"is_staff": True}), ("cy", {"is_superuser": True})):
            User.objects.create_user(name, password=PASSWORD, **more)
    seen = {}
    for name in ("anna", "bo", "cy"):
        client = app.test_client()
        client.post("/accounts/login/", data={"username": name, "password": PASSWORD})
        seen[name] = client.get("/who").status_code
    assert seen == {"anna": 200, "bo": 303, "cy": 303}


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_callable_says_who(app: App, kind: str) -> None:
    async def later(user: Any) -> bool:
        return bool(user.username == "anna")

    app.config["AUTH_SECOND_FACTOR"] = later if kind == "async" else lambda user: user.username == "anna"
    with app.app_context():
        assert [must_have_factor(User(username=name)) for name in ("anna", "bo")] == [True, False]
        assert factors_are_offered()
        assert lacks_factor(User.objects.create_user("anna"))


def test_a_server_in_front_is_left_its_own_users(make_app: Callable[..., App]) -> None:
    app = make_app(
        AUTH_SECOND_FACTOR="required",
        AUTHENTICATION_BACKENDS=["spruce.auth.backends.RemoteUserBackend"],
        MIDDLEWARE=["spruce.auth.middleware.RemoteUserMiddleware"],
    )
    client = app.test_client()
    assert [client.get("/who", headers={"X-Remote-User": "eve"}).text for _ in range(2)] == ["eve", "eve"]


def test_a_setting_that_means_nothing_lets_nobody_by(app: App) -> None:
    app.config["AUTH_SECOND_FACTOR"] = "requried"
    with app.app_context(), pytest.raises(errors.ConfigError) as caught:
        must_have_factor(User())
    assert str(caught.value) == (
        "AUTH_SECOND_FACTOR is 'requried'; did you mean 'required'? It is one of optional, staff, required, or a "
        "callable that gets the user."
    )
    assert [str(one) for one in check(app, False)] == [
        "error: AUTH_SECOND_FACTOR is 'requried'; it is one of ('optional', 'staff', 'required'), or a callable."
    ]


def test_pages_are_needed_for_it(make_app: Callable[..., App]) -> None:
    app = make_app(AUTH_SECOND_FACTOR="staff", AUTH_URL_PREFIX="")
    assert [str(one) for one in check(app, False)] == [
        "error: AUTH_SECOND_FACTOR wants pages where people turn it on. Set AUTH_URL_PREFIX."
    ]
