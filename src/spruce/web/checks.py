"""Checks of an app before it is served: what the first request, or the wrong visitor, would find otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from spruce.errors import SpruceError
from spruce.i18n import languages_of, locale_of, timezone

if TYPE_CHECKING:
    from spruce.web.app import App

__all__ = ["Finding", "check"]

_SHORTEST_KEY = 32


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: an error keeps the app from working, a warning is about how it is set up."""

    level: Literal["error", "warning"]
    text: str

    def __str__(self) -> str:
        return f"{self.level}: {self.text}"


def check(app: "App", deploy: bool = False) -> list[Finding]:
    """Return what is wrong with installed apps, settings, views, middleware and templates.

    With `deploy` also what is unfit for production.
    """
    parts = list(_of_the_parts(app))
    if parts:
        return parts
    found = [*_of_the_settings(app), *_of_the_stack(app), *_of_templates(app), *_of_installed(app, deploy)]
    return [*found, *_of_deployment(app)] if deploy else found


def _of_the_parts(app: "App") -> Iterator[Finding]:
    try:
        _ = app.installed
    except SpruceError as error:
        yield Finding("error", str(error))


def _of_installed(app: "App", deploy: bool) -> Iterator[Finding]:
    """What the installed apps say of themselves."""
    with app.app_context():
        for one in app.installed.values():
            yield from one.check(deploy)


def _of_the_settings(app: "App") -> Iterator[Finding]:
    for look in (lambda: _look_at_languages(app), lambda: timezone.zone(app.config["TIME_ZONE"])):
        try:
            look()
        except SpruceError as error:
            yield Finding("error", str(error))


def _look_at_languages(app: "App") -> None:
    from spruce.i18n.extraction import known_locale  # Babel, which no app needs that has one language

    for language in languages_of(app.config):
        known_locale(locale_of(language))


def _of_the_stack(app: "App") -> Iterator[Finding]:
    try:
        app.prepare()
    except SpruceError as error:
        yield Finding("error", str(error))


def _of_templates(app: "App") -> Iterator[Finding]:
    environment = None
    for folder in _template_folders(app):
        from jinja2 import TemplateSyntaxError  # apps without templates don't load it

        environment = environment or app.jinja_env
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            name = path.relative_to(folder).as_posix()
            try:
                environment.parse(path.read_text("utf-8"), name, str(path))
            except TemplateSyntaxError as error:
                yield Finding("error", f"the template {name!r} cannot be read: {error.message}, line {error.lineno}.")
            except UnicodeDecodeError:
                continue  # an image that lies there is no template


def _template_folders(app: "App") -> list[Path]:
    own = [Path(one.template_folder) for one in (app, *app.blueprints.values()) if one.template_folder]
    parts = [found for one in app.installed.values() if (found := one.folder("templates"))]
    return [folder for folder in dict.fromkeys([*own, *parts]) if folder.is_dir()]


def _of_deployment(app: "App") -> Iterator[Finding]:
    config = app.config
    if config["DEBUG"]:
        yield Finding("warning", "DEBUG is on: failures show source code. Leave SPRUCE_DEBUG unset in production.")
    if config["TESTING"]:
        yield Finding("warning", "TESTING is on: errors of views reach the server. It is for tests only.")
    key = config["SECRET_KEY"]
    if not key:
        yield Finding("warning", f"SECRET_KEY is not set, so nothing can be signed. {_HOW_TO_MAKE_A_KEY}")
    elif len(key) < _SHORTEST_KEY or len(set(key)) < _SHORTEST_KEY // 4:
        yield Finding("warning", f"SECRET_KEY can be guessed: it has {len(key)} characters. {_HOW_TO_MAKE_A_KEY}")
    if config["MAX_CONTENT_LENGTH"] is None:
        yield Finding("warning", "MAX_CONTENT_LENGTH is not set: a body may be as large as the server lets it be.")
    if config["SERVER_NAME"] is not None and config["PREFERRED_URL_SCHEME"] != "https":
        yield Finding("warning", "PREFERRED_URL_SCHEME is http, so URLs made outside of requests, in mails, are too.")
    if app.url_map.methods("/") == [] and not app.mounts:
        yield Finding("warning", "nothing answers '/', which is what visitors ask for first.")


_HOW_TO_MAKE_A_KEY = (
    'Make one: python -c "import secrets; print(secrets.token_urlsafe(48))", and set SPRUCE_SECRET_KEY.'
)
