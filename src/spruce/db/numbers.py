"""Fields of numbers that are not whole: floating-point ones and exact decimals; and of truth values."""

import math
from decimal import Context, Decimal, InvalidOperation
from typing import Any, ClassVar, Literal, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field, FieldOptions, Unfit
from spruce.db.types import ExactDecimal
from spruce.errors import ModelError

__all__ = ["BooleanField", "DecimalField", "FloatField"]

V = TypeVar("V")


class FloatField(Field[V]):
    """A floating-point number; for money, use a DecimalField."""

    what = "number"
    python = float
    exact_types = frozenset({float})
    family = "number"

    @overload
    def __init__(
        self: "FloatField[float]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "FloatField[float | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

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
        verbose_name: object = "",
        *,
        max_digits: int,
        decimal_places: int,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "DecimalField[Decimal | None]",
        verbose_name: object = "",
        *,
        max_digits: int,
        decimal_places: int,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(
        self,
        verbose_name: object = "",
        *,
        max_digits: int,
        decimal_places: int,
        null: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None:
        super().__init__(verbose_name, null=null, **options)
        if not 0 <= decimal_places <= max_digits or max_digits < 1:
            raise ModelError(
                f"DecimalField(max_digits={max_digits}, decimal_places={decimal_places}): max_digits counts all "
                "digits, at least 1, and decimal_places those of them behind the point"
            )
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        self.unit = Decimal((0, (1,), -decimal_places))
        self.rounded = Context(prec=max_digits, traps=[]).quantize  # NaN, which is equal to nothing, if it doesn't fit

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
        try:
            if value.__class__ is Decimal and (exact := self.rounded(value, self.unit)) == value:
                return exact
        except InvalidOperation:  # a NaN that signals can't be compared
            raise self.refusal(value, Unfit("it is not finite")) from None
        return super().clean(value)

    def fit(self, value: Decimal) -> Decimal:
        """Refuse what would have to be rounded, and what is too large."""
        exact = self.rounded(value, self.unit)
        if exact.is_nan():
            whole = self.max_digits - self.decimal_places
            raise Unfit(f"only {whole} digits fit before the point (max_digits={self.max_digits})")
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
        self: "BooleanField[bool]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "BooleanField[bool | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """BOOLEAN."""
        return sa.Boolean()

    def convert(self, value: Any) -> bool:
        """True, False, 1, 0, and the words for them."""
        if value not in self._known:
            raise Unfit("it is neither True nor False")
        return self._known[value]
