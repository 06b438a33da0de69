"""Foreign keys: their declarations, and the other side."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from spruce import db
from spruce.db.databases import current
from spruce.db.schema import tables_of
from spruce.errors import IntegrityError, ModelError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: db.ForeignKey("self", "CASCADE"),  # type: ignore[call-overload] # the point of the test
         "ForeignKey: on_delete is one of CASCADE, PROTECT, SET_NULL …, not 'CASCADE'"),
        (lambda: db.ForeignKey("self", db.SET_NULL), "ForeignKey: on_delete=SET_NULL needs null=True"),
        (lambda: db.ForeignKey(int, db.CASCADE),
         "ForeignKey takes a model with a table, or the name of one, not <class 'int'>"),
    ],
)  # fmt: skip
def test_declarations_that_cannot_work(make: Any, message: str) -> None:
    """Are refused where they stand."""
    with pytest.raises(ModelError) as refused:
        make()
    assert str(refused.value) == message


def test_the_other_side_needs_names_that_differ(shop: SimpleNamespace) -> None:
    """From fields there, and from each other."""
    for name, message in (
        ("name", "Clash.maker would be 'name' on Maker, which has a field of that name. "
                 "Give the ForeignKey another related_name."),
        ("category_set", "Clash.maker and Category.maker would both be 'category_set' on Maker. "
                         "Give one of them another related_name."),
    ):  # fmt: skip
        with pytest.raises(ModelError) as refused:
            type(db.Model)(
                "Clash",
                (db.Model,),
                {
                    "__module__": __name__,
                    "Meta": type("Meta", (), {"db_table": f"t_clash_{name}"}),
                    "maker": db.ForeignKey(shop.Maker, on_delete=db.CASCADE, related_name=name),
                },
            )
        assert str(refused.value) == message


class Sheet(db.Model):
    number = db.IntegerField(primary_key=True, db_column="Sheet Number")
    made = db.DateField()

    class Meta:
        db_table = "t_sheet"
        get_latest_by = "made"


class Remark(db.Model):
    sheet = db.ForeignKey(Sheet, on_delete=db.CASCADE, related_name="%(class)s_list", related_query_name="%(class)s")
    other = db.ForeignKey(Sheet, on_delete=db.CASCADE, null=True, db_constraint=False, related_name="+")

    class Meta:
        abstract = True


class Praise(Remark):
    class Meta:
        db_table = "t_praise"


class Blame(Remark):
    third = db.ForeignKey(Sheet, on_delete=db.CASCADE, null=True)

    class Meta:
        db_table = "t_blame"
        default_related_name = "blamed"


class PraiseSeen(db.Model):
    """The same table, which is made by the other model."""

    sheet = db.IntegerField(db_column="sheet_id")

    class Meta:
        db_table = "t_praise"
        managed = False


def test_a_key_whose_column_is_called_otherwise_can_be_pointed_to(shop: SimpleNamespace) -> None:
    """Also by spaces."""
    sheet = Sheet.objects.create(number=7, made=date(2024, 1, 1))
    made = Praise.objects.create(sheet=sheet)
    assert Praise.objects.select_related("sheet").get(sheet__made__year=2024).sheet == sheet
    with pytest.raises(IntegrityError), db.atomic():
        Praise.objects.create(sheet_id=8)
    assert Sheet.objects.get(praise=made) == sheet


def test_names_of_relations_of_abstract_models_hold_the_models_name(shop: SimpleNamespace) -> None:
    """For objects and queries; others are given by Meta."""
    sheet = Sheet.objects.create(number=7, made=date(2024, 1, 1))
    praise, blame = sheet.praise_list.create(), sheet.blame_list.create(third=sheet)
    assert (list(sheet.praise_list.all()), list(sheet.blame_list.all())) == ([praise], [blame])
    assert list(sheet.blamed.all()) == [blame]
    assert Sheet.objects.filter(praise=praise, blamed=blame).get() == sheet


def test_a_key_without_a_constraint(shop: SimpleNamespace) -> None:
    """May point to a row that is not there."""
    sheet = Sheet.objects.create(number=7, made=date(2024, 1, 1))
    assert Praise.objects.create(sheet=sheet, other_id=8).pk is not None
    assert [each.column.name for each in Praise.__table__.foreign_keys] == ["Sheet Number"]


def test_latest_by_what_meta_says(shop: SimpleNamespace) -> None:
    for number, day in ((1, 3), (2, 9), (3, 5)):
        Sheet.objects.create(number=number, made=date(2024, 1, day))
    assert (Sheet.objects.latest().pk, Sheet.objects.earliest().pk) == (2, 1)


def test_a_table_that_is_not_managed_is_not_made(shop: SimpleNamespace) -> None:
    """And may be that of another model."""
    Praise.objects.create(sheet=Sheet.objects.create(number=7, made=date(2024, 1, 1)))
    assert PraiseSeen.objects.get().sheet == 7
    assert PraiseSeen.__table__ not in tables_of(current()["default"])
    assert Praise.__table__ in tables_of(current()["default"])
