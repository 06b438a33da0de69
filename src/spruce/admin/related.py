"""What stands beside a field that points to other objects: ways to add one, and to look at the chosen one.

Both open windows of their own, which tell the page what was done when they close.
"""

from typing import Any, NamedTuple

__all__ = ["Related", "page_of_target", "related_links"]

_KEY = "__key__"


class Related(NamedTuple):
    """Where an object is added, and where the chosen one is; the script puts the key in place of `__key__`."""

    name: str
    add: str
    change: str


def related_links(request: Any, admin: Any, name: str) -> Related | None:
    """The links of a field, None for one that points to no model of the admin, or for who may do neither."""
    meta, site = admin.model._meta, admin.admin_site
    field = meta.paths.get(name) or meta.many.get(name)
    other = site.admin_of(field.target) if getattr(field, "target", None) is not None else None
    if other is None:
        return None
    add = f"{site.url(other, 'add')}?_popup=1" if other.has_add_permission(request) else ""
    single = name in meta.paths and other.has_view_permission(request)
    change = f"{site.url(other, 'change', key=_KEY)}?_popup=1" if single else ""
    return Related(str(other.model._meta.verbose_name), add, change) if add or change else None


def page_of_target(request: Any, admin: Any, obj: Any, name: Any) -> str:
    """The page of the object that a foreign key points to, for a field that is only shown; "" where there is none."""
    field = admin.model._meta.paths.get(name) if isinstance(name, str) else None
    if obj is None or field is None or not field.is_relation or getattr(obj, field.attname) is None:
        return ""
    other = admin.admin_site.admin_of(field.target)
    if other is None:
        return ""
    target = getattr(obj, field.name)
    if not other.has_view_permission(request, target):
        return ""
    return str(admin.admin_site.url(other, "change", key=target.pk))
