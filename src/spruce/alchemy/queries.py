"""`Model.query` and its answers of 404."""

from typing import Any, TypeVar

from sqlalchemy import exc, orm

from spruce.alchemy.pagination import Pagination, QueryPagination
from spruce.errors import abort

__all__ = ["Query"]

T = TypeVar("T")


class Query(orm.Query[T]):
    """SQLAlchemy's Query, whose `…_or_404` end a view with 404 and `description`."""

    def get_or_404(self, ident: Any, description: str | None = None) -> T:
        """The object with this key."""
        entity: Any = self.column_descriptions[0]["entity"]
        found: T | None = self.session.get(entity, ident)
        return _found(found, description)

    def first_or_404(self, description: str | None = None) -> T:
        """The first object."""
        return _found(self.first(), description)

    def one_or_404(self, description: str | None = None) -> T:
        """The one object."""
        try:
            return self.one()
        except (exc.NoResultFound, exc.MultipleResultsFound):
            return _found(None, description)

    def paginate(self, **options: Any) -> Pagination:
        """A page of the objects; see `Pagination` for the options."""
        return QueryPagination(query=self, **options)


def _found(value: T | None, description: str | None) -> T:
    if value is None:
        abort(404, description)
    return value
