"""A shelf of books, and an app with the views of the test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jinja2 import DictLoader

from spruce import config, db
from spruce.web import App

TEMPLATES = {
    "page.html": "{{ word }} {{ more }} {{ view.kwargs.get('place', '') }}",
    "viewbook_list.html": "{% for b in object_list %}{{ b.title }};{% endfor %}"
    "{% if page_obj %}page {{ page_obj.page }} of {{ page_obj.pages }}{% endif %}",
    "viewbook_detail.html": "{{ object.title }}={{ viewbook.title }}",
    "viewbook_form.html": "{% for field in form %}{{ field.name }}:{{ field.value() }}:{{ field.errors|join }};"
    "{% endfor %}",
    "viewbook_confirm_delete.html": "Really {{ object.title }}?",
}


class ViewBook(db.Model):
    """What the views of these tests are about."""

    title = db.CharField(max_length=20)
    slug = db.SlugField(unique=True)
    secret = db.BooleanField(default=False)

    class Meta:
        db_table = "t_views_book"
        ordering = ("id",)

    def get_absolute_url(self) -> str:
        return f"/books/{self.slug}"


@pytest.fixture
def app() -> Iterator[App]:
    """An app with a database in memory, three books and the templates."""
    before = config.current()
    made = App(__name__, DATABASES={"default": "sqlite://"}, SECRET_KEY="k" * 40)
    made.jinja_env.loader = DictLoader(TEMPLATES)
    with made.app_context():
        db.create_all()
        for title in ("Emma", "Kim", "Dune"):
            ViewBook.objects.create(title=title, slug=title.lower())
        yield made
        db.configure(DATABASES={})
    config.install(before)


@pytest.fixture
def ask(app: App) -> Callable[..., tuple[int, str]]:
    """Ask a view once, at a rule; return the status and the page, or where it leads."""

    def ask(view: Any, path: str = "/", rule: str = "", method: str = "GET", **more: Any) -> tuple[int, str]:
        app.add_url_rule(rule or path.partition("?")[0], view_func=view)
        with app.test_client() as client:
            answer = client.open(path, method=method, **more)
            return answer.status_code, answer.headers.get("Location") or answer.text

    return ask
