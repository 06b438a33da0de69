"""What the shop keeps: customers, categories, products, orders and their lines."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePath
from secrets import token_hex
from typing import ClassVar

from spruce import db
from spruce.auth import AbstractEmailUser
from spruce.i18n import gettext_lazy as _

__all__ = ["CANCELLED", "NEW", "PAID", "SHIPPED", "Category", "Customer", "Order", "OrderLine", "Product"]

NEW, PAID, SHIPPED, CANCELLED = "new", "paid", "shipped", "cancelled"


def image_path(product: "Product", name: str) -> str:
    """Where an image of a product is kept: under a name that says nothing, and that nobody else's has."""
    return f"products/{token_hex(8)}{PurePath(name).suffix.lower()}"


def now() -> datetime:
    """The present time."""
    return datetime.now(UTC)


class Customer(AbstractEmailUser):
    """Somebody with an account, who logs in by e-mail."""

    class Meta:
        app_label = "shop"
        verbose_name = _("customer")
        verbose_name_plural = _("customers")


class Category(db.Model):
    """A shelf of the shop."""

    slug = db.CharField(max_length=30, unique=True, verbose_name=_("Name in addresses"))
    name_en = db.CharField(max_length=50, verbose_name=_("Name in English"))
    name_zh = db.CharField(max_length=50, verbose_name=_("Name in Chinese"))

    class Meta:
        app_label = "shop"
        ordering = ["id"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return f"{self.name_en} · {self.name_zh}"

    def name(self, language: str) -> str:
        """The name in this language."""
        return self.name_zh if language == "zh" else self.name_en


class Product(db.Model):
    """A thing that is for sale, with an image, or else a drawing of static/art.svg that its tone colours."""

    category = db.ForeignKey(Category, on_delete=db.PROTECT, related_name="products", verbose_name=_("Category"))
    name_en = db.CharField(max_length=80, verbose_name=_("Name in English"))
    name_zh = db.CharField(max_length=80, verbose_name=_("Name in Chinese"))
    description_en = db.TextField(verbose_name=_("Description in English"))
    description_zh = db.TextField(verbose_name=_("Description in Chinese"))
    price = db.DecimalField(max_digits=10, decimal_places=2, verbose_name=_("Price"))
    stock = db.IntegerField(default=0, verbose_name=_("Stock"))
    image = db.ImageField(verbose_name=_("Image"), upload_to=image_path, blank=True)
    art = db.CharField(max_length=20, default="canister", verbose_name=_("Drawing"))
    tone = db.CharField(max_length=20, default="moss", verbose_name=_("Colour of the drawing"))

    class Meta:
        app_label = "shop"
        db_table = "shop_product"
        ordering = ["id"]
        verbose_name = _("product")
        verbose_name_plural = _("products")

    def __str__(self) -> str:
        return f"{self.name_en} · {self.name_zh}"

    def name(self, language: str) -> str:
        """The name in this language."""
        return self.name_zh if language == "zh" else self.name_en

    def description(self, language: str) -> str:
        """The description in this language."""
        return self.description_zh if language == "zh" else self.description_en


class Order(db.Model):
    """What somebody ordered. The number cannot be guessed: who knows it may see the order."""

    STATUSES: ClassVar = {NEW: _("new"), PAID: _("paid"), SHIPPED: _("shipped"), CANCELLED: _("cancelled")}

    number = db.CharField(max_length=19, unique=True, verbose_name=_("Number"))
    status = db.CharField(max_length=10, choices=list(STATUSES.items()), default=NEW, verbose_name=_("Status"))
    name = db.CharField(max_length=60, verbose_name=_("Name"))
    contact = db.CharField(max_length=120, verbose_name=_("Contact"))
    customer = db.ForeignKey(
        Customer, on_delete=db.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("Customer")
    )
    created = db.DateTimeField(default=now, db_index=True, editable=False, verbose_name=_("Placed"))

    class Meta:
        app_label = "shop"
        db_table = "shop_orders"  # ORDER alone is a word of SQL
        ordering = ["-created"]
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [
            ("pay_order", "Can note that an order was paid"),
            ("ship_order", "Can ship an order"),
            ("cancel_order", "Can cancel an order"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total(self) -> Decimal:
        """What the whole order costs."""
        return sum((line.total for line in self.lines.all()), start=Decimal(0))


class OrderLine(db.Model):
    """So many of one product, at the price that it had when it was ordered."""

    order = db.ForeignKey(Order, on_delete=db.CASCADE, related_name="lines", verbose_name=_("Order"))
    product = db.ForeignKey(Product, on_delete=db.PROTECT, related_name="lines", verbose_name=_("Product"))
    product_id: int  # what the foreign key holds, read without fetching the product
    quantity = db.PositiveIntegerField(verbose_name=_("Quantity"))
    price = db.DecimalField(max_digits=10, decimal_places=2, verbose_name=_("Price"))

    class Meta:
        app_label = "shop"
        ordering = ["id"]
        verbose_name = _("line")
        verbose_name_plural = _("lines")

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def total(self) -> Decimal:
        """What the line costs."""
        return self.price * self.quantity
