"""Pages of a long list: what is on one, and the numbers to go on to."""

from collections.abc import Iterator, Sequence
from typing import Any

from spruce.errors import NotFound
from spruce.i18n import gettext
from spruce.web.context import slot

__all__ = ["Pagination", "paginate"]

_DIGITS = 18  # of the number of a page, at most


class Pagination:
    """One page of `items`; `total` counts those of all pages. Pages are counted from 1."""

    def __init__(self, items: list[Any], page: int, per_page: int, total: int) -> None:
        self.items = items
        self.page = page
        self.per_page = per_page
        self.total = total

    @property
    def pages(self) -> int:
        """How many pages there are; 0 when there is nothing."""
        return -(-self.total // self.per_page)

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before this one."""
        return self.page > 1

    @property
    def has_next(self) -> bool:
        """Whether there is a page behind this one."""
        return self.page < self.pages

    @property
    def prev_num(self) -> int | None:
        """The number of the page before this one, or None."""
        return self.page - 1 if self.has_prev else None

    @property
    def next_num(self) -> int | None:
        """The number of the page behind this one, or None."""
        return self.page + 1 if self.has_next else None

    @property
    def first(self) -> int:
        """The number of this page's first item, counted from 1; 0 when there is none."""
        return (self.page - 1) * self.per_page + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of this page's last item; 0 when there is none."""
        return self.first + len(self.items) - 1 if self.items else 0

    def iter_pages(self, *, edge: int = 2, around: int = 2) -> Iterator[int | None]:
        """Yield the numbers to show: `edge` at both ends, `around` on both sides of this one; None for those between.

        A gap of one page is that page: its number takes no more room than the dots would.
        """
        last = 0
        shown = {*range(1, edge + 1), *range(self.page - around, self.page + around + 1)}
        shown.update(range(self.pages - edge + 1, self.pages + 1))
        for number in sorted(one for one in shown if 1 <= one <= self.pages):
            if number - last == 2:
                yield number - 1
            elif number - last > 2:
                yield None
            yield number
            last = number

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"<Pagination page {self.page} of {self.pages}, {self.total} items>"


def paginate(
    items: Any, page: int | None = None, per_page: int = 20, *, max_per_page: int = 100, error_out: bool = True
) -> Pagination:
    """Return a page of a QuerySet or a list: one query for the count and one for the page.

    `page` is that of the query string unless given, where `per_page` may be changed too, up to `max_per_page`.
    Raises: NotFound for a page that is none or isn't there, but for an empty first one; without `error_out` the nearest
    page is taken instead.
    """
    if page is None:
        page = _asked("page", 1, error_out)
        per_page = min(_asked("per_page", per_page, error_out), max_per_page)
    total = len(items) if isinstance(items, Sequence) else items.count()
    pages = max(-(-total // per_page), 1)
    if not 1 <= page <= pages:
        if error_out:
            raise NotFound(gettext("There is no page %(page)s; there are %(pages)s.", page=page, pages=pages))
        page = min(max(page, 1), pages)
    start = (page - 1) * per_page
    return Pagination(list(items[start : start + per_page]), page, per_page, total)


def _asked(name: str, default: int, error_out: bool) -> int:
    context = slot.get()
    text = context.request.args.get(name) if context is not None and context.request is not None else None
    if not text:
        return default
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) > 0:
        return int(text)
    if error_out:
        raise NotFound(gettext("There is no %(name)s %(text)s.", name=name, text=repr(text)))
    return default
