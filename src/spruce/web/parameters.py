"""Where the parameters of a view come from: path, query string, headers, cookies, form, files, JSON body, dependencies.

A parameter that the path doesn't hold takes its value from the query string only when it has an annotation, and never
when another rule of the same endpoint holds it in its path: a client cannot set by `?name=` what a view's author thinks
of as fixed. Whatever else it is to be, a marker in its annotation says.
"""

import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import NoneType
from types import UnionType as UnionKind
from typing import Any, Union, get_args, get_origin

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

from spruce.errors import ViewError, nearest
from spruce.http import FileStorage, Request
from spruce.web.dependencies import DependencyValue, plain_sources
from spruce.web.markers import Body, Depends, File, Marker, Path, Query, split
from spruce.web.rules import Rule
from spruce.web.sources import (
    REQUIRED,
    BodyValue,
    FileValue,
    MadeValue,
    ModelValue,
    PathValue,
    QueryValue,
    RequestValue,
    Source,
    TextValue,
    TypedPathValue,
)
from spruce.web.validation import json_decoder, shape_of, uses_pydantic

__all__ = ["called_before", "sources_of"]

_BODY_TYPES = (StructType, DataclassType, TypedDictType, DictType, NamedTupleType)
_UNREADABLE = (CustomType, AnyType, BytesType, ExtType, RawType)


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
    found = [source for source in sources if source is not None]
    _expect_one_body(view, [*found, *called_before(view, rule)])
    return found


def called_before(view: Callable[..., Any], rule: Rule) -> list[DependencyValue]:
    """Return the dependencies of a rule itself, which are called before its view and not passed to it."""
    names = (f"dependency {number}" for number in range(1, len(rule.dependencies) + 1))
    return [_dependency(name, None, one, rule, view) for name, one in zip(names, rule.dependencies, strict=True)]


def _expect_one_body(view: Callable[..., Any], sources: list[Source]) -> None:
    plain = plain_sources(sources)
    bodies = [source.name for source in plain if isinstance(source, BodyValue)]
    forms = [source.name for source in plain if _is_of_form(source)]
    if len(bodies) > 1:
        raise ViewError(
            f"the view {_name(view)!r} takes {' and '.join(map(repr, bodies))} from the body, which is one thing only",
            hint="Put them into one dataclass.",
        )
    if bodies and forms:
        raise ViewError(
            f"the view {_name(view)!r} takes {bodies[0]!r} from a JSON body and {forms[0]!r} from a form; "
            "a body is one of them",
            hint="Mark the first one with Form() too, or send all of it as JSON.",
        )


def _is_of_form(source: Source) -> bool:
    marked = isinstance(source, TextValue | ModelValue) and source.marker.place == "form"
    return marked or isinstance(source, FileValue)


def _source(
    view: Callable[..., Any], rule: Rule, parameter: inspect.Parameter, elsewhere: frozenset[str]
) -> Source | None:
    """The source of one parameter; None: it keeps its own default, or the decorator around the view fills it."""
    name = parameter.name
    in_path = name in rule.arguments
    kind, marker = split(_annotation(view, parameter, optional=in_path or name == "request"))
    if isinstance(parameter.default, Marker | Depends):
        written = type(parameter.default).__name__
        raise ViewError(
            f"the parameter {name!r} of the view {_name(view)!r} has {written}() as its default",
            hint=f"A marker belongs to the annotation: {name}: Annotated[str, {written}(...)].",
        )
    if isinstance(marker, Depends):
        return _dependency(name, kind, marker, rule, view)
    if in_path:
        return _path_value(rule, name, kind, marker)
    if isinstance(marker, Path):
        raise ViewError(
            f"the parameter {name!r} of the view {_name(view)!r} is marked Path(), "
            f"but its rule {rule.rule!r} does not hold it{nearest(name, rule.arguments)}"
        )
    if marker is not None:
        return _marked(view, parameter, kind, marker)
    if name == "request" and kind is REQUIRED:
        return RequestValue(name)
    if isinstance(kind, type) and issubclass(kind, Request):
        return RequestValue(name)
    if isinstance(kind, type) and callable(getattr(kind, "from_request", None)):
        return MadeValue(name, kind)
    if parameter.default is not REQUIRED and (kind is REQUIRED or name in elsewhere):
        return None
    return _by_kind(view, rule, parameter, kind)


def _by_kind(view: Callable[..., Any], rule: Rule, parameter: inspect.Parameter, kind: Any) -> Source | None:
    """The source of a parameter without marker: its type tells."""
    name, default = parameter.name, parameter.default
    if kind is not REQUIRED:
        if _is_file(kind):
            return _file_value(name, name, kind, default)
        if _is_body(kind):
            return BodyValue(name, kind, default, json_decoder(kind))
        if _is_readable(kind):
            return QueryValue(name, name, kind, default, _is_many(kind), _is_text(kind))
    if default is not REQUIRED or hasattr(view, "__wrapped__"):
        return None
    raise ViewError(_no_source(view, rule, name, kind), hint=_WHAT_TO_DO)


def _path_value(rule: Rule, name: str, kind: Any, marker: Marker | None) -> Source:
    parts = (*rule.parts, *rule.host_parts)
    text = any(not isinstance(part, str) and part.name == name and part.converter.matcher() is None for part in parts)
    if marker is not None and kind is not REQUIRED:
        return TypedPathValue(name, kind, marker)
    return TypedPathValue(name, kind) if text and _is_readable(kind) and kind is not str else PathValue(name, kind)


def _marked(view: Callable[..., Any], parameter: inspect.Parameter, kind: Any, marker: Marker) -> Source:
    """The source that a marker asks for."""
    name, default = parameter.name, parameter.default
    if isinstance(marker, Body):
        return BodyValue(name, kind, default, json_decoder(kind), marker)
    key = marker.alias or (name.replace("_", "-") if marker.place == "header" else name)
    if isinstance(marker, File):
        if not _is_file(kind) and not _is_file(kind, bytes):
            raise ViewError(
                f"the file {name!r} of the view {_name(view)!r} is a {_shown(kind)}",
                hint="A file is a FileStorage, or bytes for its content, or a list of either.",
            )
        return _file_value(name, key, kind, default, marker)
    shape = shape_of(kind) if marker.place in ("form", "query") else None
    if shape is not None:
        return ModelValue(name, kind, default, shape, marker)
    if not _is_readable(kind) or _is_body(kind):
        raise ViewError(
            f"the parameter {name!r} of the view {_name(view)!r} is a {_shown(kind)}, "
            f"which cannot be read from a {marker.place}",
            hint="It takes types that a text can be made into, such as str, int or date, and lists of them.",
        )
    if isinstance(marker, Query):
        return QueryValue(name, key, kind, default, _is_many(kind), _is_text(kind), marker)
    return TextValue(name, key, kind, default, _is_many(kind), _is_text(kind), marker)


def _file_value(name: str, key: str, kind: Any, default: Any, marker: Marker | None = None) -> FileValue:
    many = any(get_origin(one) is list for one in _alternatives(kind))
    return FileValue(name, key, default, many, _is_file(kind, bytes), marker)


def _dependency(name: str, kind: Any, marker: Depends, rule: Rule, view: Callable[..., Any]) -> DependencyValue:
    function = marker.function or (kind if isinstance(kind, type) else None)
    if not callable(function):
        raise ViewError(
            f"the parameter {name!r} of the view {_name(view)!r} depends on {function!r}, which cannot be called",
            hint="Write Annotated[Type, Depends(function)].",
        )
    if inspect.isasyncgenfunction(function):
        raise ViewError(
            f"the dependency {_name(function)!r} is an async generator",
            hint="Write a plain generator; it may wait with green.await_(...).",
        )
    parameters = inspect.signature(function).parameters.values()
    named = [one for one in parameters if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    sources = [_source(function, rule, one, frozenset()) for one in named]
    return DependencyValue(
        name,
        function,
        tuple(one for one in sources if one is not None),
        marker.use_cache,
        lambda other: _dependency(name, kind, replace(marker, function=other), rule, view),
    )


_WHAT_TO_DO = (
    "Annotate it with a type such as int to take it from the query string, or with a dataclass for a JSON body."
)


def _no_source(view: Callable[..., Any], rule: Rule, name: str, kind: Any) -> str:
    if kind is not REQUIRED:
        shown = f"the parameter {name!r} of the view {_name(view)!r} is a {_shown(kind)}"
        return f"{shown}, which cannot be read from a request"
    near = nearest(name, rule.arguments)
    return f"the view {_name(view)!r} needs {name!r}, which its rule {rule.rule!r} does not hold{near}"


def _annotation(view: Callable[..., Any], parameter: inspect.Parameter, *, optional: bool) -> Any:
    """The parameter's annotation, read when it is a text; REQUIRED for none, or for an `optional` one that can't be."""
    kind = parameter.annotation
    if not isinstance(kind, str):
        return kind
    try:
        return eval(kind, _names_at(inspect.unwrap(view)))  # noqa: S307 - the author's own annotation
    except Exception as error:
        if optional:
            return REQUIRED
        raise ViewError(
            f"the annotation {kind!r} of {parameter.name!r} in the view {_name(view)!r} cannot be read: {error}",
            hint="Import the type outside of TYPE_CHECKING, at the top of the module.",
        ) from error


def _names_at(function: Callable[..., Any]) -> dict[str, Any]:
    """The names that an annotation of a function, or of a class, was written among."""
    found: dict[str, Any] | None = getattr(function, "__globals__", None)
    return vars(sys.modules[function.__module__]) if found is None else found


def _shown(kind: Any) -> str:
    return getattr(kind, "__name__", None) or repr(kind)


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


def _alternatives(kind: Any) -> list[Any]:
    """A type, or those of a union but for None."""
    members = get_args(kind) if isinstance(kind, UnionKind) or get_origin(kind) is Union else (kind,)
    return [one for one in members if one is not NoneType]


def _is_file(kind: Any, content: type = FileStorage) -> bool:
    return any(one in (content, list[content]) for one in _alternatives(kind))  # type: ignore[valid-type] # made at run time


def _is_body(kind: Any) -> bool:
    if uses_pydantic(kind):
        return True
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
