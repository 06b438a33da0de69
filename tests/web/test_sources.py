"""What single parameters are read from: headers, cookies, forms, files, bodies, whole models."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Annotated, Any, TypedDict

import msgspec
import pytest
from pydantic import BaseModel, Field

from spruce.errors import ViewError
from spruce.http import FileStorage, Request
from spruce.web import App, Body, Cookie, File, Form, Header, Path, Query


class Login(msgspec.Struct):
    """A form."""

    name: str
    age: int | None = None
    tags: list[str] = msgspec.field(default_factory=list)


@dataclass
class Page:
    """Parts of a query string."""

    page: int = 1
    size: Annotated[int, msgspec.Meta(le=100)] = 20


class Point(TypedDict):
    """A form."""

    x: int
    y: int


class Product(BaseModel):
    """A model of pydantic."""

    name: str = Field(min_length=2)
    price: float
    tags: list[str] = []


def answer(view: Callable[..., Any], rule: str = "/", path: str = "/", **options: Any) -> Any:
    app = App(__name__, TESTING=True)
    app.add_url_rule(rule, "view", view, methods=["GET", "POST"])
    method = "POST" if "json" in options or "data" in options else "GET"
    response = app.test_client().open(path, method=method, **options)
    if response.is_json:
        return response.json["fields"] if response.status_code == 422 else response.json
    return response.text


def test_headers_have_the_names_of_parameters_with_dashes() -> None:
    """Or that of an alias; a list takes each header of the name; bounds hold."""

    def view(
        user_agent: Annotated[str, Header()],
        x_number: Annotated[int, Header(ge=1)] = 7,
        words: Annotated[list[str], Header(alias="X-Word")] = [],  # noqa: B006 - never changed
    ) -> dict[str, Any]:
        return {"all": [user_agent, x_number, words]}

    headers = [("User-Agent", "me"), ("X-Number", "3"), ("X-Word", "a"), ("X-Word", "b")]
    assert answer(view, headers=headers[:1]) == {"all": ["me", 7, []]}
    assert answer(view, headers=headers[:1] + headers[2:]) == {"all": ["me", 7, ["a", "b"]]}
    assert answer(view, headers={"X-Number": "0"}) == {
        "user-agent": "is required in the headers",
        "x-number": "Expected `int` >= 1",
    }


def test_cookies_and_form_fields_are_read_by_name() -> None:
    """An empty field is as good as none where there is a default that is no text."""

    def view(
        token: Annotated[str, Cookie()],
        name: Annotated[str, Form()],
        age: Annotated[int | None, Form()] = None,
        ids: Annotated[list[int], Form(alias="id")] = [],  # noqa: B006 - never changed
    ) -> dict[str, Any]:
        return {"all": [token, name, age, ids]}

    cookie = {"Cookie": "token=abc"}
    assert answer(view, data={"name": "熊猫", "age": "", "id": ["1", "2"]}, headers=cookie) == {
        "all": ["abc", "熊猫", None, [1, 2]]
    }
    assert answer(view, data={"age": "x", "id": "y"}) == {
        "token": "is required in the cookies",
        "name": "is required in the form",
        "age": "Expected `int | null`, got 'x'",
        "id": "Expected `int`, got 'y'",
    }


@pytest.mark.parametrize("data", [{"name": "ann", "age": "3", "tags": ["a", "b"]}, {"name": "ann", "age": "3"}])
def test_a_form_may_be_one_model(data: dict[str, Any]) -> None:
    """Its list fields take all values of their name."""

    def view(form: Annotated[Login, Form()]) -> Login:
        return form

    assert answer(view, data=data) == {"name": "ann", "age": 3, "tags": data.get("tags", [])}


def test_each_bad_field_of_a_form_is_named() -> None:
    """Missing ones too; of a TypedDict as of a Struct."""

    def view(form: Annotated[Login, Form()]) -> str:
        return ""

    def point(form: Annotated[Point, Form()]) -> str:
        return ""

    assert answer(view, data={"age": "x"}) == {"name": "is required", "age": "Expected `int | null`, got 'x'"}
    assert answer(point, data={"x": "a"}) == {"x": "Expected `int`, got 'a'", "y": "is required"}


def test_a_query_string_may_be_one_model() -> None:
    """A dataclass with bounds of its own; empty fields are defaults."""

    def view(page: Annotated[Page, Query()]) -> Page:
        return page

    assert answer(view, path="/?page=2&size=") == {"page": 2, "size": 20}
    assert answer(view, path="/?page=x&size=500") == {
        "page": "Expected `int`, got 'x'",
        "size": "Expected `int` <= 100",
    }


def test_a_query_parameter_may_have_bounds_and_another_name() -> None:
    """The error has the name that the client knows."""

    def view(limit: Annotated[int, Query(ge=1, le=100, alias="max")] = 10) -> dict[str, int]:
        return {"limit": limit}

    assert answer(view) == {"limit": 10}
    assert answer(view, path="/?max=100") == {"limit": 100}
    assert answer(view, path="/?max=101") == {"max": "Expected `int` <= 100"}


def test_a_variable_of_the_path_may_have_bounds() -> None:
    """Whatever its converter made of it."""

    def view(number: Annotated[int, Path(le=5)], word: Annotated[str, Path(pattern="^[a-z]+$")]) -> dict[str, Any]:
        return {"all": [number, word]}

    assert answer(view, "/<int:number>/<word>", "/5/ab") == {"all": [5, "ab"]}
    assert answer(view, "/<int:number>/<word>", "/6/A") == {
        "number": "Expected `int` <= 5",
        "word": "Expected `str` matching regex '^[a-z]+$'",
    }


def test_files_are_given_as_they_are_or_by_content() -> None:
    """The type tells, with a marker or without; several of a name are a list; a field left empty is no file."""

    def view(
        photo: FileStorage,
        text: Annotated[bytes, File()],
        others: list[FileStorage] = [],  # noqa: B006 - never changed
        extra: Annotated[FileStorage | None, File(alias="more")] = None,
    ) -> dict[str, Any]:
        return {"all": [photo.filename, text.decode(), [one.filename for one in others], extra and extra.filename]}

    files = {
        "photo": (BytesIO(b"p"), "p.png"),
        "text": (BytesIO(b"abc"), "t.txt"),
        "others": [(BytesIO(b"1"), "1"), (BytesIO(b"2"), "2")],
        "more": (BytesIO(b""), ""),
    }
    assert answer(view, data=files) == {"all": ["p.png", "abc", ["1", "2"], None]}
    assert answer(view, data={"a": "b"}) == {
        "photo": "is required among the files",
        "text": "is required among the files",
    }


def test_a_list_may_be_the_body() -> None:
    """With a marker, as without one it is read from the query string."""

    def view(ids: Annotated[list[int], Body(max_length=2)]) -> list[int]:
        return ids

    assert answer(view, json=[1, 2]) == [1, 2]
    assert answer(view, json=[1, 2, 3]) == {"body": "Expected `array` of length <= 2"}
    assert answer(view, json=[1, "2"]) == {"[1]": "Expected `int`, got `str`"}


def test_a_model_of_pydantic_is_a_body_a_form_or_a_result() -> None:
    """It checks itself and names all of its bad fields; a list of models is made into JSON too."""

    def body(product: Product) -> Product:
        return product

    def form(product: Annotated[Product, Form()]) -> list[Product]:
        return [product]

    def several(products: list[Product] | None = None) -> int | str:
        return str(len(products or ()))

    lamp = {"name": "lamp", "price": 2.5, "tags": ["a"]}
    assert answer(body, json=lamp) == lamp
    assert answer(form, data={**lamp, "tags": ["a", "b"]}) == [{**lamp, "tags": ["a", "b"]}]
    assert (answer(several, json=[lamp, lamp]), answer(several)) == ("2", "0")
    assert answer(body, json={"name": "l", "tags": [1]}) == {
        "name": "String should have at least 2 characters",
        "price": "Field required",
        "tags[0]": "Input should be a valid string",
    }
    assert answer(several, json=[{}]) == {"[0].name": "Field required", "[0].price": "Field required"}
    broken = answer(body, data="{", content_type="application/json")
    assert broken["detail"].startswith("The body is not valid JSON: Invalid JSON: ")


def as_default(q: str = Header()) -> None:  # type: ignore[assignment] # the point of the test
    """Has a marker for a default."""


def not_in_path(numbre: Annotated[int, Path()]) -> None:
    """Misspells a variable of the rule."""


def no_text(q: Annotated[Login, Header()]) -> None:
    """Asks a header for a model."""


def no_file(photo: Annotated[int, File()]) -> None:
    """Asks for a file that is a number."""


def both(a: Login, b: Annotated[str, Form()]) -> None:
    """Asks for two bodies."""


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (
            as_default,
            "the parameter 'q' of the view 'as_default' has Header() as its default. "
            "A marker belongs to the annotation: q: Annotated[str, Header(...)].",
        ),
        (
            not_in_path,
            "the parameter 'numbre' of the view 'not_in_path' is marked Path(), but its rule '/<int:number>' does not "
            "hold it; did you mean 'number'?",
        ),
        (
            no_text,
            "the parameter 'q' of the view 'no_text' is a Login, which cannot be read from a header. "
            "It takes types that a text can be made into, such as str, int or date, and lists of them.",
        ),
        (
            no_file,
            "the file 'photo' of the view 'no_file' is a int. "
            "A file is a FileStorage, or bytes for its content, or a list of either.",
        ),
        (
            both,
            "the view 'both' takes 'a' from a JSON body and 'b' from a form; a body is one of them. "
            "Mark the first one with Form() too, or send all of it as JSON.",
        ),
    ],
)
def test_a_marker_that_makes_no_sense_is_refused_when_the_route_is_added(view: Any, text: str) -> None:
    """With the way to write it."""
    app = App(__name__)
    app.before_request(lambda: None)
    app.url_value_preprocessor(lambda endpoint, values: None)
    with pytest.raises(ViewError) as caught:
        app.add_url_rule("/<int:number>", view_func=view)
    assert str(caught.value) == text


def test_a_class_can_be_made_of_the_request() -> None:
    """By its method from_request, wherever its values are."""

    class Visitor:
        def __init__(self, name: str) -> None:
            self.name = name

        @classmethod
        def from_request(cls, request: Request) -> "Visitor":
            return cls(request.args["name"])

    app = App(__name__)

    @app.get("/")
    def index(visitor: Visitor) -> str:
        return visitor.name

    assert app.test_client().get("/?name=Ann").text == "Ann"
    assert "/" in app.test_client().get("/openapi.json").json["paths"]
