"""full_clean: all that is wrong, at once."""

import datetime as dt

import pytest

from spruce import db
from spruce.db.validators import MinValueValidator
from spruce.errors import ValidationError


class Seat(db.Model):
    row = db.IntegerField(validators=[MinValueValidator(1)])
    number = db.PositiveSmallIntegerField()
    code = db.SlugField(unique=True)
    mail = db.EmailField(blank=True)
    kind = db.CharField(max_length=1, choices=[("a", "A"), ("b", "B")], default="a")
    made = db.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "t_clean_seat"
        unique_together = ("row", "number")

    def clean(self) -> None:
        if self.row == self.number:
            raise ValidationError("row and number are the same")


@pytest.fixture(autouse=True)
def tables() -> None:
    db.create_all()


def test_a_good_object_is_made_to_fit() -> None:
    """And may then be saved."""
    seat = Seat(row="2", number=3, code="x")
    seat.full_clean()
    assert seat.row == 2
    seat.save()
    seat.full_clean()


def test_everything_that_is_wrong_is_told() -> None:
    """By field."""
    with pytest.raises(ValidationError) as refused:
        Seat(row=0, number=-1, code="a b", mail="x", kind="c").full_clean()
    assert refused.value.by_field() == {
        "row": ["Ensure this value is greater than or equal to 1."],
        "number": ["Seat.number cannot hold -1: it is outside of 0 to 32767"],
        "code": ["Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."],
        "mail": ["Enter a valid email address."],
        "kind": ["Value 'c' is not a valid choice."],
    }
    with pytest.raises(ValidationError) as refused:
        Seat(row=1, number=1).full_clean()
    assert str(refused.value) == "code: This field cannot be blank.; __all__: row and number are the same"
    with pytest.raises(ValidationError) as refused:
        Seat(number=1, code="x").clean_fields()
    assert str(refused.value) == "row: This field cannot be null."
    Seat(code="a b").clean_fields(exclude=["row", "number", "code"])


def test_what_must_be_unique_is_looked_for() -> None:
    """Single fields and several together, other rows only."""
    Seat.objects.create(row=1, number=2, code="x")
    with pytest.raises(ValidationError) as refused:
        Seat(row=1, number=2, code="x").full_clean()
    assert refused.value.by_field() == {
        "code": ["Seat with this Code already exists."],
        "__all__": ["Seat with this Row and Number already exists."],
    }
    Seat(row=1, number=2, code="x").full_clean(validate_unique=False)
    with pytest.raises(ValidationError) as refused:
        Seat(row=3, number=2, code="x").validate_unique()
    assert refused.value.messages == ["Seat with this Code already exists."]
    Seat.objects.get().validate_unique()


def test_saving_checks_types_only() -> None:
    """Validators and choices are for forms and for full_clean."""
    assert Seat.objects.create(row=0, number=0, code="a b", kind="z").pk


def test_a_new_object_does_not_take_the_key_of_a_row() -> None:
    """Saving it would write over that row; an object that came from the database has its own."""

    class Coupon(db.Model):
        code = db.CharField(max_length=9, primary_key=True)

        class Meta:
            db_table = "t_clean_coupon"

    db.create_all()
    coupon = Coupon.objects.create(code="a")
    coupon.full_clean()
    Coupon(code="b").full_clean()
    with pytest.raises(ValidationError) as refused:
        Coupon(code="a").full_clean()
    assert refused.value.by_field() == {"code": ["Coupon with this Code already exists."]}
    Coupon(code="a").validate_unique(exclude=["code"])


class Column(db.Model):
    title = db.CharField(max_length=20, unique_for_date="day")
    slug = db.SlugField(
        unique_for_month="day", error_messages={"unique_for_month": "Taken in this month.", "invalid": "Not a slug."}
    )
    issue = db.IntegerField(
        unique=True,
        unique_for_year="at",
        error_messages={"unique": "Printed.", "null": "Which?", "invalid": "A number."},
    )
    day = db.DateField(null=True, blank=True)
    at = db.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "t_clean_column"


def _wrong(column: Column) -> dict[str, list[str]]:
    try:
        column.full_clean()
    except ValidationError as error:
        return error.by_field()
    return {}


def test_a_value_may_be_once_in_a_day_a_month_a_year() -> None:
    """Of the field that the option names; where that is empty, it may be anywhere."""
    day = dt.date(2026, 5, 6)
    kept = Column.objects.create(title="a", slug="a", issue=1, day=day, at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert _wrong(kept) == {}
    assert _wrong(Column(title="a", slug="b", issue=2, day=day)) == {"title": ["Title must be unique for Day date."]}
    assert _wrong(Column(title="a", slug="b", issue=2, day=day.replace(year=2027))) == {}
    assert _wrong(Column(title="a", slug="b", issue=2)) == {}
    same_month = Column(title="b", slug="a", issue=2, day=dt.date(2027, 5, 9))
    assert _wrong(same_month) == {"slug": ["Taken in this month."]}
    same_year = Column(title="b", slug="b", issue=1, at=dt.datetime(2026, 12, 31, tzinfo=dt.UTC))
    assert _wrong(same_year) == {"issue": ["Printed.", "Issue must be unique for At year."]}
    Column(title="a", slug="a", issue=2, day=day).full_clean(exclude=["day"])


def test_a_field_may_have_its_own_words() -> None:
    """By code, instead of the usual ones."""
    assert _wrong(Column(title="a", slug="a b", issue=None)) == {"slug": ["Not a slug."], "issue": ["Which?"]}
    assert _wrong(Column(title="a", slug="a", issue="x")) == {"issue": ["A number."]}
