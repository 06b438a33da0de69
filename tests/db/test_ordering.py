"""Orders."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from spruce import db
from spruce.db.ordering import directed
from spruce.errors import ModelError


@pytest.mark.parametrize(
    ("down", "nulls", "sql"),
    [
        (False, "", "c"),
        (True, "", "c DESC"),
        (False, "first", "c ASC NULLS FIRST"),
        (True, "last", "c DESC NULLS LAST"),
    ],
)
def test_directions(down: bool, nulls: str, sql: str) -> None:
    """As SQL spells them."""
    assert str(directed(sa.column("c"), down, nulls)) == sql


def test_parts_of_dates_are_ordered_by(stocked: SimpleNamespace) -> None:
    """Names may end in a part."""
    dated = stocked.Product.objects.exclude(day=None)
    assert list(dated.order_by("day__day", "-id").values_list("pk", flat=True)) == [4, 2, 1]


class Shelf(db.Model):
    label = db.CharField(max_length=20, null=True)

    class Meta:
        db_table = "t_o_shelf"
        ordering = (db.F("label").desc(nulls_last=True), db.Lower("label"))


class Jar(db.Model):
    shelf = db.ForeignKey(Shelf, on_delete=db.CASCADE)

    class Meta:
        db_table = "t_o_jar"
        ordering = ("shelf", "-pk")


def test_models_are_ordered_by_expressions(shop: SimpleNamespace) -> None:
    """Also those that point to them, and backwards."""
    for label in ("a", None, "b"):
        Jar.objects.create(shelf=Shelf.objects.create(label=label))
    assert [each.label for each in Shelf.objects.all()] == ["b", "a", None]
    assert [each.label for each in Shelf.objects.reverse()] == [None, "a", "b"]
    assert [each.shelf.label for each in Jar.objects.all()] == ["b", "a", None]
    with pytest.raises(ModelError) as refused:
        type(db.Model)(
            "Odd", (db.Model,), {"__module__": __name__, "Meta": type("Meta", (), {"ordering": (db.Value(1),)})}
        )
    assert str(refused.value) == "Odd.Meta.ordering holds the value 1. It takes fields, and terms of them."
