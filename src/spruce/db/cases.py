"""Values, cases, casts and subqueries for queries: `db.Case(db.When(stock=0, then=db.Value("gone")), …)`."""

from typing import TYPE_CHECKING, Any

from spruce.db.expressions import Q, Term
from spruce.db.fields import Field
from spruce.db.tokens import Json, as_type, operand, token
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.steps import Query

__all__ = ["Case", "Cast", "Exists", "ExpressionWrapper", "OuterRef", "Subquery", "Value", "When"]


class Value(Term):
    """A value of the program's, where a text would be the name of a field; None is null.

    With `output_field` it is made one of that field's values.
    """

    __slots__ = ()

    def __init__(self, value: Any, output_field: Field[Any] | None = None) -> None:
        if output_field is not None and value is not None:
            value = as_type(None, output_field) and output_field.convert(value)
        kind, values = (None, ()) if value is None else (Json, (value,)) if _is_json(value) else token(value)
        if value is not None and not isinstance(kind, type):
            raise FieldError(f"Value() takes a plain value, not {value!r}")
        self.key = as_type(("null",) if value is None else ("value", kind), output_field)  # type: ignore[assignment] # a key is a tuple
        self.values = values


def _is_json(value: Any) -> bool:
    return isinstance(value, dict | list)


class When:
    """A condition, as a Q or keywords, and what a `Case` gives where it holds: a field's name, a value or a term."""

    __slots__ = ("condition", "then")

    def __init__(self, condition: Q | Term | None = None, *, then: Any, **keywords: Any) -> None:
        if condition is None and not keywords:
            raise TypeError('When() needs a condition: db.When(stock=0, then=db.Value("gone"))')
        given = () if condition is None else (condition,)
        self.condition: Any = Q(*given, **keywords)
        self.then = then


class Case(Term):
    """What the first `When` gives whose condition holds; `default` if none does."""

    __slots__ = ()

    def __init__(self, *cases: When, default: Any = None, output_field: Field[Any] | None = None) -> None:
        keys: list[Any] = []
        values: tuple[Any, ...] = ()
        for case in cases:
            if not isinstance(case, When):
                raise TypeError(f"Case() takes Whens, not {case!r}")
            condition, found = token(case.condition)
            then, more = operand(case.then)
            keys.append((condition, then))
            values += (*found, *more)
        if not keys:
            raise TypeError("Case() needs a When at least")
        otherwise, more = operand(default)
        self.key = as_type(("case", tuple(keys), otherwise), output_field)  # type: ignore[assignment] # a key is a tuple
        self.values = values + more


class Cast(Term):
    """A value as another type: `Cast("text", db.IntegerField())`."""

    __slots__ = ()

    def __init__(self, expression: Any, output_field: Field[Any]) -> None:
        key, self.values = operand(expression)
        self.key = ("cast", key, as_type(key, output_field)[2])  # type: ignore[index] # a key is a tuple


class ExpressionWrapper(Term):
    """An expression that is read as another type, without a conversion by the database."""

    __slots__ = ()

    def __init__(self, expression: Any, output_field: Field[Any]) -> None:
        key, self.values = operand(expression)
        self.key = as_type(key, output_field)  # type: ignore[assignment] # a key is a tuple


class OuterRef(Term):
    """In a query inside of another one: a column of that around it."""

    __slots__ = ()

    def __init__(self, name: "str | OuterRef") -> None:
        if not isinstance(name, str | OuterRef):
            raise TypeError(f"OuterRef() takes the name of a field, not {name!r}")
        self.key = ("outer", ("F", name) if isinstance(name, str) else name.key)
        self.values = ()


class Subquery(Term):
    """The value of another query, which has one column, for each row; of several rows the first."""

    __slots__ = ()

    def __init__(self, queryset: "Query[Any, Any]", output_field: Field[Any] | None = None) -> None:
        shape, self.values = _shape_of(self, queryset)
        self.key = as_type(("subquery", shape), output_field)  # type: ignore[assignment] # a key is a tuple


class Exists(Term):
    """Whether another query has any row, for each row; `~Exists(…)` whether it has none. Also a condition."""

    __slots__ = ()

    def __init__(self, queryset: "Query[Any, Any]") -> None:
        shape, self.values = _shape_of(self, queryset)
        self.key = ("exists", shape, False)

    def __invert__(self) -> Term:
        made = Exists.__new__(Exists)
        made.key = ("exists", self.key[1], not self.key[2])
        made.values = self.values
        return made


def _shape_of(term: Term, queryset: Any) -> tuple[Any, tuple[Any, ...]]:
    if not hasattr(queryset, "as_subquery"):
        raise FieldError(f"{type(term).__name__}() takes a QuerySet, not {queryset!r}")
    found: tuple[Any, tuple[Any, ...]] = queryset.as_subquery()
    return found
