"""Routes that only lead elsewhere: `redirect_to="/new/<int:number>"`."""

from collections.abc import Callable, Mapping
from typing import Any

from spruce.errors import RoutingError, nearest
from spruce.http import Request, Response
from spruce.web.results import redirect
from spruce.web.routing import Router
from spruce.web.rules import Rule, parse

__all__ = ["redirecting"]


def redirecting(rule: str, target: str | Callable[..., str], router: Router) -> Callable[..., Response]:
    """Return the view that redirects, with the query, to a path made of the values of `rule`.

    `target` is a rule too, or called with the values. Raises: RoutingError when `target` holds what `rule` doesn't.
    """
    make = target if callable(target) else _builder(rule, target, router)

    def view(request: Request, **values: Any) -> Response:
        query = request.query_string.decode("latin-1")
        return redirect(request.root_path + make(**values) + (f"?{query}" if query else ""), 308)

    return view


def _builder(rule: str, target: str, router: Router) -> Callable[..., str]:
    names = Rule(rule, "", frozenset(), parse(rule, router.converters, router)).names
    found = Rule(target, "", frozenset(), parse(target, router.converters, router))
    for name in found.names:
        if name not in names:
            raise RoutingError(
                f"redirect_to={target!r} has {name!r}, which its rule {rule!r} does not hold{nearest(name, names)}"
            )

    def build(**values: Mapping[str, Any]) -> str:
        return found.build(values)

    return build
