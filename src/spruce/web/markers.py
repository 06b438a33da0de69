"""Markers: where a parameter comes from and what it must be, said in its annotation: `Annotated[str, Header()]`.

    def view(limit: Annotated[int, Query(ge=1, le=100)] = 10, token: Annotated[str | None, Cookie()] = None): ...

A marker says more than the type alone does, so it is only needed where the type doesn't say enough.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

import msgspec

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Marker", "Path", "Query", "split"]

_TOLD = ("alias", "description", "deprecated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The base of markers. `alias` is the name that clients use, where it isn't the parameter's own.

    `description` and `deprecated` are told in the API's documentation. The others bound the value: numbers by `ge`,
    `gt`, `le`, `lt` and `multiple_of`; texts and lists by `min_length` and `max_length`; texts by `pattern`, a regular
    expression that is searched for.
    """

    place: ClassVar[str] = ""

    alias: str | None = None
    description: str = ""
    deprecated: bool = False
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None

    def bound(self, kind: Any) -> Any:
        """Return `kind` with the bounds of the marker, each member of a union of types with its own."""
        bounds = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _TOLD}
        given = {name: value for name, value in bounds.items() if value is not None}
        return _bound(kind, msgspec.Meta(**given)) if given else kind


class Query(Marker):
    """From the query string; a Struct, dataclass, TypedDict or pydantic model takes all of it, field by field."""

    place = "query"


class Path(Marker):
    """From a variable of the rule."""

    place = "path"


class Header(Marker):
    """From a header: `user_agent` is `User-Agent`. A list takes each header of the name."""

    place = "header"


class Cookie(Marker):
    """From a cookie."""

    place = "cookie"


class Form(Marker):
    """From a field of the form in the body; a Struct, dataclass, TypedDict or pydantic model takes all fields."""

    place = "form"


class File(Marker):
    """An uploaded file of the form in the body: FileStorage, bytes for its content, or a list of either."""

    place = "file"


class Body(Marker):
    """The whole JSON body, where the type alone would be read from the query string, as in `list[int]`."""

    place = "body"


@dataclass(frozen=True, slots=True)
class Depends:
    """The parameter is what `function` returns, called with parameters of its own that are found as a view's are.

    Without a function the annotated class is called. One that several parameters depend on is called once for a
    request, unless `use_cache` is False. A generator function gives what it yields and is resumed to clean up once the
    view has made its response, at the end of a streamed one; an error of the view is raised at its `yield`.
    """

    function: Callable[..., Any] | None = None
    use_cache: bool = True


def split(annotation: Any) -> tuple[Any, Marker | Depends | None]:
    """Return the type of an annotation, with the bounds of its marker, and that marker, if it has one."""
    if get_origin(annotation) is not Annotated:
        return annotation, None
    kind, *extras = get_args(annotation)
    made = [one() if isinstance(one, type) and issubclass(one, Marker | Depends) else one for one in extras]
    marker = next((one for one in made if isinstance(one, Marker | Depends)), None)
    for other in made:
        if not isinstance(other, Marker | Depends):
            kind = _bound(kind, other)
    return (marker.bound(kind) if isinstance(marker, Marker) else kind), marker


def _bound(kind: Any, meta: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(one if one is NoneType else _bound(one, meta) for one in get_args(kind))]  # noqa: UP007 - made of a tuple
    return Annotated[kind, meta]
