"""Pages by templates, redirects, and the life of a generic view."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import views
from spruce.errors import ConfigError
from spruce.http import Request
from spruce.web import App

Ask = Callable[..., tuple[int, str]]


class Page(views.TemplateView):
    template_name = "page.html"
    extra_context = {"word": "hello"}  # noqa: RUF012 - as users write it


def test_a_page_is_given_what_the_path_held_and_the_view(ask: Ask) -> None:
    assert ask(Page.as_view(), "/rome", "/<place>") == (200, "hello  rome")


def test_attributes_are_given_for_one_route(ask: Ask) -> None:
    """They stand in for those of the class."""
    view = Page.as_view("about", extra_context={"word": "other"})
    assert (view.__name__, Page.as_view().__name__) == ("about", "page")
    assert ask(view) == (200, "other  ")


def test_context_is_extended_by_its_method(ask: Ask) -> None:
    class More(Page):
        def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
            return super().get_context_data(more=self.request.method, **kwargs)

    assert ask(More.as_view()) == (200, "hello GET ")


def test_a_method_may_take_typed_parameters_instead_of_the_request(ask: Ask) -> None:
    class Typed(views.GenericView):
        def get(self, pk: int, q: str = "none") -> str:
            return f"{pk + 1} {q} {self.kwargs['pk']}"

    assert ask(Typed.as_view(), "/1?q=x", "/<int:pk>") == (200, "2 x 1")


def test_setup_and_dispatch_may_be_extended(ask: Ask) -> None:
    class Extended(views.GenericView):
        def setup(self, request: Request, *args: Any, **kwargs: Any) -> None:
            super().setup(request, *args, **kwargs)
            self.seen = kwargs["place"]

        def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> Any:
            return f"[{super().dispatch(request, *args, **kwargs)}]"

        def get(self, request: Request, *args: Any, **kwargs: Any) -> str:
            return f"{self.seen} {request.path} {kwargs}"

    assert ask(Extended.as_view(), "/rome", "/<place>") == (200, "[rome /rome {'place': 'rome'}]")


def test_only_methods_that_are_there_are_answered(ask: Ask) -> None:
    assert ask(Page.as_view(), method="HEAD") == (200, "")
    assert ask(Page.as_view("again"), "/again", method="POST")[0] == 405


def test_as_view_takes_attributes_of_the_class_alone() -> None:
    with pytest.raises(TypeError) as caught:
        Page.as_view(template_nam="x")
    assert str(caught.value) == "Page has no attribute 'template_nam'; did you mean 'template_name'?"
    with pytest.raises(TypeError) as caught:
        Page.as_view(get="x")
    assert str(caught.value) == "'get' is a method of Page; give as_view() attributes only."


def test_a_view_without_a_template_says_what_to_set(app: App) -> None:
    with pytest.raises(ConfigError) as caught:
        views.TemplateView().get_template_names()
    assert str(caught.value) == "TemplateView has no template. Set template_name='page.html'."


@pytest.mark.parametrize(
    ("attributes", "answer"),
    [
        ({"url": "/new/%(place)s"}, (302, "/new/rome")),
        ({"url": "/new", "permanent": True}, (301, "/new")),
        ({"url": "/new", "query_string": True}, (302, "/new?a=1")),
        ({"pattern_name": "named"}, (302, "/named/rome")),
    ],
)
def test_redirects(app: App, ask: Ask, attributes: dict[str, Any], answer: tuple[int, str]) -> None:
    app.add_url_rule("/named/<place>", "named", lambda place: place)
    assert ask(views.RedirectView.as_view(**attributes), "/rome?a=1", "/<place>") == answer


@pytest.mark.parametrize(
    ("url", "there", "location"),
    [
        ("/%(there)s", "/evil.example/a", "/evil.example/a"),
        ("/%(there)s", "\\evil.example", "/%5Cevil.example"),
        ("%(there)s", "//evil.example", "/evil.example"),
        ("%(there)s", "https://evil.example", "https%3A//evil.example"),
        ("/new/%(there)s", "a?b/c#d", "/new/a%3Fb/c%23d"),
        ("/new/%(there)s", "云", "/new/%E4%BA%91"),
        ("/new/%(there)03d", 7, "/new/007"),
        ("//other.example/%(there)s", "a", "//other.example/a"),
    ],
)
def test_what_the_path_held_leads_to_no_other_site(url: str, there: Any, location: str) -> None:
    """It is quoted, and no path of it begins with the name of a host."""
    view = views.RedirectView(url=url)
    view.setup(Request("GET", "/"), there=there)
    assert view.get_redirect_url(**view.kwargs) == location


def test_what_the_path_held_is_quoted_once(ask: Ask) -> None:
    assert ask(views.RedirectView.as_view(url="/new/%(a)s"), "/go/b%3Fc%20d", "/go/<a>") == (302, "/new/b%3Fc%20d")


def test_a_redirect_to_nowhere_is_gone(ask: Ask) -> None:
    assert ask(views.RedirectView.as_view(), method="POST")[0] == 410


def test_a_class_that_looks_first_stands_left_of_the_view(ask: Ask) -> None:
    """Whatever it calls what it passes on, as those of `spruce.auth` do."""

    class Looks:
        def dispatch(self, **kwargs: Any) -> Any:
            return "no" if kwargs["place"] == "rome" else super().dispatch(**kwargs)  # type: ignore[misc] # the view's

    class Looked(Looks, Page):
        pass

    assert ask(Looked.as_view(), "/rome", "/<place>") == (200, "no")
    assert ask(Looked.as_view("again"), "/again/bonn", "/again/<place>") == (200, "hello  bonn")
