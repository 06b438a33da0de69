"""Permissions: what there is to be allowed, made of the models; `shop.add_product` is the label of a part and a name.

Each model has `add`, `change`, `delete` and `view`, and those that its Meta names as `permissions`. A row keeps label,
model and codename as texts: there is no table of content types, so nothing goes out of step when a model is renamed.
`create_permissions` makes the rows that are missing; it runs behind `db.create_all()` and `spruce db upgrade`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from spruce import config, db
from spruce.auth.models import Permission
from spruce.db.routing import may_migrate

__all__ = [
    "Known",
    "create_permissions",
    "get_permission_codename",
    "knows_labels",
    "label_of",
    "permission_name",
    "permissions_of",
    "remember_labels",
]

_RESOURCE = "spruce.auth.labels"


class Known(NamedTuple):
    """A permission that a model has, whether or not there is a row for it."""

    app_label: str
    model: str
    codename: str
    name: str


def label_of(model: type[Any]) -> str:
    """Return the label of the part that a model belongs to: the `shop` of `shop.add_product`.

    That is `Meta.app_label`; else the label of the installed app that it lies in; else the last name of the package
    around `models`, or of the module's package; of a module that is in no package its name, and `app` for `models`.
    """
    given: str | None = model._meta.app_label
    if given:
        return given
    module = model.__module__
    labels: Any = config.current().resources.get(_RESOURCE, {})
    homes = [name for name in labels if module == name or module.startswith(f"{name}.")]
    if homes:
        return str(labels[max(homes, key=len)])
    parts = module.split(".")
    parts = parts[: parts.index("models")] if "models" in parts else parts[:-1] or parts
    if parts == ["__main__"]:
        parts = [Path(getattr(sys.modules["__main__"], "__file__", None) or "app").stem]
    return parts[-1] if parts else "app"


def remember_labels(settings: config.Settings, labels: dict[str, str]) -> None:
    """Let models in these packages have these labels, where `settings` hold."""
    settings.resources[_RESOURCE] = labels


def knows_labels() -> bool:
    """Whether `remember_labels` was called for the settings that hold here: whether their app has accounts."""
    return _RESOURCE in config.current().resources


def get_permission_codename(action: str, model: type[Any]) -> str:
    """Return `add_product` for `add` and Product."""
    return f"{action}_{model.__name__.lower()}"


def permission_name(action: str, model: type[Any]) -> str:
    """Return `shop.add_product` for `add` and Product: what `has_perm` takes."""
    return f"{label_of(model)}.{get_permission_codename(action, model)}"


def permissions_of(model: type[Any]) -> Iterator[Known]:
    """Yield the permissions that a model has by its Meta."""
    meta = model._meta
    label, name = label_of(model), model.__name__.lower()
    for action in meta.default_permissions:
        codename = get_permission_codename(action, model)
        yield Known(label, name, codename, f"Can {action} {meta.verbose_name}"[:255])
    for codename, text in meta.permissions:
        yield Known(label, name, codename, text)


def create_permissions(using: str = "default") -> int:
    """Make the rows of permissions that are missing in a database, of all models; return how many."""
    if not may_migrate(using, Permission):
        return 0
    wanted = {(one.app_label, one.codename): one for model in _models() for one in permissions_of(model)}
    there = set(Permission.objects.using(using).values_list("app_label", "codename"))
    missing = [Permission(**one._asdict()) for key, one in wanted.items() if key not in there]
    if missing:
        Permission.objects.using(using).bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def _models() -> Iterator[type[Any]]:
    """All models but those that only connect two others."""
    every: list[Any] = [*db.registry.models.values(), *db.registry.proxies.values()]
    between = {link.between for model in every for link in model._meta.many.values() if link.through is None}
    yield from (model for model in every if model not in between)
