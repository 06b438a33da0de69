"""Sessions through an app and a client: both stores give the same, and Django's API does what Django's does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.web.test_app import python_calls

from spruce import App, Request, Response, config, session
from spruce.db.databases import Databases
from spruce.errors import ConfigError, ContextError, SessionError
from spruce.middleware.sessions import Session, SessionMiddleware, cookie_name, store_of

KEY = "a long random text that nobody guesses"


@pytest.fixture(params=["cookie", "database", "cache", "cached_database"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """An app whose views do what a test tells them."""
    app = make(SESSION_ENGINE=request.param, DATABASES={"default": f"sqlite:///{tmp_path}/test.db"})
    yield app
    made = app.config.resources.get("spruce.db")
    if isinstance(made, Databases):
        made.close()


def make(**settings: Any) -> App:
    app = App(__name__, **{"SECRET_KEY": KEY, "TESTING": True, "static_folder": None, **settings})

    @app.get("/count")
    def count() -> dict[str, Any]:
        session["n"] = session.get("n", 0) + 1
        return {"n": session["n"]}

    @app.get("/read")
    def read() -> dict[str, Any]:
        return dict(session)

    @app.get("/untouched")
    def untouched() -> str:
        return "x"

    @app.get("/do/<name>")
    def do(name: str) -> Any:
        result = getattr(session, name)()
        return "" if result is None else {"result": result}

    return app


def cookies_of(response: Response) -> list[str]:
    return response.headers.getlist("Set-Cookie")


def test_the_next_request_finds_what_was_put_in(app: App) -> None:
    client = app.test_client()
    assert [client.get("/count").json["n"] for _ in range(3)] == [1, 2, 3]
    assert app.test_client().get("/count").json == {"n": 1}


def test_a_session_that_is_not_touched_is_nowhere_in_the_response(app: App) -> None:
    client = app.test_client()
    client.get("/count")
    response = client.get("/untouched")
    assert ("Vary" in response.headers, cookies_of(response)) == (False, [])


def test_one_that_is_read_makes_the_response_vary_and_sends_nothing(app: App) -> None:
    client = app.test_client()
    for _ in range(2):
        response = client.get("/read")
        assert (response.headers["Vary"], cookies_of(response)) == ("Cookie", [])


def test_the_cookie_is_for_this_site_and_no_script(app: App) -> None:
    """Asvs 3.3.2, 3.3.4: SameSite and HttpOnly."""
    (cookie,) = cookies_of(app.test_client().get("/count"))
    name, *attributes = cookie.split("; ")
    assert name.startswith("session=")
    assert attributes == ["Max-Age=1209600", "HttpOnly", "Path=/", "SameSite=Lax"]


def test_under_https_it_is_secure_and_of_this_host_alone_asvs_3_3_1_3_3_3(app: App) -> None:
    (cookie,) = cookies_of(app.test_client(base_url="https://localhost").get("/count"))
    assert cookie.startswith("__Host-session=")
    assert "; Secure" in cookie
    assert "; Path=/" in cookie
    assert "Domain" not in cookie


def test_a_cookie_set_by_http_does_not_count_under_https(app: App) -> None:
    """Anybody between could have planted it."""
    client = app.test_client()
    client.get("/count")
    assert client.get("https://localhost/count").json == {"n": 1}


def test_nested_values_are_saved_without_being_told(app: App) -> None:
    @app.get("/add/<thing>")
    def add(thing: str) -> list[str]:
        cart: list[str] = session.setdefault("cart", {"things": []})["things"]
        cart.append(thing)
        return cart

    client = app.test_client()
    client.get("/add/tea")
    assert client.get("/add/cup").json == ["tea", "cup"]


def test_a_cookie_that_was_changed_or_made_up_is_a_new_session_asvs_7_2_1_7_2_2(app: App) -> None:
    """A key that the client made up is never taken over."""
    client = app.test_client()
    client.get("/count")
    for value in ("made-up", "", "é", "a" * 3000, f"{client.get_cookie('session')}x"):
        other = app.test_client()
        other.set_cookie("session", value)
        response = other.get("/count")
        assert response.json == {"n": 1}
        assert other.get_cookie("session") not in (value, None)


def test_flush_forgets_everything_and_the_cookie(app: App) -> None:
    client = app.test_client()
    client.get("/count")
    (cookie,) = cookies_of(client.get("/do/flush"))
    assert cookie.startswith("session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0")
    assert client.get("/read").json == {}
    assert client.get_cookie("session") is None


def test_flush_of_what_is_not_there_does_nothing(app: App) -> None:
    assert cookies_of(app.test_client().get("/do/flush")) == []


def test_emptying_a_session_takes_the_cookie_back(app: App) -> None:
    client = app.test_client()
    client.get("/count")
    client.get("/do/clear")
    assert client.get_cookie("session") is None


def test_cycle_key_keeps_what_is_in_it(app: App) -> None:
    client = app.test_client()
    client.get("/count")
    assert len(cookies_of(client.get("/do/cycle_key"))) == 1
    assert client.get("/count").json == {"n": 2}


def test_nothing_is_kept_after_a_failure(app: App) -> None:
    @app.get("/fail")
    def fail() -> tuple[str, int]:
        session["n"] = 99
        return "failed", 500

    client = app.test_client()
    client.get("/count")
    assert cookies_of(client.get("/fail")) == []
    assert client.get("/count").json == {"n": 2}


@pytest.mark.parametrize(
    ("value", "age", "closes"),
    [(None, 1209600, False), (300, 300, False), (0, 1209600, True), (timedelta(hours=1), 3600, False)],
)
def test_expiry_is_djangos(app: App, value: Any, age: int, closes: bool) -> None:
    """It stays with the session."""
    client = app.test_client()
    with client.session_transaction() as store:
        store["a"] = 1
        store.set_expiry(value)
    with client.session_transaction() as store:
        assert isinstance(store, Session)
        assert store.get_expiry_age() == pytest.approx(age, abs=5)
        assert store.get_expire_at_browser_close() is closes
        assert store.permanent is not closes


def test_the_cookie_lives_as_long_as_the_session(app: App) -> None:
    @app.get("/short/<int:seconds>")
    def short(seconds: int) -> str:
        session["a"] = seconds
        session.set_expiry(seconds)
        return ""

    client = app.test_client()
    assert "; Max-Age=300;" in cookies_of(client.get("/short/300"))[0]
    assert "Max-Age" not in cookies_of(client.get("/short/0"))[0]


def test_an_expired_session_is_nobodys_whatever_the_browser_does_asvs_7_3_1(app: App) -> None:
    @app.get("/past")
    def past() -> str:
        session["a"] = 1
        session.set_expiry(datetime.now(UTC) + timedelta(seconds=-1))
        return ""

    client = app.test_client()
    (cookie,) = cookies_of(client.get("/past"))
    client.set_cookie("session", cookie.partition("=")[2].partition(";")[0])
    assert client.get("/read").json == {}


def test_permanent_is_flasks(app: App) -> None:
    @app.get("/close")
    def close() -> str:
        session.permanent = False
        return ""

    @app.get("/stay")
    def stay() -> str:
        session.permanent = True
        return ""

    client = app.test_client()
    assert "Max-Age" not in cookies_of(client.get("/close"))[0]
    assert "Max-Age=1209600" in cookies_of(client.get("/stay"))[0]


def test_an_absolute_age_ends_a_session_that_is_used_all_the_time_asvs_7_3_2(app: App) -> None:
    app.config["SESSION_ABSOLUTE_AGE"] = 60
    (cookie,) = cookies_of(app.test_client().get("/count"))
    assert "Max-Age=60;" in cookie


def test_every_request_prolongs_it_when_asked(app: App) -> None:
    app.config["SESSION_SAVE_EVERY_REQUEST"] = True
    client = app.test_client()
    client.get("/count")
    assert len(cookies_of(client.get("/untouched"))) == 1
    assert client.get("/count").json == {"n": 2}


def test_it_ends_with_the_browser_when_asked(app: App) -> None:
    app.config["SESSION_EXPIRE_AT_BROWSER_CLOSE"] = True
    assert "Max-Age" not in cookies_of(app.test_client().get("/count"))[0]


def test_the_cookies_attributes_are_settings(app: App) -> None:
    app.config.update(
        SESSION_COOKIE_NAME="id",
        SESSION_COOKIE_DOMAIN="shop.example",
        SESSION_COOKIE_PATH="/count",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_HTTPONLY=False,
        SESSION_COOKIE_PARTITIONED=True,
    )
    (cookie,) = cookies_of(app.test_client().get("/count"))
    assert cookie.startswith("id=")
    assert cookie.endswith("; Domain=shop.example; Max-Age=1209600; Secure; Path=/count; SameSite=Strict; Partitioned")


def test_the_test_cookie_tells_whether_the_browser_keeps_cookies(app: App) -> None:
    client = app.test_client()
    client.get("/do/set_test_cookie")
    assert client.get("/do/test_cookie_worked").json == {"result": True}
    client.get("/do/delete_test_cookie")
    assert client.get("/do/test_cookie_worked").json == {"result": False}


def test_modified_and_accessed_tell_what_happened(app: App) -> None:
    client = app.test_client()
    client.get("/count")
    with client:
        client.get("/read")
        assert (session.accessed, session.modified) == (True, False)
        session["b"] = 1
        assert session.modified
        del session["b"]
        assert not session.modified
        session.modified = True
        assert session.modified


def test_the_session_is_a_dict(app: App) -> None:
    with app.test_request_context("/"):
        session["a"] = 1
        session.update({"b": 2})
        assert (len(session), list(session), "a" in session, session.get("c", 3)) == (2, ["a", "b"], True, 3)
        assert (session.pop("a"), session.setdefault("d", 4), dict(session)) == (1, 4, {"b": 2, "d": 4})
        with pytest.raises(KeyError):
            _ = session["missing"]


def test_without_the_middleware_there_is_no_session() -> None:
    app = make(DEFAULT_MIDDLEWARE=[])
    with pytest.raises(ContextError) as caught:
        app.test_client().get("/count")
    assert str(caught.value) == (
        "the request has no session. 'spruce.middleware.sessions.SessionMiddleware' belongs into DEFAULT_MIDDLEWARE "
        "or MIDDLEWARE."
    )


def test_a_store_that_is_not_there_is_an_error_at_start_up() -> None:
    with pytest.raises(ConfigError) as caught:
        store_of(config.Settings(SESSION_ENGINE="cokie"))
    assert str(caught.value) == (
        "SESSION_ENGINE is 'cokie', which cannot be found; did you mean 'cookie'? "
        "It is 'cookie', 'database', 'cache', 'cached_database', or 'package.module.Class'."
    )


def test_a_store_of_ones_own() -> None:
    """A class, or its dotted name."""
    name = "spruce.middleware.cookiestore.CookieStore"
    assert type(store_of(config.Settings(SESSION_ENGINE=name))).__name__ == "CookieStore"


def test_the_name_of_a_cookie_promises_only_what_is_kept() -> None:
    assert cookie_name("a", secure=True, path="/", domain=None) == "__Host-a"
    for secure, path, domain in [(False, "/", None), (True, "/x", None), (True, "/", "a.example")]:
        assert cookie_name("a", secure=secure, path=path, domain=domain) == "a"


def test_an_untouched_session_costs_two_calls() -> None:
    """The middleware and the session itself."""
    middleware = _made(make())
    asked = Request("GET", "/")
    assert python_calls(lambda: middleware(asked)) == ["__call__", "__init__", "handle"]


def _made(app: App) -> SessionMiddleware:
    response = Response("x")
    token = config.use(app.config)
    try:

        def handle(request: Request) -> Response:
            return response

        return SessionMiddleware(handle)
    finally:
        config.leave(token)


def test_a_value_that_cannot_be_kept_is_an_error_that_names_it(app: App) -> None:
    @app.get("/bad")
    def bad() -> str:
        session["app"] = object()
        return ""

    with pytest.raises(SessionError, match=r"^session\['app'\] holds a object, which cannot be kept: <object"):
        app.test_client().get("/bad")
