"""The route that answers a request of a hosted app, where its framework leaves it: Flask, Starlette, FastAPI.

No framework is imported: what an environ or a scope holds afterwards is looked at. A name is made of patterns only,
`/users/{id}`, never of what a client sent, so there are as many names as there are routes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["route_of_environ", "route_of_scope"]

_ANYTHING = "/{path}"


def route_of_environ(environ: Mapping[str, Any], root: str = "") -> str | None:
    """The rule that answered, below `root`, where the request is in the environ, as Flask's is; else None."""
    rule = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)
    if rule is None:
        return None
    mounted = str(environ.get("SCRIPT_NAME", ""))  # werkzeug's DispatcherMiddleware has its mounts there
    return f"{mounted.removeprefix(root)}{rule}"


def route_of_scope(scope: Mapping[str, Any], root: str = "") -> str | None:
    """The path of the route that answered, below `root`, where it is in the scope, as Starlette's is; else None."""
    leaf = _leaf(scope)
    outer = scope.get("app_root_path")
    if leaf is not None and outer is None:
        return leaf
    routes = getattr(scope.get("router"), "routes", ())
    path = str(scope.get("path", "")).removeprefix(root)
    if leaf is None:
        return _by_endpoint(routes, path, scope.get("endpoint"))
    mounts = _mounts(routes, str(scope.get("root_path", "")).removeprefix(str(outer)))
    return None if mounts is None else f"{mounts}{leaf}"


def _leaf(scope: Mapping[str, Any]) -> str | None:
    """The path of the innermost route in its own app; FastAPI tells that of a router which an app includes apart."""
    included = scope.get("fastapi")
    if isinstance(included, Mapping):
        path = getattr(included.get("effective_route_context"), "path", None)
        if isinstance(path, str):
            return path
    route = scope.get("route")
    if _is_mount(route):
        return _ANYTHING
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else None


def _is_mount(route: Any) -> bool:
    return hasattr(route, "path_regex") and hasattr(route, "app") and not hasattr(route, "endpoint")


def _mounts(routes: Iterable[Any], root: str) -> str | None:
    """The patterns of the mounts that have made this root path; None when there are none."""
    for route in routes:
        if not _is_mount(route):
            found = _mounts(route.routes, root) if _is_host(route) else None
            if found is not None:
                return found
            continue
        match = route.path_regex.match(f"{root}/")
        if match is None:
            continue
        rest = f"/{match['path']}".rstrip("/")
        if not rest:
            return str(route.path)
        inner = _mounts(getattr(route, "routes", ()), rest)
        if inner is not None:
            return f"{route.path}{inner}"
    return None


def _by_endpoint(routes: Iterable[Any], path: str, endpoint: Any) -> str | None:
    """The pattern of the route whose endpoint has answered this path, with those of its mounts."""
    if endpoint is None:
        return None
    for route in routes:
        if _is_host(route):
            found = _by_endpoint(route.routes, path, endpoint)
            if found is not None:
                return found
        match = route.path_regex.match(path) if hasattr(route, "path_regex") else None
        if match is None:
            continue
        if not _is_mount(route):
            if getattr(route, "endpoint", None) is endpoint:
                return str(route.path)
            continue
        inner = _by_endpoint(getattr(route, "routes", ()), f"/{match['path']}", endpoint)
        if inner is None and route.app is endpoint:
            inner = _ANYTHING
        if inner is not None:
            return f"{route.path}{inner}"
    return None


def _is_host(route: Any) -> bool:
    return hasattr(route, "host_regex") and hasattr(route, "routes")
