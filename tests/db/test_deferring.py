"""Constraints that wait for the end of the transaction."""

from typing import Any

import pytest

from spruce import db
from spruce.errors import ForeignKeyViolation, IntegrityError, ModelError, UniqueViolation


class Seat(db.Model):
    row = db.IntegerField(null=True)
    place = db.IntegerField(null=True)

    class Meta:
        db_table = "t_deferring_seat"
        constraints = (
            db.UniqueConstraint(fields=["row"], name="seat_row", deferrable=db.Deferrable.DEFERRED),
            db.UniqueConstraint(fields=["place"], name="seat_place", deferrable=db.Deferrable.IMMEDIATE),
        )


class Part(db.Model):
    whole = db.ForeignKey("self", db.CASCADE, null=True, deferrable=db.Deferrable.DEFERRED)

    class Meta:
        db_table = "t_deferred_part"


def swap(first: Seat, second: Seat, name: str) -> None:
    """Let each have what the other had, by one statement for each."""
    with db.atomic():
        one, two = getattr(first, name), getattr(second, name)
        Seat.objects.filter(pk=first.pk).update(**{name: two})
        Seat.objects.filter(pk=second.pk).update(**{name: one})


def book(row: int) -> None:
    """Another seat in a row, which is counted before the end."""
    with db.atomic():
        Seat.objects.create(row=row)
        assert Seat.objects.filter(row=row).count() == 2


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_is_unique_may_wait_for_the_commit() -> None:
    """Rows change places; what is wrong at the end is told, and undone."""
    db.create_all(models=[Seat])
    first, second = Seat.objects.create(row=1, place=1), Seat.objects.create(row=2, place=2)
    swap(first, second, "row")
    assert list(Seat.objects.order_by("id").values_list("row", flat=True)) == [2, 1]
    with pytest.raises(UniqueViolation, match="must be unique, and another row has the same value"):
        swap(first, second, "place")
    with db.atomic():
        db.execute("SET CONSTRAINTS seat_place DEFERRED")
        Seat.objects.filter(pk=first.pk).update(place=2)
        Seat.objects.filter(pk=second.pk).update(place=1)
    with pytest.raises(UniqueViolation):
        book(1)
    assert Seat.objects.count() == 2


@pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
def test_a_database_that_cannot_wait_holds_it_at_once() -> None:
    """So that nothing is there twice."""
    db.create_all(models=[Seat])
    first, second = Seat.objects.create(row=1), Seat.objects.create(row=2)
    with pytest.raises(IntegrityError):
        swap(first, second, "row")


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
def test_a_foreign_key_may_wait_for_the_commit() -> None:
    """What points to a row may be written before it; what points to none at the end is undone."""
    db.create_all(models=[Part])
    with db.atomic():
        Part.objects.create(id=1, whole_id=2)
        Part.objects.create(id=2)
    with pytest.raises(ForeignKeyViolation):
        orphan()
    assert list(Part.objects.order_by("id").values_list("id", "whole_id")) == [(1, 2), (2, None)]


def orphan() -> None:
    """A part of what is never written."""
    with db.atomic():
        Part.objects.create(id=3, whole_id=99)
        assert Part.objects.count() == 3


@pytest.mark.parametrize("backend", ["mariadb"], indirect=True)
def test_a_foreign_key_waits_nowhere_else() -> None:
    """It holds at once."""
    db.create_all(models=[Part])
    with pytest.raises(ForeignKeyViolation):
        Part.objects.create(whole_id=99)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: db.UniqueConstraint(fields=["a"], name="x", deferrable="DEFERRED"),  # type: ignore[arg-type] # the test
         "the UniqueConstraint 'x': deferrable is Deferrable.DEFERRED or Deferrable.IMMEDIATE, not 'DEFERRED'. "
         "`from spruce.db import Deferrable`."),
        (lambda: db.UniqueConstraint(
            fields=["a"], name="x", deferrable=db.Deferrable.DEFERRED, condition=db.Q(b=1)),
         "the UniqueConstraint 'x' cannot wait: with a condition, expressions, include or opclasses it is an "
         "index. Only a constraint of plain fields can be deferrable."),
    ],
)  # fmt: skip
def test_what_cannot_wait(make: Any, message: str) -> None:
    """Is refused when it is declared."""
    with pytest.raises(ModelError) as refused:
        make()
    assert str(refused.value) == message
