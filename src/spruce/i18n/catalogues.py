"""Catalogues: the translations of an app, of what it is made of, and of Spruce itself.

A folder of catalogues holds `zh_Hans/LC_MESSAGES/messages.po`, as Babel and gettext have it, or `messages.mo` made of
it. The newer of the two is read, so that nothing needs to be compiled while one works on translations. Spruce's own
texts are in `zh_Hans.po` beside this module.
"""

from collections.abc import Iterator
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from itertools import pairwise
from pathlib import Path

from spruce import config
from spruce.errors import ConfigError
from spruce.i18n.languages import get_language, locale_of, negotiate

__all__ = ["DOMAIN", "Catalogues", "catalogues_of", "current_catalogue", "read_catalogue"]

DOMAIN = "messages"
_OWN = Path(__file__).parent
_RESOURCE = "i18n"


class Catalogues:
    """The catalogues of one app by language, read when a language is first spoken.

    Searched are the folders of the setting LOCALE_PATHS, then those that were added, then Spruce's own translations.
    """

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self._added: list[Path] = []
        self._by_language: dict[str, NullTranslations] = {}
        self._paths_then: object = None

    @property
    def folders(self) -> list[Path]:
        """Where catalogues are looked for."""
        return [*(Path(one) for one in self._settings["LOCALE_PATHS"]), *self._added]

    def add(self, folder: Path) -> None:
        """Search one more folder, which need not exist, after the others."""
        if folder not in self._added:
            self._added.append(folder)
            self._by_language.clear()

    def of(self, language: str) -> NullTranslations:
        """Return the translations into a language; those of `zh` complete those of `zh-Hans`.

        Raises: ConfigError when a catalogue cannot be read.
        """
        if self._settings["LOCALE_PATHS"] is not self._paths_then:
            self._paths_then = self._settings["LOCALE_PATHS"]
            self._by_language.clear()
        found = self._by_language.get(language)
        if found is None:
            found = self._by_language[language] = self._read(language)
        return found

    def _read(self, language: str) -> NullTranslations:
        chain = [read_catalogue(path) for path in self._paths(language)]
        for first, second in pairwise(chain):
            first.add_fallback(second)
        return chain[0] if chain else NullTranslations()

    def _paths(self, language: str) -> Iterator[Path]:
        parts = locale_of(language).split("_")
        locales = ["_".join(parts[:end]) for end in range(len(parts), 0, -1)]
        for folder in self.folders:
            for locale in locales:
                source = folder / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
                present = [path for path in (source, source.with_suffix(".mo")) if path.is_file()]
                if present:
                    yield max(present, key=lambda path: path.stat().st_mtime_ns)
        own = negotiate([language], [path.stem for path in _OWN.glob("*.po")])
        if own is not None:
            yield _OWN / f"{own}.po"


def read_catalogue(path: Path) -> GNUTranslations:
    """Return the translations of a `.po` or `.mo` file. Raises: ConfigError when it cannot be read."""
    try:
        if path.suffix == ".mo":
            return GNUTranslations(BytesIO(path.read_bytes()))
        return GNUTranslations(BytesIO(_compiled(path)))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(f"the translations in {str(path)!r} cannot be read: {error}") from error


def _compiled(path: Path) -> bytes:
    from babel.messages.mofile import write_mo  # only who speaks more than one language needs Babel
    from babel.messages.pofile import PoFileError, read_po  # the same

    made = BytesIO()
    locale = path.stem if path.parent == _OWN else path.parent.parent.name
    try:
        with path.open("rb") as file:
            write_mo(made, read_po(file, locale, abort_invalid=True))  # plural forms are kept where a locale is given
    except PoFileError as error:
        raise ValueError(str(error)) from error
    return made.getvalue()


def catalogues_of(settings: config.Settings) -> Catalogues:
    """Return the catalogues that belong to `settings`, made when they are first asked for."""
    found = settings.resources.get(_RESOURCE)
    if not isinstance(found, Catalogues):
        found = settings.resources[_RESOURCE] = Catalogues(settings)
    return found


def current_catalogue() -> NullTranslations:
    """Return the translations into the language that holds here, of the app that does."""
    return catalogues_of(config.current()).of(get_language())
