"""Fields to type in."""

import pytest

from spruce import App, admin
from spruce.admin.autocomplete import widget_for
from spruce.errors import AdminError
from spruce.web.client import Client

from .conftest import Maker, Product, edited

PATH = "/admin/adminshop/product/1/change/"


def test_rows_that_fit_are_told(root: Client, app: App) -> None:
    """By the search of their own list, a few at a time."""
    path = "/admin/adminshop/maker/autocomplete/"
    assert root.get(f"{path}?q=ste").json == {"results": [{"id": "1", "text": "Steiff"}], "more": False}
    assert root.get(f"{path}?q=%00").status_code == 400
    with app.app_context():
        Maker.objects.bulk_create([Maker(name=f"M{number}") for number in range(30)])
    answer = root.get(path).json
    assert (len(answer["results"]), answer["more"]) == (20, True)


def test_a_field_shows_what_is_chosen_and_loads_no_others(root: Client, site: admin.AdminSite, app: App) -> None:
    """And takes the key that comes back, if there is such a row."""
    site.find("adminshop", "product").autocomplete_fields = ("maker",)
    page = root.get(PATH).text
    assert '<input type="hidden" name="maker" value="1">' in page
    assert 'role="combobox"' in page
    assert 'value="Steiff"' in page
    assert "熊猫" not in page
    assert root.post(PATH, data=edited(root, PATH, maker="2")).status_code == 303
    for wrong in ("99", "x", ""):
        answer = root.post(PATH, data=edited(root, PATH, maker=wrong))
        assert answer.status_code == 422
    with app.app_context():
        assert Product.objects.get(pk=1).maker_id == 2


def test_nothing_could_be_looked_for(site: admin.AdminSite) -> None:
    """Which is said, with the reason."""
    products = site.find("adminshop", "product")
    with pytest.raises(AdminError, match=r"ProductAdmin\.autocomplete_fields has 'name', which is no foreign key"):
        widget_for(products, Product._meta.field("name"))
    site.find("adminshop", "maker").search_fields = ()
    with pytest.raises(AdminError, match="and MakerAdmin has no search_fields"):
        widget_for(products, Product._meta.field("maker"))
    site.unregister(Maker)
    with pytest.raises(AdminError, match="and Maker is not in the admin"):
        widget_for(products, Product._meta.field("maker"))
