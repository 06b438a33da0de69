"""Who may call a view."""

from typing import Any

import pytest
from tests.auth.people import sign_in

from spruce import App, Blueprint, MethodView
from spruce.auth import (
    Permission,
    User,
    login_not_required,
    login_required,
    permission_required,
    staff_member_required,
    user_passes_test,
)
from spruce.web.client import Client


def test_who_is_not_logged_in_is_led_to_the_page_and_back_asvs_8_3_1(client: Client) -> None:
    answer = client.get("/mine?a=1&b=%2F")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/?next=/mine%3Fa%3D1%26b%3D%252F"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]


def test_what_was_sent_leads_to_no_page(app: App, client: Client) -> None:
    @app.post("/order")
    @login_required(login_url="/in/?a=b")
    def order() -> str:
        return "ordered"

    assert client.post("/order").headers["Location"] == "/in/?a=b"
    sign_in(client)
    assert client.post("/order").text == "ordered"


def test_the_page_may_be_another(app: App, client: Client) -> None:
    app.config["LOGIN_URL"] = "who"
    assert client.get("/mine").headers["Location"] == "/who?next=/mine"


def test_what_is_refused_is_written_down_asvs_16_3_2(
    app: App, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Who wanted what, and nothing that could write lines of its own."""

    @app.get("/add/<name>")
    @permission_required("auth.add_user", raise_exception=True)
    def add(name: str) -> str:
        return "added"

    assert client.get("/add/%0Ax").status_code == 403
    sign_in(client)
    caplog.set_level("INFO", "spruce.accounts")
    assert client.get("/add/%0Ax").status_code == 403
    assert caplog.messages == ["refused: GET '/add/\\nx' to user 'anna' from '127.0.0.1'"]


def test_a_permission_is_asked_for_asvs_8_2_1(app: App, client: Client) -> None:
    """Nobody is led to log in; who is logged in and may not gets 403."""

    @app.get("/add")
    @permission_required("auth.add_user")
    async def add() -> str:
        return "added"

    @app.get("/both")
    @permission_required(["auth.add_user", "auth.delete_user"], raise_exception=True)
    def both() -> str:
        return "both"

    assert client.get("/add").status_code == 302
    assert client.get("/both").status_code == 403
    sign_in(client)
    assert client.get("/add").status_code == 403
    with app.app_context():
        User.objects.get().user_permissions.add(Permission.objects.by_name("auth.add_user"))
    assert client.get("/add").text == "added"
    assert client.get("/both").status_code == 403


def test_a_test_of_ones_own(app: App, client: Client) -> None:
    @app.get("/a")
    @user_passes_test(lambda user: user.get_username().startswith("a"))
    def view() -> str:
        return "a"

    assert client.get("/a").status_code == 302
    sign_in(client)
    assert client.get("/a").text == "a"


def test_a_test_may_be_async(app: App, client: Client) -> None:
    """And what it says counts, not that it could be asked."""

    async def begins_with_b(user: Any) -> bool:
        return bool(user.get_username().startswith("b"))

    @app.get("/b")
    @user_passes_test(begins_with_b)
    def view() -> str:
        return "b"

    sign_in(client)
    assert client.get("/b").status_code == 302


def test_a_page_elsewhere_is_told_the_whole_address(app: App, client: Client) -> None:
    """Of another host or scheme; not of this one."""
    app.config["LOGIN_URL"] = "https://accounts.example/in"
    assert client.get("/mine?a=1").headers["Location"] == (
        "https://accounts.example/in?next=http%3A//localhost/mine%3Fa%3D1"
    )
    app.config["LOGIN_URL"] = "http://localhost/in"
    assert client.get("/mine").headers["Location"] == "http://localhost/in?next=/mine"


def test_staff_only(app: App, client: Client) -> None:
    @app.get("/staff")
    @staff_member_required
    def view() -> str:
        return "staff"

    assert client.get("/staff").status_code == 302
    sign_in(client)
    assert client.get("/staff").status_code == 403
    with app.app_context():
        User.objects.update(is_staff=True)
    assert client.get("/staff").text == "staff"


def test_they_work_on_class_based_views_and_keep_parameters(app: App, client: Client) -> None:
    class Note(MethodView):
        decorators = (login_required,)

        def get(self, number: int) -> str:
            return f"note {number + 1}"

    app.add_url_rule("/notes/<int:number>", view_func=Note.as_view("note"))

    @app.get("/page")
    @login_required
    def page(number: int = 1) -> str:
        return f"page {number + 1}"

    assert client.get("/notes/1").status_code == client.get("/page").status_code == 302
    sign_in(client)
    assert client.get("/notes/1").text == "note 2"
    assert client.get("/page?number=2").text == "page 3"


@pytest.mark.parametrize("thing", [lambda: "x", Blueprint("open", __name__)])
def test_login_not_required_is_a_note(thing: Any) -> None:
    assert login_not_required(thing) is thing
    assert thing.login_required is False
