"""The lookups of search in texts as SQL; what they find is tested in test_fulltext.py."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from spruce.db.searches import MATCH, SEARCHES, VectorType
from spruce.errors import FieldError, ModelError


def test_what_is_written() -> None:
    """A text is made a vector, a word a query."""
    body = sa.column("body", sa.Text())

    def sql(name: str) -> str:
        return str(SEARCHES[name].sql(body, sa.column("x"), "postgresql").compile(dialect=postgresql.dialect()))

    assert sql("search") == "to_tsvector(coalesce(body, '')) @@ plainto_tsquery(x)"
    assert sql("trigram_similar") == "body %% x"
    assert str(MATCH.sql(sa.column("words"), sa.column("x"), "postgresql")) == "words @@ plainto_tsquery(x)"


def test_other_databases_say_so() -> None:
    """Each in its place."""
    for name in SEARCHES:
        with pytest.raises(FieldError, match="needs PostgreSQL"):
            SEARCHES[name].sql(sa.column("a"), sa.column("b"), "sqlite")
    with pytest.raises(ModelError, match="full-text search needs PostgreSQL, and this database is default"):
        str(VectorType().compile())
