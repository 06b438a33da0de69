"""QuerySet: a query that is built step by step, runs when its rows are wanted, and keeps them.

Each step gives a new QuerySet (steps.py); reading.py runs it. Here is what changes rows, and what gives other things
than objects.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any, Generic, Self

from typing_extensions import TypeVar

from spruce.db import tokens, transactions
from spruce.db.bulk import insert_all, insert_or_else, update_many, update_tables
from spruce.db.databases import Database, choose
from spruce.db.datefunctions import Trunc
from spruce.db.deletion import delete_rows
from spruce.db.expressions import Term
from spruce.db.merging import merged
from spruce.db.raw import RawQuery
from spruce.db.reading import Rows
from spruce.db.records import Record
from spruce.db.shapes import Op
from spruce.db.signals import post_save, pre_save
from spruce.db.steps import Query
from spruce.db.storing import insert_object
from spruce.errors import FieldError, IntegrityError

__all__ = ["Manager", "QuerySet"]

M = TypeVar("M", bound=Record)
R = TypeVar("R", default=M)


class QuerySet(Rows[M, R], Generic[M, R]):
    """The rows of a model that fit, as objects or as what `values()` and `values_list()` make of them.

    It runs when it is iterated over, counted with `len`, tested, indexed or shown, once; the rows are then kept. Only
    `get`, `first`, `last`, `count`, `exists`, `aggregate`, `create`, `update` and `delete` run a query of their own.
    """

    __slots__ = ()
    _manages = False  # whether it is a manager, whose steps give something else

    def __init_subclass__(cls, **keywords: Any) -> None:
        """A QuerySet class of the program's own: its steps give the same."""
        super().__init_subclass__(**keywords)
        if not cls._manages:
            cls._kind = cls

    @classmethod
    def as_manager(cls) -> Any:
        """A manager with the methods of this class, for a model: `objects = ProductQuerySet.as_manager()`."""
        return Manager.from_queryset(cls)()

    def create(self, **values: Any) -> M:
        """Make an object, save it, and return it."""
        if self._instance is not None and self._instance[0] is not None:
            values = {self._instance[0].name: self._instance[1], **values}
        made = self.model(**values)
        if self.model._meta.own_save or pre_save.listeners or post_save.listeners:
            made.save(using=self._alias, force_insert=True)
        else:
            insert_object(made, choose(self._alias, self.model, write=True, instance=made))
        return made

    def get_or_create(self, defaults: dict[str, Any] | None = None, **keywords: Any) -> tuple[R | M, bool]:
        """The row that fits, or a new one of `keywords` and `defaults`; and whether it is new.

        Two that ask at once both get one row if the fields are unique together.
        """
        try:
            return self.get(**keywords), False
        except self.model.DoesNotExist:
            pass
        query = self.using(self._database(write=True).alias)
        plain = {key: value for key, value in keywords.items() if "__" not in key}
        plain |= {key: value() if callable(value) else value for key, value in (defaults or {}).items()}
        with transactions.Atomic(query.db):
            try:
                return query.get(**keywords), False
            except self.model.DoesNotExist:
                pass
            try:
                with transactions.Atomic(query.db):
                    return query.create(**plain), True
            except IntegrityError:
                try:  # another one was faster, where transactions don't wait for each other
                    return query.get(**keywords), False
                except self.model.DoesNotExist:
                    pass
                raise

    def update_or_create(
        self,
        defaults: dict[str, Any] | None = None,
        create_defaults: dict[str, Any] | None = None,
        **keywords: Any,
    ) -> tuple[R | M, bool]:
        """The row that fits with `defaults` written to it, or a new one; and whether it is new.

        A new one has `create_defaults`, if they are given, instead of `defaults`.
        """
        changes = {key: value() if callable(value) else value for key, value in (defaults or {}).items()}
        query = self.using(self._database(write=True).alias)
        with transactions.Atomic(query.db):
            first = changes if create_defaults is None else create_defaults
            found, new = query.select_for_update().get_or_create(first, **keywords)
            if not new:
                for name, value in changes.items():
                    setattr(found, name, value)
                found.save(using=query.db)  # type: ignore[union-attr] # it is an object
        return found, new

    def bulk_create(
        self,
        objects: Iterable[M],
        batch_size: int | None = None,
        *,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Sequence[str] = (),
        unique_fields: Sequence[str] = (),
    ) -> list[M]:
        """Save new objects, all of them or none, and return them.

        Where a row is in the way because of a unique field, it is left as it is with `ignore_conflicts`; with
        `update_conflicts` the `update_fields` are written to the row that has the same `unique_fields`. The objects get
        no keys then. At most `batch_size` of them go to the database at once.
        """
        made = list(objects)
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"bulk_create(batch_size={batch_size}): a batch has 1 object at least")
        size = batch_size or len(made) or 1
        if update_conflicts and (ignore_conflicts or not update_fields or not unique_fields):
            raise FieldError(
                "bulk_create(update_conflicts=True) needs update_fields and unique_fields, and no ignore_conflicts"
            )
        database = self._database(write=True)
        with transactions.Atomic(database.alias):
            for part in (made[start : start + size] for start in range(0, len(made), size)):
                if ignore_conflicts or update_conflicts:
                    insert_or_else(part, database, unique_fields, update_fields if update_conflicts else None)
                else:
                    insert_all(part, database)
        return made

    def bulk_update(self, objects: Iterable[M], fields: Sequence[str], *, batch_size: int = 100) -> int:
        """Write these fields of saved objects by few statements; return how many rows there were."""
        self._whole("update")
        return update_many(self, objects, fields, batch_size)

    def dates(self, name: str, unit: str, order: str = "ASC") -> "QuerySet[M, Any]":
        """The different beginnings of years, months or days (`unit`) that a date field has; `order` is ASC or DESC."""
        return self._beginnings(name, unit, order)

    def datetimes(self, name: str, unit: str, order: str = "ASC") -> "QuerySet[M, Any]":
        """As `dates`, of a datetime field, in UTC; also hours, minutes and seconds."""
        return self._beginnings(name, unit, order)

    def _beginnings(self, name: str, unit: str, order: str) -> "QuerySet[M, Any]":
        if order not in ("ASC", "DESC"):
            raise FieldError(f"the order is 'ASC' or 'DESC', not {order!r}")
        found = self.exclude(**{f"{name}__isnull": True}).alias(beginning=Trunc(name, unit))
        listed = found.values_list("beginning", flat=True).distinct()
        return listed.order_by("beginning" if order == "ASC" else "-beginning")

    def raw(
        self,
        sql: str,
        params: Sequence[Any] | Mapping[str, Any] | None = (),
        translations: Mapping[str, str] | None = None,
        using: str | None = None,
    ) -> RawQuery[M]:
        """The objects of a statement that is written by hand, with `%s`, `%(name)s` or `:name` where parameters stand.

        `translations` gives the names of fields for columns that are called otherwise.
        """
        return RawQuery(self.model, sql, params or (), using or self._alias, translations)

    def values(self, *names: str, **expressions: Any) -> "QuerySet[M, dict[str, Any]]":
        """Dicts instead of objects, of these fields or of all; names may cross relations.

        Expressions are computed under their keywords: `values(upper=db.Upper("name"))`.
        """
        query = self._annotated((), expressions, shown=False) if expressions else self
        return query._step(("values", (*names, *expressions)))  # type: ignore[no-any-return] # the same

    def values_list(self, *names: str | Term, flat: bool = False, named: bool = False) -> "QuerySet[M, Any]":
        """Tuples instead of objects; with `flat`, which takes one name, just the values; `named` tuples with names."""
        if flat and named:
            raise TypeError("values_list() takes flat or named, not both")
        if flat and len(names) != 1:
            raise TypeError(f"values_list(flat=True) takes the name of one field, not {len(names)}")
        terms = {f"expression{i}": each for i, each in enumerate(names) if isinstance(each, Term)}
        plain = tuple(f"expression{i}" if isinstance(each, Term) else each for i, each in enumerate(names))
        query = self._annotated((), terms, shown=False) if terms else self
        return query._step(("list", plain, "named" if named else flat))  # type: ignore[no-any-return] # the same

    def __or__(self, other: Any) -> "QuerySet[M, R]":
        """The rows that are in either; of what is no filter, the first query's counts."""
        return merged(self, other, "OR")  # type: ignore[no-any-return] # the same

    def __and__(self, other: Any) -> "QuerySet[M, R]":
        """The rows that are in both."""
        return merged(self, other, "AND")  # type: ignore[no-any-return] # the same

    def __xor__(self, other: Any) -> "QuerySet[M, R]":
        """The rows that are in one of them and not in the other."""
        return merged(self, other, "XOR")  # type: ignore[no-any-return] # the same

    def update(self, **values: Any) -> int:
        """Write these values, which may be computed with F, to all rows; return how many there are.

        Objects that are loaded already keep their old values, and their `save()` does not run.
        """
        self._whole("update")
        if not values:
            raise FieldError(f"update() needs the fields to change, as {self.model.__name__}.objects.update(name=…)")
        meta = self.model._meta
        if meta.parent is not None and any(meta.field(name) not in meta.local for name in values):
            return update_tables(self, values)
        found, plain = tokens.changes(values, self)
        op: Op = ("update", tuple(values), found)
        shape = self._shape
        changed: int = self._run(shape.next.get(op) or shape.grow(op), self._args + plain, write=True)[1]
        self._rows = None
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows, and those that point to them as their `on_delete` says; return how many, by model.

        Raises ProtectedError when rows point to them that forbid it.
        """
        self._whole("delete")
        if self._shape.op and self._shape.op[0] in ("values", "list"):
            raise TypeError("Cannot call delete() after .values() or .values_list()")
        if self._shape.empty:
            return 0, {}
        answer = delete_rows(self, self._database(write=True))
        self._rows = None
        return answer

    def delete_only(self, database: Database) -> int:
        """Delete the rows and nothing that points to them; return how many. `delete` is what programs call."""
        shape = self._shape
        op: Op = ("delete",)
        return self._run(shape.next.get(op) or shape.grow(op), self._args, database=database)[1]  # type: ignore[no-any-return] # a number without a loader


class Manager(QuerySet[M, M], Generic[M]):
    """`Product.objects`: the query of all rows, which every other one begins with. It keeps no rows.

    A subclass may have methods of its own, and leave rows out by a `get_queryset()` that begins with `super()`'s.
    """

    __slots__ = ()
    _manages = True

    def __init__(self, model: type[M] | None = None) -> None:
        self._args = self._prefetch = ()
        self._alias = self._high = self._rows = self._instance = None
        self._low = 0
        if model is not None:
            self.bind_to(model)

    def bind_to(self, model: type[M]) -> None:
        """Become a manager of this model."""
        self.model = model
        self._shape = model._meta.shape

    def begin_with(self, query: QuerySet[M, M]) -> None:
        """Let every step start at this query."""
        for slot in Query.__slots__:
            setattr(self, slot, getattr(query, slot))

    @classmethod
    def from_queryset(cls, queryset_class: type[Any], class_name: str | None = None) -> type[Any]:
        """A class of managers that have the methods of a QuerySet class, and whose steps give such QuerySets."""
        name = class_name or f"{cls.__name__}From{queryset_class.__name__}"
        return type(name, (cls, queryset_class), {"__doc__": queryset_class.__doc__})

    def db_manager(self, using: str | None = None) -> Self:
        """A manager like this one, which uses the database of this alias, also in methods of yours."""
        found = copy(self)
        found._alias = using
        return found

    def get_queryset(self) -> QuerySet[M, M]:
        """The rows that there are for this manager: all, unless a subclass says otherwise."""
        return self.all()

    def __repr__(self) -> str:
        return f"<Manager of {self.model.__name__}>"

    def _fetch(self) -> list[M]:
        return self.all()._fetch()


QuerySet._kind = QuerySet
