"""The OpenAPI document of an app, checked by a validator that is not ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from openapi_spec_validator import validate

from spruce.http import FileStorage
from spruce.web import App, Blueprint, Body, Cookie, Depends, Form, Header, MethodView, Path, Query, Response
from spruce.web.openapi import describe


class Product(msgspec.Struct):
    """A thing to buy."""

    name: Annotated[str, msgspec.Meta(min_length=2)]
    tags: list[str] = msgspec.field(default_factory=list)


@dataclass
class Filters:
    """What to look for."""

    q: str
    page: int = 1


def paging(page: Annotated[int, Query(ge=1, description="Counted from 1")] = 1) -> Iterator[int]:
    yield page


def operation(view: Any, rule: str = "/", method: str = "get", **options: Any) -> dict[str, Any]:
    """Return what is said of one view, in a document that is valid."""
    app = App("shop", static_folder=None)
    app.add_url_rule(rule, "view", view, methods=[method.upper()], **options)
    document = describe(app)
    validate(document)
    (path,) = document["paths"].values()
    return path[method]  # type: ignore[no-any-return] # an operation


def test_the_document_says_what_the_api_is() -> None:
    """Its name and version are settings; the server is where the app is mounted."""
    app = App("shop", API_TITLE="Panda shop", API_VERSION="2.1", static_folder=None)
    app.add_url_rule("/x", "x", lambda: "")
    document = describe(app, "/inner")
    validate(document)
    assert (document["openapi"], document["info"]) == ("3.1.0", {"title": "Panda shop", "version": "2.1"})
    assert document["servers"] == [{"url": "/inner"}]
    assert describe(App("shop"))["info"]["title"] == "shop"


def test_an_operation_is_described_by_its_docstring() -> None:
    """The first line is the summary; without one it is the name of the view."""

    def view() -> str:
        """Show the page.

        All of it.
        """
        return ""

    assert operation(view) == {
        "operationId": "view",
        "summary": "Show the page",
        "description": "All of it.",
        "responses": {"200": {"description": "Success", "content": {"text/html": {"schema": {"type": "string"}}}}},
    }
    assert operation(lambda: "")["summary"] == "View"


def test_parameters_are_listed_with_their_bounds() -> None:
    """Of path, query, headers, cookies, and those of dependencies, each once."""

    def view(
        number: Annotated[int, Path(le=9, description="Which one")],
        name: str,
        user_agent: Annotated[str, Header()],
        again: Annotated[int, Depends(paging)],
        part: Annotated[int, Depends(paging)],
        token: Annotated[str | None, Cookie(deprecated=True)] = None,
    ) -> Response:
        return Response()

    found = operation(view, "/<int:number>/<any(a,b):name>")
    assert found["parameters"] == [
        {
            "name": "number",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "maximum": 9},
            "description": "Which one",
        },
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "enum": ["a", "b"]}},
        {"name": "user-agent", "in": "header", "required": True, "schema": {"type": "string"}},
        {
            "name": "page",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "default": 1},
            "description": "Counted from 1",
        },
        {
            "name": "token",
            "in": "cookie",
            "required": False,
            "schema": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "deprecated": True,
        },
    ]
    assert list(found["responses"]) == ["default", "422"]


def test_a_model_of_the_query_is_listed_field_by_field() -> None:
    """Clients don't know of the model."""

    def view(filters: Annotated[Filters, Query()]) -> str:
        return ""

    assert [(one["name"], one["required"]) for one in operation(view)["parameters"]] == [("q", True), ("page", False)]


def test_a_json_body_and_a_result_refer_to_their_types() -> None:
    """A tuple has a status that nobody knows before; a list is told with what it holds."""

    def view(product: Product) -> tuple[Product, int]:
        return product, 201

    def several(products: Annotated[list[Product], Body()]) -> list[Product]:
        return products

    product = {"$ref": "#/components/schemas/Product"}
    found = operation(view, method="post")
    assert found["requestBody"] == {"required": True, "content": {"application/json": {"schema": product}}}
    assert found["responses"]["2XX"]["content"]["application/json"]["schema"] == product
    assert sorted(found["responses"]) == ["2XX", "400", "415", "422"]
    found = operation(several, method="post")
    assert found["responses"]["200"]["content"]["application/json"]["schema"] == {"type": "array", "items": product}


def test_a_form_is_described_by_its_fields_and_files() -> None:
    """With a file it can be multipart only."""

    def plain(name: Annotated[str, Form(max_length=5)], age: Annotated[int, Form()] = 3) -> str:
        return ""

    def files(photo: FileStorage, others: list[FileStorage] = [], text: Annotated[str, Form()] = "") -> str:  # noqa: B006 - never changed
        return ""

    def model(product: Annotated[Product, Form()]) -> str:
        return ""

    body = operation(plain, method="post")["requestBody"]
    assert sorted(body["content"]) == ["application/x-www-form-urlencoded", "multipart/form-data"]
    assert body["content"]["multipart/form-data"]["schema"] == {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 5}, "age": {"type": "integer", "default": 3}},
        "required": ["name"],
    }
    content = operation(files, method="post")["requestBody"]["content"]
    one = {"type": "string", "format": "binary"}
    assert list(content) == ["multipart/form-data"]
    assert content["multipart/form-data"]["schema"]["properties"]["others"] == {"type": "array", "items": one}
    content = operation(model, method="post")["requestBody"]["content"]
    assert content["multipart/form-data"]["schema"] == {"$ref": "#/components/schemas/Product"}


class Notes(MethodView):
    """Notes."""

    def get(self, page: int = 1) -> dict[str, int]:
        """Read notes."""
        return {"page": page}

    def post(self, text: Annotated[str, Form()]) -> str:
        """Write a note."""
        return text


def test_methods_are_described_one_by_one() -> None:
    """Each operation has an id of its own; blueprints are tags; statics and hidden routes are left out."""
    app = App("shop")
    blueprint = Blueprint("notes", __name__, url_prefix="/notes")
    blueprint.add_url_rule("/", view_func=Notes.as_view("all"))
    app.register_blueprint(blueprint)
    app.add_url_rule("/hidden", "hidden", lambda: "", openapi=False)
    app.add_url_rule("/a/<x>", "first", lambda x: "")
    app.add_url_rule("/a/<int:y>", "second", lambda y: "")
    document = describe(app)
    validate(document)
    assert list(document["paths"]) == ["/notes/", "/a/{x}"]
    get, post = document["paths"]["/notes/"]["get"], document["paths"]["/notes/"]["post"]
    assert (get["summary"], get["operationId"], get["tags"]) == ("Read notes", "notes_all", ["notes"])
    assert (post["summary"], post["operationId"]) == ("Write a note", "notes_all_post")
