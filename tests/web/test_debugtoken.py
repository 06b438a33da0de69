"""The token that the debug page asks for."""

import os
import re

import pytest

from spruce.web import App
from spruce.web.debugtoken import announce


@pytest.fixture
def app() -> App:
    """An app in debug mode whose view fails."""
    app = App(__name__, DEBUG=True, DEBUG_TOKEN="s3cret")
    app.add_url_rule("/zero", "zero", lambda: 1 / 0)
    return app


def test_an_error_is_shown_to_who_has_given_the_token(app: App) -> None:
    """Before that there is a form to give it; it leads back to where one was."""
    client = app.test_client()
    page = client.get("/zero")
    assert (page.status_code, "ZeroDivisionError" in page.text) == (500, False)
    assert '<form action="/_debug"><input type=hidden name=next value="/zero">' in page.text
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    given = client.get("/_debug?token=s3cret&next=/zero")
    assert (given.status_code, given.location) == (302, "/zero")
    cookie = given.headers["Set-Cookie"]
    assert re.fullmatch("spruce_debug=[0-9a-f]{64}; HttpOnly; Path=/; SameSite=Strict", cookie)
    assert "<h1>ZeroDivisionError</h1>" in client.get("/zero").text


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_way_back_stays_here(app: App, path: str) -> None:
    """Whatever the address says."""
    assert app.test_client().get("/_debug", query_string={"token": "s3cret", "next": path}).location == "/"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("token=wrong", {}),
        ("", {}),
        ("token=s3cret", {"X-Forwarded-For": "10.0.0.1"}),
        ("token=s3cret", {"Host": "evil.example"}),
    ],
)
def test_a_wrong_token_finds_nothing(app: App, query: str, headers: dict[str, str]) -> None:
    """Nor does the right one when it was forwarded, or for a name that isn't this machine's."""
    answer = app.test_client().get(f"/_debug?{query}", headers=headers)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (404, False)


def test_there_is_no_door_outside_of_debug_mode() -> None:
    """Not even with a token."""
    assert App(__name__, DEBUG_TOKEN="s3cret").test_client().get("/_debug?token=s3cret").status_code == 404


def test_the_token_is_printed_at_start_up(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: processes that are started from there find it in their environment."""
    monkeypatch.setattr(os, "environ", {})
    app = App(__name__, DEBUG=True)
    announce(app)
    token = app.config["DEBUG_TOKEN"]
    assert capsys.readouterr().out == (
        f"Errors are shown to browsers that have opened /_debug?token={token} once\n"
        f"Requests, queries and errors as they happen: /_debug?token={token}&next=/_spruce/\n"
    )
    assert os.environ == {"SPRUCE_DEBUG_TOKEN": token, "SPRUCE_VIEWER": "true"}
    child = App(__name__, DEBUG=True)
    announce(child)
    announce(App(__name__))
    assert (child.config["DEBUG_TOKEN"], capsys.readouterr().out) == (token, "")


def test_under_another_server_the_log_tells_the_token(caplog: pytest.LogCaptureFixture) -> None:
    """With the first error, as nobody announced it."""
    app = App(__name__, DEBUG=True)
    app.add_url_rule("/zero", "zero", lambda: 1 / 0)
    app.test_client().get("/zero")
    assert f"errors are shown to browsers that have opened /_debug?token={app.config['DEBUG_TOKEN']} once" in (
        caplog.messages
    )
