"""What is wrong with the classes of an admin, told before anybody opens a page."""

from typing import Any

import pytest

from spruce import admin, forms
from spruce.admin.checks import check_site

from .conftest import Line, Product, Tag


class OddModel(admin.TabularInline):
    model = "Line"


class NoModel(admin.TabularInline):
    pass


class OfTags(admin.TabularInline):
    model = Tag


class Nameless(admin.SimpleListFilter):
    title = "x"


def twice(model_admin: Any, request: Any, queryset: Any) -> None:
    """An action."""


@admin.action(permissions=["fly"])
def flying(model_admin: Any, request: Any, queryset: Any) -> None:
    """An action."""


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"list_display": "name"}, "list_display is 'name', and has to be a list or a tuple"),
    ({"list_per_page": "20"}, "list_per_page is '20', and has to be a number"),
    ({"save_as": 1}, "save_as is 1, and has to be True or False"),
    ({"form": forms.Form}, f"form is {forms.Form!r}, and has to be a class derived from ModelForm"),
    ({"list_dispaly": ["name"]}, "list_dispaly is no option; did you mean 'list_display'?"),
    (
        {"list_display": ["nam"]},
        "list_display: OwnAdmin lists 'nam', which is neither a field nor a method of Product or of it; "
        "did you mean 'name'?",
    ),
    (
        {"list_display": ["tags"]},
        "list_display has 'tags', which has several rows; write a method that says what is shown of them",
    ),
    (
        {"list_display": ["name"], "list_display_links": ["nam"]},
        "list_display_links has 'nam', which is not in list_display; did you mean 'name'?",
    ),
    (
        {"list_display": ["name"], "sortable_by": ["price"]},
        "sortable_by has 'price', which is not in list_display",
    ),
    (
        {"list_display": ["name"], "list_editable": ["price"]},
        "list_editable has 'price', which is not in list_display",
    ),
    ({"list_filter": ["nam"]}, "list_filter has 'nam', and Product has no 'nam'; did you mean 'name'?"),
    ({"list_filter": [("name", 1, 2)]}, "list_filter has ('name', 1, 2), and a pair is a field's name and a class"),
    ({"list_filter": [Nameless]}, "list_filter has Nameless, which needs a title and a parameter_name"),
    ({"date_hierarchy": "name"}, "date_hierarchy is 'name', which is no field of dates"),
    ({"date_hierarchy": "nam"}, "date_hierarchy is 'nam', which is no field of dates"),
    ({"search_fields": ["^nam"]}, "search_fields has '^nam', and Product has no such field"),
    ({"ordering": ["-nam"]}, "ordering has '-nam', and Product has no 'nam'; did you mean 'name'?"),
    ({"inlines": [Line]}, f"inlines has {Line!r}, which is no class derived from TabularInline or StackedInline"),
    ({"inlines": [NoModel]}, "inlines has NoModel, which has no model"),
    ({"inlines": [OddModel]}, "inlines has OddModel, whose model is 'Line', and that is none"),
    ({"list_filter": [("name", int)]}, f"list_filter has 'name' with {int!r}, which is no FieldListFilter"),
    ({"ordering": ["?", "name"]}, "ordering has '?', which is any order, and something besides"),
    (
        {"list_select_related": 1},
        "list_select_related is 1, and has to be True, False, a list or a tuple",
    ),
    ({"radio_fields": {"kind": 7}}, "radio_fields['kind'] is 7, and has to be HORIZONTAL or VERTICAL"),
    ({"raw_id_fields": ["maker_id"]}, "raw_id_fields has 'maker_id', which is the column of 'maker': name the field"),
    (
        {"list_display": ["lines"]},
        "list_display has 'lines', which has several rows; write a method that says what is shown of them",
    ),
    ({"actions": ["nothing"]}, "actions has 'nothing', and there is no such method"),
    ({"actions": [twice, twice]}, "actions has 'twice' twice"),
    (
        {"actions": [flying]},
        "actions has 'flying', which needs has_fly_permission, and there is no such method",
    ),
    (
        {"fields": ["name"], "fieldsets": [(None, {"fields": ["slug"]})]},
        "fields is there, and so is fieldsets: one of them says what is shown",
    ),
    ({"fieldsets": [("x",)]}, "fieldsets has ('x',), and a group is a title and a dict with fields"),
    ({"fieldsets": [("x", {})]}, "fieldsets has 'x', which has no fields"),
    ({"fields": ["name", ("slug", "name")]}, "fields has 'name' twice"),
    ({"fields": ["nam"]}, "fields has 'nam', which Product has not; did you mean 'name'?"),
    (
        {"readonly_fields": ["nam"]},
        "readonly_fields: OwnAdmin lists 'nam', which is neither a field nor a method of Product or of it; "
        "did you mean 'name'?",
    ),
    ({"exclude": ["name", "name"]}, "exclude has 'name' twice"),
    ({"raw_id_fields": ["makr"]}, "raw_id_fields has 'makr', which Product has not; did you mean 'maker'?"),
    ({"raw_id_fields": ["name"]}, "raw_id_fields has 'name', which is no relation"),
    ({"filter_horizontal": ["maker"]}, "filter_horizontal has 'maker', which is no many-to-many field"),
    ({"filter_vertical": ["name"]}, "filter_vertical has 'name', which is no many-to-many field"),
    ({"autocomplete_fields": ["makr"]}, "autocomplete_fields has 'makr', which Product has not; did you mean 'maker'?"),
    ({"autocomplete_fields": ["maker"]}, "autocomplete_fields has 'maker', and Maker is not in the admin"),
    (
        {"radio_fields": {"name": admin.VERTICAL}},
        "radio_fields has 'name', which is neither a foreign key nor a field with choices",
    ),
    ({"prepopulated_fields": ["slug"]}, "prepopulated_fields has to be a dict of a field's name and a list of others"),
    (
        {"prepopulated_fields": {"maker": ["name"]}},
        "prepopulated_fields has 'maker', which is no field that takes text",
    ),
    (
        {"prepopulated_fields": {"slug": ["nam"]}},
        "prepopulated_fields fills 'slug' from 'nam', which is no field; did you mean 'name'?",
    ),
]


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_options_that_lead_nowhere(options: dict[str, Any], text: str) -> None:
    """Each is told by its name, with what is wrong."""
    site = admin.AdminSite()
    site.register(Product, type("OwnAdmin", (admin.ModelAdmin,), options))
    assert check_site(site) == [f"OwnAdmin.{text}"]


def test_inlines_are_looked_at_too() -> None:
    """Whether they have a way to the model, and what their options say."""
    lines = type("Lines", (admin.StackedInline,), {"model": Line, "fields": ["tex"], "extra": "1"})
    site = admin.AdminSite()
    site.register(Product, inlines=[lines, OfTags])
    first, second = check_site(site)
    assert first == "Lines.extra is '1', and has to be a number"
    assert second.startswith("OfTags.model cannot be shown with Product: 'Tag' has no ForeignKey to 'Product'")
    lines.extra = 1  # type: ignore[attr-defined] # it has one
    assert check_site(site)[0] == "Lines.fields has 'tex', which Line has not; did you mean 'text'?"


def test_nothing_is_wrong_with_what_works(site: admin.AdminSite) -> None:
    """Methods, functions, paths, expressions, and attributes of the program's own."""

    class Fine(admin.ModelAdmin):
        list_display = ("__str__", "maker__name", "shout", lambda obj: obj.name, "price")
        list_display_links = None
        list_editable = ("price",)
        list_filter = ("maker__name", "tags", ("price", admin.NumberRangeFilter), "lines__text")
        search_fields = ("^name", "maker__name__iexact", "=pk", "lines__text")
        date_hierarchy = "created"
        ordering = ("-pk", "maker__name", "pk")
        fieldsets = ((None, {"fields": [("name", "shout"), "slug"]}),)
        readonly_fields = ("shout", "tags")
        radio_fields = {"kind": admin.HORIZONTAL, "maker": admin.VERTICAL}  # noqa: RUF012 - as users write it
        actions = ("shout_all", twice)
        inlines = (type("Lines", (admin.TabularInline,), {"model": Line}),)
        colour = "red"

        def shout(self, obj: Product) -> str:
            return obj.name.upper()

        def shout_all(self, request: Any, queryset: Any) -> None:
            """An action."""

    site.unregister(Product)
    site.register(Product, Fine)
    assert check_site(site) == []


def test_what_is_asked_for_later_is_not_looked_at() -> None:
    """Links of columns that a method gives, and formsets of one's own that fit."""

    class Later(admin.ModelAdmin):
        list_display_links = ("slug",)

        def get_list_display(self, request: Any) -> Any:
            return ("name", "slug")

    site = admin.AdminSite()
    lines = type("Lines", (admin.TabularInline,), {"model": Line, "formset": forms.BaseInlineFormSet})
    site.register(Product, Later, inlines=[lines])
    assert check_site(site) == []
    lines.formset = forms.ModelForm
    (text,) = check_site(site)
    assert text == f"Lines.formset is {forms.ModelForm!r}, and has to be a class derived from BaseModelFormSet"
