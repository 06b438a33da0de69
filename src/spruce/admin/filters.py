"""Filters of lists: what all of them have in common, and those that a program writes itself.

A filter reads parameters of the URL that it knows, and nothing else reaches the query: nobody asks through the admin
for what no filter offers.
"""

from typing import Any, NamedTuple

from spruce.errors import AdminError, nearest

__all__ = ["MOST", "Choice", "ListFilter", "SimpleListFilter", "target_of"]

MOST = 100
"""How many choices a filter by another model's rows, or by all values, shows."""
_COUNTED = 20


class Choice(NamedTuple):
    """A choice of a filter: the value in the URL, None for all, and its label."""

    value: str | None
    label: str


class ListFilter:
    """The base of filters. `chosen` is what the URL says, None for all."""

    title: Any = ""
    parameter_name = ""
    template = "admin/filter.html"

    def __init__(self, parameters: Any) -> None:
        self.given = {name: parameters.get(name) for name in self.expected_parameters()}
        self.chosen: str | None = parameters.get(self.parameter_name)
        self._listed: list[Choice] | None = None

    def expected_parameters(self) -> list[str]:
        """The parameters of the URL that it reads."""
        return [self.parameter_name]

    def is_active(self) -> bool:
        """Whether the URL chooses something."""
        return any(value is not None for value in self.given.values())

    def cleared(self) -> dict[str, None]:
        """The parameters that are to go for all rows."""
        return dict.fromkeys(self.expected_parameters())

    def has_output(self) -> bool:
        """Whether there is something to choose."""
        return self.is_active() or bool(self.listed())

    def listed(self) -> list[Choice]:
        """The choices, looked for once."""
        if self._listed is None:
            self._listed = self.choices()
        return self._listed

    def choices(self) -> list[Choice]:
        """What can be chosen besides all."""
        raise NotImplementedError

    def apply(self, query: Any) -> Any:
        """The rows of the choice."""
        raise NotImplementedError

    def value(self) -> str | None:
        """What the URL says."""
        return self.chosen

    def counts(self, query: Any) -> dict[str | None, int]:
        """How many rows of a query each choice has, by its value; a query for each of the first choices."""
        before, found = self.chosen, {}
        try:
            for choice in self.listed()[:_COUNTED]:
                self.chosen = choice.value
                found[choice.value] = self.apply(query).order_by().count()
        finally:
            self.chosen = before
        return found


class SimpleListFilter(ListFilter):
    """A filter of the program's own: `title`, `parameter_name`, `lookups()` and `queryset()`."""

    def __init__(self, request: Any, params: Any, model: Any, model_admin: Any) -> None:
        for name in ("title", "parameter_name"):
            if not getattr(self, name):
                raise AdminError(f"{type(self).__name__} has no {name}", hint=f"Write {name} = … in its class.")
        super().__init__(params)
        self.request, self.model_admin = request, model_admin

    def lookups(self, request: Any, model_admin: Any) -> Any:
        """Pairs of value and label."""
        raise NotImplementedError(f"{type(self).__name__} needs lookups(request, model_admin), which gives the choices")

    def queryset(self, request: Any, queryset: Any) -> Any:
        """The rows for `self.value()`; None for all."""
        raise NotImplementedError(f"{type(self).__name__} needs queryset(request, queryset), which gives the rows")

    def choices(self) -> list[Choice]:
        """What can be chosen besides all."""
        return [Choice(str(value), str(label)) for value, label in self.lookups(self.request, self.model_admin) or ()]

    def apply(self, query: Any) -> Any:
        """The rows of the choice."""
        found = self.queryset(self.request, query)
        return query if found is None else found


def target_of(admin: Any, path: str) -> Any:
    """The field, or the relation to several rows, at the end of a path. Raises AdminError if it leads nowhere."""
    found, current = None, admin.model
    for part in path.split("__"):
        meta = current._meta if current is not None else None
        steps = meta.over(part) if meta is not None else ()
        found = meta and (meta.paths.get(part) or meta.many.get(part) or (steps[-1] if steps else None))
        if found is None:
            where = "what is no relation" if current is None else current.__name__
            near = nearest(part, [*meta.paths, *meta.many]) if meta is not None else ""
            raise AdminError(f"{type(admin).__name__}.list_filter has {path!r}, and {where} has no {part!r}{near}")
        current = found.target if getattr(found, "is_relation", True) else None
    return found
