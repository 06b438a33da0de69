"""Pages of one object."""

from collections.abc import Callable

import pytest

from spruce import views
from spruce.errors import ConfigError, FieldError
from spruce.http import Request

from .conftest import ViewBook

Ask = Callable[..., tuple[int, str]]


class Detail(views.DetailView):
    model = ViewBook


@pytest.mark.parametrize(("path", "rule"), [("/2", "/<int:pk>"), ("/kim", "/<slug>")])
def test_it_is_found_by_key_or_slug(ask: Ask, path: str, rule: str) -> None:
    assert ask(Detail.as_view(), path, rule) == (200, "Kim=Kim")


def test_an_object_that_is_not_among_its_rows_is_not_there(ask: Ask) -> None:
    """Those of the queryset are all that a visitor may see."""
    public = Detail.as_view(queryset=ViewBook.objects.exclude(pk=2))
    assert ask(public, "/2", "/<int:pk>")[0] == 404


@pytest.mark.parametrize("key", ["kim", "99999999999999999999", "2.0"])
def test_a_key_that_is_none_is_not_there_either(ask: Ask, key: str) -> None:
    """Where the route takes any text for it."""
    assert ask(Detail.as_view(), f"/{key}", "/<pk>")[0] == 404


def test_key_and_slug_may_both_be_wanted(ask: Ask) -> None:
    strict = Detail.as_view("strict", query_pk_and_slug=True)
    assert ask(strict, "/2/emma", "/<int:pk>/<slug>")[0] == 404
    assert ask(Detail.as_view("lax"), "/lax/2/emma", "/lax/<int:pk>/<slug>") == (200, "Kim=Kim")


def test_names_are_the_models_unless_said(ask: Ask) -> None:
    view = Detail(object=ViewBook(title="A"), context_object_name="it")
    assert view.get_context_data()["it"] is view.get_context_data()["object"]
    assert Detail(object=ViewBook()).get_template_names()[-1] == "viewbook_detail.html"


def test_a_route_without_a_key_says_what_is_missing() -> None:
    view = Detail()
    view.setup(Request("GET", "/"))
    with pytest.raises(FieldError) as caught:
        view.get_object(ViewBook.objects.all())
    assert str(caught.value) == "Detail is called without 'pk' or 'slug' in its path. Route it as /…/<int:pk>."


def test_a_view_of_nothing_says_what_to_set() -> None:
    with pytest.raises(ConfigError) as caught:
        views.DetailView().get_queryset()
    assert str(caught.value) == ("DetailView doesn't know what to show. Set model or queryset, or write get_queryset.")
