"""What would go with an object."""

from typing import Any

from spruce import App, admin, db
from spruce.admin.deletion import preview
from spruce.web.client import Client

from .conftest import Maker, Product, Review


def test_all_that_cascades(app: App) -> None:
    """By model, each object once."""
    with app.app_context():
        going = preview(list(Maker.objects.all()))
        assert going.groups == [
            ("makers", 2, ["Steiff", "熊猫"]), ("products", 2, ["Bear <b>", "Car"]), ("line", 1, ["soft"]),
        ]  # fmt: skip
        assert (going.total, going.protected) == (5, [])
        Review.objects.create(product=Product.objects.get(pk=1))
        assert preview([Product.objects.get(pk=1)]).protected == ["review: a review"]
        assert preview([]).groups == []


def test_rows_that_point_to_a_parent(app: App) -> None:
    """Go with an object whose row is in two tables."""

    class Shop(db.Model):
        name = db.CharField(max_length=20)

        class Meta:
            db_table = "t_admin_shop"
            app_label = "adminshop"

        def __str__(self) -> str:
            return self.name

    class Bakery(Shop):
        breads = db.IntegerField(default=1)

        class Meta:
            db_table = "t_admin_bakery"
            app_label = "adminshop"

    class Visit(db.Model):
        shop = db.ForeignKey(Shop, on_delete=db.CASCADE)

        class Meta:
            db_table = "t_admin_visit"
            app_label = "adminshop"

        def __str__(self) -> str:
            return "a visit"

    with app.app_context():
        db.create_all()
        made = Bakery.objects.create(name="b")
        Visit.objects.create(shop_id=made.pk)
        assert ("visit", 1, ["a visit"]) in preview([made]).groups


def test_an_object_that_may_not_be_deleted_does_not_go_with_another(
    root: Client, site: admin.AdminSite, app: App
) -> None:
    """Whether somebody may delete is asked of each object that would go, not of its kind alone."""

    class Kept(admin.ModelAdmin):
        def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
            return obj is None or obj.slug != "car"

    site.unregister(Product)
    site.register(Product, Kept)
    assert "You may not delete what would go with it: products." in root.get("/admin/adminshop/maker/1/delete/").text
    assert root.post("/admin/adminshop/maker/1/delete/").status_code == 409
    data = {"action": "delete_selected", "_selected_action": ["1"], "confirmed": "yes"}
    root.post("/admin/adminshop/maker/", data=data)
    with app.app_context():
        assert Product.objects.count() == 2
