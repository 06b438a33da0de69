"""SELECT … FOR UPDATE: which tables' rows are locked, and what happens to those that are locked already."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from spruce.db.joins import Joins
from spruce.db.lookups import resolve
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.relations import Step

__all__ = ["Lock"]


class Lock(NamedTuple):
    """What `select_for_update` was told; `of` are "self" and relations, or nothing for all that may be locked."""

    skip_locked: bool
    nowait: bool
    of: tuple[str, ...]

    def add_to(self, select: "sa.Select[Any]", joins: Joins, related: "Sequence[tuple[Step, ...]]") -> Any:
        """The query with the lock. Raises FieldError for a relation that it does not load."""
        tables = [self._table(name, joins, related) for name in self.of] or [
            joins.table,
            *(joins.at(steps) for steps in related if not any(step.null for step in steps)),
        ]
        return select.with_for_update(skip_locked=self.skip_locked, nowait=self.nowait, of=tables)

    def _table(self, name: str, joins: Joins, related: "Sequence[tuple[Step, ...]]") -> Any:
        if name == "self":
            return joins.table
        path = resolve(joins.model, name, lookups=False)
        steps: Any = (*path.steps, path.field) if path.field.is_relation else path.steps
        if steps not in related:
            raise FieldError(
                f"select_for_update(of=[{name!r}]) names what the same query does not load",
                hint=f'Add select_related("{name}").',
            )
        return joins.at(steps)
