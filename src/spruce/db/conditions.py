"""Conditions as SQL: keywords, Qs and SQLAlchemy expressions, with Django's meaning of NOT and NULL.

Under a NOT each comparison is made two-valued by `AND … IS NOT NULL`, so that `exclude(stock=0)` keeps rows without
stock.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import ClauseList

from spruce.db.amounts import rescale
from spruce.db.arithmetic import check_amounts
from spruce.db.fields import Unfit
from spruce.db.filteredrelations import FilteredField, filtered, relative
from spruce.db.joins import Joins, Parameters
from spruce.db.jsonlookups import JSON_LOOKUPS, key_step, missing_in, text_of
from spruce.db.lookups import LOOKUPS, Path, key_of, resolve
from spruce.db.patterns import BETWEEN_COLUMNS
from spruce.db.terms import Terms
from spruce.db.tokens import Clause, Expression, Flag, In, Nested, Row, Several, Tree
from spruce.errors import FieldError

if TYPE_CHECKING:
    from spruce.db.fields import Field

__all__ = ["Conditions"]

Column = sa.ColumnElement[Any]
Condition = sa.ColumnElement[bool]


class Conditions:
    """Makes the conditions of one query; what they join and which parameters they take is noted in the two it is given.

    `subquery` builds the SELECT of a nested query.
    """

    def __init__(
        self,
        joins: Joins,
        parameters: Parameters,
        dialect: sa.Dialect,
        subquery: Callable[..., "sa.Select[Any]"],
    ) -> None:
        self.joins = joins
        self.parameters = parameters
        self.dialect = dialect
        self.subquery = subquery
        self.terms = Terms(self)
        self.split = True  # whether a NOT on one of many rows is about all of them

    def all_of(
        self, connector: str, negated: bool, keys: tuple[str | None, ...], tokens: tuple[Hashable, ...], inside: bool
    ) -> Condition | None:
        """The conditions of `keys` and `tokens`, combined; `inside` tells whether a NOT stands around them.

        None when they say nothing, as an empty Q.
        """
        under = inside or negated
        made = [self.one(key, token, under) for key, token in zip(keys, tokens, strict=True)]
        parts = [part for part in made if part is not None]
        if not parts:
            return None
        combined: Condition
        if connector == "XOR" and len(parts) > 1:
            combined = _odd(parts)
        else:
            combined = (sa.or_ if connector == "OR" else sa.and_)(*parts)
        return sa.not_(combined.self_group()) if negated else combined

    def one(self, key: str | None, token: Any, negated: bool) -> Condition | None:
        """One condition; `negated` tells whether a NOT stands around it."""
        if key is None:
            if isinstance(token, Tree):
                return self.all_of(*token, inside=negated)
            if isinstance(token, Expression):
                return self.terms.sql(token.key)
            clause: Condition = self.clause(token)
            return clause
        path = resolve(self.joins.model, key, computed=self.joins.fields)
        at = self.joins.first_loose(path.steps) if negated and self.split else None
        if at is not None:
            return self._apart(path, at, key, token)
        column = self.joins.column(path)
        condition = self._compare(path, key, column, token)
        if negated and (isinstance(token, Expression) or path.field.family == "json"):
            return sa.func.coalesce(condition, sa.false())
        if negated and path.nullable and token is not type(None) and not isinstance(token, Flag):
            return sa.and_(condition, column.is_not(None))
        return condition

    def _apart(self, path: Path, at: int, key: str, token: Any) -> Condition:
        """Under a NOT, a condition on one of many rows: that there is such a row, looked for in a query of its own."""
        step = path.steps[at]
        left = self.joins.at(path.steps[:at])
        inner = Joins(step.target, step.target.__table__.alias())
        within = Conditions(inner, self.parameters, self.dialect, self.subquery)
        within.terms = self.terms  # an F speaks of the row outside
        rest = replace(path, steps=path.steps[at + 1 :])
        condition = within._compare(rest, key, inner.column(rest), token)
        rows: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(inner.source).where(step.on(left, inner.table))
        )
        around = self.terms.around()
        found = rows.where(condition).correlate(*around).exists()
        if token is type(None) or token == Flag(True):  # to have no row is to have none with a value
            return sa.or_(found, sa.not_(rows.correlate(*around).exists()))
        return found

    def related(self, name: str, key: Any) -> FilteredField:
        """A relation of which only the rows that fit are joined. Raises FieldError for one on further tables."""
        made = filtered(self.joins.model, name, key)
        step = made.steps[-1]
        inner = Joins(step.target, self.joins.own_table(step))
        within = Conditions(inner, self.parameters, self.dialect, self.subquery)
        within.split = False
        condition = within.all_of(*relative(key[1], key[2]), inside=False)
        if inner:
            raise FieldError(
                f"FilteredRelation({key[1]!r}): its condition follows further relations, which no join can",
                hint=f"Let it speak of fields of {step.target.__name__} only, or filter by Exists(…).",
            )
        step.condition = sa.true() if condition is None else condition
        return made

    def clause(self, token: Clause) -> Any:
        """A SQLAlchemy expression with our parameters in the place of its values."""
        foreign = [str(found) for found in token.exemplar._from_objects if found is not self.joins.table]
        if foreign:
            raise FieldError(
                f"{token.exemplar} speaks of {foreign[0]!r}, and this query is of {self.joins.table.name!r}",
                hint='Use a keyword to cross a relation: filter(category__name="toys").',
            )
        check_amounts(token.exemplar, self.dialect)
        replaced = {id(old): self._list_of(old, n) for old, n in zip(token.parameters, token.lengths, strict=True)}
        return visitors.replacement_traverse(token.exemplar, {}, lambda element, **_: replaced.get(id(element)))

    def _list_of(self, old: "sa.BindParameter[Any]", length: int) -> Any:
        if not length:
            return self.parameters.add(old.type)
        if length < 0:
            return sa.select(sa.null()).where(sa.false()).scalar_subquery()
        parameters = [self.parameters.add(old.type) for _ in range(length)]
        return ClauseList(*parameters, operator=operators.comma_op).self_group()

    def _compare(self, path: Path, key: str, column: Column, token: Any) -> Condition:
        if path.field.family == "json":
            return self._inside(path, key, column, token)
        make = _OF_TOKEN.get(type(token), Conditions._plain)
        return make(self, path, key, column, token)

    def _inside(self, path: Path, key: str, column: Column, token: Any) -> Condition:
        """A condition on a JSONField, or on what some keys lead to in one."""
        lookup, dialect = JSON_LOOKUPS[path.lookup], self.dialect.name
        if isinstance(token, Expression | Clause):
            other = self.terms.sql(token.key) if isinstance(token, Expression) else self.clause(token)
            return LOOKUPS[path.lookup].sql(column, other, dialect)
        if isinstance(token, Flag) and path.lookup == "isnull":
            missing = missing_in(column, dialect)
            return missing if token.value else sa.not_(missing)
        if isinstance(token, In):
            if path.lookup == "range" and token.length != 2:
                raise FieldError(f"{key}: the lookup 'range' takes a pair of values")
            if path.lookup not in ("in", "range", "has_keys", "has_any_keys"):
                raise FieldError(f"{key} cannot be compared with a list", hint=f"Use {key}__in=[…].")
            if not token.length:
                return sa.true() if path.lookup == "has_keys" else sa.false()
            listed = [self._json(path, dialect) for _ in range(token.length)]
            return lookup(column, listed, dialect)  # type: ignore[misc] # these have one
        if not isinstance(token, type):
            raise FieldError(f"{key} cannot be compared with a query or an object", hint="It takes what JSON can say.")
        if lookup is not None:
            return lookup(column, self._json(path, dialect), dialect)
        text = LOOKUPS[path.lookup]
        pattern = text.pattern or (lambda value, _: value)
        parameter = self.parameters.add(sa.String(), None, lambda value: pattern(str(value), dialect))
        return text.sql(text_of(column, dialect), parameter, dialect)

    def _json(self, path: Path, dialect: str) -> Column:
        """The next value, as JSON; as a step of a path where it is a key to look for."""
        if path.lookup.startswith("has_"):
            return self.parameters.add(sa.String(), None, partial(key_step, dialect=dialect))
        field = path.field
        return self.parameters.add(field.column_type(), None, field.comparable)

    def _plain(self, path: Path, key: str, column: Column, token: Any) -> Condition:
        lookup = path.rule
        field = path.compared if lookup.operand is None else lookup.operand(path.compared, token)
        if path.lookup in ("in", "range", "isnull"):
            wants = {"in": "a list", "range": "a pair of values", "isnull": "True or False"}[path.lookup]
            raise FieldError(f"{key}: the lookup {path.lookup!r} takes {wants}, not a {token.__name__}")
        if token is type(None):
            if path.lookup not in ("exact", "iexact"):
                raise FieldError(
                    f"{key}=None compares with nothing", hint=f"Use {key.rpartition('__')[0]}__isnull=True."
                )
            self.parameters.add(None, token)
            return column.is_(None)
        if lookup.pattern is not None:
            return lookup.sql(column, self._pattern(field, lookup.pattern), self.dialect.name)
        return lookup.sql(column, self._parameter(field, token), self.dialect.name)

    def _pattern(self, field: "Field[Any]", pattern: Callable[[str, str], str]) -> Column:
        name = self.dialect.name

        def prepare(value: Any) -> str:
            try:
                return pattern(field.comparable(value), name)
            except Unfit as error:
                raise field.refusal(value, error) from None

        return self.parameters.add(sa.String(), None, prepare)

    def _parameter(self, field: "Field[Any]", *tokens: Any) -> "sa.BindParameter[Any]":
        fits = field.exact_types.issuperset(tokens)
        known = tokens[0] if fits and len(tokens) == 1 else None
        return self.parameters.add(field.column_type(), known, None if fits else field.comparable)

    def _in(self, path: Path, key: str, column: Column, token: In) -> Condition:
        if path.lookup not in ("in", "range"):
            raise FieldError(f"{key} cannot be compared with a list", hint=f"Use {key}__in=[…].")
        if path.lookup == "range" and token.length != 2:
            raise FieldError(f"{key}: the lookup 'range' takes a pair of values")
        if not token.length:
            return sa.false()
        listed = [self._parameter(path.compared, *token.types) for _ in range(token.length)]
        return path.rule.sql(column, listed, self.dialect.name)  # type: ignore[arg-type] # these two take several

    def _several(self, path: Path, key: str, column: Column, token: Several) -> Condition:
        """A list in which expressions stand beside values."""
        if path.lookup not in ("in", "range"):
            raise FieldError(f"{key} cannot be compared with a list", hint=f"Use {key}__in=[…].")
        if path.lookup == "range" and len(token.keys) != 2:
            raise FieldError(f"{key}: the lookup 'range' takes a pair of values")
        listed = [self.terms.fitted(each, path.compared) for each in token.keys]
        return path.rule.sql(column, listed, self.dialect.name)  # type: ignore[arg-type] # these two take several

    def _flag(self, path: Path, key: str, column: Column, token: Flag) -> Condition:
        return column.is_(None) if token.value else column.is_not(None)

    def _row(self, path: Path, key: str, column: Column, token: Row) -> Condition:
        field: Any = path.field
        target: Any = field.target if field.is_relation else field.model
        others = [each for each in (path.end, field.model if field.primary_key else None) if each is not None]
        fits = any(issubclass(token.model, each._meta.concrete) for each in (target, *others))
        if not fits or not (field.is_relation or field.primary_key):
            wanted = target.__name__ if path.field.is_relation else path.field.what
            raise FieldError(f"{key} takes a {wanted}, not a {token.model.__name__}")
        return path.rule.sql(column, self.parameters.add(path.field.column_type()), self.dialect.name)

    def _nested(self, path: Path, key: str, column: Column, token: Nested) -> Condition:
        if path.both is not None:
            raise FieldError(
                f"{key} cannot be compared with a query: a bilateral transform is taken of single values only",
                hint="Annotate the query inside with what it transforms, or give a list.",
            )
        wanted = key_of(path.field)
        if path.lookup == "exact" and token.single:
            return column == self.subquery(token.shape, wanted).scalar_subquery()
        if path.lookup != "in":
            raise FieldError(
                f"{key} cannot be compared with a QuerySet of several rows",
                hint=f"Use {key}__in=… , or a slice of one row.",
            )
        return column.in_(self.subquery(token.shape, wanted))

    def _expression(self, path: Path, key: str, column: Column, token: Expression) -> Condition:
        lookup = path.rule
        if not path.builtin:
            return lookup.sql(column, self.terms.sql(token.key), self.dialect.name)
        between = BETWEEN_COLUMNS.get(path.lookup)
        if between is not None:
            other = self.terms.sql(token.key)
            return between(column, other if path.both is None else path.both(other), self.dialect.name)
        if path.lookup == "in" and token.key[0] == "subquery":  # type: ignore[index] # a key is a tuple
            return column.in_(self.subquery(token.key[1]))  # type: ignore[index] # the same
        if lookup.pattern is not None or path.lookup in ("in", "range", "isnull"):
            raise FieldError(f"{key} cannot be compared with an F")
        other = self.terms.sql(token.key)
        return lookup.sql(column, rescale(other, column.type, self.dialect), self.dialect.name)

    def _clause(self, path: Path, key: str, column: Column, token: Clause) -> Condition:
        return path.rule.sql(column, rescale(self.clause(token), column.type, self.dialect), self.dialect.name)


_OF_TOKEN: dict[type, Callable[[Conditions, Path, str, Column, Any], Condition]] = {
    In: Conditions._in,
    Several: Conditions._several,
    Flag: Conditions._flag,
    Row: Conditions._row,
    Nested: Conditions._nested,
    Expression: Conditions._expression,
    Clause: Conditions._clause,
}


def _odd(parts: list[Condition]) -> Condition:
    """True when an odd number of `parts` is, as Django's XOR."""
    ones: list[Column] = [sa.case((part, 1), else_=0) for part in parts]
    total = ones[0]
    for one in ones[1:]:
        total = total + one
    return total % 2 == 1
