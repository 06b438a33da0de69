"""Fields of numbers: whole ones of several sizes, floating-point ones, exact decimals, truth values."""

import math
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field, FieldOptions, Unfit
from spruce.db.types import ExactDecimal
from spruce.errors import ModelError

__all__ = [
    "AutoField",
    "BigIntegerField",
    "BooleanField",
    "DecimalField",
    "FloatField",
    "IntegerField",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "SmallIntegerField",
    "WholeField",
]

V = TypeVar("V")


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


class SmallIntegerField(IntegerField[V]):
    """A whole number of 16 bits."""

    bits = 16

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "SmallIntegerField[int]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]
        ) -> None: ...
        @overload
        def __init__(
            self: "SmallIntegerField[int | None]", *, null: Literal[True], **options: Unpack[FieldOptions]
        ) -> None: ...
        def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None: ...

    def column_type(self) -> TypeEngine[Any]:
        """SMALLINT."""
        return sa.SmallInteger()


class PositiveIntegerField(IntegerField[V]):
    """A whole number of 32 bits, 0 or more."""

    positive = True

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "PositiveIntegerField[int]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveIntegerField[int | None]", *, null: Literal[True], **options: Unpack[FieldOptions]
        ) -> None: ...
        def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None: ...


class PositiveSmallIntegerField(SmallIntegerField[V]):
    """A whole number of 16 bits, 0 or more."""

    positive = True

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "PositiveSmallIntegerField[int]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveSmallIntegerField[int | None]", *, null: Literal[True], **options: Unpack[FieldOptions]
        ) -> None: ...
        def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None: ...


class PositiveBigIntegerField(BigIntegerField[V]):
    """A whole number of 64 bits, 0 or more."""

    positive = True

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "PositiveBigIntegerField[int]", *, null: Literal[False] = False, **options: Unpack[FieldOptions]
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveBigIntegerField[int | None]", *, null: Literal[True], **options: Unpack[FieldOptions]
        ) -> None: ...
        def __init__(self, *, null: bool = False, **options: Unpack[FieldOptions]) -> None: ...


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

    def clean(self, value: Any) -> Any:
        """Make `value` one that the column can store; the first lines are the way of most values."""
        if value.__class__ is Decimal:
            try:
                exact = self._quantize(value, self._unit)
            except InvalidOperation:
                return super().clean(value)
            if exact == value:
                return exact
        return super().clean(value)

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
