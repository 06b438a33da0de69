"""`current_user`, and what templates know of who is logged in; the database is asked when something of it is read."""

from typing import Any, cast

from spruce.auth.users import AnonymousUser
from spruce.errors import ContextError
from spruce.web import has_request_context, request
from spruce.web.context import Proxy

__all__ = ["Perms", "current_user", "perms"]


def _find() -> Any:
    if not has_request_context():
        raise ContextError(
            "current_user is only there while a request is handled, and none is",
            hint="Use it in a view, or inside of `with app.test_request_context():`.",
        )
    user = request.user
    return AnonymousUser() if user is None else user


current_user: Any = cast(Any, Proxy(_find))
"""Who is logged in, or an AnonymousUser; `request.user` is the object itself."""


class Perms:
    """`perms.shop.add_product`, `perms.shop` and `"shop.add_product" in perms`, in templates."""

    def __init__(self, label: str = "") -> None:
        self._label = label

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _find().has_perm(f"{self._label}.{name}") if self._label else Perms(name)

    __getitem__ = __getattr__

    def __bool__(self) -> bool:
        return bool(_find().has_module_perms(self._label)) if self._label else True

    def __contains__(self, name: str) -> bool:
        if self._label:
            return bool(_find().has_perm(f"{self._label}.{name}"))
        return bool(_find().has_perm(name) if "." in name else _find().has_module_perms(name))

    def __iter__(self) -> Any:
        raise TypeError("permissions can be asked for, and not listed")


perms = Perms()
