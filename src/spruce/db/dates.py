"""The fields of time: dates, times of day, and moments in UTC, which may set themselves when an object is saved."""

import datetime as dt
import warnings
from collections.abc import Callable
from typing import Any, Literal, TypeVar, Unpack, overload

from sqlalchemy.types import TypeEngine

from spruce.db.fields import REQUIRED, Field, FieldOptions, Unfit
from spruce.db.types import Clock, Day, Moment, aware
from spruce.errors import ModelError

__all__ = ["DateField", "DateTimeField", "TimeField"]

V = TypeVar("V")


class TimeOptions(FieldOptions, total=False):
    """What every field of time takes: to set itself at each save, or at the first."""

    auto_now: bool
    auto_now_add: bool


class _PresentField(Field[V]):
    """What the fields of time share: `auto_now` sets it at each save, `auto_now_add` at the first."""

    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[TimeOptions]) -> None:
        rest: Any = dict(options)
        self.auto_now = bool(rest.pop("auto_now", False))
        self.auto_now_add = bool(rest.pop("auto_now_add", False))
        super().__init__(verbose_name, null=null, **rest)
        given = (self.default is not REQUIRED) + (self.db_default is not REQUIRED)
        if self.auto_now + self.auto_now_add + given > 1:
            raise ModelError("auto_now, auto_now_add and default exclude each other: choose one")

    def now(self) -> Any:
        """The present value."""
        raise NotImplementedError

    def on_save(self, adding: bool) -> Callable[[], Any] | None:
        """`now` when it is to be set."""
        return self.now if self.auto_now or (adding and self.auto_now_add) else None


class DateField(_PresentField[V]):
    """A date."""

    what = "date"
    python = dt.date
    exact_types = frozenset({dt.date})
    family = "date"

    @overload
    def __init__(
        self: "DateField[dt.date]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[TimeOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "DateField[dt.date | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[TimeOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[TimeOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

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


class DateTimeField(_PresentField[V]):
    """A moment: an aware datetime, kept in UTC. One without a time zone is taken to be in UTC, with a warning."""

    what = "date and time"
    python = dt.datetime
    family = "datetime"

    @overload
    def __init__(
        self: "DateTimeField[dt.datetime]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[TimeOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "DateTimeField[dt.datetime | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[TimeOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[TimeOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

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


class TimeField(_PresentField[V]):
    """A time of day, which belongs to no time zone."""

    what = "time of day"
    python = dt.time
    family = "time"

    @overload
    def __init__(
        self: "TimeField[dt.time]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[TimeOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "TimeField[dt.time | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[TimeOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[TimeOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """TIME."""
        return Clock()

    def convert(self, value: Any) -> dt.time:
        """Times without a zone, datetimes (their time in UTC), ISO 8601 text."""
        if isinstance(value, dt.datetime):
            return aware(value).time()
        time = value if isinstance(value, dt.time) else dt.time.fromisoformat(value)
        if time.tzinfo is not None:
            raise Unfit("a time of day has no time zone here: use a DateTimeField for moments")
        return time

    def now(self) -> dt.time:
        """The present time of day, in UTC."""
        return dt.datetime.now(dt.UTC).time()
