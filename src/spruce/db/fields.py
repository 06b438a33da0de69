"""The fields of models: what each holds, how a value is made to fit, and its SQL type.

A field is a description: it stays out of the class that it is declared in, where it would slow down each attribute of
every object. Reading `Product.price` gives a SQLAlchemy column, reading `product.price` a plain attribute. Type
checkers see both through `__get__`, which exists for them only.
"""

import math
import reprlib
from collections.abc import Callable, Sequence
from copy import copy
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypedDict, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.choices import pairs
from spruce.db.records import Record
from spruce.db.types import ExactDecimal
from spruce.db.validators import Validator
from spruce.errors import DataError, IntegrityError, ModelError

__all__ = [
    "REQUIRED",
    "AutoField",
    "BigIntegerField",
    "BooleanField",
    "CharField",
    "DecimalField",
    "Field",
    "FieldOptions",
    "FloatField",
    "IntegerField",
    "TextField",
    "Unfit",
    "WholeField",
]

V = TypeVar("V")

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
"""The default of a field that has none."""

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60


class Unfit(ValueError):
    """The reason why a field does not take a value, in words of its own."""


class FieldOptions(TypedDict, total=False):
    """What every field takes besides its own options."""

    default: object
    unique: bool
    db_index: bool
    primary_key: bool
    db_column: str | None
    blank: bool
    choices: Any
    validators: Sequence[Validator]


class Field(Generic[V]):
    """A column of a model.

    `default` is a value, or a callable that is called for each new object. `unique` and `db_index` make an index.
    `db_column` is the column's name where it differs from the field's. What `full_clean()` checks: `blank` allows an
    empty value, `choices` are the values there are, with labels, and `validators` are called with the value.
    """

    what: ClassVar[str] = "value"
    python: ClassVar[type] = object
    family: ClassVar[str] = "other"  # which lookups apply, see lookups.py
    exact_types: ClassVar[frozenset[type]] = frozenset()  # whose values go to the database as they are
    is_relation: ClassVar[bool] = False
    standard_validators: ClassVar[tuple[Validator, ...]] = ()
    standard_index: ClassVar[bool] = False

    name: str = ""
    attname: str = ""  # the attribute that holds the column's value
    model: type[Record]

    def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        unknown = set(options) - FieldOptions.__annotations__.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__}() has no option {min(unknown)!r}")
        self.null = null
        self.default = options.get("default", REQUIRED)
        self.primary_key = options.get("primary_key", False)
        self.unique = options.get("unique", False) or self.primary_key
        self.db_index = options.get("db_index", self.standard_index)
        self.db_column = options.get("db_column")
        self.blank = options.get("blank", False)
        self.choices = pairs(options.get("choices") or ())
        self.validators = tuple(options.get("validators", ()))
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

    def copy(self) -> "Field[V]":
        """The same field for another model, as an abstract model's for those that inherit from it."""
        return copy(self)

    def column(self) -> sa.Column[Any]:
        """The SQLAlchemy column, keyed by the attribute's name."""
        return sa.Column(
            self.db_column or self.attname,
            self.column_type(),
            key=self.attname,
            primary_key=self.primary_key,
            nullable=self.null,
            unique=(self.unique and not self.primary_key) or None,
            index=(self.db_index and not self.unique) or None,
        )

    def column_type(self) -> TypeEngine[Any]:
        """The SQL type."""
        raise NotImplementedError

    def initial(self) -> Any:
        """The value of an object that was made without one."""
        if self.default is not REQUIRED:
            return self.default() if callable(self.default) else self.default
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
            return self.convert(value)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self.refusal(value, error) from None

    def clean(self, value: Any) -> Any:
        """Make `value` one that the column can store. Raises DataError, IntegrityError for a forbidden None."""
        if value is None:
            if self.null:
                return None
            raise IntegrityError(
                f"{self.label} must not be None", hint="Give it a value, or declare the field with null=True."
            )
        try:
            return self.fit(self.convert(value))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise self.refusal(value, error) from None

    def refusal(self, value: object, reason: Exception) -> DataError:
        """The error that says why this field does not take `value`."""
        text = str(reason) if isinstance(reason, Unfit) else f"it is no {self.what}"
        return DataError(f"{self.label} cannot hold {_short.repr(value)}: {text}")

    def on_save(self, adding: bool) -> Callable[[], Any] | None:
        """What gives the value when an object is saved, for fields that set themselves."""
        return None


class _TextField(Field[V]):
    what = "text"
    python = str
    exact_types = frozenset({str})
    family = "text"
    max_length: int | None = None

    def convert(self, value: Any) -> str:
        if isinstance(value, bytes | bytearray | dict | list | tuple | set):
            raise Unfit(f"{type(value).__name__} is no text")
        text = str(value)
        if "\0" in text:
            raise Unfit("it has the character NUL, which databases cannot search or store")
        return text

    def fit(self, value: str) -> str:
        if self.max_length is not None and len(value) > self.max_length:
            raise Unfit(f"it has {len(value)} characters, and max_length is {self.max_length}")
        return value


class CharField(_TextField[V]):
    """Text of at most `max_length` characters; None leaves it unlimited."""

    standard_length: ClassVar[int | None] = None

    @overload
    def __init__(
        self: "CharField[str]",
        *,
        max_length: int | None = None,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "CharField[str | None]",
        *,
        max_length: int | None = None,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, *, max_length: int | None = None, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(null=null, **options)
        if max_length is not None and (not isinstance(max_length, int) or max_length < 1):
            raise ModelError(f"CharField(max_length={max_length!r}): max_length is a number of characters, 1 or more")
        self.max_length = max_length or self.standard_length

    def column_type(self) -> TypeEngine[Any]:
        """VARCHAR."""
        return sa.String(self.max_length)


class TextField(_TextField[V]):
    """Text of any length."""

    @overload
    def __init__(self: "TextField[str]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(self: "TextField[str | None]", *, null: Literal[True], **options: Unpack[FieldOptions]) -> None: ...
    def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """TEXT."""
        return sa.Text()


class WholeField(Field[V]):
    """What the fields of whole numbers share."""

    what = "whole number"
    python = int
    exact_types = frozenset({int})
    family = "number"
    bits: ClassVar[int]
    positive: ClassVar[bool] = False

    @property
    def limits(self) -> tuple[int, int]:
        """The least value, and the first that is too large."""
        limit: int = 1 << (self.bits - 1)
        return 0 if self.positive else -limit, limit

    def convert(self, value: Any) -> int:
        """Whole numbers, in digits too; no number with a fraction."""
        number = int(value)
        if number != value and not isinstance(value, str | bytes):
            raise Unfit("it is no whole number")
        return number

    def comparable(self, value: Any) -> Any:
        """Also numbers with a fraction, which whole numbers can be compared with."""
        if isinstance(value, float | Decimal) and value % 1:
            return float(value)
        return super().comparable(value)

    def fit(self, value: int) -> int:
        """Refuse what has too many bits."""
        least, limit = self.limits
        if not least <= value < limit:
            raise Unfit(f"it is outside of {least} to {limit - 1}")
        return value


class IntegerField(WholeField[V]):
    """A whole number of 32 bits."""

    bits = 32

    @overload
    def __init__(
        self: "IntegerField[int]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(self: "IntegerField[int | None]", *, null: Literal[True], **options: Unpack[FieldOptions]) -> None: ...
    def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """INTEGER."""
        return sa.Integer()


class BigIntegerField(WholeField[V]):
    """A whole number of 64 bits."""

    bits = 64

    @overload
    def __init__(
        self: "BigIntegerField[int]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: "BigIntegerField[int | None]", *, null: Literal[True], **options: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """BIGINT."""
        return sa.BigInteger()


class AutoField(WholeField[int]):
    """The primary key that the database counts up; models without a primary key of their own have one named `id`."""

    bits = 64

    def __init__(self, *, primary_key: bool = True, db_column: str | None = None) -> None:
        if not primary_key:
            raise ModelError("an AutoField is always the primary key of its model")
        super().__init__(primary_key=True, db_column=db_column)

    def column_type(self) -> TypeEngine[Any]:
        """BIGINT; on SQLite INTEGER, which is what its row numbers are."""
        return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class FloatField(Field[V]):
    """A floating-point number; for money, use a DecimalField."""

    what = "number"
    python = float
    exact_types = frozenset({float})
    family = "number"

    @overload
    def __init__(
        self: "FloatField[float]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(self: "FloatField[float | None]", *, null: Literal[True], **options: Unpack[FieldOptions]) -> None: ...
    def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """DOUBLE PRECISION, or what is that."""
        return sa.Double()

    def convert(self, value: Any) -> float:
        """Numbers, also as text."""
        return float(value)

    def fit(self, value: float) -> float:
        """Refuse NaN, which SQLite would turn into NULL."""
        if math.isnan(value):
            raise Unfit("NaN cannot be stored on every database; use None with null=True")
        return value


class DecimalField(Field[V]):
    """An exact decimal number of `max_digits` digits, `decimal_places` of them behind the point."""

    what = "decimal number"
    python = Decimal
    family = "number"

    @overload
    def __init__(
        self: "DecimalField[Decimal]",
        *,
        max_digits: int,
        decimal_places: int,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "DecimalField[Decimal | None]",
        *,
        max_digits: int,
        decimal_places: int,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(
        self, *, max_digits: int, decimal_places: int, null: bool = False, **options: Unpack[FieldOptions]
    ) -> None:
        super().__init__(null=null, **options)
        if not 0 <= decimal_places <= max_digits or max_digits < 1:
            raise ModelError(
                f"DecimalField(max_digits={max_digits}, decimal_places={decimal_places}): max_digits counts all "
                "digits, at least 1, and decimal_places those of them behind the point"
            )
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        self._unit = Decimal((0, (1,), -decimal_places))
        self._quantize = Context(prec=max_digits).quantize

    def column_type(self) -> TypeEngine[Any]:
        """NUMERIC, exact on SQLite too."""
        return ExactDecimal(self.max_digits, self.decimal_places)

    def convert(self, value: Any) -> Decimal:
        """Numbers, also as text; a float stands for the shortest number that reads the same."""
        if type(value) is not Decimal:
            if isinstance(value, bytes | dict | list | tuple | set):
                raise Unfit(f"{type(value).__name__} is no number")
            value = Decimal(repr(value) if isinstance(value, float) else value)
        if not value.is_finite():
            raise Unfit("it is not finite")
        return value  # type: ignore[no-any-return] # a Decimal by now

    def fit(self, value: Decimal) -> Decimal:
        """Refuse what would have to be rounded, and what is too large."""
        try:
            exact = self._quantize(value, self._unit)
        except InvalidOperation:
            whole = self.max_digits - self.decimal_places
            raise Unfit(f"only {whole} digits fit before the point (max_digits={self.max_digits})") from None
        if exact != value:
            raise Unfit(f"it would be rounded to {exact}: call round(value, {self.decimal_places}) first")
        return exact


class BooleanField(Field[V]):
    """True or False."""

    what = "truth value"
    python = bool
    exact_types = frozenset({bool})
    family = "boolean"
    _known: ClassVar[dict[object, bool]] = {
        True: True, "True": True, "true": True, "t": True, "1": True,
        False: False, "False": False, "false": False, "f": False, "0": False,
    }  # fmt: skip

    @overload
    def __init__(
        self: "BooleanField[bool]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: "BooleanField[bool | None]", *, null: Literal[True], **options: Unpack[FieldOptions]
    ) -> None: ...
    def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """BOOLEAN."""
        return sa.Boolean()

    def convert(self, value: Any) -> bool:
        """True, False, 1, 0, and the words for them."""
        if value not in self._known:
            raise Unfit("it is neither True nor False")
        return self._known[value]
