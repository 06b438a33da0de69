"""Foreign keys: the column, what it points to, and what happens when that is deleted.

`product.category_id` is a plain attribute with the key; `product.category`, the object behind it, is what
references.py gives.
"""

import enum
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import TypeEngine

from spruce.db.deferring import Deferrable, deferral
from spruce.db.fields import Field, FieldOptions, Formulate, Unfit
from spruce.db.ondelete import SET_NULL, OnDelete
from spruce.db.records import Record, name_parts, unproxied
from spruce.errors import ModelError, nearest

__all__ = [
    "FetchMode",
    "ForeignKey",
    "OneToOneField",
    "ReverseStep",
    "Step",
    "Upward",
    "owner_path",
]

M = TypeVar("M")
T = TypeVar("T")


class FetchMode(enum.Enum):
    """What touching a relation or field that is not loaded does, see `QuerySet.fetch_mode`."""

    FETCH_PEERS = "peers"
    FETCH_ONE = "one"
    RAISE = "raise"


class RelationOptions(FieldOptions, total=False):
    """What every ForeignKey takes besides its own options."""

    related_name: str | None
    related_query_name: str | None
    db_constraint: bool
    verbose_name: object
    parent_link: bool
    limit_choices_to: Any
    to_field: str | None
    deferrable: Deferrable | None


class ForeignKey(Field[M], Generic[M]):
    """A row of another model, or of its own ("self"); a model that comes later may be given by its name.

    From the other side, `category.products` is a QuerySet of those that point to it: `related_name` names it, "+"
    leaves it out, and None calls it by the model's name with `_set`. Queries go there by `related_query_name`, or else
    by the `related_name` or the model's name. `limit_choices_to`, a dict of conditions, a Q or a function that gives
    one, says which rows forms offer and `full_clean()` allows. `to_field` names the field of the other model, a unique
    one, whose values it holds instead of the primary key's. With `deferrable` the database looks at it when it commits;
    MariaDB cannot wait.
    """

    what = "object or key"
    family = "relation"
    is_relation = True
    standard_index = True
    many: ClassVar[bool] = False
    single = False  # whether the other side is one object
    parent_link = False  # whether it points to the row of the same object in the table of a parent
    remote = (
        ""  # the attribute with the value that it holds, of an object that it points to; known once it is connected
    )

    @overload
    def __init__(
        self: "ForeignKey[T]",
        to: type[T],
        on_delete: OnDelete,
        *,
        null: Literal[False] = False,
        **options: Unpack[RelationOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "ForeignKey[T | None]",
        to: type[T],
        on_delete: OnDelete,
        *,
        null: Literal[True],
        **options: Unpack[RelationOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "ForeignKey[Any]",
        to: str,
        on_delete: OnDelete,
        *,
        null: bool = False,
        **options: Unpack[RelationOptions],
    ) -> None: ...
    def __init__(
        self,
        to: Any,
        on_delete: OnDelete,
        *,
        null: bool = False,
        **options: Unpack[RelationOptions],
    ) -> None:
        rest: Any = dict(options)
        self.db_constraint: bool = rest.pop("db_constraint", True)
        self._related_name: str | None = rest.pop("related_name", None)
        self.related_query_name: str | None = rest.pop("related_query_name", None)
        self.limit_choices_to: Any = rest.pop("limit_choices_to", None)
        self.to_field: str | None = rest.pop("to_field", None)
        self.deferral = deferral(rest.pop("deferrable", None), "ForeignKey")
        super().__init__(rest.pop("verbose_name", ""), null=null, **rest)
        if not isinstance(on_delete, OnDelete):
            raise ModelError(f"ForeignKey: on_delete is one of CASCADE, PROTECT, SET_NULL …, not {on_delete!r}")
        if on_delete is SET_NULL and not null:
            raise ModelError("ForeignKey: on_delete=SET_NULL needs null=True")
        if not isinstance(to, str) and (not hasattr(to, "_meta") or to._meta.abstract):
            raise ModelError(f"ForeignKey takes a model with a table, or the name of one, not {to!r}")
        self.to = to
        self.on_delete = on_delete

    def bind_to(self, model: type[Record], name: str) -> None:
        """Become the relation `name` of `model`, with the attribute `name_id`."""
        super().bind_to(model, name)
        self.attname = f"{name}_id"
        self.slot = f"_{name}_object"

    @property
    def target(self) -> type[Record]:
        """The model that it points to. Raises ModelError while there is none of that name."""
        if isinstance(self.to, str):
            self.to = self.model._meta.registry.find(self.to, self)
        return self.to  # type: ignore[no-any-return] # a model by now

    def names(self, model: type[Record]) -> bool:
        """Whether it was given this model by its name, and is not connected to it yet."""
        if not isinstance(self.to, str):
            return False
        return self.model is model if self.to == "self" else self.to.rpartition(".")[2] == model.__name__

    @property
    def key(self) -> Field[Any]:
        """The field of the target that it holds values of: the primary key, unless `to_field` names another."""
        return self.key_of(self.target)

    def key_of(self, target: type[Record]) -> Field[Any]:
        """The field of a model that it would hold values of. Raises ModelError if `to_field` names none that can be."""
        meta = target._meta
        if self.to_field is None:
            pk: Field[Any] = meta.pk
            return pk
        own = {name: field for field in meta.local for name in (field.name, field.attname)}
        field: Field[Any] | None = own.get(self.to_field)
        if field is None:
            above = f", but {meta.paths[self.to_field].model.__name__}" if self.to_field in meta.paths else ""
            raise ModelError(
                f"{self.label}: to_field={self.to_field!r} is no field of {target.__name__}{above}"
                f"{'' if above else nearest(self.to_field, own)}",
                hint="It names a unique field in the table of the model that the relation points to.",
            )
        if not (field.unique or (field.name,) in meta.sole):
            raise ModelError(
                f"{self.label}: to_field={self.to_field!r} is not unique, so a value of it may be of several rows of "
                f"{target.__name__}",
                hint=f"Declare {field.label} with unique=True, or leave out to_field to point to the primary key.",
            )
        return field

    @property
    def plain_key(self) -> bool:
        """Whether it holds values of the primary key."""
        return self.to_field is None or self.key.primary_key

    @property
    def related_name(self) -> str | None:
        """The name that was given for the other side, or that Meta gives to all of its model's."""
        return self._filled(self._related_name or self.model._meta.default_related_name)

    def _filled(self, name: str | None) -> str | None:
        return name if name is None or "%(" not in name else name % name_parts(self.model)

    @property
    def accessor(self) -> str | None:
        """The name of the QuerySet on the other side."""
        if self.related_name is not None:
            return None if self.related_name.endswith("+") else self.related_name
        return f"{self.model.__name__.lower()}_set"

    @property
    def reverse_slot(self) -> str:
        """Where an object on the other side keeps the one that points to it."""
        return f"_{self.accessor}_one"

    def on(self, left: FromClause, right: FromClause) -> sa.ColumnElement[bool]:
        """The condition that joins the table it points to."""
        condition: sa.ColumnElement[bool] = left.c[self.attname] == right.c[self.key.attname]
        return condition

    @property
    def query_name(self) -> str | None:
        """The name by which queries go the other way."""
        if self.related_query_name is not None:
            return self._filled(self.related_query_name)
        if self.related_name is not None:
            return None if self.related_name.endswith("+") else self.related_name
        return self.model.__name__.lower()

    def column(self, formulate: Formulate) -> sa.Column[Any]:
        """The column, with an index as it is looked up from the other side."""
        target = f"{self.target._meta.db_table}.{self.key.attname}"
        held = self.db_constraint and (self.model._meta.managed or self.model._meta.keeps_table)
        return sa.Column(
            self.db_column or self.attname,
            self.column_type(),
            *([sa.ForeignKey(target, ondelete=self.on_delete.ddl, **self.deferral)] if held else []),
            server_default=self.given(formulate),
            comment=self.db_comment,
            key=self.attname,
            nullable=self.null,
            primary_key=self.primary_key,
            unique=(self.unique and not self.primary_key) or None,
            index=True if self.db_index and not self.unique else None,
        )

    def column_type(self) -> TypeEngine[Any]:
        """That of what it holds values of."""
        key: Field[Any] = self.key
        return key.column_type()

    def convert(self, value: Any) -> Any:
        """A key, or an object's key."""
        value = unproxied(value)
        if hasattr(type(value), "_meta"):
            if not isinstance(value, self.target._meta.concrete):
                raise Unfit(f"it is a {type(value).__name__}, and this points to {self.target.__name__}")
            return getattr(value, self.remote)
        return self.key.convert(value)

    def fit(self, value: Any) -> Any:
        """Keys that can be of a row it points to."""
        return self.key.fit(value)


class Step(Protocol):
    """A relation that a query follows from one table to the next."""

    name: str
    null: bool  # whether it may lead to nothing
    slot: str  # where an object keeps what it leads to

    @property
    def many(self) -> bool:
        """Whether it leads to several rows."""
        ...

    @property
    def target(self) -> type[Record]:
        """The model that it leads to."""
        ...

    def on(self, left: FromClause, right: FromClause) -> sa.ColumnElement[bool]:
        """The condition that joins the table that it leads to."""
        ...


class ReverseStep:
    """A ForeignKey followed from the other side."""

    null = True

    def __init__(self, field: ForeignKey[Any], name: str) -> None:
        self.field = field
        self.name = name
        self.many = not field.single
        self.slot = field.reverse_slot
        self.target: type[Record] = field.model

    def on(self, left: FromClause, right: FromClause) -> sa.ColumnElement[bool]:
        """The condition that joins the table of those that point here."""
        return self.field.on(right, left)


class Upward:
    """The way from a row to that of the same object in the table of the model's parent, which queries go by themselves.

    `link` is the OneToOneField that it follows.
    """

    null = many = False

    def __init__(self, link: "OneToOneField[Any]") -> None:
        self.link = link
        self.name = link.name
        self.slot = link.slot

    @property
    def target(self) -> type[Record]:
        """The parent."""
        return self.link.target

    def on(self, left: FromClause, right: FromClause) -> sa.ColumnElement[bool]:
        """The condition that joins the parent's table."""
        return self.link.on(left, right)


def owner_path(steps: "tuple[Step, ...]") -> "tuple[Step, ...]":
    """The path to the object that has the last of the steps as a relation, whichever of its tables has it."""
    steps = steps[:-1]
    while steps and isinstance(steps[-1], Upward):
        steps = steps[:-1]
    return steps


class OneToOneField(ForeignKey[M], Generic[M]):
    """A ForeignKey of which no two rows point to the same object; from the other side it is that object, or none.

    The other side is called by the model's name in lower case, unless `related_name` names it. Touching it where there
    is none raises the model's DoesNotExist. With `parent_link` it is what connects a model with the row in the table of
    the model that it inherits from; without one there is `<parent>_ptr`.
    """

    @overload
    def __init__(
        self: "OneToOneField[T]",
        to: type[T],
        on_delete: OnDelete,
        *,
        null: Literal[False] = False,
        **options: Unpack[RelationOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "OneToOneField[T | None]",
        to: type[T],
        on_delete: OnDelete,
        *,
        null: Literal[True],
        **options: Unpack[RelationOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "OneToOneField[Any]",
        to: str,
        on_delete: OnDelete,
        *,
        null: bool = False,
        **options: Unpack[RelationOptions],
    ) -> None: ...
    def __init__(
        self,
        to: Any,
        on_delete: OnDelete,
        *,
        null: bool = False,
        **options: Unpack[RelationOptions],
    ) -> None:
        options["unique"] = True
        link = options.pop("parent_link", False)
        super().__init__(to, on_delete, null=null, **options)
        self.single = True
        self.parent_link = link

    @property
    def accessor(self) -> str | None:
        """The name of the object on the other side."""
        if self.related_name is not None:
            return None if self.related_name.endswith("+") else self.related_name
        return self.model.__name__.lower()
