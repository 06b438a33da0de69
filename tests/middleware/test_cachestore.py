"""Sessions in a cache: hashed keys, requests at one time, log-outs, and a cache that cannot be reached."""

from typing import Any

import pytest
from tests.middleware.test_databasestore import opened, saved

from spruce import App, session
from spruce.cache import Cache, caches
from spruce.errors import CacheUnavailable
from spruce.middleware.cachestore import CacheStore


@pytest.fixture
def app() -> App:
    """An app whose sessions are in the memory of this process."""
    app = App(__name__, TESTING=True, static_folder=None, SESSION_ENGINE="cache")

    @app.get("/set/<key>/<value>")
    def set_value(key: str, value: str) -> str:
        session[key] = value
        return value

    @app.get("/read")
    def read() -> dict[str, object]:
        return dict(session)

    return app


class Broken:
    """A store whose server is gone."""

    def __getattr__(self, name: str) -> Any:
        def fail(*args: Any, **kwargs: Any) -> Any:
            raise CacheUnavailable("the server is gone")

        return fail


def break_cache(app: App) -> None:
    """Let the default cache of an app fail from now on."""
    app.config.resources["spruce.cache"] = {"default": Cache(Broken(), fallible=True)}


def test_the_cache_has_a_hash_of_the_key_asvs_7_2_3(app: App) -> None:
    client = app.test_client()
    client.get("/set/a/1")
    with app.app_context():
        names = list(caches["default"].keys("*"))
    assert len(names) == 1
    assert (client.get_cookie("session") or "") not in names[0]


def test_two_requests_at_one_time_keep_what_each_changed(app: App) -> None:
    client = app.test_client()
    client.get("/set/both/0")
    cookie = client.get_cookie("session")
    with app.app_context():
        first_request, first = opened(app, cookie)
        second_request, second = opened(app, cookie)
        first["a"], second["b"] = 1, 2
        saved(app, first_request, first)
        saved(app, second_request, second)
    assert client.get("/read").json == {"both": "0", "a": 1, "b": 2}


def test_a_log_out_is_not_undone(app: App, caplog: pytest.LogCaptureFixture) -> None:
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
    assert client.get("/read").json == {}
    assert caplog.messages == [
        "a session was deleted while a request used it; what the request changed in it is dropped"
    ]


def test_a_cache_that_cannot_be_reached_makes_nobody_nobody_asvs_16_5_3() -> None:
    """It fails, instead of showing a visitor an empty session."""
    app = App(__name__, TESTING=True, SESSION_ENGINE="cache")
    break_cache(app)
    app.add_url_rule("/", "index", lambda: str(session.get("user")))
    client = app.test_client()
    client.set_cookie("session", "a key")
    with pytest.raises(CacheUnavailable):
        client.get("/")


def test_the_cache_clears_itself(app: App) -> None:
    assert CacheStore(app.config).clear_expired() == 0
