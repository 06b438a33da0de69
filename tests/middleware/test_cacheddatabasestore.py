"""Sessions in the database with a cache in front: fewer queries, and the database decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.middleware.test_cachestore import break_cache
from tests.middleware.test_databasestore import opened, saved

from spruce import App, db, session
from spruce.cache import caches
from spruce.db.databases import Databases
from spruce.middleware.databasestore import StoredSession
from spruce.middleware.sessions import hash_of
from spruce.web.client import Client


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An app with a database of its own and a cache in memory."""
    app = App(
        __name__,
        TESTING=True,
        static_folder=None,
        SESSION_ENGINE="cached_database",
        DATABASES={"default": f"sqlite:///{tmp_path}/test.db"},
    )

    @app.get("/set/<key>/<value>")
    def set_value(key: str, value: str) -> str:
        session[key] = value
        return value

    @app.get("/read")
    def read() -> dict[str, object]:
        return dict(session)

    yield app
    made = app.config.resources.get("spruce.db")
    if isinstance(made, Databases):
        made.close()


@pytest.fixture
def client(app: App) -> Client:
    """A visitor who has a session."""
    client = app.test_client()
    client.get("/set/a/1")
    return client


def name_of(client: Client) -> str:
    return f"session:{hash_of(client.get_cookie('session') or '')}"


def test_reading_asks_the_cache_alone(app: App, client: Client) -> None:
    with app.app_context(), db.assert_num_queries(0):
        _, store = opened(app, client.get_cookie("session"))
        assert dict(store) == {"a": "1"}


def test_what_the_cache_has_lost_comes_from_the_database(app: App, client: Client) -> None:
    with app.app_context():
        caches["default"].clear()
    assert client.get("/read").json == {"a": "1"}
    with app.app_context():
        assert caches["default"].has_key(name_of(client))


def test_what_is_old_in_the_cache_is_merged_when_it_is_saved(app: App, client: Client) -> None:
    with app.app_context():
        old = caches["default"].get(name_of(client))
    client.get("/set/b/2")
    with app.app_context():
        caches["default"].set(name_of(client), old)
    client.get("/set/c/3")
    assert client.get("/read").json == {"a": "1", "b": "2", "c": "3"}


def test_a_newer_version_in_the_cache_stays(app: App, client: Client) -> None:
    cookie = client.get_cookie("session")
    with app.app_context():
        request, slow = opened(app, cookie)
        slow["late"] = True
        newer = {**caches["default"].get(name_of(client)), "version": 99}
        caches["default"].set(name_of(client), newer)
        saved(app, request, slow)
        assert caches["default"].get(name_of(client)) == newer


def test_a_log_out_is_one_for_the_cache_too_asvs_7_4_1(app: App, client: Client) -> None:
    """Also for a request that was under way."""
    cookie = client.get_cookie("session")
    with app.app_context():
        request, slow = opened(app, cookie)
        slow["late"] = True
        quick_request, quick = opened(app, cookie)
        quick.flush()
        saved(app, quick_request, quick)
        saved(app, request, slow)
        assert not caches["default"].has_key(name_of(client))
        assert StoredSession.objects.count() == 0
    assert client.get("/read").json == {}


def test_who_puts_a_session_in_looks_whether_its_row_is_still_there(app: App, client: Client) -> None:
    """Its log-out may have come between."""
    with app.app_context():
        cookie = client.get_cookie("session")
        _, store = opened(app, cookie)
        store["b"] = 1
        assert app.session_interface is not None
        keeper = app.session_interface.store  # type: ignore[attr-defined] # the middleware's own
        kept = store.kept
        assert kept is not None
        expires = store.get_expiry_date()
        StoredSession.objects.all().delete()
        keeper._put(kept, expires)
        assert not caches["default"].has_key(name_of(client))


def test_an_entry_that_outlived_its_time_is_none(app: App, client: Client) -> None:
    with app.app_context():
        entry = {**caches["default"].get(name_of(client)), "expires": 1.0}
        caches["default"].set(name_of(client), entry)
    assert client.get("/read").json == {}


def test_a_cache_that_fails_costs_a_query_each(tmp_path: Path) -> None:
    app = App(
        __name__,
        TESTING=True,
        SESSION_ENGINE="cached_database",
        DATABASES={"default": f"sqlite:///{tmp_path}/test.db"},
    )
    break_cache(app)

    @app.get("/count")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    client = app.test_client()
    assert [client.get("/count").text for _ in range(3)] == ["1", "2", "3"]
    made = app.config.resources["spruce.db"]
    assert isinstance(made, Databases)
    made.close()
