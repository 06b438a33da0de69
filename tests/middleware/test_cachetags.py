"""Parts of templates in the cache."""

from collections.abc import Iterator

import pytest
from jinja2 import TemplateSyntaxError

from spruce.cache import caches
from spruce.middleware.cachetags import make_template_fragment_key
from spruce.web import App, render_template_string


@pytest.fixture
def app() -> Iterator[App]:
    app = App(__name__, TESTING=True)
    with app.app_context():
        yield app


def test_a_part_of_a_template_is_kept_for_what_it_depends_on(app: App) -> None:
    made: list[str] = []

    def make(user: str) -> str:
        made.append(user)
        return f"<{user}>"

    template = (
        '{% load cache %}{% cache 60 "menu" user %}{{ make(user) }}!{% endcache %} {% cache none foot %}x{% endcache %}'
    )
    with app.test_request_context("/"):
        shown = [render_template_string(template, user=user, make=make) for user in ("a", "b", "a")]
    assert shown == ["&lt;a&gt;! x", "&lt;b&gt;! x", "&lt;a&gt;! x"]
    assert made == ["a", "b"]
    assert caches["default"].delete(make_template_fragment_key("menu", ["a"])) is True
    assert caches["default"].ttl(make_template_fragment_key("foot")) is None


def test_parts_of_templates_may_be_in_a_cache_of_their_own() -> None:
    app = App(__name__, CACHES={"template_fragments": "memory://", "other": "memory://"}, TESTING=True)
    with app.test_request_context("/"):
        render_template_string('{% cache 60 a %}x{% endcache %}{% cache 60 b using="other" %}y{% endcache %}')
        assert caches["template_fragments"].get(make_template_fragment_key("a")) == "x"
        assert caches["other"].get(make_template_fragment_key("b")) == "y"


def test_a_cache_tag_without_a_name_is_told_of(app: App) -> None:
    with app.test_request_context("/"), pytest.raises(TemplateSyntaxError) as caught:
        render_template_string("{% cache 60 %}x{% endcache %}")
    assert str(caught.value).startswith("behind its seconds, {% cache %} has a name, as in {% cache 60 menu %}")
