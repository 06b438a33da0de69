"""Pages of the program's own in an admin."""

from collections.abc import Callable
from typing import Any

import pytest

from spruce import App, admin
from spruce.admin.custompages import make_page
from spruce.errors import AdminError
from spruce.web.client import Client

from .conftest import Product


def test_a_page_of_a_site(root: Client, log_in: Callable[[str], Client], site: admin.AdminSite) -> None:
    """It is linked for those who may see it, even if it comes after the app has its admin."""

    def report(request: Any) -> Any:
        return site.render("admin/page.html", title=f"Report for {request.user}")

    site.register_page("report/", report, title="Report", group="Numbers", permission="adminshop.change_product")
    site.register_page("open/<int:number>/", lambda request, number: str(number), name="open", methods=["GET", "POST"])
    assert "<h1>Report for root</h1>" in root.get("/admin/report/").text
    page = root.get("/admin/").text
    assert "<h2>Numbers</h2>" in page
    assert '<a href="/admin/report/">Report</a>' in page
    assert root.post("/admin/report/").status_code == 405
    seer = log_in("seer")
    assert (seer.get("/admin/report/").status_code, seer.get("/admin/open/5/").text) == (403, "5")
    assert "Report" not in seer.get("/admin/").text
    assert log_in("").get("/admin/report/").status_code == 302
    assert (site.has_page("report"), site.has_page("other")) == (True, False)


def test_a_page_of_a_model(root: Client, log_in: Callable[[str], Client], site: admin.AdminSite) -> None:
    """Behind the model's address, for who may view its objects; other models don't have it."""

    class Reporting(admin.ModelAdmin):
        def get_urls(self) -> Any:
            return [self.page("<path:key>/label/", self.label_page, name="label")]

        def label_page(self, request: Any, key: str) -> str:
            return f"label of {self.get_object(request, key)}"

    site.unregister(Product)
    site.register(Product, Reporting)
    assert root.get("/admin/adminshop/product/2/label/").text == "label of Car"
    assert root.post("/admin/adminshop/product/2/label/").status_code == 405
    assert root.get("/admin/adminshop/maker/1/label/").status_code == 404
    assert log_in("helper").get("/admin/adminshop/product/2/label/").status_code == 403


def test_panels_stand_above_the_models(root: Client, site: admin.AdminSite) -> None:
    """One that gives nothing is not there; what isn't markup is text."""
    site.register_panel(lambda request: f"<{request.user}>")
    site.register_panel(lambda request: None)
    page = root.get("/admin/").text
    assert "&lt;root&gt;" in page
    assert "None" not in page


BELOW = "Write it below the admin's own, like 'report/'."


@pytest.mark.parametrize(
    ("path", "options", "text"),
    [
        ("/x/", {"name": "x"}, f"a page of the admin has the address '/x/'. {BELOW}"),
        ("x", {"name": "x"}, f"a page of the admin has the address 'x'. {BELOW}"),
        ("x/", {"name": "a b"}, "the page 'x/' needs a name. Give it name=\"report\"."),
        (
            "x/",
            {"name": "x", "methods": ["get"]},
            "the page 'x/' has the methods ['get'], known ones are GET, POST, PUT, PATCH, DELETE",
        ),
    ],
)
def test_pages_that_cannot_be(path: str, options: dict[str, Any], text: str) -> None:
    """They say what is wrong."""
    with pytest.raises(AdminError) as refused:
        make_page(path, lambda request: "", **options)
    assert str(refused.value) == text


def test_a_page_is_registered_once(site: admin.AdminSite, app: App) -> None:
    """By its name and by its address."""
    site.register_page("x/", lambda request: "", name="x")
    for path, name in (("x/", "y"), ("y/", "x")):
        with pytest.raises(AdminError, match="the admin has a page 'x' at 'x/' already"):
            site.register_page(path, lambda request: "", name=name)
