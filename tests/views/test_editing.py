"""Views with forms: shown, refused, acted on."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import forms, views
from spruce.errors import ConfigError

from .conftest import ViewBook

Ask = Callable[..., tuple[int, str]]


class WordForm(forms.Form):
    word = forms.CharField(max_length=3)


class Word(views.FormView):
    form_class = WordForm
    template_name = "viewbook_form.html"
    initial = {"word": "abc"}  # noqa: RUF012 - as users write it
    success_url = "/thanks"


class Create(views.CreateView):
    model = ViewBook
    fields = ("title", "slug")


class Update(views.UpdateView):
    model = ViewBook
    fields = ("title",)
    success_url = "/books/{id}?{title}"


class Delete(views.DeleteView):
    model = ViewBook
    success_url = "/"


def test_a_form_is_shown_with_what_it_holds_at_first(ask: Ask) -> None:
    assert ask(Word.as_view()) == (200, "word:abc:;")


def test_a_good_form_leads_on(ask: Ask) -> None:
    assert ask(Word.as_view(), method="POST", data={"word": "xyz"}) == (303, "/thanks")


def test_a_form_with_errors_is_shown_again(ask: Ask) -> None:
    status, page = ask(Word.as_view(), method="POST", data={"word": "long"})
    assert (status, page) == (422, "word:long:Ensure this value has at most 3 characters (it has 4).;")


def test_an_object_is_made_of_the_named_fields_alone(ask: Ask) -> None:
    sent = {"title": "Ulysses", "slug": "ulysses", "secret": "on", "id": "77"}
    assert ask(Create.as_view(), method="POST", data=sent) == (303, "/books/ulysses")
    made = ViewBook.objects.get(slug="ulysses")
    assert (made.title, made.secret, made.pk) == ("Ulysses", False, 4)


def test_an_empty_form_is_shown_for_a_new_object(ask: Ask) -> None:
    assert ask(Create.as_view()) == (200, "title:None:;slug:None:;")


def test_an_object_is_changed(ask: Ask) -> None:
    assert ask(Update.as_view("a"), "/2", "/<int:pk>") == (200, "title:Kim:;")
    assert ask(Update.as_view("b"), "/b/2", "/b/<int:pk>", "POST", data={"title": "Kim 2"}) == (303, "/books/2?Kim%202")
    assert ViewBook.objects.get(pk=2).title == "Kim 2"


@pytest.mark.parametrize(
    ("url", "title", "location"),
    [
        ("/{title}", "/evil.example", "/%2Fevil.example"),
        ("{title}", "//evil.example", "%2F%2Fevil.example"),
        ("/a/{title}/b", "c?d=e#f", "/a/c%3Fd%3De%23f/b"),
        ("/a/{title!s}", "..//x", "/a/..%2F%2Fx"),
        ("/a/{id:03d}", "x", "/a/002"),
    ],
)
def test_what_an_object_holds_leads_to_no_other_site(ask: Ask, url: str, title: str, location: str) -> None:
    """What stands in an address is one part of it."""
    view = Update.as_view(success_url=url)
    assert ask(view, "/2", "/<int:pk>", "POST", data={"title": title}) == (303, location)


def test_nothing_is_saved_of_a_form_with_errors(ask: Ask) -> None:
    status, page = ask(Create.as_view(), method="POST", data={"title": "", "slug": "kim"})
    assert status == 422
    assert "This field is required." in page
    assert ViewBook.objects.count() == 3


def test_an_object_is_deleted_after_a_page_that_asks(ask: Ask) -> None:
    assert ask(Delete.as_view("a"), "/a/2", "/a/<int:pk>") == (200, "Really Kim?")
    assert ViewBook.objects.filter(pk=2).exists()
    assert ask(Delete.as_view("b"), "/b/2", "/b/<int:pk>", "POST") == (303, "/")
    assert not ViewBook.objects.filter(pk=2).exists()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_object_that_is_not_there(ask: Ask, method: str) -> None:
    assert ask(Delete.as_view(), "/9", "/<int:pk>", method)[0] == 404


@pytest.mark.parametrize(
    ("view", "method", "message"),
    [
        (views.FormView(), "get_form_class", "FormView has no form. Set form_class."),
        (views.FormView(), "get_success_url", "FormView doesn't know where to go on. Set success_url."),
        (
            views.CreateView(model=ViewBook),
            "get_form_class",
            "CreateView doesn't say what its form may write. Set fields=['name', …], or form_class.",
        ),
        (
            views.CreateView(model=ViewBook, fields=["title"], form_class=WordForm),
            "get_form_class",
            "CreateView has both fields and form_class. Set one of them.",
        ),
        (
            views.CreateView(object=WordForm()),
            "get_success_url",
            "CreateView doesn't know where to go on. Set success_url, or write WordForm.get_absolute_url.",
        ),
    ],
)
def test_what_is_missing_is_said(view: Any, method: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        getattr(view, method)()
    assert str(caught.value) == message
