"""Inputs for relations."""

import re
from typing import Any

import pytest

from spruce import App, admin
from spruce.web.client import Client

from .conftest import Maker, Product, Tag, edited

PATH = "/admin/adminshop/product/1/change/"


@pytest.fixture
def products(site: admin.AdminSite) -> Any:
    """How products are shown."""
    return site.find("adminshop", "product")


@pytest.mark.parametrize(("option", "shape"), [("filter_horizontal", "across"), ("filter_vertical", "stacked")])
def test_a_list_that_a_script_makes_two_of(root: Client, products: Any, app: App, option: str, shape: str) -> None:
    """Without it, it is a list to select from."""
    setattr(products, option, ("tags",))
    page = root.get(PATH).text
    found = re.search(r'<select name="tags"[^>]*>', page)
    assert found
    for text in (" multiple", f'data-picker="{shape}"', 'data-available="Available"', 'data-remove="Remove"'):
        assert text in found[0]
    assert root.post(PATH, data=edited(root, PATH, tags=["1"])).status_code == 303
    with app.app_context():
        assert [str(each) for each in Product.objects.get(pk=1).tags.all()] == ["red"]


def test_a_key_is_typed_in(root: Client, products: Any, site: admin.AdminSite, app: App) -> None:
    """With the name of the row beside it, and a window to look for another, if its model is in the admin."""
    products.raw_id_fields = ("maker",)
    page = root.get(PATH).text
    assert '<input type="text" name="maker" value="1"' in page
    assert '<a class="button small lookup" href="/admin/adminshop/maker/?_popup=1" target="_blank">Look up</a>' in page
    assert '<a href="/admin/adminshop/maker/1/change/">Steiff</a>' in page
    assert "熊猫" not in page
    assert root.post(PATH, data=edited(root, PATH, maker="2")).status_code == 303
    for wrong in ("99", "x", "1,2"):
        answer = root.post(PATH, data=edited(root, PATH, maker=wrong))
        assert (answer.status_code, "Select a valid choice." in answer.text) == (422, True)
    site.unregister(Maker)
    page = root.get(PATH).text
    assert ('name="maker" value="2"' in page, "Look up" in page, "熊猫" in page) == (True, False, True)


def test_keys_are_typed_in(root: Client, products: Any, app: App) -> None:
    """With commas between them."""
    products.raw_id_fields = ("tags",)
    with app.app_context():
        Tag.objects.create(name="blue")
    assert root.post(PATH, data=edited(root, PATH, tags="1, 2,")).status_code == 303
    with app.app_context():
        assert [each.pk for each in Product.objects.get(pk=1).tags.order_by("pk")] == [1, 2]
    page = root.get(PATH).text
    assert 'name="tags" value="1,2"' in page
    for name in ("red", "blue"):
        assert f'/change/">{name}</a>' in page
    answer = root.post(PATH, data=edited(root, PATH, tags="1,99"))
    assert "99 is not one of the available choices." in answer.text
    assert 'value="1,99"' in answer.text
    assert root.post(PATH, data=edited(root, PATH, tags="")).status_code == 303
    with app.app_context():
        assert Product.objects.get(pk=1).tags.count() == 0


@pytest.mark.parametrize("option", ["raw_id_fields", "autocomplete_fields"])
def test_rows_that_are_not_offered_are_not_named(root: Client, site: admin.AdminSite, option: str) -> None:
    """Whatever key stands in the address, or is sent; the present value is."""

    class Narrow(admin.ModelAdmin):
        fields = ("name", "maker")

        def formfield_for_foreignkey(self, db_field: Any, request: Any = None, **options: Any) -> Any:
            options["queryset"] = Maker.objects.filter(name="Steiff")
            return super().formfield_for_foreignkey(db_field, request, **options)

    site.unregister(Product)
    site.register(Product, Narrow, **{option: ("maker",)})
    path = "/admin/adminshop/product/add/"
    assert "Steiff" in root.get(f"{path}?maker=1").text
    assert "熊猫" not in root.get(f"{path}?maker=2").text
    assert "熊猫" not in root.post(path, data={"name": "x", "maker": "2"}).text
