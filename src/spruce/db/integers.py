"""Fields of whole numbers, of several sizes; that which the database counts up."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field, FieldOptions, Unfit
from spruce.errors import ModelError

__all__ = [
    "AutoField",
    "BigIntegerField",
    "IntegerField",
    "PositiveBigIntegerField",
    "PositiveIntegerField",
    "PositiveSmallIntegerField",
    "SmallIntegerField",
    "WholeField",
]

V = TypeVar("V")

_SIZES: dict[int, type[TypeEngine[Any]]] = {64: sa.BigInteger, 32: sa.Integer, 16: sa.SmallInteger}
"""The type of a column of so many bits."""


class WholeField(Field[V]):
    """What the fields of whole numbers share."""

    what = "whole number"
    python = int
    exact_types = frozenset({int})
    family = "number"
    bits: int
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
        self: "IntegerField[int]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "IntegerField[int | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """INTEGER."""
        return sa.Integer()


class BigIntegerField(WholeField[V]):
    """A whole number of 64 bits."""

    bits = 64

    @overload
    def __init__(
        self: "BigIntegerField[int]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "BigIntegerField[int | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """BIGINT."""
        return sa.BigInteger()


class SmallIntegerField(IntegerField[V]):
    """A whole number of 16 bits."""

    bits = 16

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "SmallIntegerField[int]",
            verbose_name: object = "",
            *,
            null: Literal[False] = False,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: "SmallIntegerField[int | None]",
            verbose_name: object = "",
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        def __init__(
            self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]
        ) -> None: ...

    def column_type(self) -> TypeEngine[Any]:
        """SMALLINT."""
        return sa.SmallInteger()


class PositiveIntegerField(IntegerField[V]):
    """A whole number of 32 bits, 0 or more."""

    positive = True

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "PositiveIntegerField[int]",
            verbose_name: object = "",
            *,
            null: Literal[False] = False,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveIntegerField[int | None]",
            verbose_name: object = "",
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        def __init__(
            self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]
        ) -> None: ...


class PositiveSmallIntegerField(SmallIntegerField[V]):
    """A whole number of 16 bits, 0 or more."""

    positive = True

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "PositiveSmallIntegerField[int]",
            verbose_name: object = "",
            *,
            null: Literal[False] = False,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveSmallIntegerField[int | None]",
            verbose_name: object = "",
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        def __init__(
            self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]
        ) -> None: ...


class PositiveBigIntegerField(BigIntegerField[V]):
    """A whole number of 64 bits, 0 or more."""

    positive = True

    if TYPE_CHECKING:  # that it may be null

        @overload
        def __init__(
            self: "PositiveBigIntegerField[int]",
            verbose_name: object = "",
            *,
            null: Literal[False] = False,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: "PositiveBigIntegerField[int | None]",
            verbose_name: object = "",
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        def __init__(
            self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]
        ) -> None: ...


class AutoField(WholeField[int]):
    """The primary key that the database counts up; models without a primary key of their own have one named `id`.

    `bits` are 64, or 32 or 16 for a table that is smaller.
    """

    bits = 64

    def __init__(
        self, verbose_name: object = "", *, primary_key: bool = True, db_column: str | None = None, bits: int = 64
    ) -> None:
        if not primary_key:
            raise ModelError("an AutoField is always the primary key of its model")
        if bits not in _SIZES:
            raise ModelError(f"an AutoField has 64, 32 or 16 bits, not {bits!r}")
        super().__init__(verbose_name, primary_key=True, db_column=db_column)
        self.bits = bits

    def column_type(self) -> TypeEngine[Any]:
        """BIGINT, INTEGER or SMALLINT; on SQLite INTEGER, which is what its row numbers are."""
        return _SIZES[self.bits]().with_variant(sa.Integer(), "sqlite")
