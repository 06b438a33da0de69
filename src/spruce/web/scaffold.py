"""What apps and blueprints have in common: decorators that add routes and hooks, and a folder to find files in."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypedDict, TypeVar, Unpack

from spruce.errors import RoutingError
from spruce.web.hooks import Function, Hooks, plain
from spruce.web.markers import Depends

__all__ = ["RuleOptions", "Scaffold", "folder_of"]

View = TypeVar("View", bound=Callable[..., Any])


class RuleOptions(TypedDict, total=False):
    """What a route may be told beside its rule, endpoint and view; `Scaffold.route` says what each means."""

    methods: Iterable[str] | None
    defaults: Mapping[str, Any] | None
    strict_slashes: bool | None
    thread: bool
    openapi: bool
    host: str | None
    subdomain: str | None
    redirect_to: str | Callable[..., str] | None
    middleware: Iterable[Any]
    dependencies: Iterable[Depends]


class Scaffold:
    """The base of `App` and `Blueprint`. Folders are relative to `root_path`, that of the module `import_name`."""

    middleware: Sequence[Any] = ()
    """What stands around the views of a blueprint; that of an app is the setting MIDDLEWARE."""

    def __init__(
        self,
        import_name: str,
        *,
        template_folder: str | None,
        static_folder: str | None,
        static_url_path: str | None,
        root_path: str | None,
    ) -> None:
        self.import_name = import_name
        self.root_path = root_path or str(folder_of(import_name))
        self.template_folder = None if template_folder is None else str(Path(self.root_path, template_folder))
        self.static_folder = None if static_folder is None else str(Path(self.root_path, static_folder))
        self.static_url_path = static_url_path
        self.hooks = Hooks()

    def changed(self) -> None:
        """Called whenever a route or a hook was added."""

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Unpack[RuleOptions],
    ) -> None:
        """Let `view_func` answer the paths of `rule`; see `route`."""
        raise NotImplementedError

    def route(self, rule: str, *, endpoint: str | None = None, **options: Any) -> Callable[[View], View]:
        """Let the decorated view answer the paths of `rule`, as `/blog/<int:post_id>`.

        Options: `methods` (GET alone unless given), `endpoint` (the view's name), `defaults` for parameters that the
        rule doesn't hold, `strict_slashes`, `provide_automatic_options`, `thread=True` for a view that must block: it
        runs in a thread of the operating system; `openapi=False` leaves it out of the API's documentation.
        `host="<tenant>.shop.example"` is for these hosts alone, whose variables are parameters too;
        `subdomain="<tenant>"` means those of SERVER_NAME. `redirect_to="/new/<name>"`, or a function that returns a
        path for the values, answers by a 308 to there. `middleware=[…]` stands around this view alone.
        `dependencies=[Depends(function)]` are called before the view, which isn't given what they return.
        """

        def decorate(view: View) -> View:
            self.add_url_rule(rule, endpoint, view, **options)
            return view

        return decorate

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """`route` for GET, which brings HEAD with it."""
        return self._method_route("GET", rule, options)

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        """`route` for POST."""
        return self._method_route("POST", rule, options)

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        """`route` for PUT."""
        return self._method_route("PUT", rule, options)

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        """`route` for DELETE."""
        return self._method_route("DELETE", rule, options)

    def patch(self, rule: str, **options: Any) -> Callable[[View], View]:
        """`route` for PATCH."""
        return self._method_route("PATCH", rule, options)

    def websocket(
        self, rule: str, *, origins: Sequence[str] | None = None, subprotocols: Sequence[str] = (), **options: Any
    ) -> Callable[[View], View]:
        """Let the decorated view talk over the WebSockets of `rule`: `def chat(ws, room)`; closed when it returns.

        Web pages of the same host may connect, those of `origins` otherwise (`"*"`: all). `subprotocols`: those that
        are spoken, the best first. The other options are those of `route`.
        """
        from spruce.web.websocket import websocket_view  # apps that speak no WebSocket don't load it

        def decorate(view: View) -> View:
            accepting = websocket_view(view, origins, subprotocols)
            self.add_url_rule(rule, None, accepting, **{"openapi": False, **options})
            return view

        return decorate

    def _method_route(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[View], View]:
        if "methods" in options:
            raise RoutingError(f"{method.lower()}() takes no methods", hint="Use route(rule, methods=[...]).")
        return self.route(rule, methods=[method], **options)

    def before_request(self, function: View) -> View:
        """Call `function()` before each view here; what it returns, unless None, is the answer instead."""
        return self._register(self.hooks.before, function)

    def after_request(self, function: View) -> View:
        """Call `function(response)` after each request here, the last registered first; it returns the response."""
        return self._register(self.hooks.after, function)

    def teardown_request(self, function: View) -> View:
        """Call `function(exception)` at the end of each request here, failed or not; its result is not looked at."""
        return self._register(self.hooks.teardown, function)

    def context_processor(self, function: View) -> View:
        """Give templates what `function()` returns, a dict."""
        return self._register(self.hooks.processors, function)

    def url_value_preprocessor(self, function: View) -> View:
        """Call `function(endpoint, values)` when a request here has been routed; it may change the dict `values`."""
        return self._register(self.hooks.values, function)

    def url_defaults(self, function: View) -> View:
        """Call `function(endpoint, values)` when a URL is built here; it may add to the dict `values`."""
        return self._register(self.hooks.defaults, function)

    def errorhandler(self, what: int | type[Exception]) -> Callable[[View], View]:
        """Let the decorated `function(error)` answer a status code, or a class of exceptions."""

        def decorate(function: View) -> View:
            self.register_error_handler(what, function)
            return function

        return decorate

    def register_error_handler(self, what: int | type[Exception], function: Function) -> None:
        """Let `function(error)` answer a status code, or a class of exceptions."""
        self.hooks.errors.add(what, function)
        self.changed()

    def _register(self, functions: list[Function], function: View) -> View:
        functions.append(plain(function))
        self.changed()
        return function

    def _endpoint(self, endpoint: str | None, view: Callable[..., Any] | None, rule: str) -> str:
        if endpoint is not None:
            return endpoint
        if view is None:
            raise RoutingError(f"the rule {rule!r} has neither an endpoint nor a view")
        name: str | None = getattr(view, "__name__", None)
        if name is None:
            raise RoutingError(f"the view of {rule!r} has no name: {view!r}", hint="Give an endpoint.")
        return name


def folder_of(import_name: str) -> Path:
    """Return the folder of a module or package; the current one when it has no file, as at a prompt."""
    module = sys.modules.get(import_name)
    file = getattr(module, "__file__", None)
    if file is None and module is None:
        try:
            spec = find_spec(import_name)
        except (ImportError, ValueError):
            spec = None
        file = spec.origin if spec is not None and spec.has_location else None
    return Path(file).resolve().parent if file else Path.cwd()
