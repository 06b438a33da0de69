"""What is looked for in lists."""

from spruce import App
from spruce.admin.searching import search

from .conftest import Product


def test_words_are_looked_for_in_several_ways(app: App) -> None:
    """At the beginning, as the whole, anywhere."""
    with app.app_context():
        query = Product.objects.all()
        assert search(query, ["^name"], "ear").count() == 0
        assert search(query, ["^name"], "be").count() == 1
        assert search(query, ["=slug"], "ca").count() == 0
        assert search(query, ["slug"], "ca").count() == 1
        assert search(query, ["slug"], "  ").count() == 2
        assert search(query, ["slug__exact"], "car").count() == 1
        assert search(query, ["name__endswith"], "ar").count() == 1
        assert search(query, ["slug"], "a\0").count() == 0
