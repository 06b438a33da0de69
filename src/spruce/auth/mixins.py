"""Class-based views for some users only, as Django has them: `class Orders(LoginRequiredMixin, MethodView)`.

They stand left of the view, and look before any method of it is called; what its typed parameters read is read before.
A class that several views share is easier to read than the same decorator in each `decorators`; both do the same.
"""

from collections.abc import Callable, Iterable
from inspect import isawaitable
from typing import Any, ClassVar

from spruce.auth.decorators import redirect_to_login
from spruce.errors import ConfigError, PermissionDenied
from spruce.web import request
from spruce.web.awaiting import await_
from spruce.web.views import View

__all__ = ["AccessMixin", "LoginRequiredMixin", "PermissionRequiredMixin", "UserPassesTestMixin"]


class AccessMixin:
    """What is done with users who may not: the log-in page for who isn't logged in, 403 for others.

    `login_url` is the path or endpoint of another page, `raise_exception` refuses everybody with 403, with the text
    `permission_denied_message`.
    """

    login_url: ClassVar[str | None] = None
    permission_denied_message: ClassVar[str] = ""
    raise_exception: ClassVar[bool] = False
    redirect_field_name: ClassVar[str] = "next"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        views = (base for base in cls.__mro__ if issubclass(base, View) and not issubclass(base, AccessMixin))
        view = next((base for base in views if "dispatch" in vars(base)), None)
        behind = cls.__mro__[cls.__mro__.index(view) :] if view is not None else ()
        late = next((base for base in behind if issubclass(base, AccessMixin)), None)
        if late is not None:
            raise ConfigError(
                f"{late.__name__} stands right of the view in the bases of {cls.__name__}, where it lets everybody in",
                hint=f"Put it left: class {cls.__name__}({late.__name__}, …).",
            )

    def handle_no_permission(self) -> Any:
        """Return the answer to who may not. Raises: PermissionDenied."""
        if self.raise_exception or request.user.is_authenticated:
            raise PermissionDenied(self.permission_denied_message or None)
        current = request._get_current_object()  # type: ignore[attr-defined] # a proxy's own method
        return redirect_to_login(current, self.login_url, self.redirect_field_name)

    def let(self, allowed: bool, dispatch: Callable[..., Any], kwargs: dict[str, Any]) -> Any:
        """Return what the view right of the mixin answers, if the user may."""
        return dispatch(**kwargs) if allowed else self.handle_no_permission()


class LoginRequiredMixin(AccessMixin):
    """For who is logged in."""

    def dispatch(self, **kwargs: Any) -> Any:
        """Call the view for who is logged in."""
        return self.let(bool(request.user.is_authenticated), super().dispatch, kwargs)  # type: ignore[misc] # the view's


class PermissionRequiredMixin(AccessMixin):
    """For who has the permission `permission_required`, or all of several."""

    permission_required: ClassVar[str | Iterable[str] | None] = None

    def get_permission_required(self) -> Iterable[str]:
        """Return the names of the permissions. Raises: ConfigError where none is named."""
        perms = self.permission_required
        if perms is None:
            raise ConfigError(
                f"{type(self).__name__} is a PermissionRequiredMixin without a permission",
                hint="Set permission_required = 'shop.change_product' in it, or write get_permission_required().",
            )
        return (perms,) if isinstance(perms, str) else perms

    def has_permission(self) -> bool:
        """Whether the user has all of them; for subclasses that look at an object."""
        return bool(request.user.has_perms(self.get_permission_required()))

    def dispatch(self, **kwargs: Any) -> Any:
        """Call the view, if the user has the permission."""
        return self.let(self.has_permission(), super().dispatch, kwargs)  # type: ignore[misc] # the view's


class UserPassesTestMixin(AccessMixin):
    """For users for whom `test_func()` holds, which looks at `request.user` and may be async."""

    def test_func(self) -> Any:
        """Whether the user may; every such view has its own."""
        raise NotImplementedError(f"{type(self).__name__} needs a method test_func that says who may")

    def dispatch(self, **kwargs: Any) -> Any:
        """Call the view for users that pass."""
        passed: Any = self.test_func()
        if isawaitable(passed):
            passed = await_(passed)
        return self.let(bool(passed), super().dispatch, kwargs)  # type: ignore[misc] # the view's
