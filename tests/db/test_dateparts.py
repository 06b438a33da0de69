"""Parts of dates in SQL."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from spruce.db.dateparts import DatePart


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (sqlite.dialect(), "CAST(STRFTIME('%S', c) AS INTEGER)"),
        (postgresql.dialect(), "CAST(FLOOR(EXTRACT(second FROM c)) AS INTEGER)"),
    ],
)
def test_parts_are_whole_numbers(dialect: sa.Dialect, text: str) -> None:
    """Without the fraction of a second."""
    assert str(DatePart("second", sa.column("c")).compile(dialect=dialect)) == text
