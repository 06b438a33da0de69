"""Sessions in the database: hashed keys, requests at one time, log-outs, expiry, the table."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spruce import App, Request, db, session
from spruce.db.databases import Databases
from spruce.http import Response
from spruce.middleware.databasestore import DatabaseStore, StoredSession
from spruce.middleware.packing import pack
from spruce.middleware.sessions import Session


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app with a database of its own and no tables."""
    app = App(
        __name__,
        TESTING=True,
        static_folder=None,
        SESSION_ENGINE="database",
        DATABASES={"default": f"sqlite:///{tmp_path}/test.db"},
    )

    @app.get("/set/<key>/<value>")
    def set_value(key: str, value: str) -> str:
        session[key] = value
        return value

    @app.get("/read")
    def read() -> dict[str, Any]:
        return dict(session)

    yield app
    made = app.config.resources.get("spruce.db")
    if isinstance(made, Databases):
        made.close()


def opened(app: App, cookie: str | None) -> tuple[Request, Session]:
    """Return a request of a browser with this cookie, and its session, as they are in the middle of a view."""
    request = Request("GET", "/", [(b"cookie", f"session={cookie}".encode())] if cookie else [])
    assert app.session_interface is not None
    store = app.session_interface.open_session(request)
    assert isinstance(store, Session)
    return request, store


def saved(app: App, request: Request, store: Session) -> Response:
    assert app.session_interface is not None
    response = Response()
    app.session_interface.save_session(request, store, response)
    return response


def test_the_table_is_made_when_the_first_session_is_saved(app: App, tmp_path: Path) -> None:
    client = app.test_client()
    assert client.get("/read").json == {}
    client.set_cookie("session", "unknown")
    assert client.get("/read").json == {}
    client.get("/set/a/1")
    assert client.get("/read").json == {"a": "1"}


def test_create_all_makes_it_too(app: App) -> None:
    with app.app_context():
        db.create_all()
        assert StoredSession.objects.count() == 0


def test_who_reads_the_table_has_nobodys_session_asvs_7_2_3(app: App, tmp_path: Path) -> None:
    """Keys have 192 bits, and the table has their hashes."""
    client = app.test_client()
    client.get("/set/a/1")
    key = client.get_cookie("session") or ""
    assert len(key) == 32
    connection = sqlite3.connect(tmp_path / "test.db")
    rows = connection.execute("SELECT * FROM spruce_session").fetchall()
    connection.close()
    assert len(rows) == 1
    assert key not in str(rows)
    other = app.test_client()
    other.set_cookie("session", rows[0][0])
    assert other.get("/read").json == {}


def test_a_cycled_key_counts_no_more_asvs_7_2_4(app: App) -> None:
    @app.get("/login")
    def login() -> str:
        session.cycle_key()
        session["user"] = "ann"
        return ""

    client, thief = app.test_client(), app.test_client()
    client.get("/set/a/1")
    planted = client.get_cookie("session") or ""
    client.get("/login")
    assert client.get_cookie("session") != planted
    assert client.get("/read").json == {"a": "1", "user": "ann"}
    thief.set_cookie("session", planted)
    assert thief.get("/read").json == {}


def test_a_flushed_session_is_gone_from_the_server_asvs_7_4_1(app: App) -> None:
    @app.get("/logout")
    def logout() -> str:
        session.flush()
        return ""

    client, copy = app.test_client(), app.test_client()
    client.get("/set/user/ann")
    copy.set_cookie("session", client.get_cookie("session") or "")
    client.get("/logout")
    assert copy.get("/read").json == {}
    with app.app_context():
        assert StoredSession.objects.count() == 0


def test_two_requests_at_one_time_keep_what_each_changed(app: App, caplog: pytest.LogCaptureFixture) -> None:
    client = app.test_client()
    client.get("/set/both/0")
    cookie = client.get_cookie("session")
    with app.app_context():
        first_request, first = opened(app, cookie)
        second_request, second = opened(app, cookie)
        first["a"], second["b"] = 1, 2
        first["messages"], second["messages"] = ["from the first"], ["from the second"]
        del second["both"]
        saved(app, first_request, first)
        saved(app, second_request, second)
    assert client.get("/read").json == {"a": 1, "b": 2, "messages": ["from the first", "from the second"]}
    assert caplog.messages == []


def test_a_key_that_both_changed_has_the_later_value_and_is_logged(app: App, caplog: pytest.LogCaptureFixture) -> None:
    client = app.test_client()
    client.get("/set/colour/red")
    cookie = client.get_cookie("session")
    with app.app_context():
        first_request, first = opened(app, cookie)
        second_request, second = opened(app, cookie)
        first["colour"], second["colour"] = "green", "blue"
        saved(app, first_request, first)
        saved(app, second_request, second)
    assert client.get("/read").json == {"colour": "blue"}
    assert caplog.messages == [
        "two requests at one time changed 'colour' of a session; the value of the later one is kept"
    ]


def test_a_log_out_is_not_undone_by_a_request_that_was_under_way(app: App, caplog: pytest.LogCaptureFixture) -> None:
    client = app.test_client()
    client.get("/set/user/ann")
    cookie = client.get_cookie("session")
    with app.app_context():
        request, slow = opened(app, cookie)
        slow["late"] = True
        quick_request, quick = opened(app, cookie)
        quick.flush()
        saved(app, quick_request, quick)
        assert saved(app, request, slow).headers.getlist("Set-Cookie") == []
        assert StoredSession.objects.count() == 0
    assert caplog.messages == [
        "a session was deleted while a request used it; what the request changed in it is dropped"
    ]


def test_expired_sessions_are_cleared(app: App) -> None:
    client = app.test_client()
    with app.app_context():
        db.create_all()
        now = datetime.now(UTC)
        for number, age in enumerate((-60, -1, 60)):
            StoredSession.objects.create(
                key=str(number), values=pack({}), began=now, expires=now + timedelta(seconds=age)
            )
        store = DatabaseStore(app.config)
        assert store.clear_expired() == 2
        assert store.clear_expired() == 0
        assert [row.key for row in StoredSession.objects.all()] == ["2"]
    assert client.get("/read").json == {}


def test_clearing_where_there_is_no_table_clears_nothing(app: App) -> None:
    with app.app_context():
        assert DatabaseStore(app.config).clear_expired() == 0
