"""What views do with queries: an object or a list, or else the answer 404."""

from typing import Any, TypeVar, overload

from spruce.db.queryset import QuerySet
from spruce.db.records import Record
from spruce.errors import NotFound, ObjectDoesNotExist

__all__ = ["get_list_or_404", "get_object_or_404"]

M = TypeVar("M", bound=Record)
R = TypeVar("R")


def _query(source: Any) -> Any:
    return source._default.all() if hasattr(source, "_default") else source


@overload
def get_object_or_404(source: type[M], *conditions: Any, **keywords: Any) -> M: ...
@overload
def get_object_or_404(source: QuerySet[Any, R], *conditions: Any, **keywords: Any) -> R: ...
def get_object_or_404(source: Any, *conditions: Any, **keywords: Any) -> Any:
    """The one row of a model, manager or QuerySet that fits. Raises NotFound, which is answered with 404, for none."""
    query = _query(source)
    try:
        return query.get(*conditions, **keywords)
    except ObjectDoesNotExist:
        raise NotFound(f"No {query.model.__name__} matches the given query.") from None


@overload
def get_list_or_404(source: type[M], *conditions: Any, **keywords: Any) -> list[M]: ...
@overload
def get_list_or_404(source: QuerySet[Any, R], *conditions: Any, **keywords: Any) -> list[R]: ...
def get_list_or_404(source: Any, *conditions: Any, **keywords: Any) -> list[Any]:
    """All rows that fit, as a list. Raises NotFound when there are none."""
    query = _query(source)
    found = list(query.filter(*conditions, **keywords))
    if not found:
        raise NotFound(f"No {query.model.__name__} matches the given query.")
    return found
