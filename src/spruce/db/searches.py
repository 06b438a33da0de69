"""The lookups of PostgreSQL's search in texts, and the types that they compare; see fulltext.py."""

from collections.abc import Callable
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field
from spruce.db.patterns import Lookup
from spruce.db.texts import TextField
from spruce.db.types import Code, Coded, only_postgres
from spruce.errors import FieldError

__all__ = ["MATCH", "SEARCHES", "QueryField", "QueryType", "VectorType"]

Column = sa.ColumnElement[Any]


class VectorType(Coded):
    """The words of a text, with their places."""

    cache_ok = True
    impl = sa.Text
    kind: ClassVar[type[TypeEngine[Any]]] = postgresql.TSVECTOR

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """PostgreSQL's. Raises ModelError elsewhere."""
        only_postgres(dialect, "full-text search", "Elsewhere, `icontains` finds texts in texts.")
        return dialect.type_descriptor(self.kind())

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """Text, as PostgreSQL writes it."""
        return None

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """Text."""
        return None


class QueryType(VectorType):
    """What is searched for."""

    cache_ok = True
    kind = postgresql.TSQUERY


class QueryField(TextField[str | None]):
    """A query of words, as a field."""

    def column_type(self) -> TypeEngine[Any]:
        """TSQUERY."""
        return QueryType()


def _matches(column: Column, parameter: Column, dialect: str) -> Column:
    wanted = parameter if isinstance(parameter.type, QueryType) else sa.func.plainto_tsquery(parameter)
    return column.op("@@", is_comparison=True, return_type=sa.Boolean())(wanted)


def _text_matches(column: Column, parameter: Column, dialect: str) -> Column:
    if dialect != "postgresql":
        raise FieldError("the lookup 'search' needs PostgreSQL", hint="Elsewhere, `icontains` finds texts in texts.")
    return _matches(sa.func.to_tsvector(sa.func.coalesce(column, sa.literal_column("''"))), parameter, dialect)


def _alike(sign: str, name: str) -> Lookup:
    def sql(column: Column, parameter: Column, dialect: str) -> Column:
        if dialect != "postgresql":
            raise FieldError(f"the lookup {name!r} needs PostgreSQL")
        return column.op(sign, is_comparison=True, return_type=sa.Boolean())(parameter)

    return Lookup(sql)


def _plain_text(field: Any, token: Any) -> Field[Any]:
    return TextField()


MATCH = Lookup(_matches, None, _plain_text)

SEARCHES: dict[str, Lookup] = {
    "search": Lookup(_text_matches, None, _plain_text),
    "trigram_similar": _alike("%", "trigram_similar"),
    "trigram_word_similar": _alike("<%", "trigram_word_similar"),
}
"""Those of every field of texts."""
