"""The site: what an app consists of, for everything that works on it: settings, rules, views, hooks, parts, templates.

`App` is one that answers requests. The parts of this package that an app is made of know the site and not the app.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from logging import Logger, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from spruce import config
from spruce.errors import RoutingError
from spruce.http import Handler, Request, Response
from spruce.i18n import catalogues_of
from spruce.web.hooks import Function, Hooks, plain
from spruce.web.installed import AppConfig, load
from spruce.web.jsonprovider import JSONProvider
from spruce.web.routing import Router
from spruce.web.scaffold import Scaffold, View, folder_of
from spruce.web.sessions import SessionInterface

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["Site", "Templates"]


class Templates(Protocol):
    """The templates of an app, as those who render one see them."""

    def find(self, name_or_list: Any, request: Request | None = None) -> "Template":
        """Return a template by name, or of a list the first that exists."""

    def from_text(self, source: str) -> "Template":
        """Return the template of a text."""

    def complete(self, context: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Return `values` with what the context processors add for a context."""

    def concat(self, pieces: Iterable[str], /) -> str:
        """Return the pieces of a page as one."""

    def parse(self, source: str, name: str | None = None, filename: str | None = None) -> object:
        """Read a template without keeping it; what is wrong with it is an error of Jinja2's."""

    def add(self, kind: str, name: str, thing: Any) -> None:
        """Give templates one more of `filters`, `globals` or `tests`."""


class Site(Scaffold):
    """The settings of an app and what was registered with it."""

    request_class = Request
    json_provider_class = JSONProvider
    blueprints: Mapping[str, Scaffold]
    """What was registered, by dotted name."""
    session_interface: SessionInterface | None = None
    """The middleware that keeps sessions; None as long as there is none."""

    def __init__(
        self,
        import_name: str,
        *,
        template_folder: str | None,
        static_folder: str | None,
        static_url_path: str | None,
        instance_path: str | None,
        root_path: str | None,
        settings: config.Settings,
    ) -> None:
        super().__init__(
            import_name,
            template_folder=template_folder,
            static_folder=static_folder,
            static_url_path=static_url_path,
            root_path=root_path,
        )
        self.config = settings
        if instance_path is not None or self.config["INSTANCE_PATH"] is None:
            self.config["INSTANCE_PATH"] = str(Path(_home(import_name), instance_path or "instance"))
        self.url_map = Router()
        self.view_functions: dict[str, Callable[..., Any]] = {}
        self.blueprints = {}
        self.scopes: dict[str, Hooks] = {}
        self.teardowns: list[Function] = []
        self.extensions: dict[str, Any] = {}
        self.mounts: dict[str, Handler] = {}
        self.url_build_error_handlers: list[Function] = []
        self.template_names: dict[str, dict[str, Any]] = {"filters": {}, "globals": {}, "tests": {}}
        self.json = self.json_provider_class()
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        """What is called in place of a function that views depend on (`Depends`); for tests."""
        self._environment: Any = None
        self._installed: dict[str, AppConfig] | None = None
        catalogues_of(self.config).add(Path(self.root_path, "locale"))

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
    def secret_key(self) -> str | bytes | None:
        """The setting SECRET_KEY, by which sessions are signed."""
        key: str | bytes | None = self.config["SECRET_KEY"]
        return key

    @secret_key.setter
    def secret_key(self, value: str | bytes | None) -> None:
        self.config["SECRET_KEY"] = value

    @property
    def home_path(self) -> Path:
        """The folder that `instance` and `migrations` lie in: that of the module, or the one around its package."""
        return _home(self.import_name)

    @property
    def instance_path(self) -> str:
        """The folder for files that the app itself keeps; it need not exist."""
        return str(self.config["INSTANCE_PATH"])

    @property
    def logger(self) -> Logger:
        """The logger with the app's name."""
        return getLogger(self.name)

    @property
    def jinja_env(self) -> Templates:
        """The environment of the app's templates."""
        raise NotImplementedError

    def handle(self, request: Request) -> Response:
        """Return the response for `request`."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Put the stack together now, before the first request."""
        raise NotImplementedError

    def handle_in(self, context: Any) -> Response:
        """`handle` for the request of a context that the caller keeps."""
        raise NotImplementedError

    def register_blueprint(
        self,
        blueprint: Any,
        *,
        url_prefix: str | None = None,
        name: str | None = None,
        url_defaults: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a blueprint into the app."""
        raise NotImplementedError

    # Installed apps

    @property
    def installed(self) -> dict[str, AppConfig]:
        """The apps of INSTALLED_APPS by label, loaded when they are first asked for: by a command, context or request.

        Raises: ConfigError as `installed.load` does.
        """
        if self._installed is None:
            self._installed = {}  # their modules, and ready(), may ask for it too
            try:
                self._installed.update(load(self.config["INSTALLED_APPS"]))
                self._make_ready(self._installed)
            except BaseException:
                self._installed = None
                raise
        return self._installed

    def _make_ready(self, installed: Mapping[str, AppConfig]) -> None:
        for one in installed.values():
            one.app = self
            catalogues_of(self.config).add(one.path / "locale")
        for one in installed.values():
            one.ready()
        if self.config["CACHE_DEPENDS"]:
            from spruce.cache.caches import watch_database  # only these apps need it so early

            watch_database(self.config)

    def static_folders(self) -> list[str]:
        """Return where static files are looked for: the app's own folder, then those of the installed apps."""
        own = [] if self.static_folder is None else [self.static_folder]
        return [*own, *(str(found) for one in self.installed.values() if (found := one.folder("static")))]

    # Hooks

    def scopes_of(self, blueprint: str | None) -> list[Hooks]:
        """Return the hooks that hold for a blueprint of this dotted name, the innermost first and the app's last."""
        names = blueprint.split(".") if blueprint else []
        dotted = (".".join(names[:end]) for end in range(len(names), 0, -1))
        return [*(self.scopes[name] for name in dotted if name in self.scopes), self.hooks]

    def has_hooks(self, kind: str) -> bool:
        """Whether the app or one of its blueprints has hooks of a kind, one of the lists of `Hooks`."""
        return any(getattr(hooks, kind) for hooks in (self.hooks, *self.scopes.values()))

    def add_hook(self, kind: str, function: Function) -> None:
        """Add to one of the lists of `Hooks`: `before`, `after`, `teardown`, `values`, `defaults` or `processors`."""
        self._register(getattr(self.hooks, kind), function)

    def teardown_appcontext(self, function: View) -> View:
        """Call `function(exception)` at the end of each request and each app context."""
        return self._register(self.teardowns, function)

    def mount(self, prefix: str, handler: "Site | Handler") -> None:
        """Let another app, or a handler such as `wsgi(django_app)`, answer everything below `prefix`.

        It sees paths without the prefix, which is its request's `root_path`. Middleware, after_request and teardown of
        this app are around it. Raises: RoutingError for a prefix without a slash before it, or with one behind it.
        """
        if not prefix.startswith("/") or prefix.endswith("/"):
            raise RoutingError(
                f"nothing can be mounted at {prefix!r}", hint="A prefix is '/name': a slash before, none behind."
            )
        self.mounts[prefix] = handler.handle if isinstance(handler, Site) else handler
        self.changed()

    # Templates

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


def _home(import_name: str) -> Path:
    """The folder that the instance folder lies in: that of the module, or the one around its package."""
    folder = folder_of(import_name)
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder
