"""Lists of objects, in pages."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import db, views
from spruce.errors import ConfigError

from .conftest import ViewBook

Ask = Callable[..., tuple[int, str]]


class Books(views.ListView):
    model = ViewBook


def test_all_of_a_model(ask: Ask) -> None:
    assert ask(Books.as_view()) == (200, "Emma;Kim;Dune;")


@pytest.mark.parametrize("ordering", ["-title", ("-title", "id")])
def test_an_order(ask: Ask, ordering: Any) -> None:
    assert ask(Books.as_view(ordering=ordering)) == (200, "Kim;Emma;Dune;")


def test_rows_of_a_queryset_are_read_anew_each_time(app: Any, ask: Ask) -> None:
    view = Books.as_view(queryset=ViewBook.objects.filter(title__gt="E"))
    assert ask(view) == (200, "Emma;Kim;")
    ViewBook.objects.create(title="Zeno", slug="zeno")
    with app.test_client() as client:
        assert client.get("/").text == "Emma;Kim;Zeno;"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", (200, "Emma;Kim;page 1 of 2")),
        ("/?page=2", (200, "Dune;page 2 of 2")),
        ("/?page=last", (200, "Dune;page 2 of 2")),
    ],
)
def test_pages(ask: Ask, path: str, answer: tuple[int, str]) -> None:
    assert ask(Books.as_view(paginate_by=2), path, "/") == answer


@pytest.mark.parametrize("page", ["3", "0", "-1", "x"])
def test_a_page_that_is_not_there(ask: Ask, page: str) -> None:
    assert ask(Books.as_view(paginate_by=2), f"/?page={page}", "/")[0] == 404


def test_the_page_may_stand_in_the_path(ask: Ask) -> None:
    assert ask(Books.as_view(paginate_by=2), "/p2", "/p<int:page>") == (200, "Dune;page 2 of 2")


def test_a_page_asks_for_its_rows_alone(ask: Ask) -> None:
    """One count and one page."""
    with db.watch_queries() as queries:
        ask(Books.as_view(paginate_by=2))
    assert len(queries) == 2


def test_an_empty_list_may_be_refused(ask: Ask) -> None:
    nothing = ViewBook.objects.filter(pk=0)
    assert ask(Books.as_view("a", queryset=nothing), "/a") == (200, "")
    assert ask(Books.as_view("b", queryset=nothing, allow_empty=False), "/b")[0] == 404


def test_a_plain_list_needs_a_template(ask: Ask) -> None:
    plain = views.ListView.as_view(
        "p", queryset=[ViewBook(title="A")], template_name="viewbook_list.html", paginate_by=5
    )
    assert ask(plain) == (200, "A;page 1 of 1")
    assert views.ListView(context_object_name="things").get_context_object_name([]) == "things"


def test_a_list_of_nothing_says_what_to_set() -> None:
    with pytest.raises(ConfigError) as caught:
        views.ListView().get_queryset()
    assert str(caught.value) == "ListView doesn't know what to list. Set model or queryset, or write get_queryset."
