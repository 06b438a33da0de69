"""Sites: models, several of them, who gets in."""

from pathlib import Path

import pytest
from tests.auth.people import settings

from spruce import App, admin, db
from spruce.errors import AdminError
from spruce.web.client import Client

from .conftest import Maker, Product, Tag


def test_models_are_registered_once(site: admin.AdminSite) -> None:
    """With a class, with options, several at once."""
    assert site.is_registered(Product)
    with pytest.raises(AdminError) as refused:
        site.register(Product)
    assert str(refused.value) == "Product is registered already. Call site.unregister(Product) first."
    site.unregister([Product, Tag])
    with pytest.raises(AdminError, match="Product is not registered"):
        site.unregister(Product)
    with pytest.raises(AdminError, match="takes models with a table"):
        site.register(db.Model)
    assert site.find("adminshop", "maker").search_fields == ("name",)


def test_several_sites_in_one_app(tmp_path: Path) -> None:
    """Each with its own addresses and models."""
    app = App("sites", static_folder=None, **settings(tmp_path))
    first, second = admin.AdminSite(), admin.AdminSite("office")
    first.register(Maker)
    second.register(Tag)
    second.site_header = "Office"
    first.init_app(app)
    second.init_app(app, "/office")
    client = app.test_client()
    assert client.get("/office/").status_code == client.get("/admin/").status_code == 302
    assert client.get("/office/static/admin.css").status_code == 200


def test_the_first_page_has_models_and_news(root: Client) -> None:
    """Of whoever looks."""
    page = root.get("/admin/").text
    for text in ('<a href="/admin/adminshop/product/">Products</a>', "<h2>Adminshop</h2>", "Nothing yet."):
        assert text in page


def test_what_was_done_of_late_leads_to_its_objects(root: Client) -> None:
    """As long as they are there."""
    root.post("/admin/adminshop/maker/add/", data={"name": "Lego"})
    assert '<a href="/admin/adminshop/maker/3/change/">Lego</a>' in root.get("/admin/").text
    root.post("/admin/adminshop/maker/3/delete/")
    root.get("/admin/")
    page = root.get("/admin/").text
    assert (page.count("Lego"), "/maker/3/" in page) == (2, False)


def test_style_and_scripts_are_for_everybody(app: App) -> None:
    """They are needed before somebody is logged in, and say nothing."""
    for name in ("admin.css", "admin.js", "fields.js", "htmx.min.js"):
        assert app.test_client().get(f"/admin/static/{name}").status_code == 200
