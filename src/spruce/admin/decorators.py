"""`@register`, `@display` and `@action`: how models, columns and bulk actions come into the admin."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from spruce.admin.options import ModelAdmin
from spruce.admin.site import AdminSite, site

__all__ = ["action", "display", "register"]

F = TypeVar("F", bound=Callable[..., Any])
A = TypeVar("A", bound=type[ModelAdmin])


def register(*models: Any, site: AdminSite = site) -> Callable[[A], A]:
    """Let a ModelAdmin class be that of `models`, on the usual site or another."""

    def decorate(admin_class: A) -> A:
        site.register(models, admin_class)
        return admin_class

    return decorate


def display(
    function: F | None = None,
    *,
    description: Any = None,
    ordering: str | None = None,
    boolean: bool = False,
    empty_value: Any = None,
) -> Any:
    """Say of a method how its column is shown: its head, what it is sorted by, whether it is yes or no."""

    def decorate(method: F) -> F:
        noted: Any = method
        if description is not None:
            noted.short_description = description
        noted.admin_order_field, noted.boolean, noted.empty_value_display = ordering, boolean, empty_value
        return method

    return decorate if function is None else decorate(function)


def action(
    function: F | None = None,
    *,
    description: Any = None,
    permissions: Iterable[str] = (),
    confirm: bool = False,
) -> Any:
    """Say of a method that it is a bulk action: its name, which permissions it needs (`change`, `delete` …).

    With `confirm` people are shown the objects, and asked, before it runs.
    """

    def decorate(method: F) -> F:
        noted: Any = method
        if description is not None:
            noted.short_description = description
        noted.allowed_permissions, noted.needs_confirmation = tuple(permissions), confirm
        return method

    return decorate if function is None else decorate(function)
