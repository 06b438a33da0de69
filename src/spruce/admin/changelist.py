"""The list of a model's objects: which rows of which page, in which order, in which columns.

Nothing counts all rows of a large table: up to COUNTED rows are counted, behind that it is "more than"; whether there
is a next page is told by one row more than the page has. How many rows each choice of a filter has is counted only
where no more than COUNTED are looked at.
"""

import enum
from typing import Any
from urllib.parse import urlencode

from spruce.admin.choosing import RELATION, offered
from spruce.admin.columns import Column, column
from spruce.admin.datedrill import DateDrill
from spruce.admin.fieldfilters import make_filter
from spruce.admin.filters import ListFilter
from spruce.admin.responses import POPUP, is_popup
from spruce.admin.rows import plain_rows
from spruce.admin.searching import once, spreads
from spruce.i18n import gettext
from spruce.i18n.formats import format_number

__all__ = ["COUNTED", "MOST", "ChangeList", "ShowFacets"]

COUNTED = 10_000
MOST = 1000
"""How many objects one action takes."""


class ShowFacets(enum.Enum):
    """Whether a list tells how many rows each choice of a filter has."""

    NEVER = "never"
    ALLOW = "allow"
    ALWAYS = "always"


class ChangeList:
    """A page of a list, as the URL's parameters want it: `q` is looked for, `o` the order, `p` the page.

    `all` asks for everything on one page, `_facets` for the numbers of filters.
    """

    def __init__(self, request: Any, admin: Any) -> None:
        self.request, self.admin, self.args = request, admin, request.args
        names = [name for name in admin.get_list_display(request) if admin.may_see_field(request, name)]
        self.columns: list[Column] = [column(admin, name) for name in names]
        self._sortable(admin.get_sortable_by(request))
        self.links = self._links(admin.get_list_display_links(request, names))
        self.filters: list[ListFilter] = [
            make_filter(admin, entry, request)
            for entry in admin.get_list_filter(request)
            if admin.may_see_field(request, entry[0] if isinstance(entry, list | tuple) else entry)
        ]
        self.search_fields = admin.searched(request)
        self.search = (request.args.get("q") or "").strip()[:200] if self.search_fields else ""
        self.drill = DateDrill(admin, request.args.get("date") or "") if self._has_dates() else None
        self.order = self._order(request.args.get("o") or "")
        self.query = self._query()
        self.page = max(_number(request.args.get("p"), 1), 1)
        self.per_page = admin.list_per_page
        self.editor: Any = None
        self._found: list[Any] | None = None
        self._total: int | None = None
        self.shows_all = "all" in request.args and self.can_show_all
        if self.shows_all:
            self.page, self.per_page, self._found = 1, admin.list_max_show_all, None

    def _has_dates(self) -> bool:
        name = self.admin.date_hierarchy
        return bool(name) and self.admin.may_see_field(self.request, name)

    def _every(self) -> Any:
        """The rows without search and filters: in a window that was opened for a relation, those that it may have."""
        query = self.admin.get_queryset(self.request)
        return offered(self.request, query, self.admin.model) if is_popup(self.request) else query

    def _query(self) -> Any:
        query = self._every()
        related = self.admin.get_list_select_related(self.request)
        if related is True:
            related = [field.name for field in self.admin.model._meta.fields if field.is_relation]
        related = related or self._foreign_keys()
        if related:
            query = query.select_related(*related)
        return self._narrowed(query).order_by(*self._ordering())

    def _narrowed(self, query: Any, without: ListFilter | None = None) -> Any:
        """The rows of a query that filters, dates and search leave."""
        every, doubled = query, False
        for one in self.filters:
            if one is not without and one.is_active():
                query = one.apply(query)
                doubled = doubled or spreads(self.admin.model, one.parameter_name)
        if self.drill is not None:
            query = self.drill.apply(query)
        if self.search:
            query, by_search = self.admin.get_search_results(self.request, query, self.search)
            doubled = doubled or by_search
        return once(every, query) if doubled else query

    def _foreign_keys(self) -> list[str]:
        """The foreign keys that are columns, which are loaded with the rows."""
        meta = self.admin.model._meta
        names = [one.name.rpartition("__")[0] or one.name for one in self.columns]
        return [
            name for name in names if name.split("__")[0] in meta.paths and meta.paths[name.split("__")[0]].is_relation
        ]

    # ---- columns ----------------------------------------------------------------------------------------------------

    def _sortable(self, names: Any) -> None:
        for one in self.columns:
            if names is not None and one.name not in names:
                one.order = ""

    def _links(self, names: Any) -> set[str]:
        """The columns that lead to the object: those of these names, the first one that is only shown for ()."""
        if names is None:
            return set()
        if names:
            return {str(getattr(name, "__name__", name)) for name in names}
        editable = self.admin.list_editable
        return set(next(([one.name] for one in self.columns if one.name not in editable), []))

    # ---- order ------------------------------------------------------------------------------------------------------

    def _order(self, given: str) -> list[tuple[int, bool]]:
        """Columns by number, counted from 1, and whether each goes down."""
        found = []
        for part in given.split(".")[:5]:
            index = _number(part.lstrip("-"), 0)
            if 1 <= index <= len(self.columns) and self.columns[index - 1].order:
                found.append((index, part.startswith("-")))
        return found

    def _ordering(self) -> list[Any]:
        names: list[Any] = [_turned(self.columns[index - 1].order, down) for index, down in self.order]
        names = names or list(self.admin.get_ordering(self.request) or self.admin.model._meta.ordering)
        plain = [name for name in names if isinstance(name, str)]
        if not {name.lstrip("-") for name in plain} & {"pk", self.admin.model._meta.pk.name}:
            names.append("-pk")
        return names

    def direction(self, index: int) -> str:
        """`ascending`, `descending` or "" for the column of a number, as `aria-sort` has it."""
        return next(("descending" if down else "ascending" for one, down in self.order[:1] if one == index), "")

    def order_url(self, index: int) -> str:
        """The way to the list by this column, the other way round if it is so already."""
        return self.url(o=f"-{index}" if self.direction(index) == "ascending" else str(index), p=None)

    # ---- rows -------------------------------------------------------------------------------------------------------

    def dates(self) -> dict[str, Any] | None:
        """The links to years, months or days of `date_hierarchy`; None without one."""
        return None if self.drill is None else self.drill.links(self.query, self.admin.model, self.url)

    def _fetched(self) -> list[Any]:
        if self._found is None:
            first = (self.page - 1) * self.per_page
            self._found = list(self.query[first : first + self.per_page + 1])
        return self._found

    @property
    def rows(self) -> list[Any]:
        """The objects of the page."""
        return self._fetched()[: self.per_page]

    def show_rows(self, rows: list[Any]) -> None:
        """Let the page have these rows, which were sent, whatever the query finds by now."""
        self._total = _at_most(self.query)
        self._found = rows

    def plain_rows(self, url: Any, selects: Any, popup: bool = False) -> Any:
        """The rows as markup, for a list in which nothing is edited."""
        return plain_rows(self, url, selects=bool(selects), popup=popup)

    @property
    def has_next(self) -> bool:
        """Whether there is a page behind this one."""
        more: bool = len(self._fetched()) > self.per_page
        return more

    @property
    def number(self) -> int:
        """How many objects there are, COUNTED and one more for any larger number."""
        if self._total is None:
            first = (self.page - 1) * self.per_page
            if not self.has_next and (self.rows or not first):
                self._total = first + len(self.rows)
            else:
                self._total = _at_most(self.query)
        return self._total

    def count(self) -> str:
        """How many objects there are, or that they are more than are counted."""
        return _counted(self.number)

    def full_count(self) -> str:
        """How many there would be without search and filters; "" where nothing is left out or nobody wants to know."""
        if not (self.admin.show_full_result_count and self.is_filtered()):
            return ""
        return _counted(_at_most(self._every()))

    @property
    def can_show_all(self) -> bool:
        """Whether all objects may stand on one page."""
        most: int = self.admin.list_max_show_all
        return self.number <= most and (self.number > self.admin.list_per_page)

    @property
    def may_choose_all(self) -> bool:
        """Whether an action may take all that is found, which is more than the page has."""
        return len(self.rows) < self.number <= MOST

    @property
    def pages(self) -> int:
        """How many pages there are; 0 where nobody counts."""
        return 0 if self.number > COUNTED else -(-self.number // self.per_page)

    # ---- filters ----------------------------------------------------------------------------------------------------

    @property
    def wants_facets(self) -> bool:
        """Whether the numbers of choices are to be shown."""
        mode = self.admin.show_facets
        return mode is ShowFacets.ALWAYS or (mode is ShowFacets.ALLOW and "_facets" in self.args)

    def facets(self) -> dict[str, dict[str | None, int]] | None:
        """How many rows each choice has, by the filter's parameter; None where there are too many to be counted.

        Each filter counts what all others leave.
        """
        if not self.wants_facets:
            return {}
        every = self._every().select_related(None).order_by()
        if every[: COUNTED + 1].count() > COUNTED:
            return None
        return {one.parameter_name: one.counts(self._narrowed(every, without=one)) for one in self.filters}

    def known(self) -> list[str]:
        """The parameters of the URL that mean something here."""
        own = ["q", "o", "p", "all", "date", "_facets", POPUP, RELATION]
        return own + [name for one in self.filters for name in one.expected_parameters()]

    def url(self, **changes: Any) -> str:
        """The list with other parameters; None takes one away."""
        return f"?{urlencode(self.parameters(**changes))}"

    def parameters(self, **changes: Any) -> dict[str, str]:
        """The parameters of the list, with other ones; None takes one away."""
        values = {name: self.args.get(name) for name in self.known() if self.args.get(name) is not None}
        values.update({name: None if value is None else str(value) for name, value in changes.items()})
        return {name: value for name, value in values.items() if value is not None}

    def is_filtered(self) -> bool:
        """Whether some objects are left out."""
        in_span = self.drill is not None and self.drill.span is not None
        return bool(self.search or in_span or any(one.is_active() for one in self.filters))


def _turned(order: Any, down: bool) -> Any:
    """What a query sorts by, the other way round for `down`."""
    if not isinstance(order, str):
        return order.desc() if down else order.asc()
    if order.startswith("-"):
        return order[1:] if down else order
    return f"-{order}" if down else order


def _at_most(query: Any) -> int:
    """How many rows there are, COUNTED and one more for any larger number: of their keys alone, which an index has."""
    number: int = query.select_related(None).order_by().values("pk")[: COUNTED + 1].count()
    return number


def _counted(number: int) -> str:
    if number > COUNTED:
        return gettext("more than %(number)s", number=format_number(COUNTED))
    return format_number(number)


def _number(text: Any, default: int) -> int:
    try:
        return min(int(text), 10**9)
    except (TypeError, ValueError):
        return default
