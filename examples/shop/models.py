"""What the shop keeps: customers, categories, products and orders."""

from decimal import Decimal

from spruce import db
from spruce.auth import AbstractEmailUser

__all__ = ["Category", "Customer", "Order", "Product"]


class Customer(AbstractEmailUser):
    """Somebody with an account, who logs in by e-mail."""


class Category(db.Model):
    """A shelf of the shop."""

    slug = db.CharField(max_length=30, unique=True)
    name_en = db.CharField(max_length=50)
    name_zh = db.CharField(max_length=50)

    class Meta:
        ordering = ["id"]

    def name(self, language: str) -> str:
        """The name in this language."""
        return self.name_zh if language == "zh" else self.name_en


class Product(db.Model):
    """A thing that is for sale. Its art is a drawing of static/art.svg, coloured by its tone."""

    category = db.ForeignKey(Category, on_delete=db.PROTECT, related_name="products")
    name_en = db.CharField(max_length=80)
    name_zh = db.CharField(max_length=80)
    description_en = db.TextField()
    description_zh = db.TextField()
    price = db.DecimalField(max_digits=10, decimal_places=2)
    stock = db.IntegerField(default=0)
    art = db.CharField(max_length=20)
    tone = db.CharField(max_length=20)

    class Meta:
        ordering = ["id"]

    def name(self, language: str) -> str:
        """The name in this language."""
        return self.name_zh if language == "zh" else self.name_en

    def description(self, language: str) -> str:
        """The description in this language."""
        return self.description_zh if language == "zh" else self.description_en


class Order(db.Model):
    """What somebody ordered. The number cannot be guessed: who knows it may see the order."""

    number = db.CharField(max_length=19, unique=True)
    product = db.ForeignKey(Product, on_delete=db.PROTECT, related_name="orders")
    product_id: int  # what the foreign key holds, read without fetching the product
    quantity = db.IntegerField()
    price = db.DecimalField(max_digits=10, decimal_places=2)
    name = db.CharField(max_length=60)
    contact = db.CharField(max_length=120)
    customer = db.ForeignKey(Customer, on_delete=db.SET_NULL, null=True, related_name="orders")
    created = db.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "shop_order"  # ORDER alone is a word of SQL
        ordering = ["-created"]

    @property
    def total(self) -> Decimal:
        """What the whole order costs."""
        return self.price * self.quantity
