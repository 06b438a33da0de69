"""Blueprints: routes, hooks and files that are put into an app together, under a prefix and a name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from spruce.errors import RoutingError
from spruce.web.files import static_view
from spruce.web.hooks import Function
from spruce.web.scaffold import RuleOptions, Scaffold, View
from spruce.web.site import Site

if TYPE_CHECKING:
    from click import Command, Group

__all__ = ["Blueprint", "BlueprintSetup"]


@dataclass(frozen=True, slots=True)
class BlueprintSetup:
    """One registration of a blueprint: `name` is its dotted name in `app`, `url_prefix` what its rules are put behind.

    `first` is False when the blueprint is in the app already, under another name. `options` are those of the call.
    """

    app: Site
    blueprint: "Blueprint"
    name: str
    url_prefix: str
    url_defaults: Mapping[str, Any]
    first: bool

    def add_url_rule(self, rule: str, endpoint: str, view_func: Callable[..., Any] | None, **options: Any) -> None:
        """Add a rule to the app, behind the prefix and with the name of this registration."""
        path = (
            f"{self.url_prefix.rstrip('/')}/{rule.lstrip('/')}" if self.url_prefix and rule else self.url_prefix + rule
        )
        options["defaults"] = {**self.url_defaults, **(options.get("defaults") or {})}
        self.app.add_url_rule(path or "/", f"{self.name}.{endpoint}", view_func, **options)


class Blueprint(Scaffold):
    """Routes and hooks of one part of an app, added to it with `app.register_blueprint(blueprint)`.

    Its endpoints are called `name.view`. Rules stand behind `url_prefix`, for `host` or `subdomain` alone if one is
    given. `template_folder` is searched after the app's; `static_folder` is served below the prefix, at
    `static_url_path` or the folder's name. `middleware` stands around its views. This and hooks hold for its own views
    and those of blueprints inside; the hooks with `app` in their name hold for the whole app.
    """

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        url_prefix: str | None = None,
        template_folder: str | None = None,
        static_folder: str | None = None,
        static_url_path: str | None = None,
        url_defaults: Mapping[str, Any] | None = None,
        root_path: str | None = None,
        host: str | None = None,
        subdomain: str | None = None,
        middleware: Iterable[Any] = (),
        cli_group: str | None = "",
    ) -> None:
        if not name or "." in name:
            raise RoutingError(f"a blueprint cannot be named {name!r}: dots part it from its endpoints")
        super().__init__(
            import_name,
            template_folder=template_folder,
            static_folder=static_folder,
            static_url_path=static_url_path,
            root_path=root_path,
        )
        self.name = name
        self.url_prefix = url_prefix
        self.host, self.subdomain = host, subdomain
        self.middleware = list(middleware)
        self.cli_group = name if cli_group == "" else cli_group
        self._commands: Group | None = None
        self.url_values_defaults = dict(url_defaults or {})
        self._deferred: list[Callable[[BlueprintSetup], None]] = []
        self._inner: list[tuple[Blueprint, dict[str, Any]]] = []
        self._apps: list[Site] = []
        if self.static_folder is not None:
            folders = [self.static_folder]
            path = "/" + (static_url_path or (static_folder or "").replace("\\", "/").rpartition("/")[2]).strip("/")
            self.add_url_rule(f"{path}/<path:filename>", "static", static_view(lambda: folders))

    def __repr__(self) -> str:
        return f"<Blueprint {self.name!r}>"

    @property
    def cli(self) -> "Group":
        """The blueprint's own commands, as a group of click: `@blueprint.cli.command()`, run as `spruce NAME COMMAND`.

        NAME is `cli_group`, that of the blueprint unless given; with None they stand beside the app's own.
        """
        if self._commands is None:
            from click import Group  # only the command line needs it

            self._commands = Group(self.cli_group, help=f"Commands of {self.name}.")
        return self._commands

    def commands(self) -> "dict[str, Command]":
        """Return what the blueprint and those in it give to the command line, by name."""
        found: dict[str, Command] = {}
        for inner, _ in self._inner:
            found.update(inner.commands())
        if self._commands is not None and self.cli_group is None:
            found.update(self._commands.commands)
        elif self._commands is not None and self.cli_group is not None:
            found[self.cli_group] = self._commands
        return found

    def changed(self) -> None:
        """Tell the apps that the blueprint is in."""
        for app in self._apps:
            app.changed()

    def record(self, function: Callable[[BlueprintSetup], None]) -> None:
        """Call `function(setup)` each time the blueprint is registered."""
        self._expect_open("anything")
        self._deferred.append(function)

    def record_once(self, function: Callable[[BlueprintSetup], None]) -> None:
        """Call `function(setup)` when the blueprint is registered for the first time in an app."""
        self.record(lambda setup: function(setup) if setup.first else None)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Unpack[RuleOptions],
    ) -> None:
        """Let `view_func` answer the paths of `rule`, behind the prefix; see `route`."""
        if options.get("redirect_to") is not None:
            endpoint = endpoint or f"redirect of {rule.replace('.', '-')}"
        name = self._endpoint(endpoint, view_func, rule)
        if "." in name:
            raise RoutingError(f"an endpoint of a blueprint cannot be named {name!r}: dots part it from the blueprint")
        if view_func is None and options.get("redirect_to") is None:
            raise RoutingError(f"the rule {rule!r} of the blueprint {self.name!r} has no view")
        view = view_func
        methods = options.get("methods")
        kept: dict[str, Any] = {
            **options,
            "methods": methods if methods is None or isinstance(methods, str) else list(methods),
            "provide_automatic_options": provide_automatic_options,
        }
        if "host" not in options and "subdomain" not in options:
            kept.update(host=self.host, subdomain=self.subdomain)
        self.record(lambda setup: setup.add_url_rule(rule, name, view, **kept))

    def register_blueprint(self, blueprint: "Blueprint", **options: Any) -> None:
        """Put another blueprint into this one; options as for `App.register_blueprint`."""
        if blueprint is self:
            raise RoutingError(f"the blueprint {self.name!r} cannot be put into itself")
        self._expect_open(f"the blueprint {blueprint.name!r}")
        self._inner.append((blueprint, options))

    def register(self, setup: BlueprintSetup) -> None:
        """Put everything into the app of `setup`; `App.register_blueprint` calls this."""
        self._apps.append(setup.app)
        for function in self._deferred:
            function(setup)
        for inner, options in self._inner:
            prefix = options.get("url_prefix")
            prefix = inner.url_prefix if prefix is None else prefix
            joined = "/".join(part.strip("/") for part in (setup.url_prefix, prefix or "") if part.strip("/"))
            outer_name = f"{setup.name}.{options.get('name', inner.name)}"
            defaults = {**setup.url_defaults, **(options.get("url_defaults") or {})}
            setup.app.register_blueprint(
                inner, url_prefix=f"/{joined}" if joined else "", name=outer_name, url_defaults=defaults
            )

    def _expect_open(self, what: str) -> None:
        if self._apps:
            raise RoutingError(
                f"{what} cannot be added to the blueprint {self.name!r} any more: it is in an app already",
                hint="Add everything before app.register_blueprint().",
            )

    def before_app_request(self, function: View) -> View:
        """`before_request` for every request of the app."""
        return self._for_app("before", function)

    def after_app_request(self, function: View) -> View:
        """`after_request` for every request of the app."""
        return self._for_app("after", function)

    def teardown_app_request(self, function: View) -> View:
        """`teardown_request` for every request of the app."""
        return self._for_app("teardown", function)

    def app_context_processor(self, function: View) -> View:
        """`context_processor` for every template of the app."""
        return self._for_app("processors", function)

    def app_url_value_preprocessor(self, function: View) -> View:
        """`url_value_preprocessor` for every request of the app."""
        return self._for_app("values", function)

    def app_url_defaults(self, function: View) -> View:
        """`url_defaults` for every URL of the app."""
        return self._for_app("defaults", function)

    def app_errorhandler(self, what: int | type[Exception]) -> Callable[[View], View]:
        """`errorhandler` for every request of the app."""

        def decorate(function: View) -> View:
            self.record_once(lambda setup: setup.app.register_error_handler(what, function))
            return function

        return decorate

    def app_template_filter(self, name: str | None = None) -> Callable[[View], View]:
        """`App.template_filter`."""
        return self._to_templates("filters", name)

    def app_template_global(self, name: str | None = None) -> Callable[[View], View]:
        """`App.template_global`."""
        return self._to_templates("globals", name)

    def app_template_test(self, name: str | None = None) -> Callable[[View], View]:
        """`App.template_test`."""
        return self._to_templates("tests", name)

    def _to_templates(self, kind: str, name: str | None) -> Callable[[View], View]:
        def decorate(function: View) -> View:
            self.record_once(lambda setup: setup.app.add_to_templates(kind, name or function.__name__, function))
            return function

        return decorate

    def _for_app(self, kind: str, function: View) -> View:
        made: Function = function
        self.record_once(lambda setup: setup.app.add_hook(kind, made))
        return function
