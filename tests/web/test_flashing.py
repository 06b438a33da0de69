"""Flashed messages, as in Flask."""

from typing import Any

import pytest

from spruce import App, flash, get_flashed_messages, render_template_string
from spruce.web.client import Client


@pytest.fixture
def client() -> Client:
    """A client of an app that flashes and shows."""
    app = App(__name__, SECRET_KEY="k" * 40, TESTING=True, static_folder=None)

    @app.get("/flash")
    def put() -> str:
        flash("saved")
        flash("not sent", "error")
        return ""

    @app.get("/show")
    def show() -> dict[str, Any]:
        return {
            "all": get_flashed_messages(),
            "again": get_flashed_messages(with_categories=True),
            "errors": get_flashed_messages(category_filter=["error"]),
        }

    @app.get("/page")
    def page() -> str:
        return render_template_string("{% for one in get_flashed_messages() %}<p>{{ one }}</p>{% endfor %}")

    @app.get("/both")
    def both() -> dict[str, Any]:
        before = get_flashed_messages()
        flash("<b>later</b>")
        return {"before": before, "now": get_flashed_messages()}

    return app.test_client()


def test_messages_are_shown_once(client: Client) -> None:
    client.get("/flash")
    assert client.get("/show").json == {
        "all": ["saved", "not sent"],
        "again": [["message", "saved"], ["error", "not sent"]],
        "errors": ["not sent"],
    }
    assert client.get("/show").json == {"all": [], "again": [], "errors": []}


def test_messages_of_several_requests_gather(client: Client) -> None:
    client.get("/flash")
    client.get("/flash")
    assert client.get("/page").text == "<p>saved</p><p>not sent</p>" * 2


def test_what_is_flashed_after_showing_is_for_the_next_page(client: Client) -> None:
    assert client.get("/both").json == {"before": [], "now": []}
    assert client.get("/page").text == "<p>&lt;b&gt;later&lt;/b&gt;</p>"


def test_a_page_without_messages_sends_no_cookie(client: Client) -> None:
    assert client.get("/page").headers.getlist("Set-Cookie") == []
