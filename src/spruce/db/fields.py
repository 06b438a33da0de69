"""The fields of models: what each holds, how a value is made to fit, and its SQL type.

A field is a description: it stays out of the class that it is declared in, where it would slow down each attribute of
every object. Reading `Product.price` gives a SQLAlchemy column, reading `product.price` a plain attribute. Type
checkers see both through `__get__`, which exists for them only.
"""

import enum
import reprlib
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypedDict, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.choices import pairs
from spruce.db.expressions import Term
from spruce.db.records import Record
from spruce.db.validators import Validator
from spruce.errors import DataError, ModelError, NotNullViolation

__all__ = ["REQUIRED", "UNSET", "Computed", "Field", "FieldOptions", "Formulate", "Unfit"]

V = TypeVar("V")
L = TypeVar("L", bound=type[Any])

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
"""The default of a field that has none."""

UNSET: Any = type("DatabaseDefault", (), {"__repr__": lambda self: "DatabaseDefault"})()
"""The value of a new object's field that the database will give, by `db_default`."""

Formulate = Callable[..., "sa.ColumnElement[Any]"]
"""Makes an expression SQL that may stand in the definition of a table, see formulas.py."""

_UNIQUE_FOR = {"unique_for_date": "date", "unique_for_month": "month", "unique_for_year": "year"}
"""Options that forbid a value twice in a time, and what they call that."""

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


_FIXED = frozenset({"exact", "in", "range", "isnull"})
"""Lookups that queries treat in ways of their own."""


class Unfit(ValueError):
    """The reason why a field does not take a value, in words of its own."""


class Computed(DataError):
    """A value is an expression: what saves objects lets the database compute it."""


class FieldOptions(TypedDict, total=False):
    """What every field takes besides its own options."""

    default: object
    db_default: object
    unique: bool
    db_index: bool
    primary_key: bool
    db_column: str | None
    db_comment: str | None
    blank: bool
    choices: Any
    validators: Sequence[Validator]
    help_text: str
    editable: bool
    error_messages: Mapping[str, Any]
    unique_for_date: str
    unique_for_month: str
    unique_for_year: str


class Field(Generic[V]):
    """A column of a model.

    `default` is a value, or a callable that is called for each new object; `db_default` a value or an expression that
    the database gives to rows that are written without one. `unique` and `db_index` make an index. `db_column` is the
    column's name where it differs from the field's, `db_comment` is kept in the database. For people there are
    `verbose_name`, `help_text` and whether forms may change it (`editable`). What `full_clean()` checks: `blank` allows
    an empty value, `choices` are the values there are, with labels, and `validators` are called with the value;
    `unique_for_date`, `_month` and `_year` name a field of time: no two rows with the same value may be of the same
    day, month of whatever year, or year. `error_messages` are texts by code (`null`, `blank`, `invalid`, `unique`,
    `invalid_choice`, `unique_for_date`, those of validators) that are told instead of the usual ones.
    """

    what: ClassVar[str] = "value"
    python: ClassVar[type] = object
    family: ClassVar[str] = "other"  # which lookups apply, see lookups.py
    exact_types: ClassVar[frozenset[type]] = frozenset()  # whose values go to the database as they are
    is_relation: ClassVar[bool] = False
    standard_validators: ClassVar[tuple[Validator, ...]] = ()
    standard_index: ClassVar[bool] = False
    generated: ClassVar[bool] = False  # whether the database computes it
    listed: ClassVar[bool] = False  # whether a list is one value of it
    lookups: ClassVar[Mapping[str, Any]] = MappingProxyType({})  # of its own, before those of its family

    _registered: ClassVar[Mapping[str, Any]] = MappingProxyType({})  # by this class

    name: str = ""
    attname: str = ""  # the attribute that holds the column's value
    model: type[Record]

    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        unknown = set(options) - FieldOptions.__annotations__.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__}() has no option {min(unknown)!r}")
        self.null = null
        self.default = options.get("default", REQUIRED)
        self.primary_key = options.get("primary_key", False)
        self.unique = options.get("unique", False) or self.primary_key
        self.db_index = options.get("db_index", self.standard_index)
        self.db_column = options.get("db_column")
        self.db_default = options.get("db_default", REQUIRED)
        self.db_comment = options.get("db_comment")
        self.blank = options.get("blank", False)
        self.choices = pairs(options.get("choices") or ())
        self.verbose_name = verbose_name
        self.help_text = options.get("help_text", "")
        self.editable = options.get("editable", True)
        self.validators = tuple(options.get("validators", ()))
        self.error_messages = dict(options.get("error_messages") or {})
        self.unique_for = {part: str(options[name]) for name, part in _UNIQUE_FOR.items() if options.get(name)}  # type: ignore[literal-required] # names of the options
        if self.primary_key and null:
            raise ModelError("a primary key cannot be null: leave out null=True")

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> sa.Column[V]: ...
        @overload
        def __get__(self, instance: object, owner: type) -> V: ...
        def __get__(self, instance: object | None, owner: type) -> Any: ...
        def __set__(self, instance: object, value: V) -> None: ...

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label if self.name else '(in no model)'}>"

    @property
    def label(self) -> str:
        """`Product.price`."""
        return f"{self.model.__name__}.{self.name}"

    def bind_to(self, model: type[Record], name: str) -> None:
        """Become the field `name` of `model`."""
        self.model = model
        self.name = self.attname = name
        self.verbose_name = self.verbose_name or name.replace("_", " ")

    def copy(self) -> "Field[V]":
        """The same field for another model, as an abstract model's for those that inherit from it."""
        return copy(self)

    def column(self, formulate: Formulate) -> sa.Column[Any]:
        """The SQLAlchemy column, keyed by the attribute's name."""
        return sa.Column(
            self.db_column or self.attname,
            self.column_type(),
            *self.computed(formulate),
            server_default=self.given(formulate),
            comment=self.db_comment,
            key=self.attname,
            primary_key=self.primary_key,
            nullable=self.null,
            unique=(self.unique and not self.primary_key) or None,
            index=(self.db_index and not self.unique) or None,
        )

    def given(self, formulate: Formulate) -> "sa.ColumnElement[Any] | None":
        """What the database gives to rows that are written without a value."""
        if self.db_default is REQUIRED:
            return None
        if hasattr(self.db_default, "key"):
            return formulate(self.db_default, self.column_type())
        return formulate(self.clean(self.db_default), self.column_type(), plain=True)

    def computed(self, formulate: Formulate) -> "tuple[sa.Computed, ...]":
        """How the database computes each value, if it does."""
        return ()

    def column_type(self) -> TypeEngine[Any]:
        """The SQL type."""
        raise NotImplementedError

    def initial(self) -> Any:
        """The value of an object that was made without one."""
        if self.default is not REQUIRED:
            return self.default() if callable(self.default) else self.default
        if self.db_default is not REQUIRED:
            return UNSET
        return "" if self.python is str and not self.null else None

    def convert(self, value: Any) -> Any:
        """Make `value` (never None) one of this field's Python type. Raises Unfit, ValueError or TypeError."""
        return value

    def fit(self, value: Any) -> Any:
        """Return `value`, already converted, if the column can store it. Raises Unfit."""
        return value

    def comparable(self, value: Any) -> Any:
        """Make `value` one that the column can be compared with. Raises DataError."""
        if value is None:
            return None
        try:
            return self.convert(value.value if isinstance(value, enum.Enum) else value)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self.refusal(value, error) from None

    def clean(self, value: Any) -> Any:
        """Make `value` one that the column can store. Raises DataError, NotNullViolation."""
        if value is None:
            if self.null:
                return None
            missing = NotNullViolation(
                f"{self.label} must not be None", hint="Give it a value, or declare the field with null=True."
            )
            missing.table, missing.columns = self.model._meta.db_table, (self.attname,)
            raise missing
        if isinstance(value, Term):
            raise Computed(f"{self.label} cannot hold {value!r} here, which only the database can compute")
        try:
            return self.fit(self.convert(value.value if isinstance(value, enum.Enum) else value))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self.refusal(value, error) from None

    def refusal(self, value: object, reason: Exception) -> DataError:
        """The error that says why this field does not take `value`."""
        text = str(reason) if isinstance(reason, Unfit) else f"it is no {self.what}"
        made = DataError(f"{self.label} cannot hold {_short.repr(value)}: {text}")
        made.columns, made.reason = (self.attname,), text
        return made

    def attribute(self) -> Any:
        """What stands in the model's class for it; None leaves objects their plain attribute."""
        return None

    @classmethod
    def register_lookup(cls, lookup: L, lookup_name: str | None = None) -> L:
        """Let queries use a Lookup, a Transform or a function of one argument on fields of this class and its heirs.

        It is called by its `lookup_name`, unless another name is given. Register where models are declared, before the
        first query; also as a decorator. Raises ModelError for names that queries could not use.
        """
        name = str(lookup_name or getattr(lookup, "lookup_name", ""))
        takes = hasattr(lookup, "expression") or bool(getattr(lookup, "function", ""))
        if not name.isidentifier() or "__" in name or name in _FIXED or not takes:
            raise ModelError(
                f"{lookup!r} cannot be registered as the lookup {name!r} of {cls.__name__}",
                hint="Give a db.Lookup, a db.Transform or a function of one argument, with a lookup_name that is one "
                f"word without '__', and none of {', '.join(sorted(_FIXED))}.",
            )
        cls._registered = MappingProxyType({**vars(cls).get("_registered", {}), name: lookup})
        return lookup

    def registered(self) -> dict[str, Any]:
        """The lookups and transforms that were registered for it, by name; those of its own class come first."""
        return {name: each for kind in reversed(type(self).__mro__) for name, each in _registered_by(kind)}

    def part(self, name: str) -> "tuple[Field[Any], Callable[[Any], Any]] | None":
        """What a path may take of it by this name: the field that it is like, and its SQL of the column's."""
        return None

    def on_save(self, adding: bool) -> Callable[[], Any] | None:
        """What gives the value when an object is saved, for fields that set themselves."""
        return None


def _registered_by(kind: type) -> Any:
    return vars(kind).get("_registered", {}).items()
