"""What the debug page knows of a request, and what happens to a streamed page that fails."""

import logging
from collections.abc import Iterator

import pytest

from spruce.events import db_query
from spruce.http import Request
from spruce.web import App, request, stream_template_string
from spruce.web.observed import MOST_QUERIES, Query, queries_of


def tell(sql: str, *parameters: object, rows: int = 1) -> None:
    """Tell of a query, as a database does."""
    db_query.emit(sql=sql, parameters=parameters, seconds=0.0015, rows=rows, database="default")


@pytest.fixture
def app() -> Iterator[App]:
    """Return an app in debug mode whose views tell of queries; between requests nobody listens."""
    made = App(__name__, DEBUG=True, DEBUG_TOKEN="token")

    @made.get("/queries")
    def queries() -> list[Query]:
        for number in (1, 2):
            tell("SELECT * FROM product WHERE id = ?", number)
        tell("UPDATE user SET password = ?", "hunter2", rows=3)
        return list(queries_of(request._get_current_object()))  # type: ignore[attr-defined] # the proxy's own

    @made.get("/many")
    def many() -> dict[str, int]:
        for _ in range(MOST_QUERIES + 5):
            tell("SELECT 1")
        seen = queries_of(request._get_current_object())  # type: ignore[attr-defined] # the same
        return {"kept": len(seen), "times": seen[0].times}

    @made.get("/page")
    def page() -> Iterator[str]:
        tell("SELECT 2")
        return stream_template_string("<ul>{% for n in [1, 0] %}<li>{{ 1 / n }}</li>{% endfor %}")

    before = db_query.subscribers
    yield made
    assert db_query.subscribers == before


def test_queries_are_noted_with_how_often_each_was_sent(app: App) -> None:
    """Parameters of what sounds secret stay hidden."""
    shown = {"milliseconds": "1.50", "database": "default"}
    select = {"sql": "SELECT * FROM product WHERE id = ?", "rows": "1", "times": 2, **shown}
    assert app.test_client().get("/queries").json == [
        {**select, "parameters": "(1)"},
        {**select, "parameters": "(2)"},
        {"sql": "UPDATE user SET password = ?", "parameters": "(hidden)", "rows": "3", "times": 1, **shown},
    ]


def test_only_so_many_are_kept(app: App) -> None:
    """The others are counted."""
    assert app.test_client().get("/many").json == {"kept": MOST_QUERIES, "times": MOST_QUERIES + 5}


def test_nothing_is_noted_outside_of_requests_and_debug_mode(app: App) -> None:
    """And one request doesn't see those of another."""
    assert queries_of(Request("GET", "/")) == ()
    client = app.test_client()
    assert len(client.get("/queries").json) == len(client.get("/queries").json) == 3
    app.debug = False
    assert client.get("/queries").json == []


def test_a_streamed_page_ends_with_what_went_wrong(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """For the browser that has given the token, with the template's own line and the queries."""
    client = app.test_client()
    client.get("/_debug?token=token", remote_addr="127.0.0.1")
    with caplog.at_level(logging.ERROR, "spruce.web"):
        text = client.get("/page", remote_addr="127.0.0.1").text
    assert text.startswith("<ul><li>1.0</li><li><!doctype html>")
    assert "<h1>ZeroDivisionError</h1>" in text
    assert '<span class="here"><i>1</i>&lt;ul&gt;{% for n in [1, 0] %}' in text
    assert "<b>SELECT 2</b>" in text
    assert [record.getMessage() for record in caplog.records] == [
        "GET '/page' failed while its page was sent: ZeroDivisionError('division by zero')"
    ]


def test_others_see_the_stream_break(app: App) -> None:
    """As in production."""
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/page", remote_addr="127.0.0.1")
