"""Requests as transactions: names, results, traces, and what is told of them."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.apm.conftest import Records

from spruce import App, Blueprint, abort, apm
from spruce.apm import Client, in_flight
from spruce.apm.what import Answered, Asked

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def make_app(records: Records) -> Callable[..., App]:
    """Return what makes an app that is recorded."""

    def make(**settings: Any) -> App:
        app = App(__name__, ELASTIC_APM={"DISABLE_SEND": True, **settings}, static_folder=None)

        @app.get("/users/<int:id>")
        def user(id: int) -> str:  # noqa: A002 - as users call it
            return f"user {id}"

        @app.get("/named")
        def named() -> str:
            apm.set_transaction_name("my name")
            return ""

        @app.get("/status/<int:code>")
        def status(code: int) -> tuple[str, int]:
            return "", code

        @app.get("/gone")
        def gone() -> None:
            abort(410)

        @app.get("/broken")
        def broken() -> None:
            raise ValueError("broken")

        @app.post("/form")
        def form() -> str:
            from spruce import request

            return request.form["a"]

        @app.post("/body")
        def body() -> str:
            from spruce import request

            return str(len(request.data))

        return app

    return make


def test_a_request_is_named_by_its_route(make_app: Callable[..., App], records: Records) -> None:
    """The very first one too."""
    make_app().test_client().get("/users/7")
    (transaction,) = records.transactions
    assert (transaction.name, transaction.type, transaction.result, transaction.outcome) == (
        "GET /users/<int:id>",
        "request",
        "HTTP 2xx",
        "success",
    )
    assert in_flight() == []


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/nowhere", ("GET unknown route", "HTTP 4xx", "success")),
        ("/gone", ("GET /gone", "HTTP 4xx", "success")),
        ("/status/302", ("GET /status/<int:code>", "HTTP 3xx", "success")),
        ("/status/503", ("GET /status/<int:code>", "HTTP 5xx", "failure")),
        ("/broken", ("GET /broken", "HTTP 5xx", "failure")),
        ("/named", ("my name", "HTTP 2xx", "success")),
    ],
)
def test_names_and_results(
    make_app: Callable[..., App], records: Records, path: str, told: tuple[str, str, str]
) -> None:
    """Of what is missing, fails, or has a name of its own."""
    make_app().test_client().get(path)
    assert (records.last.name, records.last.result, records.last.outcome) == told


def test_an_error_that_nobody_took_is_recorded(make_app: Callable[..., App], records: Records) -> None:
    """Once, as not handled, in its transaction."""
    make_app().test_client().get("/broken")
    (failure,) = records.failures
    assert failure.raised is not None
    assert (failure.raised.message, failure.raised.handled) == ("ValueError: broken", False)
    assert failure.transaction is records.last
    assert records.index(failure) < records.index(records.last)


def test_an_error_knows_the_request_it_was_in(make_app: Callable[..., App], records: Records) -> None:
    """Its name and what is told of it, though the transaction hasn't ended yet."""
    app, seen = make_app(), []
    leave = apm.subscribe(lambda one: seen.append(one.transaction and (one.transaction.name, one.transaction.request)))
    app.test_client().get("/broken")
    leave()
    assert seen[0] == ("GET /broken", Asked("GET", "http", "localhost", "/broken", "1.1", "127.0.0.1"))


def test_an_error_that_reaches_the_server(make_app: Callable[..., App], records: Records) -> None:
    """In tests it comes out of the app; the transaction ends all the same."""
    app = make_app()
    app.testing = True
    with pytest.raises(ValueError, match="broken"):
        app.test_client().get("/broken")
    assert (records.last.name, records.last.result, records.last.outcome) == ("GET /broken", "HTTP 5xx", "failure")
    assert len(records.failures) == 1
    assert in_flight() == []


def test_a_trace_goes_on(make_app: Callable[..., App], records: Records) -> None:
    """By the headers of the request; one that isn't sampled tells nothing but that it was."""
    client = make_app().test_client()
    client.get("/users/1", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "tracestate": "es=s:0.5"})
    assert (records.last.trace_id, records.last.parent_id, records.last.sample_rate) == (TRACE, "b7ad6b7169203331", 0.5)
    client.get("/users/1", headers={"elastic-apm-traceparent": f"00-{TRACE}-b7ad6b7169203331-00"})
    assert (records.last.trace_id, records.last.sampled, records.last.request) == (TRACE, False, None)
    client.get("/users/1", headers={"traceparent": "wrong"})
    assert records.last.parent_id is None


def test_what_is_told_of_a_request(make_app: Callable[..., App], records: Records) -> None:
    """Neither headers nor body, unless settings say so."""
    make_app().test_client().get("/users/7?page=2", headers={"Cookie": "session=secret"})
    assert records.last.request == Asked("GET", "http", "localhost", "/users/7?page=2", "1.1", "127.0.0.1")
    assert records.last.response == Answered(200)


def test_headers_are_told_without_secrets(make_app: Callable[..., App], records: Records) -> None:
    """If CAPTURE_HEADERS says so."""
    client = make_app(CAPTURE_HEADERS=True).test_client()
    client.get("/users/7", headers={"Cookie": "session=x; colour=blue", "X-Token": "x", "X-Plain": "y"})
    asked, answered = records.last.request, records.last.response
    assert {name: asked.headers[name] for name in asked.headers if name.startswith("X-")} == {
        "X-Token": "(hidden)",
        "X-Plain": "y",
    }
    assert asked.cookies == {"session": "(hidden)", "colour": "blue"}
    assert answered.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_body_is_told_if_that_is_wanted(make_app: Callable[..., App], records: Records) -> None:
    """What the view has read of it."""
    client = make_app(CAPTURE_BODY="all").test_client()
    client.post("/form", data={"a": "1", "password": "x"})
    assert records.last.request.body == "{'a': '1', 'password': '(hidden)'}"
    client.post("/body", data=b"text")
    assert records.last.request.body == "text"
    client.post("/users/1", data=b"text")
    assert records.last.request.body is None


def test_some_paths_are_left_out(make_app: Callable[..., App], records: Records) -> None:
    """TRANSACTION_IGNORE_URLS."""
    client = make_app(TRANSACTION_IGNORE_URLS="/users/*,/named").test_client()
    for path in ("/users/1", "/named", "/status/200"):
        client.get(path)
    assert [transaction.name for transaction in records.transactions] == ["GET /status/<int:code>"]


def test_a_mounted_app_answers_in_the_same_transaction(make_app: Callable[..., App], records: Records) -> None:
    """And names it by its own route."""
    outer = make_app()
    inner = App("inner", static_folder=None)
    part = Blueprint("part", __name__, url_prefix="/part")

    @part.get("/<name>")
    def view(name: str) -> str:
        return name

    inner.register_blueprint(part)
    outer.mount("/inner", inner)
    outer.test_client().get("/inner/part/x")
    assert [transaction.name for transaction in records.transactions] == ["GET /inner/part/<name>"]
    assert records.last.depth == 0


def test_a_request_inside_of_another_transaction(make_app: Callable[..., App], records: Records) -> None:
    """As one that a test makes while it records itself: both are there."""
    app = make_app()
    app.prepare()
    client = apm.get_client()
    assert isinstance(client, Client)
    client.begin_transaction("test")
    app.test_client().get("/users/1")
    client.end_transaction("outer")
    assert [transaction.name for transaction in records.transactions] == ["GET /users/<int:id>", "outer"]
