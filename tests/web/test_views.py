"""Class-based views."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from spruce.errors import ViewError
from spruce.web import App, Form, MethodView, View, request


class Items(MethodView):
    """Items."""

    made = 0

    def __init__(self, prefix: str = "") -> None:
        type(self).made += 1
        self.prefix = prefix

    def get(self, number: int) -> str:
        return f"{self.prefix}{number}"

    async def post(self, number: int) -> tuple[str, int]:
        return f"made {number}", 201


class Once(Items):
    """Items, made once."""

    init_every_request = False

    def delete(self, number: int) -> str:
        return "deleted"


def shouting(view: Callable[..., Any]) -> Callable[..., Any]:
    def call(**kwargs: Any) -> str:
        return str(view(**kwargs)).upper()

    return call


class Page(View):
    """A page."""

    methods = ("GET", "POST")
    decorators = (shouting,)  # type: ignore[assignment] # any iterable does

    def dispatch_request(self, **kwargs: Any) -> str:
        return f"page {request.method}"


def test_a_method_view_answers_the_methods_that_it_has() -> None:
    """HEAD comes from get, the others are 405."""
    app = App(__name__)
    app.add_url_rule("/<int:number>", view_func=Items.as_view("items", "no. "))
    client = app.test_client()
    assert client.get("/3").text == "no. 3"
    assert client.post("/3").status_code == 201
    assert client.head("/3").status_code == 200
    refused = client.delete("/3")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert Items.methods == ["GET", "POST"]
    assert Once.methods == ["DELETE", "GET", "POST"]


def test_an_object_is_made_for_each_request_or_once() -> None:
    """As the class says."""
    app = App(__name__)
    app.add_url_rule("/a/<int:number>", view_func=Items.as_view("items"))
    app.add_url_rule("/b/<int:number>", view_func=Once.as_view("once"))
    Items.made = Once.made = 0
    client = app.test_client()
    for _ in range(2):
        client.get("/a/1")
        client.get("/b/1")
    assert (Items.made, Once.made) == (2, 0)


def test_a_view_class_has_methods_and_decorators() -> None:
    """The view function knows its class."""
    app = App(__name__)
    view = Page.as_view("page")
    app.add_url_rule("/", view_func=view)
    assert app.test_client().post("/").text == "PAGE POST"
    assert view.view_class is Page  # type: ignore[attr-defined] # set by as_view


def test_a_view_class_without_dispatch_says_so() -> None:
    """The error names the class."""
    with pytest.raises(NotImplementedError, match=r"^View needs a method dispatch_request$"):
        View().dispatch_request()


class Notes(MethodView):
    """Notes, with parameters of their own for each method."""

    def get(self, page: int = 1) -> dict[str, int]:
        return {"page": page}

    def post(self, text: Annotated[str, Form(max_length=3)]) -> tuple[str, int]:
        return text, 201


def test_methods_have_typed_parameters_of_their_own() -> None:
    """HEAD has those of GET; a bad value is a 422 that names it; another method is a 405."""
    app = App(__name__)
    app.add_url_rule("/notes", view_func=Notes.as_view("notes"))
    app.add_url_rule("/all", view_func=Notes.as_view("all"), methods=["GET", "DELETE"])
    client = app.test_client()
    assert client.get("/notes?page=3").json == {"page": 3}
    assert client.head("/notes?page=3").status_code == 200
    assert client.get("/notes?page=x").json["fields"] == {"page": "Expected `int`, got 'x'"}
    assert client.post("/notes", data={"text": "abc"}).text == "abc"
    assert client.post("/notes", data={"text": "abcd"}).json["fields"] == {"text": "Expected `str` of length <= 3"}
    assert client.delete("/all").status_code == 405


def test_a_method_that_lacks_a_value_of_the_path_is_refused_when_it_is_added() -> None:
    """As a view function is."""
    with pytest.raises(ViewError) as caught:
        App(__name__).add_url_rule("/<int:pag>", view_func=Notes.as_view("notes"), methods=["GET"])
    assert str(caught.value) == (
        "the view 'get' takes no parameter 'pag', which its rule '/<int:pag>' holds; did you mean 'page'?"
    )


def test_a_class_to_mix_in_looks_first() -> None:
    """By `dispatch`, which a view that is one function has as well."""

    class Closed:
        def dispatch(self, **kwargs: Any) -> Any:
            return super().dispatch(**kwargs) if "open" in request.args else ("closed", 403)  # type: ignore[misc] # the view's

    class Shop(Closed, View):
        def dispatch_request(self) -> str:
            return "come in"

    app = App(__name__)
    app.add_url_rule("/shop", view_func=Shop.as_view("shop"))
    assert app.test_client().get("/shop").status_code == 403
    assert app.test_client().get("/shop?open").text == "come in"
