"""Checking what a client sent against a type: the error that names every bad field, and the search for them.

msgspec does the work and stops at the first value that doesn't fit; only then is the value looked at field by field,
to find the others.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec.inspect import DataclassType, ListType, StructType, TypedDictType, UnionType, type_info

from spruce.errors import UnprocessableEntity

__all__ = ["InvalidInput", "convert_text", "faults"]

_MESSAGE = re.compile(r"(?P<text>.*?)(?: - at `(?:key in )?\$(?P<place>.*)`)?", re.DOTALL)


class InvalidInput(UnprocessableEntity):
    """422: values that the client sent don't fit; `fields` has a text for each, by its name or place in the body."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.fields.items()))


def convert_text(name: str, text: str | list[str], kind: Any) -> Any:
    """Return what came as text (a list where the parameter takes several) as `kind`.

    Raises: InvalidInput when it doesn't fit.
    """
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        found = _MESSAGE.fullmatch(str(error))
        message = str(found["text"] if found else error)
        shown = text if isinstance(text, str) else ", ".join(text)
        raise InvalidInput({name: message.replace("got `str`", f"got {shown!r}")}) from None


def faults(value: Any, kind: Any, place: str = "") -> dict[str, str]:
    """Return a text for every part of `value`, which was JSON, that doesn't fit `kind`: empty when all of it does.

    Keys are places such as `lines[0].quantity`; what is wrong with the whole has the key `body`.
    """
    return dict(_faults(value, kind, place))


def _faults(value: Any, kind: Any, place: str) -> Iterator[tuple[str, str]]:
    inner = list(_inner_faults(value, kind, place))
    if inner:
        yield from inner
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        found = _MESSAGE.fullmatch(str(error))
        where = place + (found["place"] or "" if found else "")
        yield where.lstrip(".") or "body", str(found["text"] if found else error)


def _inner_faults(value: Any, kind: Any, place: str) -> Iterator[tuple[str, str]]:
    info = type_info(kind)
    if isinstance(info, UnionType) and value is not None:
        kinds = [one for one in get_args(kind) if one is not type(None)]
        if len(kinds) == 1:
            yield from _inner_faults(value, kinds[0], place)
    elif isinstance(info, ListType) and isinstance(value, list) and get_args(kind):
        for number, item in enumerate(value):
            yield from _faults(item, get_args(kind)[0], f"{place}[{number}]")
    elif isinstance(info, StructType | DataclassType | TypedDictType) and isinstance(value, dict):
        hints = get_type_hints(info.cls, include_extras=True)
        for field in info.fields:
            where = f"{place}.{field.encode_name}"
            if field.encode_name in value:
                yield from _faults(value[field.encode_name], hints[field.name], where)
            elif field.required:
                yield where.lstrip("."), "is required"
