"""What is looked for in lists."""

from typing import Any

from spruce import App, admin
from spruce.admin.searching import search, spreads
from spruce.web.client import Client

from .conftest import Line, Product, Tag


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


def test_a_row_is_found_once(root: Client, site: admin.AdminSite, app: App) -> None:
    """However many of its tags fit; in the list, in the search over everything, and by filters."""
    shown: Any = site.find("adminshop", "product")
    with app.app_context():
        bear = Product.objects.get(pk=1)
        for name in ("tag a", "tag b", "tag b"):
            bear.tags.add(Tag.objects.create(name=name))
    shown.search_fields = ("tags__name", "lines__text")
    shown.list_filter = ("tags__name",)
    for query in ("q=tag", "q=tag+b", "tags__name=tag+b", "q=tag&tags__name=tag+b&o=1"):
        page = root.get(f"/admin/adminshop/product/?{query}").text
        assert ("1 found, 2 in all" in page, page.count("/product/1/change/")) == (True, 1), query
    assert root.get("/admin/search/?q=tag").text.count("/product/1/change/") == 1


def test_ways_over_several_rows() -> None:
    """Through many-to-many fields, and to rows that point here."""
    ways = {"name": False, "maker__name": False, "^tags__name": True, "lines": True, "maker__products__name": True}
    assert {way: spreads(Product, way) for way in ways} == ways
    assert (spreads(Line, "product__tags"), spreads(Line, "text__icontains")) == (True, False)
