"""The routes of the documentation, the page's policy, and types in words."""

import re
from typing import Any

import pytest

from spruce.web import App
from spruce.web.apidocs import type_of


def api(**settings: Any) -> App:
    app = App("shop", **settings)

    @app.get("/products/<int:number>")
    def product(number: int, size: int = 3) -> dict[str, int]:
        """Show <one> product."""
        return {"number": number}

    return app


def test_the_document_and_the_page_are_there() -> None:
    """Without being asked for."""
    client = api().test_client()
    assert list(client.get("/openapi.json").json["paths"]) == ["/products/{number}"]
    page = client.get("/docs")
    assert page.content_type == "text/html; charset=utf-8"
    assert "Show &lt;one&gt; product" in page.text
    assert "integer, 3 unless given" in page.text


def test_the_page_loads_nothing_from_elsewhere() -> None:
    """Its style and script are in it, under a nonce that is new each time; there is no link to another host."""
    client = api().test_client()
    page = client.get("/docs")
    nonce = re.findall(r'nonce="([^"]+)"', page.text)
    assert len(nonce) == 2
    assert page.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'nonce-{nonce[0]}'; script-src 'nonce-{nonce[0]}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "//" not in re.sub(r"&\S+;", "", page.text).replace("</", "")
    assert nonce[0] not in client.get("/docs").text


@pytest.mark.parametrize(
    ("settings", "document", "page"),
    [
        ({"DOCS_URL": ""}, 200, 404),
        ({"OPENAPI_URL": ""}, 404, 404),
        ({"OPENAPI_URL": "/api.json", "DOCS_URL": "/api"}, 404, 404),
    ],
)
def test_the_documentation_can_be_turned_off_or_moved(settings: Any, document: int, page: int) -> None:
    """The page needs the document."""
    client = api(**settings).test_client()
    assert (client.get("/openapi.json").status_code, client.get("/docs").status_code) == (document, page)
    if settings.get("DOCS_URL"):
        assert 'href="/api.json"' in client.get("/api").text


def test_paths_of_the_app_go_before() -> None:
    """A variable that takes the path as well."""
    app = api()
    app.add_url_rule("/<name>", "page", lambda name: name)
    assert app.test_client().get("/docs").text == "docs"
    assert app.test_client().get("/openapi.json").text == "openapi.json"


def test_a_mounted_app_has_a_documentation_of_its_own() -> None:
    """With its own paths."""
    outer = App("outer")
    outer.mount("/shop", api())
    client = outer.test_client()
    assert client.get("/shop/openapi.json").json["servers"] == [{"url": "/shop"}]
    assert 'href="/shop/openapi.json"' in client.get("/shop/docs").text


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "anything"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer, ≥ 1, ≤ 9"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({"enum": ["a", "b"]}, "one of a, b"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Order"}}, "list of Order"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 1}, "integer or null, 1 unless given"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object of string"),
        ({"type": ["string", "null"]}, "string or null"),
    ],
)
def test_a_type_is_told_in_words(schema: dict[str, Any], text: str) -> None:
    """For the page."""
    assert type_of(schema) == text
