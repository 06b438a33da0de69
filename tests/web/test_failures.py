"""How errors are answered and logged."""

import logging
import re
from typing import Any

import pytest

from spruce import events
from spruce.errors import InternalServerError, NotFound, PoolTimeout, TooManyRequests, abort
from spruce.web import App, Response


class OutOfStock(Exception):
    """An error of an app."""


def failing(error: Exception | None = None, **settings: Any) -> App:
    """Return an app whose view raises."""
    app = App(__name__, **settings)

    @app.get("/<name>")
    def view(name: str) -> str:
        if error is not None:
            raise error
        raise ValueError("no such <thing>")

    return app


def test_a_failed_view_is_a_plain_500() -> None:
    """The client learns nothing about it."""
    response = failing().test_client().get("/x")
    assert response.status_code == 500
    assert "no such" not in response.text
    assert "<h1>Internal Server Error</h1>" in response.text


def test_a_failed_view_is_logged_with_its_request(caplog: pytest.LogCaptureFixture) -> None:
    """Method and path, the latter so that it cannot forge a line, and the request's name; with the traceback."""
    failing().test_client().get("/x%0Ay")
    record = caplog.records[0]
    assert record.name == "spruce.web"
    assert record.levelno == logging.ERROR
    assert re.fullmatch(
        r"GET '/x\\ny' failed: ValueError\('no such <thing>'\) \(request [0-9a-f]{16}\)", record.getMessage()
    )
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


def test_a_view_that_starts_a_loop_is_told_what_to_write(caplog: pytest.LogCaptureFixture) -> None:
    """In the traceback that is logged."""
    failing(RuntimeError("asyncio.run() cannot be called from a running event loop")).test_client().get("/x")
    assert "write spruce.green.await_(main()) instead" in caplog.text


def test_a_failed_view_is_told_to_subscribers() -> None:
    """Those of request_failed."""
    seen: list[Any] = []
    end = events.request_failed.subscribe(lambda event: seen.append(event["exception"]))
    try:
        failing().test_client().get("/x")
    finally:
        end()
    assert [type(error) for error in seen] == [ValueError]


def test_testing_lets_the_error_through() -> None:
    """So that a test sees it with its traceback."""
    with pytest.raises(ValueError, match=r"^no such <thing>$"):
        failing(TESTING=True).test_client().get("/x")


def test_a_handler_answers_its_class() -> None:
    """With anything that a view may return."""
    app = failing(OutOfStock("sold out"))
    app.errorhandler(OutOfStock)(lambda error: ({"error": str(error)}, 409))
    response = app.test_client().get("/x")
    assert (response.status_code, response.json) == (409, {"error": "sold out"})


def test_a_handler_of_500_gets_the_original_error() -> None:
    """In `original_exception`."""
    app = failing()

    @app.errorhandler(500)
    def sorry(error: InternalServerError) -> tuple[str, int]:
        return f"sorry: {error.original_exception!r}", 500

    assert app.test_client().get("/x").text == "sorry: ValueError('no such <thing>')"


def test_a_handler_that_fails_is_a_500_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The last resort never fails."""
    app = failing(OutOfStock())

    @app.errorhandler(OutOfStock)
    def first(error: OutOfStock) -> str:
        raise KeyError("first")

    @app.errorhandler(500)
    def second(error: InternalServerError) -> str:
        raise KeyError("second")

    assert app.test_client().get("/x").status_code == 500
    assert [re.sub(r" \(request [0-9a-f]+\)", "", record.getMessage()) for record in caplog.records] == [
        "GET '/x' failed: KeyError('first')",
        "the handler of errors second failed too: KeyError('second')",
    ]


def test_an_http_error_is_its_own_page() -> None:
    """With its headers, not logged."""
    response = failing(TooManyRequests("Wait <a bit>.", retry_after=3)).test_client().get("/x")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")
    assert "<p>Wait &lt;a bit&gt;.</p>" in response.text


def test_abort_takes_a_response() -> None:
    """It is sent as it is, past the handlers."""
    app = App(__name__)
    app.add_url_rule("/", "view", lambda: abort(Response("teapot", 418)))
    app.register_error_handler(418, lambda error: "never")
    response = app.test_client().get("/")
    assert (response.status_code, response.text) == (418, "teapot")


def test_a_handler_of_the_app_answers_unknown_paths() -> None:
    """There is no blueprint yet that they could belong to."""
    app = App(__name__)
    app.register_error_handler(NotFound, lambda error: (f"nothing: {error.code}", 404))
    assert app.test_client().get("/nope").text == "nothing: 404"


def test_what_may_be_well_again_soon_is_a_503(caplog: pytest.LogCaptureFixture) -> None:
    """A database without a free connection, say: the client is told when to come again, the log what happened."""
    response = failing(PoolTimeout("no connection was free")).test_client().get("/x")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert "no connection" not in response.text
    assert "no connection was free" in caplog.text


@pytest.mark.parametrize(
    "asked",
    [
        {"headers": {"Accept": "application/json"}},
        {"headers": {"Accept": "application/problem+json, */*"}},
        {"json": {}, "method": "POST"},
    ],
)
def test_a_program_is_answered_in_json(asked: dict[str, Any]) -> None:
    """Whoever takes JSON, or sends it, gets errors as JSON too: of a view, of the router, and those nobody foresaw."""
    for debug in (False, True):
        app = failing(DEBUG=debug)
        app.add_url_rule("/post", "post", lambda: abort(409, "taken"), methods=["GET", "POST"])
        client = app.test_client()
        taken = client.open("/post", **asked)
        assert (taken.status_code, taken.content_type) == (409, "application/json")
        assert taken.json == {"error": "Conflict", "detail": "taken"}
        missing = client.open("/no/such/page", **asked)
        assert missing.json["error"] == "Not Found"
        if "json" not in asked:
            failed = client.get("/x", **asked)
            assert (failed.status_code, failed.json["error"]) == (500, "Internal Server Error")
            assert "no such" not in failed.text


def test_a_browser_gets_pages_whatever_it_sends() -> None:
    """`Accept: text/html` decides, as browsers send it with forms and scripts can leave it out."""
    asked = {"Accept": "text/html,application/xhtml+xml,application/json;q=0.9", "Content-Type": "application/json"}
    assert "<h1>Not Found</h1>" in failing().test_client().get("/no/such/page", headers=asked).text
