"""The app: routes, hooks and settings, and `handle`, which makes a response of a request."""

import sys
from collections.abc import Callable, Iterable, Mapping
from logging import Logger, getLogger
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from spruce import config, events
from spruce.errors import ConfigError, ContextError, RoutingError, ServerError, nearest
from spruce.http import Handler, Request, Response
from spruce.server import Lifespan
from spruce.web.apidocs import add_documentation
from spruce.web.asgigateway import AsgiApp
from spruce.web.blueprint import Blueprint, BlueprintSetup
from spruce.web.context import Context, slot
from spruce.web.entry import Entry
from spruce.web.files import static_view
from spruce.web.gateway import serve_wsgi
from spruce.web.hooks import Function, Hooks, plain
from spruce.web.hosts import host_of
from spruce.web.plan import Plan, PlanByMethod, plan
from spruce.web.redirects import redirecting
from spruce.web.results import respond
from spruce.web.routing import Router
from spruce.web.rules import Rule
from spruce.web.scaffold import RuleOptions, Scaffold, View, folder_of
from spruce.web.stack import around, build, middleware_of, route
from spruce.web.urls import build_url

if TYPE_CHECKING:
    from click import Group

    from spruce.web.client import Client
    from spruce.web.environment import Environment

__all__ = ["App"]


class App(Scaffold):
    """A web application.

    `import_name` is `__name__` of its module, beside which templates, static files and the instance folder are found.
    Settings are keywords in capitals; `SPRUCE_*` variables of the environment go before them, and `app.config` may be
    changed afterwards. The app itself is a WSGI application; `asgi` is an ASGI one.
    """

    request_class = Request
    test_client_class: "type[Client] | None" = None
    imported_by_command: ClassVar[bool] = False
    """Whether a command imports the program right now, to find its app."""

    def __init__(
        self,
        import_name: str,
        *,
        template_folder: str | None = "templates",
        static_folder: str | None = "static",
        static_url_path: str | None = None,
        instance_path: str | None = None,
        root_path: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(
            import_name,
            template_folder=template_folder,
            static_folder=static_folder,
            static_url_path=static_url_path,
            root_path=root_path,
        )
        self.config = _settings(settings)
        if instance_path is not None or self.config["INSTANCE_PATH"] is None:
            self.config["INSTANCE_PATH"] = str(Path(self._home(), instance_path or "instance"))
        config.install(self.config)
        self.url_map = Router()
        self.view_functions: dict[str, Callable[..., Any]] = {}
        self.blueprints: dict[str, Blueprint] = {}
        self.scopes: dict[str, Hooks] = {}
        self.teardowns: list[Function] = []
        self.extensions: dict[str, Any] = {}
        self.mounts: dict[str, Handler] = {}
        self.url_build_error_handlers: list[Function] = []
        self.template_names: dict[str, dict[str, Any]] = {"filters": {}, "globals": {}, "tests": {}}
        self._threaded: set[Rule] = set()
        self._environment: Environment | None = None
        self._commands: Group | None = None
        self._stack: Handler = self._build_and_handle
        self.asgi = AsgiApp(self)
        if self.static_folder is not None:
            path = "/" + (static_url_path or Path(self.static_folder).name).strip("/")
            self.add_url_rule(f"{path}/<path:filename>", "static", static_view(self.static_folder))

    def __repr__(self) -> str:
        return f"<App {self.name!r}>"

    @property
    def name(self) -> str:
        """The name of the app: that of its module, or of its file when that is run as a program."""
        file = getattr(sys.modules.get("__main__"), "__file__", None)
        return Path(file).stem if self.import_name == "__main__" and file else self.import_name

    @property
    def debug(self) -> bool:
        """The setting DEBUG."""
        return bool(self.config["DEBUG"])

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value

    @property
    def testing(self) -> bool:
        """The setting TESTING."""
        return bool(self.config["TESTING"])

    @testing.setter
    def testing(self, value: bool) -> None:
        self.config["TESTING"] = value

    @property
    def instance_path(self) -> str:
        """The folder for files that the app itself keeps; it need not exist."""
        return str(self.config["INSTANCE_PATH"])

    @property
    def logger(self) -> Logger:
        """The logger with the app's name."""
        return getLogger(self.name)

    @property
    def cli(self) -> "Group":
        """The app's own commands, as a group of click: `@app.cli.command()`; `spruce NAME` runs one in its context."""
        if self._commands is None:
            from click import Group  # only the command line needs it

            self._commands = Group(self.name)
        return self._commands

    # Requests

    def handle(self, request: Request) -> Response:
        """Return the response for `request`; this is the handler that a server serves."""
        if config.current() is not self.config:
            return self._handle_with_own_settings(request)
        if events.request_finished.subscribers or events.request_started.subscribers:
            return self.handle_in(Context(self, request))
        token = slot.set(Context(self, request))
        try:
            return self._stack(request)
        finally:
            slot.reset(token)

    def _handle_with_own_settings(self, request: Request) -> Response:
        token = config.use(self.config)
        try:
            return self.handle(request)
        finally:
            config.leave(token)

    def handle_in(self, context: Context) -> Response:
        """`handle` for the request of a context that the caller keeps; who subscribed to requests is told of it."""
        request = context.request
        if request is None:
            raise ContextError("there is no request to handle in a context of the app alone")
        start = perf_counter()
        if events.request_started.subscribers:
            events.request_started.emit(request=request)
        token = slot.set(context)
        try:
            response = self._stack(request)
        finally:
            slot.reset(token)
        events.request_finished.emit(request=request, response=response, seconds=perf_counter() - start)
        return response

    def prepare(self) -> None:
        """Put the stack together now, before the first request. Raises: what is wrong with views or middleware."""
        add_documentation(self)
        if self.debug:
            from spruce.web.debugtoken import add_door  # no server in production needs it

            add_door(self)
        self._compile_calls()
        self._stack = build(self)

    def startup(self) -> None:
        """Get ready, with all that is mounted; servers call it before the first request. Blocks.

        Raises: what is wrong with views or middleware, and what a mounted app raises.
        """
        self.prepare()
        for mounted in self.mounts.values():
            if isinstance(life := getattr(mounted, "__self__", mounted), Lifespan):
                life.startup()

    def shutdown(self) -> None:
        """Let all that is mounted clean up; servers call it after the last request. Blocks."""
        for mounted in self.mounts.values():
            if isinstance(life := getattr(mounted, "__self__", mounted), Lifespan):
                life.shutdown()

    def _build_and_handle(self, request: Request) -> Response:
        self.prepare()
        return self._stack(request)

    def plan_of(self, rule: Rule) -> Plan | PlanByMethod:
        """Return how the view of a rule is called, as the app is now."""
        drops = bool(self.hooks.values) or any(hooks.values for hooks in self.scopes.values())
        elsewhere = {name for other in self.url_map.iter_rules(rule.endpoint) for name in other.arguments}
        return plan(self._view(rule.endpoint), rule, elsewhere, threaded=rule in self._threaded, drops=drops)

    def _compile_calls(self) -> None:
        """Make the calls of all rules, from the views as they are now."""
        for rule in self.url_map.iter_rules():
            rule.call = self.plan_of(rule).compile()
            middleware = middleware_of(self, rule)
            if middleware:
                rule.call = around(self, rule, middleware)
            if rule.options is not None:
                rule.options.call = self._answer_options

    def _view(self, endpoint: str) -> Callable[..., Any]:
        if endpoint not in self.view_functions:
            raise RoutingError(
                f"the endpoint {endpoint!r} has a rule and no view{nearest(endpoint, self.view_functions)}",
                hint="Give it one with @app.endpoint(...) or in app.view_functions.",
            )
        return self.view_functions[endpoint]

    def _answer_options(self, request: Request, arguments: Mapping[str, Any]) -> Response:
        return Response(b"", 200, {"Allow": ", ".join(self.url_map.methods(request.path, request.host))})

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request of a WSGI server (PEP 3333)."""
        return serve_wsgi(self.handle, environ, start_response)

    def run(
        self,
        host: str = "127.0.0.1",
        port: int = 5000,
        debug: bool | None = None,
        workers: int = 1,
        reload: bool | None = None,
    ) -> None:
        """Serve the app until SIGINT or SIGTERM. `reload` restarts it when a file changes, by default in debug mode.

        An address that can't be had ends the program with status 1 and one line that says why. While a `spruce`
        command imports the program this does nothing: the command serves the app itself.
        """
        if App.imported_by_command:
            self.logger.warning("app.run() is passed over: put it under `if __name__ == '__main__':`")
            return
        from spruce.server import serve  # not needed where the app is served by others

        if debug is not None:
            self.debug = debug
        if self.debug:
            from spruce.web.debugtoken import announce  # no server in production needs it

            announce(self)
        reload = self.debug if reload is None else reload
        try:
            serve(self.handle, binds=[f"{host}:{port}"], workers=workers, reload=reload)
        except ServerError as error:
            sys.exit(f"Error: {error}")

    # Routes and hooks

    def changed(self) -> None:
        """Put the stack together anew before the next request."""
        self._stack = self._build_and_handle

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Unpack[RuleOptions],
    ) -> None:
        """Let `view_func` answer the paths of `rule`; see `route`. Several rules may lead to one endpoint.

        Raises: RoutingError when the endpoint has another view or the rule cannot be read, ViewError when the view has
        a parameter that nothing can fill.
        """
        redirect_to = options.get("redirect_to")
        if redirect_to is not None:
            view_func = redirecting(rule, redirect_to, self.url_map)
            endpoint = endpoint or f"redirect of {rule}"
        name = self._endpoint(endpoint, view_func, rule)
        known = self.view_functions.get(name)
        if view_func is not None and known is not None and known is not view_func:
            raise RoutingError(
                f"the endpoint {name!r} has a view already, {_where(known)}; {_where(view_func)} needs another name",
                hint="Rename the function, or give endpoint='...'.",
            )
        methods, strict_slashes = options.get("methods"), options.get("strict_slashes")
        asked = methods if methods is not None else getattr(view_func, "methods", None) or ("GET",)
        if isinstance(asked, str):
            raise RoutingError(
                f"methods of {rule!r} must be a list, not the text {asked!r}", hint=f"Write [{asked!r}]."
            )
        automatic = provide_automatic_options
        if automatic is None:
            automatic = getattr(view_func, "provide_automatic_options", None)
        made = self.url_map.add(
            rule,
            name,
            {*asked, *getattr(view_func, "required_methods", ())},
            defaults=options.get("defaults"),
            strict_slashes=self.url_map.strict_slashes if strict_slashes is None else strict_slashes,
            automatic_options=True if automatic is None else automatic,
            host=host_of(rule, options.get("host"), options.get("subdomain"), self.config["SERVER_NAME"]),
        )
        made.documented = options.get("openapi", True)
        made.middleware = tuple(options.get("middleware", ()))
        made.dependencies = tuple(options.get("dependencies", ()))
        if options.get("thread"):
            self._threaded.add(made)
        if view_func is not None:
            drops = bool(self.hooks.values) or any(hooks.values for hooks in self.scopes.values())
            plan(view_func, made, drops=drops)
            self.view_functions[name] = view_func
        self.changed()

    def endpoint(self, name: str) -> Callable[[View], View]:
        """Let the decorated view be that of an endpoint, whose rules are added elsewhere."""

        def decorate(view: View) -> View:
            self.view_functions[name] = view
            self.changed()
            return view

        return decorate

    def register_blueprint(
        self,
        blueprint: Blueprint,
        *,
        url_prefix: str | None = None,
        name: str | None = None,
        url_defaults: Mapping[str, Any] | None = None,
    ) -> None:
        """Put `blueprint` into the app; `url_prefix` and `name` go before its own.

        Raises: RoutingError when the name is taken: register the second one under another name.
        """
        name = name or blueprint.name
        if name in self.blueprints:
            raise RoutingError(
                f"there is a blueprint {name!r} in the app already",
                hint="Give another name, as in app.register_blueprint(blueprint, name='second').",
            )
        first = blueprint not in self.blueprints.values()
        self.blueprints[name] = blueprint
        self.scopes[name] = blueprint.hooks
        prefix = (blueprint.url_prefix or "") if url_prefix is None else url_prefix
        values = {**blueprint.url_values_defaults, **(url_defaults or {})}
        blueprint.register(BlueprintSetup(self, blueprint, name, prefix, values, first))
        self.changed()

    def mount(self, prefix: str, handler: "App | Handler") -> None:
        """Let another app, or a handler such as `wsgi(django_app)`, answer everything below `prefix`.

        It sees paths without the prefix, which is its request's `root_path`. Middleware, after_request and teardown of
        this app are around it. Raises: RoutingError for a prefix without a slash before it, or with one behind it.
        """
        if not prefix.startswith("/") or prefix.endswith("/"):
            raise RoutingError(
                f"nothing can be mounted at {prefix!r}", hint="A prefix is '/name': a slash before, none behind."
            )
        self.mounts[prefix] = handler.handle if isinstance(handler, App) else handler
        self.changed()

    def scopes_of(self, blueprint: str | None) -> list[Hooks]:
        """Return the hooks that hold for a blueprint of this dotted name, the innermost first and the app's last."""
        names = blueprint.split(".") if blueprint else []
        dotted = (".".join(names[:end]) for end in range(len(names), 0, -1))
        return [*(self.scopes[name] for name in dotted if name in self.scopes), self.hooks]

    def add_hook(self, kind: str, function: Function) -> None:
        """Add to one of the lists of `Hooks`: `before`, `after`, `teardown`, `values`, `defaults` or `processors`."""
        self._register(getattr(self.hooks, kind), function)

    def teardown_appcontext(self, function: View) -> View:
        """Call `function(exception)` at the end of each request and each app context."""
        return self._register(self.teardowns, function)

    # Contexts

    def app_context(self) -> Entry:
        """Return a context for `with`, in which `current_app`, `g` and `url_for` work without a request."""
        return Entry(self)

    def test_request_context(self, path: str = "/", **options: Any) -> Entry:
        """Return a context for `with` as if a request were handled; options as for the test client's `open`."""
        from spruce.web.testrequest import make_request  # for tests, which servers don't run

        return self.request_context(make_request(self.request_class, path, **options))

    def request_context(self, request: Request) -> Entry:
        """Return a context for `with` in which `request` is handled; it has been routed."""
        route(self, request)
        return Entry(self, request)

    def test_client(self, **options: Any) -> "Client":
        """Return a client that calls `handle` in this process, without sockets; `test_client_class` may be another."""
        from spruce.web.client import Client  # for tests, which servers don't run

        return (self.test_client_class or Client)(self, **options)

    def url_for(self, endpoint: str, **options: Any) -> str:
        """Return the URL of an endpoint as `url_for` does, also where no app context is entered."""
        context = slot.get()
        request = context.request if context is not None and context.app is self else None
        named = {
            name[1:]: options.pop(name) for name in ("_anchor", "_method", "_scheme", "_external") if name in options
        }
        return build_url(self, request, endpoint, options, **named)

    def make_response(self, result: Any) -> Response:
        """Return the response that a view would make by returning `result`."""
        return respond(result, "make_response")

    # Templates

    @property
    def jinja_env(self) -> "Environment":
        """The environment of the app's templates, made when it is first asked for."""
        if self._environment is None:
            from spruce.web.environment import Environment  # Jinja2 is loaded by apps that use templates

            self._environment = Environment(self)
        return self._environment

    def template_filter(self, name: str | None = None) -> Callable[[View], View]:
        """Let templates use the decorated function as a filter, under its own name or another."""
        return self._template_decorator("filters", name)

    def template_global(self, name: str | None = None) -> Callable[[View], View]:
        """Let templates call the decorated function."""
        return self._template_decorator("globals", name)

    def template_test(self, name: str | None = None) -> Callable[[View], View]:
        """Let templates use the decorated function as a test, `{% if x is name %}`."""
        return self._template_decorator("tests", name)

    def _template_decorator(self, kind: str, name: str | None) -> Callable[[View], View]:
        def decorate(function: View) -> View:
            self.add_to_templates(kind, name or function.__name__, function)
            return function

        return decorate

    def add_to_templates(self, kind: str, name: str, thing: Any) -> None:
        """Give templates one more of `filters`, `globals` or `tests`."""
        self.template_names[kind][name] = plain(thing) if callable(thing) else thing
        if self._environment is not None:
            self._environment.add(kind, name, self.template_names[kind][name])

    def _home(self) -> Path:
        """The folder that the instance folder lies in: that of the module, or the one around its package."""
        folder = folder_of(self.import_name)
        while (folder / "__init__.py").is_file():
            folder = folder.parent
        return folder


def _settings(keywords: Mapping[str, Any]) -> config.Settings:
    for key in keywords:
        if not key.isupper():
            raise ConfigError(
                f"App() has no argument {key!r}{nearest(key, config.KNOWN)}", hint="Settings are written in capitals."
            )
    settings = config.Settings(keywords)
    settings.from_environment()
    return settings


def _where(view: Callable[..., Any]) -> str:
    return f"{getattr(view, '__module__', '?')}.{getattr(view, '__qualname__', repr(view))}"
