"""What a class says about its list."""

from typing import Any

from spruce import admin
from spruce.admin.changelist import ChangeList
from spruce.web.client import Client

from .conftest import Product
from .test_options import Anybody

LIST = "/admin/adminshop/product/"


def test_actions_have_names_for_people(site: admin.AdminSite) -> None:
    """Their own, or made of the function's; those of the site come first, and rights leave some out."""

    class Own(admin.ModelAdmin):
        actions = ("tidy_up", "fly")

        def tidy_up(self, request: Any, queryset: Any) -> None:
            """An action."""

        @admin.action(description="Fly", permissions=["fly"])
        def fly(self, request: Any, queryset: Any) -> None:
            """An action."""

        def has_fly_permission(self, request: Any) -> bool:
            return False

    found = Own(Product, site).get_actions(Anybody())
    assert {name: label for name, (_, label) in found.items()} == {
        "delete_selected": "Delete the selected products",
        "tidy_up": "Tidy up",
    }


def test_files_have_what_pages_have(site: admin.AdminSite) -> None:
    """Unless the class names the fields."""
    shown: Any = site.find("adminshop", "product")
    fields = ["id", "name", "slug", "price", "stock", "active", "kind", "maker_id", "note", "created"]
    assert shown.get_export_fields(Anybody()) == fields
    shown.export_fields = ("name", "maker__name")
    assert shown.get_export_fields(Anybody()) == ["name", "maker__name"]


def test_a_list_of_a_class_of_the_programs_own(root: Client, site: admin.AdminSite) -> None:
    """Which may count as it likes."""

    class Many(ChangeList):
        def count(self) -> str:
            return "many"

    class Own(admin.ModelAdmin):
        def get_changelist(self, request: Any, **options: Any) -> Any:
            return Many

    site.unregister(Product)
    site.register(Product, Own)
    assert "many in all" in root.get(LIST).text


def test_inputs_of_a_list_may_be_of_another_form(root: Client, site: admin.AdminSite) -> None:
    """A hook makes it; in a window in which something is chosen there are no inputs."""

    class Own(admin.ModelAdmin):
        list_display = ("name", "price")
        list_editable = ("price",)

        def get_changelist_form(self, request: Any, **kwargs: Any) -> Any:
            made = super().get_changelist_form(request, **kwargs)
            made.base_fields["price"].widget.attrs["class"] = "dear"
            return made

    site.unregister(Product)
    site.register(Product, Own)
    assert root.get(LIST).text.count('class="dear"') == 2
    assert "row-1-price" not in root.get(f"{LIST}?_popup=1").text
