"""The app: routes, hooks and settings, and `handle`, which makes a response of a request."""

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Unpack, cast

from spruce import config, events
from spruce.errors import ConfigError, ContextError, RoutingError, ServerError, nearest
from spruce.http import Handler, Request, Response
from spruce.web import context, gateway
from spruce.web.apidocs import add_documentation
from spruce.web.blueprint import Blueprint, BlueprintSetup
from spruce.web.context import Context, slot
from spruce.web.entry import Entry
from spruce.web.files import static_view
from spruce.web.hosts import host_of
from spruce.web.outline import middleware_of, working_on
from spruce.web.plan import plan, plan_of
from spruce.web.redirects import redirecting
from spruce.web.results import respond
from spruce.web.scaffold import RuleOptions, View
from spruce.web.site import Site
from spruce.web.stack import around, build, route
from spruce.web.urls import build_url

if TYPE_CHECKING:
    from click import Group

    from spruce.server import Lifespan
    from spruce.web.asgigateway import AsgiApp
    from spruce.web.client import Client
    from spruce.web.environment import Environment

__all__ = ["App", "current_app"]


class App(Site):
    """A web application.

    `import_name` is `__name__` of its module, beside which templates, static files and the instance folder are found.
    Settings are keywords in capitals; `SPRUCE_*` variables of the environment go before them, and `app.config` may be
    changed afterwards. The app itself is a WSGI application; `asgi` is an ASGI one.
    """

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
            instance_path=instance_path,
            root_path=root_path,
            settings=_settings(settings),
        )
        config.install(self.config)
        self.blueprints: dict[str, Blueprint] = {}
        self._commands: Group | None = None
        self._stack: Handler = self._build_and_handle
        if self.static_folder is not None:
            path = "/" + (static_url_path or Path(self.static_folder).name).strip("/")
            self.add_url_rule(f"{path}/<path:filename>", "static", static_view(self.static_folders))

    def __repr__(self) -> str:
        return f"<App {self.name!r}>"

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
        if self._stack == self._build_and_handle:
            self.prepare()  # what this starts may want to know of the very first request
        start = perf_counter()
        if events.request_started.subscribers:
            events.request_started.tell({"request": request})
        token = slot.set(context)
        try:
            response = self._stack(request)
        except BaseException as error:
            events.request_aborted.emit(request=request, exception=error)
            raise
        finally:
            slot.reset(token)
        seconds = perf_counter() - start
        events.request_finished.tell({"request": request, "response": response, "seconds": seconds})
        return response

    def prepare(self) -> None:
        """Put the stack together now, before the first request. Raises: what is wrong with views or middleware."""
        _ = self.installed
        add_documentation(self)
        if self.debug:
            from spruce.web.debugtoken import add_door  # no server in production needs it

            add_door(self)
        with working_on(self):
            self._compile_calls()
        self._stack = build(self)
        if self.debug:
            from spruce.web.observed import observing  # the same

            self._stack = observing(self, self._stack)

    def startup(self) -> None:
        """Get ready, with all that is mounted; servers call it before the first request. Blocks.

        Raises: what is wrong with views or middleware, and what a mounted app raises.
        """
        self.prepare()
        for mounted in self._lives():
            mounted.startup()
        events.app_started.emit(app=self)

    def shutdown(self) -> None:
        """Let all that is mounted clean up; servers call it behind the last request. Blocks."""
        events.app_stopped.emit(app=self)
        for mounted in self._lives():
            mounted.shutdown()

    def _lives(self) -> "list[Lifespan]":
        from spruce.server import Lifespan  # whoever serves the app has loaded it

        mounted = [getattr(handler, "__self__", handler) for handler in self.mounts.values()]  # an app by its method
        return [one for one in mounted if isinstance(one, Lifespan)]

    def _build_and_handle(self, request: Request) -> Response:
        watched = events.request_started.subscribers
        self.prepare()
        if events.request_started.subscribers and not watched:
            return self.handle_in(slot.get() or Context(self, request))
        return self._stack(request)

    def _compile_calls(self) -> None:
        """Make the calls of all rules, from the views as they are now."""
        for rule in self.url_map.iter_rules():
            rule.call = plan_of(self, rule).compile()
            middleware = middleware_of(self, rule)
            if middleware:
                rule.call = around(self, rule, middleware)
            if rule.options is not None:
                rule.options.call = self._answer_options

    def _answer_options(self, request: Request, arguments: Mapping[str, Any]) -> Response:
        return Response(b"", 200, {"Allow": ", ".join(self.url_map.methods(request.path, request.host))})

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request of a WSGI server (PEP 3333)."""
        return gateway.serve_wsgi(self.handle, environ, start_response)

    @cached_property
    def asgi(self) -> "AsgiApp":
        """The app for ASGI servers: `uvicorn hello:app.asgi`."""
        from spruce.web.asgigateway import AsgiApp  # only these servers need it, and it loads asyncio

        return AsgiApp(self)

    def run(
        self,
        host: str = "127.0.0.1",
        port: int = 5000,
        debug: bool | None = None,
        workers: int = 1,
        reload: bool | None = None,
    ) -> None:
        """Serve the app until SIGINT or SIGTERM. `reload` restarts it when a file changes, by default in debug mode.

        In debug mode each answer is told in a line, too.
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
            serve(self.handle, binds=[f"{host}:{port}"], workers=workers, reload=reload, access_log=self.debug)
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
        made.thread = bool(options.get("thread"))
        if view_func is not None:
            plan(view_func, made, drops=self.has_hooks("values"))
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

    # Contexts

    def app_context(self) -> Entry:
        """Return a context for `with`, in which `current_app`, `g` and `url_for` work without a request."""
        _ = self.installed
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
        made: Environment = self._environment
        return made


current_app = cast(App, context.current_app)
"""The app that works now."""


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
