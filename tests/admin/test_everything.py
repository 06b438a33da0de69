"""The search over all models."""

from collections.abc import Callable
from typing import Any

from spruce import App, admin
from spruce.web.client import Client

from .conftest import Line, Maker, Product, Tag

SEARCH = "/admin/search/?q="


def test_what_is_found_of_each_model(root: Client, app: App, site: admin.AdminSite) -> None:
    """A few rows, with their pages and the way to all of them; models without search_fields are not asked."""
    page = root.get(f"{SEARCH}Steiff").text
    for text in (
        "<h2>Products</h2>", '<a href="/admin/adminshop/product/1/change/">Bear &lt;b&gt;</a>', "<h2>Makers</h2>",
        "Found for “Steiff”", 'id="everything" name="q" value="Steiff"',
    ):  # fmt: skip
        assert text in page
    assert "All in the list" not in page
    with app.app_context():
        maker = Maker.objects.get(pk=1)
        Product.objects.bulk_create([Product(name=f"P{n}", slug=f"p{n}", maker=maker) for n in range(5)])
        Tag.objects.create(name="Steiff")
    page = root.get(f"{SEARCH}Steiff").text
    assert '<a href="/admin/adminshop/product/?q=Steiff">All in the list' in page
    assert (page.count("/product/"), "<h2>Tags</h2>" in page) == (6, False)
    assert "Nothing found." in root.get(f"{SEARCH}unheard").text
    assert "<script>" not in root.get(f"{SEARCH}<script>").text
    assert "Type what to look for" in root.get("/admin/search/?q=+").text
    site.find("adminshop", "product").search_globally = False  # type: ignore[misc] # as a subclass would
    assert "<h2>Products</h2>" not in root.get(f"{SEARCH}Steiff").text


def test_only_what_may_be_seen(log_in: Callable[[str], Client], site: admin.AdminSite) -> None:
    """Nothing for who may see nothing; rows that are left out of the list are left out here."""

    class Own(admin.ModelAdmin):
        search_fields = ("name",)

        def get_queryset(self, request: Any) -> Any:
            return super().get_queryset(request).exclude(pk=1)

    assert "Bear" in log_in("seer").get(f"{SEARCH}bear").text
    assert "Nothing found." in log_in("helper").get(f"{SEARCH}bear").text
    site.unregister(Product)
    site.register(Product, Own)
    assert "Nothing found." in log_in("root").get(f"{SEARCH}bear").text


def test_each_model_is_asked_once(root: Client, site: admin.AdminSite, queries: list[str]) -> None:
    """Whatever is found."""
    site.unregister(Line)
    root.get(f"{SEARCH}e")
    before = len(queries)
    site.register(Line, search_fields=("text",))
    queries.clear()
    root.get(f"{SEARCH}e")
    assert len(queries) - before == 1
