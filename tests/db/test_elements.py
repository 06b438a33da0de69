"""SQL that databases spell differently."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from spruce.db.elements import TimeOfDay
from spruce.db.types import Moment


def test_the_time_of_a_moment() -> None:
    """Is a part of its text on SQLite."""
    time = TimeOfDay(sa.column("made", Moment()))
    assert str(time.compile(dialect=sqlite.dialect())) == "substr(made, 12)"
    assert str(time.compile(dialect=postgresql.dialect())) == "CAST(made AS TIME WITHOUT TIME ZONE)"
