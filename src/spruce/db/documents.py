"""JSONField: whatever JSON can say, in one column, and what queries may look for inside of it."""

import json
from collections.abc import Callable
from typing import Any, Literal, TypeVar, Unpack, overload

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field, FieldOptions, Unfit
from spruce.db.types import Code, Coded

__all__ = ["Document", "JSONField", "JSONNull"]

V = TypeVar("V")


class JSONNull:
    """JSON's `null` as the whole value of a JSONField, where None is SQL's NULL; it is read as None."""

    def __repr__(self) -> str:
        return "JSONNull()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JSONNull)

    def __hash__(self) -> int:
        return hash(JSONNull)


class Document(Coded):
    """JSONB on PostgreSQL, JSON on MariaDB; on SQLite text."""

    impl = sa.JSON

    def __init__(
        self, encoder: type[json.JSONEncoder] | None = None, decoder: type[json.JSONDecoder] | None = None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """What the database has for it."""
        kinds: dict[str, TypeEngine[Any]] = {"postgresql": postgresql.JSONB(), "sqlite": sa.Text()}
        return dialect.type_descriptor(kinds.get(dialect.name, mysql.JSON()))

    def dumps(self, value: Any) -> str:
        """The JSON of a value. Raises TypeError or ValueError for what JSON cannot say."""
        if isinstance(value, JSONNull):
            return "null"
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), cls=self.encoder)

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """Text to what it says."""
        decoder = self.decoder
        return "parsed({})", {"parsed": json.loads if decoder is None else lambda text: json.loads(text, cls=decoder)}

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """A value to text."""
        return self.dumps


class JSONOptions(FieldOptions, total=False):
    """What a JSONField takes: classes of the module json for what JSON does not have itself."""

    encoder: type[json.JSONEncoder] | None
    decoder: type[json.JSONDecoder] | None


class JSONField(Field[V]):
    """Dicts, lists, texts, numbers, truth values and None, as JSON. None as the whole value is SQL's NULL.

    Queries go inside by names and positions: `filter(data__owner__name="Ann")`, `order_by("data__tags__0")`. Changes
    inside of a value are written by the next `save()`.
    """

    what = "JSON"
    family = "json"

    @overload
    def __init__(
        self: "JSONField[Any]",
        verbose_name: object = "",
        *,
        null: Literal[False] = False,
        **options: Unpack[JSONOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: "JSONField[Any]", verbose_name: object = "", *, null: Literal[True], **options: Unpack[JSONOptions]
    ) -> None: ...
    def __init__(self, verbose_name: object = "", *, null: bool = False, **options: Unpack[JSONOptions]) -> None:
        rest: Any = dict(options)
        self._type = Document(rest.pop("encoder", None), rest.pop("decoder", None))
        super().__init__(verbose_name, null=null, **rest)

    def column_type(self) -> TypeEngine[Any]:
        """JSONB, or text."""
        return self._type

    def convert(self, value: Any) -> Any:
        """Anything that JSON can say."""
        try:
            self._type.dumps(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise Unfit(f"JSON cannot say it ({error})") from None
        return value

    def comparable(self, value: Any) -> Any:
        """None is JSON's null here."""
        return JSONNull() if value is None else super().comparable(value)
