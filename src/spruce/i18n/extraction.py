"""Making catalogues: the texts of a program found, put before translators, and compiled; Babel does the work.

Found are the arguments of `gettext`, `_` and the others in Python, and `{% trans %}` and `_()` in templates. What is
above a call in a comment that begins with `Translators:` goes with its text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from spruce import config
from spruce.errors import ConfigError
from spruce.i18n.catalogues import DOMAIN
from spruce.i18n.languages import locale_of

__all__ = ["Progress", "compile_catalogues", "extract", "known_locale", "locales_in", "update"]

_METHODS = [
    ("**.py", "python"),
    *((f"**.{suffix}", "jinja2.ext:babel_extract") for suffix in ("html", "htm", "txt", "xml", "jinja", "j2", "md")),
]
_KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_SKIPPED = frozenset({"node_modules", "instance", "static", "locale", "build", "dist", "venv", "env", "tests"})
_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one translation is: of `total` texts so many are `translated`, and `unsure` ones want a look."""

    locale: str
    path: Path
    total: int
    translated: int
    unsure: int


def extract(folder: Path) -> Catalog:
    """Return the texts of the Python modules and templates below `folder`.

    Templates may have the tags of JINJA_EXTENSIONS. Left out are tests, static files, environments, and folders whose
    names begin with a dot or an underscore. Raises: ConfigError naming the file that cannot be read.
    """
    catalog = _blank(folder.resolve().name)
    current = [""]
    found = extract_from_dir(
        folder,
        _METHODS,
        {method: _options() for method, _ in _METHODS if not method.endswith("py")},
        _KEYWORDS,
        ("Translators:",),
        callback=lambda name, *_: current.__setitem__(0, name),
        strip_comment_tags=True,
        directory_filter=_is_searched,
    )
    try:
        for name, _, message, comments, context in found:
            catalog.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(f"the texts of {current[0]!r} cannot be read: {error}") from error
    except Exception as error:
        if type(error).__module__ != "jinja2.exceptions":
            raise
        raise ConfigError(f"the template {current[0]!r} cannot be read: {error}") from error
    return catalog


def _options() -> dict[str, str]:
    """How templates are read: with the tags that the app's have."""
    tags = [one for one in config.current()["JINJA_EXTENSIONS"] if isinstance(one, str)]
    return {"silent": "false", "trimmed": "true", "extensions": ",".join(tags)}


def _is_searched(folder: str) -> bool:
    name = Path(folder).name
    return not name.startswith((".", "_")) and name not in _SKIPPED and not Path(folder, "pyvenv.cfg").is_file()


def locales_in(folder: Path) -> list[str]:
    """Return the locales that a folder of catalogues has."""
    return sorted(path.parent.parent.name for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def update(template: Catalog, folder: Path, languages: Iterable[str]) -> Iterator[Progress]:
    """Bring the catalogues of `languages` in `folder` up to date with what `extract` has found; new ones are begun.

    Translations of texts that have gone stay at the end of the file, as comments; those of texts that have changed a
    little are kept and marked as unsure. Also writes `messages.pot`. Raises: ConfigError for an unknown language.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(template, folder / f"{DOMAIN}.pot")
    for language in languages:
        locale = known_locale(locale_of(language))
        path = folder / str(locale) / "LC_MESSAGES" / f"{DOMAIN}.po"
        catalog = _read(path) if path.is_file() else _blank(template.project, locale)
        catalog.update(template)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(catalog, path)
        yield _progress(catalog, path)


def compile_catalogues(folder: Path) -> Iterator[Progress]:
    """Write a `.mo` beside every catalogue in `folder`, which is read faster; what is unsure stays out of it."""
    for locale in locales_in(folder):
        path = folder / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
        catalog = _read(path)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)
        yield _progress(catalog, path)


def _blank(project: str, locale: Locale | None = None) -> Catalog:
    heading = "# Texts of PROJECT, to be translated." if locale is None else f"# PROJECT in {locale.english_name}."
    return Catalog(locale, project=project, version="1", header_comment=heading, charset="utf-8", fuzzy=False)


def known_locale(locale: str) -> Locale:
    """Return what Babel knows of a locale. Raises: ConfigError when it knows nothing."""
    try:
        return Locale.parse(locale, resolve_likely_subtags=False)
    except (UnknownLocaleError, ValueError):
        raise ConfigError(
            f"there is no language {locale!r}", hint="Languages are written like 'de', 'pt-BR' or 'zh-Hans'."
        ) from None


def _read(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, path.parent.parent.name, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise ConfigError(f"the translations in {str(path)!r} cannot be read: {error}") from error


def _write(catalog: Catalog, path: Path) -> None:
    with path.open("wb") as file:
        write_po(file, catalog, _COLUMNS, sort_by_file=True, include_lineno=False)


def _progress(catalog: Catalog, path: Path) -> Progress:
    messages = [message for message in catalog if message.id]
    done = [one for one in messages if (all(one.string) if isinstance(one.string, list | tuple) else one.string)]
    unsure = [one for one in done if one.fuzzy]
    return Progress(path.parent.parent.name, path, len(messages), len(done) - len(unsure), len(unsure))
