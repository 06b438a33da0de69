"""The table of functions."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from spruce.db.calls import CALLS


def test_other_databases_have_other_names() -> None:
    """What SQLite calls max is greatest elsewhere, and moments have their own functions."""
    column: sa.ColumnElement[object] = sa.column("c")

    def text(name: str, *options: object) -> str:
        return str(CALLS[name].sql([column], "postgresql", options).compile(dialect=postgresql.dialect()))

    assert text("greatest") == "greatest(c)"
    assert text("trunc", "month", False) == "date_trunc('month', c)"
    assert str(CALLS["now"].sql([], "postgresql", ()).compile(dialect=postgresql.dialect())) == "statement_timestamp()"
