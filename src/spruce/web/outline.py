"""What stands around the views, by name: the middleware of an app and of its rules, and all of it told in lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spruce import config
from spruce.errors import MiddlewareNotUsed
from spruce.web.context import Context, slot
from spruce.web.middleware import load
from spruce.web.rules import Rule
from spruce.web.site import Site

__all__ = ["describe", "middleware_of", "middleware_of_app", "name_of", "working_on"]


def describe(app: Site) -> list[str]:
    """Return a line for each part of the stack, from the outside in, as `build` puts it together."""
    every = [("app", app.hooks), *app.scopes.items()]

    def hooks(kind: str) -> list[str]:
        found = [(scope, getattr(one, kind)) for scope, one in every]
        return [
            f"{kind}_request of {scope}: {', '.join(map(name_of, functions))}"
            for scope, functions in found
            if functions
        ]

    lines = [*hooks("teardown")]
    if app.teardowns:
        lines.append(f"teardown_appcontext: {', '.join(map(name_of, app.teardowns))}")
    if app.config["MAX_CONTENT_LENGTH"] is not None:
        lines.append(f"no body above {app.config['MAX_CONTENT_LENGTH']} bytes")
    lines += [f"middleware: {name_of(one)}" for one in middleware_of_app(app) if _is_used(app, one)]
    lines += hooks("after")
    lines += [f"mounted at {prefix}: {name_of(handler)}" for prefix, handler in app.mounts.items()]
    lines += hooks("before")
    for rule in app.url_map.iter_rules():
        own = middleware_of(app, rule)
        if own:
            lines.append(f"middleware of {rule.rule}: {', '.join(map(name_of, own))}")
    lines.append(f"router: {len(list(app.url_map.iter_rules()))} rules")
    return lines


def middleware_of_app(app: Site) -> list[Any]:
    """Return the middleware around all views, the outermost first: the usual ones, then those of MIDDLEWARE.

    A usual one that MIDDLEWARE names too has its place there.
    """
    own = app.config["MIDDLEWARE"]
    named = {name_of(one) for one in own}
    return [*(one for one in app.config["DEFAULT_MIDDLEWARE"] if name_of(one) not in named), *own]


def middleware_of(app: Site, rule: Rule) -> list[Any]:
    """Return the middleware of a rule: that of its blueprints, the outer before the inner, then its own."""
    names = rule.blueprint.split(".") if rule.blueprint else []
    dotted = [".".join(names[: end + 1]) for end in range(len(names))]
    found = [one for name in dotted if name in app.blueprints for one in app.blueprints[name].middleware]
    return [*found, *rule.middleware]


def name_of(thing: Any) -> str:
    """Return how a middleware or hook is called in its module; a dotted name stays what it is."""
    if isinstance(thing, str):
        return thing
    owner = getattr(thing, "__self__", None)
    name = getattr(thing, "__qualname__", None)
    return (
        repr(owner)
        if owner is not None and name == "App.handle"
        else f"{thing.__module__}.{name}"
        if name
        else repr(thing)
    )


@contextmanager
def working_on(app: Site) -> Iterator[None]:
    """Let the settings of `app`, and `current_app`, be there for middleware that are made."""
    settings, token = config.use(app.config), slot.set(Context(app, None))
    try:
        yield
    finally:
        slot.reset(token)
        config.leave(settings)


def _is_used(app: Site, middleware: Any) -> bool:
    """Whether a middleware has something to do with the settings as they are."""
    with working_on(app):
        try:
            load(middleware)(app.handle)
        except MiddlewareNotUsed:
            return False
    return True
