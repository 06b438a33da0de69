"""FilteredRelation: a relation of which a query follows only the rows that fit, under a name of its own."""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause

from spruce.db.expressions import Q, Term
from spruce.db.fields import Field
from spruce.db.records import Record
from spruce.db.relations import Upward
from spruce.db.tokens import Expression, Tree, token
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.relations import Step

__all__ = ["FilteredField", "FilteredRelation", "FilteredStep", "filtered", "relative"]


_ALL = Q()


class FilteredRelation(Term):
    """A relation with a condition, for `annotate(dear=FilteredRelation("books", condition=Q(books__price__gt=20)))`.

    Rows without any that fits stay, with nothing behind the name. The condition speaks of the relation's own row. A
    name may follow several relations, `author__books`: the condition is one on the rows of the last.
    """

    __slots__ = ()

    def __init__(self, relation_name: str, *, condition: Q = _ALL) -> None:
        if not isinstance(relation_name, str) or not relation_name or not isinstance(condition, Q):
            raise TypeError('FilteredRelation takes the name of a relation and a Q: ("books", condition=Q(…))')
        tree, values = token(condition)
        self.key = ("filtered", relation_name, tree)
        self.values = values


class FilteredStep:
    """A step of such a relation: never shared with what follows the relation itself."""

    null = True
    many = False  # all that uses its name is about the same row

    def __init__(self, step: "Step", name: str) -> None:
        self.step = step
        self.name = self.slot = name
        self.target: type[Record] = step.target
        self.table: FromClause | None = None  # where the condition is one on it
        self.condition: sa.ColumnElement[bool] | None = None

    def on(self, left: FromClause, right: FromClause) -> sa.ColumnElement[bool]:
        """As the relation has it, and the condition."""
        joined = self.step.on(left, right)
        return joined if self.condition is None else sa.and_(joined, self.condition)


class FilteredField(Field[Any]):
    """What stands for the name among those of annotations."""

    def __init__(self, steps: tuple[Any, ...]) -> None:
        super().__init__()
        self.steps = steps


def filtered(model: type[Record], name: str, key: Any) -> FilteredField:
    """The relation of a key under its new name. Raises FieldError where the model has none of that name."""
    relation, here = key[1], model
    way: list[Any] = []
    for part in relation.split("__"):
        over = _relation(here, part, relation)
        way += [step if isinstance(step, Upward) else FilteredStep(step, name) for step in over]
        here = over[-1].target
    return FilteredField(tuple(way))


def _relation(model: type[Record], part: str, relation: str) -> tuple[Any, ...]:
    """The steps along one relation. Raises FieldError where there is none."""
    over = model._meta.over(part) if part not in model._meta.paths else ()
    field: Any = model._meta.paths.get(part)
    if over:
        return tuple(over)
    if field is None or not field.is_relation or part != field.name:
        known = sorted({*model._meta.reached, *(each.name for each in model._meta.fields if each.is_relation)})
        what = "of this name" if part == relation else repr(part)
        raise FieldError(
            f"FilteredRelation({relation!r}): {model.__name__} has no relation {what}",
            hint=f"Relations: {', '.join(known) or 'none'}.",
        )
    return (*model._meta.up_to(field.model), field)


def relative(relation: str, tree: Tree) -> Tree:
    """The condition as one on the related row: its names without the relation's. Raises FieldError for other names."""
    keys = tuple(None if key is None else _behind(relation, key) for key in tree.keys)
    return Tree(tree.connector, tree.negated, keys, tuple(_within(relation, each) for each in tree.tokens))


def _within(relation: str, part: Any) -> Any:
    if isinstance(part, Tree):
        return relative(relation, part)
    if isinstance(part, Expression):
        return Expression(_within(relation, part.key), part.width)
    if type(part) is not tuple:
        return part
    if part[:1] == ("F",):
        return ("F", _behind(relation, part[1]))
    return tuple(_within(relation, each) for each in part)


def _behind(relation: str, name: str) -> str:
    if not name.startswith(f"{relation}__"):
        raise FieldError(
            f"FilteredRelation({relation!r}): its condition has {name!r}, which is not behind that relation",
            hint=f"Begin the name with '{relation}__', and filter() by the rest.",
        )
    return name.removeprefix(f"{relation}__")
