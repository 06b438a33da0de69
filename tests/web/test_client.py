"""The test client."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from spruce import green
from spruce.errors import ContextError
from spruce.web import App, Response, current_app, g, has_request_context, jsonify, redirect, request, session
from spruce.web.client import Client


@pytest.fixture
def client() -> Client:
    """Return the client of an app that tells what it got."""
    app = App(__name__)

    @app.route("/echo", methods=["GET", "POST"])
    def echo() -> Response:
        return jsonify(method=request.method, args=dict(request.args), form=dict(request.form), cookies=request.cookies)

    @app.route("/to/<int:code>/<path:where>", methods=["GET", "POST", "HEAD"])
    def to(code: int, where: str) -> Response:
        return redirect(f"/{where}", code)

    @app.get("/cookie/<name>")
    def cookie(name: str) -> Response:
        response = Response(name)
        response.set_cookie(name, "a value", path=request.args.get("path", "/"))
        return response

    @app.get("/forget/<name>")
    def forget(name: str) -> Response:
        response = Response(name)
        response.delete_cookie(name)
        return response

    return app.test_client()


def test_an_answer_has_status_text_json_headers_and_data(client: Client) -> None:
    """And knows its request."""
    response = client.get("/echo?a=1")
    assert response.status_code == 200
    assert response.status == "200 OK"
    assert response.json["args"] == {"a": "1"}
    assert response.text == response.data.decode()
    assert response.headers["Content-Length"] == str(len(response.data))
    assert response.request.path == "/echo"


def test_a_form_is_sent_as_a_dict(client: Client) -> None:
    """With the query beside it."""
    response = client.post("/echo", data={"x": "熊"}, query_string={"a": 1})
    assert (response.json["form"], response.json["args"]) == ({"x": "熊"}, {"a": "1"})


def test_cookies_are_kept_and_forgotten(client: Client) -> None:
    """And go where their path leads."""
    client.get("/cookie/a")
    client.get("/cookie/b?path=/other")
    client.set_cookie("c", "3")
    assert client.get("/echo").json["cookies"] == {"a": "a value", "c": "3"}
    assert client.get_cookie("c") == "3"
    client.get("/forget/a")
    client.delete_cookie("c")
    assert client.get("/echo").json["cookies"] == {}
    assert client.get_cookie("a") is None


def test_a_client_may_refuse_cookies(client: Client) -> None:
    """As some browsers do."""
    strict = client.app.test_client(use_cookies=False)
    strict.get("/cookie/a")
    assert strict.get("/echo").json["cookies"] == {}


def test_redirects_are_followed_when_asked(client: Client) -> None:
    """302 becomes a GET, 307 stays what it was; cookies and history go along."""
    assert client.post("/to/302/echo").status_code == 302
    followed = client.post("/to/302/echo", data={"x": "1"}, follow_redirects=True)
    assert (followed.json["method"], followed.json["form"]) == ("GET", {})
    kept = client.post("/to/307/echo", data={"x": "1"}, follow_redirects=True)
    assert (kept.json["method"], kept.json["form"]) == ("POST", {"x": "1"})
    assert [response.status_code for response in kept.history] == [307]
    twice = client.get("/to/303/to/301/echo", follow_redirects=True)
    assert [response.request.path for response in twice.history] == ["/to/303/to/301/echo", "/to/301/echo"]
    assert client.head("/to/302/echo", follow_redirects=True).request.method == "HEAD"


def test_redirects_in_a_circle_end(client: Client) -> None:
    """After twenty."""
    client.app.add_url_rule("/circle", "circle", lambda: redirect("/circle"))
    with pytest.raises(RuntimeError, match=r"^'/circle' was redirected more than 20 times$"):
        client.get("/circle", follow_redirects=True)


def test_a_client_can_be_a_context(client: Client) -> None:
    """As in Flask."""
    with client as same:
        assert same is client


def test_a_client_works_inside_of_a_green_thread(client: Client) -> None:
    """And on a loop of its own."""
    assert green.run(lambda: client.get("/echo").status_code) == 200
    assert green.spawn(lambda: client.get("/echo").status_code).wait() == 200


def test_a_view_that_waits_for_another_request_gets_it(client: Client) -> None:
    """Requests are handled side by side."""
    client.app.add_url_rule("/outer", "outer", lambda: client.get("/echo").json)
    assert client.get("/outer").json["method"] == "GET"


def test_a_client_that_is_entered_keeps_the_last_request() -> None:
    """With what the view had in `g`; behind the block it is gone."""
    app = App(__name__)

    @app.get("/<name>")
    def view(name: str) -> str:
        g.name = name
        return name

    with app.test_client() as client:
        client.get("/ann?x=1")
        assert (g.name, request.path, request.args["x"], current_app.name) == ("ann", "/ann", "1", app.name)
        client.get("/bob")
        assert (g.name, request.path) == ("bob", "/bob")
    assert not has_request_context()


def test_a_stream_can_be_read_piece_by_piece() -> None:
    """Closing it early ends the view's generator, and tears the request down."""
    app = App(__name__)
    calls: list[str] = []

    @app.get("/")
    def view() -> Any:
        def pieces() -> Iterator[str]:
            try:
                for number in range(10):
                    calls.append(f"made {number}")
                    yield str(number)
            finally:
                calls.append("closed")

        return pieces()

    app.teardown_request(lambda error: calls.append("torn down"))
    with app.test_client().get("/", buffered=False) as response:
        pieces = response.iter_encoded()
        assert [next(pieces), next(pieces)] == [b"0", b"1"]
        assert calls == ["made 0", "made 1"]
    assert calls == ["made 0", "made 1", "closed", "torn down"]
    assert app.test_client().get("/", buffered=False).text == "0123456789"


def test_a_session_transaction_changes_what_the_next_request_finds() -> None:
    """And leaves it as it was when the block fails."""
    app = App(__name__, SECRET_KEY="k" * 40, TESTING=True)
    app.get("/")(lambda: str(session.get("user")))
    client = app.test_client()
    with client.session_transaction() as store:
        store["user"] = "ann"
    assert client.get("/").text == "ann"
    with suppress(ZeroDivisionError), client.session_transaction() as store:
        store["user"] = "bob"
        _ = 1 / 0
    assert client.get("/").text == "ann"
    with client.session_transaction(base_url="https://localhost") as store:
        assert "user" not in store


def test_a_client_without_cookies_has_no_session() -> None:
    client = App(__name__).test_client(use_cookies=False)
    with pytest.raises(ContextError) as caught, client.session_transaction():
        pass
    assert str(caught.value) == "a client without cookies has no session. Make it as app.test_client()."
