"""A shop with an admin: its models, and people with different rights."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.auth.people import PASSWORD, settings

from spruce import App, admin, db, events
from spruce.auth import get_user_model
from spruce.auth.models import Permission
from spruce.db.databases import Databases
from spruce.web.client import Client


class Maker(db.Model):
    name = db.CharField(max_length=50, unique=True)

    class Meta:
        db_table = "t_admin_maker"
        ordering = ("name",)
        app_label = "adminshop"

    def __str__(self) -> str:
        return self.name


class Tag(db.Model):
    name = db.CharField(max_length=50)

    class Meta:
        db_table = "t_admin_tag"
        app_label = "adminshop"

    def __str__(self) -> str:
        return self.name


class Product(db.Model):
    name = db.CharField(max_length=80)
    slug = db.SlugField(unique=True)
    price = db.DecimalField(max_digits=8, decimal_places=2, default=1)
    stock = db.IntegerField(default=0)
    active = db.BooleanField(default=True)
    kind = db.CharField(max_length=1, choices=[("t", "Toy"), ("b", "Book")], default="t")
    maker = db.ForeignKey(Maker, on_delete=db.CASCADE, related_name="products")
    tags = db.ManyToManyField(Tag, blank=True)
    note = db.TextField(blank=True, help_text="For <us>")
    created = db.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "t_admin_product"
        app_label = "adminshop"

    def __str__(self) -> str:
        return self.name


class Line(db.Model):
    product = db.ForeignKey(Product, on_delete=db.CASCADE, related_name="lines")
    text = db.CharField(max_length=40)

    class Meta:
        db_table = "t_admin_line"
        app_label = "adminshop"

    def __str__(self) -> str:
        return self.text


class Review(db.Model):
    product = db.ForeignKey(Product, on_delete=db.PROTECT, related_name="reviews")

    class Meta:
        db_table = "t_admin_review"
        app_label = "adminshop"

    def __str__(self) -> str:
        return "a review"


class LineInline(admin.TabularInline):
    model = Line


@admin.action(description="Hide", permissions=["change"], confirm=True)
def hide(model_admin: Any, request: Any, queryset: Any) -> None:
    queryset.update(active=False)


class ProductAdmin(admin.ModelAdmin):
    list_display = ("name", "price", "active", "kind", "maker", "created", "loud")
    list_filter = ("active", "kind", "maker", "created")
    search_fields = ("name", "maker__name")
    date_hierarchy = "created"
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 - as users write it
    fieldsets = (
        (None, {"fields": ("name", "slug", ("price", "stock"), "active", "kind", "maker")}),
        ("More", {"fields": ("tags", "note", "created"), "classes": ["collapse"]}),
    )
    readonly_fields = ("created",)
    inlines = (LineInline,)
    actions = (hide,)
    list_per_page = 20

    @admin.display(description="Loud", ordering="name")
    def loud(self, obj: Product) -> str:
        return obj.name.upper()


@pytest.fixture
def site() -> admin.AdminSite:
    """An admin of the shop."""
    made = admin.AdminSite()
    made.register(Product, ProductAdmin)
    made.register(Maker, search_fields=("name",))
    made.register([Tag, Line])
    return made


@pytest.fixture
def app(site: admin.AdminSite, tmp_path: Path) -> Iterator[App]:
    """An app with the admin, a few objects, and people: root, seer (who may view), helper (without rights), anna."""
    app = App("adminshop", static_folder=None, **settings(tmp_path))
    site.init_app(app)
    with app.app_context():
        db.create_all()
        users = get_user_model().objects
        users.create_superuser("root", "root@example.com", PASSWORD)
        seer = users.create_user("seer", "seer@example.com", PASSWORD, is_staff=True)
        users.create_user("helper", "helper@example.com", PASSWORD, is_staff=True)
        users.create_user("anna", "anna@example.com", PASSWORD)
        rights = Permission.objects.filter(app_label="adminshop", codename__startswith="view_")
        seer.user_permissions.set(list(rights))
        steiff = Maker.objects.create(name="Steiff")
        Maker.objects.create(name="熊猫")
        Tag.objects.create(name="red")
        bear = Product.objects.create(name="Bear <b>", slug="bear", price="19.90", stock=3, maker=steiff)
        Product.objects.create(name="Car", slug="car", price="5", kind="b", active=False, maker=steiff)
        Line.objects.create(product=bear, text="soft")
    yield app
    databases = app.config.resources.get("spruce.db")
    if isinstance(databases, Databases):
        databases.close()


@pytest.fixture
def log_in(app: App) -> Callable[[str], Client]:
    """Make a browser in which somebody is logged in; nobody for an empty name."""

    def make(name: str) -> Client:
        client = app.test_client()
        if name:
            answer = client.post("/accounts/login/", data={"username": name, "password": PASSWORD})
            assert answer.status_code == 303
        return client

    return make


@pytest.fixture
def root(log_in: Callable[[str], Client]) -> Client:
    """A browser in which somebody is logged in who may do everything."""
    return log_in("root")


@pytest.fixture
def queries() -> Iterator[list[str]]:
    """The SQL of each statement that runs during the test."""
    seen: list[str] = []
    leave = events.db_query.subscribe(lambda event: seen.append(str(event["sql"])))
    yield seen
    leave()


def edited(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """What a browser sends that shows a page of a product and changes some of it."""
    page = client.get(path).text
    found = re.search(r'name="_version" value="(\w+)"', page)
    sent = {
        "name": "Bear", "slug": "bear", "price": "19.90", "stock": "3", "active": "on", "kind": "t", "maker": "1",
        "tags": [], "note": "", "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "1", "lines-0-id": "1",
        "lines-0-text": "soft", "_version": found[1] if found else "",
    }  # fmt: skip
    return {**sent, **changes}
