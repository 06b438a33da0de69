"""Constraints of a model's Meta: held by the database, told beforehand by full_clean."""

from typing import Any

import pytest

from spruce import db
from spruce.errors import FieldError, IntegrityError, ModelError, ValidationError

Q, F = db.Q, db.F

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)


class Room(db.Model):
    name = db.CharField(max_length=20)
    floor = db.IntegerField(default=0, verbose_name="storey")
    low = db.DecimalField(max_digits=6, decimal_places=2, default=1)
    high = db.DecimalField(max_digits=6, decimal_places=2, default=2, null=True)
    code = db.CharField(max_length=5, default="", blank=True)
    gone = db.BooleanField(default=False)

    class Meta:
        db_table = "t_room"
        constraints = (
            db.CheckConstraint(condition=Q(low__lte=F("high")), name="low_is_low"),
            db.CheckConstraint(
                condition=Q(floor__gte=-3) & ~Q(name__startswith="x'"),
                name="floor_is_there",
                violation_error_message="%(name)s: no such floor",
                violation_error_code="floor",
            ),
            db.UniqueConstraint(fields=["name", "floor"], name="one_of_a_name"),
            db.UniqueConstraint(fields=["code"], condition=Q(gone=False) & ~Q(code=""), name="code_once"),
            db.UniqueConstraint(db.Lower("name"), name="name_any_case", condition=Q(floor=9)),
        )


class Ticket(db.Model):
    show = db.IntegerField()
    holder = db.CharField(max_length=9, null=True, blank=True)
    note = db.CharField(max_length=9, default="", blank=True)

    class Meta:
        db_table = "t_ticket"
        constraints = (
            db.UniqueConstraint(
                fields=["show", "holder"],
                name="one_each",
                nulls_distinct=False,
                include=["note"],
                violation_error_message="You have one for %(name)s.",
                violation_error_code="twice",
            ),
            db.UniqueConstraint(
                fields=["holder"], name="by_start", condition=Q(show=7), opclasses=["varchar_pattern_ops"]
            ),
        )


del db.registry.models["t_ticket"]  # only PostgreSQL can have its table


@pytest.fixture(autouse=True)
def tables() -> None:
    db.create_all(models=[Room])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"low": 3}, "'low_is_low'"),
        ({"floor": -4}, "'floor_is_there'"),
        ({"name": "x'y"}, "'floor_is_there'"),
        ({"name": "Hall"}, "t_room.name, t_room.floor must be unique, and another row has the same value"),
        ({"code": "a"}, "t_room.code must be unique, and another row has the same value"),
        ({"name": "HALL", "floor": 9}, "another row"),
    ],
)
def test_the_database_holds_them(values: dict[str, Any], told: str) -> None:
    """And its error names them."""
    Room.objects.create(name="Hall", code="a")
    Room.objects.create(name="hall", floor=9)
    with pytest.raises(IntegrityError) as refused:
        Room.objects.create(**{"name": "new", **values})
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"low": 3}, {"__all__": ["Constraint “low_is_low” is violated."]}),
        ({"floor": -4}, {"__all__": ["floor_is_there: no such floor"]}),
        ({"name": "Hall"}, {"__all__": ["Room with this Name and Storey already exists."]}),
        ({"code": "a"}, {"__all__": ["Constraint “code_once” is violated."]}),
        ({"name": "HALL", "floor": 9}, {"__all__": ["Constraint “name_any_case” is violated."]}),
    ],
)
def test_full_clean_tells_them_beforehand(values: dict[str, Any], wrong: dict[str, list[str]]) -> None:
    """For the object as a whole."""
    Room.objects.create(name="Hall", code="a")
    Room.objects.create(name="hall", floor=9)
    room = Room(**{"name": "new", **values})
    with pytest.raises(ValidationError) as refused:
        room.full_clean()
    assert refused.value.by_field() == wrong
    room.full_clean(validate_constraints=False)


@pytest.mark.parametrize(
    "values", [{"low": 9, "high": None}, {"code": "a", "gone": True}, {"code": ""}, {"name": "HALL", "floor": 8}]
)
def test_what_they_do_not_forbid(values: dict[str, Any]) -> None:
    """NULLs fit a check; rows that a condition doesn't fit are equal to none."""
    Room.objects.create(name="Hall", code="a")
    room = Room(**{"name": "new", **values})
    room.full_clean()
    room.save()
    room.full_clean()


def test_fields_that_are_left_out_are_not_looked_at() -> None:
    """As forms leave out what they don't show."""
    Room(name="new", low=3).full_clean(exclude=["high"])
    Room(name="new", floor=-4).validate_constraints(exclude=["floor"])
    with pytest.raises(ValidationError):
        Room(name="new", floor=-4).validate_constraints(exclude=["low"])


def test_a_single_field_has_the_message_itself() -> None:
    """As one with unique=True."""

    class Badge(db.Model):
        text = db.CharField(max_length=9)

        class Meta:
            db_table = "t_badge"
            constraints = (db.UniqueConstraint(fields=["text"], name="badge_%(class)s"),)

    db.create_all(models=[Badge])
    Badge.objects.create(text="a")
    with pytest.raises(ValidationError) as refused:
        Badge(text="a").full_clean()
    assert refused.value.by_field() == {"text": ["Badge with this Text already exists."]}
    assert {str(each.name) for each in Badge.__table__.constraints} >= {"badge_badge"}


def test_nulls_that_are_equal_and_what_else_an_index_has(backend: str) -> None:
    """On PostgreSQL; SQLite refuses to make the table, as it would not hold."""
    if backend == "sqlite":
        with pytest.raises(ModelError, match="'one_each' has nulls_distinct=False, which sqlite cannot hold"):
            db.create_all(models=[Ticket])
        return
    db.create_all(models=[Ticket])
    found = db.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 't_ticket' ORDER BY indexname")
    assert [row[0].partition("USING ")[2] for row in found] == [
        "btree (holder varchar_pattern_ops) WHERE (show = 7)",
        "btree (show, holder) INCLUDE (note) NULLS NOT DISTINCT",
        "btree (id)",
    ]
    Ticket.objects.create(show=1)
    with pytest.raises(IntegrityError):
        Ticket.objects.create(show=1)
    with pytest.raises(ValidationError) as refused:
        Ticket(show=1).full_clean()
    assert refused.value.by_field() == {"__all__": ["You have one for one_each."]}
    assert [error.code for error in refused.value.error_list] == ["twice"]
    Ticket(show=2).full_clean()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: db.CheckConstraint(condition=Q(a=1), name=""), ModelError, "a CheckConstraint needs a name"),
        (lambda: db.CheckConstraint(condition=True, name="x"), ModelError,  # type: ignore[arg-type] # the test
         "CheckConstraint(condition=…) takes a Q, not True"),
        (lambda: db.UniqueConstraint(name="x"), ModelError,
         "a UniqueConstraint is of fields or of expressions: give one of both"),
        (lambda: db.UniqueConstraint(fields=["a"], name="x", opclasses=["a", "b"]), ModelError,
         "opclasses of the UniqueConstraint 'x' are as many as its fields"),
        (lambda: db.CheckConstraint(condition=Q(nme="a"), name="x").element(Room), FieldError,
         "Room has no field 'nme'; did you mean 'name'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_declared(make: Any, error: type[Exception], message: str) -> None:
    """Says what is wrong."""
    with pytest.raises(error) as refused:
        make()
    assert str(refused.value) == message
