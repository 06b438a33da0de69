"""The pages of the second factor."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import pytest
from tests.auth.people import PASSWORD, sign_in

from spruce import App
from spruce.auth import User
from spruce.auth.factors import factor_of, recovery_codes_left, turn_on
from spruce.auth.totp import code_of, new_secret
from spruce.web.client import Client

SECRET = new_secret()
PENDING = "_auth_second_step"


@pytest.fixture
def app(make_app: Callable[..., App]) -> App:
    """An app where people may have a second factor."""
    return make_app(AUTH_TOTP=True)


@pytest.fixture
def codes(app: App, anna: Any) -> list[str]:
    """The recovery codes of anna, who has a second factor."""
    with app.app_context():
        return turn_on(anna, SECRET, 0)


def code() -> str:
    return code_of(SECRET, int(time()) // 30)


def type_password(client: Client, **more: str) -> Any:
    return client.post("/accounts/login/", data={"username": "anna", "password": PASSWORD, **more})


def type_code(client: Client, text: str, **more: str) -> Any:
    return client.post("/accounts/login/code/", data={"code": text, **more})


class TestLogIn:
    def test_the_password_alone_lets_nobody_in_asvs_6_3_3(self, client: Client, codes: list[str]) -> None:
        answer = type_password(client, next="/who?a=1")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts/login/code/")
        assert client.get("/mine").status_code == 302
        page = client.get("/accounts/login/code/").text
        assert 'autocomplete="one-time-code"' in page
        answer = type_code(client, code())
        assert (answer.status_code, answer.headers["Location"]) == (303, "/who?a=1")
        assert client.get("/mine").text == "anna"

    def test_a_recovery_code_does_as_well(self, client: Client, codes: list[str]) -> None:
        type_password(client)
        assert type_code(client, codes[3]).status_code == 303
        assert client.get("/mine").text == "anna"

    def test_a_wrong_code_does_not(self, client: Client, codes: list[str]) -> None:
        """And is told; the next try needs no password again."""
        type_password(client)
        answer = type_code(client, "000000x")
        assert answer.status_code == 422
        assert "This code does not count." in answer.text
        assert client.get("/mine").status_code == 302
        assert type_code(client, code()).status_code == 303

    def test_who_guesses_has_to_wait_asvs_6_3_1(self, app: App, client: Client, codes: list[str]) -> None:
        type_password(client)
        app.config["AUTH_THROTTLE_FREE"] = -8  # the first wait is 2 to the power of 9 seconds
        assert type_code(client, "x").status_code == 422
        answer = type_code(client, code())
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 400) == (429, True)
        assert "Too many attempts failed." in answer.text

    @pytest.mark.parametrize("name", ["second factor of {pk}", "{pk}"])
    def test_names_at_the_log_in_do_not_count_for_codes(
        self, app: App, client: Client, codes: list[str], anna: Any, name: str
    ) -> None:
        """Otherwise anybody could keep the owner from the second step."""
        type_password(client)
        app.config["AUTH_THROTTLE_FREE"] = -8
        client.post("/accounts/login/", data={"username": name.format(pk=anna.pk), "password": "x"})
        assert type_code(client, code()).status_code == 303

    def test_names_at_the_log_in_do_not_count_for_codes_of_the_same_client(
        self, app: App, client: Client, codes: list[str]
    ) -> None:
        """Otherwise anybody in the same house could keep the owner from the second step."""
        type_password(client)
        app.config["AUTH_THROTTLE_CLIENT"] = -8
        client.post("/accounts/login/", data={"username": "nobody", "password": "x"})
        assert type_password(client).status_code == 429
        assert type_code(client, code()).status_code == 303

    def test_a_code_without_a_password_is_nothing(self, client: Client, codes: list[str]) -> None:
        answer = type_code(client, code())
        assert (answer.status_code, answer.headers["Location"]) == (303, "/accounts/login/")
        assert client.get("/mine").status_code == 302

    @pytest.mark.parametrize("what", ["late", "other password", "inactive", "gone", "off"])
    def test_what_was_typed_before_does_not_count_for_ever(
        self, app: App, client: Client, codes: list[str], what: str
    ) -> None:
        """Ten minutes, for the password that holds, of a user that is there and active."""
        type_password(client)
        if what == "late":
            with client.session_transaction() as session:
                session[PENDING] = {**session[PENDING], "until": datetime.now(UTC) - timedelta(seconds=1)}
        if what == "off":
            app.config["AUTH_TOTP"] = False
        with app.app_context():
            user = User.objects.get()
            if what == "other password":
                user.set_password("another")
                user.save()
            if what == "inactive":
                User.objects.update(is_active=False)
            if what == "gone":
                user.delete()
        assert type_code(client, codes[0]).headers["Location"] == "/accounts/login/"
        assert client.get("/mine").status_code == 302

    def test_the_session_has_another_key_at_each_step_asvs_7_2_4(self, client: Client, codes: list[str]) -> None:
        client.get("/who")
        type_password(client)
        first = client.get_cookie("session")
        type_code(client, code())
        assert first
        assert client.get_cookie("session") != first

    def test_it_leads_nowhere_else_asvs_3_7_2(self, client: Client, codes: list[str]) -> None:
        type_password(client, next="https://evil.example/")
        assert type_code(client, code(), next="https://evil.example/").headers["Location"] == "/"

    def test_who_has_none_is_asked_for_none(self, client: Client) -> None:
        assert type_password(client).headers["Location"] == "/"
        assert client.get("/mine").text == "anna"

    def test_without_the_setting_nobody_is(self, app: App, client: Client, codes: list[str]) -> None:
        app.config["AUTH_TOTP"] = False
        assert type_password(client).headers["Location"] == "/"
        assert client.get("/accounts/second_factor/").status_code == 404


class TestTurningOn:
    def begin(self, client: Client) -> str:
        found = re.search(r"<code>([A-Z2-7]{32})</code>", client.get("/accounts/second_factor/").text)
        assert found is not None
        return found[1]

    def test_a_code_shows_that_the_app_has_the_secret(self, app: App, client: Client, anna: Any) -> None:
        """Then recovery codes are shown, this once, and other browsers are logged out."""
        other = app.test_client()
        for each in (client, other):
            sign_in(each)
        secret = self.begin(client)
        given = {"old_password": PASSWORD, "code": code_of(secret, int(time()) // 30)}
        answer = client.post("/accounts/second_factor/", data=given)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
        assert len(re.findall(r"<code>(?:[A-Z2-9]{4}-){5}[A-Z2-9]{4}</code>", answer.text)) == 10
        assert client.get("/mine").text == "anna"
        assert other.get("/mine").status_code == 302
        with app.app_context():
            assert factor_of(anna) is not None
            assert recovery_codes_left(anna) == 10

    def test_what_is_sent_again_does_not_turn_it_off(self, app: App, client: Client, anna: Any) -> None:
        """As by a second click, or by reloading the page with the recovery codes."""
        sign_in(client)
        given = {"old_password": PASSWORD, "code": code_of(self.begin(client), int(time()) // 30)}
        assert client.post("/accounts/second_factor/", data=given).status_code == 201
        again = client.post("/accounts/second_factor/", data=given)
        assert (again.status_code, again.headers["Location"]) == (303, "/accounts/second_factor/")
        with app.app_context():
            assert factor_of(anna) is not None
            assert recovery_codes_left(anna) == 10

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"old_password": "wrong"}, "This is not your current password."),
            ({"code": "000000x"}, "This code does not count."),
            ({"old_password": ""}, "This field is required."),
        ],
    )
    def test_the_password_and_the_code_have_to_be_right(
        self, app: App, client: Client, anna: Any, given: dict[str, str], told: str
    ) -> None:
        """The secret stays the same, so that the app needs no other."""
        sign_in(client)
        secret = self.begin(client)
        good = {"old_password": PASSWORD, "code": code_of(secret, int(time()) // 30)}
        answer = client.post("/accounts/second_factor/", data={**good, **given})
        assert (answer.status_code, told in answer.text, secret in answer.text) == (422, True, True)
        with app.app_context():
            assert factor_of(anna) is None

    def test_a_picture_is_drawn_for_the_camera(self, client: Client) -> None:
        """With the secret in it, and no other site asked; with a label for who can't see it."""
        sign_in(client)
        page = client.get("/accounts/second_factor/").text
        assert '<div class="auth-qr" role="img" aria-label="The picture for the camera of your app"><svg' in page
        assert "style=" not in page
        assert 'href="otpauth://totp/localhost:anna?secret=' in page


class TestAfterwards:
    def test_the_password_turns_it_off(self, app: App, client: Client, codes: list[str], anna: Any) -> None:
        sign_in(client)
        assert "Recovery codes that are left: 10" in client.get("/accounts/second_factor/").text
        refused = client.post("/accounts/second_factor/", data={"old_password": "wrong", "do": "off"})
        assert refused.status_code == 422
        client.post("/accounts/second_factor/", data={"old_password": PASSWORD, "do": "off"})
        with app.app_context():
            assert factor_of(anna) is None

    def test_new_recovery_codes_can_be_had(self, client: Client, codes: list[str]) -> None:
        sign_in(client)
        answer = client.post("/accounts/second_factor/", data={"old_password": PASSWORD, "do": "codes"})
        assert answer.status_code == 201
        assert codes[0] not in answer.text
        assert len(re.findall(r"<code>", answer.text)) == 10

    def test_it_is_for_who_is_logged_in(self, client: Client) -> None:
        assert client.get("/accounts/second_factor/").status_code == 302
