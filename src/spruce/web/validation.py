"""Checking what a client sent against a type: the error that names every bad field, and the search for them.

msgspec does the work and stops at the first value that doesn't fit; only then is the value looked at field by field,
to find the others. Models of pydantic check themselves and name all fields by themselves; they are known by their
methods, and pydantic is only imported for a program that has done so.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec.inspect import (
    BoolType,
    CollectionType,
    DataclassType,
    ListType,
    NoneType,
    StrType,
    StructType,
    TupleType,
    TypedDictType,
    UnionType,
    type_info,
)

from spruce.errors import BadRequest, UnprocessableEntity
from spruce.http import MultiDict
from spruce.i18n import gettext
from spruce.web.phrasing import fault

__all__ = [
    "InvalidInput",
    "Shape",
    "convert_fields",
    "convert_text",
    "faults",
    "is_pydantic",
    "json_decoder",
    "shape_of",
    "uses_pydantic",
]

_MESSAGE = re.compile(r"(?P<text>.*?)(?: - at `(?:key in )?\$(?P<place>.*)`)?", re.DOTALL)
_FLAGS = {"on": True, "yes": True, "off": False, "no": False}  # a box that is ticked, and what people write
_NO_CHOICE = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_SHOWN_CHOICES = 20
_COLLECTIONS = (list, set, frozenset, tuple)


class InvalidInput(UnprocessableEntity):
    """422: values that the client sent don't fit; `fields` has a text for each, by its name or place in the body.

    Texts are in English; they are kept in the language that holds where the error is raised.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = {name: fault(text) for name, text in fields.items()}
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.fields.items()))


def is_pydantic(kind: Any) -> bool:
    """Whether `kind` is a model of pydantic."""
    return isinstance(kind, type) and hasattr(kind, "model_validate_json") and hasattr(kind, "model_fields")


def uses_pydantic(kind: Any) -> bool:
    """Whether `kind` is a model of pydantic, or made of one, as a list or an optional one is."""
    return is_pydantic(kind) or any(uses_pydantic(one) for one in get_args(kind))


def convert_text(name: str, text: str | list[str], kind: Any) -> Any:
    """Return what came as text (a list where the parameter takes several) as `kind`.

    Raises: InvalidInput when it doesn't fit.
    """
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        if isinstance(text, str) and text.lower() in _FLAGS and _takes_flags(kind):
            return _FLAGS[text.lower()]
        found = _MESSAGE.fullmatch(str(error))
        message = _with_choices(str(found["text"] if found else error), kind)
        shown = text if isinstance(text, str) else ", ".join(map(str, text)) if isinstance(text, list) else str(text)
        raise InvalidInput({name: message.replace("got `str`", f"got {shown!r}")}) from None


def _takes_flags(kind: Any) -> bool:
    return kind is bool or any(map(_takes_flags, get_args(kind)))


def _with_choices(message: str, kind: Any) -> str:
    """Return the message; one about a value that is none of a few names them."""
    said = _NO_CHOICE.fullmatch(message)
    choices = list(_choices(kind)) if said else []
    if said is None or not 0 < len(choices) <= _SHOWN_CHOICES:
        return message
    return f"Expected one of {', '.join(map(repr, choices))}, got {said[1]}"


def _choices(kind: Any) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        yield from (member.value for member in kind)
    elif get_origin(kind) is Literal:
        yield from get_args(kind)
    else:
        for one in get_args(kind):
            yield from _choices(one)


def json_decoder(kind: Any) -> Callable[[bytes], Any]:
    """Return what makes a `kind` of JSON. That raises BadRequest when it is no JSON (RFC 8259), and InvalidInput."""
    if uses_pydantic(kind):
        from pydantic import TypeAdapter  # the program has it loaded already, whoever has no pydantic doesn't get here

        validate = TypeAdapter(kind).validate_json
        return lambda data: _through_pydantic(validate, data)
    decode = msgspec.json.Decoder(kind).decode
    complete = _completed if _has_dataclass(kind, set()) else _as_it_is

    def read(data: bytes) -> Any:
        try:
            if not data.isascii():
                data.decode()  # what the type doesn't ask for is skipped, and yet has to be UTF-8
            try:
                return complete(decode(data))
            except msgspec.ValidationError as error:
                found = faults(msgspec.json.decode(data), kind) or {"body": str(error)}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadRequest(gettext("The body is not valid JSON: %(error)s.", error=error)) from None
        raise InvalidInput(found)

    return read


def _has_dataclass(kind: Any, seen: set[Any]) -> bool:
    if isinstance(kind, type) and is_dataclass(kind):
        return True
    if kind in seen:
        return False
    seen.add(kind)
    hints = get_type_hints(kind).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else ()
    return any(_has_dataclass(one, seen) for one in (*get_args(kind), *hints))


def _as_it_is(value: Any) -> Any:
    return value


def _completed(value: Any) -> Any:
    """Give dataclasses the defaults that msgspec leaves to their class, where its own encoder doesn't find them."""
    if is_dataclass(value):
        own = getattr(value, "__dict__", None)
        for field in dataclass_fields(value):
            inner = _completed(getattr(value, field.name))
            if own is not None:
                own.setdefault(field.name, inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            _completed(item)
    elif isinstance(value, dict):
        for item in value.values():
            _completed(item)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _completed(getattr(value, name))
    return value


@dataclass(frozen=True, slots=True)
class Shape:
    """How texts become the fields of a model.

    `many` take all values of their name, `others` take no empty text, `flags` are true when their box is ticked.
    """

    many: frozenset[str]
    others: frozenset[str]
    flags: frozenset[str] = frozenset()


def shape_of(kind: Any) -> Shape | None:
    """Return the shape of a model whose fields have simple types; None when `kind` is no model."""
    if is_pydantic(kind):
        fields = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        many = {name for name, annotation in fields.items() if (get_origin(annotation) or annotation) in _COLLECTIONS}
        return Shape(frozenset(many), frozenset(name for name, annotation in fields.items() if annotation is not str))
    try:
        info = type_info(kind)
    except (TypeError, NameError):
        return None
    if not isinstance(info, StructType | DataclassType | TypedDictType):
        return None
    kinds = {field.encode_name: (field, _members(field.type)) for field in info.fields}
    return Shape(
        frozenset(name for name, (_, types) in kinds.items() if any(isinstance(one, _MANY) for one in types)),
        frozenset(
            name
            for name, (field, types) in kinds.items()
            if not field.required and not any(isinstance(one, StrType) for one in types)
        ),
        frozenset(
            name
            for name, (_, types) in kinds.items()
            if any(isinstance(one, BoolType) for one in types) and not any(isinstance(one, StrType) for one in types)
        ),
    )


_MANY = (CollectionType, TupleType)


def _members(info: msgspec.inspect.Type) -> list[msgspec.inspect.Type]:
    members = info.types if isinstance(info, UnionType) else (info,)
    return [one for one in members if not isinstance(one, NoneType)]


def convert_fields(sent: MultiDict[str], kind: Any, shape: Shape) -> Any:
    """Return the texts of a form or query string as the model `kind`. Raises: InvalidInput."""
    values: dict[str, Any] = {
        name: sent.getlist(name) if name in shape.many else text
        for name, text in sent.items()
        if text or name not in shape.others
    }
    if is_pydantic(kind):
        return _through_pydantic(kind.model_validate, values)
    for name in shape.flags & values.keys():
        values[name] = _FLAGS.get(values[name].lower(), values[name])
    try:
        return _completed(msgspec.convert(values, kind, strict=False))
    except msgspec.ValidationError as error:
        raise InvalidInput(faults(values, kind, strict=False) or {"form": str(error)}) from None


def _through_pydantic(validate: Callable[[Any], Any], value: Any) -> Any:
    """Let a model of pydantic check `value`. Its errors are ValueErrors with a list of what is wrong where."""
    try:
        return validate(value)
    except ValueError as error:
        if not hasattr(error, "errors"):
            raise
        found = error.errors()
    if found[0]["type"] == "json_invalid":
        raise BadRequest(gettext("The body is not valid JSON: %(error)s.", error=found[0]["msg"]))
    raise InvalidInput({_place(one["loc"]): str(one["msg"]) for one in found})


def _place(location: tuple[str | int, ...]) -> str:
    joined = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return joined.lstrip(".") or "body"


def faults(value: Any, kind: Any, place: str = "", *, strict: bool = True) -> dict[str, str]:
    """Return a text for every part of `value`, which was JSON, that doesn't fit `kind`: empty when all of it does.

    Keys are places such as `lines[0].quantity`; what is wrong with the whole has the key `body`. What was text from a
    form, not JSON, is not `strict`: "1" fits an int.
    """
    return dict(_faults(value, kind, place, strict))


def _faults(value: Any, kind: Any, place: str, strict: bool) -> Iterator[tuple[str, str]]:
    inner = list(_inner_faults(value, kind, place, strict))
    if inner:
        yield from inner
        return
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        found = _MESSAGE.fullmatch(str(error))
        where = place + (found["place"] or "" if found else "")
        text = _with_choices(str(found["text"] if found else error), kind)
        if not strict and isinstance(value, str):
            text = text.replace("got `str`", f"got {value!r}")
        yield where.lstrip(".") or "body", text


def _inner_faults(value: Any, kind: Any, place: str, strict: bool) -> Iterator[tuple[str, str]]:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    info = type_info(kind)
    if isinstance(info, UnionType) and value is not None:
        kinds = [one for one in get_args(kind) if one is not type(None)]
        if len(kinds) == 1:
            yield from _inner_faults(value, kinds[0], place, strict)
    elif isinstance(info, ListType) and isinstance(value, list) and get_args(kind):
        for number, item in enumerate(value):
            yield from _faults(item, get_args(kind)[0], f"{place}[{number}]", strict)
    elif isinstance(info, StructType | DataclassType | TypedDictType) and isinstance(value, dict):
        hints = get_type_hints(info.cls, include_extras=True)
        for field in info.fields:
            where = f"{place}.{field.encode_name}"
            if field.encode_name in value:
                yield from _faults(value[field.encode_name], hints[field.name], where, strict)
            elif field.required:
                yield where.lstrip("."), "is required"
