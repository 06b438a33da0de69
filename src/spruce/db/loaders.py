"""Generated code: values to the driver's parameters, the driver's rows to objects.

Both run for every query and every row, so they are written out for each plan: one assignment per column, conversions
in line and only where a type needs one. The source texts hold names of fields and numbers, never values; what else may
have a name, such as a column of SQL that is written by hand, stands in them as a literal.
"""

import keyword
from collections import namedtuple
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from spruce.db.records import Record
from spruce.db.relations import owner_path

if TYPE_CHECKING:
    from spruce.db.fields import Field
    from spruce.db.relations import Step

__all__ = ["Batch", "Node", "binder", "compile_function", "object_loader", "read_code", "row_loader"]

Names = dict[str, object]
Load = Callable[[list[Any], str], list[Any]]

_NO_BIND: set[tuple[type, Hashable]] = {(sa.Integer, int), (sa.BigInteger, int), (sa.Boolean, bool), (sa.Double, float)}
"""Column types with the Python types whose values every driver takes as they are."""


class Batch:
    """What the objects of one result share: the foreign keys that were seen, and what was loaded for them.

    It holds neither rows nor the objects themselves, so there are no cycles; see relations.py.
    """

    __slots__ = ("blocked", "ids", "loaded")

    def __init__(self, ids: dict[str, set[Any]], blocked: bool = False) -> None:
        self.ids = ids
        self.blocked = blocked  # whether nothing may be loaded
        self.loaded: dict[str, dict[Any, Any]] = {}


class Node(NamedTuple):
    """A model in a row: the relations that lead to it, the position of its first column, the fields that are loaded."""

    model: type[Record]
    steps: "tuple[Step, ...]"
    start: int
    fields: "tuple[Field[Any], ...]"

    @property
    def partial(self) -> bool:
        """Whether some of the fields are not loaded."""
        return len(self.fields) < len(self.model._meta.fields)

    @property
    def key(self) -> int:
        """The position of the primary key."""
        return self.start + [field.primary_key for field in self.fields].index(True)


def compile_function(name: str, lines: Iterable[str], names: Names) -> Any:
    """Return the function `name` that `lines` of source define, with `names` as its globals."""
    scope = dict(names)
    exec(compile("\n".join(lines), f"<generated {name}>", "exec"), scope)  # noqa: S102 - the lines are made in this package, of identifiers and numbers
    return scope[name]


def read_code(type_: TypeEngine[Any], dialect: sa.Dialect, place: str, names: Names) -> str:
    """The expression that makes the database's value in `place` Python's; what it uses goes into `names`."""
    if isinstance(type_, sa.Boolean) and dialect.name != "postgresql":
        return f"({place} != 0 if {place} is not None else None)"
    inline = getattr(type_, "read_code", None)
    if inline is not None:
        code = inline(dialect)
        if code is None:
            return place
        text, used = code
        for key, value in used.items():
            text = text.replace(key, f"{key}_{place}", 1)
            names[f"{key}_{place}"] = value
        return f"({text.format(place)} if {place} is not None else None)"
    processor = None if dialect.driver == "asyncpg" else type_.dialect_impl(dialect).result_processor(dialect, None)
    if processor is None:
        return place
    names[f"read_{place}"] = processor
    return f"read_{place}({place})"


def object_loader(
    nodes: Sequence[Node],
    names: Sequence[str],
    mode: str,
    types: Sequence[TypeEngine[Any]],
    dialect: sa.Dialect,
    surplus: int = 0,
) -> Load:
    """Return `load(rows, alias)`, which makes an object of each row, with its related objects in place.

    `types` are those of the columns that are used, `surplus` how many more each row has. The last of those that are
    used go to the attributes `names`. `mode` says what happens when something that is missing is touched.
    """
    used: Names = {"new": object.__new__, "Batch": Batch}
    reads = [read_code(type_, dialect, f"c{i}", used) for i, type_ in enumerate(types)]
    lines = ["def load(rows, alias):", " out = []", " add = out.append"]
    lines += [line for number, node in enumerate(nodes) if (line := _batch_line(number, node, nodes, mode))]
    columns = [f"c{i}" for i in range(len(types) + surplus)]
    lines.append(f" for {', '.join(columns)}, in rows:")
    for number, node in enumerate(nodes):
        used[f"M{number}"] = node.model
        body = _object_lines(number, node, reads, nodes, mode)
        if node.steps:
            lines += [f"  if c{node.key} is None:", f"   o{number} = None", "  else:", *(f"   {line}" for line in body)]
            lines += _attach_lines(number, node, nodes)
        else:
            lines += [f"  {line}" for line in body]
    extra = reads[len(types) - len(names) :]
    lines += [f"  {_store(name, read)}" for name, read in zip(names, extra, strict=True)]
    return compile_function("load", [*lines, "  add(o0)", " return out"], used)  # type: ignore[no-any-return] # it is what the lines say


def _store(name: str, read: str) -> str:
    """The line that gives an object an attribute, whatever it is called."""
    plain = name.isidentifier() and not keyword.iskeyword(name)
    return f"o0.{name} = {read}" if plain else f"setattr(o0, {name!r}, {read})"


def _loose(node: Node, nodes: Sequence[Node]) -> "list[tuple[int, Field[Any]]]":
    """The foreign keys of a node that the same query doesn't follow, with their positions."""
    followed = {other.steps[-1].name for other in nodes if other.steps and owner_path(other.steps) == node.steps}
    fields = enumerate(node.fields, node.start)
    return [(i, field) for i, field in fields if field.is_relation and field.name not in followed]


def _batch_line(number: int, node: Node, nodes: Sequence[Node], mode: str) -> str:
    places = {field.name: i for i, field in _loose(node, nodes)}
    if node.partial or node.model._meta.has_single:
        places["pk"] = node.key
        pointed = {field.remote for field in node.model._meta.pointed if field.single and not field.plain_key}
        places |= {field.attname: i for i, field in enumerate(node.fields, node.start) if field.attname in pointed}
    if mode == "raise":
        return f" b{number} = Batch({{}}, True)"
    sets = ", ".join(f"{name!r}: {{r[{i}] for r in rows}}" for name, i in places.items())
    return f" b{number} = Batch({{{sets}}}) if len(rows) > 1 else None" if places and mode == "peers" else ""


def _object_lines(number: int, node: Node, reads: Sequence[str], nodes: Sequence[Node], mode: str) -> list[str]:
    fields = enumerate(node.fields, node.start)
    lines = [f"o{number} = new(M{number})", *(f"o{number}.{field.attname} = {reads[i]}" for i, field in fields)]
    if _batch_line(number, node, nodes, mode):
        lines.append(f"o{number}._batch = b{number}")
    if node.partial:
        lines.append(f"o{number}._partial = True")
    return [*lines, f"o{number}._db = alias"]


def _attach_lines(number: int, node: Node, nodes: Sequence[Node]) -> list[str]:
    owner = next(i for i, other in enumerate(nodes) if other.steps == owner_path(node.steps))
    attach = [f"o{owner}.{node.steps[-1].slot} = o{number}"]
    back = getattr(node.steps[-1], "field", None)  # of the other side of a OneToOneField
    if back is not None:
        attach.append(f"if o{number} is not None: o{number}.{back.slot} = o{owner}")
    if getattr(node.steps[-1], "single", False):  # the other side is one object, which is known too
        attach.append(f"if o{number} is not None: o{number}.{node.steps[-1].reverse_slot} = o{owner}")  # type: ignore[attr-defined] # of a OneToOneField
    if not nodes[owner].steps:
        return [f"  {line}" for line in attach]
    return [f"  if o{owner} is not None:", *(f"   {line}" for line in attach)]


def row_loader(
    shape: str, keys: Sequence[str], types: Sequence[TypeEngine[Any]], dialect: sa.Dialect, surplus: int = 0
) -> Load:
    """Return `load(rows, alias)`, which makes something of each row.

    That is a dict ("values"), a tuple ("list"), one with names ("named"), or a value ("flat").
    """
    names: Names = {}
    reads = [read_code(type_, dialect, f"c{i}", names) for i, type_ in enumerate(types)]
    columns = ", ".join(f"c{i}" for i in range(len(types) + surplus))
    if shape == "values":
        made = f"{{{', '.join(f'{key!r}: {read}' for key, read in zip(keys, reads, strict=True))}}}"
    elif shape == "flat":
        made = reads[0]
    elif shape == "named":
        names["Row"] = namedtuple("Row", keys)  # of what a query asks for
        made = f"Row({', '.join(reads)})"
    elif surplus or any(read != f"c{i}" for i, read in enumerate(reads)):
        made = f"({', '.join(reads)},)"
    else:
        return lambda rows, alias: list(map(tuple, rows))
    return compile_function("load", ["def load(rows, alias):", f" return [{made} for {columns}, in rows]"], names)  # type: ignore[no-any-return] # it is what the lines say


def binder(
    compiled: Any, entries: dict[str, tuple[Hashable, Callable[[Any], Any] | None]]
) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
    """Return what turns a query's values into the parameters of `compiled`; None when they are the same."""
    names: Names = {}
    index = {name: i for i, name in enumerate(entries)}
    parts = []
    for place, name in enumerate(compiled.positiontup):
        token, convert = entries.get(name, (None, None))
        if name in index:
            part = f"a[{index[name]}]"
        else:  # a constant that SQLAlchemy added
            names[f"k{place}"] = compiled.params[name]
            part = f"k{place}"
        processor = compiled._bind_processors.get(name)
        if convert is not None:
            names[f"convert{place}"] = convert
            part = f"convert{place}({part})"
        if processor is not None and (type(compiled.binds[name].type), token) not in _NO_BIND:
            names[f"write{place}"] = processor
            part = f"write{place}({part})"
        parts.append(part)
    if parts == [f"a[{i}]" for i in range(len(entries))]:
        return None
    return compile_function("bind", ["def bind(a):", f" return ({''.join(part + ', ' for part in parts)})"], names)  # type: ignore[no-any-return] # it is what the lines say
