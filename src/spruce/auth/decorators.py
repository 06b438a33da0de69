"""Decorators of views: who may call them. Below the route; names are Django's.

Each works on functions, plain and async, and on class-based views through their `decorators`.
"""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from spruce import config
from spruce.errors import PermissionDenied
from spruce.http import Request, Response
from spruce.web import Blueprint, redirect, request, url_for
from spruce.web.awaiting import await_

__all__ = [
    "login_not_required",
    "login_required",
    "permission_required",
    "redirect_to_login",
    "resolve_url",
    "staff_member_required",
    "user_passes_test",
]

View = Callable[..., Any]
Noted = TypeVar("Noted", bound=Callable[..., Any] | Blueprint)


def resolve_url(to: str) -> str:
    """Return the path that a setting such as LOGIN_URL means: itself, or that of an endpoint."""
    return to if "/" in to or ":" in to else url_for(to)


def redirect_to_login(current: Request, login_url: str | None = None, redirect_field_name: str = "next") -> Response:
    """Return the way to the log-in page, which leads back to the page of `current`; what was sent to it is gone."""
    query = current.query_string.decode("latin-1")
    back = current.root_path + current.path + (f"?{query}" if query else "")
    target = resolve_url(login_url or config.current()["LOGIN_URL"] or "auth.login")
    parts = urlsplit(target)
    if (parts.scheme or current.scheme, parts.netloc or current.host) != (current.scheme, current.host):
        back = current.scheme + "://" + current.host + back
    if current.method not in ("GET", "HEAD"):
        back = ""
    if back and redirect_field_name:
        target = f"{target}{'&' if parts.query else '?'}{urlencode({redirect_field_name: back}, safe='/')}"
    response = redirect(target)
    response.vary.add("Cookie")
    response.headers["Cache-Control"] = "no-store"
    return response


def user_passes_test(
    test: Callable[[Any], Any], login_url: str | None = None, redirect_field_name: str = "next"
) -> Callable[[View], View]:
    """Call the view for users for whom `test(user)` holds, which may be async; others are sent to the log-in page."""

    def refuse(current: Request) -> Response | None:
        passed = test(current.user)
        if inspect.isawaitable(passed):
            passed = await_(passed)
        return None if passed else redirect_to_login(current, login_url, redirect_field_name)

    return lambda view: _around(view, refuse)


def login_required(
    function: View | None = None, redirect_field_name: str = "next", login_url: str | None = None
) -> Any:
    """Call the view for who is logged in: `@login_required`, or `@login_required(login_url="/in/")`."""
    around = user_passes_test(lambda user: bool(user.is_authenticated), login_url, redirect_field_name)

    def decorate(view: View) -> View:
        made: Any = around(view)
        made.login_page = (login_url, redirect_field_name)  # for LoginRequiredMiddleware
        return made  # type: ignore[no-any-return] # a view

    return decorate(function) if function is not None else decorate


def permission_required(
    perm: str | Iterable[str], login_url: str | None = None, raise_exception: bool = False
) -> Callable[[View], View]:
    """Call the view for who has a permission, or all of several.

    Others get 403 if they are logged in, or with `raise_exception`; else they are sent to the log-in page.
    """
    perms = (perm,) if isinstance(perm, str) else tuple(perm)

    def refuse(current: Request) -> Response | None:
        if current.user.has_perms(perms):
            return None
        if raise_exception or current.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(current, login_url)

    return lambda view: _around(view, refuse)


def staff_member_required(function: View | None = None, login_url: str | None = None) -> Any:
    """Call the view for active users with `is_staff`; others get 403, or the log-in page."""

    def refuse(current: Request) -> Response | None:
        user = current.user
        if user.is_active and getattr(user, "is_staff", False):
            return None
        if user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(current, login_url)

    def decorate(view: View) -> View:
        return _around(view, refuse)

    return decorate(function) if function is not None else decorate


def login_not_required(view: Noted) -> Noted:
    """Let a view, or all of a blueprint, be open where LoginRequiredMiddleware is in use."""
    view.login_required = False  # type: ignore[union-attr] # a note for the middleware
    return view


def _around(view: View, refuse: Callable[[Request], Response | None]) -> View:
    @wraps(view)
    def call(*args: Any, **kwargs: Any) -> Any:
        refused = refuse(request._get_current_object())  # type: ignore[attr-defined] # a proxy's own method
        if refused is not None:
            return refused
        result = view(*args, **kwargs)
        return await_(result) if inspect.iscoroutine(result) else result

    return call
