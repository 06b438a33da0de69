"""The browsers in which a user is logged in."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.auth.people import PASSWORD, sign_in

from spruce import App, Request
from spruce.auth import User
from spruce.auth.sessions import UserSession, end_other_sessions, end_session, sessions_of


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


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.5", "curl/8.5"),
        ("", ""),
    ],
)
def test_a_browser_is_called_as_people_do(agent: str, shown: str) -> None:
    now = datetime.now(UTC)
    assert UserSession("x", now, now, "", agent, False).browser == shown
