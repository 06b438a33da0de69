"""Checks of a query while it is built: each step that names what does not exist is refused where it is written."""

import keyword
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spruce.db.fields import Field
from spruce.db.filteredrelations import FilteredStep, filtered, relative
from spruce.db.lookups import resolve
from spruce.db.outputs import named, output
from spruce.db.records import Record
from spruce.db.tokens import Expression, Tree
from spruce.errors import FieldError

__all__ = ["check_op"]

_RESERVED = frozenset({"_batch", "_db", "_partial", "_prefetched", "pk", "objects", "save", "delete"})

Fields = Mapping[str, Field[Any]]


def check_op(model: type[Record], fields: Fields, op: tuple[Any, ...]) -> Fields:
    """Raise FieldError if a step of a query names what does not exist; return the annotations that hold after it."""
    checker = _CHECKS.get(op[0])
    if checker is None:
        return fields
    return checker(model, fields, *op[1:]) or fields


def _check_conditions(
    model: type[Record], fields: Fields, negated: bool, keys: Iterable[str | None], found: Iterable[Any]
) -> None:
    for key, token in zip(keys, found, strict=True):
        if key is not None:
            resolve(model, key, computed=fields)
        elif isinstance(token, Tree):
            _check_conditions(model, fields, negated, token.keys, token.tokens)
        if isinstance(token, Expression):
            output(model, fields, token.key)


def _check_names(model: type[Record], fields: Fields, names: Iterable[Any], *_: Any) -> None:
    for name in names:
        if not isinstance(name, tuple):
            if name != "?":
                resolve(model, name.lstrip("-") if isinstance(name, str) else name, lookups=False, computed=fields)
        else:
            output(model, fields, name[0])


def _check_update(model: type[Record], fields: Fields, names: Iterable[str], found: Iterable[Any]) -> None:
    for name, token in zip(names, found, strict=True):
        path = resolve(model, name, lookups=False)
        if path.steps != model._meta.up_to(path.field.model):
            raise FieldError(f"update({name}=…) writes fields of {model.__name__} only", hint="Update the other model.")
        if isinstance(token, Expression):
            output(model, fields, token.key)


def _check_related(model: type[Record], fields: Fields, names: tuple[Any, ...]) -> None:
    for name in names if names != (None,) else ():
        path = resolve(model, name, lookups=False, computed=fields)
        if path.end is None or path.many or any(_of_many(step) for step in path.steps):
            known = [field.name for field in path.field.model._meta.fields if field.is_relation]
            raise FieldError(
                f"select_related({name!r}): {path.field.label} is no ForeignKey",
                hint=f"Foreign keys of {path.field.model.__name__}: {', '.join(known) or 'none'}.",
            )


def _of_many(step: Any) -> bool:
    return isinstance(step, FilteredStep) and step.step.many


def _check_loaded(model: type[Record], fields: Fields, names: Iterable[str]) -> None:
    for name in names:
        path = resolve(model, name, lookups=False)
        if path.part is not None or path.many:
            raise FieldError(f"{name!r} is no field that an object could be loaded with or without")


def _check_alias(name: str) -> None:
    """A name that programs may take from outside: it gets into SQL and into generated code. Raises FieldError."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise FieldError(
            f"an annotation cannot be named {name!r}",
            hint="A name is made of letters, digits and underscores, does not begin with a digit, and is no word of "
            "Python's.",
        )


def _check_annotations(
    model: type[Record], fields: Fields, names: Iterable[str], keys: Iterable[Any], shown: bool
) -> Fields:
    known = dict(fields)
    for name, key in zip(names, keys, strict=True):
        _check_alias(name)
        if model._meta.knows(name):
            raise FieldError(
                f"the annotation {name!r} would hide {model.__name__}.{name}", hint="Give it another name."
            )
        if name in _RESERVED:
            raise FieldError(f"an annotation cannot be named {name!r}, which every object uses itself")
        if key[0] == "filtered":
            made = known[name] = filtered(model, name, key)
            inside = relative(key[1], key[2])
            _check_conditions(made.steps[-1].target, {}, False, inside.keys, inside.tokens)
            continue
        known[name] = named(model, name, output(model, known, key))
    return known


def _check_aggregates(model: type[Record], fields: Fields, names: Iterable[str], keys: Iterable[Any]) -> None:
    for name, key in zip(names, keys, strict=True):
        output(model, fields, key)
        _check_alias(name)


_CHECKS: dict[str, Callable[..., Fields | None]] = {
    "filter": _check_conditions,
    "get": _check_conditions,
    "stick": _check_conditions,
    "only": _check_loaded,
    "defer": _check_loaded,
    "update": _check_update,
    "order": _check_names,
    "values": _check_names,
    "list": _check_names,
    "related": _check_related,
    "annotate": _check_annotations,
    "aggregate": _check_aggregates,
}
