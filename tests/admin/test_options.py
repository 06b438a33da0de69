"""What a ModelAdmin can say."""

from typing import Any

import pytest

from spruce import App, admin, db, forms
from spruce.errors import AdminError
from spruce.web.client import Client

from .conftest import Product


class Anybody:
    """A request of somebody who may do everything."""

    args: Any = {}  # noqa: RUF012 - it is never changed
    user = type("User", (), {"has_perm": staticmethod(lambda name: True), "is_superuser": True})()


def test_fields_are_those_that_forms_can_have(site: admin.AdminSite) -> None:
    """Unless some are named or left out; a field that is none says so."""
    plain = admin.ModelAdmin(Product, site)
    assert plain.get_fields(Anybody()) == [
        "name", "slug", "price", "stock", "active", "kind", "maker", "note", "tags",
    ]  # fmt: skip
    plain.exclude = ("note", "tags")
    assert "note" not in plain.get_fields(Anybody())
    plain.fields = ("name", ("slug", "nam"))
    with pytest.raises(AdminError) as refused:
        plain.get_form(Anybody())
    assert str(refused.value) == (
        "ModelAdmin has the field 'nam', which Product has not; did you mean 'name'?. "
        "A method belongs into readonly_fields too."
    ) or "did you mean 'name'?" in str(refused.value)


def test_widgets_by_kind_of_field(site: admin.AdminSite) -> None:
    """And radio buttons where they are wanted."""
    plain = admin.ModelAdmin(Product, site)
    plain.formfield_overrides = {db.CharField: {"widget": forms.Textarea}}
    plain.radio_fields = ("kind",)
    made = plain.get_form(Anybody()).base_fields
    assert isinstance(made["name"].widget, forms.Textarea)
    assert isinstance(made["kind"].widget, forms.RadioSelect)


def test_rows_that_who_asks_may_not_see_do_not_exist(root: Client, site: admin.AdminSite) -> None:
    """Neither in lists nor by their address."""

    class Own(admin.ModelAdmin):
        def get_queryset(self, request: Any) -> Any:
            return super().get_queryset(request).exclude(pk=1)

    site.unregister(Product)
    site.register(Product, Own)
    assert "Bear" not in root.get("/admin/adminshop/product/").text
    for page in ("change", "delete", "history"):
        assert root.get(f"/admin/adminshop/product/1/{page}/").status_code == 404
    assert "Bear" not in root.get("/admin/adminshop/product/export/csv").text
    root.post(
        "/admin/adminshop/product/", data={"action": "delete_selected", "confirmed": "yes", "_selected_action": "1"}
    )


def test_permissions_by_object(root: Client, site: admin.AdminSite) -> None:
    """A hook gets the object."""

    class Careful(admin.ModelAdmin):
        def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
            return obj is None or obj.pk != 1

        def has_change_permission(self, request: Any, obj: Any = None) -> bool:
            return obj is None or obj.pk != 1

    site.unregister(Product)
    site.register(Product, Careful)
    assert root.get("/admin/adminshop/product/1/delete/").status_code == 403
    assert root.get("/admin/adminshop/product/2/delete/").status_code == 200
    assert 'name="name"' not in root.get("/admin/adminshop/product/1/change/").text
    data = {"action": "delete_selected", "confirmed": "yes", "_selected_action": ["1", "2"]}
    assert root.post("/admin/adminshop/product/", data=data).status_code == 403


def test_names(site: admin.AdminSite) -> None:
    """Of permissions, and of the class itself."""
    shown = site.find("adminshop", "product")
    assert shown.permission("add") == "adminshop.add_product"
    assert repr(shown) == "<ProductAdmin of Product>"


def test_where_the_program_shows_an_object(
    root: Client, site: admin.AdminSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own address, by what the class says, or nowhere."""
    shown: Any = site.find("adminshop", "product")
    assert "View on site" not in root.get("/admin/adminshop/product/1/change/").text
    monkeypatch.setattr(Product, "get_absolute_url", lambda self: f"/products/{self.slug}/", raising=False)
    page = root.get("/admin/adminshop/product/1/change/").text
    assert '<a class="button quiet" href="/products/bear/">View on site</a>' in page
    shown.view_on_site = False
    assert shown.get_view_on_site_url(Product(slug="x")) == ""
    shown.view_on_site = lambda obj: f"/p/{obj.slug}"
    assert shown.get_view_on_site_url(Product(slug="x")) == "/p/x"
    assert shown.get_view_on_site_url(None) == ""


def test_what_is_deleted_may_be_told_otherwise(root: Client, site: admin.AdminSite, app: App) -> None:
    """By a hook, of one object and of those that were chosen."""

    class Lenient(admin.ModelAdmin):
        def get_deleted_objects(self, objs: Any, request: Any) -> Any:
            groups, counts, needed, protected = super().get_deleted_objects(objs, request)
            assert (counts, needed, protected) == ({"product": 1, "line": 1}, set(), [])
            return groups, counts, {"ghosts"}, protected

    site.unregister(Product)
    site.register(Product, Lenient)
    assert "what would go with it: ghosts." in root.get("/admin/adminshop/product/1/delete/").text
    assert root.post("/admin/adminshop/product/1/delete/").status_code == 409
    data = {"action": "delete_selected", "_selected_action": "1"}
    page = root.post("/admin/adminshop/product/", data=data).text
    assert ("ghosts" in page, "Yes, do it" in page) == (True, False)
    root.post("/admin/adminshop/product/", data={**data, "confirmed": "yes"})
    with app.app_context():
        assert Product.objects.filter(pk=1).exists()


def test_buttons_above_too(root: Client, site: admin.AdminSite) -> None:
    """If the class says so."""
    shown: Any = site.find("adminshop", "product")
    assert root.get("/admin/adminshop/product/1/change/").text.count('name="_save"') == 1
    shown.save_on_top = True
    assert root.get("/admin/adminshop/product/1/change/").text.count('name="_save"') == 2
