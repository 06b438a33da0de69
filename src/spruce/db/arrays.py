"""ArrayField: lists in a column of PostgreSQL; other databases have nothing like it, where a JSONField does."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, Unpack

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from spruce.db.fields import Field, FieldOptions, Unfit
from spruce.db.integers import IntegerField
from spruce.db.patterns import Lookup
from spruce.db.records import Record
from spruce.db.types import Code, Coded, only_postgres
from spruce.errors import DataError, ModelError

__all__ = ["ArrayField", "ArrayType", "operator"]

V = TypeVar("V")
Column = sa.ColumnElement[Any]

_SLICE = re.compile(r"(\d+)_(\d+)")


class ArrayType(Coded):
    """A list of values of one type."""

    cache_ok = True
    impl = sa.ARRAY(sa.Integer)  # SQLAlchemy wants one; the real one is made for each dialect

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__(sa.types.to_instance(item))
        self.item = sa.types.to_instance(item)

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """PostgreSQL's. Raises ModelError elsewhere."""
        only_postgres(dialect, "an ArrayField", "Elsewhere, a JSONField holds lists.")
        return dialect.type_descriptor(postgresql.ARRAY(self.item))

    def read_code(self, dialect: sa.Dialect) -> Code | None:
        """Each item as its own type has it."""
        read = None if dialect.name != "postgresql" else getattr(self.item, "read_code", None)
        code = None if read is None else read(dialect)
        if code is None:
            return None
        process: Any = self.item.result_processor(dialect, None)
        return "items({})", {"items": lambda found: None if found is None else list(map(process, found))}

    def write(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        """Each item as its own type has it."""
        kind = self.item if isinstance(self.item, Coded) else self.item.dialect_impl(dialect)
        process = kind.bind_processor(dialect)
        return (lambda items: list(map(process, items))) if process else list


class Item(FunctionElement[Any]):
    """One item of an array, or a part of it, counted from 0."""

    inherit_cache = False

    def __init__(self, array: Column, place: str, type_: TypeEngine[Any]) -> None:
        super().__init__(array)
        self.place = place
        self.type = type_


@compiles(Item)
def _item(element: Item, compiler: Any, **options: Any) -> str:
    (array,) = element.clauses
    text: str = compiler.process(array, **options)
    return f"{text if isinstance(array, Item) else f'({text})'}[{element.place}]"  # lists in lists are one array


def operator(sign: str, operand: Callable[[Any, Any], Any] | None = None) -> Lookup:
    """A lookup that is an operator of PostgreSQL's."""

    def sql(column: Column, parameter: Column, dialect: str) -> Column:
        return column.op(sign, is_comparison=True, return_type=sa.Boolean())(parameter)

    return Lookup(sql, None, operand)


class ArrayField(Field[V]):
    """A list of values that `base_field` takes, of at most `size` if that is given. PostgreSQL only.

    Queries: `tags__contains=["a"]`, `tags__contained_by=[…]`, `tags__overlap=[…]`, `tags__len=2`, `tags__0="a"` (the
    first), `tags__0_2=["a", "b"]` (from the first to before the third).
    """

    what = "list"
    python = list
    family = "array"
    listed = True
    lookups: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"contains": operator("@>"), "contained_by": operator("<@"), "overlap": operator("&&")}
    )

    def __init__(
        self,
        base_field: Field[Any],
        verbose_name: object = "",
        *,
        size: int | None = None,
        null: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None:
        if not isinstance(base_field, Field) or base_field.is_relation:
            raise ModelError(f"ArrayField({base_field!r}) takes a field that is no relation", hint="As db.TextField().")
        super().__init__(verbose_name, null=null, **options)
        self.base_field = base_field
        self.size = size
        self._type = ArrayType(base_field.column_type())

    def bind_to(self, model: type[Record], name: str) -> None:
        """Become the field `name` of `model`, and its items fields of their own."""
        super().bind_to(model, name)
        self.base_field = self.base_field.copy()
        self.base_field.bind_to(model, f"{name}[]")

    def column_type(self) -> TypeEngine[Any]:
        """The item's type with []."""
        return self._type

    def initial(self) -> Any:
        """An empty list, if it must not be None."""
        found = super().initial()
        return [] if found is None and not self.null else found

    def convert(self, value: Any) -> list[Any]:
        """Lists, tuples and sets, each item as its field converts it."""
        if not isinstance(value, list | tuple | set | frozenset):
            raise Unfit("it is no list")
        try:
            return [self.base_field.comparable(item) for item in value]
        except DataError as error:
            raise Unfit(str(error)) from None

    def fit(self, value: list[Any]) -> list[Any]:
        """Refuse what is too long, and items that do not fit."""
        if self.size is not None and len(value) > self.size:
            raise Unfit(f"it has {len(value)} items, and size={self.size}")
        try:
            return [self.base_field.clean(item) for item in value]
        except DataError as error:
            raise Unfit(str(error)) from None

    def part(self, name: str) -> "tuple[Field[Any], Callable[[Any], Any]] | None":
        """`len`, the number of an item, or two numbers for a part."""
        if name == "len":
            return IntegerField(null=True), sa.func.cardinality
        if name.isdigit():
            type_ = self.base_field.column_type()
            return self.base_field.copy(), lambda column: Item(column, str(int(name) + 1), type_)
        if found := _SLICE.fullmatch(name):
            first, end = map(int, found.groups())
            return self.copy(), lambda column: Item(column, f"{first + 1}:{end}", self._type)
        return None
