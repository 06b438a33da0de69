"""Where parameters come from, seen through an app."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import Any, Literal, TypedDict

import msgspec
import pytest

from spruce.errors import ViewError
from spruce.web import App, Request


class Colour(Enum):
    """A colour."""

    RED = "red"


class Item(msgspec.Struct):
    """An item."""

    name: str
    price: Decimal


@dataclass
class Basket:
    """A basket."""

    items: list[Item]


class Point(TypedDict):
    """A point."""

    x: int


class Session:
    """Something that no request can be made into."""


def answer(view: Any, rule: str = "/", path: str = "/", **options: Any) -> Any:
    """Return the status and the JSON or text that a view's app answers a path with."""
    app = App(__name__, TESTING=True)
    app.add_url_rule(rule, "view", view, methods=["GET", "POST"])
    response = app.test_client().open(
        path, method="POST" if "json" in options or "data" in options else "GET", **options
    )
    return response.status_code, response.json if response.is_json else response.text


def page(page: int = 1) -> dict[str, Any]:
    return {"page": page}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", (200, {"page": 1})),
        ("/?page=3", (200, {"page": 3})),
        ("/?page=", (200, {"page": 1})),
        ("/?page=x", (422, {"error": "Unprocessable Entity", "fields": {"page": "Expected `int`, got 'x'"}})),
    ],
)
def test_an_annotated_parameter_comes_from_the_query_string(path: str, expected: object) -> None:
    """It is converted and checked; missing and empty are the default."""
    assert answer(page, path=path) == expected


def test_a_parameter_without_default_is_required() -> None:
    """A 422 says so."""

    def view(q: str) -> str:
        return q

    assert answer(view) == (
        422,
        {"error": "Unprocessable Entity", "fields": {"q": "is required in the query string"}},
    )
    assert answer(view, path="/?q=") == (200, "")
    assert answer(view, path="/?q=%E7%86%8A%E7%8C%AB") == (200, "熊猫")


def test_query_types_are_those_of_msgspec() -> None:
    """Dates, decimals, enums, literals, optional and repeated values."""

    def view(
        day: date, price: Decimal, colour: Colour, size: Literal["s", "m"], ids: list[int], limit: int | None = None
    ) -> dict[str, Any]:
        return {"all": [day, price, colour, size, ids, limit]}

    query = "/?day=2024-02-29&price=1.10&colour=red&size=m&ids=1&ids=2"
    assert answer(view, path=query) == (200, {"all": ["2024-02-29", "1.10", "red", "m", [1, 2], None]})


def test_every_bad_parameter_is_named_at_once() -> None:
    """Of path, query and body."""

    def view(number: int, name: str, page: int, item: Item, request: Request) -> str:
        return "fine"

    assert answer(view, "/<name>/<number>", "/a/x?page=y", json={"name": 1}) == (
        422,
        {
            "error": "Unprocessable Entity",
            "fields": {
                "number": "Expected `int`, got 'x'",
                "page": "Expected `int`, got 'y'",
                "name": "Expected `str`, got `int`",
                "price": "is required",
            },
        },
    )


def test_a_browser_gets_the_faults_as_a_page() -> None:
    """JSON is for those who don't ask for HTML."""
    status, text = answer(page, path="/?page=x", headers={"Accept": "text/html,*/*"})
    assert status == 422
    assert "<p>page: Expected `int`, got 'x'</p>" in text


def test_the_request_is_passed_by_name_or_by_annotation() -> None:
    """Also where annotations are texts."""

    def named(request):  # type: ignore[no-untyped-def] # the point of the test
        return request.path

    def annotated(r: Request) -> str:
        return r.path

    def text(r: "Request") -> str:
        return r.path

    assert [answer(view) for view in (named, annotated, text)] == [(200, "/")] * 3


def test_a_body_is_a_struct_a_dataclass_a_typed_dict_a_dict_or_a_list() -> None:
    """Each is read from JSON and given to the view as what it is."""

    def struct(item: Item) -> str:
        return repr(item)

    def data(basket: Basket) -> str:
        return repr(basket.items[0].price)

    def typed(point: Point) -> dict[str, Any]:
        return {"x": point["x"]}

    def plain(values: dict[str, int]) -> dict[str, int]:
        return values

    def many(items: list[Item]) -> str:
        return items[1].name

    item = {"name": "a", "price": "1.50"}
    assert answer(struct, json=item) == (200, "Item(name='a', price=Decimal('1.50'))")
    assert answer(data, json={"items": [item]}) == (200, "Decimal('1.50')")
    assert answer(typed, json={"x": 1}) == (200, {"x": 1})
    assert answer(plain, json={"a": 1}) == (200, {"a": 1})
    assert answer(many, json=[item, {"name": "b", "price": 1}]) == (200, "b")


def test_a_body_that_is_no_json_is_refused() -> None:
    """415 for another type, 400 for broken JSON, never a 500."""

    def view(item: Item) -> str:
        return "fine"

    assert answer(view, data={"name": "a"})[0] == 415
    broken = answer(view, data=b"{", content_type="application/json")
    assert broken[0] == 400
    assert broken[1]["detail"] == "The body is not valid JSON: Input data was truncated."
    assert answer(view, data=b"[" * 100_000, content_type="application/json")[0] == 400
    assert answer(view, data=b"\xff", content_type="application/json")[0] == 400


def test_a_body_may_have_a_default() -> None:
    """No body is the default, whatever the content type."""

    def view(item: Item | None = None) -> str:
        return repr(item)

    assert answer(view) == (200, "None")


def test_a_decorator_without_wraps_gets_all_values_of_the_path() -> None:
    """`**kwargs` is filled as Flask does."""

    def decorated(**kwargs: Any) -> dict[str, Any]:
        return kwargs

    assert answer(decorated, "/<int:a>/<b>", "/1/x") == (200, {"a": 1, "b": "x"})


def test_a_decorator_with_wraps_may_fill_parameters() -> None:
    """What the path and the query string don't hold is left to it."""

    def with_user(view: Any) -> Any:
        @wraps(view)
        def call(*args: Any, **kwargs: Any) -> Any:
            return view("ann", *args, **kwargs)

        return call

    @with_user
    def view(user, /, number: int, size: int = 5):  # type: ignore[no-untyped-def] # the point of the test
        return {"all": [user, number, size]}

    assert answer(view, "/<int:number>", "/3?size=6") == (200, {"all": ["ann", 3, 6]})


def test_positional_parameters_are_passed_by_position() -> None:
    """As their signature asks for."""

    def view(a: str, b: int, /, *, c: int = 0) -> dict[str, Any]:
        return {"all": [a, b, c]}

    assert answer(view, "/<a>/<int:b>", "/x/2?c=3") == (200, {"all": ["x", 2, 3]})


def test_what_another_rule_of_the_endpoint_holds_is_not_taken_from_the_query() -> None:
    """A client cannot set by `?user_id=` what a rule leaves to the default."""
    app = App(__name__)

    @app.get("/me")
    @app.get("/users/<int:user_id>")
    def profile(user_id: int = 0) -> dict[str, int]:
        return {"user": user_id}

    client = app.test_client()
    assert client.get("/users/3").json == {"user": 3}
    assert client.get("/me?user_id=3").json == {"user": 0}


def test_a_default_without_annotation_is_kept() -> None:
    """Views that know nothing of query parameters are safe from them."""

    def view(size=5):  # type: ignore[no-untyped-def] # the point of the test
        return {"size": size}

    assert answer(view, path="/?size=6") == (200, {"size": 5})


@dataclass
class Later:
    """Has a field of a type that is nowhere."""

    field: "Nowhere"  # type: ignore[name-defined] # noqa: F821 - the point of the test


def unknown_field(post_id: int, later: Later) -> None:
    """Has a parameter that cannot be understood."""


def unknown(post_idd):  # type: ignore[no-untyped-def] # the point of the test
    """Misspells its parameter."""


def unfilled(other):  # type: ignore[no-untyped-def] # the point of the test
    """Has a parameter from nowhere."""


def unreadable(post_id: int, session: Session) -> None:
    """Has a parameter of a type from nowhere."""


def two_bodies(post_id: int, a: Item, b: Item) -> None:
    """Has two bodies."""


def unknown_annotation(post_id: int, a: "Nowhere") -> None:  # type: ignore[name-defined] # noqa: F821 - the point of the test
    """Has an annotation that names nothing."""


@pytest.mark.parametrize(
    ("view", "text"),
    [
        (
            unknown,
            "the view 'unknown' takes no parameter 'post_id', which its rule '/<int:post_id>' holds; "
            "did you mean 'post_idd'?",
        ),
        (
            unfilled,
            "the view 'unfilled' takes no parameter 'post_id', which its rule '/<int:post_id>' holds",
        ),
        (
            unreadable,
            "the parameter 'session' of the view 'unreadable' is a Session, which cannot be read from a request. "
            "Annotate it with a type such as int to take it from the query string, "
            "or with a dataclass for a JSON body.",
        ),
        (
            unknown_field,
            "the parameter 'later' of the view 'unknown_field' is a Later, which cannot be read from a request. "
            "Annotate it with a type such as int to take it from the query string, "
            "or with a dataclass for a JSON body.",
        ),
        (
            two_bodies,
            "the view 'two_bodies' takes 'a' and 'b' from the body, which is one thing only. "
            "Put them into one dataclass.",
        ),
        (
            unknown_annotation,
            "the annotation 'Nowhere' of 'a' in the view 'unknown_annotation' cannot be read: "
            "name 'Nowhere' is not defined. Import the type outside of TYPE_CHECKING, at the top of the module.",
        ),
    ],
)
def test_a_view_that_cannot_be_called_is_refused_when_it_is_added(view: Any, text: str) -> None:
    """Not when the first request comes."""
    with pytest.raises(ViewError) as caught:
        App(__name__).add_url_rule("/<int:post_id>", view_func=view)
    assert str(caught.value) == text


def test_a_parameter_without_source_is_refused() -> None:
    """The error names the view, the rule and the way out."""
    with pytest.raises(ViewError) as caught:
        App(__name__).add_url_rule("/", view_func=unfilled)
    assert str(caught.value) == (
        "the view 'unfilled' needs 'other', which its rule '/' does not hold. "
        "Annotate it with a type such as int to take it from the query string, or with a dataclass for a JSON body."
    )
