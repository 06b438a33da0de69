"""What routers allow: tables in a database, and objects of two databases that point to each other, as Django does."""

import inspect
from typing import Any

from spruce.db.databases import current
from spruce.db.records import Record, app_label_of
from spruce.errors import DataError

__all__ = ["check_relation", "may_migrate"]


def may_migrate(alias: str, model: type[Record]) -> bool:
    """Whether the table of a model belongs into a database: as the first router says that has an opinion.

    Routers have `allow_migrate(alias, model)`, or Django's `allow_migrate(db, app_label, model_name=None, **hints)`.
    """
    for router in current().routers:
        method = getattr(router, "allow_migrate", None)
        if method is None:
            continue
        if "app_label" in inspect.signature(method).parameters:
            answer = method(alias, app_label_of(model), model_name=model.__name__.lower(), model=model)
        else:
            answer = method(alias, model)
        if answer is not None:
            return bool(answer)
    return True


def check_relation(instance: Any, value: Any, label: str) -> None:
    """Raise DataError if an object may not point to one of another database, which only a router can allow.

    One that is not saved yet will be saved where the other one is, if nobody says otherwise.
    """
    databases = current()
    if databases.is_single:
        return
    for one, other in ((instance, value), (value, instance)):
        if one._db is None and "_near" not in vars(one):
            vars(one)["_near"] = databases.ask("db_for_write", type(one), instance=other) or origin_of(other)
    answer = databases.ask("allow_relation", value, instance)
    here, there = origin_of(instance), origin_of(value)
    if answer is None and here == there:
        return
    if not answer:
        raise DataError(
            f"{label} of an object on the database {here!r} cannot be {value!r}, which is on {there!r}",
            hint="Load both from one database, or let allow_relation() of a router in DATABASE_ROUTERS return True.",
        )


def origin_of(instance: Any) -> str:
    """The alias of the database that an object is from, or will be saved to."""
    alias: str = instance._db or vars(instance).get("_near") or "default"
    return alias
