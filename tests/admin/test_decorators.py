"""Decorators."""

from typing import Any

from spruce import admin

from .conftest import Maker, Tag


def test_a_class_is_registered_for_models() -> None:
    """On the site that is named."""
    site = admin.AdminSite()

    @admin.register(Maker, Tag, site=site)
    class Both(admin.ModelAdmin):
        pass

    assert type(site.find("adminshop", "tag")) is type(site.find("adminshop", "maker")) is Both


def test_methods_are_described() -> None:
    """With and without options."""

    @admin.display
    def plain(obj: Any) -> str:
        return "a"

    @admin.display(description="B", ordering="-b", boolean=True, empty_value="?")
    def full(obj: Any) -> Any:
        return None

    @admin.action(description="Go", permissions=("change",), confirm=True)
    def go(*arguments: Any) -> None:
        pass

    noted: Any = full
    assert plain(None) == "a"
    assert (noted.short_description, noted.admin_order_field, noted.boolean, noted.empty_value_display) == (
        "B", "-b", True, "?",
    )  # fmt: skip
    acting: Any = go
    assert (acting.short_description, acting.allowed_permissions, acting.needs_confirmation) == (
        "Go",
        ("change",),
        True,
    )
