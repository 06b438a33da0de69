"""What type checkers know of models: each assertion is theirs to make, none of this runs."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, assert_type

import sqlalchemy as sa

from spruce import db
from spruce.db.connected import ManyManager
from spruce.db.files import FieldFile
from spruce.db.images import ImageFieldFile


class Size(db.TextChoices):
    SMALL = "s", "quite small"


class Maker(db.Model):
    name = db.CharField(max_length=50)


class Tag(db.Model):
    name = db.CharField(max_length=20)


class ProductQuerySet(db.QuerySet["Product"]):
    def cheap(self) -> ProductQuerySet:
        return self.filter(price__lt=10)


class Product(db.Model):
    name = db.CharField(max_length=80)
    note = db.TextField(null=True)
    size = db.CharField(max_length=1, choices=Size, default=Size.SMALL)
    price = db.DecimalField(max_digits=8, decimal_places=2)
    weight = db.FloatField(null=True)
    stock = db.IntegerField(default=0)
    sold = db.PositiveBigIntegerField(null=True)
    active = db.BooleanField(default=True)
    made = db.DateTimeField(auto_now_add=True)
    day = db.DateField(null=True)
    opens = db.TimeField(null=True)
    took = db.DurationField()
    key = db.UUIDField(default=uuid.uuid4)
    raw = db.BinaryField(null=True)
    mail = db.EmailField(null=True)
    address = db.GenericIPAddressField(null=True)
    data = db.JSONField(default=dict)
    total = db.GeneratedField(
        expression=db.F("price") * db.F("stock"),
        output_field=db.DecimalField(max_digits=8, decimal_places=2),
        db_persist=True,
    )
    paper = db.FileField()
    photo = db.ImageField()
    maker = db.ForeignKey(Maker, on_delete=db.CASCADE)
    seller = db.ForeignKey(Maker, on_delete=db.SET_NULL, null=True, related_name="sells")
    twin = db.OneToOneField("self", on_delete=db.SET_NULL, null=True)
    best = db.OneToOneField(Maker, on_delete=db.SET_NULL, null=True, related_name="best_product")
    tags = db.ManyToManyField(Tag)


def values(product: Product) -> None:
    """What an attribute of an object is; None where the field may be null."""
    assert_type(product.name, str)
    assert_type(product.note, str | None)
    assert_type(product.size, str)
    assert_type(product.price, Decimal)
    assert_type(product.weight, float | None)
    assert_type(product.stock, int)
    assert_type(product.sold, int | None)
    assert_type(product.active, bool)
    assert_type(product.made, dt.datetime)
    assert_type(product.day, dt.date | None)
    assert_type(product.opens, dt.time | None)
    assert_type(product.took, dt.timedelta)
    assert_type(product.key, uuid.UUID)
    assert_type(product.raw, bytes | None)
    assert_type(product.mail, str | None)
    assert_type(product.address, str | None)
    assert_type(product.total, Decimal)
    assert_type(product.paper, FieldFile)
    assert_type(product.photo, ImageFieldFile)
    assert_type(product.photo.width, int)


def relations(product: Product) -> None:
    """Objects of the other model; a model that is named by a text is not known."""
    assert_type(product.maker, Maker)
    assert_type(product.seller, Maker | None)
    assert_type(product.best, Maker | None)
    assert_type(product.twin, Any)
    assert_type(product.tags, ManyManager[Tag])
    assert_type(product.tags.first(), Tag | None)
    assert_type([tag.name for tag in product.tags.filter(name="x")], list[str])


def classes() -> None:
    """What an attribute of a class is: a column of SQLAlchemy's."""
    assert_type(Product.name, sa.Column[str])
    assert_type(Product.note, sa.Column[str | None])
    assert_type(Product.price > 10, sa.ColumnElement[bool])
    assert_type(Size.SMALL.label, str)


def queries() -> None:
    """What queries give."""
    everything = Product.objects.all()
    assert_type(everything, db.QuerySet[Product, Product])
    assert_type(everything.filter(name="x").exclude(stock=0).order_by("name"), db.QuerySet[Product, Product])
    assert_type(everything[0], Product)
    assert_type(everything[:10], db.QuerySet[Product, Product])
    assert_type(list(everything), list[Product])
    assert_type(everything.get(pk=1), Product)
    assert_type(everything.first(), Product | None)
    assert_type(everything.values("name").get(), dict[str, Any])
    assert_type(Product.objects.create(name="x"), Product)
    assert_type(Product.objects.get_or_create(name="x"), tuple[Product, bool])
    assert_type(everything.in_bulk([1]), dict[Any, Product])
    assert_type(everything.annotate(n=db.Count("tags")).select_related("maker").last(), Product | None)
    assert_type(everything.count(), int)
    assert_type(everything.exists(), bool)
    assert_type(everything.aggregate(db.Sum("price")), dict[str, Any])
    assert_type(everything.delete(), tuple[int, dict[str, int]])
    assert_type(db.get_object_or_404(Product, pk=1), Product)
    assert_type(db.get_list_or_404(everything, stock=0), list[Product])


def own_queries(cheap: ProductQuerySet) -> None:
    """The steps of a QuerySet class of one's own give the same class."""
    assert_type(cheap.filter(stock=1), ProductQuerySet)
    assert_type(cheap.filter(stock=1).cheap().order_by("price"), ProductQuerySet)
    assert_type(cheap.get(), Product)


def mistakes(product: Product) -> None:
    """Each of these lines is an error, and a checker that finds none complains of the comment."""
    product.name = 3  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
    product.name = None  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
    product.stock = "many"  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
    product.maker = None  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
    product.seller = product  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
    product.note.upper()  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess]
    Product.objects.all().filtr()  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]
    db.CharField(max_len=3)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
    db.ForeignKey(Maker)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
