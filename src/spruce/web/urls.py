"""URLs of endpoints: `url_for` and what decides about its scheme, host and query."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from spruce.errors import ContextError, RoutingError
from spruce.http import Request
from spruce.web.context import current_context
from spruce.web.site import Site

__all__ = ["build_url", "url_for"]


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """Return the URL of `endpoint`, within the blueprint of the request when it begins with a dot.

    `values` fill the variables of its rule; those that the rule doesn't hold become the query string, lists as several
    values of a name, None as nothing. `_external` gives a whole URL, `_scheme` too, with another scheme; `_anchor` is
    put behind a `#`; `_method` picks among several rules. Outside of a request the URL is a whole one where SERVER_NAME
    is set, unless `_external=False`, and otherwise a path.
    Raises: RoutingError for an unknown endpoint, missing or refused values.
    """
    context = current_context("url_for")
    return build_url(
        context.app,
        context.request,
        endpoint,
        values,
        anchor=_anchor,
        method=_method,
        scheme=_scheme,
        external=_external,
    )


def build_url(
    app: Site,
    request: Request | None,
    endpoint: str,
    values: dict[str, Any],
    *,
    anchor: str | None = None,
    method: str | None = None,
    scheme: str | None = None,
    external: bool | None = None,
) -> str:
    """Return the URL of `endpoint` as `url_for` does, seen from `request`, or from nowhere when it is None."""
    if endpoint.startswith("."):
        blueprint = request.blueprint if request is not None else None
        endpoint = f"{blueprint}{endpoint}" if blueprint else endpoint[1:]
    if external is None:
        external = scheme is not None or (request is None and app.config["SERVER_NAME"] is not None)
    if scheme is not None and not external:
        raise RoutingError(
            f"url_for({endpoint!r}): _scheme belongs to a whole URL, so it cannot go with _external=False"
        )
    for hooks in reversed(app.scopes_of(endpoint.rpartition(".")[0] or None)):
        for function in hooks.defaults:
            function(endpoint, values)
    try:
        rule = app.url_map.rule_for(endpoint, values, method)
        path, host = rule.build(values), rule.build_host(values)
    except RoutingError as error:
        return _from_handlers(app, error, endpoint, values)
    rest = {name: value for name, value in values.items() if name not in rule.arguments}
    url = _root(app, request, endpoint, scheme, external, host) + path + _query(rest.items())
    return url if anchor is None else f"{url}#{quote(anchor, safe=_ANCHOR_SAFE)}"


_ANCHOR_SAFE = "%!#$&'()*+,/:;=?@"


def _from_handlers(app: Site, error: RoutingError, endpoint: str, values: dict[str, Any]) -> str:
    """What the first of `app.url_build_error_handlers` says that says something; else the error is raised."""
    for handler in app.url_build_error_handlers:
        url: str | None = handler(error, endpoint, values)
        if url is not None:
            return url
    raise error


def _root(
    app: Site, request: Request | None, endpoint: str, scheme: str | None, external: bool, own_host: str | None
) -> str:
    """What stands before the path; a rule of another host than that of the request makes the URL a whole one."""
    if own_host is not None:
        here = request.host if request is not None else app.config["SERVER_NAME"] or ""
        name, _, port = here.partition(":")
        if own_host.lower() not in (name.lower(), here.lower()):
            usual = request.scheme if request is not None else app.config["PREFERRED_URL_SCHEME"]
            with_port = f"{own_host}:{port}" if port and ":" not in own_host else own_host
            root = request.root_path if request is not None else app.config["APPLICATION_ROOT"].rstrip("/")
            return f"{usual if scheme is None else scheme}://{with_port}{root}"
    root = request.root_path if request is not None else app.config["APPLICATION_ROOT"].rstrip("/")
    if not external:
        return root
    host = request.host if request is not None else app.config["SERVER_NAME"]
    if host is None:
        raise ContextError(
            f"url_for({endpoint!r}): outside of a request nobody knows the host of a whole URL",
            hint="Set SERVER_NAME, as in App(__name__, SERVER_NAME='shop.example').",
        )
    usual = request.scheme if request is not None else app.config["PREFERRED_URL_SCHEME"]
    return f"{usual if scheme is None else scheme}://{host}{root}"


def _query(items: Iterable[tuple[str, Any]]) -> str:
    pairs = []
    for name, value in items:
        for one in value if isinstance(value, list | tuple | set | frozenset) else [value]:
            if one is not None:
                pairs.append((name, str(one)))
    return f"?{urlencode(pairs)}" if pairs else ""
