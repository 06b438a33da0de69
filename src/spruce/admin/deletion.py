"""What would go with an object: everything that cascades, and what keeps it from going."""

from typing import Any, NamedTuple

from spruce import db

__all__ = ["Going", "forbidden_kinds", "preview"]

SHOWN = 100
_AT_ONCE = 500


class Going(NamedTuple):
    """What a deletion does: names of models with examples, what protects them, and the objects by model."""

    groups: list[tuple[str, int, list[str]]]
    protected: list[str]
    models: dict[Any, list[Any]]

    @property
    def total(self) -> int:
        """How many objects go."""
        return sum(count for _, count, _ in self.groups)


def preview(objects: list[Any]) -> Going:
    """Look for what would be deleted together with objects of one model, and what forbids it; nothing is changed."""
    seen: dict[Any, dict[Any, Any]] = {}
    protected: list[str] = []
    if objects:
        _follow(type(objects[0]), objects, seen, protected)
    groups = []
    for model, rows in seen.items():
        meta = model._meta
        if _only_connects(model):
            continue
        name = str(meta.verbose_name if len(rows) == 1 else meta.verbose_name_plural)
        groups.append((name, len(rows), [str(obj) for obj in list(rows.values())[:SHOWN]]))
    return Going(groups, protected[:SHOWN], {model: list(rows.values()) for model, rows in seen.items()})


def forbidden_kinds(site: Any, request: Any, going: Going) -> list[str]:
    """The kinds of objects that would go too, and that who asks may not delete."""
    return [
        str(admin.model._meta.verbose_name_plural)
        for admin in site.admins()
        if any(
            not admin.has_delete_permission(request, obj) for obj in going.models.get(admin.model._meta.concrete, ())
        )
    ]


def _follow(model: Any, objects: list[Any], seen: dict[Any, dict[Any, Any]], protected: list[str]) -> None:
    """Take in objects, and what points to them."""
    rows = seen.setdefault(model._meta.concrete, {})
    new = [obj for obj in objects if obj.pk not in rows]
    rows.update({obj.pk: obj for obj in new})
    for start in range(0, len(new), _AT_ONCE):
        keys = [obj.pk for obj in new[start : start + _AT_ONCE]]
        for field in model._meta.pointed:
            if field.on_delete not in (db.CASCADE, db.PROTECT, db.RESTRICT):
                continue
            pointing = list(field.model._base.filter(**{f"{field.name}__in": keys}))
            if field.on_delete is db.CASCADE:
                if pointing:
                    _follow(field.model, pointing, seen, protected)
            else:
                protected += [f"{field.model._meta.verbose_name}: {each}" for each in pointing]


def _only_connects(model: Any) -> bool:
    """Whether a model was made for a many-to-many field, so that nobody knows its rows."""
    links = [link for one in db.registry.models.values() for link in one._meta.many.values()]
    return any(link.through is None and getattr(link, "between", None) is model for link in links)
