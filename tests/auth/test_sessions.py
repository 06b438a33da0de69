"""The browsers in which a user is logged in."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.auth.people import PASSWORD, sign_in

from spruce import App, Request
from spruce.auth import User
from spruce.auth.sessions import end_other_sessions, end_session, sessions_of


def app_with_views(make_app: Callable[..., App], engine: str) -> App:
    app = make_app(SESSION_ENGINE=engine)
    with app.app_context():
        for name in ("anna", "bo"):
            User.objects.create_user(name, password=PASSWORD)

    @app.get("/sessions")
    def listed(request: Request) -> Any:
        return [[one.handle, one.address, one.agent, one.current] for one in sessions_of(request)]

    @app.post("/end/<handle>")
    def end(request: Request, handle: str) -> Any:
        return {"ended": end_session(request, handle)}

    @app.post("/end")
    def end_others(request: Request) -> str:
        end_other_sessions(request)
        return "ended"

    return app


@pytest.mark.parametrize("engine", ["database", "cached_database"])
def test_one_sees_ones_sessions_and_ends_one_asvs_7_4_5(make_app: Callable[..., App], engine: str) -> None:
    app = app_with_views(make_app, engine)
    here, there, other = app.test_client(), app.test_client(), app.test_client()
    there.post("/in", data={"username": "anna", "password": PASSWORD}, headers={"User-Agent": "Phone"})
    sign_in(here)
    sign_in(other, "bo")
    mine, phone = here.get("/sessions").json
    assert mine[3] is True
    assert phone[1:] == ["127.0.0.1", "Phone", False]
    assert there.get_cookie("session") not in str(phone)
    assert other.post(f"/end/{phone[0]}").json == {"ended": False}
    assert here.post("/end/x").json == {"ended": False}
    assert there.get("/who").text == "anna"
    assert here.post(f"/end/{phone[0]}").json == {"ended": True}
    assert there.get("/who").text == "AnonymousUser"
    assert here.get("/who").text == "anna"
    assert len(here.get("/sessions").json) == 1


@pytest.mark.parametrize("engine", ["database", "cookie", "cache"])
def test_one_ends_all_others_wherever_they_are_kept_asvs_7_4_3(make_app: Callable[..., App], engine: str) -> None:
    app = app_with_views(make_app, engine)
    here, there, other = app.test_client(), app.test_client(), app.test_client()
    for client, name in ((here, "anna"), (there, "anna"), (other, "bo")):
        sign_in(client, name)
    assert here.post("/end").text == "ended"
    assert [client.get("/who").text for client in (here, there, other)] == ["anna", "AnonymousUser", "bo"]


def test_sessions_in_cookies_cannot_be_listed(make_app: Callable[..., App]) -> None:
    client = app_with_views(make_app, "cookie").test_client()
    sign_in(client)
    assert client.get("/sessions").json == []
    assert client.post("/end/0123456789abcdef").json == {"ended": False}
