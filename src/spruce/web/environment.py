"""The Jinja2 environment of an app: where templates are found, what is escaped, and what every template can use."""

import linecache
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import jinja2

from spruce import i18n
from spruce.errors import TemplateNotFound, nearest
from spruce.http import Request
from spruce.web.assets import static
from spruce.web.context import Context, g, request, session
from spruce.web.flashing import get_flashed_messages
from spruce.web.jsonprovider import to_json
from spruce.web.site import Site
from spruce.web.urls import url_for

__all__ = ["Environment"]

_UNESCAPED = (".txt", ".md", ".csv", ".js", ".css", ".json", ".toml", ".yaml", ".yml", ".ini", ".conf", ".sql", ".py")


class Environment(jinja2.Environment):
    """Jinja2 with the app's folders, those of its blueprints in the order of registration, and of installed apps.

    What a template inserts is escaped, in pages as in strings; the exceptions are templates that are named like
    something that is no HTML, such as `mail.txt`. Parsed templates are kept; with TEMPLATES_AUTO_RELOAD, which debug
    mode turns on, a changed file is read again.
    """

    def __init__(self, app: Site) -> None:
        reload = app.config["TEMPLATES_AUTO_RELOAD"]
        super().__init__(
            loader=jinja2.FunctionLoader(self._load),
            autoescape=_escapes,
            auto_reload=app.debug if reload is None else reload,
            extensions=app.config["JINJA_EXTENSIONS"],
        )
        self.app = app
        self._strings: dict[str, jinja2.Template] = {}
        self.policies["json.dumps_function"] = _dumps
        self.globals.update(url_for=url_for, static=static, config=app.config, request=request, g=g)
        self.globals.update(session=session, get_flashed_messages=get_flashed_messages)
        self._speak()
        for kind, names in app.template_names.items():
            for name, thing in names.items():
                self.add(kind, name, thing)

    def _speak(self) -> None:
        """Let templates translate, and write dates and numbers as the language that holds has them."""
        self.add_extension("jinja2.ext.i18n")
        self.install_gettext_callables(  # type: ignore[attr-defined] # the extension has added it
            i18n.gettext,
            lambda singular, plural, n: i18n.current_catalogue().ngettext(singular, plural, n),
            newstyle=True,
            pgettext=i18n.pgettext,
            npgettext=lambda context, singular, plural, n: i18n.current_catalogue().npgettext(
                context, singular, plural, n
            ),
        )
        self.globals.update(get_language=i18n.get_language, text_direction=i18n.text_direction)
        self.filters.update({one.__name__: _as_filter(one) for one in (*_FORMATS, i18n.timezone.localtime)})

    def add(self, kind: str, name: str, thing: Any) -> None:
        """Give templates one more of `filters`, `globals` or `tests`."""
        getattr(self, kind)[name] = thing

    def folders(self) -> list[Path]:
        """Return where templates are looked for, the app's own folder first."""
        scaffolds = (self.app, *self.app.blueprints.values())
        own = [Path(one.template_folder) for one in scaffolds if one.template_folder is not None]
        parts = [found for one in self.app.installed.values() if (found := one.folder("templates"))]
        return list(dict.fromkeys([*own, *parts]))

    def find(self, name_or_list: Any, request: Request | None = None) -> jinja2.Template:
        """Return a template by name; of a list the first that exists; a template itself as it is.

        Raises: TemplateNotFound, naming the folders that were searched.
        """
        try:
            if isinstance(name_or_list, list | tuple):
                return self.select_template(name_or_list)
            return self.get_template(name_or_list)
        except jinja2.TemplateNotFound as error:
            names = error.templates if isinstance(error, jinja2.TemplatesNotFound) else [error.name]
            raise self._not_found([str(name) for name in names]) from error

    def from_text(self, source: str) -> jinja2.Template:
        """Return the template of a text; the last hundred are kept parsed."""
        template = self._strings.get(source)
        if template is None:
            if len(self._strings) >= _KEPT_STRINGS:
                del self._strings[next(iter(self._strings))]
            template = self._strings[source] = self._debuggable(source) if self.app.debug else self.from_string(source)
        return template

    def _debuggable(self, source: str) -> jinja2.Template:
        """A template whose lines a traceback shows, though it is in no file."""
        name = f"<template {next(_numbers)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        return jinja2.Template.from_code(self, self.compile(source, filename=name), self.make_globals(None))

    def complete(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        """Return `values` with those of the context processors, of the app first, behind them."""
        blueprint = context.request.blueprint if context.request is not None else None
        added: dict[str, Any] = {}
        for hooks in reversed(self.app.scopes_of(blueprint)):
            for function in hooks.processors:
                added.update(function())
        return {**added, **values} if added else values

    def _load(self, name: str) -> tuple[str, str | None, Callable[[], bool] | None] | None:
        for folder in self.folders():
            try:
                return jinja2.FileSystemLoader(folder).get_source(self, name)
            except jinja2.TemplateNotFound:
                continue
        return None

    def _not_found(self, names: list[str]) -> TemplateNotFound:
        folders = self.folders()
        known = [
            path.relative_to(folder).as_posix() for folder in folders for path in folder.rglob("*") if path.is_file()
        ]
        return TemplateNotFound(
            f"there is no template {' or '.join(map(repr, names))}{nearest(names[-1], known)}",
            hint=f"Searched: {', '.join(map(str, folders)) or 'nowhere, as the app has no template folder'}.",
        )


_KEPT_STRINGS = 100
_numbers = count(1)
_FORMATS = (
    i18n.format_currency,
    i18n.format_date,
    i18n.format_datetime,
    i18n.format_number,
    i18n.format_percent,
    i18n.format_time,
    i18n.format_timedelta,
)


def _as_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that Jinja2 calls each time: of one that takes no context, it would keep what a constant once became."""

    @jinja2.pass_context
    def call(context: object, *args: Any, **options: Any) -> Any:
        return function(*args, **options)

    return call


def _escapes(name: str | None) -> bool:
    return name is None or not name.endswith(_UNESCAPED)


def _dumps(value: Any, **options: Any) -> str:
    return to_json(value).decode()
