"""Managers on their models: those of the program's own, which may leave rows out by `get_queryset()`.

A manager that does is made anew each time that it is read from the class, so that `get_queryset()` may look at the
clock or at the request.
"""

from copy import copy
from typing import Any

from spruce.db.queryset import Manager, QuerySet
from spruce.db.records import Record

__all__ = ["Chosen", "bound", "manager_class"]


def bound(manager: Manager[Any], model: type[Record]) -> Any:
    """What stands in the class of a model for a manager that was declared in it."""
    own = copy(manager)
    own.bind_to(model)
    return own if type(own).get_queryset is Manager.get_queryset else _Fresh(own)


class _Fresh:
    """Gives a manager that begins with what its `get_queryset()` says now."""

    __slots__ = ("manager",)

    def __init__(self, manager: Manager[Any]) -> None:
        self.manager = manager

    def __get__(self, instance: object, owner: type) -> Manager[Any]:
        made = copy(self.manager)
        made.begin_with(self.manager.get_queryset())
        return made


class Chosen:
    """Another attribute of the class, by its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        return getattr(owner, self.name)


_CLASSES: dict[tuple[type[Any], type[Any]], type[Any]] = {}


def manager_class(base: type[Any], kind: type[Any]) -> type[Any]:
    """A class of managers whose steps give QuerySets of `kind`, with the methods of that."""
    if kind is QuerySet:
        return base
    made = _CLASSES.get((base, kind))
    if made is None:
        made = _CLASSES[base, kind] = type(f"{base.__name__}Of{kind.__name__}", (base, kind), {"__slots__": ()})
    return made
