"""Where the parameters of a view come from: the path, the query string, the JSON body, the request itself.

A parameter that the path doesn't hold takes its value from the query string only when it has an annotation, and never
when another rule of the same endpoint holds it in its path: a client cannot set by `?name=` what a view's author thinks
of as fixed.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from msgspec.inspect import (
    AnyType,
    BytesType,
    CollectionType,
    CustomType,
    DataclassType,
    DictType,
    ExtType,
    NamedTupleType,
    RawType,
    StructType,
    TypedDictType,
    UnionType,
    type_info,
)

from spruce.errors import BadRequest, UnsupportedMediaType, ViewError, nearest
from spruce.http import Request
from spruce.web.rules import Rule
from spruce.web.validation import InvalidInput, convert_text, faults

__all__ = ["BodyValue", "PathValue", "QueryValue", "RequestValue", "Source", "TypedPathValue", "sources_of"]

REQUIRED = inspect.Parameter.empty
_BODY_TYPES = (StructType, DataclassType, TypedDictType, DictType, NamedTupleType)
_UNREADABLE = (CustomType, AnyType, BytesType, ExtType, RawType)


class Source(Protocol):
    """Where one parameter gets its value."""

    @property
    def name(self) -> str:
        """The parameter's name."""

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value. Raises: InvalidInput naming what doesn't fit."""


@dataclass(frozen=True, slots=True)
class RequestValue:
    """The request itself, for a parameter named `request` or annotated with its class."""

    name: str

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the request."""
        return request


@dataclass(frozen=True, slots=True)
class PathValue:
    """What the converter of the rule made, or a default of the rule."""

    name: str

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value."""
        return arguments[self.name]


@dataclass(frozen=True, slots=True)
class TypedPathValue:
    """A text of the path as the type that the view asks for."""

    name: str
    kind: Any

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value in its type."""
        value = arguments[self.name]
        return convert_text(self.name, value, self.kind) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class QueryValue:
    """A value of the query string; `many`: the type is a list, set or tuple, so all values of the name are taken.

    An empty text counts as missing where the parameter has a default and isn't a str: browsers send the empty fields of
    a form.
    """

    name: str
    kind: Any
    default: Any
    many: bool
    text: bool

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value, or the default when the query string has none."""
        value = request.args.get(self.name)
        if value is None or not (value or self.text or self.default is REQUIRED):
            if self.default is REQUIRED:
                raise InvalidInput({self.name: "is required in the query string"})
            return self.default
        if self.kind is str:
            return value
        return convert_text(self.name, request.args.getlist(self.name) if self.many else value, self.kind)


@dataclass(frozen=True, slots=True)
class BodyValue:
    """The JSON body as a dataclass, msgspec.Struct, TypedDict, dict, or a list of such."""

    name: str
    kind: Any
    default: Any
    decode: Callable[[bytes], Any]

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value. Raises: UnsupportedMediaType, BadRequest when it is no JSON, InvalidInput."""
        data = request.get_data()
        if not data and self.default is not REQUIRED:
            return self.default
        if not request.is_json:
            raise UnsupportedMediaType("This needs a JSON body, with the header Content-Type: application/json.")
        try:
            try:
                return self.decode(data)
            except msgspec.ValidationError as error:
                found = faults(msgspec.json.decode(data), self.kind) or {"body": str(error)}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadRequest(f"The body is not valid JSON: {error}.") from None
        raise InvalidInput(found)


def sources_of(
    view: Callable[..., Any], rule: Rule, elsewhere: Iterable[str] = (), *, drops: bool = False
) -> list[Source]:
    """Return a source for each parameter of `view` that is to be passed when `rule` matched.

    `elsewhere` are names that other rules of the endpoint hold. `drops`: something may take values of the path away
    before the view is called, so a view that doesn't take them is fine.
    Raises: ViewError when a parameter has no source, or a value of the path has no parameter.
    """
    parameters = inspect.signature(view).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    named = [one for one in parameters.values() if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    lost = rule.arguments - {one.name for one in named}
    if lost and not takes_all and not drops:
        name = sorted(lost)[0]
        raise ViewError(
            f"the view {_name(view)!r} takes no parameter {name!r}, which its rule {rule.rule!r} holds"
            f"{nearest(name, parameters)}"
        )
    sources = [_source(view, rule, parameter, frozenset(elsewhere)) for parameter in named]
    bodies = [source.name for source in sources if isinstance(source, BodyValue)]
    if len(bodies) > 1:
        raise ViewError(
            f"the view {_name(view)!r} takes {' and '.join(map(repr, bodies))} from the body, which is one thing only",
            hint="Put them into one dataclass.",
        )
    return [source for source in sources if source is not None]


def _source(
    view: Callable[..., Any], rule: Rule, parameter: inspect.Parameter, elsewhere: frozenset[str]
) -> Source | None:
    """The source of one parameter; None: it keeps its own default, or the decorator around the view fills it."""
    name = parameter.name
    if name in rule.arguments:
        kind = _annotation(view, parameter, optional=True)
        text = any(
            not isinstance(part, str) and part.name == name and part.converter.matcher() is None for part in rule.parts
        )
        return TypedPathValue(name, kind) if text and _is_readable(kind) and kind is not str else PathValue(name)
    has_default = parameter.default is not REQUIRED
    if name == "request" and parameter.annotation is REQUIRED:
        return RequestValue(name)
    kind = _annotation(view, parameter, optional=name == "request")
    if (isinstance(kind, type) and issubclass(kind, Request)) or (name == "request" and kind is REQUIRED):
        return RequestValue(name)
    if has_default and (kind is REQUIRED or name in elsewhere):
        return None
    if kind is not REQUIRED and _is_body(kind):
        return BodyValue(name, kind, parameter.default, msgspec.json.Decoder(kind).decode)
    if kind is not REQUIRED and _is_readable(kind):
        return QueryValue(name, kind, parameter.default, _is_many(kind), _is_text(kind))
    if has_default or hasattr(view, "__wrapped__"):
        return None
    raise ViewError(_no_source(view, rule, name, kind), hint=_WHAT_TO_DO)


_WHAT_TO_DO = (
    "Annotate it with a type such as int to take it from the query string, or with a dataclass for a JSON body."
)


def _no_source(view: Callable[..., Any], rule: Rule, name: str, kind: Any) -> str:
    if kind is not REQUIRED:
        shown = getattr(kind, "__name__", None) or repr(kind)
        return f"the parameter {name!r} of the view {_name(view)!r} is a {shown}, which cannot be read from a request"
    near = nearest(name, rule.arguments)
    return f"the view {_name(view)!r} needs {name!r}, which its rule {rule.rule!r} does not hold{near}"


def _annotation(view: Callable[..., Any], parameter: inspect.Parameter, *, optional: bool) -> Any:
    """The parameter's annotation, read when it is a text; REQUIRED for none, or for an `optional` one that can't be."""
    kind = parameter.annotation
    if not isinstance(kind, str):
        return kind
    try:
        return eval(kind, getattr(inspect.unwrap(view), "__globals__", {}))  # noqa: S307 - the author's own annotation
    except Exception as error:
        if optional:
            return REQUIRED
        raise ViewError(
            f"the annotation {kind!r} of {parameter.name!r} in the view {_name(view)!r} cannot be read: {error}",
            hint="Import the type outside of TYPE_CHECKING, at the top of the module.",
        ) from error


def _name(view: Callable[..., Any]) -> str:
    return getattr(view, "__name__", None) or repr(view)


def _members(kind: Any) -> list[Any]:
    """What msgspec says of a type, without the None of an optional one."""
    try:
        info = type_info(kind)
    except (TypeError, NameError):
        return []
    members = info.types if isinstance(info, UnionType) else (info,)
    return [one for one in members if not isinstance(one, msgspec.inspect.NoneType)]


def _is_body(kind: Any) -> bool:
    members = _members(kind)
    return any(
        isinstance(one, _BODY_TYPES) or (isinstance(one, CollectionType) and isinstance(one.item_type, _BODY_TYPES))
        for one in members
    )


def _is_readable(kind: Any) -> bool:
    members = _members(kind) if kind is not REQUIRED else []
    return bool(members) and not any(isinstance(one, _UNREADABLE) for one in members)


def _is_many(kind: Any) -> bool:
    return any(isinstance(one, CollectionType | msgspec.inspect.TupleType) for one in _members(kind))


def _is_text(kind: Any) -> bool:
    return any(isinstance(one, msgspec.inspect.StrType) for one in _members(kind))
