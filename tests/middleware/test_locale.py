"""Which language a visitor gets."""

from collections.abc import Iterator

import pytest

from spruce.http import Response
from spruce.i18n import get_language
from spruce.middleware.locale import LocaleMiddleware, language_url, remember_language
from spruce.web import App, redirect, url_for
from spruce.web.client import Client

LANGUAGES = {"en": "English", "de": "Deutsch", "zh-Hans": "简体中文"}


def made(**settings: object) -> Client:
    """Return a client of an app that says in which language it is, and where."""
    app = App(__name__, MIDDLEWARE=[LocaleMiddleware], LANGUAGES=LANGUAGES, **settings)
    app.add_url_rule("/shop", "shop", lambda: f"{get_language()} {url_for('shop')} {language_url('de')}")
    app.add_url_rule("/", "index", get_language)

    @app.post("/language/<language>")
    def choose(language: str) -> Response:
        return remember_language(redirect("/"), language)

    @app.get("/stream")
    def stream() -> Iterator[str]:
        yield get_language()
        yield get_language()

    return app.test_client()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,en;q=0.5", "de"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("fr,de;q=0.3", "de"),
        ("fr", "en"),
        ("de;q=0,en;q=0.1", "en"),
        ("", "en"),
    ],
)
def test_the_browser_is_asked(accepted: str, language: str) -> None:
    """What it wants most of what there is; else LANGUAGE_CODE."""
    response = made().get("/", headers={"Accept-Language": accepted})
    assert (response.text, response.headers["Content-Language"]) == (language, language)
    assert sorted(response.vary) == ["Accept-Language", "Cookie"]


def test_a_choice_is_remembered() -> None:
    """It goes before what the browser wants; a wrong one is refused."""
    client = made()
    cookie = client.post("/language/zh_hans").headers["Set-Cookie"]
    assert cookie == "language=zh-Hans; Max-Age=31536000; HttpOnly; Path=/; SameSite=Lax"
    assert client.get("/", headers={"Accept-Language": "de"}).text == "zh-Hans"
    assert client.post("/language/klingon").status_code == 400
    client.set_cookie("language", "klingon")
    assert client.get("/", headers={"Accept-Language": "de"}).text == "de"


def test_the_session_is_left_alone() -> None:
    """To look into one in a database would be a query for every request, those for files included."""
    touched: list[str] = []

    class Untouched:
        def __getattr__(self, name: str) -> object:
            touched.append(name)
            raise AttributeError(name)

    def with_session(handler):  # type: ignore[no-untyped-def] # a middleware for this test alone
        def handle(request):  # type: ignore[no-untyped-def] # the same
            request.session = Untouched()
            return handler(request)

        return handle

    client = made()
    client.app.config["MIDDLEWARE"] = [with_session, LocaleMiddleware]
    assert client.get("/", headers={"Accept-Language": "de"}).text == "de"
    assert touched == []


def test_a_language_may_stand_in_the_path() -> None:
    """Routes don't know of it; links stay in it; the default language has none."""
    client = made(LANGUAGE_URL_PREFIX=True)
    headers = {"Accept-Language": "de"}
    response = client.get("/zh-Hans/shop?q=1", headers=headers)
    assert response.text == "zh-Hans /zh-Hans/shop /de/shop?q=1"
    assert "Accept-Language" not in response.vary
    assert client.get("/shop", headers=headers).text == "en /shop /de/shop"
    assert client.get("/zh-Hans/", headers=headers).text == "zh-Hans"
    assert [client.get(path).status_code for path in ("/en/shop", "/fr/shop", "/de")] == [404, 404, 404]


def test_a_stream_is_made_in_the_language() -> None:
    """Though it is sent when the request has been handled."""
    assert made().get("/stream", headers={"Accept-Language": "de"}).text == "dede"


def test_with_one_language_nothing_varies() -> None:
    """And nobody is asked."""
    app = App(__name__, MIDDLEWARE=[LocaleMiddleware], LANGUAGE_CODE="de")
    app.add_url_rule("/", "index", get_language)
    response = app.test_client().get("/", headers={"Accept-Language": "en"})
    assert (response.text, "Accept-Language" in response.vary) == ("de", False)
