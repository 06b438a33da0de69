"""Indexes of a model's Meta."""

from typing import Any

import pytest

from spruce import db
from spruce.db.databases import current
from spruce.db.transactions import connection
from spruce.errors import FieldError, ModelError


class Shared(db.Model):
    name = db.CharField(max_length=20)

    class Meta:
        abstract = True
        indexes = (db.Index(fields=["name"], name="%(class)s_by_name"),)


class Parcel(Shared):
    sent = db.DateTimeField(null=True)
    weight = db.IntegerField(default=0)

    class Meta(Shared.Meta):
        db_table = "t_parcel"
        db_table_comment = "what is sent"
        indexes = (
            *Shared.Meta.indexes,
            db.Index(fields=["-sent", "weight"]),
            db.Index(db.Lower("name").desc(), db.F("weight") * 2, name="parcel_odd"),
            db.Index(fields=["weight"], name="parcel_heavy", condition=db.Q(weight__gt=100)),
        )


def made() -> dict[str, str]:
    rows = connection(current()["default"]).rows("SELECT name, sql FROM sqlite_master WHERE sql LIKE '%INDEX%'", ())
    return {name: sql for name, sql in rows if "t_parcel" in sql}


def test_create_all_makes_them() -> None:
    """With order, expressions and conditions; names of abstract models become the model's."""
    db.create_all()
    assert made() == {
        "parcel_by_name": "CREATE INDEX parcel_by_name ON t_parcel (name)",
        "t_parcel_sent_weight_idx": "CREATE INDEX t_parcel_sent_weight_idx ON t_parcel (sent DESC, weight)",
        "parcel_odd": "CREATE INDEX parcel_odd ON t_parcel (lower(name) DESC, (weight * 2))",
        "parcel_heavy": "CREATE INDEX parcel_heavy ON t_parcel (weight) WHERE (weight > 100)",
    }
    assert Parcel.__table__.comment == "what is sent"


def test_a_query_uses_them() -> None:
    """As the database says itself."""
    db.create_all()
    assert "parcel_by_name" in Parcel.objects.filter(name="x").explain()


def test_a_model_without_a_meta_inherits_one() -> None:
    """But for its table and for being abstract."""

    class Letter(Shared):
        pass

    assert [index.parts for index in Letter._meta.indexes] == [("name",)]
    assert (Letter._meta.db_table, Letter._meta.abstract) == ("letter", False)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: db.Index(), ModelError, "an Index is of fields or of expressions: give one of both"),
        (lambda: db.Index(db.Lower("name")), ModelError,
         "an Index of expressions or with a condition needs a name"),
        (lambda: db.Index(fields=["nam"]).element(Parcel, Parcel.__table__), FieldError,
         "Parcel has no field 'nam'; did you mean 'name'?"),
        (lambda: db.Index(db.Count("name"), name="x").element(Parcel, Parcel.__table__), FieldError,
         "aggregate cannot stand in the definition of a table"),
    ],
)  # fmt: skip
def test_what_cannot_be_declared(make: Any, error: type[Exception], message: str) -> None:
    """Says what is wrong."""
    with pytest.raises(error) as refused:
        make()
    assert str(refused.value) == message
