"""Lists in a column of PostgreSQL."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db import postgres
from spruce.errors import DataError, FieldError, IntegrityError, ModelError

BACKENDS = ["postgresql", "psycopg"]


class Parcel(db.Model):
    tags = postgres.ArrayField(db.CharField(max_length=10), default=list)
    sizes = postgres.ArrayField(db.IntegerField(null=True), null=True, size=3)
    prices = postgres.ArrayField(db.DecimalField(max_digits=6, decimal_places=2), null=True)
    days = postgres.ArrayField(db.DateField(), null=True)
    board = postgres.ArrayField(postgres.ArrayField(db.IntegerField()), null=True)

    class Meta:
        db_table = "t_pg_parcel"
        indexes = (postgres.GinIndex(fields=["tags"]),)


PRIVATE = [db.registry.models.pop(Parcel._meta.db_table)]  # only a PostgreSQL can have its table


@pytest.fixture
def parcels(shop: SimpleNamespace) -> Any:
    Parcel.objects.create(tags=["a", "b"], sizes=[3, 1, None], prices=["1.5", 2], days=["2024-02-29"], board=[[1], [2]])
    Parcel.objects.create(tags=["b", "c"], sizes=[5])
    Parcel.objects.create()
    return Parcel.objects


def test_values_come_back_as_they_were(parcels: Any) -> None:
    """Each item as its field has it."""
    first = parcels.get(pk=1)
    assert (first.tags, first.sizes) == (["a", "b"], [3, 1, None])
    assert first.prices == [Decimal("1.50"), Decimal("2.00")]
    assert (first.days, first.board) == ([dt.date(2024, 2, 29)], [[1], [2]])
    assert (parcels.get(pk=3).tags, parcels.get(pk=3).sizes) == ([], None)
    first.tags.append("z")
    first.save()
    assert parcels.filter(pk=2).update(tags=["z"]) == 1
    assert parcels.filter(tags__contains=["z"]).count() == 2
    made = parcels.bulk_create([Parcel(tags=["m"]), Parcel(tags=["n"], sizes=[1])])
    assert parcels.get(pk=made[1].pk).sizes == [1]


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ({"tags": ["a", "b"]}, [1]),
        ({"tags": ()}, [3]),
        ({"tags__contains": ["b"]}, [1, 2]),
        ({"tags__contained_by": ["a", "b", "x"]}, [1, 3]),
        ({"tags__overlap": ["a", "c"]}, [1, 2]),
        ({"tags__len": 2}, [1, 2]),
        ({"tags__len__lt": 1}, [3]),
        ({"tags__0": "b"}, [2]),
        ({"tags__0__startswith": "a"}, [1]),
        ({"tags__0__in": ["a", "b"]}, [1, 2]),
        ({"tags__0_2": ["b", "c"]}, [2]),
        ({"tags__in": [["a", "b"], ["x"]]}, [1]),
        ({"sizes__isnull": True}, [3]),
        ({"sizes__1": 1}, [1]),
        ({"board__1__0": 2}, [1]),
        ({"prices__contains": [1.5]}, [1]),
        ({"tags__contains": db.F("tags")}, [1, 2, 3]),
    ],
)
def test_lookups(parcels: Any, keywords: dict[str, Any], found: list[int]) -> None:
    """Of whole lists, of their length, of one item and of a part."""
    assert list(parcels.filter(**keywords).order_by("pk").values_list("pk", flat=True)) == found


def test_items_in_other_places(parcels: Any) -> None:
    """Read, ordered by, and not what is excluded."""
    assert list(parcels.order_by("-tags__0", "pk").exclude(tags=[]).values_list("tags__0", "sizes__len")) == [
        ("b", 1),
        ("a", 3),
    ]
    assert list(parcels.exclude(tags__contains=["a"]).order_by("pk").values_list("pk", flat=True)) == [2, 3]


def test_what_does_not_fit(parcels: Any) -> None:
    """Is refused with the place in which it stands."""
    with pytest.raises(DataError) as text:
        Parcel(tags="ab").save()
    assert str(text.value) == "Parcel.tags cannot hold 'ab': it is no list"
    with pytest.raises(DataError) as long:
        Parcel(sizes=[1, 2, 3, 4]).save()
    assert str(long.value) == "Parcel.sizes cannot hold [1, 2, 3, 4]: it has 4 items, and size=3"
    with pytest.raises(DataError, match=r"Parcel\.tags cannot hold .*: Parcel\.tags\[\] cannot hold 'a"):
        Parcel(tags=["a" * 15]).save()
    with pytest.raises(IntegrityError, match=r"Parcel\.tags\[\] must not be None"):
        Parcel(tags=[None]).save()
    with pytest.raises(FieldError) as wrong:
        parcels.filter(tags__contain=["a"])
    assert "ArrayField Parcel.tags has no lookup 'contain'" in str(wrong.value)
    with pytest.raises(ModelError, match="takes a field that is no relation"):
        postgres.ArrayField(db.ForeignKey("Parcel", on_delete=db.CASCADE))


@pytest.mark.sqlite
def test_other_databases_say_so() -> None:
    """When the table is made, or is looked into."""
    with pytest.raises(ModelError) as refused:
        db.create_all(models=[Parcel])
    assert "an ArrayField needs PostgreSQL, and this database is sqlite" in str(refused.value)
    with pytest.raises(ModelError, match="an ArrayField needs PostgreSQL"):
        Parcel.objects.filter(tags__contains=["a"]).exists()
