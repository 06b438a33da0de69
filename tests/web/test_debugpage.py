"""The page about a failed view: what is on it, and who may see it."""

import re
from typing import Any

import pytest

from spruce.web import App
from spruce.web.client import Client, TestResponse


def failed(*, debug: bool = True, **options: Any) -> TestResponse:
    """Return what an app with a failing view answers."""
    app = App(__name__, DEBUG=debug, DEBUG_TOKEN="t")

    @app.get("/<name>")
    def view(name: str) -> str:
        password = "hunter2"
        basket = {"items": 3, "token": "t0ken"}
        try:
            return str(basket["nothing"]) + password
        except KeyError as error:
            raise ValueError("no <such> thing") from error

    return opened(app).get("/ann", **options)


def opened(app: App) -> Client:
    """Return a client that has given the token."""
    client = app.test_client()
    client.get("/_debug?token=t")
    return client


def test_the_page_shows_the_error_its_source_and_its_locals() -> None:
    """With the error that it came from; markup in values is escaped."""
    response = failed(headers={"Accept": "text/html"})
    assert response.status_code == 500
    page = response.text
    assert "<h1>ValueError</h1>" in page
    assert "no &lt;such&gt; thing" in page
    assert "It was caused by KeyError: &#39;nothing&#39;" in page
    assert "raise ValueError(&#34;no &lt;such&gt; thing&#34;) from error" in page
    assert "<tr><td>name</td><td>&#39;ann&#39;</td></tr>" in page
    assert "/&lt;name&gt; → view" in page


def test_secrets_are_not_on_the_page() -> None:
    """By their names, in locals, dicts, headers and cookies."""
    page = failed(headers={"Authorization": "Bearer b34rer", "Cookie": "session=s3ssion"}).text
    shown = re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)
    assert "<tr><td>password</td><td>(hidden)</td></tr>" in page
    for secret in ("hunter2", "t0ken", "b34rer", "s3ssion"):
        assert secret not in shown


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    """Its policy forbids what it doesn't bring."""
    response = failed()
    policy = response.headers["Content-Security-Policy"]
    nonce = re.search("'nonce-([^']+)'", policy)
    assert nonce
    assert policy == (
        f"default-src 'none'; style-src 'nonce-{nonce[1]}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert f'<style nonce="{nonce[1]}">' in response.text
    assert not re.search(
        "<script|<link|<img|src=|style=|http://|https://", response.text.replace("http://localhost", "")
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "options",
    [
        {"remote_addr": "192.168.1.7"},
        {"remote_addr": "nonsense"},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"headers": {"Via": "1.1 proxy"}},
        {"headers": {"Host": "evil.example"}},
        {"headers": {"Host": "localhost.evil.example"}},
        {"debug": False},
    ],
)
def test_others_get_a_plain_page(options: dict[str, Any]) -> None:
    """Other machines, proxies, pages whose name was pointed here, and anybody outside of debug mode."""
    response = failed(**options)
    assert response.status_code == 500
    assert "no &lt;such&gt; thing" not in response.text
    assert "Something went wrong on the server." in response.text


@pytest.mark.parametrize(
    "options",
    [
        {"remote_addr": "127.0.0.9"},
        {"remote_addr": "::1"},
        {"headers": {"Host": "127.0.0.1:5000"}},
        {"headers": {"Host": "[::1]:5000"}},
        {"headers": {"Host": "[::1]"}},
        {"headers": {"Host": "shop.localhost:5000"}},
    ],
)
def test_the_developer_gets_it(options: dict[str, Any]) -> None:
    """On this machine, by any of its own names."""
    assert "no &lt;such&gt; thing" in failed(**options).text


def test_a_value_that_cannot_be_shown_does_not_break_the_page() -> None:
    """It says so."""
    app = App(__name__, DEBUG=True, DEBUG_TOKEN="t")

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    @app.get("/")
    def view() -> str:
        broken = Broken()
        raise ValueError(type(broken))

    assert "&lt;Broken whose repr raised RuntimeError&gt;" in opened(app).get("/").text


def test_the_page_goes_before_a_handler_of_500() -> None:
    """A developer wants the error, not the apology."""
    app = App(__name__, DEBUG=True, DEBUG_TOKEN="t")
    app.add_url_rule("/", "view", lambda: 1 / 0)
    app.register_error_handler(500, lambda error: "sorry")
    assert "ZeroDivisionError" in opened(app).get("/").text
