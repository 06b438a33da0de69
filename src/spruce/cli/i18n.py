"""`spruce i18n`: find the texts of an app, have them translated, compile the translations."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spruce.cli.target import find
from spruce.errors import AppNotFound, ConfigError
from spruce.i18n import languages_of, locale_of, normal
from spruce.web import App

if TYPE_CHECKING:
    from spruce.i18n.extraction import Progress

__all__ = ["i18n"]


@click.group()
def i18n() -> None:
    """Translate an app: find its texts, update catalogues, compile them.

    Catalogues are gettext's, in `locale/zh_Hans/LC_MESSAGES/messages.po` of the app's folder, or of an installed app's.
    Nothing needs to be compiled while one works on them.
    """


def _places(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what all of these commands take: the app, and the installed app whose texts are meant."""
    of = click.option("--of", metavar="LABEL", help="The installed app whose texts are meant; else the app's own.")
    app = click.option("--app", "target", metavar="TARGET", help="The app; see `spruce run --help` for its name.")
    return app(of(function))


@i18n.command()
@_places
def extract(target: str | None, of: str | None) -> None:
    """Write the texts that are to be translated to locale/messages.pot.

    Those in gettext(), _() and the others in Python, in {% trans %} and _() in templates.
    """
    from spruce.i18n.extraction import extract, update  # other commands don't need Babel

    folder = _folder(_app(target), of)
    found = extract(folder)
    list(update(found, folder / "locale", []))
    click.echo(f"{len(found)} texts are in {_shown(folder / 'locale' / 'messages.pot')}")


@i18n.command()
@_places
@click.argument("languages", nargs=-1)
def update(target: str | None, of: str | None, languages: tuple[str, ...]) -> None:
    """Bring the catalogues of LANGUAGES up to date, and begin new ones.

    Without any: those that are there, and those in the setting LANGUAGES. Texts are looked for first, as by `extract`.
    """
    from spruce.i18n.extraction import extract, locales_in, update  # the same

    app = _app(target)
    folder = _folder(app, of)
    asked = [locale_of(one) for one in languages or _languages(app)] or locales_in(folder / "locale")
    if not asked:
        raise ConfigError("no language to translate into was named", hint="Write: spruce i18n update zh-Hans")
    _report(update(extract(folder), folder / "locale", dict.fromkeys(asked)))


@i18n.command()
@_places
def compile(target: str | None, of: str | None) -> None:  # noqa: A001 - the name of the command
    """Compile the catalogues, so that a server reads them faster at its start.

    Translations that are marked as unsure (fuzzy) stay out. Compile after every change: the newer file is the one read.
    """
    from spruce.i18n.extraction import compile_catalogues  # the same

    folder = _folder(_app(target), of)
    done = _report(compile_catalogues(folder / "locale"))
    if not done:
        raise ConfigError(
            f"there are no translations in {_shown(folder / 'locale')}", hint="Write: spruce i18n update zh-Hans"
        )


def _app(target: str | None) -> App:
    context = click.get_current_context().find_root()
    found = find(target or context.params.get("app"))
    if not isinstance(found.app, App):
        raise AppNotFound(f"{found}, has no texts that Spruce can find", hint="Its own framework may.")
    return found.app


def _folder(app: App, label: str | None) -> Path:
    if label is None:
        return Path(app.root_path)
    if label not in app.installed:
        raise ConfigError(
            f"there is no installed app {label!r}", hint=f"There are {', '.join(app.installed) or 'none'}."
        )
    return app.installed[label].path


def _languages(app: App) -> list[str]:
    """The languages of the settings, without the one that the texts themselves are in."""
    return [one for one in languages_of(app.config) if one != normal(app.config["LANGUAGE_CODE"])]


def _report(found: "Iterator[Progress]") -> int:
    count = 0
    for count, one in enumerate(found, 1):  # noqa: B007 - the count is what is returned
        unsure = f", {one.unsure} unsure" if one.unsure else ""
        click.echo(f"{one.locale}: {one.translated} of {one.total} translated{unsure}, in {_shown(one.path)}")
    return count


def _shown(path: Path) -> str:
    """A path as seen from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
