"""Parameters in PostgreSQL's SQL."""

import pytest
import sqlalchemy as sa

from spruce.db.postgres_sql import Dialect
from spruce.db.types import ExactDecimal, Moment


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ExactDecimal(8, 2), "NUMERIC"),
        (sa.SmallInteger(), "BIGINT"),
        (sa.String(20), "VARCHAR"),
        (Moment(), "TIMESTAMP WITH TIME ZONE"),
        (sa.Double(), "FLOAT"),
    ],
)
def test_parameters_have_the_width_of_their_kind(kind: sa.types.TypeEngine[object], text: str) -> None:
    """Not that of the column, which would round them or refuse them."""
    condition = sa.column("c", kind) > sa.bindparam("p", type_=kind)
    assert str(condition.compile(dialect=Dialect())) == f"c > $1::{text}"
