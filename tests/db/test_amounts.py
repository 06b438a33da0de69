"""Amounts of different units in SQL; what arithmetic makes of them is tested in test_arithmetic.py."""

import pytest
import sqlalchemy as sa

from spruce.db.amounts import rescale
from spruce.db.mysql_sql import MariaDB
from spruce.db.sqlite_sql import Dialect
from spruce.db.types import ExactDecimal


@pytest.mark.parametrize(
    ("source", "target", "sql"),
    [
        (ExactDecimal(8, 2), ExactDecimal(8, 2), "a"),
        (ExactDecimal(8, 2), ExactDecimal(12, 4), "a * 100"),
        (ExactDecimal(8, 2), sa.Double(), "a / 100.0"),
        (sa.Integer(), ExactDecimal(8, 2), "a * 100"),
        (sa.Double(), ExactDecimal(8, 2), "spruce_scale(a, '*', '100')"),
        (ExactDecimal(8, 2), sa.Integer(), "spruce_scale(a, '/', '100')"),
        (sa.Integer(), sa.Double(), "a"),
    ],
)
def test_units_are_made_one_on_sqlite(
    source: sa.types.TypeEngine[object], target: sa.types.TypeEngine[object], sql: str
) -> None:
    """Exactly where it can be done; other databases know what an amount is."""
    column = sa.column("a", source)
    made = rescale(column, target, Dialect()).compile(dialect=Dialect(), compile_kwargs={"literal_binds": True})
    assert str(made) == sql
    assert rescale(column, target, MariaDB()) is column
