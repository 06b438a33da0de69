"""The fields of time: dates, and moments in UTC, which may set themselves when an object is saved."""

import datetime as dt
import warnings
from collections.abc import Callable
from typing import Any, Literal, TypeVar, Unpack, overload

from sqlalchemy.types import TypeEngine

from spruce.db.fields import REQUIRED, Field, FieldOptions
from spruce.db.types import Day, Moment, aware
from spruce.errors import ModelError

__all__ = ["DateField", "DateTimeField"]

V = TypeVar("V")


class _TimeField(Field[V]):
    """What a date and a datetime share: `auto_now` sets it at each save, `auto_now_add` at the first."""

    auto_now: bool
    auto_now_add: bool

    def _automatic(self, auto_now: bool, auto_now_add: bool) -> None:
        if auto_now + auto_now_add + (self.default is not REQUIRED) > 1:
            raise ModelError("auto_now, auto_now_add and default exclude each other: choose one")
        self.auto_now = auto_now
        self.auto_now_add = auto_now_add

    def now(self) -> Any:
        """The present value."""
        raise NotImplementedError

    def on_save(self, adding: bool) -> Callable[[], Any] | None:
        """`now` when it is to be set."""
        return self.now if self.auto_now or (adding and self.auto_now_add) else None


class DateField(_TimeField[V]):
    """A date."""

    what = "date"
    python = dt.date
    exact_types = frozenset({dt.date})
    family = "date"

    @overload
    def __init__(
        self: "DateField[dt.date]",
        *,
        auto_now: bool = False,
        auto_now_add: bool = False,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "DateField[dt.date | None]",
        *,
        auto_now: bool = False,
        auto_now_add: bool = False,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(
        self, *, auto_now: bool = False, auto_now_add: bool = False, null: bool = False, **options: Unpack[FieldOptions]
    ) -> None:
        super().__init__(null=null, **options)
        self._automatic(auto_now, auto_now_add)

    def column_type(self) -> TypeEngine[Any]:
        """DATE."""
        return Day()

    def convert(self, value: Any) -> dt.date:
        """Dates, datetimes (their date in UTC), ISO 8601 text."""
        if isinstance(value, dt.datetime):
            return aware(value).date()
        if isinstance(value, dt.date):
            return value
        return dt.date.fromisoformat(value)

    def now(self) -> dt.date:
        """Today, in UTC."""
        return dt.datetime.now(dt.UTC).date()


class DateTimeField(_TimeField[V]):
    """A moment: an aware datetime, kept in UTC. One without a time zone is taken to be in UTC, with a warning."""

    what = "date and time"
    python = dt.datetime
    family = "datetime"

    @overload
    def __init__(
        self: "DateTimeField[dt.datetime]",
        *,
        auto_now: bool = False,
        auto_now_add: bool = False,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "DateTimeField[dt.datetime | None]",
        *,
        auto_now: bool = False,
        auto_now_add: bool = False,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(
        self, *, auto_now: bool = False, auto_now_add: bool = False, null: bool = False, **options: Unpack[FieldOptions]
    ) -> None:
        super().__init__(null=null, **options)
        self._automatic(auto_now, auto_now_add)

    def column_type(self) -> TypeEngine[Any]:
        """TIMESTAMP WITH TIME ZONE."""
        return Moment()

    def convert(self, value: Any) -> dt.datetime:
        """Datetimes, dates (their first moment), ISO 8601 text."""
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        elif not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        if value.tzinfo is None:
            warnings.warn(
                f"{self.label} was given {value}, which has no time zone; it is taken to be in UTC",
                RuntimeWarning,
                stacklevel=2,
            )
        return aware(value)

    def now(self) -> dt.datetime:
        """The present moment, in UTC."""
        return dt.datetime.now(dt.UTC)
