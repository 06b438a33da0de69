"""Sources: what one parameter of a view is read from, as found out from its annotation when the route was added."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, Protocol

from spruce.errors import UnsupportedMediaType
from spruce.http import FileStorage, MultiDict, Request
from spruce.web.markers import Marker
from spruce.web.validation import InvalidInput, Shape, convert_fields, convert_text

__all__ = [
    "REQUIRED",
    "BodyValue",
    "FileValue",
    "MadeValue",
    "ModelValue",
    "PathValue",
    "QueryValue",
    "RequestValue",
    "Source",
    "TextValue",
    "TypedPathValue",
]

REQUIRED = Parameter.empty


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
class MadeValue:
    """What a class makes of the request itself, by its method `from_request`, as a form does."""

    name: str
    kind: Any

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return what the class makes."""
        return self.kind.from_request(request)


@dataclass(frozen=True, slots=True)
class PathValue:
    """What the converter of the rule made, or a default of the rule."""

    name: str
    kind: Any = REQUIRED

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value."""
        return arguments[self.name]


@dataclass(frozen=True, slots=True)
class TypedPathValue:
    """A text of the path as the type that the view asks for, or any value of it that a marker bounds."""

    name: str
    kind: Any
    marker: Marker | None = None

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value in its type."""
        value = arguments[self.name]
        return convert_text(self.name, value, self.kind) if self.marker or isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class QueryValue:
    """A value of the query string; `many`: the type is a list, set or tuple, so all values of the name are taken.

    An empty text counts as missing where the parameter has a default and isn't a str: browsers send the empty fields of
    a form. `key` is the name that clients use.
    """

    name: str
    key: str
    kind: Any
    default: Any
    many: bool
    text: bool
    marker: Marker | None = None

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value, or the default when the query string has none."""
        value = request.args.get(self.key)
        if value is None or not (value or self.text or self.default is REQUIRED):
            if self.default is REQUIRED:
                raise InvalidInput({self.key: "is required in the query string"})
            return self.default
        if self.kind is str:
            return value
        return convert_text(self.key, request.args.getlist(self.key) if self.many else value, self.kind)


@dataclass(frozen=True, slots=True)
class TextValue:
    """A value of a header, a cookie or a form; everything else is as for `QueryValue`."""

    name: str
    key: str
    kind: Any
    default: Any
    many: bool
    text: bool
    marker: Marker

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value, or the default when there is none."""
        place, find = _PLACES[self.marker.place]
        found = find(request, self.key)
        if not found or not (found[0] or self.text or self.default is REQUIRED):
            if self.default is REQUIRED:
                raise InvalidInput({self.key: f"is required in the {place}"})
            return self.default
        return convert_text(self.key, found if self.many else found[0], self.kind)


def _cookies(request: Request, key: str) -> list[str]:
    return [request.cookies[key]] if key in request.cookies else []


_PLACES: dict[str, tuple[str, Callable[[Request, str], list[str]]]] = {
    "header": ("headers", lambda request, key: request.headers.getlist(key)),
    "cookie": ("cookies", _cookies),
    "form": ("form", lambda request, key: request.form.getlist(key)),
}


@dataclass(frozen=True, slots=True)
class ModelValue:
    """The whole query string or form, field by field, as one Struct, dataclass, TypedDict or pydantic model."""

    name: str
    kind: Any
    default: Any
    shape: Shape
    marker: Marker

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value; the default where nothing at all was sent."""
        sent: MultiDict[str] = request.form if self.marker.place == "form" else request.args
        if not sent and self.default is not REQUIRED:
            return self.default
        return convert_fields(sent, self.kind, self.shape)


@dataclass(frozen=True, slots=True)
class FileValue:
    """An uploaded file, its content where `content`, or all files of the name where `many`."""

    name: str
    key: str
    default: Any
    many: bool
    content: bool
    marker: Marker | None = None

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value; a field of a form that the user left empty is no file."""
        files: Iterable[FileStorage] = [file for file in request.files.getlist(self.key) if file.filename]
        found = [file.read() if self.content else file for file in files]
        if found:
            return found if self.many else found[0]
        if self.default is REQUIRED:
            raise InvalidInput({self.key: "is required among the files"})
        return self.default


@dataclass(frozen=True, slots=True)
class BodyValue:
    """The JSON body as a dataclass, msgspec.Struct, TypedDict, pydantic model, dict, or a list of such."""

    name: str
    kind: Any
    default: Any
    decode: Callable[[bytes], Any]
    marker: Marker | None = None

    def read(self, request: Request, arguments: Mapping[str, Any]) -> Any:
        """Return the value. Raises: UnsupportedMediaType, BadRequest when it is no JSON, InvalidInput."""
        data = request.get_data()
        if not data and self.default is not REQUIRED:
            return self.default
        if not request.is_json:
            raise UnsupportedMediaType("This needs a JSON body, with the header Content-Type: application/json.")
        return self.decode(data)
