"""Fields of special values: UUIDs, durations, bytes."""

import datetime as dt
import re
import uuid
from typing import Any, Literal, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field, FieldOptions, Unfit
from spruce.db.types import Span

__all__ = ["BinaryField", "DurationField", "UUIDField"]

V = TypeVar("V")


class UUIDField(Field[V]):
    """A UUID; `default=uuid.uuid4` makes one for each object."""

    what = "UUID"
    python = uuid.UUID
    family = "uuid"

    @overload
    def __init__(
        self: "UUIDField[uuid.UUID]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "UUIDField[uuid.UUID | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """UUID, or 32 hexadecimal digits."""
        return sa.Uuid()

    def convert(self, value: Any) -> uuid.UUID:
        """UUIDs, also as text or as a number."""
        if isinstance(value, uuid.UUID):
            return value
        return uuid.UUID(int=value) if isinstance(value, int) else uuid.UUID(str(value))


class DurationField(Field[V]):
    """A length of time, to the microsecond."""

    what = "duration"
    python = dt.timedelta
    family = "duration"
    _form = re.compile(
        r"(?P<sign>-?)(?:(?P<days>\d+) (?:days?, )?)?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d+)?)"
    )

    @overload
    def __init__(
        self: "DurationField[dt.timedelta]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "DurationField[dt.timedelta | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """INTERVAL, or microseconds."""
        return Span()

    def convert(self, value: Any) -> dt.timedelta:
        """timedeltas, and text as `3 04:05:06.7` (days, hours, minutes, seconds)."""
        if isinstance(value, dt.timedelta):
            return value
        found = self._form.fullmatch(value)
        if found is None:
            raise Unfit("it is no duration such as '3 04:05:06'")
        parts = {key: float(part) for key, part in found.groupdict().items() if part and key != "sign"}
        return dt.timedelta(**parts) * (-1 if found["sign"] else 1)


class BinaryField(Field[V]):
    """Bytes."""

    what = "bytes"
    python = bytes
    family = "binary"

    @overload
    def __init__(
        self: "BinaryField[bytes]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "BinaryField[bytes | None]",
        verbose_name: object = "",
        *,
        null: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[FieldOptions]) -> None:
        super().__init__(verbose_name, null=null, **options)

    def column_type(self) -> TypeEngine[Any]:
        """BLOB, or what is that."""
        return sa.LargeBinary()

    def convert(self, value: Any) -> bytes:
        """bytes, bytearrays and memoryviews."""
        if not isinstance(value, bytes | bytearray | memoryview):
            raise Unfit("it is no bytes")
        return bytes(value)
