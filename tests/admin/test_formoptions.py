"""Fields of forms, and rights down to the field."""

import json
from typing import Any

import pytest

from spruce import App, admin, db, forms
from spruce.web.client import Client

from .conftest import Line, Maker, Product, edited

LIST = "/admin/adminshop/product/"
PATH = f"{LIST}1/change/"


class Careful(admin.ModelAdmin):
    """Nobody sees notes and slugs, and nobody changes prices."""

    list_display = ("name", "slug", "price", "maker")
    list_filter = ("slug", "kind")
    list_editable = ("price",)
    search_fields = ("slug", "^name")
    date_hierarchy = "created"

    def has_field_permission(self, request: Any, name: str, obj: Any = None, action: str = "change") -> bool:
        if action == "view":
            return name not in ("note", "slug", "created")
        return name != "price"


@pytest.fixture
def careful(site: admin.AdminSite) -> Any:
    """Products with rights for their fields."""
    site.unregister(Product)
    site.register(Product, Careful)
    return site.find("adminshop", "product")


def test_what_may_not_be_seen_is_nowhere(root: Client, careful: Any, app: App) -> None:
    """In lists, filters, the search, pages, files and the history."""
    with app.app_context():
        Product.objects.filter(pk=1).update(note="secret note", slug="secret-slug")
    page = root.get(LIST).text
    assert ("Slug" in page, "secret" in page, "By Kind" in page, 'class="dates"' in page) == (False, False, True, False)
    assert "2 in all" in root.get(f"{LIST}?slug=other").text
    assert "Nothing found." in root.get(f"{LIST}?q=secret").text
    page = root.get(PATH).text
    assert ('name="name"' in page, "secret" in page, 'name="slug"' in page) == (True, False, False)
    answer = root.get(f"{LIST}export/json")
    assert [row["name"] for row in json.loads(answer.text)] == ["Car", "Bear <b>"]
    assert "secret" not in answer.text
    with app.app_context():
        made = Product.objects.get(pk=1)
        user = type("User", (), {"pk": 1, "__str__": lambda self: "root"})()
        changes = [{"name": name, "field": name, "before": "old", "after": "secret"} for name in ("name", "note")]
        careful.log_change(type("Request", (), {"user": user})(), made, changes)
    page = root.get(f"{LIST}1/history/").text
    assert page.count("secret") == 1


def test_what_may_not_be_changed_is_shown(root: Client, careful: Any, app: App) -> None:
    """And isn't written, whatever is sent."""
    page = root.get(PATH).text
    assert ('name="price"' in page, "19.90" in page) == (False, True)
    assert root.post(PATH, data=edited(root, PATH, price="1", note="x")).status_code == 303
    assert "row-1-price" not in root.get(LIST).text
    with app.app_context():
        made = Product.objects.get(pk=1)
        assert (str(made.price), made.note, made.name) == ("19.90", "", "Bear")


def test_hooks_for_fields(root: Client, site: admin.AdminSite, app: App) -> None:
    """Of relations, of choices, of all; each is given the request."""

    class Hooked(admin.ModelAdmin):
        def formfield_for_foreignkey(self, db_field: Any, request: Any = None, **options: Any) -> Any:
            options["queryset"] = Maker.objects.filter(pk=1)
            return super().formfield_for_foreignkey(db_field, request, **options)

        def formfield_for_manytomany(self, db_field: Any, request: Any = None, **options: Any) -> Any:
            return super().formfield_for_manytomany(db_field, request, label=f"For {request.user}", **options)

        def formfield_for_choice_field(self, db_field: Any, request: Any = None, **options: Any) -> Any:
            return super().formfield_for_choice_field(db_field, request, choices=[("t", "Only")], **options)

        def formfield_for_dbfield(self, db_field: Any, request: Any = None, **options: Any) -> Any:
            made = super().formfield_for_dbfield(db_field, request, **options)
            if db_field.name == "name":
                made.help_text = "Call it something"
            return made

    site.unregister(Product)
    site.register(Product, Hooked)
    page = root.get(PATH).text
    for text in ("For root", ">Only</option>", "Call it something", ">Steiff</option>"):
        assert text in page
    assert "熊猫" not in page


def test_widgets_that_options_ask_for(site: admin.AdminSite) -> None:
    """Overrides hold for kinds of fields, and what a field's own option says comes before."""

    class Odd(admin.ModelAdmin):
        formfield_overrides = {db.TextField: {"widget": forms.TextInput}, db.ForeignKey: {"help_text": "Whose?"}}  # noqa: RUF012 - as users write it
        radio_fields = {"kind": admin.HORIZONTAL, "maker": admin.VERTICAL}  # noqa: RUF012 - as users write it

    made = Odd(Product, site)
    request = type("Request", (), {"user": None})()
    known = {
        name: made.formfield_for_dbfield(Product._meta.get_field(name), request) for name in ("note", "kind", "maker")
    }
    assert isinstance(known["note"].widget, forms.TextInput)
    assert known["kind"].widget.attrs["class"] == "radios across"
    assert (known["maker"].widget.attrs["class"], known["maker"].help_text) == ("radios", "Whose?")
    assert known["maker"].empty_label is None


def test_relations_offer_rows_in_the_order_of_their_list(site: admin.AdminSite, app: App) -> None:
    """If their model is in the admin with one."""
    shown: Any = site.find("adminshop", "maker")
    products = site.find("adminshop", "product")
    shown.ordering = ("-name",)
    with app.app_context():
        made = products.formfield_for_dbfield(Product._meta.get_field("maker"), None)
        assert [str(each) for each in made.queryset] == ["熊猫", "Steiff"]
        assert products.get_field_queryset(Line._meta.get_field("product"), None) is None


def test_a_field_of_another_model_is_hidden_where_its_own_admin_hides_it(
    root: Client, site: admin.AdminSite, app: App
) -> None:
    """Also at the end of a path: in columns, filters, the search and read-only fields."""

    class Secretive(admin.ModelAdmin):
        def has_field_permission(self, request: Any, name: str, obj: Any = None, action: str = "change") -> bool:
            return name != "name"

    class Nosy(admin.ModelAdmin):
        list_display = ("slug", "maker__name")
        list_filter = ("maker__name",)
        search_fields = ("maker__name", "slug")
        fields = ("slug", "maker__name")
        readonly_fields = ("maker__name",)
        export_fields = ("slug", "maker__name")

    site.unregister([Product, Maker])
    site.register(Maker, Secretive)
    site.register(Product, Nosy)
    for page in ("", "?q=steiff", "?maker__name=Steiff", "1/change/", "export/csv"):
        text = root.get(f"/admin/adminshop/product/{page}").text
        assert (">Steiff<" in text, ",Steiff" in text) == (False, False)
    assert "Nothing found." in root.get("/admin/adminshop/product/?q=steiff").text
