"""The SQL types: exact amounts and aware moments in SQLite's few types."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from spruce.db.types import MOST_KNOWN, Day, ExactDecimal, Moment, aware
from spruce.errors import ModelError

LITE, POSTGRES = sqlite.dialect(), postgresql.dialect()


@pytest.mark.parametrize("text", ["0.00", "19.90", "-0.01", "99999999.99", "-99999999.99"])
def test_an_amount_is_a_whole_number_on_sqlite(text: str) -> None:
    """It goes there and back without any rounding."""
    type_ = ExactDecimal(10, 2)
    stored = type_.bind_processor(LITE)(Decimal(text))
    assert isinstance(stored, int)
    back = type_.result_processor(LITE, None)(stored)
    assert (back, str(back)) == (Decimal(text), text)


def test_an_amount_between_two_units_compares_as_it_should() -> None:
    """10.005 lies between 10.00 and 10.01, so it is stored as neither."""
    write = ExactDecimal(10, 2).bind_processor(LITE)
    assert write(Decimal("10.00")) < write(Decimal("10.005")) < write(Decimal("10.01"))
    assert write(Decimal("-10.01")) < write(Decimal("-10.005")) < write(Decimal("-10.00"))
    assert write(None) is None


def test_an_amount_with_too_many_digits_for_sqlite_is_refused() -> None:
    """Rather than stored inexactly; other databases have no such limit."""
    column = sa.Column("price", ExactDecimal(30, 2))
    table = sa.Table("dear", sa.MetaData(), column)
    with pytest.raises(ModelError) as refused:
        str(sa.schema.CreateTable(table).compile(dialect=LITE))
    assert str(refused.value) == (
        "a DecimalField with max_digits=30 does not fit into SQLite's 64-bit integers. SQLite keeps 18 digits exactly; "
        "use that many at most, or another database."
    )
    assert "NUMERIC(30, 2)" in str(sa.schema.CreateTable(table).compile(dialect=POSTGRES))


def test_moments_are_utc_text_that_sorts_on_sqlite() -> None:
    """Fixed width, so that text order is the order of time."""
    write, read = Moment().bind_processor(LITE), Moment().result_processor(LITE, None)
    moments = [datetime(2024, 5, 1, 12, tzinfo=UTC), datetime(2024, 5, 1, 12, 0, 0, 5, tzinfo=UTC)]
    stored = [write(moment) for moment in moments]
    assert stored == ["2024-05-01 12:00:00.000000", "2024-05-01 12:00:00.000005"]
    assert [read(text) for text in stored] == moments
    assert read(None) is None


def test_days_are_iso_text_on_sqlite() -> None:
    """And dates elsewhere."""
    assert Day().bind_processor(LITE)(date(2024, 5, 1)) == "2024-05-01"
    assert Day().result_processor(LITE, None)("2024-05-01") == date(2024, 5, 1)
    assert Day().bind_processor(POSTGRES) is None


def test_other_databases_get_python_values() -> None:
    """PostgreSQL has types of its own for all of these."""
    assert ExactDecimal(10, 2).bind_processor(POSTGRES) is None
    assert Moment().result_processor(POSTGRES, None) is None


def test_what_an_amount_is_multiplied_with_is_a_plain_number() -> None:
    """`Product.price * 2` doubles, it does not multiply by two units."""
    price = sa.Column("price", ExactDecimal(10, 2))
    compiled = (price * 2).compile(dialect=LITE)
    (parameter,) = set(compiled.binds.values())
    assert isinstance(parameter.type, sa.Integer)
    (parameter,) = set((price > 2).compile(dialect=LITE).binds.values())
    assert isinstance(parameter.type, ExactDecimal)


def test_aware_takes_naive_as_utc() -> None:
    """The one rule for both the fields and the types."""
    assert aware(datetime(2024, 5, 1)) == datetime(2024, 5, 1, tzinfo=UTC)  # noqa: DTZ001 - the point of the test


def test_equal_amounts_that_are_read_are_one_object() -> None:
    """Prices repeat: ten thousand have some hundred; how many are kept is bounded."""
    read = ExactDecimal(10, 7).result_processor(LITE, None)
    assert read(1990) is read(1990)
    assert (read(0), read(7.0), read(None)) == (Decimal("0"), Decimal("7E-7"), None)
    kept = read(1990)
    for number in range(MOST_KNOWN):
        assert read(10_000 + number) == Decimal(10_000 + number).scaleb(-7)
    assert read(1990) == kept
    assert read(1990) is not kept
