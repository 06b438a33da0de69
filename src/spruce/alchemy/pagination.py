"""Pages of a query: `db.paginate(select)`, with the numbers that templates need."""

from collections.abc import Iterator
from math import ceil
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from spruce.errors import abort
from spruce.web import has_request_context, request

__all__ = ["Pagination", "QueryPagination", "SelectPagination"]

_PER_PAGE, _MOST = 20, 100


class Pagination:
    """One page: its `items`, its number `page` of `pages`, and the `total` of items, None if they were not counted.

    A number that is not given is that of the request's query string, `page` and `per_page`. With `error_out` a page
    that cannot be is a 404; without it, it is the first.
    """

    def __init__(
        self,
        page: int | None = None,
        per_page: int | None = None,
        max_per_page: int | None = _MOST,
        error_out: bool = True,
        count: bool = True,
        **query: Any,
    ) -> None:
        self._query = query
        self.page = _number("page", page, 1, error_out)
        self.per_page = min(_number("per_page", per_page, _PER_PAGE, error_out), max_per_page or 1 << 62)
        self.max_per_page = max_per_page
        self.items: list[Any] = self._find()
        if not self.items and self.page != 1 and error_out:
            abort(404)
        self.total: int | None = self._count() if count else None

    @property
    def _start(self) -> int:
        return (self.page - 1) * self.per_page

    def _find(self) -> list[Any]:
        raise NotImplementedError

    def _count(self) -> int:
        raise NotImplementedError

    @property
    def first(self) -> int:
        """The number of the first item, from 1; 0 if there is none."""
        return self._start + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last item."""
        return max(self.first, self._start + len(self.items)) if self.items else 0

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return 0 if not self.total else ceil(self.total / self.per_page)

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before."""
        return self.page > 1

    @property
    def prev_num(self) -> int | None:
        """The number of the page before, or None."""
        return self.page - 1 if self.has_prev else None

    @property
    def has_next(self) -> bool:
        """Whether there is a page behind; without a count nobody knows, and it is False."""
        return self.page < self.pages

    @property
    def next_num(self) -> int | None:
        """The number of the page behind, or None."""
        return self.page + 1 if self.has_next else None

    def prev(self, *, error_out: bool = False) -> "Pagination":
        """The page before."""
        return self._other(self.page - 1, error_out)

    def next(self, *, error_out: bool = False) -> "Pagination":
        """The page behind."""
        return self._other(self.page + 1, error_out)

    def _other(self, page: int, error_out: bool) -> "Pagination":
        return type(self)(
            page=page,
            per_page=self.per_page,
            max_per_page=self.max_per_page,
            error_out=error_out,
            count=self.total is not None,
            **self._query,
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def iter_pages(
        self, *, left_edge: int = 2, left_current: int = 2, right_current: int = 4, right_edge: int = 2
    ) -> Iterator[int | None]:
        """Numbers of pages for links: the first and last ones, those around this one, None where some are left out."""
        before = 0
        for number in range(1, self.pages + 1):
            near = self.page - left_current <= number <= self.page + right_current
            if number <= left_edge or near or number > self.pages - right_edge:
                if number > before + 1:
                    yield None
                yield number
                before = number


def _number(name: str, given: int | None, default: int, error_out: bool) -> int:
    """A number above 0: the one that is given, else that of the request, else the default."""
    value: Any = given
    if value is None:
        value = request.args.get(name, default) if has_request_context() else default
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        if error_out:
            abort(404)
        return default
    return number


class SelectPagination(Pagination):
    """Pages of a `select()`, in a session."""

    def _find(self) -> list[Any]:
        statement = self._query["select"].limit(self.per_page).offset(self._start)
        return list(self._query["session"].execute(statement).unique().scalars())

    def _count(self) -> int:
        rows = self._query["select"].options(orm.lazyload("*")).order_by(None).subquery()
        return int(self._query["session"].scalar(sa.select(sa.func.count()).select_from(rows)))


class QueryPagination(Pagination):
    """Pages of a `Model.query`."""

    def _find(self) -> list[Any]:
        found: list[Any] = self._query["query"].limit(self.per_page).offset(self._start).all()
        return found

    def _count(self) -> int:
        return int(self._query["query"].order_by(None).count())
