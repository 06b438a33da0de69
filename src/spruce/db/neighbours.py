"""The object before and after one by a field of time: `post.get_next_by_created()`, as Django has it."""

from typing import Any

from spruce.db.expressions import Q
from spruce.db.fields import Field
from spruce.errors import DataError

__all__ = ["give_neighbours"]


def give_neighbours(model: Any, field: Field[Any]) -> None:
    """Give a model `get_next_by_…` and `get_previous_by_…` of a day or moment that is never null.

    Methods that the model has by these names stay.
    """
    if field.null or field.family not in ("date", "datetime"):
        return
    for name, later in ((f"get_next_by_{field.name}", True), (f"get_previous_by_{field.name}", False)):
        if not hasattr(model, name):
            setattr(model, name, _neighbour(name, field, later))


def _neighbour(name: str, field: Field[Any], later: bool) -> Any:
    def get(self: Any, **conditions: Any) -> Any:
        if self.pk is None:
            raise DataError(f"{name}(): {self!r} is not saved, so it has no neighbours", hint="Call its save() first.")
        value, way, sign = getattr(self, field.attname), "gt" if later else "lt", "" if later else "-"
        beyond = Q(**{f"{field.name}__{way}": value}) | Q(**{field.name: value, f"pk__{way}": self.pk})
        rows = type(self)._default.using(self._db).filter(beyond, **conditions)
        found = rows.order_by(f"{sign}{field.name}", f"{sign}pk").first()
        if found is None:
            kind = type(self).__name__
            raise type(self).DoesNotExist(
                f"no {kind} that fits has a {field.name} {'after' if later else 'before'} that of {self!r}"
            )
        return found

    get.__name__ = name
    get.__doc__ = f"""The object with the {"next" if later else "previous"} {field.name}; of equal ones, by their keys.

    Keywords are conditions as of `filter()`. Raises DoesNotExist when there is none.
    """
    return get
