"""Which fields objects are loaded with: what `only()` chose and `defer()` left out."""

from collections.abc import Iterable
from typing import Any

from spruce.db.fields import Field
from spruce.db.lookups import resolve
from spruce.db.records import Record
from spruce.db.relations import Step, Upward, owner_path

__all__ = ["Chosen", "required_relations"]

Place = tuple[tuple[str, ...], str]
"""Where a field is: the names of the relations to it, and its attribute."""


class Chosen:
    """The choice of one query; without any, objects have all fields."""

    def __init__(self, model: type[Record]) -> None:
        self.model = model
        self._chosen: set[Place] = set()
        self._left_out: set[Place] = set()

    def only(self, names: Iterable[str]) -> None:
        """Load these fields and no others."""
        self._chosen = {self._place(name) for name in names}
        self._left_out = set()

    def defer(self, names: Iterable[str]) -> None:
        """Leave these fields out too; without names, load all again."""
        places = {self._place(name) for name in names}
        self._left_out = self._left_out | places if places else set()

    def _place(self, name: str) -> Place:
        path = resolve(self.model, name, lookups=False)
        return _names(path.steps), path.field.attname

    def loaded(
        self, model: Any, steps: "tuple[Step, ...]", related: "list[tuple[Step, ...]]"
    ) -> "tuple[Field[Any], ...]":
        """The fields of the model at the end of `steps`: the key, what `related` follows, and what was chosen."""
        place = _names(steps)
        followed = [each[-1] for each in related if owner_path(each) == steps]
        chosen = {name for where, name in self._chosen if where == place}
        left_out = {name for where, name in self._left_out if where == place}
        return tuple(
            field
            for field in model._meta.fields
            if field.primary_key
            or field in followed
            or (field.attname not in left_out and (not chosen or field.attname in chosen))
        )


def _names(steps: "tuple[Step, ...]") -> tuple[str, ...]:
    return tuple(step.name for step in steps if not isinstance(step, Upward))


def required_relations(model: Any, depth: int = 5) -> list[str]:
    """The paths of all foreign keys that cannot be null."""
    found = []
    for field in model._meta.fields if depth else ():
        if field.is_relation and not field.null and not field.parent_link:
            deeper = required_relations(field.target, depth - 1)
            found += [field.name, *(f"{field.name}__{name}" for name in deeper)]
    return found
